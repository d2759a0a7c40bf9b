//! What kind of input a step sends: which phase it belongs to, and the name by which it is left
//! out.
//!
//! What always holds: names are stable and hold no space, so that they can be typed behind
//! `--skip-input`; a kind of bad input has the same name on every channel. Start at [`InputKind`].

use std::collections::BTreeSet;
use std::fmt;

use crate::diagnostic::suggest;

/// When inputs are sent: those of an earlier phase before all of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Contracts allow it, and rules expect it to be handled.
    Expected,
    /// Contracts allow it, and a rule asks that it is refused or ignored.
    Refused,
    /// It breaks its contract, or cannot be read at all.
    Undecodable,
}

impl Phase {
    /// All phases, in their order.
    pub const ALL: [Self; 3] = [Self::Expected, Self::Refused, Self::Undecodable];

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Refused => "refused",
            Self::Undecodable => "undecodable",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputKind {
    /// When inputs of it are sent.
    pub phase: Phase,
    /// What people call it: `ban.command/CREATE`, `ban.command/CREATE:BAN-2` (refused by that
    /// rule), `empty-value`.
    pub name: String,
}

impl InputKind {
    /// A kind of this phase and name.
    #[must_use]
    pub fn new(phase: Phase, name: impl Into<String>) -> Self {
        Self { phase, name: name.into() }
    }

    /// The kind of this name among `known`.
    ///
    /// # Errors
    /// [`UnknownKind`] where none has it.
    pub fn named(name: &str, known: &[Self]) -> Result<Self, UnknownKind> {
        let found = known.iter().find(|kind| kind.name == name).cloned();
        found.ok_or_else(|| UnknownKind {
            name: name.to_owned(),
            near: suggest(name, known.iter().map(|kind| kind.name.as_str())).map(str::to_owned),
        })
    }
}

impl fmt::Display for InputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// No kind of input has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of input is named {name:?}{}", help(near.as_deref()))]
pub struct UnknownKind {
    /// What was asked for.
    pub name: String,
    /// A name that is much like it.
    pub near: Option<String>,
}

fn help(near: Option<&str>) -> String {
    near.map_or_else(
        || "; reports name them: `ban.command/CREATE`, `empty-value`".to_owned(),
        |near| format!("; did you mean {near:?}?"),
    )
}

/// Names of kinds of input.
pub type KindNames = BTreeSet<String>;

#[cfg(test)]
mod tests {
    use super::{InputKind, Phase};

    #[test]
    fn a_kind_is_found_by_its_name() {
        let known = [
            InputKind::new(Phase::Expected, "ban.command/CREATE"),
            InputKind::new(Phase::Undecodable, "empty-value"),
        ];
        assert_eq!(InputKind::named("empty-value", &known).as_ref(), Ok(&known[1]));
        let near = InputKind::named("empty-valeu", &known).unwrap_err();
        assert_eq!(
            near.to_string(),
            "no kind of input is named \"empty-valeu\"; did you mean \"empty-value\"?"
        );
        let none = InputKind::named("nothing like it", &known).unwrap_err();
        assert!(
            none.to_string().ends_with("; reports name them: `ban.command/CREATE`, `empty-value`")
        );
    }

    #[test]
    fn phases_come_in_order() {
        assert!(Phase::ALL.is_sorted());
        let kinds = [InputKind::new(Phase::Expected, "z"), InputKind::new(Phase::Undecodable, "a")];
        assert!(kinds.is_sorted());
    }
}
