//! Armed faults: which record they strike, and what they do to it.

use std::time::Duration;

use super::World;
use crate::driver::{DriverError, Fault, FaultKind};
use crate::history::{Event, FaultId, ServiceIx};
use crate::message::{Header, Headers, Payload, Record, RecordId};

pub(super) struct Armed {
    pub(super) fault: Fault,
    pub(super) service: ServiceIx,
    pub(super) struck: bool,
}

impl World {
    /// Arms a fault; a delay or lag looks at what lies unread already.
    pub(super) fn arm_fault(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        let service = self.service_ix(&fault.service)?;
        let refused = |why: String| DriverError::Fault { fault: fault.kind.name(), why };
        if let Some(channel) = fault.channel
            && !self.slots[service.at()].readers.iter().any(|reader| reader.channel == channel)
        {
            let channel = self.contracts.channel_name(channel);
            return Err(refused(format!("{} does not read {channel}", fault.service)));
        }
        let needs_header =
            matches!(fault.kind, FaultKind::MissingHeader | FaultKind::MalformedHeader);
        if needs_header && fault.header.is_none() {
            return Err(refused("it needs the name of a header".to_owned()));
        }
        let id = FaultId(u32::try_from(self.faults.len()).unwrap_or(u32::MAX));
        self.faults.push(Armed { fault, service, struck: false });
        self.history.push(self.now, Event::Armed { fault: id });
        self.hold_unread(service);
        Ok(id)
    }

    /// The armed faults that a delivery of `record` to `service` meets.
    pub(super) fn faults_met(&self, service: ServiceIx, record: RecordId) -> Vec<FaultId> {
        if self.faults.is_empty() {
            return Vec::new();
        }
        let met = |armed: &Armed| {
            !armed.struck && armed.service == service && self.matches(&armed.fault, record)
        };
        let ids = (0u32..).zip(&self.faults).filter(|(_, armed)| met(armed));
        ids.map(|(id, _)| FaultId(id)).collect()
    }

    fn matches(&self, fault: &Fault, record: RecordId) -> bool {
        let placed = self.history.record(record);
        let on_channel = fault.channel.is_none_or(|channel| channel == placed.channel);
        on_channel
            && fault.message.as_deref().is_none_or(|wanted| {
                let value = placed.record.value_bytes();
                self.contracts.message_type(placed.channel, value).as_deref() == Some(wanted)
            })
    }

    pub(super) fn strike(&mut self, fault: FaultId, record: Option<RecordId>) {
        self.faults[fault.0 as usize].struck = true;
        self.history.push(self.now, Event::Struck { fault, record });
    }

    pub(super) fn fault(&self, fault: FaultId) -> &Fault {
        &self.faults[fault.0 as usize].fault
    }

    /// Lets delays and lags strike records that a service has not read yet.
    pub(super) fn hold_unread(&mut self, service: ServiceIx) {
        for at in 0..self.slots[service.at()].readers.len() {
            let reader = &self.slots[service.at()].readers[at];
            let log = &self.logs[reader.channel.at()][reader.partition.0 as usize];
            let from = usize::try_from(reader.position).unwrap_or(usize::MAX);
            let unread: Vec<_> = log.iter().copied().enumerate().skip(from).collect();
            for (offset, record) in unread {
                self.hold(service, at, (offset as u64, record));
            }
        }
    }

    /// Lets delays and lags strike one record that `reader` will read.
    pub(super) fn hold(
        &mut self,
        service: ServiceIx,
        reader: usize,
        (offset, record): (u64, RecordId),
    ) {
        for id in self.faults_met(service, record) {
            let Fault { kind, by, .. } = *self.fault(id);
            let from = match kind {
                FaultKind::Delay => offset,
                FaultKind::PartitionLag => 0,
                _ => continue,
            };
            self.strike(id, Some(record));
            let until = self.now.after(by);
            self.slots[service.at()].readers[reader].holds.push((from, until));
        }
    }

    /// Kills a service: the group starts over from its commits, what is kept stays.
    pub(super) fn crash(&mut self, service: ServiceIx, restart_after: Duration) {
        self.history.push(self.now, Event::Crashed { service });
        let slot = &mut self.slots[service.at()];
        slot.reset_group();
        slot.down_until = Some(self.now.after(restart_after));
        self.settle_all(service);
    }
}

/// The record as a damaging fault lets it arrive; `None` where the fault is of another kind.
pub(crate) fn damaged(record: &Record, fault: &Fault) -> Option<Record> {
    let name = fault.header.as_deref().unwrap_or_default();
    let relist = |change: &dyn Fn(Header) -> Option<Header>| {
        let list = record.headers.to_list().into_iter();
        let list = list
            .filter_map(|header| if &*header.name == name { change(header) } else { Some(header) });
        Record { headers: Headers::from_list(list.collect()), ..record.clone() }
    };
    Some(match fault.kind {
        FaultKind::MissingHeader => relist(&|_| None),
        FaultKind::MalformedHeader => relist(&|header| Some(Header::new(&header.name, b"?"))),
        FaultKind::PoisonValue => {
            Record { value: Some(Payload::new(b"{ poison")), ..record.clone() }
        }
        _ => return None,
    })
}
