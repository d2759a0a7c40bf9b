//! The values of a message that is sent and read, field by field.
//!
//! What always holds: what is said to be refused comes with a value that the sender's schema
//! accepts and the receiver's refuses. What no single field explains is told of the whole message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Pair, Side};
use crate::compatibility::finding::{
    Disagreement, Effect, FIELD_NOT_ALWAYS_SENT, FIELD_NOT_PROMISED, FIELD_NOT_READ,
    FORMAT_DIFFERS, Place, RANGE_REFUSED, SCHEMA_REFUSED, TYPE_REFUSED, UNDECIDED,
    VALUE_NEVER_SENT, VALUE_REFUSED, canonical,
};
use crate::compatibility::formats::formatted;
use crate::compatibility::view::MessageView;
use crate::evolution::{self, Document, Inclusion, Json, Policy, included, token};

/// Fields nest at most so deep.
const MAX_DEPTH: usize = 32;

/// A step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Field(Arc<str>),
    Items,
}

/// The pointer to a part: `/body/changes/*/amount`.
pub(super) fn pointer(path: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Field(name) => format!("/{}", token(name)),
        Part::Items => "/*".to_owned(),
    };
    path.iter().map(part).collect()
}

/// The place of a part in the schema.
pub(super) fn place_of(path: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Field(name) => format!("/properties/{}", token(name)),
        Part::Items => "/items".to_owned(),
    };
    path.iter().map(part).collect()
}

/// A schema of which only the part at a path is left.
fn only(path: &[Part], inner: Json, required: bool) -> Json {
    let mut schema = inner;
    for (at, part) in path.iter().enumerate().rev() {
        let keyword = |name: &str, value| (Arc::from(name), value);
        let mut members = BTreeMap::new();
        match part {
            Part::Items => members.extend([keyword("items", schema)]),
            Part::Field(name) => {
                let field = Json::Record([(name.clone(), schema)].into());
                members.extend([keyword("properties", field)]);
                if required && at + 1 == path.len() {
                    let names = Json::List(vec![Json::Text(name.clone())]);
                    members.extend([keyword("required", names)]);
                }
            }
        }
        schema = Json::Record(members);
    }
    schema
}

fn is_anything(schema: &Json) -> bool {
    match schema {
        Json::Record(_) => canonical(schema) == "{}",
        other => *other == Json::Bool(true),
    }
}

fn is_of(schema: &Json, kind: &str, keyword: &str) -> bool {
    match schema.get("type") {
        Some(named) => named.as_text().is_some_and(|named| **named == *kind),
        None => schema.get(keyword).is_some(),
    }
}

fn fields_of(schema: &Json) -> impl Iterator<Item = (&Arc<str>, &Json)> {
    schema.get("properties").into_iter().flat_map(Json::members)
}

fn needs(schema: &Json, name: &str) -> bool {
    let names = schema.get("required").map_or(&[][..], Json::items);
    names.iter().filter_map(Json::as_text).any(|one| **one == *name)
}

/// Whether a part of a composition names a field, or may.
fn may_read(schema: &Json, name: &str) -> bool {
    const PARTS: [&str; 7] = ["allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"];
    if schema.get("$ref").is_some() || schema.get("patternProperties").is_some() {
        return true;
    }
    let reads =
        |part: &Json| fields_of(part).any(|(own, _)| **own == *name) || may_read(part, name);
    PARTS.iter().filter_map(|keyword| schema.get(keyword)).any(|part| {
        let of_list = part.items().iter().any(reads);
        of_list || reads(part) || part.members().any(|(_, inner)| reads(inner))
    })
}

struct Comparing<'c, 'v> {
    pair: &'c Pair<'v>,
    sent: &'c MessageView<'c>,
    read: &'c MessageView<'c>,
    writer: Document,
    reader: Document,
    found: Vec<Disagreement>,
}

/// Compares the values of a message.
pub(super) fn compare(
    pair: &Pair<'_>,
    sent: &MessageView<'_>,
    read: &MessageView<'_>,
    found: &mut Vec<Disagreement>,
) {
    let writer = Policy::RoleAware.writer(&sent.payload);
    let reader = Policy::RoleAware.reader(&read.payload);
    let whole = included(&writer, &reader);
    let mut comparing = Comparing { pair, sent, read, writer, reader, found: Vec::new() };
    comparing.both(&sent.payload.schema, &read.payload.schema, &mut Vec::new());
    let explained = comparing.found.iter().any(|one| one.effect == Effect::Breaks);
    let (sender, receiver) = (pair.sender.service(), pair.receiver.service());
    match whole {
        Inclusion::Fails(value) if !explained => {
            let text = format!("{receiver} refuses a {} that {sender} may send", sent.tag);
            let schemas = (&sent.payload.schema, &read.payload.schema);
            let mut one = comparing.one((SCHEMA_REFUSED, Effect::Breaks), &[], text, schemas);
            let value = formatted(value, &comparing.writer, &comparing.reader);
            one.witness = value.to_serde();
            comparing.found.push(one);
        }
        Inclusion::Unknown(why) if !explained => {
            let text = format!("whether {receiver} takes each {} is not known: {why}", sent.tag);
            let schemas = (&sent.payload.schema, &read.payload.schema);
            let one = comparing.one((UNDECIDED, Effect::Breaks), &[], text, schemas);
            comparing.found.push(one);
        }
        _ => {}
    }
    found.append(&mut comparing.found);
}

impl Comparing<'_, '_> {
    fn both(&mut self, ours: &Json, theirs: &Json, path: &mut Vec<Part>) {
        let refers = |schema: &Json| schema.get("$ref").is_some();
        if is_anything(theirs) || refers(ours) || refers(theirs) || path.len() > MAX_DEPTH {
            return;
        }
        if is_of(ours, "object", "properties") && is_of(theirs, "object", "properties") {
            return self.fields(ours, theirs, path);
        }
        if is_of(ours, "array", "items")
            && is_of(theirs, "array", "items")
            && let (Some(ours), Some(theirs)) = (ours.get("items"), theirs.get("items"))
        {
            path.push(Part::Items);
            self.both(ours, theirs, path);
            path.pop();
            return;
        }
        self.leaf(ours, theirs, path);
    }

    fn fields(&mut self, ours: &Json, theirs: &Json, path: &mut Vec<Part>) {
        let (sender, receiver) = (self.pair.sender.service(), self.pair.receiver.service());
        let (sender, receiver) = (sender.to_owned(), receiver.to_owned());
        let own: BTreeMap<_, _> = fields_of(ours).collect();
        let other: BTreeMap<_, _> = fields_of(theirs).collect();
        for (name, read) in &other {
            path.push(Part::Field((*name).clone()));
            let at = pointer(path);
            let (needed, sent) = (needs(theirs, name), own.get(name));
            match sent {
                None if needed => {
                    let text = format!("{receiver} needs {at}, which {sender} never promises");
                    let none = Json::Bool(false);
                    self.refused((FIELD_NOT_PROMISED, path), text, (&none, read), read);
                }
                None if !self.never_sends(path) => {}
                None => {
                    let text = format!("{receiver} reads {at}, which {sender} never promises");
                    let kind = (FIELD_NOT_PROMISED, Effect::LosesData);
                    let one = self.one(kind, path, text, (&Json::Bool(false), read));
                    self.found.push(one);
                }
                Some(sent) => {
                    if needed && !needs(ours, name) {
                        let text = format!("{receiver} needs {at}, which {sender} may leave out");
                        self.refused((FIELD_NOT_ALWAYS_SENT, path), text, (sent, read), read);
                    }
                    self.both(sent, read, path);
                }
            }
            path.pop();
        }
        let not_read = |name: &&Arc<str>| !other.contains_key(*name) && !may_read(theirs, name);
        for (name, sent) in own.iter().filter(|(name, _)| not_read(name)) {
            path.push(Part::Field((*name).clone()));
            let text = format!("{sender} sends {}, which {receiver} does not read", pointer(path));
            let kind = (FIELD_NOT_READ, Effect::LosesData);
            let mut one = self.one(kind, path, text, (sent, &Json::Bool(false)));
            one.witness = self.witness(path, Json::Bool(false), false).map(|found| found.0);
            self.found.push(one);
            path.pop();
        }
    }

    /// Whether no message of the sender has such a field: a part of a composition may name it.
    fn never_sends(&self, path: &[Part]) -> bool {
        let schema = only(path, Json::Bool(false), false);
        let without = Document { schema, draft: self.read.payload.draft };
        included(&self.writer, &without) == Inclusion::Holds
    }

    fn leaf(&mut self, ours: &Json, theirs: &Json, path: &[Part]) {
        let document =
            |schema: &Json, like: &Document| Document { schema: schema.clone(), draft: like.draft };
        let ours_whole = document(ours, &self.sent.payload);
        let theirs_whole = document(theirs, &self.read.payload);
        let (sender, receiver) = (self.pair.sender.service(), self.pair.receiver.service());
        let at = pointer(path);
        let (own, other) = (canonical(ours), canonical(theirs));
        if let Inclusion::Fails(_) = included(&ours_whole, &theirs_whole) {
            let rule = rule_of(&evolution::changes(&ours_whole, &theirs_whole));
            let text = format!("{sender} sends {at} as {own}, {receiver} reads {other}");
            self.refused((rule, path), text, (ours, theirs), theirs);
            return;
        }
        let format = |schema: &Json| schema.get("format").and_then(Json::as_text).cloned();
        if let Some(theirs_format) = format(theirs)
            && format(ours).as_ref() != Some(&theirs_format)
        {
            let text =
                format!("{sender} sends {at} as {own}, {receiver} takes it for {theirs_format}");
            let one = self.one((FORMAT_DIFFERS, Effect::Cosmetic), path, text, (ours, theirs));
            self.found.push(one);
        }
    }

    /// Adds a disagreement about a value that is refused, if there is such a value.
    fn refused(
        &mut self,
        (rule, path): (&'static str, &[Part]),
        text: String,
        schemas: (&Json, &Json),
        inner: &Json,
    ) {
        let required = matches!(rule, FIELD_NOT_PROMISED | FIELD_NOT_ALWAYS_SENT);
        let inner = if required { Json::Bool(true) } else { inner.clone() };
        let found = self.witness(path, inner, required);
        let Some((witness, refused)) = found else { return };
        // The whole schema may take what the part of it refuses; then the field is no reason.
        if !refused {
            return;
        }
        let mut one = self.one((rule, Effect::Breaks), path, text, schemas);
        one.witness = Some(witness);
        self.found.push(one);
    }

    /// A value that the sender may send and that a part of the receiver's schema refuses, and
    /// whether the whole of it does.
    fn witness(
        &self,
        path: &[Part],
        inner: Json,
        required: bool,
    ) -> Option<(serde_json::Value, bool)> {
        let schema = only(path, inner, required);
        let part = Document { schema, draft: self.read.payload.draft };
        let Inclusion::Fails(value) = included(&self.writer, &part) else { return None };
        let value = formatted(value, &self.writer, &part);
        let refused = evolution::confirmed(&self.writer, &self.reader, &value);
        Some((value.to_serde()?, refused))
    }

    fn one(
        &self,
        (rule, effect): (&'static str, Effect),
        path: &[Part],
        text: String,
        (ours, theirs): (&Json, &Json),
    ) -> Disagreement {
        let mut one = self.pair.found(rule, effect, &self.sent.tag, text);
        one.field = pointer(path);
        let at = place_of(path);
        let place = |view: &MessageView<'_>, side: &Side<'_>, schema: &Json| {
            let (file, span) = view.place(&at);
            let what = match schema {
                Json::Bool(false) => "no such field here",
                _ => "the field",
            };
            Place { file, span, what: format!("{}: {what}", side.service()) }
        };
        one.places = vec![
            place(self.sent, self.pair.sender, ours),
            place(self.read, self.pair.receiver, theirs),
        ];
        one.detail = format!("{} {}", canonical(ours), canonical(theirs));
        one
    }
}

/// The rule that speaks of such changes from what is sent to what is read.
fn rule_of(changes: &[evolution::Change]) -> &'static str {
    let refusing = || changes.iter().filter(|change| !change.rule.strict);
    let any = |wanted: &[&str]| {
        refusing().any(|change| wanted.iter().any(|part| change.rule.name.starts_with(part)))
    };
    if any(&["type-", "sum-type", "combined-type", "schema-added"]) {
        TYPE_REFUSED
    } else if any(&["enum-"]) {
        VALUE_REFUSED
    } else if any(&["max", "min", "exclusive", "multiple"]) {
        RANGE_REFUSED
    } else {
        SCHEMA_REFUSED
    }
}

/// All fields of a schema, outer ones first.
pub(super) fn all_fields(schema: &Json) -> Vec<(Vec<Part>, &Json)> {
    let mut found = Vec::new();
    let mut open = vec![(Vec::new(), schema)];
    while let Some((path, schema)) = open.pop() {
        if path.len() > MAX_DEPTH {
            continue;
        }
        let below = |part| {
            let mut path: Vec<Part> = path.clone();
            path.push(part);
            path
        };
        let fields = fields_of(schema).map(|(name, one)| (below(Part::Field(name.clone())), one));
        let items = schema.get("items").map(|items| (below(Part::Items), items));
        open.extend(fields.chain(items));
        if !path.is_empty() {
            found.push((path, schema));
        }
    }
    found.sort_by_key(|(path, _)| pointer(path));
    found
}

/// The values that a schema lists; `None` where it does not.
fn listed(schema: &Json) -> Option<BTreeSet<&Json>> {
    match schema.get("const") {
        Some(value) => Some([value].into()),
        None => Some(schema.get("enum")?.items().iter().collect()),
    }
}

/// Values of enumerations that a receiver expects and no sender sends.
pub(super) fn never_sent(receiver: &Side<'_>, senders: &[Side<'_>], found: &mut Vec<Disagreement>) {
    for read in &receiver.messages {
        let sent: Vec<_> = senders
            .iter()
            .filter(|side| side.service() != receiver.service())
            .filter_map(|side| Some((side, side.message(read, receiver.messages.len())?)))
            .collect();
        for (path, schema) in all_fields(&read.payload.schema) {
            let Some(expected) = listed(schema) else { continue };
            let at = place_of(&path);
            let of_sender = |view: &MessageView<'_>| -> Option<BTreeSet<Json>> {
                Some(listed(view.payload.schema.at(&at)?)?.into_iter().cloned().collect())
            };
            let all: Option<Vec<_>> = sent.iter().map(|(_, view)| of_sender(view)).collect();
            let (Some(all), Some((side, view))) = (all, sent.first()) else { continue };
            let missing: Vec<_> = expected
                .into_iter()
                .filter(|value| all.iter().all(|sent| !sent.contains(*value)))
                .filter_map(|value| Some(value.to_serde()?.to_string()))
                .collect();
            if missing.is_empty() {
                continue;
            }
            let names: Vec<_> = sent.iter().map(|(side, _)| side.service()).collect();
            let (names, values) = (names.join(", "), missing.join(", "));
            let service = receiver.service();
            let field = pointer(&path);
            let text =
                format!("{service} expects {field} to be {values}, which {names} never sends");
            let pair = Pair { sender: side, receiver };
            let mut one = pair.found(VALUE_NEVER_SENT, Effect::LosesData, &read.tag, text);
            let place = |view: &MessageView<'_>, service: &str| {
                let (file, span) = view.place(&at);
                Place { file, span, what: format!("{service}: the field") }
            };
            one.places = vec![place(view, side.service()), place(read, service)];
            (one.sender, one.field, one.detail) = (names, field, values);
            found.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_read;
    use crate::evolution::Json;

    #[test]
    fn a_field_of_a_composition_is_read() {
        let reads = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            may_read(&Json::from(&value), "a")
        };
        assert!(reads(r#"{"oneOf": [{"properties": {"b": {}}}, {"properties": {"a": {}}}]}"#));
        assert!(reads(r#"{"allOf": [{"if": true, "then": {"properties": {"a": {}}}}]}"#));
        assert!(reads(r##"{"allOf": [{"$ref": "#/$defs/more"}]}"##));
        assert!(!reads(r#"{"properties": {"b": {"oneOf": [{"properties": {"a": {}}}]}}}"#));
    }
}
