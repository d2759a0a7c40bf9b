//! Valid examples of messages: records that were seen, examples of documents, made values.

use crate::asyncapi;
use crate::compatibility::fitting;
use crate::contract::inputs::typical;
use crate::contract::{Contracts, HeaderEncoding, Message, key_rule};
use crate::evolution::{Document, Inclusion, included};
use crate::message::{ChannelIx, Header, Headers, Json, KeyBytes, Payload, Record, TraceParent};

/// What made headers say.
const TEXT: &[u8] = b"text";
const UUID: &[u8] = b"5e550000-0000-4000-8000-000000000001";
const TRACE: TraceParent =
    TraceParent { trace: 0x5e55_0000_0000_4000_8000_0000_0000_0001, span: 1, flags: 1 };

/// Records of a message that its contract has examples of, or that can be made from it; whether
/// they are valid is for the contract to say.
pub(super) fn made(
    contracts: &Contracts,
    channel: ChannelIx,
    (message, described): (&Message, &asyncapi::Message),
) -> Vec<Record> {
    let mut values: Vec<Json> = Vec::new();
    for example in &described.examples {
        values.extend(example.payload.as_ref().map(|tree| tree.json().into()));
    }
    let schema = described.payload.schema();
    if values.is_empty() && schema.is_some() {
        values.push(typical(&message.payload, &[]));
    }
    let of = |value: &Json| Record {
        key: contracts.key_for(channel, value).or_else(|| key(described, value)),
        headers: headers(message, described),
        value: Some(Payload::new(&framed(described, value.to_bytes()))),
    };
    let mut records: Vec<_> = values.iter().map(of).collect();
    // Where what is typical does not fit, a smallest value may.
    let smallest = || smallest(schema?).map(Json::from);
    if described.examples.is_empty() {
        records.extend(smallest().as_ref().map(of));
    }
    records
}

fn framed(described: &asyncapi::Message, value: Vec<u8>) -> Vec<u8> {
    match described.framing {
        asyncapi::Framing::Plain => value,
        asyncapi::Framing::Registry => [&[0, 0, 0, 0, 1], &value[..]].concat(),
    }
}

/// The smallest value that a schema accepts, as far as one is found.
fn smallest(schema: &asyncapi::Schema) -> Option<serde_json::Value> {
    let of = |value: &serde_json::Value| Document { schema: value.into(), draft: schema.draft };
    let (accepting, nothing) = (of(&schema.value), of(&serde_json::Value::Bool(false)));
    match included(&accepting, &nothing) {
        // Formats are remarks there, and demands here.
        Inclusion::Fails(value) => fitting(&value, &accepting.schema).to_serde(),
        Inclusion::Holds | Inclusion::Unknown(_) => None,
    }
}

/// The key of a record: made from a field of the value, or of a schema of its own.
fn key(described: &asyncapi::Message, value: &Json) -> Option<KeyBytes> {
    if let Some(rule) = described.made_key.as_ref().and_then(key_rule) {
        let id = value.pointer(&rule.field)?.as_integer()?;
        return Some(rule.encoding.encode(u32::try_from(id).ok()?));
    }
    let value = smallest(described.record_key.schema()?)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(KeyBytes::from_slice(text.as_bytes()))
}

fn headers(message: &Message, described: &asyncapi::Message) -> Headers {
    let sample = |encoding: HeaderEncoding| match encoding {
        HeaderEncoding::UuidText => UUID.to_vec(),
        HeaderEncoding::Utf8 => TEXT.to_vec(),
        HeaderEncoding::Uint16Be => vec![0, 1],
        HeaderEncoding::TraceParent => TRACE.to_string().into_bytes(),
        HeaderEncoding::TraceState => b"quintet=1".to_vec(),
    };
    let own = message.headers.iter();
    let mut list: Vec<_> =
        own.map(|rule| Header::new(&rule.name, &sample(rule.encoding))).collect();
    if list.is_empty()
        && let Some(schema) = described.headers.schema()
        && let Some(serde_json::Value::Object(all)) = smallest(schema)
    {
        let text = |value: &serde_json::Value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        list.extend(all.iter().map(|(name, value)| Header::new(name, text(value).as_bytes())));
    }
    Headers::from_list(list)
}

/// The record with other headers.
pub(super) fn with_headers(record: &Record, list: Vec<Header>) -> Record {
    Record { headers: Headers::from_list(list), ..record.clone() }
}
