//! From SQL to a plan: parsing and analysis, without executing anything.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, TableReference};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::{MemTable, TableProvider, ViewTable, provider_as_source};
use datafusion::execution::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, RelationPlanner, TypePlanner};
use datafusion::logical_expr::{
    AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource as LogicalSource, WindowUDF,
};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use parking_lot::Mutex;

use super::dialect;
use super::files::FilesTable;
use super::locate::{self, SqlFault};
use super::scope::{Scope, TableSource};
use super::session::Engine;
use crate::names::RelationName;

/// How deep expressions may nest: generated SQL has long chains of `or` and `union all`.
const RECURSION_LIMIT: usize = 512;

/// A query that has been understood: it can be executed, or stand in a scope as a view.
#[derive(Debug, Clone)]
pub struct PlannedQuery {
    pub(super) sql: Arc<str>,
    pub(super) plan: Arc<LogicalPlan>,
    schema: SchemaRef,
    reads: Arc<BTreeSet<RelationName>>,
    reads_clock: bool,
}

impl PlannedQuery {
    /// The SQL as it was given.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The columns of the result, as they are stored.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The relations that the query names; what those name in turn, if they are views, is not among them.
    pub fn reads(&self) -> &BTreeSet<RelationName> {
        &self.reads
    }

    /// Whether the result depends on the present instant.
    pub fn reads_clock(&self) -> bool {
        self.reads_clock
    }
}

impl Engine {
    /// Understands a query: every name in it is found, every type agrees.
    ///
    /// # Errors
    /// A [`SqlFault`] (`HW0301`–`HW0349`) with the position in `sql`.
    pub fn plan(&self, sql: &str, scope: &Scope) -> Result<PlannedQuery, SqlFault> {
        self.plan_with(sql, scope, Care::Thorough)
    }

    /// Plans a query that has been understood before, over other states of what it reads: faults that only the
    /// optimizer finds are not looked for, which saves most of the time.
    ///
    /// # Errors
    /// As [`Engine::plan`].
    pub fn plan_again(&self, sql: &str, scope: &Scope) -> Result<PlannedQuery, SqlFault> {
        self.plan_with(sql, scope, Care::Light)
    }

    fn plan_with(&self, sql: &str, scope: &Scope, care: Care) -> Result<PlannedQuery, SqlFault> {
        catch_unwind(AssertUnwindSafe(|| self.try_plan(sql, scope, care)))
            .unwrap_or_else(|_| Err(locate::panicked()))
    }

    fn try_plan(&self, sql: &str, scope: &Scope, care: Care) -> Result<PlannedQuery, SqlFault> {
        let names = ScopeNames {
            state: &self.state,
            scope,
            reads: Mutex::default(),
        };
        let fault = |error: DataFusionError| locate::fault(error, sql, Some(&names));
        let mut statement = parse(sql).map_err(fault)?;
        match &mut statement {
            Statement::Statement(query) if matches!(query.as_ref(), ast::Statement::Query(_)) => {
                if let Some(what) = dialect::ignored(query) {
                    return Err(locate::unsupported(what, sql));
                }
                dialect::translate(query);
            }
            _ => return Err(locate::not_a_query(sql)),
        }
        let options = parser_options(self.state.config_options());
        let plan = SqlToRel::new_with_options(&names, options)
            .statement_to_plan(statement)
            .map_err(fault)?;
        if let Some(function) = window_in_filter(&plan).map_err(fault)? {
            return Err(locate::window_in_where(&function, sql));
        }
        let checked = self.checked(&plan, care).map_err(fault)?;
        let schema = super::types::storage_schema(checked.schema().as_arrow());
        locate::duplicate_columns(&schema, sql)?;
        let reads_clock = reads_clock(&plan).map_err(fault)?;
        Ok(PlannedQuery {
            sql: Arc::from(sql),
            plan: Arc::new(plan),
            schema,
            reads: Arc::new(names.reads.into_inner()),
            reads_clock,
        })
    }
}

/// How closely a query is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// For all faults: the optimizer is run too.
    Thorough,
    /// For its types alone.
    Light,
}

impl Engine {
    /// The plan with its types settled; execution optimizes again, with the real inputs.
    fn checked(&self, plan: &LogicalPlan, care: Care) -> Result<LogicalPlan> {
        match care {
            Care::Thorough => self.checking.optimize(plan),
            Care::Light => {
                self.state
                    .analyzer()
                    .execute_and_check(plan.clone(), self.state.config_options(), |_, _| {})
            }
        }
    }
}

pub(super) fn parse(sql: &str) -> Result<Statement> {
    let mut statements = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(RECURSION_LIMIT)
        .build()?
        .parse_statements()?;
    match (statements.pop_front(), statements.pop_front()) {
        (Some(Statement::Statement(mut statement)), None) => {
            super::precedence::repair(statement.as_mut());
            Ok(Statement::Statement(statement))
        }
        (Some(statement), None) => Ok(statement),
        (None, _) => Err(DataFusionError::Plan(locate::NO_STATEMENT.to_owned())),
        (Some(_), Some(_)) => Err(DataFusionError::Plan(locate::MANY_STATEMENTS.to_owned())),
    }
}

fn parser_options(options: &ConfigOptions) -> ParserOptions {
    let parser = &options.sql_parser;
    ParserOptions {
        parse_float_as_decimal: parser.parse_float_as_decimal,
        enable_ident_normalization: parser.enable_ident_normalization,
        support_varchar_with_length: parser.support_varchar_with_length,
        enable_options_value_normalization: parser.enable_options_value_normalization,
        collect_spans: parser.collect_spans,
        map_string_types_to_utf8view: parser.map_string_types_to_utf8view,
        default_null_ordering: parser.default_null_ordering.as_str().into(),
    }
}

fn reads_clock(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found |= matches!(part, Expr::ScalarFunction(call) if is_clock(call.name()));
                Ok(if found {
                    TreeNodeRecursion::Stop
                } else {
                    TreeNodeRecursion::Continue
                })
            })
        })
    })?;
    Ok(found)
}

/// The name of a window function that a filter calls: there are no windows yet where rows are filtered.
fn window_in_filter(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Filter(filter) = node {
            filter.predicate.apply(|part| {
                if let Expr::WindowFunction(call) = part {
                    found = Some(call.fun.name().to_owned());
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

fn is_clock(function: &str) -> bool {
    matches!(function, "now" | "current_date" | "current_time")
}

/// A scope as DataFusion asks for it.
pub(super) struct ScopeNames<'a> {
    pub(super) state: &'a SessionState,
    pub(super) scope: &'a Scope,
    reads: Mutex<BTreeSet<RelationName>>,
}

impl ScopeNames<'_> {
    fn provider(source: &TableSource) -> Result<Arc<dyn TableProvider>> {
        Ok(match source {
            TableSource::Parquet(table) => Arc::new(FilesTable::stored(table)),
            TableSource::Extract(table) => return table.provider(),
            TableSource::Memory { schema, batches } => {
                Arc::new(MemTable::try_new(Arc::clone(schema), vec![batches.clone()])?)
            }
            TableSource::View(query) => Arc::new(ViewTable::new(query.plan.as_ref().clone(), None)),
            TableSource::Empty(schema) => Arc::new(EmptyTable::new(Arc::clone(schema))),
        })
    }
}

impl ContextProvider for ScopeNames<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn LogicalSource>> {
        let Some((relation, source)) = self.scope.find(&name) else {
            return Err(DataFusionError::Plan(format!("table '{name}' not found")));
        };
        self.reads.lock().insert(relation.clone());
        Ok(provider_as_source(Self::provider(source)?))
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> Result<Arc<dyn LogicalSource>> {
        functions_source(self.state, name, args)
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> Result<Arc<dyn LogicalSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(name, schema))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        self.state.relation_planners()
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(Arc::new(super::types::TypeNames))
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.state.higher_order_functions().get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        self.state.higher_order_functions().keys().cloned().collect()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}

fn functions_source(state: &SessionState, name: &str, args: Vec<Expr>) -> Result<Arc<dyn LogicalSource>> {
    use datafusion::catalog::TableFunctionArgs;
    use datafusion::common::DFSchema;
    use datafusion::logical_expr::simplify::SimplifyContext;
    use datafusion::optimizer::simplify_expressions::ExprSimplifier;

    let Some(function) = state.table_functions().get(name) else {
        return Err(DataFusionError::Plan(format!(
            "table function '{name}' not found"
        )));
    };
    let context = SimplifyContext::builder()
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    let schema = DFSchema::empty();
    let args = args
        .into_iter()
        .map(|arg| simplifier.simplify(simplifier.coerce(arg, &schema)?))
        .collect::<Result<Vec<_>>>()?;
    let provider = function.create_table_provider_with_args(TableFunctionArgs::new(&args, state))?;
    Ok(provider_as_source(provider))
}
