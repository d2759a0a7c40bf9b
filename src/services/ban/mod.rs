//! All that is known of the ban service.

pub mod rules;
