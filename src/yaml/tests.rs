//! The strict subset, what it refuses, and where it says so.

use std::sync::Arc;

use proptest::prelude::*;
use rstest::rstest;

use super::{Meaning, Node, Value, read};
use crate::diagnostic::{Diagnostic, SourceFile, render};

fn read_text(text: &str) -> (Option<Node>, Vec<Diagnostic>, Arc<SourceFile>) {
    let file = SourceFile::new("f.yaml", text);
    let mut diagnostics = Vec::new();
    let node = read(&file, &mut diagnostics);
    (node, diagnostics, file)
}

/// Each node with the text of its span, one a line.
fn outline(node: &Node, file: &SourceFile, depth: usize, out: &mut String) {
    let text = file.text[node.span.start..node.span.end].replace('\n', "⏎");
    let indent = "  ".repeat(depth);
    match &node.value {
        Value::Scalar(scalar) => {
            out.push_str(&format!("{indent}{:?} {text}\n", scalar.meaning()));
        }
        Value::Sequence(items) => {
            out.push_str(&format!("{indent}list {text}\n"));
            items.iter().for_each(|item| outline(item, file, depth + 1, out));
        }
        Value::Mapping(entries) => {
            out.push_str(&format!("{indent}map {text}\n"));
            for (key, value) in entries {
                outline(key, file, depth + 1, out);
                outline(value, file, depth + 2, out);
            }
        }
    }
}

#[test]
fn spans_are_bytes_of_the_file() {
    let text = "\u{feff}é: ü # c\nlist:\n  - 'x y'\n  - {a: 1.50}\n\n# end\nt: |\n  é\n\nnone:\n";
    let (node, diagnostics, file) = read_text(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut out = String::new();
    outline(&node.expect("the text is YAML"), &file, 0, &mut out);
    let expected = "\
map é: ü # c⏎list:⏎  - 'x y'⏎  - {a: 1.50}⏎⏎# end⏎t: |⏎  é⏎⏎none
  Text(\"é\") é
    Text(\"ü\") ü
  Text(\"list\") list
    list - 'x y'⏎  - {a: 1.50}
      Text(\"x y\") 'x y'
      map {a: 1.50}
        Text(\"a\") a
          Number(\"1.50\") 1.50
  Text(\"t\") t
    Text(\"é\\n\") é
  Text(\"none\") none
    Missing 
";
    assert_eq!(out, expected);
}

#[rstest]
#[case::integer("0", true)]
#[case::negative("-12", true)]
#[case::beyond_64_bits("123456789012345678901234567890", true)]
#[case::fraction("1.50", true)]
#[case::exponent("1e+9", true)]
#[case::octal("010", false)]
#[case::hexadecimal("0x1F", false)]
#[case::plus("+1", false)]
#[case::no_digit_before_the_dot(".5", false)]
#[case::no_digit_after_the_dot("5.", false)]
#[case::separator("1_000", false)]
#[case::address("10.0.0.7", false)]
#[case::word("1e", false)]
fn numbers_are_those_of_json(#[case] text: &str, #[case] number: bool) {
    let (node, _, _) = read_text(text);
    let node = node.expect("a scalar is YAML");
    let meaning = node.scalar().expect("a scalar").meaning();
    let expected = if number { Meaning::Number(text) } else { Meaning::Text(text) };
    assert_eq!(meaning, expected);
}

#[rstest]
#[case::empty("# nothing\n", &["yaml::empty"])]
#[case::anchor("a: &x 1\nb: *x\n", &["yaml::anchor", "yaml::alias"])]
#[case::unknown_alias("a: [*x, *y]\n", &["yaml::alias", "yaml::alias"])]
#[case::tag("a: !!str 1\nb: !x [1]\n", &["yaml::tag", "yaml::tag"])]
#[case::merge_key("a: {b: 1}\nc:\n  <<: {b: 1}\n", &["yaml::merge-key"])]
#[case::duplicate_key("a: 1\nb: 2\n\"a\": 3\n", &["yaml::duplicate-key"])]
#[case::several_documents("a: 1\n---\nb: 2\n", &["yaml::several-documents"])]
#[case::directive("%YAML 1.2\n---\na: 1\n", &["yaml::directive"])]
#[case::complex_key("[a, b]: 1\n", &["yaml::complex-key"])]
#[case::ambiguous("a: [yes, No, ON, y, N, True, FALSE, Null, ~]\n", &["yaml::ambiguous-word"; 9])]
#[case::unambiguous("yes: ['yes', \"no\", true, false, null, yesterday]\n", &[])]
#[case::one_start_and_end("---\na: 1\n...\n", &[])]
#[case::tab("a:\n\tb: 1\n", &["yaml::tab"])]
#[case::control("a: \u{7}\n", &["yaml::control-character"])]
#[case::lone_carriage_return("a: 1\rb: 2\n", &["yaml::control-character"])]
#[case::turned_writing("a: \u{202e}\n", &["yaml::control-character"])]
#[case::windows_lines("a: 1\r\nb: 2\r\n", &[])]
#[case::open_bracket("a: [1, 2\n", &["yaml::syntax"])]
#[case::two_colons("a: b: c\n", &["yaml::syntax"])]
#[case::open_quote("a: 'b\n", &["yaml::syntax"])]
fn the_subset_is_strict(#[case] text: &str, #[case] codes: &[&str]) {
    let (_, diagnostics, _) = read_text(text);
    assert_eq!(diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), codes);
}

#[test]
fn all_problems_come_at_once_with_their_places() {
    let (node, diagnostics, _) = read_text("a: yes\nb: 1\nb: &x 2\n");
    assert!(node.is_some());
    let places: Vec<_> = diagnostics.iter().map(|d| (d.code, d.position())).collect();
    let expected = [
        ("yaml::ambiguous-word", (1, 4)),
        ("yaml::duplicate-key", (3, 1)),
        ("yaml::anchor", (3, 4)),
    ];
    assert_eq!(places, expected);
}

#[rstest]
#[case::lists("[", 100_000)]
#[case::mappings("{a: ", 100_000)]
#[case::blocks("- ", 100_000)]
#[case::explicit_keys("? ", 100_000)]
fn deep_nesting_is_refused(#[case] open: &str, #[case] times: usize) {
    let (node, diagnostics, _) = read_text(&open.repeat(times));
    assert!(node.is_none());
    assert_eq!(diagnostics[0].code, "yaml::too-deep");
}

#[test]
fn too_many_values_are_refused() {
    let (node, diagnostics, _) = read_text(&format!("[{}]", "a,".repeat(300_000)));
    assert!(node.is_none());
    assert_eq!(diagnostics[0].code, "yaml::too-large");
}

#[rstest]
#[case::value("password: hunter2\na: yes\n")]
#[case::ambiguous("password: [hunter2, yes]\n")]
#[case::duplicate("with: { password: hunter2, a: 1, a: 2 }\n")]
#[case::unreadable("with: { password: hunter2, a: [ }\n")]
#[case::tabs("with:\n\t{ password: hunter2 }\n")]
#[case::table("columns: [a, password]\nrows: [[1, hunter2], [2, 'x]\n")]
fn secrets_are_never_shown(#[case] text: &str) {
    let (_, diagnostics, _) = read_text(text);
    assert!(!diagnostics.is_empty());
    for diagnostic in &diagnostics {
        let shown = render(diagnostic, false);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

const VALID: &str = "format: 1\nsteps:\n  - send: a/B\n    with: { é: [1, 'x', \"\\u00e9\"] }\n\
                     \x20 - expect: |\n      text\n    where:\n      - a\n      - b: c\n";

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((0usize..200, 0usize..40, any::<u8>(), 0u8..5), 1..6);
    edits.prop_map(|edits| {
        let mut bytes = VALID.as_bytes().to_vec();
        for (at, length, byte, kind) in edits {
            let at = at % bytes.len().max(1);
            let end = (at + length).min(bytes.len());
            match kind {
                0 if at < bytes.len() => bytes[at] ^= byte,
                1 => drop(bytes.drain(at..end)),
                2 => bytes.splice(at..at, bytes[at..end].repeat(20)).for_each(drop),
                3 => bytes.truncate(end),
                _ => bytes.insert(at, b"[]{}:,#&*!|>'\"%@`-? \t\n~"[usize::from(byte) % 23]),
            }
        }
        bytes
    })
}

fn reading_holds_its_promises(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut diagnostics = Vec::new();
    let file = SourceFile::from_bytes("f.yaml", bytes, &mut diagnostics);
    let node = file.as_ref().and_then(|file| read(file, &mut diagnostics));
    prop_assert!(node.is_some() || diagnostics.iter().any(Diagnostic::is_error));
    for diagnostic in &diagnostics {
        prop_assert!(diagnostic.span.start <= diagnostic.file.text.len());
        prop_assert!(crate::diagnostic::code_info(diagnostic.code).is_some());
        render(diagnostic, false);
    }
    if let (Some(node), Some(file)) = (node, file) {
        // Slicing by each span panics where a span is wrong.
        outline(&node, &file, 0, &mut String::new());
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        reading_holds_its_promises(&bytes)?;
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(text in "[a:\\-\\[\\]{},#&*!|>'\"%?é \n\t~]{0,80}") {
        reading_holds_its_promises(text.as_bytes())?;
    }

    #[test]
    fn damaged_files_are_read_or_refused(bytes in damaged()) {
        reading_holds_its_promises(&bytes)?;
    }
}
