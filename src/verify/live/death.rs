//! Which input an implementation died on.

use std::collections::{BTreeMap, BTreeSet};

use super::field::Heard;
use super::run::Run;
use super::{Reproduction, VerifyError};
use crate::kafka::Deadline;
use crate::message::{RecordId, Tenant};
use crate::rule::{Severity, id};
use crate::scenario::TenantSpec;
use crate::verify::script::{Script, Step};
use crate::verify::{Found, Judgement, Observation, Standing};

/// The implementation's process ended though nobody killed it.
pub(super) struct Death {
    pub(super) status: String,
    pub(super) said: Vec<String>,
    /// What was in flight.
    pub(super) suspects: Vec<Suspect>,
    /// Whether it died again at each start.
    pub(super) for_good: bool,
}

/// An input that it may have died on.
#[derive(Clone)]
pub(super) struct Suspect {
    pub(super) trace: u128,
    pub(super) at_ms: i64,
    /// Whether it is as its contract says.
    pub(super) sound: bool,
    pub(super) step: Step,
    /// The name of its script, and how many steps that has.
    pub(super) script: (String, usize),
}

/// What it died on.
enum Cause {
    /// This; it did so again when it was sent this alone.
    One(Box<Suspect>, Box<Observation>),
    /// One of these.
    Several(Vec<Suspect>),
}

/// The search may take so many times as long as it may take until the implementation takes inputs.
const WAITS: u32 = 4;
/// So many suspects are tried one by one.
const FEW: usize = 12;
/// So many records are named where it is not known which it was.
const MOST_NAMED: usize = 20;

/// Finds for each death the input that caused it, by sending suspects once more, and adds a
/// violation that names it. What it died on is the reproduction.
pub(super) fn name_inputs(
    run: &mut Run<'_>,
    observation: &Observation,
    judgement: &mut Judgement,
    tell: &mut dyn FnMut(&str),
) -> Result<Vec<Reproduction>, VerifyError> {
    let deaths = std::mem::take(&mut run.deaths);
    let mut named = BTreeSet::new();
    let mut causes = Vec::new();
    let bound = Deadline::after(run.plan.wait * WAITS);
    for death in deaths {
        tell("looking for the input that it died on");
        let cause = run.cause(run.suspects(&death), &bound)?;
        if let Some(found) = found(observation, &death, &cause)
            && named.insert(found.records.clone())
        {
            causes.push((found, cause));
        }
    }
    if causes.is_empty() {
        return Ok(Vec::new());
    }
    let before = match judgement.rules.get(&id::COM_5) {
        Some(Standing::Violated { times }) => *times,
        _ => 0,
    };
    let times = before + causes.len() as u64;
    judgement.rules.insert(id::COM_5, Standing::Violated { times });
    let reproductions = causes.iter().enumerate().filter_map(|(finding, (found, cause))| {
        let Cause::One(suspect, seen) = cause else { return None };
        let (script, of) = suspect.script.clone();
        let observation = (**seen).clone();
        let alone = observation.history.records().first();
        let tenant = alone.and_then(|placed| placed.record.headers.tenant().ok().cloned());
        let found = Found { tenant, ..found.clone() };
        Some(Reproduction { finding, script, of, observation, found })
    });
    let reproductions = reproductions.collect();
    judgement.findings.splice(0..0, causes.into_iter().map(|(found, _)| found));
    Ok(reproductions)
}

fn found(observation: &Observation, death: &Death, cause: &Cause) -> Option<Found> {
    let suspects = match cause {
        Cause::One(suspect, _) => std::slice::from_ref(&**suspect),
        Cause::Several(suspects) => suspects,
    };
    let placed = suspects.iter().filter_map(|suspect| placed(observation, suspect.trace));
    let placed: Vec<_> = placed.take(MOST_NAMED).collect();
    let (first, tenant) = placed.first().cloned()?;
    let Death { status, said, for_good, .. } = death;
    let again = if *for_good { ", at each start again" } else { "" };
    let how = match (cause, suspects.len()) {
        (Cause::One(..), _) => {
            format!("died on {first} ({status}){again}, and when it was sent that alone")
        }
        (_, 1) => format!("died ({status}){again} with {first} in flight"),
        (_, many) => format!("died ({status}){again}, on one of {many} inputs, as of {first}"),
    };
    let last = said.iter().rev().find(|line| !line.trim().is_empty());
    let last = last.map(|line| format!("; it wrote last: {line}")).unwrap_or_default();
    Some(Found {
        severity: Severity::Violation,
        rule: id::COM_5,
        message: format!("the implementation {how}{last}"),
        tenant,
        records: placed.into_iter().map(|(record, _)| record).collect(),
        relaxation: None,
    })
}

impl Run<'_> {
    /// What it may have died on, the most suspicious first: what is not as it must be, and of that
    /// what it had to read next or, where it went on, what was sent last. Where it dies at each
    /// start, it is something that its group has not committed.
    fn suspects(&self, death: &Death) -> Vec<Suspect> {
        let unread = if death.for_good { self.unread_inputs() } else { BTreeMap::new() };
        let lanes = || self.played.iter().chain(&self.lanes);
        let sent = lanes().flat_map(|lane| lane.inputs(|sent| unread.contains_key(&sent.trace)));
        let mut suspects: Vec<_> = sent.collect();
        if suspects.is_empty() {
            suspects.clone_from(&death.suspects);
        }
        suspects.sort_by_key(|suspect| {
            let ahead = unread.get(&suspect.trace).copied();
            (suspect.sound, ahead, std::cmp::Reverse(suspect.at_ms))
        });
        suspects
    }

    /// The traces of inputs that the group has not committed, with how many it reads before each.
    fn unread_inputs(&self) -> BTreeMap<u128, u64> {
        let group = self.connection.group(&self.plan.group, self.topics, &self.reads);
        let lags = group.map(|group| group.lag).unwrap_or_default();
        let unread = |heard: &Heard| {
            let place = (heard.channel, heard.partition);
            let lag = lags.iter().find(|lag| (lag.channel, lag.partition) == place)?;
            let ahead = heard.offset.0.checked_sub(lag.committed.unwrap_or(0).unsigned_abs())?;
            Some((heard.record.headers.trace()?.trace, ahead))
        };
        self.field.heard.iter().filter(|heard| heard.ours).filter_map(unread).collect()
    }

    /// Looks for the one on which it dies again: by sending half of those that are left, and few
    /// one by one. A start takes longer than many inputs.
    fn cause(&mut self, suspects: Vec<Suspect>, bound: &Deadline) -> Result<Cause, VerifyError> {
        let mut left = suspects.clone();
        while !left.is_empty() && !bound.is_over() && self.is_back()? {
            let many = if left.len() > FEW { left.len() / 2 } else { 1 };
            let rest = left.split_off(many);
            match self.dies_on(&left)? {
                None => left = rest,
                Some(mut seen) if many == 1 => {
                    return Ok(Cause::One(Box::new(left.remove(0)), Box::new(seen.remove(0))));
                }
                Some(_) => {}
            }
        }
        // Where nothing did it again, it may have been any.
        Ok(Cause::Several(if left.is_empty() { suspects } else { left }))
    }

    /// Sends inputs once more, each to a tenant of its own; what was seen of each if it dies.
    fn dies_on(&mut self, suspects: &[Suspect]) -> Result<Option<Vec<Observation>>, VerifyError> {
        let alone = suspects.iter().map(|suspect| Script {
            name: "alone".to_owned(),
            tenants: vec![TenantSpec::default(), TenantSpec::default()],
            steps: vec![suspect.step.clone()],
        });
        self.mortal = true;
        let seen = self.play_apart(alone.collect());
        self.mortal = false;
        let died = !std::mem::take(&mut self.deaths).is_empty();
        Ok(died.then_some(seen?))
    }

    /// What came of something, unless it did not come back: then it is gone, and what was found
    /// before stands.
    pub(super) fn may_be_absent<T>(
        &mut self,
        done: Result<T, VerifyError>,
    ) -> Result<Option<T>, VerifyError> {
        match done {
            Err(VerifyError::Absent { .. }) => {
                self.lose();
                Ok(None)
            }
            done => done.map(Some),
        }
    }

    /// Whether it is there; where it died at each start, it is started behind what it died on.
    pub(super) fn is_back(&mut self) -> Result<bool, VerifyError> {
        if !self.is_gone() {
            return Ok(true);
        }
        let place = (self.plan.group.as_str(), self.plan.wait);
        if self.connection.skip(place, self.topics, &self.reads).is_err() {
            return Ok(false);
        }
        let revived = self.revive();
        self.deaths.clear();
        self.may_be_absent(revived)?;
        Ok(!self.is_gone())
    }
}

/// The record that was sent with a trace.
fn placed(observation: &Observation, trace: u128) -> Option<(RecordId, Option<Tenant>)> {
    let has = |one: &&crate::history::Placed| {
        one.record.headers.trace().is_some_and(|found| found.trace == trace)
    };
    let placed = observation.history.records().iter().find(has)?;
    Some((placed.id, placed.record.headers.tenant().ok().cloned()))
}
