//! Faults: what can be made to go wrong around a delivery.

use std::time::Duration;

use crate::history::FaultId;
use crate::message::ChannelIx;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A record is delivered, handled, and delivered once more.
    DuplicateDelivery,
    /// The service dies with the record read and nothing done.
    CrashBeforeHandling,
    /// The service dies with its state and unsent events kept, and nothing emitted.
    CrashAfterStateChange,
    /// The service dies with the first event emitted and the others not.
    CrashBetweenEmits,
    /// The service dies after the broker acknowledged an event and before it was marked as sent.
    CrashBeforeMark,
    /// The service dies with the work done and the offset not committed.
    CrashBeforeCommit,
    /// A record, and what lies behind it in its partition, arrives later.
    Delay,
    /// A partition is not read for a while.
    PartitionLag,
    /// The group's partitions are assigned anew with the work done and the offset not committed.
    Rebalance,
    /// A record arrives without one of its headers.
    MissingHeader,
    /// A record arrives with one of its headers damaged.
    MalformedHeader,
    /// A record arrives with a value that is not JSON.
    PoisonValue,
}

/// From here on numbers are those of injected faults.
const INJECTED: u32 = 1 << 31;

impl FaultKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::DuplicateDelivery,
        Self::CrashBeforeHandling,
        Self::CrashAfterStateChange,
        Self::CrashBetweenEmits,
        Self::CrashBeforeMark,
        Self::CrashBeforeCommit,
        Self::Delay,
        Self::PartitionLag,
        Self::Rebalance,
        Self::MissingHeader,
        Self::MalformedHeader,
        Self::PoisonValue,
    ];

    /// The name in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateDelivery => "duplicate_delivery",
            Self::CrashBeforeHandling => "crash_before_handling",
            Self::CrashAfterStateChange => "crash_after_state_change",
            Self::CrashBetweenEmits => "crash_between_emits",
            Self::CrashBeforeMark => "crash_before_mark",
            Self::CrashBeforeCommit => "crash_before_commit",
            Self::Delay => "delay",
            Self::PartitionLag => "partition_lag",
            Self::Rebalance => "rebalance",
            Self::MissingHeader => "missing_header",
            Self::MalformedHeader => "malformed_header",
            Self::PoisonValue => "poison_value",
        }
    }

    /// The number of a fault of this kind that a chooser injects, which nobody has armed.
    #[must_use]
    pub fn injected(self) -> FaultId {
        let at = Self::ALL.iter().position(|kind| *kind == self).unwrap_or(0);
        FaultId(INJECTED + u32::try_from(at).unwrap_or(0))
    }

    /// The kind of an injected fault; none of one that was armed.
    #[must_use]
    pub fn of_injected(fault: FaultId) -> Option<Self> {
        let at = usize::try_from(fault.0.checked_sub(INJECTED)?).ok()?;
        Self::ALL.get(at).copied()
    }

    /// Whether the service dies.
    #[must_use]
    pub fn is_crash(self) -> bool {
        matches!(
            self,
            Self::CrashBeforeHandling
                | Self::CrashAfterStateChange
                | Self::CrashBetweenEmits
                | Self::CrashBeforeMark
                | Self::CrashBeforeCommit
        )
    }
}

/// A fault to be armed; it strikes once, at the next record that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// For which service.
    pub service: String,
    /// On which channel; any that the service reads where it is not named.
    pub channel: Option<ChannelIx>,
    /// With which type of message; any where it is not named.
    pub message: Option<String>,
    /// How long a killed service stays down.
    pub restart_after: Duration,
    /// For how long a delayed record or a lagging partition is held.
    pub by: Duration,
    /// Which header is missing or damaged.
    pub header: Option<String>,
}

impl Fault {
    /// A fault that strikes `service` at its next record, with a second's restart or delay.
    #[must_use]
    pub fn new(kind: FaultKind, service: &str) -> Self {
        Self {
            kind,
            service: service.to_owned(),
            channel: None,
            message: None,
            restart_after: Duration::from_secs(1),
            by: Duration::from_secs(1),
            header: None,
        }
    }
}
