//! The history: everything that happened in a run, in order, append-only.
//!
//! What this is: [`History`], the list of [`Entry`] and the records they speak of, with a hash
//! chain over it. What it is not: it judges nothing; checkers ([`crate::rule`]) read it, and every
//! report and verdict is made from it alone.
//!
//! What always holds: entries are never changed or removed; records are numbered in order of
//! appearance; two histories with equal chains are equal step for step. Start at [`History`].

mod chain;
mod entry;
mod lines;

pub use chain::Divergence;
pub use entry::{Entry, Event, FaultId, Placed, Producer, ServiceIx};
pub use lines::to_json_lines;

use std::sync::Arc;

use crate::contract::Contracts;
use crate::message::{ChannelIx, Offset, Partition, Record, RecordId, VirtualTime};

/// Everything that happened, in order.
#[derive(Clone, Debug)]
pub struct History {
    entries: Vec<Entry>,
    records: Vec<Placed>,
    services: Arc<[String]>,
    contracts: Arc<Contracts>,
    head: u64,
}

impl History {
    /// An empty history of a run with these services, in the words of these contracts.
    #[must_use]
    pub fn new(contracts: Arc<Contracts>, services: Vec<String>) -> Self {
        let services = services.into();
        Self { entries: Vec::new(), records: Vec::new(), services, contracts, head: 0 }
    }

    /// Forgets everything but the services, keeping the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.records.clear();
        self.head = 0;
    }

    /// All entries.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All records, in order of appearance; `RecordId` is the index.
    #[must_use]
    pub fn records(&self) -> &[Placed] {
        &self.records
    }

    /// One record.
    #[must_use]
    pub fn record(&self, id: RecordId) -> &Placed {
        &self.records[id.at()]
    }

    /// The name of a service of this run.
    #[must_use]
    pub fn service(&self, service: ServiceIx) -> &str {
        self.services.get(service.at()).map_or("?", String::as_str)
    }

    /// The service that a record concerns most: the one that wrote it, else the first that knows
    /// its channel.
    #[must_use]
    pub(crate) fn concerned(&self, record: RecordId) -> Option<&str> {
        let placed = self.record(record);
        if let Producer::Service { service, .. } = placed.producer {
            return Some(self.service(service));
        }
        let channel = self.contracts.channel_name(placed.channel);
        let mut all = self.contracts.contracts().iter();
        let knows = all.find(|one| one.channels.contains_key(channel))?;
        Some(knows.service.as_str())
    }

    /// The services of this run, in order.
    #[must_use]
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// The contracts in whose words the history speaks.
    #[must_use]
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The contracts, shared: whoever keeps them can tell whether another history has the same.
    pub(crate) fn shared_contracts(&self) -> &Arc<Contracts> {
        &self.contracts
    }

    /// The hash of the last entry, chained over all before it.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Lends the records to whoever runs a handler on one of them; nothing is appended meanwhile.
    pub(crate) fn lend_records(&mut self) -> Vec<Placed> {
        std::mem::take(&mut self.records)
    }

    /// Takes lent records back.
    pub(crate) fn return_records(&mut self, records: Vec<Placed>) {
        debug_assert!(self.records.is_empty(), "nothing is appended while records are lent");
        self.records = records;
    }

    /// Appends an entry.
    pub fn push(&mut self, at: VirtualTime, event: Event) {
        self.head = chain::next(self.head, at, &event, &self.records);
        self.entries.push(Entry { at, event, hash: self.head });
    }

    /// Appends a record with the entry that says who wrote it.
    pub fn append(
        &mut self,
        at: VirtualTime,
        (channel, partition, offset): (ChannelIx, Partition, Offset),
        record: Record,
        producer: Producer,
    ) -> RecordId {
        let id = RecordId(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
        self.records.push(Placed { id, channel, partition, offset, at, record, producer });
        let event = match producer {
            Producer::Test => Event::Sent { record: id },
            Producer::Service { service, cause } => Event::Emitted { service, record: id, cause },
        };
        self.push(at, event);
        id
    }
}
