//! What can be wrong with any record, at the place where it leaves a handler.

use super::field::{Edit, edited};
use crate::message::{Header, Headers, Json, Outgoing, Payload, Record, TraceParent};
use crate::rule::RuleId;
use crate::service::{Mutation, Site};

/// A mistake with one kind of record, wherever a rule demands it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generic {
    /// The rule that demands the record.
    pub rule: Option<RuleId>,
    /// Its kind, e.g. `order.status/PLACED`.
    pub message: String,
    /// What is wrong.
    pub(super) change: Change,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    Dropped,
    Doubled,
    NoKey,
    OtherKey,
    NoHeaders,
    NoHeader(String),
    Damaged(String),
    OtherTenant,
    SwappedVersions,
    SpanOfCause,
    Field(Vec<String>, Edit),
}

const TENANT_ID: &str = "TENANT_ID";
const VERSIONS: [&str; 2] = ["MAJOR_VERSION", "MINOR_VERSION"];

impl Change {
    /// The name in lists.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Dropped => "dropped".to_owned(),
            Self::Doubled => "doubled".to_owned(),
            Self::NoKey => "no-key".to_owned(),
            Self::OtherKey => "other-key".to_owned(),
            Self::NoHeaders => "no-headers".to_owned(),
            Self::NoHeader(name) => format!("no-header:{name}"),
            Self::Damaged(name) => format!("damaged-header:{name}"),
            Self::OtherTenant => "other-tenant".to_owned(),
            Self::SwappedVersions => "swapped-versions".to_owned(),
            Self::SpanOfCause => "span-of-cause".to_owned(),
            Self::Field(path, edit) => format!("{}:{}", path.join("."), edit.name()),
        }
    }

    /// What it makes of a record, where it makes another one of it.
    pub(super) fn changed(&self, record: &Record, cause: &Headers) -> Option<Record> {
        let headers = |headers: Headers| Some(Record { headers, ..record.clone() });
        match self {
            Self::Dropped | Self::Doubled => None,
            Self::NoKey => record.key.as_ref().map(|_| Record { key: None, ..record.clone() }),
            Self::OtherKey => {
                let mut key = record.key.clone()?;
                *key.last_mut()? ^= 1;
                Some(Record { key: Some(key), ..record.clone() })
            }
            Self::NoHeaders => headers(Headers::from_list(Vec::new())),
            Self::NoHeader(name) => headers(relisted(&record.headers, name, None)?),
            Self::Damaged(name) => headers(relisted(&record.headers, name, Some(b"?"))?),
            Self::OtherTenant => {
                let another = b"5e55ffff-0000-4000-8000-00000000ffff";
                headers(relisted(&record.headers, TENANT_ID, Some(another))?)
            }
            Self::SwappedVersions => {
                let list = record.headers.to_list().into_iter();
                let swapped = list.map(|header| {
                    if VERSIONS.contains(&&*header.name) {
                        let bytes = header.value.as_deref().unwrap_or_default().iter().rev();
                        return Header::new(&header.name, &bytes.copied().collect::<Vec<_>>());
                    }
                    header
                });
                headers(Headers::from_list(swapped.collect()))
            }
            Self::SpanOfCause => {
                let span = cause.trace()?.span;
                let trace = record.headers.trace()?;
                headers(record.headers.of_effect(TraceParent { span, ..trace }))
            }
            Self::Field(path, edit) => {
                let value = Json::parse(record.value_bytes()?).ok()?;
                let value = edited(&value, path, edit)?;
                Some(Record { value: Some(Payload::new(&value.to_bytes())), ..record.clone() })
            }
        }
    }
}

/// The headers with another value, or none, under a name.
fn relisted(headers: &Headers, name: &str, value: Option<&[u8]>) -> Option<Headers> {
    let mut list = headers.to_list();
    let before = list.len();
    list.retain(|header| &*header.name != name);
    if list.len() == before {
        return None;
    }
    list.extend(value.map(|value| Header::new(name, value)));
    Some(Headers::from_list(list))
}

impl Mutation for Generic {
    fn emitted(&self, site: &Site<'_>, emits: &mut Vec<Outgoing>) {
        let Some(last) = emits.last_mut() else { return };
        let name = || site.contracts.message_name(last.channel, last.record.value_bytes());
        if site.rule != self.rule || name() != self.message {
            return;
        }
        match self.change {
            Change::Dropped => drop(emits.pop()),
            Change::Doubled => {
                let twice = last.clone();
                emits.push(twice);
            }
            _ => {
                if let Some(changed) = self.change.changed(&last.record, site.cause) {
                    last.record = changed;
                }
            }
        }
    }
}
