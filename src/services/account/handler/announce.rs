//! The events of the account service.

use crate::message::Key;
use crate::message::typed::Text;
use crate::rule::RuleId;
use crate::service::{Cx, Reject};
use crate::services::account::messages::{
    AccountStatus, AccountStatusType, ErrorCode, SessionCommand, SessionError, SessionStatus,
    SessionStatusBody,
};

/// What became of an account.
pub(super) fn account(
    account_id: u32,
    name: &str,
    (rule, status): (RuleId, AccountStatusType),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let event = AccountStatus { account_id, name: name.into(), status };
    cx.emit_by(rule, "account.status", &Key::Id(account_id), &event)
}

/// What became of the session of a command.
pub(super) fn session(
    command: &SessionCommand<'_>,
    (account_id, account_name): (u32, &str),
    (rule, body): (RuleId, SessionStatusBody<'_>),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let event = SessionStatus {
        session_id: command.session_id,
        account_id,
        account_name: account_name.into(),
        body,
    };
    cx.emit_by(rule, "account.session.status", &Key::Id(account_id), &event)
}

/// Why a session command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) reason: u8,
    /// Unix seconds.
    pub(super) until: u64,
}

impl Failure {
    /// A failure with nothing but a code.
    pub(super) fn new(code: ErrorCode) -> Self {
        Self { code, reason: 0, until: 0 }
    }

    /// Its event's body, for a client at an address and a machine.
    pub(super) fn body<'a>(self, ip_address: Text<'a>, hwid: Text<'a>) -> SessionStatusBody<'a> {
        SessionStatusBody::Error(SessionError {
            code: self.code.as_str().into(),
            reason: self.reason,
            until: self.until,
            ip_address,
            hwid,
        })
    }
}
