//! Bans come, count and go.

use rstest::rstest;
use serde_json::{Value, json};

use super::Ban;
use crate::service::Reject;
use crate::service::testing::{Bench, Emitted, names, session, tenant};
use crate::services::id;

fn create(value: &str) -> Value {
    json!({ "type": "CREATE", "body": { "banType": 0, "value": value, "permanent": true } })
}

fn delete(ban_id: u32) -> Value {
    json!({ "type": "DELETE", "body": { "banId": ban_id } })
}

fn event(status: &str, ban_id: u32) -> Emitted {
    vec![(format!("ban.status/{status}"), json!({ "banId": ban_id, "status": status }))]
}

fn exists(bench: &Bench<Ban>, ban_id: u32) -> bool {
    bench.query("ban", json!({ "banId": ban_id }))["exists"] == json!(true)
}

#[test]
fn ids_count_from_1_and_are_never_given_again() {
    let mut bench = Bench::<Ban>::new();
    assert_eq!(bench.send("ban.command", create("10.0.0.1")), event("CREATED", 1));
    assert_eq!(bench.send("ban.command", delete(1)), event("DELETED", 1));
    assert_eq!(bench.send("ban.command", create("10.0.0.2")), event("CREATED", 2));
    assert!(exists(&bench, 2) && !exists(&bench, 1));
}

#[rstest]
#[case(json!({ "banType": 3, "value": "x" }), "accept-type")]
#[case(json!({ "banType": 255, "value": "x" }), "accept-type")]
#[case(json!({ "banType": 2, "value": "" }), "accept-empty")]
fn odd_bans_are_not_made_unless_that_is_decided(#[case] body: Value, #[case] other: &'static str) {
    let mut bench = Bench::<Ban>::new();
    let command = json!({ "type": "CREATE", "body": body });
    assert_eq!(bench.send("ban.command", command.clone()), []);
    assert!(!exists(&bench, 1) && bench.has_applied(id::BAN_2));
    bench.take(id::BAN_2, other);
    assert_eq!(bench.send("ban.command", command), event("CREATED", 1));
}

#[test]
fn delete_removes_the_ban_it_names_and_no_other() {
    let mut bench = Bench::<Ban>::new();
    for value in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
        bench.send("ban.command", create(value));
    }
    for unknown in [0, 4, u32::MAX] {
        assert_eq!(bench.send("ban.command", delete(unknown)), []);
    }
    assert_eq!(bench.send("ban.command", delete(2)), event("DELETED", 2));
    assert_eq!([1, 2, 3].map(|ban_id| exists(&bench, ban_id)), [true, false, true]);
    bench.tenant = tenant(2);
    assert_eq!(bench.send("ban.command", delete(1)), []);
    bench.tenant = tenant(1);
    assert!(exists(&bench, 1));
}

#[test]
fn an_unknown_id_may_be_echoed_without_effect() {
    let mut bench = Bench::<Ban>::new();
    bench.send("ban.command", create("10.0.0.1"));
    bench.take(id::BAN_4, "echo");
    assert_eq!(bench.send("ban.command", delete(7)), event("DELETED", 7));
    assert!(exists(&bench, 1));
}

#[rstest]
#[case("two-bans", event("CREATED", 2), true)]
#[case("same-id-again", event("CREATED", 1), false)]
#[case("once", vec![], false)]
fn the_same_create_twice(
    #[case] decision: &'static str,
    #[case] second: Emitted,
    #[case] makes_another: bool,
) {
    let mut bench = Bench::<Ban>::new();
    bench.take(id::BAN_TWICE, decision);
    bench.send("ban.command", create("10.0.0.1"));
    bench.send("ban.command", delete(1));
    assert_eq!(bench.send("ban.command", create("10.0.0.1")), second);
    assert_eq!(exists(&bench, 2), makes_another);
    assert!(bench.has_applied(id::COM_8));
}

#[test]
fn logins_are_kept_and_other_session_events_are_not() {
    let mut bench = Bench::<Ban>::new();
    let event = |kind: &str, body: Value| {
        json!({ "sessionId": session(1), "accountId": 7, "accountName": "eve", "type": kind,
            "body": body })
    };
    let client = json!({ "ipAddress": "10.0.0.7", "hwid": "HW" });
    let failed = json!({ "ipAddress": "10.0.0.7", "hwid": "HW", "code": "INCORRECT_PASSWORD" });
    let channel = "account.session.status";
    assert_eq!(bench.send(channel, event("CREATED", client.clone())), []);
    assert_eq!(bench.send(channel, event("CREATED", client)), []);
    assert_eq!(bench.send(channel, event("ERROR", failed)), []);
    assert_eq!(bench.send(channel, event("STATE_CHANGED", json!({ "state": 2 }))), []);
    assert_eq!(bench.send(channel, event("REQUEST_LICENSE_AGREEMENT", Value::Null)), []);
    let history = bench.query("history", json!({ "accountId": 7 }));
    let kept: Vec<_> =
        history.as_array().unwrap().iter().map(|row| (&row["success"], &row["code"])).collect();
    let (code, null) = (json!("INCORRECT_PASSWORD"), Value::Null);
    assert_eq!(kept, [(&json!(true), &null), (&json!(true), &null), (&json!(false), &code)]);
    assert_eq!(history[0]["ipAddress"], "10.0.0.7");
    assert_eq!(bench.query("history", json!({ "accountId": 8 })), json!([]));
}

#[test]
fn a_ban_is_active_until_it_expires_and_emits_nothing_then() {
    let mut bench = Bench::<Ban>::new();
    let until = bench.unix_s() + 60;
    let body = json!({ "banType": 2, "value": "7", "expiresAt": until, "reasonCode": 3 });
    bench.send("ban.command", json!({ "type": "CREATE", "body": body }));
    let check = json!({ "accountId": 7 });
    let answer = bench.query("check", check.clone());
    assert_eq!((&answer["banned"], &answer["expiresAt"]), (&json!(true), &json!(until)));
    assert_eq!(answer["reasonCode"], 3);
    assert_eq!(bench.advance(59), []);
    assert_eq!(bench.query("check", check.clone())["banned"], true);
    assert_eq!(bench.advance(1), []);
    assert_eq!(bench.query("check", check)["banned"], false);
}

#[test]
fn an_expired_ban_is_found_for_an_hour_and_swept_after() {
    let mut bench = Bench::<Ban>::new();
    let create = |value: &str, expires_at: i64| {
        let body = json!({ "banType": 1, "value": value, "expiresAt": expires_at });
        json!({ "type": "CREATE", "body": body })
    };
    let soon = bench.unix_s() + 10;
    for value in ["a", "b"] {
        bench.send("ban.command", create(value, soon));
    }
    bench.send("ban.command", create("c", i64::MAX));
    assert_eq!(bench.advance(10 + 3599), []);
    assert_eq!(bench.send("ban.command", delete(1)), event("DELETED", 1));
    assert_eq!(bench.advance(3600), []);
    assert_eq!([2, 3].map(|ban_id| exists(&bench, ban_id)), [false, true]);
    assert!(bench.has_applied(id::BAN_7));
}

#[rstest]
#[case::the_same_ip(json!({ "ip": "10.1.2.3", "hwid": "HW", "accountId": 7 }), 4)]
#[case::a_network(json!({ "ip": "10.1.9.9", "hwid": "HW", "accountId": 7 }), 3)]
#[case::the_hwid(json!({ "ip": "10.2.0.1", "hwid": "HW", "accountId": 7 }), 2)]
#[case::the_account(json!({ "ip": "10.2.0.1", "hwid": "", "accountId": 7 }), 1)]
#[case::sixth_version(json!({ "ip": "fd00::1" }), 5)]
#[case::nobody(json!({ "ip": "10.2.0.1", "hwid": "hw", "accountId": 8 }), 0)]
#[case::nothing(json!({ "ip": "", "hwid": "", "accountId": 0 }), 0)]
fn the_first_match_counts(#[case] asked: Value, #[case] ban_id: u32) {
    let mut bench = Bench::<Ban>::new();
    let bans = [
        (2, "7"),
        (1, "HW"),
        (0, "10.1.0.0/16"),
        (0, "10.1.2.3"),
        (0, "fd00::/64"),
        (0, "10.1.0.0/33"),
        (2, "0"),
        (0, "nowhere"),
    ];
    for (ban_type, value) in bans {
        let body = json!({ "banType": ban_type, "value": value, "permanent": true });
        bench.send("ban.command", json!({ "type": "CREATE", "body": body }));
    }
    let answer = bench.query("check", asked);
    assert_eq!(answer["banned"], ban_id != 0);
    assert_eq!(answer.get("banId"), (ban_id != 0).then_some(&json!(ban_id)));
}

#[test]
fn bad_input_is_refused_by_its_kind() {
    let mut bench = Bench::<Ban>::new();
    let send = |bench: &mut Bench<Ban>, text: &str| bench.try_send("ban.command", text.as_bytes());
    assert_eq!(send(&mut bench, ""), Err(Reject::Empty));
    assert!(matches!(send(&mut bench, "{ not json"), Err(Reject::Undecodable(_))));
    assert_eq!(send(&mut bench, r#"{"type":"X"}"#), Err(Reject::UnknownType("X".to_owned())));
    assert_eq!(bench.send("ban.command", create("10.0.0.1")), event("CREATED", 1));
}

#[test]
fn given_bans_are_there_and_odd_ones_are_refused() {
    let mut bench = Bench::<Ban>::new();
    let bans = json!([{ "banType": 1, "value": "HW" }]);
    bench.give(json!({}), &[("bans", bans)]).unwrap();
    assert_eq!(bench.query("check", json!({ "hwid": "HW" }))["permanent"], true);
    assert_eq!(names(&bench.send("ban.command", create("10.0.0.1"))), ["ban.status/CREATED"]);
    assert!(exists(&bench, 2));
    let unknown = bench.give(json!({}), &[("bans", json!([{ "type": 1 }]))]).unwrap_err();
    assert_eq!(unknown, "type: is not known");
}
