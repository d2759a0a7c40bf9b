//! Records held against properties, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evidence::{AGAIN, Doubt, Evidence, Holes};
use super::judge::{Excuse, Mark, Said, State, Waits, What};
use super::roles::{FxMap, FxSet, Part, Reading, Roles, Take};
use super::{Kind, Properties, Tenants};
use crate::history::{Event, History, Placed, Producer, ServiceIx};
use crate::message::{RecordId, Tenant, VirtualTime};
use crate::rule::{Finding, RuleId, Severity};

/// Which records belong together: the numbers of the property, of the tenant (0 for none), and of
/// the values of the key fields.
type Key = (usize, usize, usize);

/// Holds one history after another against properties.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    properties: Arc<Properties>,
    evidence: Evidence,
    roles: Roles,
    next: usize,
    now: VirtualTime,
    /// What each record is.
    readings: Vec<Reading>,
    tenants: FxSet<Tenant>,
    states: FxMap<Key, State>,
    /// When somebody waits no longer.
    alarms: BTreeMap<VirtualTime, BTreeSet<Key>>,
    holes: Holes,
    /// The last event of each service.
    last: BTreeMap<ServiceIx, Last>,
    findings: Vec<Finding>,
    held: BTreeMap<RuleId, u64>,
    doubts: BTreeMap<RuleId, Doubt>,
}

/// The last event of a service, which a crash may double.
#[derive(Clone, Copy, Debug)]
struct Last {
    event: RecordId,
    cause: Option<RecordId>,
    is_crashed: bool,
}

impl Checker {
    /// A checker that has seen nothing.
    #[must_use]
    pub fn new(properties: Arc<Properties>, evidence: Evidence) -> Self {
        Self { properties, evidence, ..Self::default() }
    }

    /// What is known besides records, which may become less.
    pub fn evidence(&mut self) -> &mut Evidence {
        &mut self.evidence
    }

    /// Starts on another history with the same evidence.
    pub fn begin(&mut self) {
        self.evidence.again = false;
        self.roles.tidy();
        self.next = 0;
        self.now = VirtualTime::ZERO;
        self.readings.clear();
        self.tenants.clear();
        self.states.clear();
        self.alarms.clear();
        self.holes = Holes::default();
        self.last.clear();
        self.findings.clear();
        self.held.clear();
        self.doubts.clear();
    }

    /// Looks at what was added to the history since the last call.
    pub fn follow(&mut self, history: &History) {
        self.roles.prepare(&self.properties, history.shared_contracts());
        for entry in &history.entries()[self.next..] {
            match &entry.event {
                Event::Sent { record } => self.record(history, history.record(*record), false),
                Event::Emitted { service, record, cause } => {
                    let is_double = self.is_double(history, *service, (*record, *cause));
                    self.record(history, history.record(*record), is_double);
                }
                Event::Crashed { service } => {
                    self.evidence.again |= self.evidence.again_after_crash;
                    if let Some(last) = self.last.get_mut(service) {
                        last.is_crashed = true;
                    }
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
        let properties = Arc::clone(&self.properties);
        for (key, state) in &mut states {
            let said = state.end(self.what(&properties, key.0), self.now.max(ended));
            self.say(history, &properties, (key.0, said));
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

    /// Whether an event is the one before it once more, after a crash.
    fn is_double(
        &mut self,
        history: &History,
        service: ServiceIx,
        (event, cause): (RecordId, Option<RecordId>),
    ) -> bool {
        let now = Last { event, cause, is_crashed: false };
        let Some(last) = self.last.insert(service, now) else { return false };
        let content = |id: RecordId| {
            let placed = history.record(id);
            let headers = placed.record.headers.iter_untraced();
            (placed.channel, &placed.record.key, &placed.record.value, headers)
        };
        let (one, two) = (content(last.event), content(event));
        last.is_crashed
            && last.cause == cause
            && (one.0, one.1, one.2) == (two.0, two.1, two.2)
            && one.3.eq(two.3)
    }

    fn record(&mut self, history: &History, placed: &Placed, is_double: bool) {
        // A record whose moment is in doubt does not show that time has passed.
        if !self.evidence.untimed.contains(&placed.id) {
            self.expire(history, placed.at);
        }
        self.holes.note(placed, self.evidence.holes.contains(&placed.id));
        let reading = self.roles.read(placed.channel, placed.record.value.as_ref());
        let takes = Arc::clone(&reading.takes);
        self.readings.push(reading);
        if is_double || takes.is_empty() {
            return;
        }
        let properties = Arc::clone(&self.properties);
        for take in takes.iter() {
            if let Some(tenant) = self.tenant(history, placed, &properties, take) {
                self.take(history, placed, &properties, (take, tenant));
            }
        }
    }

    /// The number of the tenant; `None` for a record that has no part in the property after all.
    fn tenant(
        &mut self,
        history: &History,
        placed: &Placed,
        properties: &Properties,
        take: &Take,
    ) -> Option<usize> {
        let property = &properties.all[take.property];
        let cause = cause_of(placed);
        if !take.caused_by.is_empty() {
            let kind = self.readings.get(cause?.at())?.kind;
            let is = |one: &(_, Option<_>)| one.0 == kind.0 && (one.1.is_none() || one.1 == kind.1);
            take.caused_by.iter().any(is).then_some(())?;
        }
        let is_sent = placed.producer == Producer::Test;
        if take.part == Part::Then && property.emitted_only && is_sent {
            return None;
        }
        let tenant = placed.record.headers.tenant().ok();
        match property.tenants {
            Tenants::Together => return Some(0),
            Tenants::Apart => {}
            Tenants::Required => {
                let is_own = |cause| history.record(cause).record.headers.tenant().ok() == tenant;
                (tenant.is_some() && cause.is_none_or(is_own)).then_some(())?;
            }
        }
        let Some(tenant) = tenant else { return Some(0) };
        let known = self.tenants.get_index_of(tenant);
        Some(1 + known.unwrap_or_else(|| self.tenants.insert_full(tenant.clone()).0))
    }

    /// Takes a record in by one of its parts.
    fn take(
        &mut self,
        history: &History,
        placed: &Placed,
        properties: &Properties,
        (take, tenant): (&Take, usize),
    ) {
        let key = (take.property, tenant, take.key);
        let mark = Mark {
            record: placed.id,
            place: (placed.channel, placed.partition),
            at: placed.at,
            is_timed: !self.evidence.untimed.contains(&placed.id),
        };
        let mut state = std::mem::take(self.states.entry(key).or_default());
        let mut what = self.what(properties, take.property);
        let said = match take.part {
            Part::Excuse => state.excuse(what, mark),
            Part::First => state.first(what, mark),
            Part::Then => {
                what.excuse = self.excuse(what, (placed, mark), (take, &state));
                state.then(what, mark)
            }
        };
        if let Some(until) = state.waits_until() {
            self.alarms.entry(until).or_default().insert(key);
        }
        *self.states.entry(key).or_default() = state;
        self.say(history, properties, (take.property, said));
    }

    /// Whether one of `excuse` caused a record.
    fn excuse(
        &self,
        what: What<'_>,
        (placed, mark): (&Placed, Mark),
        (take, state): (&Take, &State),
    ) -> Excuse {
        if what.property.excuse.is_none() {
            return Excuse::None;
        }
        let is = |one: &Take| {
            (one.property, one.part, one.key) == (take.property, Part::Excuse, take.key)
        };
        match cause_of(placed).and_then(|cause| self.readings.get(cause.at())) {
            Some(cause) if cause.takes.iter().any(is) => Excuse::Holds,
            Some(_) => Excuse::None,
            None => state.excused(what, mark),
        }
    }

    fn what<'a>(&'a self, properties: &'a Properties, number: usize) -> What<'a> {
        What {
            property: &properties.all[number],
            evidence: &self.evidence,
            holes: &self.holes,
            channels: &self.roles.channels[number],
            excuse: Excuse::None,
        }
    }

    /// Ends the waiting of those who have waited long enough.
    fn expire(&mut self, history: &History, now: VirtualTime) {
        self.now = self.now.max(now);
        while let Some(alarm) = self.alarms.first_entry() {
            if *alarm.key() >= self.now {
                return;
            }
            let properties = Arc::clone(&self.properties);
            for key in alarm.remove() {
                let Some(mut state) = self.states.get_mut(&key).map(std::mem::take) else {
                    continue;
                };
                let said = state.expire(self.what(&properties, key.0), self.now);
                if let Some(until) = state.waits_until() {
                    self.alarms.entry(until).or_default().insert(key);
                }
                self.states.insert(key, state);
                self.say(history, &properties, (key.0, said));
            }
        }
    }

    fn say(&mut self, history: &History, properties: &Properties, of: (usize, Vec<Said>)) {
        let property = &properties.all[of.0];
        for said in of.1 {
            match said {
                Said::Held => *self.held.entry(property.rule).or_default() += 1,
                Said::Doubt(why, record) => self.doubt(property.rule, why, record),
                Said::Broken(how, mark, _)
                    if self.evidence.again
                        && (how == Waits::Twice
                            || how == Waits::Lacks
                                && matches!(property.kind, Kind::Alternates { .. })) =>
                {
                    self.doubt(property.rule, AGAIN, mark.record);
                }
                Said::Broken(how, mark, other) => {
                    let placed = history.record(mark.record);
                    let name = history.message_name(placed);
                    let what = how.told(property);
                    let other = other.map(|other| other.record);
                    let beside = other.map_or_else(String::new, |other| format!(" ({other})"));
                    let records: BTreeSet<RecordId> = [Some(mark.record), other, cause_of(placed)]
                        .into_iter()
                        .flatten()
                        .collect();
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

/// The record whose handling emitted one, as far as it is known.
fn cause_of(placed: &Placed) -> Option<RecordId> {
    match placed.producer {
        Producer::Service { cause, .. } => cause,
        Producer::Test => None,
    }
}
