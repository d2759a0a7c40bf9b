//! Partitions merged into one order: that of time, as far as clocks tell it, and of causes.
//!
//! What always holds: a partition keeps its order; a record comes behind the record that caused it,
//! where its trace id names one, whatever their timestamps say. Clocks are believed up to an
//! allowance: events that lie less than that before a command come behind it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::times::MOST_SKEW_MS;
use super::{Place, Writers};
use crate::message::ChannelIx;

/// So many causes that have gone through are remembered, or twice as many.
const MOST_REMEMBERED: usize = 100_000;

/// A record that waits for its turn.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    /// When it was written, in milliseconds of Unix time; not before the one in front of it.
    pub(super) at_ms: i64,
    pub(super) trace: Option<u128>,
    pub(super) item: T,
}

/// Partitions that are being merged.
#[derive(Debug)]
pub(super) struct Merge<T> {
    writers: Arc<Writers>,
    lines: BTreeMap<Place, VecDeque<Waiting<T>>>,
    /// The first of each line: when it is its turn, its rank, and its line.
    heads: BTreeSet<(i64, u8, Place)>,
    /// The possible causes that wait, by trace: where, and when they were written.
    causes: FxHashMap<u128, Vec<(Place, i64)>>,
    /// Those that have gone through, by trace and channel: the latest and those before.
    gone: [FxHashSet<(u128, ChannelIx)>; 2],
    /// Clocks are believed up to this, in milliseconds.
    allowance_ms: i64,
    /// By how much an event was stamped before its cause, at most.
    proven_ms: i64,
}

impl<T> Merge<T> {
    pub(super) fn new(writers: Arc<Writers>, allowance_ms: i64) -> Self {
        Self {
            writers,
            lines: BTreeMap::new(),
            heads: BTreeSet::new(),
            causes: FxHashMap::default(),
            gone: [FxHashSet::default(), FxHashSet::default()],
            allowance_ms,
            proven_ms: 0,
        }
    }

    /// By how much an event was stamped before its cause, at most, in milliseconds.
    pub(super) fn proven_ms(&self) -> i64 {
        self.proven_ms
    }

    /// Up to how many milliseconds clocks are believed to differ.
    pub(super) fn allowance_ms(&self) -> i64 {
        self.allowance_ms.max(self.proven_ms)
    }

    pub(super) fn push(&mut self, place: Place, waiting: Waiting<T>) {
        if let Some(trace) = waiting.trace.filter(|_| self.writers.is_read(place.0)) {
            self.causes.entry(trace).or_default().push((place, waiting.at_ms));
        }
        let line = self.lines.entry(place).or_default();
        line.push_back(waiting);
        if line.len() == 1 {
            let head = self.head_of(place);
            self.heads.extend(head);
        }
    }

    /// When it is the turn of the first record, in milliseconds of Unix time, and the record.
    pub(super) fn first(&self) -> Option<(i64, &Waiting<T>)> {
        let (key, _, place) = self.heads.first()?;
        Some((*key, self.lines.get(place)?.front()?))
    }

    /// Changes when the last record of a partition was written, or what is kept of it, if it still
    /// waits; whether it does.
    pub(super) fn amend_last(
        &mut self,
        place: Place,
        change: impl FnOnce(&mut i64, &mut T),
    ) -> bool {
        let head = self.head_of(place);
        let last = self.lines.get_mut(&place).and_then(VecDeque::back_mut);
        let Some(Waiting { at_ms, item, .. }) = last else { return false };
        change(at_ms, item);
        if let Some(head) = head {
            self.heads.remove(&head);
        }
        let head = self.head_of(place);
        self.heads.extend(head);
        true
    }

    /// The next record: the first, or what it waits for.
    pub(super) fn pop(&mut self) -> Option<Waiting<T>> {
        let first = self.heads.first()?.2;
        let place = self.next_from(first);
        let head = self.head_of(place);
        let waiting = self.lines.get_mut(&place)?.pop_front()?;
        if let Some(head) = head {
            self.heads.remove(&head);
        }
        let next = self.head_of(place);
        self.heads.extend(next);
        self.went((place, &waiting));
        Some(waiting)
    }

    fn head_of(&self, place: Place) -> Option<(i64, u8, Place)> {
        let at_ms = self.lines.get(&place)?.front()?.at_ms;
        let rank = self.writers.rank(place.0);
        let key = at_ms.saturating_add(i64::from(rank).saturating_mul(self.allowance_ms()));
        Some((key, rank, place))
    }

    /// The line whose first record is next: this one's, unless that waits for its cause, which may
    /// wait for another. Causes rank lower, so that this ends.
    fn next_from(&mut self, mut place: Place) -> Place {
        while let Some((cause, by_ms)) = self.awaited(place) {
            if by_ms > self.proven_ms && by_ms < MOST_SKEW_MS.max(self.allowance_ms) {
                self.proven_ms = by_ms;
                self.order_heads();
            }
            place = cause;
        }
        place
    }

    fn order_heads(&mut self) {
        let places: Vec<_> = self.lines.keys().copied().collect();
        self.heads = places.into_iter().filter_map(|place| self.head_of(place)).collect();
    }

    /// Where the cause of a line's first record waits, and by how much that is stamped later; none
    /// where a cause has gone through already, or there is none.
    fn awaited(&self, place: Place) -> Option<(Place, i64)> {
        let front = self.lines.get(&place)?.front()?;
        let trace = front.trace?;
        let waiting = self.causes.get(&trace)?;
        let causes = self.writers.causes(place.0);
        if causes.iter().any(|cause| self.gone.iter().any(|gone| gone.contains(&(trace, *cause)))) {
            return None;
        }
        let mut waiting: Vec<_> = waiting
            .iter()
            .filter(|(other, _)| *other != place && causes.contains(&other.0))
            .collect();
        waiting.sort_by_key(|(_, at_ms)| *at_ms);
        waiting.first().map(|(other, at_ms)| (*other, at_ms.saturating_sub(front.at_ms)))
    }

    /// Notes that a record has gone through.
    fn went(&mut self, (place, waiting): (Place, &Waiting<T>)) {
        let Some(trace) = waiting.trace.filter(|_| self.writers.is_read(place.0)) else { return };
        if let Some(all) = self.causes.get_mut(&trace) {
            if let Some(at) = all.iter().position(|(other, _)| *other == place) {
                all.remove(at);
            }
            if all.is_empty() {
                self.causes.remove(&trace);
            }
        }
        if self.gone[0].len() >= MOST_REMEMBERED {
            self.gone.swap(0, 1);
            self.gone[0].clear();
        }
        self.gone[0].insert((trace, place.0));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Merge, Waiting};
    use crate::contract::Contracts;
    use crate::message::Partition;
    use crate::verify::traffic::Writers;

    fn order(records: &[(&str, u32, i64, Option<u128>)]) -> (Vec<usize>, i64) {
        let contracts = Contracts::builtin();
        let services: Vec<_> =
            contracts.contracts().iter().map(|one| one.service.clone()).collect();
        let mut merge = Merge::new(Arc::new(Writers::new(&contracts, &services)), 20);
        for (item, (channel, partition, at_ms, trace)) in records.iter().enumerate() {
            let place = (contracts.channel_ix(channel).unwrap(), Partition(*partition));
            merge.push(place, Waiting { at_ms: *at_ms, trace: *trace, item });
        }
        let order = std::iter::from_fn(|| merge.pop()).map(|one| one.item).collect();
        (order, merge.proven_ms())
    }

    #[test]
    fn a_cause_comes_first_whatever_clocks_say() {
        let records = [
            ("ban.status", 0, 0, Some(1)),
            ("ban.command", 0, 10, Some(7)),
            ("ban.command", 0, 90, Some(1)),
            // Nothing says what caused it, and clocks were seen to differ.
            ("ban.status", 1, 1_000, None),
            ("ban.command", 1, 1_089, None),
            ("ban.command", 1, 1_189, None),
        ];
        assert_eq!(order(&records), (vec![1, 2, 0, 4, 3, 5], 90));
    }

    #[test]
    fn a_later_record_of_the_same_trace_is_no_cause() {
        let records = [
            ("ban.command", 0, 0, Some(1)),
            ("ban.status", 0, 5, Some(1)),
            ("ban.command", 0, 900, Some(1)),
        ];
        assert_eq!(order(&records), (vec![0, 1, 2], 0));
    }

    #[test]
    fn an_answer_causes_no_question() {
        let records = [
            ("session.status", 0, 0, Some(1)),
            ("account.session.status", 0, 50, Some(1)),
            ("account.session.command", 0, 70, Some(2)),
            ("account.session.command", 0, 90, Some(1)),
        ];
        assert_eq!(order(&records), (vec![2, 3, 1, 0], 50));
    }
}
