//! What every destination that is a service has to stand: one list of scenarios, run on each.
//!
//! After each scenario the service knows what the model holds, no row is lost, and what was said twice is explained.

use std::collections::BTreeMap;
use std::future::Future as _;
use std::task::{Context, Poll};

use serde_json::json;

use super::server::{Fault, Reply, Server};
use super::stage::{CASES, Case, POISON, Row, Stage, people, row};

async fn first_run_and_rerun(stage: &Stage) {
    let record = stage.deliver(&people(), &people()).await;
    assert_eq!((record.counts.added, record.tally.delivered), (10, 10));
    stage.quiet().await;
    assert_eq!(stage.server.repeated(), 0);
}

async fn change(stage: &Stage) {
    stage.deliver(&people(), &people()).await;
    let mut rows = people();
    rows[3].name = Some("Another".to_owned());
    rows[4].hot = false;
    let record = stage.deliver(&rows, &rows).await;
    assert!(
        (1..=2).contains(&(record.counts.changed + record.counts.removed)),
        "{record:?}"
    );
    stage.quiet().await;
}

async fn removal(stage: &Stage) {
    stage.deliver(&people(), &people()).await;
    let rows = people()[..7].to_vec();
    let known = if stage.case.forgets {
        rows.clone()
    } else {
        people()
    };
    stage.deliver(&rows, &known).await;
    stage.quiet().await;
}

async fn re_entry_within_a_day(stage: &Stage) {
    stage.deliver(&people(), &people()).await;
    let mut rows = people();
    for _ in 0..2 {
        rows[2].hot = false;
        rows[2].score = Some(77);
        stage.deliver(&rows, &rows).await;
        rows[2].hot = true;
        rows[2].score = Some(2);
        stage.deliver(&rows, &rows).await;
    }
    let mut gone = people();
    gone.remove(5);
    let known = if stage.case.forgets {
        gone.clone()
    } else {
        people()
    };
    stage.deliver(&gone, &known).await;
    stage.deliver(&people(), &people()).await;
    assert_eq!(stage.server.repeated(), 0, "no message has the name of another");
    stage.quiet().await;
}

async fn null_clears(stage: &Stage) {
    stage.deliver(&people(), &people()).await;
    let mut rows = people();
    rows[1].score = None;
    rows[6].name = None;
    stage.deliver(&rows, &rows).await;
    stage.quiet().await;
}

async fn duplicate_and_null_keys(stage: &Stage) {
    let mut rows = people();
    rows.push(row("twice@example.com", 1));
    rows.push(row("twice@example.com", 2));
    rows.push(Row {
        email: None,
        ..row("", 3)
    });
    stage.model(&rows);
    let record = stage.run().await;
    assert_eq!(
        (
            record.status.as_str(),
            record.tally.delivered,
            record.tally.rejected
        ),
        ("partial", 10, 2)
    );
    stage.same(&people());
}

async fn not_marketable(stage: &Stage) {
    stage.deliver(&people(), &people()).await;
    let mut rows = people();
    rows[0].marketable = false;
    rows.push(Row {
        marketable: false,
        ..row("never@example.com", 1)
    });
    let kept: Vec<Row> = if stage.case.suppresses {
        rows.iter().filter(|row| row.marketable).cloned().collect()
    } else if stage.case.name == "webhook" {
        rows.clone()
    } else {
        let mut kept = people();
        kept[0].hot = false;
        kept
    };
    stage.deliver(&rows, &kept).await;
    stage.quiet().await;
}

async fn oversize_row(stage: &Stage) {
    let mut rows = people();
    rows.push(Row {
        name: Some("x".repeat(1_200_000)),
        ..row("big@example.com", 1)
    });
    stage.model(&rows);
    stage.run().await;
    // A service that hashes or drops the name takes the row; the others are told of it. Nobody else is touched.
    let state = stage.server.state();
    for (key, value) in (stage.case.expected)(&people()) {
        assert_eq!(state.get(&key), Some(&value), "{}", stage.case.name);
    }
}

async fn beyond_ascii(stage: &Stage) {
    let mut rows = people();
    rows[0].name = Some("Zoë \"李小龙\" 👩‍🚀 O'Hara".to_owned());
    rows.push(row("josé@exämple.com", 1));
    stage.deliver(&rows, &rows).await;
    stage.quiet().await;
}

/// One fault on the way, of the kind that passes.
async fn passing(stage: &Stage, faults: Vec<Fault>) {
    stage.model(&people());
    stage.server.plan(faults);
    let record = stage.run().await;
    assert_eq!(record.status, "succeeded", "{}: {record:?}", stage.case.name);
    stage.same(&people());
    stage.quiet().await;
}

fn too_many(headers: &[(&'static str, &str)]) -> Fault {
    let mut reply = Reply::json(429, &json!({"message": "slow down"}));
    for (name, value) in headers {
        reply = reply.with(name, value);
    }
    Fault::Instead(reply)
}

async fn throttled_with_headers(stage: &Stage) {
    // More throttles than there are tries: waiting costs none.
    let faults = (0..6)
        .map(|_| too_many(&[("retry-after", "7"), ("x-ratelimit-reset", "7")]))
        .collect();
    passing(stage, faults).await;
    assert!(stage.bench.clock.waited().as_secs() >= 7);
}

async fn throttled_without_headers(stage: &Stage) {
    passing(stage, vec![too_many(&[]), Fault::None, too_many(&[])]).await;
}

async fn server_errors(stage: &Stage) {
    let error = |status| Fault::Instead(Reply::json(status, &json!({"message": "oops"})));
    passing(stage, vec![error(500), error(503), Fault::None, error(502)]).await;
}

async fn reset_in_mid_request(stage: &Stage) {
    passing(stage, vec![Fault::BrokenBefore, Fault::None, Fault::BrokenAfter]).await;
    // The one that was done and not answered was said again, under the same name.
    assert!(stage.server.repeated() <= 4 * 3, "{}", stage.server.repeated());
}

async fn a_reply_that_never_comes(stage: &Stage) {
    passing(stage, vec![Fault::None, Fault::Silence]).await;
}

async fn half_an_answer(stage: &Stage) {
    passing(stage, vec![Fault::HalfAnswer, Fault::None, Fault::HalfAnswer]).await;
}

async fn a_page_of_html(stage: &Stage) {
    let page = || {
        Fault::Instead(Reply::text(
            200,
            "<html><body>Welcome to the airport's Wi-Fi</body></html>",
        ))
    };
    passing(stage, vec![page(), Fault::None, page()]).await;
}

async fn a_success_that_wrote_nothing(stage: &Stage) {
    let Some(hollow) = stage.server.hollow() else {
        return;
    };
    stage.model(&people());
    stage.server.plan([Fault::Instead(hollow)]);
    let record = stage.run().await;
    let missing = record.tally.rejected;
    let known = u64::try_from(stage.server.state().len()).unwrap();
    assert!(
        known + missing >= 10,
        "{}: nothing counts as delivered that is not there",
        stage.case.name
    );
    let second = stage.run().await;
    assert_eq!(second.counts.added, missing);
    stage.same(&people());
}

async fn partial_failure(stage: &Stage) {
    if !stage.case.rejects {
        return;
    }
    let mut rows = people();
    rows.insert(
        5,
        Row {
            name: Some("poison".to_owned()),
            ..row(POISON, 1)
        },
    );
    stage.model(&rows);
    let record = stage.run().await;
    assert_eq!(
        (
            record.status.as_str(),
            record.tally.delivered,
            record.tally.rejected
        ),
        ("partial", 10, 1)
    );
    stage.same(&people());
    let failures = stage
        .bench
        .records("select reason from headwater_sync_rows where status = 'rejected'")
        .await;
    assert_eq!(failures.len(), 1);
    assert!(!failures[0].contains('@'), "{failures:?}");
    rows[5].email = Some("cured@example.com".to_owned());
    rows[5].name = Some("Cured".to_owned());
    stage.deliver(&rows, &rows).await;
}

async fn all_rows_bad(stage: &Stage) {
    if !stage.case.rejects || stage.case.name == "facebook_custom_audience" {
        return;
    }
    let rows: Vec<Row> = (0..6)
        .map(|n| Row {
            name: Some("poison".to_owned()),
            ..row(&format!("poison{n}@example.com"), n)
        })
        .collect();
    stage.model(&rows);
    let record = stage.run().await;
    assert_eq!((record.tally.delivered, record.tally.rejected), (0, 6));
    stage.same(&[]);
}

async fn token_expired_midway(stage: &Stage) {
    stage.model(&people());
    stage.server.plan([Fault::None, Fault::Expired]);
    let record = stage.run().await;
    assert_eq!(record.status, "halted", "{}: {record:?}", stage.case.name);
    assert!(record.tally.requests < 40, "it was stopped at once");
    assert!(!record.message.clone().unwrap_or_default().contains("secret-"));
    stage.server.mend();
    let second = stage.run().await;
    assert_eq!(second.status, "succeeded");
    assert_eq!(record.tally.delivered + second.tally.delivered, 10);
    stage.same(&people());
}

async fn an_outage_pauses(stage: &Stage) {
    stage.model(&people());
    let error = || Fault::Instead(Reply::json(503, &json!({"message": "down"})));
    stage.server.plan((0..60).map(|_| error()));
    let record = stage.run().await;
    assert!(
        record.status == "paused" || record.status == "partial",
        "{record:?}"
    );
    assert_eq!(record.tally.delivered, 0);
    stage.server.mend();
    assert_eq!(stage.run().await.status, "succeeded");
    stage.same(&people());
}

/// Drops a run at every so many steps, as a crash does, and runs again.
async fn crashes(stage: &Stage) {
    stage.model(&people());
    let mut steps = 1;
    loop {
        let outcome = {
            let run = stage.bench.run();
            tokio::pin!(run);
            let mut left = steps;
            std::future::poll_fn(|ctx: &mut Context<'_>| match run.as_mut().poll(ctx) {
                Poll::Ready(report) => Poll::Ready(Some(report)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => {
                    left -= 1;
                    Poll::Pending
                }
            })
            .await
        };
        if outcome.is_some() {
            break;
        }
        steps += 7;
    }
    stage.run().await;
    stage.same(&people());
    stage.quiet().await;
    let delivered = stage
        .bench
        .records("select count(*), count(distinct key) from headwater_sync_rows where status = 'delivered'")
        .await;
    assert_eq!(
        delivered,
        ["10 10"],
        "{}: each row is acknowledged once",
        stage.case.name
    );
}

#[allow(clippy::cognitive_complexity, reason = "one line per scenario")]
async fn stand(case: Case) {
    let mut failed: Vec<&str> = Vec::new();
    macro_rules! scenarios {
        ($($scenario:ident),* $(,)?) => {
            $({
                let started = std::time::Instant::now();
                let stage = Stage::new(case).await;
                let scenario = std::panic::AssertUnwindSafe($scenario(&stage));
                let verdict = match futures::FutureExt::catch_unwind(scenario).await {
                    Ok(()) => "passed",
                    Err(_) => {
                        failed.push(stringify!($scenario));
                        "FAILED"
                    }
                };
                eprintln!("{} x {}: {verdict} in {:?}", case.name, stringify!($scenario), started.elapsed());
            })*
        };
    }
    scenarios!(
        first_run_and_rerun,
        change,
        removal,
        re_entry_within_a_day,
        duplicate_and_null_keys,
        not_marketable,
        oversize_row,
        beyond_ascii,
        throttled_with_headers,
        throttled_without_headers,
        server_errors,
        reset_in_mid_request,
        a_reply_that_never_comes,
        half_an_answer,
        a_page_of_html,
        a_success_that_wrote_nothing,
        partial_failure,
        all_rows_bad,
        token_expired_midway,
        an_outage_pauses,
        crashes,
    );
    if case.keeps_fields {
        scenarios!(null_clears);
    }
    assert!(failed.is_empty(), "{}: {failed:?}", case.name);
}

macro_rules! destinations {
    ($($name:ident = $index:literal),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            stand(CASES[$index]).await;
        })*
    };
}

destinations!(
    webhook = 0,
    segment = 1,
    rudderstack = 2,
    hubspot = 3,
    facebook_custom_audience = 4,
    intercom = 5,
);

/// Checks every request to Intercom against its API description, where `HEADWATER_PRISM` names the `prism` program
/// and `HEADWATER_INTERCOM_API` the description: prism stands between and refuses what the description does not allow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intercom_requests_meet_their_description() {
    let variable = |name| std::env::var_os(name);
    let (Some(prism), Some(description)) = (variable("HEADWATER_PRISM"), variable("HEADWATER_INTERCOM_API"))
    else {
        return;
    };
    let case = CASES[5];
    let server = Server::start((case.world)()).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut proxy = std::process::Command::new(prism)
        .args(["proxy", "--errors", "--port", &free.to_string()])
        .arg(description)
        .arg(&server.url)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let verdict =
        futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(through_prism(case, server, free)))
            .await;
    proxy.kill().unwrap();
    proxy.wait().unwrap();
    verdict.unwrap();
}

/// Delivers, changes, removes and delivers again through prism on `port`; counts the calls.
async fn through_prism(case: Case, server: Server, port: u16) {
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let stage = Stage::through(case, server, &format!("http://127.0.0.1:{port}"));
    let mut rows = people();
    let mut outcomes = vec![stage.deliver(&rows, &rows).await];
    rows[3].name = None;
    rows[4].hot = false;
    outcomes.push(stage.deliver(&rows, &rows).await);
    rows.truncate(6);
    outcomes.push(stage.deliver(&rows, &rows).await);
    outcomes.push(stage.deliver(&people(), &people()).await);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for call in stage.server.calls() {
        let path: Vec<&str> = call
            .parts()
            .into_iter()
            .map(|part| {
                if part.bytes().any(|b| b.is_ascii_digit()) {
                    "{id}"
                } else {
                    part
                }
            })
            .collect();
        *kinds
            .entry(format!("{} /{}", call.method, path.join("/")))
            .or_default() += 1;
    }
    eprintln!(
        "{} calls of {} kinds: {kinds:#?}",
        kinds.values().sum::<usize>(),
        kinds.len()
    );
    assert!(outcomes.iter().all(|record| record.tally.rejected == 0));
}
