//! Bugs of the login family.

use super::Bug;

pub(crate) static BUGS: &[Bug] = &[];
