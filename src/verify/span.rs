//! Until when each input of a tenant must have taken effect.

use super::case::{Act, Case, Scene};
use crate::message::VirtualTime;

impl Scene<'_> {
    /// An input takes effect before the first event with its trace; one whose events may have any
    /// trace has until they surely have come.
    pub(super) fn bind(&self, case: &mut Case) {
        let untraced = case.outputs.iter().any(|output| output.causes.is_empty());
        let mut own: Vec<(Option<VirtualTime>, bool)> = vec![(None, false); case.inputs.len()];
        for output in &case.outputs {
            for cause in &output.causes {
                let (first, shared) = &mut own[*cause];
                first.get_or_insert(output.seen);
                *shared |= output.causes.len() > 1;
            }
        }
        for (input, (first, shared)) in case.inputs.iter_mut().zip(own) {
            if !matches!(input.act, Act::Record(_) | Act::Stimulus(_)) {
                continue;
            }
            match first.filter(|_| !shared) {
                Some(first) => {
                    input.end = first.max(input.start);
                    input.bound = input.end;
                    input.likely = input.end;
                    input.skippable = false;
                }
                None if untraced || shared => input.bound = input.end.after(self.seen.settle),
                None => {}
            }
        }
    }
}
