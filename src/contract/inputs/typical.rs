//! One value that fits a schema and looks like what is usually sent.

use crate::contract::{Format, Schema, Types};
use crate::message::{Json, Number};

/// What texts of a format look like.
const UUID: &str = "5e550000-0000-4000-8000-000000000001";
const TIME: &str = "2026-01-01T00:00:00Z";

/// A value that fits a schema: the first of the listed values, else 1, `text`, `true`, one item;
/// `fitting` says of fields, by their JSON pointers, what they are instead.
#[must_use]
pub fn typical(schema: &Schema, fitting: &[(&str, Json)]) -> Json {
    at(schema, "", fitting)
}

fn at(schema: &Schema, pointer: &str, fitting: &[(&str, Json)]) -> Json {
    if let Some((_, value)) = fitting.iter().find(|(field, _)| *field == pointer) {
        return value.clone();
    }
    let known = schema.allowed.as_ref().unwrap_or(&schema.remarks.known_values);
    if let Some(first) = known.first() {
        return first.clone();
    }
    if schema.types.is_any() || schema.types.admits(Types::NULL) {
        return Json::Null;
    }
    if schema.types.admits(Types::OBJECT) {
        let fields = schema.properties.iter().map(|(name, property)| {
            let pointer = format!("{pointer}/{}", super::escaped(name));
            (name.to_string(), at(&property.schema, &pointer, fitting))
        });
        return Json::Object(fields.collect());
    }
    if schema.types.admits(Types::ARRAY) {
        let item = schema.items.as_deref().map(|items| at(items, &format!("{pointer}/0"), fitting));
        return Json::Array(item.into_iter().collect());
    }
    if schema.types.admits(Types::STRING) {
        return match schema.format {
            Some(Format::Uuid) => UUID.into(),
            Some(Format::DateTime) => TIME.into(),
            None => "text".into(),
        };
    }
    if schema.types.admits(Types::BOOLEAN) {
        return true.into();
    }
    let one = schema.minimum.unwrap_or(1).max(1).min(schema.maximum.unwrap_or(1));
    Json::Number(Number::parse(&one.to_string()).unwrap_or_else(|| Number::from(1_u32)))
}
