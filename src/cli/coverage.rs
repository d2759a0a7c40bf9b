//! `contracts coverage`: what of contracts is exercised, and what contracts refuse.

mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::args::Coverage;
use super::contracts::with_stack;
use super::exit::Exit;
use super::load::{self, Loaded};
use super::terminal::Terminal;
use super::{check, documents};
use crate::capture::Captured;
use crate::contract::Contracts;
use crate::coverage::{Records, Source, Surface, score};
use crate::pack::Packs;
use crate::rule::RuleId;
use crate::scenario::run::{Options, Outcome, Setup, run};
use crate::topics::Topics;
use crate::verify::traffic::gather;
use crate::verify::{Judging, Persistence, Standing, judge};

/// Counts what is exercised, and damages examples.
pub(super) fn coverage(args: &Coverage, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let Some(loaded) = loaded(args, packs, terminal) else { return Exit::Unusable };
    let mut contracts = Arc::clone(&loaded.contracts);
    let Some(read) = check::read((&args.captures, false), terminal) else {
        return Exit::Unusable;
    };
    let topics = read.records.iter().map(|one| &*one.topic);
    if let Some(more) = contracts.with_topics(topics) {
        contracts = Arc::new(more);
    }
    let mut surface = Surface::of(&contracts);
    let mut records = Records::default();
    // What scenarios play is of the contracts that they were read with.
    let setup = Setup::reference(Arc::clone(&loaded.contracts));
    for outcome in played(&loaded, &setup) {
        surface.note_history(&outcome.history, &outcome.rules);
        records.note_history(&outcome.history);
    }
    if !args.captures.is_empty()
        && let Err(error) = traffic(args, &contracts, &read.records, &mut surface)
    {
        terminal.error(&error);
        return Exit::Unusable;
    }
    let Some(scores) = with_stack(|| score(&contracts, &surface, &records)) else {
        terminal.error("no thread can be started for the damages");
        return Exit::Unchecked;
    };
    let (report, exit) = told::told(&surface, &scores, &loaded, args);
    exit.and(loaded.exit).and(documents::write(&report, &args.reported, terminal))
}

/// The contracts, and the tests that are to be played.
fn loaded(args: &Coverage, packs: &Packs, terminal: &mut Terminal) -> Option<Loaded> {
    if args.no_scenarios {
        let contracts = load::contracts(&args.selection.contracts, packs, terminal)?;
        let (plans, diagnostics) = (Vec::new(), Vec::new());
        return Some(Loaded { contracts, plans, diagnostics, files: 0, exit: Exit::Holds });
    }
    load::select(&args.selection, packs, terminal)
}

/// What came of each test; of those that try several schedules, of the last.
fn played<'a>(loaded: &'a Loaded, setup: &'a Setup) -> impl Iterator<Item = Outcome> + 'a {
    loaded.plans.iter().map(|plan| run(plan, setup, &Options::default()))
}

/// Notes what captured records exercise, and for each service that is known the rules whose
/// premises held.
fn traffic(
    args: &Coverage,
    contracts: &Arc<Contracts>,
    records: &[Captured],
    surface: &mut Surface,
) -> Result<(), String> {
    let topics = Topics::resolve(contracts, args.topics.as_deref());
    let topics = topics.map_err(|error| error.to_string())?;
    for one in records {
        if let Some(channel) = topics.channel(&one.topic) {
            surface.note_traffic(channel, &one.record);
        }
    }
    let judging = Judging {
        rules: None,
        keys: None,
        persistence: Persistence::Kept,
        clock_skew: args.clocks.clock_skew,
    };
    let is_known =
        |service: &str| contracts.contract(service).is_some_and(|contract| contract.open.is_none());
    for pack in contracts.packs().all().filter(|pack| is_known(pack.name)) {
        let channel_of = |topic: &str| topics.channel(topic);
        let skew = args.clocks.clock_skew;
        let gathered = gather(records.to_vec(), contracts, channel_of, Some(pack.name), skew);
        let judgement = judge(&gathered.observation(pack.name, args.settle), &judging);
        let times = judgement.rules.into_iter().filter_map(|(rule, standing)| match standing {
            Standing::Passed { times }
            | Standing::Violated { times }
            | Standing::Advisory { times } => Some((rule, times)),
            Standing::NotExercised { .. } | Standing::Inconclusive { .. } => None,
        });
        let times: BTreeMap<RuleId, u64> = times.collect();
        surface.note_rules(&times, Source::Captures);
    }
    Ok(())
}
