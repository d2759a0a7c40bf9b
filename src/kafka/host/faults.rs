//! Faults that are done for real: in our own services, at their named points.

use super::stage::{Flow, Stage};
use super::witness::{Happened, Spot};
use crate::bus::damaged;
use crate::driver::{DriverError, Fault, FaultKind};
use crate::history::FaultId;
use crate::message::{Record, VirtualTime};

/// A fault, which strikes once.
#[derive(Debug)]
pub(super) struct Armed {
    pub(super) fault: Fault,
    pub(super) struck: bool,
}

impl Stage {
    /// Arms a fault.
    pub(super) fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        let at = self.place(&fault.service)?;
        let refused = |why: &str| DriverError::Fault { fault: fault.kind.name(), why: why.into() };
        if fault.kind.is_crash() && self.remake.is_none() {
            return Err(refused("nothing says how a killed service is made again"));
        }
        let needs_header =
            matches!(fault.kind, FaultKind::MissingHeader | FaultKind::MalformedHeader);
        if needs_header && fault.header.is_none() {
            return Err(refused("it needs the name of a header"));
        }
        let reads = self.contracts.consumed_by(&fault.service).unwrap_or_default();
        if fault.channel.is_some_and(|channel| !reads.contains(&channel)) {
            return Err(refused("the service does not read this channel"));
        }
        let id = FaultId(u32::try_from(self.faults.len()).unwrap_or(u32::MAX));
        self.faults.push(Armed { fault, struck: false });
        self.tell(at, &Happened::Armed { fault: id });
        Ok(id)
    }

    /// The armed faults that a delivery meets.
    fn faults_met(&self, at: usize, spot: Spot, record: &Record) -> Vec<FaultId> {
        if self.faults.is_empty() {
            return Vec::new();
        }
        let met = |armed: &Armed| {
            let Fault { service, channel, message, .. } = &armed.fault;
            let is_kind = || {
                let kind = self.contracts.message_type(spot.channel, record.value_bytes());
                message.is_none() || kind == *message
            };
            !armed.struck
                && *service == self.slots[at].name
                && channel.is_none_or(|channel| channel == spot.channel)
                && is_kind()
        };
        let met = (0u32..).zip(&self.faults).filter(|(_, armed)| met(armed));
        met.map(|(id, _)| FaultId(id)).collect()
    }

    fn fault(&self, id: FaultId) -> &Fault {
        &self.faults[id.0 as usize].fault
    }

    pub(super) fn strike(&mut self, at: usize, id: FaultId, spot: Option<Spot>) {
        self.faults[id.0 as usize].struck = true;
        self.tell(at, &Happened::Struck { fault: id, spot });
    }

    /// A fault strikes, and the service is killed.
    pub(super) fn strike_down(&mut self, at: usize, id: FaultId, spot: Option<Spot>) -> Flow {
        self.strike(at, id, spot);
        let until = self.clock.now().after(self.fault(id).restart_after);
        self.tell(at, &Happened::Crashed);
        self.slots[at].fall(until);
        Flow::Crashed
    }

    /// Until when a record that was read is held back.
    pub(super) fn hold(&mut self, at: usize, spot: Spot, record: &Record) -> VirtualTime {
        let mut until = VirtualTime::ZERO;
        for id in self.faults_met(at, spot, record) {
            let Fault { kind, by, .. } = *self.fault(id);
            if matches!(kind, FaultKind::Delay | FaultKind::PartitionLag) {
                self.strike(at, id, Some(spot));
                until = until.max(self.clock.now().after(by));
            }
        }
        if until > VirtualTime::ZERO {
            let held = self.slots[at].held.entry((spot.channel, spot.partition)).or_default();
            *held = until.max(*held);
        }
        until
    }

    /// Lets the faults that a delivery meets damage the record; the first of the others is left.
    pub(super) fn meet_faults(
        &mut self,
        at: usize,
        spot: Spot,
        record: &Record,
    ) -> (Option<Record>, Option<(FaultId, FaultKind)>) {
        let (mut arrived, mut left) = (None, None);
        for id in self.faults_met(at, spot, record) {
            let fault = self.fault(id);
            let kind = fault.kind;
            match damaged(arrived.as_ref().unwrap_or(record), fault) {
                Some(record) => {
                    self.strike(at, id, Some(spot));
                    arrived = Some(record);
                }
                None => left = left.or(Some((id, kind))),
            }
        }
        (arrived, left)
    }

    /// The crash that the delivery of a recognised record meets.
    pub(super) fn crash_met(&self, at: usize, spot: Spot, record: &Record) -> Option<FaultId> {
        let strikes = [FaultKind::CrashBeforeHandling, FaultKind::CrashBeforeCommit];
        let mut met = self.faults_met(at, spot, record).into_iter();
        met.find(|id| strikes.contains(&self.fault(*id).kind))
    }
}
