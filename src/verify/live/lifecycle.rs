//! The life of an implementation that quintet starts: how it ends, is killed, and comes back.
//!
//! What always holds: what it is down does not count as time to answer in; where it does not come
//! back it is gone, and what was seen until then stands.

use std::time::Duration;

use super::VerifyError;
use super::field::Turn;
use super::lane::Lane;
use super::process::Process;
use super::run::Run;
use crate::kafka::{Deadline, pause, wall_ms};
use crate::verify::script::Script;

/// Who takes longer to come back after a kill is killed once.
const SLOW: Duration = Duration::from_secs(15);
/// So many scripts wait for a kill.
const KILL_SCRIPTS: usize = 8;
/// An outage that is longer makes the whole longer than was said.
const WORTH_SAYING: Duration = Duration::from_secs(5);
/// What is said where a process ended by itself.
pub(crate) const ENDED: &str = "the process ended";

impl Run<'_> {
    /// How the process ended, if it was started here and did; from then on there is none.
    pub(super) fn ended(&mut self) -> Option<String> {
        let status = self.process.as_mut()?.ended()?;
        let ended = Turn::Seen(format!("{ENDED} ({status})"));
        self.field.turns.extend([(wall_ms(), ended), (wall_ms(), Turn::Killed)]);
        // What it wrote at last may still be on its way.
        pause(Duration::from_millis(50));
        self.said = self.last_lines();
        self.process = None;
        Some(status.to_string())
    }

    /// The last lines that the implementation wrote, where it was started here.
    pub(super) fn last_lines(&self) -> Vec<String> {
        self.process.as_ref().map_or_else(|| self.said.clone(), Process::last_lines)
    }

    /// Notices, while it is waited for, that the implementation's process is gone.
    ///
    /// # Errors
    /// [`VerifyError::Ended`] where it has never taken anything.
    pub(super) fn see_that_it_lives(&mut self) -> Result<(), VerifyError> {
        let Some(status) = self.ended() else { return Ok(()) };
        if !self.met {
            return Err(VerifyError::Ended { status, said: self.last_lines() });
        }
        self.lose();
        Ok(())
    }

    /// Gives it up.
    pub(super) fn lose(&mut self) {
        self.process = None;
        self.gone_ms.get_or_insert(wall_ms());
    }

    /// Whether the implementation is gone and cannot be brought back.
    pub(super) fn is_gone(&self) -> bool {
        self.gone_ms.is_some()
    }

    /// Whether it is time to kill it, and there are tenants in which to see what it has kept.
    pub(super) fn is_kill_due(&self) -> bool {
        let due = self.kills.front().is_some_and(|at| *at <= self.used);
        due && self.process.is_some() && self.has_tenants()
    }

    /// Lets some of these scripts wait for a kill in their middle, half of them one command at a
    /// time, so that what it has kept shows, while others are under way.
    pub(super) fn prepare_kill(&mut self, scripts: &mut dyn Iterator<Item = Script>) {
        self.kills.pop_front();
        for number in 0..KILL_SCRIPTS {
            if !self.has_tenants() {
                break;
            }
            let Some(script) = self.next_script(scripts) else { break };
            let script = if number % 2 == 0 { script.one_at_a_time() } else { script };
            self.open_lane(script.killed_amid());
        }
    }

    /// Kills it for scripts that wait for that, once no other is on the way there.
    pub(super) fn kill_if_awaited(
        &mut self,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        if !self.lanes.iter().any(Lane::awaits_kill) || self.lanes.iter().any(Lane::is_before_kill)
        {
            return Ok(());
        }
        if self.process.is_none() {
            // What is not ours to start is not ours to kill.
            let waiting = self.lanes.iter_mut().filter(|lane| lane.awaits_kill());
            waiting.for_each(Lane::was_killed);
            return Ok(());
        }
        tell("killing it (-9) and starting it again");
        self.kill(tell)?;
        self.done.kills += 1;
        let left = self.kills.len();
        if left > 0 && self.last_outage > SLOW {
            self.kills.clear();
            self.notes.push(format!(
                "it was killed once only: it took {} s until its group had partitions again, \
                 which is how long its session times out (`session.timeout.ms`)",
                self.last_outage.as_secs()
            ));
        }
        Ok(())
    }

    /// Kills the implementation, where it was started here, and starts it again.
    fn kill(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.kill();
        self.field.turns.push((wall_ms(), Turn::Killed));
        self.lanes.iter_mut().for_each(Lane::was_killed);
        let done = self.restart(tell);
        self.may_be_absent(done).map(drop)
    }

    /// Starts the implementation again, and waits until it is back. Where it ends at its start, it
    /// is started once more behind all that its group has not read.
    pub(super) fn restart(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let outage = Deadline::after(Duration::ZERO);
        self.start_again(tell)?;
        if self.is_gone() && !self.is_over() && self.skip_unread() {
            self.start_again(tell)?;
        }
        self.last_outage = outage.elapsed();
        self.outages += outage.elapsed();
        if self.last_outage > WORTH_SAYING {
            tell(&format!(
                "it took {} s until its group had partitions again; {}",
                self.last_outage.as_secs(),
                self.expected()
            ));
        }
        Ok(())
    }

    pub(super) fn start_again(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let Some(launch) = &self.launch else { return Ok(()) };
        self.gone_ms = None;
        // Nothing that is answered before it is back says how fast it is.
        self.pace.since_ms = i64::MAX;
        self.process = Some(launch.start(&self.plan.stop).map_err(VerifyError::Command)?);
        self.await_return(tell)?;
        self.field.reading.restarted(wall_ms());
        Ok(())
    }
}
