//! `headwater build --sync` on the bundled project: what arrives at seven destinations is what the audiences table
//! says.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::server::Server;
use super::stage::meta;
use super::worlds::events::Events;
use super::worlds::hubspot::HubSpot;
use super::worlds::intercom::Intercom;
use super::worlds::webhook::Webhook;
use crate::support::{Outcome, Workspace, outcome, program, repository};

/// The services, by the variable that `fixtures/syncs` finds each of them by.
struct Services(BTreeMap<&'static str, Server>);

impl Services {
    async fn start() -> Self {
        Self(BTreeMap::from([
            ("INTERCOM_URL", Server::start(Box::new(Intercom::default())).await),
            ("META_URL", Server::start(meta()).await),
            ("HUBSPOT_URL", Server::start(Box::new(HubSpot::default())).await),
            ("SEGMENT_URL", Server::start(Box::new(Events::segment())).await),
            (
                "RUDDERSTACK_URL",
                Server::start(Box::new(Events::rudderstack())).await,
            ),
            ("WEBHOOK_URL", Server::start(Box::new(Webhook::default())).await),
        ]))
    }

    /// Runs the program in a workspace's project, without keeping the services from answering.
    async fn run(&self, workspace: &Workspace, arguments: &[&str]) -> Outcome {
        let mut command: Command = workspace.command(program());
        command
            .current_dir(workspace.path().join("sql"))
            .args(arguments)
            .env("STAND_IN_TOKEN", "secret-TOKEN")
            .envs(self.0.iter().map(|(variable, server)| (variable, &server.url)));
        tokio::task::spawn_blocking(move || outcome(&mut command))
            .await
            .unwrap()
    }

    fn counts(&self) -> BTreeMap<&str, BTreeMap<String, usize>> {
        self.0
            .iter()
            .map(|(variable, server)| (*variable, server.counts()))
            .collect()
    }

    fn n_calls(&self) -> BTreeMap<&str, usize> {
        self.0
            .iter()
            .map(|(variable, server)| (*variable, server.calls().len()))
            .collect()
    }

    /// What the published tables say of a question: names and counts.
    async fn published(&self, workspace: &Workspace, sql: &str) -> BTreeMap<String, usize> {
        let arguments = [
            "show", "--inline", sql, "--limit", "-1", "--output", "json", "--quiet",
        ];
        let shown = self.run(workspace, &arguments).await.succeeds();
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        let rows = shown["show"].as_array().unwrap().iter();
        rows.map(|row| {
            let count = usize::try_from(row["n"].as_u64().unwrap()).unwrap();
            (row["name"].as_str().unwrap().to_owned(), count)
        })
        .collect()
    }
}

const AUDIENCES: &str = "
    select 'audience ' || audience as name, count(*) as n
    from (select unnest(audiences) as audience from {{ ref('contact_audiences_xa') }}) as members
    group by 1";

const PEOPLE: &str = "
    with people as (select * from {{ ref('contact_audiences_xa') }}),
    marketable as (select * from people where is_marketable)
    select 'all' as name, count(*) as n from people
    union all select 'marketable', count(*) from marketable
    union all select 'at companies', count(company_pk) from marketable
    union all select 'companies', count(distinct company_pk) from marketable
    union all select 'hot or champions', count(*) from people where in_hot_prospects or in_champions";

/// The events of contacts who may be marketed to, of a model that has contacts.
fn events_sql(model: &str, name: &str, contact: &str) -> String {
    format!(
        "select 'event ' || {name} as name, count(*) as n from {{{{ ref('{model}') }}}} as events
         inner join {{{{ ref('contacts_dim') }}}} as contacts on events.{contact} = contacts.contact_pk
         where contacts.is_marketable and cardinality(contacts.contact_emails) > 0 group by 1"
    )
}

/// What the published tables say.
struct Published {
    people: BTreeMap<String, usize>,
    audiences: BTreeMap<String, usize>,
    events: BTreeMap<String, usize>,
    issues: BTreeMap<String, usize>,
}

impl Published {
    async fn read(services: &Services, workspace: &Workspace) -> Self {
        let events = events_sql("customer_events_xa", "events.event_type", "event_contact_pk");
        let issues = events_sql("int_issues", "'Issue Created'", "contact_pk");
        Self {
            people: services.published(workspace, PEOPLE).await,
            audiences: services.published(workspace, AUDIENCES).await,
            events: services.published(workspace, &events).await,
            issues: services.published(workspace, &issues).await,
        }
    }

    /// The members of some audiences, with other counts.
    fn with(&self, audiences: &[&str], counts: &[(&str, &str)]) -> BTreeMap<String, usize> {
        let audiences = audiences.iter().map(|name| format!("audience {name}"));
        let counts = counts
            .iter()
            .map(|(name, people)| ((*name).to_owned(), self.people[*people]));
        audiences
            .map(|name| (name.clone(), self.audiences[&name]))
            .chain(counts)
            .collect()
    }

    /// What each service has to have.
    fn expected(&self) -> BTreeMap<&'static str, BTreeMap<String, usize>> {
        let intercom = self.with(
            &["hot_prospects", "champions", "engaged_clients"],
            &[
                ("contacts", "marketable"),
                ("contacts of companies", "at companies"),
                ("companies", "companies"),
            ],
        );
        let hubspot = self.with(
            &["champions", "lapsed_clients", "newsletter_readers"],
            &[("contacts", "marketable")],
        );
        let mut segment = self.with(&[], &[("contacts", "marketable")]);
        segment.extend(self.audiences.clone());
        segment.extend(self.events.clone());
        let mut rudderstack = self.with(
            &["hot_prospects", "champions"],
            &[("contacts", "hot or champions")],
        );
        rudderstack.extend(self.issues.clone());
        BTreeMap::from([
            ("INTERCOM_URL", intercom),
            ("META_URL", self.with(&["hot_prospects", "lapsed_clients"], &[])),
            ("HUBSPOT_URL", hubspot),
            ("SEGMENT_URL", segment),
            ("RUDDERSTACK_URL", rudderstack),
            ("WEBHOOK_URL", self.with(&[], &[("contacts", "all")])),
        ])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_delivers_what_its_audiences_say() {
    let services = Services::start().await;
    let workspace = Workspace::bundled();
    for file in walkdir::WalkDir::new(repository().join("fixtures/syncs")).min_depth(1) {
        let file = file.unwrap();
        let name = file.file_name().to_str().unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        workspace.write(&format!("sql/syncs/{name}"), &text);
    }
    services.run(&workspace, &["sync", "check"]).await.succeeds();
    services.run(&workspace, &["build", "--sync"]).await.succeeds();

    let published = Published::read(&services, &workspace).await;
    let n_marketable = published.people["marketable"];
    assert!(
        n_marketable < published.people["all"],
        "some may not be written to"
    );
    assert_eq!(published.audiences.len(), 5);
    assert!(published.events.len() > 5 && published.issues["event Issue Created"] > 0);
    let expected = published.expected();
    eprintln!("{expected:#?}");
    assert_eq!(services.counts(), expected);
    let file = workspace.read("exports/contacts_to_csv/contacts_to_csv-000001.csv");
    assert_eq!(file.lines().count(), n_marketable + 1, "the seventh: a file");

    let calls = services.n_calls();
    services.run(&workspace, &["sync"]).await.succeeds();
    assert_eq!(services.n_calls(), calls, "a rerun asks nobody for anything");
    assert_eq!(services.counts(), expected);
}
