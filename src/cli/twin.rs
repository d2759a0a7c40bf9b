//! Twin runs: the same test again on another thread must be the same step for step.

use std::panic::resume_unwind;
use std::thread;

use crate::history::Divergence;
use crate::scenario::run::{Outcome, Trouble, Verdict};

/// Runs a test again on another thread; where the two part, the outcome is a failure that shows the
/// step from both sides.
pub(super) fn compare(outcome: &mut Outcome, again: impl FnOnce() -> Outcome + Send) {
    let twin = thread::scope(|scope| scope.spawn(again).join());
    let twin = twin.unwrap_or_else(|panic| resume_unwind(panic));
    if outcome.schedule != twin.schedule {
        let (one, two) = (outcome.schedule, twin.schedule);
        fail(
            outcome,
            format!("one run ended with schedule {one}, its twin with {two}"),
            None,
        );
    } else if let Some(divergence) = outcome.history.divergence(&twin.history) {
        let message = format!("the twin run differs from step {} on", divergence.step);
        fail(outcome, message, Some(divergence));
    }
}

fn fail(outcome: &mut Outcome, message: String, divergence: Option<Divergence>) {
    let side = |step: Option<String>| step.unwrap_or_else(|| "nothing more".to_owned());
    let sides = divergence.map(|both| {
        [
            format!("first run: {}", side(both.first)),
            format!("its twin:  {}", side(both.second)),
        ]
    });
    outcome.verdict = Verdict::Failed;
    outcome.troubles.push(Trouble {
        code: "twin::differs",
        message,
        place: None,
        nearest: None,
        records: Vec::new(),
        notes: sides.into_iter().flatten().collect(),
        finding: None,
    });
}
