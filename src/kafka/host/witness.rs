//! What a host tells of what it does, and how it sends.

use crate::history::FaultId;
use crate::kafka::{SendError, Sender};
use crate::message::{ChannelIx, Offset, Outgoing, Partition, Record, VirtualTime};
use crate::rule::RuleId;
use crate::service::Reject;

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    /// The channel.
    pub(crate) channel: ChannelIx,
    /// The partition.
    pub(crate) partition: Partition,
    /// The offset.
    pub(crate) offset: Offset,
}

/// One thing that a host does, as [`crate::history::Event`] has it.
#[derive(Debug)]
pub(crate) enum Happened<'a> {
    Delivered { spot: Spot, record: &'a Record },
    Recognised { spot: Spot },
    Rejected { spot: Option<Spot>, reject: &'a Reject },
    Applied { rule: RuleId },
    Decided { rule: RuleId, option: &'static str },
    Kept { unsent: u32 },
    Committed { channel: ChannelIx, partition: Partition, offset: Offset },
    Fired { timer: &'a str },
    Asked { query: String },
    Stimulus { name: &'a str },
    Given { what: String },
    Armed { fault: FaultId },
    Struck { fault: FaultId, spot: Option<Spot> },
    Crashed,
    Restarted,
    Rebalanced,
}

/// Hears what a host does, in order.
pub(crate) trait Witness: Send + Sync {
    /// Something happened to a service.
    fn happened(&self, service: &str, at: VirtualTime, what: &Happened<'_>);

    /// What happened since the last call belongs together: nothing else came between. Called before
    /// anything else can happen.
    fn step_over(&self) {}
}

/// Sends the events of services, each acknowledged.
pub(crate) trait Outlet: Send + Sync {
    /// Sends one event of a service; `cause` is the record whose handling emitted it.
    fn emit(
        &self,
        service: &str,
        cause: Option<Spot>,
        outgoing: &Outgoing,
    ) -> Result<Spot, SendError>;
}

impl Outlet for Sender {
    fn emit(&self, _: &str, _: Option<Spot>, outgoing: &Outgoing) -> Result<Spot, SendError> {
        let placed = self.send(outgoing, None)?;
        let (partition, offset) = (placed.partition, placed.offset);
        Ok(Spot { channel: outgoing.channel, partition, offset })
    }
}
