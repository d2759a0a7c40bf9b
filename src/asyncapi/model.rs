//! An AsyncAPI document, its references followed and its traits applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree::{At, Tree};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::evolution::Draft;

/// What one document says.
#[derive(Clone, Debug)]
pub struct Document {
    /// The service: `x-service`, else made of the title; empty where there is neither.
    pub service: String,
    /// The title.
    pub title: String,
    /// The version of the document.
    pub version: String,
    /// Its files: itself, and those that it refers to.
    pub files: Arc<[Arc<SourceFile>]>,
    /// Where the service is named.
    pub at: At,
    /// The whole of it, references not followed.
    pub root: Arc<Tree>,
    /// Its channels.
    pub channels: Vec<Channel>,
    /// What the service does with them.
    pub operations: Vec<Operation>,
    /// What nothing checks, each once.
    pub not_checked: Vec<NotChecked>,
}

/// Something that nothing checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// What it is, and why.
    pub what: String,
    /// Where it stands.
    pub at: At,
}

/// A channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its key in the document.
    pub name: String,
    /// The topic: of the Kafka binding, else the address; with `{name}` where a parameter stands.
    /// `None` where it is not known before run time.
    pub topic: Option<String>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it carries.
    pub description: Option<String>,
    /// `x-discriminator`: the field that tells messages apart.
    pub discriminator: Option<String>,
    /// Whether a record without a value deletes its key.
    pub is_compacted: bool,
    /// How many partitions its topic has, as it is written, where that is said.
    pub partitions: Option<String>,
    /// The servers that it is on, by name; none for all.
    pub servers: Vec<String>,
    /// Its messages.
    pub messages: Vec<Message>,
    /// Where it stands.
    pub at: At,
}

/// A parameter of a channel's address.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The values that it may have; any where there are none.
    pub allowed: Vec<String>,
    /// What it means.
    pub description: Option<String>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its key in the channel.
    pub key: String,
    /// `name`, else the key.
    pub name: String,
    /// A few words.
    pub title: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// The content type, where one is given.
    pub content_type: Option<String>,
    /// What its value must be.
    pub payload: Body,
    /// What its headers must be, as one object.
    pub headers: Body,
    /// What the key of its records must be.
    pub record_key: Body,
    /// What stands before the value.
    pub framing: Framing,
    /// `x-key`: from which field the key is made.
    pub made_key: Option<Key>,
    /// Its examples.
    pub examples: Vec<Example>,
    /// `x-invalid-examples`: values that the schemas are to refuse.
    pub invalid_examples: Vec<Example>,
    /// Where it stands.
    pub at: At,
}

/// A part of a record, as a document describes it.
#[derive(Clone, Debug)]
pub enum Body {
    /// The document says nothing of it.
    Free,
    /// A JSON Schema.
    Schema(Arc<Schema>),
    /// Described in a way that nothing here checks.
    NotChecked,
}

impl Body {
    /// The schema, where there is one.
    #[must_use]
    pub fn schema(&self) -> Option<&Arc<Schema>> {
        match self {
            Self::Schema(schema) => Some(schema),
            _ => None,
        }
    }
}

/// What stands before the value of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Nothing.
    Plain,
    /// The id of a schema in a registry: a zero byte and four more.
    Registry,
}

/// From which field a key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// A JSON pointer into the value.
    pub field: String,
    /// How it becomes bytes, as the document calls it.
    pub encoding: String,
    /// Whether the document says so itself, and not only what is seen in the field.
    pub is_documented: bool,
    /// Where it stands.
    pub at: At,
}

/// An example of a message.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its name.
    pub name: Option<String>,
    /// The value.
    pub payload: Option<Arc<Tree>>,
    /// The headers.
    pub headers: Option<Arc<Tree>>,
    /// Where it stands.
    pub at: At,
}

/// A JSON Schema without references to elsewhere.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The draft that it follows.
    pub draft: Draft,
    /// The schema; what it refers to is in its `definitions` (draft 7) or `$defs`.
    pub value: serde_json::Value,
    /// Where it stands.
    pub at: At,
    /// The places of its parts, by JSON pointer.
    pub(super) places: BTreeMap<String, At>,
}

impl Schema {
    /// Where a part of the schema stands, by a JSON pointer into [`Schema::value`]; of what has no
    /// place of its own, that of what it is part of.
    #[must_use]
    pub fn place(&self, pointer: &str) -> At {
        let mut pointer = pointer;
        loop {
            if let Some(at) = self.places.get(pointer) {
                return *at;
            }
            match pointer.rsplit_once('/') {
                Some((above, _)) => pointer = above,
                None => return self.at,
            }
        }
    }
}

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The service reads.
    Receive,
    /// The service writes.
    Send,
}

/// What the service does with a channel.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its key in the document.
    pub name: String,
    /// Reading or writing.
    pub direction: Direction,
    /// The channel, by its place in [`Document::channels`].
    pub channel: usize,
    /// The keys of the messages that it is about: all of the channel where none is named.
    pub messages: Vec<String>,
    /// Whether it is the answer that belongs to another operation.
    pub is_reply: bool,
    /// The consumer group, where the document names one or says what it looks like.
    pub group: Option<Arc<Tree>>,
    /// Where it stands.
    pub at: At,
}

impl Document {
    /// Whether the service does this with a message of a channel.
    #[must_use]
    pub fn does(&self, direction: Direction, channel: usize, message: &str) -> bool {
        self.operations.iter().any(|operation| {
            operation.direction == direction
                && operation.channel == channel
                && operation.messages.iter().any(|known| known == message)
        })
    }

    /// `FILE:LINE:COLUMN` of a place.
    #[must_use]
    pub fn shown(&self, at: At) -> String {
        let file = &self.files[at.file.min(self.files.len() - 1)];
        let (line, column) = file.position(at.span.start);
        format!("{}:{line}:{column}", file.path)
    }

    /// An error at a place.
    #[must_use]
    pub fn error(&self, code: &'static str, message: impl Into<String>, at: At) -> Diagnostic {
        let file = &self.files[at.file.min(self.files.len() - 1)];
        Diagnostic::error(code, message, file, at.span)
    }
}
