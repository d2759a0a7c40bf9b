//! Answers to questions, compared as far as the implementation's goes.

use crate::message::Json;

/// Whether what the model answers is what was answered: each field of an answer counts, fields that
/// an answer does not have do not, and the order of lists means nothing.
pub(super) fn agrees(model: &Json, seen: &Json) -> bool {
    match (model, seen) {
        (Json::Object(own), Json::Object(fields)) => {
            fields.iter().all(|(name, seen)| own.get(name).is_none_or(|own| agrees(own, seen)))
        }
        (Json::Array(own), Json::Array(items)) => {
            let mut left: Vec<_> = own.iter().collect();
            own.len() == items.len()
                && items.iter().all(|item| {
                    let at = left.iter().position(|own| agrees(own, item));
                    at.map(|at| left.remove(at)).is_some()
                })
        }
        _ => model == seen,
    }
}

#[cfg(test)]
mod tests {
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
    fn the_fields_of_the_answer_count(#[case] own: Value, #[case] seen: Value, #[case] same: bool) {
        assert_eq!(agrees(&Json::from(own), &Json::from(seen)), same);
    }
}
