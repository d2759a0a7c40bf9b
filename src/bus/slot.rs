//! One service on the bus: its group, its plans, and whether it is up.

use std::collections::VecDeque;

use super::Instance;
use crate::driver::FaultKind;
use crate::history::FaultId;
use crate::message::{ChannelIx, Offset, Outgoing, Partition, RecordId, VirtualTime};

pub(super) struct Slot {
    pub(super) name: String,
    /// `None` only while one of its own handlers runs.
    pub(super) service: Option<Instance>,
    /// What the group reads, in order of channel and partition.
    pub(super) readers: Vec<Reader>,
    /// The readers with something to read, in order.
    pub(super) unread: Vec<usize>,
    /// Which members have a record in hand.
    pub(super) busy: Vec<bool>,
    pub(super) generation: u32,
    /// What is kept and not yet done, in the order in which state changed. Only the first plan
    /// makes steps, so events leave in the order of the changes that they announce.
    pub(super) plans: VecDeque<Plan>,
    /// When a killed service starts again.
    pub(super) down_until: Option<VirtualTime>,
}

/// A group's place in one partition.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) channel: ChannelIx,
    pub(super) partition: Partition,
    /// Which member reads it.
    pub(super) member: usize,
    /// The next offset to read.
    pub(super) position: u64,
    /// The offset from which a restarted or newly assigned member reads.
    pub(super) committed: u64,
    /// Records below this offset are handled, and their effects kept with the state.
    pub(super) kept: u64,
    /// How often the offsets from `committed` on were delivered.
    pub(super) deliveries: VecDeque<u32>,
    /// Offsets from which on nothing is delivered before a moment.
    pub(super) holds: Vec<(u64, VirtualTime)>,
    /// The offset that is to be handled once more.
    pub(super) again: Option<u64>,
    /// The last offset whose record was taken up after the next one's.
    pub(super) swapped: Option<u64>,
}

/// What a handled record, timer or stimulus still has to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) emits: Vec<Outgoing>,
    /// How many events are emitted and marked as sent.
    pub(super) marked: usize,
    pub(super) cause: Option<RecordId>,
    /// Whose record it is; none for timers, for stimuli, and once the member that read it is gone.
    pub(super) reader: Option<usize>,
    /// The offset to commit at the end; none where the record is to be delivered again.
    pub(super) commits: Option<Offset>,
    /// A fault that strikes within this plan.
    pub(super) fault: Option<(FaultId, FaultKind)>,
}

impl Reader {
    pub(super) fn new(channel: ChannelIx, partition: Partition, member: usize) -> Self {
        Self {
            channel,
            partition,
            member,
            position: 0,
            committed: 0,
            kept: 0,
            deliveries: VecDeque::new(),
            holds: Vec::new(),
            again: None,
            swapped: None,
        }
    }

    /// The number that the next delivery of the record at the position gets; 1 for the first.
    pub(super) fn next_attempt(&self) -> u32 {
        let at = usize::try_from(self.position - self.committed).unwrap_or(usize::MAX);
        self.deliveries.get(at).copied().unwrap_or(0) + 1
    }

    /// Counts a delivery of the record at the position; 1 for the first.
    pub(super) fn count_delivery(&mut self) -> u32 {
        let at = usize::try_from(self.position - self.committed).unwrap_or(usize::MAX);
        if self.deliveries.len() <= at {
            self.deliveries.resize(at + 1, 0);
        }
        self.deliveries[at] += 1;
        self.deliveries[at]
    }

    pub(super) fn commit(&mut self, next: u64) {
        for _ in self.committed..next {
            self.deliveries.pop_front();
        }
        self.committed = self.committed.max(next);
    }

    pub(super) fn is_held(&self, now: VirtualTime) -> bool {
        self.holds.iter().any(|(from, until)| *from <= self.position && *until > now)
    }
}

impl Plan {
    /// The plan of a timer or a stimulus.
    pub(super) fn uncaused(emits: Vec<Outgoing>) -> Self {
        Self { emits, marked: 0, cause: None, reader: None, commits: None, fault: None }
    }
}

impl Slot {
    /// As if nothing had happened, with a service that has just started.
    pub(super) fn start_over(&mut self, service: Instance) {
        self.service = Some(service);
        let members = self.busy.len();
        for (at, reader) in self.readers.iter_mut().enumerate() {
            *reader = Reader::new(reader.channel, reader.partition, at % members);
        }
        self.unread.clear();
        self.busy.fill(false);
        self.generation = 1;
        self.plans.clear();
        self.down_until = None;
    }

    /// All members start over from what is committed; plans in hand finish without committing.
    pub(super) fn reset_group(&mut self) {
        for reader in &mut self.readers {
            reader.position = reader.committed;
            reader.again = None;
        }
        for plan in &mut self.plans {
            plan.reader = None;
        }
        self.busy.fill(false);
    }

    /// Spreads the partitions over the members anew.
    pub(super) fn rebalance(&mut self) {
        self.generation += 1;
        let members = self.busy.len();
        let shift = self.generation as usize;
        for (at, reader) in self.readers.iter_mut().enumerate() {
            reader.member = (at + shift) % members;
        }
        self.reset_group();
    }
}
