//! What the five services share: the rules for all of them, and those about what comes before what.

pub mod check;
pub mod rules;
pub mod sequence_rules;

use super::document::{ACCOUNT, BAN, EFFECTIVE_STATS, INVITE, LOGIN};

/// A section that each of the documents has.
const fn in_each(section: &'static str) -> [(&'static str, &'static str); 5] {
    [
        (BAN, section),
        (ACCOUNT, section),
        (LOGIN, section),
        (EFFECTIVE_STATS, section),
        (INVITE, section),
    ]
}
