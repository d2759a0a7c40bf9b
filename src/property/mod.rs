//! Sequence properties: what must come before, after, or for what, as data.
//!
//! What this is: [`Properties`], what a file `*.properties.yaml` says ([`Properties::read`]); the
//! words for it ([`WORDS`]); and [`Checker`], which holds records against properties, one after
//! the other. What it is not: it knows no service, and asks no contract but for names.
//!
//! What always holds: records are told apart by the values of the key fields, and by tenant unless
//! a property says otherwise; an event that a crash doubled counts once; what a record that was
//! not seen, or a moment in doubt, could explain is inconclusive and never a violation; no message
//! shows the value of a field. Start at [`Properties::read`].

mod check;
mod evidence;
mod judge;
mod read;
mod roles;
mod vocabulary;

pub use check::Checker;
pub use evidence::{Doubt, Evidence};
pub use vocabulary::{FieldInfo, WORDS, Word};

use std::time::Duration;

use crate::message::Json;
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
    /// The rule that it is in reports; several properties may be one rule.
    pub rule: RuleId,
    /// What it demands.
    pub kind: Kind,
    /// The records that open, call for or come first: none for [`Kind::AtMostOnce`].
    pub first: Side,
    /// The records that answer or come then.
    pub then: Side,
    /// The records that may cause one of `then` whatever came before it.
    pub excuse: Option<Side>,
    /// How tenants are told apart.
    pub tenants: Tenants,
    /// Whether only those of `then` are judged that a service emits.
    pub emitted_only: bool,
}

/// Whether records of different tenants have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tenants {
    /// They have nothing to do with each other; records without a tenant are one tenant.
    #[default]
    Apart,
    /// As [`Tenants::Apart`], but what has no tenant, or not that of its cause, is left out.
    Required,
    /// They are not told apart.
    Together,
}

/// What a property demands of the records that have the same values in the key fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of `then` comes only after one of `first`.
    Ordered {
        /// Whether it answers that one, and so comes soon after it.
        is_answer: bool,
    },
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
    pub messages: Vec<Selected>,
    /// The key fields, as JSON pointers.
    pub by: Vec<String>,
    /// The messages as the file writes them.
    pub name: String,
}

/// Which records of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// The message.
    pub target: Target,
    /// What fields must hold, by their JSON pointers.
    pub filters: Vec<(String, Json)>,
    /// Where there are some, only what one of these is known to have caused.
    pub caused_by: Vec<Target>,
    /// The key fields of this message, where they have other names than those of its side.
    pub by: Option<Vec<String>>,
}

/// A message, or a channel with all its messages, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The channel.
    pub channel: String,
    /// The kind of message; any where there is none.
    pub message: Option<String>,
}

impl Target {
    /// As files write it: `order.status/PAID`.
    fn told(&self) -> String {
        let message = self.message.as_ref().map(|message| format!("/{message}"));
        format!("{}{}", self.channel, message.unwrap_or_default())
    }
}

impl Side {
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
        let is_new = |at: usize| self.all[..at].iter().all(|one| one.rule != self.all[at].rule);
        let all = self.all.iter().enumerate().filter(move |(at, _)| is_new(*at));
        all.map(|(_, one)| one.rule.rule())
    }
}
