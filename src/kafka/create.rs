//! Topics that are missing: created, or named.

use std::num::NonZeroU32;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::clock::{Deadline, pause};
use super::mock::MockError;
use super::{Connection, Topics};
use crate::contract::Contracts;

/// How many partitions a topic gets on the mock and in a container where nobody says how many. Any
/// other broker has a default of its own (`num.partitions`).
pub const PARTITIONS: u32 = 3;

/// How long a new topic may take until it can be used.
const READY: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// What is done about topics that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// They are created, with as many partitions as the broker gives by default.
    Missing,
    /// They are created with so many partitions each.
    MissingWith(NonZeroU32),
    /// They are named, in [`TopicError::Missing`].
    Never,
}

/// Why the topics are not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// They are missing, and must not be created.
    #[error(
        "topics are missing: {}; create them, name others with `--topics FILE`, or leave \
         `--no-create` out", .0.join(", ")
    )]
    Missing(Vec<String>),
    /// The broker does not create one.
    #[error(
        "the broker does not create the topic {topic}: {why}; create it yourself, or ask who may"
    )]
    Refused {
        /// The topic.
        topic: String,
        /// What the broker says.
        why: String,
    },
    /// One has no leader.
    #[error(
        "the topic {topic} cannot be used after {waited_s} s: {why}; does each partition have a leader?"
    )]
    NotReady {
        /// The topic.
        topic: String,
        /// How long it was waited, in seconds.
        waited_s: u64,
        /// What the broker says.
        why: String,
    },
    /// The broker does not answer any more.
    #[error("the broker does not say which topics there are: {0}")]
    Unreachable(String),
    /// The mock.
    #[error(transparent)]
    Mock(#[from] MockError),
}

impl Connection {
    /// Sees that all topics of the contracts are there and can be used. Returns the names of those
    /// that were created.
    ///
    /// # Errors
    /// [`TopicError`] when one is missing, cannot be created or is not ready in time.
    pub fn ensure_topics(
        &self,
        topics: &Topics,
        contracts: &Contracts,
        create: Create,
    ) -> Result<Vec<String>, TopicError> {
        let metadata = self
            .metadata(&Deadline::after(self.wait))
            .map_err(|error| TopicError::Unreachable(self.why(&error)))?;
        // A channel whose topics are not known has none here.
        let named =
            contracts.channels().iter().map(|channel| (topics.name(channel.index), channel));
        let named = named.filter(|(name, channel)| topics.channel(name) == Some(channel.index));
        let wanted: Vec<&str> = named.map(|(name, _)| name).collect();
        let is_there = |name: &str| state_of(&metadata, name) != Some(State::Missing);
        let missing: Vec<String> =
            wanted.iter().filter(|name| !is_there(name)).map(|&name| name.to_owned()).collect();
        if !missing.is_empty() && create == Create::Never {
            return Err(TopicError::Missing(missing));
        }
        let partitions = match create {
            Create::MissingWith(partitions) => i32::try_from(partitions.get()).ok(),
            Create::Missing | Create::Never => None,
        };
        if let Some(mock) = &self.mock {
            for topic in &missing {
                mock.create(topic, partitions.unwrap_or(PARTITIONS.cast_signed()))?;
            }
        } else if !missing.is_empty() {
            self.create(&missing, partitions)?;
        }
        self.until_ready(&wanted)?;
        Ok(missing)
    }

    /// The names of all topics of the broker.
    ///
    /// # Errors
    /// [`TopicError::Unreachable`] when it does not say so in time.
    pub fn topic_names(&self) -> Result<Vec<String>, TopicError> {
        let metadata = self
            .metadata(&Deadline::after(self.wait))
            .map_err(|error| TopicError::Unreachable(self.why(&error)))?;
        Ok(metadata.topics().iter().map(|topic| topic.name().to_owned()).collect())
    }

    /// Asks the broker to create topics, with as many copies, and where nothing is said partitions,
    /// as it gives by default.
    fn create(&self, missing: &[String], partitions: Option<i32>) -> Result<(), TopicError> {
        const AS_THE_BROKER_DOES: i32 = -1;
        let refused = |topic: &str, why: String| {
            let why = self.settings.redact(&why);
            TopicError::Refused { topic: topic.to_owned(), why }
        };
        let admin: AdminClient<DefaultClientContext> = self
            .client_config()
            .create()
            .map_err(|error: KafkaError| refused(&missing[0], error.to_string()))?;
        let partitions = partitions.unwrap_or(AS_THE_BROKER_DOES);
        let new = missing.iter().map(|topic| {
            NewTopic::new(topic, partitions, TopicReplication::Fixed(AS_THE_BROKER_DOES))
        });
        let new: Vec<_> = new.collect();
        let options =
            AdminOptions::new().request_timeout(Some(READY)).operation_timeout(Some(READY));
        // In a thread of its own: whoever calls may be async already.
        let created = std::thread::scope(|scope| {
            let create = || {
                let runtime = tokio::runtime::Builder::new_current_thread().build()?;
                Ok::<_, std::io::Error>(runtime.block_on(admin.create_topics(&new, &options)))
            };
            scope.spawn(create).join()
        });
        let results = match created {
            Ok(Ok(Ok(results))) => results,
            Ok(Ok(Err(error))) => return Err(refused(&missing[0], self.why(&error))),
            Ok(Err(error)) => return Err(refused(&missing[0], error.to_string())),
            Err(_) => return Err(refused(&missing[0], "the client gave up".to_owned())),
        };
        for result in results {
            match result {
                // Somebody else was quicker.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(refused(&topic, code.to_string())),
            }
        }
        Ok(())
    }

    /// Waits until each partition of these topics has a leader.
    fn until_ready(&self, wanted: &[&str]) -> Result<(), TopicError> {
        let deadline = Deadline::after(READY);
        loop {
            let metadata = self
                .metadata(&deadline)
                .map_err(|error| TopicError::Unreachable(self.why(&error)))?;
            let state = |topic| state_of(&metadata, topic).map(|state| (topic, state));
            let waits = wanted.iter().find_map(|&topic| state(topic));
            let Some((topic, state)) = waits else {
                return Ok(());
            };
            if deadline.is_over() {
                let why = match state {
                    State::Missing => "it is not there".to_owned(),
                    State::Waits(why) => why,
                };
                let (topic, waited_s) = (topic.to_owned(), READY.as_secs());
                return Err(TopicError::NotReady { topic, waited_s, why });
            }
            pause(deadline.slice(LOOK));
        }
    }

    /// An error with what stands between us and the broker.
    pub(super) fn why(&self, error: &KafkaError) -> String {
        let code = error.rdkafka_error_code();
        let told = code.map_or_else(|| error.to_string(), |code| code.to_string());
        let told = self.settings.redact(&told);
        match self.trouble() {
            Some(trouble) => format!("{told} ({trouble})"),
            None => told,
        }
    }
}

/// Why a topic cannot be used yet.
#[derive(PartialEq, Eq)]
enum State {
    Missing,
    Waits(String),
}

/// What keeps a topic from being used; `None` when nothing does.
fn state_of(metadata: &Metadata, topic: &str) -> Option<State> {
    let Some(found) = metadata.topics().iter().find(|one| one.name() == topic) else {
        return Some(State::Missing);
    };
    if let Some(error) = found.error() {
        return match RDKafkaErrorCode::from(error) {
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                Some(State::Missing)
            }
            code => Some(State::Waits(code.to_string())),
        };
    }
    if found.partitions().is_empty() {
        return Some(State::Waits("it has no partitions".to_owned()));
    }
    let leaderless = found.partitions().iter().find(|one| one.leader() < 0)?;
    Some(State::Waits(format!("partition {} has no leader", leaderless.id())))
}
