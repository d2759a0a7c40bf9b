//! How far the records that are checked can be believed.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::message::RecordId;

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

pub(super) const AMID: &str = "the records begin amid, and one before them could explain it";
pub(super) const HOLE: &str = "offsets are missing, and a record that lay there could explain it";
pub(super) const CLOCKS: &str = "timestamps do not tell which of two records came first";
pub(super) const ENDS: &str = "the records end before its time is over";
pub(super) const UNREAD: &str = "it was not seen to be read";
pub(super) const AGAIN: &str = "records may have been handled again after a kill or a rebalance";
