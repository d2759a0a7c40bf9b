//! Offsets at which nothing was seen: a record may lie there, or the marker of a transaction.

use std::collections::BTreeMap;

use crate::message::{ChannelIx, Offset, Partition, VirtualTime};

/// So many holes alike are those of markers, where they are nearly all that there are.
const REGULAR: usize = 3;
/// So many different distances are counted.
const MOST_RUNS: usize = 1_000;

/// Offsets of a partition at which a record may lie that was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// The channel.
    pub channel: ChannelIx,
    /// The partition.
    pub partition: Partition,
    /// The first offset that is missing, and the one behind the last.
    pub offsets: (Offset, Offset),
    /// Between which moments it was written.
    pub between: (VirtualTime, VirtualTime),
}

/// The offsets of a partition that were seen, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offsets {
    last: Option<Offset>,
    /// How many records there were since the last gap.
    run: usize,
    /// How many gaps there were with room for one record, by how many records were before each.
    single: BTreeMap<usize, usize>,
    /// How many gaps there were.
    all: usize,
}

/// Offsets between two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The first, and the one behind the last.
    pub(crate) offsets: (Offset, Offset),
    /// How many records there were since the gap before.
    run: usize,
}

impl Gap {
    fn is_single(&self) -> bool {
        self.offsets.1.0 - self.offsets.0.0 == 1
    }
}

impl Offsets {
    /// Notes the next record; the gap before it, if there is one.
    pub(crate) fn note(&mut self, offset: Offset) -> Option<Gap> {
        let next = self.last.map_or(offset, |last| Offset(last.0 + 1));
        self.last = self.last.max(Some(offset));
        let gap = Gap { offsets: (next, offset), run: self.run };
        let gap = (next < offset).then_some(gap);
        if let Some(gap) = &gap {
            self.run = 0;
            self.all += 1;
            if gap.is_single()
                && (self.single.len() < MOST_RUNS || self.single.contains_key(&gap.run))
            {
                *self.single.entry(gap.run).or_default() += 1;
            }
        }
        self.run += 1;
        gap
    }

    /// Whether a gap is none but the marker of a transaction's end, as far as is known by now: a
    /// producer leaves them at regular distances, each of them one offset. What was deleted or got
    /// lost leaves no such pattern.
    pub(crate) fn is_marker(&self, gap: &Gap) -> bool {
        let usual = self.single.iter().max_by_key(|(_, many)| **many);
        usual.is_some_and(|(run, many)| {
            *many >= REGULAR && many * 5 >= self.all * 4 && gap.is_single() && gap.run == *run
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Offsets;
    use crate::message::Offset;

    #[rstest]
    #[case::none(&[3, 4, 5], &[])]
    #[case::one(&[0, 1, 3, 4], &[false])]
    #[case::markers(&[0, 2, 4, 6, 8], &[true, true, true, true])]
    #[case::of_pairs(&[0, 1, 3, 4, 6, 7, 9], &[true, true, true])]
    #[case::one_is_lost(&[0, 2, 4, 6, 8, 12, 14], &[true, true, true, true, false, true])]
    #[case::compacted(&[0, 1, 3, 6, 7, 8, 10, 13], &[false, false, false, false])]
    fn markers_leave_regular_holes(#[case] offsets: &[u64], #[case] expected: &[bool]) {
        let mut seen = Offsets::default();
        let gaps: Vec<_> = offsets.iter().filter_map(|offset| seen.note(Offset(*offset))).collect();
        let markers: Vec<_> = gaps.iter().map(|gap| seen.is_marker(gap)).collect();
        assert_eq!(markers, expected);
    }
}
