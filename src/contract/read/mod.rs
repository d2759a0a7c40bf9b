//! Reads AsyncAPI documents into contracts, with every problem of a file in one go.
//!
//! What this is: a strict reader of the part of AsyncAPI 3 that contracts are written in: what it
//! does not know it reports, because a keyword that is skipped is a check that is not made.
//! What it is not: a validator of all of AsyncAPI.
//!
//! What always holds: any file gives a contract or an error, never a panic; nesting, references and
//! size are bounded. Start at [`contract`].

mod document;
mod keywords;
mod message;
mod schema;

pub(super) use schema::type_of;

use std::sync::Arc;

use super::Contract;
use crate::diagnostic::{Diagnostic, SourceFile, Span, suggest};
use crate::message::{Json, Number};
use crate::yaml::{self, Meaning, Node, Value};

/// The deepest nesting of schemas and references.
const MAX_DEPTH: usize = 32;
/// The most schemas in a document, references followed.
const MAX_SCHEMAS: usize = 20_000;

/// Reads one document.
pub(super) fn contract(
    file: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Contract> {
    let root = yaml::read(file, diagnostics)?;
    let mut reader = Reader {
        file,
        root: &root,
        diagnostics,
        schemas: 0,
        components: Vec::new(),
        active: Vec::new(),
        compiled: Vec::new(),
    };
    reader.document()
}

/// The document that is read, and what is wrong with it so far.
struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    root: &'a Node,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// How many schemas were read.
    schemas: usize,
    /// The places of the schemas under `components`, in order.
    components: Vec<Span>,
    /// The places of the schemas that are being read, outer ones first.
    active: Vec<Span>,
    /// Those of them that were read, so that each is read and reported once.
    compiled: Vec<(Span, Option<super::Schema>)>,
}

/// The entries of a mapping whose keys are text.
struct Fields<'n> {
    span: Span,
    entries: Vec<(&'n str, Span, &'n Node)>,
}

impl<'n> Fields<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, ..)| *key == name).map(|(.., value)| *value)
    }
}

impl<'a> Reader<'a> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn error(&self, code: &'static str, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::error(code, message, self.file, span)
    }

    fn wrong_type(&mut self, node: &Node, what: &str, expected: &str) {
        let got = kind(node);
        let error = self.error(
            "contract::wrong-type",
            format!("{what} must be {expected}, not {got}"),
            node.span,
        );
        self.push(error.label(format!("expected {expected}")));
    }

    fn missing(&mut self, fields: &Fields<'_>, what: &str, name: &str) {
        let message = format!("{what} has no `{name}`");
        let error = self.error("contract::missing-keyword", message, fields.span);
        self.push(error.label(format!("`{name}` is missing here")));
    }

    fn bad_value(&mut self, node: &Node, what: &str, known: &[&str]) {
        let got = text(node).unwrap_or_default();
        let message = format!("{what} cannot be `{got}`");
        let error = self.error("contract::bad-value", message, node.span);
        let all = match known {
            [only] => format!("it is always {only}"),
            known => format!("it is one of {}", known.join(", ")),
        };
        self.push(error.did_you_mean(got, known.iter().copied(), None).note(all));
    }

    /// The entries of a mapping, with what is wrong reported.
    fn fields<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let Value::Mapping(entries) = &node.value else {
            self.wrong_type(node, what, "a mapping");
            return None;
        };
        let mut read = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match text(key) {
                Some(name) => read.push((name, key.span, value)),
                None => self.wrong_type(key, &format!("a key of {what}"), "text"),
            }
        }
        Some(Fields { span: head(node), entries: read })
    }

    /// As [`Reader::fields`], and only with `known` keywords.
    fn object<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: keywords::Keywords,
    ) -> Option<Fields<'n>> {
        let fields = self.fields(node, what)?;
        for (name, span, _) in &fields.entries {
            if known.all().any(|keyword| keyword == *name) {
                continue;
            }
            if known.unsupported.contains(name) {
                let message = format!("`{name}` of {what} is not supported");
                let error = self.error("contract::unsupported-keyword", message, *span);
                self.push(error.label("nothing would check it"));
                continue;
            }
            // Extensions are free, but a slip in one of ours would switch a check off.
            if name.starts_with("x-") && suggest(name, known.all()).is_none() {
                continue;
            }
            let message = format!("{what} has no keyword `{name}`");
            let error = self.error("contract::unknown-keyword", message, *span);
            let all = known.all().collect::<Vec<_>>().join(", ");
            let fallback = Some(format!("the keywords are {all}"));
            self.push(error.did_you_mean(name, known.all(), fallback));
        }
        Some(fields)
    }

    /// The keyword's node, reported where it is missing.
    fn required<'n>(&mut self, fields: &Fields<'n>, what: &str, name: &str) -> Option<&'n Node> {
        let found = fields.get(name);
        if found.is_none() {
            self.missing(fields, what, name);
        }
        found
    }

    /// Text; what YAML takes for a number or a boolean is refused.
    fn string(&mut self, node: &Node, what: &str) -> Option<String> {
        match json(node, 0) {
            Some(Json::String(text)) => Some(text),
            other => {
                self.wrong_type(node, what, "text");
                if other.is_some_and(|other| !matches!(other, Json::Array(_) | Json::Object(_)))
                    && let Some(last) = self.diagnostics.last_mut()
                {
                    last.help = Some("put it in quotes".to_owned());
                }
                None
            }
        }
    }

    fn optional_string(&mut self, fields: &Fields<'_>, what: &str, name: &str) -> Option<String> {
        let node = fields.get(name)?;
        self.string(node, &format!("`{name}` of {what}"))
    }

    /// The node itself, or what its `$ref` names, followed to the end.
    fn resolve<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Node>
    where
        'a: 'n,
    {
        let mut at = node;
        for _ in 0..MAX_DEPTH {
            let Some((reference, span)) = reference(at) else {
                return Some(at);
            };
            let Some(pointer) = reference.strip_prefix('#') else {
                let message = format!("{what} refers to another document: `{reference}`");
                let error = self.error("contract::bad-reference", message, span);
                self.push(error.help("a contract is one file; write `#/…`"));
                return None;
            };
            match self.find(pointer) {
                Ok(found) => at = found,
                Err((missing, near)) => {
                    let message = format!("nothing is at `{reference}`");
                    let error = self.error("contract::bad-reference", message, span);
                    let error = error.label(format!("`{missing}` is not there"));
                    self.push(error.did_you_mean(&missing, near, None));
                    return None;
                }
            }
        }
        let error = self.error(
            "contract::bad-reference",
            format!("the reference of {what} leads back to itself"),
            node.span,
        );
        self.push(error);
        None
    }

    /// What a JSON pointer names; else the part that is missing, and the names beside it.
    fn find(&self, pointer: &str) -> Result<&'a Node, (String, Vec<&'a str>)> {
        let mut at = self.root;
        if pointer.is_empty() {
            return Ok(at);
        }
        let Some(rest) = pointer.strip_prefix('/') else {
            return Err((pointer.to_owned(), Vec::new()));
        };
        for part in rest.split('/') {
            let name = part.replace("~1", "/").replace("~0", "~");
            let Value::Mapping(entries) = &at.value else {
                return Err((name, Vec::new()));
            };
            let found = entries.iter().find(|(key, _)| text(key) == Some(&*name));
            let Some((_, value)) = found else {
                return Err((name, entries.iter().filter_map(|(key, _)| text(key)).collect()));
            };
            at = value;
        }
        Ok(at)
    }
}

/// The text of a `$ref` and its place, where the node is a reference.
fn reference(node: &Node) -> Option<(&str, Span)> {
    let Value::Mapping(entries) = &node.value else {
        return None;
    };
    let (_, target) = entries.iter().find(|(key, _)| text(key) == Some("$ref"))?;
    Some((text(target)?, target.span))
}

/// The text of a scalar.
fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// Where a caret for a whole node goes: its first line is enough, so a block is not underlined.
fn head(node: &Node) -> Span {
    match &node.value {
        Value::Mapping(entries) => entries.first().map_or(node.span, |(key, _)| key.span),
        _ => node.span,
    }
}

/// What a YAML node is, in the words of error messages.
fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::Mapping(_) => "a mapping",
        Value::Sequence(_) => "a list",
        Value::Scalar(_) => match json(node, 0) {
            Some(Json::String(_)) => "text",
            Some(other) => other.kind(),
            None => "text",
        },
    }
}

/// The JSON value that a node stands for, `None` where it is too deep or has keys that are no text.
fn json(node: &Node, depth: usize) -> Option<Json> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match &node.value {
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Missing | Meaning::Null => Json::Null,
            Meaning::Bool(value) => Json::Bool(value),
            Meaning::Number(number) => Json::Number(Number::parse(number)?),
            Meaning::Text(text) => Json::String(text.to_owned()),
        },
        Value::Sequence(items) => {
            Json::Array(items.iter().map(|item| json(item, depth + 1)).collect::<Option<_>>()?)
        }
        Value::Mapping(entries) => {
            let field = |(key, value): &(Node, Node)| {
                Some((text(key)?.to_owned(), json(value, depth + 1)?))
            };
            Json::Object(entries.iter().map(field).collect::<Option<_>>()?)
        }
    })
}
