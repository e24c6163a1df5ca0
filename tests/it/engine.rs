//! The SQL engine at its boundary: a query and a scope in, rows or a fault out.
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "what a query gives is written down as text"
)]

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{TimeZone as _, Utc};
use headwater::engine::arrow::array::RecordBatch;
use headwater::engine::arrow::util::display::{ArrayFormatter, FormatOptions};
use headwater::engine::types::type_name;
use headwater::engine::{
    Change, DeclaredColumn, Durability, Engine, EngineSettings, IfExists, RowOrder, Scope, SeedOptions,
    SortKey, SqlFault, Statement, StoredTable, TableSource, WriteOptions, statement,
};
use headwater::names::RelationName;
use indexmap::IndexMap;

const CONTACTS: &str = "\
contact_id,email,company_id,score,created_at
1,ada@example.com,10,1.5,2026-01-01 10:00:00
2,grace@example.com,10,2.5,2026-01-02 10:00:00
3,edsger@example.com,20,,2026-01-03 10:00:00
4,,20,4.0,2026-01-04 10:00:00
";

const COMPANIES: &str = "company_id,company_name\n10,Analytical Engines\n20,Structured\n";

fn settings(temporary: &Path) -> EngineSettings {
    EngineSettings {
        threads: 2,
        memory_limit_bytes: Some(256 << 20),
        temp_directory: temporary.join("spill"),
        settings: IndexMap::new(),
        as_of: Utc.with_ymd_and_hms(2026, 6, 30, 12, 34, 56).unwrap(),
        environment: BTreeMap::new(),
    }
}

struct World {
    runtime: tokio::runtime::Runtime,
    engine: Engine,
    scope: Scope,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new(settings(folder.path())).unwrap();
        let mut scope = Scope::new("headwater", "main");
        for (name, text) in [("contacts", CONTACTS), ("companies", COMPANIES)] {
            let seed = engine.csv_seed(text, &SeedOptions::default()).unwrap();
            scope.insert(RelationName::new("headwater", "main", name), seed);
        }
        Self {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap(),
            engine,
            scope,
            folder,
        }
    }

    fn rows(&self, sql: &str) -> Result<Vec<String>, SqlFault> {
        let query = self.engine.plan(sql, &self.scope)?;
        let batches = self.runtime.block_on(self.engine.rows(&query, None))?;
        Ok(printed(&batches))
    }
}

fn printed(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|column| {
                    ArrayFormatter::try_new(column, &options)
                        .unwrap()
                        .value(row)
                        .to_string()
                })
                .collect();
            rows.push(cells.join(" | "));
        }
    }
    rows
}

/// Runs a query over the contacts and companies above and compares its rows, in order.
fn check(sql: &str, expected: &[&str]) {
    let found = World::new()
        .rows(sql)
        .unwrap_or_else(|fault| panic!("{sql}\n{fault:?}"));
    assert_eq!(found, expected, "{sql}");
}

/// Runs each query of a file, which `;` at a line's end separates, and shows its rows or its fault.
fn shown(queries: &str) -> String {
    let world = World::new();
    let mut text = String::new();
    for sql in queries.split(";\n").filter(|sql| !sql.trim().is_empty()) {
        let outcome = match world.rows(sql) {
            Ok(rows) => rows.iter().map(|row| format!("    {row}\n")).collect(),
            Err(fault) => fault_shown(sql, &fault),
        };
        text.push_str(&format!("{sql}\n{outcome}\n"));
    }
    text
}

fn fault_shown(sql: &str, fault: &SqlFault) -> String {
    let mut text = String::new();
    if let Some(at) = fault.position {
        let line = sql.lines().nth(at.line - 1).unwrap_or_default();
        if sql.lines().count() > 1 {
            text.push_str(&format!("{line}\n"));
        }
        text.push_str(&format!(
            "{}{}\n",
            " ".repeat(at.column - 1),
            "^".repeat(at.width.max(1))
        ));
    }
    text.push_str(&format!("    {}: {}\n", fault.code, fault.message));
    for note in &fault.notes {
        text.push_str(&format!("    note: {note}\n"));
    }
    for hint in &fault.hints {
        text.push_str(&format!("    hint: {hint}\n"));
    }
    text
}

#[test]
fn functions_and_spellings() {
    insta::assert_snapshot!(shown(include_str!("../../fixtures/engine/functions.sql")));
}

#[test]
fn faults_are_told_in_our_words_at_their_place() {
    insta::assert_snapshot!(shown(include_str!("../../fixtures/engine/faults.sql")));
}

/// Writes a query, reads the files back and compares the rows in the files' order.
fn check_written(sql: &str, options: &WriteOptions, expected: &[&str]) {
    let mut world = World::new();
    let folder = world.folder.path().join("store/table");
    let query = world.engine.plan(sql, &world.scope).unwrap();
    let written = world
        .runtime
        .block_on(world.engine.write_parquet(&query, &folder, options))
        .unwrap();
    let table = StoredTable {
        files: written.files.iter().map(|file| folder.join(&file.name)).collect(),
        schema: written.schema.clone(),
    };
    world.scope.insert(
        RelationName::new("headwater", "main", "written"),
        TableSource::Parquet(table),
    );
    assert_eq!(world.rows("select * from written").unwrap(), expected, "{sql}");
    let names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), written.files.len(), "only final names: {names:?}");
}

#[test]
fn tables_are_written_in_an_order_of_their_own() {
    check_written(
        "select email, contact_id from contacts order by contact_id % 2, contact_id",
        &WriteOptions::default(),
        &[
            "grace@example.com | 2",
            "- | 4",
            "ada@example.com | 1",
            "edsger@example.com | 3",
        ],
    );
    check_written(
        "select company_id, contact_id from contacts",
        &WriteOptions {
            durability: Durability::Now,
            row_order: RowOrder::Settled,
            sort_by: vec![SortKey {
                column: "contact_id".to_owned(),
                descending: true,
            }],
        },
        &["20 | 4", "20 | 3", "10 | 2", "10 | 1"],
    );
    check_written(
        "select contact_id from contacts where false",
        &WriteOptions::default(),
        &[],
    );
    check_written(
        "select md5(email) as m, cast(created_at as timestamp(9)) as t from contacts where contact_id = 1",
        &WriteOptions::default(),
        &["3e3417d7ef77d5932a6734b916515ed5 | 2026-01-01T10:00:00"],
    );
}

/// Reads an extract and compares the rows of a query over it.
fn check_extract(
    files: &[(&str, &str)],
    location: &str,
    declared: &[DeclaredColumn],
    sql: &str,
    expected: &[&str],
) {
    let mut world = World::new();
    let base = world.folder.path().join("raw");
    for (name, text) in files {
        let path = base.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let table = world
        .runtime
        .block_on(world.engine.extract(location, &base, declared))
        .unwrap_or_else(|fault| panic!("{location}: {fault:?}"));
    world.scope.insert(
        RelationName::new("headwater", "raw", "extract"),
        TableSource::Extract(table),
    );
    let found = world.rows(sql).unwrap_or_else(|fault| panic!("{sql}\n{fault:?}"));
    assert_eq!(found, expected, "{location}: {sql}");
}

#[test]
fn extracts_are_files_folders_and_globs() {
    let csv = "Id,Name\n007,Bond\n008,Bill\n";
    let text_id = DeclaredColumn {
        name: "id".to_owned(),
        data_type: Some("varchar".to_owned()),
        is_required: true,
    };
    check_extract(
        &[("agents.csv", csv)],
        "agents.csv",
        &[text_id],
        "select id, name from raw.extract order by id",
        &["007 | Bond", "008 | Bill"],
    );
    check_extract(
        &[("agents.csv", csv)],
        "./agents.csv",
        &[],
        "select id from raw.extract order by id",
        &["7", "8"],
    );
    check_extract(
        &[
            ("events/day=2026-01-01/a.ndjson", "{\"n\": 1}\n{\"n\": 2}\n"),
            (
                "events/day=2026-01-02/b.ndjson",
                "{\"n\": 3, \"tags\": [\"x\"]}\n",
            ),
            ("events/_temporary/c.ndjson", "{\"n\": 9}\n"),
        ],
        "events.parquet",
        &[],
        "select day, sum(n) as n, max(tags[1]) as tag from raw.extract group by 1 order by 1",
        &["2026-01-01 | 3 | -", "2026-01-02 | 3 | x"],
    );
    check_extract(
        &[
            ("a/x1.csv", "n\n1\n"),
            ("b/x2.csv", "n\n2\n"),
            ("b/y.csv", "n\n3\n"),
        ],
        "*/x?.csv",
        &[],
        "select sum(n) as n from raw.extract",
        &["3"],
    );
}

#[test]
fn extracts_are_checked_against_what_is_declared() {
    let column = |name: &str, data_type: &str, is_required| DeclaredColumn {
        name: name.to_owned(),
        data_type: Some(data_type.to_owned()),
        is_required,
    };
    let fault = |location: &str, declared: &[DeclaredColumn]| {
        let world = World::new();
        let base = world.folder.path();
        std::fs::write(base.join("contacts.csv"), CONTACTS).unwrap();
        std::fs::write(base.join("broken.parquet"), "PAR1 and no more").unwrap();
        std::fs::write(base.join("contacts.xlsx"), "").unwrap();
        std::fs::write(base.join("nested.json"), "{\"tags\": [\"a\"]}\n").unwrap();
        match world
            .runtime
            .block_on(world.engine.extract(location, base, declared))
        {
            Ok(table) => panic!("{location}: {table:?}"),
            Err(fault) => fault_shown("", &fault),
        }
    };
    let shown = [
        fault("contact.csv", &[]),
        fault("nowhere/*.parquet", &[]),
        fault("contacts.xlsx", &[]),
        fault("broken.parquet", &[]),
        fault("contacts.csv", &[column("emial", "varchar", true)]),
        fault("nested.json", &[column("tags", "timestamp", false)]),
    ];
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_file_that_changes_after_it_was_listed_is_an_error() {
    let mut world = World::new();
    let path = world.folder.path().join("contacts.csv");
    std::fs::write(&path, CONTACTS).unwrap();
    let table = world
        .runtime
        .block_on(world.engine.extract("contacts.csv", world.folder.path(), &[]))
        .unwrap();
    world.scope.insert(
        RelationName::new("headwater", "raw", "extract"),
        TableSource::Extract(table),
    );
    std::fs::write(&path, "contact_id\n1\n").unwrap();
    let changed = world.rows("select * from raw.extract").unwrap_err();
    assert_eq!(changed.code.as_str(), "HW0326", "{changed:?}");
    std::fs::remove_file(&path).unwrap();
    let gone = world.rows("select * from raw.extract").unwrap_err();
    assert_eq!(gone.code.as_str(), "HW0326", "{gone:?}");
}

#[test]
fn seeds_have_the_types_dbt_gives_them() {
    let world = World::new();
    let shown = |text: &str, options: &SeedOptions| match world.engine.csv_seed(text, options) {
        Ok(source) => source
            .schema()
            .fields()
            .iter()
            .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
            .collect::<Vec<_>>()
            .join(", "),
        Err(fault) => fault.to_string(),
    };
    let plain = SeedOptions::default();
    assert_eq!(
        shown(
            "Id,rate,day,at,ok,name,blank\n1,1.5,2026-01-01,2026-01-01 10:00:00,true,x,\n2,,,,False,,null\n",
            &plain
        ),
        "id bigint, rate double, day date, at timestamp, ok boolean, name varchar, blank bigint"
    );
    let typed = SeedOptions {
        delimiter: ';',
        column_types: BTreeMap::from([("rate".to_owned(), "decimal(18,6)".to_owned())]),
        quote_columns: true,
    };
    assert_eq!(
        shown("Id;rate\n007;1.5\n", &typed),
        "Id bigint, rate decimal(18,6)"
    );
    assert_eq!(
        shown("Id;rate\n1;n/a\n", &typed),
        "[HW0137] `n/a` in the column `rate`, row 1, is no decimal(18,6)"
    );
    assert_eq!(
        shown("a,b\n1,2\n1,2,3\n", &plain),
        "[HW0136] a row has 3 values where the header has 2 (line 3, column 1)"
    );
}

#[test]
fn views_are_inlined_and_what_a_query_reads_is_known() {
    let mut world = World::new();
    let view = world
        .engine
        .plan(
            "select contact_id, now() as seen_at from main.CONTACTS where score > 1",
            &world.scope,
        )
        .unwrap();
    assert!(view.reads_clock());
    world.scope.insert(
        RelationName::new("headwater", "cdp", "scored"),
        TableSource::View(view),
    );
    let query = world
        .engine
        .plan(
            "with c as (select * from \"headwater\".\"cdp\".\"scored\") select count(*) as n from c join companies on true",
            &world.scope,
        )
        .unwrap();
    let reads: Vec<String> = query.reads().iter().map(ToString::to_string).collect();
    assert_eq!(reads, ["cdp.scored", "main.companies"]);
    assert!(query.reads_clock(), "through the view");
    assert_eq!(world.rows("select count(*) as n from cdp.scored").unwrap(), ["3"]);
    let without = world
        .engine
        .plan("select contact_id from contacts", &world.scope)
        .unwrap();
    assert!(!without.reads_clock());
    world.scope.insert(
        RelationName::new("headwater", "main", "unbuilt"),
        TableSource::Empty(without.schema()),
    );
    assert_eq!(
        world.rows("select count(contact_id) as n from unbuilt").unwrap(),
        ["0"]
    );
}

/// Enough rows that they do not stay in memory.
const MANY: &str = "select value as id, md5(cast(value as varchar)) as a, md5(cast(value + 1 as varchar)) as b \
                    from generate_series(1, 600000) union all \
                    select value as id, md5(cast(value as varchar)), 'x' from generate_series(600001, 900000)";

#[test]
fn large_tables_are_written_in_parts_and_read_back_whole() {
    let mut world = World::new();
    let folder = world.folder.path().join("large");
    let query = world.engine.plan(MANY, &world.scope).unwrap();
    let written = world
        .runtime
        .block_on(
            world
                .engine
                .write_parquet(&query, &folder, &WriteOptions::default()),
        )
        .unwrap();
    assert!(written.files.len() > 1, "{:?}", written.files);
    assert_eq!(written.rows, 900_000);
    let table = StoredTable {
        files: written.files.iter().map(|file| folder.join(&file.name)).collect(),
        schema: written.schema,
    };
    world.scope.insert(
        RelationName::new("headwater", "main", "large"),
        TableSource::Parquet(table),
    );
    let sums = "select count(*) as n, sum(id) as total, count(distinct a) as a from large";
    assert_eq!(world.rows(sums).unwrap(), ["900000 | 405000450000 | 900000"]);
    let one = world.rows("select id from large where id = 777777").unwrap();
    assert_eq!(one, ["777777"]);
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let world = World::new();
    let folder = world.folder.path().join("failed");
    let sql = format!("select id, 1 / (id - 900000) as x, a, b from ({MANY}) as many");
    let query = world.engine.plan(&sql, &world.scope).unwrap();
    let fault = world
        .runtime
        .block_on(
            world
                .engine
                .write_parquet(&query, &folder, &WriteOptions::default()),
        )
        .unwrap_err();
    assert_eq!(fault.code.as_str(), "HW0322", "{fault:?}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);

    let blocked = world.folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let query = world.engine.plan("select 1 as a", &world.scope).unwrap();
    let fault = world
        .runtime
        .block_on(
            world
                .engine
                .write_parquet(&query, &blocked.join("table"), &WriteOptions::default()),
        )
        .unwrap_err();
    assert_eq!(fault.code.as_str(), "HW0325", "{fault:?}");
}

#[test]
fn memory_that_runs_out_is_told() {
    let mut world = World::new();
    let mut settings = settings(world.folder.path());
    settings.memory_limit_bytes = Some(4 << 20);
    world.engine = Engine::new(settings).unwrap();
    let sql = "select array_agg(value order by value % 7) as many from generate_series(1, 3000000)";
    let fault = world.rows(sql).unwrap_err();
    assert_eq!(fault.code.as_str(), "HW0324", "{fault:?}");
}

#[test]
fn settings_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, value: &str| {
        let mut settings = settings(folder.path());
        settings.settings.insert(name.to_owned(), value.to_owned());
        Engine::new(settings).unwrap_err().to_string()
    };
    assert_eq!(
        refused("datafusion.execution.batchsize", "1"),
        "error[HW0303]: unknown setting `datafusion.execution.batchsize`"
    );
    assert_eq!(
        refused("datafusion.execution.batch_size", "many"),
        "error[HW0303]: `many` is no value of the setting `datafusion.execution.batch_size`"
    );
}

#[test]
fn aggregates_agree_however_their_input_is_split() {
    // Over many groups the partial aggregation gives up and hands its rows on as states.
    check(
        "select count(*) as n, sum(latest) as latest, sum(earliest) as earliest from (
           select value % 100000 as g, arg_max(value, value) as latest, arg_min(value, cast(value as varchar)) as earliest
           from generate_series(1, 400000) group by 1) as per_group",
        &["100000 | 35000050000 | 14887350000"],
    );
}

#[test]
fn long_chains_are_one_component() {
    check(
        "select count(*) as n, count(distinct c['component']) as components, min(c['component']) as name from (
           select unnest(connected_components(cast(a as varchar), cast(b as varchar))) as c from (
             select value as a, value + 1 as b from generate_series(1, 100000) order by value % 17) as edges) as named",
        &["100001 | 1 | 1"],
    );
}

/// Runs a statement that changes a table and compares the table's rows after it.
fn check_change(sql: &str, expected: &[&str]) {
    let world = World::new();
    let Statement::Change(name, change) = statement(sql).unwrap() else {
        panic!("no change: {sql}");
    };
    assert_eq!(name, ["main", "companies"], "{sql}");
    let columns = [
        ("company_id".to_owned(), "bigint".to_owned()),
        ("company_name".to_owned(), "varchar".to_owned()),
    ];
    let query = change.query("\"main\".\"companies\"", &columns).unwrap();
    let rows = world.rows(&format!("select * from ({query}) as changed order by 1"));
    assert_eq!(
        rows.unwrap_or_else(|fault| panic!("{query}\n{fault:?}")),
        expected,
        "{sql}"
    );
}

#[test]
fn statements_that_change_tables_are_queries() {
    check_change(
        "insert into Main.Companies (company_id) values (30)",
        &["10 | Analytical Engines", "20 | Structured", "30 | -"],
    );
    check_change(
        "delete from main.companies where company_id = 10",
        &["20 | Structured"],
    );
    check_change("truncate table main.companies", &[]);
    check_change(
        "update main.companies set company_name = upper(company_name) where company_id = 20",
        &["10 | Analytical Engines", "20 | STRUCTURED"],
    );
    check_change(
        "alter table main.companies add column size integer",
        &["10 | Analytical Engines | -", "20 | Structured | -"],
    );
    check_change(
        "alter table main.companies drop column company_name",
        &["10", "20"],
    );
    check_change(
        "alter table main.companies rename column company_name to \"Name\"",
        &["10 | Analytical Engines", "20 | Structured"],
    );
    let missing = Change::DropColumns(vec!["company_nam".to_owned()]);
    let fault = missing
        .query("t", &[("company_name".to_owned(), "varchar".to_owned())])
        .unwrap_err();
    assert_eq!(fault.hints, ["did you mean `company_name`?"]);
    assert_eq!(
        statement("create or replace table a.b as select 1 as x").unwrap(),
        Statement::CreateTable(
            vec!["a".to_owned(), "b".to_owned()],
            IfExists::Replace,
            "SELECT 1 AS x".to_owned()
        )
    );
    assert_eq!(
        statement("grant select on a to b").unwrap_err().code.as_str(),
        "HW0314"
    );
}

#[test]
fn compressed_text_is_an_extract_too() {
    let mut world = World::new();
    let path = world.folder.path().join("contacts.csv.gz");
    let mut writer =
        flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, CONTACTS.as_bytes()).unwrap();
    writer.finish().unwrap();
    let location = format!("file://{}", path.display());
    let table = world
        .runtime
        .block_on(world.engine.extract(&location, Path::new("/"), &[]))
        .unwrap();
    assert_eq!(table.files().len(), 1);
    world.scope.insert(
        RelationName::new("headwater", "raw", "extract"),
        TableSource::Extract(table),
    );
    assert_eq!(
        world
            .rows("select sum(contact_id) as n, max(created_at) as latest from raw.extract")
            .unwrap(),
        ["10 | 2026-01-04T10:00:00"]
    );
}

#[test]
fn a_query_that_is_dropped_stops_and_leaves_nothing_behind() {
    let world = World::new();
    let folder = world.folder.path().join("dropped");
    let query = world.engine.plan(MANY, &world.scope).unwrap();
    let options = WriteOptions::default();
    world.runtime.block_on(async {
        let writing = world.engine.write_parquet(&query, &folder, &options);
        let waited = tokio::time::timeout(std::time::Duration::from_millis(1), writing).await;
        assert!(waited.is_err(), "the write is not that fast");
    });
    drop(world.runtime);
    let left = std::fs::read_dir(&folder).map_or(0, Iterator::count);
    assert_eq!(left, 0);
}
