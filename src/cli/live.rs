//! `run --on`: the same tests on a broker, one after another.

use std::sync::{Arc, Mutex, PoisonError};

use super::args::Run;
use super::exit::Exit;
use super::external::Elsewhere;
use super::link::Linked;
use super::terminal::Terminal;
use crate::contract::Contracts;
use crate::kafka::Live;
use crate::message::Seed;
use crate::pack::Checks;
use crate::report::style::count;
use crate::scenario::TestPlan;
use crate::scenario::run::{Outcome, not_run, play};
use crate::verify::live::{External, ExternalError, Outside, VerifyError, explained, possible};

/// Services on a broker.
pub(super) struct World<'a> {
    services: Mutex<Services<'a>>,
    elsewhere: Option<&'a Elsewhere>,
    contracts: Arc<Contracts>,
    linked: &'a Linked,
}

/// Who they are.
enum Services<'a> {
    /// The reference.
    Ours(Box<Live>, Checks),
    /// Implementations, and the reference beside them.
    Others(Box<External<'a>>, Outside),
}

/// The broker, once no option speaks against it. What is wrong is told.
pub(super) fn linked(
    args: &Run,
    contracts: &Contracts,
    terminal: &mut Terminal,
) -> Result<Option<Linked>, Exit> {
    if args.link.on.is_none() {
        return Ok(None);
    }
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
    args.link.open(contracts, terminal).map(Some)
}

impl<'a> World<'a> {
    /// Starts the services. What is wrong is told.
    pub(super) fn open(
        linked: &'a Linked,
        elsewhere: Option<&'a Elsewhere>,
        contracts: &Arc<Contracts>,
        terminal: &mut Terminal,
    ) -> Result<Self, Exit> {
        let services = match elsewhere {
            Some(elsewhere) => others(linked, elsewhere, contracts, terminal),
            None => ours(linked, contracts).map_err(|why| (why, Exit::Unchecked)),
        };
        let services = services.map_err(|(why, exit)| {
            terminal.error(&why);
            exit
        })?;
        let contracts = Arc::clone(contracts);
        Ok(Self { services: Mutex::new(services), elsewhere, contracts, linked })
    }

    /// Plays a test, after what was before it has come to rest.
    pub(super) fn play(&self, plan: &TestPlan, seed: Seed) -> Outcome {
        if let Some(elsewhere) = self.elsewhere
            && let Err(trouble) = possible(plan, &elsewhere.limits, &self.contracts)
        {
            return not_run(plan, (seed, &self.contracts), *trouble);
        }
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *services {
            Services::Ours(live, checks) => {
                live.start_over();
                play(plan, &mut **live, seed, checks)
            }
            Services::Others(external, outside) => {
                external.start_over(&mut |_| {});
                let outcome = play(plan, &mut **external, seed, outside);
                explained(outcome, &external.aside())
            }
        }
    }

    /// What is different here, for the end of a report.
    pub(super) fn told(&self, plans: &[TestPlan]) -> String {
        let (on, bootstrap) = (self.linked.broker.on(), self.linked.broker.bootstrap());
        let place = match on.to_string() {
            on if on == bootstrap => on,
            on => format!("{on} ({bootstrap})"),
        };
        if let Some(elsewhere) = self.elsewhere {
            let of = |plan: &crate::verify::live::Plan| {
                format!("{} (group {:?})", plan.subject, plan.group)
            };
            let names: Vec<_> = elsewhere.plans.iter().map(of).collect();
            return format!(
                "on {place}: implementations of {}; the others are our own services, and time is \
                 real",
                names.join(", ")
            );
        }
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

fn ours<'a>(linked: &Linked, contracts: &Arc<Contracts>) -> Result<Services<'a>, String> {
    let packs = contracts.packs().clone();
    let checks = packs.checks(false);
    let services = Arc::new(move || packs.services());
    let live = Live::start(&linked.connection, &linked.topics, contracts, services);
    let live = live.map_err(|error| error.to_string())?;
    Ok(Services::Ours(Box::new(live), checks))
}

fn others<'a>(
    linked: &'a Linked,
    elsewhere: &'a Elsewhere,
    contracts: &Arc<Contracts>,
    terminal: &mut Terminal,
) -> Result<Services<'a>, (String, Exit)> {
    let link = (&linked.connection, &linked.topics);
    let mut tell = |text: &str| terminal.trouble(text);
    let external = External::start(&elsewhere.plans, contracts, link, &mut tell);
    let external = external.map_err(|error| {
        let exit = match error {
            ExternalError::Verify(VerifyError::Command(_)) => Exit::Unusable,
            _ => Exit::Unchecked,
        };
        (error.to_string(), exit)
    })?;
    let names = elsewhere.plans.iter().map(|plan| plan.subject.clone()).collect();
    let outside = Outside::new(names, elsewhere.judging.clone(), external.aside());
    Ok(Services::Others(Box::new(external), outside))
}
