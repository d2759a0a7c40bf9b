//! What somebody outside sees of a simulated world: what was sent, asked and given, and records in
//! the order in which they were written.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::bus::{World, damaged};
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, Ended, Fault, FaultKind, Until};
use crate::history::{Event, FaultId, History, Producer};
use crate::message::{Json, Outgoing, Record, RecordId, Tenant, VirtualTime};
use crate::service::Given;
use crate::verify::{Asked, KnownCause, KnownOrder, Observation, Provided, What};

/// How long after an input an answer may come.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// A world, with notes of what one service is told and asked.
pub(super) struct Observed<'a> {
    world: World,
    contracts: Arc<Contracts>,
    subject: &'a str,
    asked: Vec<Asked>,
    /// How many entries the history had when each was asked.
    asked_at: Vec<usize>,
    given: Vec<Provided>,
    faults: BTreeMap<FaultId, Fault>,
}

impl<'a> Observed<'a> {
    pub(super) fn new(world: World, contracts: &Arc<Contracts>, subject: &'a str) -> Self {
        let contracts = Arc::clone(contracts);
        let (asked, asked_at, given) = (Vec::new(), Vec::new(), Vec::new());
        let faults = BTreeMap::new();
        Self { world, contracts, subject, asked, asked_at, given, faults }
    }

    fn note(
        &mut self,
        (what, service, name): (What, &str, &str),
        (place, from, tenant): (usize, VirtualTime, &Tenant),
        (args, answer): (&Json, &Json),
    ) {
        if service == self.subject {
            self.asked_at.push(place);
            let (args, answer, name) = (args.clone(), answer.clone(), name.to_owned());
            let to = self.world.now();
            self.asked.push(Asked { from, to, tenant: tenant.clone(), what, name, args, answer });
        }
    }

    /// What happened, all of it.
    pub(super) fn world_history(&self) -> &History {
        self.world.history()
    }

    /// What was seen of the service.
    pub(super) fn seen(&self) -> Observation {
        let history = self.world.history();
        let ended = self.world.now().after(SETTLE * 2);
        let mut seen = Observation::new(outside(history, self), self.subject, ended, SETTLE);
        seen.asked.clone_from(&self.asked);
        seen.given.clone_from(&self.given);
        let order = self.order();
        let records = history.records().iter().map(|placed| placed.id);
        seen.unread = records.filter(|record| !order.records.contains_key(record)).collect();
        seen.order = Some(order);
        seen
    }

    /// The faults that struck the service, each with the record that it struck.
    fn strikes(&self) -> impl Iterator<Item = (&Fault, RecordId)> {
        let struck = self.world.history().entries().iter().filter_map(|entry| match entry.event {
            Event::Struck { fault, record } => self.faults.get(&fault).zip(record),
            _ => None,
        });
        struck.filter(|(fault, _)| fault.service == self.subject)
    }

    /// Whether the service was made to handle a record twice, which nobody outside can tell from a
    /// service that does so of its own.
    pub(super) fn is_doubled(&self) -> bool {
        self.strikes().any(|(fault, _)| fault.kind == FaultKind::DuplicateDelivery)
    }

    /// The records that were damaged on the way to the service, as they arrived.
    fn arrived(&self) -> BTreeMap<RecordId, Record> {
        let mut arrived = BTreeMap::new();
        for (fault, record) in self.strikes() {
            let sent = &self.world.history().record(record).record;
            if let Some(changed) = damaged(arrived.get(&record).unwrap_or(sent), fault) {
                arrived.insert(record, changed);
            }
        }
        arrived
    }

    /// In which order the service took up what it read and was asked, and what came of it.
    fn order(&self) -> KnownOrder {
        let history = self.world.history();
        let is_subject = |service| history.service(service) == self.subject;
        // What is asked comes before the entry that is appended next.
        let asked = self.asked_at.iter().map(|place| place * 2).collect();
        let mut order = KnownOrder { asked, ..KnownOrder::default() };
        let (mut before, mut now) = (None, None);
        // What stimuli and timers have still to emit, in order; who caused that.
        let mut uncaused = VecDeque::new();
        for (place, entry) in history.entries().iter().enumerate() {
            match entry.event {
                Event::Delivered { service, record, .. } if is_subject(service) => {
                    before = order.records.insert(record, (place * 2 + 1, entry.at));
                    now = None;
                }
                // It was handled when it was delivered before.
                Event::Recognised { service, record } if is_subject(service) => {
                    order.records.extend(before.map(|before| (record, before)));
                }
                Event::Stimulus { service, .. } | Event::Fired { service, .. }
                    if is_subject(service) =>
                {
                    now = Some(self.asked_at.iter().rposition(|at| *at == place));
                }
                Event::Kept { service, unsent } if is_subject(service) => {
                    let plan = now.take().into_iter();
                    uncaused.extend(plan.flat_map(|cause| (0..unsent).map(move |_| cause)));
                }
                Event::Emitted { service, record, cause } if is_subject(service) => {
                    let asked = || uncaused.pop_front().flatten().map(KnownCause::Asked);
                    let cause = cause.map(KnownCause::Record).or_else(asked);
                    order.causes.extend(cause.map(|cause| (record, cause)));
                }
                _ => {}
            }
        }
        order
    }
}

/// The records of a history as the service got them, and when it was killed. Who caused what stays
/// inside.
fn outside(history: &History, of: &Observed<'_>) -> History {
    let mut seen = History::new(Arc::clone(&of.contracts), history.services().to_vec());
    let mut arrived = of.arrived();
    for entry in history.entries() {
        match &entry.event {
            Event::Sent { record } | Event::Emitted { record, .. } => {
                let placed = history.record(*record);
                let producer = match placed.producer {
                    Producer::Test => Producer::Test,
                    Producer::Service { service, .. } => Producer::Service { service, cause: None },
                };
                let place = (placed.channel, placed.partition, placed.offset);
                let read = arrived.remove(record).unwrap_or_else(|| placed.record.clone());
                seen.append(entry.at, place, read, producer);
            }
            Event::Crashed { service } | Event::Restarted { service }
                if history.service(*service) == of.subject =>
            {
                seen.push(entry.at, entry.event.clone());
            }
            _ => {}
        }
    }
    seen
}

impl Driver for Observed<'_> {
    fn contracts(&self) -> &Contracts {
        self.world.contracts()
    }

    fn history(&self) -> &History {
        self.world.history()
    }

    fn now(&self) -> VirtualTime {
        self.world.now()
    }

    fn give(
        &mut self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError> {
        self.world.give(service, tenant, given)?;
        if service == self.subject {
            self.given.push(Provided {
                tenant: tenant.clone(),
                settings: given.settings.cloned(),
                data: given.data.to_vec(),
            });
        }
        Ok(())
    }

    fn send(&mut self, outgoing: Outgoing) -> Result<RecordId, DriverError> {
        self.world.send(outgoing)
    }

    fn run(
        &mut self,
        until: Until,
        seen: &mut dyn FnMut(&History) -> bool,
    ) -> Result<Ended, DriverError> {
        self.world.run(until, seen)
    }

    fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        let id = self.world.arm(fault.clone())?;
        self.faults.insert(id, fault);
        Ok(id)
    }

    fn has_struck(&self, fault: FaultId) -> bool {
        self.world.has_struck(fault)
    }

    fn stimulus(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let (place, from) = (self.world.history().entries().len(), self.world.now());
        let answer = self.world.stimulus(service, name, tenant, args)?;
        self.note((What::Stimulus, service, name), (place, from, tenant), (args, &answer));
        Ok(answer)
    }

    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let (place, from) = (self.world.history().entries().len(), self.world.now());
        let answer = self.world.query(service, name, tenant, args)?;
        self.note((What::Query, service, name), (place, from, tenant), (args, &answer));
        Ok(answer)
    }
}
