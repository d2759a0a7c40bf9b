//! Answers to questions, compared as far as the implementation's goes.

use std::time::Duration;

use super::node::{Node, Step};
use super::search::Search;
use crate::message::Json;
use crate::service::{Asked, Forbidden, Mutation};

/// Fields with a moment, in seconds, that is so long after an input took effect.
const MOMENTS: [&str; 1] = ["lockedUntil"];

/// Whether what the model answers is what was answered: each field of an answer counts, fields that
/// an answer does not have do not, and the order of lists means nothing. Inputs take effect within
/// `settle`, which is how far moments that rest on that may be apart.
pub(super) fn agrees(model: &Json, seen: &Json, settle: Duration) -> bool {
    match (model, seen) {
        (Json::Object(own), Json::Object(fields)) => fields.iter().all(|(name, seen)| {
            // When something ends that does not end is open.
            let open = name == "expiresAt" && own.get("permanent") == Some(&Json::from(true));
            open || own.get(name).is_none_or(|own| match MOMENTS.contains(&name.as_str()) {
                true => are_near(own, seen, settle),
                false => agrees(own, seen, settle),
            })
        }),
        (Json::Array(own), Json::Array(items)) => {
            let mut left: Vec<_> = own.iter().collect();
            own.len() == items.len()
                && items.iter().all(|item| {
                    let at = left.iter().position(|own| agrees(own, item, settle));
                    at.map(|at| left.remove(at)).is_some()
                })
        }
        _ => model == seen,
    }
}

fn are_near(model: &Json, seen: &Json, settle: Duration) -> bool {
    match (model.as_integer(), seen.as_integer()) {
        (Some(own), Some(seen)) => (own - seen).unsigned_abs() <= u128::from(settle.as_secs()) + 1,
        _ => model == seen,
    }
}

impl Search<'_> {
    /// A question is no step of the model, but it must have the answer that was seen.
    pub(super) fn asked(&self, node: &Node, at: usize, number: usize) -> Vec<Node> {
        let input = &self.case.inputs[at];
        let agrees = self.answers(node, number) != Some(false);
        // The answer of whoever makes a mistake may be another, and is the mistake.
        let forbidden = self.runner.forbidden();
        let answer = |one: &Forbidden| self.answers_as(node, number, Some(one));
        let mistaken = forbidden.filter(|one| answer(one) != Some(agrees));
        let fits = forbidden.map_or(agrees, |one| answer(&one) != Some(false));
        if !fits || input.end.after(self.scene.clocks.skew) < node.clock {
            return Vec::new();
        }
        let step = Step::answer(at, mistaken.map(|one| one.rule));
        vec![node.at(at, input.start).with(step)]
    }

    /// Whether the model would give the answer that was seen; none where it has no such question.
    pub(crate) fn answers(&self, node: &Node, number: usize) -> Option<bool> {
        self.answers_as(node, number, None)
    }

    fn answers_as(
        &self,
        node: &Node,
        number: usize,
        forbidden: Option<&Forbidden>,
    ) -> Option<bool> {
        let mutation = forbidden.map(|one| -> &dyn Mutation { one });
        let asked = &self.scene.seen.asked[number];
        let mut fits = None;
        for now in [asked.from, asked.to] {
            let question = Asked { mutation, ..Asked::new(&self.case.tenant, now) };
            let answer = node.model.query(&asked.name, &asked.args, &question).ok()?;
            let others = node.model.other_answers(&asked.name, &asked.args, &question);
            let settle = self.scene.seen.settle;
            let agreed = |answer: &Json| agrees(answer, &asked.answer, settle);
            fits = Some(fits == Some(true) || agreed(&answer) || others.iter().any(agreed));
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use serde_json::{Value, json};

    use super::agrees;
    use crate::message::Json;

    #[rstest]
    #[case(json!({ "a": 1, "b": 2 }), json!({ "a": 1.0 }), true)]
    #[case(json!({ "a": 1 }), json!({ "a": 2 }), false)]
    #[case(json!({ "a": 1 }), json!({ "other": 2 }), true)]
    #[case(json!([{ "a": 1 }, { "a": 2 }]), json!([{ "a": 2 }, { "a": 1 }]), true)]
    #[case(json!([{ "a": 1 }]), json!([]), false)]
    #[case(json!({ "permanent": true, "expiresAt": 0 }), json!({ "expiresAt": -1 }), true)]
    #[case(json!({ "permanent": false, "expiresAt": 9 }), json!({ "expiresAt": 8 }), false)]
    #[case(json!({ "lockedUntil": 300 }), json!({ "lockedUntil": 303 }), true)]
    #[case(json!({ "lockedUntil": 300 }), json!({ "lockedUntil": 304 }), false)]
    #[case(json!({ "lockedUntil": 300 }), json!({ "lockedUntil": null }), false)]
    fn the_fields_of_the_answer_count(#[case] own: Value, #[case] seen: Value, #[case] same: bool) {
        let settle = Duration::from_secs(2);
        assert_eq!(agrees(&Json::from(own), &Json::from(seen), settle), same);
    }
}
