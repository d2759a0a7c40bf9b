//! All that is known of the invite service.

pub(in crate::services) mod check;
pub mod handler;
pub(crate) mod inputs;
pub mod messages;
pub mod rules;

pub use handler::Invite;
