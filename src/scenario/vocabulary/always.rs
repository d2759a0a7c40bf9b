//! The properties: what can be said of the whole history of a test.

use super::{Word, required};

/// Which property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlwaysKind {
    /// `answers_carry`
    AnswersCarry,
    /// `at_most_once`
    AtMostOnce,
    /// `exactly_once`
    ExactlyOnce,
    /// `ordered`
    Ordered,
}

/// All properties.
pub static ALWAYS: &[Word<AlwaysKind>] = &[
    Word {
        name: "answers_carry",
        kind: AlwaysKind::AnswersCarry,
        doc: "Each record of `to` carries a value of the field that an earlier record of `from` \
              carried.",
        fields: &[
            required("field", "the field, a dotted path where it lies deeper: `body.code`"),
            required("from", "the message or channel of the commands"),
            required("to", "the message or channel of the answers"),
        ],
        example: "- answers_carry: { field: sessionId, from: account.session.command, \
                  to: account.session.status }",
    },
    Word {
        name: "at_most_once",
        kind: AlwaysKind::AtMostOnce,
        doc: "No two records of the message have the same value in the field.",
        fields: &[required("message", "the message or channel"), required("by", "the field")],
        example: "- at_most_once: { message: invite.status/ACCEPTED, by: referenceId }",
    },
    Word {
        name: "exactly_once",
        kind: AlwaysKind::ExactlyOnce,
        doc: "For each value that the field has in a record of `for_each` there is exactly one \
              record of the message with it.",
        fields: &[
            required("message", "the message or channel"),
            required("by", "the field"),
            required("for_each", "the message or channel that calls for one"),
        ],
        example: "- exactly_once: { message: account.session.status, by: sessionId, \
                  for_each: account.session.command/CREATE }",
    },
    Word {
        name: "ordered",
        kind: AlwaysKind::Ordered,
        doc: "Each record of `then` comes after a record of `first` with the same value in the \
              field.",
        fields: &[
            required("first", "the message or channel that comes first"),
            required("then", "the message or channel that comes only after it"),
            required("by", "the field"),
        ],
        example: "- ordered: { first: ban.status/CREATED, then: ban.status/DELETED, by: banId }",
    },
];
