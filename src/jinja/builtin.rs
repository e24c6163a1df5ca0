//! The macros that come with Headwater: `dbt`'s and `dbt_utils`'.

use std::path::PathBuf;
use std::sync::Arc;

use crate::project::node::{MacroFile, TemplateText};

/// Package, path and text of every file.
const FILES: &[(&str, &str, &str)] = &[
    ("dbt", "macros/names.sql", include_str!("builtin/names/names.sql")),
    ("dbt", "macros/dates.sql", include_str!("builtin/dbt/dates.sql")),
    ("dbt", "macros/text.sql", include_str!("builtin/dbt/text.sql")),
    ("dbt", "macros/values.sql", include_str!("builtin/dbt/values.sql")),
    ("dbt", "macros/arrays.sql", include_str!("builtin/dbt/arrays.sql")),
    ("dbt", "macros/types.sql", include_str!("builtin/dbt/types.sql")),
    (
        "dbt",
        "tests/generic.sql",
        include_str!("builtin/tests/generic.sql"),
    ),
    (
        "dbt_utils",
        "macros/keys.sql",
        include_str!("builtin/dbt_utils/keys.sql"),
    ),
    (
        "dbt_utils",
        "macros/columns.sql",
        include_str!("builtin/dbt_utils/columns.sql"),
    ),
    (
        "dbt_utils",
        "macros/relations.sql",
        include_str!("builtin/dbt_utils/relations.sql"),
    ),
    (
        "dbt_utils",
        "macros/urls.sql",
        include_str!("builtin/dbt_utils/urls.sql"),
    ),
    (
        "dbt_utils",
        "tests/tests.sql",
        include_str!("builtin/dbt_utils/tests.sql"),
    ),
];

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
