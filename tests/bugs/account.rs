//! Bugs of the account family.

use super::Bug;

pub(crate) static BUGS: &[Bug] = &[];
