//! Codes of the area `contract`: the contract documents are wrong.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[];
