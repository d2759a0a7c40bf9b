//! A group as it changes: asked about in the background.
//!
//! What always holds: whoever asks the watch never waits for the broker; snapshots are of one
//! clock, [`wall_ms`], and in its order; while the broker is away there are none, and afterwards
//! they go on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::KafkaError;

use super::clock::{Deadline, wall_ms};
use super::group_asker::GroupAsker;
use super::group_member::Member;
use super::{Connection, GroupError, Topics};
use crate::message::{ChannelIx, Partition};

/// How often the group is asked about.
const EVERY: Duration = Duration::from_millis(500);
/// How long one answer may take.
const QUESTION: Duration = Duration::from_secs(2);
/// How often it is looked whether a topic has more partitions.
const TOPICS_EVERY: u32 = 20;
/// So many snapshots are kept for [`GroupWatch::drain`], half an hour of them; older ones go.
const MOST: usize = 3600;

/// What was known of a group at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSnapshot {
    /// When it was asked, by [`wall_ms`]: what had happened by then is in it.
    pub at_ms: i64,
    /// `Stable`, `PreparingRebalance`, `Empty`, …, in the broker's words; `None` where the broker
    /// cannot say, or knows no such group.
    pub state: Option<String>,
    /// Who is in it; `None` where the broker cannot say: the mock, and of groups that use the newer
    /// protocol (`group.protocol=consumer`).
    pub members: Option<Vec<Member>>,
    /// The offset that is committed for each partition of the channels that are watched; none where
    /// nothing is.
    pub committed: BTreeMap<(ChannelIx, Partition), i64>,
}

impl GroupSnapshot {
    /// The offset from which the group reads a partition on; `None` where nothing is committed.
    #[must_use]
    pub fn committed(&self, channel: ChannelIx, partition: Partition) -> Option<i64> {
        self.committed.get(&(channel, partition)).copied()
    }
}

#[derive(Debug, Default)]
struct Seen {
    latest: Option<GroupSnapshot>,
    kept: VecDeque<GroupSnapshot>,
    /// Why the last questions were not answered.
    trouble: Option<String>,
}

/// Asks for a group every 500 ms, in a thread with a client of its own, until it is dropped.
#[derive(Debug)]
pub struct GroupWatch {
    seen: Arc<Mutex<Seen>>,
    /// Closed when this is dropped, which ends the thread.
    _ends: Sender<()>,
}

impl GroupWatch {
    /// Begins to ask for a group, and how far it has read these channels.
    ///
    /// # Errors
    /// [`GroupError`] when no client can be made, or no thread.
    pub fn start(
        connection: &Connection,
        topics: &Topics,
        (group, channels): (&str, &[ChannelIx]),
    ) -> Result<Self, GroupError> {
        let failed = |why: String| GroupError { group: group.to_owned(), why };
        let asker = GroupAsker::open(connection, group);
        let asker = asker.map_err(|error| failed(connection.why(&error)))?;
        let seen = Arc::<Mutex<Seen>>::default();
        let (ends, ended) = mpsc::channel();
        let watcher = Watcher {
            asker,
            // A mock is there as long as somebody holds a connection to it.
            connection: connection.clone(),
            topics: topics.clone(),
            channels: channels.to_vec(),
            partitions: Vec::new(),
            seen: Arc::clone(&seen),
        };
        let thread = std::thread::Builder::new().name("group-watch".into());
        thread.spawn(move || watcher.run(&ended)).map_err(|error| failed(error.to_string()))?;
        Ok(Self { seen, _ends: ends })
    }

    /// What was known last; `None` before the first answer. Its moment says how old it is.
    #[must_use]
    pub fn latest(&self) -> Option<GroupSnapshot> {
        locked(&self.seen).latest.clone()
    }

    /// What was seen since this was asked last, the oldest first: of the last half hour.
    #[must_use]
    pub fn drain(&self) -> Vec<GroupSnapshot> {
        locked(&self.seen).kept.drain(..).collect()
    }

    /// Why there is no newer snapshot, without secrets; `None` where the last questions were
    /// answered.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        locked(&self.seen).trouble.clone()
    }
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The part of a watch that waits for the broker.
struct Watcher {
    asker: GroupAsker,
    connection: Connection,
    topics: Topics,
    channels: Vec<ChannelIx>,
    partitions: Vec<(ChannelIx, i32)>,
    seen: Arc<Mutex<Seen>>,
}

impl Watcher {
    fn run(mut self, ended: &Receiver<()>) {
        for round in 0_u32.. {
            let began = Deadline::after(EVERY);
            let answer = self.ask(round.is_multiple_of(TOPICS_EVERY));
            let trouble = self.asker.trouble();
            let mut seen = locked(&self.seen);
            match answer {
                Ok(snapshot) => {
                    self.asker.answered();
                    seen.trouble = None;
                    if seen.kept.len() == MOST {
                        seen.kept.pop_front();
                    }
                    seen.kept.push_back(snapshot.clone());
                    seen.latest = Some(snapshot);
                }
                Err(error) => {
                    let why = || self.connection.settings.redact(&error.to_string());
                    seen.trouble = Some(trouble.unwrap_or_else(why));
                }
            }
            drop(seen);
            if ended.recv_timeout(began.left()) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// What is known of the group now. Where who is in it is not answered but what it has committed
    /// is, as while one of several brokers is away, the members are not known.
    fn ask(&mut self, with_topics: bool) -> Result<GroupSnapshot, KafkaError> {
        let at_ms = wall_ms();
        let soon = || Deadline::after(QUESTION);
        if with_topics || self.partitions.is_empty() {
            self.partitions = self.asker.partitions(&self.topics, &self.channels, &soon())?;
        }
        let (state, members) = self.asker.membership(&soon()).unwrap_or_default();
        let partitions = self.partitions.iter().copied();
        let committed = self.asker.committed(&self.topics, partitions, &soon())?;
        Ok(GroupSnapshot { at_ms, state, members, committed })
    }
}
