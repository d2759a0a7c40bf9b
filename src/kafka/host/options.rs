//! How a host runs its services.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::kafka::wall_ms;
use crate::message::{Json, Seed, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::{AskError, Service};

/// Where a host keeps the state of its services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// Nowhere: it is gone with the process.
    #[default]
    Memory,
    /// In a file for each service in this folder, together with unsent events: neither a kill nor a
    /// restart loses an accepted command or an event (COM-10).
    Folder(PathBuf),
}

/// How implementations in the field differ from the reference without breaking a rule. The default
/// is the reference's manner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// How many milliseconds after it was read a record is handled, at random. Records of one
    /// partition are handled in order all the same, and do not wait for each other's delays.
    pub delay_ms: RangeInclusive<u64>,
    /// Offsets are committed when a record is read, before it is handled.
    pub commit_first: bool,
    /// Records of one partition that have different keys overtake each other. Those of one key, and
    /// those without a key, are handled in order.
    pub overtake: bool,
    /// How many milliseconds lie between two events of one emit. With `overtake`, events of other
    /// keys may come between them.
    pub event_gap_ms: u64,
}

impl Default for Manner {
    fn default() -> Self {
        Self { delay_ms: 0..=0, commit_first: false, overtake: false, event_gap_ms: 0 }
    }
}

impl Manner {
    /// All that implementations in the field were seen to do otherwise.
    #[must_use]
    pub fn of_the_field() -> Self {
        Self { delay_ms: 0..=300, commit_first: true, overtake: true, event_gap_ms: 50 }
    }
}

/// Says which of several accepted behaviours a service takes.
pub trait Decide: Send {
    /// The index of the option that is taken.
    fn decide(&mut self, service: &str, rule: RuleId, options: &[&'static str]) -> usize;
}

/// Always the first option.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsReference;

impl Decide for AsReference {
    fn decide(&mut self, _: &str, _: RuleId, _: &[&'static str]) -> usize {
        0
    }
}

/// The named options where they are offered, else the first.
#[derive(Clone, Debug, Default)]
pub struct Variants(BTreeMap<RuleId, BTreeSet<String>>);

impl Variants {
    /// The reference, but for `option` of `rule`.
    #[must_use]
    pub fn with(mut self, rule: RuleId, option: &str) -> Self {
        self.0.entry(rule).or_default().insert(option.to_owned());
        self
    }
}

impl Decide for Variants {
    fn decide(&mut self, _: &str, rule: RuleId, options: &[&'static str]) -> usize {
        let Some(wanted) = self.0.get(&rule) else {
            return 0;
        };
        options.iter().position(|option| wanted.contains(*option)).unwrap_or(0)
    }
}

/// From where a group reads that has committed nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// From the first record that is kept (or as `auto.offset.reset` says, where it is set): a
    /// command that was sent before the service first ran is handled.
    #[default]
    Earliest,
    /// From where topics end when the host starts.
    End,
}

/// The time that services get.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// This machine's.
    #[default]
    Wall,
    /// Milliseconds of [`VirtualTime`] that somebody else moves on.
    Moved(Arc<AtomicU64>),
}

impl Clock {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> VirtualTime {
        match self {
            Self::Wall => VirtualTime::from_unix_ms(wall_ms()),
            Self::Moved(ms) => VirtualTime::from_ms(ms.load(Ordering::SeqCst)),
        }
    }
}

/// Makes a service as it starts, by name; needed where a host is to kill and restart one.
pub type Remake = Arc<dyn Fn(&str) -> Option<Box<dyn Service>> + Send + Sync>;

/// Asks a service that runs elsewhere: its name, the query, the arguments and the tenant. `None`
/// where it cannot be asked that.
pub type Ask =
    Arc<dyn Fn(&str, &str, &Json, &Tenant) -> Option<Result<Json, AskError>> + Send + Sync>;

/// Takes a line of the log.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// How a host runs its services; the default is the reference's way, in memory.
#[derive(Default)]
pub struct Options {
    /// Where state is kept.
    pub store: Store,
    /// How the services differ from the reference.
    pub manner: Manner,
    /// What services decide where several behaviours are accepted; the first option where not
    /// given.
    pub decisions: Option<Box<dyn Decide>>,
    /// Where ids come from. If not given: from the store, and for a new one from the clock, so that
    /// they are unique.
    pub seed: Option<Seed>,
    /// Consumer groups by service, instead of those of the contracts.
    pub groups: BTreeMap<String, String>,
    /// From where a new group reads.
    pub start: Start,
    /// The services' time.
    pub clock: Clock,
    /// Answers for services that do not run here, by query: `ban.check`. A query to a service that
    /// neither runs here nor stands here cannot be answered, and whoever asks is told so.
    pub absent: BTreeMap<String, Json>,
    /// Asks services that do not run here, before `absent` is looked at.
    pub ask: Option<Ask>,
    /// How a killed service is made again.
    pub remake: Option<Remake>,
    /// Takes a line for each thing that goes wrong outside of the services, and with `verbose` for
    /// each record.
    pub log: Option<Log>,
    /// Whether there is a line for each record that is read or sent.
    pub verbose: bool,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Options");
        shown.field("store", &self.store).field("manner", &self.manner);
        shown.field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// How long a host waits for its broker when it stops.
pub(super) const STOP: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::{AsReference, Decide, Variants};
    use crate::services::id;

    #[test]
    fn a_variant_is_taken_where_it_is_offered() {
        let mut variants =
            Variants::default().with(id::BAN_2, "accept-empty").with(id::BAN_4, "echo");
        assert_eq!(variants.decide("ban", id::BAN_2, &["nothing", "accept-empty"]), 1);
        assert_eq!(variants.decide("ban", id::BAN_2, &["nothing", "accept-type"]), 0);
        assert_eq!(variants.decide("ban", id::BAN_4, &["nothing", "echo"]), 1);
        assert_eq!(variants.decide("ban", id::COM_3, &["nothing", "own-tenant"]), 0);
        assert_eq!(AsReference.decide("ban", id::BAN_4, &["nothing", "echo"]), 0);
    }
}
