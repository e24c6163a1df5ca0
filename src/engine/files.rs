//! A table over a fixed list of files.
//!
//! DataFusion's own listing table looks for files when it is scanned, and remembers what it found. Headwater lists them
//! once, makes the list part of a node's fingerprint, and reads exactly what it listed: a file that has changed or
//! gone since is an error, not a different result.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::stats::Statistics;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::datasource::{TableProvider, TableType};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as StorePath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::scope::StoredTable;

/// How many files are looked at together.
const LOOKUPS: usize = 16;

/// One file of a table.
#[derive(Debug, Clone)]
pub(super) struct ListedFile {
    pub(super) location: StorePath,
    /// The file as it was listed; `None` for files that never change.
    pub(super) listed: Option<ObjectMeta>,
    pub(super) partition_values: Vec<ScalarValue>,
}

/// A table over a fixed list of files of one format in one store.
#[derive(Debug, Clone)]
pub(super) struct FilesTable {
    pub(super) store: ObjectStoreUrl,
    pub(super) format: Arc<dyn FileFormat>,
    pub(super) files: Vec<ListedFile>,
    pub(super) columns: TableSchema,
}

impl FilesTable {
    /// A table that Headwater has written.
    pub(super) fn stored(table: &StoredTable) -> Self {
        let files = table
            .files
            .iter()
            .filter_map(|path| StorePath::from_absolute_path(path).ok())
            .map(|location| ListedFile {
                location,
                listed: None,
                partition_values: Vec::new(),
            })
            .collect();
        Self {
            store: ObjectStoreUrl::local_filesystem(),
            format: Arc::new(ParquetFormat::default()),
            files,
            columns: Arc::clone(&table.schema).into(),
        }
    }

    /// A table over the files of an extract.
    pub(super) fn listed(
        store: ObjectStoreUrl,
        format: Arc<dyn FileFormat>,
        files: Vec<ListedFile>,
        file_schema: SchemaRef,
        partitions: Vec<FieldRef>,
    ) -> Self {
        Self {
            store,
            format,
            files,
            columns: TableSchema::builder(file_schema)
                .with_table_partition_cols(partitions)
                .build(),
        }
    }

    async fn look(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        file: &ListedFile,
    ) -> Result<PartitionedFile> {
        let found = store.head(&file.location).await?;
        if let Some(listed) = &file.listed {
            unchanged(listed, &found)?;
        }
        let statistics = if state.config_options().execution.collect_statistics {
            let schema = Arc::clone(self.columns.file_schema());
            Some(self.format.infer_stats(state, store, schema, &found).await?)
        } else {
            None
        };
        let listed =
            PartitionedFile::new_from_meta(found).with_partition_values(file.partition_values.clone());
        Ok(match statistics {
            Some(statistics) => listed.with_statistics(Arc::new(statistics)),
            None => listed,
        })
    }
}

fn unchanged(listed: &ObjectMeta, found: &ObjectMeta) -> Result<()> {
    let same = listed.size == found.size
        && match (&listed.e_tag, &found.e_tag) {
            (Some(before), Some(now)) => before == now,
            _ => listed.last_modified == found.last_modified,
        };
    if same {
        return Ok(());
    }
    Err(DataFusionError::External(Box::new(FileChanged {
        path: listed.location.to_string(),
    })))
}

/// A file is not what it was when it was listed.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` has changed since it was listed")]
pub(super) struct FileChanged {
    pub(super) path: String,
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let store = state.runtime_env().object_store(&self.store)?;
        let looks: Vec<_> = self
            .files
            .iter()
            .map(|file| self.look(state, &store, file))
            .collect();
        let files: Vec<PartitionedFile> = futures::stream::iter(looks)
            .buffered(LOOKUPS)
            .try_collect()
            .await?;
        let schema = self.schema();
        let statistics = if !files.is_empty() && files.iter().all(PartitionedFile::has_statistics) {
            Statistics::try_merge_iter(
                files.iter().filter_map(|file| file.statistics.as_deref()),
                &schema,
            )?
        } else {
            Statistics::new_unknown(&schema)
        };
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let limit = if filters.is_empty() { limit } else { None };
        let config =
            FileScanConfigBuilder::new(self.store.clone(), self.format.file_source(self.columns.clone()))
                .with_file_groups(groups)
                .with_statistics(statistics)
                .with_projection_indices(projection.cloned())?
                .with_limit(limit)
                .build();
        self.format.create_physical_plan(state, config).await
    }
}
