//! Bugs of the effective_stats family.

use super::Bug;

pub(crate) static BUGS: &[Bug] = &[];
