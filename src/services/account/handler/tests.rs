//! Accounts, and what is shown of them.
#![expect(clippy::needless_pass_by_value, reason = "json!(…) at each call reads better")]

mod attempts;
mod sessions;

use serde_json::{Value, json};

use super::Account;
use crate::service::testing::{Bench, Emitted, names, session, tenant};
use crate::services::id;

const COMMANDS: &str = "account.session.command";

fn create_account(name: &str, password: &str) -> Value {
    json!({ "name": name, "password": password })
}

fn command(kind: &str, session_id: u128, issuer: &str, account: u32, body: Value) -> Value {
    json!({ "sessionId": session(session_id), "accountId": account, "author": issuer,
        "type": kind, "body": body })
}

fn log_in(session_id: u128, name: &str, password: &str) -> Value {
    let body = json!({ "accountName": name, "password": password, "ipAddress": "10.0.0.7",
        "hwid": "HW" });
    command("CREATE", session_id, "LOGIN", 0, body)
}

/// With account 1, eve, who has accepted the licence.
fn registered() -> Bench<Account> {
    let mut bench = Bench::<Account>::new();
    bench.send("account.create", create_account("eve", "pw"));
    bench.stimulus("accept_licence", json!({ "name": "eve" })).unwrap();
    bench
}

fn account(bench: &Bench<Account>) -> Value {
    bench.query("account", json!({ "accountId": 1 }))
}

fn status(kind: &str, account: u32, name: &str) -> (String, Value) {
    let value = json!({ "account_id": account, "name": name, "status": kind });
    (format!("account.status/{kind}"), value)
}

/// The code of the one ERROR that came out.
fn code(emitted: &Emitted) -> &str {
    assert_eq!(names(emitted), ["account.session.status/ERROR"]);
    emitted[0].1["body"]["code"].as_str().unwrap()
}

#[test]
fn accounts_have_names_and_ids_of_their_own() {
    let mut bench = Bench::<Account>::new();
    let eve = bench.send("account.create", create_account("eve", "pw"));
    assert_eq!(eve, [status("CREATED", 1, "eve")]);
    let bob = bench.send("account.create", create_account("bob", "pw"));
    assert_eq!(bob, [status("CREATED", 2, "bob")]);
    for odd in [create_account("eve", "other"), create_account("", "pw")] {
        assert_eq!(bench.send("account.create", odd), []);
    }
    assert!(!bench.has_applied(id::ACC_TWICE));
    assert_eq!(bench.send("account.create", create_account("eve", "pw")), []);
    assert!(bench.has_applied(id::ACC_TWICE));
    bench.tenant = tenant(2);
    let eve = bench.send("account.create", create_account("eve", "pw"));
    assert_eq!(eve, [status("CREATED", 1, "eve")]);
}

#[test]
fn a_taken_name_may_be_accepted_as_a_further_account() {
    let mut bench = registered();
    bench.take(id::ACC_2, "accept");
    let second = bench.send("account.create", create_account("eve", "pw2"));
    assert_eq!(second, [status("CREATED", 2, "eve")]);
    assert_eq!(bench.send(COMMANDS, log_in(1, "eve", "pw"))[0].1["accountId"], 1);
    bench.take(id::ACC_2, "other-of-name");
    assert_eq!(bench.send(COMMANDS, log_in(2, "eve", "pw2"))[0].1["accountId"], 2);
}

#[test]
fn given_accounts_can_log_in_and_settings_are_checked() {
    let mut bench = Bench::<Account>::new();
    let accounts = json!([{ "name": "eve", "password": "pw" },
        { "name": "new", "password": "pw", "licence": false }]);
    bench.give(json!({ "automatic_registration": false }), &[("accounts", accounts)]).unwrap();
    let made = "account.session.status/CREATED";
    assert_eq!(names(&bench.send(COMMANDS, log_in(1, "eve", "pw")))[0], made);
    let asked = bench.send(COMMANDS, log_in(2, "new", "pw"));
    assert_eq!(names(&asked)[0], "account.session.status/REQUEST_LICENSE_AGREEMENT");
    assert!(bench.give(json!({ "automatic": true }), &[]).is_err());
    assert!(bench.give(json!({ "automatic_registration": 1 }), &[]).is_err());
}

#[test]
fn passwords_are_shown_nowhere() {
    let mut bench = Bench::<Account>::new();
    bench.send("account.create", create_account("eve", "hunter2"));
    let mut emitted = bench.send(COMMANDS, log_in(1, "eve", "hunter3"));
    emitted.extend(bench.send(COMMANDS, log_in(1, "eve", "hunter2")));
    let shown = format!("{:?} {} {emitted:?}", bench.service, account(&bench));
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn unknown_accounts_cannot_accept_the_licence() {
    let mut bench = registered();
    assert!(bench.stimulus("accept_licence", json!({ "name": "bob" })).is_err());
    assert!(bench.stimulus("accept_licence", json!({ "accountId": 2 })).is_err());
    assert!(bench.stimulus("accept_licence", json!({})).is_err());
    let (account_id, emitted) =
        bench.stimulus("accept_licence", json!({ "accountId": 1 })).unwrap();
    assert_eq!((account_id.as_integer(), emitted), (Some(1), vec![]));
    assert_eq!(bench.query("account", json!({ "name": "bob" })), json!({ "exists": false }));
}
