//! Transcripts: commands, and the exact text they answer with.
//!
//! A case is a folder with a `transcript.txt`. Lines that begin with `$ ` are commands of a shell, run one after another
//! in a copy of the folder; below each stands what it printed (lines of stdout begin with `> `) and its exit status.
//! Lines that begin with `#` are remarks. `HEADWATER_BLESS=1 cargo test` writes the answers anew, so a new case is a
//! folder with a project and a `transcript.txt` of commands alone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use regex::Regex;

use super::{Outcome, Workspace, blessing, cases, outcome};

/// The file's name.
const FILE: &str = "transcript.txt";

/// Runs the transcripts of a folder of `fixtures`, two at a time, and tells every one that differs.
pub(crate) fn check(folder: &str) {
    let cases = cases(folder, FILE);
    assert!(!cases.is_empty(), "there are transcripts in fixtures/{folder}");
    let (left, right) = cases.split_at(cases.len() / 2);
    let differing = std::thread::scope(|scope| {
        let other = scope.spawn(|| differences(right));
        let mut all = differences(left);
        all.extend(other.join().unwrap());
        all
    });
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn differences(cases: &[impl AsRef<Path>]) -> Vec<String> {
    cases
        .iter()
        .filter_map(|case| difference(case.as_ref()))
        .collect()
}

fn difference(case: &Path) -> Option<String> {
    let file = case.join(FILE);
    let written = fs::read_to_string(&file).unwrap();
    let found = replay(case, &written);
    if blessing() {
        fs::write(&file, &found).unwrap();
    }
    let differs = found != written && !blessing();
    differs.then(|| {
        let told = compared(&written, &found);
        format!("{} differs:\n{told}", file.display())
    })
}

/// What a transcript would be now.
fn replay(case: &Path, written: &str) -> String {
    let workspace = Workspace::copy_of(case);
    let mut found = String::new();
    for line in written.lines() {
        if line.starts_with('#') {
            let _ = writeln!(found, "{line}");
        } else if let Some(command) = line.strip_prefix("$ ") {
            let answer = outcome(workspace.command("sh").args(["-c", command]));
            let _ = writeln!(found, "{line}\n{}", told(&answer, workspace.path()));
        }
    }
    found
}

fn told(answer: &Outcome, folder: &Path) -> String {
    let mut text = String::new();
    for line in answer.stdout.lines() {
        let _ = writeln!(text, "> {line}");
    }
    text.push_str(&answer.stderr);
    let _ = writeln!(text, "[{}]", answer.code);
    scrubbed(&text, folder)
}

/// What differs from run to run, put aside: times, build names, processes, and the folder.
fn scrubbed(text: &str, folder: &Path) -> String {
    let rules = [
        (r"\b\d+\.\d\ds\b", "0.00s"),
        (r"\b\d{8}T\d{12}-[0-9a-f]{6}\b", "BUILD"),
        (r"\(process \d+\)", "(process 1)"),
        (
            r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
            "since 2026-07-01 00:00:00 UTC",
        ),
    ];
    let text = text.replace(&folder.display().to_string(), "$CASE");
    rules.iter().fold(text, |text, (pattern, with)| {
        Regex::new(pattern)
            .unwrap()
            .replace_all(&text, *with)
            .into_owned()
    })
}

/// Both texts from the first differing line on.
fn compared(written: &str, found: &str) -> String {
    let same = written
        .lines()
        .zip(found.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let shown = |text: &str, sign: char| {
        let lines = text.lines().skip(same).take(12);
        lines.map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
    };
    let told = [shown(written, '-'), shown(found, '+')].concat();
    format!("line {}\n{}", same + 1, told.join("\n"))
}
