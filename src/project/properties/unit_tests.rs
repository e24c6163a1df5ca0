//! Unit tests: rows given, rows expected.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::python_text::str_of;
use super::{PropertiesFile, Scope, title};
use crate::error::{Diagnostic, codes};
use crate::names::NodeId;
use crate::project::config_layers;
use crate::project::fields::{Fields, wrong_type};
use crate::project::node::{UnitRows, UnitRowsFormat, UnitTest};
use crate::project::package::Parts;
use crate::project::yaml::{Content, Yaml};

const UNIT_TEST: &[&str] = &[
    "config",
    "description",
    "expect",
    "given",
    "meta",
    "model",
    "name",
    "overrides",
    "tags",
    "versions",
];

/// Reads one unit test.
pub(super) fn read(
    yaml: &Yaml,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) -> Option<UnitTest> {
    let fields = Fields::of(yaml, title("unit test", yaml), UNIT_TEST, out)?;
    let name = fields.required_text("name", out)?;
    let model = fields.required_text("model", out)?;
    let given = fields
        .list("given", out)
        .iter()
        .filter_map(|given| rows(given, &format!("an input of {}", fields.what()), scope, out))
        .collect();
    let expected = fields.get("expect").or_else(|| {
        out.push(
            Diagnostic::error(codes::MISSING_KEY, format!("{} has no `expect`", fields.what()))
                .at(yaml.span()),
        );
        None
    })?;
    let expect = rows(expected, &format!("`expect` of {}", fields.what()), scope, out)?;
    let mut fqn = scope.declared_prefix(&file.original);
    fqn.extend([model.clone(), name.clone()]);
    let overrides = fields.get("overrides").map(|yaml| {
        let what = format!("`overrides` of {}", fields.what());
        Fields::of(yaml, what, &["env_vars", "macros", "vars"], out);
        yaml.as_mapping()
            .map(crate::project::yaml::Mapping::to_map)
            .unwrap_or_default()
    });
    let config = config(&fields, scope, &fqn, out);
    Some(UnitTest {
        id: NodeId::new(format!("unit_test.{}.{model}.{name}", scope.name())),
        package: scope.name().to_owned(),
        description: fields.text("description", out).unwrap_or_default(),
        given,
        expect,
        overrides: overrides.unwrap_or_default(),
        tags: config_layers::texts(config.get("tags")),
        config,
        name,
        model,
        version: None,
        fqn,
        original_file_path: file.original.clone(),
        span: Some(yaml.span()),
    })
}

fn config(
    fields: &Fields<'_>,
    scope: &Scope<'_>,
    fqn: &[String],
    out: &mut Vec<Diagnostic>,
) -> Map<String, Value> {
    let mut config = config_layers::along_path(scope.file.trees.unit_tests.as_ref(), fqn);
    config_layers::merge(&mut config, fields.map("config", out));
    for key in ["meta", "tags", "versions"] {
        if let Some(value) = fields.get(key) {
            let mut layer = Map::new();
            layer.insert(key.to_owned(), value.to_value());
            config_layers::merge(&mut config, layer);
        }
    }
    let overrides = scope.overrides.and_then(|trees| trees.unit_tests.as_ref());
    config_layers::merge(&mut config, config_layers::along_path(overrides, fqn));
    config
}

fn rows(yaml: &Yaml, what: &str, scope: &Scope<'_>, out: &mut Vec<Diagnostic>) -> Option<UnitRows> {
    let fields = Fields::of(yaml, what, &["fixture", "format", "input", "rows"], out)?;
    let input = fields.text("input", out);
    let format = fields.text("format", out).unwrap_or_else(|| "dict".to_owned());
    let rows = match (format.as_str(), fields.get("fixture")) {
        ("dict", None) => UnitRowsFormat::Dict(dict_rows(&fields, what, out)?),
        ("csv" | "sql", Some(fixture)) => written(&format, fixture_text(fixture, &format, scope, out)?),
        ("csv", None) if fields.get("rows").is_none_or(|rows| rows.as_list().is_some()) => {
            UnitRowsFormat::Dict(dict_rows(&fields, what, out)?)
        }
        ("csv" | "sql", None) => written(&format, fields.required_text("rows", out)?),
        ("dict", Some(fixture)) => {
            out.push(
                wrong_type(
                    fixture,
                    &format!("`fixture` of {what}"),
                    "left out where the format is `dict`",
                )
                .hint("say `format: csv` or `format: sql`"),
            );
            return None;
        }
        (other, _) => {
            out.push(
                Diagnostic::error(
                    codes::WRONG_TYPE,
                    format!("the format `{other}` of {what} is not known"),
                )
                .at(fields.get("format").map_or_else(|| yaml.span(), Yaml::span))
                .nearest(other, ["dict", "csv", "sql"]),
            );
            return None;
        }
    };
    Some(UnitRows { input, rows })
}

fn written(format: &str, text: String) -> UnitRowsFormat {
    if format == "sql" {
        UnitRowsFormat::Sql(text)
    } else {
        UnitRowsFormat::Csv(text)
    }
}

fn dict_rows(fields: &Fields<'_>, what: &str, out: &mut Vec<Diagnostic>) -> Option<Vec<Map<String, Value>>> {
    let mut rows = Vec::new();
    for row in fields.list("rows", out) {
        let Content::Mapping(mapping) = &row.content else {
            out.push(wrong_type(
                row,
                &format!("a row of {what}"),
                "a mapping of columns",
            ));
            return None;
        };
        rows.push(mapping.to_map());
    }
    Some(rows)
}

fn fixture_text(
    fixture: &Yaml,
    format: &str,
    scope: &Scope<'_>,
    out: &mut Vec<Diagnostic>,
) -> Option<String> {
    let name = fixture.as_text().unwrap_or_default();
    let of_format = scope
        .fixtures()
        .iter()
        .filter(|file| file.path.extension().is_some_and(|end| end == format));
    let stem = |file: &PropertiesFile| {
        file.path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    if let Some(file) = of_format.clone().find(|file| stem(file) == name) {
        return scope.read(file, out);
    }
    let names: Vec<String> = of_format.map(stem).collect();
    let message = format!("there is no fixture `{name}.{format}` under the test folders");
    out.push(
        Diagnostic::error(codes::FIXTURE_NOT_FOUND, message)
            .at(fixture.span())
            .nearest(name, names.iter().map(String::as_str)),
    );
    None
}

/// Makes one test per version of those whose model has versions: all, or those of `versions`.
pub(super) fn multiply(scope: &Scope<'_>, parts: &mut Parts) {
    let mut versions: HashMap<&str, Vec<&Value>> = HashMap::new();
    for node in parts.nodes.iter().filter(|node| node.package == scope.name()) {
        if let Some(version) = &node.version {
            versions.entry(&node.name).or_default().push(&version.version);
        }
    }
    if versions.is_empty() {
        return;
    }
    let (own, mut all): (Vec<_>, Vec<_>) = std::mem::take(&mut parts.unit_tests)
        .into_iter()
        .partition(|test| test.package == scope.name() && versions.contains_key(test.model.as_str()));
    for test in own {
        let chosen = versions.get(test.model.as_str()).into_iter().flatten();
        all.extend(
            chosen
                .filter(|version| is_chosen(&test, version))
                .map(|version| UnitTest {
                    id: NodeId::new(format!("{}_v{}", test.id, str_of(version))),
                    version: Some((*version).clone()),
                    ..test.clone()
                }),
        );
    }
    parts.unit_tests = all;
}

fn is_chosen(test: &UnitTest, version: &Value) -> bool {
    let listed = |key: &str| {
        test.config
            .get("versions")
            .and_then(|choice| choice.get(key))
            .and_then(Value::as_array)
    };
    let holds = |list: &Vec<Value>| list.iter().any(|item| str_of(item) == str_of(version));
    listed("include").is_none_or(holds) && !listed("exclude").is_some_and(holds)
}
