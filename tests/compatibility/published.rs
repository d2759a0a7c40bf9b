//! What programs read of each command is as it is published: JSON lines, SARIF, JUnit.

use std::process::Output;

use quick_junit::{Report, TestCaseStatus};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{TODAY, quintet, text};

/// What is called with which arguments, and an event that is then among the lines.
const CALLS: [(&str, &[&str], &str); 8] = [
    ("check", &["BROKEN.yaml"], "diagnostic"),
    ("compare", &["OLD.json", "NEW.json", "--policy", "confluent-strict"], "comparison"),
    ("drift", &["NEW", "--today", TODAY], "finding"),
    ("drift", &["NEW", "--today", TODAY], "unused"),
    ("breaking", &["NEW", "--against", "OLD"], "comparison"),
    ("matrix", &["NEW", "--against", "OLD", "--today", TODAY], "pair"),
    ("coverage", &["--no-scenarios", "--contracts", "NEW", "--min", "100"], "below"),
    ("needs", &["ban", "SCENARIO.scenario.yaml"], "need"),
];

/// Forms beside those that have a test of their own.
const FORMS: [&str; 3] = ["text", "github", "markdown"];

const ACCEPTED: &str = "\
format: 1
accepted:
  - { fingerprints: [0123456789abcdef], reason: it was there once, until: 2027-06-30 }
";

/// A document of one side of a channel.
fn document(service: &str, action: &str, amount: &str) -> String {
    format!(
        "asyncapi: 3.0.0
info: {{ title: T, version: 1.0.0, x-service: {service} }}
defaultContentType: application/json
channels:
  orders:
    address: ORDERS
    messages:
      default:
        payload: {{ type: object, required: [amount], properties: {{ amount: {{ {amount} }} }} }}
operations:
  work: {{ action: {action}, channel: {{ $ref: '#/channels/orders' }} }}
"
    )
}

/// Calls a command in a folder of made documents, in which each has something to say.
fn called(command: &str, arguments: &[&str], form: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let small = "type: integer, minimum: 0, maximum: 9";
    for (version, sent) in [("OLD", small), ("NEW", "type: integer, minimum: 0")] {
        write(&format!("{version}/till.asyncapi.yaml"), &document("till", "send", sent));
        write(&format!("{version}/stock.asyncapi.yaml"), &document("stock", "receive", small));
        write(&format!("{version}/accepted.yaml"), ACCEPTED);
    }
    write("BROKEN.yaml", include_str!("../fixtures/documents/broken.yaml"));
    write(
        "SCENARIO.scenario.yaml",
        include_str!("../../scenarios/ban/create-and-delete.scenario.yaml"),
    );
    write("OLD.json", r#"{"properties": {"a": {"type": "integer"}}}"#);
    write("NEW.json", r#"{"properties": {"a": {"type": "integer", "minimum": 0}}}"#);
    let all: Vec<&str> =
        [command].into_iter().chain(arguments.iter().copied()).chain(["--format", form]).collect();
    let output = quintet(folder.path(), &all);
    let told = text(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{command}: {told}");
    output
}

/// The published schema of a command's lines, in which no field may be that is not in it.
fn schema(command: &str) -> jsonschema::Validator {
    let mut whole: Value =
        serde_json::from_str(include_str!("../../docs/contracts.schema.json")).expect("JSON");
    close(&mut whole);
    whole["anyOf"] = json!([{ "$ref": format!("#/$defs/{command}") }]);
    jsonschema::draft202012::new(&whole).expect("a schema")
}

/// Others may add fields; what this version writes is all written down.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") && members.contains_key("required") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[rstest]
fn json_lines_are_as_they_are_published(#[values(0, 1, 2, 3, 4, 5, 6, 7)] call: usize) {
    let (command, arguments, event) = CALLS[call];
    let schema = schema(command);
    let said = text(&called(command, arguments, "json").stdout);
    let mut events = Vec::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let wrong: Vec<_> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{command}: {wrong:?} in {line}");
        events.push(line["event"].as_str().expect("an event").to_owned());
    }
    assert!(events.iter().any(|one| one == event), "{command}: {events:?}");
    assert!(command == "compare" || events.last().is_some_and(|last| last == "summary"));
}

#[test]
fn a_line_that_is_not_as_published_is_refused() {
    let schema = schema("drift");
    let mut line =
        json!({ "event": "unused", "fingerprint": "0123456789abcdef", "place": "a:1:2" });
    assert!(schema.is_valid(&line));
    line["fingerprint"] = json!("0123");
    assert!(!schema.is_valid(&line));
    line["fingerprint"] = json!("0123456789abcdef");
    line["more"] = json!(1);
    assert!(!schema.is_valid(&line), "a field that is not published");
    assert!(!schema.is_valid(&json!({ "event": "other" })));
}

fn official() -> jsonschema::Validator {
    let text = include_str!("../fixtures/sarif/sarif-2.1.0-rtm.5.json");
    let mut schema: Value = serde_json::from_str(text).expect("JSON");
    // Its pattern of languages has a bracket that closes nothing, which only lenient readers take;
    // no report of ours names a language.
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language"));
        let language = language.and_then(Value::as_object_mut).expect("it is there");
        assert!(language.remove("pattern").is_some());
    }
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft4)
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema")
}

#[rstest]
fn sarif_is_valid_by_the_official_schema(#[values(0, 1, 2, 4, 5, 6, 7)] call: usize) {
    let (command, arguments, _) = CALLS[call];
    let said = text(&called(command, arguments, "sarif").stdout);
    let whole: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    let schema = official();
    let wrong: Vec<_> = schema.iter_errors(&whole).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{command}: {wrong:?}");
    let results = whole["runs"][0]["results"].as_array().expect("results");
    assert!(!results.is_empty(), "{command}");
    let mut damaged = whole.clone();
    damaged["runs"][0]["results"][0]["level"] = json!("grave");
    assert!(!schema.is_valid(&damaged));
}

#[rstest]
fn junit_is_xml_with_a_case_for_each_finding(#[values(0, 1, 2, 4, 5, 6, 7)] call: usize) {
    let (command, arguments, _) = CALLS[call];
    let said = text(&called(command, arguments, "junit").stdout);
    let report =
        Report::deserialize_from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let [suite] = &report.test_suites[..] else { panic!("{command}: one suite") };
    assert!(!suite.test_cases.is_empty(), "{command}");
    let failed = suite
        .test_cases
        .iter()
        .filter(|case| matches!(case.status, TestCaseStatus::NonSuccess { .. }));
    assert_eq!(suite.tests, suite.test_cases.len(), "{command}");
    assert_eq!(suite.failures + suite.errors, failed.count(), "{command}");
}

#[test]
fn each_form_has_something_to_say() {
    for ((command, arguments, event), form) in
        CALLS.iter().flat_map(|call| FORMS.map(|form| (*call, form)))
    {
        if event == "unused" {
            continue;
        }
        let said = text(&called(command, arguments, form).stdout);
        match form {
            "github" => assert!(said.lines().all(|line| line.starts_with("::")), "{said}"),
            "markdown" => assert!(said.starts_with(&format!("### quintet contracts {command}"))),
            _ => assert!(said.lines().count() > 1, "{said}"),
        }
    }
}
