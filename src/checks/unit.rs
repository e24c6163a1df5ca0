//! Unit tests: a model's SQL over given rows, compared with expected rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::unit_rows::{self, Columns};
use crate::engine::arrow::datatypes::{Schema, SchemaRef};
use crate::engine::{SqlFault, text_rows};
use crate::error::{Diagnostic, Error, Result, codes};
use crate::graph::plan::{Planning, ReusePolicy};
use crate::graph::version::VersionBuilder;
use crate::materialize::RunCtx;
use crate::names::{NodeId, RelationName, quote_identifier};
use crate::project::node::UnitTest;
use crate::warehouse::Verdict;

/// How many differing rows are shown.
const SHOWN_ROWS: usize = 8;

/// What a unit test said.
#[derive(Debug)]
pub struct UnitOutcome {
    /// Whether it was known before.
    pub reused: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// The rows that differ, told.
    pub difference: Option<Diagnostic>,
    /// The SQL that was run.
    pub compiled: Option<Arc<str>>,
}

/// Runs a unit test.
///
/// # Errors
/// `HW0504` when it cannot be run as it is written; the fault of the model's SQL.
pub async fn run(ctx: &RunCtx, id: &NodeId) -> Result<UnitOutcome> {
    let test = ctx
        .graph
        .unit_test(id)
        .ok_or_else(|| Error::Internal(format!("no unit test `{id}`")))?;
    let model = ctx.graph.unit_test_model(test).ok_or_else(|| {
        faulty(test, format!("there is no model `{}`", test.model))
            .hint("name the model under test: `model: orders`")
    })?;
    let version = version(ctx, test, model);
    if let Some(verdict) = known(ctx, id, version.as_deref()) {
        return Ok(UnitOutcome {
            reused: true,
            verdict,
            difference: None,
            compiled: None,
        });
    }
    let bench = Bench::set_up(ctx, test, model)?;
    let outcome = bench.compare(ctx, test, model).await;
    bench.clear(ctx);
    let (difference, failures, compiled) = outcome?;
    let verdict = Verdict {
        version: version.unwrap_or_default(),
        failures,
        warns: failures > 0,
        fails: failures > 0,
    };
    Ok(UnitOutcome {
        reused: false,
        verdict,
        difference,
        compiled: Some(compiled),
    })
}

/// The hash of the model, of what it reads, and of the test's rows.
fn version(ctx: &RunCtx, test: &UnitTest, model: &NodeId) -> Option<String> {
    let Planning::Ready(planned) = ctx.planner.plan(model) else {
        return None;
    };
    let rows = format!("{:?} {:?} {:?}", test.given, test.expect, test.overrides);
    Some(
        VersionBuilder::new("unit_test")
            .part(&planned.version)
            .part(rows)
            .finish(),
    )
}

fn known(ctx: &RunCtx, id: &NodeId, version: Option<&str>) -> Option<Verdict> {
    if ctx.planner.policy() == ReusePolicy::Rebuild {
        return None;
    }
    let verdict = ctx.published.as_ref()?.verdicts.get(id)?;
    (Some(verdict.version.as_str()) == version).then(|| verdict.clone())
}

/// The relations that stand in for what the model reads.
struct Bench {
    stand_ins: BTreeMap<NodeId, RelationName>,
}

impl Bench {
    fn set_up(ctx: &RunCtx, test: &UnitTest, model: &NodeId) -> Result<Self> {
        let schema = format!("unit_test__{}", test.id.as_str().replace('.', "_"));
        let mut stand_ins = BTreeMap::new();
        let mut given: BTreeMap<NodeId, &crate::project::node::UnitRowsFormat> = BTreeMap::new();
        for rows in &test.given {
            let input = rows.input.as_deref().unwrap_or_default();
            let id = ctx.graph.find_input(&test.package, model, input).ok_or_else(|| {
                faulty(test, format!("input `{input}` is nothing that the model reads")).hint(
                    "inputs are written as in the model: `ref('orders')`, `source('raw', 'orders')`, `this`",
                )
            })?;
            given.insert(id, &rows.rows);
        }
        let none = crate::project::node::UnitRowsFormat::Dict(Vec::new());
        for id in ctx.graph.inputs_of(model) {
            let columns = input_columns(ctx, test, &id)?;
            let rows = given.get(&id).copied().unwrap_or(&none);
            let sql = unit_rows::query(rows, &columns, Columns::All)
                .map_err(|message| faulty(test, format!("input `{}`: {message}", id.short())))?;
            let name = RelationName::new(
                &ctx.graph.project.target.database,
                &schema,
                id.as_str().replace('.', "_"),
            );
            ctx.planner.catalog().define_view(name.clone(), &sql);
            stand_ins.insert(id, name);
        }
        Ok(Self { stand_ins })
    }

    fn clear(&self, ctx: &RunCtx) {
        for name in self.stand_ins.values() {
            ctx.planner.catalog().forget(name);
        }
    }

    async fn compare(
        &self,
        ctx: &RunCtx,
        test: &UnitTest,
        model: &NodeId,
    ) -> Result<(Option<Diagnostic>, i64, Arc<str>)> {
        let rendered = ctx.planner.render_with(model, &self.stand_ins, &test.overrides)?;
        let sql: Arc<str> = Arc::from(rendered.sql.as_str());
        let actual = ctx
            .planner
            .catalog()
            .plan_again(&sql)
            .map_err(|fault| ctx.planner.locate_in(model, &rendered.source_map, fault))?;
        let schema = actual.query.schema();
        let told = |message: String| faulty(test, format!("expect: {message}"));
        let columns = match unit_rows::named_columns(&test.expect.rows).map_err(told)? {
            Some(named) => ordered(&schema, &named),
            None => schema.fields().iter().map(|field| field.name().clone()).collect(),
        };
        let expected = unit_rows::query(&test.expect.rows, &schema, Columns::Named).map_err(told)?;
        let got = sorted_rows(ctx, &sql, &columns)
            .await
            .map_err(|fault| inside(test, fault))?;
        let wanted = sorted_rows(ctx, &cast_like(&expected, &schema, &columns), &columns)
            .await
            .map_err(|fault| inside(test, fault))?;
        let (missing, surplus) = differing(&wanted, &got);
        let failures = i64::try_from(missing.len().max(surplus.len())).unwrap_or(i64::MAX);
        let difference = (failures > 0).then(|| told_difference(test, &columns, &missing, &surplus));
        Ok((difference, failures, sql))
    }
}

fn input_columns(ctx: &RunCtx, test: &UnitTest, id: &NodeId) -> Result<SchemaRef> {
    let name = ctx.graph.readable_name(id);
    match ctx.planner.catalog().columns(&name) {
        Ok(Some(columns)) => Ok(columns),
        Ok(None) => Err(
            faulty(test, format!("the columns of `{}` are not known", id.short()))
                .hint("build it once, or select it too: `headwater build --select +MODEL`")
                .into(),
        ),
        Err(fault) => Err(inside(test, fault)),
    }
}

/// The columns that are named, in the order of the model.
fn ordered(schema: &Schema, named: &[String]) -> Vec<String> {
    let is_named = |name: &str| named.iter().any(|other| other.eq_ignore_ascii_case(name));
    schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .filter(|name| is_named(name))
        .collect()
}

/// Gives expected rows the types of the model's columns, so that equal values look alike.
fn cast_like(expected: &str, schema: &Schema, columns: &[String]) -> String {
    let casts: Vec<String> = schema
        .fields()
        .iter()
        .filter(|field| columns.contains(field.name()))
        .map(|field| {
            let name = quote_identifier(field.name());
            format!(
                "cast({name} as {}) as {name}",
                crate::engine::type_name(field.data_type())
            )
        })
        .collect();
    format!("select {} from (\n{expected}\n) as expected", casts.join(", "))
}

async fn sorted_rows(ctx: &RunCtx, sql: &str, columns: &[String]) -> Result<Vec<Vec<String>>, SqlFault> {
    let list: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    let query = format!("select {} from (\n{sql}\n) as compared", list.join(", "));
    let resolved = ctx.planner.catalog().plan_again(&query)?;
    let mut rows: Vec<Vec<String>> = ctx
        .engine
        .rows(&resolved.query, None)
        .await?
        .iter()
        .flat_map(text_rows)
        .collect();
    rows.sort();
    Ok(rows)
}

/// The rows that only one side has; both sides are sorted.
fn differing(wanted: &[Vec<String>], got: &[Vec<String>]) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let (mut missing, mut surplus) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (wanted.iter().peekable(), got.iter().peekable());
    loop {
        match (left.peek(), right.peek()) {
            (None, None) => return (missing, surplus),
            (Some(a), Some(b)) if a == b => {
                left.next();
                right.next();
            }
            (Some(a), Some(b)) if a < b => missing.extend(left.next().cloned()),
            (Some(_), None) => missing.extend(left.next().cloned()),
            (_, Some(_)) => surplus.extend(right.next().cloned()),
        }
    }
}

fn told_difference(
    test: &UnitTest,
    columns: &[String],
    missing: &[Vec<String>],
    surplus: &[Vec<String>],
) -> Diagnostic {
    let mut table = format!("  {}\n", columns.join(" | "));
    let rows = missing.len().max(surplus.len());
    for index in 0..rows.min(SHOWN_ROWS) {
        let (wanted, got) = (missing.get(index), surplus.get(index));
        let cells: Vec<String> = (0..columns.len())
            .map(|column| {
                match (
                    wanted.and_then(|row| row.get(column)),
                    got.and_then(|row| row.get(column)),
                ) {
                    (Some(a), Some(b)) if a == b => a.clone(),
                    (Some(a), Some(b)) => format!("{a} → {b}"),
                    (Some(cell), None) | (None, Some(cell)) => cell.clone(),
                    (None, None) => String::new(),
                }
            })
            .collect();
        let sign = match (wanted, got) {
            (Some(_), Some(_)) => '~',
            (Some(_), None) => '-',
            _ => '+',
        };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{sign} {}", cells.join(" | "));
    }
    if rows > SHOWN_ROWS {
        let _ = writeln!(table, "  … and {} more", rows - SHOWN_ROWS);
    }
    let plural = if rows == 1 { "row" } else { "rows" };
    let message = format!(
        "unit test `{}` of `{}` differs in {rows} {plural}",
        test.name, test.model
    );
    Diagnostic::error(codes::UNIT_TEST_FAILED, message)
        .at_maybe(test.span.clone())
        .note(format!(
            "- expected, + got, ~ expected → got:\n{}",
            table.trim_end()
        ))
}

fn faulty(test: &UnitTest, message: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(
        codes::UNIT_TEST_FAULTY,
        format!("unit test `{}`: {message}", test.name),
    )
    .at_maybe(test.span.clone())
}

fn inside(test: &UnitTest, fault: SqlFault) -> Error {
    fault
        .into_diagnostic()
        .at_maybe(test.span.clone())
        .note(format!("in unit test `{}`", test.name))
        .into()
}
