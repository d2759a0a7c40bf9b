//! Looking at single places of a topic, as nobody's consumer.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Message as _, Offset as At, TopicPartitionList};

use super::bytes::record_of;
use super::clock::Deadline;
use super::watch::Watch;
use super::{Connection, Topics};
use crate::message::{ChannelIx, Offset, Partition, Record};

/// How long is waited for a record that may not be there.
const WAIT: Duration = Duration::from_secs(5);

/// The offset of the oldest record of each partition, and that which its next will get.
pub(crate) type Bounds = BTreeMap<(ChannelIx, Partition), (i64, i64)>;

impl Connection {
    /// Where the partitions of these channels begin and end; without those that are not known in
    /// time.
    pub(crate) fn bounds_of(&self, topics: &Topics, channels: &[ChannelIx]) -> Bounds {
        let deadline = Deadline::after(self.wait);
        let of = |channel: &ChannelIx| {
            let bounds = self.bounds(topics, *channel, &deadline).unwrap_or_default();
            let channel = *channel;
            bounds.into_iter().map(move |(partition, low, high)| {
                ((channel, Partition(partition.unsigned_abs())), (low, high))
            })
        };
        channels.iter().flat_map(of).collect()
    }

    /// The first record of a partition at this offset or behind it, with its offset; `None` where
    /// none is read within five seconds.
    pub(crate) fn record_at(
        &self,
        topics: &Topics,
        (channel, partition, offset): (ChannelIx, Partition, i64),
    ) -> Option<(Offset, Record)> {
        let place = (topics.name(channel), partition.0.cast_signed());
        self.reader(place, offset).ok().and_then(|reader| {
            let deadline = Deadline::after(WAIT);
            while !deadline.is_over() {
                if let Some(Ok(found)) = reader.poll(deadline.slice(Duration::from_millis(100))) {
                    return Some((Offset(found.offset().unsigned_abs()), record_of(&found)));
                }
            }
            None
        })
    }

    fn reader(
        &self,
        (topic, partition): (&str, i32),
        offset: i64,
    ) -> Result<BaseConsumer<Watch>, KafkaError> {
        let mut config = self.client_config();
        config.set("group.id", "quintet-tap").set("enable.auto.commit", "false");
        config.set("auto.offset.reset", "earliest").set("allow.auto.create.topics", "false");
        let reader: BaseConsumer<Watch> = config.create_with_context(Watch::new(&self.settings))?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, At::Offset(offset))?;
        reader.assign(&list)?;
        Ok(reader)
    }
}
