//! Records of several partitions, put in the order of time.
//!
//! A broker keeps order inside a partition only. Of what lay there before, a record is let through
//! once every partition with more to come has got to its time; of what flows now, once it has been
//! here for a while. Where records bear no time, or one partition lies too far ahead of another,
//! order is not known, and that is said.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::message::{ChannelIx, Offset, Partition, Record, VirtualTime};

/// How long a record is kept for those of other partitions that were written before it.
const HOLD: Duration = Duration::from_millis(300);
/// Moments less far apart, in milliseconds, count as the same: clocks of producers differ. Of the
/// same moment, commands come before events.
const MOMENT_MS: i64 = 50;
/// More records are not held back.
const MOST_HELD: usize = 20_000;
/// No record was written before Kafka was: 2011-01-01, in milliseconds of Unix time.
const FIRST_TIME_MS: i64 = 1_293_840_000_000;

/// Whether a timestamp, in milliseconds of Unix time, is one: some brokers give none, and some the
/// same small number to all.
#[must_use]
pub fn is_time(timestamp_ms: i64) -> bool {
    timestamp_ms >= FIRST_TIME_MS
}

/// A partition of a channel.
pub type Place = (ChannelIx, Partition);

/// A record on its way through.
#[derive(Clone, Debug)]
pub struct Passing {
    /// When it was written or, where it does not say so, read.
    pub at: VirtualTime,
    /// Where it lies.
    pub place: (ChannelIx, Partition, Offset),
    /// What it is.
    pub record: Record,
}

/// Holds records back until their turn.
#[derive(Debug, Default)]
pub struct Sluice {
    /// Partitions of whose backlog there is more to come: the offset behind it, and how far in time
    /// they have got.
    behind: BTreeMap<Place, (Offset, i64)>,
    /// How far each partition has got in time.
    last_ms: BTreeMap<Place, i64>,
    waiting: BTreeMap<(i64, u8, u64), (i64, Passing)>,
    next: u64,
    /// How many records went through in an order that is not known.
    disordered: u64,
}

impl Sluice {
    /// Nothing is held; of these partitions all below the offset is there already.
    #[must_use]
    pub fn new(backlog: impl IntoIterator<Item = (Place, Offset)>) -> Self {
        let behind = backlog.into_iter().filter(|(_, end)| end.0 > 0);
        Self {
            behind: behind.map(|(place, end)| (place, (end, i64::MIN))).collect(),
            ..Self::default()
        }
    }

    /// Whether there is more to come of what was there at the start.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// How many records went through in an order that is not known.
    #[must_use]
    pub fn disordered(&self) -> u64 {
        self.disordered
    }

    /// Takes a record in: its place, its timestamp and when it was read (both in milliseconds of
    /// Unix time), and the rank of its channel among records of the same moment. One whose order
    /// cannot be known is handed back at once.
    pub fn push(
        &mut self,
        place: (ChannelIx, Partition, Offset),
        (timestamp_ms, seen_ms): (i64, i64),
        rank: u8,
        record: Record,
    ) -> Option<Passing> {
        let partition = (place.0, place.1);
        let was_behind = self.behind.contains_key(&partition);
        let timed = is_time(timestamp_ms);
        let own_ms = if timed { timestamp_ms } else { seen_ms };
        // A clock that goes back does not change the order of a partition.
        let last = self.last_ms.entry(partition).or_insert(own_ms);
        *last = own_ms.max(*last);
        let moment = last.div_euclid(MOMENT_MS);
        let passing = Passing { at: VirtualTime::from_unix_ms(*last), place, record };
        if let Some((end, got)) = self.behind.get_mut(&partition) {
            *got = moment;
            if place.2.0 + 1 >= end.0 {
                self.behind.remove(&partition);
            }
        }
        if was_behind && !timed {
            self.disordered += 1;
            return Some(passing);
        }
        self.next += 1;
        self.waiting.insert((moment, rank, self.next), (seen_ms, passing));
        None
    }

    /// Nothing is behind any more, although not every end was seen: what lay there was deleted, or
    /// is no record.
    pub fn catch_up(&mut self) {
        self.behind.clear();
    }

    /// Those whose turn it is now, in order.
    pub fn release(&mut self, now_ms: i64) -> Vec<Passing> {
        let hold_ms = i64::try_from(HOLD.as_millis()).unwrap_or(i64::MAX);
        let frontier = self.behind.values().map(|(_, got)| *got).min();
        let mut released = Vec::new();
        while let Some((&(moment, ..), &(seen_ms, _))) = self.waiting.first_key_value() {
            let crowded = self.waiting.len() > MOST_HELD;
            let due = match frontier {
                Some(frontier) => moment < frontier,
                None => now_ms.saturating_sub(seen_ms) >= hold_ms,
            };
            if !due && !crowded {
                break;
            }
            self.disordered += u64::from(!due && frontier.is_some());
            released.extend(self.waiting.pop_first().map(|(_, (_, passing))| passing));
        }
        released
    }

    /// All that is held, in order: nothing more will come.
    pub fn drain(&mut self) -> Vec<Passing> {
        std::mem::take(&mut self.waiting).into_values().map(|(_, passing)| passing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_HELD, Passing, Sluice};
    use crate::message::{ChannelIx, Headers, Offset, Partition, Record};

    const NOON_MS: i64 = 1_800_000_000_000;

    fn record() -> Record {
        Record { key: None, headers: Headers::from_list(Vec::new()), value: None }
    }

    fn push(sluice: &mut Sluice, channel: u16, offset: u64, ms: i64) -> Option<Passing> {
        let place = (ChannelIx(channel), Partition(0), Offset(offset));
        let rank = u8::try_from(channel).unwrap();
        sluice.push(place, (ms, NOON_MS), rank, record())
    }

    fn places(passing: &[Passing]) -> Vec<(u16, u64)> {
        passing.iter().map(|one| (one.place.0.0, one.place.2.0)).collect()
    }

    fn backlog(ends: &[(u16, u64)]) -> Sluice {
        Sluice::new(
            ends.iter().map(|(channel, end)| ((ChannelIx(*channel), Partition(0)), Offset(*end))),
        )
    }

    #[test]
    fn a_backlog_goes_through_in_the_order_of_time() {
        let mut sluice = backlog(&[(0, 2), (1, 2), (2, 0)]);
        assert!(push(&mut sluice, 1, 0, NOON_MS + 100).is_none());
        assert!(push(&mut sluice, 1, 1, NOON_MS + 900).is_none());
        assert_eq!(places(&sluice.release(NOON_MS + 5_000)), []);
        assert!(push(&mut sluice, 0, 0, NOON_MS + 500).is_none());
        assert_eq!(places(&sluice.release(NOON_MS)), [(1, 0)]);
        assert!(push(&mut sluice, 0, 1, NOON_MS + 920).is_none());
        assert!(!sluice.is_behind());
        assert_eq!(places(&sluice.release(NOON_MS)), []);
        // Of the same moment the command comes first.
        assert_eq!(places(&sluice.release(NOON_MS + 300)), [(0, 0), (0, 1), (1, 1)]);
        assert_eq!(sluice.disordered(), 0);
    }

    #[test]
    fn what_flows_is_held_for_a_while() {
        let mut sluice = backlog(&[]);
        assert!(push(&mut sluice, 1, 7, 1234).is_none());
        assert!(push(&mut sluice, 0, 3, 1234).is_none());
        assert_eq!(places(&sluice.release(NOON_MS + 299)), []);
        assert_eq!(places(&sluice.release(NOON_MS + 300)), [(0, 3), (1, 7)]);
        assert!(push(&mut sluice, 1, 8, 1234).is_none());
        assert_eq!(places(&sluice.drain()), [(1, 8)]);
    }

    #[test]
    fn records_of_a_backlog_without_a_time_have_no_order() {
        let mut sluice = backlog(&[(0, 1)]);
        assert!(push(&mut sluice, 0, 0, 1234).is_some());
        assert!(push(&mut sluice, 0, 1, 1234).is_none());
        assert_eq!(sluice.disordered(), 1);
    }

    #[test]
    fn not_all_is_held_for_a_partition_that_lies_far_behind() {
        let mut sluice = backlog(&[(0, 1), (1, 99_999)]);
        for offset in 0..MOST_HELD as u64 + 5 {
            assert!(push(&mut sluice, 1, offset, NOON_MS).is_none());
        }
        assert_eq!(sluice.release(NOON_MS + 9_999).len(), 5);
        assert_eq!(sluice.disordered(), 5);
    }
}
