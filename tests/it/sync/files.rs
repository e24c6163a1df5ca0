//! The file destination, end to end.

use headwater::sync::{Force, Resync, RunOptions};

use super::bench::Bench;

const COLUMNS: &str = "email, name, score";

fn yaml(format: &str, mode: &str) -> String {
    format!(
        "
destinations:
  - name: out
    type: file
    path: exports
    format: {format}
syncs:
  - name: contacts
    model: contact_audiences_xa
    destination: out
    mode: {mode}
    primary_key: email
    guard: {{max_removed: 100%}}
    fields:
      email: email
      full_name: name
      score: {{expr: 'score * 2'}}
"
    )
}

fn bench(format: &str, mode: &str) -> Bench {
    let bench = Bench::new(&yaml(format, mode));
    assert_eq!(bench.diagnostics, []);
    bench
}

const TWO: &str = "('ada@x.com', 'Ada', 1), ('zoë@x.com', 'Zoë', null)";

#[tokio::test]
async fn upsert_writes_a_file_of_what_changed_and_nothing_when_nothing_did() {
    let bench = bench("ndjson", "upsert");
    bench.rows(TWO, COLUMNS);
    let report = bench.run().await;
    assert_eq!(report.diagnostics, []);
    assert_eq!(
        bench.file("exports/contacts/contacts-000001.ndjson"),
        "{\"email\":\"ada@x.com\",\"full_name\":\"Ada\",\"score\":2}\n\
         {\"email\":\"zoë@x.com\",\"full_name\":\"Zoë\",\"score\":null}\n"
    );
    let again = bench.run().await;
    assert_eq!(
        (again.runs[0].counts.unchanged, again.runs[0].tally.requests),
        (2, 0)
    );
    assert_eq!(bench.files("exports"), ["contacts/contacts-000001.ndjson"]);

    bench.rows("('ada@x.com', 'Ada L', 1), ('new@x.com', 'New', 3)", COLUMNS);
    let third = bench.run().await;
    let counts = third.runs[0].counts;
    assert_eq!(
        (counts.added, counts.changed, counts.removed, counts.left),
        (1, 1, 0, 1)
    );
    assert_eq!(
        bench.file("exports/contacts/contacts-000002.ndjson"),
        "{\"email\":\"ada@x.com\",\"full_name\":\"Ada L\",\"score\":2}\n\
         {\"email\":\"new@x.com\",\"full_name\":\"New\",\"score\":6}\n"
    );
}

#[tokio::test]
async fn mirror_says_what_happened_to_each_row() {
    let bench = bench("csv", "mirror");
    bench.rows(TWO, COLUMNS);
    bench.run().await;
    bench.rows("('ada@x.com', 'Ada, \"L\"', 1)", COLUMNS);
    let report = bench.run().await;
    assert_eq!(report.diagnostics, []);
    assert_eq!(
        bench.file("exports/contacts/contacts-000002.csv"),
        "email,full_name,score,_operation\nada@x.com,\"Ada, \"\"L\"\"\",2,change\nzoë@x.com,Zoë,,remove\n"
    );
}

#[tokio::test]
async fn a_snapshot_is_one_whole_file_and_is_left_alone_when_nothing_changed() {
    let bench = bench("ndjson", "snapshot");
    bench.rows(TWO, COLUMNS);
    bench.run().await;
    let first = bench.file("exports/contacts.ndjson");
    assert_eq!(first.lines().count(), 2);
    assert_eq!(bench.run().await.runs[0].tally.requests, 0);
    bench.rows("('ada@x.com', 'Ada', 1), ('zoë@x.com', 'Zoe', null)", COLUMNS);
    let report = bench.run().await;
    assert_eq!(report.runs[0].counts.changed, 1);
    assert_eq!(
        bench.file("exports/contacts.ndjson"),
        first.replace("\"Zoë\"", "\"Zoe\"")
    );
    assert_eq!(bench.files("exports"), ["contacts.ndjson"]);
}

#[tokio::test]
async fn parquet_keeps_the_types_of_the_model() {
    let bench = bench("parquet", "snapshot");
    bench.rows(TWO, COLUMNS);
    let report = bench.run().await;
    assert_eq!(report.diagnostics, []);
    let table = bench
        .engine
        .extract("exports/contacts.parquet", bench.folder.path(), &[])
        .await
        .unwrap();
    let types: Vec<String> = table
        .schema()
        .fields()
        .iter()
        .map(|field| {
            format!(
                "{} {}",
                field.name(),
                headwater::engine::types::type_name(field.data_type())
            )
        })
        .collect();
    assert_eq!(types, ["email varchar", "full_name varchar", "score bigint"]);
}

#[tokio::test]
async fn null_and_duplicate_keys_are_set_aside_and_recorded() {
    let bench = bench("ndjson", "upsert");
    bench.rows(
        "('ada@x.com', 'Ada', 1), ('ada@x.com', 'Ada again', 1), (null, 'Nobody', 2), ('ok@x.com', 'Ok', 3)",
        COLUMNS,
    );
    let report = bench.run().await;
    assert_eq!(
        bench
            .file("exports/contacts/contacts-000001.ndjson")
            .lines()
            .count(),
        1
    );
    assert_eq!(report.diagnostics.len(), 1);
    assert!(!report.diagnostics[0].message.contains('@'));
    assert_eq!(
        bench
            .records("select status, attempts, reason from headwater_sync_rows order by status, reason")
            .await,
        [
            "delivered 1 ",
            "rejected 0 the primary key is null",
            "rejected 0 the primary key is that of 2 rows"
        ]
    );
    assert_eq!(
        bench
            .records("select sync, status, added, unfit, delivered, rejected from headwater_sync_runs")
            .await,
        ["contacts partial 1 3 1 2"]
    );
}

#[tokio::test]
async fn update_sends_only_changes_and_insert_only_new_rows() {
    let update = bench("ndjson", "update");
    update.rows(TWO, COLUMNS);
    update.run().await;
    assert_eq!(update.files("exports"), Vec::<String>::new());
    update.rows("('ada@x.com', 'Ada', 5), ('zoë@x.com', 'Zoë', null)", COLUMNS);
    let report = update.run().await;
    assert_eq!(report.runs[0].tally.delivered, 1);

    let insert = bench("ndjson", "insert");
    insert.rows(TWO, COLUMNS);
    insert.run().await;
    insert.rows("('ada@x.com', 'Ada', 5), ('new@x.com', 'New', 1)", COLUMNS);
    let report = insert.run().await;
    assert_eq!(report.runs[0].tally.delivered, 1);
    assert!(
        insert
            .file("exports/contacts/contacts-000002.ndjson")
            .contains("new@x.com")
    );
}

#[tokio::test]
async fn the_guard_stops_what_would_remove_too_much() {
    let yaml = yaml("ndjson", "mirror").replace("max_removed: 100%", "max_removed: 1");
    let bench = Bench::new(&yaml);
    bench.rows("('a', 'A', 1), ('b', 'B', 1), ('c', 'C', 1)", COLUMNS);
    bench.run().await;
    bench.rows("('a', 'A', 1)", COLUMNS);
    let report = bench.run().await;
    assert_eq!(report.runs[0].status, "refused");
    assert_eq!(
        report.diagnostics[0].message,
        "sync `contacts` would remove 2 of 3 rows: `max_removed` is `1`"
    );
    assert_eq!(bench.files("exports").len(), 1);
    bench.sql("select * from (values ('a', 'A', 1)) as t(email, name, score) where false");
    let empty = bench.run().await;
    assert!(empty.diagnostics[0].message.contains("the model came out empty"));
    let forced = RunOptions {
        force: Force::Forced,
        ..RunOptions::default()
    };
    assert_eq!(bench.run_with(forced).await.runs[0].tally.delivered, 3);
}

#[tokio::test]
async fn a_full_resync_sends_everything_again() {
    let bench = bench("ndjson", "upsert");
    bench.rows(TWO, COLUMNS);
    bench.run().await;
    let full = RunOptions {
        resync: Resync::Full,
        ..RunOptions::default()
    };
    assert_eq!(bench.run_with(full).await.runs[0].tally.delivered, 2);
    assert_eq!(bench.run().await.runs[0].tally.delivered, 0);
}

#[tokio::test]
async fn a_dry_run_shows_the_requests_and_changes_nothing() {
    let bench = bench("ndjson", "upsert");
    bench.rows(TWO, COLUMNS);
    let preview = bench.preview().await;
    assert_eq!((preview.to_send, preview.counts.added), (2, 2));
    assert_eq!(preview.requests.len(), 1);
    assert_eq!(bench.files("exports"), Vec::<String>::new());
    assert_eq!(bench.run().await.runs[0].tally.delivered, 2);
}

#[tokio::test]
async fn two_runs_at_once_are_refused() {
    let bench = bench("ndjson", "upsert");
    bench.rows(TWO, COLUMNS);
    let _held = bench
        .host
        .try_lock(&bench.root().join("contacts/lock"))
        .unwrap()
        .unwrap();
    let report = bench.run().await;
    assert_eq!(
        report.diagnostics[0].message,
        "sync `contacts` is running already"
    );
}
