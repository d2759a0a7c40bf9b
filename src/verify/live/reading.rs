//! How far the implementation has read, partition by partition, as answers and committed offsets
//! show it from outside.
//!
//! What always holds: a record counts as read only where it, or one behind it in its partition, was
//! answered, or its group has committed past it. Offsets that were committed on the
//! implementation's behalf show nothing: what lies before them was skipped, not read.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::message::{ChannelIx, Offset, Partition};

/// One partition of a channel.
pub(super) type Place = (ChannelIx, Partition);

/// Without progress for so long a partition that is answered stands still.
const STANDSTILL: Duration = Duration::from_secs(6);
/// The same of one on which only committed offsets show progress: many commit every 5 s.
const STANDSTILL_OF_COMMITS: Duration = Duration::from_secs(13);
/// The slowest progress so far is waited for so many times.
const FACTOR: u32 = 3;
const LONGEST: Duration = Duration::from_secs(45);

/// How far each partition was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    partitions: BTreeMap<Place, Progress>,
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// Our inputs that are not known to be read, with when they were sent, in Unix milliseconds.
    unread: BTreeMap<Offset, i64>,
    /// Behind the last record that was answered.
    answered: Option<Offset>,
    /// The next offset that the group has not committed.
    committed: Option<Offset>,
    /// When progress was last seen, in Unix milliseconds.
    moved_ms: i64,
    /// The longest time that an input waited for a sign that it was read.
    slowest: Duration,
    /// What was skipped: from an offset to one that is not part of it.
    skipped: Vec<(Offset, Offset)>,
}

/// A partition of which nothing is read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standstill {
    pub(super) place: Place,
    /// The first offset that was not read, as far as can be seen.
    pub(super) from: Offset,
}

impl Progress {
    /// The first offset that was not read, as far as can be seen.
    fn frontier(&self) -> Offset {
        self.answered.max(self.committed).unwrap_or(Offset(0))
    }

    fn moved(&mut self, at_ms: i64) {
        let frontier = self.frontier();
        let left = self.unread.split_off(&frontier);
        let read = std::mem::replace(&mut self.unread, left);
        if let Some(first_ms) = read.values().min() {
            let waited = at_ms.saturating_sub((*first_ms).max(self.moved_ms)).max(0);
            self.slowest = self.slowest.max(Duration::from_millis(waited.unsigned_abs()));
            self.moved_ms = at_ms;
        }
    }

    /// How long it may stand before that says something.
    fn patience(&self) -> Duration {
        let least = if self.answered.is_some() { STANDSTILL } else { STANDSTILL_OF_COMMITS };
        (self.slowest * FACTOR).clamp(least, LONGEST)
    }

    fn has_skipped(&self, offset: Offset) -> bool {
        self.skipped.iter().any(|(from, to)| (*from..*to).contains(&offset))
    }
}

impl Reading {
    /// Notes that an input of ours lies there.
    pub(super) fn sent(&mut self, place: Place, offset: Offset, at_ms: i64) {
        let progress = self.partitions.entry(place).or_default();
        if progress.unread.is_empty() {
            progress.moved_ms = progress.moved_ms.max(at_ms);
        }
        if offset >= progress.frontier() {
            progress.unread.insert(offset, at_ms);
        }
    }

    /// Notes that a record was answered.
    pub(super) fn answered(&mut self, place: Place, offset: Offset, at_ms: i64) {
        let progress = self.partitions.entry(place).or_default();
        progress.answered = progress.answered.max(Some(Offset(offset.0 + 1)));
        progress.moved(at_ms);
    }

    /// Notes what the group has committed.
    pub(super) fn committed(&mut self, place: Place, next: Offset, at_ms: i64) {
        let progress = self.partitions.entry(place).or_default();
        if progress.committed.is_none_or(|committed| committed < next) {
            progress.committed = Some(next);
            progress.moved(at_ms);
        }
    }

    /// Notes that everything up to these offsets was skipped on the implementation's behalf.
    pub(super) fn skipped(&mut self, ends: &BTreeMap<Place, Offset>, at_ms: i64) {
        for (place, end) in ends {
            let progress = self.partitions.entry(*place).or_default();
            let from = progress.frontier();
            if from < *end {
                progress.skipped.push((from, *end));
                progress.unread.clear();
                progress.committed = Some(*end);
                progress.moved_ms = at_ms;
            }
        }
    }

    /// Starts to wait anew: the implementation was not there, which does not say how fast it is.
    pub(super) fn restarted(&mut self, at_ms: i64) {
        for progress in self.partitions.values_mut() {
            (progress.moved_ms, progress.slowest) = (at_ms, Duration::ZERO);
        }
    }

    /// Whether a record was read, as far as can be seen.
    pub(super) fn has_read(&self, place: Place, offset: Offset) -> bool {
        self.partitions
            .get(&place)
            .is_some_and(|progress| offset < progress.frontier() && !progress.has_skipped(offset))
    }

    /// Whether a record was skipped on the implementation's behalf.
    pub(super) fn was_skipped(&self, place: Place, offset: Offset) -> bool {
        self.partitions.get(&place).is_some_and(|progress| progress.has_skipped(offset))
    }

    /// The first offset that was not read.
    pub(super) fn frontier(&self, place: Place) -> Offset {
        self.partitions.get(&place).map_or(Offset(0), Progress::frontier)
    }

    /// The first offset behind what was answered, or, where nothing is, behind what was read. What
    /// lies behind it may be committed and not handled: many commit first.
    pub(super) fn handled_to(&self, place: Place) -> Offset {
        let answered = self.partitions.get(&place).and_then(|progress| progress.answered);
        answered.unwrap_or_else(|| self.frontier(place))
    }

    /// When a partition was last seen to be read, in Unix milliseconds.
    pub(super) fn moved_ms(&self, place: Place) -> i64 {
        self.partitions.get(&place).map_or(0, |progress| progress.moved_ms)
    }

    /// What the group was seen to have committed.
    pub(super) fn committed_at(&self, place: Place) -> Option<Offset> {
        self.partitions.get(&place)?.committed
    }

    /// When the first of the inputs of a partition was sent that were not read, in Unix
    /// milliseconds.
    pub(super) fn unread_since(&self, place: Place) -> Option<i64> {
        let progress = self.partitions.get(&place)?;
        progress.unread.first_key_value().map(|(_, sent_ms)| *sent_ms)
    }

    /// Whether an input has waited for so long that its partition may stand still as well as one
    /// that is known to.
    pub(super) fn seems_to_stand(&self, place: Place, now_ms: i64) -> bool {
        self.partitions.get(&place).is_some_and(|progress| {
            let since_ms = self.unread_since(place).map(|sent_ms| sent_ms.max(progress.moved_ms));
            let waited_ms = since_ms.map_or(0, |since_ms| now_ms.saturating_sub(since_ms));
            waited_ms.unsigned_abs() >= (STANDSTILL / 2).as_millis() as u64
        })
    }

    /// Whether a record, or one behind it, was answered, so that it was surely handled.
    pub(super) fn was_handled(&self, place: Place, offset: Offset) -> bool {
        let answered = self.partitions.get(&place).and_then(|progress| progress.answered);
        answered.is_some_and(|next| offset < next)
    }

    /// Whether an answer has shown progress on a channel.
    pub(super) fn is_answered(&self, channel: ChannelIx) -> bool {
        let mut of = self.partitions.iter().filter(|((one, _), _)| *one == channel);
        of.any(|(_, progress)| progress.answered.is_some())
    }

    /// Whether anything has ever shown progress on a channel.
    pub(super) fn is_seen(&self, channel: ChannelIx) -> bool {
        let mut of = self.partitions.iter().filter(|((one, _), _)| *one == channel);
        of.any(|(_, one)| one.answered.is_some() || one.committed.is_some())
    }

    /// How long a partition may stand before that says something.
    pub(super) fn patience(&self, place: Place) -> Duration {
        let own = self.partitions.get(&place).map(Progress::patience);
        let of_channel = self.partitions.iter().filter(|((one, _), _)| *one == place.0);
        let others = of_channel.map(|(_, progress)| progress.patience());
        own.into_iter().chain(others).min().unwrap_or(STANDSTILL_OF_COMMITS)
    }

    /// The partitions that have inputs left and stand still, but those of channels on which nothing
    /// was ever seen to be read.
    pub(super) fn standing(&self, now_ms: i64) -> Vec<Standstill> {
        let stands = |(place, progress): (&Place, &Progress)| {
            let patience_ms = self.patience(*place).as_millis();
            let patience_ms = i64::try_from(patience_ms).unwrap_or(i64::MAX);
            let (_, sent_ms) = progress.unread.first_key_value()?;
            let since_ms = progress.moved_ms.max(*sent_ms);
            let still = now_ms.saturating_sub(since_ms) > patience_ms && self.is_seen(place.0);
            still.then_some(Standstill { place: *place, from: progress.frontier() })
        };
        self.partitions.iter().filter_map(stands).collect()
    }

    /// How many inputs are not known to be read, of channels on which that can be seen.
    pub(super) fn unread(&self) -> usize {
        let seen = self.partitions.iter().filter(|(place, _)| self.is_seen(place.0));
        seen.map(|(_, progress)| progress.unread.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Place, Reading, Standstill};
    use crate::message::{ChannelIx, Offset, Partition};

    const PLACE: Place = (ChannelIx(0), Partition(1));
    const OTHER: Place = (ChannelIx(0), Partition(2));

    #[test]
    fn what_is_answered_or_committed_is_read() {
        let mut reading = Reading::default();
        (0..6).for_each(|offset| reading.sent(PLACE, Offset(offset), 1_000));
        reading.answered(PLACE, Offset(2), 1_100);
        assert!(reading.has_read(PLACE, Offset(1)) && reading.has_read(PLACE, Offset(2)));
        assert!(!reading.has_read(PLACE, Offset(3)));
        reading.committed(PLACE, Offset(5), 1_200);
        assert!(reading.has_read(PLACE, Offset(4)) && !reading.has_read(PLACE, Offset(5)));
        assert_eq!(reading.unread(), 1);
        reading.committed(PLACE, Offset(4), 1_300);
        assert_eq!(reading.frontier(PLACE), Offset(5), "a late commit takes nothing back");
    }

    #[test]
    fn one_partition_stands_still_while_another_goes_on() {
        let mut reading = Reading::default();
        reading.sent(PLACE, Offset(0), 0);
        reading.answered(PLACE, Offset(0), 10);
        reading.sent(PLACE, Offset(1), 100);
        reading.sent(OTHER, Offset(0), 100);
        reading.answered(OTHER, Offset(0), 200);
        assert_eq!(reading.standing(5_000), []);
        assert_eq!(reading.standing(6_200), [Standstill { place: PLACE, from: Offset(1) }]);
        reading.restarted(6_200);
        assert_eq!(reading.standing(7_000), []);
    }

    #[test]
    fn what_stands_still_beside_another_seems_to() {
        let mut reading = Reading::default();
        reading.sent(PLACE, Offset(0), 0);
        reading.sent(OTHER, Offset(0), 0);
        reading.committed(OTHER, Offset(1), 100);
        reading.sent(OTHER, Offset(1), 5_000);
        assert!(reading.seems_to_stand(PLACE, 6_000));
        assert!(!reading.seems_to_stand(OTHER, 6_000), "it has just been sent");
        assert!(reading.has_read(OTHER, Offset(0)) && !reading.was_handled(OTHER, Offset(0)));
        reading.answered(OTHER, Offset(1), 6_100);
        assert!(!reading.seems_to_stand(OTHER, 9_900) && reading.was_handled(OTHER, Offset(0)));
    }

    #[test]
    fn who_commits_seldom_is_waited_for() {
        let mut reading = Reading::default();
        reading.sent(PLACE, Offset(0), 0);
        reading.committed(PLACE, Offset(1), 5_000);
        reading.sent(PLACE, Offset(1), 5_100);
        assert_eq!(reading.standing(17_000), []);
        assert_eq!(reading.standing(21_000).len(), 1);
    }

    #[test]
    fn nothing_is_said_of_what_was_never_seen_to_be_read() {
        let mut reading = Reading::default();
        reading.sent(PLACE, Offset(0), 0);
        assert_eq!(reading.standing(1_000_000), []);
    }

    #[test]
    fn what_is_skipped_was_not_read() {
        let mut reading = Reading::default();
        (0..4).for_each(|offset| reading.sent(PLACE, Offset(offset), 0));
        reading.committed(PLACE, Offset(1), 10);
        reading.skipped(&BTreeMap::from([(PLACE, Offset(4))]), 20);
        assert!(reading.has_read(PLACE, Offset(0)) && !reading.has_read(PLACE, Offset(2)));
        reading.sent(PLACE, Offset(4), 30);
        reading.answered(PLACE, Offset(4), 40);
        assert!(reading.has_read(PLACE, Offset(4)) && !reading.has_read(PLACE, Offset(3)));
    }
}
