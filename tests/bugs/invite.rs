//! Bugs of the invite family.

use super::Bug;

pub(crate) static BUGS: &[Bug] = &[];
