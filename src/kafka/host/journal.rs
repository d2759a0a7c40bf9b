//! What is kept of a service: each input that changed it or made it emit something.
//!
//! A service is a deterministic state machine, so its state is what its handlers make of its
//! journal: the inputs with their time, and what handlers were told while they ran (decisions, and
//! answers of other services).

use serde::{Deserialize, Serialize};

use super::witness::Spot;
use crate::message::{
    ChannelIx, Header, Headers, Json, KeyBytes, Offset, Outgoing, Partition, Payload, Record,
    Tenant, VirtualTime, hex, unhex,
};
use crate::service::AskError;

/// Something that a service is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input {
    /// Settings and data.
    Given { tenant: Tenant, settings: Option<Json>, data: Vec<(String, Json)> },
    /// A record, as it arrived.
    Record { spot: Spot, attempt: u32, record: Record },
    /// A timer that is due.
    Timer { tenant: Tenant, name: String },
    /// Something that does not come through Kafka, and how many came before.
    Stimulus { tenant: Tenant, name: String, args: Json, count: u64 },
    /// The service starts again.
    Restarted,
}

/// An input that a service took, with all that its handler was told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) at: VirtualTime,
    pub(super) input: Input,
    /// The options taken where several behaviours are accepted.
    pub(super) decided: Vec<String>,
    pub(super) answers: Vec<Result<Json, AskError>>,
}

/// An event that is kept and not known to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unsent {
    pub(super) outgoing: Outgoing,
    pub(super) cause: Option<Spot>,
}

type WireTenant = (uuid::Uuid, String, u16, u16);
type WireSpot = (u16, u32, u64);

#[derive(Serialize, Deserialize)]
struct WireRecord {
    key: Option<String>,
    headers: Vec<(String, Option<String>)>,
    value: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum WireInput {
    Given { tenant: WireTenant, settings: Option<String>, data: Vec<(String, String)> },
    Record { spot: WireSpot, attempt: u32, record: WireRecord },
    Timer { tenant: WireTenant, name: String },
    Stimulus { tenant: WireTenant, name: String, args: String, count: u64 },
    Restarted,
}

#[derive(Serialize, Deserialize)]
enum WireAnswer {
    Answer(String),
    Unreachable(String),
    Failed(String),
}

#[derive(Serialize, Deserialize)]
struct WireEntry {
    at_ms: u64,
    input: WireInput,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    decided: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<WireAnswer>,
}

#[derive(Serialize, Deserialize)]
struct WireUnsent {
    channel: u16,
    record: WireRecord,
    cause: Option<WireSpot>,
}

/// Why kept bytes cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(String);

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        // serde's own text may quote a value.
        Self(format!("line {} column {}", error.line(), error.column()))
    }
}

impl Entry {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let answers = self.answers.iter().map(|answer| match answer {
            Ok(json) => WireAnswer::Answer(json.to_string()),
            Err(AskError::Unreachable(who)) => WireAnswer::Unreachable(who.clone()),
            Err(AskError::Failed(why)) => WireAnswer::Failed(why.clone()),
        });
        let wire = WireEntry {
            at_ms: self.at.as_ms(),
            input: wire_input(&self.input),
            decided: self.decided.clone(),
            answers: answers.collect(),
        };
        written(&wire)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let wire: WireEntry = serde_json::from_slice(bytes)?;
        let answers = wire.answers.into_iter().map(|answer| {
            Ok(match answer {
                WireAnswer::Answer(text) => Ok(json(&text)?),
                WireAnswer::Unreachable(who) => Err(AskError::Unreachable(who)),
                WireAnswer::Failed(why) => Err(AskError::Failed(why)),
            })
        });
        Ok(Self {
            at: VirtualTime::from_ms(wire.at_ms),
            input: read_input(wire.input)?,
            decided: wire.decided,
            answers: answers.collect::<Result<_, Unreadable>>()?,
        })
    }
}

impl Unsent {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let Outgoing { channel, record } = &self.outgoing;
        let (record, cause) = (wire_record(record), self.cause.map(wire_spot));
        written(&WireUnsent { channel: channel.0, record, cause })
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let wire: WireUnsent = serde_json::from_slice(bytes)?;
        let record = read_record(wire.record)?;
        let outgoing = Outgoing { channel: ChannelIx(wire.channel), record };
        Ok(Self { outgoing, cause: wire.cause.map(read_spot) })
    }
}

fn written(wire: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(wire).expect("texts and numbers can always be written")
}

fn wire_input(input: &Input) -> WireInput {
    match input {
        Input::Given { tenant, settings, data } => WireInput::Given {
            tenant: wire_tenant(tenant),
            settings: settings.as_ref().map(ToString::to_string),
            data: data.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        },
        Input::Record { spot, attempt, record } => WireInput::Record {
            spot: wire_spot(*spot),
            attempt: *attempt,
            record: wire_record(record),
        },
        Input::Timer { tenant, name } => {
            WireInput::Timer { tenant: wire_tenant(tenant), name: name.clone() }
        }
        Input::Stimulus { tenant, name, args, count } => WireInput::Stimulus {
            tenant: wire_tenant(tenant),
            name: name.clone(),
            args: args.to_string(),
            count: *count,
        },
        Input::Restarted => WireInput::Restarted,
    }
}

fn read_input(wire: WireInput) -> Result<Input, Unreadable> {
    Ok(match wire {
        WireInput::Given { tenant, settings, data } => {
            let data = data.into_iter().map(|(name, text)| Ok((name, json(&text)?)));
            Input::Given {
                tenant: read_tenant(tenant),
                settings: settings.as_deref().map(json).transpose()?,
                data: data.collect::<Result<_, Unreadable>>()?,
            }
        }
        WireInput::Record { spot, attempt, record } => {
            Input::Record { spot: read_spot(spot), attempt, record: read_record(record)? }
        }
        WireInput::Timer { tenant, name } => Input::Timer { tenant: read_tenant(tenant), name },
        WireInput::Stimulus { tenant, name, args, count } => {
            Input::Stimulus { tenant: read_tenant(tenant), name, args: json(&args)?, count }
        }
        WireInput::Restarted => Input::Restarted,
    })
}

fn wire_tenant(tenant: &Tenant) -> WireTenant {
    (tenant.id, tenant.region.to_string(), tenant.major, tenant.minor)
}

fn read_tenant((id, region, major, minor): WireTenant) -> Tenant {
    Tenant { id, region: region.into(), major, minor }
}

fn wire_spot(spot: Spot) -> WireSpot {
    (spot.channel.0, spot.partition.0, spot.offset.0)
}

fn read_spot((channel, partition, offset): WireSpot) -> Spot {
    let (channel, partition) = (ChannelIx(channel), Partition(partition));
    Spot { channel, partition, offset: Offset(offset) }
}

fn wire_record(record: &Record) -> WireRecord {
    let header = |header: Header| (header.name.to_string(), header.value.as_deref().map(hex));
    WireRecord {
        key: record.key.as_deref().map(hex),
        headers: record.headers.to_list().into_iter().map(header).collect(),
        value: record.value_bytes().map(hex),
    }
}

fn read_record(wire: WireRecord) -> Result<Record, Unreadable> {
    let bytes = |text: Option<String>| text.as_deref().map(read_hex).transpose();
    let headers = wire.headers.into_iter().map(|(name, value)| {
        Ok(Header { name: name.into(), value: bytes(value)?.map(Into::into) })
    });
    Ok(Record {
        key: bytes(wire.key)?.map(KeyBytes::from_vec),
        headers: Headers::from_list(headers.collect::<Result<_, Unreadable>>()?),
        value: bytes(wire.value)?.map(|bytes| Payload::new(&bytes)),
    })
}

fn json(text: &str) -> Result<Json, Unreadable> {
    Json::parse(text.as_bytes()).map_err(|_| Unreadable("a value is no JSON".to_owned()))
}

fn read_hex(text: &str) -> Result<Vec<u8>, Unreadable> {
    unhex(text).ok_or_else(|| Unreadable("bytes are not written in hexadecimal".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{AskError, Entry, Input, Unsent};
    use crate::kafka::host::witness::Spot;
    use crate::message::{
        ChannelIx, Header, Headers, Json, KeyBytes, Offset, Outgoing, Partition, Payload, Record,
        Tenant, VirtualTime,
    };
    use rstest::rstest;

    fn tenant() -> Tenant {
        Tenant { id: uuid::Uuid::from_u128(9), region: "GMS".into(), major: 83, minor: 1 }
    }

    fn record() -> Record {
        let list = vec![
            Header::new("REGION", b"\xff\x00"),
            Header { name: "twice".into(), value: None },
            Header::new("twice", b""),
        ];
        Record {
            key: Some(KeyBytes::from_slice(&[0, 255])),
            headers: Headers::from_list(list),
            value: Some(Payload::new(b"\x00{ not json")),
        }
    }

    const SPOT: Spot =
        Spot { channel: ChannelIx(3), partition: Partition(2), offset: Offset(u64::MAX) };

    #[rstest]
    #[case(Input::Record { spot: SPOT, attempt: 2, record: record() })]
    #[case(Input::Record {
        spot: SPOT,
        attempt: 1,
        record: Record { key: None, headers: Headers::from_list(Vec::new()), value: None },
    })]
    #[case(Input::Timer { tenant: tenant(), name: "sweep".into() })]
    #[case(Input::Stimulus {
        tenant: tenant(),
        name: "connect".into(),
        args: Json::parse(b"{\"n\":12345678901234567890123}").unwrap(),
        count: 4,
    })]
    #[case(Input::Given {
        tenant: tenant(),
        settings: Some(Json::Bool(true)),
        data: vec![("bans".into(), Json::Array(vec![Json::Null]))],
    })]
    #[case(Input::Restarted)]
    fn an_entry_is_read_as_it_was_written(#[case] input: Input) {
        let entry = Entry {
            at: VirtualTime::from_ms(7),
            input,
            decided: vec!["nothing".into()],
            answers: vec![Ok(Json::Null), Err(AskError::Unreachable("ban".into()))],
        };
        assert_eq!(Entry::from_bytes(&entry.to_bytes()).unwrap(), entry);
    }

    #[test]
    fn an_unsent_event_is_read_as_it_was_written() {
        let outgoing = Outgoing { channel: ChannelIx(1), record: record() };
        let unsent = Unsent { outgoing, cause: Some(SPOT) };
        assert_eq!(Unsent::from_bytes(&unsent.to_bytes()).unwrap(), unsent);
    }

    #[rstest]
    #[case(b"")]
    #[case(b"{}")]
    #[case(b"\xff\xfe")]
    fn damage_is_an_error_that_quotes_nothing(#[case] bytes: &[u8]) {
        assert!(Entry::from_bytes(bytes).is_err() && Unsent::from_bytes(bytes).is_err());
    }
}
