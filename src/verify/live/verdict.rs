//! What is said in the end of what was seen.

use std::collections::BTreeSet;
use std::time::Duration;

use super::field::Of;
use super::lane::Lane;
use super::run::Run;
use super::{Done, Verified, VerifyError, shrink};
use crate::kafka::Deadline;
use crate::message::{Tenant, VirtualTime};
use crate::verify::script::Phase;
use crate::verify::{Judgement, Observation, judge_until};

/// How long judging may take once the time is up.
const LAST_WORDS: Duration = Duration::from_secs(8);

impl Run<'_> {
    /// Judges what was seen.
    pub(super) fn judge(mut self, tell: &mut dyn FnMut(&str)) -> Result<Verified, VerifyError> {
        tell("judging");
        let is_cut_short = self.limit.is_over();
        self.limit = self.ends;
        let tenants = self.judged();
        let observation = self.observe(&tenants);
        let mut judgement = self.judgement(&observation);
        self.name_the_late();
        let scripts = self.played.len();
        let before = judgement.findings.len();
        let mut reproductions = self.name_halts(&observation, &mut judgement);
        let named = judgement.findings.len() - before;
        reproductions.extend(shrink::shrink(&mut self, &mut judgement, named, tell)?);
        if let Some(process) = &mut self.process {
            process.stop();
        }
        self.notes.extend(self.probe_failures.notes());
        self.note_course(is_cut_short);
        let done = Done {
            scripts,
            slowest: self.pace.slowest(),
            settle: self.pace.longest_settle(),
            ..self.done
        };
        Ok(Verified { observation, judgement, reproductions, notes: self.notes, done })
    }

    /// What is said of an observation, in the time that is left.
    pub(super) fn judgement(&self, observation: &Observation) -> Judgement {
        let last = Deadline::after(LAST_WORDS);
        judge_until(observation, &self.plan.judging, &|| self.is_over() && last.is_over())
    }

    /// Says which phases were played, and what was left out.
    fn note_course(&mut self, is_cut_short: bool) {
        if self.plan.only.is_empty() {
            let played: Vec<_> = self.phases.iter().map(|phase| phase.name()).collect();
            let missing = Phase::ALL.iter().filter(|phase| !self.phases.contains(phase));
            let missing: Vec<_> = missing.map(|phase| phase.name()).collect();
            self.notes.push(match (played.is_empty(), missing.is_empty()) {
                (_, true) => format!("input that was sent: {}", played.join(", ")),
                (true, _) => format!("not all of any input was sent: {}", missing.join(", ")),
                _ => format!(
                    "input that was sent: {}; not, or not all of it: {}",
                    played.join(", "),
                    missing.join(", ")
                ),
            });
        }
        if !self.skip.is_empty() {
            let kinds: Vec<_> = self.skip.iter().map(String::as_str).collect();
            self.notes.push(format!("kinds of input that were not sent: {}", kinds.join(", ")));
        }
        if self.plan.stop.is_raised() {
            self.notes.push("it was ended by a signal: this is what was known by then".to_owned());
        } else if is_cut_short || self.limit.is_over() {
            let limit_s = self.plan.limit.as_secs();
            self.notes.push(format!("the time was up (--limit {limit_s}s)"));
        }
    }

    /// What was seen of these tenants, as long as the implementation was there.
    fn observe(&self, tenants: &BTreeSet<Tenant>) -> Observation {
        let of = Of { tenants: tenants.clone(), traces: None };
        let mut observed = self.field.observation(&of, self.pace.longest_settle());
        if let Some(gone_ms) = self.gone_ms {
            observed.ended = VirtualTime::from_unix_ms(gone_ms);
        }
        observed
    }

    /// What was seen of one script.
    pub(super) fn observe_lane(&self, lane: &Lane) -> Observation {
        self.field.observation(&Of::lane(lane), self.pace.longest_settle())
    }

    /// The tenants of the scripts, but for those of which it is not known what the probe told them.
    fn judged(&self) -> BTreeSet<Tenant> {
        let untold = self.probe_failures.untold();
        let tenants = self.played.iter().flat_map(|lane| &lane.tenants);
        tenants.filter(|tenant| !untold.contains(tenant)).cloned().collect()
    }
}
