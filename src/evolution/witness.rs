//! Two validators that were written by others: nothing is called a witness unless both agree.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compile::Draft;
use super::document::{Document, each_schema, map_schemas};
use super::json::Json;

/// The validators of one schema.
pub(crate) struct Validators {
    first: jsonschema::Validator,
    second: Second,
}

/// The second validator.
enum Second {
    Compiled(Box<(boon::Schemas, boon::SchemaIndex)>),
    /// It does not know lookarounds: patterns are replaced for each value.
    WithLookarounds(Json, Draft),
}

/// The place that a schema is registered at.
const PLACE: &str = "urn:schema";

impl Validators {
    /// The validators of a document; why not, in words.
    pub(crate) fn of(document: &Document) -> Result<Self, String> {
        let plain = plain(document);
        let schema = plain.to_serde().ok_or("a number is out of the range of validators")?;
        let draft = match document.draft {
            Draft::Seven => jsonschema::Draft::Draft7,
            Draft::Latest => jsonschema::Draft::Draft202012,
        };
        let options = jsonschema::options().with_draft(draft).should_validate_formats(false);
        let first = options.build(&schema).map_err(|error| one_line(&error.to_string()))?;
        let second = match lookarounds(&plain) {
            1.. => {
                let second = Second::WithLookarounds(plain, document.draft);
                second.accepts(&serde_json::Value::Null)?;
                second
            }
            0 => Second::Compiled(Box::new(compiled(schema, document.draft)?)),
        };
        Ok(Self { first, second })
    }

    /// What a look at a value costs, in looks of a schema without lookarounds.
    pub(crate) fn cost(&self) -> usize {
        match &self.second {
            Second::Compiled(_) => 1,
            Second::WithLookarounds(schema, _) => 4 + lookarounds(schema) + schema.weight() / 50,
        }
    }

    /// Whether both accept a value, or both refuse it; `None` where they disagree.
    pub(crate) fn accept(&self, value: &serde_json::Value) -> Option<bool> {
        let first = self.first.is_valid(value);
        (self.second.accepts(value) == Ok(first)).then_some(first)
    }
}

impl Second {
    fn accepts(&self, value: &serde_json::Value) -> Result<bool, String> {
        match self {
            Self::Compiled(compiled) => Ok(compiled.0.validate(value, compiled.1).is_ok()),
            Self::WithLookarounds(schema, draft) => {
                let mut texts = BTreeSet::new();
                texts_of(value, &mut texts);
                let schema = without_lookarounds(schema, &texts);
                let schema = schema.to_serde().ok_or("a number is out of range")?;
                let (schemas, index) = compiled(schema, *draft)?;
                Ok(schemas.validate(value, index).is_ok())
            }
        }
    }
}

fn compiled(
    schema: serde_json::Value,
    draft: Draft,
) -> Result<(boon::Schemas, boon::SchemaIndex), String> {
    let mut compiler = boon::Compiler::new();
    compiler.set_default_draft(match draft {
        Draft::Seven => boon::Draft::V7,
        Draft::Latest => boon::Draft::V2020_12,
    });
    compiler.use_loader(Box::new(Nowhere));
    let mut schemas = boon::Schemas::new();
    let why = |error: boon::CompileError| one_line(&error.to_string());
    compiler.add_resource(PLACE, schema).map_err(why)?;
    let index = compiler.compile(PLACE, &mut schemas).map_err(why)?;
    Ok((schemas, index))
}

fn looks_around(pattern: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look))
}

/// How many patterns look around.
fn lookarounds(schema: &Json) -> usize {
    let mut count = 0;
    each_schema(schema, &mut |schema| {
        let pattern = schema.get("pattern").and_then(Json::as_text);
        let names = schema.get("patternProperties").into_iter().flat_map(Json::members);
        let all = pattern.into_iter().chain(names.map(|(name, _)| name));
        count += all.filter(|one| looks_around(one)).count();
    });
    count
}

/// All strings of a value, names included.
fn texts_of(value: &serde_json::Value, texts: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => drop(texts.insert(text.clone())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts_of(item, texts)),
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                texts.insert(name.clone());
                texts_of(value, texts);
            }
        }
        _ => {}
    }
}

/// The schema with patterns that say the same of these texts, and look at nothing around them.
fn without_lookarounds(schema: &Json, texts: &BTreeSet<String>) -> Json {
    let mut count = 0;
    let mut listed = |pattern: &str| -> Arc<str> {
        if !looks_around(pattern) {
            return pattern.into();
        }
        let alone = serde_json::json!({ "pattern": pattern });
        let matched = texts.iter().filter(|text| {
            jsonschema::is_valid(&alone, &serde_json::Value::String((*text).clone()))
        });
        let mut all: Vec<String> = matched.map(|text| regex_syntax::escape(text)).collect();
        // Two patterns stay two, also where they match the same texts.
        count += 1;
        let other = (0..).map(|n| format!("no{count}x{n}")).find(|one| !texts.contains(one));
        all.extend(other);
        format!("^(?:{})$", all.join("|")).into()
    };
    map_schemas(schema, "", &mut |_, mut schema| {
        if let Json::Record(members) = &mut schema {
            if let Some(Json::Text(pattern)) = members.get_mut("pattern") {
                *pattern = listed(pattern);
            }
            if let Some(Json::Record(patterns)) = members.get_mut("patternProperties") {
                let renamed = std::mem::take(patterns).into_iter();
                *patterns = renamed.map(|(name, value)| (listed(&name), value)).collect();
            }
        }
        schema
    })
}

/// Nothing is fetched.
struct Nowhere;

impl boon::UrlLoader for Nowhere {
    fn load(&self, url: &str) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
        Err(format!("{url} is not read").into())
    }
}

/// The schema without formats, which are annotations here, and with the draft that it is read by.
fn plain(document: &Document) -> Json {
    let mut schema = map_schemas(&document.schema, "", &mut |_, mut schema| {
        if let Json::Record(members) = &mut schema {
            for keyword in ["format", "contentEncoding", "contentMediaType", "$schema"] {
                if matches!(members.get(keyword), Some(Json::Text(_))) {
                    members.remove(keyword);
                }
            }
            // One validator refuses a value that is listed twice, and some lists have one.
            if let Some(Json::List(values)) = members.get_mut("enum") {
                values.sort();
                values.dedup();
            }
        }
        schema
    });
    if let Json::Record(members) = &mut schema {
        members.insert("$schema".into(), Json::Text(document.draft.uri().into()));
    }
    schema
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the first accepts a value and the second refuses it, by all validators.
pub(crate) fn is_witness(accepting: &Validators, refusing: &Validators, value: &Json) -> bool {
    let Some(value) = value.to_serde() else { return false };
    accepting.accept(&value) == Some(true) && refusing.accept(&value) == Some(false)
}

/// Whether both validators say that one document accepts a value and another refuses it.
pub(crate) fn confirmed(accepting: &Document, refusing: &Document, value: &Json) -> bool {
    match (Validators::of(accepting), Validators::of(refusing)) {
        (Ok(accepting), Ok(refusing)) => is_witness(&accepting, &refusing, value),
        _ => false,
    }
}

/// A witness is made smaller by so many tries at most.
const MAX_TRIES: usize = 400;
/// A witness of more values is left as it is: there is a reason why it is so large.
const MAX_WEIGHT: usize = 300;

/// The smallest witness that is found by leaving parts out and making others simpler.
pub(crate) fn smallest(accepting: &Validators, refusing: &Validators, witness: Json) -> Json {
    if witness.weight() > MAX_WEIGHT {
        return witness;
    }
    let (mut best, mut tries) = (witness, 0);
    let cost = accepting.cost().max(refusing.cost());
    let most = MAX_TRIES * 100 / (100 + best.weight()) / cost;
    'again: loop {
        for smaller in simpler(&best) {
            tries += 1;
            if tries > most {
                return best;
            }
            if is_witness(accepting, refusing, &smaller) {
                best = smaller;
                continue 'again;
            }
        }
        return best;
    }
}

/// Values that are a little simpler than a value.
fn simpler(value: &Json) -> Vec<Json> {
    let mut all = Vec::new();
    match value {
        Json::List(items) => {
            for at in (0..items.len()).rev() {
                let mut fewer = items.clone();
                fewer.remove(at);
                all.push(Json::List(fewer));
            }
            for (at, item) in items.iter().enumerate() {
                for item in leaf_first(item) {
                    let mut other = items.clone();
                    other[at] = item;
                    all.push(Json::List(other));
                }
            }
        }
        Json::Record(members) => {
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                all.push(Json::Record(fewer));
            }
            for (name, value) in members {
                for value in leaf_first(value) {
                    let mut other = members.clone();
                    other.insert(name.clone(), value);
                    all.push(Json::Record(other));
                }
            }
        }
        Json::Text(text) if text.chars().count() > 1 => {
            let points: Vec<char> = text.chars().collect();
            let half: String = points[..points.len() / 2].iter().collect();
            let fewer: String = points[..points.len() - 1].iter().collect();
            all.extend([Json::Text(half.into()), Json::Text(fewer.into())]);
        }
        _ => {}
    }
    all
}

fn leaf_first(value: &Json) -> Vec<Json> {
    let leaves = [Json::Null, Json::Number(super::exact::whole(0))];
    let mut all: Vec<_> = match value {
        Json::List(_) | Json::Record(_) => leaves.into(),
        _ => Vec::new(),
    };
    all.extend(simpler(value));
    all
}
