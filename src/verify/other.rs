//! Other ways to take what was seen of a tenant: with less freedom, or together with all others.

use std::collections::BTreeMap;

use super::case::{Act, Case, Input, Output, Scene};
use crate::message::{RecordId, VirtualTime};

impl Case {
    /// How many things there are to be explained.
    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.inputs.len() + self.outputs.len()).unwrap_or(u64::MAX)
    }

    /// All cases as one, in the name of one of them, up to a moment: what comes later is left out,
    /// and what may still have an effect then need not have it. What need not have one in another
    /// tenant is left out unless it is answered: what had no effect there has none here. Questions
    /// count where they are what is to be explained: who mixes tenants up may still answer them
    /// rightly.
    pub(super) fn merged(
        cases: &[Case],
        number: usize,
        (until, asked): (VirtualTime, bool),
        is_answered: impl Fn(RecordId) -> bool,
    ) -> Self {
        let tenant = cases[number].tenant.clone();
        let mut all: Vec<(usize, usize)> = Vec::new();
        for (of, case) in cases.iter().enumerate() {
            // One restart is enough.
            let wanted = |at: &usize| {
                let input = &case.inputs[*at];
                let is_told = match input.act {
                    Act::Restart(_) => of == number,
                    Act::Query(_) => asked,
                    Act::Record(record) if of != number => {
                        let must = input.bound <= until && !input.skippable && !input.lossy;
                        must || is_answered(record)
                    }
                    Act::Record(_) | Act::Stimulus(_) => true,
                };
                is_told && input.start <= until
            };
            all.extend((0..case.inputs.len()).filter(wanted).map(|at| (of, at)));
        }
        all.sort_by_key(|(of, at)| cases[*of].inputs[*at].start);
        let places: BTreeMap<_, _> = all.iter().enumerate().map(|(at, one)| (*one, at)).collect();
        let place = |of: usize, at: usize| places.get(&(of, at)).copied();
        let inputs = all.iter().map(|(of, at)| {
            let mut input = cases[*of].inputs[*at].clone();
            input.after = input.after.and_then(|after| place(*of, after));
            let open = input.bound > until;
            input.skippable |= open;
            input.lossy |= open;
            input
        });
        let outputs = cases
            .iter()
            .enumerate()
            .flat_map(|(of, case)| case.outputs.iter().map(move |output| (of, output)))
            .filter(|(_, output)| output.seen <= until);
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

/// The moment up to which cases have so many inputs and outputs in all.
pub(super) fn moment_of(cases: &[Case], many: usize) -> VirtualTime {
    let starts = |case: &Case| case.inputs.iter().map(|input| input.start).collect::<Vec<_>>();
    let seen = |case: &Case| case.outputs.iter().map(|output| output.seen).collect::<Vec<_>>();
    let mut all: Vec<_> =
        cases.iter().flat_map(|case| [starts(case), seen(case)].concat()).collect();
    all.sort();
    all.get(many).copied().unwrap_or(VirtualTime::NEVER)
}

impl Scene<'_> {
    /// A case with more inputs, which need not have an effect, and more events.
    pub(super) fn rebuilt(&self, of: &Case, inputs: &[RecordId], events: &[RecordId]) -> Case {
        let (tenant, outputs) = (of.tenant.clone(), Vec::new());
        let own = of.inputs.iter().filter_map(|input| match input.act {
            Act::Record(record) => Some(self.receive(record)),
            Act::Stimulus(at) | Act::Query(at) => Some(self.asked(at, &self.seen.asked[at])),
            Act::Restart(_) => None,
        });
        let adopted = |record: &RecordId| Input {
            skippable: true,
            is_adopted: true,
            ..self.receive(*record)
        };
        let more = inputs.iter().map(adopted);
        let mut case = Case { tenant, inputs: own.chain(more).collect(), outputs };
        self.complete(&mut case, events);
        for output in &mut case.outputs {
            let before = of.outputs.iter().find(|before| before.record == output.record);
            output.spoiled = before.is_some_and(|before| before.spoiled);
        }
        case
    }

    /// The case of an implementation whose events have the trace of their cause: those with a trace
    /// of their own come from stimuli. None where that makes no difference.
    pub(super) fn narrow(&self, case: &Case) -> Option<Case> {
        if case.outputs.iter().all(|output| !output.causes.is_empty()) {
            return None;
        }
        let mut case = case.clone();
        let stimuli: Vec<_> = (0..case.inputs.len())
            .filter(|at| matches!(case.inputs[*at].act, Act::Stimulus(_)))
            .collect();
        let own = case.outputs.iter_mut().filter(|output| output.causes.is_empty());
        for output in own {
            let before =
                |at: &&usize| case.inputs[**at].start <= output.seen.after(self.clocks.skew);
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
        Some(case)
    }
}
