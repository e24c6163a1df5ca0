//! Writing a query's result as Parquet files.
//!
//! Each partition of the plan writes a file of its own, as its rows come; while the whole result is small it stays in
//! memory instead and becomes one file, in an order that depends on its rows alone. Files are written under temporary
//! names that vanish with the handle, so a failed or cancelled query leaves nothing; only when every partition is done
//! are they synchronised and given their final names.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{RecordBatch, UInt64Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::runtime::{JoinSet, SpawnedTask};
use datafusion::common::{Column, DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};
use futures::StreamExt as _;
use tempfile::NamedTempFile;

use super::locate::{self, SqlFault};
use super::planner::PlannedQuery;
use super::session::Engine;
use super::types::stored_batch;

/// A result of up to this many bytes in memory becomes one file.
const SMALL_BYTES: usize = 32 << 20;
/// Rows in a row group: readers skip and share out work by row group.
const ROW_GROUP_ROWS: usize = 262_144;
/// A row group is closed early when its encoded columns reach this size.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// zstd's level: 1 writes fastest, and is within a few per cent of 3 in size.
const ZSTD_LEVEL: i32 = 1;

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The column's name, as the result has it.
    pub column: String,
    /// Whether greater values come first.
    pub descending: bool,
}

/// When what is written has to survive a crash of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// As soon as it is written.
    #[default]
    Now,
    /// Later: the caller sees to it.
    Later,
}

/// The order of rows that are sorted by nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// A small table is sorted by all its columns, so that the same rows give the same bytes.
    #[default]
    Settled,
    /// They come as they are: the rows of a file that somebody has put in order.
    AsRead,
}

/// How a table is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// When it has to survive a crash of the machine.
    pub durability: Durability,
    /// The order of the rows where `sort_by` names no columns.
    pub row_order: RowOrder,
    /// The order of the rows; without one, a small table is sorted by all its columns.
    pub sort_by: Vec<SortKey>,
}

/// One file that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// The file's name in its folder.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// A table that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTable {
    /// The files, in order; at least one, even of no rows.
    pub files: Vec<WrittenFile>,
    /// Rows in all of them.
    pub rows: u64,
    /// Their size together.
    pub bytes: u64,
    /// The columns, as they are stored.
    pub schema: SchemaRef,
}

impl Engine {
    /// Writes the rows of a query as Parquet files `part-00000.parquet`, … into a folder, which is made if need be.
    ///
    /// # Shape
    /// zstd, row groups of 262 144 rows at most, the columns of [`PlannedQuery::schema`]. One file when the result is
    /// small (32 MiB in memory) or sorted, else one for each partition. A result that fits one file and has no order
    /// of its own is sorted by all its columns, so that the same rows give the same bytes.
    ///
    /// # Errors
    /// A [`SqlFault`]: the query fails on its data, memory or disk runs out, or the folder cannot be written. No file
    /// with a final name is left behind by a query that failed.
    pub async fn write_parquet(
        &self,
        query: &PlannedQuery,
        folder: &Path,
        options: &WriteOptions,
    ) -> Result<WrittenTable, SqlFault> {
        self.try_write(query, folder, options)
            .await
            .map_err(|error| locate::fault(error, query.sql(), None))
    }

    async fn try_write(
        &self,
        query: &PlannedQuery,
        folder: &Path,
        options: &WriteOptions,
    ) -> Result<WrittenTable> {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|e| write_failed(folder, e))?;
        let plan = sorted(&query.plan, &options.sort_by)?;
        let physical = self.physical(&plan).await?;
        let ordered = physical.output_ordering().is_some() || options.row_order == RowOrder::AsRead;
        let target = Arc::new(Target {
            folder: folder.to_path_buf(),
            schema: query.schema(),
            durability: options.durability,
            buffered_bytes: AtomicUsize::new(0),
        });
        let outcomes = self.run_partitions(physical, &target).await?;
        let (mut rest, mut parts) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                PartitionRows::Buffered(batches) => rest.extend(batches),
                PartitionRows::Written(part) => parts.push(part),
            }
        }
        if parts.is_empty() {
            let batch = one_batch(&target.schema, &rest, ordered)?;
            parts.push(target.write_all(&[batch])?);
        } else if !rest.is_empty() {
            parts.push(target.write_all(&rest)?);
        }
        let finish = SpawnedTask::spawn_blocking(move || finish(&target, parts));
        finish
            .join()
            .await
            .map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))?
    }

    async fn run_partitions(
        &self,
        physical: Arc<dyn ExecutionPlan>,
        target: &Arc<Target>,
    ) -> Result<Vec<PartitionRows>> {
        let task: Arc<TaskContext> = self.task();
        let mut running = JoinSet::new();
        for partition in 0..physical.output_partitioning().partition_count() {
            let stream = physical.execute(partition, Arc::clone(&task))?;
            let target = Arc::clone(target);
            running.spawn(async move { Ok((partition, drain(stream, target).await?)) });
        }
        let mut done: Vec<(usize, PartitionRows)> = Vec::new();
        while let Some(joined) = running.join_next().await {
            match joined.unwrap_or_else(|e| Err(DataFusionError::ExecutionJoin(Box::new(e)))) {
                Ok(rows) => done.push(rows),
                Err(error) => {
                    // The others' files go with their tasks: wait until they are gone.
                    running.shutdown().await;
                    return Err(error);
                }
            }
        }
        done.sort_by_key(|(partition, _)| *partition);
        Ok(done.into_iter().map(|(_, rows)| rows).collect())
    }
}

/// Where the partitions of one query write to.
struct Target {
    folder: PathBuf,
    schema: SchemaRef,
    durability: Durability,
    /// What all partitions hold in memory, while they write nothing.
    buffered_bytes: AtomicUsize,
}

enum PartitionRows {
    Buffered(Vec<RecordBatch>),
    Written(Part),
}

/// A file under its temporary name.
struct Part {
    file: NamedTempFile,
    rows: u64,
}

impl Target {
    fn open(&self) -> Result<(NamedTempFile, ArrowWriter<File>)> {
        let temporary = tempfile::Builder::new()
            .prefix(".writing-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
            .tempfile_in(&self.folder)
            .map_err(|e| write_failed(&self.folder, e))?;
        let handle = temporary
            .as_file()
            .try_clone()
            .map_err(|e| write_failed(&self.folder, e))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by("headwater".to_owned())
            .build();
        let writer = ArrowWriter::try_new(handle, Arc::clone(&self.schema), Some(properties))?;
        Ok((temporary, writer))
    }

    fn write_all(&self, batches: &[RecordBatch]) -> Result<Part> {
        let (file, mut writer) = self.open()?;
        for batch in batches {
            self.write(&mut writer, batch)?;
        }
        self.close(file, writer)
    }

    fn write(&self, writer: &mut ArrowWriter<File>, batch: &RecordBatch) -> Result<()> {
        writer.write(batch).map_err(|e| self.failed(e))?;
        if writer.in_progress_size() > ROW_GROUP_BYTES {
            writer.flush().map_err(|e| self.failed(e))?;
        }
        Ok(())
    }

    fn close(&self, file: NamedTempFile, writer: ArrowWriter<File>) -> Result<Part> {
        let metadata = writer.close().map_err(|e| self.failed(e))?;
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default();
        Ok(Part { file, rows })
    }

    fn failed(&self, error: datafusion::parquet::errors::ParquetError) -> DataFusionError {
        use datafusion::parquet::errors::ParquetError;
        match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(io) => write_failed(&self.folder, *io),
                Err(other) => DataFusionError::External(other),
            },
            other => DataFusionError::ParquetError(Box::new(other)),
        }
    }
}

/// A folder or a file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write to `{}`: {source}", folder.display())]
pub(super) struct WriteFailed {
    pub(super) folder: PathBuf,
    pub(super) source: io::Error,
}

fn write_failed(folder: &Path, source: io::Error) -> DataFusionError {
    DataFusionError::External(Box::new(WriteFailed {
        folder: folder.to_path_buf(),
        source,
    }))
}

/// Keeps a partition's rows in memory while the whole result is small, and writes them to a file from then on.
async fn drain(mut stream: SendableRecordBatchStream, target: Arc<Target>) -> Result<PartitionRows> {
    let mut buffered: Vec<RecordBatch> = Vec::new();
    let mut open: Option<(NamedTempFile, ArrowWriter<File>)> = None;
    while let Some(batch) = stream.next().await {
        let batch = stored_batch(&batch?, &target.schema)?;
        if batch.num_rows() == 0 {
            continue;
        }
        if let Some((_, writer)) = &mut open {
            target.write(writer, &batch)?;
            continue;
        }
        let bytes = batch.get_array_memory_size();
        buffered.push(batch);
        if target.buffered_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > SMALL_BYTES {
            let (file, mut writer) = target.open()?;
            for batch in buffered.drain(..) {
                target.write(&mut writer, &batch)?;
            }
            open = Some((file, writer));
        }
    }
    match open {
        Some((file, writer)) => target.close(file, writer).map(PartitionRows::Written),
        None => Ok(PartitionRows::Buffered(buffered)),
    }
}

fn one_batch(schema: &SchemaRef, batches: &[RecordBatch], ordered: bool) -> Result<RecordBatch> {
    let batch = concat_batches(schema, batches)?;
    if ordered || batch.num_rows() < 2 || batch.num_columns() == 0 {
        return Ok(batch);
    }
    let fields: Vec<SortField> = schema
        .fields()
        .iter()
        .map(|field| SortField::new(field.data_type().clone()))
        .collect();
    if !RowConverter::supports_fields(&fields) {
        return Ok(batch);
    }
    let rows = RowConverter::new(fields)?.convert_columns(batch.columns())?;
    let mut order: Vec<(_, u64)> = rows.iter().zip(0..).collect();
    order.sort_unstable();
    let indices = UInt64Array::from_iter_values(order.into_iter().map(|(_, index)| index));
    Ok(take_record_batch(&batch, &indices)?)
}

fn sorted(plan: &Arc<LogicalPlan>, keys: &[SortKey]) -> Result<LogicalPlan> {
    let builder = LogicalPlanBuilder::from(Arc::clone(plan));
    if keys.is_empty() {
        return builder.build();
    }
    let by = keys
        .iter()
        .map(|key| SortExpr {
            expr: Expr::Column(Column::from_name(&key.column)),
            asc: !key.descending,
            nulls_first: false,
        })
        .collect::<Vec<_>>();
    builder.sort(by)?.build()
}

/// Gives every file its final name, once all of them are safe on disk.
fn finish(target: &Target, parts: Vec<Part>) -> Result<WrittenTable> {
    let failed = |e| write_failed(&target.folder, e);
    let is_synced = target.durability == Durability::Now;
    for part in parts.iter().filter(|_| is_synced) {
        part.file.as_file().sync_all().map_err(failed)?;
    }
    let mut files: Vec<WrittenFile> = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let name = format!("part-{index:05}.parquet");
        let bytes = part.file.as_file().metadata().map_err(failed)?.len();
        let persisted = part.file.persist(target.folder.join(&name));
        if let Err(refused) = persisted {
            for file in &files {
                drop(std::fs::remove_file(target.folder.join(&file.name)));
            }
            return Err(failed(refused.error));
        }
        files.push(WrittenFile {
            name,
            rows: part.rows,
            bytes,
        });
    }
    if is_synced {
        File::open(&target.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
    }
    Ok(WrittenTable {
        rows: files.iter().map(|file| file.rows).sum(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        files,
        schema: Arc::clone(&target.schema),
    })
}
