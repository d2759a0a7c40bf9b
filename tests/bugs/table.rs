//! The table of planted bugs: what is wrong, in which service, and how the scenarios find it.

#[path = "account.rs"]
mod account;
#[path = "ban.rs"]
mod ban;
#[path = "common.rs"]
mod common;
#[path = "effective_stats.rs"]
mod effective_stats;
#[path = "invite.rs"]
mod invite;
#[path = "login.rs"]
mod login;
#[path = "plant.rs"]
pub(crate) mod plant;
#[path = "sequence.rs"]
mod sequence;
#[path = "warp.rs"]
pub(crate) mod warp;

use quintet::rule::RuleId;
use quintet::service::Service;

/// A planted bug.
pub(crate) struct Bug {
    /// The rule that it breaks.
    pub(crate) rule: RuleId,
    /// What is wrong, in a phrase.
    pub(crate) what: &'static str,
    /// The service that has it.
    pub(crate) service: &'static str,
    /// The tests that are run: those whose names begin so.
    pub(crate) tests: &'static str,
    /// How it is found.
    pub(crate) found: Found,
    /// Puts it into the service.
    pub(crate) plant: Plant,
}

/// Puts a bug into a service.
pub(crate) type Plant = fn(Box<dyn Service>) -> Box<dyn Service>;

/// How a bug is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A checker names the rule.
    ByRule,
    /// An expectation, or the closed world at the end, fails.
    ByScenario,
}

/// All of them.
pub(crate) fn bugs() -> impl Iterator<Item = &'static Bug> {
    let families = [
        common::BUGS,
        ban::BUGS,
        account::BUGS,
        login::BUGS,
        effective_stats::BUGS,
        invite::BUGS,
        sequence::BUGS,
    ];
    families.into_iter().flatten()
}
