//! All that is known of the ban service.

mod attribution;
pub(in crate::services) mod check;
pub mod handler;
pub(crate) mod inputs;
pub mod messages;
mod neighbours;
pub mod rules;

pub use handler::Ban;

use crate::pack::{Absent, Pack};

/// The pack of the service.
#[must_use]
pub const fn pack() -> Pack {
    const CONTRACT: &str = include_str!("../../../contracts/ban.asyncapi.yaml");
    let contract = ("contracts/ban.asyncapi.yaml", CONTRACT);
    let pack = Pack::new("ban", contract, rules::BAN_RULES, || Box::new(Ban::default()));
    pack.document("ban.md")
        .absent(&[Absent {
            query: "check",
            answer: r#"{ "banned": false }"#,
            meaning: "nobody to be banned",
        }])
        .announces(&["banId"])
        .attribution(&attribution::Known)
        .workload(inputs::WORKLOAD)
}
