//! Records of several partitions, put in the order of time.
//!
//! A broker keeps order inside a partition only. Of what lay there before, a record is let through
//! once every partition with more to come has got to its time; of what flows now, once it has been
//! here for a while. Partitions that have got far ahead of another wait for it. Where records bear
//! no time, or too many lie at one moment, order is not known, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::flow::bytes_of;
use crate::message::{ChannelIx, Offset, Partition, Record, VirtualTime};

/// How long a record is kept for those of other partitions that were written before it.
const HOLD: Duration = Duration::from_millis(300);
/// Moments less far apart, in milliseconds, count as the same: clocks of producers differ. Of the
/// same moment, commands come before events.
const MOMENT_MS: i64 = 50;
/// More is not held back: records, of which a large one counts for one more by each KiB.
const MOST_HELD: usize = 150_000;
/// With as much held, those partitions wait that have got ahead; with as little they are read on.
const MANY_HELD: usize = 50_000;
const FEW_HELD: usize = 10_000;
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
    /// Partitions that are not to be read on for now.
    paused: BTreeSet<Place>,
    waiting: BTreeMap<(i64, u8, u64), (i64, Passing)>,
    /// How much is waiting.
    held: usize,
    next: u64,
    disordered: Disordered,
}

/// How many records went through in an order that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disordered {
    /// They bear no time.
    pub untimed: u64,
    /// Too many lay at one moment.
    pub crowded: u64,
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
    pub fn disordered(&self) -> Disordered {
        self.disordered
    }

    /// The partitions that are not to be read on for now: they have got far ahead in time of one
    /// of whose backlog there is more to come.
    pub fn paused(&mut self) -> &BTreeSet<Place> {
        match self.behind.values().map(|(_, got)| *got).min() {
            Some(frontier) if self.held > FEW_HELD => {
                let ahead = |ms: &i64| ms.div_euclid(MOMENT_MS) > frontier;
                if self.held >= MANY_HELD {
                    let ahead = self.last_ms.iter().filter(|(_, ms)| ahead(ms));
                    self.paused = ahead.map(|(place, _)| *place).collect();
                } else {
                    self.paused.retain(|place| self.last_ms.get(place).is_some_and(ahead));
                }
            }
            _ => self.paused.clear(),
        }
        &self.paused
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
            self.disordered.untimed += 1;
            return Some(passing);
        }
        self.next += 1;
        self.held += weight(&passing.record);
        self.waiting.insert((moment, rank, self.next), (seen_ms, passing));
        None
    }

    /// Of the partitions that are read nothing more is to come, although not every end was seen:
    /// what lay there was deleted, or is no record.
    pub fn catch_up(&mut self) {
        self.behind.retain(|place, _| self.paused.contains(place));
    }

    /// Those whose turn it is now, in order.
    pub fn release(&mut self, now_ms: i64) -> Vec<Passing> {
        let hold_ms = i64::try_from(HOLD.as_millis()).unwrap_or(i64::MAX);
        let frontier = self.behind.values().map(|(_, got)| *got).min();
        let mut released = Vec::new();
        while let Some((&(moment, ..), &(seen_ms, _))) = self.waiting.first_key_value() {
            let crowded = self.held > MOST_HELD;
            let due = match frontier {
                Some(frontier) => moment < frontier,
                None => now_ms.saturating_sub(seen_ms) >= hold_ms,
            };
            if !due && !crowded {
                break;
            }
            self.disordered.crowded += u64::from(!due && frontier.is_some());
            if let Some((_, (_, passing))) = self.waiting.pop_first() {
                self.held -= weight(&passing.record);
                released.push(passing);
            }
        }
        released
    }

    /// All that is held, in order: nothing more will come.
    pub fn drain(&mut self) -> Vec<Passing> {
        self.held = 0;
        std::mem::take(&mut self.waiting).into_values().map(|(_, passing)| passing).collect()
    }
}

/// For how many records one counts: memory is what is scarce.
fn weight(record: &Record) -> usize {
    1 + bytes_of(record) / 1024
}

#[cfg(test)]
mod tests {
    use super::{Disordered, MANY_HELD, MOMENT_MS, MOST_HELD, Passing, Sluice};
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
        assert_eq!(sluice.disordered(), Disordered::default());
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
        assert_eq!(sluice.disordered(), Disordered { untimed: 1, crowded: 0 });
    }

    #[test]
    fn not_all_is_held_for_a_partition_that_lies_far_behind() {
        let mut sluice = backlog(&[(0, 1), (1, 999_999)]);
        for offset in 0..MOST_HELD as u64 + 5 {
            assert!(push(&mut sluice, 1, offset, NOON_MS).is_none());
        }
        assert_eq!(sluice.release(NOON_MS + 9_999).len(), 5);
        assert_eq!(sluice.disordered(), Disordered { untimed: 0, crowded: 5 });
    }

    /// Reads partitions as a broker hands them out: so many records of each in turn, but none of
    /// those that are to wait. All go through in order; the most that were held at once.
    fn read_all(times: &[Vec<i64>]) -> usize {
        let place = |channel: usize| (ChannelIx(u16::try_from(channel).unwrap()), Partition(0));
        let ends = times.iter().enumerate();
        let ends = ends.map(|(channel, own)| (place(channel), Offset(own.len() as u64)));
        let mut sluice = Sluice::new(ends);
        let (mut got, mut through, mut most) = (vec![0; times.len()], Vec::new(), 0);
        while sluice.is_behind() {
            let paused = sluice.paused().clone();
            for (channel, own) in times.iter().enumerate() {
                let next = own[got[channel]..].iter().take(500);
                for ms in next.take(if paused.contains(&place(channel)) { 0 } else { 500 }) {
                    let at = got[channel] as u64;
                    assert!(push(&mut sluice, u16::try_from(channel).unwrap(), at, *ms).is_none());
                    got[channel] += 1;
                }
                most = most.max(sluice.waiting.len());
                through.extend(sluice.release(NOON_MS));
            }
        }
        through.extend(sluice.drain());
        assert_eq!(sluice.disordered(), Disordered::default());
        assert_eq!(through.len(), times.iter().map(Vec::len).sum::<usize>());
        let moments = through.iter().map(|one| one.at.as_unix_ms().div_euclid(MOMENT_MS));
        assert!(moments.is_sorted());
        most
    }

    #[test]
    fn partitions_that_lie_far_ahead_wait() {
        let at = |from: i64, step: i64, most: usize| -> Vec<_> {
            (0..).map(|number| NOON_MS + from + number * step).take(most).collect()
        };
        // One after the other, all at once with gaps, and one that is sparse.
        let most = read_all(&[at(0, 1, 200_000), at(200_000, 1, 200_000), at(400_000, 1, 9)]);
        assert!((MANY_HELD..MOST_HELD).contains(&most), "{most} were held");
        let most = read_all(&[at(0, 1, 200_000), at(0, 10, 200_000), at(5, 700, 900)]);
        assert!((MANY_HELD..MOST_HELD).contains(&most), "{most} were held");
    }

    #[test]
    fn what_was_deleted_is_not_waited_for() {
        let mut sluice = backlog(&[(0, 20), (1, 90_000)]);
        for offset in 0..MANY_HELD as u64 {
            assert!(push(&mut sluice, 1, offset, NOON_MS + 100).is_none());
        }
        let ahead = (ChannelIx(1), Partition(0));
        assert_eq!(sluice.paused().iter().collect::<Vec<_>>(), [&ahead]);
        sluice.catch_up();
        assert!(sluice.is_behind());
        assert!(sluice.paused().is_empty());
        assert!(push(&mut sluice, 1, MANY_HELD as u64, NOON_MS + 200).is_none());
        assert_eq!(sluice.release(NOON_MS).len(), MANY_HELD);
    }
}
