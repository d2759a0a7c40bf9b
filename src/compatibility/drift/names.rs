//! Fields of one name, over all documents: types that are called differently, and names that
//! stand for two things.

use std::collections::BTreeMap;

use super::values::{all_fields, place_of, pointer};
use crate::compatibility::finding::{
    Disagreement, Effect, NAME_FOR_TWO_THINGS, Place, TYPE_NAMED_DIFFERENTLY, canonical,
};
use crate::compatibility::view::{ContractView, MessageView};
use crate::contract::Action;
use crate::evolution::Json;

/// A field as one document has it.
struct Use {
    service: String,
    subject: String,
    /// The name of its type in the document, `x-type`.
    named: Option<String>,
    /// Its one JSON type, where that is no container.
    kind: Option<String>,
    schema: String,
    place: Place,
}

/// Adds what is said of names.
pub(super) fn names(views: &[ContractView<'_>], found: &mut Vec<Disagreement>) {
    let mut all: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    for view in views {
        for channel in view.contract.channels.values() {
            for action in [Action::Send, Action::Receive] {
                for message in view.messages(action, &channel.name) {
                    uses((view, &channel.name), message, &mut all);
                }
            }
        }
    }
    for (name, uses) in &all {
        named_differently(name, uses, found);
        two_things(name, uses, found);
    }
}

fn uses(
    (view, channel): (&ContractView<'_>, &str),
    message: &MessageView<'_>,
    all: &mut BTreeMap<String, Vec<Use>>,
) {
    let service = &view.contract.service;
    for (path, schema) in all_fields(&message.payload.schema) {
        let field = pointer(&path);
        let name = field.rsplit('/').next().unwrap_or_default();
        if name == "*" {
            continue;
        }
        let text = |keyword: &str| schema.get(keyword).and_then(Json::as_text).map(|text| &**text);
        let kind = text("type").filter(|kind| !matches!(*kind, "object" | "array" | "null"));
        let (file, span) = message.place(&place_of(&path));
        all.entry(name.to_owned()).or_default().push(Use {
            service: service.clone(),
            subject: format!("{channel}/{} {field}", message.tag),
            named: text("x-type").map(str::to_owned),
            kind: kind.map(str::to_owned),
            schema: canonical(schema),
            place: Place { file, span, what: format!("{service}: {field}") },
        });
    }
}

/// One finding about the first uses of each of several kinds.
fn one(
    (rule, name): (&'static str, &str),
    first: &BTreeMap<&str, &Use>,
    say: &str,
) -> Disagreement {
    let described: Vec<_> = first
        .iter()
        .map(|(kind, one)| format!("`{kind}` in {}'s {}", one.service, one.subject))
        .collect();
    let kinds: Vec<_> = first.keys().copied().collect();
    Disagreement {
        rule,
        effect: Effect::Cosmetic,
        channel: String::new(),
        message: String::new(),
        field: name.to_owned(),
        sender: String::new(),
        receiver: String::new(),
        text: format!("{name} {say} {}", described.join(", ")),
        places: first.values().map(|one| one.place.clone()).collect(),
        witness: None,
        detail: kinds.join(" "),
    }
}

fn named_differently(name: &str, uses: &[Use], found: &mut Vec<Disagreement>) {
    let mut by_schema: BTreeMap<&str, BTreeMap<&str, &Use>> = BTreeMap::new();
    for one in uses {
        if let Some(named) = &one.named {
            by_schema.entry(&one.schema).or_default().entry(named).or_insert(one);
        }
    }
    for first in by_schema.values().filter(|first| first.len() > 1) {
        let kind = (TYPE_NAMED_DIFFERENTLY, name);
        found.push(one(kind, first, "takes the same values and its type is called"));
    }
}

fn two_things(name: &str, uses: &[Use], found: &mut Vec<Disagreement>) {
    let mut first: BTreeMap<&str, &Use> = BTreeMap::new();
    for one in uses {
        if let Some(kind) = &one.kind {
            first.entry(kind).or_insert(one);
        }
    }
    // Each integer is a number.
    if first.contains_key("number") {
        first.remove("integer");
    }
    if first.len() > 1 {
        found.push(one((NAME_FOR_TWO_THINGS, name), &first, "is of type"));
    }
}
