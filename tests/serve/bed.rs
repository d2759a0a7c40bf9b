//! A broker with someone who sends commands and reads everything.

use std::sync::Arc;
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::kafka::host::{Host, Options};
use quintet::kafka::{
    Broker, Connection, Create, Deadline, From, On, Sender, Settings, Tap, Tapped, Topics,
};
use quintet::message::{Headers, Json, Outgoing, Payload, Record, Tenant, TraceParent};
use quintet::service::Service;
use quintet::services::reference;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Bed {
    pub(crate) contracts: Arc<Contracts>,
    pub(crate) connection: Connection,
    pub(crate) topics: Topics,
    pub(crate) sender: Sender,
    pub(crate) tap: Tap,
    /// Everything that was read.
    pub(crate) seen: Vec<Tapped>,
    /// Dropped last.
    pub(crate) broker: Broker,
}

impl Bed {
    pub(crate) fn new() -> Self {
        Self::on(&On::Mock)
    }

    pub(crate) fn on(on: &On) -> Self {
        let contracts = Contracts::builtin();
        let settings = Settings::default();
        let broker = Broker::start(on, &settings).unwrap();
        let connection = Connection::open(&broker, &settings, Connection::WAIT).unwrap();
        let topics = Topics::from_lines(&contracts, |_| None, None).unwrap();
        connection.ensure_topics(&topics, &contracts, Create::Missing).unwrap();
        let tap = Tap::open(&connection, &topics, From::Beginning).unwrap();
        let sender = Sender::open(&connection, &topics).unwrap();
        Self { contracts, connection, topics, sender, tap, seen: Vec::new(), broker }
    }

    /// A host with some of the reference services, ready.
    pub(crate) fn host(&self, names: &[&str], options: Options) -> Host {
        let services = services(names);
        self.host_of(services, options)
    }

    pub(crate) fn host_of(&self, services: Vec<Box<dyn Service>>, options: Options) -> Host {
        let contracts = Arc::clone(&self.contracts);
        let host =
            Host::start(&self.connection, &self.topics, contracts, services, options).unwrap();
        host.wait_ready(PATIENCE).unwrap();
        host
    }

    pub(crate) fn send(&self, channel: &str, tenant: &Tenant, value: &str) {
        let channel = self.contracts.channel_ix(channel).unwrap();
        let json = Json::parse(value.as_bytes()).ok();
        let key = json.and_then(|json| self.contracts.key_for(channel, &json));
        let trace = TraceParent { trace: 77, span: 1, flags: 1 };
        let headers = Headers::of_tenant(tenant, trace);
        let value = Some(Payload::new(value.as_bytes()));
        let record = Record { key, headers, value };
        self.sender.send(&Outgoing { channel, record }, None).unwrap();
    }

    pub(crate) fn create_ban(&self, tenant: &Tenant, value: &str) {
        self.send("ban.command", tenant, &create_ban(value));
    }

    /// Reads until `enough` says so; returns what was read in all.
    pub(crate) fn until(&mut self, what: &str, mut enough: impl FnMut(&[Tapped]) -> bool) {
        let deadline = Deadline::after(PATIENCE);
        while !enough(&self.seen) {
            assert!(!deadline.is_over(), "no {what}; seen: {:#?}", self.names());
            if let Some(tapped) = self.tap.poll(Duration::from_millis(50)).unwrap() {
                self.seen.push(tapped);
            }
        }
    }

    /// Reads what comes within a while, where nothing more is to come.
    pub(crate) fn linger(&mut self, wait: Duration) {
        let deadline = Deadline::after(wait);
        while !deadline.is_over() {
            if let Some(tapped) = self.tap.poll(deadline.slice(Duration::from_millis(50))).unwrap()
            {
                self.seen.push(tapped);
            }
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let name = |one: &Tapped| {
            let channel = one.channel;
            let name = self.contracts.message_name(channel, one.record.value_bytes());
            format!("{name} {}/{}", one.partition.0, one.offset.0)
        };
        self.seen.iter().map(name).collect()
    }
}

pub(crate) fn services(names: &[&str]) -> Vec<Box<dyn Service>> {
    reference().into_iter().filter(|service| names.contains(&service.name())).collect()
}

pub(crate) fn tenant(number: u128) -> Tenant {
    Tenant { id: uuid::Uuid::from_u128(number), region: "GMS".into(), major: 83, minor: 1 }
}

pub(crate) fn create_ban(value: &str) -> String {
    serde_json::json!({
        "type": "CREATE",
        "body": {
            "banType": 0, "value": value, "reason": "", "reasonCode": 1,
            "permanent": true, "expiresAt": 0, "issuedBy": "test",
        },
    })
    .to_string()
}

/// The ids of the CREATED events of a tenant, in the order in which they were read.
pub(crate) fn created(seen: &[Tapped], contracts: &Contracts, tenant: &Tenant) -> Vec<i128> {
    let status = contracts.channel_ix("ban.status").unwrap();
    let own = seen
        .iter()
        .filter(|one| one.channel == status && one.record.headers.tenant() == Ok(tenant));
    own.map(|one| {
        let value = Json::parse(one.record.value_bytes().unwrap()).unwrap();
        value.get("banId").and_then(Json::as_integer).unwrap()
    })
    .collect()
}
