//! Generic tests: every spelling of a call, and dbt's names and ids for them.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use md5::{Digest as _, Md5};
use regex::Regex;
use serde_json::{Map, Value};

use super::python_text::{hashable, repr_of, str_of};
use super::{DescribedColumn, PropertiesFile, Scope};
use crate::error::{Diagnostic, codes};
use crate::names::{NodeId, quote_identifier};
use crate::project::config_layers;
use crate::project::node::{Column, ConfigLayers, GenericTest, Node, NodeKind, TemplateText};
use crate::project::yaml::{Content, Mapping, Yaml};

/// Keys beside the arguments that configure the test.
const CONFIG_KEYS: &[&str] = &[
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

/// A name from this length on is shortened with a hash.
const MAX_NAME: usize = 64;

/// What a list of tests hangs on.
pub(super) struct TestTarget {
    /// The name that the tests' names contain.
    pub(super) name: String,
    /// What stands before the tests' names: `source_` for sources.
    pub(super) prefix: &'static str,
    /// `ref('orders')`.
    pub(super) call: String,
    /// The node or source.
    pub(super) attached: NodeId,
    /// Tags that every test gets.
    pub(super) tags: Vec<String>,
}

/// The column that a list of tests hangs on.
struct TestColumn {
    /// Its name, quoted where the properties file says so.
    name: String,
    /// Its tags.
    tags: Vec<String>,
}

fn test_column(column: &Column) -> TestColumn {
    let name = if column.quote == Some(true) {
        quote_identifier(&column.name)
    } else {
        column.name.clone()
    };
    TestColumn {
        name,
        tags: column.tags.clone(),
    }
}

/// Makes the nodes of all tests of a target: those of its columns, then its own.
pub(super) fn read_all(
    target: &TestTarget,
    (columns, own): (&[DescribedColumn<'_>], &[&Yaml]),
    ctx: (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let mut nodes = Vec::new();
    for described in columns {
        let column = test_column(&described.column);
        for test in &described.tests {
            nodes.extend(read(test, Some(&column), target, ctx, out));
        }
    }
    for test in own {
        nodes.extend(read(test, None, target, ctx, out));
    }
    nodes
}

/// Makes the node of one test.
fn read(
    test: &Yaml,
    column: Option<&TestColumn>,
    target: &TestTarget,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let call = Call::read(test, column, scope, out)?;
    let (short, full) = call.names(target);
    let mut config = call.config;
    if short != full && !config.contains_key("alias") {
        config.insert("alias".to_owned(), Value::String(short.clone()));
    }
    let written = raw_code(call.namespace.as_deref(), &call.name, &config);
    let mut tags = target.tags.clone();
    tags.extend(column.map(|column| column.tags.clone()).unwrap_or_default());
    add_tags(&mut config, tags);

    let mut hashed = call.kwargs.clone();
    hashed.insert(
        "model".to_owned(),
        Value::String(format!("{{{{ get_where_subquery({}) }}}}", target.call)),
    );
    let hash = hash(&full, &call.name, call.namespace.as_deref(), &hashed);
    let mut fqn = scope.declared_prefix(&file.original);
    fqn.push(full.clone());
    Some(Node {
        id: NodeId::new(format!("test.{}.{full}.{hash}", scope.name())),
        kind: NodeKind::Test,
        package: scope.name().to_owned(),
        path: PathBuf::from(format!("{short}.sql")),
        original_file_path: file.original.clone(),
        code: TemplateText {
            text: Arc::from(written),
            file: file.shown.clone(),
            first_line: test.span().line,
        },
        config: ConfigLayers {
            properties: config,
            ..scope.config_layers(NodeKind::Test, &fqn)
        },
        fqn,
        name: full,
        description: call.description,
        columns: IndexMap::new(),
        patch_path: None,
        patch_span: Some(test.span()),
        checksum: String::new(),
        version: None,
        constraints: Vec::new(),
        deprecation_date: None,
        generic_test: Some(GenericTest {
            name: call.name,
            namespace: call.namespace,
            kwargs: call.kwargs,
            column_name: column.map(|column| column.name.clone()),
            model: target.call.clone(),
            attached: target.attached.clone(),
        }),
    })
}

/// A test as it is called, all spellings made one.
struct Call {
    name: String,
    namespace: Option<String>,
    kwargs: Map<String, Value>,
    config: Map<String, Value>,
    custom_name: Option<String>,
    description: String,
}

impl Call {
    fn read(
        test: &Yaml,
        column: Option<&TestColumn>,
        scope: &Scope<'_>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let (called, args) = called(test, out)?;
        let (namespace, name) = split_name(&called, test, out)?;
        let mut kwargs = Map::new();
        let mut config = Mapping::default();
        if let Some(column) = column {
            kwargs.insert("column_name".to_owned(), Value::String(column.name.clone()));
        }
        let mut custom_name = None;
        let mut description = String::new();
        for (key, entry) in args.iter() {
            let value = &entry.value;
            match (key, &value.content) {
                ("config", Content::Mapping(inner)) => {
                    for (key, entry) in inner.iter() {
                        config.insert(key, entry.key.clone(), entry.value.clone());
                    }
                }
                ("arguments", Content::Mapping(inner)) => kwargs.extend(inner.to_map()),
                ("config" | "arguments", Content::Null) => {}
                ("config" | "arguments", _) => {
                    out.push(fault(test, format!("`{key}` of `{called}` is not a mapping")));
                }
                ("name", _) => custom_name = value.as_text().map(str::to_owned),
                ("description", _) => value.as_text().unwrap_or_default().clone_into(&mut description),
                ("model", _) => {
                    out.push(fault(
                        value,
                        format!("the argument `model` of `{called}` is given by Headwater"),
                    ));
                }
                (key, _) if CONFIG_KEYS.contains(&key) => {
                    if !value.is_null() {
                        config.insert(key, entry.key.clone(), value.clone());
                    }
                }
                (key, _) => {
                    kwargs.insert(key.to_owned(), value.to_value());
                }
            }
        }
        let config = Yaml {
            content: Content::Mapping(config),
            mark: test.mark.clone(),
        };
        let mut layered = Map::new();
        if let Content::Mapping(config) = scope.text.render(&config, &[], out).content {
            config_layers::merge(&mut layered, config.to_map());
        }
        Some(Self {
            name,
            namespace,
            kwargs,
            config: layered,
            custom_name,
            description,
        })
    }

    /// The file's name and the full name.
    fn names(&self, target: &TestTarget) -> (String, String) {
        if let Some(name) = &self.custom_name {
            return (name.clone(), name.clone());
        }
        let test = match &self.namespace {
            Some(namespace) => format!("{namespace}_{}{}", target.prefix, self.name),
            None => format!("{}{}", target.prefix, self.name),
        };
        synthesize(&test, &target.name, &self.kwargs)
    }
}

/// The test's name as it is called, and all that stands with it.
fn called(test: &Yaml, out: &mut Vec<Diagnostic>) -> Option<(String, Mapping)> {
    match &test.content {
        Content::Text(name) => Some((name.to_string(), Mapping::default())),
        Content::Mapping(mapping) if mapping.entry("test_name").is_some() => {
            let name = mapping.get("test_name").and_then(Yaml::as_text);
            let Some(name) = name else {
                out.push(fault(test, "`test_name` is not text"));
                return None;
            };
            let mut args = Mapping::default();
            for (key, entry) in mapping.iter().filter(|(key, _)| *key != "test_name") {
                args.insert(key, entry.key.clone(), entry.value.clone());
            }
            Some((name.to_owned(), args))
        }
        Content::Mapping(mapping) => {
            let mut entries = mapping.iter();
            let (Some((name, entry)), None) = (entries.next(), entries.next()) else {
                out.push(
                    fault(test, "a data test must have one key, its name")
                        .hint("indent the arguments two spaces further than the test's name"),
                );
                return None;
            };
            match &entry.value.content {
                Content::Null => Some((name.to_owned(), Mapping::default())),
                Content::Mapping(args) => Some((name.to_owned(), args.clone())),
                _ => {
                    out.push(fault(
                        &entry.value,
                        format!(
                            "the arguments of `{name}` must be a mapping, not {}",
                            entry.value.kind()
                        ),
                    ));
                    None
                }
            }
        }
        _ => {
            out.push(fault(
                test,
                format!("a data test must be a name or a mapping, not {}", test.kind()),
            ));
            None
        }
    }
}

fn split_name(called: &str, test: &Yaml, out: &mut Vec<Diagnostic>) -> Option<(Option<String>, String)> {
    let (namespace, name) = match called.split_once('.') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, called),
    };
    if is_identifier(name) && namespace.is_none_or(is_identifier) {
        return Some((namespace.map(str::to_owned), name.to_owned()));
    }
    out.push(fault(
        test,
        format!("`{called}` cannot be the name of a data test"),
    ));
    None
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn fault(at: &Yaml, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::GENERIC_TEST_INVALID, message).at(at.span())
}

fn add_tags(config: &mut Map<String, Value>, tags: Vec<String>) {
    let mut layer = Map::new();
    layer.insert("tags".to_owned(), Value::from(tags));
    config_layers::merge(config, layer);
    match config.get_mut("tags") {
        Some(Value::Array(tags)) if tags.is_empty() => {
            config.remove("tags");
        }
        Some(Value::Array(tags)) => tags.sort_by_key(str_of),
        _ => {}
    }
}

/// Makes dbt's names of a test: the short one, for files, and the full one.
fn synthesize(test: &str, target: &str, kwargs: &Map<String, Value>) -> (String, String) {
    static UNCLEAN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("[^0-9a-zA-Z_]+").ok());
    let mut sorted: Vec<_> = kwargs.iter().collect();
    sorted.sort_by_key(|(key, _)| key.as_str());
    let clean: Vec<String> = sorted
        .into_iter()
        .flat_map(|(_, value)| match value {
            Value::Object(map) => map.values().map(str_of).collect(),
            Value::Array(items) => items.iter().map(str_of).collect(),
            other => vec![str_of(other)],
        })
        .map(|text| {
            UNCLEAN
                .as_ref()
                .map_or_else(|| text.clone(), |r| r.replace_all(&text, "_").into_owned())
        })
        .collect();
    let identifier = format!("{test}_{target}");
    let full = format!("{identifier}_{}", clean.join("__"));
    if full.chars().count() < MAX_NAME {
        return (full.clone(), full);
    }
    let start: String = identifier.chars().take(30).collect();
    (format!("{start}_{}", md5_hex(&full)), full)
}

/// The last ten digits of dbt's hash over a test's name and call.
fn hash(full: &str, name: &str, namespace: Option<&str>, kwargs: &Map<String, Value>) -> String {
    let metadata = serde_json::json!({"namespace": namespace, "name": name, "kwargs": kwargs});
    let digest = md5_hex(&format!("{full}{}", repr_of(&hashable(&metadata))));
    digest.chars().skip(22).collect()
}

fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

fn raw_code(namespace: Option<&str>, name: &str, config: &Map<String, Value>) -> String {
    let called = namespace.map_or_else(
        || format!("test_{name}"),
        |package| format!("{package}.test_{name}"),
    );
    let call = format!("{{{{ {called}(**_dbt_generic_test_kwargs) }}}}");
    if config.is_empty() {
        return call;
    }
    let settings: Vec<String> = config
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key}=\"{}\"", text.replace('"', "\\\"")),
            other => format!("{key}={}", repr_of(other)),
        })
        .collect();
    format!("{call}{{{{ config({}) }}}}", settings.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kwargs(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else {
            panic!("a mapping")
        };
        map
    }

    #[test]
    fn long_names_are_cut_and_hashed() {
        let (short, full) = synthesize(
            "accepted_values",
            "orders",
            &kwargs(
                json!({"column_name": "status", "values": ["placed", "shipped", "completed", "return_pending", "returned"]}),
            ),
        );
        assert_eq!(
            full,
            "accepted_values_orders_status__placed__shipped__completed__return_pending__returned"
        );
        assert_eq!(short, "accepted_values_orders_1ce6ab157c285f7cd2ac656013faf758");
        assert_eq!(
            synthesize("unique", "orders", &kwargs(json!({"column_name": "id"}))).0,
            "unique_orders_id"
        );
    }
}
