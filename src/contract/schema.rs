//! The portable part of JSON Schema that contracts are written in, as a tree.
//!
//! What this is: the keywords on which draft-07 and 2020-12 agree and that five plain message
//! formats need. What it is not: a general JSON Schema; other keywords are refused when a contract
//! is read, never skipped.
//!
//! What always holds: a tree is finite and holds no reference. Start at [`Schema`].

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use regex_automata::meta::Regex;

use super::HeaderEncoding;
use crate::diagnostic::Span;
use crate::message::{Json, Number};

/// A set of JSON types; the empty set admits any value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Types(u8);

/// The names of the types, in the order of their bits.
const TYPE_NAMES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
/// The types as a sentence names them.
const TYPE_PHRASES: [&str; 7] =
    ["null", "a boolean", "an integer", "a number", "a string", "a list", "an object"];

impl Types {
    /// Any value.
    pub const ANY: Self = Self(0);
    /// `null`
    pub const NULL: Self = Self(1);
    /// `true` or `false`
    pub const BOOLEAN: Self = Self(2);
    /// A number written without fraction and exponent.
    pub const INTEGER: Self = Self(4);
    /// Any number.
    pub const NUMBER: Self = Self(8);
    /// A string.
    pub const STRING: Self = Self(16);
    /// A list.
    pub const ARRAY: Self = Self(32);
    /// An object.
    pub const OBJECT: Self = Self(64);

    /// The names that contracts use.
    pub(crate) const NAMES: [&'static str; 7] = TYPE_NAMES;

    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let bit = TYPE_NAMES.iter().position(|known| *known == name)?;
        Some(Self(1 << bit))
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether values of any of these types are admitted.
    #[must_use]
    pub const fn admits(self, types: Self) -> bool {
        self.0 == 0 || self.0 & types.0 != 0
    }

    /// Whether every value is admitted.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.0 == 0
    }

    /// The names of the types, none for [`Types::ANY`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.select(&TYPE_NAMES)
    }

    /// `a string or null`
    #[must_use]
    pub fn phrase(self) -> String {
        let phrases: Vec<_> = self.select(&TYPE_PHRASES).collect();
        if phrases.is_empty() {
            "any value".to_owned()
        } else {
            phrases.into_iter().rev().collect::<Vec<_>>().join(" or ")
        }
    }

    fn select(self, from: &'static [&'static str; 7]) -> impl Iterator<Item = &'static str> {
        let set = self.0;
        from.iter().enumerate().filter(move |(bit, _)| set & (1 << bit) != 0).map(|(_, name)| *name)
    }
}

/// A `format` that strings must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 36 characters, as UUIDs are usually written.
    Uuid,
    /// RFC 3339, at most nine fractional digits.
    DateTime,
}

impl Format {
    /// The names that contracts use.
    pub(crate) const NAMES: [&'static str; 2] = ["uuid", "date-time"];

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "uuid" => Some(Self::Uuid),
            "date-time" => Some(Self::DateTime),
            _ => None,
        }
    }

    /// The name in contracts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::DateTime => "date-time",
        }
    }

    /// What a sentence calls a string of this format.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID",
            Self::DateTime => "an RFC 3339 timestamp",
        }
    }
}

/// A regular expression that strings must contain a match of.
#[derive(Clone)]
pub struct Pattern {
    text: Arc<str>,
    regex: Regex,
}

/// Bytes that a compiled pattern may take; hostile patterns stop here.
const PATTERN_LIMIT: usize = 1 << 20;

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn new(text: &str) -> Result<Self, String> {
        let config = Regex::config().nfa_size_limit(Some(PATTERN_LIMIT));
        let built = Regex::builder().configure(config).build(text);
        let regex = built.map_err(|error| {
            let why = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
            let last = why.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        })?;
        Ok(Self { text: text.into(), regex })
    }

    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `text` contains a match.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

/// What a contract tells people about a value; nothing of it is checked.
#[derive(Clone, Debug, Default)]
pub struct Remarks {
    /// `description`
    pub description: Option<String>,
    /// `x-type`: the type as the document names it, e.g. `uint32` or `world.Id`.
    pub declared_type: Option<String>,
    /// `x-unit`, e.g. `unix-seconds`.
    pub unit: Option<String>,
    /// `x-known-values`: what the field uses where the document lists no values.
    pub known_values: Vec<Json>,
    /// Whether `x-basis: field` stands there: the document is silent about it.
    pub field_basis: bool,
}

/// A field of an object.
#[derive(Clone, Debug)]
pub struct Property {
    /// What its value must be.
    pub schema: Schema,
    /// Whether it must be present.
    pub required: bool,
    /// Whether only another service's contract declares it.
    pub foreign: bool,
}

/// What a value must be.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The types it may have.
    pub types: Types,
    /// The fields of objects; others may be there too.
    pub properties: IndexMap<Box<str>, Property>,
    /// What the items of lists must be; `None` for anything.
    pub items: Option<Box<Schema>>,
    /// `enum` or `const`: the values it may have.
    pub allowed: Option<Vec<Json>>,
    /// The least number.
    pub minimum: Option<i128>,
    /// The greatest number.
    pub maximum: Option<i128>,
    /// The least number of characters.
    pub min_length: Option<u64>,
    /// The greatest number of characters.
    pub max_length: Option<u64>,
    /// What strings must contain a match of.
    pub pattern: Option<Pattern>,
    /// The format of strings.
    pub format: Option<Format>,
    /// `x-encoding`: how the value of a header becomes bytes.
    pub encoding: Option<HeaderEncoding>,
    /// `x-sensitive`: values are never shown.
    pub sensitive: bool,
    /// What people are told.
    pub remarks: Arc<Remarks>,
    /// Where it stands in its contract.
    pub span: Span,
}

impl Schema {
    /// Whether every value is accepted.
    #[must_use]
    pub fn accepts_anything(&self) -> bool {
        self.types.is_any()
            && self.allowed.is_none()
            && (self.minimum, self.maximum) == (None, None)
            && !self.limits_strings()
            && self.items.is_none()
            && self.properties.is_empty()
    }

    /// Whether strings are limited by more than their type and `enum`.
    #[must_use]
    pub(crate) fn limits_strings(&self) -> bool {
        self.pattern.is_some()
            || self.format.is_some()
            || self.min_length.is_some()
            || self.max_length.is_some()
    }

    /// Whether a sensitive value is or may be inside.
    #[must_use]
    pub fn holds_sensitive(&self) -> bool {
        self.sensitive
            || self.properties.values().any(|property| property.schema.holds_sensitive())
            || self.items.as_ref().is_some_and(|items| items.holds_sensitive())
    }

    /// The schema of the field at a JSON pointer; `*` stands for any item of a list.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Schema> {
        let Some(rest) = pointer.strip_prefix('/') else {
            return pointer.is_empty().then_some(self);
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        if let Some(items) = &self.items
            && (name == "*" || name.parse::<usize>().is_ok())
        {
            return items.at(rest);
        }
        let name = name.replace("~1", "/").replace("~0", "~");
        self.properties.get(name.as_str())?.schema.at(rest)
    }

    /// The value that a declared field has where a sender does not name it: 0, the empty string,
    /// `false`, the nil UUID, an empty list, the first moment of year 1, `null` for anything else.
    /// An enumeration may well not have it.
    #[must_use]
    pub fn zero(&self) -> Json {
        if self.types.is_any() || self.types.admits(Types::NULL) {
            return Json::Null;
        }
        if self.types.admits(Types::OBJECT) {
            let fields = self.properties.iter();
            let zeros = fields.map(|(name, property)| (name.to_string(), property.schema.zero()));
            return Json::Object(zeros.collect());
        }
        if self.types.admits(Types::ARRAY) {
            return Json::Array(Vec::new());
        }
        if self.types.admits(Types::STRING) {
            return match self.format {
                Some(Format::Uuid) => "00000000-0000-0000-0000-000000000000".into(),
                Some(Format::DateTime) => "0001-01-01T00:00:00Z".into(),
                None => "".into(),
            };
        }
        if self.types.admits(Types::BOOLEAN) {
            return false.into();
        }
        Json::Number(Number::from(0_u64))
    }

    /// What values are accepted, in one line: `an integer from 0 to 255`.
    #[must_use]
    pub fn phrase(&self) -> String {
        if let Some(allowed) = &self.allowed {
            let values: Vec<_> = allowed.iter().map(shown).collect();
            return match values.as_slice() {
                [one] => one.clone(),
                many => format!("one of {}", many.join(", ")),
            };
        }
        let mut phrase = match self.format {
            Some(format) if self.types == Types::STRING => format.phrase().to_owned(),
            _ => self.types.phrase(),
        };
        match (self.minimum, self.maximum) {
            (Some(minimum), Some(maximum)) => phrase += &format!(" from {minimum} to {maximum}"),
            (Some(minimum), None) => phrase += &format!(" of at least {minimum}"),
            (None, Some(maximum)) => phrase += &format!(" of at most {maximum}"),
            (None, None) => {}
        }
        if let Some(length) = self.min_length {
            phrase += &format!(" with at least {length} characters");
        }
        if let Some(length) = self.max_length {
            phrase += &format!(" with at most {length} characters");
        }
        if let Some(pattern) = &self.pattern {
            phrase += &format!(" that matches {}", pattern.as_str());
        }
        phrase
    }
}

/// A value as a sentence shows it: strings without quotes where that is clear.
pub(super) fn shown(value: &Json) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_') => {
            text.to_owned()
        }
        _ => value.to_string(),
    }
}
