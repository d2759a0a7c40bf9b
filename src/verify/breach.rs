//! What is wrong in a tenant that nothing explains: the ways to go on behind it.

use super::case::{Case, Scene};
use super::node::Node;
use super::other::moment_of;
use super::repair::Repair;
use super::search::{Found as Searched, Search};
use super::tally::Tally;
use super::{Found, Persistence};
use crate::message::VirtualTime;
use crate::rule::{RuleId, Severity};

/// States that are tried for one way to go on behind a breach, and behind one of a kind that was
/// found before.
const REPAIR_BUDGET: u64 = 400;
const KNOWN_BUDGET: u64 = 100;
/// Ways to go on that are tried, and where what was found before would be one of them.
const MOST_TRIED: usize = 10;
const MOST_KNOWN_TRIED: usize = 4;
/// Breaches of kinds that were found before that are counted in one tenant.
const MOST_KNOWN: usize = 40;
/// What it costs to take commands out of order: more than one wrong or missing answer.
const MUCH: u32 = 60;
/// So many inputs and outputs are put together where there are more, and more than that only to
/// get to what cannot be explained.
const ENOUGH_MERGED: usize = 160;
const MOST_MERGED: usize = 400;

/// How far a repair leads.
pub(super) enum Reached {
    All(Node),
    Ends(Vec<Node>),
    /// Straight on from this state, for longer than is looked at.
    Far(Node),
    /// Everything is explained, in another case.
    Elsewhere,
}

pub(super) struct Tried {
    pub(super) repair: Repair,
    pub(super) reached: Reached,
}

impl Reached {
    /// How far a search came with so many states: where nearly each explained something more, it
    /// is the way that is long, not the choice that is wide.
    fn of(found: Searched, from: Node, states: u64) -> Self {
        match found {
            Searched::Explained(node) => Self::All(node),
            Searched::Nothing(ends) => Self::Ends(ends),
            Searched::TooMany(ends) => {
                let more = progress(&ends).saturating_sub(from.progress());
                let is_far = u64::try_from(more).unwrap_or_default() > states / 2;
                if is_far { Self::Far(from) } else { Self::Ends(vec![from]) }
            }
        }
    }

    fn progress(&self) -> usize {
        match self {
            Self::All(_) | Self::Elsewhere => usize::MAX,
            Self::Far(_) => usize::MAX - 1,
            Self::Ends(ends) => progress(ends),
        }
    }
}

fn progress(ends: &[Node]) -> usize {
    ends.first().map_or(0, Node::progress)
}

/// What a repair says of a tenant.
pub(super) fn found(scene: &Scene<'_>, repair: Repair, case: &Case) -> Found {
    let Repair { rule, message, records, relaxation, .. } = repair;
    let doubt = scene.doubt(&records);
    let about = (Some(case.tenant.clone()), records);
    let relaxation = Some(relaxation);
    Found { relaxation, doubt, ..Found::new(Severity::Violation, rule, message, about) }
}

/// The ways to go on from some dead ends, cheapest first.
fn repairs(search: &Search<'_>, ends: &[Node], most: usize) -> Vec<Repair> {
    let mut repairs: Vec<Repair> = ends.iter().flat_map(|end| search.repairs(end)).collect();
    repairs.sort_by_key(|repair| repair.cost);
    repairs.truncate(most);
    repairs
}

/// The breaches of a tenant in which there are none but of kinds that were found before, and what
/// explains the rest. Where something else would explain all of it, it is that, and none is known.
pub(super) fn all_known(
    search: &Search<'_>,
    mut ends: Vec<Node>,
    tally: &mut Tally<'_>,
) -> Option<(Vec<Repair>, Node)> {
    let mut known = Vec::new();
    while known.len() < MOST_KNOWN {
        let before = progress(&ends);
        let mut next = None;
        for repair in repairs(search, &ends, MOST_KNOWN_TRIED) {
            let is_known = tally.knows(repair.rule, &repair.message) && !repair.may_lack;
            let mut behind =
                Search::new(search.scene, search.case, search.runner.bans, KNOWN_BUDGET)
                    .with(search.runner.freedom.clone());
            let found = behind.run(repair.node.clone());
            tally.states(behind.states);
            let mut reached = Reached::of(found, repair.node.clone(), behind.states);
            if let (Reached::Far(from), true) = (&reached, is_known) {
                let mut whole =
                    Search::new(search.scene, search.case, search.runner.bans, search.budget)
                        .with(search.runner.freedom.clone());
                let found = whole.run(from.clone());
                tally.states(whole.states);
                reached = Reached::of(found, from.clone(), whole.states);
            }
            match (reached, is_known) {
                (Reached::All(node), true) => {
                    known.push(repair);
                    return Some((known, node));
                }
                (Reached::All(_), false) => return None,
                (Reached::Ends(ends), true) if progress(&ends) > before => {
                    next = Some((repair, ends));
                    break;
                }
                _ => {}
            }
        }
        let (repair, further) = next?;
        known.push(repair);
        ends = further;
    }
    None
}

/// The cheapest of the repairs that lead furthest.
pub(super) fn best(
    scene: &Scene<'_>,
    (cases, number): (&[Case], usize),
    (ends, first): (&[Node], bool),
    bans: bool,
    tally: &mut Tally<'_>,
) -> Option<Tried> {
    let case = &cases[number];
    let search = Search::new(scene, case, bans, REPAIR_BUDGET);
    let repairs = repairs(&search, ends, MOST_TRIED);
    let mut best: Option<Tried> = None;
    let reached = progress(ends);
    if let (true, Some(shown)) = (first, repairs.first()) {
        best = elsewhere(scene, (cases, number), bans, (reached, shown), ends, tally);
    }
    for repair in repairs {
        // Those that follow cost more, and nothing explains more than all.
        let all = |best: &Tried| best.reached.progress() >= usize::MAX - 1;
        if best.as_ref().is_some_and(|best| all(best) && best.repair.cost <= repair.cost) {
            break;
        }
        let mut search = Search::new(scene, case, bans, REPAIR_BUDGET);
        let found = search.run(repair.node.clone());
        tally.states(search.states);
        let reached = Reached::of(found, repair.node.clone(), search.states);
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
    let (case, roles) = (&cases[number], scene.roles());
    let mut best: Option<Tried> = None;
    let mut consider = |rule: RuleId, words: &str, scene: &Scene<'_>, case: &Case| {
        let budget = REPAIR_BUDGET * 3 + case.length();
        let mut search = Search::new(scene, case, bans, budget);
        let Some(start) = search.start() else { return };
        let found = search.run(start.clone());
        tally.states(search.states);
        let further = match found {
            Searched::Explained(node) => Reached::All(node),
            Searched::Nothing(ends) => Reached::Ends(ends),
            Searched::TooMany(_) => Reached::Ends(vec![start.clone()]),
        };
        let than = best.as_ref().map_or(reached, |best| best.reached.progress());
        let other = rule == roles.isolation;
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
                cost: if rule == roles.key_order || shown.is_answer { MUCH } else { 1 },
                is_answer: shown.is_answer,
                may_lack: shown.may_lack,
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
        consider(roles.restart, "state is lost at a restart", &forgetful, case);
    }
    if case.inputs.iter().any(|input| input.after.is_some()) {
        let mut free = case.clone();
        free.inputs.iter_mut().for_each(|input| input.after = None);
        consider(roles.key_order, "commands of one key take effect out of order", scene, &free);
    }
    // What comes without a trace, or after nonsense, is another reason.
    let circumstance = [roles.no_trace, roles.unreadable].contains(&shown.rule);
    if cases.len() > 1 && !circumstance {
        // As much as can be looked at, and what is to be explained in any case.
        let until = moment_of(cases, ENOUGH_MERGED).max(stuck_at(case, ends));
        let answered = |record| scene.is_answered(record);
        let merged = Case::merged(cases, number, (until, shown.is_answer), answered);
        let whole = merged.inputs.len() + merged.outputs.len();
        if whole <= MOST_MERGED {
            let words = "what other tenants do takes effect in this one, too";
            consider(roles.isolation, words, scene, &merged);
        }
    }
    best
}
