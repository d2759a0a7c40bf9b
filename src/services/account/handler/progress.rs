//! Sessions that move on, and how they end.

use std::collections::BTreeSet;
use std::time::Duration;

use super::announce::{self, Failure};
use super::state::{Issuer, Session, State};
use crate::message::typed::{Id, Params, Text};
use crate::message::{Json, Number, VirtualTime};
use crate::rule::RuleId;
use crate::service::support::refused;
use crate::service::{Cx, Reject};
use crate::services::account::messages::{
    AccountStatusType, ErrorCode, SessionCommand, SessionState, SessionStatusBody,
};
use crate::services::id;

const SWEEP: &str = "transitions";
/// The shortest time in transition, and the period in which sessions are swept after it.
const TRANSITION: Duration = Duration::from_secs(5);

/// Carries out PROGRESS_STATE, or answers why not.
pub(super) fn progress(
    state: &mut State,
    command: &SessionCommand<'_>,
    to: &SessionState<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    if state.find(command.account_id).is_none() {
        let code = match cx.violates(id::ACC_9, "wrong-code") {
            true => ErrorCode::SystemError,
            false => ErrorCode::NotRegistered,
        };
        return fail(command, "", code, cx);
    }
    match to.state {
        0 => end(state, command, to, cx),
        1 => take_over(state, command, to, cx),
        2 => move_on(state, command, to, cx),
        _ => fail(command, &state.get(command.account_id).name, ErrorCode::SystemError, cx),
    }
}

fn fail(
    command: &SessionCommand<'_>,
    name: &str,
    code: ErrorCode,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.applies(id::ACC_9);
    if cx.violates(id::ACC_9, "unanswered") {
        return Ok(());
    }
    let mut account_id = command.account_id;
    if account_id != 0
        && cx.decide(id::ACC_9, &["account-id-of-command", "account-id-0"]) == "account-id-0"
    {
        account_id = 0;
    }
    let body = Failure::new(code).body(Text::default(), Text::default());
    announce::session(command, (account_id, name), (id::ACC_9, body), cx)
}

/// Announces the new state.
fn changed(
    state: &State,
    command: &SessionCommand<'_>,
    to: &SessionState<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.applies(id::ACC_7);
    cx.applies(id::ACC_8);
    let rounded = rounded(to.params.as_str())
        .filter(|_| cx.decide(id::ACC_7, &["exact-params", "float-params"]) == "float-params");
    let mut params = rounded.unwrap_or_else(|| to.params.clone());
    if cx.violates(id::ACC_7, "silent") {
        return Ok(());
    }
    if cx.violates(id::ACC_7, "no-params") {
        params = Params::from_json("null".to_owned()).unwrap_or(params);
    }
    let body = SessionStatusBody::StateChanged(SessionState { state: to.state, params });
    let name = &state.get(command.account_id).name;
    announce::session(command, (command.account_id, name), (id::ACC_7, body), cx)
}

fn logged(
    state: &State,
    account_id: u32,
    (rule, status): (RuleId, AccountStatusType),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    announce::account(account_id, &state.get(account_id).name, (rule, status), cx)
}

/// State 2: the issuer's own session goes into transition.
fn move_on(
    state: &mut State,
    command: &SessionCommand<'_>,
    to: &SessionState<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let account_id = command.account_id;
    let issuer = Issuer::of(&command.issuer);
    let mut ends = cx.sweeps_at(cx.now().after(TRANSITION), TRANSITION);
    if cx.violates(id::ACC_13, "after-1-s") {
        ends = cx.now().after(TRANSITION / 5);
    } else if cx.violates(id::ACC_13, "after-30-s") {
        ends = cx.now().after(TRANSITION * 6);
    }
    let found = state.get(account_id).session(command.session_id, &issuer);
    let refusal = ["error", "move-unknown-session", "open-in-transition"];
    let picked = if found.is_some() { "" } else { cx.decide(id::ACC_8, &refusal) };
    if picked == "error" {
        return fail(command, &state.get(account_id).name, ErrorCode::SystemError, cx);
    }
    let is_again = found.is_some_and(|at| state.get(account_id).sessions[at].transition.is_some());
    if !is_again || !cx.violates(id::ACC_TWICE, "second-unanswered") {
        changed(state, command, to, cx)?;
    }
    if cx.violates(id::ACC_8, "no-transition") {
        return Ok(());
    }
    let mut holder = state.get_mut(account_id);
    let id = command.session_id;
    match found {
        Some(at) => {
            let before = holder.sessions[at].clone();
            if before.transition.is_some() {
                cx.applies(id::ACC_TWICE);
            }
            holder.sessions[at].transition = Some(ends);
            drop(holder);
            state.settle_transitions(account_id, &[before]);
        }
        None if picked == "open-in-transition" => {
            let session = Session { id, issuer, transition: Some(ends), announced: false };
            holder.sessions.push(session);
            drop(holder);
        }
        None => return Ok(()),
    }
    state.transitions.insert((ends, account_id));
    set_timer(state, cx);
    Ok(())
}

/// State 1: a channel takes over an account in transition.
fn take_over(
    state: &mut State,
    command: &SessionCommand<'_>,
    to: &SessionState<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let account_id = command.account_id;
    let issuer = Issuer::of(&command.issuer);
    let holder = state.get(account_id);
    let in_transition = holder.sessions.iter().any(|session| session.transition.is_some());
    if issuer != Issuer::Channel || !in_transition || cx.violates(id::ACC_8, "no-takeover") {
        return fail(command, &holder.name, ErrorCode::SystemError, cx);
    }
    changed(state, command, to, cx)?;
    if cx.decide(id::ACC_8, &["logged-in", "silent-takeover"]) == "logged-in" {
        logged(state, account_id, (id::ACC_8, AccountStatusType::LoggedIn), cx)?;
    }
    let session = Session { id: command.session_id, issuer, transition: None, announced: true };
    if cx.violates(id::ACC_8, "keeps-others") {
        state.get_mut(account_id).sessions.push(session);
        return Ok(());
    }
    let ended = std::mem::replace(&mut state.get_mut(account_id).sessions, vec![session]);
    state.settle_transitions(account_id, &ended);
    set_timer(state, cx);
    Ok(())
}

/// State 0: the issuer's own session ends, unless it is in transition.
fn end(
    state: &mut State,
    command: &SessionCommand<'_>,
    to: &SessionState<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let account_id = command.account_id;
    let holder = state.get(account_id);
    let found = holder.session(command.session_id, &Issuer::of(&command.issuer));
    let carried_out = match found {
        Some(at) => holder.sessions[at].transition.is_none(),
        None => cx.decide(id::ACC_8, &["error", "end-unknown-session"]) != "error",
    };
    if !carried_out {
        return fail(command, &holder.name, ErrorCode::SystemError, cx);
    }
    changed(state, command, to, cx)?;
    match found {
        Some(at) => remove(state, account_id, at, id::ACC_8, cx),
        None if state.get(account_id).is_active_besides(None) => Ok(()),
        None => logged(state, account_id, (id::ACC_8, AccountStatusType::LoggedOut), cx),
    }
}

/// Carries out LOGOUT.
pub(super) fn log_out(
    state: &mut State,
    command: &SessionCommand<'_>,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let account_id = command.account_id;
    let Some(holder) = state.find(account_id) else {
        cx.applies(id::ACC_11);
        if cx.violates(id::ACC_11, "unknown-account") {
            let event = (id::ACC_11, AccountStatusType::LoggedOut);
            return announce::account(account_id, "", event, cx);
        }
        return refused(format!("there is no account {account_id}"));
    };
    let issuer = Issuer::of(&command.issuer);
    let everywhere = command.session_id == Id::NIL || issuer == Issuer::Internal;
    if everywhere && !holder.sessions.is_empty() {
        cx.applies(id::ACC_11);
        return log_out_everywhere(state, account_id, cx);
    }
    let Some(at) = holder.session(command.session_id, &issuer) else {
        cx.applies(id::ACC_11);
        if cx.violates(id::ACC_11, "unknown-ends-all") && !holder.sessions.is_empty() {
            return log_out_everywhere(state, account_id, cx);
        }
        let (says_so, rule) = match holder.is_active_besides(None) {
            true => (cx.violates(id::ACC_12, "although-one-remains"), id::ACC_12),
            false => {
                let options = ["nothing", "logged-out-anyway"];
                (cx.decide(id::ACC_11, &options) != "nothing", id::ACC_11)
            }
        };
        if !says_so {
            return refused("the account has no such session");
        }
        return logged(state, account_id, (rule, AccountStatusType::LoggedOut), cx);
    };
    let in_transition = holder.sessions[at].transition.is_some();
    if in_transition && !cx.violates(id::ACC_11, "in-transition") {
        cx.applies(id::ACC_11);
        return refused("the session is in transition");
    }
    remove(state, account_id, at, id::ACC_10, cx)
}

fn log_out_everywhere(state: &mut State, account_id: u32, cx: &mut Cx<'_>) -> Result<(), Reject> {
    if state.get(account_id).sessions.iter().any(|session| session.announced) {
        cx.applies(id::ACC_10);
        logged(state, account_id, (id::ACC_10, AccountStatusType::LoggedOut), cx)?;
    }
    let ended = std::mem::take(&mut state.get_mut(account_id).sessions);
    state.settle_transitions(account_id, &ended);
    set_timer(state, cx);
    Ok(())
}

/// Ends a session in state 1; `rule` says what else than nothing may be emitted while others remain
/// in transition.
fn remove(
    state: &mut State,
    account_id: u32,
    at: usize,
    rule: RuleId,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let holder = state.get(account_id);
    let announced = holder.sessions[at].announced;
    let last = holder.sessions.len() == 1;
    cx.applies(id::ACC_12);
    let says_so = if holder.is_active_besides(Some(at)) || !announced {
        false
    } else {
        last || cx.decide(rule, &["not-the-last", "transition-remains"]) == "transition-remains"
    };
    let silent = if rule == id::ACC_8 { "silent-end" } else { "silent" };
    if says_so {
        cx.applies(id::ACC_10);
    }
    if says_so && !cx.violates(rule, silent)
        || !says_so && cx.violates(id::ACC_12, "although-one-remains")
    {
        logged(state, account_id, (rule, AccountStatusType::LoggedOut), cx)?;
    }
    if cx.violates(rule, "stays") {
        return Ok(());
    }
    state.get_mut(account_id).sessions.remove(at);
    Ok(())
}

/// Ends the sessions that have been in transition for too long.
pub(super) fn sweep(state: &mut State, cx: &mut Cx<'_>) -> Result<(), Reject> {
    let now = cx.now();
    let mut due: Vec<_> =
        state.transitions.iter().take_while(|(at, _)| *at <= now).copied().collect();
    due.retain(|(at, _)| cx.is_due(*at, *at));
    let accounts: BTreeSet<_> = due.iter().map(|(_, account_id)| *account_id).collect();
    let mut left = Vec::new();
    for account_id in accounts {
        let mut sessions = state.get(account_id).sessions.clone();
        let ends = |at| due.contains(&(at, account_id));
        let says_so = expire(&mut sessions, ends, cx);
        if says_so && sessions.is_empty() {
            logged(state, account_id, (id::ACC_13, AccountStatusType::LoggedOut), cx)?;
        }
        left.push((account_id, sessions));
    }
    for (account_id, sessions) in left {
        state.get_mut(account_id).sessions = sessions;
    }
    for swept in &due {
        state.transitions.remove(swept);
    }
    set_timer(state, cx);
    Ok(())
}

/// Removes the sessions of an account that are due; whether one of them is to be spoken of.
fn expire(
    sessions: &mut Vec<Session>,
    ends: impl Fn(VirtualTime) -> bool,
    cx: &mut Cx<'_>,
) -> bool {
    let mut says_so = false;
    sessions.retain_mut(|session| {
        if !session.transition.is_some_and(&ends) {
            return true;
        }
        cx.applies(id::ACC_13);
        let picked = cx.decide(id::ACC_13, &["ends", "silent", "never"]);
        if picked == "never" {
            session.transition = Some(VirtualTime::NEVER);
        }
        says_so |= picked == "ends" && session.announced;
        picked == "never"
    });
    says_so
}

fn set_timer(state: &State, cx: &mut Cx<'_>) {
    match state.transitions.first() {
        Some((at, _)) => cx.set_timer(SWEEP, *at),
        None => cx.cancel_timer(SWEEP),
    }
}

/// The params as 64-bit floats would carry them; none where that makes no difference.
fn rounded(params: &str) -> Option<Params<'static>> {
    let long = params.as_bytes().split(|byte| !byte.is_ascii_digit()).any(|run| run.len() > 15);
    if !long {
        return None;
    }
    let mut json = Json::parse(params.as_bytes()).ok()?;
    let before = json.clone();
    round(&mut json);
    if json == before {
        return None;
    }
    Params::from_json(String::from_utf8(json.to_bytes()).ok()?)
}

fn round(json: &mut Json) {
    match json {
        Json::Number(number) => {
            let float = serde_json::Number::from_f64(number.as_f64());
            if let Some(rounded) = float.and_then(|float| Number::parse(&float.to_string())) {
                *number = rounded;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(round),
        Json::Object(fields) => fields.values_mut().for_each(round),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}
