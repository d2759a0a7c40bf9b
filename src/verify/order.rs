//! The order in which inputs take effect: as they were sent, where that explains what was seen.
//!
//! Commands whose spans overlap may take effect in either order, and so an explanation may excuse
//! what a service did wrong by an order in which nobody sent it anything. What rests on such an
//! order shows no rule.

use std::collections::BTreeSet;

use super::KnownCause;
use super::case::{Act, Case, Input, Scene};
use super::node::{Node, Step};
use super::search::{Found, Search};
use super::tally::Tally;
use crate::message::{RecordId, VirtualTime};

/// States that are tried to bring one tenant's explanation into the order of sending, besides those
/// that its length takes.
const BUDGET: u64 = 3_000;
/// Of more inputs none is moved by itself.
const MOST_MOVED: usize = 200;

/// The order of an explanation's inputs; restarts are no commands, and overlap with nobody's.
fn order(case: &Case, steps: &[&Step]) -> Vec<usize> {
    let mut order = Vec::new();
    let mut known = vec![false; case.inputs.len()];
    for input in steps.iter().filter_map(|step| step.input) {
        let is_sent = !matches!(case.inputs[input].act, Act::Restart(_));
        if is_sent && !std::mem::replace(&mut known[input], true) {
            order.push(input);
        }
    }
    order
}

/// The inputs that take effect before one that was sent before them, or after one that was sent
/// after them.
pub(super) fn inverted(case: &Case, steps: &[&Step]) -> BTreeSet<usize> {
    let order = order(case, steps);
    let mut inverted = BTreeSet::new();
    let mut latest = None;
    for input in &order {
        if latest.is_some_and(|latest| latest > *input) {
            inverted.insert(*input);
        }
        latest = latest.max(Some(*input));
    }
    let mut earliest = None::<usize>;
    for input in order.iter().rev() {
        if earliest.is_some_and(|earliest| earliest < *input) {
            inverted.insert(*input);
        }
        earliest = Some(earliest.map_or(*input, |earliest| earliest.min(*input)));
    }
    inverted
}

impl Scene<'_> {
    /// When an input is known to have been handled; the earliest moment where that is not known.
    pub(super) fn handled_at(&self, record: RecordId) -> VirtualTime {
        let known = self.seen.order.as_ref().and_then(|order| order.records.get(&record));
        known.map_or_else(VirtualTime::default, |(_, at)| *at)
    }

    /// The inputs of a case that are known to have caused an event.
    pub(super) fn known_causes(&self, event: RecordId, case: &Case) -> Option<Vec<usize>> {
        let cause = *self.seen.order.as_ref()?.causes.get(&event)?;
        let is_it = |input: &Input| match input.act {
            Act::Record(record) => cause == KnownCause::Record(record),
            Act::Stimulus(at) => cause == KnownCause::Asked(at),
            Act::Query(_) | Act::Restart(_) => false,
        };
        Some(case.inputs.iter().position(is_it).into_iter().collect())
    }

    /// The events that are known to have been caused by inputs of a case.
    pub(super) fn known_events(&self, case: &Case) -> Vec<RecordId> {
        let known = self.seen.order.iter().flat_map(|order| order.causes.keys().copied());
        let is_own = |event: &RecordId| {
            self.known_causes(*event, case).is_some_and(|causes| !causes.is_empty())
        };
        known.filter(is_own).collect()
    }

    /// The inputs of a case in the order in which they took effect, where that is known. What was
    /// asked at a place came before the record that was handled there.
    pub(super) fn known_order(&self, case: &Case) -> Option<Vec<usize>> {
        let order = self.seen.order.as_ref()?;
        let place = |input: &Input| match input.act {
            Act::Record(record) => {
                order.records.get(&record).map(|(place, _)| (*place, usize::MAX))
            }
            Act::Stimulus(at) | Act::Query(at) => order.asked.get(at).map(|place| (*place, at)),
            Act::Restart(_) => None,
        };
        let placed = case.inputs.iter().enumerate();
        let mut placed: Vec<_> =
            placed.filter_map(|(at, input)| Some((place(input)?, at))).collect();
        placed.sort_unstable();
        Some(placed.into_iter().map(|(_, at)| at).collect())
    }
}

/// How many pairs of inputs are not in the order of sending.
fn inversions(order: &[usize]) -> usize {
    let mut sorted = Vec::with_capacity(order.len());
    let mut inversions = 0;
    for input in order {
        // Most come in order, so that nothing has to be moved.
        let place = sorted.partition_point(|before| before < input);
        inversions += sorted.len() - place;
        sorted.insert(place, *input);
    }
    inversions
}

/// An explanation that takes no inputs out of order that it need not.
pub(super) fn settled<'a>(
    search: Search<'a>,
    node: Node,
    tally: &mut Tally<'_>,
) -> (Search<'a>, Node) {
    if search.scene.seen.order.is_some() {
        return (search, node);
    }
    let (mut search, mut node) = (search, node);
    let mut left = BUDGET + search.case.length();
    'moved: loop {
        let now = order(search.case, &node.steps());
        let before = inversions(&now);
        if before == 0 {
            return (search, node);
        }
        for wanted in better(&now) {
            if left == 0 {
                return (search, node);
            }
            let mut other = search.anew(left).in_order(&wanted);
            let Some(start) = other.start() else { return (search, node) };
            let found = other.run(start);
            tally.states(other.states);
            left = left.saturating_sub(other.states);
            if let Found::Explained(explained) = found
                && inversions(&order(other.case, &explained.steps())) < before
            {
                (search, node) = (other, explained);
                continue 'moved;
            }
        }
        return (search, node);
    }
}

/// Orders with fewer inversions, those that are most like that of sending in front: all of them as
/// sent, and each that comes too late moved to the front of one that was sent after it. Of many
/// inputs only the first.
fn better(order: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let mut natural = order.to_vec();
    natural.sort_unstable();
    let few = if order.len() <= MOST_MOVED { order } else { &[] };
    let places = few.iter().enumerate().flat_map(move |(at, input)| {
        (0..at).filter(move |place| few[*place] > *input).map(move |place| (at, place))
    });
    let moved = places.map(move |(at, place)| {
        let mut moved = few.to_vec();
        let input = moved.remove(at);
        moved.insert(place, input);
        moved
    });
    let now = inversions(few);
    std::iter::once(natural).chain(moved.filter(move |other| inversions(other) < now))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{better, inversions};

    #[rstest]
    #[case(&[0, 1, 2], 0)]
    #[case(&[1, 0, 2], 1)]
    #[case(&[2, 1, 0], 3)]
    fn inversions_are_counted(#[case] order: &[usize], #[case] expected: usize) {
        assert_eq!(inversions(order), expected);
    }

    #[test]
    fn a_better_order_has_fewer_inversions() {
        let order = [0, 3, 1, 2];
        let all: Vec<_> = better(&order).collect();
        assert_eq!(all, [[0, 1, 2, 3], [0, 1, 3, 2]]);
    }
}
