//! A broker as an arm: members are real consumers, polled by turns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quintet::kafka::{Broker, Connection, Create, Deadline, From, Sender, Settings, Tap, Topics};
use quintet::message::{Outgoing, Record};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientContext, Message, Offset, TopicPartitionList};

use crate::arm::{Accident, Arm, Place, channel, contracts};

/// How long it is waited for what must come. It is no promise: only a test that hangs meets it.
pub(crate) const WAIT: Duration = Duration::from_secs(300);
/// How long nothing more may come, once everything came.
const QUIET: Duration = Duration::from_millis(500);

pub(crate) struct Live {
    connection: Connection,
    topics: Topics,
    sender: Sender,
    group: String,
    members: usize,
    /// What was sent and not handled yet.
    unhandled: BTreeSet<Place>,
    /// How many records were sent.
    sent: usize,
}

impl Live {
    /// Topics and a group of its own on a broker that others use too.
    pub(crate) fn fresh<'a>(broker: &Broker, case: &str, members: usize) -> Box<dyn Arm + 'a> {
        Box::new(Self::on(broker, case, members))
    }

    pub(crate) fn on(broker: &Broker, case: &str, members: usize) -> Self {
        let connection = Connection::open(broker, &Settings::default(), Connection::WAIT);
        let connection = connection.expect("the broker answers");
        let name = |address: &str| Some(format!("{case}.{address}"));
        let topics = Topics::from_lines(&contracts(), name, None).expect("the names are fine");
        let created = connection.ensure_topics(&topics, &contracts(), Create::Missing);
        assert_eq!(created.map(|created| created.len()), Ok(contracts().channel_count()));
        let sender = Sender::open(&connection, &topics).expect("a producer is made");
        // Names of groups in the field have spaces.
        let group = format!("{case} Service");
        let unhandled = BTreeSet::new();
        Self { connection, topics, sender, group, members, unhandled, sent: 0 }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    /// A member that joins. One that is not polled for 3.5 seconds is taken for dead; less would
    /// not do on the mock, whose groups wait three seconds for their first member.
    pub(crate) fn join(&self) -> Member {
        let mut config = self.connection.client_config();
        config.set("group.id", &self.group).set("enable.auto.commit", "false");
        config.set("auto.offset.reset", "earliest").set("heartbeat.interval.ms", "200");
        config.set("session.timeout.ms", "3500").set("max.poll.interval.ms", "3500");
        let assigned = Arc::new(AtomicUsize::new(0));
        let consumer: BaseConsumer<Assigned> =
            config.create_with_context(Assigned(Arc::clone(&assigned))).expect("a consumer");
        consumer.subscribe(&[self.topics.name(channel())]).expect("it subscribes");
        Member { consumer, assigned }
    }

    /// Delivers records to members until all are handled and nothing more comes.
    fn handle_all(&mut self, members: &[Member], delivered: &mut Vec<Place>) {
        let deadline = Deadline::after(WAIT);
        let mut quiet = Deadline::after(QUIET);
        while !self.unhandled.is_empty() || !quiet.is_over() {
            assert!(!deadline.is_over(), "never handled: {:?}", self.unhandled);
            for member in members {
                let Some(place) = member.poll() else { continue };
                quiet = Deadline::after(QUIET);
                if member.commit(self.topics.name(channel()), place) {
                    delivered.push(place);
                    self.unhandled.remove(&place);
                }
            }
            if !self.unhandled.is_empty() {
                quiet = Deadline::after(QUIET);
            }
        }
    }
}

/// Counts how often partitions were assigned.
struct Assigned(Arc<AtomicUsize>);

impl ClientContext for Assigned {}

impl ConsumerContext for Assigned {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(_) = rebalance {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub(crate) struct Member {
    consumer: BaseConsumer<Assigned>,
    assigned: Arc<AtomicUsize>,
}

impl Member {
    pub(crate) fn poll(&self) -> Option<Place> {
        // What is wrong while a group forms passes; what does not pass ends a wait.
        let message = self.consumer.poll(Duration::from_millis(20))?.ok()?;
        Some((message.partition().unsigned_abs(), message.offset().unsigned_abs()))
    }

    /// Commits the offset, unless the group is changing hands: then what the member fetched comes
    /// again, to it or to another, and this time is none.
    fn commit(&self, topic: &str, (partition, offset): Place) -> bool {
        let mut list = TopicPartitionList::new();
        let next = Offset::Offset(i64::try_from(offset + 1).expect("it is small"));
        let partition = i32::try_from(partition).expect("it is small");
        list.add_partition_offset(topic, partition, next).expect("it is an offset");
        match self.consumer.commit(&list, CommitMode::Sync).map_err(|e| e.rdkafka_error_code()) {
            Ok(()) => true,
            Err(Some(
                RDKafkaErrorCode::RebalanceInProgress
                | RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::UnknownMemberId,
            )) => false,
            Err(error) => panic!("the offset is not committed: {error:?}"),
        }
    }

    /// How often it was given partitions.
    pub(crate) fn assigned(&self) -> usize {
        self.assigned.load(Ordering::SeqCst)
    }
}

impl Arm for Live {
    fn send(&mut self, outgoing: &Outgoing) -> Place {
        let placed = self.sender.send(outgoing, None).expect("it is acknowledged");
        let place = (placed.partition.0, placed.offset.0);
        self.unhandled.insert(place);
        self.sent += 1;
        place
    }

    fn records(&mut self) -> Vec<(Place, Record)> {
        let mut tap = Tap::open(&self.connection, &self.topics, From::Beginning).expect("a tap");
        let deadline = Deadline::after(WAIT);
        let mut seen = Vec::new();
        while seen.len() < self.sent {
            assert!(!deadline.is_over(), "only {} of {} records came", seen.len(), self.sent);
            let polled = tap.poll(deadline.slice(Duration::from_millis(200))).expect("it reads");
            seen.extend(polled.map(|one| ((one.partition.0, one.offset.0), one.record)));
        }
        assert!(tap.poll(QUIET).expect("it reads").is_none(), "more came than was sent");
        seen
    }

    fn run_group(&mut self, accident: Option<Accident>) -> Vec<Place> {
        let deadline = Deadline::after(WAIT);
        let mut delivered = Vec::new();
        let mut members = vec![self.join()];
        let mut silent = None;
        if accident.is_some() {
            // The first record is handled and not committed.
            let first = loop {
                assert!(!deadline.is_over(), "nothing was delivered");
                if let Some(place) = members[0].poll() {
                    break place;
                }
            };
            delivered.push(first);
        }
        match accident {
            Some(Accident::Crash) => {
                // It is kept, so that it does not say goodbye, and is never polled again.
                silent = members.pop();
                members.push(self.join());
            }
            Some(Accident::Rebalance) => {
                members.push(self.join());
                // Until the group has settled, what a member fetched is not handled.
                while members[0].assigned() < 2 || members[1].assigned() < 1 {
                    assert!(!deadline.is_over(), "the group does not settle");
                    if members[0].assigned() < 2 {
                        members[0].poll();
                    }
                    if members[1].assigned() < 1 {
                        members[1].poll();
                    }
                }
            }
            None => members.extend((1..self.members).map(|_| self.join())),
        }
        self.handle_all(&members, &mut delivered);
        for member in &members {
            // In order: it leaves, and the next member need not wait for the end of its session.
            member.consumer.unsubscribe();
        }
        drop(silent);
        delivered
    }

    fn committed(&mut self) -> BTreeMap<u32, u64> {
        let state = self.connection.group(&self.group, &self.topics, &[channel()]);
        let lag = state.expect("the broker says it").lag;
        let committed = lag.iter().filter_map(|lag| Some((lag.partition.0, lag.committed?)));
        committed.map(|(partition, offset)| (partition, offset.unsigned_abs())).collect()
    }
}
