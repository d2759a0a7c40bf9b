//! No crying wolf: the reference, served in every manner that is seen in the field.

use std::time::Duration;

use quintet::kafka::host::{Manner, Options};
use quintet::verify::Standing;
use rstest::rstest;

use super::bench::{Play, service, verified, violations};

fn is_calm(name: &str, manner: Manner, random: u64) {
    let options = Options { manner, ..Options::default() };
    let play = Play { scenarios: None, random, shrink: 0, probed: true };
    let verified = verified(service(name), options, &play);
    let told = violations(&verified);
    assert!(told.is_empty(), "{name}: {}", told.join("\n"));
    let random = usize::try_from(random).expect("few");
    assert_eq!(verified.done.scripts, random, "{name}");
    let passed = |standing: &&Standing| matches!(standing, Standing::Passed { .. });
    assert!(verified.judgement.rules.values().filter(passed).count() >= 3, "{name}");
    let unsure = |standing: &&Standing| matches!(standing, Standing::Inconclusive { .. });
    let unsure: Vec<_> = verified.judgement.rules.values().filter(unsure).collect();
    assert!(unsure.is_empty(), "{name}: {unsure:?}");
    assert!(verified.done.slowest < Duration::from_secs(20));
}

#[rstest]
fn the_reference_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    is_calm(name, Manner::default(), 24);
}

#[rstest]
fn whoever_answers_late_commits_first_and_overtakes_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    let delay_ms = 0..=300;
    let manner = Manner { delay_ms, commit_first: true, overtake: true, event_gap_ms: 50 };
    is_calm(name, manner, 24);
}
