//! Making what shows a violation smaller, by playing parts of its script on fresh tenants.

use std::collections::BTreeSet;

use super::run::Run;
use super::{Reproduction, VerifyError};
use crate::rule::{RuleId, Severity};
use crate::verify::script::{Script, Step};
use crate::verify::{Found, Judgement, Observation, judge};

/// How often parts are tried, for one finding.
const ROUNDS: usize = 10;
/// How many parts are tried at a time.
const WIDTH: usize = 12;

/// Makes the first violations of different rules smaller.
pub(super) fn shrink(
    run: &mut Run<'_>,
    judgement: &Judgement,
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<Reproduction>, VerifyError> {
    let mut rules = BTreeSet::new();
    let mut reproductions = Vec::new();
    if run.is_gone() {
        return Ok(reproductions);
    }
    for (at, found) in judgement.findings.iter().enumerate() {
        let violation = found.severity == Severity::Violation;
        if !violation || rules.len() == run.plan.shrink || !rules.insert(found.rule) {
            continue;
        }
        let Some(script) = script_of(run, found) else {
            continue;
        };
        tell(&format!("looking for the fewest inputs that break {}", found.rule));
        if let Some((observation, found)) = smallest(run, &script, found.rule)? {
            reproductions.push(Reproduction {
                finding: at,
                script: script.name.clone(),
                of: script.steps.len(),
                observation,
                found,
            });
        }
    }
    Ok(reproductions)
}

/// The script in which something was found.
fn script_of(run: &Run<'_>, found: &Found) -> Option<Script> {
    let tenant = found.tenant.as_ref()?;
    let lane = run.played.iter().find(|lane| lane.tenants.contains(tenant))?;
    Some(lane.as_played())
}

/// The fewest steps of a script that still break a rule, with what was seen of them; `None` where
/// the whole script does not break it again.
fn smallest(
    run: &mut Run<'_>,
    script: &Script,
    rule: RuleId,
) -> Result<Option<(Observation, Found)>, VerifyError> {
    let mut steps = script.steps.clone();
    let mut best: Option<(Observation, Found)> = None;
    let mut parts = 1;
    for _ in 0..ROUNDS {
        let candidates: Vec<Vec<Step>> = match parts {
            1 => vec![steps.clone(); 2],
            _ => without_each(&steps, parts),
        };
        let scripts = candidates.iter().map(|steps| Script {
            name: script.name.clone(),
            tenants: script.tenants.clone(),
            steps: steps.clone(),
        });
        let seen = run.play_apart(scripts.collect())?;
        let mut broken = candidates.into_iter().zip(seen).filter_map(|(steps, observation)| {
            let judgement = judge(&observation, &run.plan.judging);
            let violation =
                |found: &Found| found.rule == rule && found.severity == Severity::Violation;
            let found = judgement.findings.into_iter().find(violation)?;
            Some((steps, observation, found))
        });
        match broken.next() {
            Some((fewer, observation, found)) => {
                parts = if parts == 1 { 2 } else { parts.max(2) };
                steps = fewer;
                best = Some((observation, found));
            }
            None if best.is_none() => return Ok(None),
            None if parts >= steps.len() => break,
            None => parts = (parts * 2).min(steps.len()),
        }
        if steps.len() <= 1 {
            break;
        }
        parts = parts.min(steps.len());
    }
    Ok(best)
}

/// The steps without one of `parts` equal parts, for each part (of many, for some), the later ones
/// left out first.
fn without_each(steps: &[Step], parts: usize) -> Vec<Vec<Step>> {
    let size = steps.len().div_ceil(parts);
    let starts: Vec<_> = (0..steps.len()).step_by(size.max(1)).rev().collect();
    let keep = |start: usize| {
        let end = (start + size).min(steps.len());
        steps[..start].iter().chain(&steps[end..]).cloned().collect::<Vec<_>>()
    };
    let halves = starts.into_iter().take(WIDTH).map(keep);
    halves.filter(|steps| !steps.is_empty()).collect()
}
