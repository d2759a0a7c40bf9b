//! A history of captured records.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capture::Captured;
use crate::contract::Contracts;
use crate::history::History;
use crate::message::{ChannelIx, Partition, VirtualTime};

use super::Writers;

/// What captured records say, in order.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The records in order of time, with who wrote them.
    pub history: History,
    /// When the last record of any topic was written.
    pub ended: VirtualTime,
    /// Topics that no contract names, each with how many records there are.
    pub other_topics: BTreeMap<Arc<str>, u64>,
    /// By how much all moments were shifted, in milliseconds: histories begin in 2026.
    pub shifted_ms: i64,
    /// Partitions whose first records are not there: `TOPIC/PARTITION` with the first offset.
    pub late: Vec<(String, u64)>,
}

/// Puts records in order: by time on one clock, inside a partition by offset; of the same moment,
/// commands come before events. With a subject its records are its own and all others are inputs;
/// without one they are those of each service that has a contract.
#[must_use]
pub fn gather(
    records: Vec<Captured>,
    contracts: &Arc<Contracts>,
    channel_of: impl Fn(&str) -> Option<ChannelIx>,
    subject: Option<&str>,
) -> Gathered {
    let services: Vec<String> = match subject {
        Some(subject) => vec![subject.to_owned()],
        None => contracts.contracts().iter().map(|one| one.service.clone()).collect(),
    };
    let writers = Writers::new(contracts, &services);
    let first_ms = records.iter().map(|one| one.timestamp_ms).min();
    let shift = |first_ms| VirtualTime::ZERO.as_unix_ms().saturating_sub(first_ms).max(0);
    let shifted_ms = first_ms.map_or(0, shift);
    let mut gathered = Gathered {
        history: History::new(Arc::clone(contracts), services),
        ended: VirtualTime::ZERO,
        other_topics: BTreeMap::new(),
        shifted_ms,
        late: Vec::new(),
    };
    let mut partitions: BTreeMap<(ChannelIx, Partition), Vec<Captured>> = BTreeMap::new();
    for one in records {
        let at = VirtualTime::from_unix_ms(one.timestamp_ms.saturating_add(shifted_ms));
        gathered.ended = gathered.ended.max(at);
        match channel_of(&one.topic) {
            Some(channel) => partitions.entry((channel, one.partition)).or_default().push(one),
            None => *gathered.other_topics.entry(one.topic).or_default() += 1,
        }
    }
    let mut all = Vec::new();
    for ((channel, partition), mut own) in partitions {
        own.sort_by_key(|one| one.offset);
        if let Some(first) = own.first().filter(|first| first.offset.0 > 0) {
            gathered.late.push((format!("{}/{}", first.topic, partition.0), first.offset.0));
        }
        // A clock that goes back does not change the order of a partition.
        let mut last = VirtualTime::ZERO;
        for one in own {
            let ms = one.timestamp_ms.saturating_add(shifted_ms);
            last = last.max(VirtualTime::from_unix_ms(ms));
            all.push((last, writers.rank(channel), channel, one));
        }
    }
    // The sort is stable: partitions stay in order.
    all.sort_by_key(|(at, rank, ..)| (*at, *rank));
    for (at, _, channel, one) in all {
        let producer = writers.of(channel, &one.record);
        let place = (channel, one.partition, one.offset);
        gathered.history.append(at, place, one.record, producer);
    }
    gathered
}

#[cfg(test)]
mod tests {
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
            captured("ban.command", (1, 3), base + 10),
            // The clock of whoever wrote it went back.
            captured("ban.command", (1, 4), base + 2),
            captured("ban.command", (0, 0), base + 4),
            captured("elsewhere", (0, 9), base + 99),
        ];
        let channel = |name: &str| contracts.channel_ix(name);
        let gathered = gather(records, &contracts, channel, Some("ban"));
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
                ("ban.command", 1, 3, "test"),
                ("ban.command", 1, 4, "test"),
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
            [("ban.command/1".to_owned(), 3), ("ban.status/0".to_owned(), 5)]
        );
    }

    #[test]
    fn moments_before_histories_begin_keep_their_distances() {
        let contracts = Contracts::builtin();
        let records =
            vec![captured("ban.status", (0, 0), 1_500), captured("ban.status", (0, 1), 1_234)];
        let gathered = gather(records, &contracts, |name| contracts.channel_ix(name), None);
        assert_eq!(gathered.shifted_ms, VirtualTime::ZERO.as_unix_ms() - 1_234);
        assert_eq!(gathered.ended, VirtualTime::from_ms(266));
        assert_eq!(gathered.history.producer(&gathered.history.records()[0]), "ban");
    }
}
