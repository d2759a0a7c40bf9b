//! Running a test: its steps against a world, its expectations against what the world did.
//!
//! What this is: [`run`], which plays a [`TestPlan`] in simulated worlds, one for each schedule,
//! and [`play`], which plays it once in any world behind a [`Driver`]. What it is not: it prints
//! nothing and decides no exit code.
//!
//! What always holds: the same plan, setup and options give the same [`Outcome`], whatever runs
//! beside it. Start at [`run`].

mod assign;
mod end;
mod engine;
mod envelope;
mod make;
mod matching;
mod outcome;
mod scope;
mod send;
mod shown;
mod state;
mod unseen;

pub use outcome::{Claim, Difference, Nearest, Outcome, Place, Trouble, Verdict};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::engine::Engine;
use self::scope::{Bound, Scope};
use self::state::State;
use crate::bus::{Chooser, Random, Replay, Topology, World};
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, FaultKind};
use crate::history::{Entry, Event, History};
use crate::message::{Json, RecordId, Seed, Stream, Tenant};
use crate::pack::HistoryChecker;
use crate::rule::{Finding, RuleId};
use crate::scenario::{Field, Scenario, Step, Target, TestPlan, Verb};
use crate::service::{Given, Service};

/// Makes the services of a world; called once for each schedule.
pub type Services = Arc<dyn Fn() -> Vec<Box<dyn Service>> + std::marker::Send + Sync>;

/// What tests run in.
#[derive(Clone)]
pub struct Setup {
    /// The contracts of the services.
    pub contracts: Arc<Contracts>,
    /// The services.
    pub services: Services,
    /// Partitions and members.
    pub topology: Topology,
}

impl Setup {
    /// The reference services of the packs of these contracts.
    #[must_use]
    pub fn reference(contracts: Arc<Contracts>) -> Self {
        let packs = contracts.packs().clone();
        let services = Arc::new(move || packs.services());
        Self { contracts, services, topology: Topology::default() }
    }
}

/// How a test is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where ids and schedules come from.
    pub seed: Seed,
    /// Only this schedule, of those that the file asks for.
    pub schedule: Option<u32>,
    /// Choices to make instead of random ones, by name.
    pub choices: Option<Vec<String>>,
}

/// Runs a test, in as many schedules as its file asks for, until one fails.
#[must_use]
pub fn run(plan: &TestPlan, setup: &Setup, options: &Options) -> Outcome {
    let schedules = plan.scenario.schedules.max(1);
    let (first, last) = match options.schedule {
        Some(only) => (only, only),
        None => (0, schedules - 1),
    };
    let mut messages = BTreeSet::new();
    let mut rules = BTreeMap::new();
    let mut checks = setup.contracts.packs().checks(false);
    let mut schedule = first;
    loop {
        let mut outcome = run_schedule(plan, setup, (options, schedule), &mut checks);
        messages.append(&mut outcome.messages);
        for (rule, count) in std::mem::take(&mut outcome.rules) {
            *rules.entry(rule).or_insert(0) += count;
        }
        if outcome.verdict != Verdict::Passed || schedule == last {
            outcome.schedules = schedule - first + 1;
            return Outcome { messages, rules, ..outcome };
        }
        schedule += 1;
    }
}

fn run_schedule(
    plan: &TestPlan,
    setup: &Setup,
    (options, schedule): (&Options, u32),
    checks: &mut dyn HistoryChecker,
) -> Outcome {
    let seed = options.seed;
    let chooser: Box<dyn Chooser> = match &options.choices {
        Some(names) => Box::new(Replay::new(names.clone())),
        None => Box::new(Random::new(seed, schedule)),
    };
    let services = (setup.services)();
    let contracts = Arc::clone(&setup.contracts);
    let world = World::new(contracts, services, setup.topology, (seed, chooser));
    match world {
        Ok(mut world) => {
            let mut outcome = play(plan, &mut world, seed, checks);
            outcome.schedule = schedule;
            outcome.choices = world.choices();
            forgive(&mut outcome);
            outcome
        }
        Err(error) => {
            let history = History::new(Arc::clone(&setup.contracts), Vec::new());
            let mut outcome = Outcome::empty(plan, seed, history);
            outcome.verdict = Verdict::Broken;
            outcome.troubles.push(trouble("run::no-world", error.to_string()));
            outcome
        }
    }
}

/// Where faults struck that the test did not ask for, only rules are held against the services: a
/// test expects what happens without them. Whether the test ended early for that reason.
pub(crate) fn forgive(outcome: &mut Outcome) -> bool {
    let is_injected = |entry: &Entry| match entry.event {
        Event::Struck { fault, .. } => FaultKind::of_injected(fault).is_some(),
        _ => false,
    };
    let is_cut =
        outcome.verdict != Verdict::Passed && outcome.history.entries().iter().any(is_injected);
    if is_cut {
        let broke = |code: &str| matches!(code, "rule::violated" | "run::no-end");
        let replayed = |code: &str| code == "replay::not-possible";
        outcome.troubles.retain(|trouble| broke(trouble.code) || replayed(trouble.code));
        let holds = outcome.troubles.is_empty();
        outcome.verdict = if holds { Verdict::Passed } else { Verdict::Failed };
    }
    is_cut
}

/// Plays a test once, in a world in which nothing has happened, and has the checkers judge it.
#[must_use]
pub fn play(
    plan: &TestPlan,
    driver: &mut dyn Driver,
    seed: Seed,
    checks: &mut dyn HistoryChecker,
) -> Outcome {
    let scenario = &plan.scenario;
    let mut state = State::new(tenant_of(plan, (seed, driver.run_number())), &scenario.file);
    state.scope = Scope::hiding(&scenario.secrets);
    for (name, cell) in &plan.row {
        let at = format!("{}:{}", scenario.file.path, scenario.file.position(cell.span.start).0);
        let secret = driver.contracts().is_sensitive(name);
        state.scope.bind(name.clone(), Bound { value: cell.value.clone(), at, secret });
    }
    collect_allowed(&scenario.setup, &mut state.allowed);
    collect_allowed(&scenario.steps, &mut state.allowed);
    let mut engine = Engine::new(driver, state, (seed, &plan.name));
    let (verdict, troubles) = judge(plan, &mut engine);
    // A test that stopped early has not looked at what is allowed.
    engine.state.look(engine.driver.history());
    engine.state.strays(engine.driver.history());
    let Engine { state, faults, set_up, .. } = engine;
    let mut outcome = Outcome::empty(plan, seed, driver.history().clone());
    outcome.faults = faults.into_iter().map(|(_, place, name)| (name, place)).collect();
    outcome.set_up = set_up;
    outcome.verdict = verdict;
    outcome.troubles = troubles;
    outcome.began = driver.began();
    outcome.ended = driver.now();
    outcome.claimed = state.claimed;
    exercise(&mut outcome, &state.tenant, checks);
    outcome
}

/// The code of a test that cannot be had of an implementation.
pub(crate) const NOT_OUTSIDE: &str = "run::not-outside";

/// A test that cannot be played, for this reason.
#[cfg(feature = "kafka")]
pub(crate) fn not_run(
    plan: &TestPlan,
    (seed, contracts): (Seed, &Arc<Contracts>),
    why: Trouble,
) -> Outcome {
    let mut outcome = Outcome::empty(plan, seed, History::new(Arc::clone(contracts), Vec::new()));
    outcome.verdict = Verdict::NotRun;
    outcome.troubles.push(why);
    outcome
}

/// Setup, steps and end; a setup that does not hold breaks the test.
fn judge(plan: &TestPlan, engine: &mut Engine<'_>) -> (Verdict, Vec<Trouble>) {
    let scenario = &plan.scenario;
    let set_up = give(plan, engine).and_then(|()| engine.steps(&scenario.setup));
    if let Err(trouble) = set_up {
        return (of_world(&trouble).unwrap_or(Verdict::Broken), vec![*trouble]);
    }
    engine.set_up = engine.driver.history().entries().len();
    let mut troubles = Vec::new();
    let (acting, looking) = scenario.steps.split_at(acting(scenario));
    let played = engine.steps(acting).and_then(|()| {
        let properties = engine.driver.contracts().packs().properties();
        let of_files = properties.all.iter().any(|one| one.kind.looks_at_order());
        if !of_files && !looks_at_order(scenario) {
            engine.driver.passive();
        }
        engine.steps(looking)
    });
    match played {
        Err(trouble) => troubles.push(*trouble),
        Ok(()) => troubles.extend(engine.end(&scenario.always, scenario.title_span)),
    }
    let verdict = match troubles.first() {
        None => Verdict::Passed,
        Some(first) => of_world(first).unwrap_or(Verdict::Failed),
    };
    (verdict, troubles)
}

/// The verdict where the world, not the services, is what stopped a test.
fn of_world(trouble: &Trouble) -> Option<Verdict> {
    match trouble.code {
        "run::not-here" | "run::timed-out" => Some(Verdict::NotRun),
        "run::lost" => Some(Verdict::Broken),
        _ => None,
    }
}

/// Makes settings and data known to every service.
fn give(plan: &TestPlan, engine: &mut Engine<'_>) -> Result<(), Box<Trouble>> {
    let given = &plan.scenario.given;
    let mut make = |fields: &[Field]| -> Result<Vec<(String, Json)>, Box<Trouble>> {
        let made = fields.iter().map(|field| {
            let value = engine.make(&field.value, None, &field.name)?;
            Ok((field.name.clone(), value.unwrap_or_default()))
        });
        made.collect()
    };
    let (settings, data) = (make(&given.settings)?, make(&given.data)?);
    if settings.is_empty() && data.is_empty() {
        return Ok(());
    }
    let tenant = engine.state.tenant.clone();
    for service in engine.driver.history().services().to_vec() {
        let own = settings.iter().find(|(name, _)| *name == service).map(|(_, value)| value);
        let made = Given { settings: own, data: &data };
        engine.driver.give(&service, &tenant, &made).map_err(|error: DriverError| {
            let message = format!("{service} cannot use what is given: {error}");
            let settings = given.settings.iter().find(|field| field.name == service);
            let place = settings.or(given.data.first());
            let span = place.map_or(plan.scenario.title_span, |field| field.span);
            Box::new(engine.trouble("given::refused", message, span, "given here"))
        })?;
    }
    Ok(())
}

/// Each run of each test has a tenant of its own, also on a broker that many share.
fn tenant_of(plan: &TestPlan, (seed, run): (Seed, u64)) -> Tenant {
    let spec = &plan.scenario.tenant;
    let seed = Seed(seed.0.wrapping_add(run));
    let id = Stream::keyed(seed, &("tenant", plan.name.as_str())).uuid();
    Tenant { id, region: spec.region.as_str().into(), major: spec.major, minor: spec.minor }
}

/// How many steps there are up to the last that does something to the world.
fn acting(scenario: &Scenario) -> usize {
    scenario.steps.iter().rposition(acts).map_or(0, |last| last + 1)
}

fn acts(step: &Step) -> bool {
    match &step.verb {
        Verb::Send(_) | Verb::Fault(_) | Verb::Stimulus(_) => true,
        Verb::Repeat(repeat) => repeat.steps.iter().any(acts),
        Verb::Use(used) => used.fragment.steps.iter().any(acts),
        _ => false,
    }
}

/// Whether a test compares the order of records that lie in different partitions.
fn looks_at_order(scenario: &Scenario) -> bool {
    fn in_order(step: &Step) -> bool {
        match &step.verb {
            Verb::ExpectInOrder(_) => true,
            Verb::Repeat(repeat) => repeat.steps.iter().any(in_order),
            Verb::Use(used) => used.fragment.steps.iter().any(in_order),
            _ => false,
        }
    }
    let mut properties = scenario.always.iter().map(|always| &always.property);
    let mut steps = scenario.setup.iter().chain(&scenario.steps);
    steps.any(in_order) || properties.any(|property| property.kind.looks_at_order())
}

/// `allow` holds for the whole test, wherever it stands.
fn collect_allowed(steps: &[Step], allowed: &mut Vec<Target>) {
    for step in steps {
        match &step.verb {
            Verb::Allow(targets) => allowed.extend(targets.iter().cloned()),
            Verb::Repeat(repeat) => collect_allowed(&repeat.steps, allowed),
            Verb::Use(used) => collect_allowed(&used.fragment.steps, allowed),
            _ => {}
        }
    }
}

/// Judges the history by the rules, and notes what it exercised.
fn exercise(outcome: &mut Outcome, tenant: &Tenant, checks: &mut dyn HistoryChecker) {
    checks.begin(&outcome.history);
    let report = checks.end(&outcome.history);
    let (violations, advisories): (Vec<Finding>, Vec<Finding>) =
        report.findings.into_iter().partition(end::fails);
    let broken = violations.into_iter().map(|one| end::violation(one, &outcome.history));
    let broken: Vec<_> = broken.collect();
    outcome.troubles.extend(broken);
    if outcome.verdict == Verdict::Passed && !outcome.troubles.is_empty() {
        outcome.verdict = Verdict::Failed;
    }
    outcome.advisories = advisories;
    outcome.rules = report.premises.into_iter().filter(|(_, count)| *count > 0).collect();
    let own = |id: RecordId| outcome.history.record(id).record.headers.tenant() == Ok(tenant);
    for placed in outcome.history.records().iter().filter(|placed| own(placed.id)) {
        let producer = outcome.history.producer(placed).to_owned();
        outcome.messages.insert((producer, outcome.history.message_name(placed)));
    }
}

fn trouble(code: &'static str, message: String) -> Trouble {
    Trouble {
        code,
        message,
        place: None,
        nearest: None,
        records: Vec::new(),
        notes: Vec::new(),
        finding: None,
    }
}

impl Outcome {
    fn empty(plan: &TestPlan, seed: Seed, history: History) -> Self {
        Self {
            test: plan.name.clone(),
            verdict: Verdict::Passed,
            troubles: Vec::new(),
            advisories: Vec::new(),
            seed,
            schedules: 1,
            schedule: 0,
            history,
            choices: Vec::new(),
            began: crate::message::VirtualTime::ZERO,
            ended: crate::message::VirtualTime::ZERO,
            faults: Vec::new(),
            set_up: 0,
            claimed: BTreeMap::new(),
            messages: BTreeSet::new(),
            rules: BTreeMap::<RuleId, u64>::new(),
        }
    }
}
