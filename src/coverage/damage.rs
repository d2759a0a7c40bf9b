//! Damages: everything that can be wrong with one part of a valid value.
//!
//! What always holds: a damage is made from what the value looks like and from what its contract
//! says there; the same value and facts give the same damages in the same order.

use std::collections::BTreeMap;

use super::facts::Facts;
use crate::contract::inputs::{Input, Variation, replaced, whole_inputs};
use crate::evolution::token;
use crate::message::{Json, Number};

/// All kinds of damage, with what each does.
pub const DAMAGES: [(&str, &str); 22] = [
    (ABSENT, "a field is not there"),
    (NULL, "null stands in place of a value"),
    (OTHER_TYPE, "a value is of another JSON type"),
    (FRACTION, "an integer has a fraction"),
    (BELOW, "a number is below its range, or below every 64-bit integer"),
    (ABOVE, "a number is above its range, or above every 64-bit integer"),
    (BAD_FORMAT, "a text that has, or looks like it has, a format does not have it"),
    (NOT_LISTED, "a value is none of those that are listed"),
    (TOO_SHORT, "a text is shorter, or a list has fewer items, than is said"),
    (TOO_LONG, "a text is longer, or a list has more items, than is said"),
    (NO_MATCH, "a text does not match its pattern"),
    (EXTRA_FIELD, "there is a field that the contract does not name"),
    (NO_VALUE, "there is no value, or one of no bytes"),
    (NOT_JSON, "the value is no JSON, or is cut short"),
    (NOT_AN_OBJECT, "the value is JSON, and no object"),
    (UNKNOWN_TYPE, "the field that tells messages apart says nothing that is known"),
    (NO_HEADER, "a header is not there"),
    (BAD_HEADER, "a header has bytes that are not of its encoding"),
    (NO_KEY, "the record has no key"),
    (BAD_KEY, "the key is made from something else"),
    (NESTED, "the value is nested deeper than readers follow"),
    (REPEATED_HEADER, "a header is there twice"),
];

pub(super) const ABSENT: &str = "absent";
const NULL: &str = "null";
const OTHER_TYPE: &str = "other-type";
const FRACTION: &str = "fraction";
const BELOW: &str = "below";
const ABOVE: &str = "above";
const BAD_FORMAT: &str = "bad-format";
const NOT_LISTED: &str = "not-listed";
const TOO_SHORT: &str = "too-short";
const TOO_LONG: &str = "too-long";
const NO_MATCH: &str = "no-match";
const EXTRA_FIELD: &str = "extra-field";
const NO_VALUE: &str = "no-value";
const NOT_JSON: &str = "not-json";
const NOT_AN_OBJECT: &str = "not-an-object";
const UNKNOWN_TYPE: &str = "unknown-type";
const NESTED: &str = "nested";
pub(super) const NO_HEADER: &str = "no-header";
pub(super) const BAD_HEADER: &str = "bad-header";
pub(super) const REPEATED_HEADER: &str = "repeated-header";
pub(super) const NO_KEY: &str = "no-key";
pub(super) const BAD_KEY: &str = "bad-key";

/// Why a damage is none by what the contract says.
pub(super) const OPTIONAL: &str = "the contract lets it be left out";
const TYPE_TAKEN: &str = "the contract takes values of that type";
const KNOWN_ONLY: &str = "the contract lists what is known, and takes other values";
const IGNORED: &str = "the contract lets other fields be there";
const NO_TYPE: &str = "the contract does not say that it is an object";
/// A record without a value deletes its key.
const TOMBSTONE: &str = "the topic is compacted: a record without a value deletes its key";

const UNLISTED: &str = "NO_SUCH_VALUE";
const EXTRA: &str = "quintetExtra";

/// One damage.
#[derive(Clone, Debug)]
pub(super) struct Damage {
    /// One of [`DAMAGES`].
    pub(super) kind: &'static str,
    /// Where: a JSON pointer, or a header's name.
    pub(super) field: String,
    /// What was done, where the kind does not say it all.
    pub(super) detail: String,
    /// The value; no bytes are a tombstone.
    pub(super) value: Option<Vec<u8>>,
    /// Why the contract may take it.
    pub(super) excuse: Option<&'static str>,
}

/// What is known of a message for its damages.
pub(super) struct Known<'a> {
    pub(super) facts: &'a BTreeMap<String, Facts>,
    pub(super) discriminator: Option<&'a str>,
    pub(super) is_compacted: bool,
}

/// All damages of a value.
pub(super) fn damages(value: &Json, known: &Known<'_>) -> Vec<Damage> {
    let mut maker = Maker { whole: value, known, made: Vec::new() };
    maker.wholly();
    maker.at("", value);
    maker.made
}

struct Maker<'a> {
    whole: &'a Json,
    known: &'a Known<'a>,
    made: Vec<Damage>,
}

impl Maker<'_> {
    fn push(
        &mut self,
        (kind, field, detail): (&'static str, &str, &str),
        value: Option<Json>,
        excuse: Option<&'static str>,
    ) {
        let value = Some(replaced(self.whole, field, value).to_bytes());
        let (field, detail) = (field.to_owned(), detail.to_owned());
        self.made.push(Damage { kind, field, detail, value, excuse });
    }

    fn wholly(&mut self) {
        let facts = self.known.facts.get("");
        let takes = |name: &str| facts.is_none_or(|facts| facts.takes(name));
        for Input { variation, value, .. } in whole_inputs(self.whole, self.known.discriminator) {
            let kind = match variation {
                Variation::NoValue | Variation::EmptyValue => NO_VALUE,
                Variation::NotAnObject => NOT_AN_OBJECT,
                Variation::Nested => NESTED,
                Variation::UnknownType => UNKNOWN_TYPE,
                _ => NOT_JSON,
            };
            let excuse = match variation {
                Variation::NoValue if self.known.is_compacted => Some(TOMBSTONE),
                Variation::NotAnObject if takes("array") || takes("string") => Some(NO_TYPE),
                _ => None,
            };
            let detail = match &value {
                None => "nothing".to_owned(),
                Some(bytes) if bytes.is_empty() => "no bytes".to_owned(),
                Some(_) => String::new(),
            };
            self.made.push(Damage { kind, field: String::new(), detail, value, excuse });
        }
    }

    fn at(&mut self, field: &str, value: &Json) {
        // Where the contract says nothing at all, nothing can be wrong.
        let Some(facts) = self.known.facts.get(field) else { return };
        let is_told_apart = self
            .known
            .discriminator
            .map(token)
            .is_some_and(|name| field.strip_prefix('/') == Some(name.as_str()));
        if !field.is_empty() && !is_told_apart {
            self.types(field, value, facts);
        }
        match value {
            Json::Number(number) => self.number(field, number, facts),
            Json::String(text) if !is_told_apart => self.text(field, text, facts),
            Json::Array(items) => self.list(field, items, facts),
            Json::Object(fields) => {
                let excuse = (!facts.is_closed).then_some(IGNORED);
                let extra = format!("{field}/{EXTRA}");
                self.push((EXTRA_FIELD, &extra, ""), Some(integer("1")), excuse);
                for (name, value) in fields {
                    let below = format!("{field}/{}", token(name));
                    let is_needed = facts.required.contains(name);
                    let is_told = self.known.discriminator == Some(name) && field.is_empty();
                    // Where nothing is said of what must be there, nobody said that this need not.
                    let is_optional = facts.says_required && !is_needed;
                    let is_free = facts.is_free();
                    if !is_told {
                        let excuse = (is_optional || is_free).then_some(OPTIONAL);
                        self.push((ABSENT, &below, ""), None, excuse);
                    }
                    self.at(&below, value);
                }
            }
            _ => {}
        }
    }

    fn types(&mut self, field: &str, value: &Json, facts: &Facts) {
        let own = type_name(value);
        let text = value.as_integer().map_or_else(|| "text".to_owned(), |own| own.to_string());
        let others = [
            ("null", Json::Null),
            ("boolean", true.into()),
            ("integer", integer("1")),
            ("string", text.as_str().into()),
            ("array", Json::Array(vec![value.clone()])),
            ("object", Json::Object(indexmap::IndexMap::new())),
        ];
        for (name, other) in others.into_iter().filter(|(name, _)| *name != own) {
            let kind = if name == "null" { NULL } else { OTHER_TYPE };
            let detail = if name == "null" { "" } else { name };
            let excuse = facts.takes(name).then_some(TYPE_TAKEN);
            self.push((kind, field, detail), Some(other), excuse);
        }
    }

    fn number(&mut self, field: &str, number: &Number, facts: &Facts) {
        let excuse = facts.takes("number").then_some(TYPE_TAKEN);
        if facts.is_listed {
            self.push((NOT_LISTED, field, ""), Some(integer("918273645")), None);
            return;
        }
        if let Some(own) = number.as_integer() {
            self.push((FRACTION, field, ""), Some(integer(&format!("{own}.5"))), excuse);
        }
        // Of numbers without a range, only those are damaged that are integers.
        let is_whole = facts.types.iter().any(|name| name == "integer");
        let least = facts.minimum.as_ref().map(|least| beyond(least, -1));
        let greatest = facts.maximum.as_ref().map(|greatest| beyond(greatest, 1));
        let far = |text: &str| is_whole.then(|| integer(text));
        if let Some(value) = least.or_else(|| far("-9223372036854775809")) {
            self.push((BELOW, field, ""), Some(value), None);
        }
        if let Some(value) = greatest.or_else(|| far("18446744073709551616")) {
            self.push((ABOVE, field, ""), Some(value), None);
        }
    }

    fn text(&mut self, field: &str, text: &str, facts: &Facts) {
        if facts.is_free() {
            return;
        }
        let put = |text: &str| Some(Json::from(text));
        if facts.is_listed || facts.has_known {
            let excuse = (!facts.is_listed).then_some(KNOWN_ONLY);
            self.push((NOT_LISTED, field, ""), put(UNLISTED), excuse);
        }
        let has = |format: &str| facts.format.as_deref() == Some(format);
        if has("uuid") || uuid::Uuid::try_parse(text).is_ok() {
            self.push((BAD_FORMAT, field, "no UUID"), put("not-a-uuid"), None);
            self.push((BAD_FORMAT, field, "a UUID that is cut"), put(cut(text)), None);
        } else if has("date-time") || looks_like_a_time(text) {
            self.push((BAD_FORMAT, field, "no time"), put("yesterday"), None);
            self.push((BAD_FORMAT, field, "a time that is cut"), put(cut(text)), None);
        }
        if let Some(least) = facts.min_length.and_then(|least| usize::try_from(least).ok())
            && let Some(fewer) = least.checked_sub(1)
        {
            let short: String = text.chars().take(fewer).collect();
            self.push((TOO_SHORT, field, ""), put(&short), None);
        }
        if let Some(most) = facts.max_length.filter(|most| *most < 100_000) {
            let long = "x".repeat(usize::try_from(most).unwrap_or_default() + 1);
            self.push((TOO_LONG, field, ""), put(&long), None);
        }
        if let Some(pattern) = &facts.pattern {
            let tries = ["", "?", "\u{1}", "quintet does not match"];
            let other = tries.into_iter().find(|text| !pattern.matches(text));
            if let Some(other) = other {
                self.push((NO_MATCH, field, ""), put(other), None);
            }
        }
    }

    fn list(&mut self, field: &str, items: &[Json], facts: &Facts) {
        if facts.min_items.is_some_and(|least| least > 0) {
            self.push((TOO_SHORT, field, ""), Some(Json::Array(Vec::new())), None);
        }
        if let (Some(most), Some(item)) = (facts.max_items, items.first()) {
            let many = usize::try_from(most).unwrap_or_default().min(10_000) + 1;
            self.push((TOO_LONG, field, ""), Some(Json::Array(vec![item.clone(); many])), None);
        }
        // Items are alike: what is wrong with the first stands for all.
        if let Some(first) = items.first() {
            self.at(&format!("{field}/0"), first);
        }
    }
}

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn integer(text: &str) -> Json {
    Json::Number(Number::parse(text).unwrap_or_else(|| Number::from(0_u32)))
}

/// A number past a bound.
fn beyond(bound: &Number, by: i128) -> Json {
    match bound.as_integer() {
        Some(whole) => integer(&whole.saturating_add(by).to_string()),
        None => integer(&format!("{by}e300")),
    }
}

/// A text without its last character.
fn cut(text: &str) -> &str {
    text.char_indices().next_back().map_or("", |(end, _)| &text[..end])
}

fn looks_like_a_time(text: &str) -> bool {
    let begins = b"0000-00-00T00:00:00".iter().zip(text.as_bytes());
    let fits = |(shape, byte): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    text.len() >= 20 && begins.into_iter().all(fits)
}
