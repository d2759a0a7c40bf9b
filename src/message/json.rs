//! JSON trees whose numbers keep every digit, for matching, checking and showing values.
//!
//! Hot paths do not build trees: services decode typed messages, contracts check bytes.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use indexmap::IndexMap;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::Number;

/// The deepest nesting that is read; deeper text is refused, never overflowed into.
const MAX_DEPTH: usize = 128;

/// A JSON value. Objects keep the order of their fields; equality ignores it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exact.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// An object; of duplicate fields the last one counts.
    Object(IndexMap<String, Json>),
}

/// Why bytes are not a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

impl Json {
    /// Reads one JSON value that fills `bytes`.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, not JSON, followed by something, or nested deeper than 128.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let raw: &RawValue =
            serde_json::from_slice(bytes).map_err(|error| JsonError(error.to_string()))?;
        Self::from_raw(raw, 0).map_err(|error| JsonError(error.to_string()))
    }

    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, serde_json::Error> {
        if depth > MAX_DEPTH {
            return Err(de::Error::custom(format!("nested deeper than {MAX_DEPTH}")));
        }
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                // A member that comes again stands where it came first.
                let fields: IndexMap<String, &RawValue> = members.into_iter().collect();
                let read = |(name, raw)| Ok((name, Self::from_raw(raw, depth + 1)?));
                Self::Object(fields.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let read = |raw| Self::from_raw(raw, depth + 1);
                Self::Array(items.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => Self::Null,
            _ => {
                Self::Number(Number::parse(text).ok_or_else(|| de::Error::custom("not a number"))?)
            }
        })
    }

    /// The field of an object, `None` for anything else.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Json> {
        match self {
            Self::Object(fields) => fields.get(field),
            _ => None,
        }
    }

    /// The value at a JSON pointer (`/body/banId`); `~0`, `~1` escapes as in RFC 6901.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Json> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut at = self;
        for part in pointer.strip_prefix('/')?.split('/') {
            let part = part.replace("~1", "/").replace("~0", "~");
            at = match at {
                Self::Object(fields) => fields.get(&part)?,
                Self::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of an integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        match self {
            Self::Number(number) => number.as_integer(),
            _ => None,
        }
    }

    /// What kind of value this is, as error messages say it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Compact JSON text, the form in which values travel.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

/// The members that an object of a JSON value names more than once, as JSON pointers in the order
/// in which they come again; none where it is no JSON. Readers differ: some refuse such a value,
/// most take the last.
#[must_use]
pub fn repeated_members(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(raw) = serde_json::from_slice::<&RawValue>(bytes) {
        repeated(raw, (&mut String::new(), 0), &mut found);
    }
    found
}

fn repeated(raw: &RawValue, (path, depth): (&mut String, usize), found: &mut Vec<String>) {
    let is_object = raw.get().starts_with('{');
    if depth > MAX_DEPTH || !(is_object || raw.get().starts_with('[')) {
        return;
    }
    let members: Vec<(String, &RawValue)> = if is_object {
        serde_json::from_str(raw.get()).map_or_else(|_| Vec::new(), |Members(all)| all)
    } else {
        let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
        items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
    };
    let length = path.len();
    let mut names = BTreeSet::new();
    for (name, raw) in &members {
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        if !names.insert(name) {
            found.push(path.clone());
        }
        repeated(raw, (path, depth + 1), found);
        path.truncate(length);
    }
}

/// All members of an object, each with its text, also those that come again.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write_string(f, text),
            Self::Array(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(fields) => {
                f.write_char('{')?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    write_string(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl Hash for Json {
    fn hash<H: Hasher>(&self, to: &mut H) {
        std::mem::discriminant(self).hash(to);
        match self {
            Self::Null => {}
            Self::Bool(truth) => truth.hash(to),
            Self::Number(number) => number.hash(to),
            Self::String(text) => text.hash(to),
            Self::Array(items) => items.hash(to),
            Self::Object(fields) => {
                // Equality does not look at the order of fields.
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                fields.hash(to);
            }
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => {
                let raw = RawValue::from_string(number.as_str().to_owned());
                raw.map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// From any self-describing format; numbers that a 64-bit float cannot hold need [`Json::parse`].
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tree;
        impl<'de> Visitor<'de> for Tree {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Number(value.into()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
                let number = Number::parse(&format!("{value:?}"));
                number.map(Json::Number).ok_or_else(|| E::custom("not a finite number"))
            }
            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::String(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::Array(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = IndexMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    fields.insert(name, value);
                }
                Ok(Json::Object(fields))
            }
        }
        deserializer.deserialize_any(Tree)
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => {
                Number::parse(&number.to_string()).map_or(Self::Null, Self::Number)
            }
            serde_json::Value::String(text) => Self::String(text),
            serde_json::Value::Array(items) => {
                Self::Array(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(fields) => Self::Object(
                fields.into_iter().map(|(name, value)| (name, Self::from(value))).collect(),
            ),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Json {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

#[cfg(test)]
mod tests {
    use super::Json;
    use proptest::prelude::*;

    #[test]
    fn big_integers_and_long_fractions_survive() {
        let text = r#"{"a":18446744073709551616,"b":[0.10000000000000000001,-0],"c":1e400}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Json::parse(text.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(json) = Json::parse(&bytes) {
                prop_assert_eq!(Json::parse(&json.to_bytes()).unwrap(), json);
            }
        }
    }
}
