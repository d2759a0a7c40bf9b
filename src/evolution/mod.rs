//! What a change of a schema breaks: proven, or shown by a value.
//!
//! What this is: two plain JSON Schema documents are compared by the values that they accept
//! (`inclusion`), and what changed is named rule by rule ([`changes`]). What it is not: a
//! validator, or a reader of files (`source` gives places for what is wrong with one).
//!
//! What always holds: [`Verdict::Compatible`] comes only from a proof, [`Verdict::Breaking`] only
//! with a value that two validators of other authors accept by one schema and refuse by the other;
//! all else is [`Verdict::Undecided`] with its reason. Work is bounded in steps, not time,
//! so the same files give the same answer. Start at [`compare`].

mod candidates;
mod changes;
mod compile;
mod document;
mod exact;
mod inclusion;
mod json;
mod node;
mod policy;
mod regex;
mod sat;
pub(crate) mod source;
mod takes;
mod witness;

pub use changes::{Change, Rule, changes};
pub use compile::Draft;
pub(crate) use document::{DATA, MAPS};
pub use document::{Document, UnknownDraft};
pub use inclusion::{Inclusion, included};
pub use json::Json;
pub(crate) use json::token;
pub use policy::Policy;
pub(crate) use source::read;
pub(crate) use witness::confirmed;

/// Which way two schemas must be compatible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Who reads by the new schema reads what was written by the last old one.
    Backward,
    /// Who reads by the last old schema reads what is written by the new one.
    Forward,
    /// Both.
    Full,
    /// As `Backward`, for all old schemas.
    BackwardTransitive,
    /// As `Forward`, for all old schemas.
    ForwardTransitive,
    /// As `Full`, for all old schemas.
    FullTransitive,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Backward,
        Self::Forward,
        Self::Full,
        Self::BackwardTransitive,
        Self::ForwardTransitive,
        Self::FullTransitive,
    ];

    /// Its name, as schema registries write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Backward => "BACKWARD",
            Self::Forward => "FORWARD",
            Self::Full => "FULL",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    pub(crate) fn is_transitive(self) -> bool {
        self >= Self::BackwardTransitive
    }

    pub(crate) fn directions(self) -> &'static [Direction] {
        match self {
            Self::Backward | Self::BackwardTransitive => &[Direction::OldToNew],
            Self::Forward | Self::ForwardTransitive => &[Direction::NewToOld],
            Self::Full | Self::FullTransitive => &[Direction::OldToNew, Direction::NewToOld],
        }
    }
}

/// Who writes and who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The old schema writes, the new one reads.
    OldToNew,
    /// The new schema writes, the old one reads.
    NewToOld,
}

/// What is said of a mode.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Each value that is written is accepted where it is read.
    Compatible,
    /// A value is written that is refused where it is read.
    Breaking(Witness),
    /// Neither is known, for this reason.
    Undecided(String),
}

/// A value that one side writes and the other refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The value.
    pub value: Json,
    /// Which side writes it.
    pub direction: Direction,
    /// Which of the old schemas the new one was compared with, from 0.
    pub old: usize,
}

/// What comes of a comparison in one mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The mode.
    pub mode: Mode,
    /// What is said of it.
    pub verdict: Verdict,
    /// What changed from the last old schema to the new one, whichever the mode.
    pub changes: Vec<Change>,
    /// Whether a schema registry would accept the change, where the policy is one of its own.
    pub registry_accepts: Option<bool>,
}

/// Compares a schema with the ones before it, the oldest first.
#[must_use]
pub fn compare(olds: &[Document], new: &Document, mode: Mode, policy: Policy) -> Comparison {
    let from = if mode.is_transitive() { 0 } else { olds.len().saturating_sub(1) };
    let mut verdict = Verdict::Compatible;
    let mut accepts = true;
    'all: for (at, old) in olds.iter().enumerate().skip(from) {
        for direction in mode.directions() {
            let (writer, reader) = match direction {
                Direction::OldToNew => (old, new),
                Direction::NewToOld => (new, old),
            };
            accepts &= policy.registry_accepts(&changes(writer, reader));
            let (writer, reader) = (policy.writer(writer), policy.reader(reader));
            match included(&writer, &reader) {
                Inclusion::Holds => {}
                Inclusion::Fails(value) => {
                    let direction = *direction;
                    verdict = Verdict::Breaking(Witness { value, direction, old: at });
                    break 'all;
                }
                Inclusion::Unknown(why) => verdict = Verdict::Undecided(why),
            }
        }
    }
    let changes = olds.last().map_or_else(Vec::new, |old| changes(old, new));
    let registry_accepts = policy.is_of_a_registry().then_some(accepts);
    Comparison { mode, verdict, changes, registry_accepts }
}
