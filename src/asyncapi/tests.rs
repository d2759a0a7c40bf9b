//! What is read of documents that use one feature each.

use rstest::rstest;
use serde_json::json;

use super::{Body, Direction, Document, Files, NoFiles, is_document, read};
use crate::diagnostic::SourceFile;

/// Files of a test, by path.
struct Shelf(&'static [(&'static str, &'static str)]);

impl Files for Shelf {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let found = self.0.iter().find(|(known, _)| *known == path);
        Ok(found.map(|(_, text)| text.as_bytes().to_vec()))
    }
}

fn of(text: &str, files: &dyn Files) -> Result<Document, Vec<String>> {
    let file = SourceFile::new("docs/shop.yaml", text);
    let mut diagnostics = Vec::new();
    let document = read(&file, files, &mut diagnostics);
    let told = |one: &crate::diagnostic::Diagnostic| {
        let (line, column) = one.position();
        format!("{}:{line}:{column} {} {}", one.file.path, one.code, one.message)
    };
    document.ok_or_else(|| diagnostics.iter().map(told).collect())
}

const FRAME: &str = "asyncapi: 3.1.0\ninfo: { title: My Shop, version: 1.0.0 }\n";

fn payload_of(document: &Document) -> serde_json::Value {
    match &document.channels[0].messages[0].payload {
        Body::Schema(schema) => schema.value.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn references_lead_to_other_files_and_on_from_there() {
    let files = Shelf(&[
        ("common/messages.yaml", "paid: { payload: { $ref: './schemas.json#/Paid' } }\n"),
        (
            "common/schemas.json",
            r##"{"Paid": {"properties": {"by": {"$ref": "#/Id"}}}, "Id": {"type": "string"}}"##,
        ),
    ]);
    let text = format!(
        "{FRAME}channels:\n  paid:\n    address: shop.paid\n    messages:\n      \
         paid: {{ $ref: '../common/messages.yaml#/paid' }}\n"
    );
    let document = of(&text, &files).unwrap();
    assert_eq!(document.service, "my_shop");
    let expected = json!({
        "properties": { "by": { "$ref": "#/definitions/1" } },
        "definitions": { "1": { "type": "string" } },
    });
    assert_eq!(payload_of(&document), expected);
    let schema = document.channels[0].messages[0].payload.schema().unwrap();
    let place = document.shown(schema.place("/definitions/1/type"));
    assert_eq!(place, "common/schemas.json:1:59");
}

#[test]
fn traits_bring_what_a_message_does_not_say_itself() {
    let text = format!(
        "{FRAME}channels:\n  paid:\n    messages:\n      paid:\n        \
         headers: {{ properties: {{ own: {{ type: string }} }} }}\n        \
         traits:\n          - {{ title: first, headers: {{ $ref: '#/components/schemas/H' }} }}\n          \
         - {{ title: second }}\ncomponents:\n  schemas:\n    H:\n      type: object\n      \
         properties: {{ own: {{ type: integer, minimum: 0 }}, other: {{ type: integer }} }}\n"
    );
    let document = of(&text, &NoFiles).unwrap();
    let message = &document.channels[0].messages[0];
    assert_eq!(message.title.as_deref(), Some("second"));
    let headers = &message.headers.schema().unwrap().value;
    let expected = json!({
        "type": "object",
        "properties": {
            "own": { "type": "string", "minimum": 0 }, "other": { "type": "integer" }
        },
    });
    assert_eq!(*headers, expected);
}

#[test]
fn schemas_may_contain_themselves() {
    let text = format!(
        "{FRAME}channels:\n  tree:\n    messages:\n      node:\n        payload:\n          \
         properties: {{ below: {{ items: {{ $ref: '#/channels/tree/messages/node/payload' }} }} }}\n"
    );
    let expected = json!({ "properties": { "below": { "items": { "$ref": "#" } } } });
    assert_eq!(payload_of(&of(&text, &NoFiles).unwrap()), expected);
}

#[test]
fn an_answer_is_sent_by_who_receives_the_question() {
    let text = format!(
        "{FRAME}channels:\n  ask: {{ messages: {{ q: {{}} }} }}\n  tell: {{ address: null, \
         messages: {{ a: {{}}, b: {{}} }} }}\noperations:\n  answer:\n    action: receive\n    \
         channel: {{ $ref: '#/channels/ask' }}\n    reply:\n      \
         channel: {{ $ref: '#/channels/tell' }}\n      \
         messages: [{{ $ref: '#/channels/tell/messages/b' }}]\n"
    );
    let document = of(&text, &NoFiles).unwrap();
    assert!(document.does(Direction::Receive, 0, "q"));
    assert!(document.does(Direction::Send, 1, "b") && !document.does(Direction::Send, 1, "a"));
    assert_eq!(document.channels[1].topic, None);
}

#[rstest]
#[case::avro(
    "{ schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: { type: record } }",
    "the value of message `m` is Avro (`application/vnd.apache.avro;version=1.9.0`)"
)]
#[case::protobuf(
    "{ schemaFormat: application/vnd.google.protobuf;version=3, schema: 'message A {}' }",
    "the value of message `m` is Protobuf (`application/vnd.google.protobuf;version=3`)"
)]
#[case::remote(
    "{ $ref: 'https://example.com/order.json' }",
    "the value of message `m` is at https://example.com/order.json: nothing is read from the \
     network"
)]
#[case::remote_part(
    "{ properties: { a: { $ref: 'https://example.com/a' }, b: { $ref: 'https://example.com/b' } } }",
    "a part of the value of message `m` is at https://example.com/a: nothing is read from the \
     network"
)]
fn what_cannot_be_checked_is_named(#[case] payload: &str, #[case] expected: &str) {
    let text =
        format!("{FRAME}channels: {{ c: {{ messages: {{ m: {{ payload: {payload} }} }} }} }}\n");
    let document = of(&text, &NoFiles).unwrap();
    assert_eq!(document.not_checked[0].what, expected);
}

#[rstest]
#[case::version("asyncapi: 2.6.0\n", &["docs/shop.yaml:1:11 asyncapi::version"])]
#[case::missing(
    "asyncapi: 3.0.0\nchannels: { c: { messages: { m: { payload: { $ref: '#/no' } } } } }\n",
    &["docs/shop.yaml:2:52 asyncapi::bad-reference nothing is at `#/no`"]
)]
#[case::file(
    "asyncapi: 3.0.0\nchannels: { c: { $ref: 'no.yaml#/c' } }\n",
    &["docs/shop.yaml:2:24 asyncapi::bad-reference `no.yaml#/c` leads nowhere: docs/no.yaml: \
       there is no such file"]
)]
#[case::circle(
    "asyncapi: 3.0.0\nchannels: { c: { $ref: '#/channels/c' } }\n",
    &["docs/shop.yaml:2:24 asyncapi::bad-reference"]
)]
#[case::circle_through_itself(
    "asyncapi: 3.0.0\nchannels: { c: { $ref: '#/channels/c/messages' } }\n",
    &["docs/shop.yaml:2:24 asyncapi::bad-reference"]
)]
#[case::two_at_once(
    "asyncapi: 3.0.0\nchannels: []\noperations: { o: { action: publish } }\n",
    &["docs/shop.yaml:2:11 asyncapi::wrong-type", "docs/shop.yaml:3:28 asyncapi::bad-value"]
)]
fn what_is_wrong_has_its_place(#[case] text: &str, #[case] expected: &[&str]) {
    let told = of(text, &NoFiles).unwrap_err();
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn all_of_yaml_is_read() {
    let text = "%YAML 1.2\n---\nasyncapi: !!str 3.0.0\ninfo: { title: yes, version: &v 1.0.0 }\n\
                x-all: &all { type: object, required: [a] }\nchannels:\n  c:\n    messages:\n      \
                m: { payload: { <<: *all, minProperties: 1, type: [object, ~] } }\n";
    let document = of(text, &NoFiles).unwrap();
    let expected = json!({ "minProperties": 1, "type": ["object", null], "required": ["a"] });
    assert_eq!(payload_of(&document), expected);
    assert_eq!(document.service, "yes");
}

#[rstest]
#[case("asyncapi: 3.0.0\n", true)]
#[case("# a comment\n---\n'asyncapi' : 3.0.0\n", true)]
#[case(r#"{"id":"x","asyncapi":"3.0.0"}"#, true)]
#[case("\u{feff}asyncapi: 3.0.0", true)]
#[case("paid: { payload: { type: object } }\n", false)]
#[case("about:\n  asyncapi: 3.0.0\n", false)]
#[case("asyncapi documents: many\n", false)]
fn a_document_is_known_by_its_first_word(#[case] text: &str, #[case] is: bool) {
    assert_eq!(is_document(text), is);
}
