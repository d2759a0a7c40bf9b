//! Inputs, events and expected events in words.

use super::case::Act;
use super::search::Search;
use super::shape::Shape;
use crate::message::Json;

impl Search<'_> {
    pub(crate) fn tell_input(&self, at: usize) -> String {
        let subject = &self.scene.seen.subject;
        match self.case.inputs[at].act {
            Act::Record(record) => self.scene.tell(record),
            Act::Stimulus(number) => {
                format!("the stimulus {subject}.{}", self.scene.seen.asked[number].name)
            }
            Act::Query(number) => {
                format!("the question {subject}.{}", self.scene.seen.asked[number].name)
            }
            Act::Restart(_) => format!("the restart of {subject}"),
        }
    }

    pub(crate) fn tell_output(&self, at: usize) -> String {
        self.scene.tell(self.case.outputs[at].record)
    }

    /// An expected event: `one ban.status/DELETED`.
    pub(crate) fn tell_shape(&self, shape: &Shape) -> String {
        let channel = self.scene.contracts.channel_name(shape.channel);
        match &shape.kind {
            Some(kind) if kind != "default" => format!("one {channel}/{kind}"),
            _ => format!("one {channel}"),
        }
    }

    /// Whether the value of a field, by its dotted path, must not be shown.
    pub(crate) fn is_secret(&self, shape: &Shape, field: &str) -> bool {
        let pointer = format!("/{}", field.replace('.', "/"));
        let kinds = self.scene.contracts.messages(shape.channel);
        let sensitive = |kind: &crate::contract::MessageKind| {
            kind.field(&pointer).is_some_and(|field| field.sensitive)
        };
        kinds.into_iter().any(sensitive)
    }
}

/// An integer field of a value.
pub(crate) fn integer(value: &Json, pointer: &str) -> Option<i128> {
    value.pointer(pointer).and_then(Json::as_integer)
}

/// A text field of a value.
pub(crate) fn text<'a>(value: &'a Json, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Json::as_str)
}
