//! The rules: what the documents promise, where each promise stands, and who checks it.
//!
//! What this is: what a rule is ([`Rule`]), and what checkers find ([`Finding`]). What it is not:
//! a model of the services; those decide by the same rules.
//!
//! What always holds: a rule has one name everywhere; a [`Finding`] names the rule that is broken
//! and the records that show it. Start at [`Rule`].

mod definition;
mod document;
mod finding;

pub(crate) use definition::rules;
pub use definition::{Alternative, Basis, Rule, RuleId, alternative, forbidden, rule};
pub use document::{DOC_1, OWN};
pub use finding::{Finding, Report, Severity};
