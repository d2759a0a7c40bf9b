//! What somebody outside sees of a simulated world: what was sent, asked and given, and records in
//! the order in which they were written.

use std::sync::Arc;
use std::time::Duration;

use crate::bus::World;
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, Ended, Fault, Until};
use crate::history::{Event, FaultId, History, Producer};
use crate::message::{Json, Outgoing, RecordId, Tenant, VirtualTime};
use crate::service::Given;
use crate::verify::{Asked, Observation, Provided, What};

/// How long after an input an answer may come.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// A world, with notes of what one service is told and asked.
pub(super) struct Observed<'a> {
    world: World,
    contracts: Arc<Contracts>,
    subject: &'a str,
    asked: Vec<Asked>,
    given: Vec<Provided>,
}

impl<'a> Observed<'a> {
    pub(super) fn new(world: World, contracts: &Arc<Contracts>, subject: &'a str) -> Self {
        let contracts = Arc::clone(contracts);
        Self { world, contracts, subject, asked: Vec::new(), given: Vec::new() }
    }

    fn note(
        &mut self,
        (what, service, name): (What, &str, &str),
        (from, tenant): (VirtualTime, &Tenant),
        (args, answer): (&Json, &Json),
    ) {
        if service == self.subject {
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
        seen
    }
}

/// The records of a history, and when the service was killed. Who caused what stays inside.
fn outside(history: &History, of: &Observed<'_>) -> History {
    let mut seen = History::new(Arc::clone(&of.contracts), history.services().to_vec());
    for entry in history.entries() {
        match &entry.event {
            Event::Sent { record } | Event::Emitted { record, .. } => {
                let placed = history.record(*record);
                let producer = match placed.producer {
                    Producer::Test => Producer::Test,
                    Producer::Service { service, .. } => Producer::Service { service, cause: None },
                };
                let place = (placed.channel, placed.partition, placed.offset);
                seen.append(entry.at, place, placed.record.clone(), producer);
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
        self.world.arm(fault)
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
        let from = self.world.now();
        let answer = self.world.stimulus(service, name, tenant, args)?;
        self.note((What::Stimulus, service, name), (from, tenant), (args, &answer));
        Ok(answer)
    }

    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let from = self.world.now();
        let answer = self.world.query(service, name, tenant, args)?;
        self.note((What::Query, service, name), (from, tenant), (args, &answer));
        Ok(answer)
    }
}
