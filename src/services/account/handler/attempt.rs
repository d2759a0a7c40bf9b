//! A login attempt: which checks fail, and which of them is the answer.

use super::announce::{self, Failure};
use super::state::{Holder, Issuer, Session, State};
use crate::message::Json;
use crate::message::typed::Absent;
use crate::service::support::object;
use crate::service::{Cx, Reject};
use crate::services::account::messages::{
    AccountStatusType, CreateSession, ErrorCode, SessionCommand, SessionCreated, SessionStatusBody,
};
use crate::services::id;

/// Wrong passwords in a row after which the next attempt is too many.
const MOST_WRONG_PASSWORDS: u32 = 5;
const LOCK_S: i64 = 5 * 60;

/// The checks, in the order of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Check {
    Registered,
    Banned,
    Attempts,
    LoggedIn,
    Password,
    Licence,
}

impl Check {
    /// The decision to answer this check although an earlier one of the list fails, too.
    fn first(self) -> &'static str {
        match self {
            Self::Registered => "in-order",
            Self::Banned => "blocked-first",
            Self::Attempts => "attempts-first",
            Self::LoggedIn => "logged-in-first",
            Self::Password => "password-first",
            Self::Licence => "licence-first",
        }
    }
}

/// The order of the checks of a run, as far as its answers have shown it: `earlier[a]` has the bit
/// of `b` where `a` comes before `b`.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Order {
    earlier: [u8; 6],
}

impl Order {
    fn is_before(self, a: Check, b: Check) -> bool {
        self.earlier[a as usize] & (1 << b as u8) != 0
    }

    /// Notes that `chosen` was the answer while all of `failing` failed.
    fn note(&mut self, chosen: Check, failing: &[Check]) {
        for other in failing.iter().filter(|other| **other != chosen) {
            self.earlier[chosen as usize] |= 1 << *other as u8;
        }
        for through in 0..6 {
            for from in 0..6 {
                if self.earlier[from] & (1 << through) != 0 {
                    self.earlier[from] |= self.earlier[through];
                }
            }
        }
    }
}

/// What an attempt comes to.
struct Outcome {
    /// The failure to answer with; none for a session.
    failure: Option<Failure>,
    /// Whether the licence must still be accepted.
    asks_licence: bool,
    /// The order of the checks as it shows now.
    order: Order,
}

/// Answers a session CREATE.
pub(super) fn log_in(
    state: &mut State,
    command: &SessionCommand<'_>,
    create: &CreateSession<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.applies(id::ACC_3);
    cx.applies(id::ACC_4);
    let (account_id, register) = match account_of(state, &create.account_name, cx) {
        Some(account_id) => (account_id, false),
        None if registers(state, create, cx) => (state.new_id(cx)?, true),
        None => (0, false),
    };
    let fresh = register.then(|| Holder::new(&create.account_name, create.password.detached()));
    let holder = fresh.as_ref().or_else(|| state.find(account_id));
    let banned = banned(account_id, create, cx);
    let failing = failing(holder, banned.is_some(), command, create, cx);
    let outcome = judge(holder, state.order, failing, banned, cx);
    if register {
        let status = (id::ACC_4, AccountStatusType::Created);
        announce::account(account_id, &create.account_name, status, cx)?;
    }
    let mut announced = false;
    match outcome.failure {
        Some(failure) => {
            let times = times(cx);
            for _ in 0..times {
                let body = failure.body(create.ip_address.clone(), create.hwid.0.clone());
                let of = (account_id, &*create.account_name);
                announce::session(command, of, (id::ACC_3, body), cx)?;
            }
            if cx.violates(id::ACC_5, "refused-too") {
                let event = (id::ACC_5, AccountStatusType::LoggedIn);
                announce::account(account_id, &create.account_name, event, cx)?;
            }
        }
        None => announced = welcome(command, create, account_id, outcome.asks_licence, cx)?,
    }
    state.order = outcome.order;
    if let Some(holder) = fresh {
        state.add(account_id, holder);
    }
    match outcome.failure {
        Some(failure) => note_failure(state, account_id, failure, cx.unix_s()),
        None => open_session(state, account_id, command, announced),
    }
    Ok(())
}

/// How often an attempt is answered.
fn times(cx: &Cx<'_>) -> usize {
    if cx.violates(id::ACC_3, "unanswered") {
        0
    } else if cx.violates(id::ACC_3, "twice") {
        2
    } else {
        1
    }
}

/// The account of a name; where several have it, one of them.
fn account_of(state: &State, name: &str, cx: &mut Cx<'_>) -> Option<u32> {
    let named = state.named(name);
    let mut chosen = *named.first()?;
    for other in &named[1..] {
        if cx.decide(id::ACC_2, &["first-of-name", "other-of-name"]) == "first-of-name" {
            break;
        }
        chosen = *other;
    }
    Some(chosen)
}

/// Whether an unknown name becomes an account.
fn registers(state: &State, create: &CreateSession<'_>, cx: &mut Cx<'_>) -> bool {
    if create.account_name.is_empty() {
        return false;
    }
    state.automatic_registration
        || cx.decide(id::ACC_4, &["not-registered", "register"]) == "register"
}

/// The checks that fail, in the order of the reference.
fn failing(
    holder: Option<&Holder>,
    banned: bool,
    command: &SessionCommand<'_>,
    create: &CreateSession<'_>,
    cx: &mut Cx<'_>,
) -> Vec<Check> {
    let Some(holder) = holder else {
        let checks = [(true, Check::Registered), (banned, Check::Banned)];
        return checks.into_iter().filter(|(fails, _)| *fails).map(|(_, check)| check).collect();
    };
    if holder.session(command.session_id, &Issuer::of(&command.issuer)).is_some() {
        cx.applies(id::ACC_TWICE);
    }
    let banned = banned && !cx.violates(id::ACC_4, "banned-anyway");
    let logged_in = !holder.sessions.is_empty();
    let too_many = too_many(holder, cx) || logged_in && cx.violates(id::ACC_6, "when-logged-in");
    let logged_in = logged_in && !cx.violates(id::ACC_4, "logged-in-again");
    let wrong = holder.password != create.password && !cx.violates(id::ACC_4, "any-password");
    let checks = [
        (banned, Check::Banned),
        (too_many, Check::Attempts),
        (logged_in, Check::LoggedIn),
        (wrong || cx.violates(id::ACC_4, "no-password"), Check::Password),
        (!holder.licence, Check::Licence),
    ];
    checks.into_iter().filter(|(fails, _)| *fails).map(|(_, check)| check).collect()
}

/// Picks the answer among the checks that fail.
fn judge(
    holder: Option<&Holder>,
    mut order: Order,
    mut failing: Vec<Check>,
    banned: Option<Failure>,
    cx: &mut Cx<'_>,
) -> Outcome {
    let answer = loop {
        let Some(first) = failing.first().copied() else {
            break None;
        };
        let chosen = if failing.len() == 1 { first } else { choose(order, &failing, cx) };
        if chosen == Check::Licence
            && cx.decide(id::ACC_4, &["licence", "no-licence"]) == "no-licence"
        {
            failing.retain(|check| *check != Check::Licence);
            continue;
        }
        order.note(chosen, &failing);
        break Some(chosen);
    };
    let failure = match answer {
        None | Some(Check::Licence) => None,
        Some(Check::Registered) => Some(Failure::new(ErrorCode::NotRegistered)),
        Some(Check::Banned) => banned,
        Some(Check::Attempts) => Some(locked(holder, cx)),
        Some(Check::LoggedIn) => Some(Failure::new(ErrorCode::AlreadyLoggedIn)),
        Some(Check::Password) => Some(Failure::new(ErrorCode::IncorrectPassword)),
    };
    Outcome { failure, asks_licence: answer == Some(Check::Licence), order }
}

/// One of several checks that fail, of those that may come first.
fn choose(order: Order, failing: &[Check], cx: &mut Cx<'_>) -> Check {
    let may_be_first = |check: &Check| !failing.iter().any(|other| order.is_before(*other, *check));
    let candidates: Vec<_> = failing.iter().copied().filter(may_be_first).collect();
    match candidates.as_slice() {
        [] => failing[0],
        [only] => *only,
        [first, others @ ..] => {
            let mut options = vec!["in-order"];
            options.extend(others.iter().map(|check| check.first()));
            let picked = cx.decide(id::ACC_4, &options);
            others.iter().copied().find(|check| check.first() == picked).unwrap_or(*first)
        }
    }
}

/// Whether there were too many wrong passwords before.
fn too_many(holder: &Holder, cx: &mut Cx<'_>) -> bool {
    let expired = holder.locked_until.is_some_and(|until| until <= cx.unix_s());
    let expired = expired && !cx.violates(id::ACC_6, "for-ever");
    if holder.wrong_passwords == 0 || expired {
        return false;
    }
    cx.applies(id::ACC_6);
    if holder.wrong_passwords >= MOST_WRONG_PASSWORDS || holder.locked_until.is_some() {
        return cx.decide(id::ACC_6, &["too-many", "never"]) == "too-many";
    }
    cx.decide(id::ACC_6, &["not-yet", "other-threshold"]) == "other-threshold"
}

fn locked(holder: Option<&Holder>, cx: &Cx<'_>) -> Failure {
    let until = holder.and_then(|holder| holder.locked_until);
    let until = until.filter(|_| !cx.violates(id::ACC_6, "later-until"));
    let until = until.unwrap_or_else(|| cx.unix_s().saturating_add(LOCK_S));
    let until = u64::try_from(until).unwrap_or_default();
    Failure { code: ErrorCode::TooManyAttempts, reason: 0, until }
}

/// Asks the ban service; that it cannot be asked is a failure, too.
fn banned(account_id: u32, create: &CreateSession<'_>, cx: &mut Cx<'_>) -> Option<Failure> {
    let question = object([
        ("ip", Json::from(&*create.ip_address)),
        ("hwid", Json::from(&*create.hwid.0)),
        ("accountId", Json::Number(account_id.into())),
    ]);
    let Ok(answer) = cx.query("ban", "check", &question) else {
        return Some(Failure::new(ErrorCode::SystemError));
    };
    if answer.get("banned") != Some(&Json::Bool(true)) {
        return None;
    }
    cx.applies(id::BAN_7);
    cx.applies(id::BAN_8);
    let number = |field: &str| answer.get(field).and_then(Json::as_integer).unwrap_or_default();
    let permanent = answer.get("permanent") == Some(&Json::Bool(true));
    let until = if permanent { 0 } else { number("expiresAt") };
    Some(Failure {
        code: ErrorCode::DeletedOrBlocked,
        reason: u8::try_from(number("reasonCode")).unwrap_or_default(),
        until: u64::try_from(until).unwrap_or_default(),
    })
}

/// Announces a session; whether LOGGED_IN went with it.
fn welcome(
    command: &SessionCommand<'_>,
    create: &CreateSession<'_>,
    account_id: u32,
    asks_licence: bool,
    cx: &mut Cx<'_>,
) -> Result<bool, Reject> {
    for _ in 0..times(cx) {
        let body = if asks_licence {
            SessionStatusBody::RequestLicenseAgreement(Absent)
        } else {
            SessionStatusBody::Created(SessionCreated {
                ip_address: create.ip_address.clone(),
                hwid: create.hwid.0.clone(),
            })
        };
        announce::session(command, (account_id, &create.account_name), (id::ACC_3, body), cx)?;
    }
    cx.applies(id::ACC_5);
    if cx.violates(id::ACC_5, "silent") {
        return Ok(true);
    }
    if asks_licence
        && cx.decide(id::ACC_5, &["with-licence", "after-acceptance"]) == "after-acceptance"
    {
        return Ok(false);
    }
    let event = (id::ACC_5, AccountStatusType::LoggedIn);
    announce::account(account_id, &create.account_name, event, cx)?;
    Ok(true)
}

fn open_session(state: &mut State, account_id: u32, command: &SessionCommand<'_>, announced: bool) {
    let mut holder = state.get_mut(account_id);
    holder.wrong_passwords = 0;
    holder.locked_until = None;
    let issuer = Issuer::of(&command.issuer);
    let session = Session { id: command.session_id, issuer, transition: None, announced };
    let Some(at) = holder.session(session.id, &session.issuer) else {
        return holder.sessions.push(session);
    };
    let ended = std::mem::replace(&mut holder.sessions[at], session);
    drop(holder);
    state.settle_transitions(account_id, &[ended]);
}

fn note_failure(state: &mut State, account_id: u32, failure: Failure, unix_s: i64) {
    if state.find(account_id).is_none() {
        return;
    }
    let mut holder = state.get_mut(account_id);
    if holder.locked_until.is_some_and(|until| until <= unix_s) {
        holder.locked_until = None;
        holder.wrong_passwords = 0;
    }
    match failure.code {
        ErrorCode::TooManyAttempts => holder.locked_until = i64::try_from(failure.until).ok(),
        ErrorCode::IncorrectPassword => holder.wrong_passwords += 1,
        _ => {}
    }
}
