//! Rules for every service.

use super::Basis::{Choice, Documented, Safety};
use super::document::{ACCOUNT, BAN, INVITE, LOGIN};
use super::{Rule, alternative, id, rule};

const SEMANTICS: &str = "Transaction Semantics";

pub(super) const RULES: &[Rule] = &[
    rule(
        id::COM_1,
        Documented,
        (BAN, SEMANTICS),
        "What a command emits is held back while it is handled and leaves only once handling has \
         succeeded; a command that fails emits nothing.",
    ),
    rule(
        id::COM_2,
        Documented,
        (LOGIN, SEMANTICS),
        "A produced message has a span header and the tenant headers of the message that caused it.",
    )
    .or(&[
        alternative("no-span-from-timer", "a message caused by a timer has no span header"),
        alternative("no-span-from-invite", "the events of invite have no span header"),
    ]),
    rule(
        id::COM_3,
        Choice,
        (ACCOUNT, SEMANTICS),
        "A command whose tenant headers are missing or malformed fails: nothing happens.",
    )
    .or(&[alternative(
        "own-tenant",
        "it is handled apart from every tenant; its events carry any tenant headers but those of a \
         tenant in use",
    )]),
    rule(
        id::COM_4,
        Choice,
        (ACCOUNT, SEMANTICS),
        "A command whose span header is missing or malformed is handled, under a new trace.",
    ),
    rule(
        id::COM_5,
        Safety,
        (BAN, "Message Types"),
        "A record without a value, with a value that does not decode, or of an unknown type changes \
         nothing, emits nothing and stops nothing: the next record is handled.",
    ),
    rule(
        id::COM_6,
        Safety,
        (LOGIN, SEMANTICS),
        "What happens to one tenant's state and events does not depend on any other tenant.",
    ),
    rule(
        id::COM_7,
        Documented,
        (BAN, "Message Types"),
        "A produced message keeps its producer's contract: fields, types, ranges, enumerations, key \
         and headers.",
    )
    .or(&[alternative("extra-fields", "it has fields that no document declares")]),
    rule(
        id::COM_8,
        Choice,
        (BAN, SEMANTICS),
        "A value that equals an earlier one of its tenant byte for byte is that one delivered again; \
         the service's own rule for things that come twice applies.",
    )
    .or(&[alternative("new-command", "it is handled as a command of its own")]),
    rule(
        id::COM_9,
        Safety,
        (ACCOUNT, SEMANTICS),
        "A service that claims to persist its state still has what its events announced after its \
         process was restarted.",
    )
    .or(&[alternative("starts-empty", "a service named as not persistent starts empty")]),
    rule(
        id::COM_10,
        Choice,
        (ACCOUNT, SEMANTICS),
        "A crash loses neither an accepted command nor an event: what is to be emitted is stored with \
         the state, marked when the broker has it, emitted after a restart if not marked, and only \
         then is the offset committed. An event may be doubled only by a crash between broker and \
         mark.",
    )
    .or(&[alternative(
        "lost-at-a-crash",
        "what was in flight when the process was killed is lost or doubled",
    )]),
    rule(
        id::COM_11,
        Documented,
        (INVITE, SEMANTICS),
        "Commands that share a documented key take effect in the order of their partition; any other \
         takes effect between its sending and its first event, or the end of its settle time.",
    ),
    rule(
        id::COM_12,
        Choice,
        (ACCOUNT, SEMANTICS),
        "What a message causes has the same trace id and a span id of its own.",
    )
    .or(&[alternative("new-trace", "it starts a trace of its own")]),
];
