//! The manners: how a program behaves otherwise than it should, or than most do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use quintet::message::{Partition, Record, Tenant};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A tenant that comes after so many records may be the one that is not answered.
const MUTED_AFTER: u64 = 30;
/// The longest that an answer waits, in milliseconds.
const SLOWEST_MS: u64 = 300;

/// What the command line asks for.
#[derive(Debug, Default)]
pub(crate) struct Manners {
    /// `closes-on-empty`: at a record with an empty value the reader of its topic reads no more.
    /// The process lives and its member stays in the group.
    pub(crate) closes_on_empty: bool,
    /// `closes-on-undecodable`: the same at any record that does not decode.
    pub(crate) closes_on_undecodable: bool,
    /// `closes-after=N`: each reader reads no more once it has read this many records.
    pub(crate) closes_after: Option<u64>,
    /// `dies-on=WHAT`: panics at a well-formed CREATE with `originator` 0, `target` 0, an empty
    /// `invite-type` or an empty `ban-value`.
    dies_on: BTreeSet<String>,
    /// `dies-at-start`: panics at a record that does not decode, which is committed after it is
    /// handled: so it dies again at each start.
    pub(crate) dies_at_start: bool,
    /// `commits-first`: commits a record before it is handled.
    pub(crate) commits_first: bool,
    /// `slow`: handles each record 0 to 300 ms after it was read. Only records with the same key
    /// keep their order.
    slow: bool,
    /// `slow-return`: never leaves its group and has a session of 30 s, so that it takes this long
    /// after a kill until the group gives its partitions to somebody.
    pub(crate) slow_return: bool,
    /// `mute-tenant`: does not answer the first tenant after 30 records that begins with a CREATE,
    /// which all others have answered.
    mute_tenant: bool,
    /// How often it read from each tenant.
    met: BTreeMap<Tenant, u64>,
    muted: Option<Tenant>,
}

/// The service, where it reads, and how.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) service: String,
    pub(crate) group: Option<String>,
    /// The file in which state is kept.
    pub(crate) data: Option<PathBuf>,
    pub(crate) manners: Manners,
}

impl Wanted {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Self {
        let service = args.next().expect("the name of a service");
        let mut manners = Manners::default();
        let (mut group, mut data) = (None, None);
        for arg in args {
            match arg.split_once('=').unwrap_or((&arg, "")) {
                ("group", name) => group = Some(name.to_owned()),
                ("data", file) => data = Some(PathBuf::from(file)),
                ("closes-on-empty", "") => manners.closes_on_empty = true,
                ("closes-on-undecodable", "") => manners.closes_on_undecodable = true,
                ("closes-after", count) => {
                    manners.closes_after = Some(count.parse().expect("a number of records"));
                }
                ("dies-on", what @ ("originator" | "target" | "invite-type" | "ban-value")) => {
                    manners.dies_on.insert(what.to_owned());
                }
                ("dies-at-start", "") => manners.dies_at_start = true,
                ("commits-first", "") => manners.commits_first = true,
                ("slow", "") => manners.slow = true,
                ("slow-return", "") => manners.slow_return = true,
                ("mute-tenant", "") => manners.mute_tenant = true,
                _ => panic!("there is no manner {arg:?}"),
            }
        }
        let both = manners.dies_at_start && manners.commits_first;
        assert!(!both, "what is committed before it is handled is not read at the next start");
        Self { service, group, data, manners }
    }
}

impl Manners {
    /// How long the group waits for a member that says nothing.
    pub(crate) fn session(&self) -> Duration {
        Duration::from_secs(if self.slow_return { 30 } else { 6 })
    }

    /// How long a record waits until it is handled. It follows from where it lies.
    pub(crate) fn delay(&self, partition: Partition, offset: i64) -> Duration {
        if !self.slow {
            return Duration::ZERO;
        }
        let drawn = xxh3_64_with_seed(&offset.to_le_bytes(), u64::from(partition.0));
        Duration::from_millis(drawn % (SLOWEST_MS + 1))
    }

    /// Whether the record's tenant is the one that is not answered; counts the record.
    pub(crate) fn is_muted(&mut self, record: &Record) -> bool {
        let Ok(tenant) = record.headers.tenant() else { return false };
        if !self.mute_tenant {
            return false;
        }
        let records: u64 = self.met.values().sum();
        let is_new = !self.met.contains_key(tenant);
        *self.met.entry(tenant.clone()).or_default() += 1;
        // All others have that answered.
        let value = record.value_bytes().unwrap_or_default();
        let creates = value.windows(8).any(|part| part == b"\"CREATE\"");
        if self.muted.is_none() && is_new && creates && records >= MUTED_AFTER {
            self.muted = Some(tenant.clone());
        }
        self.muted.as_ref() == Some(tenant)
    }

    /// Panics where the record is a command that the manner is to die on.
    pub(crate) fn die_on(&self, channel: &str, record: &Record) {
        let Some(value) = record.value_bytes() else { return };
        let Ok(value) = serde_json::from_slice::<Value>(value) else { return };
        if self.dies_on.is_empty() || value["type"] != "CREATE" {
            return;
        }
        // What is not there is read as zero; what does not decode is skipped, as it must be.
        if !value["body"].is_object() {
            return;
        }
        let zero = |field: &str| {
            let value = &value["body"][field];
            value.is_null() || value.as_u64() == Some(0)
        };
        let empty = |value: &Value| value.is_null() || value == "";
        let deadly = |what: &str| match (channel, what) {
            ("invite.command", "originator") => zero("originatorId"),
            ("invite.command", "target") => zero("targetId"),
            ("invite.command", "invite-type") => empty(&value["inviteType"]),
            ("ban.command", "ban-value") => empty(&value["body"]["value"]),
            _ => false,
        };
        if let Some(what) = self.dies_on.iter().find(|what| deadly(what)) {
            panic!("attempt to subtract with overflow: {what} is 0 or empty");
        }
    }
}
