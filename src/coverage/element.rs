//! The parts of a contract that records can exercise.

use crate::compatibility::Place;
use crate::contract::Action;

/// What kind of part an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ElementKind {
    /// A message.
    Message,
    /// A header.
    Header,
    /// A field.
    Field,
    /// One of several types of a field.
    Type,
    /// A listed value of a field.
    Value,
    /// An alternative.
    Branch,
    /// A rule.
    Rule,
}

/// All kinds with their names and what each means.
pub const ELEMENTS: [(ElementKind, &str, &str); 7] = [
    (ElementKind::Message, "message", "a message that a service sends or reads"),
    (ElementKind::Header, "header", "a header of a message"),
    (ElementKind::Field, "field", "a field of a message, at any depth"),
    (ElementKind::Type, "type", "one of several types of a field"),
    (
        ElementKind::Value,
        "value",
        "a value of an enumeration, one of the known values of a field, or true or false",
    ),
    (
        ElementKind::Branch,
        "branch",
        "an alternative of a schema (oneOf, anyOf, if), or an optional field that is left out",
    ),
    (ElementKind::Rule, "rule", "a rule of a service, whose precondition held"),
];

impl ElementKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        ELEMENTS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }
}

/// Where records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From scenarios that were played.
    Scenarios,
    /// From captured traffic.
    Captures,
}

/// A part of a contract.
#[derive(Clone, Debug)]
pub struct Element {
    /// What it is.
    pub kind: ElementKind,
    /// Whose contract it is; empty for a rule that many share.
    pub service: String,
    /// Whether the service sends or reads it; none for a rule.
    pub action: Option<Action>,
    /// The channel; empty for a rule.
    pub channel: String,
    /// The message, by its key in the document; empty for a rule.
    pub message: String,
    /// A JSON pointer into the value, `*` for each item of a list; a header's or a rule's name;
    /// empty for the whole.
    pub field: String,
    /// The type, the value, the alternative; empty where the field says it all.
    pub detail: String,
    /// Where its document says it.
    pub place: Option<Place>,
    /// How many records exercised it, by [`Source`].
    pub seen: [u64; 2],
}

impl Element {
    /// Whether anything exercised it.
    pub fn is_exercised(&self) -> bool {
        self.seen != [0, 0]
    }

    /// `SERVICE sends CHANNEL/MESSAGE FIELD = DETAIL`, as far as there are such.
    pub fn subject(&self) -> String {
        let does = match self.action {
            Some(Action::Send) => "sends ",
            Some(Action::Receive) => "reads ",
            None => "",
        };
        let mut text = match self.service.is_empty() {
            true => does.to_owned(),
            false => format!("{} {does}", self.service),
        };
        text.push_str(&self.channel);
        if !self.message.is_empty() {
            text.push_str(&format!("/{}", self.message));
        }
        for part in [&self.field, &self.detail].into_iter().filter(|part| !part.is_empty()) {
            text.push_str(&format!(" {part}"));
        }
        text.trim().to_owned()
    }
}
