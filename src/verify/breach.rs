//! What is wrong in a tenant that nothing explains: the ways to go on behind it.

use super::case::{Case, Scene};
use super::node::Node;
use super::other::moment_of;
use super::repair::{Evidence, Repair};
use super::run::Freedom;
use super::search::{Found as Searched, Search};
use super::tally::Tally;
use super::{Found, Persistence};
use crate::message::VirtualTime;
use crate::rule::{RuleId, Severity};

/// What shows first that something is wrong.
pub(super) type Shown = Repair;

/// States that are tried for one way to go on behind a breach, and behind one of a kind that was
/// found before.
const REPAIR_BUDGET: u64 = 400;
const KNOWN_BUDGET: u64 = 100;
/// Ways to go on that are tried, and where what was found before would be one of them.
const MOST_TRIED: usize = 10;
const MOST_KNOWN_TRIED: usize = 4;
/// Breaches of kinds that were found before that are counted in one tenant.
pub(super) const MOST_KNOWN: usize = 40;
/// What it costs to take commands out of order: more than one wrong or missing answer.
const MUCH: u32 = 60;
/// So many inputs and outputs are put together where there are more, and more than that only to
/// get to what cannot be explained.
const ENOUGH_MERGED: usize = 160;
const MOST_MERGED: usize = 400;

/// How it is told that a restart leaves nothing of the state.
const FORGOTTEN: &str = "state is lost at a restart";

/// How far a repair leads.
pub(super) enum Reached {
    All(Node),
    Ends(Vec<Node>),
    /// Straight on from this state, for longer than is looked at.
    Far(Node),
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
            Self::All(_) => usize::MAX,
            Self::Far(_) => usize::MAX - 1,
            Self::Ends(ends) => progress(ends),
        }
    }
}

fn progress(ends: &[Node]) -> usize {
    ends.first().map_or(0, Node::progress)
}

/// Notes what a repair says of a tenant.
pub(super) fn note(scene: &Scene<'_>, repair: Repair, case: &Case, tally: &mut Tally<'_>) {
    tally.misstated.extend(&repair.misstated);
    tally.found(found(scene, repair, case));
}

/// What a repair says of a tenant.
fn found(scene: &Scene<'_>, repair: Repair, case: &Case) -> Found {
    let Repair { rule, message, records, relaxation, .. } = repair;
    let doubt = scene.doubt(&records);
    let about = (Some(case.tenant.clone()), records);
    let relaxation = Some(relaxation);
    Found { relaxation, doubt, ..Found::new(Severity::Violation, rule, message, about) }
}

/// The ways to go on from some dead ends, cheapest first.
pub(super) fn repairs(search: &Search<'_>, ends: &[Node], most: usize) -> Vec<Repair> {
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
    most: usize,
    tally: &mut Tally<'_>,
) -> Option<(Vec<Repair>, Node)> {
    let mut known = Vec::new();
    while known.len() < most {
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

/// Whether breaches of one kind, at most so many, explain everything: they say the same of other
/// records.
pub(super) fn is_one_kind(
    search: &Search<'_>,
    (ends, most): (&[Node], usize),
    message: &str,
    tally: &mut Tally<'_>,
) -> bool {
    let kind = |message: &str| message.split_once(' ').map(|(_, kind)| kind.to_owned());
    let mut ends = ends.to_vec();
    for _ in 0..most {
        let before = progress(&ends);
        let mut next = None;
        let same = repairs(search, &ends, MOST_TRIED).into_iter();
        let same = same.filter(|one| kind(&one.message) == kind(message));
        for repair in same.take(MOST_KNOWN_TRIED) {
            let mut behind =
                Search::new(search.scene, search.case, search.runner.bans, REPAIR_BUDGET)
                    .with(search.runner.freedom.clone());
            let found = behind.run(repair.node.clone());
            tally.states(behind.states);
            match Reached::of(found, repair.node, behind.states) {
                Reached::Ends(ends) if progress(&ends) > before => next = Some(ends),
                Reached::Ends(_) => continue,
                _ => return true,
            }
            break;
        }
        let Some(further) = next else { return false };
        ends = further;
    }
    false
}

/// The cheapest of the repairs that lead furthest.
pub(super) fn best(
    scene: &Scene<'_>,
    case: &Case,
    (ends, first): (&[Node], bool),
    bans: bool,
    tally: &mut Tally<'_>,
) -> Option<Tried> {
    let search = Search::new(scene, case, bans, REPAIR_BUDGET);
    let repairs = repairs(&search, ends, MOST_TRIED);
    let mut best: Option<Tried> = None;
    let reached = progress(ends);
    if let (true, Some(shown)) = (first, repairs.first()) {
        best = elsewhere(scene, case, bans, (reached, shown), tally);
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
/// of order.
fn elsewhere(
    scene: &Scene<'_>,
    case: &Case,
    bans: bool,
    (reached, shown): (usize, &Repair),
    tally: &mut Tally<'_>,
) -> Option<Tried> {
    let roles = scene.roles();
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
        if further.progress() > than {
            // Where one wrong answer explains as much, it is that.
            let much = rule == roles.key_order || shown.evidence == Evidence::Answer;
            let repair = otherwise(shown, start, (rule, words), if much { MUCH } else { 1 });
            best = Some(Tried { repair, reached: further });
        }
    };
    if !scene.kills.is_empty() && scene.persistence == Persistence::Kept {
        let mut forgetful = scene.clone();
        forgetful.persistence = Persistence::Empty;
        consider(roles.restart, FORGOTTEN, &forgetful, case);
    }
    if case.inputs.iter().any(|input| input.after.is_some()) {
        let mut free = case.clone();
        free.inputs.iter_mut().for_each(|input| input.after = None);
        consider(roles.key_order, "commands of one key take effect out of order", scene, &free);
    }
    best
}

/// What is shown, told as what a restart that leaves nothing of the state says of it.
pub(super) fn forgotten(scene: &Scene<'_>, shown: &Repair, node: Node) -> Repair {
    otherwise(shown, node, (scene.roles().restart, FORGOTTEN), 1)
}

/// What is shown, told as what another way to take everything says of it.
fn otherwise(shown: &Repair, node: Node, (rule, words): (RuleId, &str), cost: u32) -> Repair {
    let message = format!("{words}: {}", shown.message);
    let relaxation = format!("as if {words}");
    Repair { node, cost, rule, message, relaxation, ..shown.clone() }
}

/// One state for all tenants, where that explains everything that was seen of all of them.
pub(super) fn isolation(
    scene: &Scene<'_>,
    (cases, number): (&[Case], usize),
    (bans, ends): (bool, &[Node]),
    shown: &Shown,
    tally: &mut Tally<'_>,
) -> Option<Repair> {
    if cases.len() < 2 {
        return None;
    }
    // As much as can be looked at, and what is to be explained in any case.
    let until = moment_of(cases, ENOUGH_MERGED).max(stuck_at(&cases[number], ends));
    let answered = |record| scene.is_answered(record);
    let asked = shown.evidence == Evidence::Answer;
    let merged = Case::merged(cases, number, (until, asked), answered);
    if merged.inputs.len() + merged.outputs.len() > MOST_MERGED {
        return None;
    }
    let mut search = Search::new(scene, &merged, bans, REPAIR_BUDGET * 3);
    let start = search.start()?;
    let found = search.run(start.clone());
    tally.states(search.states);
    let words = "what other tenants do takes effect in this one, too";
    matches!(found, Searched::Explained(_))
        .then(|| otherwise(shown, start, (scene.roles().isolation, words), 1))
}

/// One breach that explains everything, with as little freedom: what it is, and the explanation.
pub(super) fn single<'a>(
    scene: &'a Scene<'a>,
    (case, bans): (&'a Case, bool),
    (ends, freedom): (&[Node], &Freedom),
    is_wanted: impl Fn(&Repair) -> bool,
    tally: &mut Tally<'_>,
) -> Option<(Repair, Search<'a>, Node)> {
    let search = Search::new(scene, case, bans, REPAIR_BUDGET).with(freedom.clone());
    let all = repairs(&search, ends, MOST_TRIED);
    for repair in all.into_iter().filter(|repair| !repair.may_lack && is_wanted(repair)) {
        let mut behind = search.anew(REPAIR_BUDGET);
        let found = behind.run(repair.node.clone());
        tally.states(behind.states);
        if let Searched::Explained(node) = found {
            return Some((repair, behind, node));
        }
    }
    None
}
