//! Reading YAML as a tree whose every node knows its bytes in the file.
//!
//! Only a strict subset is read: one document of mappings, sequences and scalars. Whatever makes
//! YAML surprising (anchors, aliases, tags, merge keys, duplicate keys, several documents,
//! directives, ambiguous words such as `yes`) is refused, each under a code of its own. What the
//! values mean is the business of who reads the tree.
//!
//! Always true: reading takes time in proportion to the file, never panics, and nests at most
//! [`MAX_DEPTH`] deep; a scalar under a key that names a secret is masked in the file before
//! anything is said about it.
//!
//! Start with [`read`].

mod any;
mod build;
mod flow;
mod format;
mod secret;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

pub use build::MAX_DEPTH;
pub use format::format;
pub use secret::is_secret_name;

use crate::diagnostic::{Diagnostic, SourceFile, Span};

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// From the first to after the last byte of what stands for it; quotes and brackets included.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A word, number, text or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file; each key is a scalar, and no two have the same
    /// text.
    Mapping(Vec<(Node, Node)>),
}

/// A scalar as it was written, its escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text; empty and plain where a value is left out.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: the only style that can mean something else than text.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning<'a> {
    /// Nothing was written, as after `key:`.
    Missing,
    /// Plain `null`.
    Null,
    /// Plain `true` or `false`.
    Bool(bool),
    /// A plain number as JSON writes numbers, with all its digits.
    Number(&'a str),
    /// Anything else.
    Text(&'a str),
}

impl Scalar {
    /// What the scalar means: only plain `null`, `true`, `false` and JSON numbers are not text.
    pub fn meaning(&self) -> Meaning<'_> {
        if self.style != Style::Plain {
            return Meaning::Text(&self.text);
        }
        match self.text.as_str() {
            "" => Meaning::Missing,
            "null" => Meaning::Null,
            "true" => Meaning::Bool(true),
            "false" => Meaning::Bool(false),
            text if is_json_number(text) => Meaning::Number(text),
            text => Meaning::Text(text),
        }
    }
}

impl Node {
    /// Whether it says the same as another, wherever that stands.
    pub fn means(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar(one), Value::Scalar(two)) => one == two,
            (Value::Sequence(one), Value::Sequence(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.means(two))
            }
            (Value::Mapping(one), Value::Mapping(two)) => {
                let same = |((key, value), (other, its)): (&(Self, Self), &(Self, Self))| {
                    key.means(other) && value.means(its)
                };
                one.len() == two.len() && one.iter().zip(two).all(same)
            }
            _ => false,
        }
    }

    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar of any meaning but [`Meaning::Missing`].
    pub fn text(&self) -> Option<&str> {
        self.scalar().filter(|s| s.meaning() != Meaning::Missing).map(|s| s.text.as_str())
    }

    /// The items, if it is a list.
    pub fn sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The keys and values, if it is a mapping.
    pub fn mapping(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let entry = self.mapping()?.iter().find(|(k, _)| k.scalar().is_some_and(|s| s.text == key));
        entry.map(|(_, value)| value)
    }

    /// What it is, in words, for messages: `a list`, `the number 3`; never the text itself.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
            Value::Scalar(scalar) => match scalar.meaning() {
                Meaning::Missing => "nothing",
                Meaning::Null => "null",
                Meaning::Bool(_) => "true or false",
                Meaning::Number(_) => "a number",
                Meaning::Text(_) => "text",
            },
        }
    }
}

/// Whether the text is a number as JSON writes it.
pub fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

/// Reads the one document of a file.
///
/// All problems that do not hide the structure are reported together, and the tree is returned
/// beside them. `None` means that the structure could not be read; there is an error then.
pub fn read(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    read_which(file, Which::Strict, diagnostics)
}

/// As [`read`], of a file that others wrote: with anchors, aliases, merge keys, tags and
/// directives, and words as YAML 1.2 takes them.
pub(crate) fn read_any(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    read_which(file, Which::Any, diagnostics)
}

/// How much of YAML is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The strict subset.
    Strict,
    /// All of it, but for several documents, keys that are no words and keys that come twice.
    Any,
}

fn read_which(
    file: &Arc<SourceFile>,
    which: Which,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    if !text::check(file, diagnostics) {
        secret::mask_by_line(file);
        return None;
    }
    let node = build::build(file, which, diagnostics);
    if node.is_none() {
        secret::mask_by_line(file);
    }
    node
}
