//! `run`: tests on several threads, reported in their order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::args::{Format, Reporting, Run};
use super::clock::Clock;
use super::exit::Exit;
use super::load::{self, Loaded};
use super::progress::Progress;
use super::terminal::Terminal;
use super::{twin, workers};
use crate::diagnostic::Severity;
use crate::message::Seed;
use crate::report::choices::{ChoiceFile, file_name};
use crate::report::style::shell_word;
use crate::report::summary::{self, Summary};
use crate::report::{Passing, Told, json, text_of};
use crate::scenario::TestPlan;
use crate::scenario::run::{Options, Outcome, Setup, Verdict, run as run_test};

/// Of more tests than this, those that pass are told by folder.
const MANY: usize = 60;

/// Runs the selected tests.
pub(super) fn run(args: &Run, terminal: &mut Terminal) -> Exit {
    let clock = Clock::start();
    let Some(loaded) = load::select(&args.selection, terminal) else {
        return Exit::Unusable;
    };
    if let Some(folder) = &args.save
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        terminal.error(&format!("cannot make the folder {}: {error}", folder.display()));
        return Exit::Unusable;
    }
    let run = Running {
        args,
        setup: Setup::reference(Arc::clone(&loaded.contracts)),
        choice_files: choice_files(args.save.as_deref(), &loaded.plans),
        loaded,
        clock,
    };
    run.all(terminal)
}

/// A run under way.
struct Running<'a> {
    args: &'a Run,
    loaded: Loaded,
    setup: Setup,
    /// Where the choices of each test go if it fails; empty without `--save`.
    choice_files: Vec<PathBuf>,
    clock: Clock,
}

/// What came of one test.
struct Done {
    report: String,
    outcome: Outcome,
}

impl Running<'_> {
    fn all(&self, terminal: &mut Terminal) -> Exit {
        let plans = &self.loaded.plans;
        let mut summary = Summary {
            bad_files: self.loaded.files_with(Severity::Error),
            warnings: self.loaded.count(Severity::Warning),
            ..Summary::default()
        };
        if self.args.reporting.format == Format::Json {
            terminal.line(&json::run(self.args.seed, plans.len()));
            self.loaded.diagnostics.iter().for_each(|one| terminal.line(&json::diagnostic(one)));
        }
        let mut exit = self.loaded.exit;
        let mut progress = Progress::start(plans.len(), self.clock);
        let grouped = self.groups_passing();
        let mut passing = Passing::default();
        let done = workers::in_order(
            plans.len(),
            self.jobs(),
            |at| self.one(at),
            |at, done| {
                progress.aside(|| {
                    let alone = !grouped || done.outcome.verdict != Verdict::Passed;
                    let before = if alone { passing.end() } else { passing.add(&plans[at].name) };
                    before.iter().for_each(|line| terminal.line(line));
                    if alone {
                        terminal.line(&done.report);
                    }
                    exit = exit.and(exit_of(&done.outcome)).and(self.save(at, &done, terminal));
                    terminal.flush();
                });
                progress.at(at + 1);
                summary.add(&done.outcome);
                let passed = done.outcome.verdict == Verdict::Passed;
                if passed || self.args.keep_going {
                    return None;
                }
                let end = end_of_file(plans, at);
                summary.not_started = plans.len() - end;
                Some(end)
            },
        );
        passing.end().iter().for_each(|line| terminal.line(line));
        progress.end();
        if done.is_err() {
            return Exit::Bug;
        }
        self.end(&summary, exit, terminal);
        exit
    }

    /// Whether tests that pass are told by folder: of many, a line each would bury the others.
    fn groups_passing(&self) -> bool {
        let Reporting { format, timings } = self.args.reporting;
        format == Format::Text && !timings && self.loaded.plans.len() > MANY
    }

    fn one(&self, at: usize) -> Done {
        let plan = &self.loaded.plans[at];
        let clock = Clock::start();
        let options =
            Options { seed: Seed(self.args.seed), schedule: self.args.schedule, choices: None };
        let mut outcome = run_test(plan, &self.setup, &options);
        if self.args.twin {
            twin::compare(&mut outcome, || run_test(plan, &self.setup, &options));
        }
        let failed = outcome.verdict == Verdict::Failed;
        let saved = self.choice_files.get(at).filter(|_| failed);
        let told = Told {
            plan,
            outcome: &outcome,
            again: again(self.args, plan, &outcome),
            replay: saved.map(|path| replay_command(path, self.args)),
            real: real(&self.args.reporting, &outcome, clock),
        };
        Done { report: report(self.args.reporting.format, &told), outcome }
    }

    fn jobs(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        self.args.jobs.map_or_else(processors, usize::from)
    }

    /// Writes the choices of a failed test where that is asked for.
    fn save(&self, at: usize, done: &Done, terminal: &mut Terminal) -> Exit {
        let failed = done.outcome.verdict == Verdict::Failed;
        let Some(path) = self.choice_files.get(at).filter(|_| failed) else {
            return Exit::Holds;
        };
        let text = ChoiceFile::of(&self.loaded.plans[at], &done.outcome).written();
        match std::fs::write(path, text) {
            Ok(()) => Exit::Holds,
            Err(error) => {
                terminal.error(&format!("cannot write {}: {error}", path.display()));
                Exit::Unusable
            }
        }
    }

    fn end(&self, summary: &Summary, exit: Exit, terminal: &mut Terminal) {
        let (contracts, real) = (&self.setup.contracts, self.clock.elapsed());
        // A failure has its own blank line behind it.
        if self.args.reporting.format == Format::Text && summary.ends_well() {
            terminal.line("");
        }
        terminal.line(&match self.args.reporting.format {
            Format::Text => summary::text(summary, contracts, Some(real)),
            Format::Json => {
                let real = self.args.reporting.timings.then_some(real);
                json::summary(summary, contracts, (exit.info().code, real))
            }
        });
    }
}

/// What a test says about the whole.
pub(super) fn exit_of(outcome: &Outcome) -> Exit {
    match outcome.verdict {
        Verdict::Passed => Exit::Holds,
        // The choices are those of another version of the file or the services.
        _ if outcome.troubles.iter().any(|one| one.code == "replay::not-possible") => {
            Exit::Unusable
        }
        Verdict::Failed => Exit::Violation,
        Verdict::Broken => Exit::Unchecked,
        Verdict::NotRun => Exit::Inconclusive,
    }
}

/// The report of one test.
pub(super) fn report(format: Format, told: &Told<'_>) -> String {
    match format {
        Format::Text => text_of(told),
        Format::Json => json::test(told),
    }
}

/// How long a test took, where it is to be said: people always learn it of a failure.
pub(super) fn real(reporting: &Reporting, outcome: &Outcome, clock: Clock) -> Option<Duration> {
    let failed = outcome.verdict != Verdict::Passed;
    let said = reporting.timings || (failed && reporting.format == Format::Text);
    said.then(|| clock.elapsed())
}

/// The command that runs a test again in the same way.
fn again(args: &Run, plan: &TestPlan, outcome: &Outcome) -> String {
    let path = shell_word(&plan.scenario.file.path);
    let mut text = format!("quintet run {path} --seed {}", outcome.seed.0);
    if plan.scenario.schedules > 1 {
        text.push_str(&format!(" --schedule {}", outcome.schedule));
    }
    push_contracts(&mut text, args);
    text
}

fn replay_command(path: &Path, args: &Run) -> String {
    let mut text = format!("quintet replay {}", shell_word(&load::shown(path)));
    push_contracts(&mut text, args);
    text
}

fn push_contracts(text: &mut String, args: &Run) {
    if let Some(folder) = &args.selection.contracts.folder {
        text.push_str(&format!(" --contracts {}", shell_word(&load::shown(folder))));
    }
}

/// Where the choices of each test go, no two at the same place.
fn choice_files(folder: Option<&Path>, plans: &[TestPlan]) -> Vec<PathBuf> {
    let Some(folder) = folder else {
        return Vec::new();
    };
    let mut taken = BTreeSet::new();
    let mut name = |plan: &TestPlan| {
        let name = file_name(&plan.name);
        let others = (2..).map(|number| format!("{number}-{name}"));
        let free = std::iter::once(name.clone()).chain(others);
        free.into_iter().find(|name| taken.insert(name.to_lowercase())).unwrap_or(name)
    };
    plans.iter().map(|plan| folder.join(name(plan))).collect()
}

/// The index behind the last test of the file of this one.
fn end_of_file(plans: &[TestPlan], at: usize) -> usize {
    let same = |plan: &TestPlan| Arc::ptr_eq(&plan.scenario, &plans[at].scenario);
    at + plans[at..].iter().take_while(|plan| same(plan)).count()
}
