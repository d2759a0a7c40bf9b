//! Messages as types.
//!
//! What this is: one struct for each message, read as a tolerant reader does and written as a
//! closed writer does. What it is not: no contract is checked here; a value that decodes may still
//! break one (an invite type that nobody knows).
//!
//! What always holds: unknown fields are ignored; a missing field and `null` read as zero; a value
//! of another type or out of range, and a list where an object belongs, do not decode; integers
//! never pass through a float; every declared field is written, zero or not. Where documents differ
//! about a message, there is a struct for each reader. Start at [`decode`].

pub(crate) mod macros;
mod scalar;

pub use scalar::{Absent, Empty, Id, List, Params, Secret, Text, Timestamp, Undeclared};

use serde::Serialize;

/// Why a value is not a message of its channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The value is null or has no bytes.
    #[error("empty value")]
    Empty,
    /// It is not JSON, or a field has the wrong type or is out of range.
    #[error("{0}")]
    Invalid(String),
    /// It is of a type that its reader does not know.
    #[error("unknown type {0:?}")]
    UnknownType(String),
}

/// A message of some channel.
pub trait Message<'a>: Sized + Serialize {
    /// Reads the message from JSON text; `Ok(Err(_))` is a type that is not known.
    #[doc(hidden)]
    fn read(text: &'a str) -> Result<Result<Self, String>, serde_json::Error>;

    /// Writes the message as compact JSON.
    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("messages have no keys but strings, and no failing parts")
    }
}

/// Reads a record's value.
///
/// # Errors
/// [`DecodeError`]; its text never repeats what the value holds, but for an unknown type.
pub fn decode<'a, M: Message<'a>>(value: Option<&'a [u8]>) -> Result<M, DecodeError> {
    let bytes = value.filter(|bytes| !bytes.is_empty()).ok_or(DecodeError::Empty)?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        DecodeError::Invalid(format!("not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    match M::read(text) {
        Ok(Ok(message)) => Ok(message),
        Ok(Err(unknown)) => Err(DecodeError::UnknownType(unknown)),
        Err(error) => Err(DecodeError::Invalid(without_content(&error))),
    }
}

/// The longest unknown type that is repeated.
const SHOWN_TYPE_CHARS: usize = 40;

pub(crate) fn shown_type(tag: &str) -> String {
    tag.chars().take(SHOWN_TYPE_CHARS).collect()
}

/// What an error of serde_json says without what it found: that may be a password.
#[cold]
fn without_content(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(", expected ") {
        Some(at) => text[at + 2..].to_owned(),
        None => {
            let what = if error.is_data() { "a field is not as declared" } else { "not JSON" };
            format!("{what} at line {} column {}", error.line(), error.column())
        }
    }
}
