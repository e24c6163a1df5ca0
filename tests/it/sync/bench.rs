//! What every test of syncs stands on: a project in a temporary folder, a model that tests set, a clock that never
//! waits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use headwater::engine::{Engine, EngineSettings, PlannedQuery, Scope};
use headwater::error::{Diagnostic, Result};
use headwater::host::Host;
use headwater::project::node::TemplateText;
use headwater::sync::{
    Clock, Connections, Models, Preview, Registry, RunOptions, Silent, SyncConfig, SyncContext, SyncProject,
    SyncReport, WireConnections, load, preview, record_tables, run,
};
use serde_json::Value;
use tempfile::TempDir;

/// A clock that goes forward when somebody waits, at once.
#[derive(Debug)]
pub struct QuickClock {
    now: Mutex<DateTime<Utc>>,
    waited: Mutex<Duration>,
}

impl QuickClock {
    fn new() -> Self {
        Self {
            now: Mutex::new(Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap()),
            waited: Mutex::default(),
        }
    }

    /// How long everybody has waited.
    pub fn waited(&self) -> Duration {
        *self.waited.lock().unwrap()
    }
}

#[async_trait]
impl Clock for QuickClock {
    fn now(&self) -> DateTime<Utc> {
        let mut now = self.now.lock().unwrap();
        *now += TimeDelta::microseconds(1);
        *now
    }

    async fn sleep(&self, duration: Duration) {
        *self.now.lock().unwrap() += TimeDelta::from_std(duration).unwrap();
        *self.waited.lock().unwrap() += duration;
        tokio::task::yield_now().await;
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// A model that is a query over nothing.
#[derive(Debug)]
pub struct SqlModel {
    engine: Engine,
    sql: Mutex<String>,
}

impl Models for SqlModel {
    fn plan(&self, _sync: &SyncConfig) -> Result<PlannedQuery> {
        let sql = self.sql.lock().unwrap().clone();
        self.engine
            .plan(&sql, &Scope::new("headwater", "cdp"))
            .map_err(|fault| fault.into_diagnostic().into())
    }
}

/// A project with syncs, and all that runs them.
pub struct Bench {
    pub folder: TempDir,
    pub host: Host,
    pub engine: Engine,
    pub clock: Arc<QuickClock>,
    pub project: SyncProject,
    pub diagnostics: Vec<Diagnostic>,
    pub model: SqlModel,
    pub connections: Box<dyn Connections>,
}

impl Bench {
    /// Loads a sync file; `{{ env_var('NAME') }}` becomes `secret-NAME`.
    pub fn new(yaml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::fixed(
            Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap(),
            BTreeMap::new(),
            folder.path().to_path_buf(),
        );
        let engine = Engine::new(EngineSettings {
            threads: 2,
            memory_limit_bytes: None,
            temp_directory: folder.path().join("tmp"),
            settings: indexmap::IndexMap::new(),
            as_of: host.now(),
            environment: BTreeMap::new(),
        })
        .unwrap();
        let syncs = folder.path().join("syncs");
        host.write_atomic(&syncs.join("syncs.yml"), yaml.as_bytes())
            .unwrap();
        #[allow(clippy::result_large_err, reason = "the renderer's own type")]
        let render = |text: &TemplateText| -> std::result::Result<Value, Diagnostic> {
            let (before, rest) = text.text.split_once("{{").unwrap();
            let (call, after) = rest.split_once("}}").unwrap();
            let name = call.split('\'').nth(1).unwrap();
            Ok(Value::String(format!("{before}secret-{name}{after}")))
        };
        let (project, diagnostics) = load(&host, folder.path(), &[syncs], &Registry::standard(), &render);
        let connections = WireConnections {
            host: host.clone(),
            engine: engine.clone(),
            base: folder.path().to_path_buf(),
        };
        Self {
            model: SqlModel {
                engine: engine.clone(),
                sql: Mutex::new("select 1".to_owned()),
            },
            host,
            engine,
            clock: Arc::new(QuickClock::new()),
            project,
            diagnostics,
            connections: Box::new(connections),
            folder,
        }
    }

    /// Sets the model's rows: a `values` list and the columns' names.
    pub fn rows(&self, values: &str, columns: &str) {
        self.sql(&format!("select * from (values {values}) as t({columns})"));
    }

    /// Sets the model's query.
    pub fn sql(&self, sql: &str) {
        sql.clone_into(&mut self.model.sql.lock().unwrap());
    }

    /// The folder of all states.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("warehouse/sync")
    }

    /// Runs every sync of the project.
    pub async fn run(&self) -> SyncReport {
        self.run_with(RunOptions::default()).await
    }

    pub async fn run_with(&self, options: RunOptions) -> SyncReport {
        let root = self.root();
        let syncs: Vec<&SyncConfig> = self.project.syncs.values().collect();
        run(&self.context(&root), &syncs, options).await
    }

    /// What a run of the only sync would do.
    pub async fn preview(&self) -> Preview {
        let root = self.root();
        let sync = self.project.syncs.values().next().unwrap();
        preview(&self.context(&root), sync, RunOptions::default())
            .await
            .unwrap()
    }

    pub fn context<'a>(&'a self, root: &'a std::path::Path) -> SyncContext<'a> {
        SyncContext {
            host: &self.host,
            engine: &self.engine,
            root,
            project: &self.project,
            models: &self.model,
            connections: self.connections.as_ref(),
            clock: self.clock.as_ref(),
            reporter: &Silent,
        }
    }

    /// Queries the records; each row as its cells' text.
    pub async fn records(&self, sql: &str) -> Vec<String> {
        let mut scope = Scope::new("headwater", "main");
        for table in record_tables(&self.engine, &self.host, &self.root()).unwrap() {
            let name = headwater::names::RelationName::new("headwater", "main", table.name);
            scope.insert(name, table.source);
        }
        let query = self.engine.plan(sql, &scope).unwrap();
        let batches = self.engine.rows(&query, None).await.unwrap();
        let mut rows = Vec::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = batch
                    .columns()
                    .iter()
                    .map(|column| {
                        headwater::engine::arrow::util::display::array_value_to_string(column, row).unwrap()
                    })
                    .collect();
                rows.push(cells.join(" "));
            }
        }
        rows
    }

    /// A file of the project's folder, as text.
    pub fn file(&self, path: &str) -> String {
        let path = self.folder.path().join(path);
        self.host.read_text(&path).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The files below a folder of the project, relative to it.
    pub fn files(&self, path: &str) -> Vec<String> {
        let folder = self.folder.path().join(path);
        self.host
            .walk(&folder)
            .iter()
            .map(|file| file.strip_prefix(&folder).unwrap().display().to_string())
            .collect()
    }
}
