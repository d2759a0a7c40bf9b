//! What can happen: the closed list of events.

use crate::message::{ChannelIx, Offset, Partition, Record, RecordId, VirtualTime};
use crate::rule::RuleId;
use crate::service::Reject;

/// The place of a service in its run's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceIx(pub u16);

impl ServiceIx {
    /// The index, for looking the service up in a list.
    #[must_use]
    pub fn at(self) -> usize {
        usize::from(self.0)
    }
}

/// The number of a fault in the order in which faults were armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(pub u32);

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: VirtualTime,
    /// What.
    pub event: Event,
    /// A hash of this entry's content and the hash of the entry before it.
    pub hash: u64,
}

/// A record where it lies.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its number in the history.
    pub id: RecordId,
    /// Its channel.
    pub channel: ChannelIx,
    /// Its partition.
    pub partition: Partition,
    /// Its offset there.
    pub offset: Offset,
    /// When it was appended.
    pub at: VirtualTime,
    /// Key, headers and value.
    pub record: Record,
    /// Who wrote it.
    pub producer: Producer,
}

/// Who wrote a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Producer {
    /// The scenario, or whoever drives the run.
    Test,
    /// A service.
    Service {
        /// Which.
        service: ServiceIx,
        /// The record whose handling emitted it; none where a timer or a stimulus did.
        cause: Option<RecordId>,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The test appended a record.
    Sent {
        /// Which.
        record: RecordId,
    },
    /// A service read a record.
    Delivered {
        /// Which service.
        service: ServiceIx,
        /// Which record.
        record: RecordId,
        /// 1 for the first delivery, 2 for the next.
        attempt: u32,
    },
    /// A redelivered record whose effects are already kept with the state: nothing is done again.
    Recognised {
        /// Which service.
        service: ServiceIx,
        /// Which record.
        record: RecordId,
    },
    /// A record, timer or stimulus had no effect.
    Rejected {
        /// Which service.
        service: ServiceIx,
        /// The record, if it was one.
        record: Option<RecordId>,
        /// Why.
        reject: Reject,
    },
    /// The premise of a rule held.
    Applied {
        /// In which service.
        service: ServiceIx,
        /// Which rule.
        rule: RuleId,
    },
    /// One of several accepted behaviours was picked.
    Decided {
        /// In which service.
        service: ServiceIx,
        /// The rule that accepts them.
        rule: RuleId,
        /// The one picked.
        option: &'static str,
    },
    /// State and unsent events were kept together.
    Kept {
        /// Which service.
        service: ServiceIx,
        /// How many events are yet to be emitted.
        unsent: u32,
    },
    /// A service appended a record.
    Emitted {
        /// Which service.
        service: ServiceIx,
        /// Which record.
        record: RecordId,
        /// The record whose handling emitted it; none where a timer or a stimulus did.
        cause: Option<RecordId>,
    },
    /// A service's group committed: `offset` is the next one to read.
    Committed {
        /// Which service.
        service: ServiceIx,
        /// The channel.
        channel: ChannelIx,
        /// The partition.
        partition: Partition,
        /// The next offset to read.
        offset: Offset,
    },
    /// A timer fired.
    Fired {
        /// Which service.
        service: ServiceIx,
        /// The timer's name.
        timer: String,
    },
    /// A service asked another one.
    Asked {
        /// Who asked.
        service: ServiceIx,
        /// What: `ban.check`.
        query: String,
    },
    /// The test told a service something that does not come through Kafka.
    Stimulus {
        /// Which service.
        service: ServiceIx,
        /// The stimulus, e.g. `connect`.
        name: String,
    },
    /// A fault was armed.
    Armed {
        /// Which.
        fault: FaultId,
    },
    /// An armed fault struck.
    Struck {
        /// Which.
        fault: FaultId,
        /// The record it struck, if any.
        record: Option<RecordId>,
    },
    /// A service was killed: what it had not kept is lost.
    Crashed {
        /// Which.
        service: ServiceIx,
    },
    /// A killed service runs again, from its kept state and its group's commits.
    Restarted {
        /// Which.
        service: ServiceIx,
    },
    /// The partitions of a group were assigned anew.
    Rebalanced {
        /// Whose group.
        service: ServiceIx,
        /// The group's new generation.
        generation: u32,
    },
    /// Time moved.
    Time {
        /// To when.
        to: VirtualTime,
    },
    /// The test made settings or data known to a service, before the run.
    Given {
        /// Which service.
        service: ServiceIx,
        /// What kinds: `settings, accounts`.
        what: String,
    },
    /// Something was seen of a service's group or readers from outside: a member that left, a
    /// reader that stands still.
    Observed {
        /// Which service.
        service: ServiceIx,
        /// What, in words.
        what: Box<str>,
    },
}
