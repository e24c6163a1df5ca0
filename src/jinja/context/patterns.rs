//! `modules.re`: Python's regular expressions, as far as Rust's have the same.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};
use regex::{Captures, Regex};

use super::Entry;
use crate::error::codes;
use crate::jinja::eval::{Call, Interpreter};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::value::{Dict, List};

/// What hangs on `modules.re`.
pub(super) const MODULE: &[Entry] = &[
    ("match", |_, call| {
        find(&pattern(call)?, &call.text(1, "string")?, Anchor::Start)
    }),
    ("fullmatch", |_, call| {
        find(&pattern(call)?, &call.text(1, "string")?, Anchor::Both)
    }),
    ("search", |_, call| {
        find(&pattern(call)?, &call.text(1, "string")?, Anchor::None)
    }),
    ("findall", |_, call| {
        Ok(find_all(&pattern(call)?, &call.text(1, "string")?))
    }),
    ("split", |_, call| {
        Ok(split(&pattern(call)?, &call.text(1, "string")?))
    }),
    ("sub", substitute),
    ("compile", |_, call| {
        Ok(Value::from_object(Pattern(pattern(call)?)))
    }),
    ("escape", |_, call| {
        Ok(Value::from(regex::escape(&call.text(0, "pattern")?)))
    }),
];

/// A compiled pattern.
#[derive(Debug)]
struct Pattern(Regex);

impl Object for Pattern {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// What was found.
#[derive(Debug)]
struct Found {
    groups: Vec<Option<String>>,
    names: Vec<Option<String>>,
    start: usize,
    end: usize,
}

impl Object for Found {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<match {}..{}>", self.start, self.end)
    }
}

impl Found {
    fn new(regex: &Regex, captures: &Captures<'_>) -> Self {
        let whole = captures.get(0).map_or(0..0, |whole| whole.range());
        Self {
            groups: captures
                .iter()
                .map(|group| group.map(|group| group.as_str().to_owned()))
                .collect(),
            names: regex
                .capture_names()
                .map(|name| name.map(str::to_owned))
                .collect(),
            start: whole.start,
            end: whole.end,
        }
    }

    fn group(&self, key: &Value) -> Value {
        let index = match key.as_str() {
            Some(wanted) => self.names.iter().position(|name| name.as_deref() == Some(wanted)),
            None => key.as_usize(),
        };
        index
            .and_then(|index| self.groups.get(index))
            .map_or(Value::UNDEFINED, |group| text_or_none(group.as_deref()))
    }
}

fn text_or_none(group: Option<&str>) -> Value {
    group.map_or(Value::from(()), Value::from)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    None,
    Start,
    Both,
}

fn pattern(call: &Call) -> Outcome<Regex> {
    if let Some(Pattern(regex)) = call
        .arg(0, "pattern")
        .and_then(|value| value.downcast_object_ref::<Pattern>())
    {
        return Ok(regex.clone());
    }
    let pattern = call.text(0, "pattern")?;
    Regex::new(&pattern).map_err(|_| {
        Signal::fault(
            codes::TEMPLATE_VALUE,
            format!("`{pattern}` is no regular expression that can be used here"),
        )
    })
}

fn find(regex: &Regex, text: &str, anchor: Anchor) -> Outcome {
    let found = regex.captures(text).filter(|captures| {
        let range = captures.get(0).map_or(0..0, |whole| whole.range());
        (anchor == Anchor::None || range.start == 0) && (anchor != Anchor::Both || range.end == text.len())
    });
    Ok(found.map_or(Value::from(()), |captures| {
        Value::from_object(Found::new(regex, &captures))
    }))
}

fn find_all(regex: &Regex, text: &str) -> Value {
    let all = regex.captures_iter(text).map(|captures| {
        let groups: Vec<Value> = captures
            .iter()
            .map(|group| Value::from(group.map_or("", |group| group.as_str())))
            .collect();
        match groups.as_slice() {
            [whole] => whole.clone(),
            [_, only] => only.clone(),
            many => Value::from(Tuple::new(many.get(1..).unwrap_or_default().to_vec())),
        }
    });
    List::value(all.collect())
}

fn split(regex: &Regex, text: &str) -> Value {
    List::value(regex.split(text).map(Value::from).collect())
}

fn substitute(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let count = call.arg(3, "count").and_then(Value::as_usize).unwrap_or_default();
    Ok(replaced(
        &pattern(call)?,
        &call.text(1, "repl")?,
        &call.text(2, "string")?,
        count,
    ))
}

/// Python writes groups as `\1` and `\g<name>`, Rust as `${1}` and `${name}`.
fn replaced(regex: &Regex, replacement: &str, text: &str, count: usize) -> Value {
    let mut rust = String::new();
    let mut rest = replacement.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '$' => rust.push_str("$$"),
            '\\' => match rest.next() {
                Some(digit) if digit.is_ascii_digit() => rust.extend(['$', '{', digit, '}']),
                Some('g') if rest.next_if_eq(&'<').is_some() => {
                    let name: String = rest.by_ref().take_while(|c| *c != '>').collect();
                    rust.extend(["${", &name, "}"]);
                }
                Some('n') => rust.push('\n'),
                Some('t') => rust.push('\t'),
                Some(other) => rust.push(other),
                None => rust.push('\\'),
            },
            c => rust.push(c),
        }
    }
    Value::from(regex.replacen(text, count, rust.as_str()).into_owned())
}

/// The methods of patterns and of what they find.
pub(crate) fn method(receiver: &Value, name: &str, call: &Call) -> Option<Outcome> {
    if let Some(Pattern(regex)) = receiver.downcast_object_ref::<Pattern>() {
        let subject = call.text(usize::from(name == "sub"), "string");
        return Some(subject.and_then(|subject| match name {
            "match" => find(regex, &subject, Anchor::Start),
            "fullmatch" => find(regex, &subject, Anchor::Both),
            "search" => find(regex, &subject, Anchor::None),
            "findall" => Ok(find_all(regex, &subject)),
            "split" => Ok(split(regex, &subject)),
            "sub" => Ok(replaced(regex, &call.text(0, "repl")?, &subject, 0)),
            _ => Err(Signal::fault(
                codes::UNDEFINED_NAME,
                format!("a pattern has no `{name}`"),
            )),
        }));
    }
    let found = receiver.downcast_object_ref::<Found>()?;
    match name {
        "group" => Some(Ok(match call.args.as_slice() {
            [] => found.group(&Value::from(0)),
            [one] => found.group(one),
            many => Value::from(Tuple::new(many.iter().map(|key| found.group(key)).collect())),
        })),
        "groups" => Some(Ok(Value::from(Tuple::new(
            found
                .groups
                .iter()
                .skip(1)
                .map(|group| text_or_none(group.as_deref()))
                .collect(),
        )))),
        "groupdict" => Some(Ok(Dict::value(
            found
                .names
                .iter()
                .zip(&found.groups)
                .filter_map(|(name, group)| {
                    Some((Value::from(name.as_deref()?), text_or_none(group.as_deref())))
                })
                .collect::<Vec<_>>(),
        ))),
        "start" => Some(Ok(Value::from(found.start))),
        "end" => Some(Ok(Value::from(found.end))),
        "span" => Some(Ok(Value::from(Tuple::new(vec![
            Value::from(found.start),
            Value::from(found.end),
        ])))),
        _ => None,
    }
}
