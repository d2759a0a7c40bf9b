//! All elements of a set of contracts, and the records that exercise them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::Validator;
use serde_json::Value as Json;

use super::element::{Element, ElementKind, Source};
use super::tree::{Add, Tree};
use crate::asyncapi::{self, At, Document, Framing};
use crate::compatibility::Place;
use crate::contract::{Action, Contracts, part_validator};
use crate::history::{Event, History};
use crate::message::{ChannelIx, Record};
use crate::rule::RuleId;

/// A message of a contract, as its service sends or reads it: service, action, channel, key.
type Name = (String, Action, ChannelIx, String);

/// Everything that contracts speak of.
#[derive(Debug)]
pub struct Surface {
    contracts: Arc<Contracts>,
    /// The documents of the contracts, by service.
    documents: BTreeMap<String, Arc<Document>>,
    /// Contracts one after the other, then rules.
    pub elements: Vec<Element>,
    messages: BTreeMap<Name, Message>,
    rules: BTreeMap<RuleId, usize>,
}

/// A message with what its records exercise.
#[derive(Debug)]
pub(super) struct Message {
    element: usize,
    framing: Framing,
    pub(super) tree: Option<Tree>,
    validator: Option<Validator>,
    /// By name, with the header's element.
    headers: Vec<(String, usize)>,
}

impl Surface {
    /// The elements of these contracts, none of which is exercised.
    pub fn of(contracts: &Arc<Contracts>) -> Self {
        let documents = contracts
            .contracts()
            .iter()
            .filter_map(|contract| Some((contract.service.clone(), contract.described()?)));
        let mut surface = Self {
            documents: documents.collect(),
            contracts: Arc::clone(contracts),
            elements: Vec::new(),
            messages: BTreeMap::new(),
            rules: BTreeMap::new(),
        };
        for name in names(contracts) {
            surface.message(name);
        }
        for rule in contracts.packs().rules() {
            let owner = contracts.packs().all().find(|pack| pack.rules.contains(&rule.id()));
            surface.rules.insert(rule.id(), surface.elements.len());
            surface.elements.push(Element {
                kind: ElementKind::Rule,
                service: owner.map(|pack| pack.name.to_owned()).unwrap_or_default(),
                action: None,
                channel: String::new(),
                message: String::new(),
                field: rule.name.to_owned(),
                detail: String::new(),
                place: None,
                seen: [0, 0],
            });
        }
        surface
    }

    fn message(&mut self, name: Name) {
        let contracts = Arc::clone(&self.contracts);
        let (service, action, channel, key) = &name;
        let Some(contract) = contracts.contract(service) else { return };
        let Some(document) = self.document(service) else { return };
        let channel = contracts.channel_name(*channel);
        let described = contract.described_channel(&document, channel);
        let described = described.and_then(|own| own.messages.iter().find(|one| one.key == *key));
        let Some(described) = described else { return };
        let mut known: BTreeMap<(ElementKind, String, String), usize> = BTreeMap::new();
        let elements = &mut self.elements;
        let mut add = |kind: ElementKind, field: &str, detail: &str, at: At| {
            let identity = (kind, field.to_owned(), detail.to_owned());
            *known.entry(identity).or_insert_with(|| {
                elements.push(Element {
                    kind,
                    service: service.clone(),
                    action: Some(*action),
                    channel: channel.to_owned(),
                    message: key.clone(),
                    field: field.to_owned(),
                    detail: detail.to_owned(),
                    place: Some(place(&document, at, kind.name())),
                    seen: [0, 0],
                });
                elements.len() - 1
            })
        };
        let message = Message {
            element: add(ElementKind::Message, "", "", described.at),
            framing: described.framing,
            headers: headers(described, &mut add),
            tree: described.payload.schema().map(|schema| Tree::of(schema, &mut add)),
            validator: described
                .payload
                .schema()
                .and_then(|schema| part_validator(schema, &schema.value)),
        };
        self.messages.insert(name, message);
    }

    /// The document of a service.
    pub(super) fn document(&self, service: &str) -> Option<Arc<Document>> {
        self.documents.get(service).map(Arc::clone)
    }

    /// What is known of a message.
    pub(super) fn known(
        &self,
        (service, action): (&str, Action),
        (channel, key): (ChannelIx, &str),
    ) -> Option<&Message> {
        self.messages.get(&(service.to_owned(), action, channel, key.to_owned()))
    }

    /// Notes what a history of services that were played exercises, and each premise of a rule.
    pub fn note_history(&mut self, history: &History, rules: &BTreeMap<RuleId, u64>) {
        for entry in history.entries() {
            let (service, action, record) = match &entry.event {
                Event::Emitted { service, record, .. } => (service, Action::Send, record),
                Event::Delivered { service, record, attempt: 1 } => {
                    (service, Action::Receive, record)
                }
                _ => continue,
            };
            let placed = history.record(*record);
            // What was played may go by a set with fewer channels.
            let channel = history.contracts().channel_name(placed.channel);
            let Some(channel) = self.contracts.channel_ix(channel) else { continue };
            let doing = (history.service(*service), action);
            self.note(doing, channel, &placed.record, Source::Scenarios);
        }
        self.note_rules(rules, Source::Scenarios);
    }

    /// Notes what a record of traffic exercises: of each contract that sends or reads it, for
    /// traffic does not say who did.
    pub fn note_traffic(&mut self, channel: ChannelIx, record: &Record) {
        let contracts = Arc::clone(&self.contracts);
        for contract in contracts.contracts() {
            for action in [Action::Send, Action::Receive] {
                self.note((&contract.service, action), channel, record, Source::Captures);
            }
        }
    }

    /// Notes how often the premise of each rule held.
    pub fn note_rules(&mut self, rules: &BTreeMap<RuleId, u64>, source: Source) {
        for (rule, times) in rules {
            if let Some(element) = self.rules.get(rule) {
                self.elements[*element].seen[source as usize] += times;
            }
        }
    }

    fn note(
        &mut self,
        (service, action): (&str, Action),
        channel: ChannelIx,
        record: &Record,
        source: Source,
    ) {
        let Some(value) = record.value_bytes() else { return };
        let Some(key) = self.contracts.message_by(service, channel, value) else { return };
        let name = (service.to_owned(), action, channel, key.to_owned());
        let Some(message) = self.messages.get(&name) else { return };
        let mut noted = vec![message.element];
        if let Some(tree) = &message.tree {
            let Some(json) = read(message.framing, value) else { return };
            if message.validator.as_ref().is_some_and(|must| !must.is_valid(&json)) {
                return;
            }
            tree.mark(&json, &mut noted);
        }
        let list = record.headers.to_list();
        let is_there = |name: &str| list.iter().any(|header| &*header.name == name);
        let there = message.headers.iter().filter(|(name, _)| is_there(name));
        noted.extend(there.map(|(_, element)| *element));
        noted.sort_unstable();
        noted.dedup();
        for element in noted {
            self.elements[element].seen[source as usize] += 1;
        }
    }
}

/// All messages that services send or read, contract by contract.
pub(super) fn names(contracts: &Contracts) -> Vec<Name> {
    let mut names = Vec::new();
    for contract in contracts.contracts() {
        for action in [Action::Receive, Action::Send] {
            for channel in contract.channels.keys() {
                let Some(ix) = contracts.channel_ix(channel) else { continue };
                let own = contract.messages(action, channel);
                names.extend(
                    own.map(|one| (contract.service.clone(), action, ix, one.name.clone())),
                );
            }
        }
    }
    names
}

/// The value of a record as JSON, without what stands before it.
pub(super) fn read(framing: Framing, value: &[u8]) -> Option<Json> {
    let value = match framing {
        Framing::Plain => value,
        Framing::Registry => value.get(5..)?,
    };
    serde_json::from_slice(value).ok()
}

fn headers(described: &asyncapi::Message, add: &mut Add<'_>) -> Vec<(String, usize)> {
    let Some(schema) = described.headers.schema() else { return Vec::new() };
    let Some(properties) = schema.value.get("properties").and_then(Json::as_object) else {
        return Vec::new();
    };
    let named = properties.keys().map(|name| {
        let at = schema.place(&format!("/properties/{}", crate::evolution::token(name)));
        (name.clone(), add(ElementKind::Header, name, "", at))
    });
    named.collect()
}

/// A place of a document, with what stands there.
pub(super) fn place(document: &Document, at: At, what: &str) -> Place {
    let file = &document.files[at.file.min(document.files.len() - 1)];
    Place { file: Arc::clone(file), span: at.span, what: what.to_owned() }
}
