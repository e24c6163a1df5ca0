//! What a run asks of the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Graph, GraphNode};
use crate::engine::SortKey;
use crate::names::{NodeId, RelationName};
use crate::project::config::Access;
use crate::project::node::{Node, NodeKind, UnitTest};

impl Graph {
    /// The model that a unit test is of.
    pub fn unit_test_model(&self, test: &UnitTest) -> Option<&NodeId> {
        self.parents(&test.id).iter().find(|id| {
            self.nodes
                .get(*id)
                .is_some_and(|node| node.node.name == test.model)
        })
    }

    /// The name under which queries read a node or source: an ephemeral model's is that of its expression.
    pub fn readable_name(&self, id: &NodeId) -> RelationName {
        self.relation(id).cloned().unwrap_or_else(|| {
            let target = &self.project.target;
            RelationName::new(&target.database, &target.schema, super::plan::ephemeral_name(id))
        })
    }

    /// What a model reads: nodes and sources, each once.
    pub fn inputs_of(&self, id: &NodeId) -> Vec<NodeId> {
        let distinct: BTreeSet<&NodeId> = self.parents(id).iter().collect();
        distinct.into_iter().cloned().collect()
    }

    /// Selected nodes with the ephemeral models that they read, in topological order.
    pub fn with_ephemeral_ancestors(&self, selected: &[NodeId]) -> Vec<NodeId> {
        let mut wanted: BTreeSet<&NodeId> = selected.iter().collect();
        let mut open: Vec<&NodeId> = selected.iter().collect();
        while let Some(id) = open.pop() {
            for parent in self.parents(id) {
                if self.nodes.get(parent).is_some_and(GraphNode::is_ephemeral) && wanted.insert(parent) {
                    open.push(parent);
                }
            }
        }
        self.order
            .iter()
            .filter(|id| wanted.contains(id) && self.nodes.contains_key(*id))
            .cloned()
            .collect()
    }

    /// What each node waits for when it is built: what it reads, and a model for its unit tests, which need what the
    /// model reads.
    pub fn waiting_order(&self) -> BTreeMap<NodeId, Vec<NodeId>> {
        let mut waits: BTreeMap<NodeId, Vec<NodeId>> = self
            .parents
            .iter()
            .map(|(id, parents)| (id.clone(), parents.clone()))
            .collect();
        for test in self.unit_tests.iter().filter_map(|id| self.unit_test(id)) {
            let Some(model) = self.unit_test_model(test) else {
                continue;
            };
            waits.insert(test.id.clone(), self.inputs_of(model));
            if let Some(awaited) = waits.get_mut(model) {
                awaited.push(test.id.clone());
            }
        }
        waits
    }

    /// The source tables above nodes.
    pub fn sources_above(&self, nodes: &[NodeId]) -> BTreeSet<NodeId> {
        let mut seen: BTreeSet<&NodeId> = BTreeSet::new();
        let mut open: Vec<&NodeId> = nodes.iter().collect();
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.parents(id));
            }
        }
        seen.into_iter()
            .filter(|id| self.sources.contains(*id))
            .cloned()
            .collect()
    }

    /// Whether a node that made a relation still does; what belongs to other projects counts as still made.
    pub fn still_makes(&self, id: &NodeId, relation: &RelationName) -> bool {
        let package = id.as_str().split('.').nth(1).unwrap_or_default();
        !self.project.packages.contains_key(package) || self.relation(id) == Some(relation)
    }

    /// The tables that others are meant to use (`access: public`); without any, those that no model reads.
    pub fn public_tables(&self) -> BTreeSet<NodeId> {
        let models = || {
            self.nodes
                .values()
                .filter(|node| node.node.kind == NodeKind::Model)
        };
        let public: BTreeSet<NodeId> = models()
            .filter(|node| node.config.access == Access::Public)
            .map(|node| node.node.id.clone())
            .collect();
        if !public.is_empty() {
            return public;
        }
        let is_read = |id: &NodeId| {
            self.children(id)
                .iter()
                .any(|child| child.resource_type() == "model")
        };
        models()
            .map(|node| node.node.id.clone())
            .filter(|id| !is_read(id))
            .collect()
    }

    /// Where a node's compiled SQL is written, relative to the project's folder where it lies inside.
    pub fn compiled_path(&self, node: &Node) -> PathBuf {
        let target = &self.project.target_path;
        let folder = target.strip_prefix(&self.project.root).unwrap_or(target);
        let is_sql = node
            .original_file_path
            .extension()
            .is_some_and(|extension| extension == "sql");
        let path = if is_sql {
            node.original_file_path.clone()
        } else {
            // What a properties file declares has no file of its own: it lies under that file, by its name.
            node.original_file_path.join(format!("{}.sql", node.name))
        };
        folder.join("compiled").join(&node.package).join(path)
    }

    /// What a node's name is in a list: dbt's fully qualified name, a source's with its kind before it.
    pub fn selector_name(&self, id: &NodeId) -> String {
        let project = &self.project;
        if let Some(node) = self.nodes.get(id) {
            return node.node.fqn.join(".");
        }
        let (kind, fqn) = if let Some(source) = project.sources.get(id) {
            ("source:", &source.fqn)
        } else if let Some(exposure) = project.exposures.get(id) {
            ("exposure:", &exposure.fqn)
        } else if let Some(test) = project.unit_tests.get(id) {
            ("unit_test:", &test.fqn)
        } else {
            return id.to_string();
        };
        format!("{kind}{}", fqn.join("."))
    }

    /// The file a node is from.
    pub fn path_of(&self, id: &NodeId) -> PathBuf {
        let project = &self.project;
        let sources = || project.sources.get(id).map(|source| &source.original_file_path);
        let exposures = || {
            project
                .exposures
                .get(id)
                .map(|exposure| &exposure.original_file_path)
        };
        let unit_tests = || project.unit_tests.get(id).map(|test| &test.original_file_path);
        let nodes = self.nodes.get(id).map(|node| &node.node.original_file_path);
        nodes
            .or_else(sources)
            .or_else(exposures)
            .or_else(unit_tests)
            .cloned()
            .unwrap_or_default()
    }
}

impl GraphNode {
    /// Whether it becomes a view.
    pub fn is_view(&self) -> bool {
        self.node.kind == NodeKind::Model && self.config.materialized == "view"
    }

    /// Whether it becomes a relation, or part of one.
    pub fn is_materialized(&self) -> bool {
        matches!(
            self.node.kind,
            NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot
        )
    }

    /// Whether it becomes Parquet files.
    pub fn makes_table(&self) -> bool {
        self.is_materialized() && !self.is_view() && !self.is_ephemeral()
    }

    /// What it is, for people.
    pub fn what(&self) -> &'static str {
        match self.node.kind {
            NodeKind::Model if self.is_view() => "view",
            NodeKind::Model if self.is_ephemeral() => "ephemeral",
            NodeKind::Model => "table",
            other => other.resource_type(),
        }
    }

    /// Its name, for people.
    pub fn label(&self) -> String {
        match &self.relation {
            Some(relation) if self.is_materialized() => relation.to_string(),
            _ => self.node.name.clone(),
        }
    }

    /// The column that one of dbt's own tests looks at, when the test is as dbt has it: no threshold, no limit, no
    /// `where`, and no macro of the project's in its place.
    pub fn plainly_tested_column(&self, tests: &[&str]) -> Option<&str> {
        let test = self.node.generic_test.as_ref()?;
        let config = &self.config;
        let own_macro = format!("macro.dbt.test_{}", test.name);
        let is_plain = tests.contains(&test.name.as_str())
            && test.namespace.is_none()
            && self.depends_on_macros.contains(&own_macro)
            && config.where_condition.is_none()
            && config.limit.is_none()
            && config.fail_calc == "count(*)"
            && config.warn_if == "!= 0"
            && config.error_if == "!= 0";
        test.column_name.as_deref().filter(|_| is_plain)
    }

    /// The order its rows are written in.
    pub fn sort_keys(&self) -> Vec<SortKey> {
        let key = |text: &String| {
            let (column, direction) = text
                .trim()
                .split_once(char::is_whitespace)
                .unwrap_or((text.trim(), ""));
            SortKey {
                column: column.to_owned(),
                descending: direction.trim().eq_ignore_ascii_case("desc"),
            }
        };
        self.config.sort_by.iter().map(key).collect()
    }

    /// The settings that change what is built.
    pub fn build_config(&self) -> String {
        let config = &self.config;
        format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            config.materialized,
            config.sort_by,
            config.unique_key,
            config.strategy,
            config.updated_at,
            config.check_cols,
            config.hard_deletes,
            config.snapshot_meta_column_names,
            config.dbt_valid_to_current,
            (&config.fail_calc, &config.warn_if, &config.error_if, config.limit),
        )
    }
}
