//! Bugs of the common family.

use super::Bug;

pub(crate) static BUGS: &[Bug] = &[];
