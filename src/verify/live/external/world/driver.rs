//! What a test does to the world.

use std::time::Duration;

use super::{CLOCK, External, Kill, OWN_FAULTS, locked, own_fault};
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, Ended, Fault, FaultKind, Until};
use crate::history::{Event, FaultId, History};
use crate::message::{Json, Outgoing, RecordId, Tenant, VirtualTime};
use crate::service::Given;
use crate::verify::{Provided, What};

/// How often an implementation is asked for a state until it is the expected one.
const ASK: Duration = Duration::from_millis(100);

impl Driver for External<'_> {
    fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    fn history(&self) -> &History {
        &self.shown
    }

    fn now(&self) -> VirtualTime {
        CLOCK.now()
    }

    fn began(&self) -> VirtualTime {
        self.began
    }

    fn run_number(&self) -> u64 {
        self.run
    }

    fn give(
        &mut self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError> {
        self.is_there()?;
        self.notebook.page().own.insert(tenant.clone());
        let Some(at) = self.subject(service) else {
            let done = self.host.give(service, tenant, given);
            self.look();
            return done;
        };
        let probe = self.probe(at);
        let known = probe.abilities().data;
        for (data, entries) in given.data.iter().filter(|(data, _)| known.contains(data)) {
            let Json::Array(entries) = entries else { continue };
            for entry in entries {
                let gave = probe.give(data, tenant, entry);
                gave.map_err(|error| DriverError::Given(error.to_string()))?;
            }
            let data = vec![(data.clone(), Json::Array(entries.clone()))];
            let provided = Provided { tenant: tenant.clone(), settings: None, data };
            locked(&self.aside).given.push((service.to_owned(), provided));
        }
        Ok(())
    }

    fn send(&mut self, outgoing: Outgoing) -> Result<RecordId, DriverError> {
        self.is_there()?;
        self.kill_for(&outgoing);
        let sent = self.notebook.send_of_test(&outgoing);
        self.changed = CLOCK.now();
        self.look();
        sent.map_err(|error| match error {
            DriverError::Lost(why) => self.lose(&why),
            other => other,
        })
    }

    /// Until a moment, and then until what was sent is settled: handling takes time here.
    fn run(
        &mut self,
        until: Until,
        seen: &mut dyn FnMut(&History) -> bool,
    ) -> Result<Ended, DriverError> {
        let mut looked_at = usize::MAX;
        loop {
            let ended = self.step(until)?;
            let entries = self.shown.entries().len();
            if std::mem::replace(&mut looked_at, entries) != entries && seen(&self.shown) {
                return Ok(Ended::Seen);
            }
            if let Some(ended) = ended {
                return Ok(ended);
            }
        }
    }

    /// What an implementation knows may change without a record: it is asked again every so often.
    fn run_on(&mut self, until: Until, entries: usize) -> Result<Ended, DriverError> {
        let again = CLOCK.now().after(ASK);
        loop {
            let ended = self.step(until)?;
            let is_time = CLOCK.now() >= again || self.shown.entries().len() > entries;
            match ended {
                Some(ended) => return Ok(ended),
                None if is_time => return Ok(Ended::Seen),
                None => {}
            }
        }
    }

    fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        let Some(at) = self.subject(&fault.service) else {
            let armed = self.host.arm(fault);
            self.look();
            return armed;
        };
        let is_ours = self.subjects[at].run.launch.is_some();
        if fault.kind != FaultKind::CrashBeforeHandling || !is_ours {
            let why = format!("{} runs elsewhere", fault.service);
            return Err(DriverError::Fault { fault: fault.kind.name(), why });
        }
        let id = own_fault(self.kills.len());
        self.kills.push(Kill { fault, has_struck: false });
        self.notebook.page().history.push(CLOCK.now(), Event::Armed { fault: id });
        self.look();
        Ok(id)
    }

    fn has_struck(&self, fault: FaultId) -> bool {
        match fault.0.checked_sub(OWN_FAULTS) {
            Some(at) => self.kills.get(at as usize).is_some_and(|kill| kill.has_struck),
            None => self.host.has_struck(fault),
        }
    }

    fn stimulus(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        self.is_there()?;
        self.notebook.page().own.insert(tenant.clone());
        let answer = match self.subject(service) {
            Some(at) => {
                let name_of = name.to_owned();
                let service = self.subjects[at].ix;
                let told = Event::Stimulus { service, name: name_of };
                self.notebook.page().history.push(CLOCK.now(), told);
                self.ask(at, (What::Stimulus, name), tenant, args)
            }
            None => self.host.stimulus(service, name, tenant, args),
        };
        self.changed = CLOCK.now();
        self.look();
        answer
    }

    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        self.is_there()?;
        match self.subject(service) {
            Some(at) => self.ask(at, (What::Query, name), tenant, args),
            None => self.host.query(service, name, tenant, args),
        }
    }
}
