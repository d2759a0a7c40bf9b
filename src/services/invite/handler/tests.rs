//! Invites come and go.
#![expect(clippy::needless_pass_by_value, reason = "json!(…) at each call reads better")]

use rstest::rstest;
use serde_json::{Value, json};

use super::Invite;
use crate::rule::RuleId;
use crate::service::testing::{Bench, Emitted, names, session, tenant};
use crate::services::id;

const COMMANDS: &str = "invite.command";

fn command(transaction: u128, kind: &str, body: Value) -> Value {
    json!({ "transactionId": session(transaction), "worldId": 1, "inviteType": "PARTY",
        "type": kind, "body": body })
}

fn create(transaction: u128, originator: u32, target: u32, reference: u32) -> Value {
    let body = json!({ "originatorId": originator, "targetId": target, "referenceId": reference });
    command(transaction, "CREATE", body)
}

fn accept(transaction: u128, target: u32, reference: u32) -> Value {
    command(transaction, "ACCEPT", json!({ "targetId": target, "referenceId": reference }))
}

fn reject(transaction: u128, target: u32, originator: u32) -> Value {
    command(transaction, "REJECT", json!({ "targetId": target, "originatorId": originator }))
}

/// Type, transaction, originator, target, reference.
fn event(kind: &str, transaction: u128, (originator, target, reference): (u32, u32, u32)) -> Value {
    json!({ "transactionId": session(transaction), "worldId": 1, "inviteType": "PARTY",
        "referenceId": reference, "type": kind,
        "body": { "originatorId": originator, "targetId": target } })
}

fn values(emitted: Emitted) -> Vec<Value> {
    emitted.into_iter().map(|(_, value)| value).collect()
}

fn references(bench: &Bench<Invite>, target: u32) -> Vec<u64> {
    let pending = bench.query("pending", json!({ "targetId": target }));
    let all = pending.as_array().unwrap().iter();
    all.map(|invite| invite["referenceId"].as_u64().unwrap()).collect()
}

#[test]
fn an_invite_is_made_and_accepted_once() {
    let mut bench = Bench::<Invite>::new();
    let created = values(bench.send(COMMANDS, create(1, 10, 20, 90)));
    assert_eq!(created, [event("CREATED", 1, (10, 20, 90))]);
    assert_eq!(references(&bench, 20), [90]);
    let accepted = values(bench.send(COMMANDS, accept(2, 20, 90)));
    assert_eq!(accepted, [event("ACCEPTED", 2, (10, 20, 90))]);
    assert_eq!(references(&bench, 20), [0_u64; 0]);
    assert_eq!(bench.send(COMMANDS, accept(2, 20, 90)), []);
    assert!(bench.has_applied(id::INV_6));
    assert_eq!(bench.advance(600), []);
}

#[rstest]
#[case::no_originator(json!({ "originatorId": 0, "targetId": 2, "referenceId": 3 }), "PARTY")]
#[case::no_target(json!({ "originatorId": 1, "targetId": 0, "referenceId": 3 }), "PARTY")]
#[case::no_type(json!({ "originatorId": 1, "targetId": 2, "referenceId": 3 }), "")]
fn invites_between_nobody_are_never_made(#[case] body: Value, #[case] invite_type: &str) {
    let mut bench = Bench::<Invite>::new();
    bench.take(id::INV_2, "accept-type");
    let mut command = command(1, "CREATE", body);
    command["inviteType"] = json!(invite_type);
    assert_eq!(bench.send(COMMANDS, command), []);
    assert!(bench.has_applied(id::INV_2));
}

#[test]
fn an_unknown_type_may_be_accepted() {
    let mut bench = Bench::<Invite>::new();
    let mut command = create(1, 10, 20, 90);
    command["inviteType"] = json!("DUEL");
    assert_eq!(bench.send(COMMANDS, command.clone()), []);
    bench.take(id::INV_2, "accept-type");
    assert_eq!(values(bench.send(COMMANDS, command))[0]["inviteType"], "DUEL");
    assert_eq!(bench.send(COMMANDS, accept(2, 20, 90)), []);
    let mut accept = accept(2, 20, 90);
    accept["inviteType"] = json!("DUEL");
    assert_eq!(names(&bench.send(COMMANDS, accept)), ["invite.status/ACCEPTED"]);
}

#[test]
fn a_second_create_is_announced_with_the_stored_originator() {
    let mut bench = Bench::<Invite>::new();
    bench.send(COMMANDS, create(1, 10, 20, 90));
    let again = values(bench.send(COMMANDS, create(2, 11, 20, 90)));
    assert_eq!(again, [event("CREATED", 2, (10, 20, 90))]);
    assert_eq!(references(&bench, 20), [90]);
    assert!(!bench.has_applied(id::INV_TWICE));
    assert_eq!(bench.send(COMMANDS, create(1, 10, 20, 90)).len(), 1);
    assert!(bench.has_applied(id::INV_TWICE));
    bench.take(id::INV_3, "nothing");
    assert_eq!(bench.send(COMMANDS, create(3, 10, 20, 90)), []);
    let rejected = values(bench.send(COMMANDS, reject(4, 20, 10)));
    assert_eq!(rejected, [event("REJECTED", 4, (10, 20, 90))]);
    assert_eq!(bench.send(COMMANDS, reject(5, 20, 10)), []);
}

#[rstest]
#[case::oldest("oldest", 91)]
#[case::another("any", 90)]
fn reject_removes_one_of_several(#[case] decision: &'static str, #[case] reference: u32) {
    let mut bench = Bench::<Invite>::new();
    bench.take(id::INV_12, decision);
    bench.send(COMMANDS, create(1, 10, 20, 91));
    bench.send(COMMANDS, create(2, 11, 20, 92));
    bench.send(COMMANDS, create(3, 10, 20, 90));
    bench.send(COMMANDS, create(4, 10, 21, 89));
    let rejected = values(bench.send(COMMANDS, reject(5, 20, 10)));
    assert_eq!(rejected, [event("REJECTED", 5, (10, 20, reference))]);
    let left: Vec<u64> = [91, 92, 90].into_iter().filter(|r| *r != u64::from(reference)).collect();
    assert_eq!(references(&bench, 20), left);
    assert_eq!(references(&bench, 21), [89]);
    assert!(bench.has_applied(id::INV_7));
}

fn deleted(character: u32) -> Value {
    json!({ "transactionId": session(9), "worldId": 1, "characterId": character,
        "type": "DELETED", "body": {} })
}

#[test]
fn a_deleted_character_has_no_invites() {
    let mut bench = Bench::<Invite>::new();
    bench.send(COMMANDS, create(1, 10, 20, 90));
    bench.send(COMMANDS, create(2, 20, 30, 91));
    bench.send(COMMANDS, create(3, 10, 30, 92));
    let gone = values(bench.send("character.status", deleted(20)));
    let of_event = [event("REJECTED", 9, (10, 20, 90)), event("REJECTED", 9, (20, 30, 91))];
    assert_eq!(gone, of_event);
    assert_eq!(references(&bench, 30), [92]);
    assert_eq!(bench.send("character.status", deleted(20)), []);
}

#[rstest]
#[case(id::INV_8, "only-as-target", 1, vec![91])]
#[case(id::INV_9, "no-events", 0, vec![])]
#[case(id::INV_9, "fresh-transaction-id", 2, vec![])]
fn deletion_may_be_done_otherwise(
    #[case] rule: RuleId,
    #[case] decision: &'static str,
    #[case] events: usize,
    #[case] left: Vec<u64>,
) {
    let mut bench = Bench::<Invite>::new();
    bench.take(rule, decision);
    bench.send(COMMANDS, create(1, 10, 20, 90));
    bench.send(COMMANDS, create(2, 20, 30, 91));
    let gone = values(bench.send("character.status", deleted(20)));
    assert_eq!(gone.len(), events);
    assert_eq!((references(&bench, 20), references(&bench, 30)), (vec![], left));
    let fresh = gone.iter().all(|event| event["transactionId"] != session(9));
    assert_eq!(fresh && events > 0, decision == "fresh-transaction-id");
}

#[test]
fn a_pending_invite_expires_after_180_to_185_s() {
    let mut bench = Bench::<Invite>::new();
    bench.send(COMMANDS, create(1, 10, 20, 90));
    bench.advance(3);
    bench.send(COMMANDS, create(2, 10, 20, 91));
    bench.advance(3);
    bench.send(COMMANDS, create(3, 10, 20, 92));
    assert_eq!(bench.advance(173), []);
    let expired = values(bench.advance(6));
    assert_eq!(expired, [event("REJECTED", 1, (10, 20, 90)), event("REJECTED", 2, (10, 20, 91))]);
    assert_eq!(bench.send(COMMANDS, accept(4, 20, 92)).len(), 1);
    assert_eq!(bench.advance(600), []);
    assert!(bench.has_applied(id::INV_10));
}

#[rstest]
#[case("fresh-transaction-id", 1)]
#[case("no-expiry", 0)]
fn expiry_may_be_done_otherwise(#[case] decision: &'static str, #[case] events: usize) {
    let mut bench = Bench::<Invite>::new();
    bench.take(id::INV_10, decision);
    bench.send(COMMANDS, create(1, 10, 20, 90));
    let expired = values(bench.advance(600));
    assert_eq!(expired.len(), events);
    assert!(expired.iter().all(|event| event["transactionId"] != session(1)));
    assert_eq!(references(&bench, 20).len(), 1 - events);
}

#[rstest]
#[case("stored-world", 1)]
#[case("world-of-command", 5)]
fn the_world_of_an_answer_is_the_stored_one(#[case] decision: &'static str, #[case] world: u32) {
    let mut bench = Bench::<Invite>::new();
    bench.take(id::INV_4, decision);
    bench.send(COMMANDS, create(1, 10, 20, 90));
    let mut accept = accept(2, 20, 90);
    accept["worldId"] = json!(5);
    assert_eq!(values(bench.send(COMMANDS, accept))[0]["worldId"], world);
}

#[test]
fn tenants_have_their_own_invites() {
    let mut bench = Bench::<Invite>::new();
    bench.send(COMMANDS, create(1, 10, 20, 90));
    bench.tenant = tenant(2);
    assert_eq!(bench.send(COMMANDS, accept(2, 20, 90)), []);
    assert_eq!(bench.send("character.status", deleted(20)), []);
    assert_eq!(references(&bench, 20), [0_u64; 0]);
    bench.tenant = tenant(1);
    assert_eq!(references(&bench, 20), [90]);
}
