//! What checkers see of a run: the history, and what was learned of each record as it appeared.

use rustc_hash::FxHasher;
use std::hash::Hasher;

use super::fact::{Channel, Fact, Symbols, read};
use super::map::FxMap;
use crate::history::{History, Placed, ServiceIx};
use crate::message::{ChannelIx, Payload, RecordId, Tenant};

/// A tenant, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TenantIx(u32);

impl TenantIx {
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }
}

/// The five services, by the names that their contracts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
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
    fact: u32,
    tenant: Option<TenantIx>,
    channel: Channel,
}

/// What was learned. What is true in every run (facts of payloads, texts) outlives a run.
#[derive(Debug, Default)]
pub(super) struct Memo {
    symbols: Symbols,
    facts: Vec<Fact>,
    by_payload: FxMap<(Channel, u64), u32>,
    // Of one run:
    channels: Vec<Channel>,
    roles: Vec<Role>,
    records: Vec<Learned>,
    tenants: FxMap<Tenant, ()>,
    by_headers: FxMap<u64, Option<TenantIx>>,
}

impl Memo {
    /// Starts a run.
    pub(super) fn begin(&mut self, history: &History) {
        self.channels.clear();
        self.roles.clear();
        self.records.clear();
        self.tenants.clear();
        self.by_headers.clear();
        if self.facts.len() > MOST_FACTS {
            self.facts.clear();
            self.by_payload.clear();
        }
        let contracts = history.contracts();
        for at in 0..contracts.channel_count() {
            let ix = ChannelIx(u16::try_from(at).unwrap_or(u16::MAX));
            self.channels
                .push(Channel::named(contracts.channel_name(ix)));
        }
        let roles = history.services().iter().map(|name| Role::named(name));
        self.roles.extend(roles);
    }

    /// Learns the next record.
    pub(super) fn learn(&mut self, placed: &Placed) {
        let channel = self.channels.get(placed.channel.at()).copied();
        let channel = channel.unwrap_or(Channel::Other);
        let fact = self.fact(channel, placed.record.value.as_ref());
        let headers = &placed.record.headers;
        let known = self.by_headers.get(&headers.shared_hash()).copied();
        let tenant = known.unwrap_or_else(|| {
            let tenant = headers.tenant().ok().map(|tenant| {
                let entry = self.tenants.entry(tenant.clone());
                let at = u32::try_from(entry.index()).unwrap_or(u32::MAX);
                entry.or_default();
                TenantIx(at)
            });
            self.by_headers.insert(headers.shared_hash(), tenant);
            tenant
        });
        self.records.push(Learned {
            fact,
            tenant,
            channel,
        });
    }

    fn fact(&mut self, channel: Channel, value: Option<&Payload>) -> u32 {
        let hash = value.map_or(0, Payload::content_hash);
        if let Some(known) = self.by_payload.get(&(channel, hash)) {
            return *known;
        }
        let fact = read(channel, value.map(Payload::as_bytes), &mut self.symbols);
        let at = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
        self.facts.push(fact);
        self.by_payload.insert((channel, hash), at);
        at
    }
}

/// With more facts than this a run starts without those of the runs before it.
const MOST_FACTS: usize = 1_000_000;

/// A run, as far as it has gone.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) history: &'a History,
    memo: &'a Memo,
}

impl<'a> View<'a> {
    pub(super) fn new(history: &'a History, memo: &'a Memo) -> Self {
        Self { history, memo }
    }

    pub(super) fn placed(self, record: RecordId) -> &'a Placed {
        self.history.record(record)
    }

    pub(super) fn fact(self, record: RecordId) -> Fact {
        self.memo.facts[self.memo.records[record.at()].fact as usize]
    }

    pub(super) fn channel(self, record: RecordId) -> Channel {
        self.memo.records[record.at()].channel
    }

    /// The tenant of a record with valid headers.
    pub(super) fn tenant(self, record: RecordId) -> Option<TenantIx> {
        self.memo.records[record.at()].tenant
    }

    pub(super) fn role(self, service: ServiceIx) -> Role {
        let role = self.memo.roles.get(service.at()).copied();
        role.unwrap_or(Role::Other)
    }

    /// `#3 ban.command/CREATE`
    pub(super) fn name(self, record: RecordId) -> String {
        let message = self.history.message_name(self.placed(record));
        format!("{record} {message}")
    }

    /// Some records by name: `#4 ban.status/CREATED and #5 ban.status/CREATED`, or `nothing`.
    pub(super) fn names(self, records: &[RecordId]) -> String {
        let names: Vec<_> = records.iter().map(|record| self.name(*record)).collect();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(" and ")
        }
    }

    /// A hash of a record's place and content but for its trace.
    pub(super) fn content(self, record: RecordId) -> u64 {
        let placed = self.placed(record);
        let mut hasher = FxHasher::default();
        hasher.write_u16(placed.channel.0);
        hasher.write(placed.record.key.as_deref().unwrap_or(b"\xffnull"));
        hasher.write_u64(placed.record.headers.shared_hash());
        let value = placed.record.value.as_ref();
        hasher.write_u64(value.map_or(0, Payload::content_hash));
        hasher.finish()
    }
}

/// Something for each tenant.
#[derive(Debug)]
pub(super) struct ByTenant<T>(Vec<T>);

impl<T> Default for ByTenant<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> ByTenant<T> {
    pub(super) fn of(&mut self, tenant: TenantIx) -> &mut T {
        if self.0.len() <= tenant.at() {
            self.0.resize_with(tenant.at() + 1, T::default);
        }
        &mut self.0[tenant.at()]
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Those of all other tenants.
    pub(super) fn others(&self, tenant: TenantIx) -> impl Iterator<Item = &T> {
        let others = self.0.iter().enumerate();
        others
            .filter(move |(at, _)| *at != tenant.at())
            .map(|(_, of)| of)
    }
}
