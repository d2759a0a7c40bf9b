//! The scripts that a verification plays, played by the reference and by all that is accepted,
//! break no rule.

use std::collections::BTreeSet;
use std::time::Duration;

use quintet::rule::Severity;
use quintet::scenario::TenantSpec;
use quintet::verify::script::{Act, Message, Script, Step};
use quintet::verify::{Judgement, Judging, judge};
use rstest::rstest;
use serde_json::json;

use crate::lane::{Staging, watch};
use crate::play::{Pick, any, as_reference};
use crate::random::{runs, seeds, services, violations};
use crate::scripts;

/// A judgement of scripts that are played at a time.
fn judged(service: &str, scripts: Vec<Script>, (seed, pick): (u64, Pick)) -> Judgement {
    let staging = Staging {
        seed,
        partitions: 1 + u32::try_from(seed % 3).unwrap_or_default(),
        crashes: seed % 2 == 1,
        pick,
        delay_ms: usize::try_from(seed % 4).unwrap_or_default() * 100,
    };
    judge(&watch(services(service), service, scripts, staging), &Judging::default())
}

#[rstest]
fn random_scripts_break_no_rule(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &str,
    #[values(as_reference, any)] pick: Pick,
) {
    let (mut wrong, mut unsettled, mut states) = (Vec::new(), 0, 0);
    for seed in seeds() {
        let judgement = judged(service, scripts::random(service, seed, 1), (seed, pick));
        states += judgement.states;
        unsettled += u64::from(!judgement.unsettled.is_empty());
        wrong.extend(violations(&judgement).into_iter().map(|one| format!("{seed}: {one}")));
    }
    println!("{service}: {states} states in {} scripts, {unsettled} unsettled", runs());
    assert!(wrong.is_empty(), "{service}: {wrong:#?}");
    // What is killed while it does as it likes may be too much to try.
    assert!(unsettled * 10 <= runs(), "{unsettled} of {} are unsettled", runs());
}

#[rstest]
fn the_suite_breaks_no_rule(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &str,
) {
    let scripts = scripts::of_scenarios(service, "");
    let many = scripts.len();
    assert!(many >= 20, "{many} scripts of {service}");
    // Not killed, each alone as well as all at a time.
    let mut judgements = vec![judged(service, scripts.clone(), (0, as_reference))];
    let alone = scripts.into_iter().map(|script| judged(service, vec![script], (2, as_reference)));
    judgements.extend(alone);
    let wrong: Vec<_> = judgements.iter().flat_map(violations).collect();
    assert!(wrong.is_empty(), "{service}: {wrong:#?}");
    let unsettled = judgements.iter().flat_map(|one| &one.unsettled).count();
    assert_eq!(unsettled, 0, "{service}");
    let told: Vec<_> = judgements.iter().flat_map(advisories).collect();
    assert!(told.is_empty(), "{service}: {told:#?}");
}

/// What is said to differ from the reference does: the reference does not, neither when commands
/// race nor when it is killed and loses nothing.
#[rstest]
fn the_reference_differs_in_nothing(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &str,
) {
    let mut told = Vec::new();
    for seed in seeds() {
        let scripts = scripts::random(service, seed, 1);
        let judgement = judged(service, scripts, (seed, as_reference));
        told.extend(advisories(&judgement).map(|one| format!("{seed}: {one}")));
    }
    assert!(told.is_empty(), "{service}: {told:#?}");
}

fn advisories(judgement: &Judgement) -> impl Iterator<Item = String> {
    let found = judgement.findings.iter();
    let advisories = found.filter(|found| found.severity == Severity::Advisory);
    advisories.map(|found| format!("{} {}", found.rule, found.message))
}

/// No random script waits for three minutes.
#[test]
fn an_invite_may_expire_otherwise_or_not_at_all() {
    let create = |id: u32, reference: u32| {
        let body = json!({ "originatorId": 1, "targetId": 2, "referenceId": reference });
        let transaction = uuid::Uuid::from_u128(u128::from(id) + 1).to_string();
        let value = json!({
            "transactionId": transaction, "worldId": 0, "inviteType": "GUILD", "type": "CREATE",
            "body": body,
        });
        Step::new(id, 0, Act::Send(Message::new("invite.command", value.into())))
    };
    let pause = |id, s| Step::new(id, 0, Act::Pause(Duration::from_secs(s)));
    let steps = vec![create(0, 7), pause(1, 60), create(2, 8), pause(3, 200)];
    let script = Script::new("three minutes", vec![TenantSpec::default()], steps);
    let mut ends = BTreeSet::new();
    for seed in 0..40 {
        let staging = Staging { seed, partitions: 3, crashes: false, pick: any, delay_ms: 0 };
        let seen = watch(services("invite"), "invite", vec![script.clone()], staging);
        let records = seen.history.records().iter();
        let rejected =
            records.filter(|placed| seen.history.message_name(placed).ends_with("REJECTED"));
        ends.insert(rejected.count());
        let judgement = judge(&seen, &Judging::default());
        assert!(violations(&judgement).is_empty(), "{seed}: {:#?}", judgement.findings);
    }
    assert_eq!(ends, BTreeSet::from([0, 1, 2]), "invites that expired");
}
