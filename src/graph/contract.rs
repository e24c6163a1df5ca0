//! Contracts: whether a model's planned columns are the ones that it promises.

use crate::engine::arrow::datatypes::{DataType, Field, Schema};
use crate::engine::{self, types};
use crate::error::{Diagnostic, Span, codes};
use crate::graph::GraphNode;
use crate::project::node::{Column, NodeKind};

/// Tells every difference between the columns that an enforced contract declares and those that the SQL gives.
///
/// Names are compared without regard to case, types as they are stored: `varchar(20)` is `text`. A `decimal` without
/// precision and scale stands for any.
pub(super) fn breaches(node: &GraphNode, found: &Schema) -> Vec<Diagnostic> {
    if !node.config.contract_enforced || node.node.kind != NodeKind::Model {
        return Vec::new();
    }
    let declared = node.node.columns.values();
    let mut faults: Vec<Diagnostic> = declared
        .filter_map(|column| breach(node, column, found))
        .collect();
    let is_declared = |field: &Field| {
        let mut names = node.node.columns.keys();
        names.any(|name| name.eq_ignore_ascii_case(field.name()))
    };
    for field in found.fields().iter().filter(|field| !is_declared(field)) {
        let message = format!(
            "column `{}` is not in the contract of `{}`",
            field.name(),
            node.node.name
        );
        let found = format!("found: {}", engine::type_name(field.data_type()));
        faults.push(
            fault(node, None, message)
                .note(found)
                .hint("declare it with its `data_type`, or leave it out of the SQL"),
        );
    }
    faults
}

fn breach(node: &GraphNode, column: &Column, found: &Schema) -> Option<Diagnostic> {
    let (name, model) = (&column.name, &node.node.name);
    let Some(declared) = &column.data_type else {
        let message = format!("column `{name}` of `{model}` has a contract and no `data_type`");
        return Some(
            fault(node, Some(column), message).hint("every column of an enforced contract declares its type"),
        );
    };
    let fields = found.fields();
    let Some(field) = fields
        .iter()
        .find(|field| field.name().eq_ignore_ascii_case(name))
    else {
        let message = format!("column `{name}` is in the contract of `{model}` and not in its SQL");
        let names = fields.iter().map(|field| field.name().as_str());
        return Some(
            fault(node, Some(column), message)
                .note(format!("declared: {declared}"))
                .nearest(name, names),
        );
    };
    let Some(wanted) = engine::parse_type(declared) else {
        let message = format!("column `{name}` of `{model}` is declared as `{declared}`, which is no type");
        return Some(fault(node, Some(column), message));
    };
    let given = types::storage_type(field.data_type());
    if agrees(&types::storage_type(&wanted), &given, declared) {
        return None;
    }
    let message = format!("column `{name}` of `{model}` has not the type of its contract");
    Some(
        fault(node, Some(column), message)
            .note(format!("declared: {declared}"))
            .note(format!("found: {}", engine::type_name(&given)))
            .hint(format!("cast it: `cast({name} as {declared})`")),
    )
}

fn agrees(declared: &DataType, found: &DataType, text: &str) -> bool {
    let any_decimal = declared.is_decimal() && found.is_decimal() && !text.contains('(');
    declared == found || any_decimal
}

/// At the column's declaration, else at the model's, else in its file.
fn fault(node: &GraphNode, column: Option<&Column>, message: String) -> Diagnostic {
    let place = column
        .and_then(|column| column.span.clone())
        .or_else(|| node.node.patch_span.clone());
    Diagnostic::error(codes::CONTRACT_BROKEN, message)
        .at(place.unwrap_or_else(|| Span::file(&node.node.original_file_path)))
}
