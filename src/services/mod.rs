//! The services that the program knows, each in a folder of its own.

pub mod account;
pub mod atlas;
pub mod ban;
pub mod effective_stats;
pub mod invite;
pub mod login;

use std::sync::{Arc, OnceLock};

use crate::contract::Contracts;
use crate::pack::{Pack, Packs};
use crate::rule::Rule;
use crate::service::Service;

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
}

/// The packs of the five services, in the order in which reports name them.
#[must_use]
pub fn packs() -> Packs {
    Packs::new(
        &atlas::SHARED,
        [ban::pack(), account::pack(), login::pack(), effective_stats::pack(), invite::pack()],
    )
}

impl Contracts {
    /// The contracts of the five services. They are read once, at the first call.
    #[must_use]
    pub fn builtin() -> Arc<Self> {
        static SET: OnceLock<Arc<Contracts>> = OnceLock::new();
        let set = SET.get_or_init(|| {
            let set = packs().contracts(&mut Vec::new());
            Arc::new(set.expect("a test reads the contracts that the program carries"))
        });
        Arc::clone(set)
    }
}

/// The contracts of the five: paths and texts.
#[must_use]
pub fn contract_files() -> Vec<(&'static str, &'static str)> {
    packs().all().map(Pack::contract).collect()
}

/// Every rule of the five.
#[must_use]
pub fn rules() -> Vec<&'static Rule> {
    packs().rules().collect()
}

/// The rule of that name (`BAN-4`), if there is one.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    packs().rule(name)
}

/// The five reference services, as they start.
#[must_use]
pub fn reference() -> Vec<Box<dyn Service>> {
    packs().services()
}

#[cfg(test)]
mod failing_tests;
#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod tests;
