//! A history of captured records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::merge::{Merge, Waiting};
use super::times::{MOST_SKEW_MS, Written, is_time, written};
use super::{Place, Writers};
use crate::capture::Captured;
use crate::contract::Contracts;
use crate::history::History;
use crate::message::{ChannelIx, Offset, Partition, Record, RecordId, VirtualTime};
use crate::verify::{Gap, Hole, Observation, Offsets, SKEW};

/// A timestamp so far from any other, in milliseconds, bears no time.
const ALONE_MS: i64 = 24 * 60 * 60 * 1000;
/// How often timestamps are taken back that lie too far behind an effect.
const MOST_ROUNDS: usize = 4;

/// What captured records say, in order.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The records in order of time and cause, with who wrote them.
    pub history: History,
    /// When the last record of any topic was written. One record alone does not show that time has
    /// passed.
    pub ended: VirtualTime,
    /// Topics that no contract names, each with how many records there are.
    pub other_topics: BTreeMap<Arc<str>, u64>,
    /// By how much all moments were shifted, in milliseconds: histories begin in 2026.
    pub shifted_ms: i64,
    /// Partitions whose first records are not there: `TOPIC/PARTITION` with the first offset.
    pub late: Vec<(String, u64)>,
    /// Records that do not lie where their timestamps say: between which moments they were written,
    /// by their neighbours in the partition.
    pub between: BTreeMap<RecordId, (VirtualTime, VirtualTime)>,
    /// Those of them whose timestamps bear no time.
    pub untimed: Vec<RecordId>,
    /// By how much a record was stamped before its cause, at most.
    pub skew: Duration,
    /// Offsets at which a record may lie that is not there, but for the regular ones of
    /// transactions' markers; each with the record before it.
    pub holes: Vec<(RecordId, Hole)>,
}

impl Gathered {
    /// What was seen of a service, whose answers take no longer than `settle`.
    #[must_use]
    pub fn observation(self, subject: &str, settle: Duration) -> Observation {
        let between = self.between;
        let holes = self.holes.into_iter().map(|(_, hole)| hole).collect();
        Observation {
            between,
            holes,
            ..Observation::new(self.history, subject, self.ended, settle)
        }
    }
}

/// Puts records in order: by time and cause, inside a partition by offset. Clocks are believed up
/// to `clock_skew`, or what the records themselves prove: of moments that are less far apart,
/// commands come before events. With a subject its records are its own and all others are inputs;
/// without one they are those of each service that has a contract.
#[must_use]
pub fn gather(
    records: Vec<Captured>,
    contracts: &Arc<Contracts>,
    channel_of: impl Fn(&str) -> Option<ChannelIx>,
    subject: Option<&str>,
    clock_skew: Duration,
) -> Gathered {
    gather_some(records, contracts, channel_of, (subject, clock_skew), &|_| true)
}

/// As [`gather`], of those records that `keep` admits. The others are known to be there: where they
/// lie nothing is missing, and their timestamps count.
#[must_use]
pub fn gather_some(
    records: Vec<Captured>,
    contracts: &Arc<Contracts>,
    channel_of: impl Fn(&str) -> Option<ChannelIx>,
    (subject, clock_skew): (Option<&str>, Duration),
    keep: &dyn Fn(&Record) -> bool,
) -> Gathered {
    let services: Vec<String> = match subject {
        Some(subject) => vec![subject.to_owned()],
        None => contracts.contracts().iter().map(|one| one.service.clone()).collect(),
    };
    let writers = Arc::new(Writers::new(contracts, &services));
    let mut stamps: Vec<i64> = records.iter().map(|one| one.timestamp_ms).collect();
    let Placed { partitions, other_topics, late } = Placed::of(records, channel_of);
    let clock_skew_ms = i64::try_from(clock_skew.max(SKEW).as_millis()).unwrap_or(i64::MAX);
    let times = Times::of(&partitions, &writers, MOST_SKEW_MS.max(clock_skew_ms), &mut stamps);
    let shift = |first_ms| VirtualTime::ZERO.as_unix_ms().saturating_sub(first_ms).max(0);
    let shifted_ms = stamps.first().map_or(0, |first_ms| shift(*first_ms));
    let moment = |ms: i64| VirtualTime::from_unix_ms(ms.saturating_add(shifted_ms));
    let mut gathered = Gathered {
        history: History::new(Arc::clone(contracts), services),
        ended: ended_ms(&stamps).map_or(VirtualTime::ZERO, moment),
        other_topics,
        shifted_ms,
        late,
        between: BTreeMap::new(),
        untimed: Vec::new(),
        skew: Duration::from_millis(times.skew_ms.unsigned_abs()),
        holes: Vec::new(),
    };
    let mut holes = Holes::default();
    let mut merge = Merge::new(Arc::clone(&writers), clock_skew_ms.max(times.skew_ms));
    for ((channel, partition), own) in partitions {
        let place = (channel, partition);
        for (one, when) in own.into_iter().zip(&times.of[&place]) {
            let trace = trace_of(&one);
            merge
                .push(place, Waiting { at_ms: when.earliest_ms, trace, item: (place, one, *when) });
        }
    }
    while let Some(Waiting { item: ((channel, partition), one, when), .. }) = merge.pop() {
        let producer = writers.of(channel, &one.record);
        let place = (channel, partition, one.offset);
        let at = moment(when.earliest_ms);
        let between = (at, moment(when.latest_ms));
        if !keep(&one.record) {
            holes.note(place, None, between);
            continue;
        }
        let record = gathered.history.append(at, place, one.record, producer);
        if !when.is_timed || when.latest_ms > when.earliest_ms {
            gathered.between.insert(record, between);
        }
        gathered.untimed.extend((!when.is_timed).then_some(record));
        holes.note(place, Some(record), between);
    }
    // Without a record there is nothing that a hole could concern.
    let is_empty = gathered.history.records().is_empty();
    gathered.holes = if is_empty { Vec::new() } else { holes.found() };
    gathered
}

/// Records by partition, in the order of offsets.
struct Placed {
    partitions: BTreeMap<Place, Vec<Captured>>,
    /// Topics of no channel, each with how many records it has.
    other_topics: BTreeMap<Arc<str>, u64>,
    /// Partitions whose first records are not there, each with the first offset.
    late: Vec<(String, u64)>,
}

impl Placed {
    fn of(records: Vec<Captured>, channel_of: impl Fn(&str) -> Option<ChannelIx>) -> Self {
        let mut other_topics = BTreeMap::new();
        let mut partitions: BTreeMap<Place, Vec<Captured>> = BTreeMap::new();
        for one in records {
            match channel_of(&one.topic) {
                Some(channel) => partitions.entry((channel, one.partition)).or_default().push(one),
                None => *other_topics.entry(one.topic).or_default() += 1,
            }
        }
        let mut late = Vec::new();
        for ((_, partition), own) in &mut partitions {
            own.sort_by_key(|one| one.offset);
            if let Some(first) = own.first().filter(|first| first.offset.0 > 0) {
                late.push((format!("{}/{}", first.topic, partition.0), first.offset.0));
            }
        }
        Self { partitions, other_topics, late }
    }
}

/// The holes in partitions that are merged.
#[derive(Default)]
struct Holes(BTreeMap<Place, OfPartition>);

/// What was seen of a partition: its offsets, the last record with the earliest moment at which it
/// was written, and the gaps, each with the record before it and between which moments it lies.
#[derive(Default)]
struct OfPartition {
    offsets: Offsets,
    last: Option<(RecordId, VirtualTime)>,
    gaps: Vec<(RecordId, Gap, (VirtualTime, VirtualTime))>,
}

impl Holes {
    fn note(
        &mut self,
        (channel, partition, offset): (ChannelIx, Partition, Offset),
        record: Option<RecordId>,
        (earliest, latest): (VirtualTime, VirtualTime),
    ) {
        let of = self.0.entry((channel, partition)).or_default();
        // Of a partition whose records were left out so far, the first record of all stands for
        // those that come before.
        let before = of.last.map_or(RecordId(0), |(record, _)| record);
        let record = record.unwrap_or(before);
        if let (Some(gap), Some((before, from))) = (of.offsets.note(offset), of.last) {
            of.gaps.push((before, gap, (from, latest)));
        }
        of.last = Some((record, earliest));
    }

    fn found(self) -> Vec<(RecordId, Hole)> {
        let of = |((channel, partition), of): (Place, OfPartition)| {
            let OfPartition { offsets, gaps, .. } = of;
            gaps.into_iter().filter(move |(_, gap, _)| !offsets.is_marker(gap)).map(
                move |(before, gap, between)| {
                    (before, Hole { channel, partition, offsets: gap.offsets, between })
                },
            )
        };
        self.0.into_iter().flat_map(of).collect()
    }
}

fn trace_of(one: &Captured) -> Option<u128> {
    one.record.headers.trace().map(|parent| parent.trace)
}

/// The last of some moments, in order; one that lies far behind all others does not count.
fn ended_ms(stamps: &[i64]) -> Option<i64> {
    match stamps {
        [.., before, last] if last.saturating_sub(*before) >= MOST_SKEW_MS => Some(*before),
        [.., last] => Some(*last),
        [] => None,
    }
}

/// When records were written, as far as their timestamps, offsets and causes tell.
struct Times {
    /// By partition, in the order of offsets.
    of: BTreeMap<Place, Vec<Written>>,
    /// By how much a record was stamped before its cause, at most.
    skew_ms: i64,
}

impl Times {
    /// Takes out of `stamps` what bears no time, and puts the others in order.
    fn of(
        partitions: &BTreeMap<Place, Vec<Captured>>,
        writers: &Writers,
        most_skew_ms: i64,
        stamps: &mut Vec<i64>,
    ) -> Self {
        stamps.retain(|ms| is_time(*ms));
        stamps.sort_unstable();
        let all = stamps.clone();
        let believed = |ms: &i64| is_time(*ms) && !is_alone(&all, *ms);
        let stamp = |one: &Captured| Some(one.timestamp_ms).filter(believed);
        stamps.retain(|ms| believed(ms));
        let of_partition = |own: &Vec<Captured>| own.iter().map(stamp).collect();
        let mut believed: BTreeMap<Place, Vec<Option<i64>>> =
            partitions.iter().map(|(place, own)| (*place, of_partition(own))).collect();
        let bounds = (stamps.first().copied(), stamps.last().copied());
        let zero_ms = VirtualTime::ZERO.as_unix_ms();
        let bounds = (bounds.0.unwrap_or(zero_ms), bounds.1.unwrap_or(zero_ms));
        let mut round = 0;
        loop {
            round += 1;
            let when = |(place, stamps): (&Place, &Vec<Option<i64>>)| {
                (*place, written(stamps, bounds, most_skew_ms))
            };
            let of: BTreeMap<Place, Vec<Written>> = believed.iter().map(when).collect();
            let (skew_ms, wrong) = stamped_before_causes(partitions, &of, writers, most_skew_ms);
            if wrong.is_empty() || round == MOST_ROUNDS {
                return Self { of, skew_ms };
            }
            for (place, at) in wrong {
                if let Some(stamp) = believed.get_mut(&place).and_then(|own| own.get_mut(at)) {
                    *stamp = None;
                }
            }
        }
    }
}

/// Whether one of several moments, in order, is far from all others.
fn is_alone(stamps: &[i64], ms: i64) -> bool {
    let at = stamps.partition_point(|other| *other < ms);
    let before = at.checked_sub(1).map(|at| ms.saturating_sub(stamps[at]));
    let behind = stamps.get(at + 1).map(|other| other.saturating_sub(ms));
    let is_far = |distance: Option<i64>| distance.is_none_or(|ms| ms >= ALONE_MS);
    stamps.len() > 2 && is_far(before) && is_far(behind)
}

/// By how much records are stamped before what caused them, at most; and the places of those, with
/// their causes, that are stamped further before it than clocks differ.
fn stamped_before_causes(
    partitions: &BTreeMap<Place, Vec<Captured>>,
    times: &BTreeMap<Place, Vec<Written>>,
    writers: &Writers,
    most_skew_ms: i64,
) -> (i64, Vec<(Place, usize)>) {
    let records = || {
        let own = partitions.iter().flat_map(|(place, own)| {
            own.iter()
                .zip(&times[place])
                .enumerate()
                .map(move |(at, (one, when))| (*place, at, one, when))
        });
        own.filter_map(|(place, at, one, when)| Some((trace_of(one)?, (place, at), when)))
    };
    let mut causes: BTreeMap<(u128, ChannelIx), ((Place, usize), i64)> = BTreeMap::new();
    for (trace, at, when) in records().filter(|(_, (place, _), _)| writers.is_read(place.0)) {
        let first = causes.entry((trace, at.0.0)).or_insert((at, when.earliest_ms));
        if when.earliest_ms < first.1 {
            *first = (at, when.earliest_ms);
        }
    }
    let (mut skew_ms, mut wrong) = (0, Vec::new());
    for (trace, at, when) in records() {
        let own = writers.causes(at.0.0).iter().filter_map(|one| causes.get(&(trace, *one)));
        let Some((cause, from_ms)) = own.min_by_key(|(_, from_ms)| *from_ms) else { continue };
        let by_ms = from_ms.saturating_sub(when.latest_ms);
        if by_ms >= most_skew_ms {
            wrong.extend([*cause, at]);
        } else {
            skew_ms = skew_ms.max(by_ms);
        }
    }
    (skew_ms, wrong)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::gather;
    use crate::capture::Captured;
    use crate::contract::Contracts;
    use crate::message::{Headers, Offset, Partition, Payload, Record, VirtualTime};

    fn captured(topic: &str, (partition, offset): (u32, u64), timestamp_ms: i64) -> Captured {
        Captured {
            topic: topic.into(),
            partition: Partition(partition),
            offset: Offset(offset),
            timestamp_ms,
            record: Record {
                key: None,
                headers: Headers::from_list(Vec::new()),
                value: Some(Payload::new(b"{}")),
            },
        }
    }

    #[test]
    fn records_come_in_the_order_of_time_and_of_their_partition() {
        let contracts = Contracts::builtin();
        let base = VirtualTime::ZERO.as_unix_ms();
        let records = vec![
            captured("ban.status", (0, 5), base + 10),
            captured("ban.command", (1, 2), base + 9),
            captured("ban.command", (1, 3), base + 10),
            // The clock of whoever wrote it went back.
            captured("ban.command", (1, 4), base + 2),
            captured("ban.command", (1, 5), base + 12),
            captured("ban.command", (0, 0), base + 4),
            captured("elsewhere", (0, 9), base + 99),
        ];
        let channel = |name: &str| contracts.channel_ix(name);
        let gathered = gather(records, &contracts, channel, Some("ban"), Duration::ZERO);
        let order: Vec<_> = gathered
            .history
            .records()
            .iter()
            .map(|one| {
                let by = gathered.history.producer(one);
                (contracts.channel_name(one.channel), one.partition.0, one.offset.0, by)
            })
            .collect();
        assert_eq!(
            order,
            [
                ("ban.command", 0, 0, "test"),
                ("ban.command", 1, 2, "test"),
                ("ban.command", 1, 3, "test"),
                ("ban.command", 1, 4, "test"),
                ("ban.command", 1, 5, "test"),
                ("ban.status", 0, 5, "ban"),
            ]
        );
        assert_eq!(
            gathered.other_topics.into_iter().collect::<Vec<_>>(),
            [("elsewhere".into(), 1)]
        );
        assert_eq!((gathered.ended, gathered.shifted_ms), (VirtualTime::from_ms(99), 0));
        assert_eq!(
            gathered.late,
            [("ban.command/1".to_owned(), 2), ("ban.status/0".to_owned(), 5)]
        );
    }

    #[test]
    fn moments_before_histories_begin_keep_their_distances() {
        let contracts = Contracts::builtin();
        let first_ms = 1_400_000_000_000;
        let records = vec![
            captured("ban.status", (0, 0), first_ms + 266),
            captured("ban.status", (1, 0), first_ms),
        ];
        let channel = |name: &str| contracts.channel_ix(name);
        let gathered = gather(records, &contracts, channel, None, Duration::ZERO);
        assert_eq!(gathered.shifted_ms, VirtualTime::ZERO.as_unix_ms() - first_ms);
        assert_eq!(gathered.ended, VirtualTime::from_ms(266));
        assert_eq!(gathered.history.producer(&gathered.history.records()[0]), "ban");
    }
}
