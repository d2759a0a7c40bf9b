//! Mistakes of the account service.

use quintet::service::Service;
use quintet::services::account::Account;
use quintet::services::ban::Ban;
use quintet::services::id;
use quintet::verify::Observation;
use rstest::rstest;
use serde_json::{Value, json as literal};

use super::{MANNERS, Manner, names_only};
use crate::play::{Course, Play, as_reference};
use crate::table::plant::int;
use crate::table::warp::{Warp, json, kind};

pub(crate) fn start(manner: Manner, service: Box<dyn Service>) -> Play {
    let (partitions, crashes) = (manner.partitions, false);
    let course = Course { seed: 1, inputs: 0, partitions, crashes, pick: as_reference };
    Play::new(vec![service, Box::new(Ban::default())], course)
}

pub(crate) fn register(play: &mut Play, name: &str) {
    play.send("account.create", &literal!({ "name": name, "password": "pw" }));
}

pub(crate) fn command(
    play: &mut Play,
    (kind, account): (&str, u32),
    (session, issuer): (u128, &str),
    body: &Value,
) {
    let session = uuid::Uuid::from_u128(session).to_string();
    let command = literal!({ "sessionId": session, "accountId": account, "author": issuer,
        "type": kind, "body": body });
    play.send("account.session.command", &command);
}

pub(crate) fn log_in(play: &mut Play, name: &str, session: u128) {
    let body = literal!({ "accountName": name, "password": "pw", "ipAddress": "10.0.0.1",
        "hwid": "HW" });
    command(play, ("CREATE", 0), (session, "LOGIN"), &body);
}

pub(crate) fn progress(play: &mut Play, account: u32, (session, issuer): (u128, &str), state: u32) {
    let body = literal!({ "state": state, "params": {} });
    command(play, ("PROGRESS_STATE", account), (session, issuer), &body);
}

/// Says LOGGED_OUT at each LOGOUT of an account that there is.
fn logs_out_anyway() -> Box<dyn Service> {
    let warp = Warp::of(Box::new(Account::default())).on_handle(|inner, incoming, cx| {
        let answer = inner.handle(incoming, cx);
        let command = json(incoming.value);
        if answer.is_err() && kind(&command) == "LOGOUT" {
            let account = u32::try_from(int(&command, "/accountId")).unwrap_or_default();
            let name = ["", "alice", "bob"].get(account as usize).copied().unwrap_or("carol");
            let event = literal!({ "account_id": account, "name": name, "status": "LOGGED_OUT" });
            let key = quintet::message::Key::Id(account);
            return cx.emit("account.status", &key, &event);
        }
        answer
    });
    warp.boxed()
}

/// Of which session LOGOUT speaks while another one remains.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// One that there never was.
    Unknown,
    /// One that a channel has taken over.
    TakenOver,
    /// The one that is there, by another issuer.
    AnotherIssuer,
}

#[rstest]
fn a_logout_although_a_session_remains(
    #[values(Of::Unknown, Of::TakenOver, Of::AnotherIssuer)] of: Of,
    #[values(false, true)] another_in_transition: bool,
    #[values(500, 12_000)] later_ms: u64,
) {
    for manner in MANNERS {
        let seen = remaining(manner, (of, another_in_transition), later_ms);
        names_only(id::ACC_12, &seen, &format!("{manner:?}"));
    }
}

fn remaining(manner: Manner, (of, another): (Of, bool), later_ms: u64) -> Observation {
    let mut play = start(manner, logs_out_anyway());
    for name in ["alice", "bob"] {
        register(&mut play, name);
        manner.pause(&mut play, "account.session.command");
        play.tell("account", "accept_licence", &literal!({ "name": name }));
    }
    log_in(&mut play, "alice", 1);
    manner.pause(&mut play, "account.session.command");
    if another {
        log_in(&mut play, "bob", 5);
        manner.pause(&mut play, "account.session.command");
        progress(&mut play, 2, (5, "LOGIN"), 2);
        play.wait_ms(1_100);
    }
    if matches!(of, Of::TakenOver) {
        progress(&mut play, 1, (1, "LOGIN"), 2);
        play.wait_ms(1_200);
        progress(&mut play, 1, (1, "CHANNEL"), 1);
        play.wait_ms(1_200);
    }
    play.wait_ms(later_ms);
    let session = match of {
        Of::Unknown => (9, "LOGIN"),
        Of::TakenOver => (1, "LOGIN"),
        Of::AnotherIssuer => (1, "CHANNEL"),
    };
    command(&mut play, ("LOGOUT", 1), session, &literal!({}));
    manner.pause(&mut play, "account.session.command");
    // The session is there all the same.
    let remains = if matches!(of, Of::TakenOver) { (1, "CHANNEL") } else { (1, "LOGIN") };
    progress(&mut play, 1, remains, 2);
    play.observed("account", manner.view())
}
