//! Rules of the account service.

use crate::rule::Basis::{Choice, Documented, Safety};
use crate::rule::{alternative, forbidden, rule, rules};
use crate::services::document::ACCOUNT;

const CREATE_ACCOUNT: (&str, &str) = (ACCOUNT, "CreateCommand");
const COMMANDS: (&str, &str) = (ACCOUNT, "Session Command Types");
const CREATE: (&str, &str) = (ACCOUNT, "CreateSessionCommandBody");
const PROGRESS: (&str, &str) = (ACCOUNT, "ProgressStateSessionCommandBody");
const LOGOUT: (&str, &str) = (ACCOUNT, "LogoutSessionCommandBody");
const STATUS: (&str, &str) = (ACCOUNT, "Status Event Types");
const ANSWERS: (&str, &str) = (ACCOUNT, "Session Status Event Types");
const CHANGED: (&str, &str) = (ACCOUNT, "StateChangedSessionStatusEventBody");
const ERRORS: (&str, &str) = (ACCOUNT, "ErrorSessionStatusEventBody");

rules! {
    ACCOUNT_RULES:
    ACC_1 = rule(
        "ACC-1",
        Documented,
        CREATE_ACCOUNT,
        "A create command makes the account and emits one CREATED with its name and an id that is not \
         0 and that no other account of the tenant has.",
    )
    .never(&[
        forbidden("always-1", "every account gets the id 1"),
        forbidden("not-kept", "CREATED is emitted and no account is kept"),
    ]);
    ACC_2 = rule(
        "ACC-2",
        Choice,
        CREATE_ACCOUNT,
        "A create command with an empty name, or a name that the tenant has, does nothing.",
    )
    .or(&[
        alternative("accept", "it makes a further account with an id of its own"),
        alternative("other-of-name", "of the accounts of one name, another than the oldest logs in"),
    ])
    .never(&[
        forbidden("announced", "CREATED is emitted for a name that is taken, and nothing is kept"),
    ]);
    ACC_3 = rule(
        "ACC-3",
        Documented,
        ANSWERS,
        "CREATE of a session is answered by exactly one session event with its session id: CREATED, \
         REQUEST_LICENSE_AGREEMENT, or ERROR with one of the six codes.",
    )
    .never(&[
        forbidden("unanswered", "CREATE of a session is not answered"),
        forbidden("twice", "CREATE of a session is answered twice"),
    ]);
    ACC_4 = rule(
        "ACC-4",
        Choice,
        CREATE,
        "CREATE is refused by the first check that fails: name unknown, NOT_REGISTERED (account id 0); \
         banned, as the ban service says, DELETED_OR_BLOCKED; TOO_MANY_ATTEMPTS; ALREADY_LOGGED_IN; \
         INCORRECT_PASSWORD. Then a licence that is not accepted is REQUEST_LICENSE_AGREEMENT, and else \
         the answer is CREATED. Another order of the checks must be the same throughout a run.",
    )
    .or(&[
        alternative("blocked-first", "DELETED_OR_BLOCKED before an earlier check of the list"),
        alternative("attempts-first", "TOO_MANY_ATTEMPTS before an earlier check of the list"),
        alternative("logged-in-first", "ALREADY_LOGGED_IN before an earlier check of the list"),
        alternative("password-first", "INCORRECT_PASSWORD before an earlier check of the list"),
        alternative("licence-first", "REQUEST_LICENSE_AGREEMENT before an earlier check of the list"),
        alternative("no-licence", "no licence is asked for: CREATED at once"),
        alternative(
            "register",
            "an unknown name is registered, and its CREATED precedes its LOGGED_IN",
        ),
    ])
    .never(&[
        forbidden("any-password", "any password is right"),
        forbidden("no-password", "no password is right"),
        forbidden("banned-anyway", "who is banned is logged in"),
        forbidden("logged-in-again", "who is logged in is logged in again"),
    ]);
    ACC_5 = rule(
        "ACC-5",
        Documented,
        STATUS,
        "A login that succeeds emits one LOGGED_IN for the account, a refused one none. The reference \
         counts a login that must still accept the licence as successful.",
    )
    .or(&[alternative(
        "after-acceptance",
        "LOGGED_IN comes only when the licence has been accepted",
    )])
    .never(&[
        forbidden("silent", "a login that succeeds emits no LOGGED_IN"),
        forbidden("refused-too", "a refused login emits LOGGED_IN"),
    ]);
    ACC_6 = rule(
        "ACC-6",
        Choice,
        ERRORS,
        "After five INCORRECT_PASSWORD in a row the account's next attempt is TOO_MANY_ATTEMPTS, until \
         Unix time five minutes ahead, and so are further ones before that moment, with the same \
         `until`. A success, or the end of the five minutes, starts the count anew.",
    )
    .or(&[
        alternative("never", "the attempt is judged as if none had come before"),
        alternative("other-threshold", "fewer wrong passwords are too many"),
        alternative("any-reason-and-until", "reason and until say something else"),
    ])
    .never(&[
        forbidden("for-ever", "TOO_MANY_ATTEMPTS does not end"),
        forbidden("when-logged-in", "who is logged in already gets TOO_MANY_ATTEMPTS"),
        forbidden("later-until", "each further attempt gets a later until"),
    ]);
    ACC_7 = rule(
        "ACC-7",
        Documented,
        CHANGED,
        "PROGRESS_STATE that is carried out emits one STATE_CHANGED with its state and its params.",
    )
    .or(&[alternative("float-params", "numbers in params are rounded to 64-bit floats")])
    .never(&[
        forbidden("no-params", "STATE_CHANGED has no params"),
        forbidden("silent", "PROGRESS_STATE is carried out without an event"),
    ]);
    ACC_8 = rule(
        "ACC-8",
        Choice,
        PROGRESS,
        "PROGRESS_STATE 2 puts the issuer's own session into transition. 1 from CHANNEL, while a session \
         of the account is in transition, replaces all its sessions by the channel's in state 1: \
         LOGGED_IN. 0 ends a session that is not in transition: LOGGED_OUT if it was the last.",
    )
    .or(&[
        alternative("silent-takeover", "1 from CHANNEL emits no LOGGED_IN"),
        alternative(
            "end-unknown-session",
            "0 with an unknown session is carried out, with LOGGED_OUT unless ACC-12 forbids it",
        ),
        alternative("move-unknown-session", "2 with an unknown session: STATE_CHANGED 2, no session"),
        alternative("open-in-transition", "2 with an unknown session: one is opened, in transition"),
        alternative(
            "transition-remains",
            "LOGGED_OUT is emitted although sessions in transition remain",
        ),
    ])
    .never(&[
        forbidden("no-takeover", "no channel takes an account over"),
        forbidden("keeps-others", "a channel that takes over leaves the other sessions"),
        forbidden("no-transition", "2 is announced and the session stays in state 1"),
        forbidden("silent-end", "0 that ends the last session emits no LOGGED_OUT"),
    ]);
    ACC_9 = rule(
        "ACC-9",
        Choice,
        ERRORS,
        "PROGRESS_STATE for an unknown account is ERROR NOT_REGISTERED. Any other that is not carried \
         out (no such session, 1 by another issuer than CHANNEL or without a transition, 0 in \
         transition, a state above 2) is ERROR SYSTEM_ERROR. Neither changes the state.",
    )
    .or(&[alternative("account-id-0", "the ERROR has account id 0")])
    .never(&[
        forbidden("wrong-code", "an unknown account is a SYSTEM_ERROR"),
        forbidden("unanswered", "what is not carried out is not answered"),
    ]);
    ACC_10 = rule(
        "ACC-10",
        Documented,
        STATUS,
        "LOGOUT that ends the last session of an account emits one LOGGED_OUT.",
    )
    .or(&[alternative(
        "transition-remains",
        "LOGGED_OUT is emitted although sessions in transition remain",
    )])
    .never(&[
        forbidden("silent", "LOGOUT emits no LOGGED_OUT"),
        forbidden("stays", "LOGOUT emits LOGGED_OUT and the session stays"),
    ]);
    ACC_11 = rule(
        "ACC-11",
        Choice,
        LOGOUT,
        "LOGOUT for an unknown account, for an unknown session or for one in transition does nothing. \
         With the nil session id, or from INTERNAL, it ends every session of the account, also those \
         in transition.",
    )
    .or(&[alternative(
        "logged-out-anyway",
        "LOGGED_OUT for a known account that has no such session, unless ACC-12 forbids it",
    )])
    .never(&[
        forbidden("unknown-account", "LOGOUT for an unknown account emits LOGGED_OUT"),
        forbidden("unknown-ends-all", "LOGOUT for an unknown session ends every session"),
        forbidden("in-transition", "LOGOUT ends a session in transition"),
    ]);
    ACC_12 = rule(
        "ACC-12",
        Safety,
        STATUS,
        "LOGGED_OUT is not emitted while a session of the account is in state 1.",
    )
    .never(&[
        forbidden("although-one-remains", "LOGGED_OUT is emitted although a session remains"),
    ]);
    ACC_13 = rule(
        "ACC-13",
        Choice,
        PROGRESS,
        "A session in transition ends from 5 to 10 s after the PROGRESS_STATE that put it there, with \
         LOGGED_OUT if it was the last.",
    )
    .or(&[
        alternative("silent", "it ends without an event"),
        alternative("never", "it does not end by itself"),
    ])
    .never(&[
        forbidden("after-1-s", "a session in transition ends after one second"),
        forbidden("after-30-s", "a session in transition ends after half a minute"),
    ]);
    ACC_TWICE = rule(
        "ACC-TWICE",
        Choice,
        COMMANDS,
        "The same create command twice is a taken name the second time; the same session CREATE is \
         answered, then refused as ALREADY_LOGGED_IN; the same PROGRESS_STATE 2 is carried out twice; \
         the same LOGOUT does nothing the second time.",
    )
    .never(&[
        forbidden("second-unanswered", "what comes again is not answered"),
    ]);
}
