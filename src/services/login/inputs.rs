//! What other services tell login of; and clients, where a probe can play them.

use serde_json::{Value, json};

use crate::verify::script::Act;
use crate::verify::script::random::{Draw, Workload, enveloped, send};

/// How sequences are drawn.
pub(super) const WORKLOAD: Workload =
    Workload { begin: Some(begin), next, fitting: Vec::new, is_open: |_| false };

fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    let acts = match draw.below(20) {
        16..=17 => visit(draw),
        18 => asked(draw),
        0..=1 => {
            let args = json!({ "ip": "10.0.0.9", "hwid": "hw-1" });
            draw.stimulus("connect", args)
        }
        2..=3 => {
            let (session, password) = (session(draw), draw.pick(&["right", "wrong"]));
            let args = json!({ "session": session, "name": "ada", "password": password });
            draw.stimulus("credentials", args)
        }
        4 => {
            let args = json!({ "session": session(draw) });
            draw.stimulus("accept_licence", args)
        }
        5..=6 => {
            let args = json!({ "session": session(draw), "characterId": draw.number(9) });
            draw.stimulus("select_character", args)
        }
        7 => {
            let args = json!({ "session": session(draw) });
            draw.stimulus("disconnect", args)
        }
        8..=11 => return answered(draw),
        12 => {
            let account = draw.number(3);
            return account_changed(draw, account);
        }
        13 => {
            let head = json!({ "accountId": draw.number(3) });
            let body = json!({ "characterId": draw.number(9) });
            return send("seed.status", enveloped(head, "CREATED", body));
        }
        14 => {
            let args = json!({ "session": session(draw) });
            draw.query("session", args)
        }
        _ => {
            let args = json!({ "accountId": draw.number(3) });
            draw.query("account", args)
        }
    };
    if acts.is_empty() { answered(draw) } else { acts }
}

/// A client comes, is let in, and something becomes of it that it sees.
fn visit(draw: &mut Draw<'_>) -> Vec<Act> {
    let step = draw.next_step();
    let mut acts = draw.stimulus("connect", json!({ "ip": "10.0.0.9", "hwid": "hw-2" }));
    if acts.is_empty() {
        return acts;
    }
    let (session, account) = (json!({ "$answer": step }), draw.number(3));
    if draw.one_in(2) {
        let args = json!({ "session": session, "name": "ada", "password": "right" });
        acts.extend(draw.stimulus("credentials", args));
    }
    acts.extend(status(&session, account, ("CREATED", json!({}))));
    // What comes next must not come first.
    acts.extend(draw.query("session", json!({ "session": session })));
    acts.extend(match draw.below(6) {
        0 => {
            let args = json!({ "session": session, "characterId": draw.number(9) });
            draw.stimulus("select_character", args)
        }
        1 => {
            let body = json!({ "characterId": draw.number(9) });
            send("seed.status", enveloped(json!({ "accountId": account }), "CREATED", body))
        }
        2 => draw.stimulus("disconnect", json!({ "session": session })),
        3 => account_changed(draw, account),
        _ => {
            let answer = any_answer(draw);
            status(&session, account, answer)
        }
    });
    acts.extend(draw.query("session", json!({ "session": session })));
    acts
}

/// A client is asked to accept the licence, and does.
fn asked(draw: &mut Draw<'_>) -> Vec<Act> {
    let step = draw.next_step();
    let mut acts = draw.stimulus("connect", json!({ "ip": "10.0.0.9", "hwid": "hw-1" }));
    if acts.is_empty() {
        return acts;
    }
    let session = json!({ "$answer": step });
    let answer = ("REQUEST_LICENSE_AGREEMENT", json!(null));
    acts.extend(status(&session, draw.number(3), answer));
    acts.extend(draw.query("session", json!({ "session": session })));
    acts.extend(draw.stimulus("accept_licence", json!({ "session": session })));
    acts.extend(draw.query("session", json!({ "session": session })));
    acts
}

/// The session of a client that a step connected; of nobody where none did.
fn session(draw: &mut Draw<'_>) -> Value {
    let connects = |act: &Act| matches!(act, Act::Stimulus { name, .. } if name == "connect");
    match draw.earlier(connects) {
        Some(step) => json!({ "$answer": step }),
        None => json!(draw.id(3)),
    }
}

/// What the account service answers.
fn answered(draw: &mut Draw<'_>) -> Vec<Act> {
    let answer = any_answer(draw);
    let (session, account) = (session(draw), draw.number(3));
    status(&session, account, answer)
}

fn any_answer(draw: &mut Draw<'_>) -> (&'static str, Value) {
    match draw.below(6) {
        0..=2 => ("CREATED", json!({})),
        3 => ("REQUEST_LICENSE_AGREEMENT", json!(null)),
        4 => {
            let code = draw.pick(&["INCORRECT_PASSWORD", "DELETED_OR_BLOCKED"]);
            ("ERROR", json!({ "code": code, "reason": 2, "until": 1_800_000_000_u32 }))
        }
        _ => {
            let params = json!({ "address": "192.0.2.7", "port": 8585, "characterId": 12 });
            ("STATE_CHANGED", json!({ "state": 2, "params": params }))
        }
    }
}

fn status(session: &Value, account: u32, (kind, body): (&str, Value)) -> Vec<Act> {
    let head = json!({ "sessionId": session, "accountId": account });
    send("account.session.status", enveloped(head, kind, body))
}

fn account_changed(draw: &mut Draw<'_>, account: u32) -> Vec<Act> {
    let status = draw.pick(&["LOGGED_IN", "LOGGED_OUT", "CREATED"]);
    let event = json!({ "account_id": account, "name": "ada", "status": status });
    let mut acts = send("account.status", event);
    if draw.one_in(2) {
        acts.extend(draw.query("account", json!({ "accountId": account })));
    }
    acts
}

/// Makes the accounts that clients log in to, for whoever keeps them.
fn begin(draw: &mut Draw<'_>) {
    if draw.abilities.stimuli.is_empty() {
        return;
    }
    for tenant in 0..draw.tenants {
        draw.tenant = tenant;
        let account = json!({ "name": "ada", "password": "right" });
        send("account.create", account).into_iter().for_each(|act| draw.push(act));
    }
}
