//! In which language a schema is written, and in which form a payload is.

use crate::evolution::Draft;

/// The language of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON Schema.
    Json(Draft),
    /// Another one, by its name; nothing checks it.
    Other(String),
}

impl Format {
    /// What `schemaFormat` says.
    pub(super) fn named(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let kind = lower.split(';').next().unwrap_or_default().trim();
        let version = lower.split_once("version=").map_or("", |(_, version)| version.trim());
        let is = |known: &str| {
            let rest = kind.strip_prefix(known);
            rest.is_some_and(|rest| matches!(rest, "" | "+json" | "+yaml"))
        };
        if is("application/vnd.aai.asyncapi") {
            return Self::Json(Draft::Seven);
        }
        if is("application/schema") {
            return match version {
                "" | "draft-07" | "draft-7" | "draft-06" => Self::Json(Draft::Seven),
                "2020-12" | "draft-2020-12" | "2019-09" | "draft-2019-09" => {
                    Self::Json(Draft::Latest)
                }
                other => Self::Other(format!("JSON Schema {other}")),
            };
        }
        let known = [
            ("avro", "Avro"),
            ("protobuf", "Protobuf"),
            ("raml", "RAML"),
            ("vnd.oai.openapi", "OpenAPI"),
            ("xml", "XML Schema"),
        ];
        let name = known.iter().find(|(part, _)| kind.contains(part)).map(|(_, name)| *name);
        match name {
            Some(name) => Self::Other(format!("{name} (`{text}`)")),
            None => Self::Other(format!("of the format `{text}`")),
        }
    }
}

/// Whether values of a content type are JSON.
pub(super) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}
