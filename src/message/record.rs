//! A record on a partition, and what names it.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_128;

use super::Headers;

/// The place of a channel in the set of contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelIx(pub u16);

impl ChannelIx {
    /// The index, for looking the channel up in a list.
    #[must_use]
    pub fn at(self) -> usize {
        usize::from(self.0)
    }
}

/// A partition of a topic, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u32);

/// The place of a record in its partition, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// The number of a record in its history, in order of appearance: `#3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u32);

impl RecordId {
    /// The index, for looking the record up in its history.
    #[must_use]
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The bytes of a key.
pub type KeyBytes = SmallVec<[u8; 8]>;

/// What a record is to be keyed by; the contract says how an id becomes bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// No key.
    None,
    /// An id, encoded as the channel's contract encodes ids.
    Id(u32),
    /// These bytes.
    Bytes(KeyBytes),
}

/// The bytes of a value, shared, with their hash.
#[derive(Clone)]
pub struct Payload {
    bytes: Arc<[u8]>,
    hash: u128,
}

impl Payload {
    /// Takes the bytes as they are.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self { hash: xxh3_128(bytes), bytes: bytes.into() }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A hash of the content, the same on every machine, with enough bits to stand for it.
    #[must_use]
    pub fn content_hash(&self) -> u128 {
        self.hash
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.bytes == other.bytes
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    /// The length only: a value may hold a password, and only its contract knows where.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.bytes.len())
    }
}

/// Key, headers and value of a record, as Kafka carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The key; `None` is Kafka's null key.
    pub key: Option<KeyBytes>,
    /// The headers.
    pub headers: Headers,
    /// The value; `None` is a tombstone.
    pub value: Option<Payload>,
}

impl Record {
    /// The bytes of the value; `None` is a tombstone.
    #[must_use]
    pub fn value_bytes(&self) -> Option<&[u8]> {
        self.value.as_ref().map(Payload::as_bytes)
    }
}

/// A record on its way to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Where it goes.
    pub channel: ChannelIx,
    /// What it is.
    pub record: Record,
}
