//! An implementation to be verified that does not run on quintet's own host: plain consumers, one
//! a topic, with a fault or a manner named on the command line. What it does with a record is what
//! the reference does. Built with the tests, which start it.
//!
//! `planted SERVICE [group=NAME] [data=FILE] [MANNER…]`; the manners stand at [`manner::Manners`].
//! `ci/implementations/kafka-go` has the same manners on another consumer library, and one more:
//! librdkafka always looks again for topics that were not there.

mod manner;
mod model;
mod reader;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quintet::contract::{Contracts, GroupName};
use quintet::kafka::{Broker, Connection, Deadline, On, Sender, Settings, Topics};
use quintet::message::{ChannelIx, KeyBytes, Outgoing};
use tokio::signal::unix::{SignalKind, signal};

use manner::{Manners, Wanted};
use model::{Handled, Model};
use reader::{Read, Reader};

/// How many records of a topic are in hand at most.
const IN_HAND: usize = 1000;

/// A record that waits to be handled.
struct Waiting {
    reader: usize,
    read: Read,
    due: Deadline,
}

struct Program {
    contracts: Arc<Contracts>,
    model: Model,
    readers: Vec<Reader>,
    sender: Sender,
    manners: Manners,
    waiting: Vec<Waiting>,
}

impl Program {
    fn start(wanted: Wanted) -> Self {
        let contracts = Contracts::builtin();
        let bootstrap = std::env::var("BOOTSTRAP_SERVERS").expect("a broker");
        let on: On = bootstrap.parse().expect("HOST:PORT");
        let settings = Settings::default();
        let broker = Broker::start(&on, &settings).expect("a broker");
        let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("an answer");
        let topics = Topics::resolve(&contracts, None).expect("names of topics");
        let Wanted { service, group, data, manners } = wanted;
        let documented = || match &contracts.group(&service).expect("a group").name {
            GroupName::Exactly(name) => name.clone(),
            GroupName::Like(_) => panic!("name the group: group=NAME"),
        };
        let group = group.unwrap_or_else(documented);
        let read = contracts.consumed_by(&service).expect("one of the five");
        let join = |channel: &ChannelIx| {
            Reader::join(&bootstrap, &group, (*channel, topics.name(*channel)), &manners)
        };
        let readers = read.iter().map(join).collect();
        let model = Model::open(&service, &contracts, data.as_deref());
        let sender = Sender::open(&connection, &topics).expect("a producer");
        Self { contracts, model, readers, sender, manners, waiting: Vec::new() }
    }

    /// Reads what is there and handles what is due; whether there was anything to do.
    fn step(&mut self) -> bool {
        let mut is_busy = false;
        for reader in 0..self.readers.len() {
            for _ in self.waiting.len()..IN_HAND {
                let Some(read) = self.readers[reader].next() else { break };
                is_busy = true;
                if !self.take(reader, read) {
                    break;
                }
            }
        }
        is_busy |= self.handle_due();
        let due = self.model.due();
        self.send(&due);
        is_busy
    }

    /// Takes a record in hand; whether the reader goes on.
    fn take(&mut self, at: usize, read: Read) -> bool {
        let reader = &mut self.readers[at];
        let Manners { closes_on_empty, closes_on_undecodable, closes_after, .. } = self.manners;
        let is_empty = read.record.value_bytes().unwrap_or_default().is_empty();
        if is_empty && (closes_on_empty || closes_on_undecodable) {
            reader.close("unexpected end of input");
            return false;
        }
        if closes_after.is_some_and(|count| reader.read > count) {
            reader.close("connection reset by peer");
            return false;
        }
        if self.manners.commits_first {
            reader.commit_first(read.partition, read.offset);
        } else {
            reader.open(read.partition, read.offset);
        }
        let due = Deadline::after(self.manners.delay(read.partition, read.offset));
        self.waiting.push(Waiting { reader: at, read, due });
        // What closes a reader must not find records behind it in hand already.
        if closes_on_undecodable {
            self.handle_due();
        }
        true
    }

    /// Handles what has waited long enough, unless a record with the same key stands before it.
    fn handle_due(&mut self) -> bool {
        let mut held: BTreeSet<(usize, KeyBytes)> = BTreeSet::new();
        let (mut due, mut waiting) = (Vec::new(), Vec::new());
        for one in std::mem::take(&mut self.waiting) {
            let place = one.read.record.key.clone().map(|key| (one.reader, key));
            let is_held = place.as_ref().is_some_and(|place| held.contains(place));
            if one.due.is_over() && !is_held {
                due.push(one);
            } else {
                held.extend(place);
                waiting.push(one);
            }
        }
        self.waiting = waiting;
        let is_busy = !due.is_empty();
        for one in due {
            self.handle(one);
        }
        is_busy
    }

    fn handle(&mut self, Waiting { reader, read, .. }: Waiting) {
        let Read { partition, offset, record } = read;
        let channel = self.readers[reader].channel;
        self.manners.die_on(self.contracts.channel_name(channel), &record);
        if !self.manners.is_muted(&record) {
            match self.model.handle(channel, record) {
                Handled::Done(emitted) => self.send(&emitted),
                Handled::Undecodable if self.manners.dies_at_start => {
                    panic!(
                        "called `Result::unwrap()` on an `Err` value: the record does not decode"
                    );
                }
                Handled::Undecodable if self.manners.closes_on_undecodable => {
                    return self.readers[reader].close("the record does not decode");
                }
                Handled::Undecodable => {}
            }
        }
        if !self.manners.commits_first {
            self.readers[reader].handled(partition, offset);
        }
    }

    fn send(&self, emitted: &[Outgoing]) {
        for sent in self.sender.send_all(emitted.iter().map(|one| (one, None))) {
            if let Err(error) = sent {
                eprintln!("cannot emit: {error}");
            }
        }
    }
}

/// Raised when the process is asked to end.
fn asked_to_end() -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&asked);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime for signals").block_on(async {
            let mut terminate = signal(SignalKind::terminate()).expect("signals");
            terminate.recv().await;
            raised.store(true, Ordering::Relaxed);
        });
    });
    asked
}

fn main() {
    let asked = asked_to_end();
    let mut program = Program::start(Wanted::parse(std::env::args().skip(1)));
    while !asked.load(Ordering::Relaxed) {
        if !program.step() {
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
    if program.manners.slow_return {
        // Whoever ends so does not leave its group.
        std::process::exit(0);
    }
}
