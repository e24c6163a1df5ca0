//! The program itself: killed at any moment, it loses nothing; whatever it writes, it tells nobody.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use super::server::{Fault, Reply, Server};
use super::stage::hash;
use super::worlds::events::Events;
use super::worlds::hubspot::HubSpot;
use super::worlds::meta::Meta;

/// How many people the model has.
const PEOPLE: usize = 3_000;

/// A project with one model and one sync.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new(people: usize, destination: &str, sync: &str) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        project.write("dbt_project.yml", "name: people\nversion: '1.0'\n");
        project.write(
            "models/people.sql",
            &format!(
                "select 'p' || lpad(cast(n as varchar), 6, '0') || chr(64) || 'example.com' as email,
                    'Person ' || cast(n as varchar) as name, n as score, n % 2 = 0 as in_hot
                 from unnest(generate_series(1, {people})) as t(n)"
            ),
        );
        project.write(
            "syncs/people.yml",
            &format!(
                "destinations:\n  - name: out\n    {destination}\nsyncs:\n  - name: people\n    model: people\n    destination: out\n    primary_key: email\n    {sync}\n"
            ),
        );
        let built = project.run(&["build"]);
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        let folder = path.parent().unwrap();
        std::fs::DirBuilder::new().recursive(true).create(folder).unwrap();
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), text.as_bytes()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headwater"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("OUT_TOKEN", "secret-TOKEN")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs without keeping the test's own server from answering.
    async fn run_beside(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }
}

/// A destination: a stand-in for Segment, with these limits.
fn segment(server: &Server, limits: &str) -> String {
    format!(
        "type: segment\n    base_url: {}\n    write_key: \"{{{{ env_var('OUT_TOKEN') }}}}\"\n    limits: {{{limits}}}",
        server.url
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing() {
    // The pace of the long run is such that its last kills still meet rows on their way.
    let (people, kills, batch, pace) = if std::env::var_os("HEADWATER_SLOW").is_some() {
        (20_000, 200, 10, ", requests_per_second: 20")
    } else {
        (PEOPLE, 6, 20, "")
    };
    let server = Server::start(Box::new(Events::segment())).await;
    let project = Project::new(
        people,
        &segment(&server, &format!("batch_size: {batch}, concurrency: 2{pace}")),
        "mode: identify\n    fields: {name: name, score: score}",
    );
    let mut chance: u64 = 42;
    let (mut killed, mut in_flight) = (0, 0);
    while killed < kills {
        let mut child = project
            .command(&["sync", "--full-resync"][..if killed % 50 == 49 { 2 } else { 1 }])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(150 + (chance >> 33) % 900)).await;
        child.kill().unwrap();
        let is_done = child.wait().unwrap().success();
        killed += 1;
        // Two lanes, a batch each, may have been on their way.
        in_flight += 2 * batch;
        if is_done && server.state().len() == people && kills < 10 {
            break;
        }
    }
    let last = project.run_beside(&["sync"]).await;
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    assert_eq!(server.state().len(), people, "nobody is lost");
    assert!(
        server.repeated() <= in_flight,
        "{} were said twice in {killed} kills",
        server.repeated()
    );
    eprintln!(
        "{killed} kills: lost 0, said twice {} of {people}",
        server.repeated()
    );
    let writes = server.writes();
    assert!(project.run_beside(&["sync"]).await.status.success());
    assert_eq!(server.writes(), writes, "a rerun sends nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_person_did_is_told_in_order() {
    let server = Server::start(Box::new(Events::segment())).await;
    let project = Project::new(
        120,
        &segment(
            &server,
            "batch_size: 1, concurrency: 4, requests_per_second: 1000",
        ),
        "mode: track\n    fields: {event: {value: Seen}, user_id: {expr: \"'u' || cast(score % 5 as varchar)\"}, score: score}",
    );
    let sent = project.run_beside(&["sync"]).await;
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let mut told: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for call in server.calls() {
        for message in call.body["batch"].as_array().into_iter().flatten() {
            let user = message["userId"].as_str().unwrap().to_owned();
            let score = message["properties"]["score"].as_u64().unwrap();
            told.entry(user).or_default().push(score);
        }
    }
    assert_eq!(told.len(), 5);
    for (user, scores) in told {
        assert_eq!(scores.len(), 24, "{user}");
        assert!(scores.is_sorted(), "{user}: {scores:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_and_addresses_are_in_nothing_that_a_run_writes() {
    let server = Server::start(Box::new(HubSpot::default())).await;
    let project = Project::new(
        PEOPLE,
        &format!(
            "type: hubspot\n    base_url: {}\n    access_token: \"{{{{ env_var('OUT_TOKEN') }}}}\"\n    limits: {{max_attempts: 2, requests_per_second: 1000}}",
            server.url
        ),
        "mode: mirror\n    create_fields: true\n    fields: {email: email, name: name}\n    where: score <= 250\n    audiences: [hot]",
    );
    let unkind = |status| {
        let body = serde_json::json!({
            "status": "error",
            "message": "p000001@example.com and Person 1 will not do for secret-TOKEN",
            "category": "VALIDATION_ERROR",
        });
        Fault::Instead(Reply::json(status, &body))
    };
    server.plan([
        unkind(400),
        unkind(500),
        Fault::None,
        unkind(400),
        unkind(429),
        unkind(400),
    ]);
    let mut told = String::new();
    for arguments in [
        &["sync", "check"][..],
        &["sync", "plan"],
        &["sync", "--log-format", "json"],
        &["sync"],
        &["sync", "history"],
        &["sync", "failures"],
    ] {
        let output = project.run_beside(arguments).await;
        told.push_str(&String::from_utf8_lossy(&output.stdout));
        told.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    server.plan([Fault::Expired]);
    project.write(
        "models/people.sql",
        "select 'late' || chr(64) || 'example.com' as email, 'Late' as name, 1 as score, true as in_hot",
    );
    assert!(project.run_beside(&["run"]).await.status.success());
    let halted = project.run_beside(&["sync", "--force"]).await;
    assert_eq!(halted.status.code(), Some(1));
    told.push_str(&String::from_utf8_lossy(&halted.stderr));
    assert!(
        told.contains("the OAuth token *** expired") || told.contains("The OAuth token *** expired"),
        "{told}"
    );
    assert_eq!(found(&told), Vec::<&str>::new(), "{told}");
    check_files(project.folder.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing() {
    let server = Server::start(Box::new(Events::segment())).await;
    let project = Project::new(
        PEOPLE,
        &segment(&server, "batch_size: 20, concurrency: 2"),
        "mode: identify\n    fields: {name: name, score: score}",
    );
    // No file may grow beyond this; the journal of all people does, in the middle of a line.
    let limit = "trap '' XFSZ; ulimit -f 400; exec \"$0\" sync";
    let mut command = project.command(&[]);
    let program = command.get_program().to_owned();
    let environment: Vec<_> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    command = Command::new("bash");
    command
        .args([OsStr::new("-c"), OsStr::new(limit), &program])
        .current_dir(project.folder.path())
        .envs(environment);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("journal"), "{said}");
    let first = server.state().len();
    assert!(
        0 < first && first < PEOPLE,
        "{first} of {PEOPLE} are there: {said}"
    );

    let last = project.run_beside(&["sync"]).await;
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    assert_eq!(server.state().len(), PEOPLE, "nobody is lost");
    assert!(
        server.repeated() <= 2 * 20,
        "{} were said twice; two lanes had a batch each on its way",
        server.repeated()
    );
    eprintln!(
        "the disk was full after {first}: lost 0, said twice {}",
        server.repeated()
    );
    let history = project.run_beside(&["sync", "history"]).await;
    assert!(
        history.status.success(),
        "{}",
        String::from_utf8_lossy(&history.stderr)
    );
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    assert!(
        history.contains("interrupted") && history.contains("succeeded"),
        "{history}"
    );
    let writes = server.writes();
    assert!(project.run_beside(&["sync"]).await.status.success());
    assert_eq!(server.writes(), writes, "a rerun sends nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_can_do_nothing_with_is_a_warning_about_the_run() {
    let server = Server::start(Box::new(Meta::ignoring(hash("p000002@example.com")))).await;
    let project = Project::new(
        PEOPLE,
        &format!(
            "type: facebook_custom_audience\n    base_url: {}\n    ad_account_id: act_77\n    access_token: \"{{{{ env_var('OUT_TOKEN') }}}}\"",
            server.url
        ),
        "mode: audience\n    fields: {email: email}\n    audiences: [hot]",
    );
    let output = project.run_beside(&["sync"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let finding = "`out` can do nothing with 1 of the entries that it took";
    assert!(said.contains("HW0709") && said.contains(finding), "{said}");
    assert_eq!(server.state().len(), PEOPLE / 2 - 1);
    let history = project.run_beside(&["sync", "history"]).await;
    assert!(
        history.status.success(),
        "{}",
        String::from_utf8_lossy(&history.stderr)
    );
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    assert!(
        history.contains("succeeded") && history.contains(finding),
        "{history}"
    );
    let failures = project.run_beside(&["sync", "failures"]).await;
    let failures = String::from_utf8_lossy(&failures.stdout).into_owned();
    assert_eq!(failures.lines().count(), 2, "no row is blamed: {failures}");
}

/// Checks that no file holds the token, and no artifact an address.
fn check_files(folder: &Path) {
    let files = files_below(folder);
    for file in files {
        let bytes = read(&file);
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("secret-TOKEN"), "{}", file.display());
        let is_ours = file.strip_prefix(folder).unwrap().starts_with("target");
        if is_ours && file.extension().is_none_or(|kind| kind != "sql") {
            assert_eq!(found(&text), Vec::<&str>::new(), "{}", file.display());
        }
    }
}

/// What must not be seen.
fn found(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| {
            line.contains("@example.com") || line.contains("secret-TOKEN") || line.contains("Person 1 ")
        })
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::fs::File::open(path).unwrap(), &mut bytes).unwrap();
    bytes
}
