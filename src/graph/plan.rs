//! Plans nodes: renders them, works out their versions, and plans their SQL against what they read.
//!
//! The whole selection is planned before the first table is written, so that a misspelt column costs seconds. A node
//! whose template asks for data that is not built yet is deferred, with all that depends on it, and planned during the
//! run when its parents are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::catalog::{Catalog, Known, Resolved};
use super::contract;
use super::version::{VersionBuilder, mentions_clock, of_extract};
use super::world::RunWorld;
use super::{Graph, GraphNode};
use crate::engine::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use crate::engine::{Engine, Position, SeedOptions, SqlFault, TableSource};
use crate::error::{Diagnostic, Span, codes};
use crate::host::Host;
use crate::jinja::{Message, PositionKind, RenderFailure, Rendered, Renderer, SourceMap, TemplatePosition};
use crate::names::{NodeId, RelationName};
use crate::project::config::{HardDeletes, MetaColumns};
use crate::project::node::NodeKind;
use crate::report::Timing;
use crate::warehouse::{Build, StoredTable, Verdict, Warehouse};

/// A node that stands: rendered, and its SQL understood or known to have been built before.
#[derive(Debug, Clone)]
pub struct PlannedNode {
    /// The node.
    pub id: NodeId,
    /// The SQL, ready to run; a seed has none.
    pub compiled: Arc<str>,
    /// From the SQL back to the author's files.
    pub places: Arc<SourceMap>,
    /// The hash of all it is made from.
    pub version: String,
    /// Its columns, where it had to be planned.
    pub columns: Option<SchemaRef>,
    /// What need not be done again.
    pub reuse: Option<Reuse>,
    /// A seed's rows.
    pub rows: Option<TableSource>,
    /// When it was planned.
    pub timing: Timing,
}

/// Work that was done before.
#[derive(Debug, Clone)]
pub enum Reuse {
    /// The table is in the store.
    Table(StoredTable),
    /// The view is published as it is.
    View,
    /// The test has been run on the same inputs.
    Verdict(Verdict),
}

/// What became of planning a node.
#[derive(Debug, Clone)]
pub enum Planning {
    /// It stands.
    Ready(Arc<PlannedNode>),
    /// It must wait for these nodes to be built.
    Deferred(Vec<NodeId>),
    /// It is at fault.
    Faulty(Vec<Diagnostic>),
    /// Something it reads is at fault.
    Blocked(NodeId),
}

/// Whether what is in the store is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReusePolicy {
    /// Yes.
    Reuse,
    /// No: `--full-refresh`.
    Rebuild,
}

/// Plans the nodes of a run.
#[derive(Debug)]
pub struct Planner {
    pub(super) graph: Arc<Graph>,
    pub(super) renderer: Arc<Renderer>,
    pub(super) engine: Arc<Engine>,
    pub(super) host: Host,
    pub(super) catalog: Catalog,
    warehouse: Warehouse,
    published: Option<Build>,
    policy: ReusePolicy,
    makers: BTreeMap<RelationName, NodeId>,
    state: Mutex<BTreeMap<NodeId, Planning>>,
    messages: Mutex<Vec<Message>>,
}

/// What a planner works with.
#[derive(Debug)]
pub struct PlannerParts {
    /// The graph.
    pub graph: Arc<Graph>,
    /// The templates.
    pub renderer: Arc<Renderer>,
    /// The engine.
    pub engine: Arc<Engine>,
    /// The machine.
    pub host: Host,
    /// The warehouse.
    pub warehouse: Warehouse,
    /// What is published in it.
    pub published: Option<Build>,
    /// Whether what is in the store is used again.
    pub policy: ReusePolicy,
}

impl Planner {
    /// Begins, with everything that is published known to the catalog.
    pub fn new(parts: PlannerParts) -> Self {
        let target = &parts.graph.project.target;
        let catalog = Catalog::new(Arc::clone(&parts.engine), &target.database, &target.schema);
        for relation in parts.published.iter().flat_map(|build| &build.relations) {
            let known = match &relation.sql {
                Some(sql) => Known::View(Arc::from(sql.as_str())),
                None => Known::Stored(stored_files(&parts.warehouse, &relation.name, &relation.table)),
            };
            catalog.define(relation.name.clone(), known);
        }
        let makers = parts.graph.makers();
        Self {
            graph: parts.graph,
            renderer: parts.renderer,
            engine: parts.engine,
            host: parts.host,
            catalog,
            warehouse: parts.warehouse,
            published: parts.published,
            policy: parts.policy,
            makers,
            state: Mutex::default(),
            messages: Mutex::default(),
        }
    }

    /// The relations as they are now.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The machine.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Whether what is in the store is used again.
    pub fn policy(&self) -> ReusePolicy {
        self.policy
    }

    /// What has been planned of a node.
    pub fn planned(&self, id: &NodeId) -> Option<Arc<PlannedNode>> {
        match self.state.lock().get(id) {
            Some(Planning::Ready(planned)) => Some(Arc::clone(planned)),
            _ => None,
        }
    }

    /// The instant the run is for.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.engine.as_of()
    }

    /// Plans a node whose parents have been planned; says again what it said before.
    pub fn plan(&self, id: &NodeId) -> Planning {
        if let Some(known) = self
            .state
            .lock()
            .get(id)
            .filter(|known| !matches!(known, Planning::Deferred(_)))
        {
            return known.clone();
        }
        let planning = self.plan_anew(id);
        self.state.lock().insert(id.clone(), planning.clone());
        planning
    }

    /// Takes note that a table has been built.
    pub fn built(&self, relation: &RelationName, table: &StoredTable) {
        self.catalog.define(
            relation.clone(),
            Known::Stored(stored_files(&self.warehouse, relation, table)),
        );
    }

    /// Turns a fault in a node's SQL into a diagnostic at the author's place.
    pub fn locate(&self, node: &GraphNode, places: &SourceMap, fault: SqlFault) -> Diagnostic {
        let position = fault.position;
        let place = position.and_then(|at| places.template_position(at.line, at.column));
        let compiled = self.graph.compiled_path(&node.node);
        let mut diagnostic = fault.into_diagnostic();
        let Some(at) = position else {
            return diagnostic.at(Span::file(&node.node.original_file_path));
        };
        diagnostic = diagnostic.note(format!(
            "compiled to {}:{}:{}",
            compiled.display(),
            at.line,
            at.column
        ));
        if let Some(origin) = self.origin(places.text(), at) {
            return diagnostic.at(origin);
        }
        let span = match place {
            None => Span::file(&node.node.original_file_path),
            Some(TemplatePosition {
                span,
                kind: PositionKind::Literal,
            }) => Span {
                width: at.width,
                ..span
            },
            Some(TemplatePosition {
                span,
                kind: PositionKind::Expression,
            }) => span,
            Some(TemplatePosition {
                span,
                kind: PositionKind::Macro { name, inside },
            }) => {
                diagnostic = diagnostic.note(format!("in the SQL that macro `{name}` writes at {inside}"));
                span
            }
        };
        diagnostic.at(span)
    }

    /// Where a text that a template took from the project's YAML was written, when the fault lies in it.
    fn origin(&self, sql: &str, at: Position) -> Option<Span> {
        let line_start: usize = sql.split_inclusive('\n').take(at.line - 1).map(str::len).sum();
        let line = sql.get(line_start..)?;
        let fault = line_start
            + line
                .char_indices()
                .nth(at.column - 1)
                .map_or(0, |(offset, _)| offset);
        let covers = |text: &str| {
            sql.match_indices(text)
                .any(|(start, _)| (start..start + text.len()).contains(&fault))
        };
        let origins = &self.graph.project.origins;
        let (_, span) = origins.iter().find(|(text, _)| covers(text))?;
        let word: String = sql.get(fault..)?.chars().take(at.width).collect();
        Some(self.word_from(span, &word).unwrap_or_else(|| span.clone()))
    }

    /// Where a word stands in a file, from a place on.
    fn word_from(&self, from: &Span, word: &str) -> Option<Span> {
        let text = self
            .host
            .read_text(&self.graph.project.root.join(&from.file))
            .ok()?;
        let mut lines = text.lines().enumerate().skip(from.line.saturating_sub(1));
        let (line, before) = lines.find_map(|(index, line)| Some((index + 1, line.split_once(word)?.0)))?;
        let column = before.chars().count() + 1;
        Some(Span::new(&from.file, line, column, word.chars().count()))
    }

    fn plan_anew(&self, id: &NodeId) -> Planning {
        let started_at = self.host.now();
        let Some(node) = self.graph.node(id) else {
            return Planning::Faulty(vec![Diagnostic::error(
                codes::INTERNAL,
                format!("no node `{id}`"),
            )]);
        };
        if let Some(waiting) = self.waiting_for(node) {
            return waiting;
        }
        let outcome = match node.node.kind {
            NodeKind::Seed => self.plan_seed(node),
            _ => self.plan_sql(node),
        };
        match outcome {
            Ok(mut planned) => {
                planned.timing = Timing {
                    started_at,
                    completed_at: self.host.now(),
                };
                Planning::Ready(Arc::new(planned))
            }
            Err(planning) => planning,
        }
    }

    /// A node waits while a parent is deferred, and is blocked by a parent's fault.
    fn waiting_for(&self, node: &GraphNode) -> Option<Planning> {
        let state = self.state.lock();
        let mut deferred = Vec::new();
        for parent in &node.depends_on {
            match state.get(parent) {
                Some(Planning::Faulty(_) | Planning::Blocked(_)) => {
                    return Some(Planning::Blocked(parent.clone()));
                }
                Some(Planning::Deferred(_)) => deferred.push(parent.clone()),
                Some(Planning::Ready(_)) | None => {}
            }
        }
        (!deferred.is_empty()).then_some(Planning::Deferred(deferred))
    }

    fn plan_sql(&self, node: &GraphNode) -> Result<PlannedNode, Planning> {
        let rendered = self.render(node)?;
        let version = self.version(node, &rendered.sql, rendered.reads_clock);
        let mut planned = self.stand(node, rendered.sql, rendered.source_map, version);
        planned.reuse = self.reusable(node, &planned.version);
        let is_promised = node.config.contract_enforced;
        let is_new = planned.reuse.is_none() || is_promised;
        if is_new && node.node.kind != NodeKind::Operation && !self.has_tested_column(node) {
            let resolved = self.understand(node, &planned)?;
            let columns = resolved.query.schema();
            let breaches = contract::breaches(node, &columns);
            if !breaches.is_empty() {
                return Err(Planning::Faulty(breaches));
            }
            planned.columns = Some(if node.node.kind == NodeKind::Snapshot {
                snapshot_columns(&columns, &MetaColumns::of(&node.config), node.config.hard_deletes)
            } else {
                columns
            });
        }
        self.define(node, &planned);
        Ok(planned)
    }

    pub(super) fn render(&self, node: &GraphNode) -> Result<Rendered, Planning> {
        let stand_ins = BTreeMap::new();
        let world = self.world(&node.node.package, &stand_ins);
        let unit = self.graph.render_unit(node);
        let rendered = match &node.node.generic_test {
            Some(test) => self.renderer.render_test(test, &unit, &world),
            None => self.renderer.render(&unit, &world),
        };
        let rendered = rendered.map_err(|failure| match failure {
            RenderFailure::Fault(diagnostic) => Planning::Faulty(vec![diagnostic]),
            RenderFailure::Deferred { needs } => Planning::Deferred(needs),
        })?;
        self.messages.lock().extend(rendered.messages.iter().cloned());
        Ok(rendered)
    }

    /// What templates have said since this was last asked.
    pub fn take_messages(&self) -> Vec<Message> {
        std::mem::take(&mut *self.messages.lock())
    }

    pub(super) fn world<'a>(
        &'a self,
        package: &'a str,
        stand_ins: &'a BTreeMap<NodeId, RelationName>,
    ) -> RunWorld<'a> {
        RunWorld {
            graph: &self.graph,
            catalog: &self.catalog,
            engine: &self.engine,
            makers: &self.makers,
            package,
            stand_ins,
        }
    }

    /// Whether a node is one of dbt's own tests of a column that is there: then its SQL holds no fault.
    fn has_tested_column(&self, node: &GraphNode) -> bool {
        let Some(column) = node.plainly_tested_column(&["not_null", "unique"]) else {
            return false;
        };
        let attached = node
            .node
            .generic_test
            .as_ref()
            .map(|test| self.graph.readable_name(&test.attached));
        let columns = attached.and_then(|name| self.catalog.columns(&name).ok().flatten());
        columns.is_some_and(|schema| schema.fields().iter().any(|field| field.name() == column))
    }

    /// Plans a node's SQL, for its columns and its faults.
    fn understand(&self, node: &GraphNode, planned: &PlannedNode) -> Result<Resolved, Planning> {
        let resolved = match &node.node.generic_test {
            // What only the optimizer finds fault with is in the author's own SQL, not in that of a generic test.
            Some(_) => self.catalog.plan_again(&planned.compiled),
            None => self.catalog.plan(&planned.compiled),
        };
        resolved.map_err(|fault| Planning::Faulty(vec![self.locate(node, &planned.places, fault)]))
    }

    fn plan_seed(&self, node: &GraphNode) -> Result<PlannedNode, Planning> {
        let options = SeedOptions {
            delimiter: node.config.delimiter,
            column_types: node.config.column_types.clone().into_iter().collect(),
            quote_columns: node.config.quote_columns.unwrap_or_default(),
        };
        let rows = self
            .engine
            .csv_seed(&node.node.code.text, &options)
            .map_err(|fault| Planning::Faulty(vec![Self::locate_in_seed(node, fault)]))?;
        let version = VersionBuilder::new("seed")
            .part(&node.node.code.text[..])
            .part(format!("{options:?}"))
            .finish();
        let mut planned = self.stand(node, String::new(), SourceMap::default(), version);
        planned.reuse = self.reusable(node, &planned.version);
        planned.columns = Some(rows.schema());
        self.catalog
            .define(Self::relation(node)?, Known::Rows(rows.clone()));
        planned.rows = Some(rows);
        Ok(planned)
    }

    fn locate_in_seed(node: &GraphNode, fault: SqlFault) -> Diagnostic {
        let span = fault.position.map_or_else(
            || Span::file(&node.node.original_file_path),
            |at| Span::new(&node.node.original_file_path, at.line, at.column, at.width),
        );
        fault.into_diagnostic().at(span)
    }

    fn relation(node: &GraphNode) -> Result<RelationName, Planning> {
        node.relation.clone().ok_or_else(|| {
            let message = format!("`{}` has no relation", node.node.id);
            Planning::Faulty(vec![Diagnostic::error(codes::INTERNAL, message)])
        })
    }

    fn stand(&self, node: &GraphNode, sql: String, places: SourceMap, version: String) -> PlannedNode {
        let now = self.host.now();
        PlannedNode {
            id: node.node.id.clone(),
            compiled: Arc::from(sql),
            places: Arc::new(places),
            version,
            columns: None,
            reuse: None,
            rows: None,
            timing: Timing {
                started_at: now,
                completed_at: now,
            },
        }
    }

    /// Says in the catalog what the node's relation stands for until it is built.
    fn define(&self, node: &GraphNode, planned: &PlannedNode) {
        let view = || Known::View(Arc::clone(&planned.compiled));
        match (&node.relation, &planned.reuse, &planned.columns) {
            (None, _, _) if node.node.kind == NodeKind::Model => {
                let target = &self.graph.project.target;
                let name = RelationName::new(&target.database, &target.schema, ephemeral_name(&node.node.id));
                self.catalog.define(name, view());
            }
            (Some(name), _, _) if node.is_view() => self.catalog.define(name.clone(), view()),
            (Some(name), Some(Reuse::Table(table)), _) => self.built(name, table),
            (Some(name), None, Some(columns)) if node.makes_table() => {
                self.catalog
                    .define(name.clone(), Known::Planned(Arc::clone(columns)));
            }
            _ => {}
        }
    }

    fn reusable(&self, node: &GraphNode, version: &str) -> Option<Reuse> {
        if self.policy == ReusePolicy::Rebuild {
            return None;
        }
        let published = self.published.as_ref();
        if node.node.kind == NodeKind::Test {
            let verdict = published?.verdicts.get(&node.node.id)?;
            return (verdict.version == version).then(|| Reuse::Verdict(verdict.clone()));
        }
        let relation = node.relation.as_ref()?;
        if node.is_view() {
            let same = published?.relation(relation)?.table.version == version;
            return same.then_some(Reuse::View);
        }
        if node.node.kind == NodeKind::Snapshot {
            let former = published?.relation(relation)?;
            return (former.inputs.as_deref() == Some(version)).then(|| Reuse::Table(former.table.clone()));
        }
        self.warehouse.stored(relation, version).map(Reuse::Table)
    }

    /// The version of a node with this SQL.
    fn version(&self, node: &GraphNode, sql: &str, reads_clock: bool) -> String {
        let mut version = VersionBuilder::new(node.node.kind.resource_type())
            .part(sql)
            .part(node.build_config());
        if let Some(relation) = &node.relation {
            version = version.part(relation.quoted());
        }
        let parents: BTreeSet<&NodeId> = node.depends_on.iter().collect();
        for parent in parents {
            version = version.part(parent.as_str()).part(self.version_of(parent));
        }
        if reads_clock || mentions_clock(sql) {
            version = version.part(crate::time::iso(self.as_of()));
        }
        version.finish()
    }

    /// The version of something a node reads: as planned, as published, or as the files are.
    pub(super) fn version_of(&self, id: &NodeId) -> String {
        if let Some(Planning::Ready(planned)) = self.state.lock().get(id) {
            return planned.version.clone();
        }
        if self.graph.source(id).is_some() {
            return match self.catalog.get(&self.graph.readable_name(id)) {
                Some(Known::Extract(table)) => of_extract(table.location(), table.files()),
                _ => "absent".to_owned(),
            };
        }
        self.graph
            .relation(id)
            .and_then(|name| self.published.as_ref()?.relation(name))
            .map_or_else(|| "none".to_owned(), |relation| relation.table.version.clone())
    }
}

/// The name under which an ephemeral model is read.
pub(super) fn ephemeral_name(id: &NodeId) -> String {
    format!("__dbt__cte__{}", id.short().replace('.', "_"))
}

/// The columns of a snapshot: those of the present rows and those that it adds.
fn snapshot_columns(present: &Schema, meta: &MetaColumns, hard_deletes: HardDeletes) -> SchemaRef {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
    let deleted = (hard_deletes == HardDeletes::NewRecord).then_some((&meta.is_deleted, DataType::Utf8));
    let added = [
        (&meta.scd_id, DataType::Utf8),
        (&meta.updated_at, instant.clone()),
        (&meta.valid_from, instant.clone()),
        (&meta.valid_to, instant),
    ];
    let added = added
        .into_iter()
        .chain(deleted)
        .map(|(name, of_type)| Arc::new(Field::new(name, of_type, true)));
    Arc::new(Schema::new(
        present.fields().iter().cloned().chain(added).collect::<Vec<_>>(),
    ))
}

fn stored_files(warehouse: &Warehouse, relation: &RelationName, table: &StoredTable) -> Vec<PathBuf> {
    let folder = warehouse.version_folder(relation, &table.version);
    table.files.iter().map(|file| folder.join(&file.name)).collect()
}
