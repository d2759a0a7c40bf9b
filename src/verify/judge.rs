//! The judgement of an observation.

use std::collections::BTreeSet;

use super::case::{Case, Scene};
use super::envelope;
use super::node::Node;
use super::other::moment_of;
use super::repair::Repair;
use super::run::Freedom;
use super::search::{Found as Searched, Search};
use super::tally::Tally;
use super::{Found, Judgement, Judging, Observation, Persistence};
use crate::message::VirtualTime;
use crate::rule::{RuleId, Severity, id};

/// States that are tried for one tenant, and for one way to go on behind a breach. Whenever they do
/// not suffice, the next tenants get half as many, but never fewer than the least.
const BUDGET: u64 = 6_000;
const LEAST_BUDGET: u64 = 500;
const REPAIR_BUDGET: u64 = 400;
/// Breaches that are told of one tenant.
const MOST_BREACHES: usize = 3;
/// Ways to go on that are tried.
const MOST_TRIED: usize = 10;
/// What it costs to take commands out of order: more than one wrong or missing answer.
const MUCH: u32 = 60;
/// After so many violations no further tenant is looked at: what cannot be explained costs most.
const ENOUGH: usize = 24;
/// So many inputs and outputs are put together where there are more, and more than that only to
/// get to what cannot be explained.
const ENOUGH_MERGED: usize = 160;
const MOST_MERGED: usize = 400;

/// Says what the rules have to say about what was seen.
#[must_use]
pub fn judge(seen: &Observation, judging: &Judging) -> Judgement {
    let scene = Scene::new(seen, judging.persistence);
    let mut cases = scene.cases();
    let mut tally = Tally::new(&scene);
    let outer = envelope::look(&scene, &mut cases, judging.keys, &mut tally);
    let bans = has_bans(&scene);
    let mut budget = BUDGET;
    for (number, case) in cases.iter().enumerate() {
        if tally.violations() < ENOUGH {
            judge_case(&scene, (&cases, number), (bans, &mut budget), &mut tally);
        } else {
            tally.gave_up(case, "enough violations were found before it was looked at");
        }
        tally.inputs(&scene, case);
    }
    outer.end(&scene, &mut tally);
    tally.end(judging)
}

/// Whether somebody may be banned, as far as the account service can tell.
fn has_bans(scene: &Scene<'_>) -> bool {
    let given = scene.seen.given.iter().flat_map(|one| &one.data);
    let mut given = given.filter(|(name, _)| name == "bans");
    let Some(channel) = scene.contracts.channel_ix("ban.command") else { return false };
    let of_channel = |placed: &&crate::history::Placed| placed.channel == channel;
    given.next().is_some() || scene.seen.history.records().iter().any(|one| of_channel(&one))
}

fn judge_case(
    scene: &Scene<'_>,
    (cases, number): (&[Case], usize),
    (bans, budget): (bool, &mut u64),
    tally: &mut Tally<'_>,
) {
    let case = &cases[number];
    let narrow = scene.narrow(case);
    let plain = (narrow.as_ref().unwrap_or(case), Freedom(Some(BTreeSet::new())));
    let narrow = narrow.as_ref().map(|narrow| (narrow, Freedom::default()));
    for (case, freedom) in std::iter::once(plain).chain(narrow) {
        let mut search = Search::new(scene, case, bans, *budget / 4).with(freedom);
        let Some(start) = search.start() else { return };
        let found = search.run(start);
        tally.states(search.states);
        if let Searched::Explained(node) = found {
            let (search, node) = simplest(search, node, tally);
            return tally.explained(&search, &node);
        }
    }
    let mut search = Search::new(scene, case, bans, *budget);
    let Some(start) = search.start() else { return };
    let found = search.run(start.clone());
    tally.states(search.states);
    let mut ends = match found {
        Searched::Explained(node) => {
            let (search, node) = simplest(search, node, tally);
            return tally.explained(&search, &node);
        }
        Searched::TooMany => {
            *budget = (*budget / 2).max(LEAST_BUDGET);
            return tally.gave_up(case, "there was too much to try");
        }
        Searched::Nothing(ends) => ends,
    };
    for breach in 0..MOST_BREACHES {
        let tried = best(scene, (cases, number), (&ends, breach == 0), bans, tally);
        let Some(Tried { repair, reached }) = tried else { break };
        tally.found(Found {
            severity: Severity::Violation,
            rule: repair.rule,
            message: repair.message,
            tenant: Some(case.tenant.clone()),
            records: repair.records,
            relaxation: Some(repair.relaxation),
        });
        match reached {
            Reached::All(node) => return tally.explained(&search, &node),
            Reached::Elsewhere => return,
            Reached::Ends(next) => ends = next,
        }
    }
    if let Some(end) = ends.first() {
        tally.explained(&search, end);
    }
    tally.gave_up(case, "more lies behind the violations that were found");
}

/// An explanation that differs from the reference in no way that can be left out: what is taken for
/// a difference must be one.
fn simplest<'a>(
    mut search: Search<'a>,
    mut node: Node,
    tally: &mut Tally<'_>,
) -> (Search<'a>, Node) {
    let mut needed = BTreeSet::new();
    loop {
        let ways = node.ways();
        let Some(way) = ways.difference(&needed).next().copied() else {
            return (search, node);
        };
        let others = ways.iter().copied().filter(|other| *other != way).collect();
        let (scene, case) = (search.scene, search.case);
        let mut fewer = Search::new(scene, case, search.runner.bans, search.budget / 4)
            .with(Freedom(Some(others)));
        let Some(start) = fewer.start() else { return (search, node) };
        let found = fewer.run(start);
        tally.states(fewer.states);
        match found {
            Searched::Explained(simpler) => (search, node) = (fewer, simpler),
            _ => drop(needed.insert(way)),
        }
    }
}

/// How far a repair leads.
enum Reached {
    All(Node),
    Ends(Vec<Node>),
    /// Everything is explained, in another case.
    Elsewhere,
}

struct Tried {
    repair: Repair,
    reached: Reached,
}

impl Reached {
    fn of(found: Searched, from: Node) -> Self {
        match found {
            Searched::Explained(node) => Self::All(node),
            Searched::Nothing(ends) => Self::Ends(ends),
            Searched::TooMany => Self::Ends(vec![from]),
        }
    }

    fn progress(&self) -> usize {
        match self {
            Self::All(_) | Self::Elsewhere => usize::MAX,
            Self::Ends(ends) => ends.first().map_or(0, Node::progress),
        }
    }
}

/// The cheapest of the repairs that lead furthest.
fn best(
    scene: &Scene<'_>,
    (cases, number): (&[Case], usize),
    (ends, first): (&[Node], bool),
    bans: bool,
    tally: &mut Tally<'_>,
) -> Option<Tried> {
    let case = &cases[number];
    let search = Search::new(scene, case, bans, REPAIR_BUDGET);
    let mut repairs: Vec<Repair> = ends.iter().flat_map(|end| search.repairs(end)).collect();
    repairs.sort_by_key(|repair| repair.cost);
    repairs.truncate(MOST_TRIED);
    let mut best: Option<Tried> = None;
    let reached = ends.first().map_or(0, Node::progress);
    if let (true, Some(shown)) = (first, repairs.first()) {
        best = elsewhere(scene, (cases, number), bans, (reached, shown), ends, tally);
    }
    for repair in repairs {
        // Those that follow cost more, and nothing explains more than all.
        let all = |best: &Tried| best.reached.progress() == usize::MAX;
        if best.as_ref().is_some_and(|best| all(best) && best.repair.cost <= repair.cost) {
            break;
        }
        let mut search = Search::new(scene, case, bans, REPAIR_BUDGET);
        let found = search.run(repair.node.clone());
        tally.states(search.states);
        let reached = Reached::of(found, repair.node.clone());
        let better = best.as_ref().is_none_or(|best| {
            let (new, old) = (reached.progress(), best.reached.progress());
            new > old || (new == old && repair.cost < best.repair.cost)
        });
        if better {
            best = Some(Tried { repair, reached });
        }
    }
    best
}

/// The moment of what none of these dead ends explains.
fn stuck_at(case: &Case, ends: &[Node]) -> VirtualTime {
    let of = |end: &Node| {
        let outputs = case.outputs.iter().enumerate();
        let output = outputs.filter(|(at, _)| !end.explained.has(*at)).map(|(_, one)| one.seen);
        let inputs = case.inputs.iter().enumerate();
        let open = inputs.filter(|(at, input)| !end.delivered.has(*at) && !input.skippable);
        output.chain(open.map(|(_, input)| input.bound)).min()
    };
    ends.iter().filter_map(of).max().unwrap_or(VirtualTime::NEVER)
}

/// Another way to take everything that was seen, as a whole: state lost at a restart, commands out
/// of order, one state for all tenants.
fn elsewhere(
    scene: &Scene<'_>,
    (cases, number): (&[Case], usize),
    bans: bool,
    (reached, shown): (usize, &Repair),
    ends: &[Node],
    tally: &mut Tally<'_>,
) -> Option<Tried> {
    let case = &cases[number];
    let mut best: Option<Tried> = None;
    let mut consider = |rule: RuleId, words: &str, scene: &Scene<'_>, case: &Case| {
        let mut search = Search::new(scene, case, bans, REPAIR_BUDGET * 3);
        let Some(start) = search.start() else { return };
        let found = search.run(start.clone());
        tally.states(search.states);
        let further = Reached::of(found, start.clone());
        let than = best.as_ref().map_or(reached, |best| best.reached.progress());
        let other = rule == id::COM_6;
        let further = match further {
            // What was explained is not this case.
            Reached::All(_) if other => Reached::Elsewhere,
            Reached::Ends(_) if other => return,
            further => further,
        };
        if further.progress() > than {
            let repair = Repair {
                node: start,
                // Where one wrong answer explains as much, it is that.
                cost: if rule == id::COM_11 || shown.is_answer { MUCH } else { 1 },
                is_answer: shown.is_answer,
                rule,
                message: format!("{words}: {}", shown.message),
                records: shown.records.clone(),
                relaxation: format!("as if {words}"),
            };
            best = Some(Tried { repair, reached: further });
        }
    };
    if !scene.kills.is_empty() && scene.persistence == Persistence::Kept {
        let mut forgetful = scene.clone();
        forgetful.persistence = Persistence::Empty;
        consider(id::COM_9, "state is lost at a restart", &forgetful, case);
    }
    if case.inputs.iter().any(|input| input.after.is_some()) {
        let mut free = case.clone();
        free.inputs.iter_mut().for_each(|input| input.after = None);
        consider(id::COM_11, "commands of one key take effect out of order", scene, &free);
    }
    // What comes without a trace, or after nonsense, is another reason.
    let circumstance = matches!(shown.rule, id::COM_4 | id::COM_5);
    if cases.len() > 1 && !circumstance {
        // As much as can be looked at, and what is to be explained in any case.
        let until = moment_of(cases, ENOUGH_MERGED).max(stuck_at(case, ends));
        let answered = |record| scene.is_answered(record);
        let merged = Case::merged(cases, number, (until, shown.is_answer), answered);
        let whole = merged.inputs.len() + merged.outputs.len();
        if whole <= MOST_MERGED {
            let words = "what other tenants do takes effect in this one, too";
            consider(id::COM_6, words, scene, &merged);
        }
    }
    best
}
