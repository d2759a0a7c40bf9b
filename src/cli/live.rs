//! `run --on`: the same tests on a broker, one after another.

use std::sync::{Arc, Mutex, PoisonError};

use super::args::Run;
use super::exit::Exit;
use super::link::Linked;
use super::terminal::Terminal;
use crate::contract::Contracts;
use crate::kafka::Live;
use crate::message::Seed;
use crate::pack::Checks;
use crate::report::style::count;
use crate::scenario::TestPlan;
use crate::scenario::run::{Outcome, play};

/// The reference services on a broker.
pub(super) struct World {
    live: Mutex<(Live, Checks)>,
    /// Dropped after everything that talks to it.
    linked: Linked,
}

impl World {
    /// Reaches the broker and starts the services there. What is wrong is told.
    pub(super) fn open(
        args: &Run,
        contracts: &Arc<Contracts>,
        terminal: &mut Terminal,
    ) -> Result<Self, Exit> {
        let simulated = [
            (args.twin, "--twin"),
            (args.schedule.is_some(), "--schedule"),
            (args.save.is_some(), "--save"),
            (args.jobs.is_some(), "--jobs"),
        ];
        if let Some((_, option)) = simulated.iter().find(|(is_set, _)| *is_set) {
            terminal.error(&format!("{option} is for the simulator only: leave out it or --on"));
            return Err(Exit::Unusable);
        }
        let linked = args.link.open(contracts, terminal)?;
        let packs = contracts.packs().clone();
        let checks = packs.checks(false);
        let services = Arc::new(move || packs.services());
        let live = Live::start(&linked.connection, &linked.topics, contracts, services);
        let live = live.map_err(|error| {
            terminal.error(&error.to_string());
            Exit::Unchecked
        })?;
        Ok(Self { live: Mutex::new((live, checks)), linked })
    }

    /// Plays a test, after what was before it has come to rest.
    pub(super) fn play(&self, plan: &TestPlan, seed: Seed) -> Outcome {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let (live, checks) = &mut *live;
        live.start_over();
        play(plan, live, seed, checks)
    }

    /// What is different here, for the end of a report.
    pub(super) fn told(&self, plans: &[TestPlan]) -> String {
        let (on, bootstrap) = (self.linked.broker.on(), self.linked.broker.bootstrap());
        let place = match on.to_string() {
            on if on == bootstrap => on,
            on => format!("{on} ({bootstrap})"),
        };
        let explored = plans.iter().filter(|plan| plan.scenario.schedules > 1).count();
        let mut text = format!(
            "on {place}: our own services, whose clock is moved on whenever nothing is in hand"
        );
        if explored > 0 {
            let tests = count(explored, "test that asks", "tests that ask");
            text.push_str(&format!("; {tests} for many schedules ran in the broker's one order"));
        }
        text
    }
}
