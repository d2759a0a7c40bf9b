//! A schema as rows: one for each field.

use serde_json::Value as Json;

/// Rows go so deep.
const MAX_DEPTH: usize = 12;
/// A schema has so many rows at most.
const MAX_ROWS: usize = 500;
/// Longer values are cut.
const SHOWN_CHARS: usize = 80;

/// A field, or a part that a value may be.
pub(super) struct Row {
    /// Where: a JSON pointer, `*` for each item of a list; empty for the whole value.
    pub(super) path: String,
    /// Whether it must be there.
    pub(super) is_required: bool,
    /// Its types.
    pub(super) kind: String,
    /// What else it must be.
    pub(super) rules: String,
    /// What it means.
    pub(super) description: String,
}

/// The rows of a schema.
pub(super) fn rows(schema: &Json) -> Vec<Row> {
    let mut writer = Writer { root: schema, rows: Vec::new(), above: Vec::new() };
    writer.schema(schema, ("", true, ""), 0);
    writer.rows
}

struct Writer<'a> {
    root: &'a Json,
    rows: Vec<Row>,
    /// The schemas that the current one is part of.
    above: Vec<&'a Json>,
}

/// A schema with what it refers to and what `allOf` adds.
struct Joined<'a> {
    parts: Vec<&'a Json>,
    is_circle: bool,
}

impl<'a> Joined<'a> {
    fn get(&self, keyword: &str) -> Option<&'a Json> {
        self.parts.iter().find_map(|part| part.get(keyword))
    }
}

impl<'a> Writer<'a> {
    fn joined(&self, schema: &'a Json) -> Joined<'a> {
        let mut joined = Joined { parts: Vec::new(), is_circle: false };
        let mut waiting = vec![schema];
        while let Some(one) = waiting.pop() {
            if joined.parts.iter().any(|known| std::ptr::eq(*known, one)) {
                joined.is_circle = true;
                continue;
            }
            joined.parts.push(one);
            let target = one.get("$ref").and_then(Json::as_str);
            let target = target.and_then(|name| self.root.pointer(name.strip_prefix('#')?));
            let all = one.get("allOf").and_then(Json::as_array);
            waiting.extend(all.into_iter().flatten().rev().chain(target));
        }
        joined
    }

    fn schema(
        &mut self,
        schema: &'a Json,
        (path, is_required, note): (&str, bool, &str),
        depth: usize,
    ) {
        if self.rows.len() >= MAX_ROWS {
            return;
        }
        let joined = self.joined(schema);
        let kind = match schema {
            Json::Bool(true) => "anything".to_owned(),
            Json::Bool(false) => "nothing".to_owned(),
            _ => types(&joined),
        };
        let is_above = |part: &&Json| self.above.iter().any(|known| std::ptr::eq(*known, *part));
        let is_again = joined.parts.iter().any(is_above);
        let mut rules = rules(&joined);
        if !note.is_empty() {
            rules.insert(0, note.to_owned());
        }
        if is_again {
            rules.push("as above".to_owned());
        } else if depth >= MAX_DEPTH {
            rules.push("and so on".to_owned());
        }
        let described = ["description", "title"].iter().find_map(|name| joined.get(name)?.as_str());
        let is_plain = path.is_empty() && rules.is_empty() && described.is_none();
        let has_fields = joined.parts.iter().any(|part| part.get("properties").is_some());
        if !(is_plain && has_fields) {
            self.rows.push(Row {
                path: path.to_owned(),
                is_required,
                kind,
                rules: rules.join("; "),
                description: one_line(described.unwrap_or_default()),
            });
        }
        if depth < MAX_DEPTH && !is_again {
            let before = self.above.len();
            self.above.extend(&joined.parts);
            self.inside(&joined, path, depth);
            self.above.truncate(before);
        }
    }

    fn inside(&mut self, joined: &Joined<'a>, path: &str, depth: usize) {
        let mut seen: Vec<&String> = Vec::new();
        for properties in joined.parts.iter().filter_map(|part| part.get("properties")?.as_object())
        {
            for (name, property) in properties {
                if seen.contains(&name) {
                    continue;
                }
                seen.push(name);
                let is_required = joined.parts.iter().any(|part| {
                    let names = part.get("required").and_then(Json::as_array);
                    names.is_some_and(|names| names.iter().any(|one| one == name.as_str()))
                });
                let below = format!("{path}/{name}");
                self.schema(property, (&below, is_required, ""), depth + 1);
            }
        }
        if let Some(items @ (Json::Object(_) | Json::Bool(_))) = joined.get("items") {
            self.schema(items, (&format!("{path}/*"), true, ""), depth + 1);
        }
        if let Some(more @ Json::Object(_)) = joined.get("additionalProperties") {
            let note = "each other field";
            self.schema(more, (&format!("{path}/<name>"), false, note), depth + 1);
        }
        for (keyword, note) in
            [("oneOf", "exactly one of"), ("anyOf", "at least one of"), ("prefixItems", "item")]
        {
            let all = joined.parts.iter().filter_map(|part| part.get(keyword)?.as_array());
            for all in all {
                for (at, one) in all.iter().enumerate() {
                    let note = format!("{note} {}: {}", all.len(), at + 1);
                    self.schema(one, (path, false, &note), depth + 1);
                }
            }
        }
        for (keyword, note) in
            [("not", "never"), ("if", "if it is"), ("then", "then it is"), ("else", "else it is")]
        {
            if let Some(one) = joined.get(keyword) {
                self.schema(one, (path, false, note), depth + 1);
            }
        }
    }
}

fn types(joined: &Joined<'_>) -> String {
    match joined.get("type") {
        Some(Json::String(one)) => one.clone(),
        Some(Json::Array(all)) => {
            all.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ if joined.get("const").or(joined.get("enum")).is_some() => String::new(),
        _ if joined.get("properties").is_some() => "object".to_owned(),
        _ => "any".to_owned(),
    }
}

/// What is demanded besides the type, in the words of the keywords.
fn rules(joined: &Joined<'_>) -> Vec<String> {
    const PLAIN: [&str; 16] = [
        "format",
        "minimum",
        "exclusiveMinimum",
        "maximum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "contentEncoding",
        "default",
    ];
    let mut rules = Vec::new();
    if let Some(only) = joined.get("const") {
        rules.push(format!("always {}", shown(only)));
    }
    if let Some(Json::Array(all)) = joined.get("enum") {
        rules.push(format!("one of {}", all.iter().map(shown).collect::<Vec<_>>().join(", ")));
    }
    for keyword in PLAIN {
        if let Some(value) = joined.get(keyword) {
            rules.push(format!("{keyword} {}", shown(value)));
        }
    }
    if joined.get("additionalProperties") == Some(&Json::Bool(false)) {
        rules.push("no other fields".to_owned());
    }
    if joined.get("x-sensitive").is_some_and(|mark| *mark != Json::Bool(false)) {
        rules.push("never shown".to_owned());
    }
    if joined.get("deprecated") == Some(&Json::Bool(true)) {
        rules.push("deprecated".to_owned());
    }
    if joined.is_circle {
        rules.push("contains itself".to_owned());
    }
    rules
}

fn shown(value: &Json) -> String {
    let text = match value {
        Json::String(text) if !text.is_empty() => one_line(text),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A text without line breaks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
