//! Methods of lists, and of sets, which are lists without duplicates here.

use minijinja::Value;

use super::missing;
use crate::jinja::eval::Call;
use crate::jinja::fault::Outcome;
use crate::jinja::value::List;

/// Calls a method of a list.
pub(super) fn method(list: &List, name: &str, call: &Call) -> Option<Outcome> {
    if let Some(outcome) = changing(list, name, call) {
        return Some(outcome);
    }
    Some(match name {
        "index" => call.required(0, "value").and_then(|value| {
            let found = list.items().iter().position(|item| item == value);
            found
                .map(Value::from)
                .ok_or_else(|| missing(call, "the list has no such item"))
        }),
        "copy" => Ok(List::value(list.items())),
        "union" | "intersection" | "difference" | "issubset" | "issuperset" => set_method(list, name, call),
        _ => return ordering(list, name, call),
    })
}

/// Methods that put in or take out items.
fn changing(list: &List, name: &str, call: &Call) -> Option<Outcome> {
    let none = || Ok(Value::from(()));
    Some(match name {
        "append" => call.required(0, "object").cloned().and_then(|item| {
            list.change(|items| items.push(item));
            none()
        }),
        "extend" => call.required(0, "iterable").cloned().and_then(|more| {
            let more: Vec<Value> = more.try_iter().into_iter().flatten().collect();
            list.change(|items| items.extend(more));
            none()
        }),
        "insert" => call.integer(0, "index").and_then(|index| {
            let item = call.required(1, "object")?.clone();
            list.change(|items| {
                let at = index_in(items.len(), index).unwrap_or_default().min(items.len());
                items.insert(at, item);
            });
            none()
        }),
        "pop" => {
            let index = call.arg(0, "index").and_then(Value::as_i64).unwrap_or(-1);
            list.change(|items| match index_in(items.len(), index) {
                Some(at) if at < items.len() => Ok(items.remove(at)),
                _ => Err(missing(call, "the list has no such item")),
            })
        }
        "remove" => call.required(0, "value").and_then(|value| {
            list.change(|items| match items.iter().position(|item| item == value) {
                Some(at) => {
                    items.remove(at);
                    Ok(())
                }
                None => Err(missing(call, "the list has no such item")),
            })
            .and_then(|()| none())
        }),
        // What a Python set has beside a list: `set(…)` gives a list without duplicates.
        "add" => call.required(0, "elem").cloned().and_then(|item| {
            list.change(|items| {
                if !items.contains(&item) {
                    items.push(item);
                }
            });
            none()
        }),
        "discard" => call.required(0, "elem").and_then(|value| {
            list.change(|items| items.retain(|item| item != value));
            none()
        }),
        _ => return None,
    })
}

/// Methods that change the order or everything.
fn ordering(list: &List, name: &str, call: &Call) -> Option<Outcome> {
    match name {
        "clear" => list.change(Vec::clear),
        "reverse" => list.change(|items| items.reverse()),
        "sort" => list.change(|items| {
            items.sort();
            if call.truth(1, "reverse") {
                items.reverse();
            }
        }),
        _ => return None,
    }
    Some(Ok(Value::from(())))
}

fn set_method(list: &List, name: &str, call: &Call) -> Outcome {
    let own = list.items();
    let other: Vec<Value> = call
        .required(0, "other")?
        .try_iter()
        .into_iter()
        .flatten()
        .collect();
    Ok(match name {
        "union" => List::value(distinct(&[own, other].concat())),
        "intersection" => List::value(own.into_iter().filter(|item| other.contains(item)).collect()),
        "difference" => List::value(own.into_iter().filter(|item| !other.contains(item)).collect()),
        "issubset" => Value::from(own.iter().all(|item| other.contains(item))),
        _ => Value::from(other.iter().all(|item| own.contains(item))),
    })
}

/// The items, each once.
pub(super) fn distinct(values: &[Value]) -> Vec<Value> {
    let mut seen = indexmap::IndexSet::new();
    seen.extend(values.iter().cloned());
    seen.into_iter().collect()
}

/// An index as Python counts: from the end where it is negative.
fn index_in(length: usize, index: i64) -> Option<usize> {
    match usize::try_from(index) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}
