//! Contracts against contracts: what one service sends against what another reads, and what a
//! service says now against what it said before.
//!
//! What this is: the views of several documents on the same channels, compared by the values that
//! their schemas accept (`crate::evolution`) and by the facts of the envelope: keys, headers,
//! topics. What it is not: a judge of records, and nothing here reads a file or a clock.
//!
//! What always holds: a [`Disagreement`] that is said to refuse a value carries that value, which
//! two validators of other authors accept by the sender's schema and refuse by the reader's; a
//! fingerprint depends on what is said, not on where it stands or how it is written.
//! Start at `drift` and `breaking`.

pub(crate) mod breaking;
pub(crate) mod drift;
mod finding;
mod formats;
pub(crate) mod matrix;
mod view;

pub(crate) use formats::fitting;

pub use finding::{Disagreement, DisagreementKind, Effect, KINDS, Place};
