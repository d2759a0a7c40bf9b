//! Lines as `kcat -J` writes them.
//!
//! kcat writes keys, headers and values as JSON texts without a look at what they hold, so that a
//! line need not be UTF-8: the bytes are taken as they stand. What another program has done to the
//! line since, and whether an empty header was a null one, cannot be seen.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};

use super::fields::{Damage, shown};
use super::form::Names;
use super::line::Captured;
use crate::diagnostic::Span;
use crate::message::{Header, Headers, KeyBytes, Offset, Partition, Payload, Record};

/// Fields that only kcat writes.
pub(super) const OWN: [&str; 4] = ["tstype", "ts", "broker", "payload"];
/// All fields.
const NAMES: [&str; 9] =
    ["topic", "partition", "offset", "tstype", "ts", "broker", "headers", "key", "payload"];

/// A line, as far as its fields are there.
#[derive(serde::Deserialize)]
struct Line {
    topic: Option<Bytes>,
    partition: Option<u32>,
    offset: Option<u64>,
    #[serde(rename = "tstype")]
    _tstype: Option<IgnoredAny>,
    ts: Option<i64>,
    #[serde(rename = "broker")]
    _broker: Option<IgnoredAny>,
    headers: Option<Vec<Option<Bytes>>>,
    #[serde(default, deserialize_with = "there")]
    key: Option<Option<Bytes>>,
    #[serde(default, deserialize_with = "there")]
    payload: Option<Option<Bytes>>,
}

/// The bytes of a JSON text, UTF-8 or not.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visit)
    }
}

/// A field that is there, null or not.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Bytes>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Reads a line; what is wrong with it, if anything is. No value is in what is said.
pub(super) fn read(bytes: &[u8]) -> Result<Captured, Vec<Damage>> {
    let text = String::from_utf8_lossy(bytes);
    let whole = Span::new(0, text.len());
    // Only the name is shown: what stands behind it may be a secret.
    let place = |name: &str| {
        let quoted = format!("\"{name}\"");
        let at = text.rfind(&quoted);
        at.map_or(Span::default(), |at| Span::new(at, at + quoted.len()))
    };
    let Names(names) = serde_json::from_slice(bytes).map_err(|error| {
        let message = format!("the line is not a JSON object, from column {}", error.column());
        vec![Damage::new("capture::damaged", message, whole)]
    })?;
    let mut damages = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if !NAMES.contains(&name.as_str()) {
            let message = format!("`kcat -J` writes no field `{}`", shown(name));
            damages.push(Damage::new("capture::unknown-field", message, place(name)));
        } else if names[..at].contains(name) {
            let message = format!("the field `{name}` stands twice in the line");
            damages.push(Damage::new("capture::repeated-field", message, place(name)));
        }
    }
    let needed = NAMES.iter().filter(|name| !["tstype", "broker", "headers"].contains(name));
    for name in needed.filter(|name| !names.iter().any(|own| own == *name)) {
        let message = format!("the field `{name}` is missing");
        damages.push(Damage::new("capture::missing-field", message, whole));
    }
    if !damages.is_empty() {
        return Err(damages);
    }
    let read = serde_json::from_slice::<Line>(bytes).ok().and_then(record);
    read.ok_or_else(|| {
        let message = "a field of the record has a value that it cannot have";
        let help = "topic, key and payload are texts, key and payload may be null; partition, \
                    offset and ts are whole numbers; headers are names and values in turn";
        vec![Damage::new("capture::bad-value", message, whole).help(help)]
    })
}

fn record(line: Line) -> Option<Captured> {
    let list = line.headers.unwrap_or_default();
    let pairs = list.chunks(2).map(|pair| match pair {
        [Some(Bytes(name)), value] => {
            let name = std::str::from_utf8(name).ok()?.into();
            let value = value.as_ref().map(|Bytes(value)| value.as_slice().into());
            Some(Header { name, value })
        }
        _ => None,
    });
    let headers = Headers::from_list(pairs.collect::<Option<_>>()?);
    let key = line.key?.map(|Bytes(key)| KeyBytes::from_slice(&key));
    let value = line.payload?.map(|Bytes(value)| Payload::new(&value));
    let topic = String::from_utf8(line.topic?.0).ok().filter(|topic| !topic.is_empty())?;
    Some(Captured {
        topic: topic.into(),
        partition: Partition(line.partition?),
        offset: Offset(line.offset?),
        timestamp_ms: line.ts?,
        record: Record { key, headers, value },
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::read;

    const LINE: &str = r#"{"topic":"T","partition":1,"offset":7,"tstype":"create","ts":5,"broker":1,"headers":["MAJOR","\u0000S","X",null],"key":"\u0007\u0000","payload":"{\"a\":1}"}"#;

    #[test]
    fn a_line_is_a_record() {
        let record = read(LINE.as_bytes()).unwrap();
        let line = record.line();
        let expected = r#"{"topic":"T","partition":1,"offset":7,"timestamp_ms":5,"key":"0700","headers":[["MAJOR","0053"],["X",null]],"value":"{\"a\":1}"}"#;
        assert_eq!(line, expected);
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let mut line = LINE.replace("\\u0007\\u0000", "K").into_bytes();
        let at = line.windows(5).position(|part| part == b":\"K\",").unwrap();
        line.splice(at + 2..at + 3, [0xe8, 0xff]);
        let record = read(&line).unwrap();
        assert_eq!(record.record.key.as_deref(), Some(&[0xe8, 0xff][..]));
    }

    #[rstest]
    #[case("\"ts\":5,", "", "capture::missing-field")]
    #[case("\"ts\"", "\"sts\"", "capture::missing-field")]
    #[case("\"ts\":5,", "\"ts\":5,\"x\":1,", "capture::unknown-field")]
    #[case("\"ts\":5,", "\"ts\":5,\"ts\":5,", "capture::repeated-field")]
    #[case("\"ts\":5,", "\"ts\":\"hunter2\",", "capture::bad-value")]
    #[case("\"X\",null", "\"X\"", "capture::bad-value")]
    #[case("\"ts\":5,", "\"ts\":,", "capture::damaged")]
    fn damage_is_named(#[case] from: &str, #[case] to: &str, #[case] code: &str) {
        let damages = read(LINE.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(damages.iter().any(|one| one.code == code), "{damages:?}");
        assert!(!format!("{damages:?}").contains("hunter2"));
    }
}
