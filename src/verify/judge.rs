//! The judgement of an observation.

use std::collections::BTreeSet;

use super::breach::{Reached, Tried, all_known, best, found};
use super::case::{Case, Scene};
use super::envelope;
use super::node::Node;
use super::order::settled;
use super::run::Freedom;
use super::search::{Found as Searched, Search};
use super::tally::Tally;
use super::{Judgement, Judging, Observation, properties};

/// States that are tried for one tenant. Whenever they do not suffice, the next tenants get half as
/// many, but never fewer than the least.
const BUDGET: u64 = 6_000;
const LEAST_BUDGET: u64 = 500;
/// Breaches that are looked for in one tenant.
const MOST_BREACHES: usize = 3;
/// After so many kinds of violations no further kind is looked for: what cannot be explained costs
/// most.
const ENOUGH: usize = 24;

/// Why nothing is said of what lies behind a hole.
const LACKS: &str = "offsets are missing, and a record that lay there could explain what was seen";

/// Says what the rules have to say about what was seen.
#[must_use]
pub fn judge(seen: &Observation, judging: &Judging) -> Judgement {
    judge_until(seen, judging, &|| false)
}

/// As [`judge`], for as long as `stop` does not say that time is up, which it is asked before each
/// state that is tried. What is not judged by then is unsettled, with that reason.
#[must_use]
pub fn judge_until(seen: &Observation, judging: &Judging, stop: &dyn Fn() -> bool) -> Judgement {
    let scene = Scene::new(seen, judging, stop);
    let mut cases = scene.cases();
    let mut tally = Tally::new(&scene);
    let outer = envelope::look(&scene, &mut cases, judging.keys, &mut tally);
    let mut judge = Judge { scene: &scene, cases: &cases, bans: has_bans(&scene), budget: BUDGET };
    for (number, case) in cases.iter().enumerate() {
        if scene.bound.over().is_some() {
            tally.gave_up(case, "there was too much to try");
        } else {
            judge.case(number, &mut tally);
            tally.inputs(&scene, case);
            tally.outlived(case);
        }
    }
    outer.end(&scene, &mut tally);
    let skew = scene.clocks.skew;
    let mut judgement = tally.end(judging);
    properties::judge(seen, skew, &mut judgement);
    judgement
}

/// Whether somebody may be banned, as far as the account service can tell.
fn has_bans(scene: &Scene<'_>) -> bool {
    let given = scene.seen.given.iter().flat_map(|one| &one.data);
    let mut given = given.filter(|(name, _)| name == "bans");
    let Some(channel) = scene.contracts.channel_ix("ban.command") else { return false };
    let of_channel = |placed: &&crate::history::Placed| placed.channel == channel;
    given.next().is_some() || scene.seen.history.records().iter().any(|one| of_channel(&one))
}

/// Judges one tenant after the other.
struct Judge<'a> {
    scene: &'a Scene<'a>,
    cases: &'a [Case],
    bans: bool,
    /// States that may be tried for the next tenant.
    budget: u64,
}

impl<'a> Judge<'a> {
    fn case(&mut self, number: usize, tally: &mut Tally<'_>) {
        let case = &self.cases[number];
        let narrow = self.scene.narrow(case);
        let Some(ends) = self.strict(case, narrow.as_ref(), tally) else { return };
        if tally.violations() > 0 && self.is_known(case, ends, tally) {
            return;
        }
        let mut search = Search::new(self.scene, case, self.bans, self.budget);
        let Some(start) = search.start() else { return };
        let found = search.run(start);
        tally.states(search.states);
        match found {
            Searched::Explained(node) => explained(search, node, tally),
            Searched::TooMany => {
                self.budget = (self.budget / 2).max(LEAST_BUDGET);
                tally.gave_up(case, "there was too much to try");
            }
            Searched::Nothing(_) if tally.violations() >= ENOUGH => {
                tally.gave_up(case, "enough kinds of violations were found before");
            }
            Searched::Nothing(ends) => self.breaches(number, (search, ends), tally),
        }
    }

    /// Looks for an explanation with little freedom; where there is none, how far one comes.
    fn strict(
        &self,
        case: &Case,
        narrow: Option<&Case>,
        tally: &mut Tally<'_>,
    ) -> Option<Vec<Node>> {
        let none = || Freedom(Some(BTreeSet::new()));
        let mut ends = Vec::new();
        let first = narrow.unwrap_or(case);
        // Most of the time commands take effect as they were sent, which is soon found out.
        let as_sent = self.search_of(first, none()).in_order_of_sending();
        let searches = [as_sent, self.search_of(first, none())];
        let learned = tally.learned().map(|ways| self.search_of(case, ways));
        let narrow = narrow.map(|narrow| self.search_of(narrow, Freedom::default()));
        for mut search in searches.into_iter().chain(learned).chain(narrow) {
            let start = search.start()?;
            let found = search.run(start);
            tally.states(search.states);
            match found {
                Searched::Explained(node) => {
                    explained(search, node, tally);
                    return None;
                }
                Searched::Nothing(found) if std::ptr::eq(search.case, case) => ends = found,
                _ => {}
            }
        }
        Some(ends)
    }

    /// A search with little freedom, which soon comes to an end.
    fn search_of<'b>(&self, case: &'b Case, freedom: Freedom) -> Search<'b>
    where
        'a: 'b,
    {
        Search::new(self.scene, case, self.bans, self.budget / 4).with(freedom)
    }

    /// Whether nothing is wrong with a tenant but what was found before, which is then counted: it
    /// is not looked for in every tenant anew how that is best explained.
    fn is_known(&self, case: &Case, mut ends: Vec<Node>, tally: &mut Tally<'_>) -> bool {
        let freedom = tally.learned().unwrap_or(Freedom(Some(BTreeSet::new())));
        let mut search = self.search_of(case, freedom);
        if ends.is_empty() {
            let Some(start) = search.start() else { return false };
            let Searched::Nothing(found) = search.run(start) else { return false };
            tally.states(search.states);
            ends = found;
        }
        let Some((repairs, node)) = all_known(&search, ends, tally) else { return false };
        repairs.into_iter().for_each(|repair| tally.found(found(self.scene, repair, case)));
        tally.explained(&search, &node);
        true
    }

    /// Names what is wrong with a tenant, and goes on behind it.
    fn breaches(
        &self,
        number: usize,
        (search, mut ends): (Search<'_>, Vec<Node>),
        tally: &mut Tally<'_>,
    ) {
        let case = &self.cases[number];
        for breach in 0..MOST_BREACHES {
            let of = (self.cases, number);
            let tried = best(self.scene, of, (&ends, breach == 0), self.bans, tally);
            let Some(Tried { repair, reached }) = tried else { break };
            if repair.may_lack {
                if let Some(end) = ends.first() {
                    tally.explained(&search, end);
                }
                return tally.gave_up(case, LACKS);
            }
            tally.found(found(self.scene, repair, case));
            match reached {
                Reached::All(node) => return tally.explained(&search, &node),
                Reached::Elsewhere => return,
                Reached::Ends(next) => ends = next,
            }
        }
        if let Some((repairs, node)) = all_known(&search, ends.clone(), tally) {
            repairs.into_iter().for_each(|repair| tally.found(found(self.scene, repair, case)));
            return tally.explained(&search, &node);
        }
        if let Some(end) = ends.first() {
            tally.explained(&search, end);
        }
        tally.gave_up(case, "more lies behind the violations that were found");
    }
}

/// Counts an explanation: one that differs from the reference, and from the order of sending, in
/// nothing that it need not.
fn explained(search: Search<'_>, node: Node, tally: &mut Tally<'_>) {
    let (search, node) = simplest(search, node, tally);
    let (search, node) = settled(search, node, tally);
    tally.explained(&search, &node);
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
