//! The rules: what the documents promise, where each promise stands, and who checks it.
//!
//! What this is: the table of rules ([`RULES`]), and checkers that look for breaches of them in a
//! history ([`check`]). What it is not: a model of the services; those decide by the same rules.
//!
//! What always holds: a rule has one name everywhere; a [`Finding`] names the rule that is broken
//! and the records that show it. Start at [`Rule`] and [`check::all`].

pub mod check;
mod finding;
mod table;

pub use finding::{Finding, Severity};
pub use table::*;
