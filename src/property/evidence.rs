//! How far the records that are checked can be believed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::history::Placed;
use crate::message::{ChannelIx, Partition, RecordId, VirtualTime};

/// What is known of a history besides its records.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What came before the first record is not known.
    pub amid: bool,
    /// Moments that are no further apart say nothing about order, but inside a partition. Zero
    /// where the order of the history is the order in which things happened.
    pub skew: Duration,
    /// How long before the end of the records an answer may still be missing.
    pub settle: Duration,
    /// Records behind which others of their partition may be missing.
    pub holes: BTreeSet<RecordId>,
    /// Records whose moments are in doubt.
    pub untimed: BTreeSet<RecordId>,
    /// Records that were not seen to be read: nobody has to answer them.
    pub unread: BTreeSet<RecordId>,
    /// Whether records may have been handled again: the group lost its partitions, or the
    /// implementation was killed.
    pub again: bool,
    /// Whether that is so from the first crash in a history on.
    pub again_after_crash: bool,
}

/// What could not be told of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// How often.
    pub times: u64,
    /// Why not, the first time.
    pub why: &'static str,
    /// The record at which that was.
    pub record: RecordId,
}

impl Doubt {
    /// As reports say it.
    #[must_use]
    pub fn told(&self) -> String {
        let times = if self.times == 1 { String::new() } else { format!("{} times: ", self.times) };
        format!("{times}{} (first at {})", self.why, self.record)
    }
}

/// Since when a channel is known, and where records may be missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Holes {
    /// By channel, the moment of its first record.
    begun: BTreeMap<ChannelIx, VirtualTime>,
    /// By channel, between which moments; up to now where it is not over.
    of: BTreeMap<ChannelIx, Vec<(VirtualTime, VirtualTime)>>,
    /// By partition, the place of the one that is not over.
    open: BTreeMap<(ChannelIx, Partition), usize>,
}

impl Holes {
    pub(super) fn note(&mut self, placed: &Placed, begins: bool) {
        self.begun.entry(placed.channel).or_insert(placed.at);
        let place = (placed.channel, placed.partition);
        if !self.open.is_empty()
            && let Some(at) = self.open.remove(&place)
            && let Some(hole) = self.of.get_mut(&placed.channel).and_then(|of| of.get_mut(at))
        {
            hole.1 = placed.at;
        }
        if begins {
            let of = self.of.entry(placed.channel).or_default();
            self.open.insert(place, of.len());
            of.push((placed.at, VirtualTime::NEVER));
        }
    }

    /// Whether all records of these channels are known from a moment on.
    pub(super) fn are_known_from(&self, channels: &[ChannelIx], from: VirtualTime) -> bool {
        channels.iter().all(|one| self.begun.get(one).is_some_and(|begun| *begun <= from))
    }

    /// Whether a record of one of these channels may be missing between two moments.
    pub(super) fn overlap(
        &self,
        channels: &[ChannelIx],
        (from, until): (VirtualTime, VirtualTime),
    ) -> bool {
        let mut holes = channels.iter().filter_map(|channel| self.of.get(channel)).flatten();
        holes.any(|hole| hole.0 <= until && from <= hole.1)
    }
}

pub(super) const AMID: &str = "the records begin amid, and one before them could explain it";
pub(super) const HOLE: &str = "offsets are missing, and a record that lay there could explain it";
pub(super) const CLOCKS: &str = "timestamps do not tell which of two records came first";
pub(super) const ENDS: &str = "the records end before its time is over";
pub(super) const UNREAD: &str = "it was not seen to be read";
pub(super) const AGAIN: &str = "records may have been handled again after a kill or a rebalance";
