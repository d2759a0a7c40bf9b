//! Whether the broker can be reached, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::clock::Deadline;
use super::group_asker::GroupAsker;
use super::mock::Mock;
use super::watch::{Trouble, Watch};
use super::{Broker, Settings};

/// How long one question waits, so that causes are polled for in between.
const QUESTION: Duration = Duration::from_millis(200);
/// How long a refused connection is tried again: a broker may just be starting.
const GRACE: Duration = Duration::from_secs(2);

/// A broker that has answered, and how clients reach it. Cheap to clone, and may go to threads.
#[derive(Clone)]
pub struct Connection {
    pub(super) bootstrap: String,
    pub(super) settings: Arc<Settings>,
    pub(super) mock: Option<Arc<Mock>>,
    pub(super) asks: Arc<BaseConsumer<Watch>>,
    /// Who asks for groups, by the group's name.
    pub(super) askers: Arc<Mutex<BTreeMap<String, Arc<GroupAsker>>>>,
    /// How long a question may take.
    pub(super) wait: Duration,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Connection");
        shown.field("bootstrap", &self.bootstrap).field("settings", &self.settings);
        shown.finish_non_exhaustive()
    }
}

/// Why there is no connection. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens there.
    #[error("no broker answers at {at}: {cause}; start it, or correct `--on`")]
    Dead {
        /// The address.
        at: String,
        /// What the system says.
        cause: String,
    },
    /// The name of the host is not known.
    #[error("the host of {at} is not known here: {cause}; correct `--on`, or make the name known")]
    UnknownHost {
        /// The address.
        at: String,
        /// What the system says.
        cause: String,
    },
    /// The broker refuses the user, the password or the mechanism.
    #[error(
        "the broker at {at} refuses the login: {cause}; check sasl.username, sasl.password and \
         sasl.mechanism"
    )]
    Login {
        /// The address.
        at: String,
        /// What the broker says.
        cause: String,
    },
    /// The broker's certificate.
    #[error(
        "the certificate of the broker at {at} is not trusted: {cause}; name the file of the \
         authority that signed it with ssl.ca.location, and the host as the certificate does"
    )]
    Certificate {
        /// The address.
        at: String,
        /// What OpenSSL says.
        cause: String,
    },
    /// TLS with somebody who does not speak it, or another version of it.
    #[error(
        "no TLS with {at}: {cause}; is the port one for TLS? Without it, security.protocol is \
         PLAINTEXT or SASL_PLAINTEXT"
    )]
    Tls {
        /// The address.
        at: String,
        /// What OpenSSL says.
        cause: String,
    },
    /// Somebody listens, but does not answer as a broker.
    #[error(
        "{at} takes connections but did not answer as a Kafka broker within {waited_s} s{}; {}",
        in_brackets(cause), guess(*tls)
    )]
    Silent {
        /// The address.
        at: String,
        /// How long it was waited, in seconds.
        waited_s: u64,
        /// What was told meanwhile.
        cause: String,
        /// Whether we spoke TLS.
        tls: bool,
    },
    /// The settings do not go together.
    #[error("no client can be made of these settings: {0}")]
    Settings(String),
}

fn in_brackets(cause: &str) -> String {
    if cause.is_empty() { String::new() } else { format!(" ({cause})") }
}

fn guess(tls: bool) -> &'static str {
    if tls {
        "perhaps the port is one for plain text (leave security.protocol out), or no broker's"
    } else {
        "perhaps the port is one for TLS (set security.protocol to SSL or SASL_SSL), or no broker's"
    }
}

impl Connection {
    /// How long [`Connection::open`] usually waits.
    pub const WAIT: Duration = Duration::from_secs(10);

    /// Asks the broker for its topics, at most for `wait`.
    ///
    /// # Errors
    /// [`ConnectError`], within about two seconds where the cause is told (nobody listens, unknown
    /// host, wrong password, untrusted certificate), else after `wait`.
    pub fn open(
        broker: &Broker,
        settings: &Settings,
        wait: Duration,
    ) -> Result<Self, ConnectError> {
        let settings = Arc::new(settings.clone());
        let config = client_config(broker.bootstrap(), &settings, broker.is_mock());
        let asks: BaseConsumer<Watch> = config
            .create_with_context(Watch::new(&settings))
            .map_err(|error| ConnectError::Settings(settings.redact(&error.to_string())))?;
        let at = broker.bootstrap().to_owned();
        reach(&asks, &at, &settings, wait)?;
        let mock = broker.mock().cloned();
        let (asks, askers) = (Arc::new(asks), Arc::default());
        Ok(Self { bootstrap: at, settings, mock, asks, askers, wait })
    }

    /// What every client needs: the address, quick settings, and those of the user.
    #[must_use]
    pub fn client_config(&self) -> ClientConfig {
        client_config(&self.bootstrap, &self.settings, self.is_mock())
    }

    /// `HOST:PORT[,HOST:PORT]`
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What the user set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether it is librdkafka's mock cluster.
    #[must_use]
    pub fn is_mock(&self) -> bool {
        self.mock.is_some()
    }

    /// Whether the broker answers now; asked once, for at most `wait`.
    #[must_use]
    pub fn answers(&self, wait: Duration) -> bool {
        ask(&self.asks, &Deadline::after(wait)).is_ok()
    }

    /// What stands between us and the broker since it answered last.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        drop(self.asks.poll(Duration::ZERO));
        self.asks.context().cause()
    }

    /// All topics, by repeating the question until `deadline`.
    pub(super) fn metadata(&self, deadline: &Deadline) -> Result<Metadata, KafkaError> {
        loop {
            let answer = ask(&self.asks, deadline);
            if answer.is_ok() || deadline.is_over() {
                return answer;
            }
        }
    }
}

/// One short question, and a look for causes.
fn ask(asks: &BaseConsumer<Watch>, deadline: &Deadline) -> Result<Metadata, KafkaError> {
    let answer = asks.fetch_metadata(None, deadline.slice(QUESTION));
    // Causes are told only while something polls.
    drop(asks.poll(Duration::ZERO));
    if answer.is_ok() {
        asks.context().answered();
    }
    answer
}

/// Waits until the broker has answered, or it is clear that it will not.
fn reach(
    asks: &BaseConsumer<Watch>,
    at: &str,
    settings: &Settings,
    wait: Duration,
) -> Result<(), ConnectError> {
    let deadline = Deadline::after(wait);
    loop {
        let asked = Deadline::after(QUESTION);
        if ask(asks, &deadline).is_ok() {
            return Ok(());
        }
        let watch = asks.context();
        if let Some(error) = watch.cause().and_then(|trouble| final_error(at, &trouble)) {
            return Err(error);
        }
        let is_patient = deadline.elapsed() < GRACE && !deadline.is_over();
        if watch.all_down()
            && !is_patient
            && let Some(trouble) = watch.cause()
            && trouble.code == RDKafkaErrorCode::BrokerTransportFailure
            && trouble.text.contains("Connect to")
        {
            return Err(ConnectError::Dead { at: at.to_owned(), cause: trouble.text });
        }
        if deadline.is_over() {
            let cause = watch.cause().map(|trouble| trouble.text).unwrap_or_default();
            let (at, waited_s) = (at.to_owned(), wait.as_secs());
            return Err(ConnectError::Silent { at, waited_s, cause, tls: settings.is_tls() });
        }
        // A failed connection answers at once; the next try is not before librdkafka's back-off.
        super::clock::pause(asked.left().min(deadline.left()));
    }
}

/// The error of a trouble that does not pass by waiting.
fn final_error(at: &str, trouble: &Trouble) -> Option<ConnectError> {
    let (at, cause) = (at.to_owned(), trouble.text.clone());
    match trouble.code {
        RDKafkaErrorCode::Resolve => Some(ConnectError::UnknownHost { at, cause }),
        RDKafkaErrorCode::Authentication
        | RDKafkaErrorCode::SaslAuthenticationFailed
        | RDKafkaErrorCode::UnsupportedSASLMechanism => Some(ConnectError::Login { at, cause }),
        RDKafkaErrorCode::SSL if cause.contains("certificate") => {
            Some(ConnectError::Certificate { at, cause })
        }
        RDKafkaErrorCode::SSL => Some(ConnectError::Tls { at, cause }),
        _ => None,
    }
}

fn client_config(bootstrap: &str, settings: &Settings, is_mock: bool) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set_log_level(RDKafkaLogLevel::Error);
    config.set("client.id", "quintet");
    // People wait: what is there is fetched at once, and a broker that comes back is found soon.
    config.set("fetch.wait.max.ms", if is_mock { "10" } else { "100" });
    // A partition without a leader, as those of a new topic are at first, is soon looked up again,
    // and not after the five minutes that librdkafka waits by itself.
    config.set("topic.metadata.refresh.interval.ms", "1000");
    config.set("reconnect.backoff.ms", "50").set("reconnect.backoff.max.ms", "500");
    config.set("socket.connection.setup.timeout.ms", "5000");
    settings.apply(&mut config);
    config.set("bootstrap.servers", bootstrap);
    config
}
