//! Properties of files, held against what was seen of an implementation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Found, Judgement, Observation, Standing};
use crate::message::RecordId;
use crate::property::{Checker, Evidence};
use crate::rule::{Rule, RuleId, Severity};

/// Why a property of which nothing was seen is not exercised.
const NOTHING: &str = "no message that it speaks of was seen with its key fields";

/// Adds what the properties say to a judgement; moments within `skew` say nothing about order.
pub(super) fn judge(seen: &Observation, skew: Duration, judgement: &mut Judgement) {
    let history = &seen.history;
    let properties = history.contracts().packs().properties();
    if properties.all.is_empty() {
        return;
    }
    let evidence = Evidence {
        amid: false,
        skew,
        settle: seen.settle,
        holes: before_holes(seen),
        untimed: seen.between.keys().copied().collect(),
        unread: seen.unread.clone(),
        again: !seen.lost_partitions.is_empty(),
        again_after_crash: true,
    };
    let mut checker = Checker::new(Arc::clone(properties), evidence);
    checker.follow(history);
    checker.close(history, seen.ended);
    let mut broken: BTreeMap<RuleId, u64> = BTreeMap::new();
    for finding in checker.findings() {
        *broken.entry(finding.rule).or_default() += 1;
        let last = finding.records.last().map(|id| history.record(*id));
        let tenant = last.and_then(|placed| placed.record.headers.tenant().ok().cloned());
        let (message, about) = (finding.message.clone(), (tenant, finding.records.clone()));
        judgement.findings.push(Found::new(Severity::Violation, finding.rule, message, about));
    }
    for rule in properties.rules().map(Rule::id) {
        let doubt = checker.doubts().get(&rule);
        let standing = match (broken.get(&rule), checker.premises().get(&rule), doubt) {
            (Some(times), ..) => Standing::Violated { times: *times },
            (None, Some(times), _) => Standing::Passed { times: *times },
            (None, None, Some(doubt)) => Standing::Inconclusive { why: doubt.told() },
            (None, None, None) => Standing::NotExercised { why: NOTHING.to_owned() },
        };
        if let (Some(doubt), false) = (doubt, matches!(standing, Standing::Inconclusive { .. })) {
            judgement.notes.push(format!("of {rule}, not all can be told: {}", doubt.told()));
        }
        judgement.rules.insert(rule, standing);
    }
}

/// The records behind which others may be missing.
fn before_holes(seen: &Observation) -> BTreeSet<RecordId> {
    let before = |hole: &super::Hole| {
        let of = seen.history.records().iter().filter(|placed| {
            placed.channel == hole.channel
                && placed.partition == hole.partition
                && placed.offset < hole.offsets.0
        });
        of.max_by_key(|placed| placed.offset).map(|placed| placed.id)
    };
    seen.holes.iter().filter_map(before).collect()
}
