//! The JSON Schema of a file of accepted violations, for editors.

use serde_json::{Map, Value, json};

use super::read::{ENTRY, TOP};
use crate::contract::Contracts;
use crate::rule::Rule;

/// What each field says, and whether it must be there.
const DOCS: [(&str, &str, bool); 7] = [
    ("format", "the version of the format: 1", true),
    ("accepted", "the violations that are known", true),
    ("rule", "the rule whose violations are accepted", true),
    ("reason", "why they are accepted", true),
    ("until", "the last day on which they are, in UTC", true),
    ("service", "only violations of this service", false),
    ("contains", "only violations whose message has this text in it", false),
];

/// The schema, with the rules and services that these contracts have.
#[must_use]
pub fn schema(contracts: &Contracts) -> Value {
    let rules: Vec<_> = contracts.packs().rules().map(|rule: &Rule| rule.name).collect();
    let services: Vec<_> = contracts.contracts().iter().map(|one| one.service.as_str()).collect();
    let text = json!({ "type": "string", "pattern": "\\S" });
    let entry = object(&ENTRY, |name| match name {
        "rule" => json!({ "enum": rules }),
        "until" => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        "service" => json!({ "enum": services }),
        _ => text.clone(),
    });
    let mut schema = object(&TOP, |name| match name {
        "format" => json!({ "const": 1 }),
        _ => json!({ "type": "array", "items": entry.clone() }),
    });
    schema["$schema"] = json!(crate::scenario::DRAFT);
    schema["title"] = json!("A file of violations that quintet accepts");
    schema
}

fn object(names: &[&str], shape: impl Fn(&str) -> Value) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for name in names {
        let known = DOCS.iter().find(|(own, ..)| own == name);
        let (_, doc, is_required) = known.copied().unwrap_or(("", "", false));
        let mut property = shape(name);
        property["description"] = json!(doc);
        properties.insert((*name).to_owned(), property);
        required.extend(is_required.then_some(*name));
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::{DOCS, ENTRY, TOP};

    #[test]
    fn each_field_is_described() {
        for name in TOP.iter().chain(&ENTRY) {
            assert!(DOCS.iter().any(|(own, ..)| own == name), "{name}");
        }
    }
}
