//! What is wrong with a document beyond its form: examples, discriminators, messages that nothing
//! tells apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::compiled::{Voice, part_validator};
use super::telling::Telling;
use super::{OpenChannel, OpenDocument, Part};
use crate::asyncapi::{Body, Document, Example, Message, Schema, Tree};
use crate::diagnostic::Diagnostic;
use crate::evolution::{self, Draft, Inclusion, included};

/// Pairs of messages of a channel that are compared, at most.
const MOST_PAIRS: usize = 200;
/// Examples of a schema are looked for so deep.
const MAX_DEPTH: usize = 60;

/// Reports what is wrong with the examples, discriminators and messages of a document.
pub(crate) fn review(open: &OpenDocument, diagnostics: &mut Vec<Diagnostic>) {
    let before = diagnostics.len();
    for channel in &open.channels {
        channel.examples(diagnostics);
        channel.discriminator(diagnostics);
        channel.ambiguity(diagnostics);
    }
    // A message may stand in several channels, and a schema in several messages.
    let mut seen = std::collections::BTreeSet::new();
    let new = diagnostics.split_off(before);
    diagnostics.extend(new.into_iter().filter(|one| {
        seen.insert((one.file.path.clone(), one.span, one.code, one.message.clone()))
    }));
}

impl OpenChannel {
    fn examples(&self, diagnostics: &mut Vec<Diagnostic>) {
        let document = &self.document;
        for (described, compiled) in self.channel().messages.iter().zip(&self.messages) {
            let key = &described.key;
            for example in &described.examples {
                let parts = [
                    (&compiled.value, &example.payload, "value"),
                    (&compiled.headers, &example.headers, "headers"),
                ];
                for (part, tree, name) in parts {
                    let (Some(part), Some(tree)) = (part.compiled(), tree) else { continue };
                    let voice = Voice { document, sensitive: &self.sensitive };
                    for problem in part.problems(&tree.json(), "", voice) {
                        let at = Document::place_in(tree, &problem.path);
                        let message = format!(
                            "{} of message `{key}` breaks the schema of its {name}: {problem}",
                            named(example)
                        );
                        diagnostics.push(document.error("asyncapi::bad-example", message, at));
                    }
                }
            }
            for example in &described.invalid_examples {
                let is_accepted = |part: &Part, tree: &Option<Arc<Tree>>| match (part, tree) {
                    (Part::Schema(part), Some(tree)) => part.accepts(&tree.json()),
                    _ => true,
                };
                let is_good = is_accepted(&compiled.value, &example.payload)
                    && is_accepted(&compiled.headers, &example.headers);
                if is_good {
                    let message = format!(
                        "{} of message `{key}` is said to be invalid, and the schema accepts it",
                        named(example)
                    );
                    diagnostics.push(document.error("asyncapi::bad-example", message, example.at));
                }
            }
            for part in [&compiled.value, &compiled.headers, &compiled.key] {
                if let Some(part) = part.compiled() {
                    of_schema(document, &part.schema, diagnostics);
                }
            }
        }
    }

    /// Each message says by a required constant which it is.
    fn discriminator(&self, diagnostics: &mut Vec<Diagnostic>) {
        let (Some(field), Telling::Field(pointer, values)) =
            (&self.channel().discriminator, &self.telling)
        else {
            return;
        };
        let messages = &self.channel().messages;
        for (at, (message, compiled)) in messages.iter().zip(&self.messages).enumerate() {
            let Some(value) = compiled.value.compiled() else { continue };
            let key = &message.key;
            let said = value.typed.at(pointer);
            let wrong = match said {
                None => format!("message `{key}` has no field `{field}`"),
                Some(said) if said.allowed.is_none() => {
                    format!("`{field}` of message `{key}` has no `const`, so it says nothing")
                }
                Some(_) => {
                    let other = values[..at]
                        .iter()
                        .position(|earlier| earlier.iter().any(|one| values[at].contains(one)));
                    match other {
                        Some(other) => {
                            let other = &messages[other].key;
                            format!("`{field}` says the same in messages `{other}` and `{key}`")
                        }
                        None => continue,
                    }
                }
            };
            let at = value.schema.at;
            let error = self.document.error("asyncapi::not-told-apart", wrong, at);
            diagnostics.push(error.help("give each message a required field with a `const`"));
        }
    }

    /// A value that two messages accept, where nothing else tells them apart.
    fn ambiguity(&self, diagnostics: &mut Vec<Diagnostic>) {
        if self.telling != Telling::Fit {
            return;
        }
        let messages = &self.channel().messages;
        let mut pairs = 0;
        for (at, one) in messages.iter().enumerate() {
            for other in &messages[..at] {
                pairs += 1;
                if pairs > MOST_PAIRS {
                    return;
                }
                // What is not decided is no finding: there is no value to show.
                let Some(Inclusion::Fails(witness)) = both(one, other) else { continue };
                let witness = witness.to_serde().unwrap_or_default();
                let message = format!(
                    "nothing tells messages `{}` and `{}` of channel `{}` apart: both accept {}",
                    other.key,
                    one.key,
                    self.channel().name,
                    witness
                );
                let document = &self.document;
                let mut warning = document.error("asyncapi::ambiguous", message, one.at);
                warning.severity = crate::diagnostic::Severity::Warning;
                let file = &document.files[other.at.file];
                diagnostics.push(
                    warning
                        .related(file, other.at.span, "the other")
                        .help("give each a required field with a `const` of its own"),
                );
            }
        }
    }
}

fn named(example: &Example) -> String {
    match &example.name {
        Some(name) => format!("the example `{name}`"),
        None => "an example".to_owned(),
    }
}

/// Whether no value is accepted by both; [`Inclusion::Fails`] has one that is. `None` where one of
/// them has no schema of its own, or they follow different drafts.
fn both(one: &Message, other: &Message) -> Option<Inclusion> {
    let (Body::Schema(one), Body::Schema(other)) = (&one.payload, &other.payload) else {
        return None;
    };
    if one.draft != other.draft {
        return None;
    }
    let name = definitions(one.draft);
    let parts = BTreeMap::from([("a", one), ("b", other)]);
    let parts: serde_json::Map<String, Json> = parts
        .into_iter()
        .map(|(part, schema)| (part.to_owned(), moved(&schema.value, &format!("#/{name}/{part}"))))
        .collect();
    let of = |part: &str| json!({ "$ref": format!("#/{name}/{part}") });
    let both = json!({ "allOf": [of("a"), of("b")], name: parts });
    let document = |schema: &Json| evolution::Document { schema: schema.into(), draft: one.draft };
    Some(included(&document(&both), &document(&Json::Bool(false))))
}

fn definitions(draft: Draft) -> &'static str {
    match draft {
        Draft::Seven => "definitions",
        Draft::Latest => "$defs",
    }
}

/// A schema whose references to its own parts are to parts below `base`.
fn moved(schema: &Json, base: &str) -> Json {
    match schema {
        Json::Array(items) => items.iter().map(|item| moved(item, base)).collect(),
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| match (name.as_str(), value.as_str()) {
                ("$ref", Some(target)) => {
                    let rest = target.strip_prefix('#').unwrap_or(target);
                    (name.clone(), Json::String(format!("{base}{rest}")))
                }
                _ => (name.clone(), moved(value, base)),
            })
            .collect(),
        other => other.clone(),
    }
}

/// The `examples` and `default` of a schema's parts, by those parts.
fn of_schema(document: &Document, schema: &Arc<Schema>, diagnostics: &mut Vec<Diagnostic>) {
    let mut parts = Vec::new();
    with_examples(&schema.value, "", 0, &mut parts);
    for pointer in parts {
        let Some(part) = schema.value.pointer(&pointer) else { continue };
        // A part that refers to the whole cannot be looked at alone.
        let Some(validator) = part_validator(schema, part) else { continue };
        let examples = part.get("examples").and_then(Json::as_array);
        let examples = examples.into_iter().flatten().map(|value| ("examples", value));
        let default = part.get("default").map(|value| ("default", value));
        for (keyword, value) in examples.chain(default) {
            if validator.is_valid(value) {
                continue;
            }
            let at = schema.place(&format!("{pointer}/{keyword}"));
            let message = format!("`{keyword}` has {value}, which the schema refuses");
            let mut warning = document.error("asyncapi::bad-example", message, at);
            warning.severity = crate::diagnostic::Severity::Warning;
            diagnostics.push(warning);
        }
    }
}

fn with_examples(schema: &Json, pointer: &str, depth: usize, to: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    match schema {
        Json::Object(members) => {
            let refers_to_whole = members.get("$ref").is_some_and(|target| target == "#");
            let has = |name: &str| members.contains_key(name);
            if (members.get("examples").is_some_and(Json::is_array) || has("default"))
                && !refers_to_whole
            {
                to.push(pointer.to_owned());
            }
            for (name, value) in members {
                if !matches!(name.as_str(), "const" | "enum" | "default" | "examples") {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    with_examples(value, &format!("{pointer}/{name}"), depth + 1, to);
                }
            }
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                with_examples(item, &format!("{pointer}/{at}"), depth + 1, to);
            }
        }
        _ => {}
    }
}
