//! Rules of the login service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{alternative, forbidden, rule, rules};
use crate::services::document::LOGIN;

const COMMANDS: (&str, &str) = (LOGIN, "Account Session Commands");
const SESSIONS: (&str, &str) = (LOGIN, "Session Status Events");
const ACCOUNTS: (&str, &str) = (LOGIN, "Account Status Events");
const ANSWERS: (&str, &str) = (LOGIN, "Account Session Status Events");
const SEEDS: (&str, &str) = (LOGIN, "Seed Status Events");
const SEMANTICS: (&str, &str) = (LOGIN, "Transaction Semantics");

rules! {
    LOGIN_RULES:
    LOG_1 = rule(
        "LOG-1",
        Documented,
        COMMANDS,
        "Credentials from a client emit one CREATE by LOGIN, with its name, password, IP address and \
         HWID, and the session id of its connection.",
    )
    .or(&[alternative("account-id-0", "the account id is 0, for it is not known yet")])
    .never(&[
        forbidden("no-hwid", "CREATE has an empty HWID"),
        forbidden("hwid-as-ip", "CREATE has the HWID as its IP address"),
        forbidden("twice", "credentials emit two CREATEs"),
    ]);
    LOG_2 = rule(
        "LOG-2",
        Documented,
        ANSWERS,
        "CREATED for a connected session binds it to the account and emits one session event CREATED \
         by LOGIN.",
    )
    .never(&[
        forbidden("not-bound", "CREATED is announced and the session is not bound"),
        forbidden("twice", "CREATED is announced twice"),
    ]);
    LOG_3 = rule(
        "LOG-3",
        Choice,
        ANSWERS,
        "REQUEST_LICENSE_AGREEMENT for a connected session binds it, shows the client the question, \
         and emits the session event CREATED.",
    )
    .or(&[alternative("after-acceptance", "CREATED is emitted only when the client has accepted")])
    .never(&[
        forbidden("silent", "CREATED is never emitted for who is asked about the licence"),
        forbidden("not-asked", "the client is not asked about the licence"),
        forbidden("twice", "CREATED is announced twice for who is asked about the licence"),
    ]);
    LOG_4 = rule(
        "LOG-4",
        Documented,
        ANSWERS,
        "ERROR shows the client its code, reason and until, and emits nothing.",
    )
    .never(&[
        forbidden("no-until", "the client sees an until of 0"),
        forbidden("not-shown", "the client does not see the error"),
        forbidden("announced", "the session of an ERROR is announced as CREATED"),
    ]);
    LOG_5 = rule(
        "LOG-5",
        Documented,
        ANSWERS,
        "STATE_CHANGED hands the client over to the address, port and character of its params, and \
         emits nothing.",
    )
    .never(&[
        forbidden("not-handed-over", "the client stays where it is"),
        forbidden("announced", "the session that is handed over is announced as CREATED"),
    ]);
    LOG_6 = rule(
        "LOG-6",
        Documented,
        ACCOUNTS,
        "LOGGED_IN and LOGGED_OUT set and clear the login flag of the account.",
    )
    .never(&[
        forbidden("never-cleared", "LOGGED_OUT leaves the login flag set"),
        forbidden("never-set", "LOGGED_IN leaves the login flag cleared"),
    ]);
    LOG_7 = rule(
        "LOG-7",
        Documented,
        SEEDS,
        "A seed event CREATED shows the new character to the session that is bound to its account.",
    )
    .never(&[
        forbidden("to-everyone", "every bound session sees the new character"),
        forbidden("not-shown", "nobody sees the new character"),
    ]);
    LOG_8 = rule(
        "LOG-8",
        Documented,
        COMMANDS,
        "A client that selects a character emits one PROGRESS_STATE 2 by LOGIN.",
    )
    .never(&[
        forbidden("state-1", "the PROGRESS_STATE has state 1"),
        forbidden("twice", "two PROGRESS_STATEs are emitted"),
    ]);
    LOG_9 = rule(
        "LOG-9",
        Documented,
        SESSIONS,
        "A bound session that disconnects emits one LOGOUT and one session event DESTROYED.",
    )
    .or(&[alternative("also-unbound", "so does a session that was never bound")])
    .never(&[
        forbidden("no-logout", "a session that disconnects emits no LOGOUT"),
        forbidden("no-destroyed", "a session that disconnects emits no DESTROYED"),
        forbidden("stays", "a client that disconnects stays connected"),
    ]);
    LOG_10 = rule(
        "LOG-10",
        Documented,
        SEMANTICS,
        "Every message is keyed by its account id: the same id has the same key.",
    )
    .never(&[
        forbidden("key-by-session", "every message is keyed by its session id"),
        forbidden("no-key", "messages have no key"),
    ]);
    LOG_11 = rule(
        "LOG-11",
        Safety,
        ANSWERS,
        "An event for a session that is not connected, or of another tenant, does nothing.",
    )
    .never(&[forbidden("announced", "CREATED for a session that is gone is announced")]);
}
