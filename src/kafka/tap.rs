//! Reading everything that is on the topics, as nobody's consumer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Timestamp;
use rdkafka::metadata::MetadataPartition;
use rdkafka::{Message as _, Offset as At, TopicPartitionList};

use super::bytes::record_of;
use super::clock::{Deadline, pause, wall_ms};
use super::watch::Watch;
use super::{Connection, Topics};
use crate::message::{ChannelIx, Offset, Partition, Record};

/// Where a tap starts to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// After what is there now.
    End,
    /// At the oldest record that is kept.
    Beginning,
}

/// Where all partitions begin and end may take so many times as long as one answer.
const ALL_PARTITIONS: u32 = 3;

/// A record as it came from the broker.
#[derive(Clone, Debug)]
pub struct Tapped {
    /// The channel of its topic.
    pub channel: ChannelIx,
    /// Its partition.
    pub partition: Partition,
    /// Its offset; offsets of a partition rise, and may leave gaps.
    pub offset: Offset,
    /// The record's timestamp in Unix milliseconds, for a file and for people; -1 where there is
    /// none. It is the clock of the producer, who may set it, or of the broker: what is compared,
    /// is compared by `seen_ms`.
    pub timestamp_ms: i64,
    /// When it was read, by [`super::wall_ms`]: the clock of a history.
    pub seen_ms: i64,
    /// What it is.
    pub record: Record,
}

/// Why nothing is read any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TapError {
    /// There is no reader.
    #[error("no reader can be made of these settings: {0}")]
    Settings(String),
    /// The ends of the partitions are not known.
    #[error(
        "where the topic {topic} ends is not known after {waited_s} s: {why}; does it exist, may the \
         user read it, and are the broker's advertised listeners reachable from here?"
    )]
    Start {
        /// The topic.
        topic: String,
        /// How long it was waited, in seconds.
        waited_s: u64,
        /// What the broker says.
        why: String,
    },
    /// The broker is gone for too long.
    #[error(
        "the broker at {at} has not answered for {waited_s} s ({why}): is it up, and reachable?"
    )]
    Lost {
        /// The address.
        at: String,
        /// How long it has been waited, in seconds.
        waited_s: u64,
        /// What is known of the cause.
        why: String,
    },
    /// A topic cannot be read (any more).
    #[error("the topics cannot be read: {0}; does each exist, and may the user read it?")]
    Refused(String),
}

/// Reads all partitions of all topics. It joins no group and commits nothing; nobody sees it.
pub struct Tap {
    consumer: BaseConsumer<Watch>,
    connection: Connection,
    topics: Topics,
    patience: Duration,
    /// How far each partition was at the start.
    starts: BTreeMap<(ChannelIx, Partition), i64>,
    /// The offset behind what was there at the start.
    ends: BTreeMap<(ChannelIx, Partition), i64>,
    paused: BTreeSet<(ChannelIx, Partition)>,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tap").field("starts", &self.starts).finish_non_exhaustive()
    }
}

/// How long a question about offsets may take; it is asked again.
const QUESTION: Duration = Duration::from_secs(1);

impl Tap {
    /// How long a broker may be gone before [`Tap::poll`] gives up.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// Starts to read. Where every partition ends is known when this returns: a record that is sent
    /// afterwards is read, and with [`From::End`] none that was there before.
    ///
    /// # Errors
    /// [`TapError::Start`] when the offsets of a topic are not known in time.
    pub fn open(connection: &Connection, topics: &Topics, from: From) -> Result<Self, TapError> {
        let mut config = connection.client_config();
        // librdkafka reads assigned partitions only in the name of a group; nothing is ever
        // committed to this one.
        config.set("group.id", "quintet-tap").set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false").set("auto.offset.reset", "error");
        config.set("enable.partition.eof", "false").set("allow.auto.create.topics", "false");
        let settings =
            |error: KafkaError| TapError::Settings(connection.settings.redact(&error.to_string()));
        let consumer: BaseConsumer<Watch> =
            config.create_with_context(Watch::new(&connection.settings)).map_err(settings)?;
        let channels: Vec<_> = topics.iter().map(|(_, channel)| channel).collect();
        // Each partition is asked for, and new ones may still be without a leader.
        let deadline = Deadline::after(connection.wait * ALL_PARTITIONS);
        let mut list = TopicPartitionList::new();
        let (mut starts, mut ends) = (BTreeMap::new(), BTreeMap::new());
        for channel in channels {
            let topic = topics.name(channel);
            let bounds = connection.bounds(topics, channel, &deadline).map_err(|error| {
                let (topic, waited_s) = (topic.to_owned(), deadline.elapsed().as_secs());
                TapError::Start { topic, waited_s, why: connection.why(&error) }
            })?;
            for (partition, low, high) in bounds {
                let start = if from == From::End { high } else { low };
                list.add_partition_offset(topic, partition, At::Offset(start)).map_err(settings)?;
                let place = (channel, Partition(partition.unsigned_abs()));
                starts.insert(place, start);
                ends.insert(place, high);
            }
        }
        consumer.assign(&list).map_err(settings)?;
        let (connection, topics) = (connection.clone(), topics.clone());
        let (patience, paused) = (Self::PATIENCE, BTreeSet::new());
        Ok(Self { consumer, connection, topics, patience, starts, ends, paused })
    }

    /// As this, but giving up when the broker is gone for `patience`.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The offset from which each partition is read.
    #[must_use]
    pub fn starts(&self) -> &BTreeMap<(ChannelIx, Partition), i64> {
        &self.starts
    }

    /// The offset that the next record of each partition would have got at the start.
    #[must_use]
    pub fn ends(&self) -> &BTreeMap<(ChannelIx, Partition), i64> {
        &self.ends
    }

    /// Reads on all partitions but these, from where each was left.
    ///
    /// # Errors
    /// [`TapError::Refused`] when librdkafka knows none of these partitions.
    pub fn pause(&mut self, places: &BTreeSet<(ChannelIx, Partition)>) -> Result<(), TapError> {
        let refused = |error: KafkaError| TapError::Refused(self.connection.why(&error));
        let list = |places: &mut dyn Iterator<Item = &(ChannelIx, Partition)>| {
            let mut list = TopicPartitionList::new();
            for (channel, partition) in places {
                list.add_partition(self.topics.name(*channel), partition.0.cast_signed());
            }
            list
        };
        let (to_read, to_pause) =
            (list(&mut self.paused.difference(places)), list(&mut places.difference(&self.paused)));
        if to_read.count() > 0 {
            self.consumer.resume(&to_read).map_err(refused)?;
        }
        if to_pause.count() > 0 {
            self.consumer.pause(&to_pause).map_err(refused)?;
        }
        if self.paused != *places {
            self.paused.clone_from(places);
        }
        Ok(())
    }

    /// Whether the broker may be gone, by what is known.
    #[must_use]
    pub fn is_in_trouble(&self) -> bool {
        self.consumer.context().cause().is_some()
    }

    /// The next record; `None` when there is none within `wait`. Order holds within a partition
    /// only. A broker that goes away and comes back is read on where it was left.
    ///
    /// # Errors
    /// [`TapError::Lost`] when the broker is gone for too long, [`TapError::Refused`] when it does
    /// not let us read.
    pub fn poll(&mut self, wait: Duration) -> Result<Option<Tapped>, TapError> {
        let deadline = Deadline::after(wait);
        loop {
            let polled = match self.consumer.poll(deadline.left()) {
                None => None,
                Some(Ok(message)) => {
                    self.consumer.context().answered();
                    if let Some(channel) = self.topics.channel(message.topic()) {
                        return Ok(Some(tapped(channel, &message)));
                    }
                    None
                }
                Some(Err(error)) => Some(error),
            };
            if let Some(error) = polled {
                self.judge(&error)?;
            }
            self.see_that_it_is_there()?;
            if deadline.is_over() {
                return Ok(None);
            }
        }
    }

    /// Whether an error passes by waiting.
    fn judge(&self, error: &KafkaError) -> Result<(), TapError> {
        use RDKafkaErrorCode as Code;
        let code = error.rdkafka_error_code();
        match code {
            Some(code) if super::watch::is_connection(code) => Ok(()),
            // Nothing is asked of a group's coordinator, so it does not matter that we may not.
            Some(Code::GroupAuthorizationFailed | Code::CoordinatorNotAvailable) => Ok(()),
            Some(Code::NotCoordinator | Code::CoordinatorLoadInProgress) => Ok(()),
            // A restarted broker names its leaders a moment later.
            Some(
                Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition,
            ) if self.consumer.context().cause().is_some() => Ok(()),
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => Err(TapError::Refused(
                "records were deleted by the broker before they were read".to_owned(),
            )),
            _ => Err(TapError::Refused(self.connection.why(error))),
        }
    }

    /// Gives up when the broker has been gone for too long.
    fn see_that_it_is_there(&self) -> Result<(), TapError> {
        let watch = self.consumer.context();
        let Some(trouble) = watch.cause() else {
            return Ok(());
        };
        let waited_ms = u128::from((wall_ms() - trouble.since_ms).max(0).unsigned_abs());
        if waited_ms < self.patience.as_millis() {
            return Ok(());
        }
        // The trouble may be long over: nothing tells so while no record comes.
        if self.connection.answers(QUESTION) {
            watch.answered();
            return Ok(());
        }
        let at = self.connection.bootstrap.clone();
        let waited_s = u64::try_from(waited_ms / 1000).unwrap_or(u64::MAX);
        Err(TapError::Lost { at, waited_s, why: trouble.text })
    }
}

fn tapped(channel: ChannelIx, message: &rdkafka::message::BorrowedMessage<'_>) -> Tapped {
    let timestamp_ms = match message.timestamp() {
        Timestamp::NotAvailable => -1,
        Timestamp::CreateTime(ms) | Timestamp::LogAppendTime(ms) => ms,
    };
    Tapped {
        channel,
        partition: Partition(message.partition().unsigned_abs()),
        offset: Offset(message.offset().unsigned_abs()),
        timestamp_ms,
        seen_ms: wall_ms(),
        record: record_of(message),
    }
}

impl Connection {
    /// The partitions of a topic, each with the offset of its oldest record and of its next.
    pub(super) fn bounds(
        &self,
        topics: &Topics,
        channel: ChannelIx,
        deadline: &Deadline,
    ) -> Result<Vec<(i32, i64, i64)>, KafkaError> {
        let topic = topics.name(channel);
        let mut bounds = Vec::new();
        for partition in self.partitions(topic, deadline)? {
            let (low, high) = loop {
                match self.asks.fetch_watermarks(topic, partition, deadline.slice(QUESTION)) {
                    Ok(found) => break found,
                    Err(error) if deadline.is_over() => return Err(error),
                    // Just after a topic was made, its leader may not know it yet.
                    Err(_) => pause(deadline.slice(Duration::from_millis(50))),
                }
            };
            bounds.push((partition, low, high));
        }
        Ok(bounds)
    }

    /// The offset that the next record of each partition of these channels will get.
    pub(super) fn ends(
        &self,
        topics: &Topics,
        channels: &[ChannelIx],
        deadline: &Deadline,
    ) -> Result<Vec<(ChannelIx, i32, i64)>, KafkaError> {
        let mut ends = Vec::new();
        for channel in channels {
            let bounds = self.bounds(topics, *channel, deadline)?;
            ends.extend(bounds.into_iter().map(|(partition, _, high)| (*channel, partition, high)));
        }
        Ok(ends)
    }

    fn partitions(&self, topic: &str, deadline: &Deadline) -> Result<Vec<i32>, KafkaError> {
        let unknown = KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition);
        loop {
            let asked = self.asks.fetch_metadata(Some(topic), deadline.slice(QUESTION));
            let found = asked.and_then(|metadata| {
                let found = metadata.topics().iter().find(|one| one.name() == topic);
                let ids = found.map(|one| one.partitions().iter().map(MetadataPartition::id));
                let ids = ids.map(Iterator::collect::<Vec<_>>);
                ids.filter(|ids| !ids.is_empty()).ok_or(unknown.clone())
            });
            if found.is_ok() || deadline.is_over() {
                return found;
            }
            pause(deadline.slice(Duration::from_millis(50)));
        }
    }
}
