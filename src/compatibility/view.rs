//! The schemas of a contract as they stand in its document, with the place of each part.
//!
//! What always holds: references are replaced by what they name, but for schemas that contain
//! themselves; these stand under `definitions` or `$defs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::asyncapi::{self, At, Body, Document as Described, Schema};
use crate::contract::{
    Action, ChannelView, Contract, HEADER_ENCODINGS, HeaderEncoding, HeaderRule, KeyRule, Message,
    key_rule, told_by,
};
use crate::diagnostic::{SourceFile, Span};
use crate::evolution::{DATA, Document, Draft, Json, MAPS, token};

/// Schemas nest at most so deep.
const MAX_DEPTH: usize = 64;
/// A schema has so many parts at most, references followed: each may be named twice by the next.
const MAX_PARTS: usize = 50_000;

/// A contract with the schemas of its messages.
pub(crate) struct ContractView<'a> {
    pub(crate) contract: &'a Contract,
    messages: BTreeMap<(String, String), MessageView<'a>>,
    channels: BTreeMap<String, ChannelFacts>,
}

/// What a document says of a channel beside its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChannelFacts {
    /// How many partitions its topic has, where that is said.
    pub(crate) partitions: Option<String>,
}

/// A message with its schema.
pub(crate) struct MessageView<'a> {
    pub(crate) message: &'a Message,
    /// The value by which it is told from others of its channel, else its name.
    pub(crate) tag: String,
    /// What its values must be.
    pub(crate) payload: Document,
    /// Its headers.
    pub(crate) headers: Vec<HeaderRule>,
    /// From which field its key is made, where that is said.
    pub(crate) key: Option<KeyRule>,
    /// `contentType`, the document's default where it has none of its own.
    pub(crate) content_type: String,
    file: Arc<SourceFile>,
    spans: BTreeMap<String, (Arc<SourceFile>, Span)>,
}

impl<'a> ContractView<'a> {
    /// The schemas of a contract that was read before.
    pub(crate) fn of(contract: &'a Contract) -> Self {
        let mut view = Self { contract, messages: BTreeMap::new(), channels: BTreeMap::new() };
        if let Some(document) = contract.described() {
            for channel in contract.channels.values() {
                view.channel(channel, &document);
            }
        }
        view
    }

    fn channel(&mut self, channel: &'a ChannelView, document: &Described) {
        let Some(described) = self.contract.described_channel(document, &channel.name) else {
            return;
        };
        let facts = ChannelFacts { partitions: described.partitions.clone() };
        self.channels.insert(channel.name.clone(), facts);
        for (at, own) in described.messages.iter().enumerate() {
            let Some(message) = channel.messages.get(&own.key) else { continue };
            let read = match &own.payload {
                Body::Free => (Json::Bool(true), BTreeMap::new()),
                Body::NotChecked => (unread(), BTreeMap::new()),
                Body::Schema(schema) => inlined(schema, document),
            };
            let draft = own.payload.schema().map_or(Draft::Seven, |schema| schema.draft);
            let is_open = channel.open.is_some();
            let found = MessageView {
                message,
                tag: told_by(described, at).unwrap_or_else(|| message.name.clone()),
                payload: Document { schema: read.0, draft },
                headers: if is_open { headers(own) } else { message.headers.clone() },
                key: message.key.clone().or_else(|| own.made_key.as_ref().and_then(key_rule)),
                content_type: own.content_type.clone().unwrap_or_default(),
                file: file_of(document, own.at),
                spans: read.1,
            };
            self.messages.insert((channel.name.clone(), message.name.clone()), found);
        }
    }

    /// The messages of a channel that the service sends or reads.
    pub(crate) fn messages(&self, action: Action, channel: &str) -> Vec<&MessageView<'a>> {
        let all = self.contract.messages(action, channel);
        let found = all
            .filter_map(|message| self.messages.get(&(channel.to_owned(), message.name.clone())));
        found.collect()
    }

    /// What is said of a channel beside its messages.
    pub(crate) fn facts(&self, channel: &str) -> ChannelFacts {
        self.channels.get(channel).cloned().unwrap_or_default()
    }
}

impl MessageView<'_> {
    /// The place of what a pointer into the payload leads to, or of what is nearest above it.
    pub(crate) fn place(&self, pointer: &str) -> (Arc<SourceFile>, Span) {
        let mut at = pointer;
        loop {
            if let Some((file, span)) = self.spans.get(at) {
                return (Arc::clone(file), *span);
            }
            match at.rfind('/') {
                Some(end) => at = &at[..end],
                None => return (Arc::clone(&self.file), self.message.span),
            }
        }
    }

    /// The file that it stands in.
    pub(crate) fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }
}

fn file_of(document: &Described, at: At) -> Arc<SourceFile> {
    Arc::clone(&document.files[at.file.min(document.files.len() - 1)])
}

/// A schema that is not known: nothing is decided by it.
fn unread() -> Json {
    let nowhere = Json::Text("unread:schema".into());
    Json::Record([("$ref".into(), nowhere)].into())
}

/// What a document of anybody says of headers: those that its schema names.
fn headers(message: &asyncapi::Message) -> Vec<HeaderRule> {
    let Some(schema) = message.headers.schema() else { return Vec::new() };
    let properties = schema.value.get("properties").and_then(Value::as_object);
    let required = schema.value.get("required").and_then(Value::as_array);
    let rule = |(name, own): (&String, &Value)| {
        let encoding = own.get("x-encoding").and_then(Value::as_str);
        let known = HEADER_ENCODINGS.iter().find(|(known, _)| Some(*known) == encoding);
        HeaderRule {
            name: name.clone(),
            encoding: known.map_or(HeaderEncoding::Utf8, |(_, encoding)| *encoding),
            required: required.is_some_and(|all| all.iter().any(|one| one == name)),
            non_empty: own.get("minLength").and_then(Value::as_u64).is_some_and(|least| least > 0),
            description: own.get("description").and_then(Value::as_str).map(str::to_owned),
        }
    };
    properties.into_iter().flatten().map(rule).collect()
}

type Places = BTreeMap<String, (Arc<SourceFile>, Span)>;

/// A schema with each reference replaced by what it names, and the places of its parts.
fn inlined(schema: &Schema, document: &Described) -> (Json, Places) {
    let mut walk = Walk {
        schema,
        document,
        spans: BTreeMap::new(),
        open: vec![String::new()],
        recursive: Vec::new(),
        parts: 0,
    };
    let mut whole = walk.schema(&schema.value, ("", ""), 0);
    let name = match schema.draft {
        Draft::Seven => "definitions",
        Draft::Latest => "$defs",
    };
    let mut definitions = BTreeMap::new();
    let mut next = 0;
    while let Some(target) = walk.recursive.get(next).cloned() {
        next += 1;
        let key = target.rsplit('/').next().unwrap_or_default().to_owned();
        let Some(own) = schema.value.pointer(&target) else { continue };
        walk.open = vec![String::new(), target.clone()];
        let inner = walk.schema(own, (&target, &format!("/{name}/{key}")), 0);
        definitions.insert(Arc::from(key), inner);
    }
    if let (Json::Record(members), false) = (&mut whole, definitions.is_empty()) {
        members.insert(name.into(), Json::Record(definitions));
    }
    (whole, walk.spans)
}

struct Walk<'s> {
    schema: &'s Schema,
    document: &'s Described,
    spans: Places,
    /// The references that are being followed.
    open: Vec<String>,
    /// Those that lead to themselves.
    recursive: Vec<String>,
    parts: usize,
}

impl Walk<'_> {
    /// A part of the schema that stands at `from`, and will stand at `to`.
    fn schema(&mut self, value: &Value, (from, to): (&str, &str), depth: usize) -> Json {
        self.parts += 1;
        if self.parts > MAX_PARTS || depth > MAX_DEPTH {
            return unread();
        }
        self.note(from, to);
        let members = match value {
            Value::Object(members) => members,
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let item = items.map(|(at, item)| {
                    self.schema(item, (&format!("{from}/{at}"), &format!("{to}/{at}")), depth + 1)
                });
                return Json::List(item.collect());
            }
            plain => return Json::from(plain),
        };
        let mut record = BTreeMap::new();
        for (keyword, value) in members {
            let is_definitions = from.is_empty() && ["definitions", "$defs"].contains(&&**keyword);
            if keyword == "$ref" || is_definitions {
                continue;
            }
            let here = (format!("{from}/{}", token(keyword)), format!("{to}/{}", token(keyword)));
            record.insert(Arc::from(keyword.as_str()), self.keyword(keyword, value, &here, depth));
        }
        let Some(target) = members.get("$ref").and_then(Value::as_str) else {
            return Json::Record(record);
        };
        let named = self.named(target, to, depth);
        if record.is_empty() {
            return named;
        }
        // What stands beside a reference counts as well.
        let both = Json::List(vec![named, Json::Record(record)]);
        Json::Record([("allOf".into(), both)].into())
    }

    /// What a reference names.
    fn named(&mut self, reference: &str, to: &str, depth: usize) -> Json {
        let target = reference.strip_prefix('#').unwrap_or(reference).to_owned();
        if self.open.contains(&target) {
            if !target.is_empty() && !self.recursive.contains(&target) {
                self.recursive.push(target);
            }
            let again = Json::Text(reference.into());
            return Json::Record([("$ref".into(), again)].into());
        }
        let schema = self.schema;
        let Some(own) = schema.value.pointer(&target) else { return unread() };
        self.open.push(target.clone());
        let inner = self.schema(own, (&target, to), depth + 1);
        self.open.pop();
        inner
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &Value,
        (from, to): &(String, String),
        depth: usize,
    ) -> Json {
        if DATA.contains(&keyword) || keyword.starts_with("x-") {
            self.note(from, to);
            return Json::from(value);
        }
        match value {
            Value::Object(members) if MAPS.contains(&keyword) => {
                self.note(from, to);
                let mut record = BTreeMap::new();
                for (name, value) in members {
                    let part = token(name);
                    let here = (format!("{from}/{part}"), format!("{to}/{part}"));
                    // The caret goes under the name of a field, also of one that is a reference.
                    self.note(&here.0, &here.1);
                    let own = self.schema(value, (&here.0, &here.1), depth + 1);
                    record.insert(Arc::from(name.as_str()), own);
                }
                Json::Record(record)
            }
            _ => self.schema(value, (from, to), depth + 1),
        }
    }

    fn note(&mut self, from: &str, to: &str) {
        if !self.spans.contains_key(to) {
            let at = self.schema.place(from);
            self.spans.insert(to.to_owned(), (file_of(self.document, at), at.span));
        }
    }
}
