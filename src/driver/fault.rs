//! Faults: one table, from which files are read, linted and explained.

use std::time::Duration;

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

/// A row of the table of faults.
#[derive(Clone, Copy, Debug)]
pub struct FaultInfo {
    /// Which.
    pub kind: FaultKind,
    /// Its name in files and reports.
    pub name: &'static str,
    /// Fields that it takes besides `service` and `message`.
    pub takes: &'static [&'static str],
    /// What it does, as people are told.
    pub about: &'static str,
}

/// All faults.
pub static FAULTS: &[FaultInfo] = &[
    FaultInfo {
        kind: FaultKind::DuplicateDelivery,
        name: "duplicate_delivery",
        takes: &[],
        about: "the service gets the record twice, and handles it twice",
    },
    FaultInfo {
        kind: FaultKind::CrashBeforeHandling,
        name: "crash_before_handling",
        takes: &["restart_after"],
        about: "the service dies with the record read and nothing done",
    },
    FaultInfo {
        kind: FaultKind::CrashAfterStateChange,
        name: "crash_after_state_change",
        takes: &["restart_after"],
        about: "the service dies with its state and unsent events kept, and nothing emitted",
    },
    FaultInfo {
        kind: FaultKind::CrashBetweenEmits,
        name: "crash_between_emits",
        takes: &["restart_after"],
        about: "the service dies with the first event emitted and the others not",
    },
    FaultInfo {
        kind: FaultKind::CrashBeforeMark,
        name: "crash_before_mark",
        takes: &["restart_after"],
        about: "the service dies after an event was acknowledged and before it is marked as \
                sent: the event comes twice",
    },
    FaultInfo {
        kind: FaultKind::CrashBeforeCommit,
        name: "crash_before_commit",
        takes: &["restart_after"],
        about: "the service dies with the work done and the offset not committed",
    },
    FaultInfo {
        kind: FaultKind::Delay,
        name: "delay",
        takes: &["by"],
        about: "the record, and what lies behind it in its partition, arrives later",
    },
    FaultInfo {
        kind: FaultKind::PartitionLag,
        name: "partition_lag",
        takes: &["by"],
        about: "the service does not read the record's partition for a while",
    },
    FaultInfo {
        kind: FaultKind::Rebalance,
        name: "rebalance",
        takes: &[],
        about: "the group's partitions are assigned anew with the offset not committed",
    },
    FaultInfo {
        kind: FaultKind::MissingHeader,
        name: "missing_header",
        takes: &["header"],
        about: "the record arrives without the header",
    },
    FaultInfo {
        kind: FaultKind::MalformedHeader,
        name: "malformed_header",
        takes: &["header"],
        about: "the record arrives with the header damaged",
    },
    FaultInfo {
        kind: FaultKind::PoisonValue,
        name: "poison_value",
        takes: &[],
        about: "the record arrives with a value that is not JSON",
    },
];

impl FaultKind {
    /// The row of the table.
    #[must_use]
    pub fn info(self) -> &'static FaultInfo {
        let row = FAULTS.iter().find(|info| info.kind == self);
        row.expect("a test holds that the table has a row for each kind")
    }

    /// The fault of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FAULTS
            .iter()
            .find(|info| info.name == name)
            .map(|info| info.kind)
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

#[cfg(test)]
mod tests {
    use super::{FAULTS, FaultKind};
    use rstest::rstest;

    #[rstest]
    #[case(FaultKind::DuplicateDelivery)]
    #[case(FaultKind::CrashBeforeHandling)]
    #[case(FaultKind::CrashAfterStateChange)]
    #[case(FaultKind::CrashBetweenEmits)]
    #[case(FaultKind::CrashBeforeMark)]
    #[case(FaultKind::CrashBeforeCommit)]
    #[case(FaultKind::Delay)]
    #[case(FaultKind::PartitionLag)]
    #[case(FaultKind::Rebalance)]
    #[case(FaultKind::MissingHeader)]
    #[case(FaultKind::MalformedHeader)]
    #[case(FaultKind::PoisonValue)]
    fn each_kind_has_one_row(#[case] kind: FaultKind) {
        assert_eq!(FAULTS.iter().filter(|info| info.kind == kind).count(), 1);
        assert_eq!(FaultKind::named(kind.info().name), Some(kind));
        assert_eq!(
            kind.info().takes.contains(&"restart_after"),
            kind.is_crash()
        );
    }
}
