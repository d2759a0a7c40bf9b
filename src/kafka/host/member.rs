//! The consumer of one service, and the thread that it runs in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset as At, TopicPartitionList};

use super::lanes::Lanes;
use super::options::STOP;
use super::slot::Part;
use super::stage::{Flow, Read};
use super::witness::Spot;
use super::{Order, Shared};
use crate::kafka::bytes::record_of;
use crate::kafka::clock::{pause, within};
use crate::kafka::watch::Watch;
use crate::kafka::{Deadline, Topics};
use crate::message::{Offset, Partition};

/// How long a look for records takes where none comes: stimuli and timers wait so long at most.
const LOOK: Duration = Duration::from_millis(10);
/// After so many records one is handled before more are read.
const BATCH: usize = 100;
/// With so many records in hand no more are read.
const FULL: usize = 10_000;
/// How long until something that failed at the broker is tried again.
const AGAIN: Duration = Duration::from_millis(200);
const QUESTION: Duration = Duration::from_secs(5);
/// How long until more is committed. A broker answers one commit after another, each in
/// milliseconds, and what else a member asks of its group waits behind them.
const COMMITS: Duration = Duration::from_millis(50);

/// Notes when partitions are assigned.
pub(super) struct Seat {
    pub(super) watch: Watch,
    pub(super) assigned: Arc<AtomicBool>,
}

impl ClientContext for Seat {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.watch.note(&error, reason);
    }
}

impl ConsumerContext for Seat {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(_) => self.assigned.store(true, Ordering::SeqCst),
            Rebalance::Revoke(_) => self.assigned.store(false, Ordering::SeqCst),
            Rebalance::Error(_) => {}
        }
    }
}

/// One service at work.
pub(super) struct Member {
    /// Its place among the services of the host.
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) shared: Arc<Shared>,
    /// None where the service reads nothing.
    pub(super) consumer: Option<BaseConsumer<Seat>>,
    pub(super) topics: Topics,
    /// The names of the topics that it reads.
    pub(super) reads: Vec<String>,
    pub(super) assigned: Arc<AtomicBool>,
    pub(super) lanes: Lanes,
    /// Where records without a committed offset are read from.
    pub(super) fresh: At,
    /// When more may be committed.
    pub(super) commits: Deadline,
    /// The last trouble that was told, so that it is told once.
    pub(super) trouble: Option<String>,
}

impl Member {
    /// Works until the host is to stop, is killed or has failed.
    pub(super) fn run(mut self) {
        loop {
            match self.shared.order() {
                Order::Kill => return,
                Order::Stop => return self.finish(),
                Order::Run => {}
            }
            let flow = self.turn(false);
            if self.follow(flow) == Flow::Failed {
                return;
            }
            self.look();
        }
    }

    /// Does what a step asks for.
    fn follow(&mut self, flow: Flow) -> Flow {
        match flow {
            Flow::On | Flow::Failed => {}
            Flow::Crashed => {
                self.commit();
                self.lanes.clear();
            }
            Flow::Rebalance => {
                self.commit();
                self.rejoin();
            }
        }
        flow
    }

    /// Everything that can be done without reading more; with `all`, also what is not due yet.
    fn turn(&mut self, all: bool) -> Flow {
        if let Some(flow) = self.down() {
            return flow;
        }
        loop {
            let flow = self.send(all);
            if flow != Flow::On {
                return flow;
            }
            if self.commits.is_over() {
                self.commit();
            }
            let fired = self.shared.stage().fire(self.at);
            if let Some(flow) = fired {
                if flow != Flow::On {
                    return flow;
                }
                continue;
            }
            let now = self.shared.clock.now();
            let Some((spot, record)) = self.lanes.pop(now, all) else {
                return self.shared.flow();
            };
            let flow = self.shared.stage().arrive(self.at, spot, &record);
            if flow != Flow::On {
                return flow;
            }
            if self.shared.order() == Order::Kill {
                return Flow::On;
            }
        }
    }

    /// While the service is down nothing happens; when its time has come it starts again.
    fn down(&mut self) -> Option<Flow> {
        let until = self.shared.stage().slots[self.at].down_until?;
        if self.shared.clock.now() < until {
            pause(Duration::from_millis(2));
            return Some(Flow::On);
        }
        let made = self.shared.made(&self.name);
        let woken = match made {
            Some(made) => self.shared.stage().wake(self.at, made),
            None => Ok(()),
        };
        if let Err(error) = woken {
            self.shared.fail(&error.to_string());
            return Some(Flow::Failed);
        }
        self.rewind();
        None
    }

    /// Sends what is to be sent now, each event acknowledged before the next.
    fn send(&mut self, all: bool) -> Flow {
        let deadline = Deadline::after(STOP);
        loop {
            let Some(step) = self.shared.stage().next_step(self.at, all) else {
                return self.shared.flow();
            };
            match self.shared.outlet.emit(&self.name, step.cause, &step.outgoing) {
                Ok(_) => {
                    self.well();
                    let flow = self.shared.stage().sent(self.at, step.event);
                    if flow != Flow::On {
                        return flow;
                    }
                }
                Err(error) => {
                    self.ill(&format!("an event is not sent, and tried again: {error}"));
                    match self.shared.order() {
                        Order::Kill => return Flow::On,
                        Order::Stop if deadline.is_over() => return Flow::On,
                        _ => pause(AGAIN),
                    }
                }
            }
        }
    }

    fn commit(&mut self) {
        let commits = self.shared.stage().take_commits(self.at);
        let Some(consumer) = self.consumer.as_ref().filter(|_| !commits.is_empty()) else {
            return;
        };
        let list = self.places(&commits);
        let done = list.and_then(|list| consumer.commit(&list, CommitMode::Async));
        self.commits = Deadline::after(COMMITS);
        if let Err(error) = done {
            self.ill(&format!("offsets are not committed: {error}"));
        }
    }

    fn places(&self, commits: &[(Part, u64)]) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        for ((channel, partition), offset) in commits {
            let topic = self.topics.name(*channel);
            let offset = At::Offset(i64::try_from(*offset).unwrap_or(i64::MAX));
            list.add_partition_offset(topic, number(*partition), offset)?;
        }
        Ok(list)
    }

    /// Reads what is there; waits a moment where nothing is.
    fn look(&mut self) {
        let Some(consumer) = self.consumer.as_ref().filter(|_| self.lanes.len() < FULL) else {
            return pause(LOOK);
        };
        if self.shared.stage().slots[self.at].down_until.is_some() {
            return;
        }
        let now = self.shared.clock.now();
        let wait = self.lanes.first().map_or(LOOK, |due| {
            Duration::from_millis(due.as_ms().saturating_sub(now.as_ms())).min(LOOK)
        });
        let mut wait = wait;
        let mut trouble = None;
        let mut read = 0;
        while read < BATCH {
            let Some(polled) = consumer.poll(wait) else { break };
            wait = Duration::ZERO;
            let message = match polled {
                Ok(message) => message,
                Err(error) => {
                    trouble = Some(error);
                    break;
                }
            };
            read += 1;
            let Some(channel) = self.topics.channel(message.topic()) else {
                continue;
            };
            let partition = Partition(message.partition().unsigned_abs());
            let offset = Offset(message.offset().unsigned_abs());
            let (spot, record) = (Spot { channel, partition, offset }, record_of(&message));
            let taken = self.shared.stage().read(self.at, spot, &record);
            if let Read::Taken(held) = taken {
                self.lanes.push(spot, record, (self.shared.clock.now(), held));
            }
        }
        match trouble {
            Some(error) => {
                let context = consumer.context();
                context.watch.note(&error, &error.to_string());
                let cause = context.watch.cause().map(|cause| cause.to_string());
                let text = self.shared.redact(&cause.unwrap_or_else(|| error.to_string()));
                self.ill(&format!("the broker: {text}"));
            }
            None if read > 0 => {
                consumer.context().watch.answered();
                self.well();
            }
            None => {}
        }
        if self.shared.commits_first {
            self.commit();
        }
    }

    /// Starts over from what the group has committed, as a restarted process does.
    fn rewind(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        let rewound = consumer.committed(QUESTION).and_then(|committed| {
            let mut list = TopicPartitionList::new();
            for element in committed.elements() {
                let offset = match element.offset() {
                    At::Offset(offset) => At::Offset(offset),
                    _ => self.fresh,
                };
                list.add_partition_offset(element.topic(), element.partition(), offset)?;
            }
            consumer.seek_partitions(list, QUESTION)
        });
        if let Err(error) = rewound {
            let text = self.shared.redact(&error.to_string());
            self.shared.fail(&format!("{} cannot go back to its commits: {text}", self.name));
        }
    }

    /// Leaves the group with work done and not committed, and joins it again.
    fn rejoin(&mut self) {
        self.lanes.clear();
        self.shared.stage().reassigned(self.at);
        let Some(consumer) = &self.consumer else { return };
        consumer.unsubscribe();
        self.assigned.store(false, Ordering::SeqCst);
        let names: Vec<&str> = self.reads.iter().map(String::as_str).collect();
        if let Err(error) = consumer.subscribe(&names) {
            let text = self.shared.redact(&error.to_string());
            self.shared.fail(&format!("{} cannot join its group again: {text}", self.name));
        }
    }

    /// Finishes what is in hand, commits, and leaves the group.
    fn finish(mut self) {
        let flow = self.turn(true);
        self.follow(flow);
        let unsent: usize = {
            let stage = self.shared.stage();
            stage.slots[self.at].plans.iter().map(|plan| plan.events.len()).sum()
        };
        if unsent > 0 {
            let events = if unsent == 1 { "event" } else { "events" };
            self.cut_off(&format!("{unsent} {events} could not be sent"));
        }
        self.commit();
        self.commit_all();
    }

    /// Commits everything again, and waits for the answer: what was committed before may still be
    /// on its way.
    fn commit_all(&mut self) {
        let all: Vec<_> = {
            let stage = self.shared.stage();
            let committed = &stage.slots[self.at].committed;
            committed.iter().map(|(part, offset)| (*part, *offset)).collect()
        };
        if all.is_empty() {
            return;
        }
        let list = self.places(&all);
        let Some(consumer) = self.consumer.take() else { return };
        let done = within(STOP, move || {
            let done = list.and_then(|list| consumer.commit(&list, CommitMode::Sync));
            (consumer, done)
        });
        match done {
            Some((consumer, Ok(()))) => self.consumer = Some(consumer),
            Some((consumer, Err(error))) => {
                self.consumer = Some(consumer);
                self.cut_off(&format!("offsets are not committed: {error}"));
            }
            None => {
                let waited_s = STOP.as_secs();
                self.cut_off(&format!("offsets are not committed: no answer within {waited_s} s"));
            }
        }
    }

    /// Tells what it leaves undone at the end.
    fn cut_off(&mut self, text: &str) {
        self.shared.stage().slots[self.at].is_cut_off = true;
        self.ill(text);
    }

    /// Tells a trouble, once.
    fn ill(&mut self, text: &str) {
        if self.trouble.as_deref() != Some(text) {
            self.shared.tell(&format!("{}: {text}", self.name));
            self.trouble = Some(text.to_owned());
        }
    }

    fn well(&mut self) {
        if self.trouble.take().is_some() {
            self.shared.tell(&format!("{}: the broker answers again", self.name));
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // A consumer leaves only when it has heard of each commit, and of one that was under way
        // when the broker went away it may never hear.
        if let Some(consumer) = self.consumer.take()
            && within(STOP, move || drop(consumer)).is_none()
        {
            let waited_s = STOP.as_secs();
            self.shared.tell(&format!("{}: no answer within {waited_s} s to leaving", self.name));
        }
    }
}

fn number(partition: Partition) -> i32 {
    i32::try_from(partition.0).unwrap_or(i32::MAX)
}
