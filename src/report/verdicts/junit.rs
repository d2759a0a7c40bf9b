//! Verdicts as JUnit XML: a suite with a test case for each rule.

use super::super::junit::{Came, Case, plain};
use super::super::style::count;
use super::text::finding;
use super::{Verdicts, times};
use crate::rule::RuleId;
use crate::verify::Standing;

/// The test case of each rule, behind one for what could not be set up.
pub(crate) fn cases(verdicts: &Verdicts) -> Vec<Case> {
    let class = format!("quintet.{}", verdicts.subject.as_deref().unwrap_or("channels"));
    let case = |(rule, standing): (&RuleId, &Standing)| Case {
        class: class.clone(),
        name: rule.to_string(),
        came: came(verdicts, *rule, standing),
        real: None,
    };
    let errors = verdicts.error.iter().map(|why| Case::not_set_up(&class, why));
    errors.chain(verdicts.rules.iter().map(case)).collect()
}

fn came(verdicts: &Verdicts, rule: RuleId, standing: &Standing) -> Came {
    let listed = verdicts.listed();
    let firmest = || listed.iter().find(|one| one.rule == rule && one.counts());
    let told = || {
        let of_rule = listed.iter().filter(|one| one.rule == rule);
        of_rule.map(|one| finding(one)).map(|text| plain(&text)).collect::<Vec<_>>()
    };
    match standing {
        Standing::Passed { .. } => {
            let times = usize::try_from(times(standing)).unwrap_or(usize::MAX);
            Came::Passed(format!("its premise held {}", count(times, "time", "times")))
        }
        Standing::Advisory { .. } => Came::Passed(told().join("\n\n")),
        Standing::Violated { .. } => match firmest() {
            Some(first) => Came::Failed {
                kind: "violation".to_owned(),
                message: first.message.clone(),
                text: told().join("\n\n"),
            },
            None => Came::Skipped(format!("accepted\n{}", told().join("\n\n"))),
        },
        Standing::NotExercised { why } => Came::Skipped(format!("not exercised: {why}")),
        Standing::Inconclusive { why } => Came::Skipped(format!("inconclusive: {why}")),
    }
}
