//! Properties of messages that an AsyncAPI document of anybody describes.

use rstest::rstest;

use super::files::Said;

/// A document that is not portable, whose topics are known when they are seen.
const DOCUMENT: &str = "asyncapi: 3.0.0
info: { title: Deliveries, version: 1.0.0 }
channels:
  early: { address: early, messages: { early: { payload: { type: object } } } }
  posted:
    address: posted.{region}
    parameters: { region: {} }
    messages:
      posted: { payload: { type: object, properties: { parcel: { type: string } } } }
  delivered:
    address: delivered
    messages:
      delivered: { payload: { type: object, properties: { parcel: { type: string } } } }
operations:
  tellPosted: { action: send, channel: { $ref: '#/channels/posted' } }
  tellDelivered: { action: send, channel: { $ref: '#/channels/delivered' } }
";
const PROPERTIES: &str = "format: 1
properties:
  - name: POSTED-FIRST
    ordered: { first: posted, then: delivered, by: parcel }
";

fn line(topic: &str, offset: u64, at_ms: u64, value: &str) -> String {
    let value = value.replace('"', "\\\"");
    let time_ms = 1_795_000_000_000 + at_ms;
    format!(
        "{{\"topic\":\"{topic}\",\"partition\":0,\"offset\":{offset},\"timestamp_ms\":{time_ms},\
         \"key\":null,\"headers\":[],\"value\":\"{value}\"}}\n"
    )
}

#[rstest]
#[case::holds(r#"{"parcel":"a"}"#, 0)]
#[case::broken(r#"{"parcel":"b"}"#, 1)]
#[case::without_the_field("{}", 0)]
fn a_channel_stands_for_each_of_its_topics(#[case] delivered: &str, #[case] code: i32) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("deliveries.yaml", DOCUMENT);
    write("p.properties.yaml", PROPERTIES);
    let posted = r#"{"parcel":"a"}"#;
    let lines = [
        line("posted.eu", 0, 0, posted),
        line("posted.us", 0, 10, posted),
        line("delivered", 0, 5_000, r#"{"parcel":"a"}"#),
        line("delivered", 1, 6_000, delivered),
    ];
    write("traffic.jsonl", &lines.concat());
    let said = Said::of(
        folder.path(),
        "check traffic.jsonl --contracts deliveries.yaml --properties p.properties.yaml",
    );
    assert_eq!(said.code, code, "{said:#?}");
    assert_eq!(said.out.contains("violation[POSTED-FIRST]"), code == 1, "{said:#?}");
}
