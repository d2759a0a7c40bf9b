//! All that is known of the effective stats service.

mod attribution;
pub mod handler;
pub(crate) mod inputs;
pub mod messages;
mod neighbours;
pub mod rules;

pub use handler::EffectiveStats;

use crate::pack::Pack;

/// The pack of the service.
#[must_use]
pub const fn pack() -> Pack {
    const CONTRACT: &str = include_str!("../../../contracts/effective-stats.asyncapi.yaml");
    let contract = ("contracts/effective-stats.asyncapi.yaml", CONTRACT);
    let pack = Pack::new("effective_stats", contract, rules::EFFECTIVE_STATS_RULES, || {
        Box::new(EffectiveStats::default())
    });
    pack.document("effective-stats.md")
        .looks_up(&["characters", "equipment"])
        .attribution(&attribution::Known)
        .workload(inputs::WORKLOAD)
}
