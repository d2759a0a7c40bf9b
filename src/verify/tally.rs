//! What was found, and how often the premise of each rule held.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Act, Case, Scene};
use super::node::{Node, Step};
use super::run::Decided;
use super::search::Search;
use super::{Found, Judgement, Judging, Standing, What};
use crate::message::{ChannelIx, Payload, RecordId};
use crate::rule::{RULES, RuleId, Severity, id};

pub(super) struct Tally<'a> {
    scene: &'a Scene<'a>,
    judgement: Judgement,
    held: BTreeMap<RuleId, u64>,
    decided: BTreeMap<Decided, u64>,
    lost_at_kill: u64,
    /// How many tenants the reference explains.
    explained: usize,
    /// Events that a timer caused.
    pub(super) by_timer: BTreeSet<RecordId>,
}

/// Rules that nothing but the answer to a question shows, and the questions.
const BY_QUESTION: &[(RuleId, &[&str])] = &[
    (id::BAN_6, &["history"]),
    (id::BAN_7, &["check", "ban"]),
    (id::BAN_8, &["check"]),
    (id::LOG_4, &["session"]),
    (id::LOG_5, &["session"]),
    (id::LOG_6, &["account"]),
    (id::LOG_7, &["session"]),
    (id::EFF_1, &["character"]),
    (id::EFF_2, &["character"]),
    (id::EFF_3, &["character"]),
    (id::EFF_4, &["character"]),
    (id::EFF_5, &["character"]),
    (id::EFF_6, &["character"]),
    (id::EFF_8, &["character"]),
    (id::EFF_9, &["character"]),
    (id::EFF_TWICE, &["character"]),
];

impl<'a> Tally<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        let mut tally = Self {
            scene,
            judgement: Judgement::default(),
            held: BTreeMap::new(),
            decided: BTreeMap::new(),
            lost_at_kill: 0,
            explained: 0,
            by_timer: BTreeSet::new(),
        };
        for _ in &scene.kills {
            tally.held(id::COM_9);
            tally.held(id::COM_10);
        }
        tally
    }

    pub(super) fn held(&mut self, rule: RuleId) {
        *self.held.entry(rule).or_default() += 1;
    }

    pub(super) fn states(&mut self, states: u64) {
        self.judgement.states += states;
    }

    pub(super) fn found(&mut self, found: Found) {
        self.judgement.findings.push(found);
    }

    pub(super) fn violations(&self) -> usize {
        let found = self.judgement.findings.iter();
        found.filter(|found| found.severity == Severity::Violation).count()
    }

    pub(super) fn gave_up(&mut self, case: &Case, why: &'static str) {
        self.judgement.unsettled.entry(why).or_default().push(case.tenant.clone());
    }

    /// Counts what an explanation shows.
    pub(super) fn explained(&mut self, search: &Search<'_>, node: &Node) {
        self.explained += 1;
        for step in node.steps() {
            self.step(search, step);
        }
        let queries = search.case.inputs.iter().enumerate();
        for (at, input) in queries {
            if let (Act::Query(number), true) = (input.act, node.delivered.has(at)) {
                let name = self.scene.seen.asked[number].name.as_str();
                for (rule, _) in BY_QUESTION.iter().filter(|(_, names)| names.contains(&name)) {
                    if !rule.as_str().starts_with("EFF") {
                        self.held(*rule);
                    }
                }
            }
        }
    }

    fn step(&mut self, search: &Search<'_>, step: &Step) {
        for rule in step.applied.iter() {
            self.held(*rule);
        }
        for decided in step.decided.iter() {
            *self.decided.entry(*decided).or_default() += 1;
        }
        self.lost_at_kill += u64::from(step.lost_at_kill);
        for output in &step.outputs {
            let output = &search.case.outputs[*output];
            self.held(id::COM_1);
            self.held(id::SEQ_6);
            let channel = self.scene.contracts.channel_name(output.shape.channel);
            let kind = output.shape.kind.as_deref().unwrap_or_default();
            let rule = match (channel, kind) {
                ("ban.status", "DELETED") => Some(id::SEQ_5),
                ("invite.status", "ACCEPTED" | "REJECTED") => Some(id::SEQ_4),
                ("account.session.status", "CREATED" | "REQUEST_LICENSE_AGREEMENT")
                | ("session.status", "CREATED") => Some(id::SEQ_1),
                ("account.status", "LOGGED_OUT") => Some(id::SEQ_2),
                ("session.status", "DESTROYED") => Some(id::SEQ_3),
                _ => None,
            };
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
        let mut values: BTreeSet<(ChannelIx, u64)> = BTreeSet::new();
        for input in &case.inputs {
            if input.after.is_some() {
                self.held(id::COM_11);
            }
            let Act::Record(record) = input.act else { continue };
            let placed = scene.seen.history.record(record);
            let hash = placed.record.value.as_ref().map_or(0, Payload::content_hash);
            if !values.insert((placed.channel, hash)) {
                self.held(id::COM_8);
            }
        }
    }

    /// The judgement, as far as it is asked for.
    pub(super) fn end(mut self, judging: &Judging) -> Judgement {
        self.advise();
        let subject = self.scene.seen.subject.clone();
        let concerns = |rule: RuleId| {
            let name = rule.as_str();
            let own = match subject.as_str() {
                "ban" => "BAN",
                "account" => "ACC",
                "login" => "LOG",
                "effective_stats" => "EFF",
                "invite" => "INV",
                _ => "COM",
            };
            let of = |prefix: &str| name.starts_with(prefix);
            let wanted = judging.rules.as_ref().is_none_or(|rules| rules.contains(&rule));
            wanted && (of(own) || of("COM") || of("SEQ"))
        };
        let findings = &mut self.judgement.findings;
        findings.retain(|found| judging.rules.as_ref().is_none_or(|of| of.contains(&found.rule)));
        findings.sort_by_key(|found| found.severity);
        for rule in RULES.iter().map(|rule| rule.id).filter(|rule| concerns(*rule)) {
            let standing = self.standing(rule);
            self.judgement.rules.insert(rule, standing);
        }
        self.judgement
    }

    fn standing(&self, rule: RuleId) -> Standing {
        let count = |severity: Severity| {
            let of = |found: &&Found| found.rule == rule && found.severity == severity;
            self.judgement.findings.iter().filter(of).count() as u64
        };
        let (violations, advisories) = (count(Severity::Violation), count(Severity::Advisory));
        let held = self.held.get(&rule).copied().unwrap_or_default();
        if violations > 0 {
            Standing::Violated { times: violations }
        } else if advisories > 0 {
            Standing::Advisory { times: advisories }
        } else if held > 0 && self.is_shown(rule) {
            Standing::Passed { times: held }
        } else if let (Some(why), true, true) =
            (self.judgement.unsettled.keys().next(), self.is_shown(rule), self.explained == 0)
        {
            Standing::Inconclusive { why: (*why).to_owned() }
        } else {
            Standing::NotExercised
        }
    }

    /// Whether what was observed can show a breach of the rule.
    fn is_shown(&self, rule: RuleId) -> bool {
        let asked = |names: &[&str]| {
            let mut asked = self.scene.seen.asked.iter();
            asked.any(|one| one.what == What::Query && names.contains(&one.name.as_str()))
        };
        let echoes = |decided: &Decided| decided.rule == id::BAN_4 && decided.option == "echo";
        // Whoever does not know what equipment is worth sees nothing of it.
        let worth = |rule: RuleId| {
            let mut given = self.scene.seen.given.iter().flat_map(|given| &given.data);
            ![id::EFF_4, id::EFF_5].contains(&rule) || given.any(|(name, _)| name == "equipment")
        };
        match BY_QUESTION.iter().find(|(known, _)| *known == rule) {
            Some((_, names)) => asked(names) && worth(rule),
            // Who answers DELETED for any id hides which ban is gone.
            None if rule == id::BAN_5 && self.decided.keys().any(echoes) => {
                asked(&["ban", "check"])
            }
            None => true,
        }
    }

    /// Tells where the implementation differs from the reference, once for each way.
    fn advise(&mut self) {
        let mut ways: BTreeMap<(RuleId, &str), BTreeSet<&str>> = BTreeMap::new();
        for decided in self.decided.keys() {
            ways.entry((decided.rule, decided.reference)).or_default().insert(decided.option);
        }
        let mut told = Vec::new();
        for (decided, times) in &self.decided {
            let others = decided.rule.rule().also_accepted;
            let Some(other) = others.iter().find(|other| other.name == decided.option) else {
                continue;
            };
            told.push((
                decided.rule,
                format!("differs from the reference: {} ({})", other.text, so_often(*times)),
            ));
        }
        for ((rule, _), ways) in ways.iter().filter(|(_, ways)| ways.len() > 1) {
            let ways: Vec<_> = ways.iter().copied().collect();
            told.push((*rule, format!("not consistent: {}", ways.join(", "))));
        }
        if self.lost_at_kill > 0 {
            let times = so_often(self.lost_at_kill);
            let message = format!("what was in hand at a kill was lost or doubled, {times}");
            told.push((id::COM_10, message));
        }
        for (rule, message) in told {
            self.advisory(rule, message, Vec::new());
        }
    }

    pub(super) fn advisory(&mut self, rule: RuleId, message: String, records: Vec<RecordId>) {
        self.found(Found {
            severity: Severity::Advisory,
            rule,
            message,
            tenant: None,
            records,
            relaxation: None,
        });
    }
}

fn so_often(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}
