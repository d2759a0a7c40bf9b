//! Bans made and taken back, and logins told of.

use serde_json::{Value, json};

use crate::verify::script::Act;
use crate::verify::script::random::{Draw, Workload, enveloped, send, type_of};

/// How sequences are drawn.
pub(super) const WORKLOAD: Workload = Workload { begin: None, next, fitting, is_open: |_| false };

/// What a ban may name: mostly what its type can, sometimes what it cannot.
const NAMED: [(usize, &str); 8] = [
    (0, "10.0.0.9"),
    (0, "10.0.0.0/24"),
    (1, "hw-1"),
    (1, "hw-2"),
    (2, "1"),
    (2, "2"),
    (0, "hw-1"),
    (2, "10.0.0.9"),
];

fn fitting() -> Vec<(&'static str, Value)> {
    vec![
        ("/body/value", json!("10.9.9.9")),
        ("/body/ipAddress", json!("10.9.9.9")),
        ("/body/code", json!("INCORRECT_PASSWORD")),
        ("/body/reasonCode", json!(0)),
        ("/body/expiresAt", json!(0)),
    ]
}

fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    match draw.below(16) {
        0..=3 => create(draw),
        4..=5 => create_and_ask(draw),
        6..=9 => delete(draw),
        10..=11 => heard(draw),
        _ => query(draw),
    }
}

fn create(draw: &mut Draw<'_>) -> Vec<Act> {
    let (mut ban_type, mut value) = draw.pick(&NAMED);
    if draw.one_in(10) {
        ban_type = 3 + draw.below(253);
    }
    if draw.one_in(12) {
        value = "";
    }
    command(draw, ban_type, value)
}

/// A ban, and what came of it: by its id, mostly of a type that there is not, or by whom it names.
fn create_and_ask(draw: &mut Draw<'_>) -> Vec<Act> {
    let (ban_type, value) = draw.pick(&NAMED);
    if draw.one_in(2) {
        let mut acts = command(draw, ban_type, value);
        let args = match ban_type {
            0 => json!({ "ip": "10.0.0.9", "hwid": "", "accountId": 0 }),
            1 => json!({ "ip": "", "hwid": value, "accountId": 0 }),
            _ => json!({ "ip": "", "hwid": "", "accountId": 1 }),
        };
        acts.extend(draw.query("check", args));
        return acts;
    }
    let ban_type = if draw.one_in(3) { ban_type } else { 3 + draw.below(253) };
    let step = draw.next_step();
    let mut acts = command(draw, ban_type, value);
    acts.extend(draw.query("ban", json!({ "banId": { "$id": step } })));
    acts
}

fn command(draw: &mut Draw<'_>, ban_type: usize, value: &str) -> Vec<Act> {
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
        Some(step) if !draw.one_in(4) => json!({ "$id": step }),
        _ => json!(draw.pick(&[0, 0, 0, 1, 2, 3, 77, u32::MAX])),
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
            let error =
                json!({ "code": code, "reason": 0, "until": 0, "ipAddress": ip, "hwid": hwid });
            ("ERROR", error)
        }
        _ => ("STATE_CHANGED", json!({ "state": 2, "params": null })),
    };
    let head = json!({
        "sessionId": draw.id(3),
        "accountId": draw.number(3),
        "accountName": draw.pick(&["ada", "bo"]),
    });
    let args = json!({ "accountId": head["accountId"] });
    let mut acts = send("account.session.status", enveloped(head, kind, body));
    if draw.one_in(3) {
        acts.extend(draw.query("history", args));
    }
    acts
}

fn query(draw: &mut Draw<'_>) -> Vec<Act> {
    let asked = match draw.below(6) {
        0..=2 => check(draw),
        3..=4 => {
            let named = |act: &Act| type_of(act) == Some(("ban.command", "CREATE"));
            let ban_id = match draw.earlier(named) {
                Some(step) if !draw.one_in(4) => json!({ "$id": step }),
                _ => json!(draw.number(4)),
            };
            draw.query("ban", json!({ "banId": ban_id }))
        }
        _ => {
            let args = json!({ "accountId": draw.number(3) });
            draw.query("history", args)
        }
    };
    if asked.is_empty() { create(draw) } else { asked }
}

/// Whether somebody is banned: mostly by one thing alone, so that it shows whether that counts.
fn check(draw: &mut Draw<'_>) -> Vec<Act> {
    let ip = draw.pick(&["10.0.0.9", "10.0.0.77", "192.0.2.1"]);
    let (hwid, account_id) = (draw.pick(&["hw-1", "hw-2"]), draw.number(3));
    let args = match draw.below(5) {
        0 => json!({ "ip": ip, "hwid": "", "accountId": 0 }),
        1 | 2 => json!({ "ip": "", "hwid": hwid, "accountId": 0 }),
        3 => json!({ "ip": "", "hwid": "", "accountId": account_id }),
        _ => json!({ "ip": ip, "hwid": hwid, "accountId": account_id }),
    };
    draw.query("check", args)
}
