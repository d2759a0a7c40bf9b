//! Comparison of schemas: facts, pairs that people wrote, and random pairs against values.

mod adversarial;
mod cli;
mod facts;
mod pairs;
mod random;
mod schemas;

use quintet::evolution::{Document, Draft, Inclusion, included};
use serde_json::Value;

fn document(schema: &Value, draft: Draft) -> Document {
    Document { schema: schema.into(), draft }
}

/// Comparisons nest deep; the program gives them such a stack too.
fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20);
        thread.spawn_scoped(scope, work).expect("a thread can be started").join().expect("no panic")
    })
}

fn verdict(old: &Value, new: &Value, draft: Draft) -> Inclusion {
    included(&document(old, draft), &document(new, draft))
}
