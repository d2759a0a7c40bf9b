//! What the records do not tell of the properties of files.

use std::collections::BTreeMap;

use crate::pack::{Checks, HistoryChecker as _, Packs};
use crate::property::Doubt;
use crate::rule::RuleId;
use crate::verify::Standing;

/// What could not be told of the properties of files: rules of packs speak only where they can.
pub(super) fn doubts(checks: &Checks, packs: &Packs) -> BTreeMap<RuleId, Doubt> {
    checks.doubts().into_iter().filter(|(rule, _)| packs.is_property(*rule)).collect()
}

/// What could not be told of rules that were held or broken elsewhere.
pub(super) fn doubt_notes(
    doubts: &BTreeMap<RuleId, Doubt>,
    rules: &BTreeMap<RuleId, Standing>,
) -> Vec<String> {
    let is_told =
        |rule: &RuleId| matches!(rules.get(rule), Some(Standing::Inconclusive { .. }) | None);
    let notes = doubts.iter().filter(|(rule, _)| !is_told(rule));
    notes.map(|(rule, doubt)| format!("of {rule}, not all can be told: {}", doubt.told())).collect()
}
