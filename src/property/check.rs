//! Records held against properties, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evidence::{AGAIN, Doubt, Evidence};
use super::judge::{Mark, Said, State, Waits, What};
use super::{Properties, Property};
use crate::history::{Event, History, Placed};
use crate::message::{ChannelIx, Json, Partition, RecordId, Tenant, VirtualTime};
use crate::rule::{Finding, RuleId, Severity};

/// Which records belong together: the property's number, the tenant, the values of the key fields.
type Key = (usize, Option<Tenant>, String);

/// Holds one history after another against properties.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    properties: Arc<Properties>,
    evidence: Evidence,
    /// Channels of which properties speak.
    channels: BTreeSet<ChannelIx>,
    next: usize,
    now: VirtualTime,
    states: BTreeMap<Key, State>,
    /// When somebody waits no longer.
    alarms: BTreeMap<VirtualTime, BTreeSet<Key>>,
    holes: Holes,
    findings: Vec<Finding>,
    held: BTreeMap<RuleId, u64>,
    doubts: BTreeMap<RuleId, Doubt>,
}

/// Where records may be missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Holes {
    /// By channel, between which moments; up to now where it is not over.
    of: BTreeMap<ChannelIx, Vec<(VirtualTime, VirtualTime)>>,
    /// By partition, the place of the one that is not over.
    open: BTreeMap<(ChannelIx, Partition), usize>,
}

impl Holes {
    fn note(&mut self, placed: &Placed, begins: bool) {
        let place = (placed.channel, placed.partition);
        if let Some(at) = self.open.remove(&place)
            && let Some(hole) = self.of.get_mut(&placed.channel).and_then(|of| of.get_mut(at))
        {
            hole.1 = placed.at;
        }
        if begins {
            let of = self.of.entry(placed.channel).or_default();
            self.open.insert(place, of.len());
            of.push((placed.at, VirtualTime::NEVER));
        }
    }

    /// Whether a record of one of these channels may be missing between two moments.
    pub(super) fn overlap(
        &self,
        channels: impl Iterator<Item = ChannelIx>,
        (from, until): (VirtualTime, VirtualTime),
    ) -> bool {
        let mut holes = channels.filter_map(|channel| self.of.get(&channel)).flatten();
        holes.any(|hole| hole.0 <= until && from <= hole.1)
    }
}

impl Checker {
    /// A checker that has seen nothing.
    #[must_use]
    pub fn new(properties: Arc<Properties>, evidence: Evidence) -> Self {
        let sides = properties.all.iter().flat_map(|one| [&one.first, &one.then]);
        let channels = sides.flat_map(|side| &side.messages).map(|one| one.channel).collect();
        Self { properties, evidence, channels, ..Self::default() }
    }

    /// What is known besides records, which may become less.
    pub fn evidence(&mut self) -> &mut Evidence {
        &mut self.evidence
    }

    /// Starts on another history with the same evidence.
    pub fn begin(&mut self) {
        let evidence = Evidence { again: false, ..self.evidence.clone() };
        *self = Self::new(Arc::clone(&self.properties), evidence);
    }

    /// Looks at what was added to the history since the last call.
    pub fn follow(&mut self, history: &History) {
        for entry in &history.entries()[self.next..] {
            match &entry.event {
                Event::Sent { record } | Event::Emitted { record, .. } => {
                    self.record(history, history.record(*record));
                }
                Event::Crashed { .. } if self.evidence.again_after_crash => {
                    self.evidence.again = true;
                }
                _ => {}
            }
        }
        self.next = history.entries().len();
    }

    /// No record comes any more, up to this moment.
    pub fn close(&mut self, history: &History, ended: VirtualTime) {
        self.expire(history, ended);
        let mut states = std::mem::take(&mut self.states);
        for (key, state) in &mut states {
            let property = &Arc::clone(&self.properties).all[key.0];
            let what = What { property, evidence: &self.evidence, holes: &self.holes };
            let said = state.end(what, self.now.max(ended));
            self.say(history, property, said);
        }
        self.alarms.clear();
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How often each property's premise held, and the property with it.
    #[must_use]
    pub fn premises(&self) -> &BTreeMap<RuleId, u64> {
        &self.held
    }

    /// What could not be told.
    #[must_use]
    pub fn doubts(&self) -> &BTreeMap<RuleId, Doubt> {
        &self.doubts
    }

    fn record(&mut self, history: &History, placed: &Placed) {
        // A record whose moment is in doubt does not show that time has passed.
        if !self.evidence.untimed.contains(&placed.id) {
            self.expire(history, placed.at);
        }
        if !self.channels.contains(&placed.channel) {
            return;
        }
        self.holes.note(placed, self.evidence.holes.contains(&placed.id));
        let Some(bytes) = placed.record.value_bytes() else { return };
        let kind = history.contracts().message_kind(placed.channel, bytes).map(|kind| kind.index);
        let Ok(value) = Json::parse(bytes) else { return };
        let properties = Arc::clone(&self.properties);
        for (number, property) in properties.all.iter().enumerate() {
            // What comes then is judged by what was before it.
            let then = property.then.has(placed.channel, kind);
            let then = then.then(|| property.then.key(&value)).flatten();
            if let Some(key) = then {
                self.take(history, (number, placed), key, State::then);
            }
            let first = property.first.has(placed.channel, kind);
            let first = first.then(|| property.first.key(&value)).flatten();
            if let Some(key) = first {
                self.take(history, (number, placed), key, State::first);
            }
        }
    }

    /// Takes a record in by one of its sides.
    fn take(
        &mut self,
        history: &History,
        (number, placed): (usize, &Placed),
        key: String,
        step: fn(&mut State, What<'_>, Mark) -> Vec<Said>,
    ) {
        let property = &Arc::clone(&self.properties).all[number];
        let tenant = placed.record.headers.tenant().ok().filter(|_| property.per_tenant);
        let key = (number, tenant.cloned(), key);
        let mark = Mark {
            record: placed.id,
            place: (placed.channel, placed.partition),
            at: placed.at,
            is_timed: !self.evidence.untimed.contains(&placed.id),
        };
        let what = What { property, evidence: &self.evidence, holes: &self.holes };
        let state = self.states.entry(key.clone()).or_default();
        let said = step(state, what, mark);
        if let Some(until) = state.waits_until() {
            self.alarms.entry(until).or_default().insert(key);
        }
        self.say(history, property, said);
    }

    /// Ends the waiting of those who have waited long enough.
    fn expire(&mut self, history: &History, now: VirtualTime) {
        self.now = self.now.max(now);
        while let Some(alarm) = self.alarms.first_entry() {
            if *alarm.key() >= self.now {
                return;
            }
            for key in alarm.remove() {
                let property = &Arc::clone(&self.properties).all[key.0];
                let what = What { property, evidence: &self.evidence, holes: &self.holes };
                let Some(state) = self.states.get_mut(&key) else { continue };
                let said = state.expire(what, self.now);
                if let Some(until) = state.waits_until() {
                    self.alarms.entry(until).or_default().insert(key);
                }
                self.say(history, property, said);
            }
        }
    }

    fn say(&mut self, history: &History, property: &Property, all: Vec<Said>) {
        for said in all {
            match said {
                Said::Held => *self.held.entry(property.rule).or_default() += 1,
                Said::Doubt(why, record) => self.doubt(property.rule, why, record),
                Said::Broken(Waits::Twice, mark, _) if self.evidence.again => {
                    self.doubt(property.rule, AGAIN, mark.record);
                }
                Said::Broken(how, mark, other) => {
                    let name = history.message_name(history.record(mark.record));
                    let what = how.told(property);
                    let other = other.map(|other| other.record);
                    let beside = other.map_or_else(String::new, |other| format!(" ({other})"));
                    let records: BTreeSet<RecordId> =
                        [Some(mark.record), other].into_iter().flatten().collect();
                    self.findings.push(Finding {
                        severity: Severity::Violation,
                        rule: property.rule,
                        message: format!("{} {name}: {what}{beside}", mark.record),
                        records: records.into_iter().collect(),
                    });
                }
            }
        }
    }

    fn doubt(&mut self, rule: RuleId, why: &'static str, record: RecordId) {
        self.doubts.entry(rule).or_insert(Doubt { times: 0, why, record }).times += 1;
    }
}
