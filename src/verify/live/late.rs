//! What comes late: it is waited for before something is held against anybody, and named.

use std::time::Duration;

use super::{Run, VerifyError};
use crate::kafka::Deadline;

/// How long is waited for events that come late, before something is held against anybody.
const GRACE: Duration = Duration::from_secs(3);

impl Run<'_> {
    /// Listens for events that come late: for a moment, and as long as the implementation goes on
    /// reading what was sent to it.
    pub(super) fn await_late(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let whole = Deadline::after(self.plan.wait);
        loop {
            let wait = Deadline::after(self.pace.patience().settle.max(GRACE));
            while !wait.is_over() && !self.is_gone() && !self.is_over() {
                self.hear()?;
            }
            let unread = self.field.reading.unread();
            if unread == 0 || self.is_gone() || self.is_over() {
                return Ok(());
            }
            if let Some(how) = self.has_halted()? {
                let suspects = self.suspects(&how);
                return self.halted(how, suspects, tell);
            }
            if whole.is_over() {
                let inputs = if unread == 1 { "input" } else { "inputs" };
                self.notes.push(format!(
                    "the group {:?} has not committed {unread} {inputs}: what it has not read, it \
                     cannot answer",
                    self.plan.group
                ));
                return Ok(());
            }
        }
    }

    pub(super) fn name_the_late(&mut self) {
        let slowest = self.late.iter().map(|(_, took)| *took).max();
        if let Some(slowest) = slowest {
            let many = self.late.len();
            self.notes.push(format!(
                "{many} {} later than was waited for at first, the slowest after {} ms; what was \
                 sent meanwhile was judged with that",
                if many == 1 { "answer came" } else { "answers came" },
                slowest.as_millis()
            ));
        }
    }
}
