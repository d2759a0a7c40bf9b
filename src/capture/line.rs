//! One record as one line.

use std::sync::Arc;

use serde::Serialize;

use crate::message::{Header, Headers, KeyBytes, Offset, Partition, Payload, Record, hex};

use super::fields::{Damage, Fields};

/// A record as it was read from a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The topic, by its name on the broker.
    pub topic: Arc<str>,
    /// Its partition.
    pub partition: Partition,
    /// Its offset there.
    pub offset: Offset,
    /// When it was written, in milliseconds of Unix time.
    pub timestamp_ms: i64,
    /// Key, headers and value.
    pub record: Record,
}

/// A line as it is written.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    partition: u32,
    offset: u64,
    timestamp_ms: i64,
    key: Option<String>,
    headers: Vec<(&'a str, Option<String>)>,
    #[serde(flatten)]
    value: Value<'a>,
}

/// A value as text where it is text.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Value<'a> {
    Value(Option<&'a str>),
    ValueHex(String),
}

impl Captured {
    /// The record as a line, without its line break.
    #[must_use]
    pub fn line(&self) -> String {
        let headers = self.record.headers.to_list();
        let line = Line {
            topic: &self.topic,
            partition: self.partition.0,
            offset: self.offset.0,
            timestamp_ms: self.timestamp_ms,
            key: self.record.key.as_deref().map(hex),
            headers: headers
                .iter()
                .map(|one| (&*one.name, one.value.as_deref().map(hex)))
                .collect(),
            value: match self.record.value_bytes().map(|bytes| (bytes, std::str::from_utf8(bytes)))
            {
                None => Value::Value(None),
                Some((_, Ok(text))) => Value::Value(Some(text)),
                Some((bytes, Err(_))) => Value::ValueHex(hex(bytes)),
            },
        };
        serde_json::to_string(&line).expect("texts and numbers are always written")
    }

    /// Reads a line; what is wrong with it, if anything is.
    pub(super) fn read(text: &str) -> Result<Self, Vec<Damage>> {
        let mut fields = Fields::of(text).map_err(|damage| vec![damage])?;
        let topic = fields.text("topic");
        let partition = fields.number("partition", u64::from(MAX_PARTITION));
        let offset = fields.number("offset", MAX_OFFSET);
        let timestamp_ms = fields.integer("timestamp_ms");
        let key = fields.bytes("key");
        let headers = fields.headers();
        let value = fields.value();
        let damages = fields.end();
        if !damages.is_empty() {
            return Err(damages);
        }
        let headers = headers
            .into_iter()
            .map(|(name, value)| Header { name: name.into(), value: value.map(Into::into) });
        Ok(Self {
            topic: topic.into(),
            partition: Partition(u32::try_from(partition).unwrap_or(MAX_PARTITION)),
            offset: Offset(offset),
            timestamp_ms,
            record: Record {
                key: key.map(|key| KeyBytes::from_slice(&key)),
                headers: Headers::from_list(headers.collect()),
                value: value.map(|value| Payload::new(&value)),
            },
        })
    }
}

/// Kafka numbers partitions with 32 bits and offsets with 64, both signed.
const MAX_PARTITION: u32 = i32::MAX.cast_unsigned();
const MAX_OFFSET: u64 = i64::MAX.cast_unsigned();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Captured;
    use crate::message::{Header, Headers, KeyBytes, Offset, Partition, Payload, Record};

    fn bytes() -> impl Strategy<Value = Option<Vec<u8>>> {
        prop_oneof![
            Just(None),
            Just(Some(Vec::new())),
            any::<Vec<u8>>().prop_map(Some),
            any::<String>().prop_map(|text| Some(text.into_bytes())),
        ]
    }

    fn header() -> impl Strategy<Value = Header> {
        let trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_vec();
        let name =
            prop_oneof![Just("traceparent".to_owned()), Just("A".to_owned()), any::<String>()];
        let value = prop_oneof![bytes(), Just(Some(trace))];
        (name, value)
            .prop_map(|(name, value)| Header { name: name.into(), value: value.map(Into::into) })
    }

    prop_compose! {
        fn captured()(
            topic in ".+",
            partition in 0..=super::MAX_PARTITION,
            offset in 0..=super::MAX_OFFSET,
            timestamp_ms in any::<i64>(),
            key in bytes(),
            headers in proptest::collection::vec(header(), 0..4),
            value in bytes(),
        ) -> Captured {
            Captured {
                topic: topic.into(),
                partition: Partition(partition),
                offset: Offset(offset),
                timestamp_ms,
                record: Record {
                    key: key.map(|key| KeyBytes::from_slice(&key)),
                    headers: Headers::from_list(headers),
                    value: value.map(|value| Payload::new(&value)),
                },
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(captured in captured()) {
            let line = captured.line();
            prop_assert!(!line.contains('\n'));
            let read = Captured::read(&line);
            prop_assert!(read.is_ok(), "{line}");
            prop_assert_eq!(read.unwrap_or(captured.clone()), captured);
        }

        #[test]
        fn a_cut_line_is_refused(captured in captured(), at in any::<prop::sample::Index>()) {
            let line = captured.line();
            let end = at.index(line.len());
            let cut = (0..=end).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
            prop_assert!(Captured::read(&line[..cut]).is_err());
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = Captured::read(&text);
        }
    }

    #[test]
    fn a_line_is_what_the_documents_show() {
        let line = r#"{"topic":"T","partition":0,"offset":7,"timestamp_ms":5,"key":"e803000000000000","headers":[["REGION","474d53"],["X",null]],"value":"{\"a\":1}"}"#;
        let read = Captured::read(line).unwrap();
        assert_eq!(read.line(), line);
        let mut other = read.clone();
        other.record.value = Some(Payload::new(&[0xff]));
        other.record.key = None;
        assert!(other.line().contains(r#""key":null"#));
        assert!(other.line().ends_with(r#""value_hex":"ff"}"#));
        other.record.value = None;
        assert!(other.line().ends_with(r#""value":null}"#));
    }
}
