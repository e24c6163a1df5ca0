//! Published tables as text, read from their Parquet files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A table as text: a header of names and types, and rows of cells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads the Parquet files of a folder; the rows are sorted.
    pub(crate) fn of_parquet(folder: &Path) -> Self {
        let mut header = Vec::new();
        let mut rows = Vec::new();
        for path in files(folder) {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
            let fields = reader.schema().fields().clone();
            header = fields
                .iter()
                .map(|field| format!("{}:{}", field.name(), type_name(field.data_type())))
                .collect();
            rows.extend(reader.build().unwrap().flat_map(|batch| cells(&batch.unwrap())));
        }
        rows.sort();
        Self { header, rows }
    }

    /// Reads a golden file.
    pub(crate) fn of_csv(path: &Path) -> Self {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_path(path)
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut records = reader.records().map(|record| {
            let record = record.unwrap();
            record.iter().map(str::to_owned).collect::<Vec<_>>()
        });
        let header = records.next().unwrap();
        Self {
            header,
            rows: records.collect(),
        }
    }

    /// Writes a golden file.
    pub(crate) fn write_csv(&self, path: &Path) {
        let mut writer = csv::Writer::from_path(path).unwrap();
        writer.write_record(&self.header).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
    }

    /// The first key that differs, or the header; the first `n_key` cells of a row are its key.
    pub(crate) fn first_difference(&self, golden: &Self, n_key: usize) -> Option<String> {
        if self.header != golden.header {
            return Some(format!("columns\n- {:?}\n+ {:?}", golden.header, self.header));
        }
        let at = (0..self.rows.len().max(golden.rows.len()))
            .find(|index| self.rows.get(*index) != golden.rows.get(*index))?;
        let (wanted, got) = (golden.rows.get(at), self.rows.get(at));
        let key = |row: &Vec<String>| row[..n_key].join(", ");
        Some(match (wanted, got) {
            (Some(wanted), Some(got)) if key(wanted) == key(got) => {
                let cells = self.header.iter().zip(wanted.iter().zip(got));
                let differing = cells.filter(|(_, (a, b))| a != b);
                let told: Vec<String> = differing
                    .map(|(name, (a, b))| format!("  {name}: {a} -> {b}"))
                    .collect();
                format!("key {}\n{}", key(wanted), told.join("\n"))
            }
            (Some(wanted), Some(got)) if key(wanted) < key(got) => format!("key {} is missing", key(wanted)),
            (Some(wanted), None) => format!("key {} is missing", key(wanted)),
            (_, Some(got)) => format!("key {} is new", key(got)),
            (None, None) => return None,
        })
    }
}

/// The Parquet files of a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "parquet"))
        .collect();
    files.sort();
    files
}

/// Nulls are empty, and empty text is `''`.
fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default()
        .with_null("")
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.6f"));
    let columns: Vec<(&dyn Array, ArrayFormatter<'_>)> = batch
        .columns()
        .iter()
        .map(|column| {
            (
                column.as_ref(),
                ArrayFormatter::try_new(column, &options).unwrap(),
            )
        })
        .collect();
    (0..batch.num_rows())
        .map(|row| {
            let cell = |(column, formatter): &(&dyn Array, ArrayFormatter<'_>)| match formatter
                .value(row)
                .to_string()
            {
                text if text.is_empty() && column.is_valid(row) => "''".to_owned(),
                text => text,
            };
            columns.iter().map(cell).collect()
        })
        .collect()
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "text".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::List(item) => format!("{}[]", type_name(item.data_type())),
        other => other.to_string(),
    }
}
