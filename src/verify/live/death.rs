//! Which input an implementation died on.

use std::collections::BTreeSet;

use super::VerifyError;
use super::field::Heard;
use super::run::Run;
use crate::message::{RecordId, Tenant};
use crate::rule::{Severity, id};
use crate::scenario::TenantSpec;
use crate::verify::script::{Script, Step};
use crate::verify::{Found, Judgement, Observation, Standing};

/// The implementation's process ended though nobody killed it.
pub(super) struct Death {
    pub(super) status: String,
    pub(super) said: Vec<String>,
    pub(super) suspects: Vec<Suspect>,
    /// Whether it died again at each start.
    pub(super) for_good: bool,
}

/// An input that was in flight when it died.
pub(super) struct Suspect {
    pub(super) trace: u128,
    pub(super) at_ms: i64,
    pub(super) step: Step,
}

/// How many inputs are tried one by one.
const MOST_TRIED: usize = 8;

/// Finds for each death the input that caused it, by sending suspects once more, the last one
/// first, and adds a violation that names it.
pub(super) fn name_inputs(
    run: &mut Run<'_>,
    observation: &mut Observation,
    judgement: &mut Judgement,
    tell: &mut dyn FnMut(&str),
) -> Result<(), VerifyError> {
    let deaths = std::mem::take(&mut run.deaths);
    let mut named = BTreeSet::new();
    for death in deaths {
        tell("looking for the input that it died on");
        let mut suspects = death.suspects;
        suspects.sort_by_key(|suspect| std::cmp::Reverse(suspect.at_ms));
        let mut culprit = death.for_good.then(|| run.first_unread()).flatten();
        let tried = if run.is_gone() { 0 } else { MOST_TRIED };
        for suspect in suspects.iter().take(tried) {
            let script = Script {
                name: "alone".to_owned(),
                tenants: vec![TenantSpec::default(), TenantSpec::default()],
                steps: vec![suspect.step.clone()],
            };
            let before = run.deaths.len();
            run.play_apart(vec![script])?;
            if run.deaths.len() > before {
                run.deaths.clear();
                culprit = Some(suspect.trace);
                break;
            }
        }
        let (trace, how) = match (culprit, suspects.first()) {
            (Some(culprit), _) if death.for_good => (culprit, "at each start again"),
            (Some(culprit), _) => (culprit, "and again when it was sent alone"),
            (None, Some(last)) => (last.trace, ""),
            (None, None) => continue,
        };
        let Some((record, tenant)) = placed(observation, trace) else {
            continue;
        };
        if named.insert(record) {
            let found = found((record, tenant), how, (&death.status, &death.said));
            judgement.findings.insert(0, found);
            let times = match judgement.rules.get(&id::COM_5) {
                Some(Standing::Violated { times }) => times + 1,
                _ => 1,
            };
            judgement.rules.insert(id::COM_5, Standing::Violated { times });
        }
    }
    Ok(())
}

fn found(
    (record, tenant): (RecordId, Option<Tenant>),
    how: &str,
    (status, said): (&str, &[String]),
) -> Found {
    let how = match how {
        "" => format!("the implementation died ({status}) with {record} in flight"),
        how => format!("the implementation died on {record} ({status}), {how}"),
    };
    let last = said.iter().rev().find(|line| !line.trim().is_empty());
    let last = last.map(|line| format!("; it wrote last: {line}")).unwrap_or_default();
    Found {
        severity: Severity::Violation,
        rule: id::COM_5,
        message: format!("{how}{last}"),
        tenant,
        records: vec![record],
        relaxation: None,
    }
}

impl Run<'_> {
    /// The trace of the input on which it dies when it starts again: one that is not committed, and
    /// rather one that is not as it must be; of several, that which is read first.
    fn first_unread(&self) -> Option<u128> {
        let group = self.connection.group(&self.plan.group, self.topics, &self.reads).ok()?;
        let ahead = |heard: &Heard| {
            let place = (heard.channel, heard.partition);
            let lag = group.lag.iter().find(|lag| (lag.channel, lag.partition) == place)?;
            heard.offset.0.checked_sub(lag.committed.unwrap_or(0).unsigned_abs())
        };
        let ours = self.field.heard.iter().filter(|heard| heard.ours);
        let unread = ours.filter_map(|heard| {
            let (ahead, trace) = (ahead(heard)?, heard.record.headers.trace()?.trace);
            let sound = self.contracts.check_sent(heard.channel, &heard.record).is_empty();
            Some(((sound, ahead), trace))
        });
        unread.min_by_key(|(key, _)| *key).map(|(_, trace)| trace)
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
