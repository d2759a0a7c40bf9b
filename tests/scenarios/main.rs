//! The suite: every scenario below `scenarios/` passes, and together they leave nothing out.

mod coverage;
mod failures;
mod guide;
mod histories;
mod support;
mod wire;

use quintet::diagnostic::render;
use quintet::message::Seed;
use quintet::scenario::run::{Options, Verdict, run};

use support::{OUTCOMES, SETUP, SUITE, files, read, told};

#[test]
fn every_file_is_read_without_a_remark() {
    let remarks: Vec<_> = files("scenarios")
        .iter()
        .flat_map(|path| read(path).diagnostics)
        .map(|diagnostic| render(&diagnostic, false))
        .collect();
    assert!(remarks.is_empty(), "{}", remarks.join("\n"));
}

#[test]
fn the_suite_passes() {
    let failed = OUTCOMES.iter().filter(|outcome| outcome.verdict != Verdict::Passed);
    let failed: Vec<_> = failed.map(told).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn it_passes_under_other_seeds() {
    let mut failed = Vec::new();
    for seed in 1..=20 {
        // One schedule each is enough: those of another seed are others.
        let options = Options { seed: Seed(seed), schedule: Some(0), ..Options::default() };
        let outcomes = SUITE.iter().map(|plan| run(plan, &SETUP, &options));
        failed.extend(outcomes.filter(|one| one.verdict != Verdict::Passed).map(|one| told(&one)));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
