//! Packs: all that is known of a service, as one value, and the list of those that there are.
//!
//! What this is: [`Pack`], which names a service's contract, handler, rules and what else the
//! product needs to play, judge and explain it; [`Shared`], what the services of a list have in
//! common; and [`Packs`], the list. What it is not: nothing here knows any service by name.
//!
//! What always holds: names of packs are unique in a list, and everything else asks the list, so
//! that a pack may be declared anywhere, outside of this crate too. Start at [`Pack::new`].

mod checks;
mod list;
mod shared;

pub use checks::{Checks, HistoryChecker};
pub use list::Packs;
pub use shared::{Roles, Shared};

use std::fmt;

use crate::rule::RuleId;
use crate::service::Model;
use crate::verify::attribution::{Attribution, Nothing};
use crate::verify::script::random::Workload;

/// All that is known of one service.
#[derive(Clone)]
pub struct Pack {
    pub(crate) name: &'static str,
    pub(crate) document: &'static str,
    pub(crate) contract: (&'static str, &'static str),
    pub(crate) rules: &'static [RuleId],
    pub(crate) service: fn() -> Box<dyn Model>,
    pub(crate) asks: &'static [&'static str],
    pub(crate) absent: &'static [Absent],
    pub(crate) looked_up: &'static [&'static str],
    pub(crate) announced: &'static [&'static str],
    pub(crate) of_records: &'static [RuleId],
    pub(crate) keyed_by: Option<RuleId>,
    pub(crate) workload: Option<Workload>,
    pub(crate) attribution: &'static dyn Attribution,
    pub(crate) checkers: &'static [fn() -> Box<dyn HistoryChecker>],
}

impl Pack {
    /// A service by its name, which is the `x-service` of its contract; its contract as a path and
    /// a text; its rules; and how it starts.
    #[must_use]
    pub const fn new(
        name: &'static str,
        contract: (&'static str, &'static str),
        rules: &'static [RuleId],
        service: fn() -> Box<dyn Model>,
    ) -> Self {
        Self {
            name,
            document: "",
            contract,
            rules,
            service,
            asks: &[],
            absent: &[],
            looked_up: &[],
            announced: &[],
            of_records: &[],
            keyed_by: None,
            workload: None,
            attribution: &Nothing,
            checkers: &[],
        }
    }

    /// The document that describes it, by which rules are cited that stand in several.
    #[must_use]
    pub const fn document(mut self, name: &'static str) -> Self {
        self.document = name;
        self
    }

    /// The services that it asks while it handles a record: it does not run without them.
    #[must_use]
    pub const fn asks(mut self, services: &'static [&'static str]) -> Self {
        self.asks = services;
        self
    }

    /// What others take for the answer to its queries where it does not run.
    #[must_use]
    pub const fn absent(mut self, answers: &'static [Absent]) -> Self {
        self.absent = answers;
        self
    }

    /// The data that it looks up elsewhere. What else a scenario can give it is its own state,
    /// which in an implementation only messages bring about.
    #[must_use]
    pub const fn looks_up(mut self, data: &'static [&'static str]) -> Self {
        self.looked_up = data;
        self
    }

    /// The fields in which it announces ids that it makes up.
    #[must_use]
    pub const fn announces(mut self, fields: &'static [&'static str]) -> Self {
        self.announced = fields;
        self
    }

    /// Those of its rules that records alone can show broken, without knowing what it read.
    #[must_use]
    pub const fn shown_by_records(mut self, rules: &'static [RuleId]) -> Self {
        self.of_records = rules;
        self
    }

    /// The rule that says how its records are keyed, where one does besides its contract.
    #[must_use]
    pub const fn keyed_by(mut self, rule: RuleId) -> Self {
        self.keyed_by = Some(rule);
        self
    }

    /// Checkers of histories for this service, besides those that are shared.
    #[must_use]
    pub const fn checkers(mut self, all: &'static [fn() -> Box<dyn HistoryChecker>]) -> Self {
        self.checkers = all;
        self
    }

    /// How sequences of inputs are drawn.
    #[must_use]
    pub(crate) const fn workload(mut self, workload: Workload) -> Self {
        self.workload = Some(workload);
        self
    }

    /// The path and the text of its contract.
    #[must_use]
    pub const fn contract(&self) -> (&'static str, &'static str) {
        self.contract
    }

    /// How a breach is called by the right rule.
    #[must_use]
    pub(crate) const fn attribution(mut self, knowledge: &'static dyn Attribution) -> Self {
        self.attribution = knowledge;
        self
    }

    /// The service's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its rules, in order.
    #[must_use]
    pub const fn rules(&self) -> &'static [RuleId] {
        self.rules
    }
}

/// The answer to a query of a service that does not run.
#[derive(Clone, Copy, Debug)]
pub struct Absent {
    /// The query, e.g. `stock`.
    pub query: &'static str,
    /// The answer, as JSON.
    pub answer: &'static str,
    /// What it means, as what somebody takes: `everything to be in stock`.
    pub meaning: &'static str,
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pack({})", self.name)
    }
}
