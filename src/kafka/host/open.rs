//! Starting services on a broker.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset as At, TopicPartitionList};
use xxhash_rust::xxh3::Xxh3;

use super::lanes::Lanes;
use super::logbook::Logbook;
use super::member::{Member, Seat};
use super::options::{AsReference, Options, Start, Store};
use super::slot::Slot;
use super::stage::Stage;
use super::store::{About, Forgets, InFile, InMemory, Store as Keeps, StoreError};
use super::witness::{Outlet, Witness};
use super::{Host, HostError, Seated, Shared};
use crate::contract::{Contracts, GroupName};
use crate::kafka::clock::within;
use crate::kafka::group;
use crate::kafka::watch::Watch;
use crate::kafka::{Connection, Deadline, Sender, Topics, wall_ms};
use crate::message::{Seed, Stream};
use crate::service::Service;

/// The mock allows a shorter session than other brokers, but none shorter than the 3 s for which
/// its groups wait for their first members.
const MOCK_SESSION_MS: &str = "3500";
const QUESTION: Duration = Duration::from_secs(5);

impl Host {
    /// Starts services on a broker whose topics are there. They may have no partitions yet when
    /// this returns: see [`Host::wait_ready`].
    ///
    /// # Errors
    /// [`HostError`] when a service has no contract or group, or what was kept cannot be used.
    pub fn start(
        connection: &Connection,
        topics: &Topics,
        contracts: Arc<Contracts>,
        services: Vec<Box<dyn Service>>,
        options: Options,
    ) -> Result<Self, HostError> {
        let sender = Sender::open(connection, topics)?;
        let log = options.log.clone().filter(|_| options.verbose);
        let logbook = Arc::new(Logbook { contracts: Arc::clone(&contracts), sender, log });
        let aside: (Arc<dyn Witness>, Arc<dyn Outlet>) = (logbook.clone(), logbook);
        Self::start_with((connection, topics), contracts, services, options, aside)
    }

    /// As [`Host::start`], telling everything to a witness and sending through an outlet.
    pub(crate) fn start_with(
        (connection, topics): (&Connection, &Topics),
        contracts: Arc<Contracts>,
        services: Vec<Box<dyn Service>>,
        options: Options,
        (witness, outlet): (Arc<dyn Witness>, Arc<dyn Outlet>),
    ) -> Result<Self, HostError> {
        let slots = open_slots(&services, &options, (connection, topics, &contracts))?;
        let (clock, manner) = (options.clock.clone(), options.manner.clone());
        let known = Arc::clone(&contracts);
        let stage = Stage {
            contracts,
            slots,
            decisions: options.decisions.unwrap_or_else(|| Box::new(AsReference)),
            absent: options.absent,
            elsewhere: options.ask,
            manner: manner.clone(),
            clock: clock.clone(),
            witness,
            remake: options.remake.clone(),
            faults: Vec::new(),
            failed: None,
        };
        let shared = Arc::new(Shared {
            stage: Mutex::new(stage),
            outlet,
            clock,
            commits_first: manner.commit_first,
            order: AtomicU8::new(0),
            log: options.log,
            settings: connection.settings().clone(),
            remake: options.remake,
        });
        let mut host = Self { shared: Arc::clone(&shared), seats: Vec::new() };
        let mut members = Vec::new();
        for (at, service) in services.into_iter().enumerate() {
            let name = service.name().to_owned();
            shared.stage().wake(at, service)?;
            let seating = Seating { connection, topics, contracts: &known, name: &name };
            seating.fits(&shared.stage().slots[at])?;
            let (seat, member) = seating.member(at, &shared, (&options.groups, options.start))?;
            host.seats.push(seat);
            members.push(member);
        }
        for (seat, member) in host.seats.iter_mut().zip(members) {
            let builder = std::thread::Builder::new().name(seat.name.clone());
            let thread = builder.spawn(move || member.run());
            let failed = |error: std::io::Error| HostError::Failed(error.to_string());
            seat.thread = Some(thread.map_err(failed)?);
        }
        Ok(host)
    }
}

/// The services with what was kept of them, not yet awake.
fn open_slots(
    services: &[Box<dyn Service>],
    options: &Options,
    place: (&Connection, &Topics, &Contracts),
) -> Result<Vec<Slot>, HostError> {
    let wanted = options.seed.unwrap_or_else(own_seed);
    let mut slots = Vec::new();
    for service in services {
        let name = service.name();
        if place.2.contract(name).is_none() {
            return Err(HostError::NoContract(name.to_owned()));
        }
        if slots.iter().any(|slot: &Slot| slot.name == name) {
            return Err(HostError::Twice(name.to_owned()));
        }
        let (store, seed) = open_store(name, options, wanted, place)?;
        slots.push(Slot::new(name, store, seed));
    }
    Ok(slots)
}

/// A seed that no other process has.
fn own_seed() -> Seed {
    let place = (wall_ms(), std::process::id(), std::thread::current().name().map(str::to_owned));
    Seed(Stream::keyed(Seed(0), &place).bits())
}

fn open_store(
    service: &str,
    options: &Options,
    seed: Seed,
    (connection, topics, contracts): (&Connection, &Topics, &Contracts),
) -> Result<(Box<dyn Keeps>, Seed), HostError> {
    let folder: &Path = match &options.store {
        Store::Folder(folder) => folder,
        Store::Memory if options.remake.is_some() => {
            return Ok((Box::new(InMemory::default()), seed));
        }
        Store::Memory => return Ok((Box::new(Forgets), seed)),
    };
    let cluster = connection.asks.client().fetch_cluster_id(QUESTION);
    let mut hash = Xxh3::new();
    topics.iter().for_each(|(topic, channel)| {
        hash.update(topic.as_bytes());
        hash.update(&channel.0.to_be_bytes());
    });
    let cluster = cluster.unwrap_or_else(|| "unknown".to_owned());
    let about = About {
        service,
        contracts: fingerprint(contracts),
        cluster: format!("{cluster}, topics {:016x}", hash.digest()),
    };
    let store = InFile::open(folder, &about, seed)?;
    let seed = store.seed;
    Ok((Box::new(store), seed))
}

/// A hash of all contracts.
fn fingerprint(contracts: &Contracts) -> String {
    let mut hash = Xxh3::new();
    for contract in contracts.contracts() {
        hash.update(contract.service.as_bytes());
        hash.update(contract.file.text.as_bytes());
    }
    format!("{:016x}", hash.digest())
}

/// What a service's consumer is made of.
struct Seating<'a> {
    connection: &'a Connection,
    topics: &'a Topics,
    contracts: &'a Contracts,
    name: &'a str,
}

type Seats = (Option<BaseConsumer<Seat>>, Vec<String>, At);

impl Seating<'_> {
    /// Whether topics are as long as what was kept of them: on a topic that was made anew, new
    /// records would be taken for those that are handled.
    fn fits(&self, slot: &Slot) -> Result<(), HostError> {
        let deadline = Deadline::after(QUESTION);
        for ((channel, partition), window) in &slot.handled {
            let topic = self.topics.name(*channel);
            let bounds = self.connection.bounds(self.topics, *channel, &deadline);
            let bounds = bounds.map_err(|error| HostError::Consumer {
                service: self.name.to_owned(),
                why: self.connection.why(&error),
            })?;
            let own = bounds.into_iter().find(|(number, ..)| number.unsigned_abs() == partition.0);
            let end = own.map_or(0, |(_, _, end)| end);
            let kept = window.ahead().last().map_or(window.low(), |last| last + 1);
            if i64::try_from(kept).is_ok_and(|kept| kept > end) {
                let (path, topic, partition) = (slot.store.shown(), topic.to_owned(), partition.0);
                return Err(StoreError::Shorter { path, topic, partition, kept, end }.into());
            }
        }
        Ok(())
    }

    /// The thread's worth of a service, and what the host knows of it.
    fn member(
        &self,
        at: usize,
        shared: &Arc<Shared>,
        (groups, start): (&BTreeMap<String, String>, Start),
    ) -> Result<(Seated, Member), HostError> {
        let (seed, manner) = {
            let stage = shared.stage();
            (stage.slots[at].seed, stage.manner.clone())
        };
        let group = self.group(groups, seed)?;
        let assigned = Arc::new(AtomicBool::new(false));
        let (consumer, reads, fresh) = self.consumer(group.as_deref(), start, &assigned)?;
        let name = self.name.to_owned();
        let member = Member {
            at,
            name: name.clone(),
            shared: Arc::clone(shared),
            consumer,
            topics: self.topics.clone(),
            reads,
            assigned: Arc::clone(&assigned),
            lanes: Lanes::new(manner, seed, &name),
            commits: Deadline::after(Duration::ZERO),
            fresh,
            trouble: None,
        };
        Ok((Seated { name, group, assigned, thread: None }, member))
    }

    /// The group of the service; none where it reads nothing.
    fn group(
        &self,
        named: &BTreeMap<String, String>,
        seed: Seed,
    ) -> Result<Option<String>, HostError> {
        if self.contracts.consumed_by(self.name).is_none_or(|reads| reads.is_empty()) {
            return Ok(None);
        }
        if let Some(name) = named.get(self.name) {
            return Ok(Some(name.clone()));
        }
        let no_group = || HostError::NoGroup(self.name.to_owned());
        let group = self.contracts.group(self.name).ok_or_else(no_group)?;
        let name = match &group.name {
            GroupName::Exactly(name) => name.clone(),
            // Each instance has its own: the words at the start, and an id that stays the same
            // wherever the seed does.
            GroupName::Like(pattern) => {
                let text = pattern.as_str().trim_start_matches('^');
                let special = |c: char| "[](){}.*+?|\\$^".contains(c);
                let words = text.split(special).next().unwrap_or_default();
                format!("{words}{}", Stream::keyed(seed, &("group", self.name)).uuid())
            }
        };
        if group.admits(&name) { Ok(Some(name)) } else { Err(no_group()) }
    }

    /// A consumer that has asked to join its group.
    fn consumer(
        &self,
        group: Option<&str>,
        start: Start,
        assigned: &Arc<AtomicBool>,
    ) -> Result<Seats, HostError> {
        let Some(group) = group else {
            assigned.store(true, std::sync::atomic::Ordering::SeqCst);
            return Ok((None, Vec::new(), At::Beginning));
        };
        let settings = self.connection.settings();
        let mut config = self.connection.client_config();
        config.set("group.id", group);
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("allow.auto.create.topics", "false");
        let session = if self.connection.is_mock() { MOCK_SESSION_MS } else { group::SESSION_MS };
        let ours = [
            ("auto.offset.reset", "earliest"),
            ("session.timeout.ms", session),
            ("heartbeat.interval.ms", "500"),
        ];
        for (property, value) in ours {
            if settings.get(property).is_none() {
                config.set(property, value);
            }
        }
        let watch = Watch::new(&Arc::new(settings.clone()));
        let seat = Seat { watch, assigned: Arc::clone(assigned) };
        let failed = |error: KafkaError| HostError::Consumer {
            service: self.name.to_owned(),
            why: settings.redact(&error.to_string()),
        };
        let consumer: BaseConsumer<Seat> = config.create_with_context(seat).map_err(failed)?;
        let consumer = match start {
            Start::End => self.skip_to_end(consumer).map_err(failed)?,
            Start::Earliest => consumer,
        };
        let reads = self.contracts.consumed_by(self.name).unwrap_or_default();
        let reads: Vec<String> =
            reads.into_iter().map(|channel| self.topics.name(channel).to_owned()).collect();
        let names: Vec<&str> = reads.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(failed)?;
        let reset = settings.get("auto.offset.reset").unwrap_or("earliest");
        let fresh =
            if matches!(reset, "latest" | "end" | "largest") { At::End } else { At::Beginning };
        Ok((Some(consumer), reads, fresh))
    }

    /// Commits where topics end, for a group that has committed nothing there.
    fn skip_to_end(&self, consumer: BaseConsumer<Seat>) -> Result<BaseConsumer<Seat>, KafkaError> {
        let deadline = Deadline::after(self.connection.wait);
        let mut ends = TopicPartitionList::new();
        for channel in self.contracts.consumed_by(self.name).unwrap_or_default() {
            let topic = self.topics.name(channel);
            for (partition, _, end) in self.connection.bounds(self.topics, channel, &deadline)? {
                ends.add_partition_offset(topic, partition, At::Offset(end))?;
            }
        }
        let committed = group::committed(&consumer, &ends, &deadline)?;
        let mut fresh = TopicPartitionList::new();
        for element in ends.elements() {
            let known = committed.find_partition(element.topic(), element.partition());
            if !known.is_some_and(|known| matches!(known.offset(), At::Offset(_))) {
                fresh.add_partition_offset(
                    element.topic(),
                    element.partition(),
                    element.offset(),
                )?;
            }
        }
        if fresh.count() == 0 {
            return Ok(consumer);
        }
        let left = deadline.left();
        let commit = move || group::commit(&consumer, &fresh, &deadline).map(|()| consumer);
        let late = KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut);
        within(left + QUESTION, commit).unwrap_or(Err(late))
    }
}
