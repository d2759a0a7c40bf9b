//! Small things that documents name: secrets, keys.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::asyncapi::Key;
use crate::contract::{Basis, KEY_ENCODINGS, KeyRule};

/// The names of properties that are marked `x-sensitive`, in lower case.
pub(super) fn sensitive(schema: &Json, to: &mut BTreeSet<String>) {
    match schema {
        Json::Array(items) => items.iter().for_each(|item| sensitive(item, to)),
        Json::Object(members) => {
            if let Some(Json::Object(properties)) = members.get("properties") {
                let marked = properties.iter().filter(|(_, property)| {
                    property.get("x-sensitive").is_some_and(|mark| *mark != Json::Bool(false))
                });
                to.extend(marked.map(|(name, _)| name.to_lowercase()));
            }
            members.values().for_each(|value| sensitive(value, to));
        }
        _ => {}
    }
}

/// How a key is made, where its encoding is known here.
pub(crate) fn key_rule(key: &Key) -> Option<KeyRule> {
    let (_, encoding) = KEY_ENCODINGS.iter().find(|(name, _)| *name == key.encoding)?;
    let basis = if key.is_documented { Basis::Documented } else { Basis::Field };
    Some(KeyRule { field: key.field.clone(), encoding: *encoding, basis, span: key.at.span })
}
