//! Sequence properties: what must come before, after, or for what, as data.
//!
//! What this is: [`Properties`], what a file `*.properties.yaml` says ([`Properties::read`]); the
//! words for it ([`WORDS`]); and [`Checker`], which holds records against properties, one after
//! the other. What it is not: it knows no service, and asks no contract but for names.
//!
//! What always holds: records are told apart by the values of the key fields, and by tenant unless
//! a property says otherwise; what a record that was not seen, or a moment in doubt, could explain
//! is inconclusive and never a violation; no message shows the value of a field. Start at
//! [`Properties::read`].

mod check;
mod evidence;
mod judge;
mod read;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use check::Checker;
pub use evidence::{Doubt, Evidence};
pub use vocabulary::{FieldInfo, WORDS, Word};

use std::time::Duration;

use crate::message::{ChannelIx, Json};
use crate::rule::{Rule, RuleId};

/// The properties of files, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// The properties.
    pub all: Vec<Property>,
}

/// One property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name, as a rule of reports.
    pub rule: RuleId,
    /// What it demands.
    pub kind: Kind,
    /// The records that open, call for or come first: none for [`Kind::AtMostOnce`].
    pub first: Side,
    /// The records that answer or come then.
    pub then: Side,
    /// Whether records of different tenants have nothing to do with each other.
    pub per_tenant: bool,
}

/// What a property demands of the records that have the same values in the key fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of `then` comes only after one of `first`: `answers_carry`, `ordered`.
    Ordered,
    /// There are no two of `then`.
    AtMostOnce,
    /// Where there is one of `first`, there is exactly one of `then`.
    ExactlyOnce,
    /// One of `then` comes within this time after each of `first`.
    AnsweredWithin(Duration),
    /// None of `then` comes before the first of `first`.
    NotBefore,
    /// None of `then` comes after one of `first`.
    NotAfter,
    /// One of `first`, then one of `then`, and so on.
    Alternates {
        /// Whether another of `first` may come before one of `then`.
        may_repeat: bool,
    },
}

impl Kind {
    /// Whether it matters which of two records came first.
    pub(crate) fn looks_at_order(self) -> bool {
        !matches!(self, Self::AtMostOnce | Self::ExactlyOnce)
    }
}

/// Some messages, and the fields by which their records belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Which records.
    pub messages: Vec<Target>,
    /// The key fields, as JSON pointers.
    pub by: Vec<String>,
    /// The messages as the file writes them.
    pub name: String,
    /// Whether a field that is not there counts as null; otherwise its record is left out.
    pub takes_absent: bool,
}

/// A message, or a channel with all its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The channel.
    pub channel: ChannelIx,
    /// The kind of message; any where there is none.
    pub message: Option<crate::contract::MessageIx>,
}

impl Side {
    fn has(&self, channel: ChannelIx, message: Option<crate::contract::MessageIx>) -> bool {
        self.messages
            .iter()
            .any(|one| one.channel == channel && (one.message.is_none() || one.message == message))
    }

    /// The values of the key fields; `None` where one of them is not there.
    fn key(&self, value: &Json) -> Option<String> {
        let null = self.takes_absent.then_some(&Json::Null);
        let value = |pointer: &String| value.pointer(pointer).or(null).map(Json::to_string);
        let values = self.by.iter().map(value);
        Some(values.collect::<Option<Vec<_>>>()?.join("\n"))
    }

    /// The key fields as people write them: `orderId and body.code`.
    fn fields(&self) -> String {
        let dotted = |pointer: &String| pointer.trim_start_matches('/').replace('/', ".");
        self.by.iter().map(dotted).collect::<Vec<_>>().join(" and ")
    }
}

impl Properties {
    /// Adds those of another file.
    pub fn extend(&mut self, other: Self) {
        self.all.extend(other.all);
    }

    /// Their rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> + '_ {
        self.all.iter().map(|one| one.rule.rule())
    }
}
