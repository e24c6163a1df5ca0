//! Selections written down in `selectors.yml`.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::grammar::{Criterion, IndirectSelection, Reach, Spec, named_method, syntax};
use crate::error::Diagnostic;

/// Reads the selector of a name; `definitions` are those of `selectors.yml`.
pub(super) fn named(
    name: &str,
    definitions: &IndexMap<String, Value>,
    indirect: IndirectSelection,
) -> Result<Spec, Diagnostic> {
    Reader {
        definitions,
        indirect,
        under_way: BTreeSet::new(),
    }
    .selector(name)
}

/// The name of the selector that is marked `default: true`, if one is.
pub(super) fn default_selector(definitions: &IndexMap<String, Value>) -> Option<&str> {
    let is_default = |definition: &Value| match definition.get("default") {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    definitions
        .iter()
        .find(|(_, definition)| is_default(definition))
        .map(|(name, _)| name.as_str())
}

struct Reader<'d> {
    definitions: &'d IndexMap<String, Value>,
    indirect: IndirectSelection,
    under_way: BTreeSet<String>,
}

impl Reader<'_> {
    fn selector(&mut self, name: &str) -> Result<Spec, Diagnostic> {
        let Some(entry) = self.definitions.get(name) else {
            return Err(syntax(name, "`selectors.yml` has no such selector")
                .nearest(name, self.definitions.keys().map(String::as_str)));
        };
        if !self.under_way.insert(name.to_owned()) {
            return Err(syntax(name, "the selector contains itself"));
        }
        let spec = self.spec(entry.get("definition").unwrap_or(&Value::Null), name)?;
        self.under_way.remove(name);
        Ok(spec)
    }

    fn spec(&mut self, definition: &Value, selector: &str) -> Result<Spec, Diagnostic> {
        match definition {
            Value::String(text) => super::grammar::parse(std::slice::from_ref(text), self.indirect),
            Value::Object(map) if map.contains_key("union") => self.group(map, "union", selector),
            Value::Object(map) if map.contains_key("intersection") => {
                self.group(map, "intersection", selector)
            }
            Value::Object(map) => self.entry(map, selector),
            _ => Err(syntax(selector, "a definition is text or a mapping")),
        }
    }

    fn group(&mut self, map: &Map<String, Value>, kind: &str, selector: &str) -> Result<Spec, Diagnostic> {
        let Some(Value::Array(items)) = map.get(kind) else {
            return Err(syntax(selector, &format!("`{kind}` must be a list")));
        };
        let mut included = Vec::new();
        let mut excluded = None;
        for item in items {
            match item
                .as_object()
                .filter(|item| item.len() == 1)
                .and_then(|item| item.get("exclude"))
            {
                Some(_) if excluded.is_some() => {
                    return Err(syntax(selector, &format!("one `{kind}` takes one `exclude`")));
                }
                Some(exclude) => excluded = Some(self.excluded(exclude, selector)?),
                None => included.push(self.spec(item, selector)?),
            }
        }
        let group = if kind == "union" {
            Spec::Union(included)
        } else {
            Spec::Intersection(included)
        };
        Ok(without(group, excluded))
    }

    fn excluded(&mut self, list: &Value, selector: &str) -> Result<Spec, Diagnostic> {
        let Value::Array(items) = list else {
            return Err(syntax(selector, "`exclude` must be a list"));
        };
        let parts: Result<Vec<Spec>, Diagnostic> =
            items.iter().map(|item| self.spec(item, selector)).collect();
        Ok(Spec::Union(parts?))
    }

    fn entry(&mut self, map: &Map<String, Value>, selector: &str) -> Result<Spec, Diagnostic> {
        let text = |key: &str| map.get(key).map(plain);
        if text("method").as_deref() == Some("selector") {
            return self.selector(&text("value").unwrap_or_default());
        }
        let (method_name, value) = match (text("method"), text("value"), map.iter().next()) {
            (Some(method), Some(value), _) => (method, value),
            (None, None, Some((method, value))) if map.len() == 1 => (method.clone(), plain(value)),
            _ => return Err(syntax(selector, "an entry has `method` and `value`")),
        };
        let (method, arguments) = named_method(&method_name, selector)?;
        let indirect = match text("indirect_selection") {
            Some(word) => IndirectSelection::parse(&word)
                .ok_or_else(|| syntax(selector, &format!("`{word}` is no indirect selection")))?,
            None => self.indirect,
        };
        let criterion = Criterion {
            raw: format!("{method_name}:{value}"),
            method,
            arguments,
            value,
            with_childrens_parents: flag(map, "childrens_parents"),
            parents: reach(map, "parents"),
            children: reach(map, "children"),
            indirect,
        };
        let excluded = map
            .get("exclude")
            .map(|list| self.excluded(list, selector))
            .transpose()?;
        Ok(without(Spec::One(Box::new(criterion)), excluded))
    }
}

fn without(spec: Spec, excluded: Option<Spec>) -> Spec {
    match excluded {
        Some(excluded) => Spec::Difference(Box::new(spec), Box::new(excluded)),
        None => spec,
    }
}

fn flag(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key) == Some(&Value::Bool(true))
}

fn reach(map: &Map<String, Value>, key: &str) -> Reach {
    let depth = map
        .get(&format!("{key}_depth"))
        .and_then(Value::as_u64)
        .and_then(|depth| usize::try_from(depth).ok());
    match (flag(map, key), depth) {
        (false, _) => Reach::None,
        (true, None) => Reach::All,
        (true, Some(depth)) => Reach::Steps(depth),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
