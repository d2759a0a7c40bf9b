//! What is known of a tenant's accounts and sessions.

use std::time::Duration;

use smallvec::SmallVec;
use uuid::Uuid;

use crate::message::VirtualTime;
use crate::services::atlas::check::fact::{Password, SessionOf, Sym};
use crate::services::atlas::check::map::FxMap;
use crate::services::atlas::check::view::Reset;

/// Before this, a session in transition has not ended by itself.
const TRANSITION: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) accounts: FxMap<u32, Known>,
    by_name: FxMap<Sym, SmallVec<[u32; 2]>>,
    /// Something was handled of which nothing is known.
    pub(super) unclear: bool,
}

/// An account.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: Sym,
    pub(super) password: Password,
    pub(super) sessions: SmallVec<[Session; 2]>,
    /// It may have more sessions, in transition.
    pub(super) maybe_more: bool,
    /// Wrong passwords since the last session.
    pub(super) wrong: u32,
    pub(super) restarts: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) issuer: Sym,
    pub(super) moved: Option<VirtualTime>,
    /// Whether it may have ended.
    pub(super) unsure: bool,
    /// Whether LOGGED_IN was emitted for it.
    pub(super) announced: bool,
    pub(super) restarts: u32,
}

/// What is certain of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Firm {
    /// It is in state 1.
    Active,
    /// It is in state 2.
    Moving,
    /// It is in state 2, or has ended.
    Unsure,
}

impl Session {
    pub(super) fn firm(&self, now: VirtualTime) -> Firm {
        match self.moved {
            _ if self.unsure => Firm::Unsure,
            None => Firm::Active,
            Some(moved) if now < moved.after(TRANSITION) => Firm::Moving,
            Some(_) => Firm::Unsure,
        }
    }
}

impl Known {
    pub(super) fn new(name: Sym, password: Password, restarts: u32) -> Self {
        Self { name, password, sessions: SmallVec::new(), maybe_more: false, wrong: 0, restarts }
    }

    /// The place of a session.
    pub(super) fn own(&self, of: SessionOf) -> Option<usize> {
        let same = |session: &Session| session.id == of.session && session.issuer == of.issuer;
        self.sessions.iter().position(same)
    }

    /// A session in state 1, besides the one at `but`.
    pub(super) fn active_besides(&self, but: Option<usize>, now: VirtualTime) -> Option<&Session> {
        let mut others = self.sessions.iter().enumerate();
        let found =
            others.find(|(at, session)| Some(*at) != but && session.firm(now) == Firm::Active);
        found.map(|(_, session)| session)
    }

    /// A session that certainly exists.
    pub(super) fn certain(&self, now: VirtualTime) -> Option<&Session> {
        self.sessions.iter().find(|session| session.firm(now) != Firm::Unsure)
    }

    /// Whether it certainly has no session.
    pub(super) fn is_idle(&self) -> bool {
        self.sessions.is_empty() && !self.maybe_more
    }
}

impl Reset for State {
    fn reset(&mut self) {
        self.accounts.clear();
        self.by_name.clear();
        self.unclear = false;
    }
}

impl State {
    /// Adds an account, or forgets what was known of one of this id.
    pub(super) fn add(&mut self, account: u32, known: Known) {
        let name = known.name;
        if let Some(other) = self.accounts.insert(account, known)
            && let Some(named) = self.by_name.get_mut(&other.name)
        {
            named.retain(|named| *named != account);
        }
        self.by_name.entry(name).or_default().push(account);
    }

    /// The ids of the accounts of a name.
    pub(super) fn ids(&self, name: Sym) -> &[u32] {
        self.by_name.get(&name).map(SmallVec::as_slice).unwrap_or_default()
    }

    /// The accounts of a name.
    pub(super) fn named(&self, name: Sym) -> impl Iterator<Item = (u32, &Known)> {
        let ids = self.ids(name).iter();
        ids.filter_map(|id| Some((*id, self.accounts.get(id)?)))
    }

    /// The only account of a name.
    pub(super) fn only(&self, name: Sym) -> Option<(u32, &Known)> {
        let mut named = self.named(name);
        named.next().filter(|_| named.next().is_none())
    }
}
