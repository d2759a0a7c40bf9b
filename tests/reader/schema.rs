//! The schema of scenario files says what the reader says, as far as a schema can.

use std::collections::BTreeSet;
use std::path::Path;

use quintet::contract::Contracts;
use quintet::diagnostic::SourceFile;
use quintet::scenario::vocabulary::{ALWAYS, FAULTS, VERBS};
use quintet::scenario::{Known, schema, words_of};
use quintet::services::reference;
use quintet::yaml::{self, Meaning, Node, Value};
use serde_json::json;

use super::{around, broken_files, code_of};

/// What depends on something elsewhere (other fields, files, variables, contracts of values), or
/// lies inside a matcher.
const UNSEEN: &[&str] = &[
    "scenario::bad-matcher",
    "scenario::binding-not-here",
    "scenario::breaks-contract",
    "scenario::cannot-generate",
    "scenario::cannot-match",
    "scenario::conflicting-fields",
    "scenario::duplicate-column",
    "scenario::duplicate-row",
    "scenario::fault-never-fires",
    "scenario::fragment-cycle",
    "scenario::fragment-not-found",
    "scenario::keeps-contract",
    "scenario::message-needed",
    "scenario::missing-parameter",
    "scenario::no-interpolation",
    "scenario::rebound-variable",
    "scenario::row-length",
    "scenario::too-large",
    "scenario::unbound-variable",
    "scenario::unknown-argument",
    "scenario::unknown-header",
    "scenario::unknown-message-field",
    "scenario::unknown-parameter",
    "scenario::unknown-return",
    "scenario::unused-variable",
];

fn json_of(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Missing | Meaning::Null => serde_json::Value::Null,
            Meaning::Bool(value) => json!(value),
            Meaning::Number(text) => serde_json::from_str(text).expect("it is a JSON number"),
            Meaning::Text(text) => json!(text),
        },
        Value::Sequence(items) => items.iter().map(json_of).collect(),
        Value::Mapping(entries) => {
            let text = |key: &Node| key.text().unwrap_or_default().to_owned();
            let entries = entries.iter().map(|(key, value)| (text(key), json_of(value)));
            serde_json::Value::Object(entries.collect())
        }
    }
}

fn validator() -> jsonschema::Validator {
    let contracts = Contracts::builtin();
    let words = words_of(&reference());
    let schema = schema(&Known { contracts: &contracts, words: &words });
    jsonschema::validator_for(&schema).expect("it is a schema")
}

/// What the validator says of a text; none where that is no tree.
fn said_of(validator: &jsonschema::Validator, text: &str) -> Option<Vec<String>> {
    let mut diagnostics = Vec::new();
    let file = SourceFile::new("t.yaml", text);
    let node = yaml::read(&file, &mut diagnostics)?;
    let value = json_of(&node);
    Some(validator.iter_errors(&value).map(|error| error.to_string()).collect())
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn each_scenario_of_ours_is_valid() {
    let validator = validator();
    let mut found = Vec::new();
    files(Path::new("scenarios"), &mut found);
    assert!(found.len() > 100);
    for path in found {
        let text = std::fs::read_to_string(&path).expect("ours are text");
        let said = said_of(&validator, &text).expect("ours can be read");
        assert!(said.is_empty(), "{}: {said:#?}", path.display());
    }
    for word in VERBS {
        let text = around("", word.example);
        let said = said_of(&validator, &text).expect("it can be read");
        assert!(said.is_empty(), "{text}\n{said:#?}");
    }
    for word in FAULTS {
        let text = around("", word.example);
        assert!(said_of(&validator, &text).is_some_and(|said| said.is_empty()), "{text}");
    }
    for word in ALWAYS {
        let text = around(&format!("always:\n  {}\n", word.example), "- advance: 1s");
        assert!(said_of(&validator, &text).is_some_and(|said| said.is_empty()), "{text}");
    }
}

#[test]
fn each_fault_that_a_schema_can_see_is_seen() {
    let validator = validator();
    let mut unseen = BTreeSet::new();
    for path in broken_files() {
        let code = code_of(&path);
        // What is no tree, or not of the strict subset, is no matter of a schema.
        if code.starts_with("yaml::") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it is text");
        if said_of(&validator, &text).is_some_and(|said| said.is_empty()) {
            unseen.insert(code);
        }
    }
    let expected: BTreeSet<_> = UNSEEN.iter().map(|code| (*code).to_owned()).collect();
    let missed: Vec<_> = unseen.difference(&expected).collect();
    let better: Vec<_> = expected.difference(&unseen).collect();
    assert!(missed.is_empty(), "the schema does not see {missed:?}");
    assert!(better.is_empty(), "the schema sees {better:?}: take them out of the list");
}

#[test]
fn our_scenarios_have_one_layout() {
    let mut found = Vec::new();
    files(Path::new("scenarios"), &mut found);
    for path in found {
        let text = std::fs::read_to_string(&path).expect("ours are text");
        let formatted = yaml::format(&text);
        let line = text.lines().zip(formatted.lines()).position(|(one, two)| one != two);
        assert!(text == formatted, "{}: line {:?} is laid out otherwise", path.display(), line);
    }
}
