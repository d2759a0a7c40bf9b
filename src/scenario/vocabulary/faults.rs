//! The faults: what can go wrong around a delivery.

use super::{FieldWord, Word, optional, required};

/// Which fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// `duplicate_delivery`
    DuplicateDelivery,
    /// `crash_before_handling`
    CrashBeforeHandling,
    /// `crash_after_state_change`
    CrashAfterStateChange,
    /// `crash_between_emits`
    CrashBetweenEmits,
    /// `crash_before_mark`
    CrashBeforeMark,
    /// `crash_before_commit`
    CrashBeforeCommit,
    /// `delay`
    Delay,
    /// `partition_lag`
    PartitionLag,
    /// `rebalance`
    Rebalance,
    /// `missing_header`
    MissingHeader,
    /// `malformed_header`
    MalformedHeader,
    /// `poison_value`
    PoisonValue,
}

impl FaultKind {
    /// What it is called in files and reports.
    pub fn name(self) -> &'static str {
        FAULTS
            .iter()
            .find(|word| word.kind == self)
            .map_or("", |word| word.name)
    }

    /// Whether the service stops and starts again.
    pub fn is_crash(self) -> bool {
        let crash = FAULTS.iter().find(|word| word.kind == self);
        crash.is_some_and(|word| word.field_names().any(|name| name == RESTART.name))
    }
}

const RESTART: FieldWord = optional(
    "restart_after",
    "when the service starts again, 1s by default",
);
const BY: FieldWord = required("by", "for how long");
const HEADER: FieldWord = required("header", "the header's name");

macro_rules! faults {
    ($($name:literal, $kind:ident, [$($field:expr),*], $doc:literal;)*) => {
        /// All faults, with the fields that each takes besides `service` and `message`.
        pub static FAULTS: &[Word<FaultKind>] = &[$(Word {
            name: $name,
            kind: FaultKind::$kind,
            doc: $doc,
            fields: &[$($field),*],
            example: concat!(
                "- fault: ", $name, "\n",
                "  service: account\n",
                "  message: account.session.command/CREATE",
            ),
        }),*];
    };
}

faults! {
    "duplicate_delivery", DuplicateDelivery, [],
        "The record is delivered once more after it has been handled.";
    "crash_before_handling", CrashBeforeHandling, [RESTART],
        "The service stops after it got the record and before it does anything.";
    "crash_after_state_change", CrashAfterStateChange, [RESTART],
        "The service stops when its state is stored and nothing is emitted yet.";
    "crash_between_emits", CrashBetweenEmits, [RESTART],
        "The service stops after the first of its events is emitted.";
    "crash_before_mark", CrashBeforeMark, [RESTART],
        "The service stops when an event is acknowledged, not yet marked as sent: it comes twice.";
    "crash_before_commit", CrashBeforeCommit, [RESTART],
        "The service stops when all is done but the offset is not saved: the record comes again.";
    "delay", Delay, [BY],
        "The record is held back for a time; the records behind it wait.";
    "partition_lag", PartitionLag, [BY],
        "Nothing of the record's partition is delivered to the service for a time.";
    "rebalance", Rebalance, [],
        "The group is rebalanced: partitions move, and what is not committed comes again.";
    "missing_header", MissingHeader, [HEADER],
        "The record reaches the service without this header.";
    "malformed_header", MalformedHeader, [HEADER],
        "The record reaches the service with nonsense in this header.";
    "poison_value", PoisonValue, [],
        "A value that cannot be read reaches the service instead of the record's.";
}
