//! Codes of the area `expect`: a scenario ran and what it expects did not hold.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[];
