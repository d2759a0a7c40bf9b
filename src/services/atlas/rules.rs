//! Rules for every service.

use super::in_each;
use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{alternative, rule, rules};
use crate::services::document::{ACCOUNT, BAN, INVITE, LOGIN};

const SEMANTICS: &str = "Transaction Semantics";
const IN_EACH_SEMANTICS: [(&str, &str); 5] = in_each(SEMANTICS);
const IN_EACH_MESSAGE_TYPES: [(&str, &str); 5] = in_each("Message Types");

rules! {
    COMMON_RULES:
    COM_1 = rule(
        "COM-1",
        Documented,
        (BAN, SEMANTICS),
        "What a command emits is held back while it is handled and leaves only once handling has \
         succeeded; a command that fails emits nothing.",
    )
    .and_in(&IN_EACH_SEMANTICS);
    COM_2 = rule(
        "COM-2",
        Documented,
        (LOGIN, SEMANTICS),
        "A produced message has a span header and the tenant headers of the message that caused it.",
    )
    .and_in(&IN_EACH_SEMANTICS)
    .or(&[
        alternative("no-span-from-timer", "a message caused by a timer has no span header"),
        alternative("no-span-from-invite", "the events of invite have no span header"),
    ]);
    COM_3 = rule(
        "COM-3",
        Choice,
        (ACCOUNT, SEMANTICS),
        "A command whose tenant headers are missing or malformed fails: nothing happens.",
    )
    .and_in(&IN_EACH_SEMANTICS)
    .or(&[alternative(
        "own-tenant",
        "it is handled apart from every tenant; its events carry any tenant headers but those of a \
         tenant in use",
    )]);
    COM_4 = rule(
        "COM-4",
        Choice,
        (ACCOUNT, SEMANTICS),
        "A command whose span header is missing or malformed is handled, under a new trace.",
    )
    .and_in(&IN_EACH_SEMANTICS);
    COM_5 = rule(
        "COM-5",
        Safety,
        (BAN, "Message Types"),
        "A record without a value, with a value that does not decode, or of an unknown type changes \
         nothing, emits nothing and stops nothing: the next record is handled.",
    )
    .and_in(&IN_EACH_MESSAGE_TYPES);
    COM_6 = rule(
        "COM-6",
        Safety,
        (LOGIN, SEMANTICS),
        "What happens to one tenant's state and events does not depend on any other tenant.",
    )
    .and_in(&IN_EACH_SEMANTICS);
    COM_7 = rule(
        "COM-7",
        Documented,
        (BAN, "Message Types"),
        "A produced message keeps its producer's contract: fields, types, ranges, enumerations, key \
         and headers.",
    )
    .and_in(&IN_EACH_MESSAGE_TYPES)
    .or(&[alternative("extra-fields", "it has fields that no document declares")]);
    COM_8 = rule(
        "COM-8",
        Choice,
        (BAN, SEMANTICS),
        "A value that equals an earlier one of its tenant byte for byte is that one delivered again; \
         the service's own rule for things that come twice applies.",
    )
    .and_in(&IN_EACH_SEMANTICS)
    .or(&[alternative("new-command", "it is handled as a command of its own")]);
    COM_9 = rule(
        "COM-9",
        Safety,
        (ACCOUNT, SEMANTICS),
        "A service that claims to persist its state still has what its events announced after its \
         process was restarted.",
    )
    .and_in(&IN_EACH_SEMANTICS)
    .or(&[alternative("starts-empty", "a service named as not persistent starts empty")]);
    COM_10 = rule(
        "COM-10",
        Choice,
        (ACCOUNT, SEMANTICS),
        "A crash loses neither an accepted command nor an event: what is to be emitted is stored with \
         the state, marked when the broker has it, emitted after a restart if not marked, and only \
         then is the offset committed. An event may be doubled only by a crash between broker and \
         mark.",
    )
    .and_in(&IN_EACH_SEMANTICS)
    .or(&[alternative(
        "lost-at-a-crash",
        "what was in flight when the process was killed is lost or doubled",
    )]);
    COM_11 = rule(
        "COM-11",
        Documented,
        (INVITE, SEMANTICS),
        "Commands that share a documented key take effect in the order of their partition; any other \
         takes effect between its sending and its first event, or the end of its settle time.",
    )
    .and_in(&IN_EACH_SEMANTICS);
    COM_12 = rule(
        "COM-12",
        Choice,
        (ACCOUNT, SEMANTICS),
        "What a message causes has the same trace id and a span id of its own.",
    )
    .and_in(&IN_EACH_SEMANTICS)
    .or(&[alternative("new-trace", "it starts a trace of its own")]);
}
