//! Builds that are killed: whatever the moment, what is published is one whole build, and the next build is right.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::support::table::Table;
use crate::support::{Workspace, program, repository};

/// How many builds are killed.
const KILLS: usize = 50;
/// After how many kills a build is let through.
const LET_THROUGH: usize = 10;
/// The tables of `fixtures/projects/chain`; each carries the number of the extract that it was built from.
const TABLES: [&str; 4] = ["first", "second", "third", "fourth"];

#[test]
fn a_killed_build_changes_nothing_or_everything() {
    let workspace = Workspace::copy_of(&repository().join("fixtures/projects/chain"));
    let mut dice = ChaCha8Rng::seed_from_u64(20_260_701);
    write_extract(&workspace, 0);
    workspace.build();
    let mut usual = whole_build(&workspace, 1);
    let mut published = assert_published(workspace.path(), &[1]);
    let (mut extract, mut n_killed) = (1, 0);
    while n_killed < KILLS {
        extract += 1;
        assert!(extract < 5 * KILLS, "builds end before they can be killed");
        write_extract(&workspace, extract);
        let moment = usual.mul_f64(dice.random_range(0.0..1.0));
        n_killed += usize::from(killed_after(&workspace, moment));
        published = assert_published(workspace.path(), &[published, extract]);
        if extract % LET_THROUGH == 0 {
            usual = whole_build(&workspace, extract);
            published = assert_published(workspace.path(), &[extract]);
        }
    }
    whole_build(&workspace, extract + 1);
    assert_published(workspace.path(), &[extract + 1]);
}

/// Each extract has another number of rows.
fn write_extract(workspace: &Workspace, extract: usize) {
    let mut text = "id,extract\n".to_owned();
    for id in 0..rows_of(extract) {
        let _ = writeln!(text, "{id},{extract}");
    }
    workspace.write("raw/numbers.csv", &text);
}

fn rows_of(extract: usize) -> usize {
    1000 + extract
}

fn whole_build(workspace: &Workspace, extract: usize) -> Duration {
    write_extract(workspace, extract);
    let begun = Instant::now();
    workspace.build();
    begun.elapsed()
}

/// Kills a build after a while; whether it was still at work.
fn killed_after(workspace: &Workspace, moment: Duration) -> bool {
    let seconds = format!("{:.6}", moment.as_secs_f64().max(0.000_001));
    let status = workspace
        .command("timeout")
        .args(["--signal=KILL", &seconds])
        .arg(program())
        .args(["build", "--quiet"])
        .status()
        .unwrap();
    // `timeout` ends as the program did, or kills itself too.
    status.signal() == Some(9) || status.code() == Some(137)
}

/// Every table is of one and the same extract, one of those that it may be; returns which.
#[track_caller]
fn assert_published(folder: &Path, allowed: &[usize]) -> usize {
    let mut found = BTreeSet::new();
    for name in TABLES {
        let table = Table::of_parquet(&folder.join("warehouse/current/main").join(name));
        let extracts: BTreeSet<usize> = table.rows.iter().map(|row| row[1].parse().unwrap()).collect();
        let extract = extracts.first().copied().unwrap();
        assert_eq!(extracts.len(), 1, "{name} is of one extract");
        assert_eq!(table.rows.len(), rows_of(extract), "{name} is whole");
        found.insert(extract);
    }
    let extract = found.first().copied().unwrap();
    assert_eq!(found.len(), 1, "the tables are of one build: {found:?}");
    assert!(allowed.contains(&extract), "{extract} is one of {allowed:?}");
    extract
}
