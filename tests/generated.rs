//! The pages that are made from tables are current.
//!
//! `UPDATE_DOCS=1 cargo test --test generated` writes them anew.

use std::path::Path;

use quintet::report::{codes_page, rules_page};
use rstest::rstest;

#[rstest]
#[case::rules("docs/rules.md", rules_page)]
#[case::codes("docs/diagnostics.md", codes_page)]
fn a_page_is_current(#[case] page: &str, #[case] make: fn() -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let wanted = make();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("the page can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == wanted,
        "{page} is not current: UPDATE_DOCS=1 cargo test --test generated writes it anew"
    );
}
