//! No crying wolf: the reference, served in every manner that is seen in the field, and with every
//! accepted behaviour.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quintet::kafka::On;
use quintet::kafka::host::{Decide, Manner, Options};
use quintet::rule::RuleId;
use quintet::verify::Standing;
use quintet::verify::live::Verified;
use rstest::rstest;

use super::bare::Bare;
use super::bench::{Play, service, verified, verified_process, violations};

const FEW: u64 = 16;
/// So many that each choice is there at least once.
const SEVERAL: u64 = 80;
const MANY: u64 = 200;

/// Every accepted behaviour in turn, the reference's last.
struct InTurn {
    /// How often a choice was there, by its rule and its options.
    occasions: BTreeMap<(RuleId, Vec<&'static str>), usize>,
    taken: Arc<Mutex<BTreeSet<String>>>,
}

impl Decide for InTurn {
    fn decide(&mut self, _: &str, rule: RuleId, options: &[&'static str]) -> usize {
        let occasions = self.occasions.entry((rule, options.to_vec())).or_default();
        *occasions += 1;
        let picked = *occasions % options.len();
        let mut taken = self.taken.lock().expect("no test panics here");
        taken.insert(format!("{rule} {}", options[picked]));
        picked
    }
}

fn play(name: &str, options: Options, random: u64) {
    let play = Play { scenarios: None, random, shrink: 0, probed: true };
    let verified = verified(service(name), options, &play);
    is_calm(name, random, &verified);
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
    play(name, Options::default(), FEW);
}

#[rstest]
fn whoever_answers_late_commits_first_and_overtakes_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] name: &str,
) {
    let options = Options { manner: Manner::of_the_field(), ..Options::default() };
    play(name, options, FEW);
}

/// All but what takes minutes (INV-10) and what depends on numbers that are not sent (ACC-7).
#[rstest]
#[case(
    "ban",
    "BAN-2 accept-empty, BAN-2 accept-type, BAN-4 echo, BAN-TWICE same-id-again, \
    BAN-TWICE once"
)]
#[case(
    "account",
    "ACC-2 accept, ACC-2 other-of-name, ACC-4 register, ACC-4 no-licence, \
    ACC-4 licence-first, ACC-4 logged-in-first, ACC-4 password-first, ACC-5 after-acceptance, \
    ACC-6 other-threshold, ACC-8 silent-takeover, ACC-8 end-unknown-session, \
    ACC-8 move-unknown-session, ACC-8 open-in-transition, ACC-9 account-id-0, \
    ACC-11 logged-out-anyway, ACC-13 silent, ACC-13 never"
)]
#[case("login", "LOG-3 after-acceptance, LOG-9 also-unbound")]
#[case("effective_stats", "EFF-9 ignored, EFF-9 initialises, COM-3 own-tenant")]
#[case(
    "invite",
    "INV-2 accept-type, INV-3 nothing, INV-4 world-of-command, \
    INV-5 world-of-command, INV-8 only-as-target, INV-9 no-events, INV-9 fresh-transaction-id, \
    INV-9 world-of-command, INV-12 any, COM-3 own-tenant"
)]
fn whatever_is_accepted_passes(#[case] name: &str, #[case] behaviours: &str) {
    let taken = Arc::default();
    let decisions = InTurn { occasions: BTreeMap::new(), taken: Arc::clone(&taken) };
    let options = Options { decisions: Some(Box::new(decisions)), ..Options::default() };
    play(name, options, SEVERAL);
    let taken = taken.lock().expect("no test panics here");
    let missing: Vec<_> =
        behaviours.split(", ").filter(|behaviour| !taken.contains(*behaviour)).collect();
    assert!(missing.is_empty(), "never taken: {missing:?}, but {taken:?}");
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
