//! What other services tell login of; and clients, where a probe can play them.

use serde_json::{Value, json};

use super::{Draw, enveloped, send};
use crate::verify::script::Act;

pub(super) fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    let acts = match draw.below(16) {
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
        12 => return account_changed(draw),
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
    let (kind, body) = match draw.below(6) {
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
    };
    let head = json!({ "sessionId": session(draw), "accountId": draw.number(3) });
    send("account.session.status", enveloped(head, kind, body))
}

fn account_changed(draw: &mut Draw<'_>) -> Vec<Act> {
    let status = draw.pick(&["LOGGED_IN", "LOGGED_OUT", "CREATED"]);
    let event = json!({ "account_id": draw.number(3), "name": "ada", "status": status });
    send("account.status", event)
}
