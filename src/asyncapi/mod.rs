//! AsyncAPI documents of anybody, as data with places.
//!
//! What this is: a reader of AsyncAPI 3.0 and 3.1 in JSON and YAML, of one file or several that
//! refer to each other, and the document as a model: channels, messages, operations, and each
//! schema as one JSON Schema without references to elsewhere. What it is not: it judges no record
//! ([`crate::contract`] does).
//!
//! What always holds: whatever is in a model has its place in a file; what cannot be checked is in
//! [`Document::not_checked`]; nothing is read from the network. Start at [`read`]; [`inspect`] also
//! says all that AsyncAPI refuses.

mod bundle;
mod format;
mod library;
mod model;
mod operations;
mod read;
mod rules;
mod scope;
pub mod show;
mod tree;

pub use library::{Files, NoFiles};
pub use model::{
    Body, Channel, Direction, Document, Example, Framing, Key, Message, NotChecked, Operation,
    Parameter, Schema,
};
pub use read::{inspect, is_document, read};
pub use tree::{At, Entry, Tree, Value};

#[cfg(test)]
mod tests;
