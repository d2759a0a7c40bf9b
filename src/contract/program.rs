//! What a schema becomes to be checked in one pass: a tree of what the bytes must be.
//!
//! What this is: [`Program`], compiled once from a schema; [`super::scan`] runs it over bytes. What
//! it is not: it names no problem; it answers "yes" or "don't know", and then the judge looks.

use super::Format;
use super::scan::{self, Seen, quoted, quoted_name};
use super::schema::{Schema, Types};

/// Objects with more declared fields are left to the judge: one bit a field.
const MAX_FIELDS: usize = 64;

/// A compiled schema.
#[derive(Clone, Debug)]
pub(super) struct Program(Node);

#[derive(Clone, Debug)]
pub(super) enum Node {
    Anything,
    Null,
    Bool,
    Integer(i128, i128),
    Text,
    Uuid,
    DateTime,
    /// Strings as they stand in JSON, quotes included.
    OneOf(Box<[Word]>),
    List(Box<Node>),
    Object(Box<Object>),
    OrNull(Box<Node>),
    /// Never *yes*.
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) fields: Box<[Field]>,
    /// The bits of the required fields.
    pub(super) required: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    /// `"name":`
    pub(super) quoted: Word,
    pub(super) node: Node,
    pub(super) is_key: bool,
}

/// Bytes that are looked for; the first 16 are compared at once.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) bytes: Box<[u8]>,
    pub(super) head: u128,
    pub(super) mask: u128,
}

impl Word {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let mut head = [0; 16];
        let mut mask = [0; 16];
        for (at, byte) in bytes.iter().take(16).enumerate() {
            head[at] = *byte;
            mask[at] = 0xff;
        }
        let (head, mask) = (u128::from_le_bytes(head), u128::from_le_bytes(mask));
        Self { bytes: bytes.into(), head, mask }
    }

    /// Whether `text` begins so.
    pub(super) fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(chunk) if (u128::from_le_bytes(*chunk) ^ self.head) & self.mask != 0 => false,
            Some(_) if self.bytes.len() <= 16 => true,
            _ => text.starts_with(&self.bytes),
        }
    }
}

impl Program {
    /// Compiles a schema; the field at `key` is looked out for.
    pub(super) fn new(schema: &Schema, key: Option<&str>) -> Self {
        Self(compile(schema, key))
    }

    /// What was seen if the value is accepted without remark; `None` is *do not know*.
    pub(super) fn accepts(&self, bytes: &[u8]) -> Option<Seen> {
        scan::accepts(&self.0, bytes)
    }
}

fn compile(schema: &Schema, key: Option<&str>) -> Node {
    if schema.accepts_anything() {
        return Node::Anything;
    }
    let types = schema.types;
    if !types.is_any() && types != Types::NULL && types.admits(Types::NULL) {
        let mut rest = schema.clone();
        rest.types = Types::ANY;
        for name in types.names().filter(|name| *name != "null") {
            rest.types = rest.types.and(Types::named(name).unwrap_or_default());
        }
        // An enumeration limits null as well.
        return match (rest.allowed.is_some(), compile(&rest, key)) {
            (true, _) | (false, Node::Unknown) => Node::Unknown,
            (false, node) => Node::OrNull(Box::new(node)),
        };
    }
    if let Some(allowed) = &schema.allowed {
        let texts = allowed.iter().map(|value| value.as_str().and_then(quoted).map(Word::new));
        return match texts.collect::<Option<Box<[_]>>>() {
            Some(texts) if types.admits(Types::STRING) && !schema.limits_strings() => {
                Node::OneOf(texts)
            }
            _ => Node::Unknown,
        };
    }
    match types {
        Types::NULL => Node::Null,
        Types::BOOLEAN => Node::Bool,
        Types::INTEGER => {
            Node::Integer(schema.minimum.unwrap_or(i128::MIN), schema.maximum.unwrap_or(i128::MAX))
        }
        Types::STRING if !schema.limits_strings() => Node::Text,
        Types::STRING => {
            match (schema.format, &schema.pattern, schema.min_length, schema.max_length) {
                (Some(Format::Uuid), None, None, None) => Node::Uuid,
                (Some(Format::DateTime), None, None, None) => Node::DateTime,
                _ => Node::Unknown,
            }
        }
        Types::ARRAY => {
            let items = schema.items.as_ref().map_or(Node::Anything, |items| compile(items, None));
            Node::List(Box::new(items))
        }
        Types::OBJECT => object(schema, key),
        _ => Node::Unknown,
    }
}

fn object(schema: &Schema, key: Option<&str>) -> Node {
    if schema.properties.len() > MAX_FIELDS {
        return Node::Unknown;
    }
    let key = key.and_then(|key| key.strip_prefix('/'));
    let (key, below) = match key.and_then(|key| key.find('/').map(|at| key.split_at(at))) {
        Some((name, below)) => (Some(name), Some(below)),
        None => (key, None),
    };
    let mut required = 0;
    let mut fields = Vec::with_capacity(schema.properties.len());
    for (at, (name, property)) in schema.properties.iter().enumerate() {
        let Some(quoted) = quoted_name(name) else {
            return Node::Unknown;
        };
        required |= u64::from(property.required) << at;
        let on_path = key == Some(&**name);
        fields.push(Field {
            quoted,
            node: compile(&property.schema, below.filter(|_| on_path)),
            is_key: on_path && below.is_none(),
        });
    }
    Node::Object(Box::new(Object { fields: fields.into(), required }))
}
