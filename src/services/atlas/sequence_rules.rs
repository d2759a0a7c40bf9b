//! Rules across services: what comes before what.

use super::in_each;
use crate::rule::Basis::Documented;
use crate::rule::{rule, rules};
use crate::services::document::{ACCOUNT, BAN, INVITE, LOGIN};

rules! {
    SEQUENCE_RULES:
    SEQ_1 = rule(
        "SEQ-1",
        Documented,
        (ACCOUNT, "Session Status Event Types"),
        "For one session: its CREATE, then its one answer, then, if that was CREATED or the licence \
         question, login's session event CREATED, which never comes before it.",
    )
    .and_in(&[(LOGIN, "Session Status Events")]);
    SEQ_2 = rule(
        "SEQ-2",
        Documented,
        (ACCOUNT, "Status Event Types"),
        "For one account, in its partition: LOGGED_OUT only after LOGGED_IN, and no second one without \
         a LOGGED_IN between. LOGGED_IN may repeat when a channel takes over.",
    );
    SEQ_3 = rule(
        "SEQ-3",
        Documented,
        (LOGIN, "Session Status Events"),
        "For one connection: at most one session event DESTROYED, and only after CREATED.",
    );
    SEQ_4 = rule(
        "SEQ-4",
        Documented,
        (INVITE, "Event Types"),
        "For one target, type and reference: CREATED comes before ACCEPTED or REJECTED, and a pending \
         invite ends in at most one of the two.",
    );
    SEQ_5 = rule(
        "SEQ-5",
        Documented,
        (BAN, "Status Event Types"),
        "For one ban id: CREATED comes before DELETED.",
    );
    SEQ_6 = rule(
        "SEQ-6",
        Documented,
        (INVITE, "Transaction Semantics"),
        "The transaction id, session id or other id of an event is that of a command sent before it.",
    )
    .and_in(&const { in_each("Transaction Semantics") });
}
