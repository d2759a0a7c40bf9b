//! What `asyncapi::inspect` refuses is what the official schema refuses: a document that has one of
//! each object, damaged in every place in several ways.

use quintet::asyncapi::{NoFiles, inspect};
use quintet::diagnostic::{Diagnostic, SourceFile};
use serde_json::{Value, json};

const OFFICIAL: &str = include_str!("../fixtures/asyncapi/asyncapi-3.0.0.schema.json");
const EVERY: &str = include_str!("../fixtures/documents/every.json");

/// Codes of what the form of a document is; others are about what it says.
const OF_FORM: [&str; 6] =
    ["version", "wrong-type", "missing-keyword", "unknown-keyword", "bad-value", "bad-schema"];

fn told(document: &Value) -> Vec<Diagnostic> {
    let file = SourceFile::new("every.json", document.to_string());
    let mut diagnostics = Vec::new();
    inspect(&file, &NoFiles, &mut diagnostics);
    diagnostics.retain(Diagnostic::is_error);
    diagnostics
}

/// The places of all values, as JSON pointers.
fn places(value: &Value, pointer: &str, to: &mut Vec<String>) {
    to.push(pointer.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{pointer}/{name}"), to);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                places(item, &format!("{pointer}/{at}"), to);
            }
        }
        _ => {}
    }
}

/// The document damaged in one place, in each way.
fn damaged(document: &Value, pointer: &str) -> Vec<Value> {
    let Some((above, name)) = pointer.rsplit_once('/') else {
        return Vec::new();
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = document.clone();
        change(document.pointer_mut(pointer).unwrap());
        document
    };
    let mut all: Vec<Value> = [json!(5), json!({}), json!("other")]
        .into_iter()
        .map(|value| with(&|place| *place = value.clone()))
        .collect();
    let mut without = document.clone();
    match without.pointer_mut(above).unwrap() {
        Value::Object(members) => drop(members.remove(&name)),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        _ => unreachable!("{pointer} is inside"),
    }
    all.push(without);
    if document.pointer(pointer).unwrap().is_object() {
        all.push(with(&|place| place["surplus"] = json!(1)));
        all.push(with(&|place| place["x-own"] = json!(1)));
    }
    all
}

#[test]
fn what_is_refused_is_what_the_official_schema_refuses() {
    let schema: Value = serde_json::from_str(OFFICIAL).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let every: Value = serde_json::from_str(EVERY).unwrap();
    assert!(validator.is_valid(&every), "{:?}", validator.iter_errors(&every).next());
    let sound: Vec<_> = told(&every).into_iter().map(|one| one.message).collect();
    assert_eq!(sound, Vec::<String>::new());
    let mut pointers = Vec::new();
    places(&every, "", &mut pointers);
    let (mut refused, mut accepted, mut wrong) = (0, 0, Vec::new());
    for pointer in &pointers {
        for document in damaged(&every, pointer) {
            let is_valid = validator.is_valid(&document);
            let errors = told(&document);
            let of_form = errors.iter().find(|one| {
                one.code.strip_prefix("asyncapi::").is_some_and(|code| OF_FORM.contains(&code))
            });
            let now = document.pointer(pointer).map_or("gone".to_owned(), Value::to_string);
            match (is_valid, of_form) {
                // The official schema forgets to say that a parameter is an object.
                (true, Some(_)) if pointer.starts_with("/channels/orders/parameters") => {
                    accepted += 1;
                }
                (true, Some(error)) => wrong.push(format!("{pointer} {now}: {}", error.message)),
                (false, None) if errors.is_empty() => {
                    wrong.push(format!("{pointer} {now}: nothing is said"));
                }
                (true, None) => accepted += 1,
                (false, _) => refused += 1,
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused > 400 && accepted > 100, "{refused} refused, {accepted} accepted");
}
