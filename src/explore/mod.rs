//! Exploration: a test under many orders and faults, with all rules on.
//!
//! What this is: [`explore`], which plays some of the schedules of a test and says what was found
//! and what occurred, and [`Strategy`], by which schedules are drawn. What it is not: it starts no
//! thread and knows no clock; whoever calls it shares schedules out and ends in time.
//!
//! What always holds: schedule number n of a test is the same whoever plays it and beside which
//! others, so what is found by all is the sum of what is found by each. Start at [`explore`].

pub mod exhaustive;
mod strategy;
mod tally;

pub use strategy::{Explorer, Strategy};
pub use tally::Tally;

use std::sync::Arc;

use crate::bus::{Chooser, Instance, Topology, World};
use crate::contract::Contracts;
use crate::driver::{Driver as _, FaultKind};
use crate::message::{Seed, Stream};
use crate::pack::HistoryChecker;
use crate::scenario::TestPlan;
use crate::scenario::run::{Outcome, Verdict, forgive, play};

/// What tests are explored in.
#[derive(Clone)]
pub struct System {
    /// The contracts of the services.
    pub contracts: Arc<Contracts>,
    /// Makes the services of a world.
    pub services: Arc<dyn Fn() -> Vec<Instance> + Send + Sync>,
    /// Partitions and members.
    pub topology: Topology,
}

impl System {
    /// The reference services of the packs of these contracts.
    #[must_use]
    pub fn reference(contracts: Arc<Contracts>) -> Self {
        let packs = contracts.packs().clone();
        let services = move || packs.models().into_iter().map(Instance::from).collect();
        Self { contracts, services: Arc::new(services), topology: Topology::default() }
    }
}

/// How a test is explored.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where ids and schedules come from.
    pub seed: Seed,
    /// How schedules are drawn.
    pub strategy: Strategy,
    /// The faults that may strike.
    pub faults: Vec<FaultKind>,
}

/// A schedule in which something does not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What kind of failure it is: the rule, or the code of the first trouble.
    pub kind: String,
    /// Everything about it; its schedule is the one that failed.
    pub outcome: Outcome,
}

/// What came of schedules.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// What occurred.
    pub tally: Tally,
    /// Of each kind of failure the one in the schedule of the lowest number, in order of schedules.
    pub failures: Vec<Failure>,
}

impl Explored {
    /// Adds what came of other schedules of the same test.
    pub fn merge(&mut self, other: Self) {
        self.tally.merge(&other.tally);
        for failure in other.failures {
            self.note(failure);
        }
    }

    fn note(&mut self, failure: Failure) {
        match self.failures.iter_mut().find(|known| known.kind == failure.kind) {
            Some(known) if known.outcome.schedule > failure.outcome.schedule => *known = failure,
            Some(_) => {}
            None => self.failures.push(failure),
        }
        self.failures
            .sort_by(|a, b| (a.outcome.schedule, &a.kind).cmp(&(b.outcome.schedule, &b.kind)));
    }
}

/// Plays these schedules of a test.
///
/// # Errors
/// Why no world can be made of this system.
pub fn explore(
    plan: &TestPlan,
    system: &System,
    options: &Options,
    schedules: impl IntoIterator<Item = u32>,
) -> Result<Explored, crate::bus::WorldError> {
    let mut worlds = Worlds::new(system, options.seed);
    let mut checks = system.contracts.packs().checks(false);
    let mut explored = Explored::default();
    // Each test has schedules of its own.
    let draws = Seed(Stream::keyed(options.seed, &plan.name).bits());
    for schedule in schedules {
        let chooser = options.strategy.chooser(&options.faults, draws, schedule);
        let world = worlds.next(Box::new(chooser))?;
        let (mut outcome, cut) = play_one(plan, world, options.seed, &mut checks);
        outcome.schedule = schedule;
        let failed = outcome.verdict != Verdict::Passed;
        explored.tally.add(&outcome, (failed, cut));
        if failed {
            explored.note(Failure { kind: kind_of(&outcome), outcome });
        }
    }
    Ok(explored)
}

/// What kind of failure an outcome is.
fn kind_of(outcome: &Outcome) -> String {
    let first = outcome.troubles.first();
    let rule = first.and_then(|trouble| trouble.finding.as_ref()).map(|finding| finding.rule);
    let code = first.map_or("failed", |trouble| trouble.code);
    rule.map_or_else(|| code.to_owned(), |rule| rule.to_string())
}

/// Plays a test in a world in which nothing has happened; and whether it ended early, since faults
/// kept from it what it expects.
fn play_one(
    plan: &TestPlan,
    world: &mut World,
    seed: Seed,
    checks: &mut dyn HistoryChecker,
) -> (Outcome, bool) {
    let mut outcome = play(plan, world, seed, checks);
    outcome.choices = world.choices();
    let cut = forgive(&mut outcome);
    (outcome, cut)
}

/// Worlds one after another in the same memory.
struct Worlds<'a> {
    system: &'a System,
    seed: Seed,
    world: Option<World>,
}

impl<'a> Worlds<'a> {
    fn new(system: &'a System, seed: Seed) -> Self {
        Self { system, seed, world: None }
    }

    /// A world in which nothing has happened.
    fn next(&mut self, chooser: Box<dyn Chooser>) -> Result<&mut World, crate::bus::WorldError> {
        let (services, start) = ((self.system.services)(), (self.seed, chooser));
        let world = match self.world.take() {
            Some(mut world) => {
                world.start_over(services, start);
                world
            }
            None => {
                let contracts = Arc::clone(&self.system.contracts);
                World::new(contracts, services, self.system.topology, start)?
            }
        };
        debug_assert!(world.history().entries().is_empty(), "it starts over");
        Ok(self.world.insert(world))
    }
}
