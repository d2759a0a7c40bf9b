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

/// Who takes longer to come back after a kill is killed once.
const SLOW: Duration = Duration::from_secs(15);
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

    pub(super) fn kill_if_due(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let due = self.kills.front().is_some_and(|at| *at <= self.used);
        if !due || self.process.is_none() {
            return Ok(());
        }
        self.kills.pop_front();
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

    /// Kills it for scripts that wait for that, once all of them do.
    pub(super) fn kill_if_awaited(
        &mut self,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        let awaits = |lane: &&Lane| lane.awaits_kill();
        let ready = |lane: &Lane| lane.awaits_kill() || lane.has_sent_all();
        if self.lanes.iter().find(awaits).is_none() || !self.lanes.iter().all(ready) {
            return Ok(());
        }
        self.kill(tell)
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

    fn start_again(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
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
