//! How fast the implementation answers: how long it is therefore waited for, and how much it is
//! given to do.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::lane::Patience;

/// An answer may always take so long.
const SHORTEST_SETTLE: Duration = Duration::from_secs(1);
const LONGEST_SETTLE: Duration = Duration::from_secs(15);
/// It is waited for so many times the slowest answer of late.
const FACTOR: u32 = 3;
/// How long an answer counts.
const OF_LATE_MS: i64 = 10_000;
const SHORTEST_GAP_MS: u64 = 150;
/// What comes later after a first event was caused by a timer.
const LONGEST_GAP_MS: u64 = 1_000;
/// An answer that takes longer is a sign that too much is asked.
const AT_EASE: Duration = Duration::from_millis(600);
/// Inputs a second: at first, at least and at most.
const FIRST_RATE: f64 = 100.0;
const LOWEST_RATE: f64 = 20.0;
const HIGHEST_RATE: f64 = 2_000.0;

/// The answers so far, by the trace of what they answer.
#[derive(Debug)]
pub(super) struct Pace {
    /// When each trace was sent, and when its last event was seen.
    traces: BTreeMap<u128, (i64, Option<i64>)>,
    /// The answers of late: when they came, and how long they took.
    of_late: VecDeque<(i64, Duration)>,
    slowest: Duration,
    longest_settle: Duration,
    slowest_gap_ms: u64,
    /// What was sent before does not count: the implementation was down.
    pub(super) since_ms: i64,
    rate: f64,
    slowed_ms: i64,
    /// What may be sent now, and when that was counted.
    allowance: f64,
    counted_ms: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            traces: BTreeMap::new(),
            of_late: VecDeque::new(),
            slowest: Duration::ZERO,
            longest_settle: SHORTEST_SETTLE,
            slowest_gap_ms: 0,
            since_ms: 0,
            rate: FIRST_RATE,
            slowed_ms: 0,
            allowance: 0.0,
            counted_ms: 0,
        }
    }
}

impl Pace {
    /// Notes that a record was sent.
    pub(super) fn sent(&mut self, trace: u128, at_ms: i64) {
        self.traces.insert(trace, (at_ms, None));
    }

    /// Notes an event; how long its input waited for it where that is more than was allowed.
    pub(super) fn heard(&mut self, trace: u128, at_ms: i64) -> Option<Duration> {
        let settle = self.settle();
        let (sent_ms, last_ms) = self.traces.get_mut(&trace)?;
        let since = |from_ms: i64| at_ms.saturating_sub(from_ms).max(0).unsigned_abs();
        let before = last_ms.replace(at_ms);
        if let Some(last_ms) = before {
            let gap = since(last_ms);
            if gap <= LONGEST_GAP_MS {
                self.slowest_gap_ms = self.slowest_gap_ms.max(gap);
            }
            return None;
        }
        if *sent_ms < self.since_ms {
            return None;
        }
        let took = Duration::from_millis(since(*sent_ms));
        self.adapt(took, at_ms);
        (took > settle).then_some(took)
    }

    /// Lets an answer set the pace.
    fn adapt(&mut self, took: Duration, at_ms: i64) {
        self.slowest = self.slowest.max(took);
        self.of_late.push_back((at_ms, took));
        while self.of_late.front().is_some_and(|(then_ms, _)| at_ms - then_ms > OF_LATE_MS) {
            self.of_late.pop_front();
        }
        self.longest_settle = self.longest_settle.max(self.settle());
        if took <= AT_EASE {
            self.rate = (self.rate + 1.0).min(HIGHEST_RATE);
        } else if at_ms - self.slowed_ms > 200 {
            self.slowed_ms = at_ms;
            self.rate = (self.rate * 0.7).max(LOWEST_RATE);
        }
    }

    /// How many records may be sent now.
    pub(super) fn allowance(&mut self, now_ms: i64) -> usize {
        let passed_ms = (now_ms - self.counted_ms).clamp(0, 200);
        self.counted_ms = now_ms;
        let burst = (self.rate / 5.0).max(1.0);
        let more = f64::from(i32::try_from(passed_ms).unwrap_or(0)) * self.rate / 1000.0;
        self.allowance = (self.allowance + more).min(burst);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=400")]
        let whole = self.allowance as usize;
        whole
    }

    /// Takes from what may be sent.
    pub(super) fn spend(&mut self, records: usize) {
        self.allowance -= f64::from(u32::try_from(records).unwrap_or(u32::MAX));
    }

    /// The slowest first answer so far.
    pub(super) fn slowest(&self) -> Duration {
        self.slowest
    }

    /// How long an answer may take now.
    fn settle(&self) -> Duration {
        let slowest = self.of_late.iter().map(|(_, took)| *took).max().unwrap_or_default();
        (slowest * FACTOR).clamp(SHORTEST_SETTLE, LONGEST_SETTLE)
    }

    /// The longest that was waited for an answer.
    pub(super) fn longest_settle(&self) -> Duration {
        self.longest_settle
    }

    pub(super) fn patience(&self) -> Patience {
        let gap = (self.slowest_gap_ms * 2).clamp(SHORTEST_GAP_MS, LONGEST_GAP_MS);
        Patience { settle: self.settle(), gap: Duration::from_millis(gap), since_ms: self.since_ms }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn the_slowest_answer_of_late_sets_the_pace() {
        let mut pace = Pace::default();
        assert_eq!(pace.settle(), Duration::from_secs(1));
        pace.sent(1, 1_000);
        assert_eq!(pace.heard(1, 1_400), None);
        assert_eq!(pace.settle(), Duration::from_millis(1_200));
        pace.sent(2, 2_000);
        assert_eq!(pace.heard(2, 3_300), Some(Duration::from_millis(1_300)));
        assert_eq!(pace.settle(), Duration::from_millis(3_900));
        pace.sent(3, 20_000);
        assert_eq!(pace.heard(3, 20_010), None);
        assert_eq!(pace.settle(), Duration::from_secs(1));
        assert_eq!(pace.longest_settle(), Duration::from_millis(3_900));
    }

    #[test]
    fn second_events_and_outages_do_not_count() {
        let mut pace = Pace::default();
        pace.sent(1, 1_000);
        assert_eq!(pace.heard(1, 1_050), None);
        assert_eq!(pace.heard(1, 9_000), None);
        pace.since_ms = 10_000;
        pace.sent(2, 9_990);
        assert_eq!(pace.heard(2, 40_000), None);
        assert_eq!(pace.settle(), Duration::from_secs(1));
    }

    #[test]
    fn whoever_is_slow_gets_less_to_do() {
        let mut pace = Pace::default();
        pace.allowance(0);
        let at_ease = pace.allowance(200);
        assert!(at_ease >= 20, "{at_ease}");
        pace.spend(at_ease);
        for trace in 0..20 {
            let sent = 1_000 * (i64::try_from(trace).unwrap() + 1);
            pace.sent(trace, sent);
            pace.heard(trace, sent + 900);
        }
        pace.allowance(30_000);
        let strained = pace.allowance(30_200);
        assert!((1..=5).contains(&strained), "{strained}");
    }
}
