//! A member of the group that reads one topic.

use std::collections::{BTreeMap, VecDeque};

use quintet::message::{ChannelIx, Header, Headers, KeyBytes, Partition, Payload, Record};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::manner::Manners;

/// A record, with where it lies.
pub(crate) struct Read {
    pub(crate) partition: Partition,
    pub(crate) offset: i64,
    pub(crate) record: Record,
}

pub(crate) struct Reader {
    pub(crate) channel: ChannelIx,
    pub(crate) topic: String,
    /// Whether it reads no more.
    is_closed: bool,
    /// How many records it has read.
    pub(crate) read: u64,
    consumer: BaseConsumer,
    /// By partition the offsets that are not committed, and whether each is handled.
    open: BTreeMap<Partition, VecDeque<(i64, bool)>>,
}

impl Reader {
    pub(crate) fn join(
        bootstrap: &str,
        group: &str,
        (channel, topic): (ChannelIx, &str),
        manners: &Manners,
    ) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", group)
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("session.timeout.ms", manners.session().as_millis().to_string())
            .set("heartbeat.interval.ms", "500")
            .set("fetch.wait.max.ms", "100")
            .set("topic.metadata.refresh.interval.ms", "500")
            .create()
            .expect("a consumer");
        consumer.subscribe(&[topic]).expect("a name of a topic");
        let (topic, open) = (topic.to_owned(), BTreeMap::new());
        Self { channel, topic, is_closed: false, read: 0, consumer, open }
    }

    /// The next record, if one is there; none for ever once it is closed.
    pub(crate) fn next(&mut self) -> Option<Read> {
        // One that is closed polls all the same: so it stays a member when the group changes.
        let message = self.consumer.poll(std::time::Duration::ZERO);
        if self.is_closed {
            drop(message);
            self.pause();
            return None;
        }
        match message? {
            Ok(message) => {
                self.read += 1;
                Some(read(&message))
            }
            Err(error) => {
                eprintln!("{}: {error}", self.topic);
                None
            }
        }
    }

    /// Reads no more, and stays a member of its group.
    pub(crate) fn close(&mut self, why: &str) {
        eprintln!("{}: stop reading: {why}", self.topic);
        self.is_closed = true;
        self.pause();
    }

    fn pause(&self) {
        // Where there are no partitions there is nothing to pause.
        let _ = self.consumer.assignment().and_then(|all| self.consumer.pause(&all));
    }

    /// Commits a record that is about to be handled.
    pub(crate) fn commit_first(&self, partition: Partition, offset: i64) {
        self.commit(partition, offset, CommitMode::Sync);
    }

    /// Takes note of a record that is to be committed once it is handled.
    pub(crate) fn open(&mut self, partition: Partition, offset: i64) {
        self.open.entry(partition).or_default().push_back((offset, false));
    }

    /// Commits a record that is handled, where all before it are.
    pub(crate) fn handled(&mut self, partition: Partition, offset: i64) {
        let open = self.open.entry(partition).or_default();
        for (_, is_handled) in open.iter_mut().filter(|(other, _)| *other == offset) {
            *is_handled = true;
        }
        let mut last = None;
        while let Some((offset, true)) = open.front() {
            last = Some(*offset);
            open.pop_front();
        }
        if let Some(last) = last {
            self.commit(partition, last, CommitMode::Async);
        }
    }

    fn commit(&self, partition: Partition, offset: i64, mode: CommitMode) {
        let mut list = TopicPartitionList::new();
        let partition = i32::try_from(partition.0).expect("a partition of Kafka's");
        list.add_partition_offset(&self.topic, partition, Offset::Offset(offset + 1))
            .expect("an offset");
        if let Err(error) = self.consumer.commit(&list, mode) {
            eprintln!("{}: cannot commit {partition}/{offset}: {error}", self.topic);
        }
    }
}

fn read(message: &BorrowedMessage<'_>) -> Read {
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    let headers = headers
        .map(|header| Header { name: header.key.into(), value: header.value.map(Into::into) });
    Read {
        partition: Partition(u32::try_from(message.partition()).expect("not negative")),
        offset: message.offset(),
        record: Record {
            key: message.key().map(KeyBytes::from_slice),
            headers: Headers::from_list(headers.collect()),
            value: message.payload().map(Payload::new),
        },
    }
}
