//! `replay`: a test once more, with the choices of a choice file.

use std::path::PathBuf;

use super::args::{Format, Replay};
use super::clock::Clock;
use super::exit::Exit;
use super::load;
use super::outputs::Outputs;
use super::run::{Forms, Wanted, exit_of};
use super::terminal::Terminal;
use crate::diagnostic::{SourceFile, suggest};
use crate::message::Seed;
use crate::pack::Packs;
use crate::report::choices::ChoiceFile;
use crate::report::junit::document;
use crate::report::style::{one_line, shell_word};
use crate::report::summary::{self, Summary};
use crate::report::{Told, json};
use crate::scenario::TestPlan;
use crate::scenario::run::{Options, Setup, Verdict, run as run_test};

/// Runs the test of a choice file with its choices.
pub(super) fn replay(args: &Replay, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let clock = Clock::start();
    let (Some(file), Some(values)) = (read(args, terminal), args.variables.read(terminal)) else {
        return Exit::Unusable;
    };
    let from = (&args.contracts, packs);
    let Some(packs) = &load::with_properties(&args.properties, from, terminal) else {
        return Exit::Unusable;
    };
    let paths = [PathBuf::from(&file.path)];
    let from = (&args.contracts, packs);
    let Some(mut loaded) = load::load_with((&paths, &[]), from, &values, terminal) else {
        return Exit::Unusable;
    };
    args.variables.check(&values, &mut loaded, terminal);
    loaded.diagnostics.iter().filter(|one| one.is_error()).for_each(|one| {
        terminal.trouble(&load::told(one));
    });
    if loaded.exit != Exit::Holds {
        return loaded.exit;
    }
    let Some(mut outputs) = Outputs::open(&args.reporting.forms, terminal) else {
        return Exit::Unusable;
    };
    let Some(plan) = loaded.plans.iter().find(|plan| plan.name == file.test) else {
        terminal.error(&no_test(&file, &loaded.plans));
        return Exit::Unusable;
    };
    let options = Options {
        seed: Seed(file.seed),
        schedule: Some(file.schedule),
        choices: Some(file.choices),
    };
    let setup = Setup::reference(loaded.contracts.clone());
    let mut outcome = run_test(plan, &setup, &options);
    let exit = exit_of(&outcome);
    if exit == Exit::Unusable {
        // The test was not tested: its file or the services have changed since.
        outcome.verdict = Verdict::NotRun;
    }
    let mut told = Told {
        plan,
        outcome: &outcome,
        again: format!(
            "quintet replay {}{}{}",
            shell_word(&load::shown(&args.file)),
            args.variables.again(),
            load::told_properties(&args.properties)
        ),
        replay: None,
        real: Some(clock.elapsed()),
    };
    let mut summary = Summary::default();
    summary.add(&outcome);
    let (wanted, mut cases) = (Wanted::of(&outputs), Vec::new());
    outputs.line(Format::Json, &json::run(file.seed, 1), terminal);
    let mut forms = Forms::of(&mut told, wanted, &args.reporting);
    if wanted.stdout == Format::Text {
        terminal.line(&forms.text);
    }
    forms.write(&mut cases, &mut outputs, terminal);
    let real = args.reporting.timings.then(|| clock.elapsed());
    let end = json::summary(&summary, &setup.contracts, (exit.info().code, real));
    outputs.line(Format::Json, &end, terminal);
    outputs.line(Format::Junit, document("quintet replay", cases).trim_end(), terminal);
    if wanted.stdout == Format::Text {
        terminal.line(&summary::counts_of(&summary));
    }
    exit.and(outputs.close(terminal))
}

/// That the file of a choice file has no such test.
fn no_test(file: &ChoiceFile, plans: &[TestPlan]) -> String {
    let names = plans.iter().map(|plan| plan.name.as_str());
    let near = suggest(&file.test, names).map(|near| format!("; did you mean `{near}`?"));
    let (path, test) = (one_line(&file.path), one_line(&file.test));
    format!("{path} has no test `{test}`{}", near.unwrap_or_default())
}

/// The choice file; what is wrong with it is told.
fn read(args: &Replay, terminal: &mut Terminal) -> Option<ChoiceFile> {
    let shown = load::shown(&args.file);
    let bytes = match load::read(&args.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            terminal.error(&format!("cannot read {shown}: {error}"));
            return None;
        }
    };
    let mut diagnostics = Vec::new();
    let read = match SourceFile::from_bytes(&shown, &bytes, &mut diagnostics) {
        Some(file) => ChoiceFile::read(&file).map_err(|wrong| diagnostics.push(*wrong)).ok(),
        None => None,
    };
    for diagnostic in &diagnostics {
        terminal.trouble(&load::told(diagnostic));
    }
    read
}
