//! What librdkafka tells on the side: why a broker cannot be reached.

use std::fmt;
use std::sync::{Arc, Mutex};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::Settings;
use super::clock::wall_ms;

/// Something that stands between a client and its broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// librdkafka's code.
    pub(super) code: RDKafkaErrorCode,
    /// Its text, without secrets.
    pub(super) text: String,
    /// When it was told first since the broker last answered, in Unix milliseconds.
    pub(super) since_ms: i64,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A client's context that keeps the last cause. librdkafka calls it only while something polls.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    settings: Arc<Settings>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    cause: Option<Trouble>,
    /// Every broker that is known is out of reach.
    all_down: bool,
}

impl Watch {
    pub(super) fn new(settings: &Arc<Settings>) -> Self {
        Self { settings: Arc::clone(settings), seen: Arc::default() }
    }

    /// What stands between us and the broker, as far as it was told.
    pub(super) fn cause(&self) -> Option<Trouble> {
        self.seen.lock().ok()?.cause.clone()
    }

    /// Whether no broker can be reached.
    pub(super) fn all_down(&self) -> bool {
        self.seen.lock().is_ok_and(|seen| seen.all_down)
    }

    /// The broker has answered: what was in the way is over.
    pub(super) fn answered(&self) {
        if let Ok(mut seen) = self.seen.lock()
            && (seen.cause.is_some() || seen.all_down)
        {
            *seen = Seen::default();
        }
    }

    /// Notes an error. Returns whether it is only about the connection, which librdkafka mends.
    pub(super) fn note(&self, error: &KafkaError, reason: &str) -> bool {
        let Some(code) = error.rdkafka_error_code() else {
            return false;
        };
        let Ok(mut seen) = self.seen.lock() else {
            return is_connection(code);
        };
        if code == RDKafkaErrorCode::AllBrokersDown {
            seen.all_down = true;
            return true;
        }
        if is_connection(code) {
            let since_ms = seen.cause.as_ref().map_or_else(wall_ms, |first| first.since_ms);
            let text = self.settings.redact(plain(reason));
            seen.cause = Some(Trouble { code, text, since_ms });
        }
        is_connection(code)
    }
}

/// A reason without what librdkafka says for itself: the name of the connection before it, and the
/// state of the connection behind it.
fn plain(reason: &str) -> &str {
    let named =
        reason.split_once(": ").filter(|(name, _)| name.contains('/') && !name.contains(' '));
    let reason = named.map_or(reason, |(_, reason)| reason);
    reason.rsplit_once(" (after ").map_or(reason, |(reason, _)| reason)
}

/// Whether a code speaks of the way to the broker, not of what was asked.
pub(super) fn is_connection(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::UnsupportedSASLMechanism
            | RDKafkaErrorCode::SSL
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::NetworkException
    )
}

impl ClientContext for Watch {
    /// librdkafka's log says what its errors say, to nobody who asked.
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.note(&error, reason);
    }
}

impl ConsumerContext for Watch {}

#[cfg(test)]
mod tests {
    use super::plain;
    use rstest::rstest;

    #[rstest]
    #[case(
        "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in \
         state CONNECT, 1 identical error(s) suppressed)",
        "Connect to ipv4#127.0.0.1:1 failed: Connection refused"
    )]
    #[case(
        "sasl_ssl://h:1/1: SASL authentication error: bad (after 3ms in state AUTH_REQ)",
        "SASL authentication error: bad"
    )]
    #[case("1/1 brokers are down", "1/1 brokers are down")]
    fn the_reason_is_left(#[case] reason: &str, #[case] left: &str) {
        assert_eq!(plain(reason), left);
    }
}
