//! `quintet contracts compare` as a whole: lines, exit codes, and places of what is wrong.

use std::process::{Command, Output};

use serde_json::{Value, json};

const OLD: &str = r#"{"type": "object", "properties": {"age": {"type": "integer"}}}"#;
const NEW: &str = "type: object\nproperties:\n  age: { type: integer, minimum: 0 }\n";

fn compare(files: &[(&str, &str)], more: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut quintet = Command::new(env!("CARGO_BIN_EXE_quintet"));
    quintet.current_dir(folder.path()).args(["contracts", "compare"]);
    quintet.args(files.iter().map(|(name, _)| name)).args(more).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn each_mode_is_a_line() {
    let files = [("old.json", OLD), ("new.yaml", NEW)];
    let modes = ["--format", "json", "--mode", "BACKWARD", "--mode", "FORWARD"];
    let output = compare(&files, &modes);
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let changes = json!([{ "rule": "minimum-added", "path": "/properties/age/minimum" }]);
    let backward = json!({
        "event": "comparison", "mode": "BACKWARD", "verdict": "breaking", "witness": {"age": -1},
        "changes": changes, "policy": "raw", "accepted_by": "old", "refused_by": "new",
        "old": "old.json",
    });
    let forward = json!({
        "event": "comparison", "mode": "FORWARD", "verdict": "compatible", "witness": null,
        "changes": changes, "policy": "raw",
    });
    assert_eq!(lines, [backward, forward]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with(r#"{"event":"comparison","mode":"BACKWARD","#));
}

#[test]
fn the_exit_code_is_the_verdict() {
    let code = |old: &str, new: &str| {
        compare(&[("a.json", old), ("b.json", new)], &[]).status.code().expect("it exits")
    };
    assert_eq!(code("{\"maximum\": 1}", "{\"maximum\": 2}"), 0);
    assert_eq!(code("{\"maximum\": 2}", "{\"maximum\": 1}"), 1);
    assert_eq!(code(r#"{"pattern": "\\bfoo"}"#, r#"{"minLength": 3}"#), 4);
    assert_eq!(code("{\"maximum\": \"2\"}", "true"), 2);
}

#[test]
fn what_is_wrong_with_files_is_told_with_its_place() {
    let output = compare(&[("a.json", "{\"type\":\n \"text\"}"), ("b.yaml", "minimum: x\n")], &[]);
    let told = text(&output.stderr);
    assert!(told.contains("a.json:2:2") && told.contains("b.yaml:1:10"), "{told}");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}
