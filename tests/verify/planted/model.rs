//! What a service does with a record: the reference, in a simulated world of its own.
//!
//! What always holds: the world's time is this machine's, and a record is handled, and all that it
//! causes is emitted, before the next one.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use quintet::bus::{Fifo, Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver as _, Until};
use quintet::history::{Event, Producer};
use quintet::kafka::wall_ms;
use quintet::message::{
    ChannelIx, Header, Headers, KeyBytes, Outgoing, Payload, Record, Seed, VirtualTime,
};
use quintet::service::Reject;
use quintet::services::reference;
use serde_json::{Value, json};

/// What became of a record.
pub(crate) enum Handled {
    /// The service did this.
    Done(Vec<Outgoing>),
    /// The record is not what its channel carries.
    Undecodable,
}

pub(crate) struct Model {
    name: String,
    world: World,
    /// How much of the history is known.
    entries: usize,
    /// The inputs so far, where state is kept: a service that gets them anew has its state again.
    journal: Option<File>,
}

impl Model {
    /// As it starts, or as it was when what is in the file had been handled.
    pub(crate) fn open(name: &str, contracts: &Arc<Contracts>, data: Option<&Path>) -> Self {
        let mut journal = data.map(|data| {
            let options = OpenOptions::new().read(true).append(true).create(true).open(data);
            options.expect("a file for the state")
        });
        let kept = journal.as_mut().map(whole_lines).unwrap_or_default();
        let mut kept = kept.into_iter();
        let first = kept.next();
        // The ids of traces follow from it: another run must have others.
        let seed = first.as_ref().and_then(Value::as_u64).unwrap_or(wall_ms().unsigned_abs());
        let mut model = Self {
            name: name.to_owned(),
            world: world(name, contracts, Seed(seed)),
            entries: 0,
            journal: None,
        };
        for line in kept {
            let at = VirtualTime::from_unix_ms(line["at"].as_i64().expect("a time"));
            let channel = contracts.channel_ix(line["channel"].as_str().expect("a channel"));
            model.pass(at);
            model.take(channel.expect("a known channel"), record_of(&line));
        }
        model.journal = journal;
        if first.is_none() {
            model.keep(&json!(seed));
        }
        model
    }

    /// Handles a record now.
    pub(crate) fn handle(&mut self, channel: ChannelIx, record: Record) -> Handled {
        let now = wall_ms();
        self.pass(VirtualTime::from_unix_ms(now));
        let mut line = line_of(&record);
        let handled = self.take(channel, record);
        if self.journal.is_some() && matches!(handled, Handled::Done(_)) {
            line["at"] = json!(now);
            line["channel"] = json!(self.world.contracts().channel_name(channel));
            self.keep(&line);
        }
        handled
    }

    /// What timers emit until now.
    pub(crate) fn due(&mut self) -> Vec<Outgoing> {
        self.pass(VirtualTime::from_unix_ms(wall_ms()))
    }

    /// Lets the time pass.
    fn pass(&mut self, until: VirtualTime) -> Vec<Outgoing> {
        if until > self.world.now() {
            self.world.run(Until::Time(until), &mut |_| false).expect("services come to rest");
        }
        self.emitted()
    }

    fn take(&mut self, channel: ChannelIx, record: Record) -> Handled {
        self.world.send(Outgoing { channel, record }).expect("the channel is in a contract");
        let before = self.entries;
        self.world.run(Until::Quiet, &mut |_| false).expect("services come to rest");
        let history = self.world.history();
        let unreadable = |event: &Event| match event {
            Event::Rejected { service, reject: Reject::Undecodable(_) | Reject::Empty, .. } => {
                history.service(*service) == self.name
            }
            _ => false,
        };
        let is_unreadable =
            history.entries()[before..].iter().any(|entry| unreadable(&entry.event));
        let emitted = self.emitted();
        if is_unreadable { Handled::Undecodable } else { Handled::Done(emitted) }
    }

    /// What the service has emitted since this was asked last.
    fn emitted(&mut self) -> Vec<Outgoing> {
        let history = self.world.history();
        let mut emitted = Vec::new();
        for entry in &history.entries()[self.entries..] {
            let Event::Emitted { record, .. } = entry.event else { continue };
            let placed = history.record(record);
            let Producer::Service { service, .. } = placed.producer else { continue };
            if history.service(service) == self.name {
                emitted.push(Outgoing { channel: placed.channel, record: placed.record.clone() });
            }
        }
        self.entries = history.entries().len();
        emitted
    }

    fn keep(&mut self, line: &Value) {
        if let Some(journal) = &mut self.journal {
            // At once, so that a kill leaves a part of a line at the most.
            journal.write_all(format!("{line}\n").as_bytes()).expect("room for the state");
        }
    }
}

/// What was kept. What a kill left of a line was never acted on, and goes.
fn whole_lines(journal: &mut File) -> Vec<Value> {
    let mut text = String::new();
    journal.read_to_string(&mut text).expect("the state can be read");
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    journal.set_len(whole as u64).expect("the state can be cut");
    let lines = text[..whole].lines();
    lines.map(|line| serde_json::from_str(line).expect("what was kept")).collect()
}

/// The service alone; account asks ban, so ban is there beside it.
fn world(name: &str, contracts: &Arc<Contracts>, seed: Seed) -> World {
    let is_here = |other: &str| other == name || (name == "account" && other == "ban");
    let services = reference().into_iter().filter(|one| is_here(one.name())).collect();
    let topology = Topology { partitions: 1, members: 1 };
    World::new(Arc::clone(contracts), services, topology, (seed, Box::new(Fifo)))
        .expect("one of the five")
}

fn line_of(record: &Record) -> Value {
    let headers = record.headers.to_list();
    let headers: Vec<_> =
        headers.iter().map(|header| json!([&*header.name, header.value.as_deref()])).collect();
    json!({
        "key": record.key.as_deref(),
        "headers": headers,
        "value": record.value_bytes(),
    })
}

fn record_of(line: &Value) -> Record {
    let bytes = |value: &Value| serde_json::from_value::<Option<Vec<u8>>>(value.clone());
    let bytes = |value: &Value| bytes(value).expect("bytes, or null");
    let headers = line["headers"].as_array().expect("headers").iter().map(|header| Header {
        name: header[0].as_str().expect("a name").into(),
        value: bytes(&header[1]).map(Into::into),
    });
    Record {
        key: bytes(&line["key"]).map(|key| KeyBytes::from_slice(&key)),
        headers: Headers::from_list(headers.collect()),
        value: bytes(&line["value"]).map(|value| Payload::new(&value)),
    }
}
