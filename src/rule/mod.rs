//! The rules: what the documents promise, where each promise stands, and who checks it.

pub mod check;
mod finding;
mod table;

pub use finding::{Finding, Severity};
pub use table::*;
