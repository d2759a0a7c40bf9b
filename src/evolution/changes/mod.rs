//! What changed from one schema to another, rule by rule.
//!
//! This names changes as a reader of the two files would; it decides nothing. References are
//! followed within the documents, and a pair of places is looked at once.

mod combined;
mod members;
mod rules;

use std::collections::BTreeSet;

use super::document::Document;
use super::exact::{Number, is_multiple};
use super::json::{Json, token};

pub use rules::Rule;
use rules::rule;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change.
    pub rule: &'static Rule,
    /// Where: a JSON pointer, into the new schema where it still has the place.
    pub path: String,
}

/// Schemas that nest deeper are not looked into.
const MAX_DEPTH: usize = 64;
/// So many changes are told at most.
const MAX_CHANGES: usize = 1000;

struct Diff<'a> {
    old: &'a Json,
    new: &'a Json,
    changes: Vec<Change>,
    seen: BTreeSet<(usize, usize)>,
    depth: usize,
}

/// What changed, in the order of the places.
#[must_use]
pub fn changes(old: &Document, new: &Document) -> Vec<Change> {
    let (old, new) = (&old.schema, &new.schema);
    let seen = BTreeSet::new();
    let mut diff = Diff { old, new, changes: Vec::new(), seen, depth: 0 };
    diff.schema(old, new, "");
    let mut changes = diff.changes;
    changes.sort_by(|a, b| (&a.path, a.rule.name).cmp(&(&b.path, b.rule.name)));
    changes.dedup();
    changes
}

fn resolved<'a>(root: &'a Json, mut schema: &'a Json) -> &'a Json {
    for _ in 0..MAX_DEPTH {
        let reference = schema.get("$ref").and_then(Json::as_text);
        let target = reference.and_then(|to| to.strip_prefix('#')).and_then(|to| root.at(to));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

fn is_empty(schema: &Json) -> bool {
    const ANNOTATIONS: [&str; 10] = [
        "title",
        "description",
        "default",
        "examples",
        "$comment",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$id",
        "$schema",
    ];
    match schema {
        Json::Bool(is) => *is,
        schema => schema.members().all(|(keyword, _)| ANNOTATIONS.contains(&&**keyword)),
    }
}

impl Diff<'_> {
    fn add(&mut self, name: &str, path: &str) {
        if self.changes.len() < MAX_CHANGES {
            self.changes.push(Change { rule: rule(name), path: path.to_owned() });
        }
    }

    fn schema(&mut self, old: &Json, new: &Json, path: &str) {
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        let pair = (std::ptr::from_ref(old).addr(), std::ptr::from_ref(new).addr());
        if old == new && path.is_empty() || self.depth > MAX_DEPTH || !self.seen.insert(pair) {
            return;
        }
        self.depth += 1;
        self.resolved(old, new, path);
        self.depth -= 1;
    }

    fn resolved(&mut self, old: &Json, new: &Json, path: &str) {
        match (old, new) {
            (Json::Bool(false), Json::Bool(false)) => return,
            // What accepted nothing can only accept more.
            (Json::Bool(false), _) => return self.add("schema-removed", path),
            (_, Json::Bool(false)) => return self.add("schema-added", path),
            _ if is_empty(new) && !is_empty(old) => return self.add("schema-removed", path),
            _ if is_empty(old) && !is_empty(new) => return self.add("schema-added", path),
            _ => {}
        }
        let annotations = [
            ("$id", "id-changed"),
            ("title", "title-changed"),
            ("description", "description-changed"),
            ("default", "default-changed"),
        ];
        for (keyword, name) in annotations {
            if old.get(keyword) != new.get(keyword) {
                self.add(name, &format!("{path}/{keyword}"));
            }
        }
        self.types(old, new, path);
        self.values(old, new, path);
        self.bounds(old, new, path);
        self.properties(old, new, path);
        self.items(old, new, path);
        self.dependencies(old, new, path);
        self.combined(old, new, path);
        self.others(old, new, path);
    }

    fn types(&mut self, old: &Json, new: &Json, path: &str) {
        let path = &format!("{path}/type");
        let (Some(old), Some(new)) = (old.get("type"), new.get("type")) else {
            return match (old.get("type"), new.get("type")) {
                (None, Some(_)) => self.add("type-narrowed", path),
                (Some(_), None) => self.add("type-extended", path),
                _ => {}
            };
        };
        let several = matches!(old, Json::List(_)) || matches!(new, Json::List(_));
        let (old, new) = (type_names(old), type_names(new));
        let has = |all: &BTreeSet<String>, one: &String| {
            all.contains(one) || one == "integer" && all.contains("number")
        };
        let more = old.iter().all(|one| has(&new, one));
        let fewer = new.iter().all(|one| has(&old, one));
        match (more, fewer) {
            (true, true) => {}
            (true, false) if several => self.add("sum-type-extended", path),
            (true, false) => self.add("type-extended", path),
            (false, true) if several => self.add("sum-type-narrowed", path),
            (false, true) => self.add("type-narrowed", path),
            (false, false) => self.add("type-changed", path),
        }
    }

    fn values(&mut self, old: &Json, new: &Json, path: &str) {
        for keyword in ["enum", "const"] {
            let values = |schema: &Json| -> Option<BTreeSet<Json>> {
                let value = schema.get(keyword)?;
                Some(match keyword {
                    "enum" => value.items().iter().cloned().collect(),
                    _ => [value.clone()].into(),
                })
            };
            let path = &format!("{path}/{keyword}");
            match (values(old), values(new)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(old), Some(new)) if new.is_superset(&old) => {
                    self.add("enum-array-extended", path);
                }
                (Some(old), Some(new)) if new.is_subset(&old) => {
                    self.add("enum-array-narrowed", path);
                }
                (Some(_), Some(_)) => self.add("enum-array-changed", path),
                (Some(_), None) => self.add("enum-array-extended", path),
                (None, Some(_)) => self.add("enum-array-narrowed", path),
                (None, None) => {}
            }
        }
    }

    fn bounds(&mut self, old: &Json, new: &Json, path: &str) {
        let number = |schema: &Json, keyword: &str| match schema.get(keyword) {
            Some(Json::Number(number)) => Some(number.clone()),
            _ => None,
        };
        const BOUNDS: [(&str, &str); 10] = [
            ("maxLength", "max-length"),
            ("minLength", "min-length"),
            ("maximum", "maximum"),
            ("minimum", "minimum"),
            ("exclusiveMaximum", "exclusive-maximum"),
            ("exclusiveMinimum", "exclusive-minimum"),
            ("maxProperties", "max-properties"),
            ("minProperties", "min-properties"),
            ("maxItems", "max-items"),
            ("minItems", "min-items"),
        ];
        for (keyword, name) in BOUNDS {
            let change = match (number(old, keyword), number(new, keyword)) {
                (None, Some(_)) => "added",
                (Some(_), None) => "removed",
                (Some(old), Some(new)) if old < new => "increased",
                (Some(old), Some(new)) if old > new => "decreased",
                _ => continue,
            };
            self.add(&format!("{name}-{change}"), &format!("{path}/{keyword}"));
        }
        let multiple = (number(old, "multipleOf"), number(new, "multipleOf"));
        if let Some(name) = multiple_change(multiple) {
            self.add(name, &format!("{path}/multipleOf"));
        }
        match (old.get("pattern"), new.get("pattern")) {
            (None, Some(_)) => self.add("pattern-added", &format!("{path}/pattern")),
            (Some(_), None) => self.add("pattern-removed", &format!("{path}/pattern")),
            (old, new) if old != new => self.add("pattern-changed", &format!("{path}/pattern")),
            _ => {}
        }
        let unique = |schema: &Json| schema.get("uniqueItems") == Some(&Json::Bool(true));
        match (unique(old), unique(new)) {
            (false, true) => self.add("unique-items-added", &format!("{path}/uniqueItems")),
            (true, false) => self.add("unique-items-removed", &format!("{path}/uniqueItems")),
            _ => {}
        }
    }

    /// Keywords that no rule of the registry is about.
    fn others(&mut self, old: &Json, new: &Json, path: &str) {
        const KEYWORDS: [&str; 13] = [
            "format",
            "patternProperties",
            "propertyNames",
            "contains",
            "minContains",
            "maxContains",
            "if",
            "then",
            "else",
            "unevaluatedProperties",
            "unevaluatedItems",
            "contentEncoding",
            "contentMediaType",
        ];
        for keyword in KEYWORDS {
            let name = match (old.get(keyword), new.get(keyword)) {
                (None, Some(_)) => "keyword-added",
                (Some(_), None) => "keyword-removed",
                (old, new) if old != new => "keyword-changed",
                _ => continue,
            };
            self.add(name, &format!("{path}/{}", token(keyword)));
        }
    }
}

fn type_names(value: &Json) -> BTreeSet<String> {
    let all = match value {
        Json::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter().filter_map(Json::as_text).map(ToString::to_string).collect()
}

fn multiple_change(of: (Option<Number>, Option<Number>)) -> Option<&'static str> {
    Some(match of {
        (None, Some(_)) => "multiple-of-added",
        (Some(_), None) => "multiple-of-removed",
        (Some(old), Some(new)) if old == new => return None,
        (Some(old), Some(new)) if is_multiple(&new, &old) => "multiple-of-expanded",
        (Some(old), Some(new)) if is_multiple(&old, &new) => "multiple-of-reduced",
        (Some(_), Some(_)) => "multiple-of-changed",
        (None, None) => return None,
    })
}
