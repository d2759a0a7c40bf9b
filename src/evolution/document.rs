//! A schema document, and the draft that it follows.

use super::compile::Draft;
use super::json::Json;

/// A schema document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The schema.
    pub schema: Json,
    /// What it follows.
    pub draft: Draft,
}

/// The `$schema` of a document names a draft that is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the draft `{0}` is not read; draft 7 and 2020-12 are")]
pub struct UnknownDraft(pub String);

/// Keywords whose values are no schemas and have none inside.
pub(crate) const DATA: [&str; 5] = ["const", "enum", "default", "examples", "example"];
/// Keywords whose value has schemas under names that say nothing.
pub(crate) const MAPS: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

impl Draft {
    /// The URI that names it.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::Seven => "http://json-schema.org/draft-07/schema#",
            Self::Latest => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The draft of a schema: what `$schema` names; without it 2020-12, unless there are keywords
    /// that only draft 7 knows.
    ///
    /// # Errors
    ///
    /// `$schema` names another draft.
    pub fn of(schema: &Json) -> Result<Self, UnknownDraft> {
        let named = schema.get("$schema").and_then(Json::as_text).map(|uri| &**uri);
        match named.map(|uri| uri.trim_end_matches('#').trim_start_matches("http")) {
            Some("://json-schema.org/draft-07/schema" | "s://json-schema.org/draft-07/schema") => {
                Ok(Self::Seven)
            }
            Some(
                "s://json-schema.org/draft/2020-12/schema"
                | "://json-schema.org/draft/2020-12/schema",
            ) => Ok(Self::Latest),
            Some(_) => Err(UnknownDraft(named.unwrap_or_default().to_owned())),
            None if uses(schema, is_old) && !uses(schema, is_new) => Ok(Self::Seven),
            None => Ok(Self::Latest),
        }
    }
}

/// What only draft 7 knows.
fn is_old(keyword: &str, value: &Json) -> bool {
    matches!(keyword, "definitions" | "dependencies" | "additionalItems")
        || keyword == "items" && matches!(value, Json::List(_))
}

/// What only 2020-12 knows.
fn is_new(keyword: &str, _: &Json) -> bool {
    const KEYWORDS: [&str; 10] = [
        "$defs",
        "$dynamicRef",
        "$anchor",
        "prefixItems",
        "dependentSchemas",
        "dependentRequired",
        "unevaluatedItems",
        "unevaluatedProperties",
        "minContains",
        "maxContains",
    ];
    KEYWORDS.contains(&keyword)
}

fn uses(schema: &Json, is: fn(&str, &Json) -> bool) -> bool {
    let mut found = false;
    each_schema(schema, &mut |schema| {
        found |= schema.members().any(|(keyword, value)| is(keyword, value));
    });
    found
}

/// Calls for each schema object of a document.
pub(crate) fn each_schema(schema: &Json, call: &mut impl FnMut(&Json)) {
    call(schema);
    for (keyword, value) in schema.members() {
        match value {
            _ if DATA.contains(&&**keyword) => {}
            Json::List(items) => items.iter().for_each(|item| each_schema(item, call)),
            Json::Record(members) if MAPS.contains(&&**keyword) => {
                members.values().for_each(|value| each_schema(value, call));
            }
            Json::Record(_) => each_schema(value, call),
            _ => {}
        }
    }
}

/// The document with each schema object changed, from the inside out; the pointer is its place.
pub(crate) fn map_schemas(
    schema: &Json,
    pointer: &str,
    change: &mut impl FnMut(&str, Json) -> Json,
) -> Json {
    let Json::Record(members) = schema else { return schema.clone() };
    let below = |token: &str| format!("{pointer}/{}", super::json::token(token));
    let mut changed = std::collections::BTreeMap::new();
    for (keyword, value) in members {
        let here = below(keyword);
        let value = match value {
            _ if DATA.contains(&&**keyword) => value.clone(),
            Json::List(items) => {
                let items = items.iter().enumerate();
                let item = |(at, item)| map_schemas(item, &format!("{here}/{at}"), change);
                Json::List(items.map(item).collect())
            }
            Json::Record(inner) if MAPS.contains(&&**keyword) => {
                let mut map = std::collections::BTreeMap::new();
                for (name, value) in inner {
                    let here = format!("{here}/{}", super::json::token(name));
                    let value = match value {
                        Json::Record(_) => map_schemas(value, &here, change),
                        other => other.clone(),
                    };
                    map.insert(name.clone(), value);
                }
                Json::Record(map)
            }
            Json::Record(_) => map_schemas(value, &here, change),
            _ => value.clone(),
        };
        changed.insert(keyword.clone(), value);
    }
    change(pointer, Json::Record(changed))
}
