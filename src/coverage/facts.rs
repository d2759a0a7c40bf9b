//! What a contract says of the value at one place, over all schemas that speak of it.

use serde_json::{Map, Value as Json};

use crate::contract::Pattern;
use crate::message::Number;

/// What is said of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The names of the types; none where any is taken.
    pub(super) types: Vec<String>,
    /// Whether `enum` or `const` lists the values.
    pub(super) is_listed: bool,
    /// Whether the contract lists what is known, and takes other values too.
    pub(super) has_known: bool,
    pub(super) minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) format: Option<String>,
    /// Whether it says which fields must be there, if only that none must.
    pub(super) says_required: bool,
    /// The fields that must be there.
    pub(super) required: Vec<String>,
    /// Whether other fields than those that are named are refused.
    pub(super) is_closed: bool,
    /// Whether alternatives or conditions speak of the value, or exclude some.
    pub(super) is_composed: bool,
}

impl Facts {
    /// What the keywords of one schema say.
    pub(super) fn of(members: &Map<String, Json>) -> Self {
        let number = |name: &str| Number::parse(&members.get(name)?.as_number()?.to_string());
        let whole = |name: &str| members.get(name).and_then(Json::as_u64);
        let has = |name: &str| members.contains_key(name);
        let names = |name: &str| -> Vec<String> {
            let named = match members.get(name) {
                Some(Json::Array(names)) => names.iter().collect(),
                Some(one) => vec![one],
                None => Vec::new(),
            };
            named.into_iter().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let text = |name: &str| members.get(name).and_then(Json::as_str);
        let composed = ["oneOf", "anyOf", "if", "not", "$ref"];
        let closed = ["additionalProperties", "unevaluatedProperties", "propertyNames"];
        Self {
            types: names("type"),
            is_listed: has("enum") || has("const"),
            has_known: has("x-known-values"),
            minimum: number("minimum").or_else(|| number("exclusiveMinimum")),
            maximum: number("maximum").or_else(|| number("exclusiveMaximum")),
            min_length: whole("minLength"),
            max_length: whole("maxLength"),
            min_items: whole("minItems"),
            max_items: whole("maxItems"),
            pattern: text("pattern").and_then(|text| Pattern::new(text).ok()),
            format: text("format").map(str::to_owned),
            says_required: has("required"),
            required: names("required"),
            is_closed: closed.iter().any(|name| has(name)),
            is_composed: composed.iter().any(|name| has(name)),
        }
    }

    /// Adds what another schema says of the same value.
    pub(super) fn add(&mut self, other: &Self) {
        match self.types.is_empty() {
            true => self.types.clone_from(&other.types),
            false if other.types.is_empty() => {}
            false => self.types.retain(|name| other.types.contains(name)),
        }
        self.is_listed |= other.is_listed;
        self.has_known |= other.has_known;
        self.is_closed |= other.is_closed;
        self.is_composed |= other.is_composed;
        self.says_required |= other.says_required;
        self.required.extend(other.required.iter().cloned());
        self.minimum = self.minimum.take().or_else(|| other.minimum.clone());
        self.maximum = self.maximum.take().or_else(|| other.maximum.clone());
        self.min_length = self.min_length.or(other.min_length);
        self.max_length = self.max_length.or(other.max_length);
        self.min_items = self.min_items.or(other.min_items);
        self.max_items = self.max_items.or(other.max_items);
        self.pattern = self.pattern.take().or_else(|| other.pattern.clone());
        self.format = self.format.take().or_else(|| other.format.clone());
    }

    /// Whether nothing is said that could refuse a value.
    pub(super) fn is_free(&self) -> bool {
        self.types.is_empty()
            && !self.is_listed
            && !self.is_composed
            && !self.is_closed
            && self.required.is_empty()
            && self.format.is_none()
            && self.pattern.is_none()
            && self.minimum.is_none()
            && self.maximum.is_none()
            && [self.min_length, self.max_length, self.min_items, self.max_items] == [None; 4]
    }

    /// Whether values of a type are taken by its name; where nothing at all is said, any are.
    pub(super) fn takes(&self, name: &str) -> bool {
        let named = |one: &str| self.types.iter().any(|known| known == one);
        self.is_free() || named(name) || name == "integer" && named("number")
    }
}
