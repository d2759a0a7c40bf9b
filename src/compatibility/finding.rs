//! What is found where two documents disagree.

use std::sync::Arc;

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::diagnostic::{SourceFile, Span};
use crate::evolution::{DATA, Json, MAPS};

/// What a disagreement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A message that is sent is refused by who reads it.
    Breaks,
    /// What one side speaks of does not reach the other, or not in the order that is promised.
    LosesData,
    /// The same is said in other words.
    Cosmetic,
}

impl Effect {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::LosesData => "loses data",
            Self::Cosmetic => "cosmetic",
        }
    }
}

/// A kind of disagreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisagreementKind {
    /// Its name.
    pub name: &'static str,
    /// What it means, in one line.
    pub text: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $text:literal: $words:literal,)*) => {
        /// All kinds, in the order of the documents.
        pub static KINDS: &[DisagreementKind] =
            &[$(DisagreementKind { name: $text, text: $words },)*];
        $(pub(super) const $name: &str = $text;)*
    };
}

kinds! {
    CHANNEL_WITHOUT_SENDER = "channel-without-sender":
        "a channel is read, and no document says who sends on it",
    CHANNEL_WITHOUT_RECEIVER = "channel-without-receiver":
        "a channel is sent on, and no document says who reads it",
    DISCRIMINATOR_DIFFERS = "discriminator-differs":
        "sender and receiver tell the messages of a channel apart by different fields",
    MESSAGE_NOT_READ = "message-not-read":
        "a message is sent that a receiver of its channel does not know",
    MESSAGE_NEVER_SENT = "message-never-sent":
        "a receiver knows a message that no sender of its channel sends",
    FIELD_NOT_PROMISED = "field-not-promised":
        "a receiver reads a field that the sender never promises",
    FIELD_NOT_ALWAYS_SENT = "field-not-always-sent":
        "a receiver needs a field that the sender may leave out",
    FIELD_NOT_READ = "field-not-read":
        "a field is sent that a receiver does not read",
    TYPE_REFUSED = "type-refused":
        "a field is sent with a type that the receiver refuses",
    RANGE_REFUSED = "range-refused":
        "a field is sent with numbers, lengths or counts that the receiver refuses",
    VALUE_REFUSED = "value-refused":
        "a field is sent with values that are not in the receiver's enumeration",
    SCHEMA_REFUSED = "schema-refused":
        "a value is sent that the receiver's schema refuses for another reason",
    FORMAT_DIFFERS = "format-differs":
        "a receiver takes a text to be of a format that the sender does not name",
    VALUE_NEVER_SENT = "value-never-sent":
        "a receiver expects a value of an enumeration that no sender sends",
    HEADER_NOT_PROMISED = "header-not-promised":
        "a receiver needs a header that the sender does not promise",
    HEADER_NOT_READ = "header-not-read":
        "a header is sent that a receiver does not know",
    HEADER_ENCODING_DIFFERS = "header-encoding-differs":
        "sender and receiver write a header's value in different bytes",
    HEADER_MAY_BE_EMPTY = "header-may-be-empty":
        "a receiver refuses an empty header, and the sender may send one",
    KEY_NOT_PROMISED = "key-not-promised":
        "a receiver counts on a key, and the sender names none",
    KEY_SOURCE_DIFFERS = "key-source-differs":
        "sender and receiver take the key from different fields",
    KEY_ENCODING_DIFFERS = "key-encoding-differs":
        "sender and receiver write the key in different bytes",
    KEY_ALWAYS_THE_SAME = "key-always-the-same":
        "a message is keyed by a field that always has the same value, so the key orders nothing",
    CONTENT_TYPE_DIFFERS = "content-type-differs":
        "sender and receiver write values in different formats",
    TYPE_NAMED_DIFFERENTLY = "type-named-differently":
        "fields of one name take the same values, and their type has different names",
    NAME_FOR_TWO_THINGS = "name-for-two-things":
        "fields of one name have types that share no value",
    UNDECIDED = "undecided":
        "whether the receiver takes what is sent is not decided within the budget",
}

/// A place in a document.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes.
    pub span: Span,
    /// What stands there.
    pub what: String,
}

impl Place {
    /// The path of the file, and the line and column, counted from 1.
    #[must_use]
    pub fn position(&self) -> (&str, usize, usize) {
        let (line, column) = self.file.position(self.span.start);
        (&self.file.path, line, column)
    }
}

/// One thing that two documents do not agree on.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// Its kind: one of [`KINDS`].
    pub rule: &'static str,
    /// What it does.
    pub effect: Effect,
    /// The channel; empty where it is about no channel.
    pub channel: String,
    /// The message; empty where it is about no message.
    pub message: String,
    /// A JSON pointer into the message's value, or the name of a header; empty for neither.
    pub field: String,
    /// The services that send, joined by `, `.
    pub sender: String,
    /// The service that reads.
    pub receiver: String,
    /// What it is, in one sentence.
    pub text: String,
    /// Where both sides say what they say.
    pub places: Vec<Place>,
    /// A value that is sent, and refused or not read whole.
    pub witness: Option<Value>,
    /// What is said beside names, so that another disagreement of the same field is another.
    pub detail: String,
}

impl Disagreement {
    /// 16 hexadecimal digits, the same as long as both documents say the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let parts = [
            self.rule,
            &self.channel,
            &self.message,
            &self.field,
            &self.sender,
            &self.receiver,
            &self.detail,
        ];
        format!("{:016x}", xxh3_64(parts.join("\u{1f}").as_bytes()))
    }

    /// `SENDER → RECEIVER`, as far as there are both.
    #[must_use]
    pub fn between(&self) -> String {
        match (self.sender.is_empty(), self.receiver.is_empty()) {
            (false, false) => format!("{} → {}", self.sender, self.receiver),
            (false, true) => self.sender.clone(),
            _ => self.receiver.clone(),
        }
    }

    /// `CHANNEL/MESSAGE FIELD`, as far as there are such
    #[must_use]
    pub fn subject(&self) -> String {
        let mut text = self.channel.clone();
        if !self.message.is_empty() {
            text = format!("{text}/{}", self.message);
        }
        if !self.field.is_empty() {
            text = format!("{text} {}", self.field);
        }
        text.trim().to_owned()
    }
}

/// A schema without what refuses no value, as a text that depends on nothing else.
pub(super) fn canonical(schema: &Json) -> String {
    without_remarks(schema).to_serde().map_or_else(String::new, |value| value.to_string())
}

fn without_remarks(schema: &Json) -> Json {
    const REMARKS: [&str; 10] = [
        "title",
        "description",
        "default",
        "examples",
        "example",
        "$comment",
        "deprecated",
        "readOnly",
        "writeOnly",
        "externalDocs",
    ];
    match schema {
        Json::Record(members) => {
            let kept = members.iter().filter(|(keyword, _)| {
                !keyword.starts_with("x-") && !REMARKS.contains(&&***keyword)
            });
            let kept = kept.map(|(keyword, value)| {
                let value = match value {
                    Json::List(items) if matches!(&**keyword, "required" | "enum" | "type") => {
                        let mut items = items.clone();
                        items.sort();
                        Json::List(items)
                    }
                    _ if DATA.contains(&&**keyword) => value.clone(),
                    Json::Record(inner) if MAPS.contains(&&**keyword) => {
                        let inner = inner.iter();
                        Json::Record(
                            inner.map(|(name, one)| (name.clone(), without_remarks(one))).collect(),
                        )
                    }
                    value => without_remarks(value),
                };
                (keyword.clone(), value)
            });
            Json::Record(kept.collect())
        }
        Json::List(items) => Json::List(items.iter().map(without_remarks).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use crate::evolution::Json;

    #[test]
    fn remarks_and_order_do_not_count() {
        let text = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            canonical(&Json::from(&value))
        };
        let plain = r#"{"type": "object", "required": ["a", "b"], "properties": {"title": {}}}"#;
        let other = r#"{"description": "x", "properties": {"title": {"x-type": "y"}},
            "required": ["b", "a"], "type": "object"}"#;
        assert_eq!(text(plain), text(other));
        assert_eq!(
            text(plain),
            r#"{"properties":{"title":{}},"required":["a","b"],"type":"object"}"#
        );
        assert_ne!(text(plain), text(r#"{"type": "object", "required": ["a"]}"#));
    }
}
