//! Contracts: AsyncAPI documents in, compiled checks out.
//!
//! What this is: one [`Contract`] a service, as its own document states it, and [`Contracts`], the
//! set of them, which knows the channels and checks records. What it is not: a rule about sequences
//! of records, and nothing here reads a topic.
//!
//! A contract is portable, and read by a strict profile of AsyncAPI, or open: any document, as it
//! stands (`open`).
//!
//! What always holds: contracts are never made to agree; a record that a service emitted is judged
//! by that service's own contract, and one that a test sends by the contracts of its readers.
//! Integers are compared exactly, whatever their size. Values of sensitive fields are in no
//! [`Problem`].
//! Start at [`Contracts::builtin`].

mod check;
mod described;
mod encoding;
mod files;
mod headers;
pub mod inputs;
mod judge;
mod kind;
mod merge;
mod model;
pub(crate) mod open;
mod open_set;
mod problem;
mod program;
mod read;
mod redact;
mod scan;
mod schema;
mod set;
mod table;

pub use check::Side;
pub use encoding::{HEADER_ENCODINGS, HeaderEncoding, KEY_ENCODINGS, KeyEncoding};
pub use files::Taking;
pub(crate) use files::{Disk, documents_at, inspect};
pub use headers::Cause;
pub use kind::{FieldInfo, MessageIx, MessageKind};
pub use model::{
    Action, Basis, ChannelView, Contract, Group, GroupName, HeaderRule, KeyRule, Message, Operation,
};
pub(crate) use open::{key_rule, part_validator, told_by};
pub use problem::{PROBLEM_KINDS, Problem, ProblemKind, Severity};
pub use redact::without_words;
pub use schema::{Format, Pattern, Property, Remarks, Schema, Types};
pub use set::{Channel, Contracts};
pub use table::table;

#[cfg(test)]
mod tests;
