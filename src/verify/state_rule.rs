//! The rule that an answer to a question breaks.

use crate::message::Json;
use crate::rule::{RuleId, id};

/// The rule of the subject that says what the answer must be, by the question and by what differs.
pub(super) fn of(subject: &str, query: &str, expected: &Json, seen: &Json) -> Option<RuleId> {
    let truth = |json: &Json, name: &str| json.get(name) == Some(&Json::Bool(true));
    Some(match (subject, query) {
        ("ban", "history") => id::BAN_6,
        ("ban", "ban") if truth(expected, "exists") != truth(seen, "exists") => {
            if truth(expected, "exists") { id::BAN_5 } else { id::BAN_3 }
        }
        ("ban", "ban") if expected.get("banType") != seen.get("banType") => id::BAN_2,
        ("ban", "ban") => id::BAN_7,
        ("ban", "check") if truth(expected, "banned") == truth(seen, "banned") => id::BAN_8,
        ("ban", "check") if truth(expected, "permanent") => id::BAN_8,
        ("ban", "check") => id::BAN_7,
        ("invite", _) => match (expected, seen) {
            (Json::Array(own), Json::Array(items)) if own.len() > items.len() => id::INV_7,
            _ => return None,
        },
        ("login", "account") => id::LOG_6,
        ("login", "session") => login(expected, seen)?,
        _ => return None,
    })
}

fn login(expected: &Json, seen: &Json) -> Option<RuleId> {
    let differs = |name: &str| {
        let seen = seen.get(name);
        seen.is_some() && seen != expected.get(name)
    };
    let rules = [
        ("error", id::LOG_4),
        ("handedOver", id::LOG_5),
        ("newCharacter", id::LOG_7),
        ("newCharacters", id::LOG_7),
        ("licenceAsked", id::LOG_3),
        ("bound", id::LOG_2),
    ];
    rules.into_iter().find(|(field, _)| differs(field)).map(|(_, rule)| rule)
}
