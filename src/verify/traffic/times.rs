//! The moments of the records of a partition, as far as their timestamps tell.
//!
//! Offsets are the order of a partition. Timestamps that agree with it are believed: the longest
//! run of them that never goes back. Any other record lies between its neighbours in that run.

/// A timestamp that is further off, in milliseconds, bears no time; one that is less far off only
/// shows that clocks differ.
pub(crate) const MOST_SKEW_MS: i64 = 60_000;
/// No record was written before Kafka was: 2011-01-01, in milliseconds of Unix time.
const FIRST_TIME_MS: i64 = 1_293_840_000_000;
/// No clock has got so far: 2100-01-01. Microseconds of Unix time lie behind it.
const LAST_TIME_MS: i64 = 4_102_444_800_000;

/// Whether a timestamp, in milliseconds of Unix time, is one: some brokers give none, some the
/// same small number to all, and some producers count seconds or microseconds.
#[must_use]
pub fn is_time(timestamp_ms: i64) -> bool {
    (FIRST_TIME_MS..LAST_TIME_MS).contains(&timestamp_ms)
}

/// Between which moments a record was written, in milliseconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) earliest_ms: i64,
    pub(super) latest_ms: i64,
    /// Whether its timestamp bears a time.
    pub(super) is_timed: bool,
}

/// The moments of a partition's records, by their timestamps in the order of offsets; none for
/// those that bear no time. What lies outside of all that bear one lies inside `bounds`.
pub(super) fn written(
    stamps: &[Option<i64>],
    (first_ms, last_ms): (i64, i64),
    most_skew_ms: i64,
) -> Vec<Written> {
    let believed = longest_run(stamps);
    let mut written = Vec::with_capacity(stamps.len());
    let mut next = believed.iter().copied().peekable();
    let mut earliest_ms = first_ms;
    for (at, stamp) in stamps.iter().enumerate() {
        if let (Some(_), Some(ms)) = (next.next_if_eq(&at), *stamp) {
            earliest_ms = ms;
            written.push(Written { earliest_ms: ms, latest_ms: ms, is_timed: true });
            continue;
        }
        let behind = next.peek().and_then(|at| stamps[*at]);
        let latest_ms = behind.unwrap_or(last_ms).max(earliest_ms);
        let off = |ms: i64| (earliest_ms.saturating_sub(ms)).max(ms.saturating_sub(latest_ms));
        let is_timed = stamp.is_some_and(|ms| off(ms) < most_skew_ms);
        written.push(Written { earliest_ms, latest_ms, is_timed });
    }
    written
}

/// The places of the longest run of timestamps that never goes back.
fn longest_run(stamps: &[Option<i64>]) -> Vec<usize> {
    // Of runs of each length, where the one ends that gets least far.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; stamps.len()];
    for (at, stamp) in stamps.iter().enumerate() {
        let Some(ms) = *stamp else { continue };
        let length = ends.partition_point(|end| stamps[*end].is_some_and(|end| end <= ms));
        before[at] = length.checked_sub(1).map_or(usize::MAX, |length| ends[length]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied().unwrap_or(usize::MAX);
    while at != usize::MAX {
        run.push(at);
        at = before[at];
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{MOST_SKEW_MS, is_time, written};

    const NOON_MS: i64 = 1_800_000_000_000;

    #[rstest]
    #[case(0, false)]
    #[case(-1, false)]
    #[case::seconds(1_800_000_000, false)]
    #[case::microseconds(1_800_000_000_000_000, false)]
    #[case(1_800_000_000_000, true)]
    fn what_is_a_time(#[case] ms: i64, #[case] is: bool) {
        assert_eq!(is_time(ms), is);
    }

    #[rstest]
    #[case::in_order(&[0, 5, 5, 9], &[(0, 0, true), (5, 5, true), (5, 5, true), (9, 9, true)])]
    #[case::one_ahead(&[0, 300_000, 7, 9], &[
        (0, 0, true), (0, 7, false), (7, 7, true), (9, 9, true),
    ])]
    #[case::one_behind(&[0, 3, -300_000, 7], &[
        (0, 0, true), (3, 3, true), (3, 7, false), (7, 7, true),
    ])]
    #[case::a_little(&[0, 12, 7, 9], &[(0, 0, true), (0, 7, true), (7, 7, true), (9, 9, true)])]
    #[case::the_last(&[0, 7, 9, -90_000], &[
        (0, 0, true), (7, 7, true), (9, 9, true), (9, 20, false),
    ])]
    fn what_does_not_fit_lies_between_its_neighbours(
        #[case] stamps: &[i64],
        #[case] expected: &[(i64, i64, bool)],
    ) {
        let stamps: Vec<_> = stamps.iter().map(|ms| Some(NOON_MS + ms)).collect();
        let found = written(&stamps, (NOON_MS, NOON_MS + 20), MOST_SKEW_MS);
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.earliest_ms - NOON_MS, one.latest_ms - NOON_MS, one.is_timed))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn without_a_time_anywhere_only_the_bounds_are_known() {
        let found = written(&[None, None], (5, 9), MOST_SKEW_MS);
        assert!(found.iter().all(|one| (one.earliest_ms, one.latest_ms) == (5, 9)));
    }
}
