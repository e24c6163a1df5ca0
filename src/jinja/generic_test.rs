//! Generic tests: the call of a `test_…` macro with the relation under test.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use minijinja::Value;
use regex::Regex;
use serde_json::Value as Json;

use super::eval::{Call, Interpreter};
use super::fault::{Outcome, Signal};
use super::output::{Origin, Output, Place};
use super::registry::Entry;
use super::syntax::{Pos, TemplateFile, parse_expression, parse_template};
use super::value::relation::Relation;
use super::value::{Dict, List, json, text};
use crate::error::{Diagnostic, codes};
use crate::project::node::{GenericTest, TemplateText};

/// The name of the subquery that a test's `where` makes of its relation.
const SUBQUERY: &str = "dbt_subquery";

impl Interpreter<'_> {
    /// Evaluates a generic test.
    pub(crate) fn run_test(&mut self, test: &GenericTest) -> Outcome<Output> {
        let name = format!("test_{}", test.name);
        let registry = self.renderer.registry();
        let found = match &test.namespace {
            Some(package) => registry.find_in(package, &name),
            None => registry.find(&self.package(), &name),
        };
        let Some(found) = found.map(Entry::value) else {
            return Err(self.unknown_test(test));
        };
        let mut named = IndexMap::new();
        named.insert("model".to_owned(), self.tested_relation(test)?);
        for (name, value) in &test.kwargs {
            let value = self.test_argument(value)?;
            named.insert(name.clone(), value);
        }
        let at = Pos::new(0, self.own_file.text().len());
        let call = Call {
            callee: name,
            args: Vec::new(),
            named,
            at: self.span(at),
        };
        let value = self.call_value(&found, &call)?;
        Ok(self.whole(&value, at))
    }

    /// A text as the whole output, put down to the call of the test.
    fn whole(&mut self, value: &Value, at: Pos) -> Output {
        let text = text::display(value);
        let place = Place {
            file: Arc::clone(&self.own_file),
            at,
        };
        let mut output = Output::default();
        match self.pieces_of(&text) {
            Some(pieces) => output.write_pieces(&text, pieces, Some(&place)),
            None => output.write(&text, Origin::Expression(place)),
        }
        output
    }

    fn unknown_test(&self, test: &GenericTest) -> Signal {
        let registry = self.renderer.registry();
        let names = match &test.namespace {
            Some(package) => registry.names_in(package),
            None => registry.names(&self.package()),
        };
        let tests: Vec<&str> = names
            .iter()
            .filter_map(|name| name.strip_prefix("test_"))
            .collect();
        let wanted = match &test.namespace {
            Some(package) => format!("{package}.{}", test.name),
            None => test.name.clone(),
        };
        Diagnostic::error(
            codes::UNDEFINED_MACRO,
            format!("there is no generic test `{wanted}`"),
        )
        .nearest(&test.name, tests)
        .at(self.own_file.span(Pos::new(0, self.own_file.text().len())))
        .into()
    }

    /// The relation under test, or a subquery of it where the test has a `where`.
    fn tested_relation(&mut self, test: &GenericTest) -> Outcome {
        let relation = self.expression(&test.model)?;
        let condition = self
            .unit
            .config
            .get("where")
            .and_then(Json::as_str)
            .filter(|text| !text.is_empty());
        let Some(condition) = condition else {
            return Ok(relation);
        };
        let condition = text::display(&self.test_argument(&Json::from(condition))?);
        let rendered = text::display(&relation);
        Ok(Value::from_object(Relation {
            bare: true,
            kind: Some("cte".to_owned()),
            database: None,
            schema: None,
            identifier: Some(format!("(select * from {rendered} where {condition}) {SUBQUERY}")),
        }))
    }

    /// An argument of a test: texts may be templates, or calls such as `ref('orders')`.
    fn test_argument(&mut self, value: &Json) -> Outcome {
        match value {
            Json::String(given) if is_call(given) => self.expression(given),
            Json::String(given) if given.contains("{{") || given.contains("{%") => self.template(given),
            Json::Array(items) => {
                let items = items
                    .iter()
                    .map(|item| self.test_argument(item))
                    .collect::<Outcome<_>>()?;
                Ok(List::value(items))
            }
            Json::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Ok((Value::from(key.as_str()), self.test_argument(value)?)))
                    .collect::<Outcome<Vec<_>>>()?;
                Ok(Dict::value(entries))
            }
            other => Ok(json::from_json(other)),
        }
    }

    /// Evaluates the text of an expression: `ref('orders')`, or the same in braces.
    fn expression(&mut self, given: &str) -> Outcome {
        let inner = given.trim();
        let inner = inner
            .strip_prefix("{{")
            .and_then(|inner| inner.strip_suffix("}}"))
            .unwrap_or(inner);
        // `get_where_subquery(ref('orders'))` is how dbt writes the relation of a test.
        let inner = inner.trim();
        let inner = inner
            .strip_prefix("get_where_subquery(")
            .and_then(|inner| inner.strip_suffix(')'))
            .unwrap_or(inner);
        let file = TemplateFile::new(&aside(inner));
        let expr = parse_expression(&file)?;
        self.eval(&expr)
    }

    fn template(&mut self, given: &str) -> Outcome {
        let file = Arc::new(TemplateFile::new(&aside(given)));
        let body = parse_template(&file, file.text())?;
        self.text_aside(&file, &body)
    }
}

fn aside(text: &str) -> TemplateText {
    TemplateText {
        text: Arc::from(text),
        file: PathBuf::from("test"),
        first_line: 1,
    }
}

/// Whether a text is a call that dbt evaluates in a test's arguments.
fn is_call(text: &str) -> bool {
    static CALL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^\w+\s*\([^()]*(\([^()]*\))?[^()]*\)$").ok());
    let text = text.trim();
    ["ref", "source", "var", "env_var", "doc", "get_where_subquery"]
        .iter()
        .any(|name| {
            text.strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with('('))
        })
        && text.ends_with(')')
        && CALL.as_ref().is_some_and(|call| call.is_match(text))
}
