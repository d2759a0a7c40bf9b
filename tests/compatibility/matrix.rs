//! `contracts matrix`: which versions can run beside each other.

use std::path::Path;

use serde_json::{Value, json};

use crate::{events, lines, quintet, text};

/// Two services, of which one sends what the other reads.
fn shops(folder: &Path, most_sent: u32, most_read: u32) {
    let document = |service: &str, action: &str, most: u32| {
        format!(
            "asyncapi: 3.0.0
info: {{ title: T, version: 1.0.0, x-service: {service} }}
defaultContentType: application/json
channels:
  orders:
    address: ORDERS
    messages:
      default:
        payload:
          type: object
          required: [amount]
          properties: {{ amount: {{ type: integer, minimum: 0, maximum: {most} }} }}
operations:
  work: {{ action: {action}, channel: {{ $ref: '#/channels/orders' }} }}
"
        )
    };
    std::fs::create_dir_all(folder).expect("a folder");
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(format!("{name}.asyncapi.yaml")), text).expect("a file");
    };
    write("till", document("till", "send", most_sent));
    write("stock", document("stock", "receive", most_read));
}

fn matrix(folder: &Path, more: &[&str]) -> (Vec<Value>, Option<i32>) {
    let fixed = ["matrix", "new", "--against", "old", "--format", "json"];
    let output = quintet(folder, &[&fixed[..], more].concat());
    (lines(&output), output.status.code())
}

#[test]
fn each_pair_of_versions_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    shops(&folder.path().join("old"), 9, 9);
    shops(&folder.path().join("new"), 20, 20);
    let (lines, code) = matrix(folder.path(), &[]);
    let said = |line: &Value| {
        let of = |side: &str| line[side]["versions"][0].as_str().unwrap_or("").to_owned();
        (of("sender"), of("receiver"), line["verdict"].as_str().unwrap_or("").to_owned())
    };
    let pairs: Vec<_> = events(&lines, "pair").iter().map(said).collect();
    let pair = |sender: &str, receiver: &str, verdict: &str| {
        (sender.to_owned(), receiver.to_owned(), verdict.to_owned())
    };
    let expected = [
        pair("old", "old", "compatible"),
        pair("old", "now", "compatible"),
        pair("now", "old", "breaks"),
        pair("now", "now", "compatible"),
    ];
    assert_eq!(pairs, expected);
    assert_eq!(code, Some(1));
    let broken = events(&lines, "pair").into_iter().find(|line| line["verdict"] == "breaks");
    let witness = &broken.expect("a pair")["findings"][0]["witness"];
    assert!(witness["amount"].as_u64().is_some_and(|amount| amount > 9), "{witness}");
}

#[test]
fn versions_with_one_text_are_one() {
    let folder = tempfile::tempdir().expect("a folder");
    shops(&folder.path().join("old"), 9, 9);
    shops(&folder.path().join("new"), 9, 20);
    let (lines, code) = matrix(folder.path(), &[]);
    assert_eq!(code, Some(0));
    let pairs = events(&lines, "pair");
    assert_eq!(pairs.len(), 2);
    assert_eq!(pairs[0]["sender"]["versions"], json!(["old", "now"]));
}

#[test]
fn what_runs_decides_what_may_go_out() {
    let folder = tempfile::tempdir().expect("a folder");
    shops(&folder.path().join("old"), 9, 9);
    shops(&folder.path().join("new"), 20, 20);
    let ask = |deployed: &str| {
        let text = format!("format: 1\ndeployed: {deployed}\n");
        std::fs::write(folder.path().join("runs.yaml"), text).expect("a file");
        let (lines, code) = matrix(folder.path(), &["--deployed", "runs.yaml"]);
        (lines.last().expect("a summary")["may_go_out"].clone(), code)
    };
    // The reader goes out before the sender: what is sent now is too much for the old reader.
    assert_eq!(ask("{ till: [old], stock: [old] }"), (json!(false), Some(1)));
    assert_eq!(ask("{ till: [old], stock: [now] }"), (json!(true), Some(0)));
    std::fs::write(folder.path().join("runs.yaml"), "deployed: { till: v7 }\n").expect("a file");
    let arguments = ["matrix", "new", "--against", "old", "--deployed", "runs.yaml"];
    let output = quintet(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("runs.yaml:1:19: no version `v7`"));
}
