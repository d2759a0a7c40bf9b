//! One input through a service: the same now and when it is replayed.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::journal::Input;
use super::witness::Spot;
use crate::contract::Contracts;
use crate::message::{
    Headers, Json, Record, RecordId, Seed, Stream, Tenant, TraceParent, VirtualTime,
};
use crate::service::{
    Cx, Effects, Given, Host, Incoming, Reject, Service, StimulusError, Timer, tenant_of_own,
};

/// What a handler sees of the world.
pub(super) struct Around<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) host: &'a mut dyn Host,
    pub(super) effects: &'a mut Effects,
    pub(super) now: VirtualTime,
    pub(super) seed: Seed,
}

/// An input that was taken.
#[derive(Debug)]
pub(super) struct Done {
    /// What the client or operator gets to see of a stimulus.
    pub(super) answer: Json,
    /// For whom, and with what headers, timers are set.
    pub(super) cause: Option<(Tenant, Headers)>,
}

/// An input that had no effect.
#[derive(Debug)]
pub(super) enum Refusal {
    Record(Reject),
    Stimulus(StimulusError),
    Given(String),
    /// The service panicked; its state is not to be used any more.
    Panicked(String),
}

/// Gives an input to a service; a timer comes with what it was set for.
pub(super) fn perform(
    service: &mut dyn Service,
    (input, timer): (&Input, Option<&(Timer, Headers)>),
    mut around: Around<'_>,
) -> Result<Done, Refusal> {
    let name = service.name().to_owned();
    let act = AssertUnwindSafe(|| match input {
        Input::Given { tenant, settings, data } => {
            let given = Given { settings: settings.as_ref(), data };
            service.configure(tenant, &given).map_err(Refusal::Given)?;
            Ok(Done { answer: Json::Null, cause: None })
        }
        Input::Record { spot, attempt, record } => {
            handle(service, (*spot, *attempt, record), &mut around)
        }
        Input::Timer { .. } => {
            let Some((timer, headers)) = timer else {
                let why = "the timer is not armed".to_owned();
                return Err(Refusal::Record(Reject::Refused(why)));
            };
            let place = (name.as_str(), "timer", &timer.tenant, &timer.name, timer.at);
            let cause = (&timer.tenant, headers);
            let called = around.call(cause, &place, |cx| service.timer(timer, cx));
            called.map(|()| Done::of(cause)).map_err(Refusal::Record)
        }
        Input::Stimulus { tenant, name: what, args, count } => {
            let headers = new_trace(tenant, around.seed, (&name, what, *count));
            let place = (name.as_str(), "stimulus", what, *count);
            let cause = (tenant, &headers);
            let answer = around.call(cause, &place, |cx| service.stimulus(what, args, cx));
            let answer = answer.map_err(Refusal::Stimulus)?;
            Ok(Done { answer, ..Done::of(cause) })
        }
        Input::Restarted => {
            service.restarted();
            Ok(Done { answer: Json::Null, cause: None })
        }
    });
    catch_unwind(act).unwrap_or_else(|panic| Err(Refusal::Panicked(told(&*panic))))
}

fn handle(
    service: &mut dyn Service,
    (spot, attempt, record): (Spot, u32, &Record),
    around: &mut Around<'_>,
) -> Result<Done, Refusal> {
    let own;
    let roles = around.contracts.packs().roles();
    let tenant = match record.headers.tenant() {
        Ok(tenant) => tenant,
        Err(problem) => {
            own = tenant_of_own(around.host, roles.no_tenant);
            let refused = || Refusal::Record(Reject::Refused(problem.to_string()));
            own.as_ref().ok_or_else(refused)?
        }
    };
    if record.headers.trace().is_none() {
        around.host.applies(roles.no_trace);
    }
    let Spot { channel, partition, offset } = spot;
    let incoming = Incoming {
        channel: around.contracts.channel_name(channel),
        tenant,
        key: record.key.as_deref(),
        value: record.value_bytes(),
        record: RecordId(u32::try_from(offset.0).unwrap_or(u32::MAX)),
        partition,
        offset,
        attempt,
    };
    let name = service.name().to_owned();
    let place = (name.as_str(), "record", channel, partition, offset, attempt);
    let cause = (tenant, &record.headers);
    let called = around.call(cause, &place, |cx| service.handle(&incoming, cx));
    called.map(|()| Done::of(cause)).map_err(Refusal::Record)
}

impl Around<'_> {
    fn call<'b, T>(
        &'b mut self,
        cause: (&'b Tenant, &'b Headers),
        place: &impl std::hash::Hash,
        handler: impl FnOnce(&mut Cx<'b>) -> T,
    ) -> T {
        let host: &'b mut dyn Host = &mut *self.host;
        let host = (host, &mut *self.effects);
        let mut cx = Cx::new(self.contracts, host, cause, self.now, (self.seed, place));
        handler(&mut cx)
    }
}

impl Done {
    fn of((tenant, headers): (&Tenant, &Headers)) -> Self {
        Self { answer: Json::Null, cause: Some((tenant.clone(), headers.clone())) }
    }
}

/// Headers that start a trace.
fn new_trace(tenant: &Tenant, seed: Seed, (service, name, count): (&str, &str, u64)) -> Headers {
    let mut ids = Stream::keyed(seed, &(service, "trace", name, count));
    let trace = TraceParent { trace: ids.uuid().as_u128(), span: ids.bits().max(1), flags: 1 };
    Headers::of_tenant(tenant, trace)
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it did not say why".to_owned())
}
