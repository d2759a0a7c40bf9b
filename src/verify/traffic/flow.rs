//! Judging records as they flow, for as long as they do.
//!
//! What is kept: a history of at most [`Bounds`] with what the checkers know of it. When it is
//! full, only its last part is kept, and judged anew as a history that begins amid: what was
//! forgotten is held against nobody, and of what is kept nothing is found twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::contract::{self, Contracts, MessageIx};
use crate::history::{History, Producer};
use crate::message::{ChannelIx, Record, RecordId};
use crate::pack::{Checks, HistoryChecker as _, Packs};
use crate::property::Doubt;
use crate::rule::{DOC_1, Finding, RuleId, Severity};
use crate::verify::{Found, Judgement, SKEW, Standing};

use super::documents::checks;
use super::doubts::{doubt_notes, doubts};
use super::{Gathered, Passing, Writers};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Records, and how many of them stay when there are more.
    records: (usize, usize),
    /// Bytes of keys and values.
    bytes: usize,
}

const BOUNDS: Bounds = Bounds { records: (200_000, 50_000), bytes: 256 * 1024 * 1024 };

/// So many types that no contract knows are counted one by one; others by their channel only.
const MOST_UNKNOWN: usize = 100;

/// Records, judged as they flow.
#[derive(Debug)]
pub struct Flow {
    writers: Arc<Writers>,
    history: History,
    checks: Checks,
    bounds: Bounds,
    /// Of keys and values in the history.
    bytes: usize,
    /// How many records of the history, and findings of the checks, were looked at.
    seen: (usize, usize),
    /// Records of the history whose timestamps bear no time, and how many there were in all.
    untimed: (BTreeSet<RecordId>, u64),
    /// Holes in the offsets of partitions.
    holes: u64,
    /// How far clocks differ, as far as is known.
    skew: Duration,
    /// Whether the order of what flows is known, and of how many records it was not.
    ordered: bool,
    unordered: u64,
    /// How often premises held in what was forgotten.
    held: BTreeMap<RuleId, u64>,
    tally: Tally,
    /// By message.
    messages: Vec<u64>,
    /// Records whose message no contract knows, by what they are counted as.
    unknown: BTreeMap<String, u64>,
}

impl Flow {
    /// Nothing has flowed yet. `whole` tells whether the first record of each topic will be seen;
    /// otherwise nothing is said that earlier ones could explain.
    #[must_use]
    pub fn new(contracts: &Arc<Contracts>, whole: bool) -> Self {
        let services: Vec<_> =
            contracts.contracts().iter().map(|one| one.service.clone()).collect();
        let writers = Arc::new(Writers::new(contracts, &services));
        let history = History::new(Arc::clone(contracts), services);
        let mut checks = checks(contracts, !whole);
        checks.begin(&history);
        checks.clocks(SKEW, Duration::ZERO);
        Self {
            writers,
            history,
            checks,
            bounds: BOUNDS,
            bytes: 0,
            seen: (0, 0),
            untimed: (BTreeSet::new(), 0),
            holes: 0,
            skew: SKEW,
            ordered: true,
            unordered: 0,
            held: BTreeMap::new(),
            tally: Tally::default(),
            messages: vec![0; contracts.all_messages().len()],
            unknown: BTreeMap::new(),
        }
    }

    /// What is known of services, and what is demanded of them.
    #[cfg(feature = "kafka")]
    pub(crate) fn packs(&self) -> &Packs {
        self.history.contracts().packs()
    }

    /// Who writes what.
    #[must_use]
    pub fn writers(&self) -> &Arc<Writers> {
        &self.writers
    }

    /// Takes in the next record, in order of time and cause.
    pub fn add(&mut self, passing: Passing) {
        let Passing { at, place, record, is_timed, is_before_hole } = passing;
        let contracts = Arc::clone(self.history.shared_contracts());
        let kind = record.value_bytes().and_then(|value| contracts.message_kind(place.0, value));
        match kind.map(|kind| kind.index) {
            Some(MessageIx(at)) => self.messages[usize::from(at)] += 1,
            None => self.count_unknown(&contracts, place.0, record.value_bytes()),
        }
        self.unordered += u64::from(!self.ordered);
        self.bytes += bytes_of(&record);
        let producer = self.writers.of(place.0, &record);
        let id = self.history.append(at, place, record, producer);
        if is_before_hole {
            self.checks.doubt(&[id]);
            self.holes += 1;
        }
        if !is_timed {
            self.checks.untimed(&[id]);
            self.untimed.0.insert(id);
            self.untimed.1 += 1;
        }
    }

    /// Clocks differ by this much, as is known by now.
    pub fn clocks(&mut self, skew: Duration) {
        self.skew = self.skew.max(skew);
        self.checks.clocks(self.skew, Duration::ZERO);
    }

    /// No record comes any more.
    pub fn close(&mut self) {
        self.checks.follow(&self.history);
        let last = self.history.records().iter().map(|placed| placed.at).max();
        self.checks.close(&self.history, last.unwrap_or_default());
    }

    /// How many holes there were in the offsets of partitions, but for regular ones.
    #[must_use]
    pub fn holes(&self) -> u64 {
        self.holes
    }

    /// How many records bore no time, among others that did.
    #[must_use]
    pub fn untimed(&self) -> u64 {
        self.untimed.1
    }

    fn count_unknown(&mut self, contracts: &Contracts, of: ChannelIx, value: Option<&[u8]>) {
        let mut name = contracts.counted_as(of, value);
        if !self.unknown.contains_key(&name) && self.unknown.len() >= MOST_UNKNOWN {
            name = contracts.counted_as(of, None);
        }
        *self.unknown.entry(name).or_default() += 1;
    }

    /// The order of what comes until [`Flow::in_order`] is not known: nothing is said of what comes
    /// before what.
    pub fn out_of_order(&mut self) {
        if self.ordered {
            self.forget(0);
            self.ordered = false;
        }
    }

    /// Of how many records it was not judged what comes before what.
    #[must_use]
    pub fn unordered(&self) -> u64 {
        self.unordered
    }

    /// What comes from now on comes in order. Nothing is known of what was before, but for what was
    /// found.
    pub fn in_order(&mut self) {
        if !self.ordered {
            self.forget(0);
            self.ordered = true;
        }
    }

    /// Judges what was added since the last call, and hands each finding over with the history that
    /// shows it.
    pub fn judge(&mut self, mut tell: impl FnMut(&History, Found)) {
        self.checks.follow(&self.history);
        let (records, findings) = self.seen;
        let new = &self.checks.findings()[findings..];
        let (ordered, untimed) = (self.ordered, &self.untimed.0);
        let packs = self.history.contracts().packs();
        let tellable = |one: &&Finding| {
            let is_timed = || !one.records.iter().any(|id| untimed.contains(id));
            !packs.is_of_order(one.rule) || ordered && is_timed()
        };
        let by_checks = new.iter().filter(tellable).map(|one| found(&self.history, one));
        let inputs = self.history.records()[records..].iter().filter_map(|placed| {
            let sent = placed.producer == Producer::Test;
            sent.then(|| input(&self.history, placed.id)).flatten()
        });
        for one in by_checks.chain(inputs) {
            self.tally.count(&one);
            tell(&self.history, one);
        }
        self.seen = (self.history.records().len(), self.checks.findings().len());
        let full = self.seen.0 > self.bounds.records.0 || self.bytes > self.bounds.bytes;
        if full {
            self.forget(self.bounds.records.1);
        }
    }

    /// Keeps the last part of the history: at most so many records, and at most half the bytes.
    fn forget(&mut self, most: usize) {
        let records = self.history.records();
        let mut bytes = 0;
        let kept = records.iter().rev().take(most).take_while(|placed| {
            bytes += bytes_of(&placed.record);
            bytes <= self.bounds.bytes / 2
        });
        let kept = records.len() - kept.count();
        let contracts = Arc::clone(self.history.shared_contracts());
        let mut history = History::new(contracts, self.history.services().to_vec());
        self.bytes = 0;
        let mut untimed = BTreeSet::new();
        for placed in &records[kept..] {
            let place = (placed.channel, placed.partition, placed.offset);
            self.bytes += bytes_of(&placed.record);
            let id = history.append(placed.at, place, placed.record.clone(), placed.producer);
            untimed.extend(self.untimed.0.contains(&placed.id).then_some(id));
        }
        self.untimed.0 = untimed;
        self.held = self.held();
        let mut checks = checks(self.history.contracts(), true);
        checks.begin(&history);
        checks.clocks(self.skew, Duration::ZERO);
        let untimed: Vec<_> = self.untimed.0.iter().copied().collect();
        checks.untimed(&untimed);
        checks.follow(&history);
        for (rule, times) in checks.premises() {
            let held = self.held.entry(rule).or_default();
            *held = held.saturating_sub(times);
        }
        self.seen = (history.records().len(), checks.findings().len());
        (self.history, self.checks) = (history, checks);
    }

    /// How each rule stands so far.
    #[must_use]
    pub fn standings(&self) -> BTreeMap<RuleId, Standing> {
        let packs = self.history.contracts().packs();
        let doubts = if self.ordered { doubts(&self.checks, packs) } else { BTreeMap::new() };
        self.tally.standings((&self.held(), &doubts), packs)
    }

    fn held(&self) -> BTreeMap<RuleId, u64> {
        let (mut held, packs) = (self.held.clone(), self.history.contracts().packs());
        for (rule, times) in self.checks.premises() {
            if self.ordered || !packs.is_of_order(rule) {
                *held.entry(rule).or_default() += times;
            }
        }
        held
    }

    /// How many records of each message there were so far, by what they are counted as.
    #[must_use]
    pub fn messages(&self) -> BTreeMap<String, u64> {
        let known = self.history.contracts().all_messages().iter().zip(&self.messages);
        let known = known.map(|(kind, count)| (kind.label.clone(), *count));
        let unknown = self.unknown.iter().map(|(name, count)| (name.clone(), *count));
        known.chain(unknown).filter(|(_, count)| *count > 0).collect()
    }
}

/// Why a rule of which nothing flowed is not exercised.
const NOTHING: &str = "no message that it speaks of was seen";

/// Judges what was captured by what records alone show; `whole` as for [`Flow::new`]. Clocks may
/// differ by `clock_skew` at least, and an answer takes no longer than `settle`.
#[must_use]
pub fn judge(
    gathered: &Gathered,
    whole: bool,
    (clock_skew, settle): (Duration, Duration),
) -> Judgement {
    let history = &gathered.history;
    let packs = history.contracts().packs();
    let is_doubted = |one: &Finding| {
        packs.is_of_order(one.rule) && one.records.iter().any(|id| gathered.untimed.contains(id))
    };
    let mut checks = checks(history.contracts(), !whole);
    checks.begin(history);
    let holes: Vec<_> = gathered.holes.iter().map(|(before, _)| *before).collect();
    checks.doubt(&holes);
    checks.untimed(&gathered.untimed);
    checks.clocks(gathered.skew.max(clock_skew).max(SKEW), settle);
    checks.follow(history);
    checks.close(history, gathered.ended);
    let told = checks.findings().iter().filter(|one| !is_doubted(one));
    let mut findings: Vec<_> = told.map(|one| found(history, one)).collect();
    let inputs = history.records().iter().filter(|placed| placed.producer == Producer::Test);
    findings.extend(inputs.filter_map(|placed| input(history, placed.id)));
    findings.sort_by_key(|one| one.records.last().copied());
    let mut tally = Tally::default();
    findings.iter().for_each(|one| tally.count(one));
    let doubts = doubts(&checks, packs);
    let rules = tally.standings((&checks.premises(), &doubts), packs);
    let notes = skew_note(gathered.skew).into_iter().chain(doubt_notes(&doubts, &rules)).collect();
    Judgement { findings, rules, notes, ..Judgement::default() }
}

/// What is to be known of clocks that differ by more than they are believed to.
pub fn skew_note(skew: Duration) -> Option<String> {
    (skew > SKEW).then(|| {
        format!(
            "a record was stamped {} ms before its cause: so far do clocks differ, and moments \
             that are less far apart say nothing about order",
            skew.as_millis()
        )
    })
}

/// How often each rule was found broken: violations and advisories.
#[derive(Clone, Debug, Default)]
struct Tally(BTreeMap<RuleId, (u64, u64)>);

impl Tally {
    fn count(&mut self, found: &Found) {
        let (violations, advisories) = self.0.entry(found.rule).or_default();
        match found.severity {
            Severity::Violation => *violations += 1,
            Severity::Advisory => *advisories += 1,
        }
    }

    fn standings(
        &self,
        (held, doubts): (&BTreeMap<RuleId, u64>, &BTreeMap<RuleId, Doubt>),
        packs: &Packs,
    ) -> BTreeMap<RuleId, Standing> {
        let standing = |rule: &RuleId| match (self.0.get(rule), held.get(rule)) {
            (Some((times @ 1.., _)), _) => Standing::Violated { times: *times },
            (Some((0, times @ 1..)), _) => Standing::Advisory { times: *times },
            (_, Some(times @ 1..)) => Standing::Passed { times: *times },
            _ => match doubts.get(rule) {
                Some(doubt) => Standing::Inconclusive { why: doubt.told() },
                None => Standing::NotExercised { why: NOTHING.to_owned() },
            },
        };
        let of_documents = held.contains_key(&DOC_1).then_some(&DOC_1);
        packs
            .rules_of_records()
            .iter()
            .chain(self.0.keys())
            .chain(of_documents)
            .map(|rule| (*rule, standing(rule)))
            .collect()
    }
}

/// How much memory a record needs, about.
pub(super) fn bytes_of(record: &Record) -> usize {
    let key = record.key.as_ref().map_or(0, smallvec::SmallVec::len);
    key + record.value_bytes().map_or(0, <[u8]>::len)
}

fn found(history: &History, finding: &Finding) -> Found {
    let of = finding.records.last().map(|id| history.record(*id));
    let tenant = of.and_then(|placed| placed.record.headers.tenant().ok().cloned());
    let about = (tenant, finding.records.clone());
    Found::new(finding.severity, finding.rule, finding.message.clone(), about)
}

/// What the readers' contracts say of a record that no contract says who sends: nobody can be
/// blamed for it, but it is worth a remark.
fn input(history: &History, id: RecordId) -> Option<Found> {
    let placed = history.record(id);
    // Of what open documents say, their own checker tells.
    if history.contracts().channel(placed.channel).is_some_and(|one| one.open.is_some()) {
        return None;
    }
    let problems = history.contracts().check_sent(placed.channel, &placed.record);
    let broken = |problem: &&contract::Problem| {
        problem.is_violation() || problem.kind == contract::ProblemKind::RepeatedField
    };
    let said: Vec<_> = problems.iter().filter(broken).map(ToString::to_string).collect();
    (!said.is_empty()).then(|| {
        let message = format!("{id} {}: {}", history.message_name(placed), said.join("; "));
        let about = (placed.record.headers.tenant().ok().cloned(), vec![id]);
        let rule = history.contracts().packs().roles().contract;
        Found::new(Severity::Advisory, rule, message, about)
    })
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Flow, Passing};
    use crate::contract::Contracts;
    use crate::message::{
        Headers, Offset, Partition, Payload, Record, Tenant, TraceParent, VirtualTime,
    };
    use crate::rule::RuleId;
    use crate::services::id;
    use crate::verify::Standing;

    /// The deletions of as many bans, each with its command; every tenth names a wrong status.
    fn flow(bounds: Bounds, whole: bool, bans: u32) -> (Flow, Vec<RuleId>, usize) {
        let contracts = Contracts::builtin();
        let mut flow = Flow { bounds, ..Flow::new(&contracts, whole) };
        let id = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11".parse().unwrap();
        let tenant = Tenant { id, region: "GMS".into(), major: 83, minor: 1 };
        let (mut rules, mut most) = (Vec::new(), 0);
        let add = |flow: &mut Flow, channel: &str, ban: u32, value: &str| {
            let trace = TraceParent { trace: u128::from(ban) + 1, span: 1, flags: 1 };
            let record = Record {
                key: Some(ban.to_le_bytes().into_iter().chain([0; 4]).collect()),
                headers: Headers::of_tenant(&tenant, trace),
                value: Some(Payload::new(value.as_bytes())),
            };
            let channel = contracts.channel_ix(channel).unwrap();
            let place = (channel, Partition(0), Offset(u64::from(ban)));
            let at = VirtualTime::from_ms(u64::from(ban));
            flow.add(Passing { at, place, record, is_timed: true, is_before_hole: false });
        };
        for ban in 0..bans {
            let delete = format!(r#"{{"type":"DELETE","body":{{"banId":{ban}}}}}"#);
            add(&mut flow, "ban.command", ban, &delete);
            let status = if ban % 10 == 9 { "GONE" } else { "DELETED" };
            let event = format!(r#"{{"banId":{ban},"status":"{status}"}}"#);
            add(&mut flow, "ban.status", ban, &event);
            if ban % 7 == 0 || ban + 1 == bans {
                flow.judge(|history, found| {
                    assert!(history.records().len() > found.records[0].at());
                    rules.push(found.rule);
                });
                most = most.max(flow.history.records().len());
            }
        }
        (flow, rules, most)
    }

    const WIDE: Bounds = Bounds { records: (10_000, 5_000), bytes: 1 << 30 };

    #[test]
    fn what_is_kept_is_bounded_and_nothing_is_found_twice_or_lost() {
        let (all, expected, _) = flow(WIDE, true, 300);
        assert_eq!(expected, [id::COM_7; 30]);
        let narrow = Bounds { records: (50, 20), ..WIDE };
        let small = Bounds { bytes: 2_000, ..WIDE };
        for bounds in [narrow, small] {
            let (some, found, most) = flow(bounds, true, 300);
            assert_eq!(found, expected);
            assert!(most <= 64, "{most} records were kept");
            assert_eq!(some.messages(), all.messages());
            assert_eq!(some.standings()[&id::COM_7], Standing::Violated { times: 30 });
            assert_eq!(some.standings()[&id::SEQ_6], all.standings()[&id::SEQ_6]);
            assert_eq!(all.standings()[&id::SEQ_6], Standing::Passed { times: 270 });
        }
    }

    #[test]
    fn where_order_is_not_known_nothing_is_said_of_it() {
        let (mut disordered, found, _) = flow(WIDE, true, 0);
        assert_eq!(found, []);
        disordered.out_of_order();
        assert!(!disordered.standings().contains_key(&id::COM_1));
        let standing = &disordered.standings()[&id::SEQ_6];
        assert!(matches!(standing, Standing::NotExercised { .. }), "{standing:?}");
        disordered.in_order();
        assert!(disordered.ordered && disordered.history.records().is_empty());
    }

    #[test]
    fn what_was_judged_before_order_was_lost_stays() {
        let (mut flow, ..) = flow(WIDE, true, 30);
        let before = flow.standings();
        assert_eq!(before[&id::SEQ_6], Standing::Passed { times: 27 });
        flow.out_of_order();
        assert_eq!((flow.standings(), flow.unordered()), (before.clone(), 0));
        flow.in_order();
        assert_eq!(flow.standings(), before);
    }
}
