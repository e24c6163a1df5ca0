//! The command line: what each command prints where, and how it ends.

use std::io::Read as _;
use std::process::Stdio;

use headwater::error::codes;
use serde_json::Value;

use crate::support::{Workspace, program, repository, transcript};

/// Every folder of `fixtures/projects` with a `transcript.txt`.
#[test]
fn commands_answer_word_for_word() {
    transcript::check("projects");
}

#[test]
fn every_command_has_help() {
    let workspace = Workspace::empty();
    let overview = workspace.headwater(&["--help"]).succeeds().stdout;
    let (_, commands) = overview.split_once("Commands:\n").unwrap();
    let lines: Vec<&str> = commands.lines().take_while(|line| !line.is_empty()).collect();
    assert!(lines.len() > 10, "{overview}");
    for line in lines {
        let (name, summary) = line.trim().split_once("  ").unwrap();
        if name == "help" {
            continue;
        }
        let help = workspace.headwater(&["help", name]).succeeds().stdout;
        let same = workspace.headwater(&[name, "--help"]).succeeds().stdout;
        assert_eq!(help, same);
        let first = help.lines().next().unwrap();
        assert!(
            summary.trim().starts_with(first),
            "`{name}`: `{summary}` and `{first}`"
        );
        assert!(help.contains(&format!("Usage: headwater {name}")), "{help}");
    }
}

#[test]
fn every_code_is_explained() {
    let workspace = Workspace::empty();
    for page in codes::pages() {
        let told = workspace
            .headwater(&["explain", page.code.as_str()])
            .succeeds()
            .stdout;
        for part in [page.title, page.meaning, page.why, page.fix] {
            assert!(!part.is_empty(), "{} is complete", page.code);
        }
        for heading in ["What it means", "Why it matters", "Example", "How to fix it"] {
            assert!(told.contains(heading), "{told}");
        }
    }
}

#[test]
fn log_lines_are_json() {
    let workspace = commands();
    let built = workspace.headwater(&["build", "--log-format", "json"]).succeeds();
    assert_eq!(built.stdout, "");
    let events: Vec<Value> = built
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let finished = events
        .iter()
        .filter(|event| event["info"]["name"] == "NodeFinished");
    assert!(finished.count() > 3);
    assert!(
        events
            .iter()
            .all(|event| event["info"]["level"].is_string() && event["info"]["ts"].is_string())
    );

    let failed = workspace.headwater(&["run", "--vars", "[", "--log-format", "json"]);
    assert_eq!(failed.code, 2);
    let event: Value = serde_json::from_str(failed.stderr.trim()).unwrap();
    assert_eq!(event["info"]["level"], "error");
    assert_eq!(event["data"]["code"], "HW0902");
}

#[test]
fn quiet_says_nothing_of_success() {
    let workspace = commands();
    let built = workspace.headwater(&["build", "--quiet"]).succeeds();
    assert_eq!((built.stdout.as_str(), built.stderr.as_str()), ("", ""));
    let failed = workspace.headwater(&["build", "--quiet", "--select", "tga:nightly"]);
    assert_eq!(failed.code, 2);
    assert!(failed.stderr.contains("HW0105"), "{}", failed.stderr);
}

#[test]
fn a_closed_pipe_is_quiet() {
    let workspace = commands();
    let mut child = workspace
        .command(program())
        .args([
            "show",
            "--limit",
            "-1",
            "--inline",
            "select * from generate_series(1, 300000)",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn colour_is_for_those_who_want_it() {
    let escape = '\u{1b}';
    let stderr = |name: &str, value: &str| {
        let workspace = commands();
        let mut command = workspace.command(program());
        let output = command
            .args(["build", "--select", "nothing"])
            .env(name, value)
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(stderr("CLICOLOR_FORCE", "1").contains(escape));
    assert!(!stderr("NO_COLOR", "1").contains(escape));
    assert!(!stderr("TERM", "xterm").contains(escape), "a file gets no colour");
}

#[test]
fn a_new_project_is_written_once() {
    let workspace = Workspace::empty();
    let written = workspace.headwater(&["init", "consultancy"]).succeeds();
    assert!(
        written.stderr.contains("cd consultancy"),
        "{}",
        written.stderr
    );
    let again = workspace.headwater(&["init", "consultancy"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("is not empty"), "{}", again.stderr);
}

/// The project that the transcripts of the commands are about.
fn commands() -> Workspace {
    Workspace::copy_of(&repository().join("fixtures/projects/commands"))
}
