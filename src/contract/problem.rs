//! What is wrong with a record, by its contract.

use std::fmt;

/// How much a problem weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The record breaks its contract.
    Violation,
    /// The record is unusual, and the contract allows it.
    Advisory,
}

/// What sort of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The service's contract does not send on this channel.
    UndeclaredChannel,
    /// There is no value: a tombstone or no bytes.
    NoValue,
    /// The value is not JSON.
    NotJson,
    /// The type is none that a contract knows.
    UnknownType,
    /// A field is not there.
    MissingField,
    /// A field is there that no contract declares.
    ExtraField,
    /// A value has another JSON type.
    WrongType,
    /// A number is too small or too large.
    OutOfRange,
    /// A value is none of those listed.
    NotListed,
    /// A string has another format, length or pattern.
    BadFormat,
    /// A member of an object is named twice.
    RepeatedField,
    /// A value is spelled in a way that some readers do not take.
    Spelling,
    /// The key is not made from the field that the contract names.
    WrongKey,
    /// A header is not there.
    MissingHeader,
    /// A header's value is not encoded as the contract says.
    MalformedHeader,
    /// A header is there more than once.
    RepeatedHeader,
    /// A value does not meet a schema that is put together from others.
    NotAccepted,
}

/// All kinds with their names in reports.
pub const PROBLEM_KINDS: [(ProblemKind, &str); 17] = [
    (ProblemKind::UndeclaredChannel, "undeclared-channel"),
    (ProblemKind::NoValue, "no-value"),
    (ProblemKind::NotJson, "not-json"),
    (ProblemKind::UnknownType, "unknown-type"),
    (ProblemKind::MissingField, "missing-field"),
    (ProblemKind::ExtraField, "extra-field"),
    (ProblemKind::WrongType, "wrong-type"),
    (ProblemKind::OutOfRange, "out-of-range"),
    (ProblemKind::NotListed, "not-listed"),
    (ProblemKind::BadFormat, "bad-format"),
    (ProblemKind::RepeatedField, "repeated-field"),
    (ProblemKind::Spelling, "spelling"),
    (ProblemKind::WrongKey, "wrong-key"),
    (ProblemKind::MissingHeader, "missing-header"),
    (ProblemKind::MalformedHeader, "malformed-header"),
    (ProblemKind::RepeatedHeader, "repeated-header"),
    (ProblemKind::NotAccepted, "not-accepted"),
];

impl ProblemKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = PROBLEM_KINDS.iter().find(|(kind, _)| *kind == self);
        known.map_or("", |(_, name)| name)
    }
}

/// One thing that is wrong with a record. It never holds the value of a sensitive field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Violation or advisory.
    pub severity: Severity,
    /// What sort it is.
    pub kind: ProblemKind,
    /// Where: a JSON pointer into the value, `key`, or `header TENANT_ID`.
    pub path: String,
    /// One sentence.
    pub message: String,
    /// What the contract wants.
    pub expected: String,
    /// What is there; `***` in place of a sensitive value.
    pub got: String,
    /// The service whose contract says so.
    pub contract: String,
    /// Where its document says so, `FILE:LINE:COLUMN`; `None` where the contract is portable.
    pub place: Option<String>,
}

impl Problem {
    /// Whether the record breaks its contract.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        self.severity == Severity::Violation
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, " ({place})"))
    }
}
