//! How ids become keys, how header values become bytes, and which strings have which format.
//!
//! What always holds: a key encoding is injective, so equal ids have equal keys and different ids
//! different keys.

use crate::message::{KeyBytes, TraceParent};

/// How an id becomes the bytes of a key; a setting of the contract (`x-key.encoding`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyEncoding {
    /// `uint32-le-8`: four bytes little-endian, then four zero bytes.
    #[default]
    Uint32Le8,
    /// `uint32-be`: four bytes big-endian.
    Uint32Be,
    /// `decimal-text`: the digits in ASCII.
    DecimalText,
}

/// All key encodings with their names; the reader, the documents and the tests use this list.
pub const KEY_ENCODINGS: [(&str, KeyEncoding); 3] = [
    ("uint32-le-8", KeyEncoding::Uint32Le8),
    ("uint32-be", KeyEncoding::Uint32Be),
    ("decimal-text", KeyEncoding::DecimalText),
];

impl KeyEncoding {
    /// The name in contracts.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = KEY_ENCODINGS.iter().find(|(_, encoding)| *encoding == self);
        known.map_or("", |(name, _)| name)
    }

    /// The key of an id.
    #[must_use]
    pub fn encode(self, id: u32) -> KeyBytes {
        match self {
            Self::Uint32Le8 => KeyBytes::from_slice(&u64::from(id).to_le_bytes()),
            Self::Uint32Be => KeyBytes::from_slice(&id.to_be_bytes()),
            Self::DecimalText => KeyBytes::from_slice(id.to_string().as_bytes()),
        }
    }

    /// The id of a key, `None` where the bytes are not such a key.
    #[must_use]
    pub fn decode(self, key: &[u8]) -> Option<u32> {
        match self {
            Self::Uint32Le8 => u64::from_le_bytes(key.try_into().ok()?).try_into().ok(),
            Self::Uint32Be => Some(u32::from_be_bytes(key.try_into().ok()?)),
            Self::DecimalText => {
                let id = std::str::from_utf8(key).ok()?.parse().ok()?;
                (self.encode(id).as_slice() == key).then_some(id)
            }
        }
    }
}

/// How the value of a header becomes bytes (`x-encoding`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderEncoding {
    /// `uuid-text`: a UUID as 36 ASCII characters.
    UuidText,
    /// `utf-8`: text.
    Utf8,
    /// `uint16-be`: two bytes, big-endian.
    Uint16Be,
    /// `traceparent`: W3C trace context, version 00.
    TraceParent,
    /// `tracestate`: W3C trace state, a list of `key=value`.
    TraceState,
}

/// All header encodings with their names.
pub const HEADER_ENCODINGS: [(&str, HeaderEncoding); 5] = [
    ("uuid-text", HeaderEncoding::UuidText),
    ("utf-8", HeaderEncoding::Utf8),
    ("uint16-be", HeaderEncoding::Uint16Be),
    ("traceparent", HeaderEncoding::TraceParent),
    ("tracestate", HeaderEncoding::TraceState),
];

impl HeaderEncoding {
    /// The name in contracts.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = HEADER_ENCODINGS.iter().find(|(_, encoding)| *encoding == self);
        known.map_or("", |(name, _)| name)
    }

    /// What a sentence calls bytes of this encoding.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::UuidText => "a UUID of 36 characters",
            Self::Utf8 => "UTF-8 text",
            Self::Uint16Be => "two bytes",
            Self::TraceParent => "00-<32 hex>-<16 hex>-<2 hex>",
            Self::TraceState => "a list of key=value",
        }
    }

    /// Whether `bytes` are encoded so.
    #[must_use]
    pub fn admits(self, bytes: &[u8]) -> bool {
        match self {
            Self::UuidText => is_uuid(bytes),
            Self::Utf8 => std::str::from_utf8(bytes).is_ok(),
            Self::Uint16Be => bytes.len() == 2,
            Self::TraceParent => TraceParent::parse(bytes).is_some(),
            Self::TraceState => std::str::from_utf8(bytes).is_ok_and(is_trace_state),
        }
    }
}

fn is_trace_state(text: &str) -> bool {
    text.split(',').map(str::trim).filter(|member| !member.is_empty()).all(|member| {
        member.split_once('=').is_some_and(|(key, value)| !key.is_empty() && !value.is_empty())
    })
}

/// Whether the bytes are a UUID of 36 characters, in either case.
pub(super) fn is_uuid(bytes: &[u8]) -> bool {
    let hyphen = |at| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, &u8)| {
        if hyphen(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    bytes.len() == 36 && bytes.iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{KEY_ENCODINGS, KeyEncoding, is_uuid};
    use crate::message::{is_rfc3339, parse_timestamp};
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn the_field_s_key_of_1000() {
        let key = KeyEncoding::Uint32Le8.encode(1000);
        assert_eq!(key.as_slice(), [0xe8, 3, 0, 0, 0, 0, 0, 0]);
    }

    #[rstest]
    #[case("2026-01-01T00:00:00Z", true)]
    #[case("2026-01-01T00:00:00.123456789+23:59", true)]
    #[case("2024-02-29T23:59:59-05:30", true)]
    #[case("0001-01-01T00:00:00Z", true)]
    #[case("2023-02-29T00:00:00Z", false)]
    #[case("2026-01-01T24:00:00Z", false)]
    #[case("2026-01-01T00:00:60Z", false)]
    #[case("2026-01-01T00:00:00.1234567890Z", false)]
    #[case("2026-01-01T00:00:00.Z", false)]
    #[case("2026-01-01T00:00:00", false)]
    #[case("2026-01-01 00:00:00Z", false)]
    #[case("2026-01-01T00:00:00z", false)]
    #[case("2026-13-01T00:00:00Z", false)]
    #[case("", false)]
    fn timestamps(#[case] text: &str, #[case] good: bool) {
        assert_eq!(is_rfc3339(text), good);
    }

    proptest! {
        #[test]
        fn keys_are_read_back(id in any::<u32>()) {
            for (name, encoding) in KEY_ENCODINGS {
                prop_assert_eq!(encoding.name(), name);
                prop_assert_eq!(encoding.decode(&encoding.encode(id)), Some(id));
            }
        }

        #[test]
        fn any_key_is_read_or_refused(key in proptest::collection::vec(any::<u8>(), 0..12)) {
            for (_, encoding) in KEY_ENCODINGS {
                if let Some(id) = encoding.decode(&key) {
                    prop_assert_eq!(encoding.encode(id).to_vec(), key.clone());
                }
            }
        }

        #[test]
        fn a_uuid_is_what_the_uuid_crate_reads(
            text in "[0-9a-fA-F-]{36}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        ) {
            prop_assert_eq!(is_uuid(text.as_bytes()), uuid::Uuid::try_parse(&text).is_ok());
        }

        #[test]
        fn a_timestamp_that_is_accepted_can_be_read(
            date in "[0-9]{4}-[01][0-9]-[0-3][0-9]",
            time in "[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?",
            offset in "Z|[+-][0-2][0-9]:[0-6][0-9]",
        ) {
            let text = format!("{date}T{time}{offset}");
            if is_rfc3339(&text) {
                let year: i64 = text[..4].parse().unwrap();
                let read = parse_timestamp(&text).is_some();
                prop_assert!(read || !(2..9999).contains(&year), "{}", text);
            }
        }
    }
}
