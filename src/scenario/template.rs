//! Values as a scenario writes them: literals, variables and matchers, each with its place.
//!
//! A template is matched against a value where something is expected, and makes a value where
//! something is sent. Values are substituted, never text: a variable keeps its type.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::Pattern;
use crate::diagnostic::Span;
use crate::message::{Json, Number, hex, unhex};

/// The name of a variable, without the `$`.
pub type Name = Arc<str>;

/// A variable's name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAt {
    /// The name, without the `$`.
    pub name: Name,
    /// Where it stands.
    pub span: Span,
}

/// A value that is yet to be made or matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Where it stands in its file.
    pub span: Span,
    /// What it is.
    pub kind: TemplateKind,
}

/// What a template is.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplateKind {
    /// This very value; of `{ exactly: … }` the whole value, else a scalar.
    Literal(Json),
    /// The value of a variable.
    Var(Name),
    /// Any value of a kind; where something is sent, a fresh one of that kind.
    Matcher(Matcher),
    /// An object: where something is expected, one that has at least these fields.
    Object(Vec<Field>),
    /// A list of just these items, in this order.
    List(Vec<Template>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The field's name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its value.
    pub value: Template,
}

/// A matcher, and the variable that remembers what it matched or made.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// What it matches.
    pub kind: MatcherKind,
    /// `as $name`
    pub bind: Option<NameAt>,
}

/// What a matcher matches; the names are those of the table in
/// [`vocabulary`](crate::scenario::vocabulary).
#[derive(Clone, Debug, PartialEq)]
pub enum MatcherKind {
    /// `<any>`: a value or none, whatever it is.
    Any,
    /// `<present>`: the field is there, null included.
    Present,
    /// `<absent>`: the field is not there; a sent message leaves it out.
    Absent,
    /// `<null>`
    Null,
    /// `<uuid>`, `<uuid not $x>`
    Uuid {
        /// The value it must not be.
        not: Option<NameAt>,
    },
    /// `<int>`, `<int 1..65535>`
    Int {
        /// The least and the greatest value, both included.
        range: Option<(Number, Number)>,
    },
    /// `<number>`
    Number,
    /// `<bool>`
    Bool,
    /// `<string>`
    String,
    /// `<non-empty>`: a string, list or object that is not empty.
    NonEmpty,
    /// `<timestamp>`, `<timestamp $t + 60s within 1s>`
    Timestamp(TimestampMatcher),
    /// `<matches ^ab+$>`: a string in which the pattern is found.
    Matches {
        /// The regular expression.
        pattern: Pattern,
    },
    /// `<contains x>`: a string that holds the text.
    Contains {
        /// The text.
        text: String,
    },
    /// `{ one_of: [A, B] }`; a sent message takes the first.
    OneOf(Vec<Template>),
    /// `{ each: … }`: a list whose every item matches.
    Each(Box<Template>),
    /// `{ has: […] }`: a list in which a different item matches each of these.
    Has(Vec<Template>),
    /// `{ any_order: […] }`: a list of just these items, in any order.
    AnyOrder(Vec<Template>),
    /// `{ length: 3 }`: a string, list or object of that length.
    Length(Box<Template>),
    /// `{ not: … }`
    Not(Box<Template>),
    /// `<text user-{name}>`
    Text(Vec<TextPart>),
}

/// A part of a text with variables in it.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// This text.
    Plain(String),
    /// The value of a variable: of a text the text, else as JSON.
    Var(NameAt),
}

/// The text of these parts; the name of the first variable that has no single value.
pub(crate) fn text_of_parts(
    parts: &[TextPart],
    value: impl Fn(&str) -> Option<Json>,
) -> Result<String, &NameAt> {
    let mut text = String::new();
    for part in parts {
        match part {
            TextPart::Plain(plain) => text.push_str(plain),
            TextPart::Var(name) => match value(&name.name) {
                Some(Json::String(own)) => text.push_str(&own),
                None | Some(Json::Object(_) | Json::Array(_)) => return Err(name),
                Some(scalar) => text.push_str(&scalar.to_string()),
            },
        }
    }
    Ok(text)
}

/// The field of an object that stands for bytes which are no text.
pub(crate) const HEX: &str = "hex";

/// The bytes that `{ hex: 00ff }` stands for; none of any other value.
pub(crate) fn bytes_of(value: &Json) -> Option<Vec<u8>> {
    match value {
        Json::Object(fields) if fields.len() == 1 => unhex(fields.get(HEX)?.as_str()?),
        _ => None,
    }
}

/// Bytes that are no text, as `{ hex: 00ff }`.
pub(crate) fn as_hex(bytes: &[u8]) -> Json {
    Json::Object([(HEX.to_owned(), Json::String(hex(bytes)))].into_iter().collect())
}

/// A moment in time: RFC 3339 text in a text field, Unix seconds in an integer field.
///
/// With no field set it matches any moment; else the moment `base + offset` and what is at most
/// `within` away from it. Where something is sent it is the moment itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimestampMatcher {
    /// `$t`; now where it is missing.
    pub base: Option<NameAt>,
    /// What is added to the base.
    pub offset: Option<Offset>,
    /// How far from the moment a match may be; nothing where it is missing.
    pub within: Option<Duration>,
}

/// A duration forward or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// `+ 60s`
    After(Duration),
    /// `- 60s`
    Before(Duration),
}

impl Template {
    /// The value, if it is known without running: no variable and no matcher in it.
    pub fn to_json(&self) -> Option<Json> {
        match &self.kind {
            TemplateKind::Literal(json) => Some(json.clone()),
            TemplateKind::Var(_) | TemplateKind::Matcher(_) => None,
            TemplateKind::List(items) => {
                items.iter().map(Self::to_json).collect::<Option<_>>().map(Json::Array)
            }
            TemplateKind::Object(fields) => fields
                .iter()
                .map(|field| Some((field.name.clone(), field.value.to_json()?)))
                .collect::<Option<_>>()
                .map(Json::Object),
        }
    }

    /// The field of this name, if it is an object that has it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        match &self.kind {
            TemplateKind::Object(fields) => fields.iter().find(|field| field.name == name),
            _ => None,
        }
    }

    /// The templates directly within this one.
    pub fn children(&self) -> Vec<&Template> {
        match &self.kind {
            TemplateKind::Literal(_) | TemplateKind::Var(_) => Vec::new(),
            TemplateKind::Object(fields) => fields.iter().map(|field| &field.value).collect(),
            TemplateKind::List(items) => items.iter().collect(),
            TemplateKind::Matcher(matcher) => match &matcher.kind {
                MatcherKind::OneOf(items)
                | MatcherKind::Has(items)
                | MatcherKind::AnyOrder(items) => items.iter().collect(),
                MatcherKind::Each(item) | MatcherKind::Length(item) | MatcherKind::Not(item) => {
                    vec![item]
                }
                _ => Vec::new(),
            },
        }
    }
}
