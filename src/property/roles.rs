//! What the value of a record is for each property: its part, and the values of its key fields.
//!
//! What always holds: a value is read once, however often and in however many histories it comes.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;
use uuid::Uuid;

use super::{Properties, Selected, Side, Target};
use crate::contract::{Contracts, MessageIx, ProblemKind};
use crate::message::{ChannelIx, Json, Payload};

pub(super) type FxMap<K, V> = IndexMap<K, V, FxBuildHasher>;
pub(super) type FxSet<K> = IndexSet<K, FxBuildHasher>;

/// With more values than this a history starts without those of the histories before it.
const MOST_VALUES: usize = 200_000;

/// What a record is for a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Excuse,
    Then,
    First,
}

/// A kind of message of a channel; any where there is none.
pub(super) type Kind = (ChannelIx, Option<MessageIx>);

/// A part that messages of a channel have in a property.
#[derive(Clone, Debug)]
struct Role {
    property: usize,
    part: Part,
    kind: Option<MessageIx>,
    by: Vec<String>,
    filters: Vec<(String, Json)>,
    caused_by: Arc<[Kind]>,
}

/// A part that a value has in a property.
#[derive(Clone, Debug)]
pub(super) struct Take {
    pub(super) property: usize,
    pub(super) part: Part,
    /// The values of the key fields, by number.
    pub(super) key: usize,
    /// Where there are some, only what one of these caused has the part.
    pub(super) caused_by: Arc<[Kind]>,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) kind: Kind,
    pub(super) takes: Arc<[Take]>,
}

/// The channels of a property, by part.
#[derive(Clone, Debug, Default)]
pub(super) struct Channels {
    pub(super) excuse: Vec<ChannelIx>,
    pub(super) then: Vec<ChannelIx>,
    pub(super) first: Vec<ChannelIx>,
}

/// A value on a channel. Equal hashes are compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value(ChannelIx, Payload);

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u16(self.0.0);
        state.write_u128(self.1.content_hash());
    }
}

/// The parts of all properties in the channels of some contracts.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    contracts: Option<Arc<Contracts>>,
    by_channel: Vec<Vec<Role>>,
    /// By property.
    pub(super) channels: Vec<Channels>,
    readings: FxMap<Value, Reading>,
    keys: FxSet<Box<str>>,
}

impl Roles {
    /// Makes ready for records of these contracts.
    pub(super) fn prepare(&mut self, properties: &Properties, contracts: &Arc<Contracts>) {
        if self.contracts.as_ref().is_some_and(|known| Arc::ptr_eq(known, contracts)) {
            return;
        }
        *self = Self { contracts: Some(Arc::clone(contracts)), ..Self::default() };
        self.channels = vec![Channels::default(); properties.all.len()];
        for channel in contracts.channels().iter().map(|channel| channel.index) {
            let mut roles = Vec::new();
            for (number, property) in properties.all.iter().enumerate() {
                let of = &mut self.channels[number];
                let excuse = property.excuse.as_ref().map(|side| (Part::Excuse, side));
                let then = (Part::Then, &property.then);
                let first = (Part::First, &property.first);
                for (part, side) in excuse.into_iter().chain([then, first]) {
                    let found = roles_of((number, part, side), channel, contracts);
                    let of = match part {
                        Part::Excuse => &mut of.excuse,
                        Part::Then => &mut of.then,
                        Part::First => &mut of.first,
                    };
                    of.extend((!found.is_empty()).then_some(channel));
                    roles.extend(found);
                }
            }
            self.by_channel.push(roles);
        }
    }

    /// Forgets values where they have become too many.
    pub(super) fn tidy(&mut self) {
        if self.readings.len() > MOST_VALUES {
            self.readings.clear();
            self.keys.clear();
        }
    }

    /// What a value is.
    pub(super) fn read(&mut self, channel: ChannelIx, value: Option<&Payload>) -> Reading {
        let roles = self.by_channel.get(channel.at()).filter(|roles| !roles.is_empty());
        let (Some(roles), Some(value), Some(contracts)) = (roles, value, &self.contracts) else {
            return Reading { kind: (channel, None), takes: Arc::default() };
        };
        let key = Value(channel, value.clone());
        if let Some(known) = self.readings.get(&key) {
            return known.clone();
        }
        let bytes = value.as_bytes();
        let kind = contracts.message_kind(channel, bytes).map(|kind| kind.index);
        let mut takes: Vec<Take> = Vec::new();
        // What its readers do not know is no message of theirs.
        let is_open = contracts.channel(channel).is_some_and(|one| one.open.is_some());
        if let (Ok(json), true) = (Json::parse(bytes), is_open || kind.is_some()) {
            let fields = Fields { contracts, kind: (channel, kind), json: &json };
            for role in roles {
                let has = |one: &Take| (one.property, one.part) == (role.property, role.part);
                let fits = role.kind.is_none() || role.kind == kind;
                if !fits || takes.iter().any(has) {
                    continue;
                }
                let Some(key) = fields.key(role) else { continue };
                let (key, _) = self.keys.insert_full(key.into());
                let (property, part) = (role.property, role.part);
                takes.push(Take { property, part, key, caused_by: Arc::clone(&role.caused_by) });
            }
        }
        let reading = Reading { kind: (channel, kind), takes: takes.into() };
        self.readings.insert(key, reading.clone());
        reading
    }
}

fn roles_of(
    (property, part, side): (usize, Part, &Side),
    channel: ChannelIx,
    contracts: &Contracts,
) -> Vec<Role> {
    let own = |target: &Target| {
        contracts.is_named(channel, &target.channel).then_some(())?;
        let named = |name: &String| contracts.message_named(channel, name).map(|kind| kind.index);
        match &target.message {
            Some(name) => named(name).map(Some),
            None => Some(None),
        }
    };
    let anywhere = |target: &Target| -> Vec<Kind> {
        let of = contracts.channels().iter().map(|one| one.index);
        let of = of.filter(|index| contracts.is_named(*index, &target.channel));
        let kind = |index| {
            let named = |name: &String| contracts.message_named(index, name);
            (index, target.message.as_ref().and_then(named).map(|kind| kind.index))
        };
        of.map(kind).collect()
    };
    let role = |selected: &Selected| {
        Some(Role {
            property,
            part,
            kind: own(&selected.target)?,
            by: selected.by.as_ref().unwrap_or(&side.by).clone(),
            filters: selected.filters.clone(),
            caused_by: selected.caused_by.iter().flat_map(anywhere).collect(),
        })
    };
    side.messages.iter().filter_map(role).collect()
}

/// The fields of a value, as its readers see them.
struct Fields<'a> {
    contracts: &'a Contracts,
    kind: Kind,
    json: &'a Json,
}

impl Fields<'_> {
    /// The values of the key fields, if it has the role and all of them.
    fn key(&self, role: &Role) -> Option<String> {
        let holds = |(pointer, wanted): &(String, Json)| self.at(pointer).as_ref() == Some(wanted);
        if !role.filters.iter().all(holds) {
            return None;
        }
        let values = role.by.iter().map(|pointer| Some(text(&self.at(pointer)?)));
        Some(values.collect::<Option<Vec<_>>>()?.join("\n"))
    }

    /// The value of a field. Where a contract is portable, one that is missing or null reads as
    /// zero; one that no reader can read is none.
    fn at(&self, pointer: &str) -> Option<Json> {
        let (channel, kind) = self.kind;
        let found = self.json.pointer(pointer);
        let is_portable = self.contracts.channel(channel).is_some_and(|one| one.open.is_none());
        let field = kind.filter(|_| is_portable).and_then(|kind| {
            let kind = self.contracts.message(kind)?;
            kind.field(pointer)
        });
        let Some(field) = field else { return found.cloned() };
        let value = found.filter(|value| **value != Json::Null);
        let Some(value) = value else { return Some(field.zero.clone()) };
        let unreadable = [ProblemKind::WrongType, ProblemKind::OutOfRange, ProblemKind::BadFormat];
        let problems = field.schema.problems(value);
        let is_read = !problems.iter().any(|problem| unreadable.contains(&problem.kind));
        is_read.then(|| value.clone())
    }
}

/// A value as a text that is the same for equal values: a UUID may be written in several ways.
fn text(value: &Json) -> String {
    match value.as_str().and_then(|text| Uuid::try_parse(text).ok()) {
        Some(id) => id.to_string(),
        None => value.to_string(),
    }
}
