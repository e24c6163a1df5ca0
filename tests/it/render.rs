//! Templates: each case is a file of `fixtures/templates`, what comes of it a snapshot.
//!
//! A case is a JSON context, `---`, the template, and any number of `--- path` parts with macro files after it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwater::error::{Diagnostic, codes};
use headwater::host::Host;
use headwater::jinja::{
    Capture, ClockContext, ColumnType, Message, PositionKind, QueryTable, Reference, RelationKind,
    RenderFailure, RenderUnit, Rendered, Renderer, World, WorldError, YamlTemplates,
};
use headwater::names::{NodeId, RelationName};
use headwater::project::node::{DocBlock, GenericTest, MacroFile, Package, Project, Target, TemplateText};
use headwater::project::{LoadOptions, TextTemplates as _, load};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// What templates are told of data: the context's `relations` and `results`.
pub(crate) struct Fixture {
    relations: Map<String, Value>,
    results: Map<String, Value>,
}

fn pairs(columns: &Value) -> Vec<(String, String)> {
    let columns = columns.as_object().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    columns
        .iter()
        .map(|(name, data_type)| (name.clone(), text(data_type)))
        .collect()
}

impl World for Fixture {
    fn resolve_ref(
        &self,
        _: Option<&str>,
        name: &str,
        version: Option<&Value>,
    ) -> Result<Reference, WorldError> {
        if name.starts_with("ephemeral_") {
            return Ok(Reference::Cte(format!("__dbt__cte__{name}")));
        }
        if name == "nowhere" {
            let diagnostic = Diagnostic::error(codes::UNDEFINED_NAME, "there is no node `nowhere`");
            return Err(WorldError::Failed(diagnostic));
        }
        let suffix = version.map(|version| format!("_v{version}")).unwrap_or_default();
        Ok(Reference::Relation(RelationName::new(
            "db",
            "main",
            format!("{name}{suffix}"),
        )))
    }

    fn resolve_source(&self, source: &str, table: &str) -> Result<Reference, WorldError> {
        Ok(Reference::Relation(RelationName::new("db", source, table)))
    }

    fn run_query(&self, sql: &str) -> Result<QueryTable, WorldError> {
        if sql.contains("not_built") {
            return Err(WorldError::NotBuilt(vec![NodeId::new("model.shop.not_built")]));
        }
        let found = self.results.iter().find(|(part, _)| sql.contains(part.as_str()));
        let (_, result) = found.unwrap_or_else(|| panic!("no result for {sql}"));
        Ok(QueryTable {
            columns: pairs(&result["columns"]),
            rows: serde_json::from_value(result["rows"].clone()).unwrap(),
        })
    }

    fn columns(&self, relation: &RelationName) -> Result<Vec<ColumnType>, WorldError> {
        let columns = self
            .relations
            .get(&relation.identifier)
            .map(pairs)
            .unwrap_or_default();
        let column = |(name, data_type)| ColumnType { name, data_type };
        Ok(columns.into_iter().map(column).collect())
    }

    fn relation(&self, name: &RelationName) -> Result<Option<RelationKind>, WorldError> {
        Ok(self.relations.get(&name.identifier).map(|_| RelationKind::Table))
    }

    fn relations_in(&self, schema: &str) -> Result<Vec<(RelationName, RelationKind)>, WorldError> {
        let named = |name: &String| (RelationName::new("db", schema, name), RelationKind::Table);
        Ok(self.relations.keys().map(named).collect())
    }

    fn schemas(&self) -> Result<Vec<String>, WorldError> {
        Ok(vec!["main".to_owned()])
    }
}

/// One case.
pub(crate) struct Case {
    context: Value,
    pub(crate) template: TemplateText,
    project: Project,
}

fn text(file: &str, text: &str) -> TemplateText {
    TemplateText {
        text: Arc::from(text),
        file: PathBuf::from(file),
        first_line: 1,
    }
}

fn package(name: &str, context: &Value) -> Package {
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    Package {
        name: name.to_owned(),
        root: PathBuf::from(name),
        version: None,
        dispatch: context["dispatch"].as_array().cloned().unwrap_or_default(),
        vars: object(&context["package_vars"][name]),
    }
}

fn project(context: &Value, macro_files: Vec<MacroFile>) -> Project {
    let vars = context["vars"].as_object().cloned().unwrap_or_default();
    let mut packages: IndexMap<String, Package> = IndexMap::new();
    packages.insert("shop".to_owned(), package("shop", context));
    for file in &macro_files {
        let name = &file.package;
        packages
            .entry(name.clone())
            .or_insert_with(|| package(name, context));
    }
    Project {
        name: "shop".to_owned(),
        root: PathBuf::from("/shop"),
        packages,
        target: Target {
            profile_name: "shop".to_owned(),
            name: "dev".to_owned(),
            database: "db".to_owned(),
            schema: "main".to_owned(),
            warehouse: "/shop/warehouse".to_owned(),
            threads: 4,
            memory_limit_bytes: None,
            temp_directory: None,
            settings: IndexMap::new(),
            vars: Map::new(),
            as_of: None,
        },
        vars,
        cli_vars: Map::new(),
        nodes: IndexMap::new(),
        sources: IndexMap::new(),
        exposures: IndexMap::new(),
        unit_tests: IndexMap::new(),
        groups: IndexMap::new(),
        docs: IndexMap::from([(
            NodeId::new("doc.shop.orders"),
            DocBlock {
                id: NodeId::new("doc.shop.orders"),
                name: "orders".to_owned(),
                package: "shop".to_owned(),
                contents: "One row per order.".to_owned(),
                original_file_path: PathBuf::from("models/docs.md"),
            },
        )]),
        macro_files,
        macro_patches: Vec::new(),
        selectors: IndexMap::new(),
        origins: IndexMap::new(),
        sync_folders: Vec::new(),
        target_path: PathBuf::from("/shop/target"),
        clean_targets: Vec::new(),
        flags: Map::new(),
    }
}

impl Case {
    pub(crate) fn parse(source: &str) -> Self {
        let (context, rest) = source
            .split_once("\n---\n")
            .expect("a line of `---` after the context");
        let context: Value = serde_json::from_str(context).expect("a JSON context");
        let mut parts = rest.split("\n--- ");
        let template = text("models/model.sql", parts.next().unwrap());
        let macro_files = parts.map(|part| {
            let (path, code) = part.split_once('\n').unwrap();
            let package = path.split_once(':').map_or("shop", |(package, _)| package);
            MacroFile {
                package: package.to_owned(),
                code: text(path, code),
                original_file_path: PathBuf::from(path),
            }
        });
        let macro_files = macro_files.collect();
        Self {
            project: project(&context, macro_files),
            context,
            template,
        }
    }

    pub(crate) fn renderer(&self) -> (Renderer, Vec<Diagnostic>) {
        let environment = BTreeMap::from([
            ("REGION".to_owned(), "eu".to_owned()),
            ("DBT_ENV_SECRET_TOKEN".to_owned(), "hush".to_owned()),
        ]);
        Renderer::new(&self.project, clock(), &host(environment))
    }

    pub(crate) fn world(&self) -> Fixture {
        let object = |name: &str| self.context[name].as_object().cloned().unwrap_or_default();
        Fixture {
            relations: object("relations"),
            results: object("results"),
        }
    }

    fn outcome(&self) -> String {
        let (renderer, diagnostics) = self.renderer();
        let object = |name: &str| self.context[name].as_object().cloned().unwrap_or_default();
        let this = RelationName::new("db", "main", "model");
        let (config, model, overrides) = (object("config"), object("model"), object("overrides"));
        let unit = RenderUnit {
            this: Some(&this),
            config: &config,
            model: &model,
            overrides: &overrides,
            is_incremental: self.context["incremental"] == true,
            ..RenderUnit::new(&self.template, "shop")
        };
        let mut told: String = diagnostics.iter().map(tell).collect();
        if self.context["test"].is_object() {
            told += &rendered(renderer.render_test(&self.generic_test(), &unit, &self.world()));
        } else if self.context["capture"] == true {
            told += &captured(renderer.capture(&unit));
        } else {
            told += &rendered(renderer.render(&unit, &self.world()));
        }
        told
    }

    fn generic_test(&self) -> GenericTest {
        let test = &self.context["test"];
        GenericTest {
            name: test["name"].as_str().unwrap().to_owned(),
            namespace: test["namespace"].as_str().map(str::to_owned),
            kwargs: test["kwargs"].as_object().cloned().unwrap_or_default(),
            column_name: None,
            model: "ref('orders')".to_owned(),
            attached: NodeId::new("model.shop.orders"),
        }
    }
}

fn host(environment: BTreeMap<String, String>) -> Host {
    Host::fixed(
        "2024-05-06T07:08:09Z".parse().unwrap(),
        environment,
        PathBuf::from("/shop"),
    )
}

fn clock() -> ClockContext {
    ClockContext {
        run_started_at: "2024-05-06T07:08:09.123456Z".parse().unwrap(),
        invocation_id: "7b1c".to_owned(),
        command: "build".to_owned(),
        flags: Map::from_iter([("FULL_REFRESH".to_owned(), json!(false))]),
        selected_resources: vec!["model.shop.model".to_owned()],
    }
}

fn tell(diagnostic: &Diagnostic) -> String {
    let mut told = format!("{diagnostic}\n");
    let width = diagnostic.span.as_ref().map_or(0, |span| span.width);
    writeln!(told, "  width: {width}").unwrap();
    for note in &diagnostic.notes {
        writeln!(told, "  note: {note}").unwrap();
    }
    for hint in &diagnostic.hints {
        writeln!(told, "  hint: {hint}").unwrap();
    }
    told
}

fn messages(messages: &[Message]) -> String {
    let lines = messages
        .iter()
        .map(|message| format!("-- {:?}: {}\n", message.level, message.text));
    lines.collect::<Vec<_>>().concat()
}

fn rendered(outcome: Result<Rendered, RenderFailure>) -> String {
    match outcome {
        Ok(rendered) => {
            let mut told = rendered.sql + "\n";
            told += &messages(&rendered.messages);
            if rendered.reads_clock {
                told += "-- reads the clock\n";
            }
            if rendered.introspected {
                told += "-- asks for data\n";
            }
            if let Some(header) = rendered.sql_header {
                writeln!(told, "-- header: {header}").unwrap();
            }
            told
        }
        Err(RenderFailure::Fault(diagnostic)) => tell(&diagnostic),
        Err(RenderFailure::Deferred { needs }) => format!("deferred until {needs:?}\n"),
    }
}

fn captured(outcome: Result<Capture, Diagnostic>) -> String {
    match outcome {
        Ok(capture) => format!("{capture:#?}\n"),
        Err(diagnostic) => tell(&diagnostic),
    }
}

#[test]
fn every_case_gives_its_snapshot() {
    for path in host(BTreeMap::new()).walk(&fixture("templates")) {
        let case = Case::parse(&std::fs::read_to_string(&path).unwrap());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        insta::assert_snapshot!(name, case.outcome());
    }
}

/// Every word of the literal text of a rendered template stands at the mapped place of its source.
#[test]
fn literal_text_maps_to_itself() {
    let mut checked = 0;
    for path in host(BTreeMap::new()).walk(&fixture("templates")) {
        let case = Case::parse(&std::fs::read_to_string(&path).unwrap());
        if case.context["capture"] == true {
            continue;
        }
        let (renderer, _) = case.renderer();
        let unit = RenderUnit::new(&case.template, "shop");
        let Ok(rendered) = renderer.render(&unit, &case.world()) else {
            continue;
        };
        let source: Vec<&str> = case.template.text.lines().collect();
        for (line_number, line) in rendered.sql.lines().enumerate() {
            for (column, _) in line
                .char_indices()
                .filter(|(at, c)| line.is_char_boundary(*at) && c.is_alphanumeric())
            {
                let column_number = line[..column].chars().count() + 1;
                let position = rendered
                    .source_map
                    .template_position(line_number + 1, column_number);
                let position = position.unwrap_or_else(|| panic!("{}: {line}", path.display()));
                if position.kind != PositionKind::Literal {
                    continue;
                }
                let there: String = source[position.span.line - 1]
                    .chars()
                    .skip(position.span.column - 1)
                    .take(position.span.width)
                    .collect();
                assert!(
                    line[column..].starts_with(&there),
                    "{}: {there:?} is not {line:?}",
                    path.display()
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 500, "only {checked} characters are literal");
}

#[test]
fn macros_map_to_their_call() {
    let case = Case::parse(
        "{}\n---\nselect\n    {{ money('amount') }} as amount,\n    {% call wrapped() %}inner_text{% endcall %}\n\
         --- macros/money.sql\n{% macro money(x) %}cast({{ x }} as decimal(18, 2)){% endmacro %}\n\
         {% macro wrapped() %}before {{ caller() }} after{% endmacro %}",
    );
    let (renderer, _) = case.renderer();
    let rendered = renderer
        .render(&RenderUnit::new(&case.template, "shop"), &case.world())
        .unwrap();
    let at = |word: &str| {
        let position = rendered
            .source_map
            .position_of_byte(rendered.sql.find(word).unwrap())
            .unwrap();
        (position.span.to_string(), position.kind)
    };
    let (place, kind) = at("decimal");
    assert_eq!(place, "models/model.sql:2:8");
    let PositionKind::Macro { name, inside } = kind else {
        panic!("{kind:?}")
    };
    assert_eq!((name.as_str(), inside.line), ("money", 1));
    assert_eq!(
        at("inner_text"),
        ("models/model.sql:3:25".to_owned(), PositionKind::Literal)
    );
    assert_eq!(at("after").0, "models/model.sql:3:13");
}

#[test]
fn yaml_texts_keep_the_type_of_a_single_expression() {
    let environment = BTreeMap::from([("DBT_ENV_SECRET_KEY".to_owned(), "s3cret".to_owned())]);
    let templates = YamlTemplates::new(clock(), &host(environment));
    let vars = Map::from_iter([("sources".to_owned(), json!(["hubspot", "xero"]))]);
    let render = |given: &str| templates.render(&text("dbt_project.yml", given), &vars, None);
    assert_eq!(render("{{ 'hubspot' in var('sources') }}").unwrap(), json!(true));
    assert_eq!(
        render("{{ var('sources') }}").unwrap(),
        json!(["hubspot", "xero"])
    );
    assert_eq!(
        render("raw/{{ var('root', 'x') }}/{name}").unwrap(),
        json!("raw/x/{name}")
    );
    assert_eq!(
        render("{{ env_var('DBT_ENV_SECRET_KEY') }}").unwrap(),
        json!("s3cret")
    );
    assert_eq!(
        render("{{ env_var('DAYS', '7') | as_number }}").unwrap(),
        json!(7)
    );
    let fault = render("a: {{ vra('x') }}").unwrap_err();
    assert_eq!(fault.span.unwrap().to_string(), "dbt_project.yml:1:7");
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Answers anything, with no data.
struct Anything;

impl World for Anything {
    fn resolve_ref(&self, _: Option<&str>, name: &str, _: Option<&Value>) -> Result<Reference, WorldError> {
        Ok(Reference::Relation(RelationName::new("headwater", "main", name)))
    }

    fn resolve_source(&self, source: &str, table: &str) -> Result<Reference, WorldError> {
        Ok(Reference::Relation(RelationName::new("headwater", source, table)))
    }

    fn run_query(&self, _: &str) -> Result<QueryTable, WorldError> {
        Ok(QueryTable::default())
    }

    fn columns(&self, _: &RelationName) -> Result<Vec<ColumnType>, WorldError> {
        Ok(Vec::new())
    }

    fn relation(&self, _: &RelationName) -> Result<Option<RelationKind>, WorldError> {
        Ok(Some(RelationKind::Table))
    }

    fn relations_in(&self, _: &str) -> Result<Vec<(RelationName, RelationKind)>, WorldError> {
        Ok(Vec::new())
    }

    fn schemas(&self) -> Result<Vec<String>, WorldError> {
        Ok(Vec::new())
    }
}

#[test]
fn the_bundled_project_renders() {
    let host = Host::fixed(
        clock().run_started_at,
        BTreeMap::new(),
        PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    );
    let options = LoadOptions {
        project_dir: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql")),
        ..LoadOptions::default()
    };
    let (project, faults) = load(&host, &options, &YamlTemplates::new(clock(), &host));
    let project = project.unwrap_or_else(|| panic!("{faults:?}"));
    let (renderer, faults) = Renderer::new(&project, clock(), &host);
    assert_eq!(faults, []);
    let mut rendered = 0;
    for node in project.nodes.values() {
        let this = RelationName::new("headwater", "main", &node.name);
        let unit = RenderUnit {
            this: Some(&this),
            ..RenderUnit::new(&node.code, &node.package)
        };
        let (captured, outcome) = match &node.generic_test {
            Some(test) => (
                renderer.capture_test(test, &unit),
                renderer.render_test(test, &unit, &Anything),
            ),
            None => (renderer.capture(&unit), renderer.render(&unit, &Anything)),
        };
        captured.unwrap_or_else(|diagnostic| panic!("{}: {diagnostic} {:?}", node.id, diagnostic.notes));
        match outcome {
            Err(RenderFailure::Fault(diagnostic)) => {
                panic!("{}: {diagnostic} {:?}", node.id, diagnostic.notes)
            }
            Err(RenderFailure::Deferred { needs }) => panic!("{}: {needs:?}", node.id),
            Ok(_) => rendered += 1,
        }
    }
    assert!(rendered > 100, "only {rendered} nodes");
}
