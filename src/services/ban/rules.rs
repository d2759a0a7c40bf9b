//! Rules of the ban service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{alternative, forbidden, rule, rules};
use crate::services::document::BAN;

const COMMANDS: (&str, &str) = (BAN, "Ban Command Types");
const CREATE: (&str, &str) = (BAN, "CreateCommandBody");
const DELETE: (&str, &str) = (BAN, "DeleteCommandBody");
const SESSIONS: (&str, &str) = (BAN, "Consumed Session Status Event Types");

rules! {
    BAN_RULES:
    BAN_1 = rule(
        "BAN-1",
        Documented,
        COMMANDS,
        "CREATE makes a ban and emits one CREATED, with a ban id that the tenant has never had, not \
         even for a ban that is gone. The reference counts from 1.",
    )
    .or(&[
        alternative("ids-across-tenants", "ids are unique over all tenants"),
        alternative("gaps", "ids leave gaps"),
    ])
    .never(&[
        forbidden("id-again", "CREATE gives the id of the newest ban that is gone"),
        forbidden("always-1", "every ban gets the id 1"),
        forbidden("not-kept", "CREATE emits CREATED and keeps no ban"),
    ]);
    BAN_2 = rule(
        "BAN-2",
        Choice,
        CREATE,
        "CREATE with an empty value, or with a ban type from 3 to 255, does nothing.",
    )
    .or(&[
        alternative("accept-type", "a ban type from 3 to 255 is accepted like any other"),
        alternative("accept-empty", "an empty value is accepted like any other"),
    ])
    .never(&[forbidden("as-ip", "a ban type above 2 is taken for an IP")]);
    BAN_3 = rule(
        "BAN-3",
        Documented,
        COMMANDS,
        "DELETE of a ban that exists removes it and emits one DELETED with its id.",
    )
    .never(&[
        forbidden("stays", "DELETE emits DELETED and the ban stays"),
        forbidden("silent", "DELETE removes the ban without an event"),
    ]);
    BAN_4 = rule("BAN-4", Choice, DELETE, "DELETE of an id that the tenant does not have does nothing.")
        .or(&[alternative("echo", "one DELETED with that id is emitted, and no state changes")])
        .never(&[forbidden("created", "DELETE of an unknown id emits CREATED")]);
    BAN_5 = rule(
        "BAN-5",
        Safety,
        DELETE,
        "DELETE never removes another ban than the one it names (an id of 0 included), nor a ban of \
         another tenant.",
    )
    .never(&[
        forbidden("zero-is-first", "DELETE of 0 removes the oldest ban of the tenant"),
        forbidden("zero-is-all", "DELETE of 0 removes every ban of the tenant"),
        forbidden("next-too", "DELETE removes the ban with the next id as well"),
    ]);
    BAN_6 = rule(
        "BAN-6",
        Documented,
        SESSIONS,
        "A session's CREATED is kept as one successful login (account, name, IP, HWID), its ERROR as \
         one failed login with the code; other types do nothing. None of them causes an event.",
    )
    .never(&[
        forbidden("only-created", "a failed login is not kept"),
        forbidden("only-error", "a successful login is not kept"),
        forbidden("error-is-success", "a failed login is kept as a successful one"),
        forbidden("ip-is-hwid", "a login is kept with its IP as its HWID"),
    ]);
    BAN_7 = rule(
        "BAN-7",
        Choice,
        CREATE,
        "A ban is active if it is permanent or its expiry, in Unix seconds, is in the future. Expiring \
         emits nothing, and an expired ban may be swept away.",
    )
    .never(&[
        forbidden("in-ms", "the expiry is taken for milliseconds"),
        forbidden("for-ever", "a ban does not expire"),
        forbidden("permanent-expires", "a permanent ban expires at its expiry"),
        forbidden("at-expiry", "a ban is still active in the second of its expiry"),
    ]);
    BAN_8 = rule(
        "BAN-8",
        Choice,
        CREATE,
        "Asked about IP, HWID and account, the first active ban counts: the same IP, then a network \
         that holds it, then the HWID, then the account id. What is empty is not looked for.",
    )
    .never(&[
        forbidden("no-network", "a network matches nobody"),
        forbidden("no-hwid", "a HWID matches nobody"),
        forbidden("no-account", "an account id matches nobody"),
        forbidden("account-first", "an account id counts before everything else"),
    ]);
    BAN_TWICE = rule(
        "BAN-TWICE",
        Choice,
        COMMANDS,
        "The same CREATE twice makes two bans with two ids and two events; the same DELETE twice is \
         an unknown id the second time; the same session event twice is two logins.",
    )
    .or(&[
        alternative(
            "same-id-again",
            "the second CREATE makes no ban and emits CREATED with the first one's id, also where \
             that ban is gone",
        ),
        alternative(
            "once",
            "the second CREATE does nothing, also where the ban of the first is gone",
        ),
    ])
    .never(&[forbidden("announced-twice", "a repeated CREATE emits CREATED twice")]);
}
