//! Rows for people, and for programs.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Map, Value, json};

use super::arguments::ShowOutput;
use crate::engine::arrow::array::RecordBatch;
use crate::engine::arrow::datatypes::Schema;
use crate::engine::{json_rows, text_rows};

/// Renders rows.
///
/// # Shape
/// As a table, or as `{"node": name, "show": [{column: value}]}` on one line.
pub(super) fn render(name: &str, schema: &Schema, batches: &[RecordBatch], output: ShowOutput) -> String {
    match output {
        ShowOutput::Text => table(schema, batches),
        ShowOutput::Json => {
            let rows: Vec<Value> = batches
                .iter()
                .flat_map(json_rows)
                .map(|row| {
                    let cells = schema
                        .fields()
                        .iter()
                        .zip(row)
                        .map(|(field, value)| (field.name().clone(), value));
                    Value::Object(cells.collect::<Map<String, Value>>())
                })
                .collect();
            format!("{}\n", json!({ "node": name, "show": rows }))
        }
    }
}

fn table(schema: &Schema, batches: &[RecordBatch]) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(schema.fields().iter().map(|field| field.name()));
    for row in batches.iter().flat_map(text_rows) {
        table.add_row(row);
    }
    for (index, field) in schema.fields().iter().enumerate() {
        if field.data_type().is_numeric()
            && let Some(column) = table.column_mut(index)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{table}\n")
}
