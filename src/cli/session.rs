//! What most commands begin with: the project, its graph, the engine and the warehouse, opened once.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::arguments::{Global, Running, Selection};
use super::terminal::Terminal;
use crate::engine::{Engine, EngineSettings};
use crate::error::{Diagnostic, Error, Result, Severity};
use crate::graph::plan::{Planner, PlannerParts, ReusePolicy};
use crate::graph::sources::{SourcePolicy, open_sources};
use crate::graph::{Graph, link};
use crate::host::Host;
use crate::jinja::{ClockContext, Renderer, YamlTemplates};
use crate::materialize::RunCtx;
use crate::names::NodeId;
use crate::project::node::Project;
use crate::project::selector::{self, IndirectSelection, SelectionFacts, SelectionRequest};
use crate::project::{LoadOptions, load};
use crate::warehouse::{LockHolder, LockWait, Warehouse, WarehouseLock};

/// A project, linked.
pub(super) struct Opened {
    pub(super) graph: Arc<Graph>,
    pub(super) renderer: Arc<Renderer>,
    pub(super) as_of: DateTime<Utc>,
    pub(super) invocation: Invocation,
}

/// One invocation of the program.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) id: String,
    pub(super) started_at: DateTime<Utc>,
    pub(super) command: &'static str,
}

/// Opens the project and links its graph; tells warnings, fails on errors.
pub(super) fn open(
    host: &Host,
    global: &Global,
    terminal: &Terminal,
    command: &'static str,
) -> Result<Opened> {
    let started_at = host.now();
    let options = load_options(global)?;
    let invocation = Invocation {
        id: host.new_id().to_string(),
        started_at,
        command,
    };
    let texts = YamlTemplates::new(clock(&invocation, started_at), host);
    let (project, diagnostics) = load(host, &options, &texts);
    if let Some(project) = &project {
        terminal.set_root(project.root.clone());
    }
    tell(terminal, global, diagnostics)?;
    let project = project
        .ok_or_else(|| Error::Internal("the project could not be read, and nobody said why".into()))?;
    let as_of = as_of(global, &project, started_at)?;
    let (renderer, diagnostics) = Renderer::new(&project, clock(&invocation, as_of), host);
    tell(terminal, global, diagnostics)?;
    let (graph, diagnostics) = link(project, &renderer);
    tell(terminal, global, diagnostics)?;
    Ok(Opened {
        graph: Arc::new(graph),
        renderer: Arc::new(renderer),
        as_of,
        invocation,
    })
}

fn clock(invocation: &Invocation, as_of: DateTime<Utc>) -> ClockContext {
    ClockContext {
        run_started_at: as_of,
        invocation_id: invocation.id.clone(),
        command: invocation.command.to_owned(),
        flags: Map::new(),
        selected_resources: Vec::new(),
    }
}

fn indirect(word: &str) -> Result<IndirectSelection> {
    IndirectSelection::parse(word).ok_or_else(|| {
        Error::Usage(format!(
            "`--indirect-selection {word}`: it is eager, cautious, buildable or empty"
        ))
    })
}

fn load_options(global: &Global) -> Result<LoadOptions> {
    Ok(LoadOptions {
        project_dir: global.project_dir.clone(),
        profiles_dir: global.profiles_dir.clone(),
        profile: global.profile.clone(),
        target: global.target.clone(),
        target_path: global.target_path.clone(),
        vars: command_line_vars(global.vars.as_deref())?,
        threads: global.threads,
    })
}

fn command_line_vars(text: Option<&str>) -> Result<Map<String, Value>> {
    let Some(text) = text else { return Ok(Map::new()) };
    match serde_saphyr::from_str::<Value>(text) {
        Ok(Value::Object(vars)) => Ok(vars),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(Error::Usage(
            "`--vars` is no mapping: write '{name: value}'".into(),
        )),
        Err(e) => {
            let told = e.to_string();
            let first = told.lines().next().unwrap_or_default();
            let reason = first.trim_start_matches("error: ");
            Err(Error::Usage(format!("`--vars` is no YAML: {reason}")))
        }
    }
}

/// The instant the run is for: flag, then environment, then target, then now.
fn as_of(global: &Global, project: &Project, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let Some(text) = global.as_of.as_deref().or(project.target.as_of.as_deref()) else {
        return Ok(now);
    };
    crate::time::parse_instant(text).ok_or_else(|| {
        Error::Usage(format!(
            "`{text}` is no instant: write 2026-06-30 or 2026-06-30T12:00:00"
        ))
    })
}

/// Prints warnings and fails on errors; with `--warn-error` warnings are errors.
pub(super) fn tell(terminal: &Terminal, global: &Global, mut diagnostics: Vec<Diagnostic>) -> Result<()> {
    if global.warn_error {
        for diagnostic in &mut diagnostics {
            diagnostic.severity = Severity::Error;
        }
    }
    told(terminal, diagnostics)
}

/// Prints warnings and fails on errors.
pub(super) fn told(terminal: &Terminal, diagnostics: Vec<Diagnostic>) -> Result<()> {
    let (errors, warnings): (Vec<_>, Vec<_>) = diagnostics.into_iter().partition(Diagnostic::is_error);
    for warning in &warnings {
        terminal.diagnostic(warning);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::Diagnostics(errors))
    }
}

impl Opened {
    /// What renders the texts of YAML files.
    pub(super) fn texts(&self, host: &Host) -> YamlTemplates {
        YamlTemplates::new(clock(&self.invocation, self.as_of), host)
    }

    /// The nodes that a selection means, in topological order.
    pub(super) fn select(
        &self,
        selection: &Selection,
        kinds: &[&str],
        terminal: &Terminal,
    ) -> Result<Vec<NodeId>> {
        let request = SelectionRequest {
            select: selection.select.clone(),
            exclude: selection.exclude.clone(),
            selector: selection.selector.clone(),
            resource_types: selection.resource_type.clone(),
            indirect: indirect(&selection.indirect_selection)?,
            facts: SelectionFacts::default(),
        };
        let (chosen, diagnostics) =
            selector::select(self.graph.as_ref(), &self.graph.project.selectors, &request);
        told(terminal, diagnostics)?;
        let wanted = |id: &&NodeId| chosen.contains(*id) && kinds.contains(&id.resource_type());
        Ok(self.graph.order.iter().filter(wanted).cloned().collect())
    }

    /// Nodes with all they read, directly or not, that is not published, in topological order.
    pub(super) fn with_unbuilt_ancestors(&self, host: &Host, nodes: &[NodeId]) -> Result<Vec<NodeId>> {
        let published = self.warehouse(host).current()?;
        let is_built = |id: &NodeId| {
            let relation = self.graph.relation(id);
            relation.is_some_and(|name| published.iter().any(|build| build.relation(name).is_some()))
        };
        let mut wanted: BTreeSet<&NodeId> = nodes.iter().collect();
        for id in self.graph.order.iter().rev() {
            if wanted.contains(id) {
                wanted.extend(self.graph.parents(id).iter().filter(|parent| !is_built(parent)));
            }
        }
        Ok(self
            .graph
            .order
            .iter()
            .filter(|id| wanted.contains(id))
            .cloned()
            .collect())
    }

    /// The engine of the target.
    pub(super) fn engine(&self, host: &Host) -> Result<Arc<Engine>> {
        let target = &self.graph.project.target;
        let warehouse = self.warehouse(host);
        let engine = Engine::new(EngineSettings {
            threads: target.threads,
            memory_limit_bytes: target.memory_limit_bytes,
            temp_directory: target
                .temp_directory
                .clone()
                .unwrap_or_else(|| warehouse.spill_folder()),
            settings: target.settings.clone(),
            as_of: self.as_of,
            environment: host.environment().clone(),
        })?;
        Ok(Arc::new(engine))
    }

    /// The warehouse of the target.
    pub(super) fn warehouse(&self, host: &Host) -> Warehouse {
        Warehouse::open(host, &PathBuf::from(&self.graph.project.target.warehouse))
    }

    /// Everything a run works with; `for_nodes` says which sources must be there.
    pub(super) async fn context(
        &self,
        (host, terminal): (&Host, &Terminal),
        for_nodes: &[NodeId],
        policy: ReusePolicy,
        sources: SourcePolicy,
    ) -> Result<Arc<RunCtx>> {
        let engine = self.engine(host)?;
        let warehouse = self.warehouse(host);
        let published = warehouse.current()?;
        let planner = Planner::new(PlannerParts {
            graph: Arc::clone(&self.graph),
            renderer: Arc::clone(&self.renderer),
            engine: Arc::clone(&engine),
            host: host.clone(),
            warehouse: warehouse.clone(),
            published: published.clone(),
            policy,
        });
        told(terminal, open_sources(&planner, for_nodes, sources).await)?;
        Ok(Arc::new(RunCtx {
            graph: Arc::clone(&self.graph),
            planner,
            engine,
            warehouse,
            published,
        }))
    }

    /// Takes the warehouse's lock.
    pub(super) fn lock(&self, host: &Host, running: &Running) -> Result<WarehouseLock> {
        let holder = LockHolder {
            command: format!("headwater {}", self.invocation.command),
            process_id: std::process::id(),
            since: host.now(),
        };
        self.warehouse(host).lock(
            &holder,
            LockWait {
                seconds: running.lock_wait,
            },
        )
    }
}
