//! Mutants: services with one mistake each, to see whether the rules find it.
//!
//! What this is: the list of all mutants of a set of packs ([`Survey::mutants`]) and the audit of
//! one ([`Survey::audit`]): which rules the scenario suite, and random inputs where that is not
//! enough, find broken. What it is not: a test of an implementation; every service here is a
//! reference of ours.
//!
//! What always holds: the same packs, tests and budget give the same result, whatever runs beside
//! it. Mutants come from two places: each option that a rule forbids
//! ([`crate::rule::Rule::forbidden`]), and the generic neighbours of every service ([`Generic`]),
//! made from what it was seen to emit. Start at [`Survey`].

mod explore;
mod field;
mod generic;
mod handling;
mod list;
mod observe;
mod survey;
mod survivors;

pub use generic::Generic;
pub use handling::Handling;
pub use list::{Kind, Mutant};
pub use survey::{Audit, Budget, Survey};
pub use survivors::Survivors;
