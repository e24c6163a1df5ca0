//! A query's result, as templates see it: the part of an agate table that macros use.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::{List, json, text};
use crate::jinja::world::QueryTable;

/// Rows and columns; iterating gives the rows.
#[derive(Debug)]
pub(crate) struct Table {
    names: Arc<Vec<String>>,
    types: Vec<String>,
    rows: Vec<Value>,
}

impl Table {
    /// Takes a query's result.
    pub(crate) fn new(result: QueryTable) -> Self {
        let (names, types): (Vec<_>, Vec<_>) = result.columns.into_iter().unzip();
        let names = Arc::new(names);
        let rows = result
            .rows
            .iter()
            .map(|values| {
                Value::from_object(Row {
                    names: Arc::clone(&names),
                    values: values.iter().map(json::from_json).collect(),
                })
            })
            .collect();
        Self { names, types, rows }
    }

    /// The rows as a list.
    pub(crate) fn rows(&self) -> Value {
        List::value(self.rows.clone())
    }

    /// The table as text, a row a line.
    pub(crate) fn printed(&self) -> String {
        let mut lines = vec![self.names.join(" | ")];
        lines.extend(self.rows.iter().map(|row| {
            row.try_iter()
                .into_iter()
                .flatten()
                .map(|cell| text::display(&cell))
                .collect::<Vec<_>>()
                .join(" | ")
        }));
        lines.join("\n")
    }

    fn columns(&self) -> Value {
        let columns = self.names.iter().enumerate().map(|(index, name)| {
            let values = self
                .rows
                .iter()
                .map(|row| row.get_item_by_index(index).unwrap_or_default())
                .collect();
            Value::from_object(TableColumn {
                name: name.clone(),
                data_type: self.types.get(index).cloned().unwrap_or_default(),
                values,
            })
        });
        let columns = columns.collect();
        Value::from_object(TableColumns { columns })
    }
}

impl Object for Table {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(index) = key.as_usize() {
            return self.rows.get(index).cloned();
        }
        match key.as_str()? {
            "rows" => Some(self.rows()),
            "columns" => Some(self.columns()),
            "column_names" => Some(List::value(
                self.names.iter().map(|name| Value::from(name.as_str())).collect(),
            )),
            "column_types" => Some(List::value(
                self.types.iter().map(|name| Value::from(name.as_str())).collect(),
            )),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.rows.clone())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.printed())
    }
}

/// A row: by position or by name.
#[derive(Debug)]
pub(crate) struct Row {
    names: Arc<Vec<String>>,
    values: Vec<Value>,
}

impl Row {
    /// Names and values in the table's order.
    pub(crate) fn pairs(&self) -> Vec<(Value, Value)> {
        self.names
            .iter()
            .map(|name| Value::from(name.as_str()))
            .zip(self.values.iter().cloned())
            .collect()
    }
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = match key.as_str() {
            Some(wanted) => self.names.iter().position(|name| name == wanted).or_else(|| {
                self.names
                    .iter()
                    .position(|name| name.eq_ignore_ascii_case(wanted))
            })?,
            None => key.as_usize()?,
        };
        self.values.get(index).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.values.clone())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::sequence(&self.values, ('(', ')')))
    }
}

/// The columns of a table: by position or by name.
#[derive(Debug)]
struct TableColumns {
    columns: Vec<Value>,
}

impl Object for TableColumns {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(index) = key.as_usize() {
            return self.columns.get(index).cloned();
        }
        let wanted = key.as_str()?;
        self.columns
            .iter()
            .find(|column| {
                column
                    .get_attr("name")
                    .is_ok_and(|name| name.as_str() == Some(wanted))
            })
            .cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.columns.clone())
    }
}

/// A column of a table, with its values.
#[derive(Debug)]
pub(crate) struct TableColumn {
    name: String,
    data_type: String,
    values: Vec<Value>,
}

impl TableColumn {
    /// The values.
    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Object for TableColumn {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(index) = key.as_usize() {
            return self.values.get(index).cloned();
        }
        match key.as_str()? {
            "name" => Some(Value::from(self.name.as_str())),
            "data_type" => Some(Value::from(self.data_type.as_str())),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.values.clone())
    }
}
