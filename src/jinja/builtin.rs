//! The macros that come with Headwater: `dbt`'s and `dbt_utils`'.

use std::path::PathBuf;
use std::sync::Arc;

use crate::project::node::{MacroFile, TemplateText};

/// Package, path and text of every file.
const FILES: &[(&str, &str, &str)] = &[("dbt", "macros/names.sql", include_str!("builtin/names/names.sql"))];

/// The files of the packages that are wanted.
pub(crate) fn files(is_wanted: impl Fn(&str) -> bool) -> Vec<MacroFile> {
    FILES
        .iter()
        .filter(|(package, ..)| is_wanted(package))
        .map(|(package, path, text)| MacroFile {
            package: (*package).to_owned(),
            code: TemplateText {
                text: Arc::from(*text),
                file: PathBuf::from(format!("{package}/{path}")),
                first_line: 1,
            },
            original_file_path: PathBuf::from(path),
        })
        .collect()
}
