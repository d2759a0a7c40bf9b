//! The rule that an answer to a question breaks.

use super::Asked;
use super::node::Node;
use super::search::Search;
use super::stats_rule;
use crate::message::Json;
use crate::rule::RuleId;
use crate::services::id;

/// The rule of the subject that says what the answer must be, by the question and by what differs.
pub(super) fn of(
    search: &Search<'_>,
    node: &Node,
    asked: &Asked,
    expected: &Json,
) -> Option<RuleId> {
    let (subject, seen) = (search.scene.seen.subject.as_str(), &asked.answer);
    match (subject, asked.name.as_str()) {
        ("invite", _) => search.invites_differ(node, expected, seen),
        ("effective_stats", _) => stats_rule::of(search, node, asked, expected),
        (_, query) => by_fields(subject, query, expected, seen),
    }
}

fn by_fields(subject: &str, query: &str, expected: &Json, seen: &Json) -> Option<RuleId> {
    let differs = |name: &str| expected.get(name) != seen.get(name);
    let truth = |json: &Json, name: &str| json.get(name) == Some(&Json::Bool(true));
    Some(match (subject, query) {
        ("ban", "history") => id::BAN_6,
        ("ban", "ban") if truth(expected, "exists") != truth(seen, "exists") => {
            if truth(expected, "exists") { id::BAN_5 } else { id::BAN_3 }
        }
        ("ban", "ban") if expected.get("banType") != seen.get("banType") => id::BAN_2,
        ("ban", "ban") => id::BAN_7,
        ("ban", "check") if truth(expected, "banned") == truth(seen, "banned") => {
            if differs("banId") { id::BAN_8 } else { id::BAN_7 }
        }
        // A ban that ends counts until then; another one counts by what it names.
        ("ban", "check") if ends(expected) || ends(seen) => id::BAN_7,
        ("ban", "check") => id::BAN_8,
        ("login", "account") => id::LOG_6,
        ("login", "session") => login(expected, seen)?,
        _ => return None,
    })
}

/// Whether the ban of an answer ends at some time.
fn ends(answer: &Json) -> bool {
    answer.get("permanent") == Some(&Json::Bool(false))
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
