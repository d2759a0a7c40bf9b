//! What checkers see of a run: the history, and what was learned of each record as it appeared.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::fact::{Channel, Fact, Symbols, read};
use super::map::FxMap;
use crate::contract::Contracts;
use crate::history::{History, Placed, ServiceIx};
use crate::message::{ChannelIx, Payload, RecordId, Tenant};

/// A tenant, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::services) struct TenantIx(u32);

impl TenantIx {
    pub(in crate::services) fn at(self) -> usize {
        self.0 as usize
    }
}

/// The five services, by the names that their contracts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Role {
    Ban,
    Account,
    Login,
    EffectiveStats,
    Invite,
    /// Somebody's own: only the common rules apply.
    Other,
}

impl Role {
    fn named(name: &str) -> Self {
        match name {
            "ban" => Self::Ban,
            "account" => Self::Account,
            "login" => Self::Login,
            "effective_stats" => Self::EffectiveStats,
            "invite" => Self::Invite,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Learned {
    value: ValueIx,
    tenant: Option<TenantIx>,
    channel: Channel,
    content: Content,
}

/// What tells a record from others but for its trace and offset: its channel, value, headers and
/// key, the latter two by hashes that may stand for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::services) struct Content(u16, ValueIx, u128, Option<u128>);

/// A value on a channel, by number: equal numbers are equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::services) struct ValueIx(u32);

impl ValueIx {
    /// That of no record.
    const NONE: Self = Self(u32::MAX);
}

/// What was learned. What is true in every run (facts of payloads, texts) outlives a run.
#[derive(Debug, Default)]
pub(in crate::services) struct Memo {
    symbols: Symbols,
    facts: Vec<Fact>,
    by_payload: FxMap<(Channel, u128), ValueIx>,
    /// The contracts and services of the last run, and what they are.
    contracts: Option<Arc<Contracts>>,
    channels: Vec<Channel>,
    services: Vec<String>,
    roles: Vec<Role>,
    // Of one run:
    records: Vec<Learned>,
    tenants: FxMap<Tenant, ()>,
    by_headers: FxMap<u128, Option<TenantIx>>,
    last_headers: Option<(u128, Option<TenantIx>)>,
}

impl Memo {
    /// Starts a run; whether what was learned of values and services in earlier ones still holds.
    pub(in crate::services) fn begin(&mut self, history: &History) -> bool {
        self.records.clear();
        self.tenants.clear();
        self.by_headers.clear();
        self.last_headers = None;
        let forgets = self.facts.len() > MOST_FACTS;
        if forgets {
            self.facts.clear();
            self.by_payload.clear();
        }
        let contracts = history.shared_contracts();
        let known = self.contracts.as_ref();
        let same = known.is_some_and(|known| Arc::ptr_eq(known, contracts));
        if same && self.services == history.services() {
            return !forgets;
        }
        self.contracts = Some(Arc::clone(contracts));
        self.services = history.services().to_vec();
        self.roles = history.services().iter().map(|name| Role::named(name)).collect();
        let channels = (0..contracts.channel_count()).map(|at| {
            let ix = ChannelIx(u16::try_from(at).unwrap_or(u16::MAX));
            Channel::named(contracts.channel_name(ix))
        });
        self.channels = channels.collect();
        false
    }

    /// Learns the next record.
    pub(in crate::services) fn learn(&mut self, placed: &Placed) {
        let channel = self.channels.get(placed.channel.at()).copied();
        let channel = channel.unwrap_or(Channel::Other);
        let value = self.value(channel, placed.record.value.as_ref());
        let headers = &placed.record.headers;
        let shared = headers.shared_hash();
        let last = self.last_headers.filter(|(last, _)| *last == shared);
        let known = last.map(|(_, tenant)| tenant);
        let known = known.or_else(|| self.by_headers.get(&shared).copied());
        let tenant = known.unwrap_or_else(|| {
            let tenant = headers.tenant().ok().map(|tenant| {
                let entry = self.tenants.entry(tenant.clone());
                let at = u32::try_from(entry.index()).unwrap_or(u32::MAX);
                entry.or_default();
                TenantIx(at)
            });
            self.by_headers.insert(shared, tenant);
            tenant
        });
        self.last_headers = Some((shared, tenant));
        let key = placed.record.key.as_deref().map(xxh3_128);
        let content = Content(placed.channel.0, value, shared, key);
        self.records.push(Learned { value, tenant, channel, content });
    }

    fn value(&mut self, channel: Channel, value: Option<&Payload>) -> ValueIx {
        let hash = value.map_or(0, Payload::content_hash);
        if let Some(known) = self.by_payload.get(&(channel, hash)) {
            return *known;
        }
        let fact = read(channel, value.map(Payload::as_bytes), &mut self.symbols);
        let at = ValueIx(u32::try_from(self.facts.len()).unwrap_or(u32::MAX));
        self.facts.push(fact);
        self.by_payload.insert((channel, hash), at);
        at
    }
}

/// With more facts than this a run starts without those of the runs before it.
const MOST_FACTS: usize = 1_000_000;

/// A run, as far as it has gone.
#[derive(Clone, Copy)]
pub(in crate::services) struct View<'a> {
    pub(in crate::services) history: &'a History,
    memo: &'a Memo,
}

impl<'a> View<'a> {
    pub(in crate::services) fn new(history: &'a History, memo: &'a Memo) -> Self {
        Self { history, memo }
    }

    pub(in crate::services) fn placed(self, record: RecordId) -> &'a Placed {
        self.history.record(record)
    }

    /// Nothing for a record that is spoken of before it appeared.
    fn learned(self, record: RecordId) -> Option<&'a Learned> {
        self.memo.records.get(record.at())
    }

    pub(in crate::services) fn fact(self, record: RecordId) -> Fact {
        let value = self.learned(record).map(|learned| learned.value.0 as usize);
        value.map_or(Fact::Opaque, |value| self.memo.facts[value])
    }

    pub(in crate::services) fn channel(self, record: RecordId) -> Channel {
        self.learned(record).map_or(Channel::Other, |learned| learned.channel)
    }

    /// The tenant of a record with valid headers.
    pub(in crate::services) fn tenant(self, record: RecordId) -> Option<TenantIx> {
        self.learned(record)?.tenant
    }

    pub(in crate::services) fn role(self, service: ServiceIx) -> Role {
        let role = self.memo.roles.get(service.at()).copied();
        role.unwrap_or(Role::Other)
    }

    /// `#3 ban.command/CREATE`
    pub(in crate::services) fn name(self, record: RecordId) -> String {
        let message = self.history.message_name(self.placed(record));
        format!("{record} {message}")
    }

    /// Some records by name: `#4 ban.status/CREATED and #5 ban.status/CREATED`, or `nothing`.
    pub(in crate::services) fn names(self, records: &[RecordId]) -> String {
        let names: Vec<_> = records.iter().map(|record| self.name(*record)).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
    }

    /// The value of a record.
    pub(in crate::services) fn value(self, record: RecordId) -> ValueIx {
        self.learned(record).map_or(ValueIx::NONE, |learned| learned.value)
    }

    /// What tells a record from others but for its trace.
    pub(in crate::services) fn content(self, record: RecordId) -> Option<Content> {
        self.learned(record).map(|learned| learned.content)
    }
}

/// What can be emptied and used again.
pub(in crate::services) trait Reset: Default {
    /// Empties it, and keeps its memory.
    fn reset(&mut self);
}

impl<K, V> Reset for FxMap<K, V> {
    fn reset(&mut self) {
        self.clear();
    }
}

/// Something for each tenant.
#[derive(Debug, Default)]
pub(in crate::services) struct ByTenant<T> {
    of: Vec<T>,
    used: usize,
}

impl<T: Reset> ByTenant<T> {
    pub(in crate::services) fn of(&mut self, tenant: TenantIx) -> &mut T {
        let at = tenant.at();
        if self.of.len() <= at {
            self.of.resize_with(at + 1, T::default);
        }
        self.used = self.used.max(at + 1);
        &mut self.of[at]
    }

    pub(in crate::services) fn clear(&mut self) {
        self.of[..self.used].iter_mut().for_each(T::reset);
        self.used = 0;
    }

    /// Those of all other tenants.
    pub(in crate::services) fn others(&self, tenant: TenantIx) -> impl Iterator<Item = &T> {
        let others = self.of[..self.used].iter().enumerate();
        others.filter(move |(at, _)| *at != tenant.at()).map(|(_, of)| of)
    }
}
