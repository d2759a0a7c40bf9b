//! Which broker is meant: `--on mock`, `--on container`, `--on HOST:PORT`.

use std::fmt;
use std::str::FromStr;

/// Where Kafka is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// librdkafka's mock cluster, inside this process.
    Mock,
    /// `apache/kafka` in a container of its own.
    Container,
    /// One that runs: `HOST:PORT`, or several with commas.
    At(String),
}

/// Why a text names no broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnError {
    /// Neither a word nor an address.
    #[error("{0:?} is no broker: write `mock`, `container` or HOST:PORT[,HOST:PORT]")]
    NoPort(String),
    /// A port that is none.
    #[error("{port:?} in {address:?} is no port: it is a number from 1 to 65535")]
    Port {
        /// The address.
        address: String,
        /// What stands for the port.
        port: String,
    },
}

impl FromStr for On {
    type Err = OnError;

    fn from_str(text: &str) -> Result<Self, OnError> {
        match text {
            "mock" => return Ok(Self::Mock),
            "container" => return Ok(Self::Container),
            _ => {}
        }
        for address in text.split(',') {
            let no_port = || OnError::NoPort(text.to_owned());
            let (host, port) = address.rsplit_once(':').ok_or_else(no_port)?;
            let is_bare_v6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
            let is_strange = |c: char| c.is_whitespace() || c.is_control() || c == '/';
            if host.is_empty() || host.contains(is_strange) || is_bare_v6 {
                return Err(no_port());
            }
            if !port.parse::<u16>().is_ok_and(|port| port > 0) {
                let (address, port) = (address.to_owned(), port.to_owned());
                return Err(OnError::Port { address, port });
            }
        }
        Ok(Self::At(text.to_owned()))
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mock => f.write_str("mock"),
            Self::Container => f.write_str("container"),
            Self::At(address) => f.write_str(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{On, OnError};
    use rstest::rstest;

    #[rstest]
    #[case("mock", On::Mock)]
    #[case("container", On::Container)]
    #[case("localhost:9092", On::At("localhost:9092".into()))]
    #[case("a:1,b:65535", On::At("a:1,b:65535".into()))]
    #[case("[::1]:9092", On::At("[::1]:9092".into()))]
    fn is_read_and_shown(#[case] text: &str, #[case] on: On) {
        assert_eq!(text.parse(), Ok(on.clone()));
        assert_eq!(on.to_string(), text);
    }

    #[rstest]
    #[case("")]
    #[case("localhost")]
    #[case(":9092")]
    #[case("a:1,,b:2")]
    #[case("::1:9092")]
    #[case("kafka://a:1")]
    #[case("a b:1")]
    fn is_refused_without_an_address(#[case] text: &str) {
        assert_eq!(text.parse::<On>(), Err(OnError::NoPort(text.into())));
    }

    #[rstest]
    #[case("a:0", "0")]
    #[case("a:65536", "65536")]
    #[case("a:1,b:x", "x")]
    fn is_refused_without_a_port(#[case] text: &str, #[case] wrong: &str) {
        let refused = text.parse::<On>();
        assert!(matches!(refused, Err(OnError::Port { port, .. }) if port == wrong));
    }
}
