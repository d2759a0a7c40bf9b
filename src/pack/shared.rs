//! What the services of a list have in common.

use std::sync::Arc;

use super::HistoryChecker;
use crate::property::Properties;
use crate::rule::{DOC_1, RuleId};

/// Rules and checkers for every service of a list.
#[derive(Debug)]
pub struct Shared {
    /// The rules, in order.
    pub rules: &'static [RuleId],
    /// Those of them that speak of what comes before what.
    pub of_order: &'static [RuleId],
    /// Which of them the product itself acts on.
    pub roles: Roles,
    /// Makes the checkers of a history: of one that is seen from its beginning, or from the midst.
    pub checks: fn() -> Box<dyn HistoryChecker>,
    /// Rules that are properties of sequences: makes what their file says.
    pub properties: Option<fn() -> Arc<Properties>>,
    /// The disagreements of their documents that are accepted: the path of the file, and its text.
    pub accepted_disagreements: Option<(&'static str, &'static str)>,
}

/// The rules that the product itself acts on, by what they demand of every service.
#[derive(Clone, Copy, Debug)]
pub struct Roles {
    /// What a command emits leaves only once handling has succeeded.
    pub held_back: RuleId,
    /// An event has the headers of what caused it.
    pub headers: RuleId,
    /// A record that names no tenant has no effect, or one apart from every tenant.
    pub no_tenant: RuleId,
    /// A record without a trace is handled.
    pub no_trace: RuleId,
    /// A record that cannot be read changes nothing and stops nothing.
    pub unreadable: RuleId,
    /// No tenant depends on another.
    pub isolation: RuleId,
    /// An event keeps its contract.
    pub contract: RuleId,
    /// A value that comes again is that one delivered again.
    pub again: RuleId,
    /// State survives a restart.
    pub restart: RuleId,
    /// A crash neither loses an event nor doubles one that was acknowledged.
    pub crash: RuleId,
    /// Commands of one key take effect in order.
    pub key_order: RuleId,
    /// An event has a span of its own.
    pub span: RuleId,
    /// An event's id is that of a command.
    pub known_id: RuleId,
}

impl Roles {
    /// All are the rule of documents: for contracts of which no list of packs is known.
    pub(super) const UNNAMED: Self = {
        let one = DOC_1;
        Self {
            held_back: one,
            headers: one,
            no_tenant: one,
            no_trace: one,
            unreadable: one,
            isolation: one,
            contract: one,
            again: one,
            restart: one,
            crash: one,
            key_order: one,
            span: one,
            known_id: one,
        }
    };
}
