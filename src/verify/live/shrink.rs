//! Making what shows a violation smaller, by playing parts of its script on fresh tenants.

use std::collections::BTreeSet;

use super::run::Run;
use super::{Reproduction, VerifyError};
use crate::kafka::Deadline;
use crate::rule::{RuleId, Severity};
use crate::verify::script::{Script, Step};
use crate::verify::{Found, Judgement, Observation, judge};

/// How often parts are tried, for one finding.
const ROUNDS: usize = 10;
/// How many parts are tried at a time.
const WIDTH: usize = 12;

/// One finding may take so many times as long as it may take until the implementation takes inputs:
/// where it has to be killed, each round waits for it.
const WAITS: u32 = 2;

/// Makes the first violations of different rules smaller, but for those that are small.
pub(super) fn shrink(
    run: &mut Run<'_>,
    judgement: &Judgement,
    small: &[Reproduction],
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<Reproduction>, VerifyError> {
    let mut rules: BTreeSet<_> = small.iter().map(|one| one.found.rule).collect();
    let mut reproductions = Vec::new();
    for (at, found) in judgement.findings.iter().enumerate() {
        let violation = found.severity == Severity::Violation;
        if !violation || rules.len() == run.plan.shrink || !rules.insert(found.rule) {
            continue;
        }
        let Some(script) = script_of(run, found) else {
            continue;
        };
        if !run.is_back()? {
            break;
        }
        tell(&format!("looking for the fewest inputs that break {}", found.rule));
        match smallest(run, &script, found.rule)? {
            Some((observation, found)) => reproductions.push(Reproduction {
                finding: at,
                script: script.name.clone(),
                of: script.steps.len(),
                observation,
                found,
            }),
            None => run.notes.push(format!(
                "{} was not broken again when {} was played by itself",
                found.rule, script.name
            )),
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
    let bound = Deadline::after(run.plan.wait * WAITS);
    for _ in 0..ROUNDS {
        if bound.is_over() || !run.is_back()? {
            break;
        }
        let candidates: Vec<Vec<Step>> = match parts {
            1 => vec![steps.clone(); 2],
            _ => without_each(&steps, parts),
        };
        let scripts = candidates.iter().map(|steps| Script {
            name: script.name.clone(),
            tenants: script.tenants.clone(),
            steps: steps.clone(),
        });
        let seen = run.play_apart(scripts.collect());
        let Some(seen) = run.may_be_absent(seen)? else { break };
        let mut broken = candidates.into_iter().zip(seen).filter_map(|(steps, observation)| {
            let judgement = judge(&observation, &run.plan.judging);
            let violation =
                |found: &Found| found.rule == rule && found.severity == Severity::Violation;
            let found = judgement.findings.into_iter().find(violation)?;
            Some((steps, observation, found))
        });
        match broken.next() {
            Some((fewer, observation, found)) => {
                parts = parts.max(2);
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
