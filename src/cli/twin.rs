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
        fail(outcome, format!("one run ended with schedule {one}, its twin with {two}"), None);
    } else if let Some(divergence) = outcome.history.divergence(&twin.history) {
        let message = format!("the twin run differs from step {} on", divergence.step);
        fail(outcome, message, Some(divergence));
    }
}

fn fail(outcome: &mut Outcome, message: String, divergence: Option<Divergence>) {
    let side = |step: Option<String>| step.unwrap_or_else(|| "nothing more".to_owned());
    let sides = divergence.map(|both| {
        [format!("first run: {}", side(both.first)), format!("its twin:  {}", side(both.second))]
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

#[cfg(test)]
mod tests {
    use super::compare;
    use crate::contract::Contracts;
    use crate::message::Seed;
    use crate::scenario::run::{Options, Outcome, Setup, Verdict, run};
    use crate::scenario::{Known, NoFiles, load_bytes};

    const TEXT: &str = "\
format: 1
scenario: A ban is made
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.9, permanent: true } }
  - expect: ban.status/CREATED
";

    fn outcome(seed: u64) -> Outcome {
        let contracts = Contracts::builtin();
        let known = Known { contracts: &contracts, words: &[] };
        let loaded = load_bytes("x.yaml", TEXT.as_bytes(), &known, &NoFiles);
        let options = Options { seed: Seed(seed), ..Options::default() };
        let setup = Setup::reference(contracts.clone());
        run(&loaded.plans[0], &setup, &options)
    }

    #[test]
    fn equal_runs_pass() {
        let mut first = outcome(1);
        compare(&mut first, || outcome(1));
        assert_eq!(first.verdict, Verdict::Passed);
    }

    #[test]
    fn the_first_step_that_differs_is_shown_from_both_sides() {
        let mut first = outcome(1);
        compare(&mut first, || outcome(2));
        assert_eq!(first.verdict, Verdict::Failed);
        let trouble = &first.troubles[0];
        assert_eq!(trouble.code, "twin::differs");
        assert!(trouble.message.ends_with("from step 0 on"), "{}", trouble.message);
        assert!(trouble.notes[0].starts_with("first run: 0.000 s sent record 0"));
        assert!(trouble.notes[1].starts_with("its twin:  0.000 s sent record 0"));
    }
}
