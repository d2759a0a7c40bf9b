//! Which message of a channel a value is.

use serde_json::Value as Json;

use crate::asyncapi::{Channel, Message, Schema};

/// Fields are looked for so many levels down.
const MAX_LEVELS: usize = 3;
/// References and compositions are followed so deep.
const MAX_DEPTH: usize = 8;
/// So many fields are looked at.
const MAX_FIELDS: usize = 500;

/// How the messages of a channel are told apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Telling {
    /// There is one, or none.
    Single,
    /// By a field, a JSON pointer, whose values are those of one message each.
    Field(String, Vec<Vec<Json>>),
    /// By which schema is met.
    Fit,
}

/// What a field says.
pub(super) enum Told {
    /// It is this message.
    Message(usize),
    /// It is none of the channel; this stands there, if anything.
    Nothing(Option<Json>),
    /// Each must be tried.
    Try,
}

/// What tells a message of a channel from the others, where a value does.
pub(crate) fn told_by(channel: &Channel, message: usize) -> Option<String> {
    let Telling::Field(_, values) = Telling::of(channel) else { return None };
    let first = values.get(message)?.first()?;
    Some(first.as_str().map_or_else(|| first.to_string(), str::to_owned))
}

impl Telling {
    /// By the channel's discriminator, else by the constants that differ.
    pub(super) fn of(channel: &Channel) -> Self {
        if let Some(field) = &channel.discriminator {
            let pointer = match field.starts_with('/') {
                true => field.clone(),
                false => format!("/{}", field.replace('~', "~0").replace('/', "~1")),
            };
            let values = |message: &Message| {
                let own = message.payload.schema().and_then(|schema| constants(schema, &pointer));
                own.unwrap_or_else(|| vec![message.name.clone().into(), message.key.clone().into()])
            };
            let values = channel.messages.iter().map(values).collect();
            return Self::Field(pointer, values);
        }
        if channel.messages.len() < 2 {
            return Self::Single;
        }
        let schemas: Option<Vec<_>> =
            channel.messages.iter().map(|message| message.payload.schema()).collect();
        let Some(schemas) = schemas else {
            return Self::Fit;
        };
        let mut fields = Vec::new();
        names(&schemas[0].value, (&schemas[0].value, ""), (0, 0), &mut fields);
        for pointer in fields {
            let values: Option<Vec<_>> =
                schemas.iter().map(|schema| constants(schema, &pointer)).collect();
            if let Some(values) = values.filter(|values| are_apart(values)) {
                return Self::Field(pointer, values);
            }
        }
        Self::Fit
    }

    /// Which message a value is.
    pub(super) fn told(&self, value: &Json) -> Told {
        match self {
            Self::Single => Told::Message(0),
            Self::Fit => Told::Try,
            Self::Field(pointer, values) => {
                let there = value.pointer(pointer);
                let is = |values: &Vec<Json>| there.is_some_and(|there| values.contains(there));
                match values.iter().position(is) {
                    Some(at) => Told::Message(at),
                    None => Told::Nothing(there.cloned()),
                }
            }
        }
    }
}

fn are_apart(values: &[Vec<Json>]) -> bool {
    values.iter().enumerate().all(|(at, own)| {
        values[..at].iter().all(|earlier| own.iter().all(|value| !earlier.contains(value)))
    })
}

/// The fields that have constants, as JSON pointers.
fn names(
    root: &Json,
    (schema, pointer): (&Json, &str),
    (levels, depth): (usize, usize),
    to: &mut Vec<String>,
) {
    if levels > MAX_LEVELS || depth > MAX_DEPTH || to.len() > MAX_FIELDS {
        return;
    }
    for part in parts(root, schema) {
        names(root, (part, pointer), (levels, depth + 1), to);
    }
    if schema.get("const").is_some() || schema.get("enum").is_some() {
        to.push(pointer.to_owned());
    }
    let properties = schema.get("properties").and_then(Json::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        names(root, (property, &below), (levels + 1, depth + 1), to);
    }
}

/// The schemas that a value must meet together with this one.
fn parts<'a>(root: &'a Json, schema: &'a Json) -> Vec<&'a Json> {
    let target = schema.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix('#'));
    let all = schema.get("allOf").and_then(Json::as_array);
    let target = target.and_then(|at| root.pointer(at));
    target.into_iter().chain(all.into_iter().flatten()).collect()
}

/// The only values that a field may have; `None` where it may have others.
fn constants(schema: &Schema, pointer: &str) -> Option<Vec<Json>> {
    let path: Vec<_> =
        pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    at(&schema.value, &schema.value, &path, 0)
}

fn at(root: &Json, schema: &Json, path: &[String], depth: usize) -> Option<Vec<Json>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let own = match path.split_first() {
        None => match (schema.get("const"), schema.get("enum")) {
            (Some(only), _) => Some(vec![only.clone()]),
            (None, Some(Json::Array(all))) => Some(all.clone()),
            _ => None,
        },
        Some((name, rest)) => schema
            .get("properties")
            .and_then(|properties| properties.get(name))
            .and_then(|property| at(root, property, rest, depth + 1)),
    };
    own.or_else(|| parts(root, schema).into_iter().find_map(|part| at(root, part, path, depth + 1)))
}
