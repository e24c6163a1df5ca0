//! Faults that show only while a query runs.

use std::path::Path;

use datafusion::common::DataFusionError;

use super::{SqlFault, extract_folder_names};
use crate::error::{codes, nearest};

/// Translates a failure of execution.
pub(super) fn fault(error: &DataFusionError) -> SqlFault {
    SqlFault::new(codes::EXECUTION_FAILED, error.to_string())
}

/// A failure to list or read an extract's files.
pub(in crate::engine) fn extract_fault(error: DataFusionError, location: &str) -> SqlFault {
    let inner = super::fault(error, "", None);
    SqlFault {
        code: codes::EXTRACT_UNREADABLE,
        message: format!("`{location}` cannot be read: {}", inner.message),
        position: None,
        ..inner
    }
}

/// Says that there are no files at a location.
pub(in crate::engine) fn nothing_there(location: &str, base: &Path) -> SqlFault {
    let fault = SqlFault::new(codes::EXTRACT_NOT_FOUND, format!("there is nothing at `{location}`"));
    let path = base.join(location);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return fault;
    };
    let names = extract_folder_names(parent);
    match nearest(&name.to_string_lossy(), names.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}
