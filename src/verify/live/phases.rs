//! In which order inputs are sent: good ones first, so that an implementation that stops at bad
//! input has all other rules verified before.
//!
//! What always holds: a kind of input that is not expected is first sent by itself, with a harmless
//! input behind each that must still be read, before scripts mix it with others; what it stopped at
//! is not sent again.

use std::sync::Arc;
use std::time::Duration;

use super::halt::Suspect;
use super::lane::Lane;
use super::run::Run;
use super::{Plan, VerifyError};
use crate::contract::Contracts;
use crate::kafka::Deadline;
use crate::verify::script::random;
use crate::verify::script::{Phase, Reader, SERIAL, Script, Sweep, sweeps};

/// How the name of a script begins that sends one kind of input.
pub(crate) const SWEEP: &str = "sweep ";
/// The part of the budget that random scripts of a phase get, and of the time that is left what the
/// phase may take in all: what comes last is not to be crowded out on a machine that is busy.
const SHARES: [(Phase, u32); 3] =
    [(Phase::Expected, 2), (Phase::Refused, 1), (Phase::Undecodable, 1)];
const ALL_SHARES: u32 = 4;

impl Run<'_> {
    /// Plays everything, phase by phase, or only the scripts that are asked for.
    pub(super) fn play_all(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        self.kills = self.plan.kills.iter().copied().collect();
        tell(&self.expected());
        if self.plan.only.is_empty() {
            let mut left = ALL_SHARES;
            for (phase, share) in SHARES {
                if !self.is_gone() && !self.is_over() {
                    self.phase_ends = Deadline::after(self.limit.left() * share / left);
                    let budget = self.plan.budget * share / ALL_SHARES;
                    self.play_phase(phase, budget, tell)?;
                }
                left = (left - share).max(1);
            }
            self.phase_ends = self.limit;
        } else {
            self.play_only(tell)?;
        }
        self.kills.clear();
        self.finish(tell)
    }

    fn play_phase(
        &mut self,
        phase: Phase,
        budget: Duration,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        for sweep in sweeps(&self.plan.subject, &self.contracts, phase) {
            if self.is_gone() || self.is_over() {
                return Ok(());
            }
            self.play_sweep(sweep, tell)?;
        }
        let of_phase = |script: &Script| script.phase() == phase;
        let scripts: Vec<_> = self.plan.scripts.iter().filter(|one| of_phase(one)).collect();
        let each = scripts.iter().filter(|script| script.steps.len() > 1);
        let serial = each.map(|script| (*script).clone().one_at_a_time());
        let mut scripts: Vec<_> = serial.chain(scripts.iter().copied().cloned()).collect();
        // Those that wait longest are played beside all others.
        scripts.sort_by_key(|script| std::cmp::Reverse(script.waits()));
        tell(&format!("{phase} input: {} scripts from scenarios", scripts.len()));
        let mut scripts = scripts.into_iter();
        self.play(&mut scripts, None, tell)?;
        if scripts.len() > 0 && !self.is_gone() {
            self.notes.push(format!(
                "{phase} input: not all scripts from scenarios were played ({} left), since the \
                 other input needs time, too (--limit)",
                scripts.len()
            ));
        }
        let budget = budget.min(self.phase_ends.left());
        if budget > Duration::ZERO {
            tell(&format!("{phase} input: random sequences for {} s", budget.as_secs()));
        }
        let abilities = self.plan.probe.abilities();
        let (subject, seed, first) = (self.plan.subject.clone(), self.plan.seed, self.drawn);
        let contracts = Arc::clone(&self.contracts);
        let drawn = std::cell::Cell::new(first);
        let mut random = std::iter::from_fn(|| {
            drawn.set(drawn.get() + 1);
            Some(
                random::script((&subject, &contracts), &abilities, (seed, drawn.get() - 1))
                    .up_to(phase),
            )
        });
        self.play(&mut random, Some(budget), tell)?;
        self.drawn = drawn.get();
        self.phases.push(phase);
        Ok(())
    }

    /// Sends each input of a kind apart.
    fn play_sweep(&mut self, sweep: Sweep, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let Sweep { kind, inputs } = sweep;
        let kind_is_left_out = |run: &Self| {
            run.skip.contains(&kind.name) || run.is_wary && kind.phase == Phase::Undecodable
        };
        let name = format!("{SWEEP}{kind}");
        let inputs: Vec<_> = inputs.into_iter().map(|one| (one, Some(kind.clone()))).collect();
        let size = self.group_size(inputs.len());
        let reader =
            Reader { service: self.plan.subject.clone(), contracts: Arc::clone(&self.contracts) };
        for group in inputs.chunks(size) {
            if kind_is_left_out(self) || self.is_gone() || self.is_over() {
                return Ok(());
            }
            let mut group = group.to_vec();
            if kind.reads_as_zero() && !self.skip.is_empty() {
                group.retain(|(message, _)| {
                    !reader.refuses_as(message).is_some_and(|name| self.skip.contains(&name))
                });
            }
            let trial = self.try_inputs(&name, &group)?;
            let mut suspects: Vec<Suspect> = trial.lanes.iter().flat_map(candidates).collect();
            self.played.extend(trial.lanes);
            if let Some(how) = trial.end {
                if self.launch.is_none() && how.standstill().is_some() {
                    // Its process may be gone, and have read its last record in another partition.
                    self.ping_all()?;
                }
                // What was committed before it was handled may have been tried before these.
                let earlier = self.suspects(&how).into_iter();
                suspects.extend(earlier.filter(|one| one.step.kind.is_some()));
                let suspects = self.likeliest_first(&how, suspects.into_iter());
                self.halted(how, suspects, tell)?;
            }
        }
        Ok(())
    }

    fn play_only(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let plan = self.plan;
        let abilities = plan.probe.abilities();
        let mut scripts = Vec::new();
        for name in &plan.only {
            if let Some(kind) = name.strip_prefix(SWEEP) {
                let all = Phase::ALL.iter();
                let all = all.flat_map(|phase| sweeps(&plan.subject, &self.contracts, *phase));
                let of_kind: Vec<_> = all.filter(|sweep| sweep.kind.name == kind).collect();
                for sweep in of_kind {
                    self.play_sweep(sweep, tell)?;
                }
                continue;
            }
            scripts.extend(named((plan, &self.contracts), &abilities, name));
        }
        self.play(&mut scripts.into_iter(), None, tell)
    }

    /// Waits for scripts that were played beside others, and until what was sent is read.
    fn finish(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        if !self.lanes.is_empty() && !self.is_gone() {
            tell("waiting for what takes effect by time");
        }
        self.to_the_end = true;
        self.play(&mut std::iter::empty(), None, tell)?;
        self.played.append(&mut self.lanes);
        self.await_late(tell)
    }

    /// The scripts of these lanes, to be played once more, without what it stopped at.
    pub(super) fn requeue(&mut self, lanes: &[Lane]) {
        for lane in lanes.iter().filter(|lane| !lane.has_sent_all()) {
            if self.requeued.insert(lane.script.name.clone()) {
                self.again.push_back(lane.script.clone());
            }
        }
    }

    /// A script that is to be played next, without what is not sent any more.
    pub(super) fn next_script(
        &mut self,
        scripts: &mut dyn Iterator<Item = Script>,
    ) -> Option<Script> {
        let script = self.again.pop_front().or_else(|| scripts.next())?;
        let script = script.without(&self.skip);
        Some(if self.is_wary { script.up_to(Phase::Refused) } else { script })
    }
}

/// The inputs of a trial that are not the harmless ones behind.
fn candidates(lane: &Lane) -> Vec<Suspect> {
    lane.inputs(|_| true).into_iter().filter(|one| one.step.kind.is_some()).collect()
}

/// The script of a name: of a scenario or random, one command at a time, killed before some steps.
fn named(
    (plan, contracts): (&Plan, &Arc<Contracts>),
    abilities: &random::Abilities,
    name: &str,
) -> Option<Script> {
    let (name, killed) = Script::parse_name(name)?;
    let (plain, serial) = match name.strip_suffix(SERIAL) {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let known = plan.scripts.iter().find(|script| script.name == plain).cloned();
    let script =
        known.or_else(|| random::named((&plan.subject, contracts), abilities, plan.seed, plain))?;
    let script = if serial { script.one_at_a_time() } else { script };
    Some(script.killed_before(&killed))
}
