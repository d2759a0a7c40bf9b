//! Clients do and see.
#![expect(clippy::needless_pass_by_value, reason = "json!(…) at each call reads better")]

use rstest::rstest;
use serde_json::{Value, json};

use super::Login;
use crate::service::StimulusError;
use crate::service::testing::{Bench, Emitted, names, session, tenant};
use crate::services::account::messages::AccountStatusType;
use crate::services::id;

const ANSWERS: &str = "account.session.status";

fn connected() -> (Bench<Login>, Value) {
    let mut bench = Bench::<Login>::new();
    let client = json!({ "ip": "10.0.0.7", "hwid": "HW" });
    let (session, emitted) = bench.stimulus("connect", client).unwrap();
    assert_eq!(emitted, []);
    (bench, json!(session.as_str().unwrap()))
}

fn answer(session: &Value, kind: &str, body: Value) -> Value {
    json!({ "sessionId": session, "accountId": 7, "type": kind, "body": body })
}

/// A client whose session belongs to account 7.
fn bound() -> (Bench<Login>, Value) {
    let (mut bench, session) = connected();
    bench.send(ANSWERS, answer(&session, "CREATED", json!({})));
    (bench, session)
}

fn does(bench: &mut Bench<Login>, name: &str, args: Value) -> Emitted {
    bench.stimulus(name, args).unwrap().1
}

fn seen(bench: &Bench<Login>, session: &Value) -> Value {
    bench.query("session", json!({ "session": session }))
}

#[test]
fn credentials_become_one_session_command() {
    let (mut bench, session) = connected();
    let credentials = json!({ "session": session, "name": "eve", "password": "pw" });
    let emitted = does(&mut bench, "credentials", credentials);
    let body = json!({ "accountName": "eve", "password": "pw", "ipAddress": "10.0.0.7",
        "hwid": "HW" });
    let command = json!({ "sessionId": session, "accountId": 0, "author": "LOGIN",
        "type": "CREATE", "body": body });
    assert_eq!(emitted, [("account.session.command/CREATE".to_owned(), command)]);
    assert!(!format!("{:?}", bench.service).contains("pw"));
}

#[test]
fn a_session_that_is_made_is_bound_and_announced() {
    let (mut bench, session) = connected();
    assert_eq!(seen(&bench, &session)["bound"], false);
    let emitted = bench.send(ANSWERS, answer(&session, "CREATED", json!({})));
    let event = json!({ "sessionId": session, "accountId": 7, "characterId": 0, "worldId": 0,
        "channelId": 0, "issuer": "LOGIN", "type": "CREATED" });
    assert_eq!(emitted, [("session.status/CREATED".to_owned(), event)]);
    assert_eq!(
        (&seen(&bench, &session)["bound"], &seen(&bench, &session)["accountId"]),
        (&json!(true), &json!(7))
    );
    assert!(bench.has_applied(id::LOG_10));
}

#[rstest]
#[case("at-once", 1)]
#[case("after-acceptance", 0)]
fn the_licence_is_asked_for(#[case] decision: &'static str, #[case] at_once: usize) {
    let (mut bench, session) = connected();
    bench.take(id::LOG_3, decision);
    let accept = json!({ "session": session });
    assert!(bench.stimulus("accept_licence", accept.clone()).is_err());
    let asked = bench.send(ANSWERS, answer(&session, "REQUEST_LICENSE_AGREEMENT", json!(null)));
    assert_eq!(names(&asked), vec!["session.status/CREATED"; at_once]);
    let shown = seen(&bench, &session);
    assert_eq!((&shown["bound"], &shown["licenceAsked"]), (&json!(true), &json!(true)));
    let accepted = does(&mut bench, "accept_licence", accept);
    assert_eq!(names(&accepted), vec!["session.status/CREATED"; 1 - at_once]);
    assert_eq!(seen(&bench, &session)["licenceAsked"], false);
}

#[test]
fn an_error_is_shown_to_the_client_only() {
    let (mut bench, session) = connected();
    let error = json!({ "code": "DELETED_OR_BLOCKED", "reason": 3, "until": u64::MAX });
    assert_eq!(bench.send(ANSWERS, answer(&session, "ERROR", error.clone())), []);
    let shown = seen(&bench, &session);
    assert_eq!((&shown["error"], &shown["bound"]), (&error, &json!(false)));
    bench.send(ANSWERS, answer(&session, "CREATED", json!({})));
    assert_eq!(seen(&bench, &session)["error"], Value::Null);
}

#[test]
fn a_client_selects_a_character_and_is_handed_over() {
    let (mut bench, session) = bound();
    let select = json!({ "session": session, "characterId": 5, "address": "10.9.9.9",
        "port": 7575 });
    let emitted = does(&mut bench, "select_character", select);
    assert_eq!(names(&emitted), ["account.session.command/PROGRESS_STATE"]);
    let command = &emitted[0].1;
    assert_eq!((&command["accountId"], &command["author"]), (&json!(7), &json!("LOGIN")));
    assert_eq!(command["body"]["state"], 2);
    let params = command["body"]["params"].clone();
    assert_eq!(params, json!({ "address": "10.9.9.9", "port": 7575, "characterId": 5 }));
    let changed = json!({ "state": 2, "params": params });
    assert_eq!(bench.send(ANSWERS, answer(&session, "STATE_CHANGED", changed)), []);
    assert_eq!(seen(&bench, &session)["handedOver"], params);
}

#[test]
fn odd_params_hand_over_to_nowhere() {
    let (mut bench, session) = bound();
    for params in [json!(null), json!([1]), json!("x")] {
        let changed = json!({ "state": 2, "params": params });
        assert_eq!(bench.send(ANSWERS, answer(&session, "STATE_CHANGED", changed)), []);
        assert_eq!(seen(&bench, &session)["handedOver"], json!({}));
    }
}

#[test]
fn the_login_flag_follows_the_account() {
    let mut bench = Bench::<Login>::new();
    let status =
        |status: AccountStatusType| json!({ "account_id": 7, "name": "eve", "status": status });
    let flag = |bench: &Bench<Login>| bench.query("account", json!({ "accountId": 7 }));
    for (kind, flagged) in
        [(AccountStatusType::LoggedIn, true), (AccountStatusType::LoggedOut, false)]
    {
        assert_eq!(bench.send("account.status", status(kind)), []);
        assert_eq!(flag(&bench), json!({ "loggedIn": flagged }));
    }
    let created = status(AccountStatusType::Created).to_string();
    assert!(bench.try_send("account.status", created.as_bytes()).is_err());
}

#[test]
fn the_bound_session_sees_a_new_character() {
    let (mut bench, session) = bound();
    let (other, _) = bench.stimulus("connect", json!({})).unwrap();
    let seed = |account: u32| {
        json!({ "accountId": account, "type": "CREATED",
        "body": { "characterId": 55 } })
    };
    assert_eq!(bench.send("seed.status", seed(8)), []);
    assert_eq!(seen(&bench, &session)["newCharacter"], Value::Null);
    assert_eq!(bench.send("seed.status", seed(7)), []);
    assert_eq!(seen(&bench, &session)["newCharacter"], 55);
    let other = json!(other.as_str().unwrap());
    assert_eq!(seen(&bench, &other)["newCharacter"], Value::Null);
}

#[test]
fn a_bound_session_that_disconnects_logs_out() {
    let (mut bench, session) = bound();
    let emitted = does(&mut bench, "disconnect", json!({ "session": session }));
    assert_eq!(names(&emitted), ["account.session.command/LOGOUT", "session.status/DESTROYED"]);
    assert!(emitted.iter().all(|(_, event)| event["accountId"] == 7));
    assert_eq!(seen(&bench, &session), json!({ "connected": false }));
    let again = bench.stimulus("disconnect", json!({ "session": session }));
    assert!(matches!(again, Err(StimulusError::Refused(_))));
}

#[rstest]
#[case("only-bound", 0)]
#[case("also-unbound", 2)]
fn an_unbound_session_that_disconnects(#[case] decision: &'static str, #[case] events: usize) {
    let (mut bench, session) = connected();
    bench.take(id::LOG_9, decision);
    assert_eq!(does(&mut bench, "disconnect", json!({ "session": session })).len(), events);
    assert_eq!(seen(&bench, &session), json!({ "connected": false }));
}

#[rstest]
#[case("CREATED", json!({}))]
#[case("REQUEST_LICENSE_AGREEMENT", json!(null))]
#[case("ERROR", json!({ "code": "SYSTEM_ERROR" }))]
#[case("STATE_CHANGED", json!({ "state": 2 }))]
fn events_for_other_sessions_and_tenants_do_nothing(#[case] kind: &str, #[case] body: Value) {
    let (mut bench, mine) = connected();
    let before = seen(&bench, &mine);
    assert_eq!(bench.send(ANSWERS, answer(&json!(session(99)), kind, body.clone())), []);
    bench.tenant = tenant(2);
    assert_eq!(bench.send(ANSWERS, answer(&mine, kind, body)), []);
    bench.tenant = tenant(1);
    assert_eq!(seen(&bench, &mine), before);
    assert!(bench.has_applied(id::LOG_11));
}

#[rstest]
#[case("credentials", json!({ "session": session(9), "name": "a", "password": "b" }))]
#[case("select_character", json!({ "session": session(9), "characterId": 1 }))]
#[case("disconnect", json!({ "session": session(9) }))]
#[case("disconnect", json!({ "session": "nonsense" }))]
#[case("connect", json!({ "ip": 7 }))]
#[case("connect", json!({ "address": "10.0.0.7" }))]
#[case("dance", json!({}))]
fn stimuli_that_cannot_be_are_refused(#[case] name: &str, #[case] args: Value) {
    let (mut bench, _) = connected();
    assert!(bench.stimulus(name, args).is_err());
}
