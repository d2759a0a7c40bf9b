//! Inputs that are tried apart: each in a tenant of its own, with a harmless input behind it in its
//! partition that must still be read.
//!
//! What always holds: a trial ends, by what was read or by what was not; it proves that somebody is
//! there, or since when nobody is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::lane::Lane;
use super::reading::{Place, Standstill};
use super::{Run, VerifyError};
use crate::kafka::{Deadline, GroupSnapshot, wall_ms};
use crate::message::{ChannelIx, Offset};
use crate::scenario::TenantSpec;
use crate::verify::script::{Act, InputKind, Message, Script, Step, harmless};

/// So long a harmless input may lie unread before an implementation that is not ours to start is
/// believed to be gone: a busy machine holds up whom nobody can try again.
const LAST_CHANCE: Duration = Duration::from_secs(30);

/// How an implementation, or a part of it, came to read nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Its process ended, in these words.
    Ended(String),
    /// One of its partitions stands still.
    Stands(Standstill),
    /// No member of its group has this partition any more.
    Left(Standstill),
}

impl How {
    /// The partition that stands still, where that is known.
    pub(super) fn standstill(&self) -> Option<Standstill> {
        match self {
            Self::Ended(_) => None,
            Self::Stands(standstill) | Self::Left(standstill) => Some(*standstill),
        }
    }
}

/// Inputs that were tried, and what came of it.
pub(super) struct Trial {
    /// A script for each input: it, and a harmless one behind it.
    pub(super) lanes: Vec<Lane>,
    /// None where everything was read.
    pub(super) end: Option<How>,
}

impl Run<'_> {
    /// Sends inputs of a kind, each to a tenant of its own and with a harmless one behind it, and
    /// waits until all of these are read or it is seen that they are not.
    pub(super) fn try_inputs(
        &mut self,
        name: &str,
        inputs: &[(Message, Option<InputKind>)],
    ) -> Result<Trial, VerifyError> {
        let before = self.lanes.len();
        let clock = Deadline::after(Duration::ZERO);
        let mut awaited = BTreeMap::new();
        for (message, kind) in inputs {
            let Some(channel) = self.contracts.channel_ix(&message.channel) else { continue };
            let place = self.next_place(channel);
            let behind = harmless(&self.plan.subject, &self.contracts, &message.channel);
            let sent = std::iter::once((message.clone(), kind.clone()));
            let sent = sent.chain(behind.map(|message| (message, None)));
            let steps = (0..)
                .zip(sent)
                .map(|(id, (message, kind))| Step { kind, ..Step::new(id, 0, Act::Send(message)) });
            self.send_apart(name, steps.collect(), place)?;
            awaited.insert(place, self.field.last_sent(place));
        }
        let end = self.await_read(&mut awaited, self.chance())?;
        self.trial_took = clock.elapsed();
        Ok(Trial { lanes: self.lanes.split_off(before), end })
    }

    /// Whether harmless inputs to these partitions are read.
    pub(super) fn ping(&mut self, places: &BTreeSet<Place>) -> Result<Option<How>, VerifyError> {
        self.ping_for(places, self.chance())
    }

    /// Sees which other partitions stand still, once one does.
    pub(super) fn ping_all(&mut self) -> Result<(), VerifyError> {
        let places = self.seen_places().into_iter().collect();
        self.ping_for(&places, Duration::ZERO).map(drop)
    }

    fn ping_for(
        &mut self,
        places: &BTreeSet<Place>,
        least: Duration,
    ) -> Result<Option<How>, VerifyError> {
        let before = self.lanes.len();
        let mut awaited = BTreeMap::new();
        for place in places {
            let name = self.contracts.channel_name(place.0).to_owned();
            let Some(message) = harmless(&self.plan.subject, &self.contracts, &name) else {
                continue;
            };
            let step = Step::new(0, 0, Act::Send(message));
            self.send_apart("is anybody there", vec![step], *place)?;
            awaited.insert(*place, self.field.last_sent(*place));
        }
        let end = self.await_read(&mut awaited, least)?;
        self.lanes.truncate(before);
        Ok(end)
    }

    /// Whether somebody reads, by one partition of each channel that was ever seen to be read.
    pub(super) fn is_somebody_there(&mut self) -> Result<Option<How>, VerifyError> {
        let reads = self.reads.clone();
        let seen = reads.iter().filter(|channel| self.field.reading.is_seen(**channel));
        let answered = |channel: &&ChannelIx| self.field.reading.is_answered(**channel);
        // Answers come at once, commits after a while.
        let quick: Vec<_> = seen.clone().filter(answered).copied().collect();
        let channels = if quick.is_empty() { seen.copied().collect() } else { quick };
        let places = channels.into_iter().map(|channel| self.next_place(channel)).collect();
        self.ping(&places)
    }

    /// All partitions of the channels that were ever seen to be read.
    pub(super) fn seen_places(&self) -> Vec<Place> {
        let seen = self.reads.iter().filter(|channel| self.field.reading.is_seen(**channel));
        let partitions = |channel: &ChannelIx| {
            let partitions = self.field.partitions(*channel).into_iter();
            partitions.map(|partition| (*channel, partition)).collect::<Vec<_>>()
        };
        seen.flat_map(partitions).collect()
    }

    /// The partitions of a channel in turn.
    fn next_place(&mut self, channel: ChannelIx) -> Place {
        let partitions = self.field.partitions(channel);
        let turn = self.turns.entry(channel).or_default();
        *turn += 1;
        let partition = partitions.get(*turn % partitions.len().max(1)).copied();
        (channel, partition.unwrap_or(crate::message::Partition(0)))
    }

    /// Sends the steps of a script at once, to one partition.
    fn send_apart(
        &mut self,
        name: &str,
        steps: Vec<Step>,
        (channel, partition): Place,
    ) -> Result<(), VerifyError> {
        let tenants = vec![TenantSpec::default()];
        let script = Script::new(name, tenants, steps);
        let known = self.any_known(1);
        let mut lane = Lane::new(script, self.nonce(), &known);
        self.field.admit(&lane.tenants[0]);
        let mut records = Vec::new();
        let mut sent = Vec::new();
        for step in lane.script.steps.clone() {
            let Some((outgoing, trace)) = lane.make(&step, &self.contracts) else { continue };
            let sound = self.contracts.check_sent(outgoing.channel, &outgoing.record).is_empty();
            debug_assert_eq!(outgoing.channel, channel, "a script for one partition");
            records.push((outgoing, trace, Some(partition)));
            sent.push((step.id, (trace, sound)));
        }
        let at_ms = self.send(&records)?;
        for (step, trace) in sent {
            lane.was_sent(step, trace, at_ms);
        }
        lane.sent_all();
        self.lanes.push(lane);
        Ok(())
    }

    /// How long an input may lie unread at least. What is not ours to start again is not tried
    /// again: it gets more time instead, but of what is left, so that a verdict still comes.
    fn chance(&self) -> Duration {
        if self.launch.is_none() { LAST_CHANCE.min(self.limit.left() / 3) } else { Duration::ZERO }
    }

    /// Waits until these offsets are read, for so long at least; how it ended where they are not.
    fn await_read(
        &mut self,
        awaited: &mut BTreeMap<Place, Offset>,
        least: Duration,
    ) -> Result<Option<How>, VerifyError> {
        let clock = Deadline::after(self.plan.wait);
        loop {
            self.hear()?;
            let reading = &self.field.reading;
            awaited.retain(|place, offset| !reading.has_read(*place, *offset));
            if awaited.is_empty() || self.is_over() {
                return Ok(None);
            }
            if let Some(status) = self.ended() {
                return Ok(Some(How::Ended(status)));
            }
            let reading = &self.field.reading;
            let late = |place: &&Place| clock.elapsed() > reading.patience(**place).max(least);
            let late = awaited.keys().filter(late);
            let Some(place) = late.min_by_key(|place| reading.unread_since(**place)).copied()
            else {
                continue;
            };
            let standstill = Standstill { place, from: reading.frontier(place) };
            if self.is_group_unsettled() && !clock.is_over() {
                continue;
            }
            match self.has_reader(place) {
                // It may be about to get the partition.
                Some(false) if !clock.is_over() => {}
                Some(false) => return Ok(Some(How::Left(standstill))),
                _ => return Ok(Some(How::Stands(standstill))),
            }
        }
    }

    fn is_group_unsettled(&self) -> bool {
        let is_back = wall_ms() - self.away_ms > RECONNECTED_MS;
        !is_back || self.watch.latest().is_some_and(|snapshot| is_unsettled(&snapshot, wall_ms()))
    }

    /// Whether a member of the group has a partition, as far as the broker says.
    fn has_reader(&self, (channel, partition): Place) -> Option<bool> {
        let snapshot = self.watch.latest()?;
        if wall_ms() - snapshot.at_ms > STALE_MS {
            return None;
        }
        let topic = self.topics.name(channel);
        let mut unknown = false;
        for member in snapshot.members? {
            match member.assigned {
                Some(assigned) => {
                    let mut assigned = assigned.iter();
                    if assigned.any(|(name, number)| name == topic && *number == partition) {
                        return Some(true);
                    }
                }
                None => unknown = true,
            }
        }
        // While a group is rebalanced, nobody has anything.
        let is_stable = snapshot.state.as_deref() == Some("Stable");
        (!unknown || !is_stable).then_some(false)
    }
}

/// So long after a broker came back all clients have found it again: they try less and less often.
const RECONNECTED_MS: i64 = 30_000;
/// What was last said of a group says nothing any more after so long.
pub(super) const STALE_MS: i64 = 5_000;

/// Whether partitions are just being given to members, or the broker has not said for a while what
/// the group does: then that nothing is read says nothing of the implementation.
pub(super) fn is_unsettled(group: &GroupSnapshot, now_ms: i64) -> bool {
    let state = group.state.as_deref().unwrap_or_default();
    state.ends_with("Rebalance") || now_ms - group.at_ms > STALE_MS
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::stable(Some("Stable"), 500, false)]
    #[case::empty(Some("Empty"), 500, false)]
    #[case::not_told(None, 500, false)]
    #[case::preparing(Some("PreparingRebalance"), 500, true)]
    #[case::completing(Some("CompletingRebalance"), 500, true)]
    #[case::long_ago(Some("Stable"), STALE_MS + 1, true)]
    fn a_group_that_is_rebalanced_or_not_seen_proves_no_standstill(
        #[case] state: Option<&str>,
        #[case] age_ms: i64,
        #[case] unsettled: bool,
    ) {
        let group = GroupSnapshot {
            at_ms: 10_000,
            state: state.map(str::to_owned),
            ..GroupSnapshot::default()
        };
        assert_eq!(is_unsettled(&group, 10_000 + age_ms), unsettled);
    }
}
