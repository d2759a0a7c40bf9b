//! Verdicts as annotations.

use super::super::github::{Level, annotation};
use super::text::accepted;
use super::{Reported, Verdicts};
use crate::rule::Severity;
use crate::verify::{Reproduced, Standing};

/// A line for why nothing is judged, for each finding and each rule of which nothing can be said.
pub(crate) fn lines(verdicts: &Verdicts) -> Vec<String> {
    let findings = verdicts.listed().into_iter().map(|one| finding(verdicts, one));
    let unsure = verdicts.rules.iter().filter_map(|(rule, standing)| match standing {
        Standing::Inconclusive { why } => {
            let title = format!("{}: {rule} is inconclusive", verdicts.whose());
            Some(annotation(Level::Warning, &title, None, why))
        }
        _ => None,
    });
    let errors = verdicts.error.iter().map(|why| {
        annotation(Level::Error, &format!("{}: nothing is judged", verdicts.whose()), None, why)
    });
    errors.chain(findings).chain(unsure).collect()
}

/// One finding.
pub(crate) fn finding(verdicts: &Verdicts, one: &Reported) -> String {
    let rule = one.rule.rule();
    let level = if one.counts() { Level::Error } else { Level::Notice };
    let title = format!("{}: {} of {}", verdicts.whose(), one.word(), one.rule);
    let mut message = format!("{}\n{} ({})", one.message, rule.text, one.document.0);
    if let Some(acceptance) = &one.acceptance {
        message.push_str(&format!("\naccepted {}", accepted(acceptance)));
    }
    if let Some(more) = one.and_more() {
        message.push_str(&format!("\n{more}"));
    }
    if one.reproduced != Reproduced::NotTried {
        message.push_str(&format!("\nreproduced: {}", one.reproduced.as_str()));
    }
    if let (Some(again), Severity::Violation) = (&one.reproduction, one.severity) {
        message.push_str(&format!("\nagain: {}", again.command));
    }
    annotation(level, &title, None, &message)
}
