//! Probes: what is done to a field, and the service as it reads the changed value.

use std::sync::{Arc, Mutex, PoisonError};

use super::ReadField;
use crate::contract::{Contracts, Problem, Schema};
use crate::message::{Json, Number, Tenant};
use crate::service::{
    Asked, Cx, Given, Incoming, QueryError, Reject, Service, StimulusError, Timer, Vocabulary,
};

/// What is done to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// It is left out.
    Absent,
    /// It is null.
    Null,
    /// It has another value that the contract takes.
    Other,
    /// It has a value of another type.
    Retyped,
}

/// All probes with their names and what each does.
pub const PROBES: [(Probe, &str, &str); 4] = [
    (Probe::Absent, "absent", "the field is left out"),
    (Probe::Null, "null", "null stands in its place"),
    (Probe::Other, "other-value", "another value that the contract takes stands in its place"),
    (Probe::Retyped, "other-type", "a value of another JSON type stands in its place"),
];

impl Probe {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        PROBES.iter().find(|(probe, ..)| *probe == self).map_or("", |(_, name, _)| name)
    }
}

/// By which bits another id differs.
const ANOTHER_ID: u128 = 0x5e55_0000_0000_0000_0000_0000_0000_ffff;
const ANOTHER_TIME: &str = "2031-07-08T09:10:11Z";

/// A probe of one field in one run, with what it changed.
#[derive(Debug)]
pub(super) struct Probed {
    parts: Vec<String>,
    probe: Probe,
    schema: Option<Schema>,
    changed: Mutex<Vec<(Json, Option<Json>)>>,
}

impl Probed {
    pub(super) fn new(field: &ReadField, probe: Probe) -> Self {
        let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Self {
            parts: field.field.split('/').skip(1).map(part).collect(),
            probe,
            schema: field.schema.clone(),
            changed: Mutex::default(),
        }
    }

    /// The values that were there, each with what stood in its place.
    pub(super) fn changed(&self) -> Vec<(Json, Option<Json>)> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value as the service reads it; none where nothing of it changes.
    fn of(&self, value: &Json) -> Option<Json> {
        let mut value = value.clone();
        self.change(&mut value, &self.parts).then_some(value)
    }

    fn change(&self, value: &mut Json, parts: &[String]) -> bool {
        let [name, rest @ ..] = parts else { return false };
        match value {
            Json::Array(items) if name == "*" && !rest.is_empty() => {
                // Each item is changed, whatever came of those before.
                items.iter_mut().filter_map(|item| self.change(item, rest).then_some(())).count()
                    > 0
            }
            Json::Array(items) if name == "*" => {
                let made = items.iter().map(|item| (item.clone(), self.other(item)));
                let made: Vec<_> = made.collect();
                let is_any = made.iter().any(|(_, other)| other.is_some());
                *items = made
                    .into_iter()
                    .filter_map(|(own, other)| match other {
                        Some(other) => self.noted(own, other),
                        None => Some(own),
                    })
                    .collect();
                is_any
            }
            Json::Object(fields) if !rest.is_empty() => {
                fields.get_mut(name).is_some_and(|inner| self.change(inner, rest))
            }
            Json::Object(fields) => {
                let Some(own) = fields.get(name).cloned() else { return false };
                let Some(other) = self.other(&own) else { return false };
                match self.noted(own, other) {
                    Some(other) => drop(fields.insert(name.clone(), other)),
                    None => drop(fields.shift_remove(name)),
                }
                true
            }
            _ => false,
        }
    }

    fn noted(&self, own: Json, other: Option<Json>) -> Option<Json> {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.push((own, other.clone()));
        other
    }

    /// What stands in place of a value: nothing at all, or a value; none where the probe cannot be
    /// made of it.
    fn other(&self, own: &Json) -> Option<Option<Json>> {
        // What the contract refuses is bad input of a test, and stays as it is.
        if !self.is_taken(own) {
            return None;
        }
        let other = match self.probe {
            Probe::Absent => return Some(None),
            Probe::Null => Json::Null,
            Probe::Retyped => match own {
                Json::Number(number) => number.as_str().into(),
                Json::String(_) | Json::Null => integer(7),
                _ => "text".into(),
            },
            Probe::Other => self.another(own)?,
        };
        (other != *own).then_some(Some(other))
    }

    /// Another value that the contract takes.
    fn another(&self, own: &Json) -> Option<Json> {
        let schema = self.schema.as_ref();
        let listed = schema.and_then(|one| one.allowed.clone());
        let listed = listed.or_else(|| schema.map(|one| one.remarks.known_values.clone()));
        let mut tries: Vec<Json> = listed.unwrap_or_default();
        tries.extend(match own {
            Json::Number(_) => {
                let own = own.as_integer().unwrap_or_default();
                vec![integer(own.saturating_add(1)), integer(own.saturating_sub(1)), integer(1)]
            }
            Json::String(text) => {
                let longer = format!("{text}x");
                vec![longer.as_str().into(), ANOTHER_TIME.into()]
            }
            Json::Bool(is) => vec![Json::Bool(!is)],
            Json::Array(items) if !items.is_empty() => vec![Json::Array(Vec::new())],
            _ => Vec::new(),
        });
        // A text that is an id stays one, and different ids stay different.
        if let Some(id) = own.as_str().and_then(|text| uuid::Uuid::try_parse(text).ok()) {
            let another = uuid::Uuid::from_u128(id.as_u128() ^ ANOTHER_ID);
            tries.insert(0, another.to_string().as_str().into());
        }
        tries.into_iter().find(|value| value != own && self.is_taken(value))
    }

    /// Whether the contract takes a value.
    fn is_taken(&self, value: &Json) -> bool {
        let breaks = |schema: &Schema| schema.problems(value).iter().any(Problem::is_violation);
        !self.schema.as_ref().is_some_and(breaks)
    }
}

fn integer(value: i128) -> Json {
    Json::Number(Number::parse(&value.to_string()).unwrap_or_else(|| Number::from(0_u32)))
}

/// A service that reads one field of one message in another way than it is sent.
pub(super) struct Wrapped {
    pub(super) inner: Box<dyn Service>,
    pub(super) contracts: Arc<Contracts>,
    pub(super) channel: String,
    pub(super) message: String,
    pub(super) probed: Arc<Probed>,
}

impl Wrapped {
    /// The value as it is read, where it is another.
    fn read(&self, incoming: &Incoming<'_>) -> Option<Vec<u8>> {
        if incoming.channel != self.channel {
            return None;
        }
        let (channel, bytes) = (self.contracts.channel_ix(incoming.channel)?, incoming.value?);
        let key = self.contracts.message_by(self.inner.name(), channel, bytes)?;
        let value = Json::parse(bytes).ok().filter(|_| key == self.message)?;
        Some(self.probed.of(&value)?.to_bytes())
    }
}

impl Service for Wrapped {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        match self.read(incoming) {
            Some(value) => self.inner.handle(&Incoming { value: Some(&value), ..*incoming }, cx),
            None => self.inner.handle(incoming, cx),
        }
    }

    fn timer(&mut self, timer: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.inner.timer(timer, cx)
    }

    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        self.inner.stimulus(name, args, cx)
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        self.inner.query(name, args, asked)
    }

    fn other_answers(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Vec<Json> {
        self.inner.other_answers(name, args, asked)
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        self.inner.configure(tenant, given)
    }

    fn restarted(&mut self) {
        self.inner.restarted();
    }

    fn vocabulary(&self) -> Vocabulary {
        self.inner.vocabulary()
    }
}
