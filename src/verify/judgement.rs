//! What is said of an implementation.

use std::collections::BTreeMap;

use crate::message::{RecordId, Tenant};
use crate::rule::{RuleId, Severity};

/// The verdict on each rule, with the evidence.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Violations and advisories, in the order of what they speak of.
    pub findings: Vec<Found>,
    /// How each rule that concerns the subject stands.
    pub rules: BTreeMap<RuleId, Standing>,
    /// How many states of the reference were tried to explain what was seen.
    pub states: u64,
    /// The tenants of which not everything can be said, by why not. A rule is inconclusive where
    /// its premise would hold in one of them, and did in no other tenant.
    pub unsettled: BTreeMap<&'static str, Vec<Tenant>>,
    /// What is to be known of the evidence before a verdict is believed.
    pub notes: Vec<String>,
}

/// One violation or advisory.
#[derive(Clone, Debug)]
pub struct Found {
    /// How grave it is.
    pub severity: Severity,
    /// The rule that it breaks.
    pub rule: RuleId,
    /// What was seen and what was to be seen.
    pub message: String,
    /// In which tenant; none where records have none.
    pub tenant: Option<Tenant>,
    /// The records that show it, in order.
    pub records: Vec<RecordId>,
    /// The least that would have to be taken back for the rest to be explained, in words.
    pub relaxation: Option<String>,
    /// How many more of its kind there are that are not told: none but for the last that is.
    pub more: Option<More>,
    /// Whether it came again when its inputs were played by themselves.
    pub reproduced: Reproduced,
    /// What was seen besides that could explain it, if it does not come again.
    pub doubt: Option<&'static str>,
}

impl Found {
    /// A finding that nothing but this is known of.
    #[must_use]
    pub fn new(
        severity: Severity,
        rule: RuleId,
        message: String,
        (tenant, records): (Option<Tenant>, Vec<RecordId>),
    ) -> Self {
        Self {
            severity,
            rule,
            message,
            tenant,
            records,
            relaxation: None,
            more: None,
            reproduced: Reproduced::NotTried,
            doubt: None,
        }
    }

    /// How many findings it stands for.
    #[must_use]
    pub fn times(&self) -> u64 {
        1 + self.more.map_or(0, |more| more.times)
    }
}

/// Findings of one rule and kind that are only counted: their sentences differ in nothing but the
/// numbers of records, ids and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct More {
    /// How many.
    pub times: u64,
    /// In how many tenants.
    pub tenants: usize,
}

/// Whether a finding came again when its inputs were played by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reproduced {
    /// It did.
    Yes,
    /// Nobody tried.
    #[default]
    NotTried,
    /// It did not, and so weighs less.
    No,
}

impl Judgement {
    /// Takes a violation back that what was seen besides could explain (`doubt`), and of which
    /// nothing more is known (`played`: what came of playing it again): its rule is inconclusive,
    /// unless it was broken elsewhere.
    #[cfg(feature = "kafka")]
    pub(crate) fn withdraw(&mut self, at: usize, played: &str, doubt: &str) {
        let found = self.findings.remove(at);
        let violation =
            |other: &&Found| other.rule == found.rule && other.severity == Severity::Violation;
        let times: u64 = self.findings.iter().filter(violation).map(Found::times).sum();
        let standing = match times {
            0 => Standing::Inconclusive {
                why: format!(
                    "a violation {played}, and {doubt}, which could explain it: {}",
                    found.message
                ),
            },
            times => Standing::Violated { times },
        };
        self.rules.insert(found.rule, standing);
    }
}

impl Reproduced {
    /// As reports say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::NotTried => "not tried",
            Self::No => "no",
        }
    }
}

/// How a rule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its premise held so often, and each time the rule did.
    Passed {
        /// How often.
        times: u64,
    },
    /// It was broken.
    Violated {
        /// How often.
        times: u64,
    },
    /// The implementation differs from the reference where the documents are silent.
    Advisory {
        /// How often.
        times: u64,
    },
    /// Its premise never held, or nothing that was observed can show it.
    NotExercised {
        /// Why not, and what would exercise it.
        why: String,
    },
    /// It cannot be told.
    Inconclusive {
        /// Why not.
        why: String,
    },
}
