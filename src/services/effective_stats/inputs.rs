//! Characters that come and go, their buffs and their equipment.

use serde_json::{Value, json};

use crate::verify::script::Act;
use crate::verify::script::random::{Draw, Workload, enveloped, send, type_of};

/// How sequences are drawn.
pub(super) const WORKLOAD: Workload =
    Workload { begin: Some(begin), next, fitting, is_open: |_| false };

const AT: &str = "2026-01-01T00:00:00Z";

fn fitting() -> Vec<(&'static str, Value)> {
    vec![
        ("/issuer", json!("CHANNEL")),
        ("/slot", json!(-1)),
        ("/body/oldSlot", json!(3)),
        ("/body/changes/0/amount", json!(10)),
    ]
}

fn next(draw: &mut Draw<'_>) -> Vec<Act> {
    let Some(character) = somebody(draw) else {
        let character = draw.number(3);
        return session_status(draw, character, ("CREATED", "CHANNEL"));
    };
    let mut acts = match draw.below(14) {
        10..=11 => come_and_go(draw, character),
        0..=2 => session(draw, character),
        3..=4 => buff(draw, character),
        5..=6 => buff_and_end(draw, character),
        7 => asset(draw, character),
        8..=9 | 12 => wear(draw, character),
        _ => Vec::new(),
    };
    // What nobody asks for does not show.
    if acts.is_empty() || draw.one_in(2) {
        acts.extend(look(draw, character));
    }
    if acts.is_empty() { buff(draw, character) } else { acts }
}

/// What characters and equipment are worth, where that can be said.
fn begin(draw: &mut Draw<'_>) {
    for tenant in 0..draw.tenants {
        draw.tenant = tenant;
        for id in 1..=3 {
            let (strength, speed) = (draw.number(50), draw.number(9));
            draw.give("characters", json!({ "id": id, "strength": strength, "max_hp": 50 }));
            draw.give("equipment", json!({ "assetId": id, "strength": strength, "speed": speed }));
        }
    }
}

/// Mostly a character that has come: of others nothing shows; none where nobody has.
fn somebody(draw: &mut Draw<'_>) -> Option<u32> {
    if draw.one_in(5) {
        return Some(draw.number(3));
    }
    let here = |act: &Act| type_of(act) == Some(("session.status", "CREATED"));
    let step = draw.earlier(here)?;
    let character = draw.value_of(step)?.get("characterId")?.as_integer()?;
    u32::try_from(character).ok()
}

/// Lets a character come that is not there.
fn present(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let tenant = draw.tenant;
    let mut steps = draw.steps.iter().rev().filter(|step| step.tenant == tenant);
    let comes = steps.find_map(|step| {
        let (channel, kind) = type_of(&step.act)?;
        let value = draw.value_of(step.id)?;
        let of = value.get("characterId")?.as_integer()?;
        let by_channel = value.get("issuer")?.as_str() == Some("CHANNEL");
        let own = channel == "session.status" && of == i128::from(character);
        (own && (by_channel || kind == "DESTROYED")).then_some(kind == "CREATED")
    });
    if comes == Some(true) {
        return Vec::new();
    }
    let mut acts = session_status(draw, character, ("CREATED", "CHANNEL"));
    acts.extend(look(draw, character));
    acts
}

fn look(draw: &Draw<'_>, character: u32) -> Vec<Act> {
    draw.query("character", json!({ "characterId": character }))
}

fn session(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let kind = draw.pick(&["CREATED", "CREATED", "DESTROYED"]);
    let issuer = draw.pick(&["CHANNEL", "CHANNEL", "LOGIN"]);
    session_status(draw, character, (kind, issuer))
}

fn session_status(draw: &mut Draw<'_>, character: u32, (kind, issuer): (&str, &str)) -> Vec<Act> {
    let event = json!({
        "sessionId": draw.id(3),
        "accountId": draw.number(3),
        "characterId": character,
        "worldId": 0,
        "channelId": 1,
        "issuer": issuer,
        "type": kind,
    });
    send("session.status", event)
}

/// A character comes with a buff, or gets one, and goes; or it only comes to the login screen.
fn come_and_go(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let mut acts = session_status(draw, character, ("DESTROYED", "CHANNEL"));
    acts.extend(look(draw, character));
    if draw.one_in(3) {
        let (source, changes) = (draw.number(2), changes(draw));
        acts.extend(buff_status(draw, (character, source), "APPLIED", &changes));
    }
    let issuer = draw.pick(&["CHANNEL", "CHANNEL", "LOGIN"]);
    acts.extend(session_status(draw, character, ("CREATED", issuer)));
    acts.extend(look(draw, character));
    acts
}

/// Changes that count, and some that nobody knows.
const KINDS: [&str; 8] =
    ["PAD", "MAD", "SPEED", "HYPER_BODY_HP", "MAPLE_WARRIOR", "EVA", "WATER_WALKING", "JUMP"];

fn changes(draw: &mut Draw<'_>) -> Vec<Value> {
    let one = |draw: &mut Draw<'_>| json!({ "type": draw.pick(&KINDS), "amount": draw.below(60) });
    (0..=draw.below(2)).map(|_| one(draw)).collect()
}

fn buff(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let kind = draw.pick(&["APPLIED", "APPLIED", "EXPIRED"]);
    let (source, changes) = (draw.number(2), changes(draw));
    buff_status(draw, (character, source), kind, &changes)
}

/// A buff that comes and goes, seen each time; sometimes it comes once more in between.
fn buff_and_end(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let (source, before) = (draw.number(2), changes(draw));
    let mut acts = present(draw, character);
    acts.extend(buff_status(draw, (character, source), "APPLIED", &before));
    if draw.one_in(2) {
        let again = if draw.one_in(2) { before.clone() } else { changes(draw) };
        acts.extend(buff_status(draw, (character, source), "APPLIED", &again));
    }
    acts.extend(look(draw, character));
    if !draw.one_in(3) {
        acts.extend(buff_status(draw, (character, source), "EXPIRED", &before));
        acts.extend(look(draw, character));
    }
    acts
}

fn buff_status(
    draw: &mut Draw<'_>,
    (character, source): (u32, u32),
    kind: &str,
    changes: &[Value],
) -> Vec<Act> {
    let mut body = json!({
        "sourceId": source,
        "duration": 60_000,
        "changes": changes,
        "createdAt": AT,
        "expiresAt": AT,
    });
    if kind == "APPLIED" {
        body["fromId"] = json!(draw.number(3));
    }
    let head = json!({ "worldId": 0, "channelId": 1, "characterId": character });
    send("buff.status", enveloped(head, kind, body))
}

fn asset(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let (from, to) = draw.pick(&[(3, -1), (-1, 3), (3, 4), (-1, -2)]);
    let reference_type = draw.pick(&["equipable", "cash_equipable", "etc"]);
    let asset = draw.number(3);
    moved(draw, (character, asset), (from, to), reference_type)
}

/// Equipment that is put on, and then taken off, moved or destroyed, seen each time; sometimes with
/// a buff in between.
fn wear(draw: &mut Draw<'_>, character: u32) -> Vec<Act> {
    let worn = (character, draw.number(3));
    let mut acts = present(draw, character);
    if !draw.one_in(4) {
        acts.extend(moved(draw, worn, (3, -1), "equipable"));
        acts.extend(look(draw, character));
    }
    if draw.one_in(3) {
        let (source, changes) = (draw.number(2), [json!({ "type": "PAD", "amount": 7 })]);
        acts.extend(buff_status(draw, (character, source), "APPLIED", &changes));
        acts.extend(look(draw, character));
    }
    acts.extend(match draw.below(5) {
        0 => moved(draw, worn, (3, 4), "equipable"),
        1..=2 => moved(draw, worn, (-1, 3), "equipable"),
        3 => deleted(draw, worn, 3),
        _ => deleted(draw, worn, -1),
    });
    acts.extend(look(draw, character));
    acts
}

fn moved(
    draw: &mut Draw<'_>,
    worn: (u32, u32),
    (from, to): (i16, i16),
    reference_type: &str,
) -> Vec<Act> {
    let body = json!({ "oldSlot": from, "createdAt": AT, "referenceType": reference_type });
    let head = asset_head(draw, worn, to);
    send("asset.status", enveloped(head, "MOVED", body))
}

fn deleted(draw: &mut Draw<'_>, worn: (u32, u32), slot: i16) -> Vec<Act> {
    let head = asset_head(draw, worn, slot);
    send("asset.status", enveloped(head, "DELETED", json!({})))
}

fn asset_head(draw: &mut Draw<'_>, (character, asset): (u32, u32), slot: i16) -> Value {
    json!({
        "transactionId": draw.id(9),
        "characterId": character,
        "compartmentId": draw.id(2),
        "assetId": asset,
        "templateId": 1_302_000,
        "slot": slot,
    })
}
