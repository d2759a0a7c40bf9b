//! How far what was seen can be believed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::case::Scene;
use super::traffic::{MOST_SKEW_MS, Writers};
use crate::message::{ChannelIx, RecordId, VirtualTime};

/// Clocks that are called one may differ by this much.
pub(crate) const SKEW: Duration = Duration::from_millis(20);

/// What happens to a group has an effect for so long before it is seen, and after it.
const MEANWHILE: Duration = Duration::from_secs(6);

/// By how much clocks differ, as far as it can be told.
#[derive(Clone, Debug)]
pub(super) struct Clocks {
    /// The moments of two records are not compared any closer.
    pub(super) skew: Duration,
    /// An event that was stamped further before its cause than clocks are believed to differ, with
    /// that cause, where there is one.
    pub(super) proof: Option<(RecordId, RecordId)>,
}

impl Clocks {
    /// Clocks that differ by what is granted to them.
    pub(super) fn granted(clock_skew: Duration) -> Self {
        Self { skew: SKEW.max(clock_skew), proof: None }
    }

    /// What the records prove: an event that is stamped before whatever may have caused it, by its
    /// trace, shows that clocks differ by so much. What is further apart than clocks differ has the
    /// same trace for another reason.
    pub(super) fn proven(scene: &Scene<'_>) -> Self {
        let granted = scene.clocks.skew;
        let most = Duration::from_millis(MOST_SKEW_MS.unsigned_abs()).max(granted);
        let services = [scene.seen.subject.clone()];
        let writers = Writers::new(scene.contracts, &services);
        let mut clocks = Self { skew: granted, proof: None };
        for event in scene.outputs() {
            let Some(trace) = scene.trace(event) else { continue };
            let causes = writers.causes(scene.seen.history.record(event).channel);
            let with = scene.inputs_with(trace).filter(|one| causes.contains(&one.channel));
            let first = with.map(|one| (scene.earliest(one.id), one.id)).min();
            let Some((from, cause)) = first else { continue };
            let by = from.since(scene.latest(event));
            if by > clocks.skew && by < most {
                clocks = Self { skew: by, proof: Some((cause, event)) };
            }
        }
        clocks
    }

    /// What is to be known of them, if anything.
    pub(super) fn note(&self, scene: &Scene<'_>) -> Option<String> {
        let (cause, event) = self.proof?;
        Some(format!(
            "{} was stamped {} ms before its cause, {}: so far do clocks differ, and moments that \
             are less far apart say nothing about order",
            scene.tell(event),
            self.skew.as_millis(),
            scene.tell(cause)
        ))
    }
}

impl Scene<'_> {
    /// The earliest moment at which a record was written, as far as is known.
    pub(super) fn earliest(&self, record: RecordId) -> VirtualTime {
        let between = self.seen.between.get(&record);
        between.map_or_else(|| self.seen.history.record(record).at, |(earliest, _)| *earliest)
    }

    /// What was seen that could explain what these records show, if it does not come again.
    pub(super) fn doubt(&self, records: &[RecordId]) -> Option<&'static str> {
        let first = records.iter().map(|record| self.earliest(*record)).min();
        let last = records.iter().map(|record| self.latest(*record)).max();
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or(VirtualTime::NEVER));
        let until = last.after(self.seen.settle).after(MEANWHILE);
        let is_meanwhile = |at: &VirtualTime| first <= at.after(MEANWHILE) && *at <= until;
        // What nothing shows explains nothing; without traces nothing could show it.
        let is_shown = self.found.events.is_empty() || self.again.since.values().any(is_meanwhile);
        if is_shown && self.seen.lost_partitions.iter().any(is_meanwhile) {
            Some("the group lost its partitions meanwhile")
        } else if !self.seen.holes.is_empty() {
            Some("offsets are missing at which a record may have lain")
        } else if !self.seen.between.is_empty() {
            Some("there are timestamps that bear no time")
        } else if self.was_killed_with(records) {
            Some("inputs of the same tenant were in hand when it was killed")
        } else {
            self.clocks.proof.map(|_| "clocks were seen to differ")
        }
    }

    /// Whether an input of the tenant of these records was in hand at a kill.
    fn was_killed_with(&self, records: &[RecordId]) -> bool {
        let history = &self.seen.history;
        let tenant = |record: RecordId| history.record(record).record.headers.tenant().ok();
        let of: BTreeSet<_> = records.iter().filter_map(|record| tenant(*record)).collect();
        let is_of = |record| tenant(record).is_some_and(|tenant| of.contains(tenant));
        let all = || history.records().iter().map(|placed| placed.id);
        !self.kills.is_empty()
            && all().any(|one| is_of(one) && self.is_input(one) && self.was_in_hand(one))
    }

    /// Whether a command may have come before a moment that was not seen.
    pub(super) fn lacks_input(&self, until: VirtualTime) -> bool {
        let until = until.after(self.clocks.skew);
        let mut holes = self.seen.holes.iter();
        holes.any(|hole| self.does_read(hole.channel) && hole.between.0 <= until)
    }

    /// Whether an event on a channel may have come between two moments that was not seen.
    pub(super) fn lacks_event(
        &self,
        channel: ChannelIx,
        (from, until): (VirtualTime, VirtualTime),
    ) -> bool {
        let skew = self.clocks.skew;
        let overlaps = |(first, last): (VirtualTime, VirtualTime)| {
            first <= until.after(skew) && from <= last.after(skew)
        };
        let mut holes = self.seen.holes.iter().filter(|hole| hole.channel == channel);
        holes.any(|hole| overlaps(hole.between))
    }

    /// The latest one.
    pub(super) fn latest(&self, record: RecordId) -> VirtualTime {
        let between = self.seen.between.get(&record);
        between.map_or_else(|| self.seen.history.record(record).at, |(_, latest)| *latest)
    }
}
