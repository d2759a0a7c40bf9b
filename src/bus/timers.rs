//! Timers that services have set. They are kept with the state, so a crash loses none.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::ServiceIx;
use crate::message::{Headers, Tenant, VirtualTime};
use crate::service::{Timer, TimerChange};

/// A timer and what it was set for.
pub(super) struct ArmedTimer {
    pub(super) service: ServiceIx,
    pub(super) timer: Timer,
    /// The headers of what set it: its effects belong to the same trace.
    pub(super) cause: Headers,
}

type Owner = (ServiceIx, Tenant, String);

#[derive(Default)]
pub(super) struct Timers {
    armed: BTreeMap<u32, ArmedTimer>,
    by_owner: BTreeMap<Owner, u32>,
    by_time: BTreeSet<(VirtualTime, u32)>,
    /// Names for choices, by the timer's number; never shortened.
    pub(super) names: Vec<String>,
}

impl Timers {
    /// Carries out one change; a moment in the past means now.
    pub(super) fn change(
        &mut self,
        (service, tenant): (ServiceIx, &Tenant),
        change: TimerChange,
        now: VirtualTime,
        cause: &Headers,
    ) {
        let (name, at) = match change {
            TimerChange::Set(name, at) => (name, Some(at.max(now))),
            TimerChange::Cancel(name) => (name, None),
        };
        let owner = (service, tenant.clone(), name);
        if let Some(id) = self.by_owner.get(&owner).copied() {
            self.take(id);
        }
        let Some(at) = at else { return };
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let (_, tenant, name) = owner.clone();
        self.names.push(format!("{name} of {tenant}"));
        self.by_owner.insert(owner, id);
        self.by_time.insert((at, id));
        let timer = Timer { name, tenant, at };
        self.armed.insert(id, ArmedTimer { service, timer, cause: cause.clone() });
    }

    /// Takes a timer out, to fire it or to forget it.
    pub(super) fn take(&mut self, id: u32) -> Option<ArmedTimer> {
        let armed = self.armed.remove(&id)?;
        self.by_time.remove(&(armed.timer.at, id));
        let owner = (armed.service, armed.timer.tenant.clone(), armed.timer.name.clone());
        self.by_owner.remove(&owner);
        Some(armed)
    }

    /// The timers that are due, oldest first.
    pub(super) fn due(&self, now: VirtualTime) -> impl Iterator<Item = (u32, ServiceIx)> {
        let due = self.by_time.iter().take_while(move |(at, _)| *at <= now);
        due.filter_map(|(_, id)| Some((*id, self.armed.get(id)?.service)))
    }

    /// When the first timer after `now` is due.
    pub(super) fn next_after(&self, now: VirtualTime) -> Option<VirtualTime> {
        let later = (std::ops::Bound::Excluded((now, u32::MAX)), std::ops::Bound::Unbounded);
        self.by_time.range(later).next().map(|(at, _)| *at)
    }
}
