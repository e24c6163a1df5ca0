//! Templates: dbt's Jinja, parsed by minijinja and evaluated with Python's meaning of values.
//!
//! A [`Renderer`] holds every macro of a project. It works in two phases: [`Renderer::capture`] collects what a
//! template refers to, without data; [`Renderer::render`] writes the SQL, asks a [`World`] for what it needs, and keeps
//! the way back from each piece of the SQL to the author's template in a [`SourceMap`].
//!
//! minijinja's own machine cannot return values from macros, change lists, or say which part of a template wrote a
//! piece of text, so its parser, values, filters and tests are used, and the tree is walked here.

mod builtin;
mod context;
mod eval;
mod fault;
mod generic_test;
mod output;
mod record;
mod registry;
mod source_map;
mod syntax;
mod unit;
mod value;
mod vars;
mod world;
mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value};

pub use record::{Capture, Message, MessageLevel, RefCall, SourceCall};
pub use registry::MacroDef;
pub use source_map::{PositionKind, SourceMap, TemplatePosition};
pub use unit::{ClockContext, RenderUnit};
pub use world::{ColumnType, QueryTable, Reference, RelationKind, World, WorldError};
pub use yaml::YamlTemplates;

use crate::error::Diagnostic;
use crate::host::Host;
use crate::names::NodeId;
use crate::project::node::{GenericTest, Project, Target};
use eval::{Interpreter, Phase};
use fault::{Outcome, Signal};
use output::Output;
use record::Record;
use registry::Registry;
use syntax::TemplateFile;
use vars::Vars;

/// What rendering gives.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The SQL.
    pub sql: String,
    /// The way back to the template.
    pub source_map: SourceMap,
    /// Whether the template read the clock.
    pub reads_clock: bool,
    /// Whether the template asked for data.
    pub introspected: bool,
    /// What the template said.
    pub messages: Vec<Message>,
    /// The nodes it referred to.
    pub refs: Vec<RefCall>,
    /// The sources it referred to.
    pub sources: Vec<SourceCall>,
    /// The macros it called: `macro.<package>.<name>`.
    pub macros: Vec<String>,
    /// What `set_sql_header` was given.
    pub sql_header: Option<String>,
}

/// Why a template was not rendered.
#[derive(Debug, Clone)]
pub enum RenderFailure {
    /// Something is wrong.
    Fault(Diagnostic),
    /// The template asks for data of nodes that are not built yet.
    Deferred {
        /// The nodes.
        needs: Vec<NodeId>,
    },
}

/// What a macro gave when it was called by itself.
#[derive(Debug, Clone)]
pub struct MacroResult {
    /// What it returned, or else the text it wrote.
    pub value: Value,
    /// The value as text, as it would be rendered.
    pub text: String,
    /// What it said.
    pub messages: Vec<Message>,
    /// Whether it asked for data.
    pub introspected: bool,
}

/// Renders the templates of one project.
#[derive(Debug)]
pub struct Renderer {
    registry: Registry,
    environment: Environment<'static>,
    clock: ClockContext,
    vars: Vars,
    target: Option<Target>,
    project_name: String,
    docs: BTreeMap<(String, String), String>,
    host_environment: BTreeMap<String, String>,
    secrets: Secrets,
}

/// Whether secret environment variables may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// In SQL and macros they may not.
    Refused,
    /// In YAML they may.
    Shown,
}

impl Renderer {
    /// Reads every macro of a project.
    pub fn new(project: &Project, clock: ClockContext, host: &Host) -> (Self, Vec<Diagnostic>) {
        let (registry, diagnostics) = Registry::load(project);
        let docs = project
            .docs
            .values()
            .map(|doc| ((doc.package.clone(), doc.name.clone()), doc.contents.clone()))
            .collect();
        let renderer = Self {
            registry,
            environment: environment(),
            clock,
            vars: Vars::of(project),
            target: Some(project.target.clone()),
            project_name: project.name.clone(),
            docs,
            host_environment: host.environment().clone(),
            secrets: Secrets::Refused,
        };
        (renderer, diagnostics)
    }

    /// Collects what a template refers to, without asking for data.
    ///
    /// # Errors
    /// A diagnostic `HW02…` when the template cannot be parsed or evaluated.
    pub fn capture(&self, unit: &RenderUnit<'_>) -> Result<Capture, Diagnostic> {
        match self.evaluate(unit, Phase::Capture) {
            Ok((_, record)) => Ok(record.into_capture()),
            Err(RenderFailure::Fault(diagnostic)) => Err(diagnostic),
            Err(RenderFailure::Deferred { .. }) => Ok(Capture::default()),
        }
    }

    /// Writes a template's SQL.
    ///
    /// # Errors
    /// [`RenderFailure::Fault`] with a diagnostic `HW02…`, or [`RenderFailure::Deferred`] when the world cannot answer
    /// yet.
    pub fn render(&self, unit: &RenderUnit<'_>, world: &dyn World) -> Result<Rendered, RenderFailure> {
        let (output, record) = self.evaluate(unit, Phase::Execute(world))?;
        Ok(rendered(output, record))
    }

    /// Collects what a generic test refers to.
    ///
    /// # Errors
    /// As [`Renderer::capture`].
    pub fn capture_test(&self, test: &GenericTest, unit: &RenderUnit<'_>) -> Result<Capture, Diagnostic> {
        match self.evaluate_test(test, unit, Phase::Capture) {
            Ok((_, record)) => Ok(record.into_capture()),
            Err(RenderFailure::Fault(diagnostic)) => Err(diagnostic),
            Err(RenderFailure::Deferred { .. }) => Ok(Capture::default()),
        }
    }

    /// Writes a generic test's SQL: what its macro gives for the relation under test and its arguments.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn render_test(
        &self,
        test: &GenericTest,
        unit: &RenderUnit<'_>,
        world: &dyn World,
    ) -> Result<Rendered, RenderFailure> {
        let (output, record) = self.evaluate_test(test, unit, Phase::Execute(world))?;
        Ok(rendered(output, record))
    }

    /// Calls a macro by itself: `generate_schema_name`, a `run-operation`.
    ///
    /// `name` may have its package before it; without a `world`, `execute` is false.
    ///
    /// # Errors
    /// `HW0203` when there is no such macro; else as [`Renderer::render`].
    pub fn call_macro(
        &self,
        name: &str,
        (args, named): (&[Value], &Map<String, Value>),
        unit: &RenderUnit<'_>,
        world: Option<&dyn World>,
    ) -> Result<MacroResult, RenderFailure> {
        let file = Arc::new(TemplateFile::new(unit.template));
        let phase = world.map_or(Phase::Capture, Phase::Execute);
        let mut interpreter = Interpreter::new(self, unit, phase, file);
        let found = match name.split_once('.') {
            Some((package, name)) => self.registry.find_in(package, name),
            None => self.registry.find_uninstalled(unit.package, name),
        };
        let Some(found) = found else {
            let known = self.registry.names(unit.package);
            let diagnostic = Diagnostic::error(
                crate::error::codes::UNDEFINED_MACRO,
                format!("macro `{name}` is not defined"),
            )
            .nearest(name, known.iter().map(String::as_str));
            return Err(RenderFailure::Fault(diagnostic));
        };
        let value = settled(interpreter.call_with_json(&found.value(), name, args, named))?;
        let record = std::mem::take(&mut interpreter.record);
        Ok(MacroResult {
            text: value::text::display(&value),
            value: value::json::to_json(&value),
            messages: record.messages,
            introspected: record.introspects,
        })
    }

    /// The macros, by `macro.<package>.<name>`.
    pub fn macros(&self) -> &IndexMap<String, MacroDef> {
        self.registry.definitions()
    }

    fn evaluate(&self, unit: &RenderUnit<'_>, phase: Phase<'_>) -> Result<(Output, Record), RenderFailure> {
        let file = Arc::new(TemplateFile::new(unit.template));
        let rewritten = syntax::blocks::rewrite(file.text());
        let body = syntax::parse_template(&file, &rewritten.text).map_err(RenderFailure::Fault)?;
        let mut interpreter = Interpreter::new(self, unit, phase, file);
        let output = settled(interpreter.run(&body))?;
        Ok((output, std::mem::take(&mut interpreter.record)))
    }

    fn evaluate_test(
        &self,
        test: &GenericTest,
        unit: &RenderUnit<'_>,
        phase: Phase<'_>,
    ) -> Result<(Output, Record), RenderFailure> {
        let file = Arc::new(TemplateFile::new(unit.template));
        let mut interpreter = Interpreter::new(self, unit, phase, file);
        let output = settled(interpreter.run_test(test))?;
        Ok((output, std::mem::take(&mut interpreter.record)))
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn environment(&self) -> &Environment<'static> {
        &self.environment
    }

    pub(crate) fn clock(&self) -> &ClockContext {
        &self.clock
    }

    pub(crate) fn vars(&self) -> &Vars {
        &self.vars
    }

    pub(crate) fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    pub(crate) fn default_database(&self) -> String {
        self.target
            .as_ref()
            .map(|target| target.database.clone())
            .unwrap_or_default()
    }

    pub(crate) fn default_schema(&self) -> String {
        self.target
            .as_ref()
            .map(|target| target.schema.clone())
            .unwrap_or_default()
    }

    pub(crate) fn secrets(&self) -> Secrets {
        self.secrets
    }

    pub(crate) fn project_name(&self) -> &str {
        &self.project_name
    }

    pub(crate) fn docs(&self) -> &BTreeMap<(String, String), String> {
        &self.docs
    }

    pub(crate) fn host_environment(&self) -> &BTreeMap<String, String> {
        &self.host_environment
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment
}

fn settled<T>(outcome: Outcome<T>) -> Result<T, RenderFailure> {
    outcome.map_err(|signal| match signal {
        Signal::Fault(fault) => RenderFailure::Fault(fault.into_diagnostic()),
        Signal::Deferred(needs) => RenderFailure::Deferred { needs },
        Signal::Return(_) | Signal::Break | Signal::Continue => RenderFailure::Fault(Diagnostic::error(
            crate::error::codes::TEMPLATE_SYNTAX,
            "`break`, `continue` or `return` stands where nothing can be left",
        )),
    })
}

fn rendered(output: Output, record: Record) -> Rendered {
    let source_map = SourceMap::new(&output);
    Rendered {
        sql: output.text,
        source_map,
        reads_clock: record.reads_clock,
        introspected: record.introspects,
        messages: record.messages,
        refs: record.refs,
        sources: record.sources,
        macros: record.macros.into_iter().collect(),
        sql_header: record.sql_header,
    }
}
