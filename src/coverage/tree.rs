//! The schema of a message as a tree that counts what values exercise.

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::Validator;
use serde_json::{Map, Value as Json};

use super::element::ElementKind;
use super::facts::Facts;
use crate::asyncapi::{At, Schema};
use crate::contract::{Pattern, part_validator};
use crate::evolution::token;

/// Schemas are followed so deep.
const MAX_DEPTH: usize = 40;

/// What is told of each element that the tree has: kind, field, detail, place. The answer is the
/// element's number.
pub(super) type Add<'a> = dyn FnMut(ElementKind, &str, &str, At) -> usize + 'a;

/// A schema, or a part of one.
#[derive(Debug, Default)]
pub(super) struct Tree {
    facts: Facts,
    tests: Vec<(usize, Test)>,
    members: Vec<Member>,
    /// Fields by pattern, and those that nothing names.
    others: Vec<(Option<Pattern>, usize, Tree)>,
    items: Option<Box<(usize, Tree)>>,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Test {
    Type(String),
    Value(Json),
}

#[derive(Debug)]
struct Member {
    name: String,
    field: usize,
    left_out: Option<usize>,
    tree: Tree,
}

/// A schema beside the others of a place: always, or where a condition is met.
struct Part {
    counted: Option<usize>,
    /// What the value must be, and whether it must be so or not.
    condition: Option<(Validator, bool)>,
    tree: Tree,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?})", self.tree)
    }
}

impl Part {
    fn speaks_of(&self, value: &Json) -> bool {
        self.condition.as_ref().is_none_or(|(must, is)| must.is_valid(value) == *is)
    }
}

impl Tree {
    /// The tree of a schema, whose elements are told.
    pub(super) fn of(schema: &Schema, add: &mut Add<'_>) -> Self {
        let mut maker = Maker { schema, add, open: Vec::new() };
        maker.tree(&schema.value, &Here { at: String::new(), field: String::new(), depth: 0 })
    }

    /// Notes the elements that a value exercises, each once for each place in the value.
    pub(super) fn mark(&self, value: &Json, noted: &mut Vec<usize>) {
        for (element, test) in &self.tests {
            let holds = match test {
                Test::Type(name) => is_of_type(value, name),
                Test::Value(known) => known == value,
            };
            noted.extend(holds.then_some(*element));
        }
        if let Json::Object(fields) = value {
            for member in &self.members {
                match fields.get(&member.name) {
                    Some(value) => {
                        noted.push(member.field);
                        member.tree.mark(value, noted);
                    }
                    None => noted.extend(member.left_out),
                }
            }
            for (name, value) in fields {
                let other = self.other(name);
                if let Some((_, element, tree)) = other {
                    noted.push(*element);
                    tree.mark(value, noted);
                }
            }
        }
        if let (Json::Array(items), Some(own)) = (value, &self.items) {
            for item in items {
                noted.push(own.0);
                own.1.mark(item, noted);
            }
        }
        for part in self.parts.iter().filter(|part| part.speaks_of(value)) {
            noted.extend(part.counted);
            part.tree.mark(value, noted);
        }
    }

    fn other(&self, name: &str) -> Option<&(Option<Pattern>, usize, Tree)> {
        if self.members.iter().any(|member| member.name == name) {
            return None;
        }
        let by_pattern = |pattern: &Pattern| pattern.matches(name);
        let of_pattern =
            self.others.iter().find(|(pattern, ..)| pattern.as_ref().is_some_and(by_pattern));
        of_pattern.or_else(|| self.others.iter().find(|(pattern, ..)| pattern.is_none()))
    }

    /// What the schema says of each part of a value, by JSON pointer.
    pub(super) fn facts(&self, value: &Json, pointer: &str, to: &mut BTreeMap<String, Facts>) {
        to.entry(pointer.to_owned()).or_default().add(&self.facts);
        if let Json::Object(fields) = value {
            for (name, value) in fields {
                let below = format!("{pointer}/{}", token(name));
                let named = self.members.iter().find(|member| member.name == *name);
                let tree = named.map(|member| &member.tree);
                if let Some(tree) = tree.or_else(|| self.other(name).map(|(.., tree)| tree)) {
                    tree.facts(value, &below, to);
                }
            }
        }
        if let (Json::Array(items), Some(own)) = (value, &self.items) {
            for (at, item) in items.iter().enumerate() {
                own.1.facts(item, &format!("{pointer}/{at}"), to);
            }
        }
        for part in self.parts.iter().filter(|part| part.speaks_of(value)) {
            part.tree.facts(value, pointer, to);
        }
    }
}

fn is_of_type(value: &Json, name: &str) -> bool {
    match value {
        Json::Null => name == "null",
        Json::Bool(_) => name == "boolean",
        Json::Number(number) => match name {
            "integer" => number.is_i64() || number.is_u64(),
            _ => name == "number",
        },
        Json::String(_) => name == "string",
        Json::Array(_) => name == "array",
        Json::Object(_) => name == "object",
    }
}

/// Where a schema stands, and of which field it speaks.
struct Here {
    at: String,
    field: String,
    depth: usize,
}

impl Here {
    fn below(&self, keyword: &str) -> Self {
        let at = format!("{}/{keyword}", self.at);
        Self { at, field: self.field.clone(), depth: self.depth + 1 }
    }

    fn inside(&self, keyword: &str, name: &str) -> Self {
        let field = format!("{}/{}", self.field, token(name));
        Self { field, ..self.below(keyword) }
    }
}

struct Maker<'a, 'b> {
    schema: &'a Schema,
    add: &'a mut Add<'b>,
    /// The references that are being followed.
    open: Vec<String>,
}

impl Maker<'_, '_> {
    fn told(&mut self, kind: ElementKind, detail: &str, here: &Here) -> usize {
        let place = self.schema.place(&here.at);
        (self.add)(kind, &here.field, detail, place)
    }

    fn tree(&mut self, value: &Json, here: &Here) -> Tree {
        let Json::Object(members) = value else { return Tree::default() };
        if here.depth > MAX_DEPTH {
            return Tree::default();
        }
        let mut tree = Tree { facts: Facts::of(members), ..Tree::default() };
        self.tests(members, here, &mut tree);
        self.members(members, here, &mut tree);
        self.parts(members, here, &mut tree);
        tree
    }

    fn tests(&mut self, members: &Map<String, Json>, here: &Here, tree: &mut Tree) {
        let types = &tree.facts.types;
        if types.len() > 1 {
            for name in types {
                let told = self.told(ElementKind::Type, name, &here.below("type"));
                tree.tests.push((told, Test::Type(name.clone())));
            }
        }
        let is_truth = types.len() == 1 && types[0] == "boolean" && !tree.facts.is_listed;
        let both = [Json::Bool(true), Json::Bool(false)];
        let listed = ["enum", "x-known-values"].into_iter().filter_map(|keyword| {
            let values = members.get(keyword)?.as_array()?;
            Some((keyword, values.as_slice()))
        });
        for (keyword, values) in listed.chain(is_truth.then_some(("type", &both[..]))) {
            for value in values {
                let told = self.told(ElementKind::Value, &value.to_string(), &here.below(keyword));
                tree.tests.push((told, Test::Value(value.clone())));
            }
        }
    }

    fn members(&mut self, members: &Map<String, Json>, here: &Here, tree: &mut Tree) {
        if let Some(Json::Object(properties)) = members.get("properties") {
            for (name, own) in properties {
                if *own == Json::Bool(false) {
                    continue;
                }
                let below = here.inside(&format!("properties/{}", token(name)), name);
                let field = self.told(ElementKind::Field, "", &below);
                let is_needed = tree.facts.required.contains(name);
                let left_out =
                    (!is_needed).then(|| self.told(ElementKind::Branch, "left out", &below));
                let inner = self.tree(own, &below);
                tree.members.push(Member { name: name.clone(), field, left_out, tree: inner });
            }
        }
        if let Some(Json::Object(patterns)) = members.get("patternProperties") {
            for (pattern, own) in patterns {
                let Ok(compiled) = Pattern::new(pattern) else { continue };
                let keyword = format!("patternProperties/{}", token(pattern));
                let below = here.inside(&keyword, &format!("<{pattern}>"));
                let field = self.told(ElementKind::Field, "", &below);
                let inner = self.tree(own, &below);
                tree.others.push((Some(compiled), field, inner));
            }
        }
        if let Some(own @ Json::Object(_)) = members.get("additionalProperties") {
            let below = here.inside("additionalProperties", "<any>");
            let field = self.told(ElementKind::Field, "", &below);
            let inner = self.tree(own, &below);
            tree.others.push((None, field, inner));
        }
        if let Some(own @ Json::Object(_)) = members.get("items") {
            let below = here.inside("items", "*");
            let field = self.told(ElementKind::Field, "", &below);
            tree.items = Some(Box::new((field, self.tree(own, &below))));
        }
    }

    fn parts(&mut self, members: &Map<String, Json>, here: &Here, tree: &mut Tree) {
        if let Some(to) = members.get("$ref").and_then(Json::as_str)
            && !self.open.iter().any(|open| open == to)
            && let Some(target) = to.strip_prefix('#')
            && let Some(own) = self.schema.value.pointer(target)
        {
            self.open.push(to.to_owned());
            let there = Here { at: target.to_owned(), ..here.below("$ref") };
            let inner = self.tree(own, &there);
            self.open.pop();
            tree.parts.push(Part { counted: None, condition: None, tree: inner });
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            let Some(Json::Array(all)) = members.get(keyword) else { continue };
            for (at, own) in all.iter().enumerate() {
                let below = here.below(&format!("{keyword}/{at}"));
                let is_choice = keyword != "allOf";
                let detail = named(own, keyword, at);
                // What cannot be looked at alone is no alternative that can be counted.
                let must = part_validator(self.schema, own).filter(|_| is_choice);
                let told = |_: &_| self.told(ElementKind::Branch, &detail, &below);
                let counted = must.as_ref().map(told);
                let inner = self.tree(own, &below);
                let condition = must.map(|must| (must, true));
                tree.parts.push(Part { counted, condition, tree: inner });
            }
        }
        let Some(condition) = members.get("if") else { return };
        for (keyword, is) in [("then", true), ("else", false)] {
            let Some(own) = members.get(keyword) else { continue };
            let Some(must) = part_validator(self.schema, condition) else { continue };
            let below = here.below(keyword);
            let counted = Some(self.told(ElementKind::Branch, keyword, &below));
            let inner = self.tree(own, &below);
            tree.parts.push(Part { counted, condition: Some((must, is)), tree: inner });
        }
    }
}

/// An alternative by its title, else by its number, from 1.
fn named(schema: &Json, keyword: &str, at: usize) -> String {
    let title = schema.get("title").and_then(Json::as_str);
    title.map_or_else(|| format!("{keyword} {}", at + 1), |title| format!("{keyword} {title}"))
}
