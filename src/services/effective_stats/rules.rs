//! Rules of the effective stats service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{alternative, forbidden, rule, rules};
use crate::services::document::EFFECTIVE_STATS;

const SESSIONS: (&str, &str) = (EFFECTIVE_STATS, "Session Status Events");
const BUFFS: (&str, &str) = (EFFECTIVE_STATS, "Buff Status Events");
const ASSETS: (&str, &str) = (EFFECTIVE_STATS, "Asset Status Events");
const CHANGES: (&str, &str) = (EFFECTIVE_STATS, "StatChange");
const PRODUCED: (&str, &str) = (EFFECTIVE_STATS, "Topics Produced");
const SEMANTICS: (&str, &str) = (EFFECTIVE_STATS, "Transaction Semantics");

rules! {
    EFFECTIVE_STATS_RULES:
    EFF_1 = rule(
        "EFF-1",
        Documented,
        SESSIONS,
        "A session event CREATED by CHANNEL initialises the stats of its character; one by LOGIN does \
         nothing.",
    )
    .never(&[
        forbidden("login-too", "CREATED by LOGIN initialises the character as well"),
        forbidden("no-base", "a character is initialised without its base values"),
    ]);
    EFF_2 = rule(
        "EFF-2",
        Documented,
        SESSIONS,
        "A session event DESTROYED takes the character out of the registry.",
    )
    .never(&[forbidden("stays", "DESTROYED is ignored")]);
    EFF_3 = rule(
        "EFF-3",
        Documented,
        BUFFS,
        "From APPLIED to EXPIRED the changes of a buff count, as bonuses of `buff:<sourceId>`.",
    )
    .never(&[
        forbidden("never-expires", "EXPIRED is ignored"),
        forbidden("never-applied", "APPLIED is ignored"),
        forbidden("all-expire", "EXPIRED takes every buff of the character"),
    ]);
    EFF_4 = rule(
        "EFF-4",
        Documented,
        ASSETS,
        "MOVED of an `equipable` or `cash_equipable` asset from a positive to a negative slot makes \
         its bonuses count, from negative to positive no longer; any other MOVED does nothing.",
    )
    .never(&[
        forbidden("any-type", "an asset of any reference type is worn"),
        forbidden("in-the-bag", "a move within the bag puts the asset on"),
        forbidden("stays-on", "a move from negative to positive takes nothing off"),
    ]);
    EFF_5 = rule(
        "EFF-5",
        Documented,
        ASSETS,
        "DELETED in a negative slot makes the asset's bonuses count no longer; in another slot it does \
         nothing.",
    )
    .never(&[
        forbidden("any-slot", "DELETED in any slot takes the bonuses off"),
        forbidden("stays-on", "DELETED in a negative slot is ignored"),
    ]);
    EFF_6 = rule(
        "EFF-6",
        Choice,
        CHANGES,
        "A stat is floor((base + flat bonuses) x (1 + multipliers)), at least 0, where bonuses that do \
         not come from a multiplying change type are flat; an unknown change type has no effect.",
    )
    .never(&[
        forbidden("unknown-is-speed", "an unknown change type is one of speed"),
        forbidden("multiplier-is-flat", "multipliers are added like flat bonuses"),
    ]);
    EFF_7 = rule("EFF-7", Documented, PRODUCED, "The service emits nothing at all.")
        .never(&[forbidden("announces", "a buff that is applied is announced")]);
    EFF_8 = rule(
        "EFF-8",
        Safety,
        CHANGES,
        "A buff that is applied and expires, or equipment that is put on and taken off, leaves every \
         stat exactly as it was.",
    )
    .never(&[forbidden("one-too-many", "what is taken off takes another source's bonus with it")]);
    EFF_9 = rule(
        "EFF-9",
        Choice,
        SEMANTICS,
        "A buff or equipment of a character that is not initialised is kept, and counts once it is.",
    )
    .or(&[
        alternative("ignored", "what comes before initialisation has no effect"),
        alternative("initialises", "it initialises the character"),
    ])
    .never(&[forbidden("lost", "what came early is lost when the character is initialised")]);
    EFF_TWICE = rule(
        "EFF-TWICE",
        Choice,
        SEMANTICS,
        "Applying or expiring the same thing twice is as good as once.",
    )
    .never(&[forbidden("adds-up", "a buff that is applied twice counts twice")]);
}
