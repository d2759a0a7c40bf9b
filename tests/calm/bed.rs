//! A world to plant things in: services, two tenants, and short ways to send and to ask.

use std::time::Duration;

use quintet::bus::{Chooser, Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver, DriverError, Fault, FaultKind, Until};
use quintet::history::History;
use quintet::message::{
    Header, Headers, Json, Outgoing, Payload, Record, RecordId, Seed, Tenant, TraceParent,
};
use quintet::service::Service;
use serde_json::Value;
use uuid::Uuid;

pub(crate) fn tenant(number: usize) -> Tenant {
    Tenant { id: Uuid::from_u128(number as u128 + 1), region: "GMS".into(), major: 83, minor: 1 }
}

pub(crate) fn uuid(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

pub(crate) struct Bed {
    pub(crate) world: World,
    /// Whose records are sent and whose state is asked for.
    pub(crate) of: usize,
    traces: u128,
}

impl Bed {
    pub(crate) fn new(
        services: Vec<Box<dyn Service>>,
        topology: Topology,
        (seed, chooser): (u64, Box<dyn Chooser>),
    ) -> Self {
        let start = (Seed(seed), chooser);
        let world = World::new(Contracts::builtin(), services, topology, start);
        Self { world: world.expect("the five have contracts"), of: 0, traces: 0 }
    }

    pub(crate) fn headers(&mut self) -> Headers {
        self.traces += 1;
        let trace = TraceParent { trace: self.traces, span: 1, flags: 1 };
        Headers::of_tenant(&tenant(self.of), trace)
    }

    pub(crate) fn headers_without(&mut self, name: &str) -> Headers {
        let list = self.headers().to_list().into_iter();
        Headers::from_list(list.filter(|header: &Header| &*header.name != name).collect())
    }

    /// Sends a value under its own key.
    pub(crate) fn send(&mut self, channel: &str, value: &Value) -> RecordId {
        let headers = self.headers();
        self.send_under(channel, value, headers)
    }

    pub(crate) fn send_under(
        &mut self,
        channel: &str,
        value: &Value,
        headers: Headers,
    ) -> RecordId {
        let contracts = self.world.contracts();
        let channel = contracts.channel_ix(channel).expect("a channel");
        let key = contracts.key_for(channel, &Json::from(value.clone()));
        let value = Some(Payload::new(value.to_string().as_bytes()));
        let record = Record { key, headers, value };
        self.world.send(Outgoing { channel, record }).expect("it is taken")
    }

    /// Sends bytes that may be no message at all.
    pub(crate) fn send_raw(&mut self, channel: &str, value: Option<&[u8]>) -> RecordId {
        let headers = self.headers();
        let channel = self.world.contracts().channel_ix(channel).expect("a channel");
        let record = Record { key: None, headers, value: value.map(Payload::new) };
        self.world.send(Outgoing { channel, record }).expect("it is taken")
    }

    pub(crate) fn settle(&mut self) {
        self.world.run(Until::Quiet, &mut |_| false).expect("it goes on");
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        let until = Until::after(self.world.now(), Duration::from_secs(seconds));
        self.world.run(until, &mut |_| false).expect("it goes on");
    }

    /// Tells a service something; what the client sees, or why it has no effect.
    pub(crate) fn does(
        &mut self,
        service: &str,
        name: &str,
        args: Value,
    ) -> Result<Json, DriverError> {
        let tenant = tenant(self.of);
        self.world.stimulus(service, name, &tenant, &Json::from(args))
    }

    pub(crate) fn arm(&mut self, kind: FaultKind, service: &str, channel: &str) {
        let mut fault = Fault::new(kind, service);
        fault.channel = self.world.contracts().channel_ix(channel);
        if matches!(kind, FaultKind::MissingHeader | FaultKind::MalformedHeader) {
            fault.header = Some("TENANT_ID".to_owned());
        }
        self.world.arm(fault).expect("the bus has every fault");
    }

    pub(crate) fn history(&self) -> &History {
        self.world.history()
    }
}
