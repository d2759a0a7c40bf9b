//! The field of observation: what is sent, what is seen, and when.
//!
//! What always holds: everything is on one clock, that of this machine; a record of ours is known
//! by where the broker put it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::contract::{Action, Contract, Contracts};
use crate::history::{Event, History, Producer, ServiceIx};
use crate::kafka::{Lag, Sender, Tap, TapError, wall_ms};
use crate::message::{
    ChannelIx, Offset, Outgoing, Partition, Record, Tenant, TraceParent, VirtualTime,
};
use crate::verify::{Asked, Observation, Provided};

use super::VerifyError;
use super::lane::Lane;

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

/// Something that happened to the implementation's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Killed,
    Back,
}

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
    /// What the implementation sends on.
    pub(super) sends: BTreeSet<ChannelIx>,
    /// Where nobody is documented to send; looked at only where the implementation must be silent.
    unclaimed: BTreeSet<ChannelIx>,
    /// Where the broker put our records, with when we sent them.
    ours: BTreeMap<(ChannelIx, Partition, Offset), i64>,
    traces: BTreeSet<u128>,
    tenants: BTreeSet<Tenant>,
    pub(super) heard: Vec<Heard>,
    pub(super) turns: Vec<(i64, Turn)>,
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
        Self {
            unclaimed,
            contracts,
            subject: subject.to_owned(),
            sender,
            tap,
            sends,
            ours: BTreeMap::new(),
            traces: BTreeSet::new(),
            tenants: BTreeSet::new(),
            heard: Vec::new(),
            turns: Vec::new(),
            asked: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Makes a tenant one of ours.
    pub(super) fn admit(&mut self, tenant: &Tenant) {
        self.tenants.insert(tenant.clone());
    }

    /// Sends records at once, and waits until the broker has them all; when they were sent.
    pub(super) fn send(&mut self, records: &[(Outgoing, TraceParent)]) -> Result<i64, VerifyError> {
        let at_ms = wall_ms();
        let sent = self.sender.send_all(records.iter().map(|(outgoing, _)| (outgoing, None)));
        for ((outgoing, trace), placed) in records.iter().zip(sent) {
            let placed = placed?;
            self.ours.insert((outgoing.channel, placed.partition, placed.offset), at_ms);
            self.traces.insert(trace.trace);
        }
        Ok(at_ms)
    }

    /// How many records of ours lie where a group has not committed.
    pub(super) fn sent_from(&self, lag: &Lag) -> usize {
        let committed = Offset(lag.committed.unwrap_or(0).unsigned_abs());
        let from = (lag.channel, lag.partition, committed);
        let to = (lag.channel, lag.partition, Offset(u64::MAX));
        self.ours.range(from..=to).count()
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
            // An input of a stand-in was there for the implementation before we saw it.
            let written_ms = (tapped.seen_ms - tapped.timestamp_ms).abs() < CLOCKS_APART_MS;
            let is_input = !self.sends.contains(&tapped.channel);
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

    /// Whether a record belongs to this run: others may use the broker, too. What the
    /// implementation sends for nobody is its own.
    fn concerns_us(&self, heard: &Heard) -> bool {
        let headers = &heard.record.headers;
        let tenant = headers.tenant();
        let sent = self.sends.contains(&heard.channel);
        heard.ours
            || tenant.map_or(sent, |tenant| self.tenants.contains(tenant))
            || headers.trace().is_some_and(|trace| self.traces.contains(&trace.trace))
    }

    /// Whether the implementation sent a record.
    pub(super) fn is_subjects(&self, heard: &Heard) -> bool {
        let channel = &heard.channel;
        !heard.ours && (self.sends.contains(channel) || self.unclaimed.contains(channel))
    }

    /// What was seen, as it is judged; of kills, those since the first record.
    pub(super) fn observation(&self, of: &Of, settle: Duration) -> Observation {
        let services: Vec<_> =
            self.contracts.contracts().iter().map(|one| one.service.clone()).collect();
        let subject = services.iter().position(|name| *name == self.subject).unwrap_or_default();
        let mut history = History::new(Arc::clone(&self.contracts), services);
        let mut heard: Vec<_> = self.heard.iter().filter(|heard| of.has(heard)).collect();
        heard.sort_by_key(|heard| (heard.at_ms, !heard.ours, heard.partition, heard.offset));
        let first_ms = heard.first().map_or(i64::MIN, |first| first.at_ms);
        let since =
            self.turns.iter().position(|(at, turn)| *at >= first_ms && *turn == Turn::Killed);
        let mut turns = self.turns[since.unwrap_or(self.turns.len())..].iter().peekable();
        let subject = ServiceIx(u16::try_from(subject).unwrap_or_default());
        let mut turn = |history: &mut History, until: i64| {
            while let Some((at, turn)) = turns.next_if(|(at, _)| *at <= until) {
                let event = match turn {
                    Turn::Killed => Event::Crashed { service: subject },
                    Turn::Back => Event::Restarted { service: subject },
                };
                history.push(VirtualTime::from_unix_ms(*at), event);
            }
        };
        for heard in heard {
            turn(&mut history, heard.at_ms);
            let place = (heard.channel, heard.partition, heard.offset);
            let at = VirtualTime::from_unix_ms(heard.at_ms);
            let producer = self.producer(heard);
            history.append(at, place, heard.record.clone(), producer);
        }
        turn(&mut history, i64::MAX);
        let ended = VirtualTime::from_unix_ms(wall_ms());
        let asked = self.asked.iter().filter(|asked| of.tenants.contains(&asked.tenant));
        let given = self.given.iter().filter(|given| of.tenants.contains(&given.tenant));
        Observation {
            asked: asked.cloned().collect(),
            given: given.cloned().collect(),
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
