//! Whether anything is in hand, and when something will be.

use std::collections::BTreeMap;

use super::slot::{Part, Slot};
use super::stage::Stage;
use crate::message::VirtualTime;
use crate::service::Service;

impl Stage {
    /// Whether nothing is in hand, when topics end at `ends`: every service that is up is done with
    /// every record, no event is unsent and no timer due. What is held back, and what waits for a
    /// restart, waits for the clock.
    pub(super) fn is_quiet(&self, ends: &BTreeMap<Part, u64>, now: VirtualTime) -> bool {
        self.failed.is_none() && self.slots.iter().all(|slot| self.is_idle(slot, ends, now))
    }

    fn is_idle(&self, slot: &Slot, ends: &BTreeMap<Part, u64>, now: VirtualTime) -> bool {
        if let Some(until) = slot.down_until {
            return until > now;
        }
        let reads = self.contracts.consumed_by(&slot.name).unwrap_or_default();
        let is_done = |(part, end): (&Part, &u64)| {
            let done = slot.committed.get(part).copied().unwrap_or_default();
            let is_held = slot.held.get(part).is_some_and(|until| *until > now);
            !reads.contains(&part.0) || done >= *end || is_held
        };
        slot.plans.is_empty() && slot.timers.due(now).is_none() && ends.iter().all(is_done)
    }

    /// The first moment after now at which a timer is due, a service starts again, or a record is
    /// not held back any longer.
    pub(super) fn next_moment(&self, now: VirtualTime) -> Option<VirtualTime> {
        let up = self.slots.iter().filter(|slot| slot.down_until.is_none());
        let timers = up.filter_map(|slot| slot.timers.first());
        timers.filter(|at| *at > now).chain(self.next_release(now)).min()
    }

    /// As [`Stage::next_moment`], without timers.
    pub(super) fn next_release(&self, now: VirtualTime) -> Option<VirtualTime> {
        let held = self.slots.iter().flat_map(|slot| slot.held.values().copied());
        let down = self.slots.iter().filter_map(|slot| slot.down_until);
        held.chain(down).filter(|at| *at > now).min()
    }

    /// Has all services start over, as if nothing had happened but that topics were read so far.
    pub(super) fn start_over(
        &mut self,
        services: Vec<Box<dyn Service>>,
    ) -> Result<(), super::HostError> {
        self.faults.clear();
        for (at, service) in services.into_iter().enumerate() {
            let slot = &mut self.slots[at];
            slot.held.clear();
            slot.store.forget();
            slot.next_event = 0;
            slot.plans.clear();
            let handled = std::mem::take(&mut slot.handled);
            let done = std::mem::take(&mut slot.done);
            self.wake(at, service)?;
            (self.slots[at].handled, self.slots[at].done) = (handled, done);
        }
        Ok(())
    }
}
