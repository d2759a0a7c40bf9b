//! `verify`: an implementation that runs somewhere, judged.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::again;
use super::args::{From, Stand, Verify};
use super::check::is_known;
use super::exit::Exit;
use super::futile::futile;
use super::judged::{Known, exit_of, report, unjudged};
use super::load;
use super::outputs::Outputs;
use super::terminal::Terminal;
use crate::contract::{Contracts, GroupName};
use crate::diagnostic::suggest;
use crate::message::Seed;
use crate::pack::Packs;
use crate::report::style::count;
use crate::report::verdicts::Verdicts;
use crate::scenario::run::Setup;
use crate::scenario::{Known as KnownWords, suite, words_of};
use crate::verify::Persistence;
use crate::verify::live::{
    self, Commands, GroupFrom, Neighbours, Plan, Probe as _, SWEEP, Stop, Verified, VerifyError,
    read_probe,
};
use crate::verify::script::random::{self, Abilities};
use crate::verify::script::scenario::{LONGEST_PAUSE, script};
use crate::verify::script::{InputKind, KindNames, SERIAL, Script, kinds};

/// How often an implementation is killed, in a budget that is not shorter than this.
const KILLS: u32 = 2;
const WORTH_KILLS: Duration = Duration::from_secs(2);
/// A verification ends after this and so many budgets, if nobody says otherwise.
const LIMIT: Duration = Duration::from_secs(240);
const LIMIT_BUDGETS: u32 = 4;
/// How long a verification may take to end when a signal asks for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Verifies an implementation.
pub(super) fn verify(args: &Verify, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let from = (&args.contracts, packs);
    let Some(packs) = &load::with_properties(&args.properties, from, terminal) else {
        return Exit::Unusable;
    };
    let Some(contracts) = load::contracts(&args.contracts, packs, terminal) else {
        return Exit::Unusable;
    };
    if !is_known(&args.service, &contracts, terminal) {
        return Exit::Unusable;
    }
    let Some(mut known) = Known::read(&args.accepting, &contracts, terminal) else {
        return Exit::Unusable;
    };
    let Some(mut plan) = plan(args, &contracts, terminal) else {
        return Exit::Unusable;
    };
    if let Some(why) = futile(args, contracts.packs()) {
        terminal.error(&why);
        return Exit::Unusable;
    }
    let Some(mut outputs) = Outputs::open(&args.forms, terminal) else {
        return Exit::Unusable;
    };
    let linked = match args.link.open(&contracts, terminal) {
        Ok(linked) => linked,
        Err(exit) => return unjudged(("verify", exit), Some(&args.service), outputs, terminal),
    };
    if plan.command.is_none() {
        // What quintet starts itself comes after its topics.
        plan.made.clone_from(&linked.made);
    }
    stop_at_a_signal(vec![Arc::clone(&plan.stop)]);
    let mut tell = |text: &str| terminal.trouble(text);
    let link = (&linked.connection, &linked.topics);
    let verified = match live::verify(&plan, &contracts, link, &mut tell) {
        Ok(verified) => verified,
        Err(error) => {
            terminal.error(&error.to_string());
            let exit = match error {
                VerifyError::Command(_) => Exit::Unusable,
                _ => Exit::Unchecked,
            };
            return unjudged(("verify", exit), Some(&args.service), outputs, terminal);
        }
    };
    let mut verdicts = told(args, &verified);
    known.mark_all(&mut verdicts);
    let judged = exit_of(&verdicts);
    // What was asked for was not played to its end.
    let exit = if plan.stop.is_raised() { judged.and(Exit::Unchecked) } else { judged };
    report(&verdicts, ("verify", exit), &mut outputs, terminal);
    exit.and(outputs.close(terminal))
}

/// What the command line asks for; what is wrong with it is told.
fn plan(args: &Verify, contracts: &Arc<Contracts>, terminal: &mut Terminal) -> Option<Plan> {
    let judging = args.judged.judging(match args.not_persistent {
        true => Persistence::Empty,
        false => Persistence::Kept,
    });
    let probe = probe((&args.service, args.probe.as_ref()), contracts, terminal)?;
    let abilities = probe.abilities();
    let longest = LONGEST_PAUSE.max(args.budget);
    let scripts = scripts((&args.service, &abilities), contracts, longest);
    let of = (args.service.as_str(), &abilities);
    if let Some(why) = args.script.iter().find_map(|name| unknown(name, &scripts, of, contracts)) {
        terminal.error(&why);
        return None;
    }
    if let Some(why) = never_killed(args) {
        terminal.error(&why);
        return None;
    }
    let twice = |(at, tenant)| args.tenant[..at].contains(tenant);
    if let Some((_, tenant)) = args.tenant.iter().enumerate().find(|one| twice(*one)) {
        terminal.error(&format!("--tenant names the tenant with the id {} twice", tenant.id));
        return None;
    }
    Some(Plan {
        subject: args.service.clone(),
        group: group((&args.service, args.group.as_ref()), contracts, terminal)?,
        group_from: args.group_from.map_or(GroupFrom::Committed, |From::Latest| GroupFrom::Latest),
        made: Vec::new(),
        tenants: args.tenant.clone(),
        command: args.command.clone(),
        probe: Arc::new(probe),
        scripts,
        only: args.script.iter().cloned().collect(),
        budget: args.budget,
        kills: kills(args),
        wait: args.wait,
        seed: Seed(args.seed),
        neighbours: match args.neighbours {
            Stand::None => Neighbours::None,
            Stand::Reference => Neighbours::Reference,
        },
        judging,
        // What is played again in a known tenant finds there what was before.
        shrink: if args.tenant.is_empty() { args.shrink } else { 0 },
        skip: skipped(args, contracts, terminal)?,
        limit: args.limit.unwrap_or(LIMIT + args.budget * LIMIT_BUDGETS),
        stop: Arc::default(),
    })
}

/// The kinds of input that are not to be sent.
fn skipped(
    args: &Verify,
    contracts: &Arc<Contracts>,
    terminal: &mut Terminal,
) -> Option<KindNames> {
    let known = kinds(&args.service, contracts);
    let mut names = KindNames::new();
    for name in &args.skip_input {
        match InputKind::named(name, &known) {
            Ok(kind) => drop(names.insert(kind.name)),
            Err(error) => {
                terminal.error(&error.to_string());
                return None;
            }
        }
    }
    Some(names)
}

/// Why a script that kills the implementation cannot be played.
fn never_killed(args: &Verify) -> Option<String> {
    let kills = |name: &&String| {
        let killed = Script::parse_name(name).map(|(_, steps)| steps);
        killed.is_some_and(|steps| !steps.is_empty())
    };
    let name = args.script.iter().find(kills).filter(|_| args.command.is_none())?;
    Some(format!(
        "the script {name:?} kills the implementation: quintet must have started it, with --command"
    ))
}

/// What is wrong where no script has this name. A scenario has a script for each of its rows.
fn unknown(
    name: &str,
    scripts: &[Script],
    (service, abilities): (&str, &Abilities),
    contracts: &Arc<Contracts>,
) -> Option<String> {
    if let Some(kind) = name.strip_prefix(SWEEP) {
        let known = kinds(service, contracts);
        return InputKind::named(kind, &known).err().map(|error| error.to_string());
    }
    let (name, _) = Script::parse_name(name).unwrap_or((name, Vec::new()));
    let name = name.strip_suffix(SERIAL).unwrap_or(name);
    let is_random = random::named((service, contracts), abilities, Seed(0), name).is_some();
    if is_random || scripts.iter().any(|script| script.name == name) {
        return None;
    }
    let names = || scripts.iter().map(|script| script.name.as_str());
    let scenarios =
        names().map(|name| name.split_once("::").map_or(name, |(scenario, _)| scenario));
    let row = |scenario: &str| names().find(|name| name.starts_with(scenario));
    let near = suggest(name, names()).or_else(|| suggest(name, scenarios).and_then(row));
    let help = near.map_or_else(
        || "reports name them: `ban/twice`, `random 17`".to_owned(),
        |near| format!("did you mean {near:?}?"),
    );
    Some(format!("no script of {service} is named {name:?}; {help}"))
}

/// The moments that part the budget evenly; none where somebody asks for certain scripts.
fn kills(args: &Verify) -> Vec<Duration> {
    if args.command.is_none() || !args.script.is_empty() || args.budget < WORTH_KILLS {
        return Vec::new();
    }
    (1..=KILLS).map(|number| args.budget * number / (KILLS + 1)).collect()
}

/// What the scenarios that this program carries tell a service.
fn scripts(of: (&str, &Abilities), contracts: &Arc<Contracts>, longest: Duration) -> Vec<Script> {
    let words = words_of(&contracts.packs().services());
    let plans = suite(&KnownWords { contracts, words: &words });
    let setup = Setup::reference(Arc::clone(contracts));
    plans.iter().filter_map(|plan| script(plan, &setup, of, longest).ok()).collect()
}

/// The group of a service: the one that is named, or the documented one.
pub(super) fn group(
    (service, named): (&str, Option<&String>),
    contracts: &Contracts,
    terminal: &mut Terminal,
) -> Option<String> {
    if let Some(group) = named {
        return Some(group.clone());
    }
    match contracts.group(service).map(|group| &group.name) {
        Some(GroupName::Exactly(name)) => Some(name.clone()),
        Some(GroupName::Like(pattern)) => {
            terminal.error(&format!(
                "each instance of {service} has a group of its own (/{}/): say which with --group \
                 NAME",
                pattern.as_str()
            ));
            None
        }
        None => {
            terminal.error(&format!("the contract of {service} names no group"));
            None
        }
    }
}

/// The commands of a probe file; none where there is no file.
pub(super) fn probe(
    (service, path): (&str, Option<&PathBuf>),
    contracts: &Contracts,
    terminal: &mut Terminal,
) -> Option<Commands> {
    let Some(path) = path else {
        return Some(Commands::default());
    };
    let of = (service, contracts.packs());
    load::reading(path, terminal, |file, diagnostics| read_probe(file, of, diagnostics))
}

/// Raises these when a signal asks this process to end, so that what it started ends with it.
pub(super) fn stop_at_a_signal(stops: Vec<Arc<Stop>>) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Without signals the process ends as the system says.
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let (terminate, interrupt) =
                (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
            if let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                stops.iter().for_each(|stop| stop.raise());
                // A second signal does not wait for the report.
                tokio::select! {
                    () = tokio::time::sleep(PATIENCE) => {}
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                // It is busy with something that looks at nothing else.
                stops.iter().for_each(|stop| stop.kill_child());
                std::process::exit(i32::from(Exit::Unchecked.info().code));
            }
        });
    });
}

/// What was verified, as it is reported.
fn told(args: &Verify, verified: &Verified) -> Verdicts {
    let mut verdicts = Verdicts::on(Some(&args.service));
    let history = &verified.observation.history;
    verdicts.count_messages(history);
    let done = &verified.done;
    verdicts.notes.push(format!(
        "{} and {} were played; {} of {} were seen, the slowest after {} ms{}",
        count(done.scripts, "script", "scripts"),
        count(done.inputs, "input", "inputs"),
        count(done.events, "event", "events"),
        args.service,
        done.slowest.as_millis(),
        match done.kills {
            0 => String::new(),
            kills => format!("; it was killed {}", count(kills, "time", "times")),
        }
    ));
    verdicts.notes.extend(verified.notes.iter().cloned());
    verdicts.add(history, &verified.judgement);
    for shrunk in &verified.reproductions {
        verdicts.findings[shrunk.finding].reproduction = Some(again::reproduction(args, shrunk));
    }
    verdicts
}
