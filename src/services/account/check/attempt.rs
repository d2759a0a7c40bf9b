//! Login attempts: ACC-3 to ACC-6.

use super::state::{Known, Session, State};
use super::{Account, Case};
use crate::services::account::messages::{AccountStatusType, ErrorCode};
use crate::services::atlas::check::fact::{Answer, Password, SessionOf, Sym};
use crate::services::atlas::check::view::TenantIx;
use crate::services::id;

/// Session, name and password of an attempt.
type Attempt = (SessionOf, Sym, Password);

impl Account {
    pub(super) fn attempt(&mut self, case: &mut Case<'_>, tenant: TenantIx, attempt: Attempt) {
        let (of, name, password) = attempt;
        let elsewhere = self.known_elsewhere(tenant, name);
        let given = self.given;
        let state = self.tenants.of(tenant);
        case.held(id::ACC_3);
        case.held(id::ACC_4);
        let (account, answer) = match case.events.answers.as_slice() {
            [(session, account, answer, _)] if *session == of.session => (*account, *answer),
            [] => {
                let what = "one answer must come of it";
                return case.missing(id::ACC_3, case.handling.restarts, what);
            }
            _ => return case.wrong(id::ACC_3, "one answer for its session must come of it"),
        };
        state.register(case, (name, password));
        let complete = !given && !state.unclear;
        match answer {
            Answer::Changed { .. } | Answer::Error(None) => {
                case.wrong(id::ACC_3, "that is no answer to a login");
            }
            Answer::Error(Some(code)) => {
                if !case
                    .events
                    .statuses
                    .iter()
                    .all(|(_, _, status)| *status == AccountStatusType::Created)
                {
                    case.wrong(id::ACC_5, "a refused login logs nobody in or out");
                }
                state.refused(case, (complete, elsewhere), (attempt, account, code));
            }
            Answer::Created | Answer::Licence => {
                let known = state.accounts.contains_key(&account);
                if !known && complete {
                    let (rule, what) = if elsewhere {
                        (id::COM_6, "the name is only known in another tenant")
                    } else {
                        (id::ACC_4, "no account of this id and name was announced")
                    };
                    case.wrong(rule, what);
                }
                state.welcomed(case, (attempt, account), answer);
            }
        }
    }
}

impl State {
    fn welcomed(
        &mut self,
        case: &mut Case<'_>,
        (attempt, account): (Attempt, u32),
        answer: Answer,
    ) {
        let (of, name, password) = attempt;
        let restarts = case.handling.restarts;
        let only = self.only(name).map(|(account, _)| account);
        if !self.accounts.contains_key(&account) {
            self.add(account, Known::new(name, Password::UNKNOWN, restarts));
        }
        let Some(known) = self.accounts.get_mut(&account) else {
            return;
        };
        if known.name != name {
            case.wrong(id::ACC_4, "the account has another name");
        }
        // The licence may be asked for before anything else is looked at.
        let passed = answer == Answer::Created;
        if let Some(session) = known.certain(case.handling.at).filter(|_| passed) {
            let since = session.restarts;
            case.missing(id::ACC_4, since, "the account is logged in already");
        }
        if passed && only == Some(account) && known.password.same(password) == Some(false) {
            case.wrong(id::ACC_4, "the password is another one");
        }
        case.held(id::ACC_5);
        let logged_in = case.events.count_for(account, AccountStatusType::LoggedIn);
        let created = case.events.count(AccountStatusType::Created);
        let fits = match answer {
            Answer::Licence => logged_in <= 1,
            _ => logged_in == 1,
        };
        if !fits && logged_in == 0 {
            case.missing(id::ACC_5, restarts, "one LOGGED_IN must come of it");
        } else if !fits || case.events.statuses.len() != logged_in + created {
            case.wrong(id::ACC_5, "one LOGGED_IN and no LOGGED_OUT may come of it");
        }
        known.wrong = 0;
        if passed {
            // None was left, or the answer would have been another one.
            known.sessions.clear();
            known.maybe_more = false;
        } else if let Some(at) = known.own(of) {
            known.sessions.remove(at);
        }
        known.sessions.push(Session {
            id: of.session,
            issuer: of.issuer,
            moved: None,
            unsure: false,
            announced: logged_in > 0,
            restarts,
        });
    }

    fn refused(
        &mut self,
        case: &mut Case<'_>,
        (complete, elsewhere): (bool, bool),
        ((_, name, password), account, code): (Attempt, u32, ErrorCode),
    ) {
        let known = self.named(name).next().map(|(_, known)| known.restarts);
        let only = self.only(name);
        let same = only.and_then(|(_, known)| known.password.same(password));
        let unknown = complete && known.is_none();
        let foreign = if elsewhere { id::COM_6 } else { id::ACC_4 };
        match code {
            ErrorCode::NotRegistered => {
                if let Some(since) = known {
                    case.missing(id::ACC_4, since, "the name is registered");
                }
                if account != 0 {
                    case.wrong(id::ACC_4, "an unknown account has id 0");
                }
            }
            ErrorCode::AlreadyLoggedIn if unknown => {
                case.wrong(foreign, "there is no account of this name");
            }
            ErrorCode::AlreadyLoggedIn
                if !self.unclear && only.is_some_and(|(_, known)| known.is_idle()) =>
            {
                case.wrong(id::ACC_4, "the account has no session");
            }
            ErrorCode::IncorrectPassword if unknown => {
                case.wrong(foreign, "there is no account of this name");
            }
            ErrorCode::IncorrectPassword if same == Some(true) => {
                case.wrong(id::ACC_4, "the password is the account's");
            }
            ErrorCode::TooManyAttempts => {
                case.held(id::ACC_6);
                let none = only.is_some_and(|(_, known)| known.wrong == 0);
                if none && !self.unclear {
                    case.wrong(id::ACC_6, "no wrong password came before it");
                }
            }
            _ => {}
        }
        if code == ErrorCode::IncorrectPassword {
            for at in 0..self.ids(name).len() {
                let account = self.ids(name)[at];
                if let Some(known) = self.accounts.get_mut(&account) {
                    known.wrong += 1;
                }
            }
        }
    }
}
