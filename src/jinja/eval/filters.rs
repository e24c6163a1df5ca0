//! Filters and tests: minijinja's, and those where Jinja2 or dbt differ from it.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{ErrorKind, Value};

use super::{Call, Function, Interpreter, MacroValue};
use crate::error::{Diagnostic, codes};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::syntax::tree::{Arg, Expr};
use crate::jinja::value::{List, json, text};

/// The names of the filters, for the nearest one.
const FILTERS: &[&str] = &[
    "abs",
    "as_bool",
    "as_native",
    "as_number",
    "as_text",
    "attr",
    "batch",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "wordcount",
];

impl Interpreter<'_> {
    /// Applies a filter.
    pub(super) fn eval_filter(&mut self, name: &str, base: &Expr, args: &[Arg], whole: &Expr) -> Outcome {
        let value = self.eval(base)?;
        let call = self.arguments(base, args, None, whole)?;
        if value.is_undefined()
            && self.executes()
            && !matches!(name, "default" | "d" | "list" | "length" | "count")
        {
            return Err(self.undefined(base));
        }
        let outcome = match own_filter(name, &value, &call) {
            Some(outcome) => outcome,
            None if value.is_undefined() && !matches!(name, "list") => Ok(Value::UNDEFINED),
            None => self.jinja_filter(name, value, &call),
        };
        self.placed(outcome, whole.at)
    }

    fn jinja_filter(&mut self, name: &str, value: Value, call: &Call) -> Outcome {
        let mut args = vec![value];
        args.extend(call.args.iter().cloned());
        if !call.named.is_empty() {
            args.push(call.named.clone().into_iter().collect::<Kwargs>().into());
        }
        match self.state.apply_filter(name, &args) {
            Ok(result) => Ok(thawed(result)),
            // Jinja2 gives the default for a text that is no number.
            Err(_) if name == "int" => Ok(call.arg(0, "default").cloned().unwrap_or_else(|| Value::from(0))),
            Err(_) if name == "float" => Ok(call
                .arg(0, "default")
                .cloned()
                .unwrap_or_else(|| Value::from(0.0))),
            Err(error) if error.kind() == ErrorKind::UnknownFilter => Err(Diagnostic::error(
                codes::UNDEFINED_NAME,
                format!("there is no filter `{name}`"),
            )
            .nearest(name, FILTERS.iter().copied())
            .into()),
            Err(error) => Err(unfit(&format!("the filter `{name}`"), &error)),
        }
    }

    /// Applies a test.
    pub(super) fn eval_test(&mut self, name: &str, base: &Expr, args: &[Arg], whole: &Expr) -> Outcome {
        let value = self.eval(base)?;
        let call = self.arguments(base, args, None, whole)?;
        if name == "callable" {
            let is_callable = value.downcast_object_ref::<MacroValue>().is_some()
                || value.downcast_object_ref::<Function>().is_some();
            return Ok(Value::from(is_callable));
        }
        if name == "sequence" && value.kind() == ValueKind::String {
            return Ok(Value::from(true));
        }
        let mut all = vec![value];
        all.extend(call.args);
        let outcome = self
            .state
            .perform_test(name, &all)
            .map(Value::from)
            .map_err(|error| {
                if error.kind() == ErrorKind::UnknownTest {
                    Signal::fault(codes::UNDEFINED_NAME, format!("there is no test `is {name}`"))
                } else {
                    unfit(&format!("the test `is {name}`"), &error)
                }
            });
        self.placed(outcome, whole.at)
    }

    /// Calls one of minijinja's methods of Python's types.
    pub(super) fn python_method(&mut self, value: &Value, name: &str, call: &Call) -> Option<Outcome> {
        let mut args = call.args.clone();
        if !call.named.is_empty() {
            args.push(call.named.clone().into_iter().collect::<Kwargs>().into());
        }
        match minijinja_contrib::pycompat::unknown_method_callback(&mut self.state, value, name, &args) {
            Ok(result) => Some(Ok(thawed(result))),
            Err(error) if error.kind() == ErrorKind::UnknownMethod => None,
            Err(error) => Some(Err(unfit(&format!("`{}`", call.callee), &error))),
        }
    }
}

fn unfit(what: &str, error: &minijinja::Error) -> Signal {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    Signal::fault(
        codes::TEMPLATE_VALUE,
        format!("{what} cannot be used here: {detail}"),
    )
}

/// A list that minijinja made becomes one that can be changed.
fn thawed(value: Value) -> Value {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable
            if !value.is_tuple() && value.downcast_object_ref::<List>().is_none() =>
        {
            List::value(value.try_iter().into_iter().flatten().collect())
        }
        _ => value,
    }
}

fn own_filter(name: &str, value: &Value, call: &Call) -> Option<Outcome> {
    Some(match name {
        "as_text" | "string" => Ok(Value::from(text::display(value))),
        "as_native" | "as_bool" | "as_number" => Ok(native(name, value)),
        "default" | "d" => Ok(default(value, call)),
        "join" => join(value, call),
        "tojson" => {
            let mut json = json::to_json(value);
            json.sort_all_objects();
            Ok(Value::from(html_safe(&json::dumps(&json))))
        }
        "list" if value.kind() == ValueKind::String => Ok(List::value(
            text::display(value).chars().map(Value::from).collect(),
        )),
        "list" | "length" | "count" if value.is_undefined() => Ok(if name == "list" {
            List::value(Vec::new())
        } else {
            Value::from(0)
        }),
        "items" if value.kind() != ValueKind::Map => Err(Signal::fault(
            codes::TEMPLATE_VALUE,
            "the filter `items` needs a dictionary",
        )),
        "wordcount" => Ok(Value::from(text::display(value).split_whitespace().count())),
        "truncate" => Ok(truncate(value, call)),
        _ => return None,
    })
}

/// A text that says a boolean or a number becomes one, as dbt does for YAML values.
fn native(name: &str, value: &Value) -> Value {
    let Some(text) = value.as_str().map(str::trim) else {
        return value.clone();
    };
    let boolean = match text {
        "True" | "true" => Some(true),
        "False" | "false" => Some(false),
        _ => None,
    };
    let number = || {
        text.parse::<i64>()
            .map(Value::from)
            .ok()
            .or_else(|| text.parse::<f64>().map(Value::from).ok())
    };
    match (name, boolean) {
        ("as_bool" | "as_native", Some(boolean)) => Value::from(boolean),
        ("as_number" | "as_native", _) => number().unwrap_or_else(|| value.clone()),
        _ => value.clone(),
    }
}

fn default(value: &Value, call: &Call) -> Value {
    let falls_back = value.is_undefined() || (call.truth(1, "boolean") && !value.is_true());
    if falls_back {
        return call
            .arg(0, "default_value")
            .cloned()
            .unwrap_or_else(|| Value::from(""));
    }
    value.clone()
}

fn join(value: &Value, call: &Call) -> Outcome {
    let separator = call.arg(0, "d").map(text::display).unwrap_or_default();
    let attribute = call.arg(1, "attribute").map(text::display);
    if let Some(text) = value.as_str() {
        let characters: Vec<String> = text.chars().map(String::from).collect();
        return Ok(Value::from(characters.join(&separator)));
    }
    let items = value
        .try_iter()
        .map_err(|_| Signal::fault(codes::TEMPLATE_VALUE, "the filter `join` needs a list"))?;
    let parts: Vec<String> = items
        .map(|item| match &attribute {
            Some(name) => text::display(&item.get_attr(name).unwrap_or_default()),
            None => text::display(&item),
        })
        .collect();
    Ok(Value::from(parts.join(&separator)))
}

fn truncate(value: &Value, call: &Call) -> Value {
    let length = call.arg(0, "length").and_then(Value::as_usize).unwrap_or(255);
    let end = call.arg(2, "end").map_or_else(|| "...".to_owned(), text::display);
    let text = text::display(value);
    if text.chars().count() <= length + 5 {
        return Value::from(text);
    }
    let kept: String = text
        .chars()
        .take(length.saturating_sub(end.chars().count()))
        .collect();
    let kept = match (call.truth(1, "killwords"), kept.rfind(' ')) {
        (false, Some(at)) => kept.get(..at).unwrap_or_default().to_owned(),
        _ => kept,
    };
    Value::from(kept + &end)
}

/// Jinja2's `tojson` may be put into HTML as it is.
fn html_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\'', "\\u0027")
}
