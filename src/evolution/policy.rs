//! Policies: what is taken for granted of who writes and who reads.

use std::collections::BTreeSet;

use super::changes::Change;
use super::compile::Draft;
use super::document::{Document, each_schema, map_schemas};
use super::json::Json;

/// What is taken for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: the schemas say what is written and read.
    Raw,
    /// Who writes, writes only the members that the schema names; who reads, ignores others.
    RoleAware,
    /// As the schemas say; beside the verdict, what a registry says of the changes.
    ConfluentStrict,
    /// Who writes, writes only the members that the schema names; beside the verdict, what a
    /// registry with the lenient policy says of the changes.
    ConfluentLenient,
    /// As `RoleAware`, and who reads takes null, and what is not there, for zero: all members but
    /// those that have one value only, by which messages are told apart.
    TolerantReader,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Raw,
        Self::RoleAware,
        Self::ConfluentStrict,
        Self::ConfluentLenient,
        Self::TolerantReader,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::RoleAware => "role-aware",
            Self::ConfluentStrict => "confluent-strict",
            Self::ConfluentLenient => "confluent-lenient",
            Self::TolerantReader => "tolerant-reader",
        }
    }

    /// What is written.
    pub(crate) fn writer(self, document: &Document) -> Document {
        match self {
            Self::Raw | Self::ConfluentStrict => document.clone(),
            Self::RoleAware | Self::ConfluentLenient | Self::TolerantReader => closed(document),
        }
    }

    /// What is read.
    pub(crate) fn reader(self, document: &Document) -> Document {
        match self {
            Self::RoleAware => opened(document),
            Self::TolerantReader => tolerant(&opened(document)),
            _ => document.clone(),
        }
    }

    pub(crate) fn is_of_a_registry(self) -> bool {
        matches!(self, Self::ConfluentStrict | Self::ConfluentLenient)
    }

    /// Whether a registry with this policy accepts such changes.
    pub(crate) fn registry_accepts(self, changes: &[Change]) -> bool {
        changes.iter().all(|change| match self {
            Self::ConfluentLenient => change.rule.lenient,
            _ => change.rule.strict,
        })
    }
}

const CLOSING: [&str; 3] = ["additionalProperties", "unevaluatedProperties", "patternProperties"];
const APPLYING: [&str; 8] =
    ["allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "$ref"];

/// Whether the last part of a pointer says that the schema is for the same value as that above it.
fn is_beside(pointer: &str) -> bool {
    let mut tokens = pointer.rsplit('/');
    let (last, above) = (tokens.next().unwrap_or(""), tokens.next().unwrap_or(""));
    matches!(above, "allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "dependencies")
        || matches!(last, "if" | "then" | "else" | "not" | "contains" | "propertyNames")
}

/// Objects that name their members have no others. Parts of a composition stay open, since what
/// one part does not name another may; a composition in draft 7 stays open, for the draft has no
/// word for it.
fn closed(document: &Document) -> Document {
    let mut composed: BTreeSet<String> = BTreeSet::new();
    each_schema(&document.schema, &mut |schema| {
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema.get(keyword).map_or(&[][..], Json::items) {
                if let Some(target) = part.get("$ref").and_then(Json::as_text) {
                    composed.insert(target.trim_start_matches('#').to_owned());
                }
            }
        }
    });
    let schema = map_schemas(&document.schema, "", &mut |pointer, mut schema| {
        let names = matches!(schema.get("properties"), Some(Json::Record(_)));
        let is_closed = CLOSING.iter().any(|keyword| schema.get(keyword).is_some());
        let applies = APPLYING.iter().any(|keyword| schema.get(keyword).is_some());
        if !names || is_closed || is_beside(pointer) || composed.contains(pointer) {
            return schema;
        }
        let keyword = match (applies, document.draft) {
            (false, _) => "additionalProperties",
            (true, Draft::Latest) => "unevaluatedProperties",
            (true, Draft::Seven) => return schema,
        };
        if let Json::Record(members) = &mut schema {
            members.insert(keyword.into(), Json::Bool(false));
        }
        schema
    });
    Document { schema, draft: document.draft }
}

/// Objects may have members that no schema names.
fn opened(document: &Document) -> Document {
    let schema = map_schemas(&document.schema, "", &mut |pointer, mut schema| {
        // Under `not`, more members would mean fewer values.
        if pointer.split('/').any(|token| token == "not" || token == "if") {
            return schema;
        }
        if let Json::Record(members) = &mut schema {
            for keyword in ["additionalProperties", "unevaluatedProperties"] {
                if members.get(keyword) == Some(&Json::Bool(false)) {
                    members.remove(keyword);
                }
            }
        }
        schema
    });
    Document { schema, draft: document.draft }
}

/// Members may be null or not there, but for those that have one value only.
fn tolerant(document: &Document) -> Document {
    let schema = map_schemas(&document.schema, "", &mut |pointer, mut schema| {
        // Under `not`, fewer demands would mean fewer values.
        if pointer.split('/').any(|token| token == "not" || token == "if") {
            return schema;
        }
        let Json::Record(members) = &mut schema else { return schema };
        let mut kept: BTreeSet<std::sync::Arc<str>> = BTreeSet::new();
        if let Some(Json::Record(fields)) = members.get_mut("properties") {
            for (name, field) in fields {
                if field.get("const").is_some() {
                    kept.insert(name.clone());
                    continue;
                }
                let null = Json::Record([("type".into(), Json::Text("null".into()))].into());
                let either = Json::List(vec![null, std::mem::replace(field, Json::Null)]);
                *field = Json::Record([("anyOf".into(), either)].into());
            }
        }
        if let Some(Json::List(names)) = members.get_mut("required") {
            names.retain(|name| name.as_text().is_some_and(|name| kept.contains(name)));
        }
        schema
    });
    Document { schema, draft: document.draft }
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use crate::evolution::{Document, Draft, Mode, Verdict, compare};

    fn verdict(policy: Policy, old: &str, new: &str) -> Verdict {
        let document = |text: &str| {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            Document { schema: (&value).into(), draft: Draft::Latest }
        };
        compare(&[document(old)], &document(new), Mode::Backward, policy).verdict
    }

    #[test]
    fn a_new_member_breaks_only_where_writers_are_open() {
        let old = r#"{"properties": {"a": {"type": "string"}}}"#;
        let new = r#"{"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}"#;
        assert!(matches!(verdict(Policy::Raw, old, new), Verdict::Breaking(_)));
        assert!(matches!(verdict(Policy::ConfluentStrict, old, new), Verdict::Breaking(_)));
        assert_eq!(verdict(Policy::RoleAware, old, new), Verdict::Compatible);
        assert_eq!(verdict(Policy::ConfluentLenient, old, new), Verdict::Compatible);
    }

    #[test]
    fn a_closed_reader_is_open_only_where_roles_count() {
        let old = r#"{"properties": {"a": true, "b": true}, "additionalProperties": false}"#;
        let new = r#"{"properties": {"a": true}, "additionalProperties": false}"#;
        assert!(matches!(verdict(Policy::Raw, old, new), Verdict::Breaking(_)));
        assert_eq!(verdict(Policy::RoleAware, old, new), Verdict::Compatible);
    }

    #[test]
    fn a_tolerant_reader_takes_null_and_nothing_for_zero() {
        let old = r#"{"properties": {"a": {"type": ["string", "null"]}, "k": {"const": "K"}},
            "required": ["k"]}"#;
        let new = r#"{"properties": {"a": {"type": "string"}, "k": {"const": "K"}},
            "required": ["a", "k"]}"#;
        assert!(matches!(verdict(Policy::RoleAware, old, new), Verdict::Breaking(_)));
        assert_eq!(verdict(Policy::TolerantReader, old, new), Verdict::Compatible);
        let other = r#"{"properties": {"a": {"type": "integer"}, "k": {"const": "K"}}}"#;
        assert!(matches!(verdict(Policy::TolerantReader, old, other), Verdict::Breaking(_)));
        let untold = r#"{"properties": {"a": {"type": "string"}, "k": {"const": "L"}}}"#;
        assert!(matches!(verdict(Policy::TolerantReader, old, untold), Verdict::Breaking(_)));
    }
}
