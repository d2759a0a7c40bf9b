//! Whether anything is in hand, and when something will be.

use std::collections::BTreeMap;

use super::slot::{Part, Slot};
use super::stage::Stage;
use crate::message::VirtualTime;

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
            let done = slot.done.get(part).map_or(0, super::window::Window::low);
            let is_held = slot.held.get(part).is_some_and(|until| *until > now);
            !reads.contains(&part.0) || done >= *end || is_held
        };
        slot.plans.is_empty() && slot.timers.due(now).is_none() && ends.iter().all(is_done)
    }

    /// The first moment after now at which a timer is due, a service starts again, or a record is
    /// not held back any longer.
    pub(super) fn next_moment(&self, now: VirtualTime) -> Option<VirtualTime> {
        let of_slot = |slot: &Slot| {
            let timer = slot.timers.first().filter(|_| slot.down_until.is_none());
            let held = slot.held.values().copied().filter(|until| *until > now).min();
            let down = slot.down_until;
            [timer, held, down].into_iter().flatten().filter(|at| *at > now).min()
        };
        self.slots.iter().filter_map(of_slot).min()
    }
}
