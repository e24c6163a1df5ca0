//! Configuration in layers: the trees of `dbt_project.yml`, and how one layer overrides another.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::yaml::{Mapping, Yaml};
use crate::error::{Diagnostic, codes};

/// Collects what a tree says of the node `fqn`: each folder's settings override those of the folder around it.
pub(super) fn along_path(tree: Option<&Yaml>, fqn: &[String]) -> Map<String, Value> {
    let mut merged = Map::new();
    let mut level = tree.and_then(Yaml::as_mapping);
    let mut parts = fqn.iter();
    while let Some(mapping) = level {
        merge(&mut merged, settings(mapping));
        level = parts
            .next()
            .and_then(|part| mapping.get(part))
            .and_then(Yaml::as_mapping);
    }
    merged
}

/// The settings of one level: keys with a `+`, and keys whose value is not a folder.
fn settings(mapping: &Mapping) -> Map<String, Value> {
    mapping
        .iter()
        .filter_map(|(key, entry)| match key.strip_prefix('+') {
            Some(plain) => Some((plain.trim().to_owned(), entry.value.to_value())),
            None if entry.value.as_mapping().is_none() => Some((key.to_owned(), entry.value.to_value())),
            None => None,
        })
        .collect()
}

/// Lays a layer over another by dbt's rules: tags, hooks and packages add up, mappings such as `meta` are merged key by
/// key, everything else is replaced.
pub fn merge(base: &mut Map<String, Value>, layer: Map<String, Value>) {
    for (key, value) in layer {
        let key = match key.as_str() {
            "pre-hook" => "pre_hook".to_owned(),
            "post-hook" => "post_hook".to_owned(),
            _ => key,
        };
        match key.as_str() {
            "tags" => append(base, key, value, Repeats::Dropped),
            "pre_hook" | "post_hook" | "packages" => append(base, key, value, Repeats::Kept),
            "meta" | "docs" | "quoting" | "column_types" | "contract" => update(base, key, value),
            "grants" => grants(base, value),
            _ => {
                base.insert(key, value);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Repeats {
    Kept,
    Dropped,
}

fn append(base: &mut Map<String, Value>, key: String, value: Value, repeats: Repeats) {
    let mut items = listed(base.remove(&key).unwrap_or(Value::Null));
    for item in listed(value) {
        if repeats == Repeats::Kept || !items.contains(&item) {
            items.push(item);
        }
    }
    base.insert(key, Value::Array(items));
}

fn update(base: &mut Map<String, Value>, key: String, value: Value) {
    match (base.get_mut(&key), value) {
        (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
        (_, value) => {
            base.insert(key, value);
        }
    }
}

/// `+privilege` adds grantees, `privilege` replaces them.
fn grants(base: &mut Map<String, Value>, value: Value) {
    let Value::Object(new) = value else {
        base.insert("grants".to_owned(), value);
        return;
    };
    let mut merged = match base.remove("grants") {
        Some(Value::Object(old)) => old,
        _ => Map::new(),
    };
    for (privilege, grantees) in new {
        match privilege.strip_prefix('+') {
            Some(plain) => append(&mut merged, plain.to_owned(), grantees, Repeats::Dropped),
            None => {
                merged.insert(privilege, Value::Array(listed(grantees)));
            }
        }
    }
    base.insert("grants".to_owned(), Value::Object(merged));
}

/// The texts of a merged list, such as `tags`.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        other => vec![other],
    }
}

/// Warns of the folders in a tree that no resource lies in.
pub(super) fn unused_paths<'a>(
    kind: &str,
    tree: Option<&Yaml>,
    fqns: impl Iterator<Item = &'a [String]>,
    out: &mut Vec<Diagnostic>,
) {
    let Some(mapping) = tree.and_then(Yaml::as_mapping) else {
        return;
    };
    let prefixes: HashSet<&[String]> = fqns
        .flat_map(|fqn| (1..=fqn.len()).filter_map(move |n| fqn.get(..n)))
        .collect();
    unused_below(kind, mapping, &mut Vec::new(), &prefixes, out);
}

fn unused_below(
    kind: &str,
    mapping: &Mapping,
    path: &mut Vec<String>,
    prefixes: &HashSet<&[String]>,
    out: &mut Vec<Diagnostic>,
) {
    for (key, entry) in mapping.iter().filter(|(key, _)| !key.starts_with('+')) {
        let Some(inner) = entry.value.as_mapping() else {
            continue;
        };
        let parent = path.len();
        path.push(key.to_owned());
        if prefixes.contains(path.as_slice()) {
            unused_below(kind, inner, path, prefixes, out);
        } else {
            let siblings = prefixes
                .iter()
                .filter(|known| known.len() == parent + 1 && known.get(..parent) == path.get(..parent))
                .filter_map(|known| known.last())
                .map(String::as_str);
            out.push(
                Diagnostic::warning(
                    codes::UNUSED_CONFIG_PATH,
                    format!(
                        "the path `{kind}.{}` of `dbt_project.yml` leads to nothing",
                        path.join(".")
                    ),
                )
                .at(entry.key.span())
                .nearest(key, siblings),
            );
        }
        path.truncate(parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(base: Value, layer: Value) -> Value {
        let (Value::Object(mut base), Value::Object(layer)) = (base, layer) else {
            panic!("two mappings");
        };
        merge(&mut base, layer);
        Value::Object(base)
    }

    #[test]
    fn tags_and_hooks_add_up_mappings_merge_the_rest_is_replaced() {
        assert_eq!(
            merged(
                json!({"tags": "a", "meta": {"x": 1, "y": 1}, "materialized": "view", "pre-hook": "s", "unique_key": ["a"]}),
                json!({"tags": ["b", "a"], "meta": {"y": 2}, "materialized": "table", "pre_hook": ["s"], "unique_key": "b"}),
            ),
            json!({"tags": ["a", "b"], "meta": {"x": 1, "y": 2}, "materialized": "table", "pre-hook": "s", "pre_hook": ["s"], "unique_key": "b"})
        );
    }

    #[test]
    fn grants_replace_or_add_by_their_sign() {
        assert_eq!(
            merged(
                json!({"grants": {"select": ["a"], "insert": ["a"]}}),
                json!({"grants": {"+select": "b", "insert": "c"}}),
            ),
            json!({"grants": {"select": ["a", "b"], "insert": ["c"]}})
        );
    }

    #[test]
    fn inner_folders_override_outer_ones() {
        let (tree, _) = super::super::yaml::parse(
            "+materialized: view\nshop:\n  +tags: [a]\n  marts:\n    +materialized: table\n    +tags: b\n    orders:\n      enabled: false\n",
            std::path::Path::new("x.yml"),
        );
        let fqn = |parts: &[&str]| parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let config = along_path(tree.as_ref(), &fqn(&["shop", "marts", "orders"]));
        assert_eq!(
            Value::Object(config),
            json!({"materialized": "table", "tags": ["a", "b"], "enabled": false})
        );
        let config = along_path(tree.as_ref(), &fqn(&["shop", "other"]));
        assert_eq!(
            Value::Object(config),
            json!({"materialized": "view", "tags": ["a"]})
        );
    }
}
