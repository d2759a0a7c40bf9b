//! Invites made, accepted, rejected, and characters deleted.

use serde_json::{Value, json};

use crate::verify::script::Act;
use crate::verify::script::random::{Draw, Workload, enveloped, send, type_of};

/// How sequences are drawn.
pub(super) const WORKLOAD: Workload = Workload { begin: None, next, fitting, is_open: |_| false };

fn fitting() -> Vec<(&'static str, Value)> {
    vec![("/body/targetId", json!(2)), ("/body/referenceId", json!(501))]
}

fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    match draw.below(20) {
        0..=4 => {
            let invite = Invite::any(draw);
            create(draw, &invite)
        }
        5 => asked_again(draw),
        6 => alike(draw),
        7..=9 => {
            let invite = known(draw);
            answer(draw, "ACCEPT", &invite)
        }
        10..=12 => {
            let invite = known(draw);
            answer(draw, "REJECT", &invite)
        }
        13..=14 => deleted(draw),
        _ => {
            let target = known(draw).target;
            let asked = draw.query("pending", json!({ "targetId": target }));
            let invite = Invite::any(draw);
            if asked.is_empty() { create(draw, &invite) } else { asked }
        }
    }
}

/// Who invites whom to what.
#[derive(Clone)]
struct Invite {
    kind: String,
    originator: u32,
    target: u32,
    reference: u32,
}

impl Invite {
    fn any(draw: &mut Draw<'_>) -> Self {
        let kind = match draw.below(14) {
            0 => "",
            1 => "MARRIAGE",
            2..=4 => "GUILD",
            _ => "PARTY",
        };
        Self {
            kind: kind.to_owned(),
            originator: party(draw),
            target: party(draw),
            reference: draw.own_number(3),
        }
    }
}

/// A character; seldom none.
fn party(draw: &mut Draw<'_>) -> u32 {
    if draw.one_in(12) { 0 } else { draw.number(3) }
}

/// Mostly an invite that a step made.
fn known(draw: &mut Draw<'_>) -> Invite {
    let makes = |act: &Act| type_of(act) == Some(("invite.command", "CREATE"));
    let made = if draw.one_in(4) { None } else { draw.earlier(makes) };
    let found = made.and_then(|step| {
        let value = draw.value_of(step)?;
        let number = |pointer: &str| {
            value.pointer(pointer)?.as_integer().and_then(|number| u32::try_from(number).ok())
        };
        Some(Invite {
            kind: value.get("inviteType")?.as_str()?.to_owned(),
            originator: number("/body/originatorId")?,
            target: number("/body/targetId")?,
            reference: number("/body/referenceId")?,
        })
    });
    found.unwrap_or_else(|| Invite::any(draw))
}

/// Somebody else asks for what is pending already; then it is answered.
fn asked_again(draw: &mut Draw<'_>) -> Vec<Act> {
    let mut invite = known(draw);
    invite.originator = draw.number(3);
    let mut acts = create(draw, &invite);
    if draw.one_in(2) {
        acts.extend(answer(draw, "ACCEPT", &invite));
    }
    acts
}

/// Two invites that differ in one thing, an answer to one of them, and what is left.
fn alike(draw: &mut Draw<'_>) -> Vec<Act> {
    let mut one = Invite::any(draw);
    one.kind = draw.pick(&["PARTY", "GUILD"]).to_owned();
    let mut other = one.clone();
    match draw.below(3) {
        0 => other.kind = if one.kind == "PARTY" { "GUILD" } else { "PARTY" }.to_owned(),
        1 => other.reference = one.reference - one.reference % 10 + one.reference % 10 % 3 + 1,
        _ => other.target = one.target % 3 + 1,
    }
    let kind = draw.pick(&["ACCEPT", "REJECT", "REJECT"]);
    let mut acts = create(draw, &one);
    acts.extend(create(draw, &other));
    acts.extend(answer(draw, kind, &one));
    acts.extend(draw.query("pending", json!({ "targetId": other.target })));
    acts
}

/// A character goes; then it is seen whether its invites have gone, too.
fn deleted(draw: &mut Draw<'_>) -> Vec<Act> {
    let invite = known(draw);
    let character = if draw.one_in(4) { draw.number(4) } else { invite.target };
    let head = json!({
        "transactionId": draw.own_id(40),
        "worldId": draw.below(2),
        "characterId": character,
    });
    let mut acts = send("character.status", enveloped(head, "DELETED", json!({})));
    acts.extend(draw.query("pending", json!({ "targetId": invite.target })));
    if draw.one_in(2) {
        acts.extend(answer(draw, "ACCEPT", &invite));
    }
    acts
}

fn create(draw: &mut Draw<'_>, invite: &Invite) -> Vec<Act> {
    let body = json!({
        "originatorId": invite.originator,
        "targetId": invite.target,
        "referenceId": invite.reference,
    });
    command(draw, &invite.kind, "CREATE", body)
}

fn answer(draw: &mut Draw<'_>, kind: &str, invite: &Invite) -> Vec<Act> {
    let body = match kind {
        "ACCEPT" => json!({ "targetId": invite.target, "referenceId": invite.reference }),
        _ => json!({ "targetId": invite.target, "originatorId": invite.originator }),
    };
    // Seldom of another type than the invite's.
    let other = if invite.kind == "PARTY" { "GUILD" } else { "PARTY" };
    let invite_type = if draw.one_in(8) { other } else { &invite.kind };
    command(draw, invite_type, kind, body)
}

fn command(draw: &mut Draw<'_>, invite_type: &str, kind: &str, body: Value) -> Vec<Act> {
    let head = json!({
        "transactionId": draw.own_id(40),
        "worldId": draw.below(2),
        "inviteType": invite_type,
    });
    send("invite.command", enveloped(head, kind, body))
}
