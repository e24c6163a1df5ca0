//! The SQL engine at its boundary: a query and a scope in, rows or a fault out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{TimeZone as _, Utc};
use headwater::engine::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use headwater::engine::arrow::datatypes::Schema;
use headwater::engine::arrow::util::display::{ArrayFormatter, FormatOptions};
use headwater::engine::{
    DeclaredColumn, Engine, EngineSettings, Scope, SeedOptions, SortKey, SqlFault, StoredTable, TableSource,
    WriteOptions,
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
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap().value(row).to_string())
                .collect();
            rows.push(cells.join(" | "));
        }
    }
    rows
}

/// Runs a query over the contacts and companies above and compares its rows, in order.
fn check(sql: &str, expected: &[&str]) {
    let found = World::new().rows(sql).unwrap_or_else(|fault| panic!("{sql}\n{fault:?}"));
    assert_eq!(found, expected, "{sql}");
}

#[test]
fn queries_give_rows() {
    check("select count(*) as n from contacts", &["4"]);
    check(
        "select company_name, count(*) as n from companies join contacts using (company_id) group by 1 order by 1",
        &["Analytical Engines | 2", "Structured | 2"],
    );
}

/// Writes a query, reads the files back and compares the rows in the files' order.
fn check_written(sql: &str, options: &WriteOptions, expected: &[&str]) {
    let mut world = World::new();
    let folder = world.folder.path().join("store/table");
    let query = world.engine.plan(sql, &world.scope).unwrap();
    let written = world.runtime.block_on(world.engine.write_parquet(&query, &folder, options)).unwrap();
    let table = StoredTable {
        files: written.files.iter().map(|file| folder.join(&file.name)).collect(),
        schema: written.schema.clone(),
    };
    world
        .scope
        .insert(RelationName::new("headwater", "main", "written"), TableSource::Parquet(table));
    assert_eq!(world.rows("select * from written").unwrap(), expected, "{sql}");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), written.files.len(), "only final names: {names:?}");
}

#[test]
fn tables_are_written_in_an_order_of_their_own() {
    check_written(
        "select email, contact_id from contacts order by contact_id % 2, contact_id",
        &WriteOptions::default(),
        &["grace@example.com | 2", "- | 4", "ada@example.com | 1", "edsger@example.com | 3"],
    );
    check_written(
        "select company_id, contact_id from contacts",
        &WriteOptions {
            sort_by: vec![SortKey { column: "contact_id".to_owned(), descending: true }],
        },
        &["20 | 4", "20 | 3", "10 | 2", "10 | 1"],
    );
    check_written("select contact_id from contacts where false", &WriteOptions::default(), &[]);
    check_written(
        "select md5(email) as m, cast(created_at as timestamp(9)) as t from contacts where contact_id = 1",
        &WriteOptions::default(),
        &["b0a4cfb23a0880da9dd0de9ff3a71d2c | 2026-01-01T10:00:00"],
    );
}

/// Reads an extract and compares the rows of a query over it.
fn check_extract(files: &[(&str, &str)], location: &str, declared: &[DeclaredColumn], sql: &str, expected: &[&str]) {
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
    world
        .scope
        .insert(RelationName::new("headwater", "raw", "extract"), TableSource::Extract(table));
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
            ("events/day=2026-01-02/b.ndjson", "{\"n\": 3, \"tags\": [\"x\"]}\n"),
            ("events/_temporary/c.ndjson", "{\"n\": 9}\n"),
        ],
        "events.parquet",
        &[],
        "select day, sum(n) as n, max(tags[1]) as tag from raw.extract group by 1 order by 1",
        &["2026-01-01 | 3 | -", "2026-01-02 | 3 | x"],
    );
    check_extract(
        &[("a/x1.csv", "n\n1\n"), ("b/x2.csv", "n\n2\n"), ("b/y.csv", "n\n3\n")],
        "*/x?.csv",
        &[],
        "select sum(n) as n from raw.extract",
        &["3"],
    );
}
