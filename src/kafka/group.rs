//! Who is in a consumer group, and how far it has read.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::clock::{Deadline, within};
use super::watch::Watch;
use super::{Connection, Topics};
use crate::message::{ChannelIx, Partition};

/// A session that is not renewed for so long is over; a broker allows no less than this.
pub(super) const SESSION_MS: &str = "6000";
/// How long it may take to get partitions before that is tried anew: the mock forgets a member that
/// came while it waited for another one, which is gone.
const JOIN: Duration = Duration::from_secs(10);

/// A consumer group, as the broker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    /// Its name.
    pub name: String,
    /// `Stable`, `PreparingRebalance`, `Empty`, …, in the broker's words; `None` where the broker
    /// cannot say, or knows no such group.
    pub state: Option<String>,
    /// Who is in it; `None` where the broker cannot say: the mock, and of groups that use the newer
    /// protocol (`group.protocol=consumer`).
    pub members: Option<Vec<Member>>,
    /// How far it has read, of each partition of the channels that were asked for.
    pub lag: Vec<Lag>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// How it calls itself.
    pub client: String,
    /// From where.
    pub host: String,
}

/// How far a group has read a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The channel.
    pub channel: ChannelIx,
    /// The partition.
    pub partition: Partition,
    /// The offset that was committed; `None` where there is none.
    pub committed: Option<i64>,
    /// The offset that the next record will get.
    pub end: i64,
}

impl Lag {
    /// How many records are not committed; all that were ever there where nothing is.
    #[must_use]
    pub fn behind(&self) -> i64 {
        (self.end - self.committed.unwrap_or(0)).max(0)
    }
}

/// Why nothing is known of a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the broker says nothing of the group {group:?}: {why}")]
pub struct GroupError {
    /// The group.
    pub group: String,
    /// What the broker says.
    pub why: String,
}

impl fmt::Display for GroupState {
    /// `group "Ban Service": Stable, 1 member (app-1 at /10.0.0.7), 3 records behind`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "group {:?}: ", self.name)?;
        if let Some(state) = &self.state {
            write!(f, "{state}, ")?;
        }
        match self.members.as_deref() {
            None => f.write_str("the broker cannot say who is in it")?,
            Some([]) => f.write_str("no members")?,
            Some(members) => {
                let many = if members.len() == 1 { "member" } else { "members" };
                let who: Vec<_> =
                    members.iter().map(|one| format!("{} at {}", one.client, one.host)).collect();
                write!(f, "{} {many} ({})", members.len(), who.join(", "))?;
            }
        }
        if self.lag.iter().all(|lag| lag.committed.is_none()) {
            return f.write_str(", nothing committed");
        }
        let behind: i64 = self.lag.iter().map(Lag::behind).sum();
        write!(f, ", {behind} {} behind", if behind == 1 { "record" } else { "records" })
    }
}

/// What the group of a consumer has committed. A broker that has just come up does not know yet who
/// answers for a group; it is asked again until then.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    of: &TopicPartitionList,
    deadline: &Deadline,
) -> Result<TopicPartitionList, KafkaError> {
    loop {
        match consumer.committed_offsets(of.clone(), deadline.slice(Duration::from_secs(1))) {
            Err(error) if deadline.is_over() => return Err(error),
            Err(_) => super::clock::pause(deadline.slice(Duration::from_millis(100))),
            Ok(committed) => return Ok(committed),
        }
    }
}

fn late() -> KafkaError {
    KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut)
}

/// Whether a consumer gets these partitions.
fn has_all(
    consumer: &BaseConsumer<Watch>,
    wanted: &TopicPartitionList,
    deadline: &Deadline,
) -> Result<bool, KafkaError> {
    while consumer.assignment()?.count() < wanted.count() {
        if deadline.is_over() {
            return Ok(false);
        }
        // What it reads meanwhile is nobody's concern.
        let _ = consumer.poll(deadline.slice(Duration::from_millis(100)));
    }
    Ok(true)
}

/// Commits offsets for the group of a consumer. Who answers for the group may change meanwhile:
/// where the broker refuses, it is asked again.
pub(super) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: &TopicPartitionList,
    deadline: &Deadline,
) -> Result<(), KafkaError> {
    loop {
        match consumer.commit(offsets, CommitMode::Sync) {
            Err(_) if !deadline.is_over() => {
                super::clock::pause(deadline.slice(Duration::from_millis(100)));
            }
            done => return done,
        }
    }
}

impl Connection {
    /// Commits where these channels end, so that a group goes on behind all that is there. Some
    /// brokers let nobody but a member commit: it joins for a moment, and must get all partitions
    /// within `wait`, so nobody else may be in the group.
    ///
    /// # Errors
    /// [`GroupError`] when others are in it, or the broker refuses.
    pub(crate) fn skip(
        &self,
        (group, wait): (&str, Duration),
        topics: &Topics,
        channels: &[ChannelIx],
    ) -> Result<(), GroupError> {
        let failed =
            |error: KafkaError| GroupError { group: group.to_owned(), why: self.why(&error) };
        let deadline = Deadline::after(wait);
        let mut offsets = TopicPartitionList::new();
        for (channel, partition, end) in self.ends(topics, channels, &deadline).map_err(failed)? {
            let (topic, end) = (topics.name(channel), Offset::Offset(end));
            offsets.add_partition_offset(topic, partition, end).map_err(failed)?;
        }
        let mut config = self.client_config();
        config.set("group.id", group).set("enable.auto.commit", "false");
        config.set("session.timeout.ms", SESSION_MS);
        let names: Vec<_> = channels.iter().map(|one| topics.name(*one).to_owned()).collect();
        let settings = Arc::clone(&self.settings);
        let join_and_commit = move || {
            loop {
                let consumer: BaseConsumer<Watch> =
                    config.create_with_context(Watch::new(&settings))?;
                consumer.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
                if has_all(&consumer, &offsets, &Deadline::after(deadline.slice(JOIN)))? {
                    return commit(&consumer, &offsets, &deadline);
                }
                if deadline.is_over() {
                    return Err(late());
                }
            }
        };
        let done = within(wait + JOIN + self.wait, join_and_commit);
        done.unwrap_or_else(|| Err(late())).map_err(failed)
    }

    /// The members of a group, and how far it has read these channels. A group that nobody has
    /// joined yet has no members and nothing committed.
    ///
    /// # Errors
    /// [`GroupError`] when the broker does not answer in time, or refuses.
    pub fn group(
        &self,
        group: &str,
        topics: &Topics,
        channels: &[ChannelIx],
    ) -> Result<GroupState, GroupError> {
        let failed =
            |error: KafkaError| GroupError { group: group.to_owned(), why: self.why(&error) };
        let deadline = Deadline::after(self.wait);
        let (state, members) = match &self.mock {
            Some(_) => (None, None),
            // One that cannot be asked who is in it, as the mock of another process, can still be
            // asked how far it has read.
            None => self.members(group, &deadline).unwrap_or_default(),
        };
        let lag = self.lag(group, topics, channels, &deadline).map_err(failed)?;
        Ok(GroupState { name: group.to_owned(), state, members, lag })
    }

    fn members(
        &self,
        group: &str,
        deadline: &Deadline,
    ) -> Result<(Option<String>, Option<Vec<Member>>), KafkaError> {
        let client = self.asks.client();
        let list = client.fetch_group_list(Some(group), deadline.left())?;
        let found = list.groups().iter().find(|one| one.name() == group);
        let state = found.map(|found| found.state().to_owned()).filter(|state| state != "Dead");
        if state.is_none() {
            // Groups that are not there are called dead, and so are those of the newer protocol
            // (`group.protocol=consumer`), which this question does not reach; but only those that
            // are there are listed.
            let all = client.fetch_group_list(None, deadline.left())?;
            let is_there = all.groups().iter().any(|one| one.name() == group);
            return Ok((None, if is_there { None } else { Some(Vec::new()) }));
        }
        let members = found.map(rdkafka::groups::GroupInfo::members).unwrap_or_default();
        let member = |one: &rdkafka::groups::GroupMemberInfo| Member {
            client: one.client_id().to_owned(),
            host: one.client_host().to_owned(),
        };
        Ok((state, Some(members.iter().map(member).collect())))
    }

    fn lag(
        &self,
        group: &str,
        topics: &Topics,
        channels: &[ChannelIx],
        deadline: &Deadline,
    ) -> Result<Vec<Lag>, KafkaError> {
        let ends = self.ends(topics, channels, deadline)?;
        let mut asked = TopicPartitionList::new();
        for (channel, partition, _) in &ends {
            asked.add_partition(topics.name(*channel), *partition);
        }
        let mut config = self.client_config();
        config.set("group.id", group).set("enable.auto.commit", "false");
        // It asks for the group's offsets and never joins.
        let asks: BaseConsumer<Watch> = config.create_with_context(Watch::new(&self.settings))?;
        let committed = committed(&asks, &asked, deadline)?;
        let lag = ends.into_iter().map(|(channel, partition, end)| {
            let found = committed.find_partition(topics.name(channel), partition);
            let committed = match found.map(|found| found.offset()) {
                Some(Offset::Offset(offset)) => Some(offset),
                _ => None,
            };
            Lag { channel, partition: Partition(partition.unsigned_abs()), committed, end }
        });
        Ok(lag.collect())
    }
}
