//! Making what shows a violation smaller, by playing parts of its script on fresh tenants.

use std::collections::{BTreeMap, BTreeSet};

use super::run::Run;
use super::{Reproduction, VerifyError};
use crate::kafka::Deadline;
use crate::rule::{RuleId, Severity};
use crate::verify::script::Script;
use crate::verify::{Found, Judgement, Observation, Reproduced};

/// How often parts are tried, for one finding.
const ROUNDS: usize = 10;
/// How many parts are tried at a time.
const WIDTH: usize = 12;

/// One finding may take so many times as long as it may take until the implementation takes inputs:
/// where it has to be killed, each round waits for it.
const WAITS: u32 = 2;

/// Makes the first violations of different rules smaller, behind those that name what the
/// implementation stopped at. What was tried says of the finding whether it came again.
pub(super) fn shrink(
    run: &mut Run<'_>,
    judgement: &mut Judgement,
    named: usize,
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<Reproduction>, VerifyError> {
    let mut rules = BTreeSet::new();
    let mut reproductions = Vec::new();
    let mut doubted = Vec::new();
    let mut in_vain: BTreeMap<RuleId, usize> = BTreeMap::new();
    let mut is_cut_short = false;
    for at in most_frequent_first(&judgement.findings, named) {
        let found = &mut judgement.findings[at];
        if rules.len() == run.plan.shrink || !rules.insert(found.rule) {
            continue;
        }
        let Some(script) = script_of(run, found) else {
            continue;
        };
        if !run.proves_anything()? {
            is_cut_short = true;
            break;
        }
        tell(&format!("looking for the fewest inputs that break {}", found.rule));
        match smallest(run, &script, found.rule)? {
            Played::Broke(name, observation, seen) => {
                found.reproduced = Reproduced::Yes;
                reproductions.push(Reproduction {
                    finding: at,
                    script: name,
                    of: script.steps.len(),
                    observation: *observation,
                    found: *seen,
                });
            }
            Played::Held => {
                found.reproduced = Reproduced::No;
                if let Some(doubt) = found.doubt {
                    doubted.push((at, NOT_AGAIN, doubt));
                }
                // Another one of the rule may come again.
                let vain = in_vain.entry(found.rule).or_insert(0_usize);
                *vain += 1;
                if *vain < MOST_IN_VAIN || found.doubt.is_some() {
                    rules.remove(&found.rule);
                }
            }
            // Nobody was there: that says nothing.
            Played::Nothing => {}
        }
    }
    if is_cut_short || run.is_over() {
        doubted.extend(untried(&judgement.findings, named));
    }
    doubted.sort_unstable_by_key(|(at, ..)| *at);
    for (at, played, doubt) in doubted.into_iter().rev() {
        judgement.withdraw(at, played, doubt);
        let behind = reproductions.iter_mut().filter(|one: &&mut Reproduction| one.finding > at);
        behind.for_each(|one| one.finding -= 1);
    }
    Ok(reproductions)
}

/// So many violations of a rule are played again in vain; those that are doubtful do not count.
const MOST_IN_VAIN: usize = 3;
/// What came of playing a doubtful violation again.
const NOT_AGAIN: &str = "did not come again when it was played again";
const NO_TIME: &str = "was not played again, since nobody was there or the time was up";

/// The violations behind those that name what it stopped at, by place: first those of the rule
/// that was broken most often. What a fault brings about besides breaks other rules less often,
/// and there may be no time for all.
fn most_frequent_first(findings: &[Found], named: usize) -> Vec<usize> {
    let mut times: BTreeMap<RuleId, u64> = BTreeMap::new();
    let is_violation = |at: &usize| findings[*at].severity == Severity::Violation;
    let mut places: Vec<_> = (named..findings.len()).filter(is_violation).collect();
    for at in &places {
        *times.entry(findings[*at].rule).or_default() += findings[*at].times();
    }
    places.sort_by_key(|at| std::cmp::Reverse(times[&findings[*at].rule]));
    places
}

/// The doubtful violations that nobody had the time to play again, of rules that nothing else shows
/// broken.
fn untried(findings: &[Found], named: usize) -> Vec<(usize, &'static str, &'static str)> {
    let violations = || {
        let all = findings.iter().enumerate();
        all.filter(|(_, found)| found.severity == Severity::Violation)
    };
    let shown: BTreeSet<_> = violations()
        .filter(|(_, found)| found.doubt.is_none() || found.reproduced == Reproduced::Yes)
        .map(|(_, found)| found.rule)
        .collect();
    violations()
        .filter(|(at, found)| *at >= named && found.reproduced == Reproduced::NotTried)
        .filter(|(_, found)| !shown.contains(&found.rule))
        .filter_map(|(at, found)| Some((at, NO_TIME, found.doubt?)))
        .collect()
}

/// What came of playing a script again.
enum Played {
    /// The rule was broken again: by the script of this name, with what was seen of the fewest
    /// steps that do it.
    Broke(String, Box<Observation>, Box<Found>),
    /// It was not.
    Held,
    /// Nobody was there to break it.
    Nothing,
}

impl Run<'_> {
    /// Whether the implementation is there, so that a play proves something: a harmless input is
    /// read.
    fn proves_anything(&mut self) -> Result<bool, VerifyError> {
        if self.is_gone() || self.is_over() {
            return Ok(false);
        }
        Ok(self.is_somebody_there()?.is_none() && !self.is_gone())
    }

    /// Plays scripts by themselves; what was seen of each, unless it is not there afterwards.
    fn play_proven(
        &mut self,
        scripts: Vec<Script>,
    ) -> Result<Option<Vec<Observation>>, VerifyError> {
        self.mortal = true;
        let seen = self.play_apart(scripts);
        self.mortal = false;
        let seen = seen?;
        Ok(self.proves_anything()?.then_some(seen))
    }
}

/// The script in which something was found.
fn script_of(run: &Run<'_>, found: &Found) -> Option<Script> {
    let tenant = found.tenant.as_ref()?;
    let lane = run.played.iter().find(|lane| lane.tenants.contains(tenant))?;
    Some(lane.as_played())
}

/// The fewest steps of a script that still break a rule, with what was seen of them. Where it is
/// broken one command at a time as well, that is how it is shown: it depends on no race.
fn smallest(run: &mut Run<'_>, script: &Script, rule: RuleId) -> Result<Played, VerifyError> {
    let mut rule = rule;
    let mut smallest = script.clone();
    let mut best = Played::Nothing;
    let mut parts = 1;
    let bound = Deadline::after(run.plan.wait * WAITS);
    for _ in 0..ROUNDS {
        if bound.is_over() || run.is_over() {
            break;
        }
        let candidates = match parts {
            1 => vec![script.clone().one_at_a_time(), script.clone(), script.clone()],
            _ => without_each(&smallest, parts),
        };
        let Some(seen) = run.play_proven(candidates.clone())? else { break };
        let broken = candidates.into_iter().zip(seen).filter_map(|(part, observation)| {
            let found = run.judgement(&observation).findings.into_iter();
            let violations: Vec<_> =
                found.filter(|found| found.severity == Severity::Violation).collect();
            let same = violations.iter().find(|found| found.rule == rule);
            let found = same.or(violations.first().filter(|_| parts == 1)).cloned()?;
            Some((part, observation, found))
        });
        // The same fault may break another rule than it did among other inputs.
        match broken.min_by_key(|(_, _, found)| found.rule != rule) {
            Some((part, observation, found)) => {
                (parts, rule) = (parts.max(2), found.rule);
                best = Played::Broke(part.name.clone(), Box::new(observation), Box::new(found));
                smallest = part;
            }
            None if matches!(best, Played::Nothing) => return Ok(Played::Held),
            None if parts >= smallest.steps.len() => break,
            None => parts = (parts * 2).min(smallest.steps.len()),
        }
        if smallest.steps.len() <= 1 {
            break;
        }
        parts = parts.min(smallest.steps.len());
    }
    Ok(best)
}

/// The script without one of `parts` equal parts of its steps, for each part (of many, for some),
/// the later ones left out first.
fn without_each(script: &Script, parts: usize) -> Vec<Script> {
    let steps = &script.steps;
    let size = steps.len().div_ceil(parts);
    let starts: Vec<_> = (0..steps.len()).step_by(size.max(1)).rev().collect();
    let keep = |start: usize| {
        let end = (start + size).min(steps.len());
        let left = steps[..start].iter().chain(&steps[end..]).cloned();
        Script { steps: left.collect(), ..script.clone() }
    };
    let parts = starts.into_iter().take(WIDTH).map(keep);
    parts.filter(|part| !part.steps.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::packs;

    fn found(rule: RuleId, doubt: Option<&'static str>, reproduced: Reproduced) -> Found {
        let found = Found::new(Severity::Violation, rule, String::new(), (None, Vec::new()));
        Found { doubt, reproduced, ..found }
    }

    #[test]
    fn the_rule_that_is_broken_most_often_is_played_first() {
        let packs = packs();
        let roles = packs.roles();
        let of = |rule| found(rule, None, Reproduced::NotTried);
        let findings = [of(roles.crash), of(roles.span), of(roles.again), of(roles.span)];
        assert_eq!(most_frequent_first(&findings, 1), [1, 3, 2]);
    }

    #[test]
    fn what_is_doubtful_and_was_not_played_again_is_no_violation() {
        let packs = packs();
        let roles = packs.roles();
        const LOST: &str = "the group lost its partitions meanwhile";
        let doubt = Some(LOST);
        let findings = [
            found(roles.span, doubt, Reproduced::NotTried),
            found(roles.again, doubt, Reproduced::NotTried),
            found(roles.again, doubt, Reproduced::Yes),
            found(roles.crash, None, Reproduced::NotTried),
        ];
        assert_eq!(untried(&findings, 0), [(0, NO_TIME, LOST)]);
    }
}
