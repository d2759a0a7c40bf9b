//! Rules across services: what comes before what.

use super::Basis::Documented;
use super::document::{ACCOUNT, BAN, INVITE, LOGIN};
use super::{Rule, id, rule};

pub(super) const RULES: &[Rule] = &[
    rule(
        id::SEQ_1,
        Documented,
        (ACCOUNT, "Session Status Event Types"),
        "For one session: its CREATE, then its one answer, then, if that was CREATED or the licence \
         question, login's session event CREATED, which never comes before it.",
    ),
    rule(
        id::SEQ_2,
        Documented,
        (ACCOUNT, "Status Event Types"),
        "For one account, in its partition: LOGGED_OUT only after LOGGED_IN, and no second one without \
         a LOGGED_IN between. LOGGED_IN may repeat when a channel takes over.",
    ),
    rule(
        id::SEQ_3,
        Documented,
        (LOGIN, "Session Status Events"),
        "For one connection: at most one session event DESTROYED, and only after CREATED.",
    ),
    rule(
        id::SEQ_4,
        Documented,
        (INVITE, "Event Types"),
        "For one target, type and reference: CREATED comes before ACCEPTED or REJECTED, and a pending \
         invite ends in at most one of the two.",
    ),
    rule(
        id::SEQ_5,
        Documented,
        (BAN, "Status Event Types"),
        "For one ban id: CREATED comes before DELETED.",
    ),
    rule(
        id::SEQ_6,
        Documented,
        (INVITE, "Transaction Semantics"),
        "The transaction id, session id or other id of an event is that of a command sent before it.",
    ),
];
