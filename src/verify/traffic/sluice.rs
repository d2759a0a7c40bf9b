//! Records of several partitions, put in the order of time and cause.
//!
//! A broker keeps order inside a partition only. Of what lay there before, a record is let through
//! once every partition with more to come has got to its time; of what flows now, once it has been
//! here for a while. Partitions that have got far ahead of another wait for it. Where no record of
//! a partition bears a time, or too many lie at one moment, order is not known, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Writers;
use super::flow::bytes_of;
use super::merge::{Merge, Waiting};
use super::times::{MOST_SKEW_MS, is_time};
use crate::message::{ChannelIx, Offset, Partition, Record, VirtualTime};
use crate::verify::Offsets;

/// How long a record is kept for those of other partitions that were written before it.
const HOLD: Duration = Duration::from_millis(300);
/// Clocks of producers are believed up to this, in milliseconds: of what is less far apart,
/// commands come before events.
const MOMENT_MS: i64 = 50;
/// So far behind an event its cause is looked for in a backlog, in milliseconds.
const LOOK_AHEAD_MS: i64 = 2_000;
/// More is not held back: records, of which a large one counts for one more by each KiB.
const MOST_HELD: usize = 150_000;
/// With as much held, those partitions wait that have got ahead; with as little they are read on.
const MANY_HELD: usize = 50_000;
const FEW_HELD: usize = 10_000;
/// So many timestamps in a row that lie far back are right, and what was before them is not.
const AGREED: u32 = 3;

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
    /// Whether its timestamp bears a time, or it was read as it was written.
    pub is_timed: bool,
    /// Whether records may be missing behind it in its partition.
    pub is_before_hole: bool,
}

/// How far a partition has got in time, in milliseconds of Unix time.
#[derive(Clone, Copy, Debug)]
struct Got {
    last_ms: i64,
    /// A timestamp far ahead, which the next one confirms or not.
    ahead_ms: Option<i64>,
    /// How many timestamps in a row lay far back.
    back: u32,
}

/// Holds records back until their turn.
#[derive(Debug)]
pub struct Sluice {
    /// Partitions of whose backlog there is more to come: the offset behind it.
    behind: BTreeMap<Place, Offset>,
    got: BTreeMap<Place, Got>,
    offsets: BTreeMap<Place, Offsets>,
    /// Partitions that are not to be read on for now.
    paused: BTreeSet<Place>,
    waiting: Merge<(i64, Passing)>,
    most_skew_ms: i64,
    /// How much is waiting.
    held: usize,
    disordered: Disordered,
}

/// How many records went through in an order that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disordered {
    /// They bear no time, and neither does any before them in their partition.
    pub untimed: u64,
    /// Too many lay at one moment.
    pub crowded: u64,
}

impl Sluice {
    /// Nothing is held; of these partitions all below the offset is there already. Clocks are
    /// believed up to `clock_skew`, never less than 50 ms.
    #[must_use]
    pub fn new(
        writers: Arc<Writers>,
        clock_skew: Duration,
        backlog: impl IntoIterator<Item = (Place, Offset)>,
    ) -> Self {
        let allowance_ms = i64::try_from(clock_skew.as_millis()).unwrap_or(i64::MAX).max(MOMENT_MS);
        Self {
            behind: backlog.into_iter().filter(|(_, end)| end.0 > 0).collect(),
            got: BTreeMap::new(),
            offsets: BTreeMap::new(),
            paused: BTreeSet::new(),
            waiting: Merge::new(writers, allowance_ms),
            most_skew_ms: MOST_SKEW_MS.max(allowance_ms),
            held: 0,
            disordered: Disordered::default(),
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

    /// By how much a record was stamped before its cause, at most.
    #[must_use]
    pub fn skew(&self) -> Duration {
        Duration::from_millis(self.waiting.proven_ms().unsigned_abs())
    }

    /// How far those partitions have got of whose backlog there is more to come: the last of them.
    fn frontier_ms(&self) -> Option<i64> {
        let got = |place: &Place| self.got.get(place).map_or(i64::MIN, |got| got.last_ms);
        self.behind.keys().map(got).min()
    }

    /// The partitions that are not to be read on for now: they have got far ahead in time of one
    /// of whose backlog there is more to come.
    pub fn paused(&mut self) -> &BTreeSet<Place> {
        match self.frontier_ms() {
            Some(frontier_ms) if self.held > FEW_HELD => {
                let is_ahead = |got: &Got| got.last_ms.saturating_sub(MOMENT_MS) > frontier_ms;
                if self.held >= MANY_HELD {
                    let ahead = self.got.iter().filter(|(_, got)| is_ahead(got));
                    self.paused = ahead.map(|(place, _)| *place).collect();
                } else {
                    self.paused.retain(|place| self.got.get(place).is_some_and(is_ahead));
                }
            }
            _ => self.paused.clear(),
        }
        &self.paused
    }

    /// Takes a record in: its place, and its timestamp and when it was read, both in milliseconds
    /// of Unix time. One whose order cannot be known is handed back at once.
    pub fn push(
        &mut self,
        place: (ChannelIx, Partition, Offset),
        (timestamp_ms, seen_ms): (i64, i64),
        record: Record,
    ) -> Option<Passing> {
        let partition = (place.0, place.1);
        let was_behind = self.behind.contains_key(&partition);
        let written_ms = self.written_ms(partition, (timestamp_ms, seen_ms), was_behind);
        let before_ms = self.got.get(&partition).map(|got| got.last_ms);
        let at_ms = written_ms.or(before_ms.filter(|_| was_behind)).unwrap_or(seen_ms);
        let is_timed = written_ms.is_some() || !was_behind;
        if self.behind.get(&partition).is_some_and(|end| place.2.0 + 1 >= end.0) {
            self.behind.remove(&partition);
        }
        let trace = record.headers.trace().map(|parent| parent.trace);
        let at = VirtualTime::from_unix_ms(at_ms);
        let offsets = self.offsets.entry(partition).or_default();
        let gap = offsets.note(place.2);
        let is_hole = gap.is_some_and(|gap| !offsets.is_marker(&gap));
        let is_noted = is_hole
            && self.waiting.amend_last(partition, |_, (_, before)| before.is_before_hole = true);
        let is_before_hole = is_hole && !is_noted;
        let passing = Passing { at, place, record, is_timed, is_before_hole };
        if !is_timed && before_ms.is_none() {
            self.disordered.untimed += 1;
            return Some(passing);
        }
        self.held += weight(&passing.record);
        self.waiting.push(partition, Waiting { at_ms, trace, item: (seen_ms, passing) });
        None
    }

    /// When a record was written by its timestamp, and never before the one in front of it; none
    /// where it bears no time.
    fn written_ms(
        &mut self,
        partition: Place,
        (timestamp_ms, seen_ms): (i64, i64),
        was_behind: bool,
    ) -> Option<i64> {
        let most_ms = self.most_skew_ms;
        let is_future = timestamp_ms.saturating_sub(seen_ms) >= most_ms;
        if !is_time(timestamp_ms) || is_future {
            return None;
        }
        let is_fresh = !was_behind && seen_ms.saturating_sub(timestamp_ms) < most_ms;
        let first = Got { last_ms: i64::MIN, ahead_ms: None, back: 0 };
        let got = self.got.entry(partition).or_insert(first);
        if let Some(ahead_ms) = got.ahead_ms.take() {
            if timestamp_ms.saturating_add(most_ms) > ahead_ms {
                got.last_ms = got.last_ms.max(ahead_ms);
            } else {
                let last_ms = got.last_ms;
                self.waiting.amend_last(partition, |at_ms, (_, wrong)| {
                    *at_ms = last_ms;
                    wrong.at = VirtualTime::from_unix_ms(last_ms);
                    wrong.is_timed = false;
                });
            }
        }
        let is_back = timestamp_ms.saturating_add(most_ms) <= got.last_ms;
        got.back = if is_back { got.back + 1 } else { 0 };
        if is_back && got.back < AGREED {
            return None;
        }
        let is_ahead = timestamp_ms.saturating_sub(got.last_ms) >= most_ms;
        if is_ahead && !is_fresh {
            got.ahead_ms = Some(timestamp_ms);
            return Some(timestamp_ms);
        }
        // A clock that goes back a little does not change the order of a partition.
        got.last_ms = if is_back { timestamp_ms } else { timestamp_ms.max(got.last_ms) };
        Some(got.last_ms)
    }

    /// Of the partitions that are read nothing more is to come, although not every end was seen:
    /// what lay there was deleted, or is no record.
    pub fn catch_up(&mut self) {
        self.behind.retain(|place, _| self.paused.contains(place));
    }

    /// Those whose turn it is now, in order.
    pub fn release(&mut self, now_ms: i64) -> Vec<Passing> {
        let hold_ms = i64::try_from(HOLD.as_millis()).unwrap_or(i64::MAX);
        let frontier_ms = self.frontier_ms();
        let mut released = Vec::new();
        while let Some((turn_ms, Waiting { item: (seen_ms, _), .. })) = self.waiting.first() {
            let crowded = self.held > MOST_HELD;
            let look_ahead_ms = if self.held > MANY_HELD / 2 { 0 } else { LOOK_AHEAD_MS };
            let due = match frontier_ms {
                Some(frontier_ms) => turn_ms.saturating_add(look_ahead_ms) < frontier_ms,
                None => now_ms.saturating_sub(*seen_ms) >= hold_ms,
            };
            if !due && !crowded {
                break;
            }
            self.disordered.crowded += u64::from(!due && frontier_ms.is_some());
            released.extend(self.next());
        }
        released
    }

    fn next(&mut self) -> Option<Passing> {
        let (_, passing) = self.waiting.pop()?.item;
        self.held -= weight(&passing.record);
        Some(passing)
    }

    /// All that is held, in order: nothing more will come.
    pub fn drain(&mut self) -> Vec<Passing> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// For how many records one counts: memory is what is scarce.
fn weight(record: &Record) -> usize {
    1 + bytes_of(record) / 1024
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Disordered, LOOK_AHEAD_MS, MANY_HELD, MOST_HELD, Passing, Sluice, Writers};
    use crate::contract::Contracts;
    use crate::message::{ChannelIx, Headers, Offset, Partition, Record};

    const NOON_MS: i64 = 1_800_000_000_000;

    fn record() -> Record {
        Record { key: None, headers: Headers::from_list(Vec::new()), value: None }
    }

    fn push(sluice: &mut Sluice, channel: u16, offset: u64, ms: i64) -> Option<Passing> {
        sluice.push(place(channel, offset), (ms, NOON_MS), record())
    }

    /// A channel of each rank: commands, answers, and what nobody answers to.
    fn channel(rank: u16) -> ChannelIx {
        let names = ["account.session.command", "account.session.status", "session.status"];
        Contracts::builtin().channel_ix(names[usize::from(rank)]).unwrap()
    }

    fn place(rank: u16, offset: u64) -> (ChannelIx, Partition, Offset) {
        (channel(rank), Partition(0), Offset(offset))
    }

    fn places(passing: &[Passing]) -> Vec<(u16, u64)> {
        let rank = |one: &Passing| (0..3).find(|rank| channel(*rank) == one.place.0).unwrap();
        passing.iter().map(|one| (rank(one), one.place.2.0)).collect()
    }

    fn backlog(ends: &[(u16, u64)]) -> Sluice {
        let contracts = Contracts::builtin();
        let writers = Arc::new(Writers::new(&contracts, &[]));
        let ends = ends.iter().map(|(rank, end)| ((channel(*rank), Partition(0)), Offset(*end)));
        Sluice::new(writers, Duration::ZERO, ends)
    }

    #[test]
    fn a_backlog_goes_through_in_the_order_of_time() {
        let mut sluice = backlog(&[(0, 2), (1, 2), (2, 0)]);
        assert!(push(&mut sluice, 1, 0, NOON_MS + 100).is_none());
        assert!(push(&mut sluice, 1, 1, NOON_MS + 900).is_none());
        assert_eq!(places(&sluice.release(NOON_MS + 5_000)), []);
        assert!(push(&mut sluice, 0, 0, NOON_MS + 500).is_none());
        assert!(push(&mut sluice, 0, 1, NOON_MS + 920).is_none());
        assert!(!sluice.is_behind());
        assert_eq!(places(&sluice.release(NOON_MS)), []);
        // Of moments that clocks do not tell apart the command comes first.
        assert_eq!(places(&sluice.release(NOON_MS + 300)), [(1, 0), (0, 0), (0, 1), (1, 1)]);
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

    #[test]
    fn what_is_long_past_in_all_partitions_goes_through() {
        let mut sluice = backlog(&[(0, 9), (1, 9)]);
        for (offset, ms) in [(0, 0), (1, 10), (2, LOOK_AHEAD_MS * 2)] {
            assert!(push(&mut sluice, 1, offset, NOON_MS - 90_000 + ms).is_none());
            assert!(push(&mut sluice, 0, offset, NOON_MS - 90_000 + ms).is_none());
        }
        assert_eq!(places(&sluice.release(NOON_MS)), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    }

    #[test]
    fn one_timestamp_far_off_moves_no_other_record() {
        for wrong_ms in [300_000, -300_000, 900 * 86_400_000, -NOON_MS, -NOON_MS - 1] {
            let now_ms = NOON_MS + 1_000_000_000_000;
            let mut sluice = backlog(&[(0, 6), (1, 6)]);
            for offset in 0..6 {
                let own_ms = NOON_MS + 1_000 * i64::try_from(offset).unwrap();
                let wrong_ms = if offset == 2 { wrong_ms } else { 0 };
                let command = (own_ms + wrong_ms, now_ms);
                assert!(sluice.push(place(0, offset), command, record()).is_none());
                let event = (own_ms + 200, now_ms);
                assert!(sluice.push(place(1, offset), event, record()).is_none());
            }
            let released = sluice.release(now_ms + 300);
            let order: Vec<_> = (0..6).flat_map(|offset| [(0, offset), (1, offset)]).collect();
            let seen = places(&released);
            // It lies somewhere between its neighbours.
            let others = |all: Vec<(u16, u64)>| {
                all.into_iter().filter(|one| *one != (0, 2)).collect::<Vec<_>>()
            };
            assert_eq!(others(seen), others(order), "{wrong_ms}");
            let untimed: Vec<_> = released.into_iter().filter(|one| !one.is_timed).collect();
            assert_eq!(places(&untimed), [(0, 2)], "{wrong_ms}");
        }
    }

    /// Reads partitions as a broker hands them out: so many records of each in turn, but none of
    /// those that are to wait. All go through in order; the most that were held at once.
    fn read_all(times: &[Vec<i64>]) -> usize {
        let place = |rank: usize| (channel(u16::try_from(rank).unwrap()), Partition(0));
        let ends = times.iter().enumerate();
        let ends = ends.map(|(rank, own)| (u16::try_from(rank).unwrap(), own.len() as u64));
        let mut sluice = backlog(&ends.collect::<Vec<_>>());
        let (mut got, mut through, mut most) = (vec![0; times.len()], Vec::new(), 0);
        while sluice.is_behind() {
            let paused = sluice.paused().clone();
            for (channel, own) in times.iter().enumerate() {
                let next = own[got[channel]..].iter().take(500);
                for ms in next.take(if paused.contains(&place(channel)) { 0 } else { 500 }) {
                    let (at, seen_ms) = (got[channel] as u64, NOON_MS + 1_000_000_000);
                    let place = self::place(u16::try_from(channel).unwrap(), at);
                    assert!(sluice.push(place, (*ms, seen_ms), record()).is_none());
                    got[channel] += 1;
                }
                most = most.max(sluice.held);
                through.extend(sluice.release(NOON_MS));
            }
        }
        through.extend(sluice.drain());
        assert_eq!(sluice.disordered(), Disordered::default());
        assert_eq!(through.len(), times.iter().map(Vec::len).sum::<usize>());
        let turn = |one: &Passing| {
            one.at.as_unix_ms() + i64::from(places(std::slice::from_ref(one))[0].0) * 50
        };
        assert!(through.iter().map(turn).is_sorted());
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
        let ahead = (channel(1), Partition(0));
        assert_eq!(sluice.paused().iter().collect::<Vec<_>>(), [&ahead]);
        sluice.catch_up();
        assert!(sluice.is_behind());
        assert!(sluice.paused().is_empty());
        assert!(push(&mut sluice, 1, MANY_HELD as u64, NOON_MS + 200).is_none());
        assert_eq!(sluice.release(NOON_MS).len(), MANY_HELD / 2 + 1);
    }
}
