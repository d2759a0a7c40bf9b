//! The seam between scenarios and a world in which they happen.
//!
//! What this is: the [`Driver`] trait, and the faults that a world can be asked for. What it is
//! not: a world; [`crate::bus`] is one, simulated, and a broker can be another.
//!
//! What always holds: reading starts before the first send; whatever a world does or sees is in its
//! [`History`], and nothing else is. Start at [`Driver`].

mod fault;

pub use fault::{Fault, FaultKind};

use std::time::Duration;

use crate::contract::Contracts;
use crate::history::{FaultId, History};
use crate::message::{Json, Outgoing, RecordId, Tenant, VirtualTime};
use crate::service::{Given, QueryError, StimulusError};

/// A world in which a scenario happens.
pub trait Driver {
    /// The contracts by which the world encodes keys and names channels.
    fn contracts(&self) -> &Contracts;

    /// What has happened so far.
    fn history(&self) -> &History;

    /// The world's time.
    fn now(&self) -> VirtualTime;

    /// When the test began, by [`Driver::now`].
    fn began(&self) -> VirtualTime {
        VirtualTime::ZERO
    }

    /// A number that no other run in the same world has: it is part of each tenant's id, so that
    /// what others left behind, or do beside it, is not taken for this run's.
    fn run_number(&self) -> u64 {
        0
    }

    /// Makes settings and data known to a service, before anything happens.
    ///
    /// # Errors
    /// [`DriverError::Given`] when the service cannot use them.
    fn give(
        &mut self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError>;

    /// Appends a record, as the test.
    ///
    /// # Errors
    /// [`DriverError`] when the world cannot take it.
    fn send(&mut self, outgoing: Outgoing) -> Result<RecordId, DriverError>;

    /// Lets the world go on until `seen` answers true (asked at once and after each new record) or
    /// `until` is reached.
    ///
    /// # Errors
    /// [`DriverError`] when the world cannot go on.
    fn run(
        &mut self,
        until: Until,
        seen: &mut dyn FnMut(&History) -> bool,
    ) -> Result<Ended, DriverError>;

    /// Lets the world go on until there is more than `entries` in its history, or until a state
    /// that no entry shows may have changed.
    ///
    /// # Errors
    /// As [`Driver::run`].
    fn run_on(&mut self, until: Until, entries: usize) -> Result<Ended, DriverError> {
        self.run(until, &mut |history| history.entries().len() > entries)
    }

    /// Arms a fault, which strikes once, at the next match.
    ///
    /// # Errors
    /// [`DriverError::Fault`] when it cannot be had in this world.
    fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError>;

    /// Told that nothing more will be done to the world: it will only be looked at.
    fn passive(&mut self) {}

    /// Whether an armed fault has struck.
    fn has_struck(&self, fault: FaultId) -> bool;

    /// Tells a service something that does not come through Kafka.
    ///
    /// # Errors
    /// [`DriverError::Stimulus`] when it has no effect.
    fn stimulus(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError>;

    /// Asks a service for a state.
    ///
    /// # Errors
    /// [`DriverError::Query`] when there is no answer.
    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError>;
}

/// How long a world goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until this moment; time moves when nothing else can happen.
    Time(VirtualTime),
    /// While anything can happen now; time does not move.
    Quiet,
}

impl Until {
    /// Until `wait` after `now`.
    #[must_use]
    pub fn after(now: VirtualTime, wait: Duration) -> Self {
        Self::Time(now.after(wait))
    }
}

/// Why a world stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// What was waited for was seen.
    Seen,
    /// The time is over, or nothing can happen any more.
    Over,
}

/// Why a world cannot do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// No service of this name runs here.
    #[error("no service {0:?} runs here")]
    NoService(String),
    /// No contract names this channel.
    #[error("no contract names the channel {0:?}")]
    NoChannel(String),
    /// A fault that cannot be had here.
    #[error("fault {fault} cannot be had here: {why}")]
    Fault {
        /// The fault's name.
        fault: &'static str,
        /// Why not.
        why: String,
    },
    /// Something else that cannot be had here.
    #[error("{what} cannot be had here: {why}")]
    NotHere {
        /// What was asked for.
        what: String,
        /// Why not.
        why: String,
    },
    /// The world did not come to rest: nothing can be said.
    #[error("after {waited_s} s without anything new, {waits_for}: nothing can be said")]
    TimedOut {
        /// How long it was waited, in seconds.
        waited_s: u64,
        /// What was still in hand.
        waits_for: String,
    },
    /// The world is gone.
    #[error("{0}")]
    Lost(String),
    /// The services keep each other busy without end.
    #[error("after {steps} steps the services still have work: they seem to feed each other")]
    NoEnd {
        /// How many steps were made.
        steps: u64,
    },
    /// A stimulus without effect.
    #[error(transparent)]
    Stimulus(#[from] StimulusError),
    /// A query without answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A service that is down.
    #[error("{0} is down")]
    Down(String),
    /// Settings or data that a service cannot use.
    #[error("{0}")]
    Given(String),
    /// The chooser gave the run up: what would follow is known already.
    #[error("the run was given up")]
    GivenUp,
    /// A replayed choice that is not possible at its point.
    #[error("the recorded choice {choice:?} is not possible at step {step}: {possible}")]
    Replay {
        /// The choice, by name.
        choice: String,
        /// How many choices came before it.
        step: usize,
        /// What is possible there.
        possible: String,
    },
}
