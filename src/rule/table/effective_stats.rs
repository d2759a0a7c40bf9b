//! Rules of the effective stats service.

use super::Basis::{Choice, Documented, Safety};
use super::document::EFFECTIVE_STATS;
use super::{Rule, alternative, id, rule};

const SESSIONS: (&str, &str) = (EFFECTIVE_STATS, "Session Status Events");
const BUFFS: (&str, &str) = (EFFECTIVE_STATS, "Buff Status Events");
const ASSETS: (&str, &str) = (EFFECTIVE_STATS, "Asset Status Events");
const CHANGES: (&str, &str) = (EFFECTIVE_STATS, "StatChange");
const PRODUCED: (&str, &str) = (EFFECTIVE_STATS, "Topics Produced");
const SEMANTICS: (&str, &str) = (EFFECTIVE_STATS, "Transaction Semantics");

pub(super) const RULES: &[Rule] = &[
    rule(
        id::EFF_1,
        Documented,
        SESSIONS,
        "A session event CREATED by CHANNEL initialises the stats of its character; one by LOGIN does \
         nothing.",
    ),
    rule(
        id::EFF_2,
        Documented,
        SESSIONS,
        "A session event DESTROYED takes the character out of the registry.",
    ),
    rule(
        id::EFF_3,
        Documented,
        BUFFS,
        "From APPLIED to EXPIRED the changes of a buff count, as bonuses of `buff:<sourceId>`.",
    ),
    rule(
        id::EFF_4,
        Documented,
        ASSETS,
        "MOVED of an `equipable` or `cash_equipable` asset from a positive to a negative slot makes \
         its bonuses count, from negative to positive no longer; any other MOVED does nothing.",
    ),
    rule(
        id::EFF_5,
        Documented,
        ASSETS,
        "DELETED in a negative slot makes the asset's bonuses count no longer; in another slot it does \
         nothing.",
    ),
    rule(
        id::EFF_6,
        Choice,
        CHANGES,
        "A stat is floor((base + flat bonuses) x (1 + multipliers)), at least 0, where bonuses that do \
         not come from a multiplying change type are flat; an unknown change type has no effect.",
    ),
    rule(id::EFF_7, Documented, PRODUCED, "The service emits nothing at all."),
    rule(
        id::EFF_8,
        Safety,
        CHANGES,
        "A buff that is applied and expires, or equipment that is put on and taken off, leaves every \
         stat exactly as it was.",
    ),
    rule(
        id::EFF_9,
        Choice,
        SEMANTICS,
        "A buff or equipment of a character that is not initialised is kept, and counts once it is.",
    )
    .or(&[
        alternative("ignored", "what comes before initialisation has no effect"),
        alternative("initialises", "it initialises the character"),
    ]),
    rule(
        id::EFF_TWICE,
        Choice,
        SEMANTICS,
        "Applying or expiring the same thing twice is as good as once.",
    ),
];
