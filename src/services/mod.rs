//! The services that the program knows, each in a folder of its own.

pub mod account;
pub mod atlas;
pub mod ban;
pub mod effective_stats;
pub mod invite;
pub mod login;

use crate::rule::{Rule, RuleId};
use crate::service::{Model, Service};

/// The names of all rules, as constants: `id::BAN_4` is `BAN-4`.
pub mod id {
    pub use super::account::rules::*;
    pub use super::atlas::rules::*;
    pub use super::atlas::sequence_rules::*;
    pub use super::ban::rules::*;
    pub use super::effective_stats::rules::*;
    pub use super::invite::rules::*;
    pub use super::login::rules::*;
}

/// The documents that describe the services.
pub(crate) mod document {
    pub(crate) const BAN: &str = "ban.md";
    pub(crate) const ACCOUNT: &str = "account.md";
    pub(crate) const LOGIN: &str = "login.md";
    pub(crate) const EFFECTIVE_STATS: &str = "effective-stats.md";
    pub(crate) const INVITE: &str = "invite.md";

    /// The document of a service.
    pub(crate) fn of(service: &str) -> Option<&'static str> {
        Some(match service {
            "ban" => BAN,
            "account" => ACCOUNT,
            "login" => LOGIN,
            "effective_stats" => EFFECTIVE_STATS,
            "invite" => INVITE,
            _ => return None,
        })
    }
}

const RULES: [&[RuleId]; 7] = [
    atlas::rules::COMMON_RULES,
    ban::rules::BAN_RULES,
    account::rules::ACCOUNT_RULES,
    login::rules::LOGIN_RULES,
    effective_stats::rules::EFFECTIVE_STATS_RULES,
    invite::rules::INVITE_RULES,
    atlas::sequence_rules::SEQUENCE_RULES,
];

/// Every rule, in the order in which packs declare them.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.into_iter().flatten().map(|id| id.rule())
}

/// The rule of that name (`BAN-4`), if there is one.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.name == name)
}

/// The five reference services, as they start.
#[must_use]
pub fn reference() -> Vec<Box<dyn Service>> {
    vec![
        Box::new(ban::Ban::default()),
        Box::new(account::Account::default()),
        Box::new(login::Login::default()),
        Box::new(effective_stats::EffectiveStats::default()),
        Box::new(invite::Invite::default()),
    ]
}

/// The reference service of that name, as it starts.
#[must_use]
pub fn model(name: &str) -> Option<Box<dyn Model>> {
    Some(match name {
        "ban" => Box::new(ban::Ban::default()),
        "account" => Box::new(account::Account::default()),
        "login" => Box::new(login::Login::default()),
        "effective_stats" => Box::new(effective_stats::EffectiveStats::default()),
        "invite" => Box::new(invite::Invite::default()),
        _ => return None,
    })
}

#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod tests;
