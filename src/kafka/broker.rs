//! A broker that is there as long as its value is.

use std::sync::Arc;

use super::container::{Container, ContainerError};
use super::mock::{Mock, MockError};
use super::{On, Settings};

/// A broker to connect to. One that was started for this is stopped when the last of its handles
/// (this, and each [`super::Connection`] to a mock) is dropped.
#[derive(Debug)]
pub struct Broker {
    on: On,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Mock(Arc<Mock>),
    Container(Box<Container>),
    Elsewhere(String),
}

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The mock.
    #[error(transparent)]
    Mock(#[from] MockError),
    /// The container.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A setting that the broker cannot have.
    #[error(
        "`--on {on}` speaks plain text without passwords: leave {property} out, or name a broker by HOST:PORT"
    )]
    Plain {
        /// Which broker.
        on: On,
        /// The property.
        property: String,
    },
}

impl Broker {
    /// Starts the broker that is meant, or takes it as running. Whether it can be reached is for
    /// [`super::Connection::open`] to say.
    ///
    /// # Errors
    /// [`BrokerError`] when it cannot be started, or cannot be had with these settings.
    pub fn start(on: &On, settings: &Settings) -> Result<Self, BrokerError> {
        if !matches!(on, On::At(_))
            && let Some(property) = settings.of_security()
        {
            return Err(BrokerError::Plain { on: on.clone(), property: property.to_owned() });
        }
        let kind = match on {
            On::Mock => Kind::Mock(Arc::new(Mock::start()?)),
            On::Container => Kind::Container(Box::new(Container::start()?)),
            On::At(address) => Kind::Elsewhere(address.clone()),
        };
        Ok(Self { on: on.clone(), kind })
    }

    /// `HOST:PORT[,HOST:PORT]`, as clients take it.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        match &self.kind {
            Kind::Mock(mock) => mock.bootstrap(),
            Kind::Container(container) => container.bootstrap(),
            Kind::Elsewhere(address) => address,
        }
    }

    /// Which one was asked for.
    #[must_use]
    pub fn on(&self) -> &On {
        &self.on
    }

    /// Whether it is the mock, which lacks what its module names.
    #[must_use]
    pub fn is_mock(&self) -> bool {
        matches!(self.kind, Kind::Mock(_))
    }

    /// Makes the mock refuse connections and close those that are open, as a broker that is
    /// stopped; its records stay. `false` where it is no mock.
    ///
    /// # Errors
    /// [`MockError`] when the mock does not obey.
    pub fn take_down(&self) -> Result<bool, MockError> {
        self.mock().map_or(Ok(false), |mock| mock.down().map(|()| true))
    }

    /// Makes the mock take connections again. `false` where it is no mock.
    ///
    /// # Errors
    /// [`MockError`] when the mock does not obey.
    pub fn bring_up(&self) -> Result<bool, MockError> {
        self.mock().map_or(Ok(false), |mock| mock.up().map(|()| true))
    }

    pub(super) fn mock(&self) -> Option<&Arc<Mock>> {
        match &self.kind {
            Kind::Mock(mock) => Some(mock),
            Kind::Container(_) | Kind::Elsewhere(_) => None,
        }
    }
}
