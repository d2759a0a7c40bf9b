//! All that is known of the account service.

pub mod rules;
