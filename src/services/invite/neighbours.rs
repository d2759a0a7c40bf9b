//! What is nearly an invite service: the mistakes by which a breach is named.

use serde_json::json;

use crate::message::Json;
use crate::services::id;
use crate::verify::neighbour::{Does, Neighbour, Told, with};
use crate::verify::words::{integer, text};

/// Whether the invite that an answer names and another one have something in common.
type Same = fn(&Json, &Json) -> bool;

/// The mistakes, cheapest first.
pub(super) static NEIGHBOURS: &[Neighbour] = &[
    Neighbour::new(id::INV_10, "an invite expires at once", |told| {
        made(told).map_or_else(Vec::new, |made| {
            let gone = Does::Silently(accept(told, &made));
            vec![vec![Does::AsTold, gone, Does::Says("invite.status", rejected(&made))]]
        })
    }),
    Neighbour::new(
        id::INV_7,
        "ACCEPT removes the target's invites by the same originator",
        |told| {
            removes(told, "ACCEPT", |a, b| {
                same_target(a, b) && same_originator(a, b) && same_type(a, b)
            })
        },
    ),
    Neighbour::new(
        id::INV_7,
        "REJECT removes the target's invites by the same originator",
        |told| {
            removes(told, "REJECT", |a, b| {
                same_target(a, b) && same_originator(a, b) && same_type(a, b)
            })
        },
    ),
    Neighbour::new(id::INV_7, "ACCEPT removes the target's invites of other types", |told| {
        removes(told, "ACCEPT", |a, b| same_target(a, b) && !same_type(a, b))
    }),
    Neighbour::new(id::INV_7, "REJECT removes the target's invites of other types", |told| {
        removes(told, "REJECT", |a, b| same_target(a, b) && !same_type(a, b))
    }),
    Neighbour::new(id::INV_7, "ACCEPT removes every invite of the target", |told| {
        removes(told, "ACCEPT", same_target)
    }),
    Neighbour::new(id::INV_7, "REJECT removes every invite of the target", |told| {
        removes(told, "REJECT", same_target)
    }),
    Neighbour::new(id::INV_7, "ACCEPT removes every invite of the originator", |told| {
        removes(told, "ACCEPT", same_originator)
    }),
    Neighbour::new(id::INV_7, "REJECT removes every invite of the originator", |told| {
        removes(told, "REJECT", same_originator)
    }),
    Neighbour::new(id::INV_7, "ACCEPT removes every invite", |told| {
        removes(told, "ACCEPT", |_, _| true)
    }),
    Neighbour::new(id::INV_7, "REJECT removes every invite", |told| {
        removes(told, "REJECT", |_, _| true)
    }),
    Neighbour::new(id::INV_7, "ACCEPT removes the oldest invite of the target instead", |told| {
        instead(told, "ACCEPT").into_iter().take(1).collect()
    }),
    Neighbour::new(id::INV_7, "ACCEPT removes another invite of the target instead", |told| {
        instead(told, "ACCEPT")
    }),
    Neighbour::new(id::INV_7, "an answer removes another invite as well", |told| {
        let Some((_, others)) = answered(told) else { return Vec::new() };
        let one = |other: &Json| vec![Does::AsTold, Does::Silently(accept(told, other))];
        others.iter().map(one).collect()
    }),
];

fn same(a: &Json, b: &Json, field: &str) -> bool {
    a.get(field) == b.get(field)
}

fn same_target(a: &Json, b: &Json) -> bool {
    same(a, b, "targetId")
}

fn same_originator(a: &Json, b: &Json) -> bool {
    same(a, b, "originatorId")
}

fn same_type(a: &Json, b: &Json) -> bool {
    same(a, b, "inviteType")
}

/// What is pending for a target, oldest first, as the query shows it.
fn pending_for(told: &Told<'_>, target: i128) -> Vec<Json> {
    let Ok(target) = u32::try_from(target) else { return Vec::new() };
    match told.asks("pending", &Json::from(json!({ "targetId": target }))) {
        Json::Array(entries) => entries,
        _ => Vec::new(),
    }
}

/// The invites that an answer may end, and all others that are pending.
fn answers(told: &Told<'_>) -> (Vec<Json>, Vec<Json>) {
    let creates = told.sent().filter(|value| text(value, "/type") == Some("CREATE"));
    let mut targets: Vec<_> =
        creates.filter_map(|value| integer(value, "/body/targetId")).collect();
    targets.sort_unstable();
    targets.dedup();
    let pending = targets.into_iter().flat_map(|target| pending_for(told, target));
    pending.partition(|entry| {
        let is = |field: &str| entry.get(field) == told.value().pointer(&format!("/body/{field}"));
        let other = if told.is("ACCEPT") { "referenceId" } else { "originatorId" };
        is("targetId") && is(other) && same_type(entry, told.value())
    })
}

/// The invite that an answer ends, and all others that are pending.
fn answered(told: &Told<'_>) -> Option<(Json, Vec<Json>)> {
    if !told.is("ACCEPT") && !told.is("REJECT") {
        return None;
    }
    let (mut named, mut others) = answers(told);
    if named.is_empty() {
        return None;
    }
    others.extend(named.split_off(1));
    Some((named.pop()?, others))
}

/// An ACCEPT of a pending invite.
fn accept(told: &Told<'_>, entry: &Json) -> Json {
    let body = Json::from(json!({}));
    let command = with(told.value(), "/type", "ACCEPT");
    let command =
        with(&command, "/inviteType", entry.get("inviteType").cloned().unwrap_or_default());
    let command = with(&command, "/body", body);
    ["targetId", "referenceId"].iter().fold(command, |command, field| {
        let value = entry.get(field).cloned().unwrap_or_default();
        with(&command, &format!("/body/{field}"), value)
    })
}

/// A CREATE of a pending invite, as if it were not.
fn create(told: &Told<'_>, entry: &Json) -> Json {
    let field = |name: &str| entry.get(name).cloned().unwrap_or_default();
    let command = with(&accept(told, entry), "/type", "CREATE");
    let command = with(&command, "/body/originatorId", field("originatorId"));
    let command = with(&command, "/worldId", field("worldId"));
    with(&command, "/transactionId", field("transactionId"))
}

/// REJECTED of an invite, with the transaction of its CREATE.
fn rejected(entry: &Json) -> Json {
    let field = |name: &str| entry.get(name).cloned().unwrap_or_default();
    let event = Json::from(json!({ "transactionId": null, "worldId": null, "inviteType": null,
        "referenceId": null, "type": "REJECTED", "body": { "originatorId": null,
        "targetId": null } }));
    let fields = ["transactionId", "worldId", "inviteType", "referenceId"];
    let event =
        fields.iter().fold(event, |event, name| with(&event, &format!("/{name}"), field(name)));
    let fields = ["originatorId", "targetId"];
    fields.iter().fold(event, |event, name| with(&event, &format!("/body/{name}"), field(name)))
}

/// The invite that a CREATE makes, as the query shows it; none where it is pending already.
fn made(told: &Told<'_>) -> Option<Json> {
    let (target, value) = (told.integer("/body/targetId")?, told.value());
    let of_body = |name: &str| value.pointer(&format!("/body/{name}")).cloned().unwrap_or_default();
    let reference = of_body("referenceId");
    let is_it =
        |entry: &Json| entry.get("referenceId") == Some(&reference) && same_type(entry, value);
    let is_pending = pending_for(told, target).iter().any(is_it);
    if !told.is("CREATE") || is_pending {
        return None;
    }
    let entry = with(value, "/referenceId", reference);
    let entry = with(&entry, "/targetId", of_body("targetId"));
    Some(with(&entry, "/originatorId", of_body("originatorId")))
}

/// The answer ends all others that have something in common with what it ends, too.
fn removes(told: &Told<'_>, kind: &str, same: Same) -> Vec<Vec<Does>> {
    let Some((named, others)) = answered(told).filter(|_| told.is(kind)) else {
        return Vec::new();
    };
    let gone = others.iter().filter(|other| same(&named, other));
    let gone: Vec<_> = gone.map(|other| Does::Silently(accept(told, other))).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    vec![std::iter::once(Does::AsTold).chain(gone).collect()]
}

/// The answer speaks of one invite and ends another of the target, one way for each.
fn instead(told: &Told<'_>, kind: &str) -> Vec<Vec<Does>> {
    let Some((named, others)) = answered(told).filter(|_| told.is(kind)) else {
        return Vec::new();
    };
    let others = others.iter().filter(|other| same_target(&named, other));
    let one = |other: &Json| {
        let (gone, kept) = (accept(told, other), create(told, &named));
        vec![Does::AsTold, Does::Silently(gone), Does::Silently(kept)]
    };
    others.map(one).collect()
}
