//! All that is known of the invite service.

pub mod rules;
