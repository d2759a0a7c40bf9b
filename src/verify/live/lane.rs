//! One script under way, on tenants of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::field::Heard;
use super::halt::Suspect;
use crate::contract::Contracts;
use crate::message::{Json, Outgoing, Seed, Stream, Tenant, TraceParent};
use crate::verify::script::{Act, Known, Script, Step};

/// How many inputs of a tenant may be unsettled at a time: the search for an order grows with what
/// is in flight.
const IN_FLIGHT: usize = 4;

/// Scripts that wait for longer in all are played beside the others.
const AWAITED: Duration = Duration::from_secs(15);

/// A script that is being played.
pub(super) struct Lane {
    pub(super) script: Script,
    pub(super) tenants: Vec<Tenant>,
    next: usize,
    /// What was sent, by step.
    sent: BTreeMap<u32, Sent>,
    answers: BTreeMap<u32, Json>,
    traces: Stream,
    not_before_ms: i64,
    /// The steps before which the implementation was killed.
    kills: Vec<u32>,
}

/// An input that was sent.
pub(super) struct Sent {
    tenant: usize,
    pub(super) trace: u128,
    pub(super) at_ms: i64,
    /// When its first and its last event were seen.
    events_ms: Option<(i64, i64)>,
    id: Option<u32>,
    /// Whether it is as its contract says. What is not has no effect, or one effect; only what has
    /// several possible ones makes the search for an order grow.
    sound: bool,
}

/// How long is waited for answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a first event.
    pub(super) settle: Duration,
    /// For a further one.
    pub(super) gap: Duration,
    /// Nothing that was sent before this moment counts as waited for before it: the implementation
    /// was down.
    pub(super) since_ms: i64,
}

/// What a lane wants to do next.
pub(super) enum Want {
    /// To wait.
    Wait,
    /// To send this record of a step.
    Send(u32, Outgoing, TraceParent),
    /// To ask or tell the probe.
    Probe(Step),
}

impl Lane {
    /// A script on tenants of its own, or on these; `nonce` makes tenants and traces differ from
    /// those of any other run.
    pub(super) fn new(script: Script, nonce: (u64, u64), known: &[Tenant]) -> Self {
        let mut ids = Stream::keyed(Seed(nonce.0), &("lane", nonce.1, &script.name));
        let tenant = |spec: &crate::scenario::TenantSpec| Tenant {
            id: ids.uuid(),
            region: spec.region.as_str().into(),
            major: spec.major,
            minor: spec.minor,
        };
        let own: Vec<_> = script.tenants.iter().map(tenant).collect();
        let of_known = || known.iter().cycle().take(own.len()).cloned().collect();
        let tenants = if known.is_empty() { own } else { of_known() };
        let traces = Stream::keyed(Seed(nonce.0), &("traces", nonce.1, &script.name));
        Self {
            script,
            tenants,
            next: 0,
            sent: BTreeMap::new(),
            answers: BTreeMap::new(),
            traces,
            not_before_ms: 0,
            kills: Vec::new(),
        }
    }

    fn is_settled(&self, sent: &Sent, patience: Patience, now_ms: i64) -> bool {
        let after = |from_ms: i64, wait: Duration| {
            now_ms >= from_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
        };
        match sent.events_ms {
            Some((_, last_ms)) => after(last_ms, patience.gap),
            None => after(sent.at_ms.max(patience.since_ms), patience.settle),
        }
    }

    /// Whether a step has to wait for those before it.
    fn is_held_up(&self, step: &Step, patience: Patience, now_ms: i64) -> bool {
        if self.script.serial {
            return self.sent.values().any(|sent| !self.is_settled(sent, patience, now_ms));
        }
        let most = if matches!(step.act, Act::Send(_)) { IN_FLIGHT } else { 1 };
        self.in_flight(step.tenant, patience, now_ms) >= most
    }

    fn in_flight(&self, tenant: usize, patience: Patience, now_ms: i64) -> usize {
        let counts = |sent: &&Sent| sent.sound && sent.tenant == tenant;
        let open = self.sent.values().filter(counts);
        open.filter(|sent| !self.is_settled(sent, patience, now_ms)).count()
    }

    /// Whether what a step needs is there, or will not come any more.
    fn has(&self, needs: &[u32], patience: Patience, now_ms: i64) -> bool {
        needs.iter().all(|step| match self.sent.get(step) {
            Some(sent) => sent.id.is_some() || self.is_settled(sent, patience, now_ms),
            None => true,
        })
    }

    /// What it wants to do now.
    pub(super) fn wants(&mut self, contracts: &Contracts, patience: Patience, now_ms: i64) -> Want {
        let Some(step) = self.script.steps.get(self.next) else {
            return Want::Wait;
        };
        if now_ms < self.not_before_ms || !self.has(&step.act.needs(), patience, now_ms) {
            return Want::Wait;
        }
        let step = step.clone();
        let held_up = self.is_held_up(&step, patience, now_ms);
        match &step.act {
            Act::Pause(wait) => {
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                self.not_before_ms = now_ms.saturating_add(wait_ms);
                self.next += 1;
                Want::Wait
            }
            Act::Send(_) if !held_up => {
                self.next += 1;
                match self.make(&step, contracts) {
                    Some((outgoing, trace)) => Want::Send(step.id, outgoing, trace),
                    None => Want::Wait,
                }
            }
            Act::Stimulus { .. } | Act::Query { .. } | Act::Give { .. } if !held_up => {
                self.next += 1;
                Want::Probe(step)
            }
            _ => Want::Wait,
        }
    }

    /// The record of a step, with a trace of its own; none where no contract names its channel.
    pub(super) fn make(
        &mut self,
        step: &Step,
        contracts: &Contracts,
    ) -> Option<(Outgoing, TraceParent)> {
        let Act::Send(message) = &step.act else { return None };
        let (trace, span) = (self.traces.uuid().as_u128(), self.traces.bits().max(1));
        let trace = TraceParent { trace, span, flags: 1 };
        let tenant = &self.tenants[step.tenant.min(self.tenants.len() - 1)];
        Some((message.make(contracts, (tenant, trace), self)?, trace))
    }

    /// Notes that a step was sent.
    pub(super) fn was_sent(&mut self, step: u32, (trace, sound): (TraceParent, bool), at_ms: i64) {
        let tenant = self.script.steps.iter().find(|one| one.id == step);
        let tenant = tenant.map_or(0, |step| step.tenant);
        let sent = Sent { tenant, trace: trace.trace, at_ms, events_ms: None, id: None, sound };
        self.sent.insert(step, sent);
    }

    /// Whether it waits for so long that others need not wait for it.
    pub(super) fn is_background(&self) -> bool {
        self.script.waits() > AWAITED
    }

    /// Whether it goes on only once the implementation was killed.
    pub(super) fn awaits_kill(&self) -> bool {
        self.script.steps.get(self.next).is_some_and(|step| matches!(step.act, Act::Kill))
    }

    /// Whether there is something that it does before it waits for a kill.
    pub(super) fn is_before_kill(&self) -> bool {
        let mut ahead = self.script.steps.iter().skip(self.next);
        ahead.any(|step| matches!(step.act, Act::Kill)) && !self.awaits_kill()
    }

    /// Notes that the implementation was killed.
    pub(super) fn was_killed(&mut self) {
        match self.script.steps.get(self.next) {
            Some(Step { act: Act::Kill, .. }) => self.next += 1,
            Some(step) => self.kills.push(step.id),
            None => {}
        }
    }

    /// What was played, with the kills that came meanwhile.
    pub(super) fn as_played(&self) -> Script {
        self.script.clone().killed_before(&self.kills)
    }

    /// Notes what the probe answered.
    pub(super) fn was_answered(&mut self, step: u32, answer: Json) {
        self.answers.insert(step, answer);
    }

    /// Takes an event of the implementation, if it belongs to one of its tenants; the trace of the
    /// input that it answers.
    pub(super) fn hear(&mut self, heard: &Heard) -> Option<u128> {
        let trace = heard.record.headers.trace().map(|trace| trace.trace);
        let tenant = heard.record.headers.tenant().ok();
        let tenant = tenant.and_then(|tenant| self.tenants.iter().position(|one| one == tenant));
        let by_trace = self.sent.values_mut().find(|sent| Some(sent.trace) == trace);
        // One that sends no trace, or a new one, is taken to answer in order.
        let waiting = |sent: &&mut Sent| Some(sent.tenant) == tenant && sent.events_ms.is_none();
        let sent = match by_trace {
            Some(sent) => Some(sent),
            None => self.sent.values_mut().filter(waiting).min_by_key(|sent| sent.at_ms),
        };
        let sent = sent?;
        let first_ms = sent.events_ms.map_or(heard.at_ms, |(first_ms, _)| first_ms);
        sent.events_ms = Some((first_ms, heard.at_ms));
        if sent.id.is_none() {
            sent.id = announced(heard);
        }
        Some(sent.trace)
    }

    /// Notes that all its steps were sent.
    pub(super) fn sent_all(&mut self) {
        self.next = self.script.steps.len();
    }

    /// Whether all is sent.
    pub(super) fn has_sent_all(&self) -> bool {
        self.next == self.script.steps.len()
    }

    /// Whether all is sent and settled.
    pub(super) fn is_done(&self, patience: Patience, now_ms: i64) -> bool {
        self.has_sent_all()
            && now_ms >= self.not_before_ms
            && self.sent.values().all(|sent| self.is_settled(sent, patience, now_ms))
    }

    /// The inputs that are not settled.
    pub(super) fn open_inputs(&self, patience: Patience, now_ms: i64) -> Vec<Suspect> {
        self.inputs(|sent| !self.is_settled(sent, patience, now_ms))
    }

    /// The inputs of a kind that were sent.
    pub(super) fn inputs(&self, of: impl Fn(&Sent) -> bool) -> Vec<Suspect> {
        let suspect = |(id, sent): (&u32, &Sent)| {
            let step = self.script.steps.iter().find(|step| step.id == *id)?;
            let script = (self.script.name.clone(), self.script.steps.len());
            let Sent { trace, at_ms, .. } = *sent;
            Some(Suspect { trace, at_ms, step: step.clone(), script })
        };
        self.sent.iter().filter(|(_, sent)| of(sent)).filter_map(suspect).collect()
    }
}

impl Known for Lane {
    fn id_of(&self, step: u32) -> Option<u32> {
        self.sent.get(&step)?.id
    }

    fn answer_of(&self, step: u32) -> Option<Json> {
        self.answers.get(&step).cloned()
    }
}

/// The id that an event announces.
fn announced(heard: &Heard) -> Option<u32> {
    let json = Json::parse(heard.record.value_bytes()?).ok()?;
    let id = ["banId", "account_id"].iter().find_map(|field| json.get(field)?.as_integer())?;
    u32::try_from(id).ok()
}
