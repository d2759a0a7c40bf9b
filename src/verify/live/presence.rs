//! Whether anybody is there: an input on each topic that the service reads, and a sign that it was
//! taken.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::lane::Lane;
use super::{Run, VerifyError};
use crate::kafka::{Deadline, wall_ms};
use crate::message::{ChannelIx, TraceParent};
use crate::scenario::TenantSpec;
use crate::verify::script::random::greetings;
use crate::verify::script::{Act, Script, Step};

/// How often the group's offsets are looked at.
const LOOK: Duration = Duration::from_millis(500);
/// After so long an input that nobody took is sent once more: whoever starts at the end of a topic
/// may have come after it.
const AGAIN: Duration = Duration::from_secs(5);
/// Once one topic is read, the others may take so long.
const OTHERS: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Waits until the implementation takes what is sent; the names of the topics that it was not
    /// seen to read though it reads others.
    ///
    /// # Errors
    /// [`VerifyError::Absent`] when nobody takes anything within `wait`.
    pub(super) fn find(&mut self, wait: Duration) -> Result<Vec<String>, VerifyError> {
        let whole = Deadline::after(wait);
        let mut others: Option<Deadline> = None;
        let mut silent: BTreeSet<ChannelIx> = self.reads.iter().copied().collect();
        let mut placed = BTreeMap::new();
        let mut again = Deadline::after(Duration::ZERO);
        let mut look = Deadline::after(LOOK);
        while !silent.is_empty() {
            if whole.is_over() || others.is_some_and(|others| others.is_over()) {
                break;
            }
            if again.is_over() {
                again = Deadline::after(AGAIN);
                self.greet(&silent, &mut placed)?;
            }
            let before = silent.len();
            for trace in self.hear()? {
                if let Some(channel) = placed.get(&trace) {
                    silent.remove(channel);
                }
            }
            if look.is_over() {
                look = Deadline::after(LOOK);
                silent.retain(|channel| !self.is_read(*channel, &placed));
            }
            if silent.len() < before && others.is_none() {
                others = Some(Deadline::after(OTHERS));
            }
            self.see_that_it_lives()?;
            if self.is_gone() {
                return Ok(Vec::new());
            }
        }
        if silent.len() == self.reads.len() {
            return Err(self.absent(&silent, whole.elapsed()));
        }
        Ok(silent.iter().map(|channel| self.topics.name(*channel).to_owned()).collect())
    }

    /// Sends an input on each of these channels, in a tenant of its own.
    fn greet(
        &mut self,
        silent: &BTreeSet<ChannelIx>,
        placed: &mut BTreeMap<u128, ChannelIx>,
    ) -> Result<(), VerifyError> {
        let messages = greetings(&self.plan.subject, &self.contracts);
        let steps = (0..).zip(messages).map(|(id, message)| {
            let act = Act::Send(message);
            Step { id, tenant: 0, act }
        });
        let script = Script {
            name: "is anybody there".to_owned(),
            tenants: vec![TenantSpec::default()],
            steps: steps.collect(),
        };
        let lane = Lane::new(script, self.nonce());
        self.field.admit(&lane.tenants[0]);
        let mut records = Vec::new();
        for step in &lane.script.steps {
            let Act::Send(message) = &step.act else { continue };
            let mut ids = crate::message::Stream::keyed(
                self.plan.seed,
                &("greeting", lane.tenants[0].id.as_u128(), step.id),
            );
            let (trace, span) = (ids.uuid().as_u128(), ids.bits().max(1));
            let trace = TraceParent { trace, span, flags: 1 };
            let made = message.make(&self.contracts, (&lane.tenants[0], trace), &lane);
            if let Some(outgoing) = made.filter(|made| silent.contains(&made.channel)) {
                placed.insert(trace.trace, outgoing.channel);
                records.push((outgoing, trace));
            }
        }
        self.send(&records)?;
        Ok(())
    }

    /// Whether the group has committed everything that we put on a channel for it to find.
    fn is_read(&self, channel: ChannelIx, placed: &BTreeMap<u128, ChannelIx>) -> bool {
        let Ok(group) = self.connection.group(&self.plan.group, self.topics, &[channel]) else {
            return false;
        };
        self.field.heard.iter().filter(|heard| heard.ours && heard.channel == channel).any(
            |heard| {
                let trace = heard.record.headers.trace().map(|trace| trace.trace);
                let greeting = trace.is_some_and(|trace| placed.contains_key(&trace));
                let lag = group.lag.iter().find(|lag| lag.partition == heard.partition);
                let committed = lag.and_then(|lag| lag.committed).unwrap_or(0);
                greeting && committed > i64::try_from(heard.offset.0).unwrap_or(i64::MAX)
            },
        )
    }

    fn absent(&self, silent: &BTreeSet<ChannelIx>, waited: Duration) -> VerifyError {
        let channels: Vec<_> = silent.iter().copied().collect();
        let group = self.connection.group(&self.plan.group, self.topics, &channels);
        VerifyError::Absent {
            subject: self.plan.subject.clone(),
            topics: channels.iter().map(|one| self.topics.name(*one).to_owned()).collect(),
            waited_s: waited.as_secs(),
            group: group.map_or_else(|error| error.to_string(), |group| group.to_string()),
            said: self.process.as_ref().map(super::process::Process::last_lines),
        }
    }

    /// The implementation was killed and starts again: waits until it is back.
    pub(super) fn await_return(&mut self) -> Result<(), VerifyError> {
        self.find(self.plan.wait)?;
        if self.is_gone() {
            return Ok(());
        }
        let now_ms = wall_ms();
        self.field.turns.push((now_ms, super::field::Turn::Back));
        self.pace.since_ms = now_ms;
        Ok(())
    }
}
