//! What a case can do on every Kafka.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet::contract::Contracts;
use quintet::message::{ChannelIx, Outgoing, Record};

/// The channel on which all cases play, and the service whose group reads it.
pub(crate) const CHANNEL: &str = "ban.command";
pub(crate) const SERVICE: &str = "ban";
pub(crate) const PARTITIONS: u32 = 3;

/// What happens to a group at the first record that it handles, with the work done and the offset
/// not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accident {
    /// The member that handled it is never heard of again.
    Crash,
    /// The partitions are spread over the members anew.
    Rebalance,
}

/// A partition and an offset in it.
pub(crate) type Place = (u32, u64);

/// A Kafka with one group, which has not started yet.
pub(crate) trait Arm {
    /// Appends a record and says where it lies.
    fn send(&mut self, outgoing: &Outgoing) -> Place;

    /// Everything on the channel, as a reader sees it: in order within each partition.
    fn records(&mut self) -> Vec<(Place, Record)>;

    /// Lets the group handle all that is there and commit after each record, and says what was
    /// delivered, in order.
    fn run_group(&mut self, accident: Option<Accident>) -> Vec<Place>;

    /// The offset that the group has committed in each partition in which it has.
    fn committed(&mut self) -> BTreeMap<u32, u64>;
}

/// Makes a fresh arm whose group has so many members.
pub(crate) type Fresh<'a> = &'a dyn Fn(usize) -> Box<dyn Arm + 'a>;

pub(crate) fn contracts() -> Arc<Contracts> {
    Contracts::builtin()
}

pub(crate) fn channel() -> ChannelIx {
    contracts().channel_ix(CHANNEL).expect("the contracts name it")
}
