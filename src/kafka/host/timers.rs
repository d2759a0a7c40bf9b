//! The timers of one service.

use std::collections::{BTreeMap, BTreeSet};

use crate::message::{Headers, Tenant, VirtualTime};
use crate::service::{Timer, TimerChange};

type Owner = (Tenant, String);

/// Armed timers, each with the headers of what set it: its effects belong to the same trace.
#[derive(Debug, Default)]
pub(super) struct Timers {
    armed: BTreeMap<Owner, (VirtualTime, Headers)>,
    by_time: BTreeSet<(VirtualTime, Owner)>,
}

impl Timers {
    /// Carries out one change; a moment in the past means now.
    pub(super) fn change(
        &mut self,
        tenant: &Tenant,
        change: TimerChange,
        (now, cause): (VirtualTime, &Headers),
    ) {
        let (name, at) = match change {
            TimerChange::Set(name, at) => (name, Some(at.max(now))),
            TimerChange::Cancel(name) => (name, None),
        };
        self.take(tenant, &name);
        if let Some(at) = at {
            let owner = (tenant.clone(), name);
            self.by_time.insert((at, owner.clone()));
            self.armed.insert(owner, (at, cause.clone()));
        }
    }

    /// Takes a timer out, to fire it or to forget it.
    pub(super) fn take(&mut self, tenant: &Tenant, name: &str) -> Option<(Timer, Headers)> {
        let owner = (tenant.clone(), name.to_owned());
        let (at, cause) = self.armed.remove(&owner)?;
        self.by_time.remove(&(at, owner.clone()));
        let (tenant, name) = owner;
        Some((Timer { name, tenant, at }, cause))
    }

    /// The first timer that is due.
    pub(super) fn due(&self, now: VirtualTime) -> Option<(Tenant, String)> {
        let (_, owner) = self.by_time.first().filter(|(at, _)| *at <= now)?;
        Some(owner.clone())
    }

    /// When the first timer is due.
    pub(super) fn first(&self) -> Option<VirtualTime> {
        self.by_time.first().map(|(at, _)| *at)
    }
}
