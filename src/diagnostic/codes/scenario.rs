//! Codes of the area `scenario`: a scenario or fragment does not follow the format.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[];
