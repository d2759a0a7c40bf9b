//! The history of a test on a broker, written by whoever does something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::contract::Contracts;
use crate::driver::DriverError;
use crate::history::{Event, History, Placed, Producer, ServiceIx};
use crate::kafka::host::{Clock, Happened, Outlet, Spot, Witness};
use crate::kafka::{SendError, Sender, Tapped};
use crate::message::{ChannelIx, Outgoing, Partition, Record, RecordId, Tenant, VirtualTime};

/// What was written so far.
pub(crate) struct Page {
    pub(crate) history: History,
    ids: BTreeMap<Spot, RecordId>,
    /// How often each service was given each record.
    deliveries: BTreeMap<(ServiceIx, RecordId), u32>,
    /// Where the partitions end that were written to.
    pub(crate) ends: BTreeMap<(ChannelIx, Partition), u64>,
    /// Up to where each partition was read back.
    read: BTreeMap<(ChannelIx, Partition), u64>,
    /// The tenants of the test.
    pub(crate) own: BTreeSet<Tenant>,
    /// The services that run elsewhere, so that what they did is not on the page.
    elsewhere: BTreeSet<String>,
    /// A record that is not on the broker as it was sent.
    pub(crate) wrong: Option<String>,
}

/// The page, and the producer. A record is on the page before anybody can speak of it, since
/// whoever sends holds the page until the broker has acknowledged.
pub(crate) struct Notebook {
    page: Mutex<Page>,
    /// The step of a service that is under way, with the records it speaks of.
    step: Mutex<Vec<(Event, Option<Spot>)>>,
    services: Vec<String>,
    sender: Sender,
    clock: Clock,
}

impl Notebook {
    pub(crate) fn new(
        contracts: Arc<Contracts>,
        services: Vec<String>,
        (sender, clock): (Sender, Clock),
    ) -> Self {
        let page = Page {
            history: History::new(contracts, services.clone()),
            ids: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            ends: BTreeMap::new(),
            read: BTreeMap::new(),
            own: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            wrong: None,
        };
        Self { page: Mutex::new(page), step: Mutex::default(), services, sender, clock }
    }

    /// Notes which services run elsewhere.
    pub(crate) fn run_elsewhere(&self, services: impl IntoIterator<Item = String>) {
        self.page().elsewhere.extend(services);
    }

    fn service(&self, name: &str) -> ServiceIx {
        place(&self.services, name)
    }

    pub(crate) fn page(&self) -> MutexGuard<'_, Page> {
        // A page is only ever added to.
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a record and writes it down.
    pub(crate) fn send(
        &self,
        outgoing: &Outgoing,
        producer: impl FnOnce(&Page) -> Producer,
    ) -> Result<(RecordId, Spot), SendError> {
        let mut page = self.page();
        let placed = self.sender.send(outgoing, None)?;
        let (channel, partition, offset) = (outgoing.channel, placed.partition, placed.offset);
        let spot = Spot { channel, partition, offset };
        let producer = producer(&page);
        let id = page.append(self.clock.now(), spot, outgoing, producer);
        Ok((id, spot))
    }

    /// Sends a record of the test, whose tenant is then the test's own.
    ///
    /// # Errors
    /// [`DriverError::NotHere`] for a record that cannot be sent at all, [`DriverError::Lost`]
    /// where the broker does not take it.
    pub(crate) fn send_of_test(&self, outgoing: &Outgoing) -> Result<RecordId, DriverError> {
        if let Ok(tenant) = outgoing.record.headers.tenant() {
            self.page().own.insert(tenant.clone());
        }
        match self.send(outgoing, |_| Producer::Test) {
            Ok((id, _)) => Ok(id),
            Err(error @ (SendError::HeaderName(_) | SendError::NoTopic(_))) => {
                Err(DriverError::NotHere { what: "this record".to_owned(), why: error.to_string() })
            }
            Err(error) => Err(DriverError::Lost(error.to_string())),
        }
    }
}

impl Page {
    fn append(
        &mut self,
        at: VirtualTime,
        spot: Spot,
        outgoing: &Outgoing,
        producer: Producer,
    ) -> RecordId {
        let Spot { channel, partition, offset } = spot;
        let record = outgoing.record.clone();
        let id = self.history.append(at, (channel, partition, offset), record, producer);
        self.ids.insert(spot, id);
        let end = self.ends.entry((channel, partition)).or_default();
        *end = (offset.0 + 1).max(*end);
        id
    }

    /// Starts a new test: what was written is forgotten, but not how far topics were read.
    pub(crate) fn turn(&mut self) {
        self.history.clear();
        self.ids.clear();
        self.deliveries.clear();
        self.own.clear();
        self.wrong = None;
    }

    /// A record was read back.
    pub(crate) fn read_back(&mut self, tapped: &Tapped, at: VirtualTime) {
        let part = (tapped.channel, tapped.partition);
        self.read.insert(part, tapped.offset.0 + 1);
        let Tapped { channel, partition, offset, record, .. } = tapped;
        let spot = Spot { channel: *channel, partition: *partition, offset: *offset };
        if let Some(id) = self.ids.get(&spot) {
            if self.history.record(*id).record != *record {
                self.wrong.get_or_insert(format!("{id} is not on the broker as it was sent"));
            }
            return;
        }
        // Somebody else wrote to the tenant of this test, or answered one of its records.
        let is_own = record.headers.tenant().is_ok_and(|tenant| self.own.contains(tenant));
        if is_own || self.traced(record, |_| true).is_some() {
            let producer = self.writer(*channel).map_or(Producer::Test, |name| {
                let reads = self.history.contracts().consumed_by(&name).unwrap_or_default();
                let cause = self.traced(record, |placed| reads.contains(&placed.channel));
                Producer::Service { service: place(self.history.services(), &name), cause }
            });
            let outgoing = Outgoing { channel: spot.channel, record: record.clone() };
            self.append(at, spot, &outgoing, producer);
        }
    }

    /// The newest of these records of the test that has the trace of this one.
    fn traced(&self, record: &Record, of: impl Fn(&Placed) -> bool) -> Option<RecordId> {
        let trace = record.headers.trace()?.trace;
        let is_it = |placed: &&Placed| {
            let other = placed.record.headers.trace();
            of(placed) && other.is_some_and(|other| other.trace == trace)
        };
        self.history.records().iter().rev().find(is_it).map(|placed| placed.id)
    }

    /// Who writes to a channel: one that runs elsewhere, if it is known to.
    fn writer(&self, channel: ChannelIx) -> Option<String> {
        let channel = self.history.contracts().channel(channel)?;
        let elsewhere = channel.producers.iter().find(|name| self.elsewhere.contains(*name));
        elsewhere.or(channel.producers.first()).cloned()
    }

    /// Whether all that was written was read back.
    pub(crate) fn is_read_back(&self) -> bool {
        let read = |part| self.read.get(part).copied().unwrap_or_default();
        self.ends.iter().all(|(part, end)| read(part) >= *end)
    }

    /// Writes down what a service did; not what speaks of another test's record.
    fn note(&mut self, at: VirtualTime, (mut event, spot): (Event, Option<Spot>)) {
        let known = spot.map(|spot| self.ids.get(&spot).copied());
        match (&mut event, known) {
            (Event::Struck { record, .. }, known) => *record = known.flatten(),
            (_, Some(None)) => return,
            (Event::Delivered { service, record, attempt }, Some(Some(id))) => {
                *record = id;
                let count = self.deliveries.entry((*service, id)).or_default();
                *count += 1;
                *attempt = *count;
            }
            (Event::Recognised { record, .. }, Some(Some(id))) => *record = id,
            (Event::Rejected { record, .. }, Some(id)) => *record = id,
            (Event::Rebalanced { service, generation }, _) => {
                let service = *service;
                let is_it = |event: &Event| match event {
                    Event::Rebalanced { service: other, .. } => *other == service,
                    _ => false,
                };
                let before = self.history.entries().iter().filter(|entry| is_it(&entry.event));
                *generation = u32::try_from(before.count()).unwrap_or(u32::MAX).saturating_add(2);
            }
            _ => {}
        }
        self.history.push(at, event);
    }
}

fn place(services: &[String], name: &str) -> ServiceIx {
    let at = services.iter().position(|service| service == name);
    ServiceIx(at.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX))
}

/// What a service did, as the history has it; the record it speaks of has its number once it is on
/// the page.
fn event_of(service: ServiceIx, what: &Happened<'_>) -> (Event, Option<Spot>) {
    let record = RecordId(u32::MAX);
    let event = match what {
        Happened::Delivered { spot, .. } => {
            return (Event::Delivered { service, record, attempt: 1 }, Some(*spot));
        }
        Happened::Recognised { spot } => {
            return (Event::Recognised { service, record }, Some(*spot));
        }
        Happened::Rejected { spot, reject } => {
            let reject = (*reject).clone();
            return (Event::Rejected { service, record: None, reject }, *spot);
        }
        Happened::Struck { fault, spot } => {
            return (Event::Struck { fault: *fault, record: None }, *spot);
        }
        Happened::Applied { rule } => Event::Applied { service, rule: *rule },
        Happened::Decided { rule, option } => Event::Decided { service, rule: *rule, option },
        Happened::Kept { unsent } => Event::Kept { service, unsent: *unsent },
        Happened::Committed { channel, partition, offset } => {
            let (channel, partition, offset) = (*channel, *partition, *offset);
            Event::Committed { service, channel, partition, offset }
        }
        Happened::Fired { timer } => Event::Fired { service, timer: (*timer).to_owned() },
        Happened::Asked { query } => Event::Asked { service, query: query.clone() },
        Happened::Stimulus { name } => Event::Stimulus { service, name: (*name).to_owned() },
        Happened::Given { what } => Event::Given { service, what: what.clone() },
        Happened::Armed { fault } => Event::Armed { fault: *fault },
        Happened::Crashed => Event::Crashed { service },
        Happened::Restarted => Event::Restarted { service },
        Happened::Rebalanced => Event::Rebalanced { service, generation: 1 },
    };
    (event, None)
}

impl Witness for Notebook {
    fn happened(&self, service: &str, _: VirtualTime, what: &Happened<'_>) {
        let event = event_of(self.service(service), what);
        self.step.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    fn step_over(&self) {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        if step.is_empty() {
            return;
        }
        let mut page = self.page();
        for event in step.drain(..) {
            page.note(self.clock.now(), event);
        }
    }
}

impl Outlet for Notebook {
    fn emit(
        &self,
        service: &str,
        cause: Option<Spot>,
        outgoing: &Outgoing,
    ) -> Result<Spot, SendError> {
        let producer = |page: &Page| {
            let cause = cause.and_then(|spot| page.ids.get(&spot).copied());
            Producer::Service { service: self.service(service), cause }
        };
        self.send(outgoing, producer).map(|(_, spot)| spot)
    }
}
