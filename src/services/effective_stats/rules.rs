//! Rules of the effective stats service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{alternative, rule, rules};
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
    );
    EFF_2 = rule(
        "EFF-2",
        Documented,
        SESSIONS,
        "A session event DESTROYED takes the character out of the registry.",
    );
    EFF_3 = rule(
        "EFF-3",
        Documented,
        BUFFS,
        "From APPLIED to EXPIRED the changes of a buff count, as bonuses of `buff:<sourceId>`.",
    );
    EFF_4 = rule(
        "EFF-4",
        Documented,
        ASSETS,
        "MOVED of an `equipable` or `cash_equipable` asset from a positive to a negative slot makes \
         its bonuses count, from negative to positive no longer; any other MOVED does nothing.",
    );
    EFF_5 = rule(
        "EFF-5",
        Documented,
        ASSETS,
        "DELETED in a negative slot makes the asset's bonuses count no longer; in another slot it does \
         nothing.",
    );
    EFF_6 = rule(
        "EFF-6",
        Choice,
        CHANGES,
        "A stat is floor((base + flat bonuses) x (1 + multipliers)), at least 0, where bonuses that do \
         not come from a multiplying change type are flat; an unknown change type has no effect.",
    );
    EFF_7 = rule("EFF-7", Documented, PRODUCED, "The service emits nothing at all.");
    EFF_8 = rule(
        "EFF-8",
        Safety,
        CHANGES,
        "A buff that is applied and expires, or equipment that is put on and taken off, leaves every \
         stat exactly as it was.",
    );
    EFF_9 = rule(
        "EFF-9",
        Choice,
        SEMANTICS,
        "A buff or equipment of a character that is not initialised is kept, and counts once it is.",
    )
    .or(&[
        alternative("ignored", "what comes before initialisation has no effect"),
        alternative("initialises", "it initialises the character"),
    ]);
    EFF_TWICE = rule(
        "EFF-TWICE",
        Choice,
        SEMANTICS,
        "Applying or expiring the same thing twice is as good as once.",
    );
}
