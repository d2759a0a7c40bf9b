//! The fast check against the judge, on every message of the five contracts.

use proptest::prelude::*;

use super::program::Program;
use super::scan::{discriminator, quoted_name};
use super::{Contracts, MessageKind, Schema};
use crate::message::Json;

/// Every schema that a record of this kind is judged by.
fn schemas(kind: &MessageKind) -> impl Iterator<Item = &Schema> {
    kind.emitted.iter().chain(&kind.sent).map(|view| &view.schema)
}

/// The zero value, with a value that each enumeration has.
fn good_value(schema: &Schema) -> Json {
    let mut value = schema.zero();
    if let Some(allowed) = &schema.allowed {
        value = allowed[0].clone();
    }
    if let Json::Object(fields) = &mut value {
        for (name, property) in &schema.properties {
            fields.insert(name.to_string(), good_value(&property.schema));
        }
    }
    value
}

#[test]
fn the_usual_value_is_accepted_the_fast_way() {
    for kind in Contracts::builtin().all_messages() {
        for schema in schemas(kind) {
            let text = good_value(schema).to_string();
            let seen = Program::new(schema, None).accepts(text.as_bytes());
            assert!(seen.is_some(), "{} does not accept {text}", kind.label);
        }
    }
}

#[test]
fn the_kind_is_found_wherever_the_discriminator_stands() {
    let find = |text: &'static str| {
        let found = discriminator(text.as_bytes(), &quoted_name("type").unwrap());
        found.map(|name| std::str::from_utf8(name).unwrap())
    };
    assert_eq!(find(r#"{"type":"A"}"#), Some("A"));
    assert_eq!(find(r#" { "b" : [ { "type" : "no" } , "}" ] , "type" : "A" "#), Some("A"));
    assert_eq!(find(r#"{"b":"\"type\":","type":"A"}"#), Some("A"));
    assert_eq!(find(r#"{"b":1}"#), None);
    assert_eq!(find(r#"{"type":5}"#), None);
    assert_eq!(find(r#"{"t\u0079pe":"A"}"#), None);
    assert_eq!(find(""), None);
}

/// What fields are tried with: the edges of every type.
fn odd_value() -> impl Strategy<Value = String> {
    let texts = [
        "0",
        "-0",
        "1",
        "-1",
        "1.0",
        "1.5",
        "1e2",
        "255",
        "256",
        "65536",
        "4294967295",
        "4294967296",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "01",
        "+1",
        ".5",
        "5.",
        "null",
        "true",
        "false",
        "nul",
        "[]",
        "{}",
        "[1,2]",
        "[{}]",
        "{\"a\":1}",
        "\"\"",
        "\"a\"",
        "\"LOGIN\"",
        "\"CHANNEL\"",
        "\"CREATED\"",
        "\"SYSTEM_ERROR\"",
        "\"equipable\"",
        "\"\\u0041\"",
        "\"\\ud800\"",
        "\"\\n\"",
        "\"\\x\"",
        "\"é\"",
        "\"tab\t\"",
        "\"open",
        "\"00000000-0000-0000-0000-000000000000\"",
        "\"0000000A-0000-0000-0000-000000000000\"",
        "\"00000000000000000000000000000000\"",
        "\"0001-01-01T00:00:00Z\"",
        "\"2026-02-30T00:00:00Z\"",
        "\"2026-01-01T00:00:00.123456789+01:00\"",
        "[{\"type\":\"A\",\"amount\":1}]",
        "[{\"type\":\"A\",\"amount\":1},{\"type\":1}]",
        "\"CREATED\" ",
        "\"12345678\\\"1234567\"",
    ];
    proptest::sample::select(texts.to_vec()).prop_map(str::to_owned)
}

/// The text of an object with one field put in the place of another, and a little damage.
fn damaged(schema: &Schema, (field, value): (usize, &str), damage: Option<(usize, u8)>) -> String {
    let mut text = good_value(schema).to_string();
    let spots: Vec<usize> = text.match_indices(':').map(|(at, _)| at + 1).collect();
    let start = spots[field % spots.len()];
    let end = start + text[start..].find([',', '}']).unwrap_or(0);
    text.replace_range(start..end, value);
    if let Some((at, byte)) = damage
        && let Some(at) = text.char_indices().nth(at % text.len()).map(|(at, _)| at)
    {
        let char = text[at..].chars().next().map_or(0, char::len_utf8);
        text.replace_range(at..at + char, &char::from(byte % 0x60).to_string());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_fast_check_never_overlooks_what_the_judge_sees(
        kind in 0_usize..64,
        field in 0_usize..16,
        value in odd_value(),
        damage in proptest::option::weighted(0.4, (0_usize..400, any::<u8>())),
    ) {
        let set = Contracts::builtin();
        let kind = &set.all_messages()[kind % set.all_messages().len()];
        for schema in schemas(kind) {
            let text = damaged(schema, (field, &value), damage);
            if Program::new(schema, None).accepts(text.as_bytes()).is_some() {
                let tree = Json::parse(text.as_bytes());
                let problems = tree.as_ref().map(|tree| schema.problems(tree));
                prop_assert_eq!(problems, Ok(Vec::new()), "{}", text);
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}") {
        let set = Contracts::builtin();
        for schema in set.all_messages().iter().take(3).flat_map(schemas) {
            let accepted = Program::new(schema, None).accepts(text.as_bytes()).is_some();
            prop_assert!(!accepted || Json::parse(text.as_bytes()).is_ok());
        }
    }

    #[test]
    fn a_value_without_limits_is_skipped_as_json_only(
        text in "[\\[\\]{}\",:0-9.eE+\\-tfn \\\\u]{0,24}"
    ) {
        if Program::new(&Schema::default(), None).accepts(text.as_bytes()).is_some() {
            prop_assert!(Json::parse(text.as_bytes()).is_ok(), "{}", text);
        }
    }
}

#[test]
fn only_utf8_is_accepted() {
    let accepts = |bytes: &[u8]| Program::new(&Schema::default(), None).accepts(bytes).is_some();
    for text in ["\"é\"", "\"12345678é\"", "{\"é\":\"12345678901234567é\"}"] {
        assert!(accepts(text.as_bytes()), "{text}");
        let cut: Vec<u8> = text.bytes().filter(|byte| *byte != 0xa9).collect();
        assert!(!accepts(&cut), "{text}");
    }
}

#[test]
fn deep_nesting_is_left_to_the_judge() {
    let text = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(Program::new(&Schema::default(), None).accepts(text.as_bytes()), None);
    let text = "[".repeat(60) + &"]".repeat(60);
    assert!(Program::new(&Schema::default(), None).accepts(text.as_bytes()).is_some());
}

#[test]
fn no_problem_repeats_a_secret() {
    let set = Contracts::builtin();
    let create = set.channel_ix("account.create").and_then(|ix| set.messages(ix).next());
    let create = create.expect("account has it");
    for secret in ["12345678", "[12345678]", "{\"a\":12345678}", "1.2345678", "true"] {
        let text = format!(r#"{{"name":"alice","password":{secret}}}"#);
        let value = Json::parse(text.as_bytes()).unwrap();
        for problem in schemas(create).flat_map(|schema| schema.problems(&value)) {
            assert!(!format!("{problem:?} {problem}").contains("2345678"), "{problem}");
        }
    }
}
