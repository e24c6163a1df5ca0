//! Source data: files that somebody else has written, with the columns the project declares.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::compute::can_cast_types;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::{Column, DataFusionError, Result, ScalarValue};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::{TableProvider, ViewTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use object_store::ObjectMeta;

use super::files::{FilesTable, ListedFile};
use super::locate::{self, SqlFault};
use super::location::{FileKind, Listing};
use super::session::Engine;
use super::types::{parse_type, storage_schema, type_name};
use crate::error::{codes, nearest};

/// The directory name that Hive gives to a null.
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A column that a project says its source has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// Its name.
    pub name: String,
    /// Its type, as SQL names it.
    pub data_type: Option<String>,
    /// Whether the files must have it: it is declared `not_null`.
    pub is_required: bool,
}

/// One file of an extract, as it was when it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractFile {
    /// The path within its store, or on this machine.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last changed.
    pub modified_at: DateTime<Utc>,
    /// The store's own mark of its version.
    pub e_tag: Option<String>,
}

/// The files of a source's table, listed once.
#[derive(Debug, Clone)]
pub struct ExtractTable {
    location: String,
    files: Vec<ExtractFile>,
    table: Arc<FilesTable>,
    schema: SchemaRef,
}

impl ExtractTable {
    fn of(
        location: &str,
        listing: &Listing,
        format: Arc<dyn FileFormat>,
        file_schema: SchemaRef,
    ) -> Result<Self> {
        let partitions = partition_columns(&listing.files, &file_schema);
        let files = listed_files(&listing.files, &partitions)?;
        let table = FilesTable::listed(listing.store.clone(), format, files, file_schema, partitions);
        Ok(Self {
            location: location.to_owned(),
            files: listing.files.iter().map(extract_file).collect(),
            schema: lower_case(&table.schema()),
            table: Arc::new(table),
        })
    }

    /// The location as the project gives it.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The files, in the order of their names: what a fingerprint is made of.
    pub fn files(&self) -> &[ExtractFile] {
        &self.files
    }

    /// The columns: the files' own, then those of Hive partitions; names are in lower case, as SQL takes them.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(super) fn provider(&self) -> Result<Arc<dyn TableProvider>> {
        let raw = self.table.schema();
        if raw.fields() == self.schema.fields() {
            return Ok(Arc::clone(&self.table) as Arc<dyn TableProvider>);
        }
        let table: Arc<dyn TableProvider> = Arc::clone(&self.table) as _;
        let renamed = raw
            .fields()
            .iter()
            .zip(self.schema.fields())
            .map(|(from, to)| Expr::Column(Column::from_name(from.name())).alias(to.name()));
        let plan = LogicalPlanBuilder::scan("extract", provider_as_source(table), None)?
            .project(renamed)?
            .build()?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }
}

impl Engine {
    /// Finds the files of a source's table and reads their columns.
    ///
    /// `location` is a file, a folder or a glob of Parquet, CSV or newline JSON (each may be gzipped but Parquet):
    /// a path relative to `base`, or `s3://`, `gs://`, `az://`, `http(s)://`. Where `x.parquet` is not there, the
    /// folder `x` is taken. `key=value` folders become columns.
    ///
    /// # Errors
    /// `HW0131` nothing there, `HW0132` of no known format, `HW0133` unreadable, `HW0134` a required column is
    /// missing, `HW0135` a declared type the column cannot be cast to.
    pub async fn extract(
        &self,
        location: &str,
        base: &Path,
        declared: &[DeclaredColumn],
    ) -> Result<ExtractTable, SqlFault> {
        let fault = |error| locate::extract_fault(error, location);
        let listing = self.list(location, base).await.map_err(fault)?;
        if listing.files.is_empty() {
            return Err(locate::nothing_there(location, base));
        }
        let format = one_format(&listing, location)?;
        let store = self
            .state
            .runtime_env()
            .object_store(&listing.store)
            .map_err(fault)?;
        let found = format
            .infer_schema(self.state.as_ref(), &store, &listing.files)
            .await
            .map_err(fault)?;
        let file_schema = declared_text(&storage_schema(&found), format.as_ref(), declared);
        let table = ExtractTable::of(location, &listing, format, file_schema).map_err(fault)?;
        check_declared(location, &table.schema, declared)?;
        Ok(table)
    }

    /// A file of newline JSON of which it is known that its members are these texts: it is not read to find out.
    ///
    /// # Errors
    /// `HW0131` nothing there.
    pub async fn text_lines(&self, path: &Path, members: &[&str]) -> Result<ExtractTable, SqlFault> {
        let location = path.to_string_lossy();
        let fault = |error| locate::extract_fault(error, &location);
        let listing = self.list(&location, path).await.map_err(fault)?;
        if listing.files.is_empty() {
            return Err(locate::nothing_there(&location, path));
        }
        let fields = members.iter().map(|name| Field::new(*name, DataType::Utf8, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let format = one_format(&listing, &location)?;
        ExtractTable::of(&location, &listing, format, schema).map_err(fault)
    }
}

fn extract_file(meta: &ObjectMeta) -> ExtractFile {
    ExtractFile {
        path: meta.location.to_string(),
        bytes: meta.size,
        modified_at: meta.last_modified,
        e_tag: meta.e_tag.clone(),
    }
}

fn one_format(listing: &Listing, location: &str) -> Result<Arc<dyn FileFormat>, SqlFault> {
    let kinds: BTreeSet<Option<FileKind>> = listing
        .files
        .iter()
        .map(|file| FileKind::of(file.location.as_ref()))
        .collect();
    let mut kinds = kinds.into_iter();
    match (kinds.next().flatten(), kinds.next()) {
        (Some(kind), None) => Ok(file_format(kind)),
        (_, Some(_)) => Err(SqlFault::new(
            codes::EXTRACT_FORMAT,
            format!("the files of `{location}` are not all of one format"),
        )
        .hint("name one format: `folder/*.parquet`")),
        (None, None) => Err(SqlFault::new(
            codes::EXTRACT_FORMAT,
            format!("`{location}` is of no format that can be read"),
        )
        .hint("the name must end in `.parquet`, `.csv`, `.tsv`, `.json`, `.ndjson` or `.jsonl`, or in `.gz` after one of the text formats")),
    }
}

fn file_format(kind: FileKind) -> Arc<dyn FileFormat> {
    let compression = |gzip| {
        if gzip {
            FileCompressionType::GZIP
        } else {
            FileCompressionType::UNCOMPRESSED
        }
    };
    match kind {
        FileKind::Parquet => Arc::new(ParquetFormat::default()),
        FileKind::Csv { gzip, tabs } => Arc::new(
            CsvFormat::default()
                .with_has_header(true)
                .with_delimiter(if tabs { b'\t' } else { b',' })
                .with_newlines_in_values(true)
                .with_schema_infer_max_rec(usize::MAX)
                .with_file_compression_type(compression(gzip)),
        ),
        FileKind::Json { gzip } => Arc::new(
            JsonFormat::default()
                .with_schema_infer_max_rec(usize::MAX)
                .with_file_compression_type(compression(gzip)),
        ),
    }
}

/// Keeps text that looks like a number, such as `007`, where the project says that it is text.
fn declared_text(schema: &SchemaRef, format: &dyn FileFormat, declared: &[DeclaredColumn]) -> SchemaRef {
    if format.get_ext() == "parquet" {
        return Arc::clone(schema);
    }
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let wanted = declared_type(declared, field.name());
            if wanted == Some(DataType::Utf8) && !field.data_type().is_nested() {
                Field::new(field.name(), DataType::Utf8, true)
            } else {
                field.as_ref().clone()
            }
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn declared_type(declared: &[DeclaredColumn], name: &str) -> Option<DataType> {
    let column = declared
        .iter()
        .find(|column| column.name.eq_ignore_ascii_case(name))?;
    parse_type(column.data_type.as_deref()?)
}

/// The `key=value` folders of a path.
fn path_values(file: &ObjectMeta) -> Vec<(String, String)> {
    let path = file.location.to_string();
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    folders
        .into_iter()
        .filter_map(|folder| folder.split_once('='))
        .map(|(key, value)| {
            let value = percent_decoded(value);
            (key.to_owned(), value)
        })
        .collect()
}

fn percent_decoded(value: &str) -> String {
    url::form_urlencoded::parse(format!("v={}", value.replace('+', "%2B")).as_bytes())
        .next()
        .map_or_else(|| value.to_owned(), |(_, decoded)| decoded.into_owned())
}

/// The columns that the folders of all files have in common, typed by what every value can be read as.
fn partition_columns(files: &[ObjectMeta], file_schema: &Schema) -> Vec<FieldRef> {
    let values: Vec<Vec<(String, String)>> = files.iter().map(path_values).collect();
    let Some(first) = values.first() else {
        return Vec::new();
    };
    first
        .iter()
        .filter(|(key, _)| file_schema.column_with_name(key).is_none())
        .filter_map(|(key, _)| {
            let all: Option<Vec<&str>> = values
                .iter()
                .map(|file| file.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str()))
                .collect();
            let all: Vec<&str> = all?.into_iter().filter(|value| *value != HIVE_NULL).collect();
            let data_type = if all.iter().all(|value| value.parse::<i64>().is_ok()) {
                DataType::Int64
            } else if all.iter().all(|value| value.parse::<chrono::NaiveDate>().is_ok()) {
                DataType::Date32
            } else {
                DataType::Utf8
            };
            Some(Arc::new(Field::new(key, data_type, true)))
        })
        .collect()
}

fn listed_files(files: &[ObjectMeta], partitions: &[FieldRef]) -> Result<Vec<ListedFile>> {
    files
        .iter()
        .map(|meta| {
            let values = path_values(meta);
            let partition_values = partitions
                .iter()
                .map(|field| match values.iter().find(|(key, _)| key == field.name()) {
                    Some((_, text)) if text != HIVE_NULL => {
                        ScalarValue::try_from_string(text.clone(), field.data_type())
                    }
                    _ => ScalarValue::try_from(field.data_type()),
                })
                .collect::<Result<Vec<_>, DataFusionError>>()?;
            Ok(ListedFile {
                location: meta.location.clone(),
                listed: Some(meta.clone()),
                partition_values,
            })
        })
        .collect()
}

/// Column names as unquoted SQL takes them, unless two would become one.
fn lower_case(schema: &SchemaRef) -> SchemaRef {
    let names: Vec<String> = schema.fields().iter().map(|f| f.name().to_lowercase()).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    if distinct.len() < names.len() {
        return Arc::clone(schema);
    }
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(names)
        .map(|(field, name)| field.as_ref().clone().with_name(name))
        .collect();
    Arc::new(Schema::new(fields))
}

fn check_declared(location: &str, schema: &Schema, declared: &[DeclaredColumn]) -> Result<(), SqlFault> {
    for column in declared {
        let name = &column.name;
        let found = schema
            .fields()
            .iter()
            .find(|field| field.name().eq_ignore_ascii_case(name));
        let Some(found) = found else {
            if !column.is_required {
                continue;
            }
            let names = schema.fields().iter().map(|field| field.name().as_str());
            let fault = SqlFault::new(
                codes::EXTRACT_COLUMN_MISSING,
                format!("column `{name}` is not in `{location}`"),
            );
            let listed: Vec<&str> = names.clone().collect();
            let fault = fault.note(format!("its columns are: {}", listed.join(", ")));
            return Err(match nearest(name, names) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            });
        };
        let Some(wanted) = column.data_type.as_deref().and_then(parse_type) else {
            continue;
        };
        if !can_cast_types(found.data_type(), &wanted) {
            return Err(SqlFault::new(
                codes::EXTRACT_COLUMN_TYPE,
                format!(
                    "column `{name}` of `{location}` is `{}`, which cannot be read as `{}`",
                    type_name(found.data_type()),
                    type_name(&wanted)
                ),
            ));
        }
    }
    Ok(())
}
