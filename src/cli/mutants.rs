//! `mutants`: whether the rules find each mistake of a list.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::args::Selection;
use super::clock::Clock;
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use super::workers;
use crate::mutants::{Audit, Budget, Mutant, Survey, Survivors};
use crate::pack::Packs;
use crate::report::style::{BAD, FAINT, GOOD, UNSURE, count, paint};
use crate::rule::RuleId;
use crate::scenario::run::Setup;

/// `mutants`
#[derive(Debug, Args)]
pub(super) struct Mutants {
    #[command(flatten)]
    selection: Selection,

    /// Only mutants of this service; may be given several times
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,

    /// Only mutants whose name contains this
    #[arg(long = "mutant", value_name = "TEXT", default_value = "", hide_default_value = true)]
    mutant: String,

    /// Random sequences for each mutant that the tests do not name: so many, or for so long in all
    /// (`10s`); a number gives the same result each time
    #[arg(long, value_name = "N|TIME", default_value = "12", value_parser = spending)]
    budget: Spending,

    /// The mutants that are known to survive, a line each: its name and the reason
    #[arg(long, value_name = "FILE")]
    survivors: Option<PathBuf>,

    /// How many mutants are tried at once; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Form,
}

/// How mutants are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people: what is not as it should be, and the sums.
    #[default]
    Text,
    /// One JSON object a mutant, and the sums in the last line.
    Json,
}

/// What exploration may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spending {
    Runs(u64),
    Time(Duration),
}

fn spending(text: &str) -> Result<Spending, String> {
    match text.parse() {
        Ok(runs) => Ok(Spending::Runs(runs)),
        Err(_) => super::args::duration(text).map(Spending::Time),
    }
}

/// Tries every mutant.
pub(super) fn mutants(args: &Mutants, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let clock = Clock::start();
    let Some(loaded) = load::select(&args.selection, packs, terminal) else {
        return Exit::Unusable;
    };
    let Some(known) = known(args, terminal) else { return Exit::Unusable };
    if let Some(unknown) = args.service.iter().find(|name| packs.pack(name).is_none()) {
        terminal.error(&format!("there is no service {unknown:?}"));
        return Exit::Unusable;
    }
    let setup = Setup::reference(Arc::clone(&loaded.contracts));
    let survey = Survey::new(&loaded.plans, &setup);
    let mut all = survey.mutants(&args.service);
    all.retain(|mutant| mutant.name.contains(&args.mutant));
    if all.is_empty() {
        terminal.error("there is no mutant of that name");
        return Exit::Inconclusive;
    }
    let (runs, time) = match args.budget {
        Spending::Runs(runs) => (runs, Duration::MAX),
        Spending::Time(time) => (u64::MAX, time),
    };
    let budget = Budget { runs, is_spent: &|| clock.elapsed() > time };
    let accused = survey.accused(&args.service);
    let mut told = Told { form: args.format, accused, ..Told::default() };
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok());
    let done = workers::in_order(
        all.len(),
        jobs.map_or(1, NonZeroUsize::get),
        |at| survey.audit(&all[at], &budget),
        |at, audit| {
            told.take(&all[at], &audit, &known, terminal);
            None
        },
    );
    if done.is_err() {
        return Exit::Bug;
    }
    let is_whole = args.service.is_empty() && args.mutant.is_empty();
    let rules = packs.rules().map(crate::rule::Rule::id);
    let rules = rules.filter(|rule| is_whole && !told.fired.contains(rule)).collect::<Vec<_>>();
    told.end(&rules, &known, (is_whole, &all), terminal).and(loaded.exit)
}

/// The mutants that are known to survive.
fn known(args: &Mutants, terminal: &mut Terminal) -> Option<Survivors> {
    let Some(path) = &args.survivors else { return Some(Survivors::default()) };
    let read = crate::input::read_text(path).map_err(|error| error.to_string());
    match read.and_then(|text| Survivors::read(&text)) {
        Ok(known) => Some(known),
        Err(error) => {
            terminal.error(&format!("{}: {error}", path.display()));
            None
        }
    }
}

/// What is said of the mutants so far.
#[derive(Debug, Default)]
struct Told {
    form: Form,
    mutants: usize,
    killed: usize,
    right: usize,
    equivalent: usize,
    /// The rules that a mutant was found by.
    fired: BTreeSet<RuleId>,
    /// Those that survive and are not known to.
    survivors: Vec<String>,
    /// Those that are known to survive and do not.
    outdated: Vec<String>,
    /// References that the judge accuses.
    accused: Vec<String>,
    by_service: BTreeMap<String, [usize; 3]>,
}

impl Told {
    fn take(&mut self, mutant: &Mutant, audit: &Audit, known: &Survivors, terminal: &mut Terminal) {
        let reason = known.0.get(&mutant.name);
        let is_equivalent = known.is_equivalent(&mutant.name);
        if is_equivalent && audit.is_harmless() {
            self.equivalent += 1;
        } else {
            let row = self.by_service.entry(mutant.service.clone()).or_default();
            self.mutants += 1;
            row[0] += 1;
            if audit.is_killed() {
                self.killed += 1;
                row[1] += 1;
            }
            if audit.is_right(mutant) {
                self.right += 1;
                row[2] += 1;
            }
        }
        if known.is_outdated(&mutant.name, audit) {
            self.outdated.push(mutant.name.clone());
        }
        if !audit.is_killed() && reason.is_none() {
            self.survivors.push(mutant.name.clone());
        }
        self.fired.extend(audit.named.keys().copied());
        match self.form {
            Form::Json => terminal.line(&as_json(mutant, audit, reason)),
            Form::Text => as_text(mutant, audit, reason.is_some(), terminal),
        }
        terminal.flush();
    }

    fn end(
        mut self,
        never_fired: &[RuleId],
        known: &Survivors,
        (is_whole, all): (bool, &[Mutant]),
        terminal: &mut Terminal,
    ) -> Exit {
        let names: BTreeSet<_> = all.iter().map(|mutant| mutant.name.as_str()).collect();
        let gone = known.0.keys().filter(|name| is_whole && !names.contains(name.as_str()));
        self.outdated.extend(gone.cloned());
        let never: Vec<_> = never_fired.iter().map(|rule| rule.as_str()).collect();
        let fails =
            [&self.survivors, &self.outdated, &self.accused].iter().any(|one| !one.is_empty())
                || !never.is_empty();
        if self.form == Form::Json {
            let summary = json!({
                "event": "summary",
                "mutants": self.mutants,
                "killed": self.killed,
                "right_rule": self.right,
                "equivalent": self.equivalent,
                "survivors": self.survivors,
                "outdated": self.outdated,
                "never_fired": never,
                "accused": self.accused,
            });
            terminal.line(&summary.to_string());
        } else {
            self.sums(&never, terminal);
        }
        if fails { Exit::Violation } else { Exit::Holds }
    }

    fn sums(&self, never: &[&str], terminal: &mut Terminal) {
        for (service, [mutants, killed, right]) in &self.by_service {
            let mutants = count(*mutants, "mutant", "mutants");
            let line = format!("{service}: {mutants}, {killed} killed, {right} by the right rule");
            terminal.line(&line);
        }
        for name in &self.outdated {
            let outdated = paint(BAD, "out of date");
            terminal.line(&format!("{outdated}  {name} is found, or there is no such mutant"));
        }
        for reference in &self.accused {
            let accused = paint(BAD, "accused");
            terminal.line(&format!("{accused}  the reference is right, and found is {reference}"));
        }
        if !never.is_empty() {
            let rules = never.join(", ");
            terminal.line(&format!("{}  {rules}", paint(BAD, "rules that found no mutant")));
        }
        let style = if self.survivors.is_empty() { GOOD } else { BAD };
        let killed = paint(style, format!("{} killed", self.killed));
        let all = count(self.mutants, "mutant", "mutants");
        let of = self.mutants.max(1);
        terminal.line(&format!(
            "{all}: {killed} ({} %), {} by the right rule and no other ({} %), {} known to survive",
            self.killed * 100 / of,
            self.right,
            self.right * 100 / of,
            self.equivalent,
        ));
    }
}

fn names<'a>(rules: impl IntoIterator<Item = &'a RuleId>) -> Vec<&'static str> {
    rules.into_iter().map(|rule| rule.as_str()).collect()
}

fn as_json(mutant: &Mutant, audit: &Audit, reason: Option<&String>) -> String {
    let named: serde_json::Map<_, _> =
        audit.named.iter().map(|(rule, by)| (rule.to_string(), json!(by))).collect();
    json!({
        "event": "mutant",
        "name": mutant.name,
        "service": mutant.service,
        "text": mutant.text,
        "breaks": names(&mutant.breaks),
        "killed": audit.is_killed(),
        "right_rule": audit.is_right(mutant),
        "named": named,
        "killed_by": audit.killed_by.first(),
        "kills": audit.killed_by.len(),
        "reason": reason,
    })
    .to_string()
}

/// A mutant that is not found as it should be.
fn as_text(mutant: &Mutant, audit: &Audit, is_known: bool, terminal: &mut Terminal) {
    let breaks = names(&mutant.breaks).join(" or ");
    if !audit.is_killed() {
        if !is_known {
            let line = format!("  {} ({}), breaks {breaks}", mutant.name, mutant.text);
            terminal.line(&format!("{}{line}", paint(BAD, "survives")));
        }
        return;
    }
    if audit.is_right(mutant) {
        return;
    }
    let by = audit.killed_by.first().map_or("", String::as_str);
    let found = match names(audit.named.keys()).join(", ") {
        none if none.is_empty() => format!("no rule named, fails {by}"),
        named => format!("named {named}"),
    };
    let label = paint(UNSURE, "misnamed");
    let text = paint(FAINT, format!("({})", mutant.text));
    terminal.line(&format!("{label}  {}: {found}; breaks {breaks} {text}", mutant.name));
}
