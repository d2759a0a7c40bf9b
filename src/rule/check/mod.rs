//! Checkers: the rules that can be judged from a history.
//!
//! What this is: [`all`] for a finished history, [`Checks`] for one that still grows. What it is
//! not: no checker asks a service anything; a rule that neither records nor deliveries show (an
//! active ban, a stat) is judged by expectations of scenarios.
//!
//! What always holds: what a rule accepts besides the reference is no violation; where a history
//! does not tell enough (state that was given, a record that a fault changed), nothing is said.
//! Values are decoded once, however often they come. Start at [`CHECKERS`].

mod account;
mod assembly;
mod ban;
mod contract;
mod envelope;
mod fact;
mod handling;
mod invite;
mod login;
mod map;
mod order;
mod out;
mod sequence;
mod view;

use std::collections::BTreeMap;
use std::fmt;

use self::assembly::Assembler;
use self::handling::{Appended, Handling};
use self::out::Out;
use self::view::{Memo, View};
use super::{Finding, RULES, RuleId, id};
use crate::history::{Event, History};

/// A checker and the rules that it can find broken.
pub struct CheckerInfo {
    /// What it looks at.
    pub name: &'static str,
    /// The rules that it names.
    pub rules: &'static [RuleId],
    new: fn() -> Box<dyn Checker>,
}

impl fmt::Debug for CheckerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckerInfo")
            .field("name", &self.name)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// All checkers, in the order in which they look.
pub static CHECKERS: &[CheckerInfo] = &[
    CheckerInfo {
        name: "envelope",
        rules: envelope::RULES,
        new: || Box::new(envelope::Envelope::default()),
    },
    CheckerInfo {
        name: "contract",
        rules: contract::RULES,
        new: || Box::new(contract::Contract::default()),
    },
    CheckerInfo {
        name: "order",
        rules: order::RULES,
        new: || Box::new(order::Order::default()),
    },
    CheckerInfo {
        name: "ban",
        rules: ban::RULES,
        new: || Box::new(ban::Ban::default()),
    },
    CheckerInfo {
        name: "account",
        rules: account::RULES,
        new: || Box::new(account::Account::default()),
    },
    CheckerInfo {
        name: "login",
        rules: login::RULES,
        new: || Box::new(login::Login::default()),
    },
    CheckerInfo {
        name: "invite",
        rules: invite::RULES,
        new: || Box::new(invite::Invite::default()),
    },
    CheckerInfo {
        name: "sequence",
        rules: sequence::RULES,
        new: || Box::new(sequence::Sequence::default()),
    },
];

/// What the assembly of handlings itself finds broken.
pub const ASSEMBLY_RULES: &[RuleId] = &[id::COM_1, id::COM_10];

/// Looks at a run as it goes, in order. State is kept by tenant.
trait Checker: Send {
    /// A record was appended.
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        let _ = (view, appended, out);
    }

    /// A service is done with an input.
    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        let _ = (view, handling, out);
    }

    /// The test gave a service data of these kinds before the run.
    fn given(&mut self, view: View<'_>, service: crate::history::ServiceIx, what: &str) {
        let _ = (view, service, what);
    }

    /// Forgets the run.
    fn clear(&mut self);
}

/// What the rules say about a history.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Violations and advisories.
    pub findings: Vec<Finding>,
    /// How often the premise of each rule held.
    pub premises: BTreeMap<RuleId, u64>,
}

/// The checkers at work on one history after another, in the words of one set of contracts.
pub struct Checks {
    memo: Memo,
    assembler: Assembler,
    checkers: Vec<Box<dyn Checker>>,
    out: Out,
    done: Vec<Handling>,
    next: usize,
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks")
            .field("entries", &self.next)
            .field("findings", &self.out.findings)
            .finish_non_exhaustive()
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self::new()
    }
}

impl Checks {
    /// Checkers that have seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            memo: Memo::default(),
            assembler: Assembler::default(),
            checkers: CHECKERS.iter().map(|info| (info.new)()).collect(),
            out: Out::default(),
            done: Vec::new(),
            next: 0,
        }
    }

    /// Starts on another history of the same contracts: what was learned of values is kept.
    pub fn begin(&mut self, history: &History) {
        self.memo.begin(history);
        self.assembler.begin(history.services().len());
        self.checkers.iter_mut().for_each(|checker| checker.clear());
        self.out.clear();
        self.done.clear();
        self.next = 0;
    }

    /// Looks at what was added to the history since the last call.
    pub fn follow(&mut self, history: &History) {
        for entry in &history.entries()[self.next..] {
            match &entry.event {
                Event::Sent { record } | Event::Emitted { record, .. } => {
                    self.memo.learn(history.record(*record));
                }
                Event::Applied { rule, .. } => self.out.applied(*rule),
                Event::Given { service, what } => {
                    let view = View::new(history, &self.memo);
                    for checker in &mut self.checkers {
                        checker.given(view, *service, what);
                    }
                }
                _ => {}
            }
            let view = View::new(history, &self.memo);
            let to = (&mut self.out, &mut self.done);
            if let Some(appended) = self.assembler.entry(view, entry, to) {
                for checker in &mut self.checkers {
                    checker.appended(view, &appended, &mut self.out);
                }
            }
            self.judge(history);
        }
        self.next = history.entries().len();
    }

    fn judge(&mut self, history: &History) {
        let view = View::new(history, &self.memo);
        for handling in self.done.drain(..) {
            for checker in &mut self.checkers {
                checker.handled(view, &handling, &mut self.out);
            }
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.out.findings
    }

    /// Ends the run, which may have been cut anywhere, and says what was found.
    #[must_use]
    pub fn end(&mut self, history: &History) -> Report {
        self.follow(history);
        let view = View::new(history, &self.memo);
        self.assembler.end(view, (&mut self.out, &mut self.done));
        self.judge(history);
        let findings = std::mem::take(&mut self.out.findings);
        let held = RULES
            .iter()
            .map(|rule| (rule.id, self.out.premise(rule.id)));
        Report {
            findings,
            premises: held.filter(|(_, times)| *times > 0).collect(),
        }
    }
}

/// Judges a whole history.
#[must_use]
pub fn all(history: &History) -> Report {
    let mut checks = Checks::new();
    checks.begin(history);
    checks.end(history)
}
