//! What is said about broken contracts.

use std::collections::BTreeSet;

use crate::support::snapshots;
use proptest::prelude::*;
use quintet::contract::Contracts;
use quintet::diagnostic::{CODES, Diagnostic, SourceFile, render};
use rstest::rstest;

const SMALL: &str = "\
asyncapi: 3.0.0
info: { title: Shop, version: 1.0.0, x-service: shop }
defaultContentType: application/json
channels:
  order.command:
    address: COMMAND_TOPIC_ORDER
    x-discriminator: type
    messages:
      PLACE:
        headers: { $ref: '#/components/schemas/Headers' }
        x-key: { field: /customerId, encoding: uint32-le-8, basis: documented }
        payload:
          type: object
          required: [customerId, type]
          properties:
            customerId: { type: integer, minimum: 0, maximum: 4294967295 }
            type: { type: string, const: PLACE }
            note: { type: string, maxLength: 10, x-sensitive: true }
operations:
  receiveOrders:
    action: receive
    channel: { $ref: '#/channels/order.command' }
    bindings: { kafka: { groupId: { type: string, const: Shop } } }
components:
  schemas:
    Headers:
      type: object
      required: [TENANT_ID]
      properties:
        TENANT_ID: { type: string, x-encoding: uuid-text }
";

/// 40 lists in lists.
const DEEP: &str = "\
    note: { items: { items: { items: { items: { items: { items: { items: { items: { items: { \
    items: { items: { items: { items: { items: { items: { items: { items: { items: { items: \
    { items: { items: { items: { items: { items: { items: { items: { items: { items: { \
    items: { items: { items: { items: { items: { items: { items: { items: { items: { items: \
    { items: { items: {} } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } } \
    } } } } } }";

fn problems(texts: &[&str]) -> (Vec<Diagnostic>, bool) {
    let name = |at| {
        if at == 0 { "shop.asyncapi.yaml" } else { "other.asyncapi.yaml" }
    };
    let files: Vec<_> =
        texts.iter().enumerate().map(|(at, text)| SourceFile::new(name(at), *text)).collect();
    let mut diagnostics = Vec::new();
    let read = Contracts::read(&files, &mut diagnostics).is_some();
    (diagnostics, read)
}

/// The small contract with one text replaced by another.
fn small_with(from: &str, to: &str) -> String {
    assert_eq!(SMALL.matches(from).count(), 1, "{from}");
    SMALL.replace(from, to)
}

#[test]
fn the_small_contract_has_no_problem() {
    let (diagnostics, read) = problems(&[SMALL]);
    assert!(diagnostics.is_empty() && read, "{diagnostics:?}");
}

/// What is broken, the text that is replaced, and by what.
const CASES: &[(&str, &str, &str)] = &[
    ("too-deep", "note: { type: string, maxLength: 10, x-sensitive: true }", DEEP),
    ("old-version", "asyncapi: 3.0.0", "asyncapi: 2.6.0"),
    ("title-is-a-number", "title: Shop", "title: 5"),
    ("channel-is-a-list", "    messages:\n", "    messages: []\n    description:\n"),
    ("no-service", ", x-service: shop", ""),
    ("odd-service-name", "x-service: shop", "x-service: My Shop"),
    ("slip-in-a-keyword", "minimum: 0,", "minimun: 0,"),
    ("slip-in-an-extension", "x-sensitive: true", "x-senstive: true"),
    ("unsupported-keyword", "maxLength: 10", "oneOf: []"),
    ("unsupported-traits", "    action: receive", "    traits: []\n    action: receive"),
    ("odd-action", "action: receive", "action: recieve"),
    ("odd-type", "minimum: 0, maximum: 4294967295 }", "minimum: 0, maximum: 1, format: uiud }"),
    ("reference-with-a-slip", "schemas/Headers' }", "schemas/Heders' }"),
    ("reference-elsewhere", "'#/components/schemas/Headers'", "'other.yaml#/Headers'"),
    (
        "reference-to-itself",
        "{ type: string, x-encoding: uuid-text }",
        "{ $ref: '#/components/schemas/Headers/properties/TENANT_ID' }",
    ),
    ("beside-a-reference", "schemas/Headers' }", "schemas/Headers', required: [REGION] }"),
    (
        "endless-schema",
        "note: { type: string, maxLength: 10, x-sensitive: true }",
        "note: { $ref: '#/channels/order.command/messages/PLACE/payload' }",
    ),
    ("crossed-range", "minimum: 0,", "minimum: 4294967296,"),
    ("required-but-unknown", "required: [customerId, type]", "required: [customerid, type]"),
    ("constant-of-another-type", "const: PLACE", "const: 5"),
    ("not-told-apart", "const: PLACE", "const: place"),
    ("pattern", "maxLength: 10", "pattern: '(a'"),
    ("empty-enum", "maxLength: 10", "enum: []"),
    ("key-of-no-field", "field: /customerId", "field: /customer"),
    ("key-of-a-text", "field: /customerId", "field: /note"),
    ("key-encoding", "uint32-le-8", "uint32-le"),
    ("header-without-encoding", "{ type: string, x-encoding: uuid-text }", "{ type: integer }"),
    ("content-type", "application/json", "text/plain"),
    ("channel-of-no-such-name", "channels/order.command' }", "channels/order.comand' }"),
    (
        "topic-is-not-the-address",
        "    x-discriminator: type",
        "    bindings: { kafka: { topic: ORDERS } }\n    x-discriminator: type",
    ),
    ("group-of-any-name", ", const: Shop", ""),
    ("message-under-another-name", "      PLACE:\n", "      PLACE:\n        name: ORDER\n"),
    (
        "two-kinds-untold",
        "    x-discriminator: type\n    messages:\n",
        "    messages:\n      OTHER: { payload: { type: object } }\n",
    ),
    (
        "yaml",
        "defaultContentType: application/json",
        "defaultContentType: application/json\n\tchannels: 5",
    ),
];

#[test]
fn what_is_said() {
    for (name, from, to) in CASES {
        let (diagnostics, read) = problems(&[&small_with(from, to)]);
        assert!(!read && !diagnostics.is_empty(), "{name} is accepted");
        let shown: Vec<_> = diagnostics.iter().map(|one| render(one, false)).collect();
        snapshots("What is said about a broken contract").bind(|| {
            insta::assert_snapshot!(format!("broken-contract-{name}"), shown.join("\n"));
        });
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = small_with("action: receive", "action: recieve")
        .replace("minimum: 0,", "minimun: 0,")
        .replace("const: PLACE", "const: 5")
        .replace("schemas/Headers' }", "schemas/Heders' }");
    let (diagnostics, _) = problems(&[&text]);
    let codes: BTreeSet<_> = diagnostics.iter().map(|one| one.code).collect();
    for code in ["bad-value", "unknown-keyword", "bad-schema", "bad-reference"] {
        assert!(codes.contains(format!("contract::{code}").as_str()), "{code} not in {codes:?}");
    }
}

#[rstest]
#[case(
    "views-differ",
    &[("x-service: shop", "x-service: depot"), ("COMMAND_TOPIC_ORDER", "ORDERS")]
)]
#[case("duplicate-service", &[("title: Shop", "title: Other")])]
fn what_is_said_about_two(#[case] name: &str, #[case] changes: &[(&str, &str)]) {
    let other = changes.iter().fold(SMALL.to_owned(), |text, (from, to)| text.replace(from, to));
    let (diagnostics, read) = problems(&[SMALL, &other]);
    assert!(!read);
    let shown: Vec<_> = diagnostics.iter().map(|one| render(one, false)).collect();
    snapshots("What is said about two contracts").bind(|| {
        insta::assert_snapshot!(format!("broken-contract-{name}"), shown.join("\n"));
    });
}

#[test]
fn every_code_of_the_area_can_come_up() {
    let broken = CASES.iter().map(|(_, from, to)| problems(&[&small_with(from, to)]).0);
    let seen: BTreeSet<_> = broken.flatten().map(|one| one.code).collect();
    // These come from folders and from several files, and have tests of their own.
    let elsewhere =
        ["contract::unreadable", "contract::views-differ", "contract::duplicate-service"];
    for info in CODES.iter().filter(|info| info.code.starts_with("contract::")) {
        assert!(seen.contains(info.code) || elsewhere.contains(&info.code), "{}", info.code);
    }
}

#[test]
fn folders() {
    let folder = tempfile::tempdir().unwrap();
    let read = |folder: &std::path::Path| {
        let mut diagnostics = Vec::new();
        let set = Contracts::read_dir(folder, &mut diagnostics);
        (set, diagnostics.into_iter().map(|one| one.code).collect::<Vec<_>>())
    };
    let (none, codes) = read(&folder.path().join("nowhere"));
    assert!(none.is_none() && codes == ["contract::unreadable"]);
    let (none, codes) = read(folder.path());
    assert!(none.is_none() && codes == ["contract::unreadable"]);
    for (path, text) in quintet::services::contract_files() {
        let name = path.rsplit('/').next().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::write(folder.path().join("notes.yaml"), "not: a contract").unwrap();
    let (set, codes) = read(folder.path());
    assert_eq!(codes, Vec::<&str>::new());
    let names = |set: &Contracts| {
        set.all_messages().iter().map(|kind| kind.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&set.unwrap()), names(&Contracts::builtin()));
    std::fs::write(folder.path().join("x.asyncapi.yaml"), [0xff, 0xfe]).unwrap();
    let (none, codes) = read(folder.path());
    assert!(none.is_none() && codes == ["yaml::not-utf8"]);
}

#[test]
fn a_schema_that_grows_without_end_is_refused_in_time() {
    let mut bomb = SMALL.to_owned();
    let root = "'#/components/schemas/";
    for level in 0..30 {
        let next = level + 1;
        bomb += &format!(
            "    S{level}: {{ type: object, properties: {{ a: {{ $ref: {root}S{next}' }}, \
             b: {{ $ref: {root}S{next}' }} }} }}\n"
        );
    }
    bomb += "    S30: { type: string }\n";
    let (diagnostics, read) = problems(&[&bomb]);
    assert!(!read);
    assert!(diagnostics.iter().any(|one| one.code == "contract::too-large"));
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Cut(usize, usize),
    Repeat(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn damaged_contracts_are_read_or_refused(damages in proptest::collection::vec(damage(), 1..4)) {
        let mut bytes = SMALL.as_bytes().to_vec();
        for damage in damages {
            let range = |at: usize, length: usize| {
                let at = at % bytes.len().max(1);
                at..(at + length).min(bytes.len())
            };
            match damage {
                Damage::Flip(at, byte) => {
                    let at = at % bytes.len().max(1);
                    if let Some(target) = bytes.get_mut(at) {
                        *target ^= byte;
                    }
                }
                Damage::Cut(at, length) => _ = bytes.drain(range(at, length)),
                Damage::Repeat(at, length) => {
                    let part = bytes[range(at, length)].to_vec();
                    bytes.extend(part);
                }
            }
        }
        let mut diagnostics = Vec::new();
        if let Some(file) = SourceFile::from_bytes("damaged", &bytes, &mut diagnostics) {
            let read = Contracts::read(&[file], &mut diagnostics);
            let errors = diagnostics.iter().any(Diagnostic::is_error);
            prop_assert_eq!(read.is_some(), !errors);
        }
        for diagnostic in &diagnostics {
            prop_assert!(!render(diagnostic, false).is_empty());
        }
    }
}
