//! `judge_serial` and `judge_burst`: how long a long history of one tenant takes to be judged.
//!
//! Both are histories of the ban service: 60,000 commands one after the other, and 2,000 within one
//! second, of which each waits for others. Making them is not measured.

use quintet::verify::{Judging, Observation, Standing, judge};

use self::long::Long;
use crate::{Figure, median_s};

#[expect(dead_code, reason = "tests plant bugs in it, and leave out traces")]
#[path = "../../tests/support/long.rs"]
mod long;

const ROUNDS: usize = 3;

/// Seconds for 60,000 serial commands.
pub(crate) fn serial() -> Figure {
    figure(&Long::serial("ban", 60_000).observed())
}

/// Seconds for 2,000 commands within a second.
pub(crate) fn burst() -> Figure {
    figure(&Long::burst("ban", 2_000).observed())
}

fn figure(seen: &Observation) -> Figure {
    let value = median_s(ROUNDS, || {
        let judgement = judge(seen, &Judging::default());
        assert!(judgement.unsettled.is_empty(), "{:?}", judgement.unsettled);
        let passed = judgement.rules.values().filter(|one| matches!(one, Standing::Passed { .. }));
        assert!(passed.count() > 5, "{:?}", judgement.rules);
    });
    Figure { value, unit: "s", ratio: value / 3.0, to: "3 s allowed" }
}
