//! Records that are read and wait for their moment.

use std::collections::BTreeMap;

use super::options::Manner;
use super::witness::Spot;
use crate::message::{ChannelIx, KeyBytes, Partition, Record, Seed, Stream, VirtualTime};

/// Records of one lane are handled in order: those of a partition, or where records overtake each
/// other, those of a key in it.
pub(super) type Lane = (ChannelIx, Partition, Option<KeyBytes>);

/// Read records in the order in which they are to be handled.
#[derive(Debug)]
pub(super) struct Lanes {
    waiting: BTreeMap<(VirtualTime, u64), (Spot, Record)>,
    /// When the last record of each lane is due.
    ends: BTreeMap<Lane, VirtualTime>,
    count: u64,
    delays: Stream,
    manner: Manner,
}

impl Lanes {
    pub(super) fn new(manner: Manner, seed: Seed, service: &str) -> Self {
        let delays = Stream::keyed(seed, &("delays", service));
        Self { waiting: BTreeMap::new(), ends: BTreeMap::new(), count: 0, delays, manner }
    }

    /// A record has been read and is held back until `held`, as are those behind it in its lane.
    pub(super) fn push(&mut self, spot: Spot, record: Record, (now, held): Moments) {
        let (least, most) = (*self.manner.delay_ms.start(), *self.manner.delay_ms.end());
        let spread = usize::try_from(most.saturating_sub(least)).unwrap_or(usize::MAX);
        let delay = least + self.delays.below(spread.saturating_add(1)) as u64;
        let due = now.after(std::time::Duration::from_millis(delay)).max(held);
        let lane = lane_of(spot, &record, &self.manner);
        let end = self.ends.entry(lane).or_default();
        *end = due.max(*end);
        self.count += 1;
        self.waiting.insert((*end, self.count), (spot, record));
    }

    /// The next record that is due; with `all`, the next one.
    pub(super) fn pop(&mut self, now: VirtualTime, all: bool) -> Option<(Spot, Record)> {
        let first = self.waiting.first_entry().filter(|one| all || one.key().0 <= now)?;
        let taken = first.remove();
        if self.waiting.is_empty() {
            self.ends.clear();
        }
        Some(taken)
    }

    /// When the first record is due.
    pub(super) fn first(&self) -> Option<VirtualTime> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.ends.clear();
    }
}

/// When a record was read, and until when it is held back.
type Moments = (VirtualTime, VirtualTime);

/// The lane of a record.
pub(super) fn lane_of(spot: Spot, record: &Record, manner: &Manner) -> Lane {
    let key = if manner.overtake { record.key.clone() } else { None };
    (spot.channel, spot.partition, key)
}

#[cfg(test)]
mod tests {
    use super::{Lanes, Manner, Spot};
    use crate::message::{
        ChannelIx, Headers, KeyBytes, Offset, Partition, Record, Seed, VirtualTime,
    };
    use rstest::rstest;

    fn order(manner: Manner) -> Vec<u64> {
        let mut lanes = Lanes::new(manner, Seed(3), "ban");
        for offset in 0..40 {
            let channel = ChannelIx(0);
            let spot = Spot { channel, partition: Partition(0), offset: Offset(offset) };
            let key = KeyBytes::from_slice(&[u8::from(offset % 2 == 0)]);
            let headers = Headers::from_list(Vec::new());
            let record = Record { key: Some(key), headers, value: None };
            lanes.push(spot, record, (VirtualTime::ZERO, VirtualTime::ZERO));
        }
        let late = VirtualTime::from_ms(1000);
        std::iter::from_fn(|| lanes.pop(late, false)).map(|(spot, _)| spot.offset.0).collect()
    }

    #[rstest]
    #[case::at_once(Manner::default())]
    #[case::later(Manner { delay_ms: 0..=300, ..Manner::default() })]
    fn a_partition_is_handled_in_order(#[case] manner: Manner) {
        assert!(order(manner).is_sorted());
    }

    #[test]
    fn keys_overtake_each_other_and_themselves_never() {
        let got = order(Manner { delay_ms: 0..=300, overtake: true, ..Manner::default() });
        assert!(!got.is_sorted());
        for parity in [0, 1] {
            assert!(got.iter().filter(|offset| *offset % 2 == parity).is_sorted());
        }
    }

    #[test]
    fn what_is_not_due_waits() {
        let manner = Manner { delay_ms: 50..=50, ..Manner::default() };
        let mut lanes = Lanes::new(manner, Seed(0), "ban");
        let (channel, partition) = (ChannelIx(0), Partition(0));
        let spot = Spot { channel, partition, offset: Offset(0) };
        let record = Record { key: None, headers: Headers::from_list(Vec::new()), value: None };
        lanes.push(spot, record, (VirtualTime::ZERO, VirtualTime::ZERO));
        assert_eq!(lanes.first(), Some(VirtualTime::from_ms(50)));
        assert!(lanes.pop(VirtualTime::from_ms(49), false).is_none());
        assert!(lanes.pop(VirtualTime::from_ms(50), false).is_some());
    }
}
