//! One tenant of an observation: what went into the implementation, when it may have taken effect,
//! and what came out.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::again::Again;
use super::bound::Bound;
use super::evidence::Clocks;
use super::index::Index;
use super::run::{Call, Offered, Runner};
use super::shape::Shape;
use super::{Asked, Judging, Observation, Persistence, What};
use crate::contract::Contracts;
use crate::history::{Event, Placed, Producer, ServiceIx};
use crate::message::{ChannelIx, KeyBytes, Partition, RecordId, Tenant, VirtualTime};
use crate::service::{Given, Model};

/// Few implementations need more before what they do takes effect.
const LIKELY: Duration = Duration::from_millis(20);
/// After a kill a group may be without partitions for so long.
const REASSIGNMENT: Duration = Duration::from_secs(45);
/// What was handled so long before a kill may be read once more: offsets are committed now and
/// then.
const COMMIT_PERIOD: Duration = Duration::from_secs(6);

/// What makes an implementation act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Record(RecordId),
    /// A stimulus, by its place in [`Observation::asked`].
    Stimulus(usize),
    /// A question, by its place there.
    Query(usize),
    /// The process starts again after the kill of this number.
    Restart(usize),
}

/// Something that takes effect at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) act: Act,
    /// Not before this moment.
    pub(crate) start: VirtualTime,
    /// Not after this moment, where no event shows an earlier one.
    pub(crate) end: VirtualTime,
    /// Not after this moment in any case.
    pub(crate) bound: VirtualTime,
    /// About now, most of the time.
    pub(crate) likely: VirtualTime,
    pub(crate) trace: Option<u128>,
    /// The input before it in its partition with the same documented key.
    pub(crate) after: Option<usize>,
    /// It may have no effect, or none yet.
    pub(crate) skippable: bool,
    /// Events of it may be missing, or not have come yet.
    pub(crate) lossy: bool,
    /// From this moment on it may have been read once more: that of a kill, or at which the group
    /// had lost its partitions.
    pub(crate) again: Option<VirtualTime>,
    /// Whether readers may refuse it as well as act on it.
    pub(super) is_open: bool,
    /// Whether it is of no tenant, and supposed to have an effect in this one.
    pub(super) is_adopted: bool,
}

/// An event of the implementation.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) record: RecordId,
    pub(crate) seen: VirtualTime,
    pub(crate) shape: Shape,
    /// The inputs that had its trace before; none where the trace is nobody's.
    pub(crate) causes: Vec<usize>,
    /// It breaks its contract, which is found elsewhere: it passes for any event of its channel.
    pub(crate) spoiled: bool,
    /// It may be an earlier one once more, after a kill: nothing need explain it.
    pub(crate) doubled: bool,
}

/// A tenant's part of an observation.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) tenant: Tenant,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
}

/// When the implementation was killed, and when it ran again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) at: VirtualTime,
    /// When its process ran again.
    pub(crate) restarted: VirtualTime,
    /// When it surely read again.
    pub(crate) reads: VirtualTime,
}

impl Kill {
    /// Whether what takes effect between two moments may not be committed at the kill.
    fn finds_in_hand(&self, start: VirtualTime, end: VirtualTime) -> bool {
        start <= self.at && self.at <= start.after(COMMIT_PERIOD).max(end)
    }
}

/// What all tenants of an observation have in common.
#[derive(Clone)]
pub(crate) struct Scene<'a> {
    pub(crate) seen: &'a Observation,
    pub(crate) contracts: &'a Contracts,
    pub(crate) persistence: Persistence,
    /// What judging may cost.
    pub(super) bound: Rc<Bound<'a>>,
    pub(crate) kills: Vec<Kill>,
    pub(super) clocks: Clocks,
    pub(super) again: Rc<Again>,
    /// Records that say nothing that may be acted on.
    pub(crate) poison: BTreeSet<RecordId>,
    /// Inputs that some readers refuse: a member is named twice in them.
    pub(super) open: BTreeSet<RecordId>,
    pub(super) found: Rc<Index>,
    /// The channels that the subject reads.
    reads: BTreeSet<ChannelIx>,
    /// Those of them whose key some document names.
    ordered: BTreeSet<ChannelIx>,
    by: Option<ServiceIx>,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        seen: &'a Observation,
        judging: &Judging,
        stop: &'a dyn Fn() -> bool,
    ) -> Self {
        let contracts = seen.history.contracts();
        let reads: BTreeSet<_> =
            contracts.consumed_by(&seen.subject).unwrap_or_default().into_iter().collect();
        let documented = |channel: &ChannelIx| contracts.has_documented_key(*channel);
        let by = seen.history.services().iter().position(|name| *name == seen.subject);
        let by = by.and_then(|at| u16::try_from(at).ok()).map(ServiceIx);
        let ordered = reads.iter().copied().filter(documented).collect();
        let mut scene = Self {
            seen,
            contracts,
            persistence: judging.persistence,
            bound: Rc::new(Bound::new(stop, seen.history.records().len())),
            kills: Vec::new(),
            clocks: Clocks::granted(judging.clock_skew),
            again: Rc::default(),
            poison: BTreeSet::new(),
            open: BTreeSet::new(),
            found: Rc::default(),
            reads,
            ordered,
            by,
        };
        scene.found = Rc::new(scene.index());
        scene.clocks = Clocks::proven(&scene);
        scene.kills = scene.find_kills();
        scene.again = Rc::new(Again::of(&scene));
        scene.open = scene.find_open();
        scene.poison = scene.find_poison();
        scene
    }

    /// A record: `#7 ban.command/DELETE`.
    pub(crate) fn tell(&self, record: RecordId) -> String {
        format!("{record} {}", self.name(record))
    }

    /// What a record is, as its channel and its message.
    pub(crate) fn name(&self, record: RecordId) -> String {
        let history = &self.seen.history;
        history.message_name(history.record(record))
    }

    /// The records that a service without any state says it cannot read.
    fn find_poison(&self) -> BTreeSet<RecordId> {
        let Some(fresh) = self.contracts.packs().model(&self.seen.subject) else {
            return BTreeSet::new();
        };
        let tenant = Tenant { id: uuid::Uuid::nil(), region: "".into(), major: 0, minor: 0 };
        let runner = Runner::new(self, &tenant, false);
        let records = self.seen.history.records().iter();
        let inputs = records.filter(|placed| self.is_input(placed.id));
        let poison = inputs.filter(|placed| {
            let input = self.receive(placed.id);
            let call = Call::Input(&input);
            let outcomes = runner.first_outcomes(&*fresh, call, placed.at, &Offered::default());
            outcomes.iter().any(|outcome| outcome.applied.contains(&self.roles().unreadable))
        });
        poison.map(|placed| placed.id).collect()
    }

    /// Whether the subject wrote a record.
    pub(crate) fn is_output(&self, record: RecordId) -> bool {
        match self.seen.history.record(record).producer {
            Producer::Test => false,
            Producer::Service { service, .. } => Some(service) == self.by,
        }
    }

    /// Whether a record is one that the subject had to read; what it was not seen to read says
    /// nothing about it.
    pub(crate) fn is_input(&self, record: RecordId) -> bool {
        let channel = self.seen.history.record(record).channel;
        self.reads.contains(&channel) && !self.seen.unread.contains(&record)
    }

    /// Whether the subject reads a channel.
    pub(super) fn does_read(&self, channel: ChannelIx) -> bool {
        self.reads.contains(&channel)
    }

    pub(crate) fn trace(&self, record: RecordId) -> Option<u128> {
        let headers = &self.seen.history.record(record).record.headers;
        headers.trace().map(|parent| parent.trace)
    }

    /// The subject's records, in the order in which they were seen.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = RecordId> {
        let records = self.seen.history.records().iter().map(|placed| placed.id);
        records.filter(|record| self.is_output(*record))
    }

    fn find_kills(&self) -> Vec<Kill> {
        let mut kills: Vec<Kill> = Vec::new();
        for entry in self.seen.history.entries() {
            match &entry.event {
                Event::Crashed { service } if Some(*service) == self.by => {
                    let never = VirtualTime::NEVER;
                    kills.push(Kill { at: entry.at, restarted: never, reads: never });
                }
                Event::Restarted { service } if Some(*service) == self.by => {
                    if let Some(kill) = kills.last_mut() {
                        kill.restarted = entry.at;
                    }
                }
                _ => {}
            }
        }
        for kill in &mut kills {
            let late = |record: &RecordId| {
                self.is_input(*record) && self.seen.history.record(*record).at >= kill.at
            };
            let records = self.seen.history.records().iter().map(|placed| placed.id);
            let traces: BTreeSet<_> =
                records.filter(late).filter_map(|record| self.trace(record)).collect();
            let mut answers = self
                .outputs()
                .filter(|record| self.trace(*record).is_some_and(|t| traces.contains(&t)));
            let sign = answers.next().map(|record| self.seen.history.record(record).at);
            let latest = kill.restarted.after(REASSIGNMENT);
            kill.reads = sign.map_or(latest, |sign| sign.min(latest));
        }
        kills
    }

    /// Gives a model what the tenant had from the start.
    pub(crate) fn provide(&self, tenant: &Tenant, model: &mut dyn Model) {
        for provided in self.seen.given.iter().filter(|one| one.tenant == *tenant) {
            let given = Given { settings: provided.settings.as_ref(), data: &provided.data };
            // What it cannot take it does not have.
            let _ = model.configure(tenant, &given);
        }
    }

    /// The cases of all tenants that the subject has to do with.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let mut cases: BTreeMap<Tenant, Case> = BTreeMap::new();
        let of = |tenant: &Tenant| Case { tenant: tenant.clone(), inputs: vec![], outputs: vec![] };
        for placed in self.seen.history.records() {
            let Ok(tenant) = placed.record.headers.tenant() else { continue };
            if self.is_input(placed.id) && !self.is_output(placed.id) {
                let case = cases.entry(tenant.clone()).or_insert_with(|| of(tenant));
                case.inputs.push(self.receive(placed.id));
            }
        }
        for (at, asked) in self.seen.asked.iter().enumerate() {
            let case = cases.entry(asked.tenant.clone()).or_insert_with(|| of(&asked.tenant));
            case.inputs.push(self.asked(at, asked));
        }
        let mut cases: Vec<_> = cases.into_values().collect();
        for case in &mut cases {
            self.complete(case, &[]);
        }
        cases
    }

    pub(super) fn receive(&self, record: RecordId) -> Input {
        let (start, latest) = (self.earliest(record), self.latest(record));
        let end = latest.max(self.handled_at(record)).after(self.seen.settle);
        let mut input = self.input(Act::Record(record), start, end, self.trace(record));
        input.again = self.again.since.get(&record).copied().or(input.again);
        input.is_open = self.open.contains(&record);
        input
    }

    /// Whether an input was sent so shortly before a kill that it was hardly committed by then.
    pub(super) fn was_in_hand(&self, record: RecordId) -> bool {
        let (start, end) = (self.earliest(record), self.latest(record).after(self.seen.settle));
        self.kills.iter().any(|kill| kill.finds_in_hand(start, end))
    }

    pub(super) fn asked(&self, at: usize, asked: &Asked) -> Input {
        match asked.what {
            What::Query => {
                let mut input = self.input(Act::Query(at), asked.from, asked.to, None);
                input.end = asked.to;
                input.bound = asked.to;
                (input.skippable, input.lossy, input.again) = (false, false, None);
                input
            }
            What::Stimulus => {
                let end = asked.to.after(self.seen.settle);
                self.input(Act::Stimulus(at), asked.from, end, None)
            }
        }
    }

    /// An input that takes effect from `start` on, and is settled at `end`.
    fn input(
        &self,
        act: Act,
        start: VirtualTime,
        mut end: VirtualTime,
        trace: Option<u128>,
    ) -> Input {
        let (mut again, mut lossy) = (None, false);
        for kill in &self.kills {
            if kill.finds_in_hand(start, end) {
                again = again.or(Some(kill.at));
            }
            lossy |= start <= kill.at && kill.at <= end;
            // Alive or not, nothing is read from the kill on until the group has its partitions.
            if start <= kill.reads && kill.at <= end {
                end = end.max(kill.reads.after(self.seen.settle));
            }
        }
        lossy |= end > self.seen.ended;
        Input {
            act,
            start,
            end,
            bound: end,
            likely: start.after(LIKELY),
            trace,
            after: None,
            skippable: lossy,
            lossy,
            again,
            is_open: false,
            is_adopted: false,
        }
    }

    /// Puts the inputs in order, and adds what depends on all of them.
    pub(super) fn complete(&self, case: &mut Case, more: &[RecordId]) {
        for (number, kill) in self.kills.iter().enumerate() {
            let mut restart = self.input(Act::Restart(number), kill.at, kill.restarted, None);
            restart.end = kill.restarted;
            restart.bound = kill.restarted;
            (restart.skippable, restart.lossy, restart.again) = (false, false, None);
            case.inputs.push(restart);
        }
        case.inputs.sort_by_key(|input| input.start);
        self.link(case);
        let by_trace = self.by_trace(case);
        let of_tenant = self.found.events_of.get(&case.tenant).into_iter().flatten();
        let traced = by_trace.keys().filter_map(|trace| self.found.events.get(trace)).flatten();
        let all = of_tenant.chain(traced).chain(more).copied();
        let candidates: BTreeSet<_> = all.chain(self.known_events(case)).collect();
        for record in candidates {
            if more.contains(&record) || self.tenant_of(record, case, &by_trace) {
                case.outputs.push(self.output(record, &by_trace, case));
            }
        }
        self.release(case);
        self.double(case);
        self.bind(case);
    }

    /// Marks events that may have come once more after a kill.
    fn double(&self, case: &mut Case) {
        for at in 0..case.outputs.len() {
            let output = &case.outputs[at];
            let mut kills: Vec<_> =
                output.causes.iter().filter_map(|cause| case.inputs[*cause].again).collect();
            if output.causes.is_empty() {
                kills.extend(self.kills.iter().map(|kill| kill.at));
            }
            let after = |kill: &VirtualTime| *kill <= output.seen;
            let same =
                |earlier: &Output| earlier.shape == output.shape && earlier.causes == output.causes;
            let doubled = kills.iter().any(after) && case.outputs[..at].iter().any(same);
            case.outputs[at].doubled = doubled;
        }
    }

    fn by_trace(&self, case: &Case) -> BTreeMap<u128, Vec<usize>> {
        let mut by_trace: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
        for (at, input) in case.inputs.iter().enumerate() {
            if let Some(trace) = input.trace {
                by_trace.entry(trace).or_default().push(at);
            }
        }
        by_trace
    }

    /// Whether an event is the tenant's: by the trace of its cause, else by its headers.
    fn tenant_of(
        &self,
        record: RecordId,
        case: &Case,
        by_trace: &BTreeMap<u128, Vec<usize>>,
    ) -> bool {
        if let Some(known) = self.known_causes(record, case) {
            return !known.is_empty();
        }
        let placed = self.seen.history.record(record);
        let until = self.latest(record).after(self.clocks.skew);
        if placed.record.headers.tenant().ok() == Some(&case.tenant) {
            return !self.is_caused_elsewhere(record, by_trace);
        }
        let trace = self.trace(record);
        trace.is_some_and(|trace| {
            by_trace
                .get(&trace)
                .is_some_and(|inputs| inputs.iter().any(|at| case.inputs[*at].start <= until))
        })
    }

    /// Whether the event's trace belongs to an input, and to none of this tenant.
    fn is_caused_elsewhere(&self, record: RecordId, own: &BTreeMap<u128, Vec<usize>>) -> bool {
        let Some(trace) = self.trace(record) else { return false };
        let until = self.latest(record).after(self.clocks.skew);
        let before = |placed: &Placed| self.earliest(placed.id) <= until;
        let mut causes = self.inputs_with(trace).filter(|placed| before(placed));
        !own.contains_key(&trace) && causes.any(|placed| placed.record.headers.tenant().is_ok())
    }

    fn output(
        &self,
        record: RecordId,
        by_trace: &BTreeMap<u128, Vec<usize>>,
        case: &Case,
    ) -> Output {
        let placed = self.seen.history.record(record);
        let inputs = self.trace(record).and_then(|trace| by_trace.get(&trace));
        let seen = self.latest(record);
        let before = |at: &&usize| self.may_cause(&case.inputs[**at], (record, seen));
        let by_trace = || inputs.into_iter().flatten().filter(before).copied().collect();
        let causes = self.known_causes(record, case).unwrap_or_else(by_trace);
        let shape = Shape::of(self.contracts, &self.seen.subject, placed.channel, &placed.record);
        Output { record, seen, shape, causes, spoiled: false, doubled: false }
    }

    /// Finds for each input the one before it in its partition that it may not overtake.
    fn link(&self, case: &mut Case) {
        let mut last: BTreeMap<(ChannelIx, Partition, KeyBytes), usize> = BTreeMap::new();
        for at in 0..case.inputs.len() {
            let Act::Record(record) = case.inputs[at].act else { continue };
            let placed = self.seen.history.record(record);
            let Some(key) = placed.record.key.clone() else { continue };
            if self.ordered.contains(&placed.channel) {
                case.inputs[at].after = last.insert((placed.channel, placed.partition, key), at);
            }
        }
    }
}
