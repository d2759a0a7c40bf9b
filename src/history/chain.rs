//! The hash chain, and where two runs that should agree part.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::{Event, History, Placed};
use crate::message::{Payload, VirtualTime};

/// The hash of an entry: its content (with that of a record it appends) and the hash before it.
pub(super) fn next(head: u64, at: VirtualTime, event: &Event, records: &[Placed]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(head);
    at.hash(&mut hasher);
    event.hash(&mut hasher);
    if let Event::Sent { record } | Event::Emitted { record, .. } = event {
        let placed = &records[record.at()];
        hasher.write_u16(placed.channel.0);
        hasher.write_u32(placed.partition.0);
        hasher.write_u64(placed.offset.0);
        hasher.write(placed.record.key.as_deref().unwrap_or(b"\xffnull"));
        hasher.write_u64(placed.record.headers.content_hash());
        hasher.write_u128(placed.record.value.as_ref().map_or(0, Payload::content_hash));
    }
    hasher.finish()
}

/// The first entry in which two histories differ; `None` on a side that had ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The index of the entry.
    pub step: usize,
    /// What the first run did there.
    pub first: Option<String>,
    /// What the second run did there.
    pub second: Option<String>,
}

impl History {
    /// Compares two runs that should be the same, step for step.
    #[must_use]
    pub fn divergence(&self, other: &History) -> Option<Divergence> {
        let record = |side: &Self, event: &Event| match event {
            Event::Sent { record } | Event::Emitted { record, .. } => {
                let Placed { channel, partition, offset, record, .. } = side.record(*record);
                Some((*channel, *partition, *offset, record.clone()))
            }
            _ => None,
        };
        let same = |(a, b): &(&super::Entry, &super::Entry)| {
            (a.at, &a.event) == (b.at, &b.event)
                && record(self, &a.event) == record(other, &b.event)
        };
        let step = self.entries.iter().zip(&other.entries).take_while(same).count();
        if step == self.entries.len() && step == other.entries.len() {
            return None;
        }
        let show = |side: &History| side.entries.get(step).map(|entry| side.describe(entry));
        Some(Divergence { step, first: show(self), second: show(other) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Event, History, ServiceIx};
    use crate::message::VirtualTime;

    fn history(services: &[u16]) -> History {
        let names = vec!["ban".to_owned(), "account".to_owned()];
        let mut history = History::new(Arc::default(), names);
        for service in services {
            let event = Event::Crashed { service: ServiceIx(*service) };
            history.push(VirtualTime::ZERO, event);
        }
        history
    }

    #[test]
    fn the_first_difference_is_shown_from_both_sides() {
        let (a, b) = (history(&[0, 0, 1]), history(&[0, 1, 1]));
        let divergence = a.divergence(&b).expect("they differ");
        assert_eq!(divergence.step, 1);
        assert!(divergence.first.unwrap().contains("ban"));
        assert!(divergence.second.unwrap().contains("account"));
        assert_eq!(a.divergence(&a.clone()), None);
        assert_eq!(a.divergence(&history(&[0, 0])).unwrap().second, None);
        assert_ne!(a.head(), b.head());
    }
}
