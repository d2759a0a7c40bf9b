//! All that is known of the effective stats service.

pub mod handler;
pub(crate) mod inputs;
pub mod messages;
pub mod rules;

pub use handler::EffectiveStats;
