//! What a tolerant reader takes a value for.

use crate::contract::Schema;
use crate::message::Json;

/// A value as a reader of this schema takes it: what is missing or `null` is the zero value, and
/// fields that the schema does not declare are left out. `None` where it does not decode. Values
/// that are none of the listed ones are read as they are.
#[must_use]
pub fn read(schema: &Schema, value: &Json) -> Option<Json> {
    if *value == Json::Null {
        return Some(schema.zero());
    }
    let own = Schema {
        properties: indexmap::IndexMap::new(),
        items: None,
        allowed: None,
        ..schema.clone()
    };
    let decodes = !own
        .problems(value)
        .iter()
        .any(|problem| problem.is_violation() && problem.path.is_empty());
    match value {
        _ if !decodes => None,
        Json::Object(fields) if !schema.properties.is_empty() => {
            let declared = schema.properties.iter().map(|(name, property)| {
                let value = fields.get(&**name).unwrap_or(&Json::Null);
                Some((name.to_string(), read(&property.schema, value)?))
            });
            Some(Json::Object(declared.collect::<Option<_>>()?))
        }
        Json::Array(items) => {
            let item = |item| match &schema.items {
                Some(items) => read(items, item),
                None => Some(item.clone()),
            };
            Some(Json::Array(items.iter().map(item).collect::<Option<_>>()?))
        }
        plain => Some(plain.clone()),
    }
}
