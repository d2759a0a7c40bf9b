//! Questions about one group, by a client that never joins it.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::groups::GroupInfo;
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{Offset, TopicPartitionList};

use super::clock::Deadline;
use super::group_member::Member;
use super::watch::Watch;
use super::{Connection, Topics};
use crate::message::{ChannelIx, Partition};

/// The state of a group whose members have their partitions.
pub(super) const STABLE: &str = "Stable";

/// Asks for a group. One consumer is kept for all questions: each that is made connects anew.
pub(super) struct GroupAsker {
    asks: BaseConsumer<Watch>,
    group: String,
    is_mock: bool,
}

/// What is said of who is in a group: its state and its members, where either is known.
pub(super) type Membership = (Option<String>, Option<Vec<Member>>);

impl GroupAsker {
    pub(super) fn open(connection: &Connection, group: &str) -> Result<Self, KafkaError> {
        let mut config = connection.client_config();
        config.set("group.id", group).set("enable.auto.commit", "false");
        config.set("allow.auto.create.topics", "false");
        let asks = config.create_with_context(Watch::new(&connection.settings))?;
        Ok(Self { asks, group: group.to_owned(), is_mock: connection.is_mock() })
    }

    /// Who is in it. Nothing is known where the broker has no answer to such questions.
    pub(super) fn membership(&self, deadline: &Deadline) -> Result<Membership, KafkaError> {
        if self.is_mock {
            return Ok((None, None));
        }
        match self.described(deadline) {
            Err(error) if is_beyond(&error) => Ok((None, None)),
            answer => answer,
        }
    }

    fn described(&self, deadline: &Deadline) -> Result<Membership, KafkaError> {
        let client = self.asks.client();
        let list = client.fetch_group_list(Some(&self.group), deadline.left())?;
        let found = list.groups().iter().find(|one| one.name() == self.group);
        let is_there = |found: &&GroupInfo| !matches!(found.state(), "Dead" | "");
        if let Some(found) = found.filter(is_there) {
            let is_stable = found.state() == STABLE;
            let members = found.members().iter();
            let members = members.map(|one| Member::described(one, is_stable)).collect();
            return Ok((Some(found.state().to_owned()), Some(members)));
        }
        // Groups that are not there are called dead, and so are those of the newer protocol
        // (`group.protocol=consumer`), which this question does not reach; but only those that are
        // there are listed.
        let all = client.fetch_group_list(None, deadline.left())?;
        let is_there = all.groups().iter().any(|one| one.name() == self.group);
        Ok((None, if is_there { None } else { Some(Vec::new()) }))
    }

    /// The offset that is committed for each of these partitions that has one.
    pub(super) fn committed(
        &self,
        topics: &Topics,
        partitions: impl IntoIterator<Item = (ChannelIx, i32)>,
        deadline: &Deadline,
    ) -> Result<BTreeMap<(ChannelIx, Partition), i64>, KafkaError> {
        let mut asked = TopicPartitionList::new();
        for (channel, partition) in partitions {
            asked.add_partition(topics.name(channel), partition);
        }
        let answer = super::group::committed(&self.asks, &asked, deadline)?;
        let committed = answer.elements().into_iter().filter_map(|one| {
            let Offset::Offset(offset) = one.offset() else { return None };
            let channel = topics.channel(one.topic())?;
            Some(((channel, Partition(one.partition().unsigned_abs())), offset))
        });
        Ok(committed.collect())
    }

    /// Commits offsets without being a member. Returns whether that is possible: a broker that
    /// cannot say who is in the group may want a member. While the group has members it is refused,
    /// and asked again until `deadline`: the session of one that was killed ends.
    pub(super) fn lets_others_commit(
        &self,
        offsets: &TopicPartitionList,
        deadline: &Deadline,
    ) -> Result<bool, KafkaError> {
        if self.is_mock {
            return Ok(false);
        }
        loop {
            let Err(error) = self.asks.commit(offsets, CommitMode::Sync) else {
                return Ok(true);
            };
            let soon = Deadline::after(deadline.slice(Duration::from_secs(1)));
            if matches!(self.membership(&soon), Ok((None, None))) {
                return Ok(false);
            }
            if deadline.is_over() {
                return Err(error);
            }
            super::clock::pause(deadline.slice(Duration::from_millis(200)));
        }
    }

    /// The groups whose members read one of these topics, by name.
    pub(super) fn groups_that_read(
        &self,
        topics: &[&str],
        deadline: &Deadline,
    ) -> Result<Vec<String>, KafkaError> {
        if self.is_mock {
            return Ok(Vec::new());
        }
        let all = self.asks.client().fetch_group_list(None, deadline.left())?;
        let reads = |group: &&GroupInfo| {
            let members = group.members().iter().map(|one| Member::described(one, true));
            let mut topics_read = members.filter_map(|one| one.subscribed).flatten();
            topics_read.any(|topic| topics.contains(&topic.as_str()))
        };
        let mut names: Vec<_> =
            all.groups().iter().filter(reads).map(|group| group.name().to_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// The partitions of these channels. A topic that is not there has none.
    pub(super) fn partitions(
        &self,
        topics: &Topics,
        channels: &[ChannelIx],
        deadline: &Deadline,
    ) -> Result<Vec<(ChannelIx, i32)>, KafkaError> {
        let metadata = self.asks.fetch_metadata(None, deadline.left())?;
        let of = |channel: &ChannelIx| {
            let topic = topics.name(*channel);
            let found = metadata.topics().iter().find(|one| one.name() == topic);
            let ids = found.into_iter().flat_map(MetadataTopic::partitions);
            let channel = *channel;
            ids.map(MetadataPartition::id).map(move |id| (channel, id))
        };
        Ok(channels.iter().flat_map(of).collect())
    }

    /// Lets librdkafka tell its causes, which it does only while something polls.
    pub(super) fn trouble(&self) -> Option<String> {
        drop(self.asks.poll(Duration::ZERO));
        self.asks.context().cause().map(|trouble| trouble.text)
    }

    /// The broker has answered.
    pub(super) fn answered(&self) {
        self.asks.context().answered();
    }
}

/// Whether a broker will not answer a question, however often it is asked: it does not know it, as
/// the mock of another process, or the user may not ask it.
fn is_beyond(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::UnsupportedFeature
                | Code::UnsupportedVersion
                | Code::ClusterAuthorizationFailed
                | Code::GroupAuthorizationFailed
        )
    )
}
