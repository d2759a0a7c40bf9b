//! What comes late: it is waited for before something is held against anybody, and named.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Run, VerifyError};
use crate::kafka::Deadline;
use crate::rule::RuleId;
use crate::verify::{Found, Judgement};

/// How long is waited for events that come too late, before something is held against anybody.
const GRACE: Duration = Duration::from_secs(3);
/// A group that has inputs left and commits nothing for so long will not read them.
const STANDSTILL: Duration = Duration::from_secs(15);

impl Run<'_> {
    /// Listens for events that come late: for a moment, and as long as the group goes on reading
    /// what was sent to it.
    pub(super) fn await_late(&mut self) -> Result<(), VerifyError> {
        let whole = Deadline::after(self.plan.wait);
        let (mut standstill, mut before) = (Deadline::after(STANDSTILL), usize::MAX);
        loop {
            let wait = Deadline::after(self.pace.patience().settle.max(GRACE));
            while !wait.is_over() && !self.is_gone() {
                self.hear()?;
            }
            let unread = self.unread();
            if unread == 0 || self.is_gone() {
                return Ok(());
            }
            if unread < before {
                (standstill, before) = (Deadline::after(STANDSTILL), unread);
            }
            if whole.is_over() || standstill.is_over() {
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

    /// How many inputs the group has not committed; none where the broker does not say.
    fn unread(&self) -> usize {
        let group = self.connection.group(&self.plan.group, self.topics, &self.reads);
        let lags = group.map(|group| group.lag).unwrap_or_default();
        lags.iter().map(|lag| self.field.sent_from(lag)).sum()
    }

    /// Says which findings events have taken back that came after their time: of each rule one, and
    /// how many more.
    pub(super) fn withdrawn(&mut self, before: &Judgement, after: &Judgement) {
        let key = |found: &Found| (found.rule, found.tenant.clone());
        let still: BTreeSet<_> = after.findings.iter().map(key).collect();
        let gone = before.findings.iter().filter(|found| !still.contains(&key(found)));
        let mut of_rule: BTreeMap<RuleId, Vec<&str>> = BTreeMap::new();
        gone.for_each(|found| of_rule.entry(found.rule).or_default().push(&found.message));
        for (rule, messages) in of_rule {
            let more = match messages.len() {
                1 => String::new(),
                many => format!(", and {} more", many - 1),
            };
            self.notes
                .push(format!("withdrawn, since an event came late: {rule} {}{more}", messages[0]));
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
