//! The faults: what can go wrong around a delivery.

use super::{FieldWord, Word, optional, required};
use crate::driver::FaultKind;

const RESTART: FieldWord =
    optional("restart_after", "when the service starts again, 1s by default");
const BY: FieldWord = required("by", "for how long");
const HEADER: FieldWord = required("header", "the header's name");

macro_rules! faults {
    ($($kind:ident, $name:literal, [$($field:expr),*], $more:literal, $doc:literal;)*) => {
        /// All faults, with the fields that each takes besides `service` and `message`.
        pub static FAULTS: &[Word<FaultKind>] = &[$(Word {
            name: $name,
            kind: FaultKind::$kind,
            doc: $doc,
            fields: &[$($field),*],
            example: concat!(
                "- fault: ", $name, "\n",
                "  service: account\n",
                "  message: account.session.command/CREATE", $more
            ),
        }),*];
    };
}

faults! {
    DuplicateDelivery, "duplicate_delivery", [], "",
        "The record is delivered once more after it has been handled.";
    CrashBeforeHandling, "crash_before_handling", [RESTART], "\n  restart_after: 2s",
        "The service stops after it got the record and before it does anything.";
    CrashAfterStateChange, "crash_after_state_change", [RESTART], "\n  restart_after: 2s",
        "The service stops when its state is stored and nothing is emitted yet.";
    CrashBetweenEmits, "crash_between_emits", [RESTART], "\n  restart_after: 2s",
        "The service stops after the first of its events is emitted.";
    CrashBeforeMark, "crash_before_mark", [RESTART], "\n  restart_after: 2s",
        "The service stops when an event is acknowledged, not yet marked as sent: it comes twice.";
    CrashBeforeCommit, "crash_before_commit", [RESTART], "\n  restart_after: 2s",
        "The service stops when all is done but the offset is not saved: the record comes again.";
    Delay, "delay", [BY], "\n  by: 500ms",
        "The record is held back for a time; the records behind it wait.";
    PartitionLag, "partition_lag", [BY], "\n  by: 500ms",
        "Nothing of the record's partition is delivered to the service for a time.";
    Rebalance, "rebalance", [], "",
        "The group is rebalanced: partitions move, and what is not committed comes again.";
    MissingHeader, "missing_header", [HEADER], "\n  header: TENANT_ID",
        "The record reaches the service without this header.";
    MalformedHeader, "malformed_header", [HEADER], "\n  header: TENANT_ID",
        "The record reaches the service with nonsense in this header.";
    PoisonValue, "poison_value", [], "",
        "A value that cannot be read reaches the service instead of the record's.";
}

#[cfg(test)]
mod tests {
    use super::FAULTS;

    #[test]
    fn faults_have_one_name() {
        for word in FAULTS {
            assert_eq!(word.name, word.kind.name());
        }
    }
}
