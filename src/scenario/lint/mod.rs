//! What a scenario says against what the contracts and services know.
//!
//! The checks run while a file is read, so that each problem has its place.

mod fields;
mod given;
mod names;
mod sends;

use crate::message::Json;

/// A JSON pointer one step further down.
fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The pointer of a dotted path as properties name fields: `body.code`.
fn dotted(path: &str) -> String {
    path.split('.').fold(String::new(), |pointer, name| below(&pointer, name))
}

/// The parts of a pointer.
fn parts(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"))
}

/// Puts a value at a pointer, making objects on the way.
fn put(value: &mut Json, pointer: &str, new: Json) {
    let mut at = value;
    for part in parts(pointer) {
        if !matches!(at, Json::Object(_)) {
            *at = Json::Object(indexmap::IndexMap::new());
        }
        let Json::Object(fields) = at else { return };
        at = fields.entry(part).or_default();
    }
    *at = new;
}
