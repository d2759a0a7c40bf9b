//! All that is known of the login service.

pub mod rules;
