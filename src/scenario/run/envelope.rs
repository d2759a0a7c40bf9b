//! Matching a record as a whole: its value, and its key, headers and partition.

use super::matching::{Context, Matched, compare_at};
use crate::contract::{Contracts, HeaderEncoding};
use crate::history::Placed;
use crate::message::{Header, Json, hex};
use crate::scenario::template::as_hex;
use crate::scenario::{Expectation, Matcher, MatcherKind, Template, TemplateKind};

/// Compares a record, whose value was read before, with what is expected of it.
pub(super) fn compare_record(
    expectation: &Expectation,
    (placed, value): (&Placed, Option<&Json>),
    contracts: &Contracts,
    context: Context<'_>,
) -> Matched {
    let mut matched = Matched::default();
    let mut compare = |template: &Template, value: Option<&Json>, path: String| {
        compare_at((template, value), path, context, &mut matched);
    };
    if let Some(template) = &expectation.value {
        compare(template, value, String::new());
    }
    let key = placed.record.key.as_deref();
    if let Some(template) = &expectation.key {
        let id = key.map(|key| match contracts.decode_key(placed.channel, key) {
            Some(id) => Json::Number(id.into()),
            None => as_hex(key),
        });
        compare(template, or_null(template, id).as_ref(), "key".to_owned());
    }
    if let Some(template) = &expectation.key_hex {
        let bytes = key.map(|key| Json::String(hex(key)));
        compare(template, or_null(template, bytes).as_ref(), "key_hex".to_owned());
    }
    if !expectation.headers.is_empty() {
        let list = placed.record.headers.to_list();
        let channel = contracts.channel_name(placed.channel);
        for field in &expectation.headers {
            let encoding = contracts.header_encoding(channel, &field.name);
            let own = list.iter().filter(|header| *header.name == *field.name);
            let values: Vec<_> = own.map(|one| value_of(one, encoding, &field.value)).collect();
            let value = as_one(values, &field.value);
            compare(&field.value, value.as_ref(), format!("headers.{}", field.name));
        }
    }
    if let Some(template) = &expectation.partition {
        let partition = Json::Number(placed.partition.0.into());
        compare(template, Some(&partition), "partition".to_owned());
    }
    matched
}

/// Kafka has no difference between no key and a null key: either word means it.
fn or_null(template: &Template, value: Option<Json>) -> Option<Json> {
    match &template.kind {
        TemplateKind::Matcher(Matcher { kind: MatcherKind::Absent, .. }) => value,
        _ => Some(value.unwrap_or(Json::Null)),
    }
}

/// A header's value: text where it is text, a number where one is written as two bytes, else bytes.
fn value_of(header: &Header, encoding: Option<HeaderEncoding>, template: &Template) -> Json {
    let Some(bytes) = header.value.as_deref() else {
        return Json::Null;
    };
    let number = encoding == Some(HeaderEncoding::Uint16Be) || wants_number(template);
    if let (true, Ok(bytes)) = (number, <[u8; 2]>::try_from(bytes)) {
        return Json::Number(u16::from_be_bytes(bytes).into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !wants_bytes(template) => Json::from(text),
        _ => as_hex(bytes),
    }
}

/// Whether a number is expected, which is written as two bytes.
fn wants_number(template: &Template) -> bool {
    match &template.kind {
        TemplateKind::Literal(json) => matches!(json, Json::Number(_)),
        TemplateKind::Matcher(matcher) => {
            matches!(matcher.kind, MatcherKind::Int { .. } | MatcherKind::Number)
        }
        TemplateKind::List(items) => items.iter().any(wants_number),
        TemplateKind::Var(_) | TemplateKind::Object(_) => false,
    }
}

/// Whether `{ hex: … }` is expected.
fn wants_bytes(template: &Template) -> bool {
    match &template.kind {
        TemplateKind::Literal(json) => matches!(json, Json::Object(_)),
        TemplateKind::Object(_) => true,
        _ => template.children().into_iter().any(wants_bytes),
    }
}

/// The one value of a header, or the list of them where it is there several times or a list is
/// expected; none where it is not there.
fn as_one(mut values: Vec<Json>, template: &Template) -> Option<Json> {
    match values.len() {
        0 => None,
        1 if !wants_list(template) => values.pop(),
        _ => Some(Json::Array(values)),
    }
}

fn wants_list(template: &Template) -> bool {
    match &template.kind {
        TemplateKind::List(_) | TemplateKind::Literal(Json::Array(_)) => true,
        TemplateKind::Matcher(matcher) => matches!(
            matcher.kind,
            MatcherKind::Each(_) | MatcherKind::Has(_) | MatcherKind::AnyOrder(_)
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::compare_record;
    use crate::contract::Contracts;
    use crate::diagnostic::SourceFile;
    use crate::history::{Placed, Producer};
    use crate::message::{
        Header, Headers, KeyBytes, Offset, Partition, Record, RecordId, Tenant, TraceParent,
        VirtualTime,
    };
    use crate::scenario::run::matching::Context;
    use crate::scenario::run::scope::Scope;
    use crate::scenario::{Known, NoFiles, Verb, load_bytes};

    const CONTRACT: &str = r"
asyncapi: 3.0.0
info: { title: Relay, version: 1.0.0, x-service: relay }
defaultContentType: application/json
channels:
  answer:
    address: ANSWER
    messages:
      default:
        name: default
        payload: { $ref: '#/components/schemas/Answer' }
        x-key: { field: /id, encoding: uint32-le-8, basis: documented }
operations:
  sendAnswer: { action: send, channel: { $ref: '#/channels/answer' } }
components:
  schemas:
    Answer:
      type: object
      required: [id]
      properties: { id: { type: integer, minimum: 0, maximum: 4294967295 } }
";

    fn contracts() -> Contracts {
        let mut diagnostics = Vec::new();
        let file = SourceFile::new("relay.asyncapi.yaml", CONTRACT);
        let contracts = Contracts::read(&[file], &mut diagnostics);
        let told: Vec<_> = diagnostics.iter().map(|one| &one.message).collect();
        contracts.unwrap_or_else(|| panic!("{told:?}"))
    }

    /// The paths in which a record differs from what is expected of it. It has the id 7 as key, is
    /// in partition 2, and has headers in every manner.
    fn differences(expected: &str) -> Vec<String> {
        let contracts = contracts();
        let text =
            format!("format: 1\nscenario: It holds\nsteps:\n  - expect: answer\n    {expected}\n");
        let known = Known { contracts: &contracts, words: &[] };
        let loaded = load_bytes("t.scenario.yaml", text.as_bytes(), &known, &NoFiles);
        let told: Vec<_> = loaded.diagnostics.iter().map(|one| &one.message).collect();
        assert!(told.is_empty(), "{told:?}");
        let Verb::Expect(expect) = &loaded.plans[0].scenario.steps[0].verb else {
            panic!("it is an `expect`");
        };
        let placed = placed(&contracts);
        let scope = Scope::hiding(&BTreeSet::new());
        let context = Context {
            scope: &scope,
            now: VirtualTime::ZERO,
            is_sensitive: &|_| false,
            place: &|_| String::new(),
        };
        let matched = compare_record(&expect.expectation, (&placed, None), &contracts, context);
        matched.differences.into_iter().map(|one| one.path).collect()
    }

    fn placed(contracts: &Contracts) -> Placed {
        let tenant =
            Tenant { id: uuid::Uuid::from_u128(7), region: "GMS".into(), major: 83, minor: 1 };
        let trace = TraceParent { trace: 1, span: 2, flags: 1 };
        let mut headers = Headers::of_tenant(&tenant, trace).to_list();
        headers.push(Header::new("TWICE", b"one"));
        headers.push(Header { name: "NOTHING".into(), value: None });
        headers.push(Header::new("TWICE", b"two"));
        headers.push(Header::new("BYTES", &[0, 255]));
        let channel = contracts.channel_ix("answer").expect("it is a channel");
        Placed {
            id: RecordId(0),
            channel,
            partition: Partition(2),
            offset: Offset(0),
            at: VirtualTime::ZERO,
            record: Record {
                key: Some(KeyBytes::from_slice(&[7, 0, 0, 0, 0, 0, 0, 0])),
                headers: Headers::from_list(headers),
                value: None,
            },
            producer: Producer::Test,
        }
    }

    #[rstest]
    #[case::id("key: 7", &[])]
    #[case::another_id("key: 8", &["key"])]
    #[case::range("key: <int 1..7>", &[])]
    #[case::no_key("key: null", &["key"])]
    #[case::absent_key("key: <absent>", &["key"])]
    #[case::not_absent("key: { not: null }", &[])]
    #[case::bytes("key_hex: 07000000 00000000", &[])]
    #[case::other_bytes("key_hex: 00000007", &["key_hex"])]
    #[case::pattern("key_hex: <matches ^07>", &[])]
    #[case::no_bytes("key_hex: null", &["key_hex"])]
    #[case::partition("partition: 2", &[])]
    #[case::another_partition("partition: 0", &["partition"])]
    #[case::tenant("headers: { REGION: GMS, MAJOR_VERSION: 83, MINOR_VERSION: 1 }", &[])]
    #[case::another_version("headers: { MAJOR_VERSION: 84 }", &["headers.MAJOR_VERSION"])]
    #[case::twice("headers: { TWICE: [one, two] }", &[])]
    #[case::in_another_order("headers: { TWICE: [two, one] }", &["headers.TWICE.0", "headers.TWICE.1"])]
    #[case::in_any_order("headers: { TWICE: { any_order: [two, one] } }", &[])]
    #[case::once("headers: { TWICE: one }", &["headers.TWICE"])]
    #[case::once_as_a_list("headers: { REGION: { has: [GMS] } }", &[])]
    #[case::how_often("headers: { TWICE: { length: 2 } }", &[])]
    #[case::null("headers: { NOTHING: null }", &[])]
    #[case::null_is_there("headers: { NOTHING: <present> }", &[])]
    #[case::null_is_not_absent("headers: { NOTHING: <absent> }", &["headers.NOTHING"])]
    #[case::empty_is_not_null("headers: { NOTHING: '' }", &["headers.NOTHING"])]
    #[case::absent("headers: { OTHER: <absent> }", &[])]
    #[case::absent_is_not_null("headers: { OTHER: null }", &["headers.OTHER"])]
    #[case::not_there("headers: { OTHER: <present> }", &["headers.OTHER"])]
    #[case::bytes_of_a_header("headers: { BYTES: { hex: 00FF } }", &[])]
    #[case::other_bytes_of_a_header("headers: { BYTES: { hex: 00fe } }", &["headers.BYTES"])]
    #[case::text_as_bytes("headers: { TWICE: [{ hex: 6f6e65 }, <any>] }", &[])]
    #[case::number("headers: { BYTES: 255 }", &[])]
    #[case::any_number("headers: { BYTES: <int 0..255> }", &[])]
    fn what_differs_is_named(#[case] expected: &str, #[case] paths: &[&str]) {
        assert_eq!(differences(expected), paths);
    }
}
