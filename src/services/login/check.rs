//! Connections by what is announced of them: LOG-1 to LOG-9, LOG-11.
//!
//! A connection shows first when its credentials are sent on; one that leaves unbound may leave no
//! trace at all. So what must come of an answer is only known while no client has left silently.

use uuid::Uuid;

use crate::rule::RuleId;
use crate::services::atlas::check::Checker;
use crate::services::atlas::check::fact::{Answer, Fact, SessionAsk, SessionOf, Sym};
use crate::services::atlas::check::handling::{Course, Handling, Input, Stimulus};
use crate::services::atlas::check::map::FxMap;
use crate::services::atlas::check::out::Out;
use crate::services::atlas::check::view::{ByTenant, Role, TenantIx, View};
use crate::services::id;
use crate::services::login::messages::ClientSessionType;

pub(in crate::services) const RULES: &[RuleId] = &[
    id::LOG_1,
    id::LOG_2,
    id::LOG_3,
    id::LOG_4,
    id::LOG_5,
    id::LOG_6,
    id::LOG_7,
    id::LOG_8,
    id::LOG_9,
    id::LOG_11,
    id::COM_4,
    id::COM_10,
    id::COM_5,
    id::COM_6,
];

#[derive(Debug, Default)]
pub(in crate::services) struct Login {
    tenants: ByTenant<FxMap<Uuid, Known>>,
    /// Clients that connected, and clients that left without an event.
    connected: u32,
    left_silently: u32,
}

/// A connection that was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    bound: Option<u32>,
    /// The licence was asked for, and CREATED not announced.
    waits: bool,
    gone: bool,
    left_silently: u32,
    restarts: u32,
}

fn wrong(view: View<'_>, handling: &Handling, rule: RuleId, what: &str, out: &mut Out) {
    let input = handling.record();
    let input = input.map_or_else(|| "a client of login".to_owned(), |record| view.name(record));
    let message = format!("{input} caused {}: {what}", view.names(&handling.events));
    out.violation(rule, handling.records(), message);
}

/// The session and account of an event `session.status`, by LOGIN and of this kind.
fn client(
    view: View<'_>,
    handling: &Handling,
    at: usize,
    of: ClientSessionType,
) -> Option<(Uuid, u32)> {
    match view.fact(*handling.events.get(at)?) {
        Fact::Client { session, account, kind, issuer: Sym::LOGIN } if kind == of => {
            Some((session, account))
        }
        _ => None,
    }
}

/// The command of an event, by LOGIN.
fn command(view: View<'_>, handling: &Handling, at: usize) -> Option<(SessionOf, SessionAsk)> {
    match view.fact(*handling.events.get(at)?) {
        Fact::Session(of, ask) if of.issuer == Sym::LOGIN => Some((of, ask)),
        _ => None,
    }
}

impl Login {
    /// CREATED or the licence question for a session.
    fn welcomed(
        &mut self,
        (view, handling, tenant): (View<'_>, &Handling, TenantIx),
        (session, account, answer): (Uuid, u32, Answer),
        out: &mut Out,
    ) {
        let of_other = |known: &FxMap<Uuid, Known>| known.contains_key(&session);
        let elsewhere = self.tenants.others(tenant).any(of_other);
        let (connected, left) = (self.connected, self.left_silently);
        let known = self.tenants.of(tenant).get_mut(&session);
        let rule = if answer == Answer::Created { id::LOG_2 } else { id::LOG_3 };
        let gone = known.as_ref().map_or(connected == 0 || elsewhere, |known| known.gone);
        if gone {
            out.held(id::LOG_11);
            if !handling.events.is_empty() {
                let rule = if elsewhere && known.is_none() { id::COM_6 } else { id::LOG_11 };
                wrong(view, handling, rule, "the session is not connected", out);
            }
            return;
        }
        out.held(rule);
        let must = known.as_ref().is_some_and(|known| {
            let here = known.left_silently == left && known.restarts == handling.restarts;
            answer == Answer::Created && here && known.bound.is_none()
        });
        let created = client(view, handling, 0, ClientSessionType::Created);
        match (handling.events.len(), created) {
            (0, _) if must => {
                let rule = handling.blames(view, rule, handling.restarts);
                wrong(view, handling, rule, "one session event CREATED must come of it", out);
            }
            (0, _) => {}
            (1, Some(created)) if created == (session, account) => {}
            _ => wrong(view, handling, rule, "one session event CREATED may come of it", out),
        }
        let silent = handling.events.is_empty();
        let sessions = self.tenants.of(tenant);
        if silent && !sessions.contains_key(&session) {
            return;
        }
        let known = sessions.entry(session).or_default();
        known.bound = Some(account);
        known.waits = silent && answer == Answer::Licence;
    }

    /// An input from which nothing may come.
    fn silent(view: View<'_>, handling: &Handling, rule: RuleId, out: &mut Out) {
        out.held(rule);
        if !handling.events.is_empty() {
            wrong(view, handling, rule, "nothing may come of it", out);
        }
    }

    fn stimulus(&mut self, view: View<'_>, handling: &Handling, of: Stimulus, out: &mut Out) {
        let count = handling.events.len();
        let tenant = handling.events.first().and_then(|event| view.tenant(*event));
        match (of, tenant) {
            (Stimulus::Connect, None) => self.connected += 1,
            (Stimulus::Disconnect, None) => self.left_silently += 1,
            (_, None) => {}
            (Stimulus::Credentials, Some(tenant)) => match command(view, handling, 0) {
                Some((of, SessionAsk::Create { .. })) if count == 1 => {
                    out.held(id::LOG_1);
                    let known = Known {
                        left_silently: self.left_silently,
                        restarts: handling.restarts,
                        ..Known::default()
                    };
                    self.tenants.of(tenant).entry(of.session).or_insert(known);
                }
                _ => wrong(view, handling, id::LOG_1, "one CREATE by LOGIN may come", out),
            },
            (Stimulus::SelectCharacter, Some(tenant)) => {
                out.held(id::LOG_8);
                let right = match command(view, handling, 0) {
                    Some((of, SessionAsk::Progress { state: 2, .. })) => {
                        let known = self.tenants.of(tenant).get(&of.session);
                        known.is_none_or(|known| known.bound.is_none_or(|to| to == of.account))
                    }
                    _ => false,
                };
                if !right || count != 1 {
                    let what = "one PROGRESS_STATE 2 by LOGIN for its account may come";
                    wrong(view, handling, id::LOG_8, what, out);
                }
            }
            (Stimulus::AcceptLicence, Some(tenant)) => {
                let created = client(view, handling, 0, ClientSessionType::Created);
                let known =
                    created.and_then(|(session, _)| self.tenants.of(tenant).get_mut(&session));
                let waits = known.is_none_or(|known| std::mem::take(&mut known.waits));
                if count != 1 || created.is_none() || !waits {
                    let what = "one CREATED may come, if it was not announced before";
                    wrong(view, handling, id::LOG_3, what, out);
                }
            }
            (Stimulus::Disconnect, Some(tenant)) => self.left(view, (handling, tenant), out),
            (Stimulus::Connect | Stimulus::Other, Some(_)) => {
                wrong(view, handling, id::LOG_1, "nothing may come", out);
            }
        }
    }

    fn left(&mut self, view: View<'_>, (handling, tenant): (&Handling, TenantIx), out: &mut Out) {
        out.held(id::LOG_9);
        let logout = |at| match command(view, handling, at) {
            Some((of, SessionAsk::Logout)) => Some((of.session, of.account)),
            _ => None,
        };
        let gone = |at| client(view, handling, at, ClientSessionType::Destroyed);
        let (logout, gone) = (logout(0).or_else(|| logout(1)), gone(0).or_else(|| gone(1)));
        if handling.events.len() != 2 || logout.is_none() || logout != gone {
            let what = "LOGOUT and DESTROYED of one session, one each, must come";
            wrong(view, handling, id::LOG_9, what, out);
        }
        for (session, account) in logout.into_iter().chain(gone) {
            let known = self.tenants.of(tenant).entry(session).or_default();
            known.gone = true;
            if known.bound.is_some_and(|bound| bound != account) {
                wrong(view, handling, id::LOG_9, "the session is of another account", out);
                known.bound = None;
            }
        }
    }
}

impl Checker for Login {
    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        if handling.role != Role::Login || handling.course == Course::Apart {
            return;
        }
        match (handling.input, handling.fact, handling.tenant) {
            (Input::Stimulus(stimulus), ..) => self.stimulus(view, handling, stimulus, out),
            (_, _, None) => {}
            (_, _, Some(tenant)) if handling.course == Course::Unclear => {
                self.tenants.of(tenant).clear();
            }
            (_, Fact::Answer { session, account, answer }, Some(tenant)) => match answer {
                Answer::Created | Answer::Licence => {
                    self.welcomed((view, handling, tenant), (session, account, answer), out);
                }
                Answer::Error(_) => Self::silent(view, handling, id::LOG_4, out),
                Answer::Changed { .. } => Self::silent(view, handling, id::LOG_5, out),
            },
            (_, Fact::AccountStatus { .. }, _) => Self::silent(view, handling, id::LOG_6, out),
            (_, Fact::Seed, _) => Self::silent(view, handling, id::LOG_7, out),
            _ => {}
        }
    }

    fn clear(&mut self) {
        self.tenants.clear();
        self.connected = 0;
        self.left_silently = 0;
    }
}
