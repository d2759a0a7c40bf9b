//! Accounts and their sessions.

use super::attempt::Order;
use crate::message::VirtualTime;
use crate::message::typed::{Id, Secret};
use crate::service::support::refused;
use crate::service::{Changing, Cx, Map, Reject, Set};

/// The accounts of a tenant.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct State {
    pub(super) automatic_registration: bool,
    /// The order of the checks of a login, as far as it has shown.
    pub(super) order: Order,
    holders: Map<u32, Holder>,
    /// Oldest first; a name has more than one account only where a taken name was accepted.
    by_name: Map<Box<str>, Vec<u32>>,
    /// When sessions in transition end, and whose.
    pub(super) transitions: Set<(VirtualTime, u32)>,
}

/// One account.
#[derive(Clone, Debug, Hash)]
pub(super) struct Holder {
    pub(super) name: Box<str>,
    pub(super) password: Secret<'static>,
    pub(super) licence: bool,
    pub(super) sessions: Vec<Session>,
    /// Wrong passwords in a row.
    pub(super) wrong_passwords: u32,
    /// Unix seconds.
    pub(super) locked_until: Option<i64>,
}

/// One session of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Session {
    pub(super) id: Id,
    pub(super) issuer: Issuer,
    /// When it ends, for a session in transition.
    pub(super) transition: Option<VirtualTime>,
    /// Whether LOGGED_IN has been emitted for it.
    pub(super) announced: bool,
}

/// Who asked for a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Issuer {
    Internal,
    Login,
    Channel,
    Other(Box<str>),
}

impl Issuer {
    pub(super) fn of(text: &str) -> Self {
        match text {
            "INTERNAL" => Self::Internal,
            "LOGIN" => Self::Login,
            "CHANNEL" => Self::Channel,
            other => Self::Other(other.into()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Internal => "INTERNAL",
            Self::Login => "LOGIN",
            Self::Channel => "CHANNEL",
            Self::Other(other) => other,
        }
    }
}

impl Session {
    /// 1 logged in, 2 in transition.
    pub(super) fn state(&self) -> u8 {
        if self.transition.is_some() { 2 } else { 1 }
    }
}

impl Holder {
    pub(super) fn new(name: &str, password: Secret<'static>) -> Self {
        Self {
            name: name.into(),
            password,
            licence: false,
            sessions: Vec::new(),
            wrong_passwords: 0,
            locked_until: None,
        }
    }

    /// The place of a session.
    pub(super) fn session(&self, id: Id, issuer: &Issuer) -> Option<usize> {
        self.sessions.iter().position(|session| session.id == id && session.issuer == *issuer)
    }

    /// Whether a session in state 1 remains, besides the one at `but`.
    pub(super) fn is_active_besides(&self, but: Option<usize>) -> bool {
        let mut others = self.sessions.iter().enumerate().filter(|(at, _)| Some(*at) != but);
        others.any(|(_, session)| session.transition.is_none())
    }
}

impl State {
    /// The id of a new account, which the tenant never had (accounts are never removed).
    pub(super) fn new_id(&self, cx: &mut Cx<'_>) -> Result<u32, Reject> {
        let account_id = cx.assign_id(self.next_id()?);
        if account_id == 0 || self.holders.contains_key(&account_id) {
            return refused(format!("the id {account_id} is not free"));
        }
        Ok(account_id)
    }

    pub(super) fn next_id(&self) -> Result<u32, Reject> {
        let last = self.holders.last().map_or(0, |(account_id, _)| *account_id);
        last.checked_add(1).map_or_else(|| refused("no account id is left"), Ok)
    }

    /// Adds an account under an id of its own.
    pub(super) fn add(&mut self, account_id: u32, holder: Holder) {
        let mut named = self.named(&holder.name).to_vec();
        named.push(account_id);
        self.by_name.insert(holder.name.clone(), named);
        self.holders.insert(account_id, holder);
    }

    pub(super) fn find(&self, account_id: u32) -> Option<&Holder> {
        self.holders.get(&account_id)
    }

    /// An account that is known to exist.
    pub(super) fn get(&self, account_id: u32) -> &Holder {
        self.find(account_id).expect("accounts are never removed")
    }

    /// An account that is known to exist.
    pub(super) fn get_mut(&mut self, account_id: u32) -> Changing<'_, u32, Holder> {
        self.holders.get_mut(&account_id).expect("accounts are never removed")
    }

    /// All accounts of a name, oldest first.
    pub(super) fn named(&self, name: &str) -> &[u32] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn first_named(&self, name: &str) -> Option<(u32, &Holder)> {
        let account_id = *self.named(name).first()?;
        Some((account_id, self.get(account_id)))
    }

    /// Forgets when sessions of an account were to end that have ended or moved on.
    pub(super) fn settle_transitions(&mut self, account_id: u32, ended: &[Session]) {
        for session in ended {
            if let Some(at) = session.transition {
                let same = |other: &Session| other.transition == Some(at);
                if !self.get(account_id).sessions.iter().any(same) {
                    self.transitions.remove(&(at, account_id));
                }
            }
        }
    }
}
