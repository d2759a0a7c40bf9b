//! Invites made, accepted, rejected, and characters deleted.

use serde_json::{Value, json};

use super::{Draw, enveloped, send};
use crate::verify::script::Act;

pub(super) fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    match draw.below(13) {
        0..=4 => {
            let (originator, target) = (party(draw), party(draw));
            let body = json!({
                "originatorId": originator,
                "targetId": target,
                "referenceId": reference(draw),
            });
            command(draw, "CREATE", body)
        }
        5..=7 => {
            let body = json!({ "targetId": draw.number(3), "referenceId": reference(draw) });
            command(draw, "ACCEPT", body)
        }
        8..=10 => {
            let body = json!({ "targetId": draw.number(3), "originatorId": draw.number(3) });
            command(draw, "REJECT", body)
        }
        11 => {
            let head = json!({
                "transactionId": draw.id(40),
                "worldId": draw.below(2),
                "characterId": draw.number(4),
            });
            send("character.status", enveloped(head, "DELETED", json!({})))
        }
        _ => {
            let args = json!({ "targetId": draw.number(3) });
            draw.query("pending", args)
        }
    }
}

/// A character; seldom none.
fn party(draw: &mut Draw<'_>) -> u32 {
    if draw.one_in(12) { 0 } else { draw.number(3) }
}

fn reference(draw: &mut Draw<'_>) -> u32 {
    500 + draw.number(3)
}

fn command(draw: &mut Draw<'_>, kind: &str, body: Value) -> Vec<Act> {
    let invite_type = match draw.below(14) {
        0 => "",
        1 => "MARRIAGE",
        2..=4 => "GUILD",
        _ => "PARTY",
    };
    let head = json!({
        "transactionId": draw.id(40),
        "worldId": draw.below(2),
        "inviteType": invite_type,
    });
    send("invite.command", enveloped(head, kind, body))
}
