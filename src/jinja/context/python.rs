//! Functions that Python or Jinja2 have: `range`, `zip`, `set`, `dict`, `namespace`, JSON, YAML, `modules.itertools`.

use indexmap::IndexSet;
use md5::{Digest as _, Md5};
use minijinja::Value;
use minijinja::value::Tuple;

use super::Entry;
use crate::error::codes;
use crate::jinja::eval::{Call, Interpreter};
use crate::jinja::fault::{Outcome, Signal};
use crate::jinja::value::{Dict, List, json};

/// The longest list that `range` makes.
const LONGEST_RANGE: usize = 1_000_000;

/// The functions.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("range", range),
    ("zip", zip),
    ("zip_strict", zip),
    ("set", set),
    ("set_strict", set),
    ("dict", dict),
    ("namespace", dict),
    ("tojson", tojson),
    ("fromjson", fromjson),
    ("toyaml", toyaml),
    ("fromyaml", fromyaml),
    ("local_md5", local_md5),
    ("diff_of_two_dicts", diff_of_two_dicts),
];

/// What hangs on `modules.itertools`.
pub(super) const ITERTOOLS: &[Entry] = &[
    ("chain", chain),
    ("product", product),
    ("combinations", combinations),
    ("zip_longest", zip_longest),
    ("islice", islice),
    ("repeat", repeat),
    ("accumulate", accumulate),
];

fn items(value: &Value) -> Outcome<Vec<Value>> {
    if let Some(text) = value.as_str() {
        return Ok(text.chars().map(Value::from).collect());
    }
    match value.try_iter() {
        Ok(items) => Ok(items.collect()),
        Err(_) => Err(Signal::fault(codes::TEMPLATE_VALUE, "a list is needed here")),
    }
}

fn tuple(items: Vec<Value>) -> Value {
    Value::from(Tuple::new(items))
}

fn range(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let (start, stop, step) = match call.args.len() {
        1 => (0, call.integer(0, "stop")?, 1),
        2 => (call.integer(0, "start")?, call.integer(1, "stop")?, 1),
        _ => (
            call.integer(0, "start")?,
            call.integer(1, "stop")?,
            call.integer(2, "step")?,
        ),
    };
    if step == 0 {
        return Err(Signal::fault(
            codes::TEMPLATE_VALUE,
            "the step of `range` cannot be 0",
        ));
    }
    let mut numbers = Vec::new();
    let mut at = start;
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        if numbers.len() >= LONGEST_RANGE {
            let message = format!("`range` gives at most {LONGEST_RANGE} numbers");
            return Err(Signal::fault(codes::TEMPLATE_VALUE, message));
        }
        numbers.push(Value::from(at));
        at += step;
    }
    Ok(List::value(numbers))
}

fn zip(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let lists = call.args.iter().map(items).collect::<Outcome<Vec<_>>>()?;
    let length = lists.iter().map(Vec::len).min().unwrap_or_default();
    let rows = (0..length).map(|at| tuple(lists.iter().filter_map(|list| list.get(at)).cloned().collect()));
    Ok(List::value(rows.collect()))
}

fn set(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let given = match call.args.first() {
        Some(value) => items(value)?,
        None => Vec::new(),
    };
    let distinct: IndexSet<Value> = given.into_iter().collect();
    Ok(List::value(distinct.into_iter().collect()))
}

fn dict(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let given = call
        .args
        .first()
        .map(crate::jinja::eval::pairs_of)
        .unwrap_or_default();
    let named = call
        .named
        .iter()
        .map(|(name, value)| (Value::from(name.as_str()), value.clone()));
    Ok(Dict::value(given.into_iter().chain(named)))
}

fn tojson(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let mut value = json::to_json(call.required(0, "value")?);
    if call.named.get("sort_keys").is_some_and(Value::is_true) {
        value.sort_all_objects();
    }
    Ok(Value::from(json::dumps(&value)))
}

fn fromjson(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let parsed = serde_json::from_str(&call.text(0, "string")?);
    Ok(match parsed {
        Ok(value) => json::from_json(&value),
        Err(_) => call.arg(1, "default").cloned().unwrap_or_else(|| Value::from(())),
    })
}

fn toyaml(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let value = json::to_json(call.required(0, "value")?);
    match serde_saphyr::to_string(&value) {
        Ok(text) => Ok(Value::from(text)),
        Err(_) => Ok(call.arg(1, "default").cloned().unwrap_or_else(|| Value::from(()))),
    }
}

fn fromyaml(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let parsed: Result<serde_json::Value, _> = serde_saphyr::from_str(&call.text(0, "value")?);
    Ok(match parsed {
        Ok(value) => json::from_json(&value),
        Err(_) => call.arg(1, "default").cloned().unwrap_or_else(|| Value::from(())),
    })
}

fn local_md5(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    Ok(Value::from(hex::encode(Md5::digest(call.text(0, "value")?))))
}

fn diff_of_two_dicts(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let left = crate::jinja::eval::pairs_of(call.required(0, "dict_a")?);
    let right = call.required(1, "dict_b")?.clone();
    let differing = left.into_iter().filter_map(|(key, own)| {
        let known = right.get_item(&key).ok().filter(|known| !known.is_undefined());
        let known = known
            .map(|known| items(&known).unwrap_or_default())
            .unwrap_or_default();
        let left: Vec<Value> = items(&own)
            .ok()?
            .into_iter()
            .filter(|item| !known.contains(item))
            .collect();
        (!left.is_empty()).then(|| (key, List::value(left)))
    });
    Ok(Dict::value(differing.collect::<Vec<_>>()))
}

fn chain(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let lists = call.args.iter().map(items).collect::<Outcome<Vec<_>>>()?;
    Ok(List::value(lists.concat()))
}

fn product(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let lists = call.args.iter().map(items).collect::<Outcome<Vec<_>>>()?;
    let times = call.named.get("repeat").and_then(Value::as_usize).unwrap_or(1);
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for list in std::iter::repeat_n(lists, times.min(8)).flatten() {
        rows = rows
            .iter()
            .flat_map(|row| {
                list.iter()
                    .map(|item| [row.as_slice(), std::slice::from_ref(item)].concat())
            })
            .collect();
    }
    Ok(List::value(rows.into_iter().map(tuple).collect()))
}

fn combinations(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    use itertools::Itertools as _;
    let list = items(call.required(0, "iterable")?)?;
    let size = usize::try_from(call.integer(1, "r")?).unwrap_or_default();
    Ok(List::value(
        list.into_iter().combinations(size).map(tuple).collect(),
    ))
}

fn zip_longest(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let lists = call.args.iter().map(items).collect::<Outcome<Vec<_>>>()?;
    let filling = call
        .named
        .get("fillvalue")
        .cloned()
        .unwrap_or_else(|| Value::from(()));
    let length = lists.iter().map(Vec::len).max().unwrap_or_default();
    let cell = |list: &Vec<Value>, at: usize| list.get(at).cloned().unwrap_or_else(|| filling.clone());
    let rows = (0..length).map(|at| tuple(lists.iter().map(|list| cell(list, at)).collect()));
    Ok(List::value(rows.collect()))
}

fn islice(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let list = items(call.required(0, "iterable")?)?;
    let bound = |index: usize| call.args.get(index).and_then(Value::as_usize);
    let (start, stop) = match call.args.len() {
        2 => (0, bound(1)),
        _ => (bound(1).unwrap_or_default(), bound(2)),
    };
    let stop = stop.unwrap_or(list.len());
    let step = bound(3).unwrap_or(1).max(1);
    let picked = list.into_iter().take(stop).skip(start).step_by(step);
    Ok(List::value(picked.collect()))
}

fn repeat(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    let times = usize::try_from(call.integer(1, "times")?).unwrap_or_default();
    let item = call.required(0, "object")?;
    Ok(List::value(
        std::iter::repeat_n(item.clone(), times.min(LONGEST_RANGE)).collect(),
    ))
}

fn accumulate(_: &mut Interpreter<'_>, call: &Call) -> Outcome {
    use crate::jinja::eval::operators::binary;
    use crate::jinja::syntax::tree::Operator;
    let mut sums: Vec<Value> = Vec::new();
    for item in items(call.required(0, "iterable")?)? {
        let sum = match sums.last() {
            Some(last) => binary(Operator::Add, last, &item)?,
            None => item,
        };
        sums.push(sum);
    }
    Ok(List::value(sums))
}
