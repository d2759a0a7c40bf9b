//! Variables of a running test, and where each got its value.

use std::collections::{BTreeMap, BTreeSet};

use crate::message::Json;
use crate::scenario::Name;

/// A variable's value.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) value: Json,
    /// Where: `fixtures/registered-account.fragment.yaml:10`.
    pub(super) at: String,
    /// It came from a sensitive field and is never shown.
    pub(super) secret: bool,
}

/// The variables that steps see. Each fragment has its own; `repeat` shares the one around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    bound: BTreeMap<Name, Bound>,
    /// Variables whose values the reader knows to be secrets.
    secrets: BTreeSet<Name>,
}

impl Scope {
    /// An empty scope in which these variables are never shown.
    pub(super) fn hiding(secrets: &BTreeSet<Name>) -> Self {
        Self { bound: BTreeMap::new(), secrets: secrets.clone() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Bound> {
        self.bound.get(name)
    }

    pub(super) fn bind(&mut self, name: Name, mut bound: Bound) {
        bound.secret |= self.secrets.contains(&name);
        self.bound.insert(name, bound);
    }
}
