//! `contracts needs`: what a service depends on.

use serde_json::Value;

use crate::{events, lines, quintet, root, text};

fn needs(arguments: &[&str]) -> (Vec<Value>, Option<i32>) {
    let output = quintet(&root(), &[&["needs"], arguments, &["--format", "json"]].concat());
    (lines(&output), output.status.code())
}

fn field<'a>(lines: &'a [Value], message: &str, field: &str) -> &'a Value {
    let is = |line: &&Value| line["type"] == message && line["field"] == field;
    lines.iter().find(is).unwrap_or_else(|| panic!("{message} {field}"))
}

#[test]
fn what_a_service_does_tells_what_it_reads() {
    let (lines, code) = needs(&["ban", "scenarios/ban/create-and-delete.scenario.yaml"]);
    assert_eq!(code, Some(0));
    let create = field(&lines, "CREATE", "/body/reasonCode");
    assert_eq!(create["declared"], true);
    assert_eq!(create["probes"]["other-type"]["effect"], "refused", "{create}");
    let unknown = field(&lines, "ERROR", "/body/until");
    assert_eq!((&unknown["usage"], &unknown["rule"]), (&"unknown".into(), &"not-exercised".into()));
    let summary = lines.last().expect("a summary");
    let usages = summary["usages"].as_object().expect("sums").values();
    let sum: u64 = usages.filter_map(Value::as_u64).sum();
    assert_eq!(summary["fields"].as_u64(), Some(sum));
    assert_eq!(events(&lines, "need").len() as u64, sum);
}

#[test]
fn who_cannot_be_played_is_told() {
    let said = |arguments: &[&str]| quintet(&root(), arguments);
    let output = said(&["needs", "nobody", "scenarios/ban/create-and-delete.scenario.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no contract is of a service `nobody`"));
}
