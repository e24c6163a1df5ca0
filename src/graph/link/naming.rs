//! Which schema, table and database a node is built as.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::capture::Captured;
use super::describe::describe_unnamed;
use crate::error::{Diagnostic, Span, codes};
use crate::graph::{Graph, GraphNode};
use crate::jinja::{RenderFailure, RenderUnit, Renderer};
use crate::names::{NodeId, RelationName};
use crate::project::node::{NodeKind, Project, SourceTable};

/// The schema of kept failures, before `generate_schema_name`.
const AUDIT_SCHEMA: &str = "dbt_test__audit";

/// The database of a source's table that has the name of a node's.
const SOURCE_DATABASE: &str = "sources";

/// A node's name in the warehouse.
#[derive(Debug, Clone, Default)]
pub(super) struct Naming {
    pub(super) database: String,
    pub(super) schema: String,
    pub(super) alias: String,
}

/// Names a node by the project's `generate_…_name` macros.
pub(super) fn name(
    captured: &Captured,
    project: &Project,
    renderer: &Renderer,
    out: &mut Vec<Diagnostic>,
) -> Naming {
    let (node, config) = (&captured.node, &captured.config);
    if let Some(naming) = without_table(captured, project) {
        return naming;
    }
    let model = describe_unnamed(node, &config.raw);
    let mut call = |name: &str, custom: Option<&str>| {
        // The macros of the root project name the nodes of every package.
        let unit = RenderUnit {
            model: &model,
            config: &config.raw,
            ..RenderUnit::new(&node.code, &project.name)
        };
        let args = [
            custom.map_or(Value::Null, Value::from),
            Value::Object(model.clone()),
        ];
        match renderer.call_macro(name, (&args, &Map::new()), &unit, None) {
            Ok(result) => result.text.trim().to_owned(),
            Err(RenderFailure::Fault(fault)) => {
                out.push(fault.note(format!("while naming `{}`", node.id)));
                String::new()
            }
            Err(RenderFailure::Deferred { .. }) => {
                let message = format!("`{name}` asks for data, which is not there yet");
                out.push(Diagnostic::error(codes::NAME_INVALID, message).at(Span::file(&node.code.file)));
                String::new()
            }
        }
    };
    let schema = match (node.kind, &config.target_schema) {
        (NodeKind::Snapshot, Some(schema)) if config.schema.is_none() => schema.clone(),
        (NodeKind::Test, _) => call(
            "generate_schema_name",
            config.schema.as_deref().or(Some(AUDIT_SCHEMA)),
        ),
        _ => call("generate_schema_name", config.schema.as_deref()),
    };
    let database = match (node.kind, &config.target_database) {
        (NodeKind::Snapshot, Some(database)) if config.database.is_none() => database.clone(),
        _ => call("generate_database_name", config.database.as_deref()),
    };
    let alias = call("generate_alias_name", config.alias.as_deref());
    for (what, name) in [("schema", &schema), ("table", &alias)] {
        if name.is_empty() && !out.iter().any(Diagnostic::is_error) {
            let message = format!("`{}` has an empty {what} name", node.id);
            out.push(Diagnostic::error(codes::NAME_INVALID, message).at(Span::file(&node.code.file)));
        }
    }
    Naming {
        database,
        schema,
        alias,
    }
}

/// The names of what has no table; nobody reads them but those of the manifest.
fn without_table(captured: &Captured, project: &Project) -> Option<Naming> {
    let (node, target) = (&captured.node, &project.target);
    let schema = match node.kind {
        NodeKind::Operation | NodeKind::Analysis => target.schema.clone(),
        NodeKind::Test if captured.config.store_failures != Some(true) => {
            format!("{}_{AUDIT_SCHEMA}", target.schema)
        }
        _ => return None,
    };
    Some(Naming {
        database: target.database.clone(),
        schema,
        alias: captured.config.alias.clone().unwrap_or_else(|| node.name.clone()),
    })
}

/// The table of a node, if it has one.
pub(super) fn relation(captured: &Captured, naming: &Naming) -> Option<RelationName> {
    let config = &captured.config;
    let has_table = match captured.node.kind {
        NodeKind::Model => config.materialized != "ephemeral",
        NodeKind::Seed | NodeKind::Snapshot => true,
        NodeKind::Test => config.store_failures == Some(true),
        NodeKind::Analysis | NodeKind::Operation => false,
    };
    has_table.then(|| RelationName::new(&naming.database, &naming.schema, &naming.alias))
}

/// The relations of the sources' tables.
pub(super) fn sources(project: &Project) -> BTreeMap<NodeId, RelationName> {
    let relation = |source: &SourceTable| {
        let database = source.database.as_ref().unwrap_or(&project.target.database);
        RelationName::new(database, &source.schema, &source.identifier)
    };
    project
        .sources
        .iter()
        .map(|(id, source)| (id.clone(), relation(source)))
        .collect()
}

/// Gives another database to the tables of sources that have the name of a node's table: the one is a file, the other
/// is built, and both can be read.
pub(super) fn part_sources(graph: &mut Graph) {
    let key = |relation: &RelationName| relation.quoted().to_lowercase();
    let built: HashSet<String> = graph
        .nodes
        .values()
        .filter_map(|node| node.relation.as_ref())
        .map(key)
        .collect();
    for relation in graph
        .source_relations
        .values_mut()
        .filter(|relation| built.contains(&key(relation)))
    {
        *relation = RelationName::new(SOURCE_DATABASE, &relation.schema, &relation.identifier);
    }
}

/// Tells of nodes that would be built as one table.
pub(super) fn check_unique<'g>(nodes: impl Iterator<Item = &'g GraphNode>, out: &mut Vec<Diagnostic>) {
    let mut taken: HashMap<String, &NodeId> = HashMap::new();
    for linked in nodes {
        let Some(relation) = &linked.relation else {
            continue;
        };
        let key = relation.quoted().to_lowercase();
        if let Some(first) = taken.get(&key) {
            let place = linked
                .capture
                .config_span
                .clone()
                .or_else(|| linked.node.patch_span.clone());
            out.push(
                Diagnostic::error(
                    codes::DUPLICATE_RELATION,
                    format!(
                        "`{first}` and `{}` are both built as `{relation}`",
                        linked.node.id
                    ),
                )
                .at(place.unwrap_or_else(|| Span::file(&linked.node.code.file)))
                .hint("give one of them another `alias` or `schema`"),
            );
            continue;
        }
        taken.insert(key, &linked.node.id);
    }
}
