//! Bans made and taken back, and logins told of.

use serde_json::json;

use super::{Draw, enveloped, send, type_of};
use crate::verify::script::Act;

const VALUES: [&str; 5] = ["10.0.0.9", "10.0.0.0/24", "hw-1", "1", "2"];

pub(super) fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    match draw.below(12) {
        0..=4 => create(draw),
        5..=8 => delete(draw),
        9..=10 => heard(draw),
        _ => query(draw),
    }
}

fn create(draw: &mut Draw<'_>) -> Vec<Act> {
    let value = if draw.one_in(10) { "" } else { draw.pick(&VALUES) };
    let ban_type = if draw.one_in(10) { 3 + draw.below(253) } else { draw.below(3) };
    let permanent = !draw.one_in(3);
    let expires_at: i64 = if permanent { 0 } else { draw.pick(&[1, 4_102_444_800]) };
    let body = json!({
        "banType": ban_type,
        "value": value,
        "reason": draw.pick(&["", "cheating", "Schimpfwörter"]),
        "reasonCode": draw.below(256),
        "permanent": permanent,
        "expiresAt": expires_at,
        "issuedBy": draw.pick(&["gm", ""]),
    });
    send("ban.command", enveloped(json!({}), "CREATE", body))
}

fn delete(draw: &mut Draw<'_>) -> Vec<Act> {
    let named = |act: &Act| type_of(act) == Some(("ban.command", "CREATE"));
    let ban_id = match draw.earlier(named) {
        Some(step) if !draw.one_in(6) => json!({ "$id": step }),
        _ => json!(draw.pick(&[0, 1, 2, 3, 77, u32::MAX])),
    };
    let body = json!({ "banId": ban_id });
    send("ban.command", enveloped(json!({}), "DELETE", body))
}

/// What the account service tells of logins.
fn heard(draw: &mut Draw<'_>) -> Vec<Act> {
    let (ip, hwid) = (draw.pick(&["10.0.0.9", "192.0.2.1"]), draw.pick(&["hw-1", "hw-2"]));
    let (kind, body) = match draw.below(3) {
        0 => ("CREATED", json!({ "ipAddress": ip, "hwid": hwid })),
        1 => {
            let code = draw.pick(&["INCORRECT_PASSWORD", "NOT_REGISTERED"]);
            let error = json!({ "code": code, "reason": 0, "until": 0, "ipAddress": ip });
            ("ERROR", error)
        }
        _ => ("STATE_CHANGED", json!({ "state": 2, "params": null })),
    };
    let head = json!({
        "sessionId": draw.id(3),
        "accountId": draw.number(3),
        "accountName": draw.pick(&["ada", "bo"]),
    });
    send("account.session.status", enveloped(head, kind, body))
}

fn query(draw: &mut Draw<'_>) -> Vec<Act> {
    let asked = match draw.below(3) {
        0 => {
            let args = json!({
                "ip": draw.pick(&["10.0.0.9", "10.0.0.77", "192.0.2.1", ""]),
                "hwid": draw.pick(&["hw-1", "hw-2", ""]),
                "accountId": draw.number(3),
            });
            draw.query("check", args)
        }
        1 => {
            let args = json!({ "banId": draw.number(4) });
            draw.query("ban", args)
        }
        _ => {
            let args = json!({ "accountId": draw.number(3) });
            draw.query("history", args)
        }
    };
    if asked.is_empty() { create(draw) } else { asked }
}
