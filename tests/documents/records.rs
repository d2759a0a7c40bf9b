//! Records, checked by documents: what is refused, where, and by which line of which file.

use quintet::message::Record;
use rstest::rstest;

use crate::support::{contracts, quintet, record};

/// What is said of a record on a topic: each problem with its path and place.
fn said(document: &str, topic: &str, record: &Record) -> Vec<String> {
    let contracts = contracts(document, topic);
    let channel = contracts.channel_at(topic).unwrap_or_else(|| panic!("no channel is {topic}"));
    let problems = contracts.check_sent(channel.index, record);
    problems
        .iter()
        .map(|problem| {
            let place = problem.place.as_deref().unwrap_or("nowhere");
            let place = place.rsplit("documents/").next().unwrap_or_default();
            format!("{} {} {place}", problem.path, problem.kind.name())
        })
        .collect()
}

const ID: &str = "6fa459ea-ee8a-3ca4-894e-db77e160355e";

/// References over files, traits, parameters, formats, a schema that contains itself.
#[rstest]
#[case::good("trace=abc attempt=2", r#"{"id":"ID","items":[{"article":"A1","count":1}]}"#, &[])]
#[case::other_field("trace=abc", r#"{"id":"ID","items":[{"article":"A1"}],"more":1}"#, &[])]
#[case::integer_as_a_number("trace=abc", r#"{"id":"ID","items":[{"article":"A1","count":1.0}]}"#, &[])]
#[case::missing("trace=abc", r#"{"id":"ID"}"#, &["/items missing-field common/schemas.json:4:5"])]
#[case::format(
    "trace=abc",
    r#"{"id":"7","mail":"nobody","at":"now","items":[{"article":"A1"}]}"#,
    &[
        "/id bad-format common/schemas.json:6:33",
        "/mail bad-format common/schemas.json:7:35",
        "/at bad-format common/schemas.json:8:33",
    ]
)]
#[case::no_items("trace=abc", r#"{"id":"ID","items":[]}"#, &["/items not-accepted common/schemas.json:9:35"])]
#[case::deep(
    "trace=abc",
    r#"{"id":"ID","items":[{"article":"A1","parts":[{"article":"A2","count":0}]}]}"#,
    &["/items/0/parts/0/count out-of-range common/schemas.json:16:55"]
)]
#[case::header_of_a_trait("attempt=1", r#"{"id":"ID","items":[{"article":"A1"}]}"#,
    &["header trace missing-header common/messages.yaml:18:5"])]
#[case::own_header_wins("trace=abc attempt=0", r#"{"id":"ID","items":[{"article":"A1"}]}"#,
    &["header attempt malformed-header common/messages.yaml:8:33"])]
#[case::no_json("trace=abc", "nothing", &[" not-json common/schemas.json:3:5"])]
fn orders(#[case] headers: &str, #[case] value: &str, #[case] expected: &[&str]) {
    let headers: Vec<_> = headers.split(' ').collect();
    let record = record(None, &headers, Some(&value.replace("ID", ID)));
    assert_eq!(said("shop.yaml", "shop.eu.orders", &record), expected);
}

/// A key schema, a compacted topic, `additionalProperties`, `multipleOf`.
#[rstest]
#[case::good(Some("A1"), Some(r#"{"amount":9.99,"currency":"EUR"}"#), &[])]
#[case::deleted(Some("A1"), None, &[])]
#[case::deleted_without_key(None, None, &["key wrong-key shop.yaml:19:5"])]
#[case::key(Some("B1"), Some(r#"{"amount":1}"#), &["key wrong-key shop.yaml:27:51"])]
#[case::no_key(None, Some(r#"{"amount":1}"#), &["key wrong-key shop.yaml:27:37"])]
#[case::other_field(Some("A1"), Some(r#"{"amount":1,"tax":0}"#), &["/tax extra-field shop.yaml:31:11"])]
#[case::numbers(Some("A1"), Some(r#"{"amount":0}"#), &["/amount out-of-range shop.yaml:33:37"])]
#[case::enumeration(Some("A1"), Some(r#"{"amount":1,"currency":"GBP"}"#),
    &["/currency not-listed shop.yaml:34:25"])]
fn prices(#[case] key: Option<&str>, #[case] value: Option<&str>, #[case] expected: &[&str]) {
    let record = record(key.map(str::as_bytes), &[], value);
    assert_eq!(said("shop.yaml", "shop.prices", &record), expected);
}

/// `oneOf` and `not`.
#[rstest]
#[case::card(r#"{"kind":"card","number":"1"}"#, &[])]
#[case::transfer(r#"{"kind":"transfer","iban":"1"}"#, &[])]
#[case::neither(r#"{"kind":"card","iban":"1"}"#, &[" not-accepted shop.yaml:40:11"])]
#[case::excluded(r#"{"kind":"card","number":"1","cash":1}"#, &[" not-accepted shop.yaml:43:11"])]
#[case::null_is_a_value("null", &[" not-accepted shop.yaml:40:11", " not-accepted shop.yaml:43:11"])]
fn payments(#[case] value: &str, #[case] expected: &[&str]) {
    assert_eq!(said("shop.yaml", "shop.payments", &record(None, &[], Some(value))), expected);
}

/// A number as a key: as text, as four or eight bytes; not as something else.
#[rstest]
#[case::text(b"17", true)]
#[case::int(&[0, 0, 0, 17], true)]
#[case::long(&[0, 0, 0, 0, 0, 0, 0, 17], true)]
#[case::negative(b"-1", false)]
#[case::word(b"many words", false)]
#[case::bytes(&[0xff, 0xfe], false)]
fn number_keys(#[case] key: &[u8], #[case] is_good: bool) {
    let said = said("shop.yaml", "shop.counted", &record(Some(key), &[], Some("{}")));
    assert_eq!(said.is_empty(), is_good, "{said:?}");
}

#[test]
fn a_null_value_deletes_only_where_the_topic_is_compacted() {
    let said = said("shop.yaml", "shop.payments", &record(None, &[], None));
    assert_eq!(said, [" no-value shop.yaml:36:5"]);
}

/// A discriminator, a constant, the only schema that fits; in JSON.
#[rstest]
#[case::named("told.named", r#"{"type":"MADE","n":"x"}"#, &["/n wrong-type told.json:9:124"])]
#[case::named_otherwise("told.named", r#"{"type":"ELSE"}"#, &["/type unknown-type told.json:6:7"])]
#[case::not_named("told.named", "{}", &["/type missing-field told.json:6:7"])]
#[case::constant("told.constant", r#"{"event":{"kind":1},"n":1}"#, &[])]
#[case::not_sent("told.constant", r#"{"event":{"kind":3},"n":"a"}"#,
    &[" unknown-type told.json:17:19"])]
#[case::fitting("told.fitting", r#"{"n":1}"#, &[])]
#[case::fits_none("told.fitting", r#"{"n":"a"}"#,
    &[" unknown-type told.json:21:7", "/n wrong-type told.json:23:94"])]
fn messages_are_told_apart(#[case] topic: &str, #[case] value: &str, #[case] expected: &[&str]) {
    assert_eq!(said("told.json", topic, &record(None, &[], Some(value))), expected);
}

/// Both drafts; what nothing checks raises nothing.
#[rstest]
#[case::new("drafts.new", r#"{"pair":["a",1],"why":"b"}"#, 0)]
#[case::prefix_items("drafts.new", r#"{"pair":[1,1],"why":"b"}"#, 1)]
#[case::dependent("drafts.new", r#"{"pair":["a"]}"#, 1)]
#[case::unevaluated("drafts.new", r#"{"other":1}"#, 1)]
#[case::old("drafts.old", r#"{"a":1,"b":1,"n_x":1}"#, 0)]
#[case::dependencies("drafts.old", r#"{"a":1}"#, 1)]
#[case::condition("drafts.old", r#"{"kind":"big"}"#, 1)]
#[case::pattern("drafts.old", r#"{"n_x":"1"}"#, 1)]
#[case::avro("drafts.avro", "\u{1}\u{2}", 1)]
#[case::text("drafts.text", "not JSON", 0)]
fn drafts_and_languages(#[case] topic: &str, #[case] value: &str, #[case] problems: usize) {
    let said = said("drafts.yml", topic, &record(None, &[], Some(value)));
    assert_eq!(said.len(), problems, "{said:?}");
}

#[test]
fn secrets_are_not_in_what_is_said() {
    let value = format!(r#"{{"id":"{ID}","items":[{{"article":"A"}}],"password":"hunter2"}}"#);
    let contracts = contracts("shop.yaml", "shop.us.orders");
    let channel = contracts.channel_at("shop.us.orders").unwrap().index;
    let problems = contracts.check_sent(channel, &record(None, &["trace=abc"], Some(&value)));
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("/password: is ***, and `maxLength: 4` refuses that"), "{told:?}");
    assert!(contracts.is_sensitive("password"));
}

/// A capture with one record.
fn capture(topic: &str, headers: &str, value: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let value = serde_json::to_string(value).unwrap();
    let line = format!(
        r#"{{"topic":"{topic}","partition":0,"offset":0,"timestamp_ms":1795000000000,"key":null,"headers":[{headers}],"value":{value}}}"#
    );
    std::fs::write(file.path(), format!("{line}\n")).unwrap();
    file
}

/// `check` on a capture, with all documents of the folder but the broken one, or one of them.
#[rstest]
#[case::good("shop.yaml", "shop.eu.orders", r#"{"id":"ID","items":[{"article":"A"}]}"#, 0, "")]
#[case::by_nobody("shop.yaml", "shop.eu.orders", "{}", 1, "common/schemas.json:4:5")]
#[case::no_such_parameter(
    "shop.yaml",
    "shop.moon.orders",
    "{}",
    4,
    "no contract names these topics"
)]
#[case::by_its_sender("shop.yaml", "shop.payments", "{}", 1, "shop.yaml:40:11")]
#[case::ambiguous("told.json", "told.fitting", r#"{"n":1,"t":""}"#, 0, "fits both number")]
#[case::nothing_checked(
    "drafts.yml",
    "drafts.text",
    "x",
    4,
    "not checked: the value of message `text`"
)]
fn captures(
    #[case] document: &str,
    #[case] topic: &str,
    #[case] value: &str,
    #[case] code: i32,
    #[case] expected: &str,
) {
    let capture = capture(topic, r#"["trace","616263"]"#, &value.replace("ID", ID));
    let path = capture.path().display();
    let said = quintet(&format!("check {path} --contracts @{document}"));
    assert_eq!(said.code, code, "{said:?}");
    assert!(said.out.contains(expected), "{}", said.out);
}

/// A document whose service sends on one channel, with values of one type.
fn sender(folder: &std::path::Path, (title, address): (&str, &str), kind: &str) {
    let text = format!(
        "asyncapi: 3.0.0\ninfo: {{ title: {title}, version: 1.0.0 }}\nchannels:\n  c:\n    \
         address: '{address}'\n    parameters: {{ p: {{}} }}\n    \
         messages: {{ m: {{ payload: {{ type: {kind} }} }} }}\noperations:\n  o:\n    \
         action: send\n    channel: {{ $ref: '#/channels/c' }}\n"
    );
    std::fs::write(folder.join(format!("{title}.yaml")), text).unwrap();
}

/// Which documents of a folder speak of a topic: each may send there what it says.
#[rstest]
#[case::by_one("stock.eu", "1", 0)]
#[case::by_another("stock.eu", "true", 0)]
#[case::by_none("stock.eu", "\"a\"", 1)]
#[case::by_the_one_that_fits_all("other", "\"a\"", 0)]
#[case::not_by_it("other", "1", 1)]
fn an_address_of_parameters_alone_means_what_nobody_else_names(
    #[case] topic: &str,
    #[case] value: &str,
    #[case] code: i32,
) {
    let folder = tempfile::tempdir().unwrap();
    sender(folder.path(), ("exact", "stock.eu"), "integer");
    sender(folder.path(), ("some", "stock.{p}"), "boolean");
    sender(folder.path(), ("all", "{p}"), "string");
    let capture = capture(topic, "", value);
    let (capture, folder) = (capture.path().display(), folder.path().display());
    let said = quintet(&format!("check {capture} --contracts {folder}"));
    assert_eq!(said.code, code, "{said:?}");
}
