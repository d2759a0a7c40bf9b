//! All that is known of the login service.

mod attribution;
pub(in crate::services) mod check;
pub mod handler;
pub(crate) mod inputs;
pub mod messages;
pub mod rules;

pub use handler::Login;

use crate::pack::Pack;

/// The pack of the service.
#[must_use]
pub const fn pack() -> Pack {
    const CONTRACT: &str = include_str!("../../../contracts/login.asyncapi.yaml");
    let contract = ("contracts/login.asyncapi.yaml", CONTRACT);
    let pack = Pack::new("login", contract, rules::LOGIN_RULES, || Box::new(Login::default()));
    pack.document("login.md")
        .shown_by_records(&[rules::LOG_10])
        .keyed_by(rules::LOG_10)
        .attribution(&attribution::Known)
        .workload(inputs::WORKLOAD)
}
