//! The speed figures: `cargo bench --bench speed`, one JSON line a figure.
//!
//! `ratio` is to what `to` names: a bar, or a peer measured in the same run. Figures are medians of
//! several rounds. Nothing here is a test; `docs/performance.md` says what the figures mean.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod delivery;
mod exhaustive;
mod judge;
#[cfg(feature = "kafka")]
mod monitor;
mod processes;
mod schedules;

use std::time::Instant;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    let figures: &[(&str, Measure)] = &[
        ("delivery", delivery::figure),
        ("schedules", schedules::figure),
        ("exhaustive_3x3", exhaustive::three),
        ("exhaustive_3x4", exhaustive::four),
        ("suite", processes::suite),
        ("startup", processes::startup),
        ("judge_serial", judge::serial),
        ("judge_burst", judge::burst),
        #[cfg(feature = "kafka")]
        ("monitor", monitor::figure),
    ];
    for (name, measure) in figures.iter().copied() {
        if wanted(name) {
            let Figure { value, unit, ratio, to } = measure();
            println!(
                "{}",
                serde_json::json!({
                    "figure": name, "value": value, "unit": unit, "ratio": ratio, "to": to,
                })
            );
        }
    }
}

type Measure = fn() -> Figure;

/// One measured figure.
pub(crate) struct Figure {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) ratio: f64,
    pub(crate) to: &'static str,
}

/// The median of what `measure` takes, in seconds, over `rounds` rounds.
pub(crate) fn median_s(rounds: usize, mut measure: impl FnMut()) -> f64 {
    let mut taken: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            measure();
            start.elapsed().as_secs_f64()
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[rounds / 2]
}
