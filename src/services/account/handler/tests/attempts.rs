//! Who may log in.

use rstest::rstest;
use serde_json::{Value, json};

use super::{COMMANDS, account, code, create_account, log_in, registered, status};
use crate::service::testing::{Bench, Emitted, names, session};
use crate::services::account::Account;
use crate::services::id;

const LICENCE: &str = "account.session.status/REQUEST_LICENSE_AGREEMENT";
const MADE: &str = "account.session.status/CREATED";
const LOGGED_IN: &str = "account.status/LOGGED_IN";

fn wrong(bench: &mut Bench<Account>) -> Emitted {
    bench.send(COMMANDS, log_in(9, "eve", "wrong"))
}

#[test]
fn a_login_is_answered_and_announced_once() {
    let mut bench = registered();
    let emitted = bench.send(COMMANDS, log_in(1, "eve", "pw"));
    let event = json!({ "sessionId": session(1), "accountId": 1, "accountName": "eve",
        "type": "CREATED", "body": { "ipAddress": "10.0.0.7", "hwid": "HW" } });
    assert_eq!(emitted, [(MADE.to_owned(), event), status("LOGGED_IN", 1, "eve")]);
    let sessions = json!([{ "sessionId": session(1), "issuer": "LOGIN", "state": 1 }]);
    assert_eq!(account(&bench)["sessions"], sessions);
    assert_eq!(code(&bench.send(COMMANDS, log_in(1, "eve", "pw"))), "ALREADY_LOGGED_IN");
    assert!(bench.has_applied(id::ACC_TWICE));
    assert_eq!(account(&bench)["sessions"], sessions);
}

#[test]
fn the_ban_service_is_asked_about_the_client() {
    let mut bench = registered();
    bench.answer(Some(json!({ "banned": true, "reasonCode": 3, "permanent": false,
        "expiresAt": 5000 })));
    let emitted = bench.send(COMMANDS, log_in(1, "eve", "pw"));
    assert_eq!(code(&emitted), "DELETED_OR_BLOCKED");
    let body = &emitted[0].1["body"];
    assert_eq!((&body["reason"], &body["until"]), (&json!(3), &json!(5000)));
    let (query, question) = bench.asked().last().unwrap();
    assert_eq!(query, "ban.check");
    let question: Value = serde_json::from_slice(&question.to_bytes()).unwrap();
    assert_eq!(question, json!({ "ip": "10.0.0.7", "hwid": "HW", "accountId": 1 }));
    assert_eq!(account(&bench)["loggedIn"], false);
}

#[test]
fn without_the_ban_service_nobody_logs_in() {
    let mut bench = registered();
    bench.answer(None);
    assert_eq!(code(&bench.send(COMMANDS, log_in(1, "eve", "pw"))), "SYSTEM_ERROR");
    assert_eq!(code(&bench.send(COMMANDS, log_in(1, "bob", "pw"))), "NOT_REGISTERED");
    assert_eq!(account(&bench)["loggedIn"], false);
}

#[test]
fn an_unknown_name_is_not_registered() {
    let mut bench = registered();
    let emitted = bench.send(COMMANDS, log_in(1, "bob", "pw"));
    assert_eq!(code(&emitted), "NOT_REGISTERED");
    assert_eq!(
        (&emitted[0].1["accountId"], &emitted[0].1["accountName"]),
        (&json!(0), &json!("bob"))
    );
    assert_eq!(bench.query("account", json!({ "name": "bob" }))["exists"], false);
}

#[rstest]
#[case::by_setting(true)]
#[case::by_decision(false)]
fn an_unknown_name_may_be_registered(#[case] setting: bool) {
    let mut bench = registered();
    if setting {
        bench.give(json!({ "automatic_registration": true }), &[]).unwrap();
    } else {
        bench.take(id::ACC_4, "register");
    }
    let emitted = bench.send(COMMANDS, log_in(1, "bob", "pw"));
    assert_eq!(names(&emitted), ["account.status/CREATED", LICENCE, LOGGED_IN]);
    assert_eq!(emitted[0].1["account_id"], 2);
    bench.send(COMMANDS, super::command("LOGOUT", 1, "LOGIN", 2, json!({})));
    assert_eq!(code(&bench.send(COMMANDS, log_in(1, "bob", "other"))), "INCORRECT_PASSWORD");
}

#[test]
fn an_empty_name_is_never_registered() {
    let mut bench = registered();
    bench.give(json!({ "automatic_registration": true }), &[]).unwrap();
    assert_eq!(code(&bench.send(COMMANDS, log_in(1, "", "pw"))), "NOT_REGISTERED");
}

/// Four checks fail at once: banned, logged in, wrong password, licence.
fn in_trouble() -> Bench<Account> {
    let mut bench = Bench::<Account>::new();
    bench.send("account.create", create_account("eve", "pw"));
    bench.send(COMMANDS, log_in(1, "eve", "pw"));
    bench.answer(Some(json!({ "banned": true, "permanent": true })));
    bench
}

#[test]
fn the_first_check_that_fails_is_the_answer() {
    let mut bench = in_trouble();
    assert_eq!(code(&wrong(&mut bench)), "DELETED_OR_BLOCKED");
    bench.answer(Some(json!({ "banned": false })));
    assert_eq!(code(&wrong(&mut bench)), "ALREADY_LOGGED_IN");
    bench.send(COMMANDS, super::command("LOGOUT", 1, "LOGIN", 1, json!({})));
    assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD");
    assert_eq!(names(&bench.send(COMMANDS, log_in(1, "eve", "pw"))), [LICENCE, LOGGED_IN]);
    bench.send(COMMANDS, super::command("LOGOUT", 1, "LOGIN", 1, json!({})));
    bench.stimulus("accept_licence", json!({ "name": "eve" })).unwrap();
    assert_eq!(names(&bench.send(COMMANDS, log_in(1, "eve", "pw"))), [MADE, LOGGED_IN]);
}

#[test]
fn another_order_of_the_checks_stays_the_same() {
    let mut bench = in_trouble();
    bench.take(id::ACC_4, "password-first");
    assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD");
    for other in ["in-order", "blocked-first", "logged-in-first", "licence-first"] {
        bench.take(id::ACC_4, other);
        assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD", "{other}");
    }
    bench.take(id::ACC_4, "logged-in-first");
    let right = |bench: &mut Bench<Account>| bench.send(COMMANDS, log_in(9, "eve", "pw"));
    assert_eq!(code(&right(&mut bench)), "ALREADY_LOGGED_IN");
    bench.take(id::ACC_4, "in-order");
    assert_eq!(code(&right(&mut bench)), "ALREADY_LOGGED_IN");
}

#[rstest]
#[case("licence", "with-licence", vec![LICENCE, LOGGED_IN], vec![])]
#[case("licence", "after-acceptance", vec![LICENCE], vec![LOGGED_IN])]
#[case("no-licence", "with-licence", vec![MADE, LOGGED_IN], vec![])]
fn the_licence_question(
    #[case] asks: &'static str,
    #[case] announces: &'static str,
    #[case] at_once: Vec<&str>,
    #[case] when_accepted: Vec<&str>,
) {
    let mut bench = Bench::<Account>::new();
    bench.send("account.create", create_account("eve", "pw"));
    bench.take(id::ACC_4, asks);
    bench.take(id::ACC_5, announces);
    let answer = bench.send(COMMANDS, log_in(1, "eve", "pw"));
    assert_eq!(names(&answer), at_once);
    assert!(answer[0].1["body"].is_null() == (asks == "licence"));
    let (_, accepted) = bench.stimulus("accept_licence", json!({ "name": "eve" })).unwrap();
    assert_eq!(names(&accepted), when_accepted);
    let logout = bench.send(COMMANDS, super::command("LOGOUT", 1, "LOGIN", 1, json!({})));
    assert_eq!(names(&logout), ["account.status/LOGGED_OUT"]);
}

#[test]
fn an_account_that_never_logged_in_does_not_log_out() {
    let mut bench = Bench::<Account>::new();
    bench.send("account.create", create_account("eve", "pw"));
    bench.take(id::ACC_5, "after-acceptance");
    bench.send(COMMANDS, log_in(1, "eve", "pw"));
    assert_eq!(bench.send(COMMANDS, super::command("LOGOUT", 1, "LOGIN", 1, json!({}))), []);
    assert_eq!(account(&bench)["loggedIn"], false);
}

#[test]
fn the_sixth_attempt_is_too_many_for_five_minutes() {
    let mut bench = registered();
    for _ in 0..5 {
        assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD");
        bench.advance(100);
    }
    let until = bench.unix_s() + 300;
    for password in ["pw", "wrong"] {
        let emitted = bench.send(COMMANDS, log_in(1, "eve", password));
        assert_eq!(code(&emitted), "TOO_MANY_ATTEMPTS");
        assert_eq!(emitted[0].1["body"]["until"], until);
        bench.advance(149);
    }
    bench.advance(1);
    assert_eq!(code(&wrong(&mut bench)), "TOO_MANY_ATTEMPTS");
    bench.advance(1);
    for _ in 0..5 {
        assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD");
    }
    assert_eq!(code(&wrong(&mut bench)), "TOO_MANY_ATTEMPTS");
}

#[test]
fn a_success_starts_the_count_anew() {
    let mut bench = registered();
    for _ in 0..2 {
        for _ in 0..5 {
            assert_eq!(account(&bench)["lockedUntil"], Value::Null);
            bench.send(COMMANDS, super::command("LOGOUT", 1, "LOGIN", 1, json!({})));
            assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD");
            bench.take(id::ACC_6, "never");
        }
        assert_eq!(names(&bench.send(COMMANDS, log_in(1, "eve", "pw"))), [MADE, LOGGED_IN]);
        assert_eq!(account(&bench)["wrongPasswords"], 0);
        bench.take(id::ACC_6, "too-many");
    }
}

#[test]
fn another_threshold_is_accepted() {
    let mut bench = registered();
    bench.take(id::ACC_6, "other-threshold");
    assert_eq!(code(&wrong(&mut bench)), "INCORRECT_PASSWORD");
    assert_eq!(code(&wrong(&mut bench)), "TOO_MANY_ATTEMPTS");
}
