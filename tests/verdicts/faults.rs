//! Faults that touch some tenants or some orders: each is told, and none hides another.

use std::cell::Cell;
use std::collections::BTreeSet;

use quintet::rule::{RuleId, Severity};
use quintet::service::Service;
use quintet::services::ban::Ban;
use quintet::services::id;
use quintet::services::invite::Invite;
use quintet::verify::{Judgement, Judging, Observation, Reproduced, Standing, judge, judge_until};
use serde_json::json;

use crate::outsider::View;
use crate::play::{Course, Play, any, as_reference};
use crate::table::plant::{after, handle_silently, int};

const COURSE: Course =
    Course { seed: 1, inputs: 0, partitions: 1, crashes: false, pick: as_reference };
const VIEW: View = View { delay_ms: 0, seed: 1 };

/// An invite service whose REJECT removes every invite of its originator to the target.
fn rejects_all() -> Box<dyn Service> {
    after(Box::new(Invite::default()), "REJECT", |inner, incoming, command, cx| {
        (0..4).for_each(|_| handle_silently(inner, incoming, &command, cx));
    })
}

fn invite(play: &mut Play, kind: &str, body: &serde_json::Value) {
    let transaction = play.uuid();
    let command = json!({ "transactionId": transaction, "worldId": 0, "inviteType": "PARTY",
        "type": kind, "body": body });
    play.send("invite.command", &command);
}

fn create(play: &mut Play, reference: u32) {
    let body = json!({ "originatorId": 10, "targetId": 2, "referenceId": reference });
    invite(play, "CREATE", &body);
}

/// One invite that is accepted; then two, of which the older is rejected, and the other is rejected
/// or accepted, so long after each other.
fn oldest_is_rejected(service: Box<dyn Service>, last: &str, apart_ms: u64) -> Observation {
    let mut play = Play::new(vec![service], COURSE);
    let body = json!({ "originatorId": 11, "targetId": 3, "referenceId": 1 });
    invite(&mut play, "CREATE", &body);
    play.wait_ms(2_000);
    invite(&mut play, "ACCEPT", &json!({ "targetId": 3, "referenceId": 1 }));
    play.wait_ms(2_000);
    let reject = json!({ "targetId": 2, "originatorId": 10 });
    for step in 0..4 {
        match (step, last) {
            (0 | 1, _) => create(&mut play, step + 7),
            (3, "ACCEPT") => invite(&mut play, last, &json!({ "targetId": 2, "referenceId": 8 })),
            _ => invite(&mut play, "REJECT", &reject),
        }
        play.wait_ms(apart_ms);
    }
    play.observed("invite", VIEW)
}

fn kinds(judgement: &Judgement) -> BTreeSet<RuleId> {
    let found = judgement.findings.iter();
    let violations = found.filter(|found| found.severity == Severity::Violation);
    violations.map(|found| found.rule).collect()
}

#[test]
fn what_only_another_order_excuses_has_not_passed() {
    let judged = |last, apart_ms| {
        judge(&oldest_is_rejected(rejects_all(), last, apart_ms), &Judging::default())
    };
    for last in ["ACCEPT", "REJECT"] {
        let hasty = judged(last, 0);
        let told = hasty.rules[&id::INV_7].clone();
        let violated = matches!(told, Standing::Violated { .. });
        let excused = matches!(&told, Standing::Inconclusive { why } if
            why.contains("play them one at a time"));
        assert!(violated || excused, "{last}: {told:?} {:#?}", hasty.findings);
        let calm = judged(last, 2_000);
        let violated = matches!(calm.rules[&id::INV_7], Standing::Violated { .. });
        assert!(violated, "{last}: {:#?}", calm.findings);
    }
    // Nothing forbids that the second REJECT came before what it should reject.
    let hasty = judged("REJECT", 0);
    assert!(kinds(&hasty).is_empty(), "{:#?}", hasty.findings);
    for rule in [id::INV_5, id::INV_7] {
        let standing = &hasty.rules[&rule];
        assert!(matches!(standing, Standing::Inconclusive { .. }), "{rule}: {standing:?}");
    }
    let passed = matches!(hasty.rules[&id::INV_4], Standing::Passed { times: 1 });
    assert!(passed, "{:?}", hasty.rules[&id::INV_4]);
}

#[test]
fn commands_that_overlap_without_need_show_their_rules() {
    for apart_ms in [0, 15, 2_000] {
        let seen = oldest_is_rejected(Box::new(Invite::default()), "ACCEPT", apart_ms);
        let judgement = judge(&seen, &Judging::default());
        for rule in [id::INV_1, id::INV_4, id::INV_5, id::INV_7] {
            let passed = matches!(judgement.rules[&rule], Standing::Passed { .. });
            assert!(passed, "{rule} {apart_ms}: {:?}", judgement.rules[&rule]);
        }
    }
}

/// Many tenants of a ban service: all make three bans and delete each. DELETE of every other ban is
/// silent, of the even or of the odd ones, and so is the last CREATE of the last tenant.
fn many_tenants(tenants: u64, silent: i128) -> Observation {
    let deaf = after(Box::new(Ban::default()), "DELETE", move |_, _, command, cx| {
        if int(&command, "/body/banId") % 2 == silent {
            cx.effects().emits.clear();
        }
    });
    let service = after(deaf, "CREATE", |_, _, command, cx| {
        if int(&command, "/body/reasonCode") == 13 {
            cx.effects().emits.clear();
        }
    });
    let mut play = Play::new(vec![service], COURSE);
    let create = |reason: u64| {
        json!({ "type": "CREATE", "body": { "banType": 0, "value": "10.0.0.1", "reason": "r",
            "reasonCode": reason, "permanent": true, "issuedBy": "gm", "expiresAt": 0 } })
    };
    for round in 0..6 {
        for of in 0..tenants {
            play.of = of;
            let last = of + 1 == tenants && round == 4;
            match round {
                0 | 2 | 4 => play.send("ban.command", &create(if last { 13 } else { 1 })),
                _ => {
                    let delete = json!({ "type": "DELETE", "body": { "banId": (round + 1) / 2 } });
                    play.send("ban.command", &delete);
                }
            }
        }
        play.wait_ms(2_500);
    }
    play.observed("ban", VIEW)
}

#[test]
fn one_fault_in_every_tenant_hides_no_other() {
    let tenants = 300;
    let seen = many_tenants(tenants, 1);
    let judgement = judge(&seen, &Judging::default());
    assert!(judgement.unsettled.is_empty(), "{:?}", judgement.unsettled);
    assert_eq!(
        kinds(&judgement),
        [id::BAN_1, id::BAN_3, id::BAN_5].into(),
        "{:#?}",
        judgement.findings
    );
    let of = |rule| judgement.findings.iter().filter(move |found| found.rule == rule);
    assert_eq!(of(id::BAN_3).count(), 3);
    let more = of(id::BAN_3).find_map(|one| one.more).expect("there are more");
    assert_eq!((more.times + 3) % tenants, 0, "{more:?}");
    assert!(more.tenants >= 297, "{more:?}");
    assert_eq!(of(id::BAN_1).count(), 1, "only the last tenant shows it");
    assert!(
        matches!(judgement.rules[&id::BAN_3], Standing::Violated { times } if times >= tenants)
    );
    // About what one tenant takes, for each of them: tens of states, not thousands.
    assert!(judgement.states <= 100 * tenants, "{}", judgement.states);
}

#[test]
fn what_is_not_judged_in_time_is_unsettled_by_rule_and_tenant() {
    let seen = many_tenants(40, 1);
    let never = judge_until(&seen, &Judging::default(), &|| true);
    let (why, tenants) = never.unsettled.first_key_value().expect("nothing was judged");
    assert!(why.contains("time was up"), "{why}");
    assert_eq!(tenants.len(), 40);
    assert!(
        matches!(&never.rules[&id::BAN_1], Standing::Inconclusive { why } if
        why.contains("time was up") && why.contains("40 tenants")),
        "{:?}",
        never.rules
    );
    let asked = Cell::new(0);
    let all = judge_until(&seen, &Judging::default(), &|| asked.replace(asked.get() + 1) < 0);
    assert!(all.unsettled.is_empty(), "{:?}", all.unsettled);
    let most = asked.replace(0) - 60;
    let soon = || asked.replace(asked.get() + 1) > most;
    let some = judge_until(&seen, &Judging::default(), &soon);
    let left = some.unsettled.values().map(Vec::len).sum::<usize>();
    assert!(left > 0 && left < 40, "{left}");
    assert!(kinds(&some).contains(&id::BAN_3), "{:?}", some.findings);
}

#[test]
fn a_rule_does_not_pass_where_another_was_broken_that_is_not_shown() {
    let seen = many_tenants(3, 0);
    let whole = judge(&seen, &Judging::default());
    for rule in whole.rules.keys() {
        let judging = Judging { rules: Some([*rule].into()), ..Judging::default() };
        let narrowed = judge(&seen, &judging);
        assert_eq!(narrowed.rules.keys().collect::<Vec<_>>(), [rule]);
        let (of_whole, of_narrowed) = (&whole.rules[rule], &narrowed.rules[rule]);
        let obstructed = matches!(of_narrowed, Standing::Inconclusive { why } if
            why.contains("was broken (#") && why.contains("judge BAN-"));
        assert!(of_whole == of_narrowed || obstructed, "{rule}: {of_whole:?} {of_narrowed:?}");
    }
    // DELETE of the second ban is silent, which breaks BAN-5; BAN-3 speaks of it as well, and held
    // for the other two.
    assert!(matches!(whole.rules[&id::BAN_3], Standing::Passed { .. }), "{:?}", whole.rules);
    let judging = Judging { rules: Some([id::BAN_3].into()), ..Judging::default() };
    let narrowed = judge(&seen, &judging);
    assert!(narrowed.findings.is_empty());
    assert!(
        matches!(&narrowed.rules[&id::BAN_3], Standing::Inconclusive { why } if
        why.contains("BAN-5 was broken")),
        "{:?}",
        narrowed.rules
    );
}

#[test]
fn what_is_not_exercised_says_what_would_exercise_it() {
    let seen = oldest_is_rejected(Box::new(Invite::default()), "ACCEPT", 2_000);
    let judgement = judge(&seen, &Judging::default());
    let why = |rule: RuleId| match &judgement.rules[&rule] {
        Standing::NotExercised { why } => why.clone(),
        other => panic!("{rule}: {other:?}"),
    };
    assert!(why(id::INV_10).contains("185 s: a longer --budget"), "{}", why(id::INV_10));
    assert!(why(id::COM_9).contains("--command"), "{}", why(id::COM_9));
    assert!(why(id::INV_8).contains("nothing that it speaks of was sent"), "{}", why(id::INV_8));
    let bans = judge(&many_tenants(2, 1), &Judging::default());
    assert!(
        matches!(&bans.rules[&id::BAN_8], Standing::NotExercised { why } if
        why.contains("--probe with the query `check`")),
        "{:?}",
        bans.rules[&id::BAN_8]
    );
}

#[test]
fn advisories_carry_the_records_of_their_first_occasions() {
    let mut told = 0;
    for seed in 0..6 {
        let seen = crate::random::seen("invite", seed, any);
        let judgement = judge(&seen, &Judging::default());
        let found = judgement.findings.iter();
        for advisory in found.filter(|found| found.severity == Severity::Advisory) {
            assert!(!advisory.records.is_empty(), "{}", advisory.message);
            assert_eq!(advisory.reproduced, Reproduced::NotTried);
            told += 1;
        }
    }
    assert!(told > 0);
}
