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
