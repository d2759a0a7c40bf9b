//! The history of a test on a broker, written by whoever does something.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::contract::Contracts;
use crate::history::{Event, History, Producer, ServiceIx};
use crate::kafka::host::{Clock, Happened, Outlet, Spot, Witness};
use crate::kafka::{SendError, Sender, Tapped};
use crate::message::{ChannelIx, Offset, Outgoing, Partition, RecordId, Tenant, VirtualTime};

/// What was written so far.
pub(super) struct Page {
    pub(super) history: History,
    ids: BTreeMap<Spot, RecordId>,
    /// How often each service was given each record.
    deliveries: BTreeMap<(ServiceIx, RecordId), u32>,
    /// Where the partitions end that were written to.
    pub(super) ends: BTreeMap<(ChannelIx, Partition), u64>,
    /// Up to where each partition was read back.
    read: BTreeMap<(ChannelIx, Partition), u64>,
    /// The tenants of the test.
    pub(super) own: BTreeSet<Tenant>,
    /// A record that is not on the broker as it was sent.
    pub(super) wrong: Option<String>,
}

/// The page, and the producer. A record is on the page before anybody can speak of it, since
/// whoever sends holds the page until the broker has acknowledged.
pub(super) struct Notebook {
    page: Mutex<Page>,
    sender: Sender,
    clock: Clock,
}

impl Notebook {
    pub(super) fn new(
        contracts: Arc<Contracts>,
        services: Vec<String>,
        (sender, clock): (Sender, Clock),
    ) -> Self {
        let page = Page {
            history: History::new(contracts, services),
            ids: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            ends: BTreeMap::new(),
            read: BTreeMap::new(),
            own: BTreeSet::new(),
            wrong: None,
        };
        Self { page: Mutex::new(page), sender, clock }
    }

    pub(super) fn page(&self) -> MutexGuard<'_, Page> {
        // A page is only ever added to.
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a record and writes it down.
    pub(super) fn send(
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

    pub(super) fn service(&self, name: &str) -> ServiceIx {
        let at = self.history.services().iter().position(|service| service == name);
        ServiceIx(at.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX))
    }

    /// Starts a new test: what was written is forgotten, but not how far topics were read.
    pub(super) fn turn(&mut self) {
        self.history.clear();
        self.ids.clear();
        self.deliveries.clear();
        self.own.clear();
        self.wrong = None;
    }

    /// A record was read back.
    pub(super) fn read_back(&mut self, tapped: &Tapped, at: VirtualTime) {
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
        // Somebody else wrote to the tenant of this test.
        let is_own = record.headers.tenant().is_ok_and(|tenant| self.own.contains(tenant));
        if is_own {
            let contracts = self.history.contracts();
            let channel = contracts.channel(*channel);
            let by = channel.and_then(|channel| channel.producers.first());
            let producer = by.map_or(Producer::Test, |name| Producer::Service {
                service: self.service(name),
                cause: None,
            });
            let outgoing = Outgoing { channel: spot.channel, record: record.clone() };
            self.append(at, spot, &outgoing, producer);
        }
    }

    /// Whether all that was written was read back.
    pub(super) fn is_read_back(&self) -> bool {
        let read = |part| self.read.get(part).copied().unwrap_or_default();
        self.ends.iter().all(|(part, end)| read(part) >= *end)
    }

    /// What somebody did, as the history has it; nothing where it speaks of another test's record.
    fn event(&mut self, service: ServiceIx, what: &Happened<'_>) -> Option<Event> {
        let id = |spot: &Spot| self.ids.get(spot).copied();
        Some(match what {
            Happened::Delivered { spot, .. } => {
                let record = id(spot)?;
                let attempt = self.deliveries.entry((service, record)).or_default();
                *attempt += 1;
                Event::Delivered { service, record, attempt: *attempt }
            }
            Happened::Recognised { spot } => Event::Recognised { service, record: id(spot)? },
            Happened::Rejected { spot, reject } => {
                let record = match spot {
                    Some(spot) => Some(id(spot)?),
                    None => None,
                };
                Event::Rejected { service, record, reject: (*reject).clone() }
            }
            Happened::Applied { rule } => Event::Applied { service, rule: *rule },
            Happened::Decided { rule, option } => Event::Decided { service, rule: *rule, option },
            Happened::Kept { unsent } => Event::Kept { service, unsent: *unsent },
            Happened::Committed { channel, partition, offset } => Event::Committed {
                service,
                channel: *channel,
                partition: *partition,
                offset: Offset(offset.0),
            },
            Happened::Fired { timer } => Event::Fired { service, timer: (*timer).to_owned() },
            Happened::Asked { query } => Event::Asked { service, query: query.clone() },
            Happened::Stimulus { name } => Event::Stimulus { service, name: (*name).to_owned() },
            Happened::Given { what } => Event::Given { service, what: what.clone() },
            Happened::Armed { fault } => Event::Armed { fault: *fault },
            Happened::Struck { fault, spot } => {
                Event::Struck { fault: *fault, record: spot.as_ref().and_then(id) }
            }
            Happened::Crashed => Event::Crashed { service },
            Happened::Restarted => Event::Restarted { service },
            Happened::Rebalanced => {
                let is_it = |event: &Event| match event {
                    Event::Rebalanced { service: other, .. } => *other == service,
                    _ => false,
                };
                let before = self.history.entries().iter().filter(|entry| is_it(&entry.event));
                let generation = u32::try_from(before.count()).unwrap_or(u32::MAX) + 2;
                Event::Rebalanced { service, generation }
            }
        })
    }
}

impl Witness for Notebook {
    fn happened(&self, service: &str, _: VirtualTime, what: &Happened<'_>) {
        let mut page = self.page();
        let service = page.service(service);
        if let Some(event) = page.event(service, what) {
            page.history.push(self.clock.now(), event);
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
            Producer::Service { service: page.service(service), cause }
        };
        self.send(outgoing, producer).map(|(_, spot)| spot)
    }
}
