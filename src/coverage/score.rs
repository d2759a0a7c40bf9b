//! The mutation score: how many damages of valid examples a contract refuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::damage::{
    BAD_HEADER, BAD_KEY, Damage, Known, NO_HEADER, NO_KEY, OPTIONAL, REPEATED_HEADER, damages,
};
use super::example::{made, with_headers};
use super::surface::{Surface, names, place, read};
use super::tree::Tree;
use crate::asyncapi::{self, Document};
use crate::compatibility::Place;
use crate::contract::inputs::header_inputs;
use crate::contract::{Action, Cause, Contracts, Message, Problem};
use crate::history::{Event, History};
use crate::message::{ChannelIx, Header, Json, KeyBytes, Payload, Record};

/// So many records of a message are damaged.
const MOST_EXAMPLES: usize = 2;
/// Why a damage is none, where a contract only remarks on it.
const REMARKED: &str = "the contract allows it, and it is remarked on";
/// Bytes that no header encoding but free text takes.
const NO_TEXT: &[u8] = b"\xff\xfe?";

/// Records of messages, as services sent and read them.
#[derive(Debug, Default)]
pub struct Records(BTreeMap<(String, Action, String), Vec<Record>>);

impl Records {
    /// Takes in the records of services that were played.
    pub fn note_history(&mut self, history: &History) {
        for entry in history.entries() {
            let (service, action, record) = match &entry.event {
                Event::Emitted { service, record, .. } => (service, Action::Send, record),
                Event::Delivered { service, record, attempt: 1 } => {
                    (service, Action::Receive, record)
                }
                _ => continue,
            };
            let placed = history.record(*record);
            let channel = history.contracts().channel_name(placed.channel).to_owned();
            let name = (history.service(*service).to_owned(), action, channel);
            self.0.entry(name).or_default().push(placed.record.clone());
        }
    }
}

/// What became of a damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The contract refuses it.
    Refused,
    /// The contract takes it, and says so: this is why.
    Equivalent(&'static str),
    /// The contract takes it.
    Accepted,
}

/// A damage of the examples of a message.
#[derive(Clone, Debug)]
pub struct Damaged {
    /// What was done: one of the kinds of damage.
    pub kind: &'static str,
    /// Where: a JSON pointer into the value, a header's name, or empty.
    pub field: String,
    /// More of what was done.
    pub detail: String,
    /// What became of it.
    pub fate: Fate,
    /// Where the document speaks of it.
    pub place: Place,
}

/// What a contract refuses of a message.
#[derive(Clone, Debug)]
pub struct Score {
    /// Whose contract it is.
    pub service: String,
    /// Whether the service sends or reads the message.
    pub action: Action,
    /// The channel.
    pub channel: String,
    /// The message, by its key in the document.
    pub message: String,
    /// Where the message stands.
    pub place: Place,
    /// How many examples were damaged.
    pub examples: usize,
    /// The damages.
    pub damaged: Vec<Damaged>,
    /// Why there is no valid example, where there is none.
    pub why_none: Option<String>,
}

impl Score {
    /// How many damages have a fate.
    pub fn count(&self, is: impl Fn(Fate) -> bool) -> usize {
        self.damaged.iter().filter(|one| is(one.fate)).count()
    }
}

/// The scores of all messages of all contracts. `seen` are records to be damaged; where none is
/// valid, the examples of the document are, else values that are made from it.
pub fn score(contracts: &Arc<Contracts>, surface: &Surface, seen: &Records) -> Vec<Score> {
    let mut scores = Vec::new();
    let mut alone: BTreeMap<String, Contracts> = BTreeMap::new();
    for (service, action, channel, key) in names(contracts) {
        if !alone.contains_key(&service) {
            let only = contracts.only(&service);
            alone.extend(only.map(|only| (service.clone(), only)));
        }
        let Some(only) = alone.get(&service) else { continue };
        let name = contracts.channel_name(channel).to_owned();
        let records = seen.0.get(&(service.clone(), action, name));
        let subject = Subject { whole: contracts, only, service: &service, action, key: &key };
        let records = records.map_or(&[][..], Vec::as_slice);
        scores.extend(subject.score(channel, surface, records));
    }
    scores
}

/// A message of one contract.
struct Subject<'a> {
    whole: &'a Contracts,
    /// The contract alone.
    only: &'a Contracts,
    service: &'a str,
    action: Action,
    key: &'a str,
}

/// What the contract says of a record.
enum Said {
    Refuses(String),
    Remarks,
    Takes,
}

impl Subject<'_> {
    fn score(&self, channel: ChannelIx, surface: &Surface, seen: &[Record]) -> Option<Score> {
        let name = self.whole.channel_name(channel);
        let contract = self.only.contract(self.service)?;
        let document = surface.document(self.service)?;
        let own = contract.described_channel(&document, name)?;
        let described = own.messages.iter().find(|message| message.key == self.key)?;
        let message = contract.channels.get(name)?.messages.get(self.key)?;
        let ix = self.only.channel_ix(name)?;
        let mut score = Score {
            service: self.service.to_owned(),
            action: self.action,
            channel: name.to_owned(),
            message: self.key.to_owned(),
            place: place(&document, described.at, "the message"),
            examples: 0,
            damaged: Vec::new(),
            why_none: None,
        };
        // A message that the document leaves free, or that nothing checks, cannot be damaged.
        let tree =
            surface.known((self.service, self.action), (channel, self.key))?.tree.as_ref()?;
        let examples = match self.examples(ix, seen, || made(self.only, ix, (message, described))) {
            Ok(examples) => examples,
            Err(why) => {
                score.why_none = Some(why);
                return Some(score);
            }
        };
        score.examples = examples.len();
        let fates = self.fates((ix, own), (tree, &examples), (message, described));
        let at = |field: &str| placed(&document, described, field);
        score.damaged = fates
            .into_iter()
            .map(|((field, kind, detail), fate)| {
                let place = at(&field);
                Damaged { kind, field, detail, fate, place }
            })
            .collect();
        Some(score)
    }

    /// What becomes of each damage; of one that is accepted in one example, that.
    fn fates(
        &self,
        (ix, own): (ChannelIx, &asyncapi::Channel),
        (tree, examples): (&Tree, &[Record]),
        (message, described): (&Message, &asyncapi::Message),
    ) -> BTreeMap<(String, &'static str, String), Fate> {
        let mut fates: BTreeMap<(String, &'static str, String), Fate> = BTreeMap::new();
        for example in examples {
            let Some((facts, value)) = example.value_bytes().and_then(|bytes| {
                let json = read(described.framing, bytes)?;
                let mut facts = BTreeMap::new();
                tree.facts(&json, "", &mut facts);
                Some((facts, Json::from(json)))
            }) else {
                continue;
            };
            let known = Known {
                facts: &facts,
                discriminator: own.discriminator.as_deref(),
                is_compacted: own.is_compacted,
            };
            let all = damages(&value, &known).into_iter().map(|damage| {
                let value = damage.value.as_ref().map(|value| match described.framing {
                    asyncapi::Framing::Registry => [&[0, 0, 0, 0, 1], &value[..]].concat(),
                    asyncapi::Framing::Plain => value.clone(),
                });
                let record =
                    Record { value: value.map(|value| Payload::new(&value)), ..example.clone() };
                (damage, record)
            });
            let envelope = self.envelope(example, (message, described));
            for (damage, record) in all.chain(envelope) {
                let fate = self.fate(ix, &record, damage.excuse);
                let known = fates.entry((damage.field, damage.kind, damage.detail));
                let known = known.or_insert(fate);
                *known = (*known).max(fate);
            }
        }
        fates
    }

    /// Valid records of the message; why there is none.
    fn examples(
        &self,
        channel: ChannelIx,
        seen: &[Record],
        made: impl FnOnce() -> Vec<Record>,
    ) -> Result<Vec<Record>, String> {
        let is_own = |record: &Record| {
            let key = record
                .value_bytes()
                .and_then(|value| self.only.message_by(self.service, channel, value));
            key == Some(self.key)
        };
        let mut why = None;
        let mut valid: Vec<Record> = Vec::new();
        let made = std::iter::once_with(made).flatten();
        for record in seen.iter().cloned().chain(made) {
            let is_enough = valid.len() >= MOST_EXAMPLES;
            if is_enough {
                break;
            }
            if !is_own(&record) || valid.iter().any(|one| one.value == record.value) {
                continue;
            }
            match self.said(channel, &record) {
                Said::Refuses(said) => why = why.or(Some(said)),
                Said::Remarks | Said::Takes => valid.push(record),
            }
        }
        match valid.is_empty() {
            true => Err(why.unwrap_or_else(|| "no value that fits it is found".to_owned())),
            false => Ok(valid),
        }
    }

    fn said(&self, channel: ChannelIx, record: &Record) -> Said {
        let problems = match self.action {
            Action::Send => self.only.check_emitted(self.service, channel, record, Cause::Input),
            Action::Receive => self.only.check_sent(channel, record),
        };
        match problems.iter().find(|problem| problem.is_violation()) {
            Some(problem) => Said::Refuses(Problem::to_string(problem)),
            None if problems.is_empty() => Said::Takes,
            None => Said::Remarks,
        }
    }

    fn fate(&self, channel: ChannelIx, record: &Record, excuse: Option<&'static str>) -> Fate {
        match (self.said(channel, record), excuse) {
            (Said::Refuses(_), _) => Fate::Refused,
            (_, Some(excuse)) => Fate::Equivalent(excuse),
            (Said::Remarks, None) => Fate::Equivalent(REMARKED),
            (Said::Takes, None) => Fate::Accepted,
        }
    }

    /// Damages of the headers and the key.
    fn envelope(
        &self,
        record: &Record,
        (message, described): (&Message, &asyncapi::Message),
    ) -> Vec<(Damage, Record)> {
        let list = record.headers.to_list();
        let mut made = Vec::new();
        let of = |kind, field: &str, detail: &str, excuse| Damage {
            kind,
            field: field.to_owned(),
            detail: detail.to_owned(),
            value: None,
            excuse,
        };
        for (name, is_needed, bytes) in headers(message, described) {
            let others = || list.iter().filter(|one| *one.name != *name).cloned();
            if !list.iter().any(|one| *one.name == *name) {
                continue;
            }
            match bytes {
                None => {
                    let excuse = (!is_needed).then_some(OPTIONAL);
                    let record = with_headers(record, others().collect());
                    made.push((of(NO_HEADER, &name, "", excuse), record));
                }
                Some(bytes) => {
                    let detail = format!("{} bytes", bytes.len());
                    let bad = Header::new(&name, &bytes);
                    let record = with_headers(record, others().chain([bad]).collect());
                    made.push((of(BAD_HEADER, &name, &detail, None), record));
                }
            }
        }
        for rule in &message.headers {
            let own = list.iter().find(|one| *one.name == *rule.name).cloned();
            if let Some(own) = own {
                let record = with_headers(record, list.iter().cloned().chain([own]).collect());
                made.push((of(REPEATED_HEADER, &rule.name, "", None), record));
            }
        }
        let has_key = message.key.is_some()
            || described.made_key.is_some()
            || described.record_key.schema().is_some();
        if has_key && record.key.is_some() {
            let none = Record { key: None, ..record.clone() };
            let other = Record { key: Some(KeyBytes::from_slice(NO_TEXT)), ..record.clone() };
            made.push((of(NO_KEY, "", "", None), none));
            made.push((of(BAD_KEY, "", "", None), other));
        }
        made
    }
}

/// What may be wrong with headers: the name, whether it must be there, and the bytes that stand in
/// it; none where it is not there.
fn headers(
    message: &Message,
    described: &asyncapi::Message,
) -> Vec<(String, bool, Option<Vec<u8>>)> {
    if !message.headers.is_empty() {
        let needed =
            |name: &str| message.headers.iter().any(|one| one.name == name && one.required);
        let inputs = header_inputs(&message.headers).into_iter();
        return inputs.map(|one| (one.name.clone(), needed(&one.name), one.value)).collect();
    }
    let Some(schema) = described.headers.schema() else { return Vec::new() };
    let properties = schema.value.get("properties").and_then(serde_json::Value::as_object);
    let required = schema.value.get("required").and_then(serde_json::Value::as_array);
    let mut made = Vec::new();
    for (name, own) in properties.into_iter().flatten() {
        let needed = required.is_some_and(|all| all.iter().any(|one| one == name));
        made.push((name.clone(), needed, None));
        let keywords = ["enum", "const", "format", "pattern"];
        let is_limited = keywords.iter().any(|keyword| own.get(*keyword).is_some())
            || matches!(own["type"].as_str(), Some("integer" | "number" | "boolean"));
        made.extend(is_limited.then(|| (name.clone(), needed, Some(b"?".to_vec()))));
    }
    made
}

/// Where a document speaks of a field, as near as that is known.
pub(crate) fn placed(document: &Document, described: &asyncapi::Message, field: &str) -> Place {
    let Some(schema) = described.payload.schema().filter(|_| field.starts_with('/')) else {
        return place(document, described.at, "the message");
    };
    let mut at = String::new();
    for part in field.split('/').skip(1) {
        let item = part == "*" || !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let next = match item {
            true => format!("{at}/items"),
            false => format!("{at}/properties/{part}"),
        };
        if schema.value.pointer(&next).is_none() {
            break;
        }
        at = next;
    }
    place(document, schema.place(&at), "the field")
}
