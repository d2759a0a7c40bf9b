//! Formats of texts in witnesses: comparisons take formats for remarks, and readers do not.

use crate::evolution::{self, Document, Json};

/// A text of each format that contracts know.
const TEXTS: [(&str, &str); 2] =
    [("uuid", "00000000-0000-0000-0000-000000000000"), ("date-time", "1970-01-01T00:00:00Z")];

/// The witness with texts of the formats that the sender names, where it still is one.
pub(super) fn formatted(witness: Json, accepting: &Document, refusing: &Document) -> Json {
    let better = fitting(&witness, &accepting.schema);
    let is_one = better != witness && evolution::confirmed(accepting, refusing, &better);
    if is_one { better } else { witness }
}

/// The value with texts of the formats that a schema names.
pub(crate) fn fitting(value: &Json, schema: &Json) -> Json {
    match value {
        Json::Record(members) => {
            let fields = schema.get("properties");
            let member = |(name, value): (&std::sync::Arc<str>, &Json)| {
                let own = fields.and_then(|fields| fields.get(name));
                (name.clone(), own.map_or_else(|| value.clone(), |own| fitting(value, own)))
            };
            Json::Record(members.iter().map(member).collect())
        }
        Json::List(items) => match schema.get("items") {
            Some(own) => Json::List(items.iter().map(|item| fitting(item, own)).collect()),
            None => value.clone(),
        },
        Json::Text(_) if schema.get("const").or(schema.get("enum")).is_none() => {
            let format = schema.get("format").and_then(Json::as_text);
            let known = format.and_then(|format| TEXTS.iter().find(|(name, _)| *name == &**format));
            known.map_or_else(|| value.clone(), |(_, text)| Json::Text((*text).into()))
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::formatted;
    use crate::evolution::{Document, Draft, Json};

    fn document(text: &str) -> Document {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        Document { schema: (&value).into(), draft: Draft::Latest }
    }

    #[test]
    fn a_text_gets_its_format_where_that_is_not_what_is_refused() {
        let sent = document(
            r#"{"properties": {"id": {"type": "string", "format": "uuid"}, "n": {"type": "integer"}}}"#,
        );
        let witness = document(r#"{"id": "", "n": 7}"#).schema;
        let few = document(r#"{"properties": {"n": {"maximum": 5}}}"#);
        let id = |value: Json| value.get("id").and_then(Json::as_text).unwrap().to_string();
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(id(formatted(witness.clone(), &sent, &few)), nil);
        let long = document(r#"{"properties": {"id": {"minLength": 9}}}"#);
        assert_eq!(id(formatted(witness, &sent, &long)), "");
    }
}
