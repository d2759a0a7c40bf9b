//! The faults: what can go wrong around a delivery.

use super::{FieldWord, Word, optional, required};
use crate::driver::FaultKind;

const RESTART: FieldWord = optional(
    "restart_after",
    "when the service starts again, 1s by default",
);
const BY: FieldWord = required("by", "for how long");
const HEADER: FieldWord = required("header", "the header's name");

const EXAMPLE: &str = "\
- fault: crash_before_commit
  service: account
  message: account.session.command/CREATE
  restart_after: 1s";

macro_rules! faults {
    ($($kind:ident, [$($field:expr),*], $doc:literal;)*) => {
        /// All faults, with the fields that each takes besides `service` and `message`.
        pub static FAULTS: &[Word<FaultKind>] = &[$(Word {
            name: FaultKind::$kind.name(),
            kind: FaultKind::$kind,
            doc: $doc,
            fields: &[$($field),*],
            example: EXAMPLE,
        }),*];
    };
}

faults! {
    DuplicateDelivery, [],
        "The record is delivered once more after it has been handled.";
    CrashBeforeHandling, [RESTART],
        "The service stops after it got the record and before it does anything.";
    CrashAfterStateChange, [RESTART],
        "The service stops when its state is stored and nothing is emitted yet.";
    CrashBetweenEmits, [RESTART],
        "The service stops after the first of its events is emitted.";
    CrashBeforeMark, [RESTART],
        "The service stops when an event is acknowledged, not yet marked as sent: it comes twice.";
    CrashBeforeCommit, [RESTART],
        "The service stops when all is done but the offset is not saved: the record comes again.";
    Delay, [BY],
        "The record is held back for a time; the records behind it wait.";
    PartitionLag, [BY],
        "Nothing of the record's partition is delivered to the service for a time.";
    Rebalance, [],
        "The group is rebalanced: partitions move, and what is not committed comes again.";
    MissingHeader, [HEADER],
        "The record reaches the service without this header.";
    MalformedHeader, [HEADER],
        "The record reaches the service with nonsense in this header.";
    PoisonValue, [],
        "A value that cannot be read reaches the service instead of the record's.";
}
