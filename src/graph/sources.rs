//! Opens the source tables that a selection reads: which files are there, and whether they have the declared columns.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::catalog::Known;
use super::plan::Planner;
use crate::engine::arrow::datatypes::{Field, Schema, SchemaRef};
use crate::engine::{DeclaredColumn, parse_type};
use crate::error::{Diagnostic, Span, codes};
use crate::names::NodeId;
use crate::project::node::{Column, SourceTable};

/// Whether source data must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourcePolicy {
    /// It must; only optional tables may be absent.
    Required,
    /// Declared columns stand in for what is absent: nothing will be read.
    Declared,
    /// What is absent is left out in silence: perhaps nobody asks for it.
    Present,
}

/// Opens the sources that nodes read, directly or through views and ephemeral models.
///
/// Returns what is wrong with them: `HW013x` for each table whose data is absent, unreadable or not as declared; a
/// warning for each optional table that is absent.
pub async fn open_sources(planner: &Planner, nodes: &[NodeId], policy: SourcePolicy) -> Vec<Diagnostic> {
    let graph = Arc::clone(&planner.graph);
    let wanted: BTreeSet<NodeId> = graph.sources_above(nodes);
    let opened = futures::future::join_all(
        wanted
            .iter()
            .filter_map(|id| graph.source(id))
            .map(|source| async move { (source, open(planner, source, policy).await) }),
    )
    .await;
    let mut diagnostics = Vec::new();
    for (source, outcome) in opened {
        match outcome {
            Err(_) if policy == SourcePolicy::Present => {}
            Ok((known, warning)) => {
                let warning = warning.filter(|_| policy == SourcePolicy::Required);
                planner.catalog.define(graph.readable_name(&source.id), known);
                diagnostics.extend(warning);
            }
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    diagnostics
}

async fn open(
    planner: &Planner,
    source: &SourceTable,
    policy: SourcePolicy,
) -> Result<(Known, Option<Diagnostic>), Box<Diagnostic>> {
    let label = format!("{}.{}", source.source_name, source.name);
    let Some(location) = &source.external_location else {
        return Err(Box::new(
            Diagnostic::error(
                codes::SOURCE_WITHOUT_LOCATION,
                format!("source `{label}` does not say where its data is"),
            )
            .at_maybe(source.span.clone())
            .hint("add `config: {meta: {external_location: \"path/{identifier}.parquet\"}}`"),
        ));
    };
    let declared: Vec<DeclaredColumn> = source.columns.values().map(declared).collect();
    let base: &Path = &planner.graph.project.root;
    match planner.engine.extract(location, base, &declared).await {
        Ok(table) => Ok((Known::Extract(table), None)),
        Err(fault) if fault.code == codes::EXTRACT_NOT_FOUND && source.optional => {
            let warning = Diagnostic::warning(
                codes::OPTIONAL_SOURCE_ABSENT,
                format!("source `{label}` is switched off: there is nothing at `{location}`"),
            );
            Ok((Known::Absent(declared_schema(source)), Some(warning)))
        }
        Err(fault) if fault.code == codes::EXTRACT_NOT_FOUND && policy == SourcePolicy::Declared => {
            if source.columns.values().any(|column| column.data_type.is_some()) {
                Ok((Known::Planned(declared_schema(source)), None))
            } else {
                Err(Box::new(told(source, &label, fault.into_diagnostic())))
            }
        }
        Err(fault) => Err(Box::new(told(source, &label, fault.into_diagnostic()))),
    }
}

fn told(source: &SourceTable, label: &str, diagnostic: Diagnostic) -> Diagnostic {
    let place = source
        .span
        .clone()
        .or_else(|| Some(Span::file(&source.original_file_path)));
    let message = format!("source `{label}`: {}", diagnostic.message);
    Diagnostic {
        message,
        ..diagnostic
    }
    .at_maybe(place)
}

fn declared(column: &Column) -> DeclaredColumn {
    let is_required = column
        .constraints
        .iter()
        .any(|constraint| constraint["type"] == "not_null");
    DeclaredColumn {
        name: column.name.clone(),
        data_type: column.data_type.clone(),
        is_required,
    }
}

fn declared_schema(source: &SourceTable) -> SchemaRef {
    let fields: Vec<Field> = source
        .columns
        .values()
        .filter_map(|column| {
            Some(Field::new(
                column.name.to_lowercase(),
                parse_type(column.data_type.as_ref()?)?,
                true,
            ))
        })
        .collect();
    Arc::new(Schema::new(fields))
}
