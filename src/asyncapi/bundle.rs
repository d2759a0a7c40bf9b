//! One JSON Schema of a schema that is spread over references and files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::format::Format;
use super::library::Unresolved;
use super::model::Schema;
use super::scope::Scope;
use super::tree::{At, Tree, Value};
use crate::evolution::Draft;

/// Schemas are nested this deep, and a schema has so many parts.
const MAX_DEPTH: usize = 100;
const MAX_PARTS: usize = 20_000;

/// Keywords whose value is a schema.
const SCHEMAS: [&str; 12] = [
    "additionalProperties",
    "additionalItems",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "propertyNames",
    "contentSchema",
    "not",
    "if",
    "then",
    "else",
    "items",
];
/// Keywords whose value is a list of schemas.
const LISTS: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
/// Keywords whose value has schemas by name.
const MAPS: [&str; 4] = ["properties", "patternProperties", "dependentSchemas", "dependencies"];
/// Keywords that mean nothing once references are followed.
const DROPPED: [&str; 8] = [
    "$id",
    "$schema",
    "$anchor",
    "$dynamicAnchor",
    "$defs",
    "definitions",
    "$comment",
    "$recursiveAnchor",
];

/// The schema at `tree`, whose references were followed.
pub(super) fn bundle(scope: &mut Scope, tree: &Arc<Tree>, draft: Draft, what: &str) -> Schema {
    let draft = declared(tree).unwrap_or(draft);
    let mut bundler = Bundler {
        scope,
        draft,
        what,
        places: BTreeMap::new(),
        targets: vec![Arc::clone(tree)],
        waiting: 1,
        parts: 0,
    };
    let mut value = bundler.schema(tree, String::new(), 0);
    let mut definitions = Map::new();
    while bundler.waiting < bundler.targets.len() {
        let number = bundler.waiting;
        bundler.waiting += 1;
        let target = Arc::clone(&bundler.targets[number]);
        let pointer = format!("/{}/{number}", definitions_of(draft));
        definitions.insert(number.to_string(), bundler.schema(&target, pointer, 0));
    }
    let places = bundler.places;
    if let Json::Object(members) = &mut value
        && !definitions.is_empty()
    {
        members.insert(definitions_of(draft).to_owned(), Json::Object(definitions));
    }
    Schema { draft, value, at: tree.head(), places }
}

/// The draft that `$schema` names.
fn declared(tree: &Tree) -> Option<Draft> {
    let uri = tree.text_of("$schema")?;
    if uri.contains("2020-12") || uri.contains("2019-09") {
        return Some(Draft::Latest);
    }
    uri.contains("draft-0").then_some(Draft::Seven)
}

fn definitions_of(draft: Draft) -> &'static str {
    match draft {
        Draft::Seven => "definitions",
        Draft::Latest => "$defs",
    }
}

struct Bundler<'a> {
    scope: &'a mut Scope,
    draft: Draft,
    what: &'a str,
    places: BTreeMap<String, At>,
    /// What is referred to: the schema itself, then its definitions by number.
    targets: Vec<Arc<Tree>>,
    /// The first definition that was not written yet.
    waiting: usize,
    parts: usize,
}

impl Bundler<'_> {
    fn schema(&mut self, tree: &Arc<Tree>, pointer: String, depth: usize) -> Json {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            let what = format!("a part of {} is nested too deep or too large", self.what);
            self.scope.not_checked(what, tree.head());
            return Json::Bool(true);
        }
        self.places.insert(pointer.clone(), tree.head());
        match &tree.value {
            Value::Bool(is) => Json::Bool(*is),
            Value::Map(_) if tree.get("$ref").is_some() => self.reference(tree, &pointer, depth),
            Value::Map(_) if tree.get("schemaFormat").is_some() => {
                self.foreign(tree, pointer, depth)
            }
            Value::Map(_) => Json::Object(self.keywords(tree, &pointer, depth)),
            // What is no schema is left for the draft's own schema to refuse.
            _ => tree.json(),
        }
    }

    /// A schema with the name of its language.
    fn foreign(&mut self, tree: &Arc<Tree>, pointer: String, depth: usize) -> Json {
        let format = tree.text_of("schemaFormat").unwrap_or_default();
        match (Format::named(format), tree.get("schema")) {
            (Format::Json(_), Some(schema)) => {
                let schema = Arc::clone(schema);
                self.schema(&schema, pointer, depth + 1)
            }
            (Format::Other(name), _) => {
                self.scope.not_checked(format!("a part of {} is {name}", self.what), tree.head());
                Json::Bool(true)
            }
            (Format::Json(_), None) => Json::Bool(true),
        }
    }

    fn reference(&mut self, tree: &Arc<Tree>, pointer: &str, depth: usize) -> Json {
        let name = match self.target(tree) {
            Ok(0) => "#".to_owned(),
            Ok(number) => format!("#/{}/{number}", definitions_of(self.draft)),
            Err(why) => {
                let what = format!("a part of {}", self.what);
                self.scope.unresolved(why, tree, &what);
                return Json::Bool(true);
            }
        };
        // In draft 7 nothing beside a reference counts.
        let mut members = match self.draft {
            Draft::Seven => Map::new(),
            Draft::Latest => self.keywords(tree, pointer, depth),
        };
        members.insert("$ref".to_owned(), Json::String(name));
        Json::Object(members)
    }

    /// The number of what a reference names.
    fn target(&mut self, tree: &Arc<Tree>) -> Result<usize, Unresolved> {
        let found = match tree.reference() {
            Some(target) => self.scope.library.find(target, tree.at.file)?,
            None => return Err(Unresolved::Missing("text".to_owned(), Vec::new())),
        };
        // Chains of mere references are followed now, so that a circle of them is seen.
        let found = match found.reference() {
            Some(_) if self.draft == Draft::Seven || found.entries().len() == 1 => {
                self.scope.library.followed(&found)?
            }
            _ => found,
        };
        let known = self.targets.iter().position(|known| Arc::ptr_eq(known, &found));
        Ok(known.unwrap_or_else(|| {
            self.targets.push(found);
            self.targets.len() - 1
        }))
    }

    fn keywords(&mut self, tree: &Tree, pointer: &str, depth: usize) -> Map<String, Json> {
        let mut members = Map::new();
        for entry in tree.entries() {
            let name = entry.name.as_str();
            if DROPPED.contains(&name) || name == "$ref" {
                continue;
            }
            let here = format!("{pointer}/{}", token(name));
            self.places.insert(here.clone(), entry.at);
            let is_list = matches!(entry.tree.value, Value::List(_));
            let value = match &entry.tree.value {
                Value::List(items) if LISTS.contains(&name) => {
                    let items = items.iter().enumerate();
                    let item = items
                        .map(|(at, item)| self.schema(item, format!("{here}/{at}"), depth + 1));
                    Json::Array(item.collect())
                }
                Value::Map(inner) if MAPS.contains(&name) => {
                    let mut map = Map::new();
                    for member in inner {
                        let below = format!("{here}/{}", token(&member.name));
                        let value = match &member.tree.value {
                            Value::List(_) => member.tree.json(),
                            _ => self.schema(&member.tree, below.clone(), depth + 1),
                        };
                        self.places.insert(below, member.at);
                        map.insert(member.name.clone(), value);
                    }
                    Json::Object(map)
                }
                _ if SCHEMAS.contains(&name) && !is_list => {
                    let value = self.schema(&entry.tree, here.clone(), depth + 1);
                    self.places.insert(here, entry.at);
                    value
                }
                _ => entry.tree.json(),
            };
            members.insert(entry.name.clone(), value);
        }
        members
    }
}

/// A token of a JSON pointer, escaped.
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
