//! Contracts of anybody: an AsyncAPI document as it stands, made ready to check records.
//!
//! What this is: [`OpenDocument`], a document whose schemas are compiled, and what it says of a
//! record ([`Opinion`]). What it is not: the portable profile; nothing here demands it.
//!
//! What always holds: a schema is judged by the crate `jsonschema`; where a schema keeps to the
//! portable keywords, the scanner may say *yes* before. What cannot be checked raises no problem.

mod adopt;
mod approximate;
mod compiled;
mod name;
mod record;
mod review;
mod telling;
mod topic;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::KeyRule;
use crate::asyncapi::{Body, Direction, Document};
use crate::diagnostic::Diagnostic;

pub(super) use adopt::adopt;
pub(super) use approximate::approximate;
pub(super) use compiled::Compiled;
pub(crate) use compiled::part_validator;
pub(crate) use name::key_rule;
pub(crate) use record::Opinion;
pub(crate) use review::review;
use telling::Telling;
pub(crate) use telling::told_by;
pub(crate) use topic::OpenTopic;

/// A document, ready to check records.
#[derive(Debug)]
pub(crate) struct OpenDocument {
    /// What it says.
    pub(crate) document: Arc<Document>,
    /// By channel.
    channels: Vec<Arc<OpenChannel>>,
}

/// A channel of a document, ready to check records.
#[derive(Debug)]
pub(crate) struct OpenChannel {
    document: Arc<Document>,
    /// Which channel of the document.
    number: usize,
    /// By message.
    messages: Vec<OpenMessage>,
    telling: Telling,
    /// Names of fields whose values are never shown, in lower case.
    sensitive: Arc<BTreeSet<String>>,
}

/// A message, ready to check records.
#[derive(Debug)]
struct OpenMessage {
    value: Part,
    headers: Part,
    key: Part,
    made_key: Option<KeyRule>,
    /// Whether the service sends it.
    is_sent: bool,
}

/// A part of a record.
#[derive(Clone, Debug)]
enum Part {
    /// It may be anything.
    Free,
    /// Nothing here can check it.
    NotChecked,
    /// It meets a schema.
    Schema(Arc<Compiled>),
}

impl Part {
    fn compiled(&self) -> Option<&Arc<Compiled>> {
        match self {
            Self::Schema(compiled) => Some(compiled),
            _ => None,
        }
    }
}

impl OpenDocument {
    /// Compiles the schemas of a document. One that is no schema is an error.
    pub(crate) fn new(document: &Arc<Document>, diagnostics: &mut Vec<Diagnostic>) -> Arc<Self> {
        let mut sensitive = BTreeSet::new();
        let bodies = document.channels.iter().flat_map(|channel| &channel.messages);
        for message in bodies {
            for body in [&message.payload, &message.headers, &message.record_key] {
                if let Some(schema) = body.schema() {
                    name::sensitive(&schema.value, &mut sensitive);
                }
            }
        }
        let sensitive = Arc::new(sensitive);
        let channels = (0..document.channels.len()).map(|number| {
            Arc::new(OpenChannel::new(document, number, Arc::clone(&sensitive), diagnostics))
        });
        Arc::new(Self { channels: channels.collect(), document: Arc::clone(document) })
    }
}

impl OpenChannel {
    fn new(
        document: &Arc<Document>,
        number: usize,
        sensitive: Arc<BTreeSet<String>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let channel = &document.channels[number];
        let mut part = |body: &Body| match body {
            Body::Free => Part::Free,
            Body::NotChecked => Part::NotChecked,
            Body::Schema(schema) => match Compiled::new(schema) {
                Ok(compiled) => Part::Schema(Arc::new(compiled)),
                Err((at, why)) => {
                    diagnostics.push(document.error("asyncapi::bad-schema", why, at));
                    Part::NotChecked
                }
            },
        };
        let messages: Vec<_> = channel
            .messages
            .iter()
            .map(|message| OpenMessage {
                value: part(&message.payload),
                headers: part(&message.headers),
                key: part(&message.record_key),
                made_key: message.made_key.as_ref().and_then(key_rule),
                is_sent: document.does(Direction::Send, number, &message.key),
            })
            .collect();
        let telling = Telling::of(channel);
        Self { document: Arc::clone(document), number, messages, telling, sensitive }
    }

    /// Which channel of the document it is.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// What the document says of the channel.
    pub(crate) fn channel(&self) -> &crate::asyncapi::Channel {
        &self.document.channels[self.number]
    }

    /// Whether the service sends a message on the channel.
    pub(crate) fn is_sender(&self) -> bool {
        self.messages.iter().any(|message| message.is_sent)
            || self.does_without_messages(Direction::Send)
    }

    fn does_without_messages(&self, direction: Direction) -> bool {
        self.messages.is_empty()
            && self
                .document
                .operations
                .iter()
                .any(|one| one.direction == direction && one.channel == self.number)
    }
}
