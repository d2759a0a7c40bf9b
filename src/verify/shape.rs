//! Events as they are compared: only what the producer's own document declares.

use crate::contract::{Contracts, Schema};
use crate::message::{ChannelIx, Json, Number, Record};

/// What an event says, as far as its producer's document goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) channel: ChannelIx,
    /// Its type; none where it has none that the producer's document knows.
    pub(crate) kind: Option<String>,
    pub(crate) value: Json,
}

/// The error code's companions, which no rule fixes.
const FREE: [&str; 2] = ["reason", "until"];

impl Shape {
    /// The shape of a record that `subject` sends.
    pub(crate) fn of(
        contracts: &Contracts,
        subject: &str,
        channel: ChannelIx,
        record: &Record,
    ) -> Self {
        let value = record.value_bytes().and_then(|bytes| Json::parse(bytes).ok());
        let value = value.unwrap_or_default();
        let kind = contracts.kind_of(channel, &value).map(|kind| kind.name.clone());
        let message = kind.as_deref().and_then(|kind| {
            let view =
                contracts.contract(subject)?.channels.get(contracts.channel_name(channel))?;
            view.messages.get(kind)
        });
        let Some(message) = message else {
            return Self { channel, kind: None, value };
        };
        let mut value = declared(&message.payload, value);
        if kind.as_deref() == Some("ERROR")
            && let Some(Json::Object(body)) = field_mut(&mut value, "body")
        {
            body.retain(|name, _| !FREE.contains(&name.as_str()));
        }
        Self { channel, kind, value }
    }

    /// Whether an event that was seen is the one that is expected.
    pub(crate) fn fits(&self, seen: &Self) -> bool {
        if self.channel != seen.channel || self.kind != seen.kind {
            return false;
        }
        self.value == seen.value || self.is_error_without_account(seen)
    }

    /// Whether the events differ in nothing but an account id that is not named in an error.
    fn is_error_without_account(&self, seen: &Self) -> bool {
        if self.kind.as_deref() != Some("ERROR") || seen.account_id() != Some(0) {
            return false;
        }
        let mut own = self.value.clone();
        if let Some(account) = field_mut(&mut own, "accountId") {
            *account = Json::Number(Number::from(0u32));
        }
        own == seen.value
    }

    fn account_id(&self) -> Option<i128> {
        self.value.get("accountId").and_then(Json::as_integer)
    }

    /// The fields in which two events of a type differ, with both values: expected and seen.
    pub(crate) fn differences(&self, seen: &Self) -> Vec<(String, Json, Json)> {
        let mut found = Vec::new();
        differ("", &self.value, &seen.value, &mut found);
        found
    }
}

fn field_mut<'a>(value: &'a mut Json, name: &str) -> Option<&'a mut Json> {
    match value {
        Json::Object(fields) => fields.get_mut(name),
        _ => None,
    }
}

/// The value without fields that the schema does not declare.
fn declared(schema: &Schema, value: Json) -> Json {
    match value {
        Json::Object(fields) if !schema.properties.is_empty() => {
            let kept = fields.into_iter().filter_map(|(name, value)| {
                let property = schema.properties.get(name.as_str())?;
                Some((name, declared(&property.schema, value)))
            });
            Json::Object(kept.collect())
        }
        // An empty body declares nothing.
        Json::Object(_) if !schema.types.is_any() => Json::Object(indexmap::IndexMap::new()),
        Json::Array(items) => match &schema.items {
            Some(schema) => {
                Json::Array(items.into_iter().map(|item| declared(schema, item)).collect())
            }
            None => Json::Array(items),
        },
        other => other,
    }
}

fn differ(path: &str, expected: &Json, seen: &Json, to: &mut Vec<(String, Json, Json)>) {
    let (Json::Object(a), Json::Object(b)) = (expected, seen) else {
        if expected != seen {
            to.push((path.trim_start_matches('.').to_owned(), expected.clone(), seen.clone()));
        }
        return;
    };
    let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
    for name in names {
        let (one, other) = (a.get(name), b.get(name));
        let path = format!("{path}.{name}");
        differ(&path, one.unwrap_or(&Json::Null), other.unwrap_or(&Json::Null), to);
    }
}
