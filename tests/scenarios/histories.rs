//! The histories of a dozen scenarios, as snapshots; and that a history is a function of its seed.

use std::fmt::Write as _;

use quintet::history::{Event, History};
use quintet::message::Seed;
use quintet::scenario::run::{Options, Outcome, run};
use rstest::rstest;

use crate::support::{OUTCOMES, SETUP, SUITE};

#[rstest]
#[case("ban/create-and-delete")]
#[case("ban/expiry")]
#[case("account/login")]
#[case("account/channel-takeover")]
#[case("account/transition-expires")]
#[case("effective_stats/equipment")]
#[case("invite/expiry")]
#[case("faults/crash-before-mark")]
#[case("faults/crash-between-emits")]
#[case("faults/duplicate-delivery")]
#[case("faults/rebalance")]
#[case("faults/poison-value")]
#[case("across/an-evening")]
fn a_history_is_as_reviewed(#[case] test: &str) {
    let found = OUTCOMES.iter().find(|outcome| outcome.test.starts_with(test));
    let outcome = found.unwrap_or_else(|| panic!("no test of the suite is named {test}"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/histories"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(format!("The history of {} under seed 0", outcome.test));
    settings.bind(|| insta::assert_snapshot!(test.replace('/', "-"), readable(&outcome.history)));
}

/// Each entry in words, each record's message, key and value below the entry that appends it.
fn readable(history: &History) -> String {
    let mut text = String::new();
    for entry in history.entries() {
        let _ = writeln!(text, "{}", history.describe(entry));
        if let Event::Sent { record } | Event::Emitted { record, .. } = entry.event {
            let placed = history.record(record);
            let name = history.message_name(placed);
            let _ = writeln!(text, "    {name} in {}/{}", placed.partition.0, placed.offset.0);
            let _ = writeln!(text, "    {}", history.shown_value(placed));
        }
    }
    text
}

#[test]
fn a_seed_gives_one_history_on_any_thread() {
    let options = Options { seed: Seed(5), schedule: Some(0), ..Options::default() };
    let all = || -> Vec<Outcome> { SUITE.iter().map(|plan| run(plan, &SETUP, &options)).collect() };
    let twins = std::thread::scope(|scope| scope.spawn(all).join().expect("no test panics"));
    for (outcome, twin) in all().iter().zip(&twins) {
        assert_eq!(outcome.history.divergence(&twin.history), None, "{}", outcome.test);
        assert_eq!(outcome.choices, twin.choices, "{}", outcome.test);
    }
}

#[test]
fn the_choices_of_a_run_replay_it() {
    for plan in SUITE.iter().step_by(5) {
        let seed = Seed(9);
        let first = run(plan, &SETUP, &Options { seed, schedule: Some(0), choices: None });
        let choices = Some(first.choices.clone());
        let again = run(plan, &SETUP, &Options { seed, schedule: Some(0), choices });
        assert_eq!(first.history.divergence(&again.history), None, "{}", plan.name);
    }
}
