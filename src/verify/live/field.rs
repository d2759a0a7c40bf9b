//! The field of observation: what is sent, what is seen, and when.
//!
//! What always holds: everything is on one clock, that of this machine; a record of ours is known
//! by where the broker put it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::contract::{Action, Contract, Contracts, without_words};
use crate::history::{Event, History, Producer, ServiceIx};
use crate::kafka::{Sender, Tap, TapError, wall_ms};
use crate::message::{
    ChannelIx, Json, Offset, Outgoing, Partition, Record, Tenant, TraceParent, VirtualTime,
};
use crate::verify::{Asked, Gap, Hole, Observation, Offsets, Provided};

use super::VerifyError;
use super::lane::Lane;
use super::reading::{Place, Reading};

/// A record's own time counts where it is not further from ours.
const CLOCKS_APART_MS: i64 = 60_000;

/// A record that was seen, ours or not.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// When we began to send it, or when it was first seen; Unix milliseconds.
    pub(super) at_ms: i64,
    pub(super) channel: ChannelIx,
    pub(super) partition: Partition,
    pub(super) offset: Offset,
    pub(super) record: Record,
    /// Whether we sent it.
    pub(super) ours: bool,
}

/// Something that happened to the implementation's process or its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Its process was killed, or ended.
    Killed,
    /// It takes inputs again.
    Back,
    /// What was seen of its group or its readers, in words.
    Seen(String),
}

/// A record to be sent, its trace, and to which partition; where none is named, its key says.
pub(super) type ToSend = (Outgoing, TraceParent, Option<Partition>);

/// What is looked at.
pub(super) struct Of {
    pub(super) tenants: BTreeSet<Tenant>,
    /// Of what has no tenant, only what has these traces, or none; everything where none are named.
    pub(super) traces: Option<BTreeSet<u128>>,
}

impl Of {
    /// What one script has to do with.
    pub(super) fn lane(lane: &Lane) -> Self {
        let traces = lane.inputs(|_| true).iter().map(|input| input.trace).collect();
        Self { tenants: lane.tenants.iter().cloned().collect(), traces: Some(traces) }
    }

    fn has(&self, heard: &Heard) -> bool {
        let headers = &heard.record.headers;
        match (headers.tenant(), &self.traces) {
            (Ok(tenant), _) => self.tenants.contains(tenant),
            (Err(_), None) => true,
            (Err(_), Some(traces)) => match headers.trace() {
                Some(trace) => traces.contains(&trace.trace),
                None => !heard.ours,
            },
        }
    }
}

/// Everything that was sent and seen.
pub(super) struct Field {
    contracts: Arc<Contracts>,
    subject: String,
    sender: Sender,
    tap: Tap,
    /// What the implementation reads.
    reads: BTreeSet<ChannelIx>,
    /// What it sends on.
    pub(super) sends: BTreeSet<ChannelIx>,
    /// Where nobody is documented to send; looked at only where the implementation must be silent.
    unclaimed: BTreeSet<ChannelIx>,
    /// Where the broker put our records, with when we sent them.
    ours: BTreeMap<(ChannelIx, Partition, Offset), i64>,
    /// By the trace of each.
    placed: BTreeMap<u128, (Place, Offset)>,
    pub(super) reading: Reading,
    answered: BTreeSet<u128>,
    /// Since when, in Unix milliseconds, what was not answered may have been in the hands of an
    /// implementation that stopped for good: committed, perhaps, and not handled.
    pub(super) in_hand_since_ms: Option<i64>,
    /// Sensitive values that were sent.
    secrets: BTreeSet<String>,
    tenants: BTreeSet<Tenant>,
    pub(super) heard: Vec<Heard>,
    pub(super) turns: Vec<(i64, Turn)>,
    /// When its group was seen to lose partitions, in Unix milliseconds.
    pub(super) lost_ms: Vec<i64>,
    /// The offsets of each partition that were seen, and when the last of them was.
    offsets: BTreeMap<Place, (Offsets, i64)>,
    /// The gaps between them, each with between which moments it lies, in Unix milliseconds.
    gaps: Vec<(Place, Gap, (i64, i64))>,
    pub(super) asked: Vec<Asked>,
    pub(super) given: Vec<Provided>,
}

impl Field {
    pub(super) fn new(
        contracts: Arc<Contracts>,
        subject: &str,
        (sender, tap): (Sender, Tap),
    ) -> Self {
        let sends = sent_by(&contracts, subject);
        let unclaimed = if sends.is_empty() { unclaimed(&contracts) } else { BTreeSet::new() };
        let reads = contracts.consumed_by(subject).unwrap_or_default().into_iter().collect();
        Self {
            unclaimed,
            reads,
            contracts,
            subject: subject.to_owned(),
            sender,
            tap,
            sends,
            ours: BTreeMap::new(),
            placed: BTreeMap::new(),
            reading: Reading::default(),
            answered: BTreeSet::new(),
            in_hand_since_ms: None,
            secrets: BTreeSet::new(),
            tenants: BTreeSet::new(),
            heard: Vec::new(),
            turns: Vec::new(),
            lost_ms: Vec::new(),
            offsets: BTreeMap::new(),
            gaps: Vec::new(),
            asked: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Makes a tenant one of ours.
    pub(super) fn admit(&mut self, tenant: &Tenant) {
        self.tenants.insert(tenant.clone());
    }

    /// Sends records at once, and waits until the broker has them all; when they were sent.
    pub(super) fn send(&mut self, records: &[ToSend]) -> Result<i64, VerifyError> {
        let at_ms = wall_ms();
        let sent = records.iter().map(|(outgoing, _, partition)| (outgoing, *partition));
        let sent = self.sender.send_all(sent);
        for ((outgoing, trace, _), placed) in records.iter().zip(sent) {
            let placed = placed?;
            self.ours.insert((outgoing.channel, placed.partition, placed.offset), at_ms);
            let place = (outgoing.channel, placed.partition);
            self.placed.insert(trace.trace, (place, placed.offset));
            self.reading.sent(place, placed.offset, at_ms);
            if let Some(value) = outgoing.record.value_bytes().and_then(|it| Json::parse(it).ok()) {
                self.secrets.extend(self.contracts.secrets_of(&value));
            }
        }
        Ok(at_ms)
    }

    /// Notes that an input was answered.
    pub(super) fn answered(&mut self, trace: u128, at_ms: i64) {
        if let Some((place, offset)) = self.place_of(trace) {
            self.reading.answered(place, offset, at_ms);
            self.answered.insert(trace);
        }
    }

    /// The last record of ours in a partition.
    pub(super) fn last_sent(&self, (channel, partition): Place) -> Offset {
        let all = (channel, partition, Offset(0))..=(channel, partition, Offset(u64::MAX));
        let last = self.ours.range(all).next_back();
        last.map_or(Offset(0), |((_, _, offset), _)| *offset)
    }

    /// A text without the values that contracts call sensitive and that were sent.
    pub(super) fn redacted(&self, text: &str) -> String {
        // The longest first: one may be part of another.
        let mut secrets: Vec<_> = self.secrets.iter().map(String::as_str).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        without_words(text, secrets)
    }

    /// Where the record with a trace lies.
    pub(super) fn place_of(&self, trace: u128) -> Option<(Place, Offset)> {
        self.placed.get(&trace).copied()
    }

    /// The partitions of a channel.
    pub(super) fn partitions(&self, channel: ChannelIx) -> Vec<Partition> {
        let all = self.tap.starts().keys().filter(|(one, _)| *one == channel);
        all.map(|(_, partition)| *partition).collect()
    }

    /// Whether the broker may be gone, by what is known.
    pub(super) fn is_broker_away(&self) -> bool {
        self.tap.is_in_trouble()
    }

    /// Whether an input was read, as far as can be seen.
    pub(super) fn has_read(&self, trace: u128) -> bool {
        self.place_of(trace).is_some_and(|(place, offset)| self.reading.has_read(place, offset))
    }

    /// Reads what has come, for at most `wait`; how many of the implementation's records were
    /// among it, from which place in `heard` on.
    pub(super) fn listen(&mut self, wait: Duration) -> Result<usize, TapError> {
        let before = self.heard.len();
        let mut wait = wait;
        // What has come already is taken at once, but never without end.
        for _ in 0..2_000 {
            let Some(tapped) = self.tap.poll(wait)? else {
                break;
            };
            wait = Duration::ZERO;
            let place = (tapped.channel, tapped.partition, tapped.offset);
            let ours = self.ours.get(&place).copied();
            self.note_offset((place.0, place.1), tapped.offset, tapped.seen_ms);
            // An input of a stand-in was there for the implementation before we saw it.
            let written_ms = (tapped.seen_ms - tapped.timestamp_ms).abs() < CLOCKS_APART_MS;
            let is_input = !self.sends.contains(&tapped.channel);
            if ours.is_none() && self.reads.contains(&tapped.channel) {
                self.reading.sent((tapped.channel, tapped.partition), tapped.offset, wall_ms());
            }
            let at_ms = match ours {
                Some(sent_ms) => sent_ms,
                None if is_input && written_ms => tapped.timestamp_ms.min(tapped.seen_ms),
                None => tapped.seen_ms,
            };
            let heard = Heard {
                at_ms,
                channel: tapped.channel,
                partition: tapped.partition,
                offset: tapped.offset,
                record: tapped.record,
                ours: ours.is_some(),
            };
            if self.concerns_us(&heard) {
                self.heard.push(heard);
            }
        }
        Ok(before)
    }

    fn note_offset(&mut self, place: Place, offset: Offset, seen_ms: i64) {
        let (offsets, last_ms) = self.offsets.entry(place).or_insert((Offsets::default(), seen_ms));
        if let Some(gap) = offsets.note(offset) {
            self.gaps.push((place, gap, (*last_ms, seen_ms)));
        }
        *last_ms = seen_ms;
    }

    /// The offsets at which a record may lie that was not seen.
    fn holes(&self) -> Vec<Hole> {
        let is_hole = |(place, gap, _): &&(Place, Gap, (i64, i64))| {
            self.offsets.get(place).is_some_and(|(offsets, _)| !offsets.is_marker(gap))
        };
        let hole = |((channel, partition), gap, (from, until)): &(Place, Gap, (i64, i64))| Hole {
            channel: *channel,
            partition: *partition,
            offsets: gap.offsets,
            between: (VirtualTime::from_unix_ms(*from), VirtualTime::from_unix_ms(*until)),
        };
        self.gaps.iter().filter(is_hole).map(hole).collect()
    }

    /// Whether a record belongs to this run: others may use the broker, too. What the
    /// implementation sends for nobody is its own.
    fn concerns_us(&self, heard: &Heard) -> bool {
        let headers = &heard.record.headers;
        let tenant = headers.tenant();
        let sent = self.sends.contains(&heard.channel);
        heard.ours
            || tenant.map_or(sent, |tenant| self.tenants.contains(tenant))
            || headers.trace().is_some_and(|trace| self.placed.contains_key(&trace.trace))
    }

    /// Whether a record is for the implementation to read, and it was not seen to do so. Where
    /// nothing ever shows how far it has read, only its answers to questions can.
    fn is_unread(&self, heard: &Heard) -> bool {
        let is_input = self.reads.contains(&heard.channel) && !self.is_subjects(heard);
        let shows = self.reading.is_seen(heard.channel) || self.asked.is_empty();
        let place = (heard.channel, heard.partition);
        is_input
            && (shows && !self.reading.has_read(place, heard.offset) || self.was_in_hand(heard))
    }

    fn was_in_hand(&self, heard: &Heard) -> bool {
        let trace = heard.record.headers.trace();
        let is_answered = trace.is_some_and(|trace| self.answered.contains(&trace.trace));
        self.in_hand_since_ms.is_some_and(|since_ms| heard.at_ms >= since_ms) && !is_answered
    }

    /// Whether the implementation sent a record.
    pub(super) fn is_subjects(&self, heard: &Heard) -> bool {
        let channel = &heard.channel;
        !heard.ours && (self.sends.contains(channel) || self.unclaimed.contains(channel))
    }

    /// What was seen, as it is judged; of what happened to the process and its group, what came
    /// after the first record.
    pub(super) fn observation(&self, of: &Of, settle: Duration) -> Observation {
        let services: Vec<_> =
            self.contracts.contracts().iter().map(|one| one.service.clone()).collect();
        let subject = services.iter().position(|name| *name == self.subject).unwrap_or_default();
        let mut history = History::new(Arc::clone(&self.contracts), services);
        let mut heard: Vec<_> = self.heard.iter().filter(|heard| of.has(heard)).collect();
        heard.sort_by_key(|heard| (heard.at_ms, !heard.ours, heard.partition, heard.offset));
        let first_ms = heard.first().map_or(i64::MIN, |first| first.at_ms);
        let mut turns: Vec<_> = self.turns.iter().filter(|(at, _)| *at >= first_ms).collect();
        turns.sort_by_key(|(at, _)| *at);
        let mut turns = turns.into_iter().peekable();
        let subject = ServiceIx(u16::try_from(subject).unwrap_or_default());
        let mut unread = BTreeSet::new();
        let mut turn = |history: &mut History, until: i64| {
            while let Some((at, turn)) = turns.next_if(|(at, _)| *at <= until) {
                let event = match turn {
                    Turn::Killed => Event::Crashed { service: subject },
                    Turn::Back => Event::Restarted { service: subject },
                    Turn::Seen(what) => {
                        Event::Observed { service: subject, what: what.as_str().into() }
                    }
                };
                history.push(VirtualTime::from_unix_ms(*at), event);
            }
        };
        for heard in heard {
            turn(&mut history, heard.at_ms);
            let place = (heard.channel, heard.partition, heard.offset);
            let at = VirtualTime::from_unix_ms(heard.at_ms);
            let producer = self.producer(heard);
            let record = history.append(at, place, heard.record.clone(), producer);
            if self.is_unread(heard) {
                unread.insert(record);
            }
        }
        turn(&mut history, i64::MAX);
        let ended = VirtualTime::from_unix_ms(wall_ms());
        let asked = self.asked.iter().filter(|asked| of.tenants.contains(&asked.tenant));
        let given = self.given.iter().filter(|given| of.tenants.contains(&given.tenant));
        Observation {
            asked: asked.cloned().collect(),
            given: given.cloned().collect(),
            unread,
            holes: self.holes(),
            lost_partitions: self.lost_ms.iter().map(|ms| VirtualTime::from_unix_ms(*ms)).collect(),
            ..Observation::new(history, &self.subject, ended, settle)
        }
    }

    fn producer(&self, heard: &Heard) -> Producer {
        let name = self.contracts.channel_name(heard.channel);
        let does = |one: &Contract| match self.is_subjects(heard) {
            true => one.service == self.subject,
            false => one.does(Action::Send, name),
        };
        let sends = self.contracts.contracts().iter().position(does);
        match sends.and_then(|at| u16::try_from(at).ok()).filter(|_| !heard.ours) {
            Some(at) => Producer::Service { service: ServiceIx(at), cause: None },
            None => Producer::Test,
        }
    }
}

/// The channels on which no service sends.
fn unclaimed(contracts: &Contracts) -> BTreeSet<ChannelIx> {
    let all = contracts.contracts().iter();
    let sent: BTreeSet<_> = all.flat_map(|one| sent_by(contracts, &one.service)).collect();
    let channels = contracts.channels().iter().map(|one| one.index);
    channels.filter(|channel| !sent.contains(channel)).collect()
}

/// The channels on which a service sends.
fn sent_by(contracts: &Contracts, service: &str) -> BTreeSet<ChannelIx> {
    let contract = contracts.contract(service);
    let sends = |name: &str| contract.is_some_and(|contract| contract.does(Action::Send, name));
    contracts.channels().iter().filter(|one| sends(&one.name)).map(|one| one.index).collect()
}
