//! What reading a document needs everywhere: references, traits, problems told once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::library::{Library, Unresolved};
use super::model::NotChecked;
use super::tree::{At, Entry, Tree, Value};
use crate::diagnostic::{Diagnostic, Severity};

/// Objects are put together this deep.
const MAX_DEPTH: usize = 32;

/// A document that is being read.
pub(super) struct Scope {
    pub(super) library: Library,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) not_checked: Vec<NotChecked>,
    /// What was told, by place and code.
    told: BTreeSet<(At, &'static str)>,
}

impl Scope {
    pub(super) fn new(library: Library) -> Self {
        Self { library, diagnostics: Vec::new(), not_checked: Vec::new(), told: BTreeSet::new() }
    }

    /// Tells an error, once for a place and a code.
    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, at: At) {
        self.tell(code, message.into(), at, |one| one);
    }

    /// Tells a warning, once for a place and a code.
    pub(super) fn warning(&mut self, code: &'static str, message: impl Into<String>, at: At) {
        self.tell(code, message.into(), at, |one| Diagnostic {
            severity: Severity::Warning,
            ..one
        });
    }

    pub(super) fn tell(
        &mut self,
        code: &'static str,
        message: String,
        at: At,
        more: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        if self.told.insert((at, code)) {
            let error = Diagnostic::error(code, message, self.library.file(at), at.span);
            self.diagnostics.push(more(error));
        }
    }

    /// Notes that nothing checks something, once for a place.
    pub(super) fn not_checked(&mut self, what: String, at: At) {
        if self.told.insert((at, "asyncapi::not-checked")) {
            self.not_checked.push(NotChecked { what, at });
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }

    /// The tree itself, or what its reference names; what leads nowhere is told.
    pub(super) fn follow(&mut self, tree: &Arc<Tree>, what: &str) -> Option<Arc<Tree>> {
        match self.library.followed(tree) {
            Ok(found) => Some(found),
            Err(why) => {
                self.unresolved(why, tree, what);
                None
            }
        }
    }

    /// Tells why a reference leads nowhere; one to the network only is not checked.
    pub(super) fn unresolved(&mut self, why: Unresolved, tree: &Tree, what: &str) {
        let at = tree.get("$ref").map_or(tree.at, |target| target.at);
        let target = tree.reference().unwrap_or_default().to_owned();
        const CODE: &str = "asyncapi::bad-reference";
        match why {
            Unresolved::Remote(address) => {
                let what = format!("{what} is at {address}: nothing is read from the network");
                self.not_checked(what, at);
            }
            Unresolved::File(why) => {
                self.error(CODE, format!("`{target}` leads nowhere: {why}"), at);
            }
            Unresolved::Circle => {
                self.error(CODE, format!("the reference of {what} leads back to itself"), at);
            }
            Unresolved::Missing(part, near) => {
                let message = format!("nothing is at `{target}`");
                self.tell(CODE, message, at, |error| {
                    let error = error.label(format!("`{part}` is not there"));
                    error.did_you_mean(&part, near.iter().map(String::as_str), None)
                });
            }
        }
    }

    /// An object, references followed; anything else is told.
    pub(super) fn object(&mut self, tree: &Arc<Tree>, what: &str) -> Option<Arc<Tree>> {
        let tree = self.follow(tree, what)?;
        if matches!(tree.value, Value::Map(_)) {
            return Some(tree);
        }
        let message = format!("{what} is an object, not {}", tree.kind());
        self.error("asyncapi::wrong-type", message, tree.at);
        None
    }

    /// The members of an object that is a member; what is none is told.
    pub(super) fn members(&mut self, of: &Tree, name: &str, what: &str) -> Vec<Entry> {
        let Some(tree) = of.get(name) else {
            return Vec::new();
        };
        let what = format!("`{name}` of {what}");
        let object = self.object(tree, &what);
        object.map(|object| object.entries().to_vec()).unwrap_or_default()
    }

    /// The text of a member; anything else is told.
    pub(super) fn text(&mut self, of: &Tree, name: &str, what: &str) -> Option<String> {
        let tree = of.get(name)?;
        if tree.text().is_none() {
            let message = format!("`{name}` of {what} is text, not {}", tree.kind());
            self.error("asyncapi::wrong-type", message, tree.at);
        }
        tree.text().map(str::to_owned)
    }

    /// A member some levels below, references followed on the way; nothing is told.
    pub(super) fn below(&self, tree: &Arc<Tree>, path: &[&str]) -> Option<Arc<Tree>> {
        let mut at = self.library.followed(tree).ok()?;
        for name in path {
            at = self.library.followed(at.get(name)?).ok()?;
        }
        Some(at)
    }

    /// An object with what its traits bring: later ones win over earlier ones, it over all.
    pub(super) fn with_traits(&mut self, tree: &Arc<Tree>, what: &str) -> Arc<Tree> {
        let Some(traits) = tree.get("traits") else {
            return Arc::clone(tree);
        };
        let mut all: Option<Arc<Tree>> = None;
        for item in traits.items() {
            // A trait may be a list of itself and what a tool is told about it.
            let item = match &item.value {
                Value::List(inner) => match inner.first() {
                    Some(first) => first,
                    None => continue,
                },
                _ => item,
            };
            let Some(one) = self.object(item, &format!("a trait of {what}")) else { continue };
            all = Some(match all {
                Some(before) => self.merged(&one, &before, 0),
                None => one,
            });
        }
        all.map_or_else(|| Arc::clone(tree), |all| self.merged(tree, &all, 0))
    }

    fn merged(&self, own: &Arc<Tree>, more: &Arc<Tree>, depth: usize) -> Arc<Tree> {
        let (Ok(one), Ok(other)) = (self.library.followed(own), self.library.followed(more)) else {
            return Arc::clone(own);
        };
        let (Value::Map(entries), Value::Map(others)) = (&one.value, &other.value) else {
            return Arc::clone(own);
        };
        if depth > MAX_DEPTH {
            return Arc::clone(own);
        }
        let both = |entry: &Entry| match other.get(&entry.name) {
            Some(theirs) => {
                let tree = self.merged(&entry.tree, theirs, depth + 1);
                Entry { tree, ..entry.clone() }
            }
            None => entry.clone(),
        };
        let mut entries: Vec<Entry> = entries.iter().map(both).collect();
        entries.extend(others.iter().filter(|entry| one.entry(&entry.name).is_none()).cloned());
        Arc::new(Tree { at: one.at, value: Value::Map(entries) })
    }
}
