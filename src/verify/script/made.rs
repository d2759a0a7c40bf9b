//! All that is made from contracts for a service: one input after the other, each with what
//! becomes of it in a tenant in which nothing has happened.
//!
//! What always holds: nothing is here that the documents leave open so far that implementations
//! may well differ about it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::classify::{Reader, kind};
use super::rehearsal::{Became, Rehearsal};
use super::{Act, HEADERS, HeadersFrom, InputKind, KeyFrom, Message, Step, Value};
use crate::contract::inputs::{
    HeaderInput, Input, Variation, field_inputs, header_inputs, read, typical, whole_inputs,
};
use crate::contract::{Action, Contract, Contracts, MessageKind, ProblemKind, Schema};
use crate::message::{ChannelIx, Json, Outgoing};
use crate::scenario::TenantSpec;

/// An input, and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(super) message: Message,
    /// The kind of message that it was made of.
    pub(super) of: String,
    /// What is special about it; none for what is usually sent, or where a header is.
    pub(super) variation: Option<Variation>,
    /// The field or header that is special; empty where it is the whole value or nothing.
    pub(super) place: String,
    pub(super) kind: InputKind,
    pub(super) became: Became,
    /// Whether the value that it was made of is answered: whoever misreads it then is seen to.
    pub(super) tells: bool,
}

/// All inputs that are made for a service: message by message, field by field.
pub(super) fn made(service: &str, contracts: &Arc<Contracts>) -> Arc<Vec<Made>> {
    contracts.packs().made(service, || make(service, contracts))
}

fn make(service: &str, contracts: &Arc<Contracts>) -> Vec<Made> {
    let (Some(rehearsal), Some(contract)) =
        (Rehearsal::new(service, contracts), contracts.contract(service))
    else {
        return Vec::new();
    };
    let reader = Reader { service: service.to_owned(), contracts: Arc::clone(contracts) };
    let workload = contracts.packs().pack(service).and_then(|pack| pack.workload);
    let fitting = workload.map(|workload| (workload.fitting)()).unwrap_or_default();
    let fitting = fitting.into_iter().map(|(pointer, value)| (pointer, Json::from(value)));
    let fitting = fitting.collect();
    let is_left_open = workload.map_or((|_| false) as fn(&Json) -> bool, |one| one.is_open);
    let mut maker = Maker {
        reader,
        rehearsal,
        fitting,
        is_left_open,
        contract,
        made: Vec::new(),
        seen: BTreeSet::new(),
    };
    for channel in contracts.consumed_by(service).unwrap_or_default() {
        let mut is_first = true;
        for kind in contracts.messages(channel) {
            let is_known = maker.message(contracts, kind, is_first);
            is_first &= !is_known;
        }
    }
    maker.made
}

struct Maker<'a> {
    reader: Reader,
    rehearsal: Rehearsal,
    fitting: Vec<(&'static str, Json)>,
    is_left_open: fn(&Json) -> bool,
    contract: &'a Contract,
    made: Vec<Made>,
    /// What is made already: channel, value and headers.
    seen: BTreeSet<(ChannelIx, Option<Vec<u8>>, Option<String>)>,
}

impl Maker<'_> {
    /// Adds the inputs that are made of one kind of message; of the first that the reader knows on
    /// a channel, those too that are wrong as a whole. Whether the reader knows it.
    fn message(&mut self, contracts: &Contracts, kind: &MessageKind, is_first: bool) -> bool {
        let channel = contracts.channel_name(kind.channel);
        let mut own = self.contract.messages(Action::Receive, channel);
        let own = own.find(|own| own.name == kind.name);
        // The reader's own document goes before what others say about the same fields.
        let own_part = own.map(|own| typical(&own.payload, &self.fitting)).unwrap_or_default();
        let base = over(typical(kind.union(), &self.fitting), own_part);
        let usual = Message::new(channel, base.clone());
        let special = (None, String::new());
        let Some(tells) = self.add(usual.clone(), (kind, own), special, false) else {
            return false;
        };
        let Some(own) = own else { return false };
        let discriminator =
            contracts.channel(kind.channel).and_then(|one| one.discriminator.clone());
        let mut inputs = field_inputs(&own.payload, &base, discriminator.as_deref());
        if is_first {
            inputs.extend(whole_inputs(&base, discriminator.as_deref()));
        }
        for input in inputs {
            let Input { variation, field, value } = input;
            let message = with_value(contracts, &usual, value);
            let special = (Some(variation), field.unwrap_or_default());
            self.add(message, (kind, Some(own)), special, tells);
        }
        if is_first {
            for HeaderInput { name, value } in header_inputs(&own.headers) {
                let Some(known) = HEADERS.into_iter().find(|known| *known == name) else {
                    continue;
                };
                let headers = match value {
                    Some(bytes) => HeadersFrom::Damaged(known, bytes),
                    None => HeadersFrom::Without(known),
                };
                let message = Message { headers, ..usual.clone() };
                self.add(message, (kind, Some(own)), (None, name), tells);
            }
        }
        true
    }

    /// Whether the documents leave open what comes of an input, so that it is never sent.
    fn leaves_open(&self, message: &Message) -> bool {
        matches!(&message.value, Value::Json(value) if (self.is_left_open)(value))
    }

    /// Adds an input, unless it is nothing to send; whether it is answered.
    fn add(
        &mut self,
        message: Message,
        (of, own): (&MessageKind, Option<&crate::contract::Message>),
        (variation, place): (Option<Variation>, String),
        tells: bool,
    ) -> Option<bool> {
        self.rehearsal.admit(&[TenantSpec::default()]);
        let step = Step::new(0, 0, Act::Send(message));
        let outgoing = self.rehearsal.record(&step)?;
        let became = self.rehearsal.take(&step)?;
        let kind = kind(&self.reader, &outgoing, &became);
        let Act::Send(message) = step.act else { return None };
        let is_silent = matches!(became, Became::Refused { .. } | Became::Unreadable);
        // Whether a value that is none of the documented ones is read at all is open; where
        // nothing comes of it, that makes no difference.
        let is_open = !is_silent && own.is_some_and(|own| reads_unlisted(&own.payload, &outgoing));
        let bytes = outgoing.record.value_bytes().map(<[u8]>::to_vec);
        let headers = format!("{:?}", message.headers);
        let headers = (message.headers != HeadersFrom::Tenant).then_some(headers);
        let is_new = self.seen.insert((outgoing.channel, bytes, headers));
        if is_open || !is_new || self.leaves_open(&message) {
            return None;
        }
        let is_answered = became == Became::Answered;
        let of = of.label.clone();
        self.made.push(Made { message, of, variation, place, kind, became, tells });
        Some(is_answered)
    }
}

/// Whether a field is read as none of its documented values.
fn reads_unlisted(payload: &Schema, outgoing: &Outgoing) -> bool {
    let value = Json::parse(outgoing.record.value_bytes().unwrap_or_default());
    let read = value.ok().and_then(|value| read(payload, &value));
    let problems = read.map(|read| payload.problems(&read)).unwrap_or_default();
    problems.iter().any(|problem| problem.kind == ProblemKind::NotListed)
}

/// A value whose fields are those of another one, where that has them.
fn over(under: Json, over: Json) -> Json {
    match (under, over) {
        (Json::Object(mut fields), Json::Object(own)) => {
            for (name, value) in own {
                let old = fields.get(&name).cloned().unwrap_or_default();
                fields.insert(name, self::over(old, value));
            }
            Json::Object(fields)
        }
        (under, Json::Null) => under,
        (_, over) => over,
    }
}

/// A message with another value; one that is an object has the key that its contract names.
fn with_value(contracts: &Contracts, usual: &Message, value: Option<Vec<u8>>) -> Message {
    let json = value.as_deref().and_then(|bytes| Json::parse(bytes).ok());
    match (json, value) {
        (Some(json @ Json::Object(_)), Some(bytes)) if json.to_bytes() == bytes => {
            Message { value: Value::Json(json), ..usual.clone() }
        }
        (json, value) => {
            let channel = contracts.channel_ix(&usual.channel);
            let key = channel.zip(json).and_then(|(ix, json)| contracts.key_for(ix, &json));
            Message { value: Value::Bytes(value), key: KeyFrom::Bytes(key), ..usual.clone() }
        }
    }
}

#[cfg(test)]
mod tests;
