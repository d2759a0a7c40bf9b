//! No crying wolf: the reference, served in every manner that is seen in the field, and with every
//! accepted behaviour.

use std::time::Duration;

use quintet::kafka::On;
use quintet::kafka::host::{Decide, Manner, Options};
use quintet::message::{Seed, Stream};
use quintet::rule::RuleId;
use quintet::verify::Standing;
use quintet::verify::live::Verified;
use rstest::rstest;

use super::bare::Bare;
use super::bench::{Play, service, verified, verified_process, violations};

const FEW: u64 = 16;
const MANY: u64 = 200;

/// Any accepted behaviour, at each occasion another.
struct AtRandom(Stream);

impl Decide for AtRandom {
    fn decide(&mut self, _: &str, _: RuleId, options: &[&'static str]) -> usize {
        self.0.below(options.len())
    }
}

fn play(name: &str, options: Options) {
    let play = Play { scenarios: None, random: FEW, shrink: 0, probed: true };
    let verified = verified(service(name), options, &play);
    is_calm(name, FEW, &verified);
}

/// Each service as a process that is killed now and then, and keeps its state.
fn play_killed(on: &On, name: &str, field: bool) {
    let kills = [Duration::from_secs(3), Duration::from_secs(8)];
    let verified = verified_process(on, name, field, (MANY, &kills));
    assert_eq!(verified.done.kills, kills.len(), "{name}");
    is_calm(name, MANY, &verified);
}

/// Nothing is found, and enough was looked at.
fn is_calm(name: &str, random: u64, verified: &Verified) {
    let told = violations(verified);
    assert!(told.is_empty(), "{name}: {}", told.join("\n"));
    let random = usize::try_from(random).expect("few");
    assert_eq!(verified.done.scripts, random, "{name}");
    let judgement = &verified.judgement;
    println!("{name}: {} states, unsettled: {:?}", judgement.states, judgement.unsettled);
    println!("{name}: {:?}, notes {:?}", verified.done, verified.notes);
    let passed = |standing: &&Standing| matches!(standing, Standing::Passed { .. });
    assert!(verified.judgement.rules.values().filter(passed).count() >= 3, "{name}");
    let unsure = |standing: &&Standing| matches!(standing, Standing::Inconclusive { .. });
    let unsure: Vec<_> = verified.judgement.rules.values().filter(unsure).collect();
    assert!(unsure.is_empty(), "{name}: {unsure:?}");
}

#[rstest]
fn the_reference_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    play(name, Options::default());
}

#[rstest]
fn whoever_answers_late_commits_first_and_overtakes_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    let options = Options { manner: Manner::of_the_field(), ..Options::default() };
    play(name, options);
}

#[rstest]
fn whatever_is_accepted_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    let decisions = AtRandom(Stream::keyed(Seed(3), &name));
    let options = Options { decisions: Some(Box::new(decisions)), ..Options::default() };
    play(name, options);
}

#[rstest]
#[ignore = "takes minutes: 200 scripts of each service, in two manners, with kills"]
fn many_scripts_on_the_mock_pass(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
    #[values(false, true)] field: bool,
) {
    play_killed(&On::Mock, name, field);
}

#[rstest]
#[ignore = "needs Java and Maven, and minutes: 200 scripts of each service on Apache Kafka"]
fn many_scripts_on_a_real_broker_pass(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
    #[values(false, true)] field: bool,
) {
    let broker = Bare::start();
    let on: On = broker.bootstrap().parse().expect("HOST:PORT");
    play_killed(&on, name, field);
}
