//! A bench for one service: records in, records out, no bus between.
//!
//! What always holds: every emitted record is checked by its contract, every decision is one that
//! its rule lists, and a refused record leaves the state as it was; a test fails otherwise.
#![expect(clippy::needless_pass_by_value, reason = "json!(…) at each call reads better")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    AskError, Asked, Cx, Effects, Given, Host, Incoming, Reject, Service, StimulusError, Timer,
    TimerChange,
};
use crate::contract::{Cause, Contracts};
use crate::message::{
    Headers, Json, Offset, Partition, RecordId, Seed, Tenant, TraceParent, VirtualTime,
};
use crate::rule::RuleId;

/// What came out: `ban.status/CREATED` and the value.
pub(crate) type Emitted = Vec<(String, Value)>;

/// One service on the bench.
pub(crate) struct Bench<S> {
    pub(crate) service: S,
    pub(crate) tenant: Tenant,
    contracts: Arc<Contracts>,
    host: Script,
    now: VirtualTime,
    timers: BTreeMap<(Tenant, String), VirtualTime>,
    calls: u64,
    /// The last value that came out, as it was written.
    pub(crate) last_text: String,
}

/// Plays the rest of the world.
#[derive(Default)]
struct Script {
    taken: BTreeMap<RuleId, &'static str>,
    applied: BTreeSet<RuleId>,
    /// The answer to each query of other services; none is a service that is down.
    answer: Option<Json>,
    asked: Vec<(String, Json)>,
}

impl Host for Script {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        let accepted: Vec<_> = rule.rule().also_accepted.iter().map(|other| other.name).collect();
        assert!(options.len() > 1, "{rule} decides between nothing");
        assert!(!accepted.contains(&options[0]), "{rule}: the reference comes first");
        for other in &options[1..] {
            assert!(accepted.contains(other), "{rule} does not accept {other}");
        }
        let taken = self.taken.get(&rule);
        taken.and_then(|taken| options.iter().position(|option| option == taken)).unwrap_or(0)
    }

    fn applies(&mut self, rule: RuleId) {
        self.applied.insert(rule);
    }

    fn ask(&mut self, of: &str, query: &str, args: &Json, _: &Tenant) -> Result<Json, AskError> {
        self.asked.push((format!("{of}.{query}"), args.clone()));
        self.answer.clone().ok_or_else(|| AskError::Unreachable(of.to_owned()))
    }
}

impl<S: Service + Debug + Default> Bench<S> {
    pub(crate) fn new() -> Self {
        Self {
            service: S::default(),
            tenant: tenant(1),
            contracts: Contracts::builtin(),
            host: Script {
                answer: Some(Json::from(json!({ "banned": false }))),
                ..Script::default()
            },
            now: VirtualTime::from_ms(1),
            timers: BTreeMap::new(),
            calls: 0,
            last_text: String::new(),
        }
    }

    /// From now on, the rule decides for this option where it can.
    pub(crate) fn take(&mut self, rule: RuleId, option: &'static str) {
        self.host.taken.insert(rule, option);
    }

    /// From now on, other services answer with this; none is down.
    pub(crate) fn answer(&mut self, answer: Option<Value>) {
        self.host.answer = answer.map(Json::from);
    }

    pub(crate) fn asked(&self) -> &[(String, Json)] {
        &self.host.asked
    }

    pub(crate) fn has_applied(&self, rule: RuleId) -> bool {
        self.host.applied.contains(&rule)
    }

    pub(crate) fn unix_s(&self) -> i64 {
        self.now.as_unix_s()
    }

    pub(crate) fn give(&mut self, settings: Value, data: &[(&str, Value)]) -> Result<(), String> {
        let settings = Json::from(settings);
        let data: Vec<_> = data
            .iter()
            .map(|(name, data)| ((*name).to_owned(), Json::from(data.clone())))
            .collect();
        let given = Given { settings: Some(&settings), data: &data };
        self.service.configure(&self.tenant, &given)
    }

    fn call<T, E>(
        &mut self,
        tenant: &Tenant,
        cause: Cause,
        call: impl FnOnce(&mut S, &mut Cx<'_>) -> Result<T, E>,
    ) -> Result<(T, Emitted), E> {
        self.calls += 1;
        let headers = Headers::of_tenant(tenant, TraceParent { trace: 5, span: 6, flags: 1 });
        let mut effects = Effects::default();
        let host: &mut dyn Host = &mut self.host;
        let place = (Seed(0), &self.calls);
        let hosted = (host, &mut effects);
        let mut cx = Cx::new(&self.contracts, hosted, (tenant, &headers), self.now, place);
        let before = format!("{:?}", self.service);
        let result = call(&mut self.service, &mut cx);
        let had_state = before.contains(&tenant.id.to_string());
        if result.is_err() && had_state {
            assert_eq!(before, format!("{:?}", self.service), "it was refused and changed state");
        }
        let result = result?;
        for change in effects.timers {
            match change {
                TimerChange::Set(name, at) => self.timers.insert((tenant.clone(), name), at),
                TimerChange::Cancel(name) => self.timers.remove(&(tenant.clone(), name)),
            };
        }
        let mut emitted = Vec::new();
        for outgoing in effects.emits {
            let (ix, record) = (outgoing.channel, outgoing.record);
            let problems = self.contracts.check_emitted(self.service.name(), ix, &record, cause);
            let broken: Vec<_> = problems.iter().filter(|problem| problem.is_violation()).collect();
            assert!(broken.is_empty(), "{broken:?}");
            assert_eq!(record.headers.tenant(), Ok(tenant));
            let bytes = record.value_bytes().expect("services emit values");
            self.last_text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
            let name = self.contracts.message_name(ix, Some(bytes));
            emitted.push((name, serde_json::from_slice(bytes).expect("JSON")));
        }
        Ok((result, emitted))
    }

    pub(crate) fn try_send(&mut self, channel: &str, value: &[u8]) -> Result<Emitted, Reject> {
        let tenant = self.tenant.clone();
        let incoming = Incoming {
            channel,
            tenant: &tenant,
            key: None,
            value: Some(value).filter(|value| !value.is_empty()),
            record: RecordId(0),
            partition: Partition(0),
            offset: Offset(self.calls),
            attempt: 1,
        };
        let call = |service: &mut S, cx: &mut Cx<'_>| service.handle(&incoming, cx);
        self.call(&tenant, Cause::Input, call).map(|((), emitted)| emitted)
    }

    /// Sends a value; refusing it is emitting nothing.
    pub(crate) fn send(&mut self, channel: &str, value: Value) -> Emitted {
        match self.try_send(channel, value.to_string().as_bytes()) {
            Ok(emitted) => emitted,
            Err(Reject::Refused(_)) => Vec::new(),
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) fn stimulus(
        &mut self,
        name: &str,
        args: Value,
    ) -> Result<(Json, Emitted), StimulusError> {
        let (tenant, args) = (self.tenant.clone(), Json::from(args));
        self.call(&tenant, Cause::Input, |service, cx| service.stimulus(name, &args, cx))
    }

    pub(crate) fn query(&self, name: &str, args: Value) -> Value {
        let asked = Asked::new(&self.tenant, self.now);
        let answer = self.service.query(name, &Json::from(args), &asked).expect("an answer");
        serde_json::from_slice(&answer.to_bytes()).expect("JSON")
    }

    /// Lets time pass, and fires the timers that are due on the way.
    pub(crate) fn advance(&mut self, seconds: u64) -> Emitted {
        let until = self.now.after(Duration::from_secs(seconds));
        let mut all = Vec::new();
        loop {
            let due = self.timers.iter().min_by_key(|(_, at)| **at);
            let due = due.filter(|(_, at)| **at <= until).map(|(key, at)| (key.clone(), *at));
            let Some(((tenant, name), at)) = due else {
                break;
            };
            self.timers.remove(&(tenant.clone(), name.clone()));
            self.now = self.now.max(at);
            let timer = Timer { name, tenant: tenant.clone(), at };
            let call = |service: &mut S, cx: &mut Cx<'_>| service.timer(&timer, cx);
            let (_, emitted) = self.call(&tenant, Cause::Timer, call).expect("timers are handled");
            all.extend(emitted);
        }
        self.now = until;
        all
    }
}

/// A tenant; those of different numbers differ in their id only.
pub(crate) fn tenant(number: u128) -> Tenant {
    Tenant { id: Uuid::from_u128(number), region: "GMS".into(), major: 83, minor: 1 }
}

/// The names of what came out.
pub(crate) fn names(emitted: &Emitted) -> Vec<&str> {
    emitted.iter().map(|(name, _)| name.as_str()).collect()
}

/// A session id.
pub(crate) fn session(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}
