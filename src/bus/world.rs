//! The world: topics, groups, services, time, and the loop that lets things happen.

use std::sync::Arc;

use super::deliver::Place;
use super::faults::Armed;
use super::murmur2::partition_of;
use super::slot::{Plan, Reader, Slot};
use super::timers::Timers;
use super::trial::Trial;
use super::{Choice, Chooser, Instance, Point};
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, Ended, Fault, Until};
use crate::history::{Event, FaultId, History, Producer, ServiceIx};
use crate::message::{
    Headers, Json, Offset, Outgoing, Partition, Payload, Record, RecordId, Seed, Stream, Tenant,
    TraceParent, VirtualTime,
};
use crate::service::{Asked, Effects, Given};

/// How many partitions a topic and how many members a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// Partitions of each topic, at least 1.
    pub partitions: u32,
    /// Members of each group, at least 1. They share their service's state, as processes share a
    /// store, and each has one record in hand at a time.
    pub members: usize,
}

impl Default for Topology {
    fn default() -> Self {
        Self { partitions: 3, members: 1 }
    }
}

/// Steps in one call of [`Driver::run`] after which services are taken to feed each other.
const MAX_STEPS: u64 = 1_000_000;

/// Why a world cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// A service that no contract describes.
    #[error("no contract describes a service named {0:?}")]
    NoContract(String),
    /// Two services of one name.
    #[error("two services are named {0:?}")]
    Twice(String),
    /// No partitions or no members.
    #[error("a topic needs a partition and a group a member")]
    Empty,
}

/// A simulated world in which services run.
pub struct World {
    pub(super) contracts: Arc<Contracts>,
    pub(super) seed: Seed,
    topology: Topology,
    pub(super) slots: Vec<Slot>,
    /// Records by channel, partition and offset.
    pub(super) logs: Vec<Vec<Vec<RecordId>>>,
    /// Who reads a channel: service and index of its first reader there.
    consumers: Vec<Vec<(ServiceIx, usize)>>,
    pub(super) history: History,
    pub(super) chooser: Box<dyn Chooser>,
    pub(super) choices: Vec<Choice>,
    pub(super) now: VirtualTime,
    pub(super) timers: Timers,
    pub(super) faults: Vec<Armed>,
    options: Vec<Choice>,
    stimuli: u64,
    /// How many records each service appended, and the test as the last.
    appended: Vec<u64>,
    /// The memory of the last handler's effects, for the next.
    pub(super) spare: Effects,
}

impl World {
    /// A world in which these services have just started and nothing has happened.
    ///
    /// # Errors
    /// [`WorldError`] when a service has no contract or a name is used twice.
    pub fn new(
        contracts: Arc<Contracts>,
        services: Vec<impl Into<Instance>>,
        topology: Topology,
        (seed, chooser): (Seed, Box<dyn Chooser>),
    ) -> Result<Self, WorldError> {
        if topology.partitions == 0 || topology.members == 0 {
            return Err(WorldError::Empty);
        }
        let channels = contracts.channel_count();
        let services: Vec<Instance> = services.into_iter().map(Into::into).collect();
        let names: Vec<_> = services.iter().map(|service| service.name().to_owned()).collect();
        let mut consumers = vec![Vec::new(); channels];
        let mut slots: Vec<Slot> = Vec::new();
        for (ix, service) in (0u16..).map(ServiceIx).zip(services) {
            let name = service.name().to_owned();
            if slots.iter().any(|slot| slot.name == name) {
                return Err(WorldError::Twice(name));
            }
            let consumed =
                contracts.consumed_by(&name).ok_or_else(|| WorldError::NoContract(name.clone()))?;
            let mut readers = Vec::new();
            for channel in consumed {
                consumers[channel.at()].push((ix, readers.len()));
                for partition in 0..topology.partitions {
                    let member = readers.len() % topology.members;
                    readers.push(Reader::new(channel, Partition(partition), member));
                }
            }
            slots.push(Slot {
                name,
                service: Some(service),
                readers,
                unread: Vec::new(),
                busy: vec![false; topology.members],
                generation: 1,
                plans: std::collections::VecDeque::new(),
                down_until: None,
            });
        }
        let partitions = vec![Vec::new(); topology.partitions as usize];
        let appended = vec![0; slots.len() + 1];
        Ok(Self {
            history: History::new(Arc::clone(&contracts), names),
            logs: vec![partitions; channels],
            consumers,
            contracts,
            seed,
            topology,
            slots,
            chooser,
            choices: Vec::new(),
            now: VirtualTime::ZERO,
            timers: Timers::default(),
            faults: Vec::new(),
            options: Vec::new(),
            stimuli: 0,
            appended,
            spare: Effects::default(),
        })
    }

    /// Starts over with fresh services of the same names, in the same order, as if the world were
    /// new; only the memory is kept.
    ///
    /// # Panics
    /// If the services are not those of this world.
    pub fn start_over(
        &mut self,
        services: Vec<impl Into<Instance>>,
        (seed, chooser): (Seed, Box<dyn Chooser>),
    ) {
        assert_eq!(services.len(), self.slots.len(), "a world starts over with its own services");
        for (slot, service) in self.slots.iter_mut().zip(services) {
            let service: Instance = service.into();
            assert_eq!(service.name(), slot.name, "a world starts over with its own services");
            slot.start_over(service);
        }
        for log in self.logs.iter_mut().flatten() {
            log.clear();
        }
        self.history.clear();
        (self.seed, self.chooser, self.now) = (seed, chooser, VirtualTime::ZERO);
        self.choices.clear();
        self.timers = Timers::default();
        self.faults.clear();
        self.stimuli = 0;
        self.appended.fill(0);
    }

    /// Sends a value as the test: keyed as the contract says, with the tenant's headers and a trace
    /// of its own. Nothing is checked; for bytes, keys and headers of your own, see
    /// [`Driver::send`].
    ///
    /// # Errors
    /// [`DriverError::NoChannel`] when no contract names the channel.
    pub fn send_value(
        &mut self,
        channel: &str,
        tenant: &Tenant,
        value: &Json,
    ) -> Result<RecordId, DriverError> {
        let ix = self.contracts.channel_ix(channel);
        let channel = ix.ok_or_else(|| DriverError::NoChannel(channel.to_owned()))?;
        let key = self.contracts.key_for(channel, value);
        let headers = self.new_trace(tenant, ("sent", self.history.records().len() as u64));
        let value = Some(Payload::new(&value.to_bytes()));
        self.send(Outgoing { channel, record: Record { key, headers, value } })
    }

    /// The choices made so far where there was more than one option, by name: with the same
    /// services and inputs, [`super::Replay`] of them gives the same history.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        let point = self.point();
        self.choices.iter().map(|choice| point.name(*choice)).collect()
    }

    /// Ends the run and gives its history away.
    #[must_use]
    pub fn into_history(self) -> History {
        self.history
    }

    fn point(&self) -> Point<'_> {
        Point {
            options: &self.options,
            history: &self.history,
            now: self.now,
            timer_names: &self.timers.names,
            trial: None,
        }
    }

    pub(super) fn service_ix(&self, name: &str) -> Result<ServiceIx, DriverError> {
        let at = self.slots.iter().position(|slot| slot.name == name);
        let ix = at.and_then(|at| u16::try_from(at).ok());
        ix.map(ServiceIx).ok_or_else(|| DriverError::NoService(name.to_owned()))
    }

    /// Appends a record to its partition: by key, or where it has none, at random.
    pub(super) fn append(&mut self, outgoing: Outgoing, producer: Producer) -> RecordId {
        let Outgoing { channel, record } = outgoing;
        let writer = match producer {
            Producer::Service { service, .. } => service.at(),
            Producer::Test => self.slots.len(),
        };
        let partition = match &record.key {
            Some(key) => partition_of(key, self.topology.partitions),
            None => {
                // What others append meanwhile moves nothing of this.
                let place = ("partition", channel.0, writer, self.appended[writer]);
                let bound = self.topology.partitions as usize;
                u32::try_from(Stream::keyed(self.seed, &place).below(bound)).unwrap_or(0)
            }
        };
        self.appended[writer] += 1;
        let log = &self.logs[channel.at()][partition as usize];
        let offset = log.len() as u64;
        let place = (channel, Partition(partition), Offset(offset));
        let id = self.history.append(self.now, place, record, producer);
        self.logs[channel.at()][partition as usize].push(id);
        for at in 0..self.consumers[channel.at()].len() {
            let (service, first) = self.consumers[channel.at()][at];
            let reader = first + partition as usize;
            self.settle(service, reader);
            if !self.faults.is_empty() {
                self.hold(service, reader, (offset, id));
            }
        }
        id
    }

    /// Keeps the list of readers that have something to read.
    pub(super) fn settle(&mut self, service: ServiceIx, at: usize) {
        let slot = &mut self.slots[service.at()];
        let reader = &slot.readers[at];
        let log = &self.logs[reader.channel.at()][reader.partition.0 as usize];
        let has_more = reader.position < log.len() as u64;
        match (slot.unread.binary_search(&at), has_more) {
            (Err(place), true) => slot.unread.insert(place, at),
            (Ok(place), false) => drop(slot.unread.remove(place)),
            _ => {}
        }
    }

    /// As [`World::settle`], for all readers of a group that starts over.
    pub(super) fn settle_all(&mut self, service: ServiceIx) {
        for at in 0..self.slots[service.at()].readers.len() {
            self.settle(service, at);
        }
    }

    /// Lists what can happen now, plans first.
    fn list_options(&mut self) {
        self.options.clear();
        let (now, options) = (self.now, &mut self.options);
        for (service, slot) in (0u16..).map(ServiceIx).zip(&self.slots) {
            if let Some(until) = slot.down_until {
                if until <= now {
                    options.push(Choice::Restart { service });
                }
            } else if !slot.plans.is_empty() {
                options.push(Choice::Step { service });
            }
        }
        for (service, slot) in (0u16..).map(ServiceIx).zip(&self.slots) {
            if slot.down_until.is_some() {
                continue;
            }
            for reader in slot.unread.iter().map(|at| &slot.readers[*at]) {
                if !slot.busy[reader.member] && !reader.is_held(now) {
                    let (channel, partition) = (reader.channel, reader.partition);
                    options.push(Choice::Deliver { service, channel, partition });
                }
            }
        }
        for (timer, service) in self.timers.due(now) {
            if self.slots[service.at()].down_until.is_none() {
                options.push(Choice::Timer { service, timer });
            }
        }
    }

    /// Picks one of the listed options and does it.
    fn go_on(&mut self) -> Result<(), DriverError> {
        let trial = Trial { slots: &self.slots, logs: &self.logs, now: self.now, seed: self.seed };
        let point = Point {
            options: &self.options,
            history: &self.history,
            now: self.now,
            timer_names: &self.timers.names,
            // A fault that is armed strikes whichever record comes first.
            trial: self.faults.iter().all(|armed| armed.struck).then_some(trial),
        };
        let is_forced = self.options.len() == 1;
        let picked = match is_forced {
            true => self.chooser.forced(&point).then_some(0),
            false => self.chooser.choose(&point),
        };
        let Some(picked) = picked else {
            return Err(self.chooser.complaint().unwrap_or(DriverError::GivenUp));
        };
        if !is_forced {
            self.choices.push(self.options[picked]);
        }
        let choice = self.options[picked];
        let before = self.history.entries().len();
        match choice {
            Choice::Step { service } => self.step(service),
            Choice::Timer { service, timer } => self.fire(service, timer),
            Choice::Restart { service } => self.restart(service),
            Choice::Deliver { service, channel, partition } => {
                let consumers = &self.consumers[channel.at()];
                let first = consumers.iter().find(|(consumer, _)| *consumer == service);
                let first = first.map_or(0, |(_, first)| *first);
                self.deliver(service, first + partition.0 as usize);
            }
            // Faults are no options.
            Choice::Fault(..) => {}
        }
        self.chooser.observe(choice, &self.history, before);
        Ok(())
    }

    fn restart(&mut self, service: ServiceIx) {
        let slot = &mut self.slots[service.at()];
        slot.down_until = None;
        if let Some(running) = &mut slot.service {
            running.restarted();
        }
        self.history.push(self.now, Event::Restarted { service });
    }

    /// The next moment at which something can happen that cannot happen now.
    fn next_moment(&self) -> Option<VirtualTime> {
        let restarts = self.slots.iter().filter_map(|slot| slot.down_until);
        let holds = self.slots.iter().flat_map(|slot| &slot.readers);
        let holds = holds.flat_map(|reader| &reader.holds).map(|(_, until)| *until);
        let waits = restarts.chain(holds).filter(|at| *at > self.now);
        waits.chain(self.timers.next_after(self.now)).min()
    }

    fn move_time(&mut self, to: VirtualTime) {
        if to > self.now {
            self.now = to;
            self.history.push(to, Event::Time { to });
        }
    }

    /// Headers that start a trace.
    fn new_trace(&self, tenant: &Tenant, place: (&str, u64)) -> Headers {
        let mut ids = Stream::keyed(self.seed, &place);
        let trace = TraceParent { trace: ids.uuid().as_u128(), span: ids.bits().max(1), flags: 1 };
        Headers::of_tenant(tenant, trace)
    }
}

impl Driver for World {
    fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn now(&self) -> VirtualTime {
        self.now
    }

    fn give(
        &mut self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError> {
        let ix = self.service_ix(service)?;
        match &mut self.slots[ix.at()].service {
            Some(running) => running.configure(tenant, given).map_err(DriverError::Given)?,
            None => return Err(DriverError::Down(service.to_owned())),
        }
        let settings = given.settings.map(|_| "settings");
        let kinds = given.data.iter().map(|(name, _)| name.as_str());
        let what: Vec<_> = settings.into_iter().chain(kinds).collect();
        if !what.is_empty() {
            let what = what.join(", ");
            self.history.push(self.now, Event::Given { service: ix, what });
        }
        Ok(())
    }

    fn send(&mut self, outgoing: Outgoing) -> Result<RecordId, DriverError> {
        Ok(self.append(outgoing, Producer::Test))
    }

    fn run(
        &mut self,
        until: Until,
        seen: &mut dyn FnMut(&History) -> bool,
    ) -> Result<Ended, DriverError> {
        for _ in 0..MAX_STEPS {
            if seen(&self.history) {
                return Ok(Ended::Seen);
            }
            self.list_options();
            if !self.options.is_empty() {
                self.go_on()?;
                continue;
            }
            let Until::Time(end) = until else {
                return Ok(Ended::Over);
            };
            match self.next_moment().filter(|next| *next <= end) {
                Some(next) => self.move_time(next),
                None => {
                    self.move_time(end);
                    return Ok(Ended::Over);
                }
            }
        }
        Err(DriverError::NoEnd { steps: MAX_STEPS })
    }

    fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        self.arm_fault(fault)
    }

    fn passive(&mut self) {
        self.chooser.passive();
    }

    fn has_struck(&self, fault: FaultId) -> bool {
        self.faults.get(fault.0 as usize).is_some_and(|armed| armed.struck)
    }

    fn stimulus(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let ix = self.service_ix(service)?;
        if self.slots[ix.at()].down_until.is_some() {
            return Err(DriverError::Down(service.to_owned()));
        }
        self.history.push(self.now, Event::Stimulus { service: ix, name: name.to_owned() });
        let cause = self.new_trace(tenant, ("stimulus", self.stimuli));
        self.stimuli += 1;
        let place = Place::Stimulus { name, count: self.stimuli };
        let called =
            self.call(ix, (tenant, &cause), &place, |service, cx| service.stimulus(name, args, cx));
        let (answer, emits) = called;
        let answer = answer?;
        self.enqueue(ix, Plan::uncaused(emits));
        Ok(answer)
    }

    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let ix = self.service_ix(service)?;
        let slot = &self.slots[ix.at()];
        let running = slot.service.as_ref().filter(|_| slot.down_until.is_none());
        let running = running.ok_or_else(|| DriverError::Down(service.to_owned()))?;
        Ok(running.query(name, args, &Asked::new(tenant, self.now))?)
    }
}
