//! The five on the bus, with a tenant that uses them.

use std::time::Duration;

use quintet::bus::{Chooser, Fifo, Topology, World};
use quintet::contract::{Cause, Contracts};
use quintet::driver::{Driver, Until};
use quintet::history::Producer;
use quintet::message::{Headers, Json, Outgoing, Payload, Record, Seed, Tenant, TraceParent};
use quintet::service::Given;
use quintet::services;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) fn tenant(number: u128) -> Tenant {
    Tenant { id: Uuid::from_u128(number), region: "GMS".into(), major: 83, minor: 1 }
}

/// The five, and one tenant that uses them.
pub(crate) struct Five {
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    sent: u128,
}

impl Five {
    pub(crate) fn new(seed: u64, chooser: Box<dyn Chooser>) -> Self {
        let topology = Topology { partitions: 2, members: 1 };
        let services = services::reference();
        let world = World::new(Contracts::builtin(), services, topology, (Seed(seed), chooser));
        Self { world: world.expect("the five have contracts"), tenant: tenant(1), sent: 0 }
    }

    pub(crate) fn give(&mut self, service: &str, data: &[(&str, Value)]) {
        let data: Vec<_> = data
            .iter()
            .map(|(name, data)| ((*name).to_owned(), Json::from(data.clone())))
            .collect();
        let given = Given { settings: None, data: &data };
        self.world.give(service, &self.tenant, &given).expect("it can be used");
    }

    pub(crate) fn send_record(&mut self, channel: &str, record: Record) {
        let channel = self.world.contracts().channel_ix(channel).expect("a channel");
        self.world.send(Outgoing { channel, record }).expect("the bus takes every record");
    }

    pub(crate) fn headers(&mut self) -> Headers {
        self.sent += 1;
        Headers::of_tenant(&self.tenant, TraceParent { trace: self.sent, span: 1, flags: 1 })
    }

    /// Sends a value, and lets everything happen that can.
    pub(crate) fn send(&mut self, channel: &str, value: &Value) {
        let ix = self.world.contracts().channel_ix(channel).expect("a channel");
        let bytes = value.to_string();
        let key = self.world.contracts().key_for(ix, &Json::from(value.clone()));
        let headers = self.headers();
        let value = Some(Payload::new(bytes.as_bytes()));
        self.send_record(channel, Record { key, headers, value });
        self.settle();
    }

    pub(crate) fn settle(&mut self) {
        self.world.run(Until::Quiet, &mut |_| false).expect("it goes on");
    }

    pub(crate) fn advance(&mut self, seconds: u64) {
        let until = Until::after(self.world.now(), Duration::from_secs(seconds));
        self.world.run(until, &mut |_| false).expect("it goes on");
    }

    pub(crate) fn does(&mut self, service: &str, name: &str, args: Value) -> Json {
        let answer = self.world.stimulus(service, name, &self.tenant, &Json::from(args));
        let answer = answer.expect("it has an effect");
        self.settle();
        answer
    }

    pub(crate) fn query(&mut self, service: &str, name: &str, args: Value) -> Value {
        let answer = self.world.query(service, name, &self.tenant, &Json::from(args));
        serde_json::from_slice(&answer.expect("an answer").to_bytes()).expect("JSON")
    }

    /// What the services emitted, by name.
    pub(crate) fn emitted(&self) -> Vec<String> {
        let history = self.world.history();
        let records = history.records().iter();
        let emitted = records.filter(|placed| placed.producer != Producer::Test);
        let name = |placed: &quintet::history::Placed| {
            history.contracts().message_name(placed.channel, placed.record.value_bytes())
        };
        emitted.map(name).collect()
    }

    /// A client that has connected and sent its credentials.
    pub(crate) fn client(&mut self, name: &str, password: &str) -> Value {
        let client = json!({ "ip": "10.0.0.7", "hwid": "HW" });
        let session = self.does("login", "connect", client);
        let session = json!(session.as_str().expect("a session id"));
        let credentials = json!({ "session": session, "name": name, "password": password });
        self.does("login", "credentials", credentials);
        session
    }

    pub(crate) fn seen(&mut self, session: &Value) -> Value {
        self.query("login", "session", json!({ "session": session }))
    }

    /// Each emitted record keeps its producer's contract.
    pub(crate) fn check_contracts(&self) {
        let history = self.world.history();
        for placed in history.records() {
            let Producer::Service { service, cause } = placed.producer else {
                continue;
            };
            let name = history.service(service);
            let why = if cause.is_some() { Cause::Input } else { Cause::Timer };
            let contracts = history.contracts();
            let problems = contracts.check_emitted(name, placed.channel, &placed.record, why);
            let broken: Vec<_> = problems.iter().filter(|problem| problem.is_violation()).collect();
            assert!(broken.is_empty(), "{}: {broken:?}", placed.id);
        }
    }
}

pub(crate) fn five() -> Five {
    Five::new(0, Box::new(Fifo))
}
