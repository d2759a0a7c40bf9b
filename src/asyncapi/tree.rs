//! A JSON value whose every part knows its place, over several files.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::yaml::{self, Meaning, Node};

/// A place: a file of a document, by its number, and bytes in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The number of the file; 0 is the document itself.
    pub file: usize,
    /// The bytes.
    pub span: Span,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Where it stands.
    pub at: At,
    /// The value.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, or nothing.
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it is written in JSON.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Arc<Tree>>),
    /// An object, in the order of the file.
    Map(Vec<Entry>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub at: At,
    /// Its value.
    pub tree: Arc<Tree>,
}

impl Tree {
    /// The tree of a file that was read.
    pub(super) fn of(node: &Node, file: usize) -> Self {
        let at = At { file, span: node.span };
        let value = match &node.value {
            yaml::Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Missing | Meaning::Null => Value::Null,
                Meaning::Bool(is) => Value::Bool(is),
                Meaning::Number(text) => Value::Number(text.to_owned()),
                Meaning::Text(text) => Value::Text(text.to_owned()),
            },
            yaml::Value::Sequence(items) => {
                Value::List(items.iter().map(|item| Arc::new(Self::of(item, file))).collect())
            }
            yaml::Value::Mapping(entries) => {
                let entry = |(key, value): &(Node, Node)| Entry {
                    name: key.scalar().map(|key| key.text.clone()).unwrap_or_default(),
                    at: At { file, span: key.span },
                    tree: Arc::new(Self::of(value, file)),
                };
                Value::Map(entries.iter().map(entry).collect())
            }
        };
        Self { at, value }
    }

    /// The members of an object; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Arc<Tree>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The member of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Tree>> {
        self.entry(name).map(|entry| &entry.tree)
    }

    /// The member of an object, with the place of its name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name == name)
    }

    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, or a number or boolean as it is written.
    #[must_use]
    pub fn word(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(is) => Some(is.to_string()),
            _ => None,
        }
    }

    /// The text of a string member.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// The target of a reference, if it is one.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.text_of("$ref")
    }

    /// Where a caret for the whole goes: its first line, so that no block is underlined.
    #[must_use]
    pub fn head(&self) -> At {
        self.entries().first().map_or(self.at, |entry| entry.at)
    }

    /// What it is, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }

    /// The value alone. A number that no 64-bit number holds becomes the nearest one.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(is) => Json::Bool(*is),
            Value::Number(text) => serde_json::from_str(text).unwrap_or(Json::Null),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(|item| item.json()).collect()),
            Value::Map(entries) => {
                entries.iter().map(|one| (one.name.clone(), one.tree.json())).collect()
            }
        }
    }
}
