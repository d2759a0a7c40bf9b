//! A contract: what one service's own document says about what it reads and sends.
//!
//! What this is: the document as data, unchanged; several contracts disagree where their documents
//! do. What it is not: a verdict on records, see [`super::Contracts`].
//!
//! What always holds: each operation names a channel of the same contract. Start at [`Contract`].

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::open::{OpenChannel, OpenDocument, OpenTopic};
use super::{HeaderEncoding, KeyEncoding, Pattern, Schema};
use crate::diagnostic::{SourceFile, Span};

/// What a service does with the messages of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It reads them.
    Receive,
    /// It sends them.
    Send,
}

impl Action {
    /// The word in contracts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Send => "send",
        }
    }
}

/// What a statement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The service's document says it.
    Documented,
    /// The documents are silent; implementations in the field do it.
    Field,
}

impl Basis {
    /// The word in contracts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Field => "field",
        }
    }
}

/// The consumer group of a service.
#[derive(Clone, Debug)]
pub struct Group {
    /// How it is named.
    pub name: GroupName,
    /// What that rests on.
    pub basis: Basis,
}

/// The name of a consumer group, or what it looks like.
#[derive(Clone, Debug)]
pub enum GroupName {
    /// Always this.
    Exactly(String),
    /// A name for each instance.
    Like(Pattern),
}

impl Group {
    /// Whether a group of this name is the service's.
    #[must_use]
    pub fn admits(&self, name: &str) -> bool {
        match &self.name {
            GroupName::Exactly(exactly) => exactly == name,
            GroupName::Like(pattern) => pattern.matches(name),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            GroupName::Exactly(name) => f.write_str(name),
            GroupName::Like(pattern) => write!(f, "/{}/", pattern.as_str()),
        }
    }
}

/// An operation of a service on a channel.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name in the document.
    pub name: String,
    /// Reading or sending.
    pub action: Action,
    /// The channel.
    pub channel: String,
    /// Which of the channel's messages; `None` for all.
    pub messages: Option<Vec<String>>,
    /// The consumer group of a reading operation.
    pub group: Option<Group>,
    /// Where it stands.
    pub span: Span,
}

/// Which field a message is keyed by, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRule {
    /// A JSON pointer into the payload.
    pub field: String,
    /// How the id becomes bytes.
    pub encoding: KeyEncoding,
    /// What it rests on.
    pub basis: Basis,
    /// Where it stands.
    pub span: Span,
}

/// A header that messages may or must carry.
#[derive(Clone, Debug)]
pub struct HeaderRule {
    /// Its name.
    pub name: String,
    /// How its value becomes bytes.
    pub encoding: HeaderEncoding,
    /// Whether it must be there.
    pub required: bool,
    /// Whether an empty value is refused.
    pub non_empty: bool,
    /// What people are told.
    pub description: Option<String>,
}

/// One kind of message, as one contract sees it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its type, or `default` on a channel with one kind.
    pub name: String,
    /// A few words.
    pub title: Option<String>,
    /// What it means, and which document says so.
    pub description: Option<String>,
    /// What its value must be.
    pub payload: Schema,
    /// Its headers.
    pub headers: Vec<HeaderRule>,
    /// Its key, where there is a stable one.
    pub key: Option<KeyRule>,
    /// Where it stands.
    pub span: Span,
}

/// A channel, as one contract sees it.
#[derive(Clone, Debug)]
pub struct ChannelView {
    /// The name that all contracts use.
    pub name: String,
    /// The environment variable with the topic's name, itself the default name.
    pub address: String,
    /// What it carries.
    pub description: Option<String>,
    /// The field that tells the kinds apart; `None` for a channel with one kind.
    pub discriminator: Option<String>,
    /// The kinds that this contract knows, by name.
    pub messages: IndexMap<String, Message>,
    /// Where it stands.
    pub span: Span,
    /// What checks its records where the contract is not portable, and its topics.
    pub(crate) open: Option<(Arc<OpenChannel>, OpenTopic)>,
}

/// What one service's document says.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The service, as the program calls it: `effective_stats`.
    pub service: String,
    /// The service, as people call it.
    pub title: String,
    /// The version of the document.
    pub version: String,
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    /// Where the service is named in it.
    pub span: Span,
    /// The channels it uses, by name.
    pub channels: IndexMap<String, ChannelView>,
    /// What it does with them.
    pub operations: Vec<Operation>,
    /// The document that it is of, where it is not portable.
    pub(crate) open: Option<Arc<OpenDocument>>,
}

impl Contract {
    /// Whether the service does this with a channel.
    #[must_use]
    pub fn does(&self, action: Action, channel: &str) -> bool {
        self.operations
            .iter()
            .any(|operation| operation.action == action && operation.channel == channel)
    }

    /// The kinds of a channel that the service reads or sends.
    pub fn messages(&self, action: Action, channel: &str) -> impl Iterator<Item = &Message> {
        let view = self.channels.get(channel);
        let all = view.into_iter().flat_map(|view| view.messages.values());
        let channel = channel.to_owned();
        all.filter(move |message| {
            self.operations.iter().any(|operation| {
                operation.action == action
                    && operation.channel == channel
                    && operation.messages.as_ref().is_none_or(|only| only.contains(&message.name))
            })
        })
    }

    /// The consumer group of the service, where it reads at all.
    #[must_use]
    pub fn group(&self) -> Option<&Group> {
        self.operations.iter().find_map(|operation| operation.group.as_ref())
    }
}
