//! Characters that come and go, their buffs and their equipment.

use serde_json::{Value, json};

use super::{Draw, enveloped, send};
use crate::verify::script::Act;

const AT: &str = "2026-01-01T00:00:00Z";

pub(super) fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    match draw.below(12) {
        0..=2 => session(draw),
        3..=6 => buff(draw),
        7..=8 => asset(draw),
        _ => {
            let args = json!({ "characterId": draw.number(3) });
            draw.query("character", args)
        }
    }
}

fn session(draw: &mut Draw<'_>) -> Vec<Act> {
    let kind = draw.pick(&["CREATED", "CREATED", "DESTROYED"]);
    let event = json!({
        "sessionId": draw.id(3),
        "accountId": draw.number(3),
        "characterId": draw.number(3),
        "worldId": 0,
        "channelId": 1,
        "issuer": draw.pick(&["CHANNEL", "CHANNEL", "LOGIN"]),
        "type": kind,
    });
    send("session.status", event)
}

fn buff(draw: &mut Draw<'_>) -> Vec<Act> {
    const KINDS: [&str; 7] =
        ["PAD", "MAD", "SPEED", "HYPER_BODY_HP", "MAPLE_WARRIOR", "EVA", "NOTHING"];
    let changes: Vec<Value> = (0..=draw.below(2))
        .map(|_| json!({ "type": draw.pick(&KINDS), "amount": draw.below(60) }))
        .collect();
    let kind = draw.pick(&["APPLIED", "APPLIED", "EXPIRED"]);
    let mut body = json!({
        "sourceId": draw.number(2),
        "duration": 60_000,
        "changes": changes,
        "createdAt": AT,
        "expiresAt": AT,
    });
    if kind == "APPLIED" {
        body["fromId"] = json!(draw.number(3));
    }
    let head = json!({ "worldId": 0, "channelId": 1, "characterId": draw.number(3) });
    send("buff.status", enveloped(head, kind, body))
}

fn asset(draw: &mut Draw<'_>) -> Vec<Act> {
    let moved = !draw.one_in(4);
    let slots: (i16, i16) = draw.pick(&[(3, -1), (-1, 3), (3, 4), (-1, -2)]);
    let body = json!({
        "oldSlot": slots.0,
        "createdAt": AT,
        "referenceType": draw.pick(&["equipable", "cash_equipable", "etc"]),
    });
    let head = json!({
        "transactionId": draw.id(9),
        "characterId": draw.number(3),
        "compartmentId": draw.id(2),
        "assetId": draw.number(3),
        "templateId": 1_302_000,
        "slot": slots.1,
    });
    let (kind, body) = if moved { ("MOVED", body) } else { ("DELETED", json!({})) };
    send("asset.status", enveloped(head, kind, body))
}
