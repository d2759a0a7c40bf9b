//! The rules of Kafka: what changed of channels, keys and headers, and whether it breaks.
//!
//! What always holds: a fact that breaks is broken for who reads what the other side writes; it
//! needs no witness, for it is about no value.

use super::{Named, Side};
use crate::compatibility::view::MessageView;
use crate::contract::{Action, HeaderRule};
use crate::evolution::Direction;

fn fact(rule: &'static str, path: impl Into<String>, breaks: bool) -> Named {
    Named { rule, path: path.into(), breaks: Some(breaks), refuses: false }
}

/// Adds a fact once; one that breaks stands before the same that does not.
pub(super) fn add(facts: &mut Vec<Named>, mut fact: Named) {
    let same = |one: &&mut Named| one.rule == fact.rule && one.path == fact.path;
    if let Some(known) = facts.iter_mut().find(same) {
        known.breaks = known.breaks.max(fact.breaks.take());
        return;
    }
    facts.push(fact);
}

/// What changed of a channel. Whoever used it by the old document, and by the new one, is meant.
pub(super) fn channel(old: Option<Side<'_>>, new: Option<Side<'_>>, action: Action) -> Vec<Named> {
    let (old, new) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(new)) => return vec![fact("channel-added", &new.channel.address, false)],
        (Some(old), None) => return vec![fact("channel-removed", &old.channel.address, true)],
        (Some(old), Some(new)) => (old, new),
    };
    let mut found = Vec::new();
    let mut changed = |rule, before: Option<&str>, after: Option<&str>| {
        if before != after {
            let words = |text: Option<&str>| text.unwrap_or("none").to_owned();
            found.push(fact(rule, format!("{} -> {}", words(before), words(after)), true));
        }
    };
    changed("address-changed", Some(&old.channel.address), Some(&new.channel.address));
    let told = (&old.channel.discriminator, &new.channel.discriminator);
    changed("discriminator-changed", told.0.as_deref(), told.1.as_deref());
    let partitions = (partitions_of(old), partitions_of(new));
    // A number that is written down for the first time, or no more, moves no key.
    if partitions.0.is_some() && partitions.1.is_some() {
        changed("partitions-changed", partitions.0.as_deref(), partitions.1.as_deref());
    }
    if action == Action::Receive {
        let group = |side: Side<'_>| {
            let own = side.view.contract.operations.iter();
            let mut own =
                own.filter(|one| one.action == action && one.channel == side.channel.name);
            own.find_map(|one| one.group.as_ref()).map(ToString::to_string)
        };
        let (before, after) = (group(old), group(new));
        if before.is_some() && after.is_some() {
            changed("group-changed", before.as_deref(), after.as_deref());
        }
    }
    if old.channel.name != new.channel.name {
        let path = format!("{} -> {}", old.channel.name, new.channel.name);
        found.push(fact("channel-renamed", path, false));
    }
    found
}

fn partitions_of(side: Side<'_>) -> Option<String> {
    side.view.facts(&side.channel.name).partitions
}

/// What changed of a message beside its value, and whether it breaks who reads.
pub(super) fn message(
    old: Option<&MessageView<'_>>,
    new: Option<&MessageView<'_>>,
    direction: Direction,
) -> Vec<Named> {
    let (old, new) = match (old, new) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![fact("message-added", "", false)],
        (Some(_), None) => return vec![fact("message-removed", "", true)],
        (Some(old), Some(new)) => (old, new),
    };
    let mut found = Vec::new();
    if old.content_type != new.content_type {
        let path = format!("{} -> {}", old.content_type, new.content_type);
        found.push(fact("content-type-changed", path, true));
    }
    key((old, new), direction, &mut found);
    for name in header_names(old, new) {
        header(&name, (old, new), direction, &mut found);
    }
    found
}

fn key(
    (old, new): (&MessageView<'_>, &MessageView<'_>),
    direction: Direction,
    found: &mut Vec<Named>,
) {
    let to_new = direction == Direction::OldToNew;
    match (&old.key, &new.key) {
        (None, None) => {}
        // A key breaks nobody; counting on one that is not there does.
        (None, Some(key)) => found.push(fact("key-added", &key.field, to_new)),
        (Some(key), None) => found.push(fact("key-removed", &key.field, !to_new)),
        (Some(before), Some(after)) => {
            if before.field != after.field {
                let path = format!("{} -> {}", before.field, after.field);
                found.push(fact("key-field-changed", path, true));
            }
            if before.encoding != after.encoding {
                let path = format!("{} -> {}", before.encoding.name(), after.encoding.name());
                found.push(fact("key-encoding-changed", path, true));
            }
        }
    }
}

fn header_names(old: &MessageView<'_>, new: &MessageView<'_>) -> Vec<String> {
    let all = old.headers.iter().chain(&new.headers);
    let mut names: Vec<_> = all.map(|rule| rule.name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

fn header(
    name: &str,
    (old, new): (&MessageView<'_>, &MessageView<'_>),
    direction: Direction,
    found: &mut Vec<Named>,
) {
    let of = |view: &MessageView<'_>| -> Option<HeaderRule> {
        view.headers.iter().find(|rule| rule.name == name).cloned()
    };
    let (old, new) = (of(old), of(new));
    let (writes, reads) = match direction {
        Direction::OldToNew => (&old, &new),
        Direction::NewToOld => (&new, &old),
    };
    let needs = reads.as_ref().is_some_and(|rule| rule.required);
    let promises = writes.as_ref().is_some_and(|rule| rule.required);
    match (&old, &new) {
        (None, None) => {}
        (None, Some(_)) => found.push(fact("header-added", name, needs)),
        (Some(_), None) => found.push(fact("header-removed", name, needs)),
        (Some(before), Some(after)) => {
            match (before.required, after.required) {
                (false, true) => {
                    found.push(fact("required-header-added", name, needs && !promises));
                }
                (true, false) => {
                    found.push(fact("required-header-removed", name, needs && !promises));
                }
                _ => {}
            }
            if before.encoding != after.encoding {
                found.push(fact("header-encoding-changed", name, true));
            }
            if before.non_empty != after.non_empty {
                let refuses = reads.as_ref().is_some_and(|rule| rule.non_empty);
                found.push(fact("header-min-length-changed", name, refuses));
            }
        }
    }
}
