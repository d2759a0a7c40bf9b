//! Choices: the only source of nondeterminism.
//!
//! What happens next is always one of a list of [`Choice`]s, and a [`Chooser`] picks it.
//! Strategies, replay, exhaustive search and shrinking all are choosers; nothing else in the bus is
//! random.

use std::fmt::Write as _;

use super::trial::Trial;
use crate::contract::Contracts;
use crate::driver::FaultKind;
use crate::history::{History, ServiceIx};
use crate::message::{ChannelIx, Partition, Seed, Stream, VirtualTime};
use crate::rule::RuleId;

/// One thing that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// A service takes the next step of its plan: emit, mark, commit.
    Step {
        /// Which service.
        service: ServiceIx,
    },
    /// A service reads the next record of a partition.
    Deliver {
        /// Which service.
        service: ServiceIx,
        /// The channel.
        channel: ChannelIx,
        /// The partition.
        partition: Partition,
    },
    /// A timer that is due fires.
    Timer {
        /// Whose timer.
        service: ServiceIx,
        /// The timer's number, in the order in which timers were set.
        timer: u32,
    },
    /// A killed service starts again.
    Restart {
        /// Which service.
        service: ServiceIx,
    },
    /// A fault strikes the delivery that was chosen. It is no option: it is asked for apart
    /// ([`Chooser::fault`]), and stands in the log behind its delivery.
    Fault(Delivery, FaultKind),
}

/// A record about to be handled by a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delivery {
    /// Which service.
    pub service: ServiceIx,
    /// The channel.
    pub channel: ChannelIx,
    /// The partition.
    pub partition: Partition,
    /// The record's offset.
    pub offset: u64,
    /// 1 for the first delivery, 2 for the next.
    pub attempt: u32,
}

impl Delivery {
    /// The name under which a fault at this delivery is logged:
    /// `fault delay SERVICE CHANNEL/PARTITION@OFFSET.ATTEMPT`.
    #[must_use]
    pub fn fault_name(&self, kind: FaultKind, history: &History) -> String {
        format!(
            "fault {} {} {}/{}@{}.{}",
            kind.name(),
            history.service(self.service),
            history.contracts().channel_name(self.channel),
            self.partition.0,
            self.offset,
            self.attempt
        )
    }
}

/// What a choice is picked from, and what it may be picked by.
#[derive(Clone, Copy)]
pub struct Point<'a> {
    /// What can happen; two or more.
    pub options: &'a [Choice],
    /// What has happened.
    pub history: &'a History,
    /// The time.
    pub now: VirtualTime,
    pub(super) timer_names: &'a [String],
    pub(super) trial: Option<Trial<'a>>,
}

impl Point<'_> {
    /// Whether two deliveries to one service have the same effect in both orders, as tried out here
    /// on copies of it: none of them emits, and the service ends in the same state. False where
    /// that is not known, since the service cannot be copied or asks others.
    #[must_use]
    pub fn commute(&self, one: Choice, other: Choice) -> bool {
        self.trial.is_some_and(|trial| trial.commute(self.history, one, other))
    }

    /// The name of an option: the same in every run in which the same thing can happen, wherever it
    /// stands among the options.
    #[must_use]
    pub fn name(&self, choice: Choice) -> String {
        let contracts: &Contracts = self.history.contracts();
        let mut name = String::new();
        let _ = match choice {
            Choice::Step { service } => write!(name, "step {}", self.history.service(service)),
            Choice::Deliver { service, channel, partition } => write!(
                name,
                "deliver {} {}/{}",
                self.history.service(service),
                contracts.channel_name(channel),
                partition.0
            ),
            Choice::Timer { service, timer } => {
                let timer = self.timer_names.get(timer as usize).map_or("?", String::as_str);
                write!(name, "timer {} {timer}", self.history.service(service))
            }
            Choice::Restart { service } => {
                write!(name, "restart {}", self.history.service(service))
            }
            Choice::Fault(delivery, kind) => {
                write!(name, "{}", delivery.fault_name(kind, self.history))
            }
        };
        name
    }
}

/// Picks what happens next.
pub trait Chooser {
    /// The index of the option that happens. `None` gives the run up here: what would follow is
    /// known already.
    fn choose(&mut self, point: &Point<'_>) -> Option<usize>;

    /// Asked in place of [`Chooser::choose`] where only one thing can happen: whether it is to
    /// happen. Otherwise the run is given up.
    fn forced(&mut self, point: &Point<'_>) -> bool {
        let _ = point;
        true
    }

    /// The fault that strikes a record which is about to be handled for the first time, or again
    /// because what was done is lost.
    fn fault(&mut self, delivery: Delivery, history: &History) -> Option<FaultKind> {
        let _ = (delivery, history);
        None
    }

    /// Told after each step, forced ones too: what was done, and from which entry of the history on
    /// stands what it caused. What the step read and wrote can be told from these.
    fn observe(&mut self, choice: Choice, history: &History, from: usize) {
        let _ = (choice, history, from);
    }

    /// Told that whoever drives the world will only look on from now, and do nothing more.
    fn passive(&mut self) {}

    /// The index of the behaviour that a service takes where `rule` accepts several; the reference
    /// takes the first.
    fn decide(&mut self, service: &str, rule: RuleId, options: &[&'static str]) -> usize {
        let _ = (service, rule, options);
        0
    }

    /// Why the chooser gave up, if that is a mistake.
    fn complaint(&self) -> Option<crate::driver::DriverError> {
        None
    }
}

/// Always the first option: plans before deliveries, services in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fifo;

impl Chooser for Fifo {
    fn choose(&mut self, _: &Point<'_>) -> Option<usize> {
        Some(0)
    }
}

/// Each option with the same probability.
#[derive(Clone, Debug)]
pub struct Random(Stream);

impl Random {
    /// One of the random walks of a seed.
    #[must_use]
    pub fn new(seed: Seed, schedule: u32) -> Self {
        Self(Stream::keyed(seed, &("schedule", schedule)))
    }
}

impl Chooser for Random {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        Some(self.0.below(point.options.len()))
    }
}

/// The choices of an earlier run, by name; where they end, always the first option.
#[derive(Clone, Debug)]
pub struct Replay {
    names: Vec<String>,
    at: usize,
    complaint: Option<crate::driver::DriverError>,
}

impl Replay {
    /// Replays choices in order.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self { names, at: 0, complaint: None }
    }
}

impl Chooser for Replay {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        let Some(wanted) = self.names.get(self.at) else {
            return Some(0);
        };
        let names: Vec<_> = point.options.iter().map(|option| point.name(*option)).collect();
        let found = names.iter().position(|name| name == wanted);
        if found.is_none() {
            self.complaint = Some(crate::driver::DriverError::Replay {
                choice: wanted.clone(),
                step: self.at,
                possible: names.join(", "),
            });
        }
        self.at += 1;
        found
    }

    fn fault(&mut self, delivery: Delivery, history: &History) -> Option<FaultKind> {
        let wanted = self.names.get(self.at).filter(|name| name.starts_with("fault "))?;
        let is_wanted = |kind: &FaultKind| delivery.fault_name(*kind, history) == *wanted;
        let kind = FaultKind::ALL.into_iter().find(is_wanted)?;
        self.at += 1;
        Some(kind)
    }

    fn complaint(&self) -> Option<crate::driver::DriverError> {
        self.complaint.clone()
    }
}
