//! How sessions move on and end.

use rstest::rstest;
use serde_json::{Value, json};

use super::{COMMANDS, account, code, command, log_in, registered, status};
use crate::rule::RuleId;
use crate::service::testing::{Bench, Emitted, names, session};
use crate::services::account::Account;
use crate::services::id;

const CHANGED: &str = "account.session.status/STATE_CHANGED";
const LOGGED_IN: &str = "account.status/LOGGED_IN";
const LOGGED_OUT: &str = "account.status/LOGGED_OUT";

fn progress(session_id: u128, issuer: &str, state: u8) -> Value {
    let body = json!({ "state": state, "params": { "n": state } });
    command("PROGRESS_STATE", session_id, issuer, 1, body)
}

fn logout(session_id: u128, issuer: &str) -> Value {
    command("LOGOUT", session_id, issuer, 1, json!({}))
}

/// Eve has session 1 of LOGIN.
fn logged_in() -> Bench<Account> {
    let mut bench = registered();
    bench.send(COMMANDS, log_in(1, "eve", "pw"));
    bench
}

fn states(bench: &Bench<Account>) -> Vec<u64> {
    let account = account(bench);
    let sessions = account["sessions"].as_array().unwrap().iter();
    sessions.map(|session| session["state"].as_u64().unwrap()).collect()
}

/// Eve's session 1 is in transition.
fn in_transition() -> Bench<Account> {
    let mut bench = logged_in();
    bench.send(COMMANDS, progress(1, "LOGIN", 2));
    bench
}

#[test]
fn a_session_goes_into_transition_and_a_channel_takes_over() {
    let mut bench = logged_in();
    let emitted = bench.send(COMMANDS, progress(1, "LOGIN", 2));
    assert_eq!(names(&emitted), [CHANGED]);
    let event = json!({ "sessionId": session(1), "accountId": 1, "accountName": "eve",
        "type": "STATE_CHANGED", "body": { "state": 2, "params": { "n": 2 } } });
    assert_eq!(emitted[0].1, event);
    assert_eq!(names(&bench.send(COMMANDS, progress(1, "LOGIN", 2))), [CHANGED]);
    assert!(bench.has_applied(id::ACC_TWICE));
    let taken = bench.send(COMMANDS, progress(8, "CHANNEL", 1));
    assert_eq!(names(&taken), [CHANGED, LOGGED_IN]);
    let sessions = json!([{ "sessionId": session(8), "issuer": "CHANNEL", "state": 1 }]);
    assert_eq!(account(&bench)["sessions"], sessions);
    assert_eq!(bench.send(COMMANDS, logout(1, "LOGIN")), []);
    assert_eq!(bench.advance(60), []);
    let out = bench.send(COMMANDS, logout(8, "CHANNEL"));
    assert_eq!(out, [status("LOGGED_OUT", 1, "eve")]);
}

#[test]
fn params_are_echoed_to_the_last_digit_unless_that_is_decided() {
    let mut bench = logged_in();
    let text = progress(1, "LOGIN", 2).to_string();
    let text = text.replace(r#"{"n":2}"#, r#"{"n":18446744073709551617,"f":1.50}"#);
    let echoed = |bench: &mut Bench<Account>| {
        bench.try_send(COMMANDS, text.as_bytes()).unwrap();
        bench.last_text.contains(r#""params":{"n":18446744073709551617,"f":1.50}"#)
    };
    assert!(echoed(&mut bench));
    bench.take(id::ACC_7, "float-params");
    assert!(!echoed(&mut bench));
    assert!(
        bench.last_text.contains(r#""n":1.8446744073709552e+19,"f":1.5"#),
        "{}",
        bench.last_text
    );
}

#[rstest]
#[case::no_session(progress(2, "LOGIN", 2))]
#[case::another_issuers(progress(1, "CHANNEL", 2))]
#[case::no_transition(progress(1, "CHANNEL", 1))]
#[case::not_a_channel(progress(1, "LOGIN", 1))]
#[case::no_such_session_to_end(progress(2, "LOGIN", 0))]
#[case::no_such_state(progress(1, "LOGIN", 3))]
#[case::no_such_state_at_all(progress(1, "LOGIN", 255))]
fn what_cannot_be_carried_out_is_a_system_error(#[case] command: Value) {
    let mut bench = logged_in();
    let before = account(&bench);
    let emitted = bench.send(COMMANDS, command.clone());
    assert_eq!((code(&emitted), &emitted[0].1["accountId"]), ("SYSTEM_ERROR", &json!(1)));
    assert_eq!(account(&bench), before);
    bench.take(id::ACC_9, "account-id-0");
    assert_eq!(bench.send(COMMANDS, command)[0].1["accountId"], 0);
}

#[test]
fn a_session_in_transition_is_not_ended_by_its_issuer() {
    let mut bench = in_transition();
    assert_eq!(code(&bench.send(COMMANDS, progress(1, "LOGIN", 0))), "SYSTEM_ERROR");
    assert_eq!(code(&bench.send(COMMANDS, progress(1, "LOGIN", 1))), "SYSTEM_ERROR");
    assert_eq!(bench.send(COMMANDS, logout(1, "LOGIN")), []);
    assert_eq!(states(&bench), [2]);
}

#[test]
fn an_unknown_account_is_not_registered() {
    let mut bench = logged_in();
    for state in 0..4 {
        let body = json!({ "state": state });
        let emitted = bench.send(COMMANDS, command("PROGRESS_STATE", 1, "LOGIN", 5, body));
        assert_eq!(code(&emitted), "NOT_REGISTERED");
    }
    assert_eq!(bench.send(COMMANDS, command("LOGOUT", 1, "LOGIN", 5, json!({}))), []);
}

#[test]
fn state_0_ends_a_session() {
    let mut bench = logged_in();
    let emitted = bench.send(COMMANDS, progress(1, "LOGIN", 0));
    assert_eq!(names(&emitted), [CHANGED, LOGGED_OUT]);
    assert_eq!(emitted[0].1["body"]["state"], 0);
    assert_eq!(account(&bench)["loggedIn"], false);
}

#[rstest]
#[case(id::ACC_8, "silent-takeover", progress(8, "CHANNEL", 1), vec![CHANGED], vec![1])]
#[case(id::ACC_8, "end-unknown-session", progress(8, "LOGIN", 0), vec![CHANGED, LOGGED_OUT],
    vec![2])]
#[case(id::ACC_8, "move-unknown-session", progress(8, "LOGIN", 2), vec![CHANGED], vec![2])]
#[case(id::ACC_8, "open-in-transition", progress(8, "LOGIN", 2), vec![CHANGED], vec![2, 2])]
#[case(id::ACC_11, "logged-out-anyway", logout(8, "LOGIN"), vec![LOGGED_OUT], vec![2])]
fn others_may_carry_out_more(
    #[case] rule: RuleId,
    #[case] decision: &'static str,
    #[case] command: Value,
    #[case] emitted: Vec<&str>,
    #[case] left: Vec<u64>,
) {
    let mut bench = in_transition();
    bench.take(rule, decision);
    assert_eq!(names(&bench.send(COMMANDS, command)), emitted);
    assert_eq!(states(&bench), left);
}

#[rstest]
#[case(id::ACC_8, "end-unknown-session", progress(8, "LOGIN", 0), vec![CHANGED])]
#[case(id::ACC_11, "logged-out-anyway", logout(8, "LOGIN"), vec![])]
fn nobody_is_logged_out_while_a_session_is_active(
    #[case] rule: RuleId,
    #[case] decision: &'static str,
    #[case] command: Value,
    #[case] emitted: Vec<&str>,
) {
    let mut bench = logged_in();
    bench.take(rule, decision);
    assert_eq!(names(&bench.send(COMMANDS, command)), emitted);
    assert_eq!(states(&bench), [1]);
}

/// Eve has session 1 in state 1 and session 2 in transition.
fn both() -> Bench<Account> {
    let mut bench = logged_in();
    bench.take(id::ACC_8, "open-in-transition");
    bench.send(COMMANDS, progress(2, "LOGIN", 2));
    assert_eq!(states(&bench), [1, 2]);
    bench
}

#[rstest]
#[case(id::ACC_8, progress(1, "LOGIN", 0), vec![CHANGED])]
#[case(id::ACC_10, logout(1, "LOGIN"), vec![])]
fn sessions_in_transition_may_be_overlooked(
    #[case] rule: RuleId,
    #[case] command: Value,
    #[case] mut emitted: Vec<&str>,
) {
    let mut bench = both();
    assert_eq!(names(&bench.send(COMMANDS, command.clone())), emitted);
    assert_eq!(states(&bench), [2]);
    let mut bench = both();
    bench.take(rule, "transition-remains");
    emitted.push(LOGGED_OUT);
    assert_eq!(names(&bench.send(COMMANDS, command)), emitted);
}

#[test]
fn logout_ends_one_session_and_the_second_does_nothing() {
    let mut bench = logged_in();
    assert_eq!(bench.send(COMMANDS, logout(2, "LOGIN")), []);
    assert_eq!(bench.send(COMMANDS, logout(1, "CHANNEL")), []);
    assert_eq!(states(&bench), [1]);
    assert_eq!(bench.send(COMMANDS, logout(1, "LOGIN")), [status("LOGGED_OUT", 1, "eve")]);
    assert_eq!(bench.send(COMMANDS, logout(1, "LOGIN")), []);
}

#[rstest]
#[case::nil_session(logout(0, "LOGIN"))]
#[case::internal(logout(77, "INTERNAL"))]
fn some_logouts_end_every_session(#[case] command: Value) {
    let mut bench = both();
    let emitted: Emitted = bench.send(COMMANDS, command.clone());
    assert_eq!(emitted, [status("LOGGED_OUT", 1, "eve")]);
    assert_eq!(states(&bench), [0_u64; 0]);
    assert_eq!(bench.send(COMMANDS, command), []);
    assert_eq!(bench.advance(60), []);
}

#[rstest]
#[case("ends", vec![LOGGED_OUT], vec![])]
#[case("silent", vec![], vec![])]
#[case("never", vec![], vec![2])]
fn a_transition_ends_after_5_to_10_s(
    #[case] decision: &'static str,
    #[case] emitted: Vec<&str>,
    #[case] left: Vec<u64>,
) {
    let mut bench = in_transition();
    bench.take(id::ACC_13, decision);
    assert_eq!(bench.advance(4), []);
    assert_eq!(names(&bench.advance(6)), emitted);
    assert_eq!(states(&bench), left);
    assert_eq!(bench.advance(600), []);
}

#[test]
fn a_repeated_transition_starts_its_time_anew() {
    let mut bench = logged_in();
    for _ in 0..5 {
        assert_eq!(names(&bench.send(COMMANDS, progress(1, "LOGIN", 2))), [CHANGED]);
        assert_eq!(bench.advance(4), []);
    }
    assert_eq!(names(&bench.advance(6)), [LOGGED_OUT]);
}

#[test]
fn a_session_that_remains_keeps_the_account_logged_in() {
    let mut bench = both();
    assert_eq!(bench.advance(10), []);
    assert_eq!(states(&bench), [1]);
    assert_eq!(names(&bench.send(COMMANDS, logout(1, "LOGIN"))), [LOGGED_OUT]);
}
