//! The words of the format: verbs, matchers, faults, properties and fields, each in one table.
//!
//! The reader, its suggestions, `explain` and the documents are made from these tables; a word that
//! is not here does not exist.

mod always;
mod faults;
mod fields;
mod matchers;
mod verbs;

pub use always::{ALWAYS, AlwaysKind};
pub use faults::FAULTS;
pub use fields::{EXAMPLES, EXPECTATION, EXPLORE, FRAGMENT, SCENARIO, TENANT};
pub use matchers::{MATCHERS, MatcherShape};
pub use verbs::{VERBS, VerbKind};

/// A word of one of the tables.
#[derive(Debug)]
pub struct Word<K: 'static> {
    /// What it is called in files.
    pub name: &'static str,
    /// What it is called in the program.
    pub kind: K,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// The fields that go with it, its own value first.
    pub fields: &'static [FieldWord],
    /// How it is used.
    pub example: &'static str,
}

/// A field that goes with a word, or of a file.
#[derive(Clone, Copy, Debug)]
pub struct FieldWord {
    /// What it is called in files.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// Whether it must be there.
    pub needed: Needed,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Without it the file cannot be used.
    Required,
    /// It has a default, or means nothing where it is missing.
    Optional,
}

const fn required(name: &'static str, doc: &'static str) -> FieldWord {
    FieldWord { name, doc, needed: Needed::Required }
}

const fn optional(name: &'static str, doc: &'static str) -> FieldWord {
    FieldWord { name, doc, needed: Needed::Optional }
}

impl<K> Word<K> {
    /// The names of its fields.
    pub fn field_names(&self) -> impl Iterator<Item = &'static str> + Clone + use<K> {
        self.fields.iter().map(|field| field.name)
    }
}

/// The entry of this name in a table.
pub fn find<K>(table: &'static [Word<K>], name: &str) -> Option<&'static Word<K>> {
    table.iter().find(|word| word.name == name)
}

/// The names of a table.
pub fn names<K>(table: &'static [Word<K>]) -> impl Iterator<Item = &'static str> + Clone {
    table.iter().map(|word| word.name)
}
