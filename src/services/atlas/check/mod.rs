//! Checkers: the rules that can be judged from a history.
//!
//! What this is: [`all`] for a finished history, [`Checks`] for one that still grows. What it is
//! not: no checker asks a service anything; a rule that neither records nor deliveries show (an
//! active ban, a stat) is judged by expectations of scenarios.
//!
//! What always holds: what a rule accepts besides the reference is no violation; where a history
//! does not tell enough (state that was given, a record that a fault changed), nothing is said.
//! Values are decoded once, however often they come. Start at [`CHECKERS`].

mod assembly;
mod contract;
mod envelope;
pub(in crate::services) mod fact;
pub(in crate::services) mod handling;
pub(in crate::services) mod map;
mod order;
pub(in crate::services) mod out;
pub(in crate::services) mod view;

use std::collections::BTreeMap;

use self::assembly::Assembler;
use self::handling::{Appended, Handling};
use self::out::Out;
use self::view::{Memo, Role, View};
use crate::history::{Event, History, ServiceIx};
use crate::pack::HistoryChecker;
use crate::rule::{Finding, Report, RuleId};
use crate::services::{account, ban, invite, login};

/// A checker and the rules that it can find broken.
#[derive(Clone, Copy, Debug)]
pub struct CheckerInfo {
    /// What it looks at.
    pub name: &'static str,
    /// The rules that it names.
    pub rules: &'static [RuleId],
}

const fn checker(name: &'static str, rules: &'static [RuleId]) -> CheckerInfo {
    CheckerInfo { name, rules }
}

/// All checkers, in the order in which they look.
pub static CHECKERS: &[CheckerInfo] = &[
    checker("assembly", assembly::RULES),
    checker("envelope", envelope::RULES),
    checker("contract", contract::RULES),
    checker("order", order::RULES),
    checker("ban", ban::check::RULES),
    checker("account", account::check::RULES),
    checker("login", login::check::RULES),
    checker("invite", invite::check::RULES),
];

/// The checkers, at work.
#[derive(Debug, Default)]
struct Checkers {
    envelope: envelope::Envelope,
    contract: contract::Contract,
    order: order::Order,
    ban: ban::check::Ban,
    account: account::check::Account,
    login: login::check::Login,
    invite: invite::check::Invite,
}

impl Checker for Checkers {
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        self.envelope.appended(view, appended, out);
        if appended.by.is_some() {
            self.contract.appended(view, appended, out);
            self.order.appended(view, appended, out);
        }
    }

    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        self.envelope.handled(view, handling, out);
        self.contract.handled(view, handling, out);
        match handling.role {
            Role::Ban => self.ban.handled(view, handling, out),
            Role::Account => self.account.handled(view, handling, out),
            Role::Login => self.login.handled(view, handling, out),
            Role::Invite => self.invite.handled(view, handling, out),
            Role::EffectiveStats | Role::Other => {}
        }
    }

    fn given(&mut self, view: View<'_>, service: ServiceIx, what: &str) {
        self.account.given(view, service, what);
    }

    fn clear(&mut self) {
        let all: [&mut dyn Checker; 7] = [
            &mut self.envelope,
            &mut self.contract,
            &mut self.order,
            &mut self.ban,
            &mut self.account,
            &mut self.login,
            &mut self.invite,
        ];
        for checker in all {
            checker.clear();
        }
    }
}

/// Looks at a run as it goes, in order. State is kept by tenant.
pub(in crate::services) trait Checker {
    /// A record was appended.
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        let _ = (view, appended, out);
    }

    /// A service is done with an input.
    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        let _ = (view, handling, out);
    }

    /// The test gave a service data of these kinds before the run.
    fn given(&mut self, view: View<'_>, service: ServiceIx, what: &str) {
        let _ = (view, service, what);
    }

    /// Forgets the run.
    fn clear(&mut self);
}

/// The checkers at work on one history after another.
#[derive(Debug, Default)]
pub struct Checks {
    memo: Memo,
    assembler: Assembler,
    checkers: Checkers,
    out: Out,
    done: Vec<Handling>,
    next: usize,
}

impl Checks {
    /// Checkers that have seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn judge(&mut self, history: &History) {
        let view = View::new(history, &self.memo);
        for handling in self.done.drain(..) {
            self.checkers.handled(view, &handling, &mut self.out);
        }
    }
}

impl HistoryChecker for Checks {
    fn begin(&mut self, history: &History) {
        if !self.memo.begin(history) {
            self.checkers.contract.forget();
        }
        self.assembler.begin(history.services().len());
        self.checkers.clear();
        self.out.clear();
        self.done.clear();
        self.next = 0;
    }

    fn follow(&mut self, history: &History) {
        for entry in &history.entries()[self.next..] {
            match &entry.event {
                Event::Sent { record } | Event::Emitted { record, .. } => {
                    self.memo.learn(history.record(*record));
                }
                Event::Applied { rule, .. } => self.out.applied(*rule),
                Event::Given { service, what } => {
                    let view = View::new(history, &self.memo);
                    self.checkers.given(view, *service, what);
                }
                _ => {}
            }
            let view = View::new(history, &self.memo);
            let to = (&mut self.out, &mut self.done);
            if let Some(appended) = self.assembler.entry(view, entry, to) {
                self.checkers.appended(view, &appended, &mut self.out);
            }
            self.judge(history);
        }
        self.next = history.entries().len();
    }

    fn findings(&self) -> &[Finding] {
        &self.out.findings
    }

    fn premises(&self) -> BTreeMap<RuleId, u64> {
        self.out.premises()
    }

    fn end(&mut self, history: &History) -> Report {
        self.follow(history);
        let view = View::new(history, &self.memo);
        self.assembler.end(view, (&mut self.out, &mut self.done));
        self.judge(history);
        let findings = std::mem::take(&mut self.out.findings);
        Report { findings, premises: self.premises() }
    }
}

/// Judges a whole history.
#[must_use]
pub fn all(history: &History) -> Report {
    let mut checks = Checks::new();
    checks.begin(history);
    checks.end(history)
}
