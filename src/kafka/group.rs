//! Who is in a consumer group, and how far it has read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::clock::{Deadline, within};
use super::group_asker::GroupAsker;
use super::group_member::Member;
use super::watch::Watch;
use super::{Connection, Settings, Topics};
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
                let who: Vec<_> = members.iter().map(ToString::to_string).collect();
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

/// Joins a group for a moment, to commit.
struct PassingMember {
    config: ClientConfig,
    settings: Arc<Settings>,
    topics: BTreeSet<String>,
}

impl PassingMember {
    fn new(connection: &Connection, group: &str, topics: BTreeSet<String>) -> Self {
        let mut config = connection.client_config();
        config.set("group.id", group).set("enable.auto.commit", "false");
        config.set("session.timeout.ms", SESSION_MS);
        Self { config, settings: Arc::clone(&connection.settings), topics }
    }

    fn commit(&self, offsets: &TopicPartitionList, deadline: &Deadline) -> Result<(), KafkaError> {
        let topics: Vec<_> = self.topics.iter().map(String::as_str).collect();
        loop {
            let consumer: BaseConsumer<Watch> =
                self.config.create_with_context(Watch::new(&self.settings))?;
            consumer.subscribe(&topics)?;
            if has_all(&consumer, offsets, &Deadline::after(deadline.slice(JOIN)))? {
                return commit(&consumer, offsets, deadline);
            }
            if deadline.is_over() {
                return Err(late());
            }
        }
    }
}

impl Connection {
    /// Commits where these channels end, so that a group goes on behind all that is there.
    ///
    /// # Errors
    /// [`GroupError`] as [`Connection::commit_for`].
    pub(crate) fn skip(
        &self,
        (group, wait): (&str, Duration),
        topics: &Topics,
        channels: &[ChannelIx],
    ) -> Result<(), GroupError> {
        let failed =
            |error: KafkaError| GroupError { group: group.to_owned(), why: self.why(&error) };
        let ends = self.ends(topics, channels, &Deadline::after(wait)).map_err(failed)?;
        let place = |(channel, partition, end): (ChannelIx, i32, i64)| {
            ((channel, Partition(partition.unsigned_abs())), end)
        };
        self.commit_for((group, wait), topics, &ends.into_iter().map(place).collect())
    }

    /// Commits offsets for a group that nobody is in; where members are left whose sessions end
    /// within `wait`, afterwards. Some brokers let nobody but a member commit, as the mock: there
    /// it joins for a moment, and must get all partitions of these topics.
    ///
    /// # Errors
    /// [`GroupError`] when somebody stays in it, or the broker refuses.
    pub(crate) fn commit_for(
        &self,
        (group, wait): (&str, Duration),
        topics: &Topics,
        offsets: &BTreeMap<(ChannelIx, Partition), i64>,
    ) -> Result<(), GroupError> {
        let failed =
            |error: KafkaError| GroupError { group: group.to_owned(), why: self.why(&error) };
        let deadline = Deadline::after(wait);
        let mut list = TopicPartitionList::new();
        for ((channel, partition), offset) in offsets {
            let (topic, offset) = (topics.name(*channel), Offset::Offset(*offset));
            list.add_partition_offset(topic, partition.0.cast_signed(), offset).map_err(failed)?;
        }
        let asker = self.asker(group).map_err(failed)?;
        let names = offsets.keys().map(|(channel, _)| topics.name(*channel).to_owned());
        let member = PassingMember::new(self, group, names.collect());
        let done = within(wait + JOIN + self.wait, move || {
            if asker.lets_others_commit(&list, &deadline)? {
                return Ok(());
            }
            member.commit(&list, &deadline)
        });
        done.unwrap_or_else(|| Err(late())).map_err(failed)
    }

    /// Who is in a group; `None` where the broker cannot say.
    ///
    /// # Errors
    /// [`GroupError`] when the broker does not answer in time.
    pub(crate) fn members(&self, group: &str) -> Result<Option<Vec<Member>>, GroupError> {
        let failed =
            |error: KafkaError| GroupError { group: group.to_owned(), why: self.why(&error) };
        let asker = self.asker(group).map_err(failed)?;
        let (_, members) = asker.membership(&Deadline::after(self.wait)).map_err(failed)?;
        Ok(members)
    }

    /// The groups other than this one whose members read one of these topics, by name; none where
    /// the broker cannot say.
    pub(crate) fn others_that_read(&self, group: &str, topics: &[&str]) -> Vec<String> {
        let found = self
            .asker(group)
            .and_then(|asker| asker.groups_that_read(topics, &Deadline::after(self.wait)));
        let mut others = found.unwrap_or_default();
        others.retain(|other| other != group);
        others
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
        let asker = self.asker(group).map_err(failed)?;
        // One that does not say who is in it can still be asked how far it has read.
        let (state, members) = asker.membership(&deadline).unwrap_or_default();
        let lag = self.lag(&asker, topics, channels, &deadline).map_err(failed)?;
        Ok(GroupState { name: group.to_owned(), state, members, lag })
    }

    /// Who asks for a group: one client, which is kept for the next question.
    fn asker(&self, group: &str) -> Result<Arc<GroupAsker>, KafkaError> {
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asker) = askers.get(group) {
            return Ok(Arc::clone(asker));
        }
        let asker = Arc::new(GroupAsker::open(self, group)?);
        askers.insert(group.to_owned(), Arc::clone(&asker));
        Ok(asker)
    }

    fn lag(
        &self,
        asker: &GroupAsker,
        topics: &Topics,
        channels: &[ChannelIx],
        deadline: &Deadline,
    ) -> Result<Vec<Lag>, KafkaError> {
        let ends = self.ends(topics, channels, deadline)?;
        let asked = ends.iter().map(|(channel, partition, _)| (*channel, *partition));
        let committed = asker.committed(topics, asked, deadline)?;
        let lag = ends.into_iter().map(|(channel, partition, end)| {
            let partition = Partition(partition.unsigned_abs());
            let committed = committed.get(&(channel, partition)).copied();
            Lag { channel, partition, committed, end }
        });
        Ok(lag.collect())
    }
}
