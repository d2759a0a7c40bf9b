//! What was seen of an implementation under test, and how it is to be judged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Hole;
use crate::contract::KeyEncoding;
use crate::history::History;
use crate::message::{Json, RecordId, Tenant, VirtualTime};
use crate::rule::RuleId;

/// What was seen of an implementation, from outside.
#[derive(Clone, Debug)]
pub struct Observation {
    /// All records in the order in which they were seen, on one clock, with who wrote them:
    /// [`crate::history::Producer::Test`] for inputs of ours, a service without a cause for all
    /// others; and where the implementation was killed and started again.
    pub history: History,
    /// The service that the implementation stands for, e.g. `ban`.
    pub subject: String,
    /// Up to when it was watched.
    pub ended: VirtualTime,
    /// How long after an input an answer may still come.
    pub settle: Duration,
    /// What was told or asked besides records, in order.
    pub asked: Vec<Asked>,
    /// The inputs that were not seen to be read: neither they nor any behind them in their
    /// partition was answered or committed, or they were skipped on the implementation's behalf.
    /// Nothing is held against anybody for their sake, and they exercise no rule.
    pub unread: BTreeSet<RecordId>,
    /// Records of which it is not known when they were written: between which moments that was. In
    /// the history they stand at the earlier one.
    pub between: BTreeMap<RecordId, (VirtualTime, VirtualTime)>,
    /// Offsets at which a record may lie that was not seen: nothing is held against anybody that it
    /// could explain.
    pub holes: Vec<Hole>,
    /// When the implementation's group was seen to lose partitions on its own.
    pub lost_partitions: Vec<VirtualTime>,
    /// What the implementation was known to have from the start, by tenant: settings, and data that
    /// it looks up.
    pub given: Vec<Provided>,
    /// In which order inputs took effect, where that is known, as it is in simulation.
    pub order: Option<KnownOrder>,
}

/// The order in which inputs took effect: places in one sequence; and what they caused.
#[derive(Clone, Debug, Default)]
pub struct KnownOrder {
    /// Of each record that was handled, and when it was.
    pub records: BTreeMap<RecordId, (usize, VirtualTime)>,
    /// Of each stimulus and query, as [`Observation::asked`] lists them.
    pub asked: Vec<usize>,
    /// What caused the events of which that is known.
    pub causes: BTreeMap<RecordId, KnownCause>,
}

/// What is known to have caused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownCause {
    /// A record.
    Record(RecordId),
    /// A stimulus, by its place in [`Observation::asked`].
    Asked(usize),
}

impl Observation {
    /// An implementation of `subject` that was told and asked nothing but what its records say.
    #[must_use]
    pub fn new(
        history: History,
        subject: impl Into<String>,
        ended: VirtualTime,
        settle: Duration,
    ) -> Self {
        let subject = subject.into();
        let (asked, given, unread) = (Vec::new(), Vec::new(), BTreeSet::new());
        let (between, holes, lost_partitions) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            history,
            subject,
            ended,
            settle,
            asked,
            unread,
            between,
            holes,
            lost_partitions,
            given,
            order: None,
        }
    }
}

/// What a tenant of the implementation had from the start; see [`crate::service::Given`].
#[derive(Clone, Debug)]
pub struct Provided {
    /// Which tenant.
    pub tenant: Tenant,
    /// The subject's settings.
    pub settings: Option<Json>,
    /// Data by name, each a list.
    pub data: Vec<(String, Json)>,
}

/// A stimulus or a query, with its answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// When it was given.
    pub from: VirtualTime,
    /// When the answer was there.
    pub to: VirtualTime,
    /// For which tenant.
    pub tenant: Tenant,
    /// Of which kind.
    pub what: What,
    /// Its name without the service, e.g. `check` of `ban.check`.
    pub name: String,
    /// Its arguments.
    pub args: Json,
    /// What came back.
    pub answer: Json,
}

/// Something that does not come through Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Something happens to the implementation.
    Stimulus,
    /// It is asked for a state that no message shows.
    Query,
}

/// How an observation is judged.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// Only these rules; all that concern the subject where not given.
    pub rules: Option<BTreeSet<RuleId>>,
    /// How ids become keys; where not given, equal ids must have equal keys and different ids
    /// different ones.
    pub keys: Option<KeyEncoding>,
    /// What a restart leaves of the state.
    pub persistence: Persistence,
    /// Clocks may differ by this much at least; by how much they do is estimated from events that
    /// were stamped before what caused them.
    pub clock_skew: Duration,
}

/// What a restart leaves of the state (COM-9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Everything that events have announced.
    #[default]
    Kept,
    /// Nothing: the implementation starts empty, and says so.
    Empty,
}
