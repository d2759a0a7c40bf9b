//! Services as live consumers and producers: the reference ones, or anybody's.
//!
//! What this is: [`Host`], which reads topics in the groups of the contracts, has services handle
//! the records, keeps what they did, and sends what they emit. What it is not: it judges nothing;
//! and services of one host share nothing but the process, and the questions they ask each other.
//!
//! What always holds: a record is handled, its effects are kept, its events are sent and each
//! marked once the broker has acknowledged it, and then its offset is committed (COM-10). What is
//! kept is the journal of a service's inputs; a restart replays it, sends what is unsent, and reads
//! on; a record that is handled already is recognised and only committed. Handlers of one host run
//! one at a time; what is slow (the broker, delays) runs beside them. Start at [`Host::start`].

mod backstage;
mod faults;
mod journal;
mod lanes;
mod logbook;
mod member;
mod open;
mod options;
mod perform;
mod quiet;
mod slot;
mod stage;
mod store;
#[cfg(test)]
mod tests;
mod timers;
mod window;
mod witness;

pub use options::{
    AsReference, Ask, Clock, Decide, Log, Manner, Options, Remake, Start, Store, Variants,
};
pub use store::StoreError;
pub(crate) use witness::{Happened, Outlet, Spot, Witness};

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use self::options::STOP;
use self::stage::{Flow, Stage};
use super::clock::pause;
use super::{Deadline, SendError, Settings};
use crate::driver::{DriverError, Fault};
use crate::history::FaultId;
use crate::message::{ChannelIx, Json, Partition, Tenant, VirtualTime};
use crate::service::{Given, Service};

/// Why services cannot be hosted, or a host ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// A service that no contract describes.
    #[error("no contract describes a service named {0:?}")]
    NoContract(String),
    /// Two services of one name.
    #[error("two services are named {0:?}")]
    Twice(String),
    /// A service whose contract names no group.
    #[error(
        "the contract of {0} names no consumer group that could be used: name one (`--group {0}=NAME`)"
    )]
    NoGroup(String),
    /// What was kept cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No producer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// No consumer.
    #[error("{service} cannot read its topics: {why}")]
    Consumer {
        /// Which service.
        service: String,
        /// What librdkafka says.
        why: String,
    },
    /// Groups that have no partitions yet.
    #[error("after {waited_s} s these groups have no partitions: {}", .groups.join(", "))]
    NotReady {
        /// How long it was waited, in seconds.
        waited_s: u64,
        /// The groups.
        groups: Vec<String>,
    },
    /// Services that stopped, and of which the broker did not take everything.
    #[error(
        "not everything was sent and committed, as the broker did not take it: {}", .0.join(", ")
    )]
    CutOff(Vec<String>),
    /// A service panicked, or its state could not be kept.
    #[error("{0}")]
    Failed(String),
}

/// What the threads of a host are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Run,
    Stop,
    Kill,
}

/// What the threads of a host share.
struct Shared {
    stage: Mutex<Stage>,
    outlet: Arc<dyn Outlet>,
    clock: Clock,
    commits_first: bool,
    order: AtomicU8,
    log: Option<Log>,
    settings: Settings,
    remake: Option<Remake>,
}

/// The stage, for one step.
struct OnStage<'a>(MutexGuard<'a, Stage>);

impl Deref for OnStage<'_> {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl DerefMut for OnStage<'_> {
    fn deref_mut(&mut self) -> &mut Stage {
        &mut self.0
    }
}

impl Drop for OnStage<'_> {
    fn drop(&mut self) {
        self.0.witness.step_over();
    }
}

impl Shared {
    fn stage(&self) -> OnStage<'_> {
        // Handlers that panic are caught, so the stage is whole whoever held it.
        OnStage(self.stage.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn order(&self) -> Order {
        match self.order.load(Ordering::SeqCst) {
            0 => Order::Run,
            1 => Order::Stop,
            _ => Order::Kill,
        }
    }

    fn set_order(&self, order: Order) {
        self.order.fetch_max(order as u8, Ordering::SeqCst);
    }

    /// Whether services can go on.
    fn flow(&self) -> Flow {
        if self.stage().failed.is_some() { Flow::Failed } else { Flow::On }
    }

    fn fail(&self, why: &str) {
        self.stage().failed.get_or_insert_with(|| why.to_owned());
    }

    fn made(&self, service: &str) -> Option<Box<dyn Service>> {
        self.remake.as_ref().and_then(|remake| remake(service))
    }

    fn tell(&self, line: &str) {
        if let Some(log) = &self.log {
            log(line);
        }
    }

    fn redact(&self, text: &str) -> String {
        self.settings.redact(text)
    }
}

/// One hosted service.
#[derive(Debug)]
struct Seated {
    name: String,
    group: Option<String>,
    /// Whether its group has given it partitions; always, where it reads nothing.
    assigned: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Services that run on a broker, each in a thread, until this is stopped or dropped.
pub struct Host {
    shared: Arc<Shared>,
    seats: Vec<Seated>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("seats", &self.seats).finish_non_exhaustive()
    }
}

impl Host {
    /// The services, each with its group.
    pub fn services(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.seats.iter().map(|seat| (seat.name.as_str(), seat.group.as_deref()))
    }

    /// Whether each service has been assigned its partitions.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.seats.iter().all(|seat| seat.assigned.load(Ordering::SeqCst))
    }

    /// Waits until each service has been assigned its partitions, at most for `wait`.
    ///
    /// # Errors
    /// [`HostError::NotReady`] with the groups that have none, [`HostError::Failed`].
    pub fn wait_ready(&self, wait: Duration) -> Result<(), HostError> {
        let deadline = Deadline::after(wait);
        while !self.is_ready() {
            self.check()?;
            if deadline.is_over() {
                let waits = |seat: &&Seated| !seat.assigned.load(Ordering::SeqCst);
                let groups = self.seats.iter().filter(waits);
                let groups = groups.map(|seat| seat.group.clone().unwrap_or_default());
                let (waited_s, groups) = (wait.as_secs(), groups.collect());
                return Err(HostError::NotReady { waited_s, groups });
            }
            pause(deadline.slice(Duration::from_millis(5)));
        }
        self.check()
    }

    /// Whether all services still run.
    ///
    /// # Errors
    /// [`HostError::Failed`] when one panicked, or its state could not be kept: all have stopped.
    pub fn check(&self) -> Result<(), HostError> {
        match &self.shared.stage().failed {
            Some(why) => Err(HostError::Failed(why.clone())),
            None => Ok(()),
        }
    }

    /// Makes settings and data known to a service.
    ///
    /// # Errors
    /// [`DriverError`] when it is not here, is down, or cannot use them.
    pub fn give(
        &self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError> {
        self.shared.stage().give(service, tenant, given)
    }

    /// Tells a service something that does not come through Kafka. What it emits is sent soon.
    ///
    /// # Errors
    /// [`DriverError`] when it is not here, is down, or the stimulus has no effect.
    pub fn stimulus(
        &self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        self.shared.stage().stimulus(service, (name, args), tenant)
    }

    /// Asks a service for a state.
    ///
    /// # Errors
    /// [`DriverError`] when it is not here, is down, or has no answer.
    pub fn query(
        &self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        self.shared.stage().query(service, (name, args), tenant)
    }

    /// Finishes what is in hand, commits and leaves the groups; bounded, also where the broker is
    /// gone.
    ///
    /// # Errors
    /// [`HostError::Failed`] when a service had failed before, [`HostError::CutOff`] when the
    /// broker did not take everything.
    pub fn stop(mut self) -> Result<(), HostError> {
        self.shared.set_order(Order::Stop);
        self.join();
        self.check()?;
        let stage = self.shared.stage();
        let cut_off = stage.slots.iter().filter(|slot| slot.is_cut_off);
        let cut_off: Vec<_> = cut_off.map(|slot| slot.name.clone()).collect();
        if cut_off.is_empty() { Ok(()) } else { Err(HostError::CutOff(cut_off)) }
    }

    /// Stops at once: nothing more is handled, sent, kept or committed. What a killed process would
    /// leave to the broker's session time-out is not had here: the consumers leave their groups.
    pub fn kill(mut self) {
        self.shared.set_order(Order::Kill);
        self.join();
    }

    fn join(&mut self) {
        for seat in &mut self.seats {
            if let Some(thread) = seat.thread.take()
                && thread.join().is_err()
            {
                self.shared.fail(&format!("the thread of {} panicked", seat.name));
            }
        }
    }

    /// Arms a fault, which is done for real at its next match.
    ///
    /// # Errors
    /// [`DriverError`] when the service is not here, or the fault cannot be had: a crash needs
    /// [`Options::remake`].
    pub fn arm(&self, fault: Fault) -> Result<FaultId, DriverError> {
        self.shared.stage().arm(fault)
    }

    /// Whether an armed fault has struck.
    #[must_use]
    pub fn has_struck(&self, fault: FaultId) -> bool {
        let stage = self.shared.stage();
        stage.faults.get(fault.0 as usize).is_some_and(|armed| armed.struck)
    }

    /// Whether nothing is in hand, when topics end at `ends`. What waits for the clock is not.
    #[must_use]
    pub fn is_quiet(&self, ends: &BTreeMap<(ChannelIx, Partition), u64>) -> bool {
        let now = self.shared.clock.now();
        self.shared.stage().is_quiet(ends, now)
    }

    /// Has all services start over, as if nothing had happened but that topics were read so far;
    /// for hosts that keep nothing in files.
    pub(crate) fn start_over(&self, services: Vec<Box<dyn Service>>) -> Result<(), HostError> {
        self.shared.stage().start_over(services)
    }

    /// The first moment after now at which a service starts again, or a record is not held back
    /// any longer.
    pub(crate) fn next_release(&self) -> Option<VirtualTime> {
        let now = self.shared.clock.now();
        self.shared.stage().next_release(now)
    }

    /// The first moment after now at which something can happen that cannot happen now.
    #[must_use]
    pub fn next_moment(&self) -> Option<VirtualTime> {
        let now = self.shared.clock.now();
        self.shared.stage().next_moment(now)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.set_order(Order::Kill);
        self.join();
    }
}

/// How long [`Host::stop`] may take where the broker is gone.
pub const STOPS_WITHIN: Duration = STOP.saturating_mul(5);
