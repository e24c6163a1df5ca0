//! Methods of values: Python's of texts, lists and dictionaries, dbt's of relations, columns and results.

mod dicts;
mod lists;
mod relations;
mod texts;

use minijinja::Value;
use minijinja::value::ValueKind;

pub(crate) use dicts::pairs_of;

use super::loops::Loop;
use super::{Call, Interpreter};
use crate::error::codes;
use crate::jinja::context::{datetime, patterns};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::value::column::Column;
use crate::jinja::value::relation::Relation;
use crate::jinja::value::table::{Row, Table, TableColumn};
use crate::jinja::value::{Dict, List};

impl Interpreter<'_> {
    /// Calls a method of a value; none if it has no such method.
    pub(super) fn call_method(&mut self, receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
        if let Some(list) = receiver.downcast_object_ref::<List>()
            && let Some(outcome) = lists::method(list, name, call)
        {
            return Some(outcome);
        }
        if let Some(dict) = receiver.downcast_object_ref::<Dict>() {
            return dicts::method(dict, name, call);
        }
        if let Some(relation) = receiver.downcast_object_ref::<Relation>() {
            return relations::method(relation, name, call);
        }
        if let Some(column) = receiver.downcast_object_ref::<Column>() {
            return relations::column_method(column, name);
        }
        if let Some(outcome) = self.result_method(receiver, name, call) {
            return Some(outcome);
        }
        if let Some(round) = receiver.downcast_object_ref::<Loop>() {
            return round.method(name, call).map(Ok);
        }
        if let Some(outcome) = datetime::method(receiver, name, call) {
            return Some(outcome);
        }
        if let Some(outcome) = patterns::method(receiver, name, call) {
            return Some(outcome);
        }
        if receiver.kind() == ValueKind::String
            && let Some(outcome) = texts::method(receiver, name, call)
        {
            return Some(outcome);
        }
        self.python_method(receiver, name, call)
    }

    fn result_method(&mut self, receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
        if let Some(table) = receiver.downcast_object_ref::<Table>() {
            return match name {
                "print_table" => {
                    self.record.print(table.printed());
                    Some(Ok(Value::from("")))
                }
                _ => None,
            };
        }
        if let Some(column) = receiver.downcast_object_ref::<TableColumn>() {
            let values = column.values();
            return match name {
                "values" => Some(Ok(List::value(values.to_vec()))),
                "values_distinct" => Some(Ok(List::value(lists::distinct(values)))),
                "values_without_nulls" => Some(Ok(List::value(
                    values.iter().filter(|value| !value.is_none()).cloned().collect(),
                ))),
                _ => None,
            };
        }
        let row = receiver.downcast_object_ref::<Row>()?;
        let entries = Dict::value(row.pairs());
        match name {
            "dict" => Some(Ok(entries)),
            _ => dicts::method(entries.downcast_object_ref::<Dict>()?, name, call),
        }
    }
}

/// The fault of asking a value for what it has not.
fn missing(call: &Call, what: &str) -> Signal {
    Signal::fault(codes::TEMPLATE_VALUE, format!("`{}`: {what}", call.callee))
}
