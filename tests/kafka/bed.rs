//! A broker with all topics, for one test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::kafka::{
    Broker, Connection, Create, Deadline, From, On, Sender, Settings, Tap, Tapped, Topics,
};
use quintet::message::{ChannelIx, Header, Headers, Outgoing, Payload, Record};

/// How long a test waits for what must come. It is no promise: only a test that hangs meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Bed {
    pub(crate) broker: Broker,
    pub(crate) contracts: Arc<Contracts>,
    pub(crate) topics: Topics,
    pub(crate) connection: Connection,
}

impl Bed {
    pub(crate) fn mock() -> Self {
        Self::on(&On::Mock)
    }

    pub(crate) fn on(on: &On) -> Self {
        let broker = Broker::start(on, &Settings::default()).expect("a broker starts");
        let contracts = Contracts::builtin();
        let topics = Topics::from_lines(&contracts, |_| None, None).expect("the defaults are fine");
        let connection = Connection::open(&broker, &Settings::default(), Connection::WAIT);
        let connection = connection.expect("the broker answers");
        Self { broker, contracts, topics, connection }
    }

    pub(crate) fn with_topics(self) -> Self {
        let created = self.connection.ensure_topics(&self.topics, &self.contracts, Create::Missing);
        created.expect("topics are created");
        self
    }

    pub(crate) fn tap(&self, from: From) -> Tap {
        Tap::open(&self.connection, &self.topics, from).expect("the topics can be read")
    }

    pub(crate) fn sender(&self) -> Sender {
        Sender::open(&self.connection, &self.topics).expect("a producer is made")
    }

    pub(crate) fn channel(&self, name: &str) -> ChannelIx {
        self.contracts.channel_ix(name).expect("the contracts name it")
    }

    pub(crate) fn outgoing(
        &self,
        channel: &str,
        key: Option<&[u8]>,
        headers: &[(&str, Option<&[u8]>)],
        value: Option<&[u8]>,
    ) -> Outgoing {
        let header = |(name, value): &(&str, Option<&[u8]>)| Header {
            name: (*name).into(),
            value: value.map(Into::into),
        };
        let record = Record {
            key: key.map(Into::into),
            headers: Headers::from_list(headers.iter().map(header).collect()),
            value: value.map(Payload::new),
        };
        Outgoing { channel: self.channel(channel), record }
    }
}

/// Whether the broker answers, in the end.
pub(crate) fn answers(connection: &Connection) -> bool {
    let deadline = Deadline::after(PATIENCE);
    // Each question is a short one, which a busy machine may answer too late.
    std::iter::repeat_with(|| connection.answers(Duration::from_secs(5)))
        .take_while(|_| !deadline.is_over())
        .any(|answers| answers)
}

/// Reads until `count` records have come.
pub(crate) fn read(tap: &mut Tap, count: usize) -> Vec<Tapped> {
    let deadline = Deadline::after(PATIENCE);
    let mut seen = Vec::new();
    while seen.len() < count {
        assert!(!deadline.is_over(), "{} of {count} records came", seen.len());
        let polled = tap.poll(deadline.slice(Duration::from_millis(200)));
        seen.extend(polled.expect("the topics can be read"));
    }
    seen
}

/// The records of each partition, in the order of their offsets.
pub(crate) fn by_partition(seen: &[Tapped]) -> BTreeMap<(ChannelIx, u32), Vec<&Tapped>> {
    let mut parted: BTreeMap<_, Vec<&Tapped>> = BTreeMap::new();
    for one in seen {
        parted.entry((one.channel, one.partition.0)).or_default().push(one);
    }
    parted
}
