//! Values that may tell two schemas apart: what they speak of, what lies beside it, and values that
//! one takes with one part changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_traits::One;

use super::document::each_schema;
use super::exact::{Number, whole};
use super::json::Json;

/// So many are tried.
const MAX_CANDIDATES: usize = 400;

/// What the schemas speak of: constants, bounds and names.
#[derive(Default)]
struct Spoken {
    values: BTreeSet<Json>,
    names: BTreeSet<Arc<str>>,
}

impl Spoken {
    fn read(&mut self, schema: &Json) {
        for (keyword, value) in schema.members() {
            match (&**keyword, value) {
                ("const" | "default", value) => drop(self.values.insert(value.clone())),
                ("enum" | "examples", Json::List(values)) => {
                    self.values.extend(values.iter().cloned());
                }
                ("required", Json::List(names)) => {
                    self.names.extend(names.iter().filter_map(Json::as_text).cloned());
                }
                ("properties", Json::Record(members)) => self.names.extend(members.keys().cloned()),
                ("minLength" | "maxLength", Json::Number(number)) => self.lengths(number),
                (_, Json::Number(number)) => self.numbers(number),
                _ => {}
            }
        }
    }

    fn numbers(&mut self, number: &Number) {
        let half = Number::one() / whole(2);
        for number in [number.clone(), number + whole(1), number - whole(1), number + half] {
            self.values.insert(Json::Number(number));
        }
    }

    fn lengths(&mut self, number: &Number) {
        let length: usize = number.to_integer().try_into().unwrap_or(0);
        for length in length.saturating_sub(1)..=length.saturating_add(1).min(2000) {
            self.values.insert(Json::Text("a".repeat(length).into()));
        }
    }
}

/// Values for two schemas, and with parts changed of values that one of them takes.
pub(crate) fn candidates(schemas: [&Json; 2], taken: &[Json]) -> Vec<Json> {
    let mut spoken = Spoken::default();
    for schema in schemas {
        each_schema(schema, &mut |schema| spoken.read(schema));
    }
    let mut all: Vec<Json> = vec![
        Json::Null,
        Json::Bool(false),
        Json::Bool(true),
        Json::Number(whole(0)),
        Json::Text("".into()),
        Json::Text("a".into()),
        Json::List(Vec::new()),
        Json::Record(BTreeMap::new()),
    ];
    all.extend(spoken.values.iter().take(60).cloned());
    let parts: Vec<Json> = all.iter().take(40).cloned().collect();
    let mut whole = taken.to_vec();
    for value in taken {
        whole.extend(damaged(value, &parts, &spoken.names));
    }
    all.extend(parts.iter().map(|part| Json::List(vec![part.clone()])));
    for name in spoken.names.iter().take(8) {
        let one = |part: &Json| Json::Record([(name.clone(), part.clone())].into());
        all.extend(parts.iter().take(12).map(one));
    }
    whole.extend(all);
    let mut seen = BTreeSet::new();
    whole.retain(|value| seen.insert(value.clone()));
    whole.truncate(MAX_CANDIDATES);
    whole
}

/// The value with one part changed, left out or added.
fn damaged(value: &Json, parts: &[Json], names: &BTreeSet<Arc<str>>) -> Vec<Json> {
    let mut all = Vec::new();
    match value {
        Json::Record(members) => {
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                all.push(Json::Record(fewer));
            }
            for name in members.keys().chain(names).take(12) {
                for part in parts.iter().take(16) {
                    let mut other = members.clone();
                    other.insert(name.clone(), part.clone());
                    all.push(Json::Record(other));
                }
            }
        }
        Json::List(items) => {
            for part in parts.iter().take(16) {
                all.push(Json::List(items.iter().cloned().chain([part.clone()]).collect()));
            }
            for at in 0..items.len().min(8) {
                let mut fewer = items.clone();
                fewer.remove(at);
                all.push(Json::List(fewer));
            }
        }
        _ => {}
    }
    all
}
