//! The stage of a scenario: a service, a project that syncs to it, and what the model holds.

use std::collections::BTreeMap;

use headwater::sync::RunRecord;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::bench::Bench;
use super::server::{Server, World};
use super::worlds::events::Events;
use super::worlds::hubspot::HubSpot;
use super::worlds::intercom::Intercom;
use super::worlds::meta::Meta;
use super::worlds::webhook::Webhook;

/// A row of the model.
#[derive(Debug, Clone)]
pub struct Row {
    pub email: Option<String>,
    pub name: Option<String>,
    pub score: Option<i64>,
    pub hot: bool,
    pub marketable: bool,
}

pub fn row(email: &str, score: i64) -> Row {
    Row {
        email: Some(email.to_owned()),
        name: Some(format!("Name of {email}")),
        score: Some(score),
        hot: true,
        marketable: true,
    }
}

/// Ten people.
pub fn people() -> Vec<Row> {
    (0..10).map(|n| row(&format!("p{n}@example.com"), n)).collect()
}

/// A destination under test.
#[derive(Clone, Copy)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a table of what services can and cannot do"
)]
pub struct Case {
    pub name: &'static str,
    pub destination: &'static str,
    pub mode: &'static str,
    pub fields: &'static str,
    pub audiences: &'static str,
    pub world: fn() -> Box<dyn World>,
    pub expected: fn(&[Row]) -> BTreeMap<String, Value>,
    /// Whether rows that left are removed.
    pub forgets: bool,
    /// Whether a contact that may no longer be marketed to is removed.
    pub suppresses: bool,
    /// Whether the service refuses single rows.
    pub rejects: bool,
    /// Whether all of the row is kept, or just its membership.
    pub keeps_fields: bool,
}

pub fn whole(rows: &[Row]) -> BTreeMap<String, Value> {
    rows.iter()
        .map(|row| {
            let email = row.email.clone().unwrap();
            (
                email,
                json!({"name": row.name, "score": row.score, "hot": row.hot}),
            )
        })
        .collect()
}

pub fn members(rows: &[Row]) -> BTreeMap<String, Value> {
    let hot = rows.iter().filter(|row| row.hot);
    hot.map(|row| (row.email.clone().unwrap(), json!(["hot"])))
        .collect()
}

pub fn hashed(rows: &[Row]) -> BTreeMap<String, Value> {
    members(rows)
        .into_iter()
        .map(|(email, audiences)| (hash(&email), audiences))
        .collect()
}

pub fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

pub fn plain(rows: &[Row]) -> BTreeMap<String, Value> {
    rows.iter()
        .map(|row| {
            let email = row.email.clone().unwrap();
            (
                email.clone(),
                json!({"email": email, "name": row.name, "score": row.score}),
            )
        })
        .collect()
}

pub const POISON: &str = "poison@example.com";

pub fn meta() -> Box<dyn World> {
    Box::new(Meta::refusing(hash(POISON)))
}

pub const CASES: [Case; 6] = [
    Case {
        name: "webhook",
        destination: "type: webhook\n    url: {url}/hook\n    batch: true\n    headers: {Authorization: \"Bearer {{ env_var('TOKEN') }}\"}",
        mode: "mirror",
        fields: "{email: email, name: name, score: score}",
        audiences: "[]",
        world: || Box::new(Webhook::default()),
        expected: plain,
        forgets: true,
        suppresses: false,
        rejects: true,
        keeps_fields: true,
    },
    Case {
        name: "segment",
        destination: "type: segment\n    base_url: {url}\n    write_key: \"{{ env_var('TOKEN') }}\"",
        mode: "identify",
        fields: "{name: name, score: score}",
        audiences: "[hot]",
        world: || Box::new(Events::segment()),
        expected: whole,
        forgets: false,
        suppresses: false,
        rejects: false,
        keeps_fields: true,
    },
    Case {
        name: "rudderstack",
        destination: "type: rudderstack\n    data_plane_url: {url}\n    write_key: \"{{ env_var('TOKEN') }}\"",
        mode: "audience",
        fields: "{name: name}",
        audiences: "[hot]",
        world: || Box::new(Events::rudderstack()),
        expected: members,
        forgets: true,
        suppresses: true,
        rejects: true,
        keeps_fields: false,
    },
    Case {
        name: "hubspot",
        destination: "type: hubspot\n    base_url: {url}\n    access_token: \"{{ env_var('TOKEN') }}\"",
        mode: "mirror",
        fields: "{email: email, name: name, score: score}",
        audiences: "[hot]",
        world: || Box::new(HubSpot::default()),
        expected: whole,
        forgets: true,
        suppresses: true,
        rejects: true,
        keeps_fields: true,
    },
    Case {
        name: "facebook_custom_audience",
        destination: "type: facebook_custom_audience\n    base_url: {url}\n    ad_account_id: act_77\n    access_token: \"{{ env_var('TOKEN') }}\"",
        mode: "audience",
        fields: "{email: email, first_name: name}",
        audiences: "[hot]",
        world: meta,
        expected: hashed,
        forgets: true,
        suppresses: true,
        rejects: true,
        keeps_fields: false,
    },
    Case {
        name: "intercom",
        destination: "type: intercom\n    base_url: {url}\n    access_token: \"{{ env_var('TOKEN') }}\"",
        mode: "mirror",
        fields: "{email: email, name: name, custom_attributes.score: score}",
        audiences: "[hot]",
        world: || Box::new(Intercom::default()),
        expected: whole,
        forgets: true,
        suppresses: true,
        rejects: true,
        keeps_fields: true,
    },
];

/// A scenario's stage: a service, a project that syncs to it, and what the model holds.
pub struct Stage {
    pub case: Case,
    pub server: Server,
    pub bench: Bench,
}

impl Stage {
    pub async fn new(case: Case) -> Self {
        let server = Server::start((case.world)()).await;
        let url = server.url.clone();
        Self::through(case, server, &url)
    }

    /// A stage whose requests go to `url`, from where they reach the server.
    pub fn through(case: Case, server: Server, url: &str) -> Self {
        let yaml = format!(
            "
destinations:
  - name: out
    {}
    limits: {{batch_size: 4, max_attempts: 4, timeout_seconds: 0.4, requests_per_second: 1000}}
syncs:
  - name: people
    model: contact_audiences_xa
    destination: out
    mode: {}
    primary_key: email
    create_fields: true
    fields: {}
    audiences: {}
    guard: {{max_removed: 100%}}
",
            case.destination.replace("{url}", url),
            case.mode,
            case.fields,
            case.audiences
        );
        let bench = Bench::new(&yaml);
        assert_eq!(bench.diagnostics, [], "{}", case.name);
        Self { case, server, bench }
    }

    pub fn model(&self, rows: &[Row]) {
        let quoted = |text: &Option<String>| match text {
            Some(text) => format!("'{}'", text.replace('\'', "''")),
            None => "cast(null as varchar)".to_owned(),
        };
        let values: Vec<String> = rows
            .iter()
            .map(|row| {
                let score = row
                    .score
                    .map_or("cast(null as bigint)".to_owned(), |score| score.to_string());
                format!(
                    "({}, {}, {score}, {}, {})",
                    quoted(&row.email),
                    quoted(&row.name),
                    row.hot,
                    row.marketable
                )
            })
            .collect();
        self.bench
            .rows(&values.join(", "), "email, name, score, in_hot, is_marketable");
    }

    /// Runs with these rows; the service then knows what is expected of `known`.
    pub async fn deliver(&self, rows: &[Row], known: &[Row]) -> RunRecord {
        self.model(rows);
        let report = self.bench.run().await;
        let reasons = "select distinct reason from headwater_sync_rows where status <> 'delivered'";
        let reasons = if report.diagnostics.is_empty() {
            Vec::new()
        } else {
            self.bench.records(reasons).await
        };
        assert_eq!(report.diagnostics, [], "{}: {reasons:?}", self.case.name);
        self.same(known);
        report.runs[0].clone()
    }

    pub async fn run(&self) -> RunRecord {
        let report = self.bench.run().await;
        let told = format!("{:?}", report.diagnostics);
        assert!(!told.contains('@') && !told.contains("secret-"), "{told}");
        report.runs.into_iter().next().unwrap_or_else(|| panic!("{told}"))
    }

    pub fn same(&self, rows: &[Row]) {
        assert_eq!(
            self.server.state(),
            (self.case.expected)(rows),
            "{}",
            self.case.name
        );
    }

    /// The next run has nothing to send.
    pub async fn quiet(&self) {
        let writes = self.server.writes();
        let record = self.run().await;
        assert_eq!(
            record.tally.requests, 0,
            "{}: a rerun sends nothing",
            self.case.name
        );
        assert_eq!(self.server.writes(), writes);
    }
}
