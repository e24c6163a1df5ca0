//! Faults that show only while a query runs.
//!
//! Values that are not in the SQL itself are never shown: they may be somebody's.

use std::io;
use std::path::Path;

use datafusion::arrow::error::ArrowError;
use datafusion::common::DataFusionError;
use datafusion::parquet::errors::ParquetError;

use super::text::{between, cleaned, sql_type};
use super::tokens::Tokens;
use super::{SqlFault, extract_folder_names};
use crate::engine::files::FileChanged;
use crate::engine::location::BadLocation;
use crate::engine::write::WriteFailed;
use crate::error::{codes, nearest};

/// Translates a failure of execution.
pub(super) fn fault(error: &DataFusionError, tokens: &Tokens<'_>) -> SqlFault {
    match error {
        DataFusionError::ArrowError(error, _) => arrow(error, tokens),
        DataFusionError::ParquetError(error) => parquet(error),
        DataFusionError::ObjectStore(error) => store(error),
        DataFusionError::IoError(error) => disk(error, "the disk"),
        DataFusionError::External(error) => external(error.as_ref(), tokens),
        DataFusionError::ResourcesExhausted(message) => exhausted(message),
        DataFusionError::ExecutionJoin(error) => internal(&error.to_string()),
        DataFusionError::Internal(message) => internal(message),
        DataFusionError::Execution(message) => execution(message, tokens),
        other => SqlFault::new(codes::EXECUTION_FAILED, cleaned(&other.to_string())),
    }
}

fn execution(message: &str, tokens: &Tokens<'_>) -> SqlFault {
    if message.contains("Scalar subquery returned more than one row") {
        return SqlFault::new(
            codes::MANY_ROWS,
            "a subquery that stands for a value gave more than one row",
        )
        .hint("aggregate in it, or join it");
    }
    if message.contains("Divide by zero") {
        return divided(tokens);
    }
    SqlFault::new(codes::EXECUTION_FAILED, cleaned(message))
}

fn arrow(error: &ArrowError, tokens: &Tokens<'_>) -> SqlFault {
    match error {
        ArrowError::DivideByZero => divided(tokens),
        ArrowError::ArithmeticOverflow(_) => too_large("a result is too large for its type"),
        ArrowError::CastError(message) | ArrowError::ParseError(message) => cast(message, tokens),
        ArrowError::MemoryError(message) => exhausted(message),
        ArrowError::IoError(_, error) => disk(error, "the disk"),
        ArrowError::ExternalError(inner) => external(inner.as_ref(), tokens),
        ArrowError::InvalidArgumentError(message) | ArrowError::ComputeError(message) => {
            match between(message, "too large to store in a ", ".") {
                Some(kind) => too_large(&format!(
                    "a number is too large for a decimal of {} digits",
                    kind.rsplit(' ').next().unwrap_or(kind)
                )),
                None if message.to_lowercase().contains("overflow") => {
                    too_large("a result is too large for its type")
                }
                None => SqlFault::new(codes::EXECUTION_FAILED, cleaned(message)),
            }
        }
        ArrowError::OffsetOverflowError(_) => {
            too_large("a batch holds more than 2 GiB of text in one column")
        }
        other => SqlFault::new(codes::EXECUTION_FAILED, cleaned(&other.to_string())),
    }
}

fn divided(tokens: &Tokens<'_>) -> SqlFault {
    SqlFault::new(codes::DIVISION_BY_ZERO, "division by zero")
        .at_maybe(tokens.text("/").or_else(|| tokens.text("%")))
        .hint("divide by `nullif(x, 0)`, which gives null where `x` is 0")
}

fn too_large(message: &str) -> SqlFault {
    SqlFault::new(codes::TOO_LARGE, message)
        .hint("cast to a larger type, such as `bigint` or `decimal(38, 2)`")
}

fn cast(message: &str, tokens: &Tokens<'_>) -> SqlFault {
    let value = between(message, "'", "'").or_else(|| between(message, "value ", " to type"));
    let shown = match value {
        Some(value) if tokens.contains(value) => format!("`{value}`"),
        Some(value) => format!("a value of {} characters", value.chars().count()),
        None => "a value".to_owned(),
    };
    let target = between(message, "to value of ", " type")
        .or_else(|| message.split_once(" to type ").map(|(_, target)| target))
        .or_else(|| {
            message
                .contains("timestamp")
                .then_some("Timestamp(Microsecond, None)")
        })
        .or_else(|| message.contains("date").then_some("Date32"));
    if message.starts_with("Can't cast value") {
        return too_large(&format!(
            "{shown} is out of the range of {}",
            target.map_or_else(|| "its type".to_owned(), sql_type)
        ))
        .at_maybe(value.and_then(|value| tokens.literal(value)));
    }
    SqlFault::new(
        codes::CAST_FAILED,
        format!(
            "{shown} cannot be read as {}",
            target.map_or_else(|| "the type that is wanted".to_owned(), sql_type)
        ),
    )
    .at_maybe(
        value
            .and_then(|value| tokens.literal(value))
            .or_else(|| tokens.only_call("cast")),
    )
    .hint("`try_cast` gives null for what cannot be read")
}

fn exhausted(message: &str) -> SqlFault {
    if message.contains("disk") {
        return SqlFault::new(codes::DISK, "the space for temporary files is used up")
            .hint("free some space, or point `temp_directory` in profiles.yml at a larger disk");
    }
    let mut fault = SqlFault::new(
        codes::OUT_OF_MEMORY,
        "the query needs more memory than it may use",
    );
    if let Some(wanted) = between(message, "Failed to allocate additional ", " for") {
        fault = fault.note(format!("it asked for {wanted} more"));
    }
    fault
        .hint("raise `memory_limit` in profiles.yml, or lower `threads`")
        .hint("in a join, write the smaller side first; aggregate before `array_agg` and before sorting")
}

fn disk(error: &io::Error, place: &str) -> SqlFault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            SqlFault::new(codes::DISK, format!("{place} is full"))
                .hint("free some space; nothing was published")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            SqlFault::new(codes::DISK, format!("{place} may not be written to")).hint("mend the permissions")
        }
        io::ErrorKind::NotFound => SqlFault::new(codes::FILE_GONE, format!("a file is gone: {error}")),
        _ => SqlFault::new(codes::DISK, format!("{place} failed: {error}")),
    }
}

fn external(error: &(dyn std::error::Error + 'static), tokens: &Tokens<'_>) -> SqlFault {
    if let Some(failed) = error.downcast_ref::<WriteFailed>() {
        let place = failed.folder.parent().unwrap_or(&failed.folder);
        return disk(&failed.source, &format!("the disk of `{}`", place.display()));
    }
    if let Some(changed) = error.downcast_ref::<FileChanged>() {
        return SqlFault::new(codes::FILE_GONE, changed.to_string())
            .hint("run the command again when the files are complete");
    }
    if let Some(bad) = error.downcast_ref::<BadLocation>() {
        return SqlFault::new(codes::EXTRACT_NOT_FOUND, bad.to_string());
    }
    if let Some(inner) = error.downcast_ref::<DataFusionError>() {
        return fault(inner, tokens);
    }
    if let Some(inner) = error.downcast_ref::<io::Error>() {
        return disk(inner, "the disk");
    }
    if let Some(inner) = error.downcast_ref::<object_store::Error>() {
        return store(inner);
    }
    SqlFault::new(codes::EXECUTION_FAILED, cleaned(&error.to_string()))
}

fn parquet(error: &ParquetError) -> SqlFault {
    if let ParquetError::External(inner) = error
        && let Some(inner) = inner.downcast_ref::<object_store::Error>()
    {
        return store(inner);
    }
    SqlFault::new(codes::FILE_DAMAGED, "a file is no complete Parquet file")
        .note(cleaned(&error.to_string()))
        .hint("export the file again; a file that is still being written has no end yet")
}

fn store(error: &object_store::Error) -> SqlFault {
    use object_store::Error as Store;
    match error {
        Store::NotFound { path, .. } => SqlFault::new(codes::FILE_GONE, format!("`{path}` is gone"))
            .hint("run the command again when the files are complete"),
        Store::PermissionDenied { path, .. } => {
            SqlFault::new(codes::STORE_FAILED, format!("`{path}` may not be read")).hint("mend the permissions")
        }
        Store::Unauthenticated { path, .. } => {
            SqlFault::new(codes::STORE_FAILED, format!("the store of `{path}` does not know who asks"))
                .hint("set the credentials in the environment: `AWS_ACCESS_KEY_ID`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, …")
        }
        other => {
            let mut cause: &(dyn std::error::Error + 'static) = other;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            match (cause.downcast_ref::<io::Error>(), other) {
                (Some(error), Store::Generic { store: "LocalFileSystem", .. }) => disk(error, "the disk"),
                (Some(error), _) => {
                    SqlFault::new(codes::STORE_FAILED, format!("the store cannot be reached: {error}"))
                        .hint("check the network, and the endpoint if the environment sets one")
                }
                (None, _) => {
                    let message = format!("the object store failed: {}", cleaned(&cause.to_string()));
                    SqlFault::new(codes::STORE_FAILED, message)
                }
            }
        }
    }
}

fn internal(message: &str) -> SqlFault {
    SqlFault::new(
        codes::INTERNAL,
        format!(
            "the engine met a state that it believes to be impossible: {}",
            cleaned(message)
        ),
    )
}

/// A failure to list or read an extract's files.
pub(in crate::engine) fn extract_fault(error: DataFusionError, location: &str) -> SqlFault {
    let inner = super::fault(error, "", None);
    if inner.code == codes::EXTRACT_NOT_FOUND {
        return inner;
    }
    SqlFault {
        code: codes::EXTRACT_UNREADABLE,
        message: format!("`{location}` cannot be read: {}", inner.message),
        position: None,
        ..inner
    }
}

/// Says that there are no files at a location.
pub(in crate::engine) fn nothing_there(location: &str, base: &Path) -> SqlFault {
    let fault = SqlFault::new(
        codes::EXTRACT_NOT_FOUND,
        format!("there is nothing at `{location}`"),
    );
    let path = base.join(location);
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return fault;
    };
    let names = extract_folder_names(parent);
    match nearest(&name.to_string_lossy(), names.iter().map(String::as_str)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault.hint("put the extract there, or correct the source's `external_location`"),
    }
}
