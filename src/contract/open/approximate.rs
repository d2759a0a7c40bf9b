//! A JSON Schema as near as the portable keywords come to it: to be shown, and for the scanner.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::contract::schema::{Property, Remarks};
use crate::contract::{Format, Pattern, Schema, Types};

/// So deep is looked, and at so many parts: what is referred to often is there often.
const MAX_DEPTH: usize = 10;
const MAX_PARTS: usize = 4000;

/// Keywords that only tell people something.
const REMARKS: [&str; 11] = [
    "title",
    "description",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
    "discriminator",
    "definitions",
    "$defs",
];

/// The schema with the portable keywords alone, and whether it accepts nothing else.
pub(in crate::contract) fn approximate(root: &Json) -> (Schema, bool) {
    let mut reading = Reading { root, is_exact: true, parts: 0 };
    let schema = reading.schema(root, 0);
    (schema, reading.is_exact)
}

struct Reading<'a> {
    root: &'a Json,
    is_exact: bool,
    parts: usize,
}

impl<'a> Reading<'a> {
    fn schema(&mut self, value: &'a Json, depth: usize) -> Schema {
        let mut schema = Schema::default();
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            self.is_exact = false;
            return schema;
        }
        let Json::Object(members) = value else {
            self.is_exact &= *value == Json::Bool(true);
            return schema;
        };
        let mut required = Vec::new();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("$ref", Json::String(target)) => {
                    let target = target.strip_prefix('#').and_then(|at| self.root.pointer(at));
                    let found = target.map(|target| self.schema(target, depth + 1));
                    self.is_exact &= found.is_some();
                    join(&mut schema, found.unwrap_or_default(), true);
                }
                ("properties", Json::Object(properties)) => {
                    for (name, value) in properties {
                        let own = self.schema(value, depth + 1);
                        let own = Property { schema: own, required: false, foreign: false };
                        put(&mut schema, name, own, true);
                    }
                }
                ("required", Json::Array(names)) => required.extend(names),
                ("items", Json::Object(_)) => {
                    schema.items = Some(Box::new(self.schema(value, depth + 1)));
                }
                ("allOf", Json::Array(all)) => {
                    self.is_exact = false;
                    for one in all {
                        let one = self.schema(one, depth + 1);
                        join(&mut schema, one, true);
                    }
                }
                ("anyOf" | "oneOf", Json::Array(all)) => {
                    self.is_exact = false;
                    for one in all {
                        let one = self.schema(one, depth + 1);
                        join(&mut schema, Schema { types: Types::ANY, ..one }, false);
                    }
                }
                ("then" | "else", one) => {
                    self.is_exact = false;
                    let one = self.schema(one, depth + 1);
                    join(&mut schema, one, false);
                }
                (name, value) => self.plain(&mut schema, name, value),
            }
        }
        for name in required {
            let known = name.as_str().and_then(|name| schema.properties.get_mut(name));
            self.is_exact &= known.is_some();
            if let Some(known) = known {
                known.required = true;
            }
        }
        self.remarks(&mut schema, members);
        schema
    }

    fn plain(&mut self, schema: &mut Schema, name: &str, value: &Json) {
        let number = || value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
        let is_read = match name {
            "type" => {
                let names = match value {
                    Json::Array(names) => names.iter().collect(),
                    one => vec![one],
                };
                let types = names.iter().map(|name| Types::named(name.as_str()?));
                let types = types.collect::<Option<Vec<_>>>();
                schema.types = types.iter().flatten().fold(schema.types, |all, one| all.and(*one));
                types.is_some()
            }
            "const" | "enum" => {
                let all = match value {
                    Json::Array(all) if name == "enum" => all.clone(),
                    one => vec![one.clone()],
                };
                schema.allowed = Some(all.into_iter().map(Into::into).collect());
                true
            }
            "minimum" => {
                schema.minimum = number();
                schema.minimum.is_some()
            }
            "maximum" => {
                schema.maximum = number();
                schema.maximum.is_some()
            }
            "minLength" => {
                schema.min_length = value.as_u64();
                schema.min_length.is_some()
            }
            "maxLength" => {
                schema.max_length = value.as_u64();
                schema.max_length.is_some()
            }
            "pattern" => {
                schema.pattern = value.as_str().and_then(|text| Pattern::new(text).ok());
                schema.pattern.is_some()
            }
            "format" => {
                schema.format = value.as_str().and_then(Format::named);
                schema.format.is_some()
            }
            "x-sensitive" => {
                schema.sensitive = *value != Json::Bool(false);
                true
            }
            name => REMARKS.contains(&name) || name.starts_with("x-"),
        };
        self.is_exact &= is_read;
    }

    fn remarks(&self, schema: &mut Schema, members: &serde_json::Map<String, Json>) {
        let text = |name: &str| members.get(name).and_then(Json::as_str).map(str::to_owned);
        let remarks = Remarks {
            description: text("description")
                .or_else(|| text("title"))
                .or_else(|| schema.remarks.description.clone()),
            declared_type: text("x-type")
                .or_else(|| text("format"))
                .or_else(|| schema.remarks.declared_type.clone()),
            unit: text("x-unit").or_else(|| schema.remarks.unit.clone()),
            ..Remarks::default()
        };
        schema.remarks = Arc::new(remarks);
    }
}

/// Puts what `other` says into `schema`, which keeps what it says itself.
fn join(schema: &mut Schema, other: Schema, is_binding: bool) {
    if schema.types.is_any() && is_binding {
        schema.types = other.types;
        schema.allowed = schema.allowed.take().or(other.allowed);
        schema.minimum = schema.minimum.or(other.minimum);
        schema.maximum = schema.maximum.or(other.maximum);
        schema.min_length = schema.min_length.or(other.min_length);
        schema.max_length = schema.max_length.or(other.max_length);
        schema.pattern = schema.pattern.take().or(other.pattern);
        schema.format = schema.format.or(other.format);
    }
    schema.sensitive |= other.sensitive;
    schema.items = schema.items.take().or(other.items);
    if schema.remarks.description.is_none() {
        schema.remarks = other.remarks;
    }
    for (name, property) in other.properties {
        put(schema, &name, property, is_binding);
    }
}

fn put(schema: &mut Schema, name: &str, property: Property, is_binding: bool) {
    let required = property.required && is_binding;
    match schema.properties.get_mut(name) {
        Some(known) => {
            known.required |= required;
            join(&mut known.schema, property.schema, is_binding);
        }
        None => {
            schema.properties.insert(name.into(), Property { required, ..property });
        }
    }
}
