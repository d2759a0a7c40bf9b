//! Sessions that move on and end: ACC-7 to ACC-13.

use super::Case;
use super::state::{Firm, Known, Session, State};
use crate::message::typed::decode;
use crate::message::{Json, RecordId};
use crate::rule::RuleId;
use crate::services::account::messages::SessionCommandBody;
use crate::services::account::messages::{AccountStatusType, ErrorCode, SessionCommand};
use crate::services::atlas::check::fact::{Answer, SessionOf, Sym};
use crate::services::atlas::check::handling::Input;
use crate::services::id;
use crate::services::login::messages::{SessionStatus, SessionStatusBody};

/// Which answers to a PROGRESS_STATE are accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Change,
    Fail,
    Both,
}

impl Known {
    /// Which answers are accepted to a command for `state`.
    fn may(&self, case: &Case<'_>, of: SessionOf, state: u8) -> May {
        let now = case.handling.at;
        let own = self.own(of).map(|at| self.sessions[at].firm(now));
        let moving = |firm| self.sessions.iter().any(|session| session.firm(now) == firm);
        match (state, own) {
            (0, Some(Firm::Active)) => May::Change,
            (0, Some(Firm::Moving)) => May::Fail,
            (0, _) => May::Both,
            (1, _) if of.issuer != Sym::CHANNEL => May::Fail,
            (1, _) if moving(Firm::Moving) => May::Change,
            (1, _) if self.maybe_more || moving(Firm::Unsure) => May::Both,
            (1, _) => May::Fail,
            (2, Some(Firm::Active | Firm::Moving)) => May::Change,
            (2, _) => May::Both,
            _ => May::Fail,
        }
    }

    /// How often LOGGED_OUT may come of the end of the session at `own`: at least and at most.
    fn last_words(&self, case: &Case<'_>, own: Option<usize>) -> (usize, usize) {
        let now = case.handling.at;
        if self.active_besides(own, now).is_some() {
            return (0, 0);
        }
        let Some(own) = own else { return (0, 1) };
        let session = &self.sessions[own];
        let last = self.sessions.len() == 1 && !self.maybe_more;
        let must = last && session.announced && session.firm(now) == Firm::Active;
        (usize::from(must), 1)
    }
}

impl State {
    pub(super) fn progress(
        &mut self,
        case: &mut Case<'_>,
        given: bool,
        (of, to, params): (SessionOf, u8, u128),
    ) {
        let (account, answer, event) = match case.events.answers.as_slice() {
            [(session, account, answer, event)] if *session == of.session => {
                (*account, *answer, *event)
            }
            [] => {
                let what = "one answer must come of it";
                return case.missing(id::ACC_9, case.handling.restarts, what);
            }
            _ => return case.wrong(id::ACC_9, "one answer for its session must come of it"),
        };
        let complete = !given && !self.unclear;
        let failed = matches!(answer, Answer::Error(_));
        if account != of.account && !(failed && account == 0) {
            case.wrong(id::ACC_7, "the account id is another one");
        }
        let Some(known) = self.accounts.get_mut(&of.account) else {
            if complete {
                case.held(id::ACC_9);
                let right = answer == Answer::Error(Some(ErrorCode::NotRegistered));
                if !right || !case.events.statuses.is_empty() {
                    case.wrong(id::ACC_9, "an unknown account is NOT_REGISTERED");
                }
            }
            return;
        };
        let may = known.may(case, of, to);
        match answer {
            Answer::Changed { state, params: got } => {
                case.held(id::ACC_7);
                case.held(id::ACC_8);
                if may == May::Fail && !self.unclear {
                    return case.wrong(id::ACC_9, "it cannot be carried out");
                }
                let same = got == params || are_close(case, event);
                if state != to || !same {
                    case.wrong(id::ACC_7, "state and params must be those of the command");
                }
                known.changed(case, of, to);
            }
            Answer::Error(code) => {
                case.held(id::ACC_9);
                if may == May::Change && !self.unclear {
                    let since =
                        known.own(of).map_or(known.restarts, |at| known.sessions[at].restarts);
                    case.missing(id::ACC_8, since, "it can be carried out");
                }
                if code != Some(ErrorCode::SystemError) {
                    case.wrong(id::ACC_9, "the code must be SYSTEM_ERROR");
                }
                if !case.events.statuses.is_empty() {
                    case.wrong(id::ACC_9, "what is not carried out logs nobody in or out");
                }
            }
            Answer::Created | Answer::Licence => {
                case.wrong(id::ACC_9, "that is no answer to PROGRESS_STATE");
            }
        }
    }

    pub(super) fn logout(&mut self, case: &mut Case<'_>, given: bool, of: SessionOf) {
        let count = case.events.count_for(of.account, AccountStatusType::LoggedOut);
        let complete = !given && !self.unclear;
        let Some(known) = self.accounts.get_mut(&of.account) else {
            case.held(id::ACC_11);
            if complete && !case.handling.events.is_empty() {
                case.wrong(id::ACC_11, "there is no such account");
            }
            return;
        };
        if case.handling.events.len() != count {
            case.wrong(id::ACC_11, "nothing but LOGGED_OUT of its account may come of it");
        }
        let now = case.handling.at;
        let own = known.own(of);
        let everywhere = of.session.is_nil() || of.issuer == Sym::INTERNAL;
        let ends = own.filter(|at| known.sessions[*at].firm(now) == Firm::Active);
        let (least, most) = if everywhere {
            let certain =
                |session: &Session| session.announced && session.firm(now) != Firm::Unsure;
            (usize::from(known.sessions.iter().any(certain)), 1)
        } else {
            known.last_words(case, ends)
        };
        let named = if ends.is_some() && !everywhere { id::ACC_10 } else { id::ACC_11 };
        let since = known.sessions.iter().map(|session| session.restarts).min();
        let since = since.unwrap_or(case.handling.restarts);
        judge_logged_out(case, (count, least, most), (named, since), self.unclear);
        if everywhere {
            known.sessions.clear();
            known.maybe_more = false;
        } else if let Some(at) = ends {
            known.sessions.remove(at);
        } else if let (Some(at), true) = (own, count > 0) {
            known.sessions[at].unsure = true;
        }
    }

    pub(super) fn timer(&mut self, case: &mut Case<'_>) {
        for at in 0..case.events.statuses.len() {
            let (account, _, status) = case.events.statuses[at];
            let Some(known) = self.accounts.get_mut(&account) else {
                continue;
            };
            let now = case.handling.at;
            case.held(id::ACC_13);
            if status != AccountStatusType::LoggedOut {
                case.wrong(id::ACC_13, "a timer only ends sessions");
            } else if known.active_besides(None, now).is_some() {
                case.wrong(id::ACC_12, "a session in state 1 remains");
            } else if known.certain(now).is_some() {
                case.wrong(id::ACC_13, "the session is not 5 s in transition");
            } else if !self.unclear && known.is_idle() {
                case.wrong(id::ACC_13, "no session was in transition");
            }
            known.sessions.retain(|session| session.firm(now) != Firm::Unsure);
            known.maybe_more = false;
        }
        if !case.events.answers.is_empty() {
            case.wrong(id::ACC_13, "a timer answers nothing");
        }
    }

    pub(super) fn licence(&mut self, case: &mut Case<'_>) {
        for at in 0..case.events.statuses.len() {
            let (account, _, status) = case.events.statuses[at];
            let known = self.accounts.get_mut(&account);
            let waits = known.as_ref().is_none_or(|known| {
                known.maybe_more || known.sessions.iter().any(|session| !session.announced)
            });
            if status != AccountStatusType::LoggedIn || !waits {
                case.wrong(id::ACC_5, "nobody waited for the licence");
            }
            for session in known.into_iter().flat_map(|known| &mut known.sessions) {
                session.announced = true;
            }
        }
    }
}

impl Known {
    /// Takes in a PROGRESS_STATE that was carried out.
    fn changed(&mut self, case: &mut Case<'_>, of: SessionOf, to: u8) {
        let logged_in = case.events.count_for(of.account, AccountStatusType::LoggedIn);
        let logged_out = case.events.count_for(of.account, AccountStatusType::LoggedOut);
        let others = case.events.statuses.len() != logged_in + logged_out;
        let own = self.own(of);
        let restarts = case.handling.restarts;
        if others || logged_in > usize::from(to == 1) || (to != 0 && logged_out > 0) {
            let remains = logged_out > 0 && self.active_besides(None, case.handling.at).is_some();
            let rule = if remains { id::ACC_12 } else { id::ACC_8 };
            case.wrong(rule, "no such account event may come of it");
        }
        match (to, own) {
            (0, _) => {
                let (least, most) = self.last_words(case, own);
                let since = own.map_or(restarts, |at| self.sessions[at].restarts);
                judge_logged_out(case, (logged_out, least, most), (id::ACC_8, since), false);
                if let Some(at) = own {
                    self.sessions.remove(at);
                }
            }
            (1, _) => {
                let announced = self.sessions.iter().any(|session| session.announced);
                self.sessions.clear();
                self.maybe_more = false;
                self.sessions.push(Session {
                    id: of.session,
                    issuer: of.issuer,
                    moved: None,
                    unsure: false,
                    announced: announced || logged_in > 0,
                    restarts,
                });
            }
            (_, Some(at)) => {
                let session = &mut self.sessions[at];
                if session.firm(case.handling.at) == Firm::Unsure {
                    // It may be another session, opened by this.
                    session.unsure = true;
                    session.announced = false;
                }
                session.moved = Some(case.handling.at);
            }
            (_, None) => self.maybe_more = true,
        }
    }
}

/// Judges how often LOGGED_OUT came.
fn judge_logged_out(
    case: &mut Case<'_>,
    (count, least, most): (usize, usize, usize),
    (rule, since): (RuleId, u32),
    unclear: bool,
) {
    case.held(rule);
    if most == 0 {
        case.held(id::ACC_12);
    }
    if count > most && most == 0 {
        case.wrong(id::ACC_12, "a session in state 1 remains");
    } else if count > most {
        case.wrong(rule, "one LOGGED_OUT may come of it");
    } else if count < least && !unclear {
        case.missing(rule, since, "it ended the last session, and one LOGGED_OUT must come of it");
    }
}

/// Whether params that are written differently are the same, or the same as 64-bit floats.
#[cold]
fn are_close(case: &Case<'_>, event: RecordId) -> bool {
    let Input::Record(command) = case.handling.input else {
        return false;
    };
    let value = |record| case.view.placed(record).record.value_bytes();
    let asked = decode::<SessionCommand<'_>>(value(command)).ok();
    let asked = asked.and_then(|command| match command.body {
        SessionCommandBody::ProgressState(to) => Json::parse(to.params.as_str().as_bytes()).ok(),
        _ => None,
    });
    let got = decode::<SessionStatus<'_>>(value(event)).ok();
    let got = got.and_then(|event| match event.body {
        SessionStatusBody::StateChanged(to) => Json::parse(to.params.as_str().as_bytes()).ok(),
        _ => None,
    });
    match (asked, got) {
        (Some(asked), Some(got)) => alike(&asked, &got),
        _ => false,
    }
}

#[expect(clippy::float_cmp, reason = "the same text or another is what is asked")]
fn alike(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let same = |(name, a): (&String, &Json)| b.get(name).is_some_and(|b| alike(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}
