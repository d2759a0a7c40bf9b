//! A real Kafka: brokers to start or to reach, topics, and clients that keep every byte.
//!
//! What this is: [`Broker`] (librdkafka's mock, a container, or one that runs somewhere),
//! [`Connection`], which tells why a broker cannot be reached, [`Topics`], and three clients:
//! [`Tap`], which reads everything and belongs to no group, [`Sender`], and [`GroupWatch`], which
//! follows a group of somebody else. What it is not: a consumer that handles records, and nothing
//! here judges what it reads.
//!
//! What always holds: keys, headers and values are those on the broker, a null is not an empty
//! value; a [`Tap`] reads from offsets that were noted before it was returned; every wait is
//! bounded, and what it waited for is in the error; no text that leaves this module shows a secret
//! of [`Settings`]. Start at [`Connection::open`].

mod broker;
mod bytes;
mod caught;
mod clock;
mod connection;
mod container;
mod create;
mod group;
mod group_asker;
mod group_change;
mod group_member;
mod group_watch;
pub mod host;
mod live;
mod mock;
mod on;
mod peek;
mod sender;
mod settings;
mod tap;
mod watch;

pub use crate::topics::{BadTopic, Topics, TopicsError};
pub use broker::{Broker, BrokerError};
pub(crate) use caught::catches;
pub(crate) use clock::pause;
pub use clock::{Deadline, wall_ms};
pub use connection::{ConnectError, Connection};
pub use container::{ContainerError, IMAGE_VARIABLE, TAG_VARIABLE};
pub use create::{Create, PARTITIONS, TopicError};
pub use group::{GroupError, GroupState, Lag};
pub use group_change::{GroupChange, GroupChanges};
pub use group_member::Member;
pub use group_watch::{GroupSnapshot, GroupWatch};
pub(crate) use live::Notebook;
pub use live::{Live, LiveError};
pub use mock::MockError;
pub use on::{On, OnError};
pub(crate) use peek::Bounds;
pub use sender::{Placed, SendError, Sender};
pub use settings::{BadSetting, Settings, SettingsError};
pub use tap::{From, Tap, TapError, Tapped};
pub use watch::Trouble;
