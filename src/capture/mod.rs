//! Captures: records as lines of a file, to be judged later and elsewhere.
//!
//! What this is: one record as one line of JSON ([`Captured::line`]), and a strict reader of such
//! lines ([`Reading`]), or of those that `kcat -J` writes ([`Form`]), that names each damaged one
//! with its place. What it is not: it opens no file
//! and judges no record; who wrote a record and what it should have been is not known here.
//!
//! What always holds: what is written is read back as the same record, byte for byte, also where
//! key, headers or value are null, empty, repeated or not text; a line is read whole or not at all;
//! no value of a damaged line is shown. Start at [`Captured`].

mod fields;
mod form;
mod kcat;
mod line;
mod packed;
mod read;

pub use form::Form;
pub use line::Captured;
pub use packed::unpacked;
pub use read::{Read, Reading};

/// No line is longer: Kafka's records are smaller by far, also in hexadecimal.
pub const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
