//! Documents of anybody: several files, JSON, no discriminator, headers and keys as schemas.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{events, lines, quintet, text};

const SHOP: &str = "\
asyncapi: 3.1.0
info: { title: Web Shop, version: '1.0' }
defaultContentType: application/json
channels:
  sales:
    address: shop.sales
    messages:
      placed: { $ref: 'common/messages.yaml#/placed' }
      void: { $ref: 'common/messages.yaml#/void' }
operations:
  sell: { action: send, channel: { $ref: '#/channels/sales' } }
";

const COMMON: &str = "\
placed:
  name: Placed
  headers: { type: object, properties: { origin: { type: string } } }
  payload:
    type: object
    required: [what, amount]
    properties:
      what: { const: placed }
      amount: { $ref: '#/amount' }
void:
  payload: { type: object, required: [what], properties: { what: { const: void } } }
amount: { type: integer, minimum: 0, maximum: MOST }
";

const DEPOT: &str = r##"{
  "asyncapi": "3.0.0",
  "info": { "title": "Depot", "version": "1.0" },
  "defaultContentType": "application/json",
  "channels": {
    "orders": {
      "address": "shop.sales",
      "messages": {
        "order": {
          "headers": { "type": "object", "required": ["origin"], "properties": { "origin": { "type": "string" } } },
          "payload": {
            "type": "object",
            "required": ["what", "amount"],
            "properties": { "what": { "const": "placed" }, "amount": { "type": "integer", "minimum": 0, "maximum": 99 } }
          }
        },
        "note": { "payload": { "type": "object", "properties": { "what": { "const": "note" } }, "required": ["what"] } }
      }
    }
  },
  "operations": { "pack": { "action": "receive", "channel": { "$ref": "#/channels/orders" } } }
}"##;

fn documents(folder: &Path, most: u32) {
    std::fs::create_dir_all(folder.join("common")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    write("shop.yaml", SHOP);
    write("common/messages.yaml", &COMMON.replace("MOST", &most.to_string()));
    write("depot.json", DEPOT);
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    let named = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let output = git.current_dir(folder).args(named).args(arguments).output().expect("git");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Rule, type and path of the main place of each finding.
fn found(lines: &[Value]) -> Vec<String> {
    let of = |line: &Value| {
        let path = line["places"][0]["path"].as_str().unwrap_or("");
        let word = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {path}", word("rule"), word("type"), word("field"))
    };
    events(lines, "finding").iter().map(of).collect()
}

#[test]
fn drift_reads_any_document() {
    let folder = tempfile::tempdir().expect("a folder");
    documents(folder.path(), 500);
    let output = quintet(folder.path(), &["drift", ".", "--format", "json"]);
    let lines = lines(&output);
    let found = found(&lines);
    let common = "./common/messages.yaml";
    let has = |rule: &str| found.iter().find(|one| one.starts_with(rule));
    let range = has("range-refused placed /amount").unwrap_or_else(|| panic!("{found:#?}"));
    assert!(range.ends_with("common/messages.yaml"), "{range}, not {common}");
    assert!(has("header-not-promised placed origin").is_some(), "{found:#?}");
    assert!(has("message-not-read void").is_some(), "{found:#?}");
    assert!(has("message-never-sent note").is_some(), "{found:#?}");
    assert_eq!(output.status.code(), Some(1));
    let finding = events(&lines, "finding").into_iter().find(|one| one["rule"] == "range-refused");
    assert!(finding.expect("it is there")["witness"]["amount"].as_i64() > Some(99));
}

#[test]
fn breaking_follows_files_into_a_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    documents(&folder.path().join("api"), 500);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "first"]);
    documents(&folder.path().join("api"), 900);
    let arguments = ["breaking", "api", "--against", "HEAD", "--format", "json"];
    let output = quintet(folder.path(), &arguments);
    let all = lines(&output);
    let broken: Vec<_> =
        events(&all, "comparison").into_iter().filter(|one| one["verdict"] == "breaking").collect();
    assert_eq!(broken.len(), 1, "{all:?}");
    assert_eq!(broken[0]["type"], "placed");
    assert!(broken[0]["witness"]["amount"].as_i64() > Some(500), "{broken:?}");
    assert_eq!(output.status.code(), Some(1));
    let alone = ["breaking", "api/shop.yaml", "--against", "HEAD", "--format", "json"];
    assert_eq!(quintet(folder.path(), &alone).status.code(), Some(1));
}

#[test]
fn matrix_reads_any_document() {
    let folder = tempfile::tempdir().expect("a folder");
    documents(&folder.path().join("old"), 50);
    documents(&folder.path().join("new"), 500);
    let arguments = ["matrix", "new", "--against", "old", "--format", "json"];
    let output = quintet(folder.path(), &arguments);
    let pairs = events(&lines(&output), "pair");
    assert!(!pairs.is_empty(), "{}", text(&output.stderr));
    let rules = |version: &str| -> Vec<String> {
        let is = |pair: &&Value| {
            let versions = pair["sender"]["versions"].as_array().expect("versions");
            versions.iter().any(|one| one == version)
        };
        let pair = pairs.iter().find(is).expect("a pair");
        let findings = pair["findings"].as_array().expect("findings");
        findings.iter().filter_map(|one| one["rule"].as_str().map(str::to_owned)).collect()
    };
    assert!(!rules("old").contains(&"range-refused".to_owned()));
    assert!(rules("now").contains(&"range-refused".to_owned()));
}

#[test]
fn a_schema_that_contains_itself_is_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = |least: u32| {
        format!(
            "asyncapi: 3.0.0
info: {{ title: Tree, version: '1' }}
channels:
  trees:
    address: trees
    messages: {{ tree: {{ payload: {{ $ref: '#/components/schemas/node' }} }} }}
operations: {{ grow: {{ action: send, channel: {{ $ref: '#/channels/trees' }} }} }}
components:
  schemas:
    node:
      type: object
      required: [size]
      properties:
        size: {{ type: integer, minimum: {least} }}
        below: {{ type: array, items: {{ $ref: '#/components/schemas/node' }} }}
"
        )
    };
    for (name, least) in [("old", 1), ("same", 1), ("new", 0)] {
        std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
        std::fs::write(folder.path().join(name).join("tree.yaml"), document(least))
            .expect("a file");
    }
    let code =
        |new: &str| quintet(folder.path(), &["breaking", new, "--against", "old"]).status.code();
    assert_eq!((code("same"), code("new")), (Some(0), Some(1)));
}
