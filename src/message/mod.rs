//! Records as Kafka carries them, and the words they are made of.
//!
//! What this is: [`Record`] (key, headers, value, byte-exact), [`Tenant`] and [`Headers`], key
//! words, [`Json`] trees with exact numbers, and [`VirtualTime`].
//! What it is not: it knows no contract and judges nothing.
//!
//! What always holds: bytes that came in go out unchanged; two equal records have equal hashes.
//! Start at [`Record`].

mod bytes;
mod headers;
mod json;
mod number;
mod random;
mod record;
mod time;
pub mod typed;

pub use bytes::{hex, unbase64, unhex};
pub(crate) use headers::is_tenant_header;
pub use headers::{Header, HeaderProblem, Headers, Tenant, TraceParent};
pub use json::{Json, JsonError, repeated_members};
pub use number::Number;
pub use random::{Seed, Stream};
pub use record::{
    ChannelIx, Key, KeyBytes, Offset, Outgoing, Partition, Payload, Record, RecordId,
};
pub(crate) use time::is_rfc3339;
pub use time::{VirtualTime, parse_timestamp};
