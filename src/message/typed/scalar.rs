//! Field types: text, secrets, timestamps, opaque values, and bodies without fields.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::macros::Nullable;
use crate::message::is_rfc3339;

/// Text, borrowed from the message where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

struct VisitText;

impl<'de> Visitor<'de> for VisitText {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

impl<'a> Deserialize<'a> for Text<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(VisitText)
    }
}

/// Text that is never shown: a password.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret<'a>(Text<'a>);

impl<'a> Secret<'a> {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<Text<'a>>) -> Self {
        Self(text.into())
    }

    /// The same secret, borrowed from nowhere.
    #[must_use]
    pub fn detached(&self) -> Secret<'static> {
        Secret::new(self.reveal().to_owned())
    }

    /// The text itself; it must go nowhere but into a comparison or a message.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

impl Serialize for Secret<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'a> Deserialize<'a> for Secret<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        Text::deserialize(from).map(Self)
    }
}

/// Text that the reader's own document does not declare: what is not text reads as empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undeclared<'a>(pub Text<'a>);

impl<'a> Deserialize<'a> for Undeclared<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(from)?;
        Ok(Self(serde_json::from_str(raw.get()).unwrap_or_default()))
    }
}

impl Serialize for Undeclared<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'a> From<&'a str> for Undeclared<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

/// A UUID, which is written in 36 characters; no other form is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub Uuid);

impl Id {
    /// All zeros.
    pub const NIL: Self = Self(Uuid::nil());
}

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

struct VisitId;

impl Visitor<'_> for VisitId {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID of 36 characters")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
        let id = if text.len() == 36 { Uuid::try_parse(text).ok() } else { None };
        id.map(Id).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(VisitId)
    }
}

/// A moment in RFC 3339, kept as it was written. Zero is the year 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp<'a>(Text<'a>);

impl<'a> Timestamp<'a> {
    /// Takes a text that is a moment in RFC 3339.
    #[must_use]
    pub fn parse(text: impl Into<Text<'a>>) -> Option<Self> {
        let text = text.into();
        is_rfc3339(&text).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Timestamp<'_> {
    fn default() -> Self {
        Self("0001-01-01T00:00:00Z".into())
    }
}

impl Serialize for Timestamp<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'a> Deserialize<'a> for Timestamp<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(from)?;
        let expected = &"a timestamp of RFC 3339";
        if is_rfc3339(&text) {
            return Ok(Self(text));
        }
        Err(de::Error::invalid_value(Unexpected::Str(&text), expected))
    }
}

/// Any JSON value, kept as it was written. Zero is `null`.
#[derive(Clone, Debug)]
pub struct Params<'a>(Cow<'a, RawValue>);

/// How deep params may nest, so that the message stays within what readers of JSON take.
const MAX_PARAMS_DEPTH: usize = 120;

impl Params<'_> {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Params of a JSON text; `None` where it is not JSON, or nests too deep.
    #[must_use]
    pub fn from_json(text: String) -> Option<Self> {
        let raw = RawValue::from_string(text).ok()?;
        (depth(raw.get()) <= MAX_PARAMS_DEPTH).then_some(Self(Cow::Owned(raw)))
    }
}

impl Default for Params<'_> {
    fn default() -> Self {
        Self(Cow::Borrowed(RawValue::NULL))
    }
}

impl PartialEq for Params<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for Params<'_> {
    /// Without the spaces and line ends between its parts.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match compact(self.as_str()) {
            None => self.0.serialize(to),
            Some(text) => {
                let raw = RawValue::from_string(text).map_err(serde::ser::Error::custom)?;
                raw.serialize(to)
            }
        }
    }
}

impl<'a> Deserialize<'a> for Params<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(from)?;
        if depth(raw.get()) > MAX_PARAMS_DEPTH {
            return Err(de::Error::custom("nested too deep"));
        }
        Ok(Self(Cow::Borrowed(raw)))
    }
}

/// Visits the bytes of JSON text that are outside strings.
fn outside_strings(json: &str, mut visit: impl FnMut(usize, u8)) {
    let (mut inside, mut escaped) = (false, false);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if !inside => visit(at, byte),
            _ => {}
        }
    }
}

fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    outside_strings(json, |_, byte| match byte {
        b'[' | b'{' => {
            depth += 1;
            deepest = deepest.max(depth);
        }
        b']' | b'}' => depth = depth.saturating_sub(1),
        _ => {}
    });
    deepest
}

/// The text without insignificant white space; `None` where there is none.
fn compact(json: &str) -> Option<String> {
    let mut spaces = Vec::new();
    outside_strings(json, |at, byte| {
        if byte.is_ascii_whitespace() {
            spaces.push(at);
        }
    });
    let mut kept = String::with_capacity(json.len());
    let mut from = 0;
    for at in &spaces {
        kept.push_str(&json[from..*at]);
        from = at + 1;
    }
    kept.push_str(&json[from..]);
    (!spaces.is_empty()).then_some(kept)
}

/// A list; `null` in it reads as a zero element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::<Nullable<T>>::deserialize(from)?;
        Ok(Self(items.into_iter().map(|item| item.0).collect()))
    }
}

/// A body without fields: `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty;

impl Serialize for Empty {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_map(Some(0))?.end()
    }
}

struct VisitEmpty;

impl<'de> Visitor<'de> for VisitEmpty {
    type Value = Empty;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Empty, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Empty)
    }
}

impl<'de> Deserialize<'de> for Empty {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(VisitEmpty)
    }
}

/// A body that is not there: written as `null`, read as anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absent;

impl Serialize for Absent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(from).map(|_| Self)
    }
}
