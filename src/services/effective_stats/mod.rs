//! All that is known of the effective stats service.

pub mod rules;
