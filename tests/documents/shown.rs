//! `contracts show`: documents as people read them.

use rstest::rstest;

use crate::support::quintet;

#[rstest]
#[case::text("text")]
#[case::markdown("markdown")]
#[case::html("html")]
fn a_document_is_shown(#[case] format: &str) {
    let said = quintet(&format!("contracts show @shop.yaml --format {format}"));
    assert_eq!(said.code, 0, "{said:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/documents"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("shop-as-{format}"), said.out));
}

#[test]
fn several_documents_are_one_page() {
    let said = quintet("contracts show @shop.yaml @drafts.yml --format html");
    assert_eq!(said.out.matches("<html").count(), 1);
    assert_eq!(said.out.matches("<h1>").count(), 2);
    assert!(said.out.contains("<h2>Not checked</h2>"));
}

#[test]
fn what_cannot_be_read_is_told() {
    let said = quintet("contracts show @common/messages.yaml");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("asyncapi::version"), "{}", said.err);
}
