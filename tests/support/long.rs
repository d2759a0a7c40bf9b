//! Long histories of one tenant: made by the reference on the bus, and seen from outside.

use std::time::Duration;

use quintet::bus::{Random, Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver, Until};
use quintet::history::{Event, History, Producer};
use quintet::message::{
    Headers, Json, Outgoing, Payload, Record, Seed, Stream, Tenant, TraceParent, VirtualTime,
};
use quintet::service::Service;
use quintet::services::{account::Account, ban::Ban, invite::Invite};
use quintet::verify::Observation;
use serde_json::{Value, json};
use uuid::Uuid;

/// How a long history goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Long {
    pub(crate) service: &'static str,
    pub(crate) commands: usize,
    /// So many commands are sent in one millisecond, and then so many milliseconds pass.
    pub(crate) at_once: usize,
    pub(crate) gap_ms: u64,
    /// Each event is seen so many ms later at most.
    pub(crate) delay_ms: usize,
    pub(crate) partitions: u32,
    /// Whether events have the trace id of what caused them, or one of their own.
    pub(crate) traced: bool,
    /// The events that the service never emitted, by their numbers.
    pub(crate) lost: &'static [usize],
    pub(crate) settle_ms: u64,
    pub(crate) seed: u64,
}

impl Long {
    /// One command after the other.
    pub(crate) const fn serial(service: &'static str, commands: usize) -> Self {
        Self {
            service,
            commands,
            at_once: 1,
            gap_ms: 50,
            delay_ms: 5,
            partitions: 3,
            traced: true,
            lost: &[],
            settle_ms: 1_000,
            seed: 7,
        }
    }

    /// All of them within about a second.
    pub(crate) fn burst(service: &'static str, commands: usize) -> Self {
        let at_once = (commands / 1_000).max(1);
        let gap_ms = u64::try_from(1_000 / commands.min(1_000)).unwrap_or(1);
        Self { at_once, gap_ms, delay_ms: 100, ..Self::serial(service, commands) }
    }

    pub(crate) const fn without(self, lost: &'static [usize]) -> Self {
        Self { lost, ..self }
    }

    pub(crate) const fn untraced(self) -> Self {
        Self { traced: false, ..self }
    }

    /// What is seen of it.
    pub(crate) fn observed(self) -> Observation {
        let services: Vec<Box<dyn Service>> = match self.service {
            "ban" => vec![Box::new(Ban::default())],
            "account" => vec![Box::new(Account::default()), Box::new(Ban::default())],
            _ => vec![Box::new(Invite::default())],
        };
        let topology = Topology { partitions: self.partitions, members: 1 };
        let start = (Seed(self.seed), Box::new(Random::new(Seed(self.seed), 0)) as _);
        let contracts = Contracts::builtin();
        let mut world =
            World::new(contracts, services, topology, start).expect("they have contracts");
        for number in 0..self.commands {
            self.send(&mut world, number);
            if (number + 1).is_multiple_of(self.at_once) {
                wait(&mut world, self.gap_ms);
            }
        }
        wait(&mut world, 3_000);
        self.seen(world.history())
    }

    fn send(self, world: &mut World, number: usize) {
        let (channel, value) = match self.service {
            "ban" => ban(number),
            "account" => account(number),
            _ => invite(number),
        };
        let trace = TraceParent { trace: number as u128 + 1, span: 1, flags: 1 };
        let headers = Headers::of_tenant(&tenant(), trace);
        let contracts = world.contracts();
        let channel = contracts.channel_ix(channel).expect("a channel");
        let bytes = value.to_string().into_bytes();
        let key = Json::parse(&bytes).ok().and_then(|value| contracts.key_for(channel, &value));
        let record = Record { key, headers, value: Some(Payload::new(&bytes)) };
        world.send(Outgoing { channel, record }).expect("it is taken");
    }

    fn seen(self, history: &History) -> Observation {
        let mut delays = Stream::keyed(Seed(self.seed), &"delays");
        let mut entries = Vec::new();
        let mut events = 0;
        let mut ended = VirtualTime::ZERO;
        for entry in history.entries() {
            ended = ended.max(entry.at);
            match &entry.event {
                Event::Sent { record } => entries.push((entry.at, *record)),
                Event::Emitted { service, record, .. }
                    if history.service(*service) == self.service =>
                {
                    let ms = delays.below(self.delay_ms + 1) as u64;
                    if !self.lost.contains(&events) {
                        entries.push((entry.at.after(Duration::from_millis(ms)), *record));
                    }
                    events += 1;
                }
                _ => {}
            }
        }
        entries.sort_by_key(|(at, _)| *at);
        let mut seen = History::new(Contracts::builtin(), history.services().to_vec());
        for (at, record) in entries {
            let placed = history.record(record);
            let mut record = placed.record.clone();
            let producer = match placed.producer {
                Producer::Test => Producer::Test,
                Producer::Service { service, .. } => {
                    if !self.traced {
                        let trace = u128::MAX - placed.id.at() as u128;
                        let trace = TraceParent { trace, span: 1, flags: 1 };
                        record.headers = Headers::of_tenant(&tenant(), trace);
                    }
                    Producer::Service { service, cause: None }
                }
            };
            seen.append(at, (placed.channel, placed.partition, placed.offset), record, producer);
        }
        let settle = Duration::from_millis(self.settle_ms);
        let ended = ended.after(Duration::from_millis(self.delay_ms as u64)).after(settle * 2);
        Observation::new(seen, self.service, ended, settle)
    }
}

pub(crate) fn tenant() -> Tenant {
    Tenant { id: Uuid::from_u128(1), region: "GMS".into(), major: 83, minor: 1 }
}

fn wait(world: &mut World, ms: u64) {
    let until = Until::after(world.now(), Duration::from_millis(ms));
    world.run(until, &mut |_| false).expect("it goes on");
}

fn uuid(number: usize) -> String {
    Uuid::from_u128(number as u128 + 1).to_string()
}

/// Bans that last and that end, a DELETE of one that lasts, and a login that is heard of.
fn ban(number: usize) -> (&'static str, Value) {
    let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
    let create = |permanent: bool| {
        let body = json!({ "banType": 0, "value": address, "reason": "r", "reasonCode": 1,
            "permanent": permanent, "expiresAt": 1_800_000_000 + number, "issuedBy": "gm" });
        ("ban.command", json!({ "type": "CREATE", "body": body }))
    };
    match number % 4 {
        0 => create(true),
        1 => create(false),
        2 => {
            let body = json!({ "banId": number / 4 * 2 + 1 });
            ("ban.command", json!({ "type": "DELETE", "body": body }))
        }
        _ => {
            let event = json!({ "sessionId": uuid(number), "accountId": number % 50,
                "accountName": "eve", "type": "CREATED",
                "body": { "ipAddress": "10.0.0.7", "hwid": "HW" } });
            ("account.session.status", event)
        }
    }
}

/// Invites that are accepted, but for each tenth, which expires.
fn invite(number: usize) -> (&'static str, Value) {
    let of = number / 2;
    let is_accepted = number % 2 == 1 && !of.is_multiple_of(10);
    let (kind, body) = match is_accepted {
        true => ("ACCEPT", json!({ "targetId": 1 + of % 100, "referenceId": of })),
        false => (
            "CREATE",
            json!({ "originatorId": 1_000 + of % 7, "targetId": 1 + of % 100,
                "referenceId": if number.is_multiple_of(2) { of } else { 1_000_000 + of } }),
        ),
    };
    let command = json!({ "transactionId": uuid(number), "worldId": 0, "inviteType": "PARTY",
        "type": kind, "body": body });
    ("invite.command", command)
}

/// Accounts that are made, and their sessions.
fn account(number: usize) -> (&'static str, Value) {
    let of = number / 4;
    let name = format!("a{of}");
    let command = |kind: &str, account: usize, body: Value| {
        let command = json!({ "sessionId": uuid(of), "accountId": account, "author": "LOGIN",
            "type": kind, "body": body });
        ("account.session.command", command)
    };
    match number % 4 {
        0 => ("account.create", json!({ "name": name, "password": "pw" })),
        1 => {
            let body = json!({ "accountName": name, "password": "pw", "ipAddress": "10.0.0.1",
                "hwid": "HW" });
            command("CREATE", 0, body)
        }
        2 => command("PROGRESS_STATE", of + 1, json!({ "state": 3, "params": { "port": 1 } })),
        _ => command("LOGOUT", of + 1, json!({})),
    }
}
