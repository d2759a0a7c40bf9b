//! `run --external`: which services run elsewhere, and which tests can be had there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::args::External;
use super::check::is_known;
use super::futile::alone;
use super::terminal::Terminal;
use super::verify::{group, probe, stop_at_a_signal};
use crate::contract::Contracts;
use crate::message::Seed;
use crate::report::style::{one_line, shell_word};
use crate::scenario::TestPlan;
use crate::scenario::run::Trouble;
use crate::verify::live::{GroupFrom, Limits, Neighbours, Plan, Probe as _, Reach, possible};
use crate::verify::{Judging, Persistence};

/// What runs elsewhere.
pub(super) struct Elsewhere {
    /// How each implementation is started and watched.
    pub(super) plans: Vec<Plan>,
    pub(super) limits: Limits,
    pub(super) judging: Judging,
}

/// Nobody waits for a run of tests to be over by some time.
const NO_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// Which services the command line says run elsewhere, if any; what is wrong with it is told.
pub(super) fn elsewhere(
    (args, on): (&External, Option<&str>),
    contracts: &Arc<Contracts>,
    terminal: &mut Terminal,
) -> Result<Option<Elsewhere>, ()> {
    let services = &args.external;
    if services.is_empty() {
        return Ok(None);
    }
    let twice = |(at, name): (usize, &String)| services[..at].contains(name);
    if let Some((_, name)) = services.iter().enumerate().find(|(at, name)| twice((*at, *name))) {
        terminal.error(&format!("--external names {} twice", one_line(name)));
        return Err(());
    }
    if !services.iter().all(|service| is_known(service, contracts, terminal)) {
        return Err(());
    }
    let mut of = |option: &str, values: &[String]| by_service((option, values), services, terminal);
    let groups = of("--group", &args.group)?;
    let commands = of("--command", &args.command)?;
    let probes = of("--probe", &args.probe)?;
    let judging = Judging { keys: args.key_encoding, ..Judging::default() };
    let mut limits = Limits { max_wait: args.max_wait, services: Default::default() };
    let mut plans = Vec::new();
    for (at, service) in services.iter().enumerate() {
        let path = probes[at].as_ref().map(PathBuf::from);
        let probe = probe((service, path.as_ref()), contracts, terminal).ok_or(())?;
        let reach = Reach { abilities: probe.abilities(), is_ours: commands[at].is_some() };
        limits.services.insert(service.clone(), reach);
        plans.push(Plan {
            subject: service.clone(),
            group: group((service, groups[at].as_ref()), contracts, terminal).ok_or(())?,
            group_from: GroupFrom::Committed,
            made: Vec::new(),
            tenants: Vec::new(),
            command: commands[at].clone(),
            probe: Arc::new(probe),
            scripts: Vec::new(),
            only: Default::default(),
            budget: Duration::ZERO,
            kills: Vec::new(),
            wait: args.wait,
            seed: Seed(0),
            neighbours: Neighbours::Reference,
            judging: Judging { persistence: Persistence::Kept, ..judging.clone() },
            shrink: 0,
            skip: Default::default(),
            limit: NO_LIMIT,
            stop: Arc::default(),
        });
    }
    if let Some(why) = alone(on, commands.iter().all(Option::is_some)) {
        terminal.error(&why);
        return Err(());
    }
    stop_at_a_signal(plans.iter().map(|plan| Arc::clone(&plan.stop)).collect());
    Ok(Some(Elsewhere { plans, limits, judging }))
}

/// The value of an option for each service: `SERVICE=VALUE`, or the value alone where there is one
/// service.
fn by_service(
    (option, values): (&str, &[String]),
    services: &[String],
    terminal: &mut Terminal,
) -> Result<Vec<Option<String>>, ()> {
    let mut of = vec![None; services.len()];
    for value in values {
        let named = value.split_once('=').and_then(|(name, value)| {
            let at = services.iter().position(|service| service == name)?;
            Some((at, value))
        });
        let (at, value) = match (named, services) {
            (Some(named), _) => named,
            (None, [_]) => (0, value.as_str()),
            (None, _) => {
                terminal.error(&format!(
                    "{option} {}: say which service it is for, as in {option} {}=…",
                    one_line(value),
                    services[0]
                ));
                return Err(());
            }
        };
        if value.is_empty() {
            terminal.error(&format!("{option} for {} is empty", services[at]));
            return Err(());
        }
        if of[at].replace(value.to_owned()).is_some() {
            terminal.error(&format!("{option} is given twice for {}", services[at]));
            return Err(());
        }
    }
    Ok(of)
}

impl Elsewhere {
    /// Notes topics that were made a moment ago: what was started before may not know them.
    pub(super) fn topics_were_made(&mut self, made: &[String]) {
        let found_running = self.plans.iter_mut().filter(|plan| plan.command.is_none());
        found_running.for_each(|plan| plan.made = made.to_vec());
    }

    /// Puts tests that cannot be had outside first, so that they are told before anything is sent
    /// for others; or leaves them out and says so, where that is asked for.
    pub(super) fn sort(
        &self,
        plans: &mut Vec<TestPlan>,
        (args, contracts): (&External, &Contracts),
        terminal: &mut Terminal,
    ) {
        let why = |plan: &TestPlan| possible(plan, &self.limits, contracts).err();
        if !args.only_possible {
            plans.sort_by_key(|plan| why(plan).is_none());
            return;
        }
        plans.retain(|plan| match why(plan) {
            None => true,
            Some(trouble) => {
                terminal.trouble(&format!("left out: {}: {}", plan.name, told(&trouble)));
                false
            }
        });
    }
}

/// A reason with its place: `it waits for 60 s …, at FILE:12`.
fn told(trouble: &Trouble) -> String {
    let place = trouble.place.as_ref().map(|place| {
        let (line, _) = place.file.position(place.span.start);
        format!(", at {}:{line}", place.file.path)
    });
    format!("{}{}", trouble.message, place.unwrap_or_default())
}

/// The options that name implementations, as they are written again.
pub(super) fn again(args: &External) -> String {
    let mut text = String::new();
    if args.external.is_empty() {
        return text;
    }
    text.push_str(&format!(" --external {}", args.external.join(",")));
    let options =
        [("--group", &args.group), ("--command", &args.command), ("--probe", &args.probe)];
    for (option, values) in options {
        for value in values {
            text.push_str(&format!(" {option} {}", shell_word(value)));
        }
    }
    text
}
