//! What is nearly a ban service: the mistakes by which a breach is named.

use serde_json::json;

use crate::message::Json;
use crate::services::id;
use crate::verify::neighbour::{Does, Neighbour, Told, with};
use crate::verify::words::{integer, text};

/// The mistakes, cheapest first.
pub(super) static NEIGHBOURS: &[Neighbour] = &[
    Neighbour {
        rule: id::BAN_1,
        words: "CREATE makes two bans",
        ways: |told| match told.is("CREATE") {
            true => vec![vec![Does::AsTold, Does::AsIf(told.value().clone())]],
            false => Vec::new(),
        },
    },
    Neighbour {
        rule: id::BAN_5,
        words: "DELETE of 0 deletes every ban",
        ways: |told| every(told, told.integer("/body/banId") == Some(0)),
    },
    Neighbour {
        rule: id::BAN_5,
        words: "DELETE of a ban that is not there deletes every ban",
        ways: |told| every(told, !told.integer("/body/banId").is_some_and(|of| exists(told, of))),
    },
    Neighbour {
        rule: id::BAN_5,
        words: "DELETE deletes every ban",
        ways: |told| every(told, true),
    },
    Neighbour {
        rule: id::BAN_5,
        words: "DELETE deletes another ban as well",
        ways: |told| {
            let others = others(told).into_iter();
            others.map(|other| vec![Does::AsTold, Does::Silently(other)]).collect()
        },
    },
    Neighbour {
        rule: id::BAN_5,
        words: "DELETE deletes another ban instead",
        ways: |told| others(told).into_iter().map(|other| vec![Does::Silently(other)]).collect(),
    },
];

fn exists(told: &Told<'_>, ban_id: i128) -> bool {
    let Ok(ban_id) = u32::try_from(ban_id) else { return false };
    let answer = told.asks("ban", &Json::from(json!({ "banId": ban_id })));
    answer.get("exists") == Some(&Json::Bool(true))
}

/// A DELETE of each ban that is there and that this one does not name.
fn others(told: &Told<'_>) -> Vec<Json> {
    if !told.is("DELETE") {
        return Vec::new();
    }
    let named = told.integer("/body/banId");
    let given = told.said().filter(|event| text(event, "/status") == Some("CREATED"));
    let mut ids: Vec<_> = given.filter_map(|event| integer(event, "/banId")).collect();
    ids.sort_unstable();
    ids.dedup();
    let there = ids.into_iter().filter(|of| Some(*of) != named && exists(told, *of));
    let delete = |of: i128| Some(with(told.value(), "/body/banId", Json::Number(number(of)?)));
    there.filter_map(delete).collect()
}

fn number(of: i128) -> Option<crate::message::Number> {
    Some(u32::try_from(of).ok()?.into())
}

/// The ways to delete all other bans as well, with and without saying so.
fn every(told: &Told<'_>, is_it: bool) -> Vec<Vec<Does>> {
    let others = if is_it { others(told) } else { Vec::new() };
    if others.is_empty() {
        return Vec::new();
    }
    [Does::Silently, Does::AsIf]
        .into_iter()
        .map(|does| {
            let others = others.iter().cloned().map(does);
            std::iter::once(Does::AsTold).chain(others).collect()
        })
        .collect()
}
