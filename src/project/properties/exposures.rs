//! Exposures and groups.

use super::{PropertiesFile, Scope, title};
use crate::error::Diagnostic;
use crate::names::NodeId;
use crate::project::config_layers;
use crate::project::fields::Fields;
use crate::project::node::{Exposure, Group};
use crate::project::yaml::Yaml;

const EXPOSURE: &[&str] = &[
    "config",
    "depends_on",
    "description",
    "label",
    "maturity",
    "meta",
    "name",
    "owner",
    "tags",
    "type",
    "url",
];

/// Reads one exposure.
pub(super) fn read(
    yaml: &Yaml,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) -> Option<Exposure> {
    let fields = Fields::of(yaml, title("exposure", yaml), EXPOSURE, out)?;
    let name = fields.required_text("name", out)?;
    let mut fqn = scope.fqn_prefix(&file.inner);
    fqn.push(name.clone());
    let mut properties = yaml.as_mapping()?.to_map();
    let mut config = config_layers::along_path(scope.file.trees.exposures.as_ref(), &fqn);
    config_layers::merge(&mut config, fields.map("config", out));
    let overrides = scope.overrides.and_then(|trees| trees.exposures.as_ref());
    config_layers::merge(&mut config, config_layers::along_path(overrides, &fqn));
    let mut tags = fields.texts("tags", out);
    tags.extend(
        config_layers::texts(config.get("tags"))
            .into_iter()
            .filter(|tag| !tags.contains(tag))
            .collect::<Vec<_>>(),
    );
    properties.insert("config".to_owned(), serde_json::Value::Object(config));
    Some(Exposure {
        id: NodeId::new(format!("exposure.{}.{name}", scope.name())),
        package: scope.name().to_owned(),
        exposure_type: fields.required_text("type", out)?,
        depends_on: fields.texts("depends_on", out),
        properties,
        tags,
        name,
        fqn,
        original_file_path: file.original.clone(),
        span: Some(yaml.span()),
    })
}

/// Reads one group.
pub(super) fn read_group(
    yaml: &Yaml,
    (scope, file): (&Scope<'_>, &PropertiesFile),
    out: &mut Vec<Diagnostic>,
) -> Option<Group> {
    let fields = Fields::of(
        yaml,
        title("group", yaml),
        &["config", "description", "meta", "name", "owner"],
        out,
    )?;
    let name = fields.required_text("name", out)?;
    Some(Group {
        id: NodeId::new(format!("group.{}.{name}", scope.name())),
        name,
        package: scope.name().to_owned(),
        owner: fields.map("owner", out),
        original_file_path: file.original.clone(),
    })
}
