//! Which variables are known at a place of a file.
//!
//! A file is read in the order in which it runs, so what is bound so far is what can be used. A
//! fragment has a scope of its own; `repeat` shares the one around it.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Span;
use crate::scenario::template::Name;

/// How a variable came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A column of the table that names the tests.
    NamingColumn,
    /// Another column of the table.
    Column,
    /// A parameter of the fragment.
    Parameter,
    /// `let`
    Let,
    /// The answer of a stimulus.
    Answer,
    /// Anything else: it documents what it matched, so it need not be used.
    Matched,
}

#[derive(Clone, Debug)]
struct Variable {
    origin: Origin,
    span: Span,
    used: bool,
    /// Where literals stand that become its value.
    values: Vec<Span>,
}

/// The variables of a file, up to a place in it.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    variables: BTreeMap<Name, Variable>,
    /// Bound in this step by another expectation, and not seen before the step is over.
    hidden: BTreeSet<Name>,
    /// Bound since [`Scope::start_item`].
    recent: Vec<Name>,
    /// How many `repeat` are around the place.
    pub(crate) repeats: usize,
    /// Something that could bind anything could not be read.
    pub(crate) incomplete: bool,
    /// Variables whose values are secrets.
    pub(crate) secrets: BTreeSet<Name>,
}

/// What came of binding a variable.
pub(crate) enum Bound {
    /// It is new, or replaced within `repeat`.
    Yes,
    /// It was bound before, here.
    Again(Span),
}

impl Scope {
    pub(crate) fn bind(&mut self, name: &Name, origin: Origin, span: Span) -> Bound {
        let again = self.variables.get(name).map(|variable| variable.span);
        if let (Some(first), 0) = (again, self.repeats) {
            return Bound::Again(first);
        }
        let used = again.is_some();
        // Where the values stood that it replaces is kept: they are secrets if it turns out to be.
        let values = self.variables.remove(name).map(|old| old.values);
        let variable = Variable { origin, span, used, values: values.unwrap_or_default() };
        self.variables.insert(name.clone(), variable);
        self.recent.push(name.clone());
        Bound::Yes
    }

    /// Notes where the literals stand that become the value of a variable.
    pub(crate) fn value_stands_at(&mut self, name: &Name, spans: impl IntoIterator<Item = Span>) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.values.extend(spans);
        }
    }

    /// Marks a variable as used; false if there is none.
    pub(crate) fn use_variable(&mut self, name: &str) -> bool {
        if self.hidden.contains(name) {
            return false;
        }
        match self.variables.get_mut(name) {
            Some(variable) => {
                variable.used = true;
                true
            }
            None => false,
        }
    }

    pub(crate) fn is_bound(&self, name: &str) -> bool {
        self.variables.contains_key(name) && !self.hidden.contains(name)
    }

    /// Where a variable was bound that is not seen yet.
    pub(crate) fn hidden(&self, name: &str) -> Option<Span> {
        self.hidden.get(name).and_then(|name| self.variables.get(name)).map(|v| v.span)
    }

    /// Marks the value of a variable as secret; returns where its literals stand.
    pub(crate) fn make_secret(&mut self, name: &str) -> Vec<Span> {
        let Some((name, variable)) = self.variables.get_key_value(name) else {
            return Vec::new();
        };
        self.secrets.insert(name.clone());
        variable.values.clone()
    }

    /// The names bound so far.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let seen = |name: &&Name| !self.hidden.contains(*name);
        self.variables.keys().filter(seen).map(|name| &**name)
    }

    /// What is bound from here on can be hidden.
    pub(crate) fn start_item(&mut self) {
        self.recent.clear();
    }

    /// Hides what has been bound since the item was started.
    pub(crate) fn hide_item(&mut self) {
        self.hidden.extend(self.recent.drain(..));
    }

    /// The step is over: what it bound is seen.
    pub(crate) fn show_all(&mut self) {
        self.hidden.clear();
    }

    /// Variables that nothing uses although that was their only purpose.
    pub(crate) fn unused(&self) -> Vec<(&Name, Origin, Span)> {
        let pointless = |origin| !matches!(origin, Origin::NamingColumn | Origin::Matched);
        self.variables
            .iter()
            .filter(|(_, variable)| !variable.used && pointless(variable.origin))
            .map(|(name, variable)| (name, variable.origin, variable.span))
            .collect()
    }
}
