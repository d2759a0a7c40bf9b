//! `explore`: tests under many orders and faults, on several threads, reported in their order.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::args::{Budget, Explore, Format, Shard};
use super::clock::Clock;
use super::exit::Exit;
use super::load::{self, Loaded};
use super::outputs::Outputs;
use super::run::{choice_files, exit_of};
use super::selected::words_of;
use super::terminal::Terminal;
use super::workers;
use crate::bus::WorldError;
use crate::diagnostic::Severity;
use crate::explore::exhaustive::{Level, exhaust};
use crate::explore::{Explored, Options, System, Tally, explore as explore_test};
use crate::message::Seed;
use crate::pack::Packs;
use crate::report::choices::ChoiceFile;
use crate::report::explored::{self, Heading, Subject};
use crate::report::junit::{Case, document};
use crate::report::style::shell_word;
use crate::report::{github, json};
use crate::scenario::{Step, TestPlan, Verb};

/// So many schedules of one test are played in one piece.
const PIECE: u32 = 16;
/// An exhaustive search ends with so many faults at a time.
const MOST_FAULTS: u32 = 2;

/// Explores the selected tests.
pub(super) fn explore(args: &Explore, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let clock = Clock::start();
    let from = (&args.selection.contracts, packs);
    let Some(packs) = &load::with_properties(&args.properties, from, terminal) else {
        return Exit::Unusable;
    };
    let Some(mut loaded) = load::select(&args.selection, packs, terminal) else {
        return Exit::Unusable;
    };
    for service in &args.service {
        if packs.pack(service).is_none() {
            terminal.error(&format!("no service is named {service:?}"));
            return Exit::Unusable;
        }
    }
    if !args.service.is_empty() {
        let contracts = Arc::clone(&loaded.contracts);
        let is_read = |service: &str, channel: &str| {
            let read = contracts.consumed_by(service).unwrap_or_default();
            contracts.channel_ix(channel).is_some_and(|channel| read.contains(&channel))
        };
        let concerns = |plan: &TestPlan| {
            args.service.iter().any(|service| {
                plan.scenario.steps.iter().any(|step| tells(step, service, &is_read))
            })
        };
        loaded.plans.retain(concerns);
        if loaded.plans.is_empty() && loaded.exit == Exit::Holds {
            terminal.error("no test sends or tells these services anything");
            loaded.exit = Exit::Inconclusive;
        }
    }
    if let Some(folder) = &args.save
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        terminal.error(&format!("cannot make the folder {}: {error}", folder.display()));
        return Exit::Unusable;
    }
    let Some(mut outputs) = Outputs::open(&args.forms, terminal) else {
        return Exit::Unusable;
    };
    let exploring = Exploring {
        args,
        system: System::reference(Arc::clone(&loaded.contracts)),
        options: Options { seed: Seed(args.seed), strategy: args.strategy, faults: args.kinds() },
        choice_files: choice_files(args.save.as_deref(), &loaded.plans),
        loaded,
        clock,
    };
    let exit = exploring.all(&mut outputs, terminal);
    exit.and(outputs.close(terminal))
}

/// Whether a step sends a service something that it reads, or tells it something.
fn tells(step: &Step, service: &str, is_read: &dyn Fn(&str, &str) -> bool) -> bool {
    match &step.verb {
        Verb::Send(send) => is_read(service, &send.target.channel),
        Verb::Stimulus(stimulus) => stimulus.service == service,
        Verb::Repeat(repeat) => repeat.steps.iter().any(|step| tells(step, service, is_read)),
        Verb::Use(used) => used.fragment.steps.iter().any(|step| tells(step, service, is_read)),
        _ => false,
    }
}

/// An exploration under way.
struct Exploring<'a> {
    args: &'a Explore,
    system: System,
    options: Options,
    loaded: Loaded,
    /// Where the choices of the first failure of each test go; empty without `--save`.
    choice_files: Vec<PathBuf>,
    clock: Clock,
}

/// What came of one test.
#[derive(Default)]
struct Done {
    explored: Explored,
    levels: Vec<Level>,
}

impl Exploring<'_> {
    fn all(&self, outputs: &mut Outputs, terminal: &mut Terminal) -> Exit {
        let plans = &self.loaded.plans;
        let heading = Heading {
            seed: self.args.seed,
            strategy: match self.args.exhaustive {
                true => "exhaustive",
                false => self.args.strategy.name(),
            },
            budget: match self.args.budget {
                Budget::Schedules(number) if !self.args.exhaustive => Some(number),
                _ => None,
            },
            faults: &self.options.faults,
            tests: plans.len(),
        };
        outputs.line(Format::Json, &explored::heading(&heading), terminal);
        let errors = self.loaded.diagnostics.iter().filter(|one| one.is_error());
        let mut cases: Vec<_> = errors.map(Case::unusable).collect();
        for one in &self.loaded.diagnostics {
            outputs.line(Format::Json, &json::diagnostic(one), terminal);
            outputs.line(Format::Github, &github::diagnostic(one), terminal);
        }
        let done = match self.args.exhaustive {
            true => self.exhaustive(),
            false => self.sampled(),
        };
        let done = match done {
            Ok(done) => done,
            Err(Some(error)) => {
                terminal.error(&error.to_string());
                return Exit::Unusable;
            }
            Err(None) => return Exit::Bug,
        };
        let (mut exit, mut tally, mut failed) = (self.loaded.exit, Tally::default(), 0);
        for (at, done) in done.iter().enumerate() {
            exit = exit.and(self.tell(at, done, (outputs, &mut cases), terminal));
            tally.merge(&done.explored.tally);
            failed += usize::from(!done.explored.failures.is_empty());
        }
        let contracts = &self.system.contracts;
        if outputs.stdout() == Format::Text {
            let real = Some(self.clock.elapsed());
            terminal.line(&format!(
                "\n{}",
                explored::text(&tally, (&heading, failed), contracts, real)
            ));
            let bad = self.loaded.files_with(Severity::Error);
            if bad > 0 {
                terminal.line(&format!("{bad} of the files have errors and were not explored"));
            }
        }
        let end = explored::summary(&tally, (&heading, failed), contracts, exit.info().code);
        outputs.line(Format::Json, &end, terminal);
        outputs.line(Format::Junit, document("quintet explore", cases).trim_end(), terminal);
        exit
    }

    /// Tells of one test in all forms.
    fn tell(
        &self,
        at: usize,
        done: &Done,
        (outputs, cases): (&mut Outputs, &mut Vec<Case>),
        terminal: &mut Terminal,
    ) -> Exit {
        let plan = &self.loaded.plans[at];
        let failures = &done.explored.failures;
        let mut exit = Exit::Holds;
        let mut again = Vec::new();
        for (number, failure) in failures.iter().enumerate() {
            exit = exit.and(exit_of(&failure.outcome));
            let path = self.choice_files.get(at).map(|path| numbered(path, number));
            if let Some(path) = &path {
                let text = ChoiceFile::of(plan, &failure.outcome).written();
                if let Err(error) = std::fs::write(path, text) {
                    terminal.error(&format!("cannot write {}: {error}", path.display()));
                    exit = exit.and(Exit::Unusable);
                }
            }
            let properties = load::told_properties(&self.args.properties);
            let replay = path.map(|path| {
                format!("quintet replay {}{properties}", shell_word(&load::shown(&path)))
            });
            again.push((self.again(plan, failure.outcome.schedule), replay));
        }
        let subject = Subject { plan, explored: &done.explored, levels: &done.levels, again };
        if outputs.stdout() == Format::Text {
            terminal.line(&subject.text());
        }
        if outputs.wants(Format::Json) {
            outputs.line(Format::Json, &subject.json(), terminal);
        }
        if outputs.wants(Format::Github) {
            let lines = subject.github();
            lines.iter().for_each(|line| outputs.line(Format::Github, line, terminal));
        }
        if outputs.wants(Format::Junit) {
            cases.push(subject.case());
        }
        exit
    }

    /// The command that plays a schedule again.
    fn again(&self, plan: &TestPlan, schedule: u32) -> String {
        let path = words_of(plan);
        let faults: Vec<_> = self.options.faults.iter().map(|kind| kind.name()).collect();
        let faults = match faults.len() {
            0 => "none".to_owned(),
            all if all == crate::driver::FaultKind::ALL.len() => "all".to_owned(),
            _ => faults.join(","),
        };
        let how = match self.args.exhaustive {
            true => " --exhaustive".to_owned(),
            false => {
                format!(" --strategy {} --schedule {schedule}", self.args.strategy.name())
            }
        };
        let seed = self.args.seed;
        let mut text = format!("quintet explore {path} --seed {seed}{how} --faults {faults}");
        text.push_str(&self.args.selection.variables.again());
        if let Some(folder) = &self.args.selection.contracts.path {
            text.push_str(&format!(" --contracts {}", shell_word(&load::shown(folder))));
        }
        text.push_str(&load::told_properties(&self.args.properties));
        text
    }

    fn jobs(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        self.args.jobs.map_or_else(processors, usize::from)
    }

    /// Plays schedules piece by piece: the first ones of each test, then the next.
    fn sampled(&self) -> Result<Vec<Done>, Option<WorldError>> {
        let plans = &self.loaded.plans;
        let (most, limit) = match (self.args.schedule, self.args.budget) {
            (Some(only), _) => (only.saturating_add(1), None),
            (None, Budget::Schedules(number)) => (number, None),
            (None, Budget::Time(time)) => (u32::MAX - PIECE, Some(time)),
        };
        let pieces = most.div_ceil(PIECE) as usize;
        let mut done: Vec<_> = plans.iter().map(|_| Done::default()).collect();
        let mut wrong = None;
        let work = |at: usize| {
            // The first piece of each test is always played.
            let is_over = limit.is_some_and(|limit| self.clock.elapsed() >= limit);
            if is_over && at >= plans.len() {
                return None;
            }
            let piece = u32::try_from(at / plans.len()).unwrap_or(u32::MAX);
            let schedules = self.schedules(piece, most);
            Some(explore_test(&plans[at % plans.len()], &self.system, &self.options, schedules))
        };
        let worked =
            workers::in_order(pieces * plans.len(), self.jobs(), work, |at, came| match came {
                None => Some(at),
                Some(Ok(explored)) => {
                    done[at % plans.len()].explored.merge(explored);
                    None
                }
                Some(Err(error)) => {
                    wrong = Some(error);
                    Some(at)
                }
            });
        match (worked, wrong) {
            (Err(_), _) => Err(None),
            (Ok(()), Some(error)) => Err(Some(error)),
            (Ok(()), None) => Ok(done),
        }
    }

    /// The schedules of a piece that are to be played.
    fn schedules(&self, piece: u32, most: u32) -> impl Iterator<Item = u32> + use<> {
        let Shard { part, all } = self.args.shard;
        let only = self.args.schedule;
        let from = piece * PIECE;
        let those = from..most.min(from + PIECE);
        those.filter(move |number| number % all == part && only.is_none_or(|one| one == *number))
    }

    /// Plays all classes of each test, while there is time.
    fn exhaustive(&self) -> Result<Vec<Done>, Option<WorldError>> {
        let plans = &self.loaded.plans;
        let mut done = Vec::new();
        let mut wrong = None;
        let work = |at: usize| self.exhaust_one(&plans[at]);
        let worked = workers::in_order(plans.len(), self.jobs(), work, |at, came| match came {
            Ok(one) => {
                done.push(one);
                None
            }
            Err(error) => {
                wrong = Some(error);
                Some(at)
            }
        });
        match (worked, wrong) {
            (Err(_), _) => Err(None),
            (Ok(()), Some(error)) => Err(Some(error)),
            (Ok(()), None) => Ok(done),
        }
    }

    fn exhaust_one(&self, plan: &TestPlan) -> Result<Done, WorldError> {
        let most_faults = if self.options.faults.is_empty() { 0 } else { MOST_FAULTS };
        let clock = Clock::start();
        let mut done = Done::default();
        for faults in 0..=most_faults {
            let mut runs = 0;
            let go_on = || {
                runs += 1;
                match self.args.budget {
                    Budget::Time(time) => clock.elapsed() < time,
                    Budget::Schedules(number) => runs < number,
                }
            };
            let (level, explored) = exhaust(plan, &self.system, (&self.options, faults), go_on)?;
            done.levels.push(level);
            done.explored.merge(explored);
            if !level.is_whole {
                break;
            }
        }
        Ok(done)
    }
}

/// The file for one of several failures of a test.
fn numbered(path: &Path, number: usize) -> PathBuf {
    match (number, path.file_name()) {
        (1.., Some(name)) => {
            path.with_file_name(format!("{}-{}", number + 1, name.to_string_lossy()))
        }
        _ => path.to_owned(),
    }
}
