//! No crying wolf: the reference, served in every manner that is seen in the field, and with every
//! accepted behaviour.

use quintet::kafka::On;
use quintet::kafka::host::{Decide, Manner, Options};
use quintet::message::{Seed, Stream};
use quintet::rule::RuleId;
use quintet::verify::Standing;
use quintet::verify::live::Verified;
use rstest::rstest;

use super::bare::Bare;
use super::bench::{Play, service, verified_on, violations};

const FEW: u64 = 16;
const MANY: u64 = 200;

/// Everything that the field does otherwise and no document forbids.
fn of_the_field() -> Options {
    let delay_ms = 0..=300;
    let manner = Manner { delay_ms, commit_first: true, overtake: true, event_gap_ms: 50 };
    Options { manner, ..Options::default() }
}

/// Any accepted behaviour, at each occasion another.
struct AtRandom(Stream);

impl Decide for AtRandom {
    fn decide(&mut self, _: &str, _: RuleId, options: &[&'static str]) -> usize {
        self.0.below(options.len())
    }
}

fn play(on: &On, name: &str, options: Options, random: u64) -> Verified {
    let play = Play { scenarios: None, random, shrink: 0, probed: true };
    let verified = verified_on(on, service(name), options, &play);
    let told = violations(&verified);
    assert!(told.is_empty(), "{name}: {}", told.join("\n"));
    let random = usize::try_from(random).expect("few");
    assert_eq!(verified.done.scripts, random, "{name}");
    let passed = |standing: &&Standing| matches!(standing, Standing::Passed { .. });
    assert!(verified.judgement.rules.values().filter(passed).count() >= 3, "{name}");
    let unsure = |standing: &&Standing| matches!(standing, Standing::Inconclusive { .. });
    let unsure: Vec<_> = verified.judgement.rules.values().filter(unsure).collect();
    assert!(unsure.is_empty(), "{name}: {unsure:?}");
    verified
}

#[rstest]
fn the_reference_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    play(&On::Mock, name, Options::default(), FEW);
}

#[rstest]
fn whoever_answers_late_commits_first_and_overtakes_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    play(&On::Mock, name, of_the_field(), FEW);
}

#[rstest]
fn whatever_is_accepted_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    let decisions = AtRandom(Stream::keyed(Seed(3), &name));
    let options = Options { decisions: Some(Box::new(decisions)), ..Options::default() };
    play(&On::Mock, name, options, FEW);
}

#[rstest]
#[ignore = "takes minutes: 200 scripts of each service, in two manners"]
fn many_scripts_on_the_mock_pass(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    play(&On::Mock, name, Options::default(), MANY);
    play(&On::Mock, name, of_the_field(), MANY);
}

#[rstest]
#[ignore = "needs Java and Maven, and minutes: 200 scripts of each service on Apache Kafka"]
fn many_scripts_on_a_real_broker_pass(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    let broker = Bare::start();
    let on: On = broker.bootstrap().parse().expect("HOST:PORT");
    play(&on, name, Options::default(), MANY);
    play(&on, name, of_the_field(), MANY);
}
