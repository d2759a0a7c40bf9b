//! Rules of the invite service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{Alternative, alternative, rule, rules};
use crate::services::document::INVITE;

const COMMANDS: (&str, &str) = (INVITE, "Command Types");
const EVENTS: (&str, &str) = (INVITE, "Event Types");
const CHARACTERS: (&str, &str) = (INVITE, "Handled Event Types");
const SEMANTICS: (&str, &str) = (INVITE, "Transaction Semantics");

const COMMAND_WORLD: Alternative = alternative(
    "world-of-command",
    "the event has the world id of the command, not the stored one",
);
const STORED_WORLD: Alternative =
    alternative("stored-world", "the event has the world id of the stored invite");
const FRESH_ID: Alternative =
    alternative("fresh-transaction-id", "the event has a transaction id of its own");

rules! {
    INVITE_RULES:
    INV_1 = rule(
        "INV-1",
        Documented,
        COMMANDS,
        "CREATE makes the invite pending and emits one CREATED with its transaction, world, invite \
         type, reference, originator and target.",
    );
    INV_2 = rule(
        "INV-2",
        Choice,
        COMMANDS,
        "CREATE with originator or target 0, or with an empty or unknown invite type, does nothing.",
    )
    .or(&[alternative("accept-type", "an unknown invite type is accepted, if it is not empty")]);
    INV_3 = rule(
        "INV-3",
        Choice,
        COMMANDS,
        "CREATE for a target, type and reference that are pending already stores nothing and emits \
         CREATED again, with its own transaction id and the stored originator.",
    )
    .or(&[alternative("nothing", "it does nothing"), STORED_WORLD]);
    INV_4 = rule(
        "INV-4",
        Documented,
        EVENTS,
        "ACCEPT of a pending target, type and reference removes the invite and emits one ACCEPTED, \
         with the ACCEPT's transaction id and the stored originator.",
    )
    .or(&[COMMAND_WORLD]);
    INV_5 = rule(
        "INV-5",
        Documented,
        EVENTS,
        "REJECT of a pending target, type and originator removes one such invite and emits one \
         REJECTED, with the REJECT's transaction id and the reference of that invite.",
    )
    .or(&[COMMAND_WORLD]);
    INV_6 = rule(
        "INV-6",
        Choice,
        COMMANDS,
        "ACCEPT or REJECT of what is not pending does nothing.",
    );
    INV_7 = rule(
        "INV-7",
        Safety,
        EVENTS,
        "ACCEPT and REJECT remove the invite that their event names, and no other.",
    );
    INV_8 = rule(
        "INV-8",
        Documented,
        CHARACTERS,
        "A character that is deleted has no invites any more: as target, and as originator, which is \
         how we read it.",
    )
    .or(&[alternative("only-as-target", "invites that it originated stay pending")]);
    INV_9 = rule(
        "INV-9",
        Choice,
        CHARACTERS,
        "Each invite that goes with a deleted character emits one REJECTED, with the transaction id of \
         the character's event.",
    )
    .or(&[alternative("no-events", "they go without events"), FRESH_ID, COMMAND_WORLD]);
    INV_10 = rule(
        "INV-10",
        Choice,
        EVENTS,
        "A pending invite expires 180 s after its CREATE, swept every 5 s, and emits one REJECTED with \
         the CREATE's transaction id.",
    )
    .or(&[FRESH_ID, alternative("no-expiry", "it stays pending")]);
    INV_11 = rule(
        "INV-11",
        Documented,
        SEMANTICS,
        "Every event is keyed by its reference id: the same id has the same key.",
    );
    INV_12 = rule(
        "INV-12",
        Choice,
        COMMANDS,
        "Of several invites that a REJECT fits, the oldest is rejected.",
    )
    .or(&[alternative("any", "another one is rejected")]);
    INV_TWICE = rule(
        "INV-TWICE",
        Choice,
        COMMANDS,
        "The same CREATE twice is one that is pending already; the same ACCEPT or REJECT does nothing \
         the second time.",
    );
}
