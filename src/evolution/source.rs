//! Schema documents from files: JSON or YAML, with the places of what is wrong.

use std::sync::Arc;

use super::compile::Draft;
use super::document::Document;
use super::exact;
use super::json::Json;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::yaml::{self, Meaning, Node, Scalar, Style, Value};

pub(crate) mod reader;

/// So many problems of a file are told.
const MAX_PROBLEMS: usize = 20;

/// The schema of a file; `None` where it cannot be used, and then there is an error.
pub(crate) fn read(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Document> {
    let before = diagnostics.len();
    let node = tree(file, diagnostics)?;
    let schema = json(&node, file, diagnostics)?;
    if diagnostics[before..].iter().any(Diagnostic::is_error) {
        return None;
    }
    let draft = match Draft::of(&schema) {
        Ok(draft) => draft,
        Err(unknown) => {
            let span = place(&node, "/$schema");
            diagnostics.push(
                Diagnostic::error("schema::unknown-draft", unknown.to_string(), file, span)
                    .help("compare files of the same two drafts, or leave out `$schema`"),
            );
            return None;
        }
    };
    let problems = problems(&schema, draft);
    for (pointer, message) in problems.into_iter().take(MAX_PROBLEMS) {
        let span = place(&node, &pointer);
        let at = if pointer.is_empty() { "the schema" } else { &pointer };
        let message = format!("{at}: {message}");
        diagnostics.push(Diagnostic::error("schema::not-valid", message, file, span));
    }
    let sound = !diagnostics[before..].iter().any(Diagnostic::is_error);
    sound.then_some(Document { schema, draft })
}

/// The tree of a file: JSON where its name says so, else YAML.
pub(crate) fn tree(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    match file.is_json() {
        true => reader::read(file, diagnostics),
        false => yaml::read(file, diagnostics),
    }
}

/// What the draft's own schema says against a schema, each with its place.
fn problems(schema: &Json, draft: Draft) -> Vec<(String, String)> {
    let Some(schema) = schema.to_serde() else {
        return vec![(String::new(), "a number is out of range".to_owned())];
    };
    let validator = match draft {
        Draft::Seven => jsonschema::draft7::meta::validator(),
        Draft::Latest => jsonschema::draft202012::meta::validator(),
    };
    let errors = validator.iter_errors(&schema);
    let mut problems: Vec<_> = errors
        .map(|error| (error.instance_path().as_str().to_owned(), error.masked().to_string()))
        .collect();
    problems.sort();
    problems.dedup_by(|a, b| a.0 == b.0);
    problems
}

/// The place of what a JSON pointer leads to, or of what is nearest above it.
fn place(node: &Node, pointer: &str) -> Span {
    let mut here = node;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let next = match &here.value {
            Value::Mapping(_) => here.get(&part),
            Value::Sequence(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)),
            Value::Scalar(_) => None,
        };
        match next {
            Some(next) => here = next,
            None => break,
        }
    }
    here.span
}

/// The tree as a value. What is no JSON is told.
fn json(node: &Node, file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Json> {
    Some(match &node.value {
        Value::Sequence(items) => {
            let items = items.iter().map(|item| json(item, file, diagnostics));
            Json::List(items.collect::<Option<_>>()?)
        }
        Value::Mapping(members) => {
            let mut record = std::collections::BTreeMap::new();
            for (name, value) in members {
                let name = name.scalar().map_or("", |name| &name.text);
                record.insert(name.into(), json(value, file, diagnostics)?);
            }
            Json::Record(record)
        }
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Missing | Meaning::Null => Json::Null,
            Meaning::Bool(is) => Json::Bool(is),
            Meaning::Text(text) => Json::Text(text.into()),
            Meaning::Number(text) => match exact::parse(text) {
                Some(number) => Json::Number(number),
                None => {
                    let message = "the number is beyond what schemas are compared with";
                    diagnostics.push(Diagnostic::error(
                        "schema::number-too-large",
                        message,
                        file,
                        node.span,
                    ));
                    return None;
                }
            },
        },
    })
}

/// A scalar as JSON writes it.
fn scalar(text: String, style: Style, span: Span) -> Node {
    Node { span, value: Value::Scalar(Scalar { text, style }) }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::diagnostic::{SourceFile, render};
    use crate::evolution::Draft;

    fn codes(path: &str, text: &str) -> Vec<String> {
        let mut diagnostics = Vec::new();
        let document = read(&SourceFile::new(path, text), &mut diagnostics);
        assert_eq!(document.is_none(), !diagnostics.is_empty());
        diagnostics.iter().map(|one| render(one, false).lines().take(2).collect()).collect()
    }

    #[test]
    fn json_and_yaml_are_read_alike() {
        let mut diagnostics = Vec::new();
        let json = r#"{"type": "object", "required": ["\u0061"], "maxProperties": 2.0}"#;
        let json = read(&SourceFile::new("a.json", json), &mut diagnostics).unwrap();
        let yaml = "type: object\nrequired: [a]\nmaxProperties: 2\n";
        let yaml = read(&SourceFile::new("a.yaml", yaml), &mut diagnostics).unwrap();
        assert_eq!(json, yaml);
        assert_eq!(json.draft, Draft::Latest);
        assert!(diagnostics.is_empty());
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let wrong = [
            ("a.json", "{\"type\": \"object\",\n  }", "a.json:2:3"),
            ("a.json", "{\"a\": 1,\n \"a\": 2}", "a.json:2:2"),
            ("a.json", "{\"minimum\":\n 1e9999}", "a.json:2:2"),
            ("a.json", "{\"properties\": {\"a\":\n {\"type\": \"text\"}}}", "a.json:2:11"),
            ("a.yaml", "type: object\nrequired: a\n", "a.yaml:2:11"),
            ("a.yaml", "$schema: http://json-schema.org/draft-04/schema#\n", "a.yaml:1:10"),
        ];
        for (path, text, place) in wrong {
            let told = codes(path, text).join("\n");
            assert!(told.contains(place), "{text}: {told}");
        }
    }
}
