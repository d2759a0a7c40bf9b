//! `run`: tests on several threads, reported in their order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::args::{Format, Reporting, Run};
use super::clock::Clock;
use super::exit::Exit;
#[cfg(feature = "kafka")]
use super::external;
use super::last_failed::LastFailed;
#[cfg(feature = "kafka")]
use super::live::{self, World};
use super::load::{self, Loaded};
use super::outputs::Outputs;
use super::progress::Progress;
use super::selected::words_of;
use super::terminal::Terminal;
use super::{twin, workers};
use crate::diagnostic::Severity;
use crate::message::Seed;
use crate::pack::Packs;
use crate::report::choices::{ChoiceFile, file_name};
use crate::report::junit::{Case, document};
use crate::report::style::shell_word;
use crate::report::summary::{self, Summary};
use crate::report::{Passing, Told, github, json, text_of};
use crate::scenario::TestPlan;
use crate::scenario::run::{NOT_OUTSIDE, Options, Outcome, Setup, Verdict, run as run_test};

/// Of more tests than this, those that pass are told by folder.
const MANY: usize = 60;

/// Runs the selected tests.
pub(super) fn run(args: &Run, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let clock = Clock::start();
    let from = (&args.selection.contracts, packs);
    let Some(packs) = &load::with_properties(&args.properties, from, terminal) else {
        return Exit::Unusable;
    };
    let Some(loaded) = load::select(&args.selection, packs, terminal) else {
        return Exit::Unusable;
    };
    #[cfg(feature = "kafka")]
    let Ok(mut elsewhere) =
        external::elsewhere((&args.external, args.link.on.as_deref()), &loaded.contracts, terminal)
    else {
        return Exit::Unusable;
    };
    #[cfg(feature = "kafka")]
    let mut loaded = loaded;
    #[cfg(feature = "kafka")]
    if let Some(elsewhere) = &elsewhere {
        elsewhere.sort(&mut loaded.plans, (&args.external, &loaded.contracts), terminal);
    }
    if let Some(folder) = &args.save
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        terminal.error(&format!("cannot make the folder {}: {error}", folder.display()));
        return Exit::Unusable;
    }
    let Some(mut outputs) = Outputs::open(&args.reporting.forms, terminal) else {
        return Exit::Unusable;
    };
    #[cfg(feature = "kafka")]
    let linked = match live::linked(args, &loaded.contracts, terminal) {
        Err(exit) => return unreached(args, &loaded, loaded.exit.and(exit), outputs, terminal),
        Ok(linked) => linked,
    };
    #[cfg(feature = "kafka")]
    if let (Some(elsewhere), Some(linked)) = (&mut elsewhere, &linked) {
        elsewhere.topics_were_made(&linked.made);
    }
    #[cfg(feature = "kafka")]
    let open = linked
        .as_ref()
        .map(|linked| World::open(linked, elsewhere.as_ref(), &loaded.contracts, terminal));
    #[cfg(feature = "kafka")]
    let live = match open {
        Some(Err(exit)) => {
            return unreached(args, &loaded, loaded.exit.and(exit), outputs, terminal);
        }
        Some(Ok(world)) => Some(world),
        None => None,
    };
    #[cfg(not(feature = "kafka"))]
    if args.link.on.is_some() {
        return super::link::absent(terminal);
    }
    let run = Running {
        args,
        forms: Wanted::of(&outputs),
        #[cfg(feature = "kafka")]
        live,
        setup: Setup::reference(Arc::clone(&loaded.contracts)),
        choice_files: choice_files(args.save.as_deref(), &loaded.plans),
        loaded,
        clock,
    };
    let exit = run.all(&mut outputs, terminal);
    exit.and(outputs.close(terminal))
}

/// The forms in which a test is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// What stdout carries.
    pub(super) stdout: Format,
    json: bool,
    junit: bool,
    github: bool,
}

impl Wanted {
    /// Those that have a place.
    pub(super) fn of(outputs: &Outputs) -> Self {
        let wants = |format| outputs.wants(format);
        let stdout = outputs.stdout();
        let [json, junit, github] = [Format::Json, Format::Junit, Format::Github].map(wants);
        Self { stdout, json, junit, github }
    }
}

/// A test in each form that is asked for.
pub(super) struct Forms {
    /// For people.
    pub(super) text: String,
    json: String,
    case: Option<Case>,
    github: Vec<String>,
}

impl Forms {
    /// A test, told; how long it took is said in text of one that did not pass, and elsewhere where
    /// that is asked for.
    pub(super) fn of(told: &mut Told<'_>, wanted: Wanted, reporting: &Reporting) -> Self {
        let real = told.real;
        let timed = real.filter(|_| reporting.timings);
        let passed = told.outcome.verdict == Verdict::Passed;
        told.real = timed.or(real.filter(|_| !passed));
        let text = if wanted.stdout == Format::Text { text_of(told) } else { String::new() };
        told.real = timed;
        Self {
            text,
            json: if wanted.json { json::test(told) } else { String::new() },
            case: wanted.junit.then(|| Case::of(told)),
            github: if wanted.github { github::test(told) } else { Vec::new() },
        }
    }

    /// Writes all but the text; the case is kept for the end.
    pub(super) fn write(
        &mut self,
        cases: &mut Vec<Case>,
        outputs: &mut Outputs,
        terminal: &mut Terminal,
    ) {
        if !self.json.is_empty() {
            outputs.line(Format::Json, &self.json, terminal);
        }
        self.github.iter().for_each(|line| outputs.line(Format::Github, line, terminal));
        cases.extend(self.case.take());
    }
}

/// A run under way.
struct Running<'a> {
    args: &'a Run,
    forms: Wanted,
    /// The broker, where tests are not simulated.
    #[cfg(feature = "kafka")]
    live: Option<World<'a>>,
    loaded: Loaded,
    setup: Setup,
    /// Where the choices of each test go if it fails; empty without `--save`.
    choice_files: Vec<PathBuf>,
    clock: Clock,
}

/// What came of one test.
struct Done {
    forms: Forms,
    outcome: Outcome,
}

impl Running<'_> {
    fn all(&self, outputs: &mut Outputs, terminal: &mut Terminal) -> Exit {
        let plans = &self.loaded.plans;
        let mut summary = Summary {
            bad_files: self.loaded.files_with(Severity::Error),
            warnings: self.loaded.count(Severity::Warning),
            ..Summary::default()
        };
        let mut cases = begin(self.args, &self.loaded, outputs, terminal);
        let mut exit = self.loaded.exit;
        let mut progress = Progress::start(plans.len(), self.clock);
        let mut passing = self.groups_passing().then(Passing::default);
        let mut came = Vec::new();
        let done = workers::in_order(
            plans.len(),
            self.jobs(),
            |at| self.one(at),
            |at, mut done| {
                progress.aside(|| {
                    self.told(&plans[at].name, &done, &mut passing, terminal);
                    done.forms.write(&mut cases, outputs, terminal);
                    exit = exit.and(exit_of(&done.outcome)).and(self.save(at, &done, terminal));
                    terminal.flush();
                });
                progress.at(at + 1);
                summary.add(&done.outcome);
                let passed = done.outcome.verdict == Verdict::Passed;
                if done.outcome.verdict != Verdict::NotRun {
                    came.push((&plans[at], passed));
                }
                let is_known = done.outcome.troubles.iter().any(|one| one.code == NOT_OUTSIDE);
                if passed || is_known || self.args.keep_going {
                    return None;
                }
                let end = end_of_file(plans, at);
                summary.not_started = plans.len() - end;
                Some(end)
            },
        );
        passing.iter_mut().filter_map(Passing::end).for_each(|line| terminal.line(&line));
        progress.end();
        if done.is_err() {
            return Exit::Bug;
        }
        if let Err(error) = LastFailed::read().note(came.into_iter()) {
            terminal.trouble(&format!("which tests failed is not kept: {error}"));
        }
        let not_started = plans[plans.len() - summary.not_started..].iter();
        cases.extend(
            not_started.map(|plan| Case::not_started(&plan.scenario.file.path, &plan.name)),
        );
        self.end(&summary, exit, outputs, terminal);
        outputs.line(Format::Junit, document("quintet run", cases).trim_end(), terminal);
        exit
    }

    /// Writes the text of a test.
    fn told(
        &self,
        name: &str,
        done: &Done,
        passing: &mut Option<Passing>,
        terminal: &mut Terminal,
    ) {
        if self.forms.stdout != Format::Text {
            return;
        }
        let passed = done.outcome.verdict == Verdict::Passed;
        let before = match passing {
            Some(passing) if passed => passing.add(name),
            Some(passing) => passing.end(),
            None => None,
        };
        before.iter().for_each(|line| terminal.line(line));
        if passing.is_none() || !passed {
            terminal.line(&done.forms.text);
        }
    }

    /// Whether tests that pass are told by folder: of many, a line each would bury the others.
    fn groups_passing(&self) -> bool {
        let text = self.forms.stdout == Format::Text;
        text && !self.args.reporting.timings && self.loaded.plans.len() > MANY
    }

    fn one(&self, at: usize) -> Done {
        let plan = &self.loaded.plans[at];
        let clock = Clock::start();
        let options =
            Options { seed: Seed(self.args.seed), schedule: self.args.schedule, choices: None };
        let mut outcome = self.play(plan, &options);
        if self.args.twin {
            twin::compare(&mut outcome, || run_test(plan, &self.setup, &options));
        }
        let failed = outcome.verdict == Verdict::Failed;
        let saved = self.choice_files.get(at).filter(|_| failed);
        let mut told = Told {
            plan,
            outcome: &outcome,
            again: again(self.args, plan, &outcome),
            replay: saved.map(|path| replay_command(path, self.args)),
            real: Some(clock.elapsed()),
        };
        Done { forms: Forms::of(&mut told, self.forms, &self.args.reporting), outcome }
    }

    #[cfg(feature = "kafka")]
    fn play(&self, plan: &TestPlan, options: &Options) -> Outcome {
        match &self.live {
            Some(world) => world.play(plan, options.seed),
            None => run_test(plan, &self.setup, options),
        }
    }

    #[cfg(not(feature = "kafka"))]
    fn play(&self, plan: &TestPlan, options: &Options) -> Outcome {
        run_test(plan, &self.setup, options)
    }

    fn jobs(&self) -> usize {
        if self.args.link.on.is_some() {
            return 1;
        }
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

    fn end(&self, summary: &Summary, exit: Exit, outputs: &mut Outputs, terminal: &mut Terminal) {
        let (contracts, real) = (&self.setup.contracts, self.clock.elapsed());
        if self.forms.stdout == Format::Text {
            // A failure has its own blank line behind it.
            if summary.ends_well() {
                terminal.line("");
            }
            #[cfg(feature = "kafka")]
            if let Some(world) = &self.live {
                terminal.line(&world.told(&self.loaded.plans));
            }
            terminal.line(&summary::text(summary, contracts, Some(real)));
        }
        if self.forms.json {
            let real = self.args.reporting.timings.then_some(real);
            let line = json::summary(summary, contracts, (exit.info().code, real));
            outputs.line(Format::Json, &line, terminal);
        }
    }
}

/// What stands before the first test; files that cannot be used are cases of their own.
fn begin(args: &Run, loaded: &Loaded, outputs: &mut Outputs, terminal: &mut Terminal) -> Vec<Case> {
    outputs.line(Format::Json, &json::run(args.seed, loaded.plans.len()), terminal);
    for one in &loaded.diagnostics {
        outputs.line(Format::Json, &json::diagnostic(one), terminal);
        outputs.line(Format::Github, &github::diagnostic(one), terminal);
    }
    let errors = loaded.diagnostics.iter().filter(|one| one.is_error());
    errors.map(Case::unusable).collect()
}

/// Reports for programs where no test can be run, for the reason that was told last.
#[cfg(feature = "kafka")]
fn unreached(
    args: &Run,
    loaded: &Loaded,
    exit: Exit,
    mut outputs: Outputs,
    terminal: &mut Terminal,
) -> Exit {
    let why = terminal.last_error().to_owned();
    let mut cases = begin(args, loaded, &mut outputs, terminal);
    cases.push(Case::not_set_up("quintet run", &why));
    let summary = Summary {
        bad_files: loaded.files_with(Severity::Error),
        not_started: loaded.plans.len(),
        ..Summary::default()
    };
    outputs.line(Format::Github, &github::error(&why), terminal);
    outputs.line(Format::Json, &json::error(&why), terminal);
    let ended = json::summary(&summary, &loaded.contracts, (exit.info().code, None));
    outputs.line(Format::Json, &ended, terminal);
    outputs.line(Format::Junit, document("quintet run", cases).trim_end(), terminal);
    exit.and(outputs.close(terminal))
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

/// The command that runs a test again in the same way.
fn again(args: &Run, plan: &TestPlan, outcome: &Outcome) -> String {
    let test = words_of(plan);
    let mut text = format!("quintet run {test} --seed {}", outcome.seed.0);
    if plan.scenario.schedules > 1 && args.link.on.is_none() {
        text.push_str(&format!(" --schedule {}", outcome.schedule));
    }
    if let Some(on) = &args.link.on {
        text.push_str(&format!(" --on {}", shell_word(on)));
        #[cfg(feature = "kafka")]
        text.push_str(&external::again(&args.external));
    }
    push_selection(&mut text, args);
    text
}

fn replay_command(path: &Path, args: &Run) -> String {
    let mut text = format!("quintet replay {}", shell_word(&load::shown(path)));
    push_selection(&mut text, args);
    text
}

/// What a test is made of besides its file.
fn push_selection(text: &mut String, args: &Run) {
    text.push_str(&args.selection.variables.again());
    if let Some(folder) = &args.selection.contracts.path {
        text.push_str(&format!(" --contracts {}", shell_word(&load::shown(folder))));
    }
    text.push_str(&load::told_properties(&args.properties));
}

/// Where the choices of each test go, no two at the same place.
pub(super) fn choice_files(folder: Option<&Path>, plans: &[TestPlan]) -> Vec<PathBuf> {
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
