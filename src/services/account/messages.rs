//! What the account service reads and writes. Its session events carry more than its document
//! declares: the name, address and HWID that the ban service reads.

use crate::message::typed::macros::{bodies, envelope, fields, flat, tags};
use crate::message::typed::{Absent, Empty, Id, Params, Secret, Text, Undeclared};

fields! {
    /// `account.create`
    pub struct CreateAccount<'a> {
        /// The name.
        name "name": Text<'a>,
        /// The password.
        password "password": Secret<'a>,
    }
}

fields! {
    /// `account.session.command/CREATE`
    pub struct CreateSession<'a> {
        /// Who logs in.
        account_name "accountName": Text<'a>,
        /// With which password.
        password "password": Secret<'a>,
        /// From which address.
        ip_address "ipAddress": Text<'a>,
        /// From which machine. The account document does not declare it.
        hwid "hwid": Undeclared<'a>,
    }
}

fields! {
    /// `account.session.command/PROGRESS_STATE` and `account.session.status/STATE_CHANGED`
    pub struct SessionState<'a> {
        /// 0 not logged in, 1 logged in, 2 in transition.
        state "state": u8,
        /// What goes with it, opaque.
        params "params": Params<'a>,
    }
}

bodies! {
    /// What a session command asks for.
    pub enum SessionCommandBody<'a> {
        /// Log in.
        Create(CreateSession<'a>) "CREATE",
        /// Move to another state.
        ProgressState(SessionState<'a>) "PROGRESS_STATE",
        /// Log out.
        Logout(Empty) "LOGOUT",
    }
}

envelope! {
    /// `account.session.command`
    pub struct SessionCommand<'a> {
        /// Which session.
        session_id "sessionId": Id,
        /// Whose; 0 where it is not known yet.
        account_id "accountId": u32,
        /// Which service asks, `INTERNAL`, `LOGIN` or `CHANNEL`.
        issuer "author": Text<'a>,
    }
    SessionCommandBody<'a>
}

tags! {
    /// What became of an account.
    pub enum AccountStatusType {
        /// It was made.
        Created "CREATED",
        /// It has a session.
        LoggedIn "LOGGED_IN",
        /// It has no session any more.
        LoggedOut "LOGGED_OUT",
    }
}

flat! {
    /// `account.status`
    pub struct AccountStatus<'a> {
        /// Which account.
        account_id "account_id": u32,
        /// Its name.
        name "name": Text<'a>,
    }
    /// What became of it.
    status "status": AccountStatusType
}

tags! {
    /// Why a session command failed.
    pub enum ErrorCode {
        /// Something else is wrong.
        SystemError "SYSTEM_ERROR",
        /// There is no such account.
        NotRegistered "NOT_REGISTERED",
        /// The account, its address or its machine is banned.
        DeletedOrBlocked "DELETED_OR_BLOCKED",
        /// The account has a session.
        AlreadyLoggedIn "ALREADY_LOGGED_IN",
        /// The password is another one.
        IncorrectPassword "INCORRECT_PASSWORD",
        /// There were too many wrong passwords.
        TooManyAttempts "TOO_MANY_ATTEMPTS",
    }
}

fields! {
    /// `account.session.status/CREATED`
    pub struct SessionCreated<'a> {
        /// The address of the client.
        ip_address "ipAddress": Text<'a>,
        /// The machine of the client.
        hwid "hwid": Text<'a>,
    }
}

fields! {
    /// `account.session.status/ERROR`
    pub struct SessionError<'a> {
        /// Why, one of [`ErrorCode`].
        code "code": Text<'a>,
        /// Why, as the ban says it.
        reason "reason": u8,
        /// Until when, in Unix seconds.
        until "until": u64,
        /// The address of the client.
        ip_address "ipAddress": Text<'a>,
        /// The machine of the client.
        hwid "hwid": Text<'a>,
    }
}

bodies! {
    /// What became of a session.
    pub enum SessionStatusBody<'a> {
        /// It was made.
        Created(SessionCreated<'a>) "CREATED",
        /// It moved to another state.
        StateChanged(SessionState<'a>) "STATE_CHANGED",
        /// The licence must be accepted first.
        RequestLicenseAgreement(Absent) "REQUEST_LICENSE_AGREEMENT",
        /// A command failed.
        Error(SessionError<'a>) "ERROR",
    }
}

envelope! {
    /// `account.session.status`, as account writes it and ban reads it.
    pub struct SessionStatus<'a> {
        /// Which session.
        session_id "sessionId": Id,
        /// Whose; 0 where there is no such account.
        account_id "accountId": u32,
        /// The account's name.
        account_name "accountName": Text<'a>,
    }
    SessionStatusBody<'a>
}
