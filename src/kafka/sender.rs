//! Sending records, each acknowledged by the broker.

use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};

use super::bytes::headers_to_send;
use super::clock::{Deadline, pause, wall_ms};
use super::watch::Watch;
use super::{Connection, Topics};
use crate::message::{Offset, Outgoing, Partition};

/// Where a record was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The partition.
    pub partition: Partition,
    /// The offset.
    pub offset: Offset,
    /// When the broker's acknowledgement came, by [`super::wall_ms`].
    pub acked_ms: i64,
}

/// Why a record is not on the broker, or not known to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no producer.
    #[error("no producer can be made of these settings: {0}")]
    Settings(String),
    /// A header that Kafka's clients cannot carry.
    #[error("the header {0:?} has a NUL character in its name, which no Kafka client can read")]
    HeaderName(String),
    /// The channel belongs to other contracts.
    #[error("channel {0} has no topic")]
    NoTopic(u16),
    /// The broker did not acknowledge the record in time. It may have it all the same.
    #[error(
        "the broker did not acknowledge a record for {topic} within {waited_s} s ({why}): is it up, \
         and are its advertised listeners reachable from here?"
    )]
    NotAcknowledged {
        /// The topic.
        topic: String,
        /// How long it was waited, in seconds.
        waited_s: u64,
        /// What is known of the cause.
        why: String,
    },
    /// The broker refused the record.
    #[error("the broker refuses a record for {topic}: {why}")]
    Refused {
        /// The topic.
        topic: String,
        /// What the broker says.
        why: String,
    },
}

/// Sends records as they are, to the partition that Kafka's Java client would choose for the key.
/// May be used from several threads.
pub struct Sender {
    producer: ThreadedProducer<Deliveries>,
    connection: Connection,
    topics: Topics,
    patience: Duration,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("at", &self.connection.bootstrap).finish_non_exhaustive()
    }
}

/// What was said about the record with this number.
type Report = (usize, Result<Placed, RDKafkaErrorCode>);

impl Sender {
    /// How long the broker may take to acknowledge a record.
    pub const PATIENCE: Duration = Duration::from_secs(20);

    /// Makes a producer that waits for all copies.
    ///
    /// # Errors
    /// [`SendError::Settings`].
    pub fn open(connection: &Connection, topics: &Topics) -> Result<Self, SendError> {
        Self::with_patience(connection, topics, Self::PATIENCE)
    }

    /// As [`Sender::open`], giving up on a record after `patience`.
    ///
    /// # Errors
    /// [`SendError::Settings`].
    pub fn with_patience(
        connection: &Connection,
        topics: &Topics,
        patience: Duration,
    ) -> Result<Self, SendError> {
        let mut config = connection.client_config();
        if connection.settings.get("linger.ms").is_none() {
            config.set("linger.ms", "0");
        }
        config.set("acks", "all").set("partitioner", "murmur2_random");
        config.set("message.timeout.ms", patience.as_millis().max(1).to_string());
        // The mock keeps no producer's state, so nothing is won there.
        config.set("enable.idempotence", if connection.is_mock() { "false" } else { "true" });
        let producer = config
            .create_with_context(Deliveries { watch: Watch::new(&connection.settings) })
            .map_err(|error: KafkaError| {
                SendError::Settings(connection.settings.redact(&error.to_string()))
            })?;
        Ok(Self { producer, connection: connection.clone(), topics: topics.clone(), patience })
    }

    /// Sends a record and waits for the acknowledgement.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send(
        &self,
        outgoing: &Outgoing,
        partition: Option<Partition>,
    ) -> Result<Placed, SendError> {
        let mut placed = self.send_all([(outgoing, partition)]);
        placed.pop().unwrap_or(Err(SendError::NoTopic(outgoing.channel.0)))
    }

    /// Sends records, many at a time, in their order, and waits once for all acknowledgements. The
    /// results are in the order of the records.
    pub fn send_all<'a>(
        &self,
        records: impl IntoIterator<Item = (&'a Outgoing, Option<Partition>)>,
    ) -> Vec<Result<Placed, SendError>> {
        let (reports, received) = mpsc::channel();
        let mut results: Vec<Option<Result<Placed, SendError>>> = Vec::new();
        let mut topics = Vec::new();
        for (number, (outgoing, partition)) in records.into_iter().enumerate() {
            topics.push(self.topics.name(outgoing.channel));
            let report = Box::new((number, reports.clone()));
            results.push(self.enqueue(outgoing, partition, report).err().map(Err));
        }
        drop(reports);
        self.collect(&received, &mut results, &topics);
        let waited_s = self.patience.as_secs();
        let missing = |topic: &str| SendError::NotAcknowledged {
            topic: topic.to_owned(),
            waited_s,
            why: self.cause(),
        };
        let results = results.into_iter().zip(topics);
        results.map(|(result, topic)| result.unwrap_or_else(|| Err(missing(topic)))).collect()
    }

    /// Waits for what is said about records that are on their way.
    fn collect(
        &self,
        received: &Receiver<Report>,
        results: &mut [Option<Result<Placed, SendError>>],
        topics: &[&str],
    ) {
        // librdkafka reports each record within its time-out; the rest is for its threads.
        let deadline = Deadline::after(self.patience + Duration::from_secs(5));
        let mut open = results.iter().filter(|result| result.is_none()).count();
        while open > 0 {
            let Ok((number, report)) = received.recv_timeout(deadline.left()) else {
                return;
            };
            open -= 1;
            results[number] = Some(report.map_err(|code| self.error(topics[number], code)));
        }
    }

    /// Puts a record into librdkafka's queue, waiting while it is full.
    fn enqueue(
        &self,
        outgoing: &Outgoing,
        partition: Option<Partition>,
        report: Box<Reporter>,
    ) -> Result<(), SendError> {
        let topic = self.topics.name(outgoing.channel);
        if topic.is_empty() {
            return Err(SendError::NoTopic(outgoing.channel.0));
        }
        let record = &outgoing.record;
        let mut entry: BaseRecord<'_, [u8], [u8], Box<Reporter>> =
            BaseRecord::with_opaque_to(topic, report);
        entry.key = record.key.as_deref();
        entry.payload = record.value_bytes();
        entry.partition = partition.map(|partition| i32::try_from(partition.0).unwrap_or(i32::MAX));
        let headers = headers_to_send(&record.headers).map_err(SendError::HeaderName)?;
        entry.headers = Some(headers);
        let deadline = Deadline::after(self.patience);
        loop {
            let (error, back) = match self.producer.send(entry) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
            if code != RDKafkaErrorCode::QueueFull || deadline.is_over() {
                return Err(self.error(topic, code));
            }
            pause(Duration::from_millis(1));
            entry = back;
        }
    }

    fn error(&self, topic: &str, code: RDKafkaErrorCode) -> SendError {
        use RDKafkaErrorCode as Code;
        let topic = topic.to_owned();
        let connection = super::watch::is_connection(code);
        if connection || matches!(code, Code::MessageTimedOut | Code::QueueFull | Code::PurgeQueue)
        {
            let (waited_s, why) = (self.patience.as_secs(), self.cause());
            return SendError::NotAcknowledged { topic, waited_s, why };
        }
        let fatal = self.producer.client().fatal_error();
        let why = match (code, fatal) {
            (Code::UnknownTopicOrPartition | Code::UnknownTopic, _) => {
                "there is no such topic".to_owned()
            }
            (Code::UnknownPartition, _) => "it has no such partition".to_owned(),
            (Code::TopicAuthorizationFailed, _) => "the user may not write to it".to_owned(),
            (code, Some((_, text))) => format!("{code} ({text})"),
            (code, None) => code.to_string(),
        };
        SendError::Refused { topic, why: self.connection.settings.redact(&why) }
    }

    /// What stands between us and the broker, as far as it is known.
    fn cause(&self) -> String {
        let cause = self.producer.client().context().watch.cause();
        cause.map_or_else(|| "no cause was told".to_owned(), |trouble| trouble.text)
    }
}

type Reporter = (usize, mpsc::Sender<Report>);

/// Passes on what the broker says about each record.
struct Deliveries {
    watch: Watch,
}

impl ClientContext for Deliveries {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.watch.note(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Reporter>;

    fn delivery(&self, result: &DeliveryResult<'_>, reporter: Box<Reporter>) {
        let (number, reports) = *reporter;
        let report = match result {
            Ok(message) => {
                self.watch.answered();
                Ok(Placed {
                    partition: Partition(message.partition().unsigned_abs()),
                    offset: Offset(message.offset().unsigned_abs()),
                    acked_ms: wall_ms(),
                })
            }
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)),
        };
        // Whoever waited may have given up.
        let _ = reports.send((number, report));
    }
}
