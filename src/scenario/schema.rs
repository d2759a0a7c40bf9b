//! JSON Schemas of the files that people write, for their editors.
//!
//! They are made from the tables of the [`vocabulary`](super::vocabulary) and from the contracts,
//! so that an editor knows each word, message, service and fault, with its description. A schema
//! sees the shape of a file and single words; what depends on something elsewhere (variables,
//! contracts of values, fragments) is for `quintet lint`.

use serde_json::{Map, Value, json};

use super::load::Known;
use super::vocabulary::{
    ALWAYS, EXAMPLES, EXPECTATION, EXPLORE, FAULTS, FRAGMENT, FieldWord, MATCHERS, MatcherShape,
    Needed, SCENARIO, TENANT, VERBS, Word,
};

/// The draft that editors know.
pub(crate) const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

const NAME: &str = "[A-Za-z_][A-Za-z0-9_]*";
const DURATION: &str = r"([0-9]+h)? *([0-9]+m)? *([0-9]+s)? *([0-9]+ms)?";

/// The schema of a scenario or fragment file.
#[must_use]
pub fn schema(known: &Known<'_>) -> Value {
    let mut definitions = definitions(known);
    definitions.insert("scenario".to_owned(), object("scenario", SCENARIO));
    definitions.insert("fragment".to_owned(), object("fragment", FRAGMENT));
    let is_fragment = json!({ "required": ["fragment"], "not": { "required": ["scenario"] } });
    json!({
        "$schema": DRAFT,
        "title": "A scenario or fragment file of quintet",
        "type": "object",
        "if": is_fragment,
        "then": reference("fragment"),
        "else": reference("scenario"),
        "definitions": definitions,
    })
}

/// The schema of a list of properties, as it stands under `always`.
#[must_use]
pub fn properties_schema(known: &Known<'_>) -> Value {
    let mut definitions = definitions(known);
    let properties = definitions.remove("properties").unwrap_or_default();
    definitions.retain(|name, _| ["message", "text"].contains(&name.as_str()));
    let mut schema = json!({
        "$schema": DRAFT,
        "title": "Properties of a scenario of quintet, as they stand under `always`",
        "definitions": definitions,
    });
    if let (Value::Object(whole), Value::Object(own)) = (&mut schema, properties) {
        whole.extend(own);
    }
    schema
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// What the schemas are made of.
fn definitions(known: &Known<'_>) -> Map<String, Value> {
    let variable = format!("^\\${NAME}$");
    let step = VERBS.iter().map(|word| described(object(word.name, word.fields), word));
    let property = ALWAYS.iter().map(|word| {
        let inner = described(object(word.name, word.fields), word);
        json!({
            "type": "object",
            "properties": { word.name: inner },
            "required": [word.name],
            "additionalProperties": false,
        })
    });
    let definitions = json!({
        "text": { "type": "string", "pattern": "\\S" },
        "name": { "type": "string", "pattern": format!("^\\$?{NAME}$") },
        "variable": { "type": "string", "pattern": variable },
        "duration": { "anyOf": [reference("fixedDuration"), reference("variable")] },
        "fixedDuration": {
            "type": "string",
            "pattern": format!("^ *(?=[0-9]){DURATION} *$"),
            "examples": ["250ms", "2s", "2m 40s", "1h"],
        },
        "value": value(),
        "object": { "type": "object", "additionalProperties": reference("value") },
        "message": { "type": "string", "enum": messages(known) },
        "service": { "type": "string", "enum": services(known) },
        "stimulus": { "type": "string", "enum": words(known, |words| words.stimuli) },
        "query": { "type": "string", "enum": words(known, |words| words.queries) },
        "fault": { "oneOf": FAULTS.iter().map(constant).collect::<Vec<_>>() },
        "given": given(known),
        "steps": { "type": "array", "minItems": 1, "items": reference("step") },
        "step": { "type": "object", "anyOf": step.collect::<Vec<_>>() },
        "properties": {
            "type": "array",
            "minItems": 1,
            "items": { "anyOf": property.collect::<Vec<_>>() },
        },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

/// A value: no text that looks like a matcher or a variable and is none, at any depth.
fn value() -> Value {
    let angle = MATCHERS.iter().filter(|word| word.kind == MatcherShape::Angle);
    let angle = angle.map(|word| word.name).collect::<Vec<_>>().join("|");
    let examples = MATCHERS.iter().map(|word| word.example).collect::<Vec<_>>();
    json!({
        "description": format!("A value, a variable (`$name`) or a matcher: {}", examples.join(" · ")),
        "if": { "type": "object", "required": ["exactly"], "maxProperties": 1 },
        "else": {
            "additionalProperties": reference("value"),
            "items": reference("value"),
            "not": { "anyOf": [
                { "type": "string", "pattern": format!("^<(?!({angle})([ >]|$)).+>$") },
                { "type": "string", "pattern": format!("^\\$(?!{NAME}$)") },
            ] },
        },
    })
}

fn constant<K>(word: &Word<K>) -> Value {
    json!({ "const": word.name, "description": word.doc })
}

fn described<K>(mut schema: Value, word: &Word<K>) -> Value {
    schema["description"] = json!(word.doc);
    schema["examples"] = json!([word.example]);
    schema
}

/// A mapping with these fields.
fn object(owner: &str, fields: &[FieldWord]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let shape = shape(owner, field.name).unwrap_or_default();
        // What stands beside a reference is not looked at in this draft.
        let property = json!({ "description": field.doc, "allOf": [shape] });
        properties.insert(field.name.to_owned(), property);
    }
    let required = fields.iter().filter(|field| field.needed == Needed::Required);
    let required: Vec<_> = required.map(|field| field.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// What a field of a table holds; none of a field that nobody has thought of, which a test finds.
fn shape(owner: &str, field: &str) -> Option<Value> {
    Some(match (owner, field) {
        (_, "format") => json!({ "const": 1 }),
        ("scenario", "scenario")
        | ("fragment", "fragment")
        | (_, "about" | "region" | "header" | "field" | "by")
            if owner != "fault" || field == "header" =>
        {
            reference("text")
        }
        ("fault", "by" | "restart_after") => reference("fixedDuration"),
        ("scenario", "tags") => json!({ "type": "array", "items": reference("text") }),
        ("scenario", "tenant") => object("tenant", TENANT),
        ("tenant", "major" | "minor") => whole(0, u32::from(u16::MAX)),
        ("scenario", "given") => reference("given"),
        ("scenario", "variables") | ("let", "let") => {
            let names = json!({ "pattern": format!("^\\$?{NAME}$") });
            json!({ "type": "object", "propertyNames": names,
                "additionalProperties": reference("value") })
        }
        ("scenario", "examples") => object("examples", EXAMPLES),
        ("examples", "columns") => list(&reference("name")),
        ("examples", "rows") => list(&json!({ "type": "array", "items": reference("value") })),
        (_, "setup" | "steps") => reference("steps"),
        ("scenario", "always") => reference("properties"),
        ("scenario", "explore") => object("explore", EXPLORE),
        ("explore", "schedules") => whole(1, 1_000_000),
        ("fragment", "parameters" | "returns") => {
            json!({ "type": "array", "items": reference("name") })
        }
        _ => return shape_of_step(owner, field),
    })
}

/// As [`shape`], of the fields of steps.
fn shape_of_step(owner: &str, field: &str) -> Option<Value> {
    let hex = json!({ "type": ["string", "integer"], "pattern": "^([0-9a-fA-F \\t]*|[$<].*)$" });
    let open = json!({ "type": ["string", "object"], "pattern": "^[$<]" });
    Some(match (owner, field) {
        ("send", "send") | ("expect", "expect") | ("never", "never") => reference("message"),
        (_, "message" | "first" | "then" | "from" | "to" | "for_each") => reference("message"),
        ("expect_all", "expect_all") | ("expect_in_order", "expect_in_order") => {
            list(&json!({ "anyOf": [reference("message"), object("expectation", EXPECTATION)] }))
        }
        ("allow", "allow") => {
            json!({ "anyOf": [reference("message"), list(&reference("message"))] })
        }
        ("advance", "advance") | (_, "within" | "for") => reference("duration"),
        ("fault", "fault") => reference("fault"),
        (_, "service") => reference("service"),
        ("repeat", "repeat") => json!({ "anyOf": [whole(0, 10_000), reference("variable")] }),
        ("use", "use") => {
            let part = "(?!\\.+(/|$))[A-Za-z0-9._-]+";
            let pattern = format!("^(?!.*\\.yaml$){part}(/{part})*$");
            json!({ "type": "string", "pattern": pattern })
        }
        ("use", "as") => json!({ "anyOf": [
            reference("variable"),
            { "type": "object", "additionalProperties": reference("variable") },
        ] }),
        ("stimulus", "as") => reference("variable"),
        ("stimulus", "stimulus") => reference("stimulus"),
        ("query", "query") => reference("query"),
        ("query", "expect") => reference("value"),
        (_, "with" | "where" | "headers") => reference("object"),
        (_, "raw") => json!({ "type": ["string", "number", "boolean", "null"] }),
        (_, "raw_base64") => {
            json!({ "type": ["string", "integer"], "pattern": "^[A-Za-z0-9+/= ]*$" })
        }
        (_, "raw_hex") => hex,
        (_, "key_hex") => json!({ "anyOf": [hex, open, { "type": "null" }] }),
        (_, "key") => json!({ "anyOf": [whole(0, u32::MAX), open, { "type": "null" }] }),
        (_, "partition") => json!({ "anyOf": [whole(0, u32::MAX), open] }),
        (_, "breaks_contract") => json!({ "type": "boolean" }),
        _ => return None,
    })
}

fn list(item: &Value) -> Value {
    json!({ "type": "array", "minItems": 1, "items": item })
}

fn whole(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// Channels, and the messages of those that carry several kinds.
fn messages(known: &Known<'_>) -> Vec<String> {
    let contracts = known.contracts;
    let mut messages = Vec::new();
    for channel in contracts.channels() {
        messages.push(channel.name.clone());
        let several = channel.discriminator.is_some();
        let index = contracts.channel_ix(&channel.name).filter(|_| several);
        let own = index.into_iter().flat_map(|index| contracts.messages(index));
        messages.extend(own.map(|kind| format!("{}/{}", channel.name, kind.name)));
    }
    messages
}

fn services(known: &Known<'_>) -> Vec<String> {
    let mut services: Vec<String> =
        known.contracts.contracts().iter().map(|one| one.service.clone()).collect();
    for (service, _) in known.words {
        if !services.contains(service) {
            services.push(service.clone());
        }
    }
    services
}

type WithFields = &'static [(&'static str, &'static [&'static str])];

/// `service.word` for the words of all services.
fn words(known: &Known<'_>, of: impl Fn(&crate::service::Vocabulary) -> WithFields) -> Vec<String> {
    let words = known.words.iter().flat_map(|(service, vocabulary)| {
        of(vocabulary).iter().map(move |(word, _)| format!("{service}.{word}"))
    });
    words.collect()
}

/// Settings by service, and data by name.
fn given(known: &Known<'_>) -> Value {
    let (mut settings, mut all) = (Map::new(), Map::new());
    for (service, vocabulary) in known.words {
        let own = vocabulary.settings.iter().map(|name| ((*name).to_owned(), reference("value")));
        let own: Map<_, _> = own.collect();
        settings.insert(
            service.clone(),
            json!({ "type": "object", "properties": own, "additionalProperties": false }),
        );
        for (data, fields) in vocabulary.data {
            let own = fields.iter().map(|name| ((*name).to_owned(), reference("value")));
            let own: Map<_, _> = own.collect();
            let entry =
                json!({ "type": "object", "properties": own, "additionalProperties": false });
            all.insert((*data).to_owned(), json!({ "type": "array", "items": entry }));
        }
    }
    let settings =
        json!({ "type": "object", "properties": settings, "additionalProperties": false });
    all.insert("settings".to_owned(), settings);
    json!({ "type": "object", "properties": all, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::{ALWAYS, FieldWord, VERBS, names};
    use super::{EXAMPLES, EXPECTATION, EXPLORE, FRAGMENT, SCENARIO, TENANT, shape};

    #[test]
    fn each_field_of_the_tables_has_a_shape() {
        let files: [(&str, &[FieldWord]); 6] = [
            ("scenario", SCENARIO),
            ("fragment", FRAGMENT),
            ("tenant", TENANT),
            ("examples", EXAMPLES),
            ("explore", EXPLORE),
            ("expectation", EXPECTATION),
        ];
        let verbs = VERBS.iter().map(|word| (word.name, word.fields));
        let always = ALWAYS.iter().map(|word| (word.name, word.fields));
        for (owner, fields) in files.into_iter().chain(verbs).chain(always) {
            for field in fields {
                assert!(shape(owner, field.name).is_some(), "{owner}: {}", field.name);
            }
        }
        assert!(names(VERBS).all(|verb| shape(verb, verb).is_some()));
    }
}
