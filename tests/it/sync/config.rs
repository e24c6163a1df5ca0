//! What is wrong with a sync file, and where.

use headwater::sync::{SyncConfig, Trigger};

use super::bench::Bench;

const GOOD: &str = "
destinations:
  - name: crm
    type: hubspot
    access_token: \"{{ env_var('TOKEN') }}\"
  - {name: out, type: file, path: exports}
syncs:
  - name: people
    model: contact_audiences_xa
    destination: out
    mode: mirror
    primary_key: email
    tags: [daily]
    trigger: {after: build}
  - name: crm_people
    sql: \"select * from {{ ref('contact_audiences_xa') }}\"
    destination: crm
    mode: upsert
    primary_key: email
    fields: {email: email, firstname: {column: first_name, default: there, required: true}}
    trigger: {schedule: '0 6 * * *', timezone: Europe/London}
    guard: {max_removed: 5%, max_changed: 100}
";

/// Changes one piece of the good file and expects one message.
fn check(from: &str, to: &str, expected: &str) {
    assert!(GOOD.contains(from), "{from}");
    let bench = Bench::new(&GOOD.replacen(from, to, 1));
    let told: Vec<String> = bench
        .diagnostics
        .iter()
        .map(|fault| {
            let span = fault.span.as_ref().map(ToString::to_string).unwrap_or_default();
            let message = format!("{} {span}: {}", fault.code, fault.message);
            std::iter::once(message)
                .chain(fault.hints.iter().cloned())
                .collect::<Vec<_>>()
                .join("; ")
        })
        .collect();
    assert_eq!(told, [expected]);
}

#[test]
fn a_good_file_loads() {
    let bench = Bench::new(GOOD);
    assert_eq!(bench.diagnostics, []);
    let after: Vec<&SyncConfig> = bench.project.after_build().collect();
    assert_eq!(after.len(), 1);
    let scheduled = bench.project.syncs.values().nth(1).unwrap();
    assert!(matches!(&scheduled.trigger, Trigger::Schedule(at) if at.timezone == chrono_tz::Europe::London));
    let names = |selector: &str| {
        let (chosen, idle) = bench.project.select(&[selector.to_owned()]);
        (
            chosen
                .iter()
                .map(|sync| sync.name.to_string())
                .collect::<Vec<_>>(),
            idle,
        )
    };
    assert_eq!(names("tag:daily").0, ["people"]);
    assert_eq!(names("destination:crm").0, ["crm_people"]);
    assert_eq!(names("poeple").1, ["poeple"]);
    let shown = format!("{:?}", bench.project.destinations);
    assert!(!shown.contains("secret-TOKEN"), "{shown}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    check(
        "    tags:",
        "    tgas:",
        "HW0607 syncs/syncs.yml:13:5: `tgas` is no key of a sync; did you mean `tags`?",
    );
    check(
        "mode: mirror",
        "mode: miror",
        "HW0605 syncs/syncs.yml:11:11: `mode` cannot be `miror`; did you mean `mirror`?",
    );
    check(
        "mode: mirror",
        "mode: track",
        "HW0603 syncs/syncs.yml:8:5: sync `people`: a destination of type `file` has no mode `track`",
    );
    check(
        "destination: out",
        "destination: ouT2",
        "HW0602 syncs/syncs.yml:8:5: sync `people`: there is no destination `ouT2`; did you mean `out`?",
    );
    check(
        "0 6 * * *",
        "0 25 * * *",
        "HW0608 syncs/syncs.yml:21:25: `0 25 * * *` is not a cron pattern: component error: number out of bounds",
    );
    check(
        "Europe/London",
        "Europe/Londn",
        "HW0608 syncs/syncs.yml:21:48: there is no time zone `Europe/Londn`; did you mean `Europe/London`?",
    );
    check(
        "type: hubspot",
        "type: hubspot\n    base_url: http://api.hubapi.com",
        "HW0606 syncs/syncs.yml:5:15: an address without encryption: `http` is for this machine only, write `https`",
    );
    check(
        "name: crm_people",
        "name: people",
        "HW0609 syncs/syncs.yml:15:5: a second sync of the name `people`",
    );
    check(
        "max_removed: 5%",
        "max_removed: many",
        "HW0605 syncs/syncs.yml:22:26: `max_removed` must be a number of rows or a share such as `20%`",
    );
    check(
        "name: people\n",
        "name: ../people\n",
        "HW0605 syncs/syncs.yml:8:11: `../people` cannot be a sync's name: letters, digits, `_`, `-` and `.` can",
    );
    check(
        "firstname: {column: first_name,",
        "hs_object_id: {column: first_name,",
        "HW0604 syncs/syncs.yml:15:5: sync `crm_people`: `hs_object_id` is HubSpot's own and cannot be set",
    );
    check(
        "{email: email, firstname",
        "{firstname",
        "HW0604 syncs/syncs.yml:15:5: sync `crm_people`: HubSpot needs the field `email`, by which contacts are found",
    );
}

#[tokio::test]
async fn columns_that_the_model_lacks_are_told_all_at_once() {
    let bench = Bench::new(&GOOD.replace(
        "    tags: [daily]\n",
        "    where: scoer > 1\n    fields: {email: emial, name: {expr: 'upper(nam)'}}\n",
    ));
    bench.rows("('a', 'A', 1)", "email, name, score");
    let root = bench.root();
    let sync = bench.project.syncs.values().next().unwrap();
    let report = headwater::sync::run(
        &bench.context(&root),
        &[sync],
        headwater::sync::RunOptions::default(),
    )
    .await;
    let told: Vec<String> = report
        .diagnostics
        .iter()
        .map(|fault| format!("{} {}", fault.code, fault.message))
        .collect();
    assert_eq!(
        told,
        [
            "HW0601 sync `people`: the model has no column `emial`",
            "HW0601 sync `people`: field `name`: column `nam` not found",
            "HW0601 sync `people`: `where`: column `scoer` not found",
        ]
    );
}
