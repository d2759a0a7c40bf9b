//! `contracts breaking`: documents against folders and against commits.

use std::path::Path;
use std::process::Command;

use rstest::rstest;
use serde_json::Value;

use crate::{changed, contracts, events, lines, quintet, text};

/// A document of one service, made for the test.
const SMALL: &str = "\
asyncapi: 3.0.0
info: { title: Shop, version: 1.0.0, x-service: shop }
defaultContentType: application/json
channels:
  orders:
    address: ORDERS
    x-discriminator: kind
    messages:
      PLACED:
        headers: { $ref: '#/components/schemas/Headers' }
        x-key: { field: /order, encoding: uint32-le-8, basis: documented }
        payload:
          type: object
          required: [kind, order, amount]
          properties:
            kind: { type: string, const: PLACED }
            order: { type: integer, minimum: 0, maximum: 4294967295 }
            amount: { type: integer, minimum: 1, maximum: 99 }
            note: { type: string }
      CANCELLED:
        payload:
          type: object
          required: [kind]
          properties: { kind: { type: string, const: CANCELLED } }
operations:
  work:
    action: receive
    channel: { $ref: '#/channels/orders' }
components:
  schemas:
    Headers:
      type: object
      required: [trace]
      properties: { trace: { type: string }, region: { type: string } }
";

type Replaced<'a> = &'a [(&'a str, &'a str)];

fn small(folder: &Path, changes: Replaced<'_>) {
    let mut text = SMALL.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "no {from}");
        text = text.replace(from, to);
    }
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join("shop.asyncapi.yaml"), text).expect("a file");
}

/// What is said of a change, of a service that reads (or sends), as JSON lines and exit code.
fn said(before: Replaced<'_>, after: Replaced<'_>, more: &[&str]) -> (Vec<Value>, Option<i32>) {
    let folder = tempfile::tempdir().expect("a folder");
    small(&folder.path().join("old"), before);
    small(&folder.path().join("new"), after);
    let arguments = ["breaking", "new", "--against", "old", "--format", "json"];
    let output = quintet(folder.path(), &[&arguments[..], more].concat());
    (lines(&output), output.status.code())
}

fn verdicts(lines: &[Value]) -> Vec<(String, String)> {
    let said = |line: &Value| {
        let kind = line["type"].as_str().unwrap_or("-").to_owned();
        (kind, line["verdict"].as_str().unwrap_or("").to_owned())
    };
    events(lines, "comparison").iter().map(said).collect()
}

fn rules(lines: &[Value]) -> Vec<String> {
    let all = events(lines, "comparison");
    let changes =
        all.iter().flat_map(|line| line["changes"].as_array().cloned().unwrap_or_default());
    changes.map(|change| change["rule"].as_str().unwrap_or("").to_owned()).collect()
}

const SENDS: (&str, &str) = ("action: receive", "action: send");
const NOTE_NEEDED: (&str, &str) = ("order, amount]", "order, amount, note]");

#[test]
fn nothing_changed_is_compatible() {
    let (lines, code) = said(&[], &[], &[]);
    assert_eq!(code, Some(0), "{lines:#?}");
    let expected = [("CANCELLED", "compatible"), ("PLACED", "compatible")];
    let expected = expected.map(|(kind, said)| (kind.to_owned(), said.to_owned()));
    assert_eq!(verdicts(&lines), expected);
    assert!(rules(&lines).is_empty());
}

/// A reader must read what was sent; what is sent must be read by who read before.
#[rstest]
#[case::reader_needs_more(&[], &[NOTE_NEEDED], "required-attribute-added", Some(1))]
#[case::sender_promises_more(&[SENDS], &[SENDS, NOTE_NEEDED], "required-attribute-added", Some(0))]
#[case::reader_needs_less(&[NOTE_NEEDED], &[], "required-attribute-removed", Some(0))]
#[case::sender_promises_less(
    &[SENDS, NOTE_NEEDED], &[SENDS], "required-attribute-removed", Some(1)
)]
#[case::reader_takes_less(&[], &[("maximum: 99", "maximum: 9")], "maximum-decreased", Some(1))]
#[case::sender_sends_less(
    &[SENDS], &[SENDS, ("maximum: 99", "maximum: 9")], "maximum-decreased", Some(0)
)]
#[case::sender_sends_more(
    &[SENDS], &[SENDS, ("maximum: 99", "maximum: 100")], "maximum-increased", Some(1)
)]
#[case::message_removed(&[], &[("CANCELLED", "DROPPED")], "message-removed", Some(1))]
#[case::key_added(
    &[("x-key: { field: /order, encoding: uint32-le-8, basis: documented }", "")], &[],
    "key-added", Some(1)
)]
#[case::key_no_more_sent(
    &[SENDS], &[SENDS, ("x-key: { field: /order, encoding: uint32-le-8, basis: documented }", "")],
    "key-removed", Some(1)
)]
#[case::key_no_more_counted_on(
    &[], &[("x-key: { field: /order, encoding: uint32-le-8, basis: documented }", "")],
    "key-removed", Some(0)
)]
#[case::key_encoding(&[], &[("uint32-le-8", "decimal-text")], "key-encoding-changed", Some(1))]
#[case::header_needed(&[], &[("[trace]", "[trace, region]")], "required-header-added", Some(1))]
#[case::header_promised(
    &[SENDS], &[SENDS, ("[trace]", "[trace, region]")], "required-header-added", Some(0)
)]
#[case::header_gone(
    &[SENDS], &[SENDS, ("required: [trace]\n      properties: { trace: { type: string }, ",
        "properties: { ")],
    "header-removed", Some(1)
)]
#[case::address(&[], &[("ORDERS", "SALES")], "address-changed", Some(1))]
#[case::channel_renamed(&[], &[("orders", "sales")], "channel-renamed", Some(0))]
#[case::channel_gone(
    &[], &[("orders", "sales"), ("ORDERS", "SALES")], "channel-removed", Some(1)
)]
fn a_change_is_named_and_judged_by_role(
    #[case] before: Replaced<'_>,
    #[case] after: Replaced<'_>,
    #[case] rule: &str,
    #[case] code: Option<i32>,
) {
    let (lines, exit) = said(before, after, &[]);
    assert!(rules(&lines).iter().any(|one| one == rule), "{lines:#?}");
    assert_eq!(exit, code, "{lines:#?}");
    for line in events(&lines, "comparison") {
        let facts = line["changes"].as_array().expect("changes");
        let is_fact = facts.iter().any(|change| change["breaks"] == true);
        let breaks = line["verdict"] == "breaking";
        assert!(!breaks || is_fact || line["witness"].is_object(), "{line:#}");
    }
}

#[test]
fn a_witness_is_small_and_says_who_takes_it() {
    let (lines, _) = said(&[], &[("maximum: 99", "maximum: 9")], &[]);
    let all = events(&lines, "comparison");
    let placed = all.iter().find(|line| line["type"] == "PLACED").expect("the message");
    assert_eq!(placed["accepted_by"], "old");
    assert_eq!(placed["refused_by"], "new");
    assert!(placed["witness"]["amount"].as_u64().is_some_and(|amount| amount > 9));
    assert!(placed["witness"].get("note").is_none());
    assert_eq!(placed["places"][0]["line"], 9);
}

#[rstest]
#[case("role-aware", 1)]
#[case("tolerant-reader", 0)]
#[case("raw", 1)]
#[case("confluent-strict", 1)]
#[case("confluent-lenient", 1)]
fn a_tolerant_reader_misses_nothing(#[case] policy: &str, #[case] code: i32) {
    let (lines, exit) = said(&[], &[NOTE_NEEDED], &["--policy", policy]);
    assert_eq!(exit, Some(code), "{lines:#?}");
}

#[test]
fn each_mode_is_told() {
    let modes = ["--mode", "BACKWARD", "--mode", "FORWARD", "--mode", "FULL"];
    let (lines, code) = said(&[], &[NOTE_NEEDED], &modes);
    let placed = |mode: &str| {
        let all = events(&lines, "comparison");
        let own = all.iter().find(|line| line["mode"] == mode && line["type"] == "PLACED");
        own.expect("a line")["verdict"].as_str().expect("a verdict").to_owned()
    };
    assert_eq!(placed("BACKWARD"), "breaking");
    assert_eq!(placed("FORWARD"), "compatible");
    assert_eq!(placed("FULL"), "breaking");
    assert_eq!(code, Some(1));
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
    let mut git = Command::new("git");
    git.current_dir(folder).args(identity).args(["-c", "commit.gpgsign=false"]).args(arguments);
    let output = git.output().expect("git is there");
    assert!(output.status.success(), "git {arguments:?}: {}", text(&output.stderr));
}

/// A repository with a version that has no note, one that needs it, and the first again.
fn history() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = folder.path().join("docs");
    git(folder.path(), &["init", "-q", "-b", "trunk"]);
    for (tag, changes) in [("v1", &[][..]), ("v2", &[NOTE_NEEDED][..]), ("v3", &[][..])] {
        small(&documents, changes);
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "-q", "-m", tag]);
        git(folder.path(), &["tag", tag]);
    }
    folder
}

#[test]
fn commits_are_compared_with_what_stands_there_now() {
    let folder = history();
    small(&folder.path().join("docs"), &[NOTE_NEEDED]);
    let exit = |against: &str, more: &[&str]| {
        let arguments = ["breaking", "docs", "--against", against, "--format", "json"];
        let output = quintet(folder.path(), &[&arguments[..], more].concat());
        (output.status.code(), lines(&output))
    };
    assert_eq!(exit("v2", &[]).0, Some(0));
    let (code, all) = exit("v3", &[]);
    assert_eq!(code, Some(1));
    assert_eq!(all[0]["against"], serde_json::json!(["v3"]));
    let breaking: Vec<_> =
        all.iter().filter(|line| line["verdict"] == "breaking").cloned().collect();
    assert_eq!(breaking[0]["places"][1]["path"], "v3:docs/shop.asyncapi.yaml");
    // The version in between promised what is needed; one after it did not.
    assert_eq!(exit("v2", &["--mode", "BACKWARD"]).0, Some(0));
    let (code, all) = exit("v2", &["--mode", "BACKWARD_TRANSITIVE"]);
    assert_eq!(code, Some(1));
    assert_eq!(all[0]["against"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_git_cannot_say_is_told() {
    let folder = history();
    let told = |folder: &Path, against: &str| {
        let output = quintet(folder, &["breaking", "docs", "--against", against]);
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    assert!(told(folder.path(), "v9").contains("no commit `v9`"));
    let bare = tempfile::tempdir().expect("a folder");
    small(&bare.path().join("docs"), &[]);
    assert!(told(bare.path(), "v1").contains("not in a repository of git"));
    let mut quintet = Command::new(env!("CARGO_BIN_EXE_quintet"));
    quintet.current_dir(folder.path()).env("PATH", "");
    let arguments = ["contracts", "breaking", "docs", "--against", "v1"];
    let output = quintet.args(arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("needs the program git"), "{told}");
}

#[test]
fn the_five_are_compared_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = folder.path().join("new");
    let renamed = [("ban", "accountName", "loginName")];
    changed(&new, &renamed);
    let old = contracts();
    let old = old.to_string_lossy();
    let output =
        quintet(folder.path(), &["breaking", "new", "--against", &old, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let all = events(&lines(&output), "comparison");
    let breaking: Vec<_> = all.iter().filter(|line| line["verdict"] == "breaking").collect();
    let kinds: Vec<_> = breaking.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds, ["CREATED", "ERROR"]);
    assert!(breaking.iter().all(|line| line["service"] == "ban" && line["witness"].is_object()));
    assert!(all.iter().all(|line| line["verdict"] != "undecided"));
}
