//! All that is known of the account service.

mod attribution;
pub(in crate::services) mod check;
pub mod handler;
pub(crate) mod inputs;
pub mod messages;
mod neighbours;
pub mod rules;

pub use handler::Account;

use crate::pack::Pack;

/// The pack of the service.
#[must_use]
pub const fn pack() -> Pack {
    const CONTRACT: &str = include_str!("../../../contracts/account.asyncapi.yaml");
    let contract = ("contracts/account.asyncapi.yaml", CONTRACT);
    let pack =
        Pack::new("account", contract, rules::ACCOUNT_RULES, || Box::new(Account::default()));
    pack.document("account.md")
        .asks(&["ban"])
        .announces(&["account_id"])
        .attribution(&attribution::Known)
        .workload(inputs::WORKLOAD)
}
