//! Bugs of the sequence family.

use super::Bug;

pub(crate) static BUGS: &[Bug] = &[];
