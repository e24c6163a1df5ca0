//! Executing planned queries.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{ExplainOption, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{StreamExt as _, TryStreamExt as _};

use super::locate::{self, SqlFault};
use super::planner::PlannedQuery;
use super::session::Engine;
use super::types::stored_batch;

impl Engine {
    /// The rows of a query, with its columns as they are stored; the first `limit` of them where one is given.
    ///
    /// # Errors
    /// A [`SqlFault`]: the query fails on its data, memory or disk runs out, or a file is gone.
    pub async fn rows(
        &self,
        query: &PlannedQuery,
        limit: Option<usize>,
    ) -> Result<Vec<RecordBatch>, SqlFault> {
        let fault = |error| locate::fault(error, &query.sql, None);
        let plan = limited(&query.plan, limit).map_err(fault)?;
        let batches = self.collected(plan).await.map_err(fault)?;
        let schema = query.schema();
        let stored: Result<Vec<RecordBatch>> =
            batches.iter().map(|batch| stored_batch(batch, &schema)).collect();
        stored.map_err(fault)
    }

    /// The rows of a query as they come; failures on the way are told by [`Engine::locate`].
    ///
    /// # Errors
    /// A [`SqlFault`] when the query cannot be started.
    pub async fn stream(&self, query: &PlannedQuery) -> Result<SendableRecordBatchStream, SqlFault> {
        let fault = |error| locate::fault(error, &query.sql, None);
        let physical = self.physical(&query.plan).await.map_err(fault)?;
        let rows = execute_stream(physical, self.task()).map_err(fault)?;
        let schema = query.schema();
        let stored = {
            let schema = Arc::clone(&schema);
            rows.map(move |batch| stored_batch(&batch?, &schema))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stored)))
    }

    /// Tells a failure that a stream of `query` met.
    pub fn locate(&self, error: DataFusionError, query: &PlannedQuery) -> SqlFault {
        locate::fault(error, &query.sql, None)
    }

    /// How a query would be executed, as text.
    ///
    /// # Errors
    /// A [`SqlFault`] when it could not be.
    pub async fn explain(&self, query: &PlannedQuery) -> Result<String, SqlFault> {
        self.told(query, ExplainOption::default()).await
    }

    /// How a query was executed, with the rows and the time of each step, as text.
    ///
    /// # Errors
    /// A [`SqlFault`] when it failed.
    pub async fn explain_analyze(&self, query: &PlannedQuery) -> Result<String, SqlFault> {
        self.told(query, ExplainOption::default().with_analyze(true))
            .await
    }

    async fn told(&self, query: &PlannedQuery, how: ExplainOption) -> Result<String, SqlFault> {
        let fault = |error| locate::fault(error, &query.sql, None);
        let plan = LogicalPlanBuilder::from(Arc::clone(&query.plan))
            .explain_option_format(how)
            .and_then(LogicalPlanBuilder::build)
            .map_err(fault)?;
        let batches = self.collected(plan).await.map_err(fault)?;
        let mut text = String::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                for column in batch.columns() {
                    let shown = ArrayFormatter::try_new(column, &FormatOptions::default())
                        .map_err(|e| fault(e.into()))?;
                    text.push_str(&shown.value(row).to_string());
                    text.push('\n');
                }
            }
        }
        Ok(text)
    }

    /// Runs a plan in a task of its own, so that a panic in it is an error here, and dropping this future stops it.
    async fn collected(&self, plan: LogicalPlan) -> Result<Vec<RecordBatch>> {
        let engine = self.clone();
        let task = SpawnedTask::spawn(async move {
            let physical = engine.physical(&plan).await?;
            execute_stream(physical, engine.task())?.try_collect().await
        });
        task.join()
            .await
            .map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))?
    }

    /// The physical plan of a logical one, with the clock at `as_of`.
    pub(super) async fn physical(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        self.state.create_physical_plan(plan).await
    }

    pub(super) fn task(&self) -> Arc<TaskContext> {
        Arc::new(TaskContext::from(self.state.as_ref()))
    }
}

fn limited(plan: &Arc<LogicalPlan>, limit: Option<usize>) -> Result<LogicalPlan> {
    let builder = LogicalPlanBuilder::from(Arc::clone(plan));
    match limit {
        Some(_) => builder.limit(0, limit)?.build(),
        None => builder.build(),
    }
}
