//! Sets of code points.

/// The last code point.
pub(crate) const LAST: u32 = 0x10_FFFF;

/// Sorted ranges of code points that do not touch; surrogates are never among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Class(Vec<(u32, u32)>);

impl Class {
    /// The set of these ranges.
    pub(crate) fn new(mut ranges: Vec<(u32, u32)>) -> Self {
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (from, to) in ranges {
            for (from, to) in [(from, to.min(0xD7FF)), (from.max(0xE000), to.min(LAST))] {
                if from > to {
                    continue;
                }
                match joined.last_mut() {
                    Some(last) if from <= last.1.saturating_add(1) && from > 0 => {
                        last.1 = last.1.max(to);
                    }
                    _ => joined.push((from, to)),
                }
            }
        }
        // Two halves of one range around the surrogates may come out of order.
        joined.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for (from, to) in joined {
            match ranges.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => ranges.push((from, to)),
            }
        }
        Self(ranges)
    }

    /// All code points.
    pub(crate) fn all() -> Self {
        Self::new(vec![(0, LAST)])
    }

    /// One code point.
    pub(crate) fn one(point: u32) -> Self {
        Self::new(vec![(point, point)])
    }

    /// The ranges.
    pub(crate) fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a code point is in it.
    pub(crate) fn has(&self, point: u32) -> bool {
        let at = self.0.partition_point(|(_, to)| *to < point);
        self.0.get(at).is_some_and(|(from, _)| *from <= point)
    }

    /// All other code points.
    pub(crate) fn complement(&self) -> Self {
        let (mut others, mut next) = (Vec::new(), 0);
        for (from, to) in &self.0 {
            if *from > next {
                others.push((next, from - 1));
            }
            next = to + 1;
        }
        if next <= LAST {
            others.push((next, LAST));
        }
        Self::new(others)
    }

    /// The code points of either.
    pub(crate) fn union(&self, other: &Self) -> Self {
        Self::new(self.0.iter().chain(&other.0).copied().collect())
    }
}
