//! From the YAML tree of a file to its types, with everything that is wrong with it.
//!
//! A [`Reader`] reads one file. It goes on after each problem, so that all are reported, and keeps
//! what is meant where that is plain (a misspelt verb is read as the near one).

mod duration;
mod envelope;
mod file;
mod matcher;
mod records;
mod scope;
mod steps;
mod table;
mod template;
mod variables;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use duration::parse_duration;
pub(crate) use file::{read_fragment, read_scenario};
pub(crate) use table::{Row, Table};
pub use variables::{read_variables, variable_value};

use crate::diagnostic::{Diagnostic, SourceFile, Span, suggest};
use crate::yaml::{Meaning, Node};

use super::load::Loader;
use super::template::{Name, NameAt};
use super::vocabulary::{FieldWord, Needed};
pub(crate) use scope::Scope;
use scope::{Bound, Origin};

/// Reads one file.
pub(crate) struct Reader<'l, 'w> {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) loader: &'l mut Loader<'w>,
    pub(crate) scope: Scope,
    /// The table of the file, once it is read.
    pub(crate) table: Option<Table>,
}

/// The fields of a mapping that are known.
pub(crate) struct Fields<'n> {
    entries: Vec<(&'static str, &'n Node, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(known, ..)| *known == name).map(|(.., value)| *value)
    }

    /// Reads a misspelt field as the one that is meant, unless that is there as well.
    pub(crate) fn read_as(
        &mut self,
        near: Option<&'static str>,
        entries: &[(Node, Node)],
        (key, value): (&'n Node, &'n Node),
    ) {
        let Some(near) = near else { return };
        let is_there = entries.iter().any(|(key, _)| key.text() == Some(near));
        if !is_there && self.get(near).is_none() {
            self.entries.push((near, key, value));
        }
    }

    /// The place of a field's name.
    pub(crate) fn key_span(&self, name: &str) -> Option<Span> {
        self.entries.iter().find(|(known, ..)| *known == name).map(|(_, key, _)| key.span)
    }
}

impl<'l, 'w> Reader<'l, 'w> {
    pub(crate) fn new(file: &Arc<SourceFile>, loader: &'l mut Loader<'w>) -> Self {
        Self { file: Arc::clone(file), loader, scope: Scope::default(), table: None }
    }

    /// An error to be filled further; see [`Reader::push`].
    pub(crate) fn error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
    ) -> Diagnostic {
        Diagnostic::error(code, message, &self.file, span)
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.loader.push(diagnostic);
    }

    pub(crate) fn report(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        let diagnostic = self.error(code, message, span);
        self.push(diagnostic);
    }

    /// Says that something else was expected here.
    pub(crate) fn wrong_type(&mut self, node: &Node, what: &str, expected: &str) {
        let message = format!("{what} must be {expected}, not {}", node.describe());
        self.report("scenario::wrong-type", message, node.span);
    }

    /// The known fields of a mapping; unknown and missing ones are reported.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        words: &'static [FieldWord],
    ) -> Option<Fields<'n>> {
        let Some(entries) = node.mapping() else {
            self.wrong_type(node, what, "a mapping");
            return None;
        };
        let mut fields = Fields { entries: Vec::new() };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            match words.iter().find(|word| word.name == name) {
                Some(word) => fields.entries.push((word.name, key, value)),
                None => {
                    let near = self.unknown_field(key, what, words);
                    fields.read_as(near, entries, (key, value));
                }
            }
        }
        self.missing_fields(&fields, node, what, words);
        Some(fields)
    }

    /// Reports a field that does not exist; returns the one that is probably meant.
    pub(crate) fn unknown_field(
        &mut self,
        key: &Node,
        what: &str,
        words: &[FieldWord],
    ) -> Option<&'static str> {
        let name = key.text().unwrap_or_default();
        let known = words.iter().map(|word| word.name);
        let message = format!("{what} has no field `{}`", clip(name));
        let near = suggest(name, known.clone());
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the fields are {}", list(known)),
        };
        let diagnostic = self.error("scenario::unknown-field", message, key.span).help(help);
        self.push(diagnostic);
        near
    }

    pub(crate) fn missing_fields(
        &mut self,
        fields: &Fields<'_>,
        node: &Node,
        what: &str,
        words: &[FieldWord],
    ) {
        for word in words.iter().filter(|word| word.needed == Needed::Required) {
            if fields.get(word.name).is_none() {
                let message = format!("{what} needs the field `{}`", word.name);
                let first = node.mapping().and_then(<[_]>::first);
                let start = Span::new(node.span.start, node.span.start);
                let span = first.map_or(start, |(key, _)| key.span);
                let diagnostic = self
                    .error("scenario::missing-field", message, span)
                    .help(format!("`{}`: {}", word.name, word.doc));
                self.push(diagnostic);
            }
        }
    }

    /// A text that is not empty.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match node.scalar().map(crate::yaml::Scalar::meaning) {
            Some(Meaning::Text(text)) if !text.trim().is_empty() => Some(text),
            Some(Meaning::Text(_)) => {
                let message = format!("{what} must not be empty");
                self.report("scenario::wrong-type", message, node.span);
                None
            }
            _ => {
                self.wrong_type(node, what, "text");
                None
            }
        }
    }

    /// A whole number within a range.
    pub(crate) fn number(
        &mut self,
        node: &Node,
        what: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let Some(Meaning::Number(text)) = node.scalar().map(crate::yaml::Scalar::meaning) else {
            self.wrong_type(node, what, "a number");
            return None;
        };
        let number = text.parse::<u32>().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let message = format!("{what} must be a whole number from {least} to {most}");
            self.report("scenario::out-of-range", message, node.span);
        }
        number
    }

    pub(crate) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.scalar().map(crate::yaml::Scalar::meaning) {
            Some(Meaning::Bool(value)) => Some(value),
            _ => {
                self.wrong_type(node, what, "true or false");
                None
            }
        }
    }

    /// The items of a list that is not empty.
    pub(crate) fn items<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match node.sequence() {
            Some([]) => {
                self.report("scenario::empty-list", format!("{what} is empty"), node.span);
                None
            }
            Some(items) => Some(items),
            None => {
                self.wrong_type(node, what, "a list");
                None
            }
        }
    }

    /// A variable's name where one is introduced: `$name`, or `name` where nothing else can stand.
    pub(crate) fn new_name(&mut self, node: &Node, what: &str, bare: Bare) -> Option<NameAt> {
        let text = self.text(node, what)?;
        let name = match (text.strip_prefix('$'), bare) {
            (Some(name), _) => name,
            (None, Bare::Allowed) => text,
            (None, Bare::Refused) => "",
        };
        if is_name(name) {
            return Some(NameAt { name: Name::from(name), span: node.span });
        }
        let message = format!("{what} must be the name of a variable");
        let diagnostic = self
            .error("scenario::bad-variable", message, node.span)
            .help("write `$` and a name of letters, digits and `_` that starts with a letter");
        self.push(diagnostic);
        None
    }

    /// Makes a variable known from here on.
    pub(crate) fn bind(&mut self, name: &NameAt, origin: Origin) {
        if let Bound::Again(first) = self.scope.bind(&name.name, origin, name.span) {
            let message = format!("`${}` is bound a second time", name.name);
            let diagnostic = self
                .error("scenario::rebound-variable", message, name.span)
                .label("again")
                .related(&self.file, first, "first here")
                .help("choose another name; only within `repeat` is a variable replaced");
            self.push(diagnostic);
        }
    }

    /// Whether the place is that of a secret, which no message quotes.
    pub(crate) fn is_hidden(&self, span: Span) -> bool {
        self.file.masked().iter().any(|mask| mask.overlaps(span))
    }

    /// Takes note that a variable is used here; reports it where it is not known.
    pub(crate) fn use_variable(&mut self, name: &str, span: Span) {
        // Enough said, or not enough known.
        let quiet = self.scope.incomplete || self.loader.is_full();
        if self.scope.use_variable(name) || quiet {
            return;
        }
        let message = if self.is_hidden(span) {
            "this variable has no value here".to_owned()
        } else {
            format!("`${}` has no value here", clip(name))
        };
        let mut diagnostic = self.error("scenario::unbound-variable", message, span);
        if let Some(bound) = self.scope.hidden(name) {
            diagnostic = diagnostic
                .related(&self.file, bound, "bound here, and seen after this step")
                .help("expect the two one after the other");
        } else {
            let known: BTreeSet<&str> = self.scope.names().collect();
            let near = suggest(name, known);
            diagnostic.help = Some(match near {
                Some(near) => format!("did you mean `${near}`?"),
                None => "bind it before: `<uuid as $name>`, `let`, a column, a parameter".into(),
            });
        }
        self.push(diagnostic);
    }

    /// Warns of variables that nothing uses.
    pub(crate) fn report_unused(&mut self) {
        if self.scope.incomplete {
            return;
        }
        let unused = self.scope.unused();
        let warnings: Vec<_> = unused
            .into_iter()
            .map(|(name, origin, span)| {
                let what = match origin {
                    Origin::Column | Origin::NamingColumn => "the column",
                    Origin::Parameter => "the parameter",
                    Origin::Let | Origin::Answer | Origin::Matched => "the variable",
                };
                let message = format!("{what} `{name}` is never used");
                Diagnostic::warning("scenario::unused-variable", message, &self.file, span)
                    .help(format!("use `${name}`, or remove it"))
            })
            .collect();
        for warning in warnings {
            self.push(warning);
        }
    }
}

/// Whether a variable may be introduced without its `$`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// `name` and `$name`.
    Allowed,
    /// Only `$name`.
    Refused,
}

/// Whether a text is the name of a variable, without its `$`.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Names for a message: `a`, `b` and `c`.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Names of which one is to be chosen: `a`, `b` or `c`.
pub(crate) fn choice<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    list(names).replace(" and ", " or ")
}

/// A user's word as it is quoted in a message: not longer than a message can bear.
pub(crate) fn clip(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    match text.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
