//! Armed faults: which record they strike, and what they do to it.

use std::time::Duration;

use super::{Choice, Delivery, World};
use crate::driver::{DriverError, Fault, FaultKind};
use crate::history::{Event, FaultId, ServiceIx};
use crate::message::{Header, Headers, Payload, Record, RecordId};

/// How long injected faults keep a service down, or a partition from being read.
const INJECTED_FOR: Duration = Duration::from_secs(1);

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
        if let Some(armed) = self.faults.get_mut(fault.0 as usize) {
            armed.struck = true;
        }
        self.history.push(self.now, Event::Struck { fault, record });
    }

    pub(super) fn fault(&self, fault: FaultId) -> &Fault {
        &self.faults[fault.0 as usize].fault
    }

    /// How long a service that a fault kills stays down.
    pub(super) fn restart_after(&self, fault: FaultId) -> Duration {
        let armed = self.faults.get(fault.0 as usize);
        armed.map_or(INJECTED_FOR, |armed| armed.fault.restart_after)
    }

    /// The fault that the chooser injects into the delivery at hand, if any; it is logged.
    pub(super) fn injected(&mut self, delivery: Delivery) -> Option<FaultKind> {
        let kind = self.chooser.fault(delivery, &self.history)?;
        self.choices.push(Choice::Fault(delivery, kind));
        Some(kind)
    }

    /// Lets an injected fault keep a record, or its partition, from being read now.
    pub(super) fn inject_hold(
        &mut self,
        (service, reader): (ServiceIx, usize),
        kind: FaultKind,
        (offset, record): (u64, RecordId),
    ) {
        self.strike(kind.injected(), Some(record));
        let from = if kind == FaultKind::Delay { offset } else { 0 };
        let until = self.now.after(INJECTED_FOR);
        self.slots[service.at()].readers[reader].holds.push((from, until));
    }

    /// The record as an injected fault lets it arrive; `None` where it does not damage it. It never
    /// makes of it a record of another tenant, which no service could tell from a true one.
    pub(super) fn inject_damage(
        &mut self,
        service: ServiceIx,
        kind: FaultKind,
        id: RecordId,
    ) -> Option<Record> {
        let record = &self.history.record(id).record;
        let name = &self.slots[service.at()].name;
        let names = record.headers.to_list();
        // Which header it is depends on nothing but the record's place.
        let at = usize::try_from(self.history.record(id).offset.0).unwrap_or(0);
        let turned = names.iter().cycle().skip(at % names.len().max(1)).take(names.len());
        let headers = turned.map(|header| Some(header.name.to_string())).chain([None]);
        let mut arrivals = headers
            .filter_map(|header| damaged(record, &Fault { header, ..Fault::new(kind, name) }));
        let original = record.headers.tenant();
        let arrived = arrivals.find(|arrived| {
            let tenant = arrived.headers.tenant();
            tenant.is_err() || tenant == original
        })?;
        self.strike(kind.injected(), Some(id));
        Some(arrived)
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
        if slot.service.as_ref().is_some_and(|one| one.intake().loses_kept) {
            slot.plans.clear();
        }
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
