//! The judgement of an observation.

use std::collections::BTreeSet;

use super::breach::{
    MOST_KNOWN, Reached, Shown, Tried, all_known, best, forgotten, is_one_kind, isolation, note,
    repairs, single,
};
use super::case::{Case, Scene};
use super::envelope;
use super::node::Node;
use super::order::settled;
use super::repair::Evidence;
use super::run::Freedom;
use super::search::{Found as Searched, Search};
use super::supposition::{Supposition, explains, would_explain};
use super::tally::Tally;
use super::{Judgement, Judging, Observation, Persistence, properties};

/// States that are tried for one tenant. Whenever they do not suffice, the next tenants get half as
/// many, but never fewer than the least.
const BUDGET: u64 = 24_000;
const LEAST_BUDGET: u64 = 500;
/// So many more for each input and output: what is serial has few ways to go on from each, and ends
/// where it ends, however long it is.
const PER_RECORD: u64 = 8;
/// A search with little freedom, which ends soon, gets this part of a budget.
const LITTLE: u64 = 16;
const TOO_MUCH: &str = "there was too much to try";
/// Breaches that are looked for in one tenant.
const MOST_BREACHES: usize = 3;
/// Breaches of one kind that are counted before something else may explain them.
const MOST_SAME: usize = 6;
/// Breaches that are looked at for an event that may never come.
const MOST_NEVER: usize = 6;
/// After so many tenants that no one mistake explains none is looked for any more.
const MOST_VAIN: usize = 4;
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
    let (bans, learned) = (has_bans(&scene), Vec::new());
    let mut judge = Judge { scene: &scene, cases: &cases, bans, budget: BUDGET, learned, vain: 0 };
    for (number, case) in cases.iter().enumerate() {
        if scene.bound.over().is_some() {
            tally.gave_up(case, TOO_MUCH);
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
    /// What explained a tenant before, and whether it did wherever it could.
    learned: Vec<(Supposition, bool)>,
    /// How many tenants no one mistake explained.
    vain: usize,
}

impl<'a> Judge<'a> {
    fn case(&mut self, number: usize, tally: &mut Tally<'_>) {
        let case = &self.cases[number];
        let narrow = self.scene.narrow(case);
        let Some(strict) = self.strict(case, narrow.as_ref(), tally) else { return };
        // How a tenant is best explained is not looked for again and again in vain.
        let most = if self.vain < MOST_VAIN { 1 } else { MOST_KNOWN };
        let is_hasty = self.learned.is_empty();
        if is_hasty && self.is_known(case, (strict.clone(), most), tally) {
            return;
        }
        let mut search = Search::new(self.scene, case, self.bans, self.budget(case));
        let Some(start) = search.start() else { return };
        let found = search.run(start);
        tally.states(search.states);
        match found {
            Searched::Explained(node) => explained(search, node, tally),
            Searched::TooMany(_) => {
                self.budget = (self.budget / 2).max(LEAST_BUDGET);
                tally.gave_up(case, TOO_MUCH);
            }
            Searched::Nothing(_) if tally.violations() >= ENOUGH => {
                tally.gave_up(case, "enough kinds of violations were found before");
            }
            Searched::Nothing(ends) => {
                let is_told = self.is_learned(number, (&search, &ends), tally)
                    || !is_hasty && self.is_known(case, (strict.clone(), most), tally)
                    || self.is_one_mistake(number, (&search, &ends), &strict, tally)
                    || self.is_known(case, (strict, MOST_KNOWN), tally);
                if !is_told {
                    self.breaches(number, (search, ends), tally);
                }
            }
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

    /// States that may be tried for a tenant.
    fn budget(&self, case: &Case) -> u64 {
        self.budget + PER_RECORD * case.length()
    }

    /// A search with little freedom, which soon comes to an end.
    fn search_of<'b>(&self, case: &'b Case, freedom: Freedom) -> Search<'b>
    where
        'a: 'b,
    {
        let budget = self.budget / LITTLE + PER_RECORD * case.length() / 4;
        Search::new(self.scene, case, self.bans, budget).with(freedom)
    }

    /// Whether nothing is wrong with a tenant but what was found before, which is then counted: it
    /// is not looked for in every tenant anew how that is best explained.
    fn is_known(
        &self,
        case: &Case,
        (mut ends, most): (Vec<Node>, usize),
        tally: &mut Tally<'_>,
    ) -> bool {
        if tally.violations() == 0 {
            return false;
        }
        let freedom = tally.learned().unwrap_or(Freedom(Some(BTreeSet::new())));
        let mut search = self.search_of(case, freedom);
        if ends.is_empty() {
            let Some(start) = search.start() else { return false };
            let Searched::Nothing(found) = search.run(start) else { return false };
            tally.states(search.states);
            ends = found;
        }
        let Some((repairs, node)) = all_known(&search, ends, most, tally) else {
            return false;
        };
        repairs.into_iter().for_each(|repair| note(self.scene, repair, case, tally));
        tally.partly_explained(&search, &node);
        true
    }

    /// Whether what explained another tenant before explains this one.
    fn is_learned(
        &mut self,
        number: usize,
        (search, ends): (&Search<'_>, &[Node]),
        tally: &mut Tally<'_>,
    ) -> bool {
        if self.learned.is_empty() {
            return false;
        }
        let shown = repairs(search, ends, 1).into_iter().next();
        let Some(shown) = shown.filter(|shown| !shown.may_lack) else { return false };
        self.supposes(number, &self.learned.clone(), &shown, tally)
    }

    /// Whether one mistake explains everything that was seen of a tenant, which is then told: one
    /// about whose a record is; one that is made wherever it can be; one wrong event; one that is
    /// made now and then; one thing that is missing; or one that would explain any such thing.
    fn is_one_mistake(
        &mut self,
        number: usize,
        (search, ends): (&Search<'_>, &[Node]),
        strict: &[Node],
        tally: &mut Tally<'_>,
    ) -> bool {
        let shown = repairs(search, ends, 1).into_iter().next();
        let Some(shown) = shown.filter(|shown| !shown.may_lack) else { return false };
        if self.vain >= MOST_VAIN {
            return false;
        }
        let headers = Supposition::OF_HEADERS.map(|one| (one, true));
        let subject = Supposition::of_subject(self.scene, &self.cases[number]);
        let (vague, subject): (Vec<_>, Vec<_>) =
            subject.into_iter().partition(|one| one.is_vague(&shown));
        let mut never: Vec<Supposition> = Vec::new();
        for lacking in
            [repairs(search, ends, MOST_NEVER), repairs(search, strict, MOST_NEVER)].concat()
        {
            let supposed = Supposition::never(self.scene, &lacking);
            never.extend(supposed.filter(|one| !never.contains(one)));
        }
        let always = never.into_iter().chain(subject.clone());
        let always: Vec<_> = always.map(|one| (one, true)).collect();
        // Where one thing is wrong again and again, what would explain anything explains no more.
        let none = || Freedom(Some(BTreeSet::new()));
        let plain = self.search_of(&self.cases[number], none());
        let is_one = is_one_kind(&plain, (strict, MOST_SAME), &shown.message, tally);
        let vague = vague.into_iter().filter(|one| !is_one || one.is_of(shown.rule));
        let vague: Vec<_> = vague.map(|one| (one, true)).collect();
        let sometimes = subject.into_iter().filter(Supposition::is_free);
        let sometimes: Vec<_> = sometimes.map(|one| (one, false)).collect();
        let asked = shown.evidence == Evidence::Answer;
        let is_it = self.supposes(number, &headers, &shown, tally)
            || self.is_forgotten(number, &shown, tally)
            || !asked && self.is_mixed_up(number, ends, &shown, tally)
            || self.supposes(number, &always, &shown, tally)
            || asked && self.is_mixed_up(number, ends, &shown, tally)
            || !self.scene.is_circumstance(shown.rule)
                && self.is_only(number, &vague, &shown, tally)
            || self.is_single(number, strict, Some(&Evidence::Event), tally)
            || asked && self.is_single(number, strict, None, tally)
            || self.supposes(number, &sometimes, &shown, tally)
            || self.is_single(number, strict, None, tally)
            || self.supposes(number, &vague, &shown, tally);
        self.vain += usize::from(!is_it);
        is_it
    }

    /// Whether one of these explains everything.
    fn supposes(
        &mut self,
        number: usize,
        all: &[(Supposition, bool)],
        shown: &Shown,
        tally: &mut Tally<'_>,
    ) -> bool {
        let of = (self.cases, number);
        for (supposition, always) in all {
            if self.scene.bound.over().is_some() {
                return false;
            }
            if explains(self.scene, of, self.bans, (supposition, *always), shown, tally) {
                let learned = (supposition.clone(), *always);
                if !self.learned.contains(&learned) {
                    self.learned.push(learned);
                }
                return true;
            }
        }
        false
    }

    /// Whether what one rule forbids explains everything, and nothing that another one does.
    fn is_only(
        &mut self,
        number: usize,
        all: &[(Supposition, bool)],
        shown: &Shown,
        tally: &mut Tally<'_>,
    ) -> bool {
        let (mut only, mut rule) = (Vec::new(), None);
        for (supposition, always) in all {
            if self.scene.bound.over().is_some() {
                return false;
            }
            let of = (&self.cases[number], self.bans);
            if !would_explain(self.scene, of, supposition, tally) {
                continue;
            }
            let by = supposition.forbidden_by();
            if rule.is_some_and(|rule| rule != by) {
                return false;
            }
            rule = Some(by);
            only.push((supposition.clone(), *always));
        }
        self.supposes(number, &only, shown, tally)
    }

    /// Whether everything is explained where a restart leaves nothing of the state.
    fn is_forgotten(&self, number: usize, shown: &Shown, tally: &mut Tally<'_>) -> bool {
        if self.scene.kills.is_empty() || self.scene.persistence == Persistence::Empty {
            return false;
        }
        let case = &self.cases[number];
        let mut forgetful = self.scene.clone();
        forgetful.persistence = Persistence::Empty;
        let none = Freedom(Some(BTreeSet::new()));
        let mut search = Search::new(&forgetful, case, self.bans, self.budget / 4).with(none);
        let Some(start) = search.start() else { return false };
        let found = search.run(start.clone());
        tally.states(search.states);
        let is_it = matches!(found, Searched::Explained(_));
        if is_it {
            note(self.scene, forgotten(self.scene, shown, start), case, tally);
        }
        is_it
    }

    /// Whether what other tenants do explains everything.
    fn is_mixed_up(
        &self,
        number: usize,
        ends: &[Node],
        shown: &Shown,
        tally: &mut Tally<'_>,
    ) -> bool {
        let of = (self.cases, number);
        let repair = isolation(self.scene, of, (self.bans, ends), shown, tally);
        let is_it = repair.is_some();
        repair.into_iter().for_each(|one| note(self.scene, one, &self.cases[number], tally));
        is_it
    }

    /// Whether one breach explains everything, shown by such evidence where that is asked for.
    fn is_single(
        &self,
        number: usize,
        strict: &[Node],
        evidence: Option<&Evidence>,
        tally: &mut Tally<'_>,
    ) -> bool {
        let case = &self.cases[number];
        let freedom = tally.learned().unwrap_or(Freedom(Some(BTreeSet::new())));
        let is_wanted = |shown: &Shown| evidence.is_none_or(|one| *one == shown.evidence);
        let of = (case, self.bans);
        let found = single(self.scene, of, (strict, &freedom), is_wanted, tally);
        let Some((repair, search, node)) = found else { return false };
        note(self.scene, repair, case, tally);
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
            let tried = best(self.scene, case, (&ends, breach == 0), self.bans, tally);
            let Some(Tried { repair, reached }) = tried else { break };
            if repair.may_lack {
                if let Some(end) = ends.first() {
                    tally.partly_explained(&search, end);
                }
                return tally.gave_up(case, LACKS);
            }
            note(self.scene, repair, case, tally);
            match self.behind(case, reached, tally) {
                Reached::All(node) => return tally.partly_explained(&search, &node),
                Reached::Ends(next) => ends = next,
                Reached::Far(node) => {
                    tally.explained(&search, &node);
                    return tally.gave_up(case, TOO_MUCH);
                }
            }
        }
        let known = all_known(&search, ends.clone(), MOST_KNOWN, tally);
        if let Some((repairs, node)) = known {
            repairs.into_iter().for_each(|repair| note(self.scene, repair, case, tally));
            return tally.partly_explained(&search, &node);
        }
        if let Some(end) = ends.first() {
            tally.partly_explained(&search, end);
        }
        tally.gave_up(case, "more lies behind the violations that were found");
    }

    /// What comes of a way to go on that was not followed to its end.
    fn behind(&self, case: &Case, reached: Reached, tally: &mut Tally<'_>) -> Reached {
        let Reached::Far(node) = reached else { return reached };
        let mut search = Search::new(self.scene, case, self.bans, self.budget(case));
        let found = search.run(node.clone());
        tally.states(search.states);
        match found {
            Searched::Explained(node) => Reached::All(node),
            Searched::Nothing(ends) => Reached::Ends(ends),
            Searched::TooMany(_) => Reached::Far(node),
        }
    }
}

/// Counts an explanation: one that differs from the reference, and from the order of sending, in
/// nothing that it need not.
pub(super) fn explained(search: Search<'_>, node: Node, tally: &mut Tally<'_>) {
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
        let mut fewer = search.anew(search.budget / 4).with(Freedom(Some(others)));
        let Some(start) = fewer.start() else { return (search, node) };
        let found = fewer.run(start);
        tally.states(fewer.states);
        match found {
            Searched::Explained(simpler) => (search, node) = (fewer, simpler),
            _ => drop(needed.insert(way)),
        }
    }
}
