//! Inputs made from a contract: for each field of a message the values at the ends of its range,
//! those just beyond, and those that a careless reader takes for something else.
//!
//! What this is: a pure function of a schema and a value that fits it. What it is not: random, and
//! not a judge: whether an input decodes is for the contract to say, and what it should cause for
//! the rules.
//!
//! What always holds: an input differs from the value that it is made of in one field, or as a
//! whole; the same schema gives the same inputs in the same order. What the rules leave open is
//! not made: UUIDs in other spellings, `1.0` for an integer, a field twice or in another case, a
//! lone surrogate (some readers replace it), a secret of more than 72 bytes, a version header that
//! is not of two bytes. Start at [`field_inputs`].

mod headers;
mod number;
mod read;
mod text;
mod typical;
mod whole;

pub use headers::{HeaderInput, header_inputs};
pub use read::read;
pub use typical::typical;
pub use whole::whole_inputs;

use super::{Schema, Types};
use crate::message::{Json, Number};

/// What is special about an input. The order is that in which they tell most: what a reader takes
/// for a valid value shows, what it fails on may show as well, what is valid shows least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variation {
    /// A number that reads as a valid one where only its lower bits are taken.
    Wraps,
    /// Of another JSON type, written so that a lenient reader takes it for a valid value.
    OtherType,
    /// A number with a fraction.
    Fraction,
    /// One beyond the range.
    Beyond,
    /// Far beyond the range.
    FarBeyond,
    /// A string that does not have its format.
    BadFormat,
    /// None of the listed values.
    NotListed,
    /// Another of the listed values.
    Listed,
    /// The zero value: 0, the empty string, `false`, the nil UUID.
    Zero,
    /// `null`
    Null,
    /// The field is not there.
    Absent,
    /// At an end of the range.
    End,
    /// Text of 300 characters.
    Long,
    /// Characters outside the basic plane, plain or as a pair of surrogates.
    Astral,
    /// No value at all.
    NoValue,
    /// A value of no bytes.
    EmptyValue,
    /// Bytes that are no JSON.
    NotJson,
    /// JSON without its end.
    CutShort,
    /// JSON that is no object.
    NotAnObject,
    /// Lists in lists, deeper than any reader follows.
    Nested,
    /// An object of a type that there is not.
    UnknownType,
}

/// A made input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What is special about it.
    pub variation: Variation,
    /// The field that is, as a JSON pointer; none where it is the whole value.
    pub field: Option<String>,
    /// The value; no bytes are a tombstone.
    pub value: Option<Vec<u8>>,
}

/// The inputs that differ from a value in one field of its schema, field by field; the field that
/// tells messages apart stays as it is.
#[must_use]
pub fn field_inputs(schema: &Schema, value: &Json, discriminator: Option<&str>) -> Vec<Input> {
    let mut made = Maker { whole: value, inputs: Vec::new() };
    for (name, property) in &schema.properties {
        if Some(&**name) != discriminator {
            made.field(&format!("/{}", escaped(name)), &property.schema);
        }
    }
    made.inputs
}

/// A name as a JSON pointer has it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Maker<'a> {
    whole: &'a Json,
    inputs: Vec<Input>,
}

impl Maker<'_> {
    /// Adds the inputs of one field and of the fields inside.
    fn field(&mut self, pointer: &str, schema: &Schema) {
        let own = self.whole.pointer(pointer).cloned();
        let mut add = |variation, value: Option<Json>| {
            if value != own {
                let value = replaced(self.whole, pointer, value).to_bytes();
                let field = Some(pointer.to_owned());
                self.inputs.push(Input { variation, field, value: Some(value) });
            }
        };
        for (variation, value) in values(schema, own.as_ref()) {
            add(variation, Some(value));
        }
        add(Variation::Null, Some(Json::Null));
        add(Variation::Absent, None);
        if is_plain_text(schema) {
            self.surrogates(pointer);
        }
        for (name, property) in &schema.properties {
            self.field(&format!("{pointer}/{}", escaped(name)), &property.schema);
        }
        if let Some(items) = &schema.items {
            self.field(&format!("{pointer}/0"), items);
        }
    }

    /// The same text as [`text::ASTRAL`], escaped: JSON has characters outside the basic plane as
    /// two surrogates.
    fn surrogates(&mut self, pointer: &str) {
        const MARK: &str = "quintet-astral";
        let marked = replaced(self.whole, pointer, Some(MARK.into())).to_string();
        let value = Some(marked.replace(MARK, text::ESCAPED).into_bytes());
        let field = Some(pointer.to_owned());
        self.inputs.push(Input { variation: Variation::Astral, field, value });
    }
}

fn is_plain_text(schema: &Schema) -> bool {
    schema.types == Types::STRING
        && schema.allowed.is_none()
        && !schema.limits_strings()
        && !schema.holds_sensitive()
}

/// The values of a field that are worth sending.
fn values(schema: &Schema, own: Option<&Json>) -> Vec<(Variation, Json)> {
    use Variation::{Listed, NotListed, OtherType, Zero};
    let mut values = vec![(Zero, schema.zero())];
    if schema.types.is_any() {
        // Anything goes, and comes back as it went.
        let texts = ["true", "\"text\"", "[1,{\"two\":null}]", "9007199254740993", "-0.5", "{}"];
        let plain = |text: &str| Json::parse(text.as_bytes()).ok();
        return texts.into_iter().filter_map(plain).map(|value| (Listed, value)).collect();
    }
    let known = schema.allowed.as_ref().unwrap_or(&schema.remarks.known_values);
    values.extend(known.iter().map(|value| (Listed, value.clone())));
    if schema.types == Types::INTEGER {
        values.extend(number::values(schema, own));
        if let (Some(Json::Number(greatest)), Some(most)) = (known.last(), schema.maximum) {
            let next = greatest.as_integer().map(|greatest| greatest + 1);
            values.extend(next.filter(|next| *next <= most).map(|next| (NotListed, integer(next))));
        }
    } else if schema.types == Types::STRING {
        values.extend(text::values(schema));
    } else if schema.types == Types::BOOLEAN {
        values.push((Listed, Json::Bool(true)));
        values.push((Listed, Json::Bool(false)));
        values.extend([(OtherType, "true".into()), (OtherType, integer(1))]);
        values.extend([(OtherType, integer(0)), (OtherType, Json::Array(Vec::new()))]);
    } else if schema.types == Types::OBJECT {
        values.retain(|(_, zero)| schema.properties.is_empty() || Some(zero) != own);
        values.extend([(OtherType, Json::Array(Vec::new())), (OtherType, "text".into())]);
        values.extend([(OtherType, integer(1)), (OtherType, Json::Bool(true))]);
    } else if schema.types == Types::ARRAY {
        let object = Json::Object(indexmap::IndexMap::new());
        values.extend([(OtherType, object), (OtherType, "text".into()), (OtherType, integer(1))]);
    }
    values
}

fn integer(value: i128) -> Json {
    Json::Number(Number::parse(&value.to_string()).unwrap_or_else(|| Number::from(0_u32)))
}

/// A value with another one at a pointer, or none.
pub(crate) fn replaced(whole: &Json, pointer: &str, with: Option<Json>) -> Json {
    let Some(rest) = pointer.strip_prefix('/') else {
        return with.unwrap_or_default();
    };
    let (name, inside) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    match whole {
        Json::Object(fields) => {
            let mut fields = fields.clone();
            let value = match fields.get(&name) {
                Some(old) if !inside.is_empty() => Some(replaced(old, inside, with)),
                _ => with,
            };
            match value {
                Some(value) => drop(fields.insert(name, value)),
                None => drop(fields.shift_remove(&name)),
            }
            Json::Object(fields)
        }
        Json::Array(items) => {
            let at = name.parse().unwrap_or(usize::MAX);
            let item = |(index, item): (usize, &Json)| match (index == at, inside.is_empty()) {
                (false, _) => Some(item.clone()),
                (true, true) => with.clone(),
                (true, false) => Some(replaced(item, inside, with.clone())),
            };
            Json::Array(items.iter().enumerate().filter_map(item).collect())
        }
        other => other.clone(),
    }
}
