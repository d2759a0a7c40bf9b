//! What an outsider can say of the planted bugs: which rules name one as rightly as its own, and
//! which ones do not show.

use std::collections::BTreeSet;

use quintet::rule::RuleId;
use quintet::services::id;

use super::table::Bug;

/// Other rules that name a bug rightly, by its own rule and phrase, each with the reason.
const ALSO: &[(RuleId, &str, &[RuleId], &str)] = &[
    (
        id::COM_1,
        "what is refused is announced",
        &[id::BAN_2, id::BAN_4],
        "they say what is refused, and that nothing comes of it",
    ),
    (
        id::COM_3,
        "what had no tenant is announced to the next one",
        &[id::BAN_3],
        "what is announced once more is the next tenant's own DELETE: one event too many",
    ),
    (
        id::COM_8,
        "what comes again is about something else",
        &[id::INV_TWICE],
        "COM-8 is each service's row on what comes twice",
    ),
    (
        id::COM_11,
        "CREATE is overtaken",
        &[id::COM_6],
        "what overtakes it may be of another tenant, which then gets the answer",
    ),
    (
        id::ACC_2,
        "a name that is taken is announced once more",
        &[id::ACC_TWICE],
        "the row on what comes twice says: as ACC-2",
    ),
    (
        id::ACC_11,
        "LOGOUT for an unknown session ends all of them",
        &[id::ACC_12],
        "it says LOGGED_OUT of an account whose sessions nobody has ended",
    ),
    (
        id::INV_TWICE,
        "a repeated CREATE revokes",
        &[id::COM_8],
        "COM-8 is each service's row on what comes twice",
    ),
    (
        id::ACC_TWICE,
        "what came a moment ago is not read again",
        &[id::COM_8],
        "COM-8 is each service's row on what comes twice",
    ),
];

/// Bugs that no verification from outside shows in its time, by rule and phrase, with the reason.
const NOT_SHOWN: &[(RuleId, &str, &str)] = &[
    (
        id::COM_10,
        "what was in hand at a crash is taken for done",
        "accepted: what is in flight at a kill may be lost",
    ),
    (
        id::ACC_13,
        "a transition ends after half a minute",
        "accepted, until it ends: nobody waits for so long",
    ),
    (id::INV_10, "who is silent accepts", "it takes three minutes"),
];

/// The rules by which a bug is rightly named.
pub(crate) fn names(bug: &Bug) -> BTreeSet<RuleId> {
    let also = ALSO.iter().filter(|(rule, what, ..)| *rule == bug.rule && *what == bug.what);
    also.flat_map(|(.., also, _)| also.iter().copied()).chain([bug.rule]).collect()
}

/// Why a bug does not show.
pub(crate) fn not_shown(bug: &Bug) -> Option<&'static str> {
    let of = |(rule, what, _): &&(RuleId, &str, &str)| *rule == bug.rule && *what == bug.what;
    NOT_SHOWN.iter().find(of).map(|(.., why)| *why)
}
