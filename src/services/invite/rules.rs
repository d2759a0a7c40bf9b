//! Rules of the invite service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{Alternative, alternative, forbidden, rule, rules};
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
    )
    .never(&[forbidden("not-kept", "CREATE emits CREATED and keeps no invite")]);
    INV_2 = rule(
        "INV-2",
        Choice,
        COMMANDS,
        "CREATE with originator or target 0, or with an empty or unknown invite type, does nothing.",
    )
    .or(&[alternative("accept-type", "an unknown invite type is accepted, if it is not empty")])
    .never(&[
        forbidden("accept-nobody", "CREATE with originator or target 0 is accepted"),
        forbidden("accept-empty", "CREATE with an empty invite type is accepted"),
    ]);
    INV_3 = rule(
        "INV-3",
        Choice,
        COMMANDS,
        "CREATE for a target, type and reference that are pending already stores nothing and emits \
         CREATED again, with its own transaction id and the stored originator.",
    )
    .or(&[alternative("nothing", "it does nothing"), STORED_WORLD])
    .never(&[
        forbidden("new-originator", "a repeated CREATE is announced with its own originator"),
        forbidden("old-transaction", "a repeated CREATE is announced with the first transaction id"),
        forbidden("replaces", "a repeated CREATE puts its own originator into the stored invite"),
    ]);
    INV_4 = rule(
        "INV-4",
        Documented,
        EVENTS,
        "ACCEPT of a pending target, type and reference removes the invite and emits one ACCEPTED, \
         with the ACCEPT's transaction id and the stored originator.",
    )
    .or(&[COMMAND_WORLD])
    .never(&[
        forbidden("stays", "ACCEPT is announced and the invite stays pending"),
        forbidden("target-as-originator", "ACCEPTED names the target as the originator"),
        forbidden("old-transaction", "ACCEPTED has the transaction id of the CREATE"),
    ]);
    INV_5 = rule(
        "INV-5",
        Documented,
        EVENTS,
        "REJECT of a pending target, type and originator removes one such invite and emits one \
         REJECTED, with the REJECT's transaction id and the reference of that invite.",
    )
    .or(&[COMMAND_WORLD])
    .never(&[
        forbidden("stays", "REJECT is announced and the invite stays pending"),
        forbidden("old-transaction", "REJECTED has the transaction id of the CREATE"),
    ]);
    INV_6 = rule(
        "INV-6",
        Choice,
        COMMANDS,
        "ACCEPT or REJECT of what is not pending does nothing.",
    )
    .never(&[
        forbidden("any-type", "ACCEPT takes an invite of another type for the one it names"),
        forbidden("answered", "ACCEPT of what is not pending emits ACCEPTED all the same"),
        forbidden("rejected", "REJECT of what is not pending emits REJECTED all the same"),
    ]);
    INV_7 = rule(
        "INV-7",
        Safety,
        EVENTS,
        "ACCEPT and REJECT remove the invite that their event names, and no other.",
    )
    .never(&[
        forbidden("all-of-target", "ACCEPT and REJECT remove every invite of the target"),
        forbidden("oldest-of-target", "ACCEPT and REJECT remove the oldest invite of the target"),
    ]);
    INV_8 = rule(
        "INV-8",
        Documented,
        CHARACTERS,
        "A character that is deleted has no invites any more: as target, and as originator, which is \
         how we read it.",
    )
    .or(&[alternative("only-as-target", "invites that it originated stay pending")])
    .never(&[
        forbidden("stay", "invites of a deleted character stay pending"),
        forbidden("only-as-originator", "invites to a deleted character stay pending"),
    ]);
    INV_9 = rule(
        "INV-9",
        Choice,
        CHARACTERS,
        "Each invite that goes with a deleted character emits one REJECTED, with the transaction id of \
         the character's event.",
    )
    .or(&[alternative("no-events", "they go without events"), FRESH_ID, COMMAND_WORLD])
    .never(&[
        forbidden("accepted", "an invite that goes with a deleted character is ACCEPTED"),
        forbidden("own-world", "REJECTED for a deleted character has a world id of its own"),
    ]);
    INV_10 = rule(
        "INV-10",
        Choice,
        EVENTS,
        "A pending invite expires 180 s after its CREATE, swept every 5 s, and emits one REJECTED with \
         the CREATE's transaction id.",
    )
    .or(&[FRESH_ID, alternative("no-expiry", "it stays pending")])
    .never(&[
        forbidden("accepted", "an invite that expires is ACCEPTED"),
        forbidden("early", "a pending invite expires after 60 s"),
    ]);
    INV_11 = rule(
        "INV-11",
        Documented,
        SEMANTICS,
        "Every event is keyed by its reference id: the same id has the same key.",
    )
    .never(&[
        forbidden("key-by-transaction", "events are keyed by their transaction id"),
        forbidden("no-key", "events have no key"),
    ]);
    INV_12 = rule(
        "INV-12",
        Choice,
        COMMANDS,
        "Of several invites that a REJECT fits, the oldest is rejected.",
    )
    .or(&[alternative("any", "another one is rejected")])
    .never(&[forbidden("all", "all of them are rejected, each with an event")]);
    INV_TWICE = rule(
        "INV-TWICE",
        Choice,
        COMMANDS,
        "The same CREATE twice is one that is pending already; the same ACCEPT or REJECT does nothing \
         the second time.",
    )
    .never(&[forbidden("revokes", "the same CREATE a second time takes the invite back")]);
}
