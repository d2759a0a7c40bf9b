//! Other ways to take what was seen of a tenant: with less freedom, or together with all others.

use super::case::{Act, Case, Input, Output, SKEW, Scene};

impl Case {
    /// All cases as one, in the name of one of them.
    pub(super) fn merged(cases: &[Case], number: usize) -> Self {
        let tenant = cases[number].tenant.clone();
        let mut all: Vec<(usize, usize)> = Vec::new();
        for (of, case) in cases.iter().enumerate() {
            // One restart is enough.
            let wanted =
                |at: &usize| of == number || !matches!(case.inputs[*at].act, Act::Restart(_));
            all.extend((0..case.inputs.len()).filter(wanted).map(|at| (of, at)));
        }
        all.sort_by_key(|(of, at)| cases[*of].inputs[*at].start);
        let place = |of: usize, at: usize| all.iter().position(|one| *one == (of, at));
        let inputs = all.iter().map(|(of, at)| {
            let input = cases[*of].inputs[*at].clone();
            Input { after: input.after.and_then(|after| place(*of, after)), ..input }
        });
        let outputs = cases
            .iter()
            .enumerate()
            .flat_map(|(of, case)| case.outputs.iter().map(move |output| (of, output)));
        let mut outputs: Vec<_> = outputs
            .map(|(of, output)| {
                let causes = output.causes.iter().filter_map(|at| place(of, *at)).collect();
                Output { causes, ..output.clone() }
            })
            .collect();
        outputs.sort_by_key(|output| output.seen);
        Self { tenant, inputs: inputs.collect(), outputs }
    }
}

impl Scene<'_> {
    /// The case of an implementation whose events have the trace of their cause: those with a trace
    /// of their own come from stimuli. None where that makes no difference.
    pub(super) fn narrow(&self, case: &Case) -> Option<Case> {
        let mut case = case.clone();
        let stimuli: Vec<_> = (0..case.inputs.len())
            .filter(|at| matches!(case.inputs[*at].act, Act::Stimulus(_)))
            .collect();
        let own = case.outputs.iter_mut().filter(|output| output.causes.is_empty());
        let mut any = false;
        for output in own {
            any = true;
            let before = |at: &&usize| case.inputs[**at].start <= output.seen.after(SKEW);
            output.causes = stimuli.iter().filter(before).copied().collect();
            if output.causes.is_empty() {
                return None;
            }
        }
        for input in &mut case.inputs {
            if matches!(input.act, Act::Record(_)) && input.bound > input.end {
                input.bound = input.end;
            }
        }
        any.then_some(case)
    }
}
