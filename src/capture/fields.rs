//! The fields of one line, each with its place in it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::diagnostic::{Span, suggest};
use crate::message::unhex;

/// All fields, in the order in which they are written.
pub(super) const NAMES: [&str; 8] =
    ["topic", "partition", "offset", "timestamp_ms", "key", "headers", "value", "value_hex"];

/// Something wrong in a line. Nothing of a value is in its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Bytes of the line.
    pub(super) span: Span,
    pub(super) help: Option<String>,
}

impl Damage {
    pub(super) fn new(code: &'static str, message: impl Into<String>, span: Span) -> Self {
        Self { code, message: message.into(), span, help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A field as it is written.
struct Field<'a> {
    name: String,
    /// The bytes of its name in the line, with the quotes.
    at: Span,
    value: &'a RawValue,
    span: Span,
}

/// The fields of a line, taken out one by one.
pub(super) struct Fields<'a> {
    fields: Vec<Field<'a>>,
    damages: Vec<Damage>,
    whole: Span,
}

impl<'a> Fields<'a> {
    /// The fields of a line that is one JSON object.
    pub(super) fn of(text: &'a str) -> Result<Self, Damage> {
        let whole = Span::new(0, text.len());
        if !text.trim_start().starts_with('{') {
            let message = "the line is not a JSON object";
            let form = "each line is one record: {\"topic\":…,\"partition\":0,\"offset\":7,…}";
            return Err(Damage::new("capture::damaged", message, whole).help(form));
        }
        let Raw(raw) = serde_json::from_str(text).map_err(|error| syntax(text, &error))?;
        let mut fields = Self { fields: Vec::new(), damages: Vec::new(), whole };
        let mut end = 0;
        for (name, value) in raw {
            let span = place(text, value.get());
            let name_start = text[end..span.start].find('"').map_or(end, |at| end + at);
            let name_end = text[end..span.start].rfind('"').map_or(span.start, |at| end + at + 1);
            fields.add(Field { name, at: Span::new(name_start, name_end), value, span });
            end = span.end;
        }
        Ok(fields)
    }

    fn add(&mut self, field: Field<'a>) {
        if !NAMES.contains(&&*field.name) {
            let message = format!("unknown field `{}`", shown(&field.name));
            let mut damage = Damage::new("capture::unknown-field", message, field.at);
            damage.help = suggest(&field.name, NAMES).map(|near| format!("did you mean `{near}`?"));
            self.damages.push(damage);
        } else if self.fields.iter().any(|other| other.name == field.name) {
            let message = format!("the field `{}` stands twice in the line", field.name);
            self.damages.push(Damage::new("capture::repeated-field", message, field.at));
        } else {
            self.fields.push(field);
        }
    }

    fn take(&mut self, name: &str) -> Option<Field<'a>> {
        let at = self.fields.iter().position(|field| field.name == name)?;
        Some(self.fields.remove(at))
    }

    /// A field that must be there, read; a default and a damage where that fails.
    fn read<T: Default>(
        &mut self,
        name: &str,
        must_be: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> T {
        let Some(field) = self.take(name) else {
            let message = format!("the field `{name}` is missing");
            self.damages.push(
                Damage::new("capture::missing-field", message, self.whole)
                    .help(format!("it must be {must_be}")),
            );
            return T::default();
        };
        read(field.value.get()).unwrap_or_else(|| {
            let message = format!("`{name}` is not {must_be}");
            self.damages.push(Damage::new("capture::bad-value", message, field.span));
            T::default()
        })
    }

    /// A text with at least one character.
    pub(super) fn text(&mut self, name: &str) -> String {
        let read = |raw| serde_json::from_str::<String>(raw).ok().filter(|text| !text.is_empty());
        self.read(name, "a text that is not empty", read)
    }

    /// A whole number from 0 to `max`.
    pub(super) fn number(&mut self, name: &str, max: u64) -> u64 {
        let read = |raw| serde_json::from_str(raw).ok().filter(|number| *number <= max);
        self.read(name, &format!("a whole number from 0 to {max}"), read)
    }

    /// A whole number with a sign.
    pub(super) fn integer(&mut self, name: &str) -> i64 {
        self.read(name, "a whole number of milliseconds", |raw| serde_json::from_str(raw).ok())
    }

    /// Bytes in hexadecimal, or null.
    pub(super) fn bytes(&mut self, name: &str) -> Option<Vec<u8>> {
        let must_be = "null or text of pairs of hexadecimal digits";
        self.read(name, must_be, |raw| nullable(serde_json::from_str(raw).ok()?))
    }

    /// Names with bytes in hexadecimal or null.
    pub(super) fn headers(&mut self) -> Vec<(String, Option<Vec<u8>>)> {
        let must_be = "a list of pairs, each a name and a value in hexadecimal or null";
        self.read("headers", must_be, |raw| {
            let list: Vec<(String, Option<String>)> = serde_json::from_str(raw).ok()?;
            list.into_iter().map(|(name, value)| Some((name, nullable(value)?))).collect()
        })
    }

    /// The value: text, or bytes in hexadecimal, or null.
    pub(super) fn value(&mut self) -> Option<Vec<u8>> {
        if self.fields.iter().all(|field| field.name != "value_hex") {
            let text = self.read("value", "text or null", |raw| {
                serde_json::from_str::<Option<String>>(raw).ok()
            });
            return text.map(String::into_bytes);
        }
        if let Some(both) = self.take("value") {
            let message = "there are both `value` and `value_hex`";
            let help = "`value_hex` stands in place of a `value` that is not text";
            let damage = Damage::new("capture::repeated-field", message, both.at).help(help);
            self.damages.push(damage);
        }
        let must_be = "text of pairs of hexadecimal digits";
        Some(
            self.read("value_hex", must_be, |raw| {
                unhex(&serde_json::from_str::<String>(raw).ok()?)
            }),
        )
    }

    /// What was wrong, in the order of the line.
    pub(super) fn end(mut self) -> Vec<Damage> {
        self.damages.sort_by_key(|damage| damage.span);
        self.damages
    }
}

/// Where a part of a text stands in it.
fn place(text: &str, part: &str) -> Span {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    Span::new(start, start + part.len())
}

fn nullable(text: Option<String>) -> Option<Option<Vec<u8>>> {
    match text {
        None => Some(None),
        Some(text) => unhex(&text).map(Some),
    }
}

/// A name in a message: cut, and without what a terminal would act on.
pub(super) fn shown(name: &str) -> String {
    const MAX_CHARS: usize = 40;
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    name.chars().take(MAX_CHARS).map(plain).collect()
}

/// Why a line is no JSON object, and where.
fn syntax(text: &str, error: &serde_json::Error) -> Damage {
    let at = error.column().saturating_sub(1).min(text.len());
    let said = error.to_string();
    let (why, _) = said.rsplit_once(" at line ").unwrap_or((&said, ""));
    Damage::new("capture::damaged", format!("the line is not JSON: {why}"), Span::new(at, at + 1))
}

/// The fields of an object, unread.
struct Raw<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Raw(fields))
    }
}
