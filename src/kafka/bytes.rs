//! Records as librdkafka carries them, and back, byte for byte.

use rdkafka::Message as _;
use rdkafka::message::{
    BorrowedHeaders, BorrowedMessage, Header as Borrowed, Headers as _, OwnedHeaders,
};

use super::caught::caught;
use crate::message::{Header, Headers, KeyBytes, Payload, Record};

/// The name under which a header is shown whose own name is no UTF-8.
const UNREADABLE: &str = "\u{fffd}";

/// A record that was read.
pub(super) fn record_of(message: &BorrowedMessage<'_>) -> Record {
    Record {
        key: message.key().map(KeyBytes::from_slice),
        headers: Headers::from_list(message.headers().map(headers_of).unwrap_or_default()),
        value: message.payload().map(Payload::new),
    }
}

/// Headers in the order of the record, with nulls and repeated names.
fn headers_of(headers: &BorrowedHeaders) -> Vec<Header> {
    let read = |at| {
        // rdkafka panics at a name that is no UTF-8, which Kafka's protocol forbids and nobody
        // checks. Such a header is kept by place, without its bytes, which cannot be had.
        match caught(|| headers.try_get(at)).flatten() {
            Some(header) => Header { name: header.key.into(), value: header.value.map(Into::into) },
            None => Header { name: UNREADABLE.into(), value: None },
        }
    };
    (0..headers.count()).map(read).collect()
}

/// Headers to be sent; the name of the first that Kafka's clients cannot carry.
pub(super) fn headers_to_send(headers: &Headers) -> Result<OwnedHeaders, String> {
    let list = headers.to_list();
    let mut owned = OwnedHeaders::new_with_capacity(list.len());
    for header in &list {
        if header.name.contains('\0') {
            return Err(header.name.to_string());
        }
        owned = owned.insert(Borrowed { key: &header.name, value: header.value.as_deref() });
    }
    Ok(owned)
}
