//! Findings of one kind: of one rule, in sentences that differ in nothing but the numbers of
//! records, ids and values. Some of a kind are told, and the others counted.

use std::collections::{BTreeMap, BTreeSet};

use super::Found;
use super::judgement::More;
use crate::message::Tenant;
use crate::rule::{RuleId, Severity};

/// So many findings of a kind are told.
const MOST_TOLD: usize = 3;
/// What stands for a value, an id or a number.
const ANY: &str = "_";

/// What sentences have in common that tell the same of other records.
#[must_use]
pub(crate) fn kind_of(message: &str) -> String {
    let mut kind = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => length_of_text(rest),
            '{' | '[' => length_of_json(rest),
            _ if is_of_word(first) => {
                let end = rest.find(|char| !is_of_word(char)).unwrap_or(rest.len());
                rest[..end].trim_end_matches(['.', ':']).len().max(1)
            }
            _ => first.len_utf8(),
        };
        let (part, after) = rest.split_at(length);
        let is_value = matches!(first, '"' | '{' | '[') || is_value(part);
        kind.push_str(if is_value { ANY } else { part });
        rest = after;
    }
    kind
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || "_-.:/+".contains(char)
}

/// Whether a word is a number, a moment, an id, or a value of its own.
fn is_value(word: &str) -> bool {
    let number = word.strip_prefix('-').unwrap_or(word);
    number.starts_with(|char: char| char.is_ascii_digit())
        || matches!(word, "null" | "true" | "false")
        || uuid::Uuid::try_parse(word).is_ok()
}

/// The length of a text in quotes, or of all that is left where it does not end.
fn length_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of an object or an array, or of all that is left where it does not end.
fn length_of_json(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(char) = text[at..].chars().next() {
        match char {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        at += if char == '"' { length_of_text(&text[at..]) } else { char.len_utf8() };
        if depth == 0 {
            break;
        }
    }
    at
}

/// The kinds of findings so far.
#[derive(Default)]
pub(super) struct Kinds(BTreeMap<(Severity, RuleId, String), Kind>);

#[derive(Default)]
struct Kind {
    /// How many of it are told, and the place of the last of them.
    told: usize,
    last: usize,
    more: u64,
    tenants: BTreeSet<Option<Tenant>>,
}

impl Kinds {
    /// Notes a finding that would have this place; whether it is to be told.
    pub(super) fn note(&mut self, found: &Found, place: usize) -> bool {
        let key = (found.severity, found.rule, kind_of(&found.message));
        let kind = self.0.entry(key).or_default();
        if kind.told < MOST_TOLD {
            (kind.told, kind.last) = (kind.told + 1, place);
            return true;
        }
        kind.more += 1;
        kind.tenants.insert(found.tenant.clone());
        false
    }

    /// How many kinds of violations there are.
    pub(super) fn violations(&self) -> usize {
        self.0.keys().filter(|(severity, ..)| *severity == Severity::Violation).count()
    }

    /// Whether such a violation was found before.
    pub(super) fn has(&self, rule: RuleId, message: &str) -> bool {
        self.0.contains_key(&(Severity::Violation, rule, kind_of(message)))
    }

    /// Says with the last of each kind how many more there are.
    pub(super) fn sum(&self, findings: &mut [Found]) {
        for kind in self.0.values().filter(|kind| kind.more > 0) {
            let more = More { times: kind.more, tenants: kind.tenants.len() };
            findings[kind.last].more = Some(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::kind_of;

    #[rstest]
    #[case::records(
        "#12 ban.command/CREATE must cause one ban.status/CREATED, and none was seen",
        "#7 ban.command/CREATE must cause one ban.status/CREATED, and none was seen",
        true
    )]
    #[case::other_event(
        "#12 ban.command/CREATE must cause one ban.status/CREATED, and none was seen",
        "#12 ban.command/DELETE must cause one ban.status/DELETED, and none was seen",
        false
    )]
    #[case::values("value must be \"a \\\" b\" and is null", "value must be -3.5 and is 7", true)]
    #[case::other_field("banId must be 3 and is 7", "body.banId must be 3 and is 7", false)]
    #[case::answers(
        "ban.check of {\"a\":[1]} must be {\"b\":\"}\"} at 2026-01-01T00:00:01.234Z, and is {}",
        "ban.check of {} must be [] at 2026-01-01T00:00:09Z, and is {\"banned\":true}",
        true
    )]
    #[case::ids(
        "it is of 5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11.",
        "it is of fe1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c12.",
        true
    )]
    #[case::no_end("is {\"a\": \"b", "is [", true)]
    #[case::other_letters("größer als 1", "größer als 22", true)]
    fn kinds_are_told_apart(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
        assert_eq!(kind_of(one) == kind_of(other), same, "{} {}", kind_of(one), kind_of(other));
    }
}
