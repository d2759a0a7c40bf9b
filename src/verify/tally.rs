//! What was found, and how often the premise of each rule held.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Act, Case, Scene};
use super::exercise::{self, shows_state_across};
use super::kind::Kinds;
use super::node::{Node, Step};
use super::order::inverted;
use super::run::{Decided, Freedom, Way};
use super::search::Search;
use super::{Found, Judgement, Judging, Standing};
use crate::message::{ChannelIx, RecordId};
use crate::rule::{Rule, RuleId, Severity};

/// Occasions of which the records are shown with an advisory.
const MOST_SHOWN: u64 = 3;
/// So many tenants of which nothing can be said are looked at for what they would show.
const MOST_MISSED: usize = 100;
/// Why a rule whose every premise lay in an order that nobody sent is inconclusive.
const OVERLAPPED: &str = "its commands overlapped each time, and another order would excuse what \
                          was seen: play them one at a time";

/// How often something was seen, and the records of the first times.
#[derive(Default)]
struct Times {
    times: u64,
    records: BTreeSet<RecordId>,
}

impl Times {
    fn add(&mut self, records: &[RecordId]) {
        self.times += 1;
        if self.times <= MOST_SHOWN {
            self.records.extend(records);
        }
    }
}

/// Where the premise of a rule held and another rule was broken.
struct Beside {
    times: u64,
    /// The first time: the rule that was broken, and the record that shows it.
    rule: RuleId,
    record: Option<RecordId>,
}

pub(super) struct Tally<'a> {
    scene: &'a Scene<'a>,
    judgement: Judgement,
    kinds: Kinds,
    held: BTreeMap<RuleId, u64>,
    /// Rules whose premise held only in an order in which nothing was sent.
    excused: BTreeSet<RuleId>,
    beside: BTreeMap<RuleId, Beside>,
    /// Rules whose premise would hold in a tenant of which nothing can be said: why, in how many.
    missed: BTreeMap<RuleId, (&'static str, usize)>,
    looked_for: usize,
    decided: BTreeMap<Decided, Times>,
    lost_at_kill: Times,
    /// Events that a timer caused.
    pub(super) by_timer: BTreeSet<RecordId>,
    /// Events that say something else than they must, which is told.
    pub(super) misstated: BTreeSet<RecordId>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        let mut tally = Self {
            scene,
            judgement: Judgement::default(),
            kinds: Kinds::default(),
            held: BTreeMap::new(),
            excused: BTreeSet::new(),
            beside: BTreeMap::new(),
            missed: BTreeMap::new(),
            looked_for: 0,
            decided: BTreeMap::new(),
            lost_at_kill: Times::default(),
            by_timer: BTreeSet::new(),
            misstated: BTreeSet::new(),
        };
        let roles = scene.roles();
        for _ in &scene.kills {
            tally.held(roles.crash);
        }
        tally
    }

    pub(super) fn held(&mut self, rule: RuleId) {
        *self.held.entry(rule).or_default() += 1;
    }

    /// Notes that a tenant shows what of its state was kept at a kill.
    pub(super) fn outlived(&mut self, case: &Case) {
        if self.scene.kills.iter().any(|kill| shows_state_across(kill, case)) {
            self.held(self.scene.roles().restart);
        }
    }

    pub(super) fn states(&mut self, states: u64) {
        self.judgement.states += states;
    }

    pub(super) fn found(&mut self, found: Found) {
        if self.kinds.note(&found, self.judgement.findings.len()) {
            self.judgement.findings.push(found);
        }
    }

    /// How many kinds of violations there are.
    pub(super) fn violations(&self) -> usize {
        self.kinds.violations()
    }

    /// Whether a violation is of a kind that was found before.
    pub(super) fn knows(&self, rule: RuleId, message: &str) -> bool {
        self.kinds.has(rule, message)
    }

    /// The ways to differ from the reference in which it was seen to.
    pub(super) fn learned(&self) -> Option<Freedom> {
        let ways: BTreeSet<Way> = self.decided.keys().filter_map(Decided::way).collect();
        (!ways.is_empty()).then_some(Freedom(Some(ways)))
    }

    /// Notes that not everything can be said of a tenant.
    pub(super) fn gave_up(&mut self, case: &Case, why: &'static str) {
        let why = self.scene.bound.over().unwrap_or(why);
        self.judgement.unsettled.entry(why).or_default().push(case.tenant.clone());
        self.looked_for += 1;
        if self.looked_for <= MOST_MISSED {
            for rule in super::premise::rules(self.scene, case) {
                self.missed.entry(rule).or_insert((why, 0)).1 += 1;
            }
        }
    }

    /// Counts what an explanation shows.
    pub(super) fn explained(&mut self, search: &Search<'_>, node: &Node) {
        for step in node.steps() {
            self.decided(search, step);
        }
        self.partly_explained(search, node);
    }

    /// Counts what an explanation shows that takes something back: that it differs from the
    /// reference as well is not shown, since another one might do without.
    pub(super) fn partly_explained(&mut self, search: &Search<'_>, node: &Node) {
        let steps = node.steps();
        let inverted = inverted(search.case, &steps);
        for step in steps {
            let is_excused = step.input.is_some_and(|input| inverted.contains(&input));
            self.step(search, step, is_excused);
        }
    }

    /// Counts how a step is decided.
    fn decided(&mut self, search: &Search<'_>, step: &Step) {
        let records = records(search, step);
        for decided in step.decided.iter() {
            self.decided.entry(*decided).or_default().add(&records);
        }
    }

    /// Counts the premises of a step.
    fn premises(&mut self, search: &Search<'_>, step: &Step, is_excused: bool) {
        let roles = self.scene.roles();
        let act = step.input.map(|input| search.case.inputs[input].act);
        let asked = match act {
            Some(Act::Query(number)) => {
                exercise::shown_by(self.scene, &self.scene.seen.asked[number].name)
            }
            _ => Vec::new(),
        };
        let spoiled = step.outputs.iter().any(|output| search.case.outputs[*output].spoiled);
        let broken = step.broken.or(spoiled.then_some(roles.contract));
        let record = records(search, step).first().copied();
        for rule in step.applied.iter().copied().chain(asked) {
            match broken {
                // It has a finding of its own.
                Some(broken) if broken == rule => {}
                Some(broken) => {
                    let first = || Beside { times: 0, rule: broken, record };
                    self.beside.entry(rule).or_insert_with(first).times += 1;
                }
                None if is_excused => drop(self.excused.insert(rule)),
                None => self.held(rule),
            }
        }
    }

    fn step(&mut self, search: &Search<'_>, step: &Step, is_excused: bool) {
        let roles = self.scene.roles();
        self.premises(search, step, is_excused);
        let records = records(search, step);
        if step.lost_at_kill {
            self.lost_at_kill.add(&records);
        }
        for output in &step.outputs {
            let output = &search.case.outputs[*output];
            self.held(roles.held_back);
            self.held(roles.known_id);
            let channel = self.scene.contracts.channel_name(output.shape.channel);
            let kind = output.shape.kind.as_deref().unwrap_or_default();
            let rule = self.scene.attribution().order(channel, kind);
            if let Some(rule) = rule {
                self.held(rule);
            }
            if step.input.is_none() {
                self.by_timer.insert(output.record);
            }
        }
    }

    /// Counts what the inputs of a tenant show.
    pub(super) fn inputs(&mut self, scene: &Scene<'_>, case: &Case) {
        let roles = scene.roles();
        let mut values: BTreeSet<(ChannelIx, Option<&[u8]>)> = BTreeSet::new();
        for input in &case.inputs {
            if input.after.is_some() {
                self.held(roles.key_order);
            }
            let Act::Record(record) = input.act else { continue };
            let placed = scene.seen.history.record(record);
            if !values.insert((placed.channel, placed.record.value_bytes())) {
                self.held(roles.again);
            }
        }
    }

    /// The judgement, as far as it is asked for.
    pub(super) fn end(mut self, judging: &Judging) -> Judgement {
        self.advise();
        self.judgement.notes.extend(self.scene.clocks.note(self.scene));
        let findings = &mut self.judgement.findings;
        self.kinds.sum(findings);
        findings.sort_by_key(|found| found.severity);
        let (subject, packs) = (self.scene.seen.subject.as_str(), self.scene.contracts.packs());
        let concerned = packs.rules().map(Rule::id).filter(|rule| packs.concerns(*rule, subject));
        let rules: BTreeMap<_, _> = concerned.map(|rule| (rule, self.standing(rule))).collect();
        self.judgement.rules = rules;
        if let Some(rules) = &judging.rules {
            self.narrow(rules);
        }
        self.judgement
    }

    /// Leaves out what is not asked for. A violation that is not shown may be one of a rule that
    /// is: where the premises of both held, the rule has not passed.
    fn narrow(&mut self, rules: &BTreeSet<RuleId>) {
        let Judgement { findings, rules: standings, .. } = &mut self.judgement;
        findings.retain(|found| rules.contains(&found.rule));
        standings.retain(|rule, _| rules.contains(rule));
        for (rule, standing) in standings {
            let hidden = self.beside.get(rule).filter(|beside| !rules.contains(&beside.rule));
            let told =
                matches!(standing, Standing::Violated { .. } | Standing::Inconclusive { .. });
            if let Some(beside) = hidden.filter(|_| !told) {
                let why = format!(
                    "{}: judge {} as well to see it",
                    told_beside(beside, self.scene),
                    beside.rule
                );
                *standing = Standing::Inconclusive { why };
            }
        }
    }

    fn standing(&self, rule: RuleId) -> Standing {
        let count = |severity: Severity| -> u64 {
            let of = |found: &&Found| found.rule == rule && found.severity == severity;
            self.judgement.findings.iter().filter(of).map(Found::times).sum()
        };
        let (violations, advisories) = (count(Severity::Violation), count(Severity::Advisory));
        let held = self.held.get(&rule).copied().unwrap_or_default();
        let does = |by: (RuleId, &str)| self.decided.keys().any(|one| (one.rule, one.option) == by);
        if violations > 0 {
            Standing::Violated { times: violations }
        } else if advisories > 0 {
            Standing::Advisory { times: advisories }
        } else if let Some(why) = exercise::hidden(rule, self.scene, &does) {
            Standing::NotExercised { why }
        } else if held > 0 {
            Standing::Passed { times: held }
        } else if self.excused.contains(&rule) {
            Standing::Inconclusive { why: OVERLAPPED.to_owned() }
        } else if let Some((why, tenants)) = self.missed.get(&rule) {
            let tenants =
                if *tenants == 1 { "1 tenant".into() } else { format!("{tenants} tenants") };
            Standing::Inconclusive { why: format!("{why}: {tenants} in which it would show") }
        } else if let Some(beside) = self.beside.get(&rule) {
            Standing::NotExercised { why: told_beside(beside, self.scene) }
        } else {
            Standing::NotExercised {
                why: exercise::missing(rule, self.scene, &|of| self.held.contains_key(&of)),
            }
        }
    }

    /// Tells where the implementation differs from the reference, once for each way.
    fn advise(&mut self) {
        let mut ways: BTreeMap<(RuleId, &str), BTreeSet<&str>> = BTreeMap::new();
        // What another tenant does there is no decision.
        let isolation = self.scene.roles().isolation;
        let is_broken = |found: &Found| found.rule == isolation;
        if self.judgement.findings.iter().any(is_broken) {
            self.decided.clear();
        }
        for decided in self.decided.keys() {
            ways.entry((decided.rule, decided.reference)).or_default().insert(decided.option);
        }
        let mut told = Vec::new();
        for (decided, Times { times, records }) in &self.decided {
            let others = decided.rule.rule().also_accepted;
            let Some(other) = others.iter().find(|other| other.name == decided.option) else {
                continue;
            };
            let message =
                format!("differs from the reference: {} ({})", other.text, so_often(*times));
            told.push((decided.rule, message, records.clone()));
        }
        for ((rule, reference), ways) in ways.iter().filter(|(_, ways)| ways.len() > 1) {
            let of = self
                .decided
                .iter()
                .filter(|(decided, _)| decided.rule == *rule && decided.reference == *reference);
            let first = of.filter_map(|(_, times)| times.records.first().copied());
            let records = first.collect();
            let ways: Vec<_> = ways.iter().copied().collect();
            told.push((*rule, format!("not consistent: {}", ways.join(", ")), records));
        }
        let Times { times, records } = &self.lost_at_kill;
        if *times > 0 {
            let times = so_often(*times);
            let message = format!("what was in hand at a kill was lost or doubled, {times}");
            told.push((self.scene.roles().crash, message, records.clone()));
        }
        for (first, last) in &self.scene.again.runs {
            let message = format!(
                "handled again: {} to {}, whose events came once more, as after the group has lost \
                 its partitions and goes on from the last commit",
                self.scene.tell(*first),
                self.scene.tell(*last)
            );
            told.push((self.scene.roles().crash, message, BTreeSet::from([*first, *last])));
        }
        for (rule, message, records) in told {
            self.advisory(rule, message, records.into_iter().collect());
        }
    }

    pub(super) fn advisory(&mut self, rule: RuleId, message: String, records: Vec<RecordId>) {
        self.found(Found::new(Severity::Advisory, rule, message, (None, records)));
    }
}

/// The records of a step: its input, and what it explains.
fn records(search: &Search<'_>, step: &Step) -> Vec<RecordId> {
    let act = step.input.map(|input| search.case.inputs[input].act);
    let input = match act {
        Some(Act::Record(record)) => Some(record),
        _ => None,
    };
    let outputs = step.outputs.iter().map(|output| search.case.outputs[*output].record);
    input.into_iter().chain(outputs).collect()
}

/// `its premise held where COM-5 was broken (#585 ban.command/CREATE, and 2 times more)`
fn told_beside(beside: &Beside, scene: &Scene<'_>) -> String {
    let mut at: Vec<_> = beside.record.map(|record| scene.tell(record)).into_iter().collect();
    if beside.times > 1 {
        at.push(format!("{} more", so_often(beside.times - 1)));
    }
    let at = if at.is_empty() { String::new() } else { format!(" ({})", at.join(", and ")) };
    format!("its premise held where {} was broken{at}", beside.rule)
}

fn so_often(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}
