//! What a handler may use besides its own state, and where it leaves what it wants done.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::contract::Contracts;
use crate::message::{
    ChannelIx, Headers, Json, Key, Outgoing, Payload, Record, Seed, Stream, Tenant, TraceParent,
    VirtualTime,
};
use crate::rule::RuleId;
use crate::service::{Mutation, Reject, Site};

/// A timer that is due. It survives a crash: it is kept with the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The name under which the service set it.
    pub name: String,
    /// The tenant for whom it was set.
    pub tenant: Tenant,
    /// When it was due.
    pub at: VirtualTime,
}

/// A timer set or taken back. A name is unique for a service and a tenant: setting it again moves
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerChange {
    /// Due at a moment (at once if that is past).
    Set(String, VirtualTime),
    /// No longer wanted.
    Cancel(String),
}

/// What a handler left to be done once it returns `Ok`.
#[derive(Debug, Default)]
pub struct Effects {
    /// Records to emit, in order.
    pub emits: Vec<Outgoing>,
    /// Timers to set or cancel, in order.
    pub timers: Vec<TimerChange>,
    /// Records that are out whatever becomes of the call: only a planted mistake lets any out.
    pub(crate) leaked: Vec<Outgoing>,
    /// Where values are written before they are put into a record.
    scratch: Vec<u8>,
}

/// What a runner does for a handler while it runs.
pub trait Host {
    /// Picks one of several accepted behaviours of `rule`; 0 is the reference's.
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize;
    /// Notes that the premise of `rule` held.
    fn applies(&mut self, rule: RuleId);
    /// Notes that an effect was emitted.
    fn emitted(&mut self) {}
    /// Whether an effect can be taken; the call fails where it cannot.
    fn has_room(&mut self) -> bool {
        true
    }
    /// Notes that of the effects emitted so far only the first `left` are.
    fn withdrawn(&mut self, left: usize) {
        let _ = left;
    }
    /// The id that something new gets; `proposed` is the reference's.
    fn assign_id(&mut self, proposed: u32) -> u32 {
        proposed
    }
    /// The UUID that something new gets; `proposed` is the reference's.
    fn assign_uuid(&mut self, proposed: Uuid) -> Uuid {
        proposed
    }
    /// When a sweep every `period` comes by that is not before `at`.
    fn sweeps_at(&mut self, at: VirtualTime, period: Duration) -> VirtualTime {
        at.next_multiple(period)
    }
    /// Whether something that may end from `earliest` on, and does end at `at` in the reference,
    /// ends at `now`.
    fn is_due(&mut self, earliest: VirtualTime, at: VirtualTime, now: VirtualTime) -> bool {
        let _ = earliest;
        at <= now
    }
    /// Asks another service.
    ///
    /// # Errors
    /// [`AskError`] when it cannot be reached or does not answer.
    fn ask(
        &mut self,
        service: &str,
        query: &str,
        args: &Json,
        tenant: &Tenant,
    ) -> Result<Json, AskError>;
}

/// Why another service gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It is not there or is down.
    #[error("{0} cannot be reached")]
    Unreachable(String),
    /// It answered with an error.
    #[error("{0}")]
    Failed(String),
}

/// Time, ids, decisions and the buffer of one call of a handler.
pub struct Cx<'a> {
    pub(crate) contracts: &'a Contracts,
    pub(crate) host: &'a mut dyn Host,
    pub(crate) effects: &'a mut Effects,
    pub(crate) now: VirtualTime,
    pub(crate) tenant: &'a Tenant,
    /// The headers of what caused this call.
    pub(crate) cause: &'a Headers,
    pub(crate) ids: Stream,
    /// The trace of the effects: the cause's, or a new one where it has none.
    pub(crate) trace: Option<u128>,
    /// The mistake that the service makes, where it has one.
    mutation: Option<Arc<dyn Mutation>>,
}

impl<'a> Cx<'a> {
    /// The context of one call. `place` names it: ids drawn depend on nothing else and the seed.
    pub fn new(
        contracts: &'a Contracts,
        (host, effects): (&'a mut dyn Host, &'a mut Effects),
        (tenant, cause): (&'a Tenant, &'a Headers),
        now: VirtualTime,
        (seed, place): (Seed, &impl std::hash::Hash),
    ) -> Self {
        let ids = Stream::keyed(seed, place);
        let trace = cause.trace().map(|parent| parent.trace);
        let mutation = None;
        Self { contracts, host, effects, now, tenant, cause, ids, trace, mutation }
    }

    /// The time of this call; it does not move while a handler runs.
    #[must_use]
    pub fn now(&self) -> VirtualTime {
        self.now
    }

    /// Unix time of this call in whole seconds.
    #[must_use]
    pub fn unix_s(&self) -> i64 {
        self.now.as_unix_s()
    }

    /// The tenant on whose behalf the handler runs.
    #[must_use]
    pub fn tenant(&self) -> &'a Tenant {
        self.tenant
    }

    /// A new random UUID.
    pub fn uuid(&mut self) -> Uuid {
        self.ids.uuid()
    }

    /// An id for something new, that whoever judges another implementation takes from what that
    /// one announced; the reference's is `proposed`.
    pub fn assign_id(&mut self, proposed: u32) -> u32 {
        self.host.assign_id(proposed)
    }

    /// As [`Cx::assign_id`]; the reference's UUID is random.
    pub fn assign_uuid(&mut self) -> Uuid {
        let proposed = self.ids.uuid();
        self.host.assign_uuid(proposed)
    }

    /// The first moment of a sweep every `period` that is not before `at`.
    pub fn sweeps_at(&mut self, at: VirtualTime, period: Duration) -> VirtualTime {
        self.host.sweeps_at(at, period)
    }

    /// Whether something that may end from `earliest` on, and in the reference does at `at`, ends
    /// in this call.
    pub fn is_due(&mut self, earliest: VirtualTime, at: VirtualTime) -> bool {
        let now = self.now;
        self.host.is_due(earliest, at, now)
    }

    /// A random number from 0 to `bound - 1`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.ids.below(bound)
    }

    /// Picks among accepted behaviours of `rule`, by name; the reference takes the first.
    pub fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> &'static str {
        let picked = self.host.decide(rule, options);
        options.get(picked).or(options.first()).copied().unwrap_or_default()
    }

    /// Whether the handler is to do what `rule` forbids, by the name that
    /// [`forbidden`](crate::rule::Rule::forbidden) lists. The reference never does: services with a
    /// planted mistake do ([`Mutation`]), to see that the rule finds it.
    #[must_use]
    pub fn violates(&self, rule: RuleId, option: &'static str) -> bool {
        self.mutation.as_ref().is_some_and(|mutation| mutation.takes(rule, option))
    }

    /// From here on, the handler makes a mistake.
    pub fn mutate(&mut self, mutation: &Arc<dyn Mutation>) {
        self.mutation = Some(Arc::clone(mutation));
    }

    /// Notes that what `rule` speaks of happened here, so that reports can tell which rules were
    /// exercised.
    pub fn applies(&mut self, rule: RuleId) {
        self.host.applies(rule);
    }

    /// Asks another service for a state, by query.
    ///
    /// # Errors
    /// [`AskError`] when it cannot be reached or does not answer.
    pub fn query(&mut self, service: &str, name: &str, args: &Json) -> Result<Json, AskError> {
        self.host.ask(service, name, args, self.tenant)
    }

    /// Puts a record into the buffer: it is emitted if and only if the handler returns `Ok`, with
    /// the tenant and the trace of what caused it.
    ///
    /// # Errors
    /// [`Reject::Unemittable`] when no contract names the channel, the value cannot be written, or
    /// the host takes no more.
    pub fn emit(&mut self, channel: &str, key: &Key, value: &impl Serialize) -> Result<(), Reject> {
        self.emit_site(None, channel, key, value)
    }

    /// As [`Cx::emit`], where a rule demands the record.
    ///
    /// # Errors
    /// As [`Cx::emit`].
    pub fn emit_by(
        &mut self,
        rule: RuleId,
        channel: &str,
        key: &Key,
        value: &impl Serialize,
    ) -> Result<(), Reject> {
        self.emit_site(Some(rule), channel, key, value)
    }

    fn emit_site(
        &mut self,
        rule: Option<RuleId>,
        channel: &str,
        key: &Key,
        value: &impl Serialize,
    ) -> Result<(), Reject> {
        let unemittable = |why: String| Reject::Unemittable(format!("{channel}: {why}"));
        let Some(ix) = self.contracts.channel_ix(channel) else {
            return Err(unemittable("no contract names this channel".to_owned()));
        };
        if !self.host.has_room() {
            return Err(unemittable("nothing more is taken".to_owned()));
        }
        let mut scratch = std::mem::take(&mut self.effects.scratch);
        scratch.clear();
        let written = serde_json::to_writer(&mut scratch, value);
        if written.is_ok() {
            self.emit_bytes(rule, ix, key, &scratch);
        }
        self.effects.scratch = scratch;
        written.map_err(|error| unemittable(error.to_string()))
    }

    fn emit_bytes(&mut self, rule: Option<RuleId>, channel: ChannelIx, key: &Key, value: &[u8]) {
        let headers = self.effect_headers();
        let key = match key {
            Key::None => None,
            Key::Bytes(bytes) => Some(bytes.clone()),
            Key::Id(id) => Some(self.contracts.encode_key(channel, *id)),
        };
        let record = Record { key, headers, value: Some(Payload::new(value)) };
        self.effects.emits.push(Outgoing { channel, record });
        if let Some(mutation) = &self.mutation {
            let site = Site { rule, contracts: self.contracts, cause: self.cause };
            mutation.emitted(&site, &mut self.effects.emits);
        }
        self.host.emitted();
    }

    /// As [`Cx::emit`], with a value that is JSON already, and without a key.
    pub(crate) fn say(&mut self, channel: &str, value: &Json) -> Result<(), Reject> {
        let Some(ix) = self.contracts.channel_ix(channel) else {
            return Err(Reject::Unemittable(format!("{channel}: no contract names this channel")));
        };
        self.emit_bytes(None, ix, &Key::None, &value.to_bytes());
        Ok(())
    }

    /// Takes back what was emitted after the first `left` effects of this call.
    pub(crate) fn withdraw(&mut self, left: usize) {
        self.effects.emits.truncate(left);
        self.host.withdrawn(left);
    }

    /// Sets a timer; it is kept with the state.
    pub fn set_timer(&mut self, name: impl Into<String>, at: VirtualTime) {
        self.effects.timers.push(TimerChange::Set(name.into(), at));
    }

    /// Sets a timer that is due `after` this call.
    pub fn set_timer_after(&mut self, name: impl Into<String>, after: Duration) {
        self.set_timer(name, self.now.after(after));
    }

    /// Takes a timer back; one that is not set is left alone.
    pub fn cancel_timer(&mut self, name: impl Into<String>) {
        self.effects.timers.push(TimerChange::Cancel(name.into()));
    }

    /// What the handler has left to be done so far. Services have no need of it; wrappers that
    /// change what another service does (a planted bug) do.
    pub fn effects(&mut self) -> &mut Effects {
        self.effects
    }

    /// The headers of what caused this call. As with [`Cx::effects`], it is wrappers that need
    /// them.
    #[must_use]
    pub fn cause(&self) -> &'a Headers {
        self.cause
    }

    /// The same call on behalf of another tenant, for wrappers that plant bugs.
    pub fn on_behalf_of<'b>(&'b mut self, tenant: &'b Tenant) -> Cx<'b> {
        let cause = self.cause;
        self.caused_by(tenant, cause)
    }

    /// The same call on behalf of another tenant, as if something with these headers caused it.
    pub(crate) fn caused_by<'b>(&'b mut self, tenant: &'b Tenant, cause: &'b Headers) -> Cx<'b> {
        Cx {
            contracts: self.contracts,
            host: self.host,
            effects: self.effects,
            now: self.now,
            tenant,
            cause,
            ids: self.ids.clone(),
            trace: self.trace,
            mutation: self.mutation.clone(),
        }
    }

    fn effect_headers(&mut self) -> Headers {
        let trace = *self.trace.get_or_insert_with(|| self.ids.uuid().as_u128());
        let span = self.ids.bits().max(1);
        let flags = self.cause.trace().map_or(1, |parent| parent.flags);
        self.cause.of_effect(TraceParent { trace, span, flags })
    }
}
