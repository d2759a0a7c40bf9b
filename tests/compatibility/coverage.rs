//! `contracts coverage`: what is exercised, what is refused, and the gate.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{changed, contracts, events, lines, quintet, root, text};

/// One contract is counted faster than five.
const BAN: &str = "contracts/ban.asyncapi.yaml";

fn coverage(arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
    let fixed = ["coverage", "--format", "json"];
    let output = quintet(&root(), &[&fixed[..], arguments].concat());
    (lines(&output), output.status.code())
}

/// Service, kind, field and detail of elements.
fn named(lines: &[Value], is: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let elements = events(lines, "element");
    let of = |line: &Value| {
        let word = |name: &str| line[name].as_str().unwrap_or("").to_owned();
        ["service", "action", "kind", "type", "field", "detail"].map(word).join(" ")
    };
    elements.iter().filter(|line| is(line)).map(of).collect()
}

#[test]
fn scenarios_exercise_what_they_send_and_what_comes_of_it() {
    let (lines, code) = coverage(&["scenarios/ban/create-and-delete.scenario.yaml"]);
    assert_eq!(code, Some(0));
    let some = named(&lines, |line| line["scenarios"].as_u64() > Some(0));
    for one in [
        "ban receive message CREATE  ",
        "ban receive field CREATE /body/reasonCode ",
        "ban receive header CREATE TENANT_ID ",
        "ban receive value CREATE /body/permanent true",
        "ban send field CREATED /banId ",
        "ban  rule  BAN-1 ",
    ] {
        assert!(some.contains(one), "{one}: {some:#?}");
    }
    let never = named(&lines, |line| line["scenarios"] == 0);
    for one in ["invite receive message REJECT  ", "invite  rule  INV-4 "] {
        assert!(never.contains(one), "{one}: {never:#?}");
    }
    let summary = lines.last().expect("a summary");
    let all = summary["elements"].as_object().expect("sums").values();
    let of = |name: &str| all.clone().filter_map(|one| one[name].as_u64()).sum::<u64>();
    assert_eq!(of("all"), u64::try_from(events(&lines, "element").len()).expect("few"));
    assert_eq!(of("exercised"), u64::try_from(some.len()).expect("few"));
}

#[test]
fn a_capture_exercises_messages_and_rules() {
    let capture = "tests/fixtures/captures/good.jsonl";
    let (lines, code) = coverage(&["--no-scenarios", "--contracts", BAN, "--capture", capture]);
    assert_eq!(code, Some(0));
    let some = named(&lines, |line| line["captures"].as_u64() > Some(0));
    for one in ["ban receive message CREATE  ", "ban send message CREATED  ", "ban  rule  BAN-1 "] {
        assert!(some.contains(one), "{one}: {some:#?}");
    }
    assert!(named(&lines, |line| line["scenarios"].as_u64() > Some(0)).is_empty());
}

#[test]
fn our_contracts_refuse_what_is_damaged() {
    let (lines, code) = coverage(&["--no-scenarios", "--min", "95"]);
    let accepted: Vec<_> =
        events(&lines, "damage").into_iter().filter(|line| line["fate"] == "accepted").collect();
    assert_eq!(code, Some(0), "{accepted:#?}");
    let summary = lines.last().expect("a summary");
    assert!(summary["score"].as_f64() >= Some(95.0), "{summary}");
    assert!(summary["refused"].as_u64() > Some(1_000), "{summary}");
    let scores = events(&lines, "score");
    assert!(scores.len() > 30 && scores.iter().all(|line| line["reason"].is_null()), "{scores:#?}");
}

#[test]
fn a_contract_that_says_less_fails_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let ranges = "minimum: 0, maximum: 255, x-type: byte";
    changed(folder.path(), &[("invite", ranges, "x-type: byte")]);
    let path = folder.path().join("invite.asyncapi.yaml").to_string_lossy().into_owned();
    let (lines, code) = coverage(&["--no-scenarios", "--contracts", &path, "--min", "100"]);
    assert_eq!(code, Some(1));
    let below: Vec<_> = events(&lines, "below");
    assert!(below.iter().any(|line| line["service"] == "invite"), "{below:?}");
    let found = events(&lines, "damage");
    let found = found.iter().filter(|line| {
        line["fate"] == "accepted" && line["field"] == "/worldId" && line["service"] == "invite"
    });
    let kinds: BTreeSet<_> = found.filter_map(|line| line["damage"].as_str()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["above", "below"]);
}

#[test]
fn a_table_is_shown() {
    let output = quintet(&root(), &["coverage", "--no-scenarios", "--contracts", BAN]);
    let told = text(&output.stdout);
    let head = told.lines().find(|line| line.starts_with("contract")).expect("a head");
    for column in ["messages", "fields", "branches", "refused", "score"] {
        assert!(head.contains(column), "{head}");
    }
    for contract in ["ban", "all"] {
        assert!(
            told.lines().any(|line| line.starts_with(contract) && line.ends_with('%')),
            "{told}"
        );
    }
    let markdown = quintet(
        &root(),
        &["coverage", "--no-scenarios", "--contracts", BAN, "--format", "markdown"],
    );
    assert!(text(&markdown.stdout).contains("| contract | messages |"));
}

#[test]
fn documents_of_anybody_are_counted() {
    let document = "tests/fixtures/documents/shop.yaml";
    let (lines, code) = coverage(&["--no-scenarios", "--contracts", document]);
    assert_eq!(code, Some(0));
    let all = named(&lines, |_| true);
    assert!(all.iter().any(|one| one.contains(" field ")), "{all:?}");
    assert!(events(&lines, "score").iter().any(|line| line["refused"].as_u64() > Some(0)));
}

#[test]
fn what_cannot_be_used_is_told() {
    let code = |arguments: &[&str]| quintet(&contracts(), arguments).status.code();
    assert_eq!(code(&["coverage", "--no-scenarios", "--capture", "missing.jsonl"]), Some(2));
    assert_eq!(code(&["coverage", "--min", "101"]), Some(2));
}
