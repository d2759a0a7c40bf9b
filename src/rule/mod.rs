//! The rules: what the documents promise, where each promise stands, and who checks it.

mod table;

pub use table::*;
