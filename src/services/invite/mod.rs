//! All that is known of the invite service.

mod attribution;
pub(in crate::services) mod check;
pub mod handler;
pub(crate) mod inputs;
pub mod messages;
mod neighbours;
pub mod rules;

pub use handler::Invite;

use crate::pack::Pack;

/// The pack of the service.
#[must_use]
pub const fn pack() -> Pack {
    const CONTRACT: &str = include_str!("../../../contracts/invite.asyncapi.yaml");
    let contract = ("contracts/invite.asyncapi.yaml", CONTRACT);
    let pack = Pack::new("invite", contract, rules::INVITE_RULES, || Box::new(Invite::default()));
    pack.document("invite.md")
        .shown_by_records(&[rules::INV_11])
        .keyed_by(rules::INV_11)
        .attribution(&attribution::Known)
        .workload(inputs::WORKLOAD)
}
