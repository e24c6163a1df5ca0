//! Which relations a query names, before it is known what they stand for.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::common::TableReference;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use datafusion::sql::resolve::resolve_table_references;

use super::QueryResult;
use super::locate;
use super::planner::parse;
use super::types::storage_schema;

/// The names in a query that stand for relations: of one to three parts each, common table expressions left out.
///
/// # Errors
/// `HW0301` when the query cannot be parsed.
pub fn relations_named_in(sql: &str) -> QueryResult<Vec<Vec<String>>> {
    let fault = |error: DataFusionError| locate::fault(error, sql, None);
    let statement = parse(sql).map_err(fault)?;
    let (relations, _) = resolve_table_references(&statement, true).map_err(fault)?;
    Ok(relations.iter().map(parts).collect())
}

fn parts(reference: &TableReference) -> Vec<String> {
    [reference.catalog(), reference.schema(), Some(reference.table())]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
}

/// The columns of a table that Headwater has written, from one of its files.
///
/// # Errors
/// `HW0133` when the file cannot be read.
pub fn stored_schema(file: &Path) -> QueryResult<SchemaRef> {
    let location = file.display().to_string();
    let opened =
        File::open(file).map_err(|e| locate::extract_fault(DataFusionError::IoError(e), &location))?;
    let metadata = ArrowReaderMetadata::load(
        &opened,
        datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions::new(),
    )
    .map_err(|e| locate::extract_fault(DataFusionError::ParquetError(Box::new(e)), &location))?;
    Ok(storage_schema(metadata.schema()))
}
