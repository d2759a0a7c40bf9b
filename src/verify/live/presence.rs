//! Whether anybody is there: an input on each topic that the service reads, and a sign that it was
//! taken.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::absence::{
    Evidence, RecordSeen, RecordsSeen, diagnose, is_assigned, is_subscribed, standing,
};
use super::diagnosis::Diagnosis;
use super::lane::Lane;
use super::{GroupFrom, Run, VerifyError};
use crate::kafka::{Bounds, Deadline, GroupSnapshot, wall_ms};
use crate::message::{ChannelIx, TraceParent};
use crate::scenario::TenantSpec;
use crate::verify::script::random::greetings;
use crate::verify::script::{Act, Script, Step};

/// After so long an input that nobody took is sent once more: whoever starts at the end of a topic
/// may have come after it.
const AGAIN: Duration = Duration::from_secs(5);
/// Once one topic is read and the group is settled, the others may take so long without any
/// progress.
const OTHERS: Duration = Duration::from_secs(10);
/// What is waited for is said after so long.
const SAY: Duration = Duration::from_secs(5);
/// So many records are read to say what the group stands before.
const MOST_READ: usize = 12;

/// A topic that nothing was seen to read though others are read.
pub(super) struct Unread {
    pub(super) topic: String,
    pub(super) why: Diagnosis,
}

impl Unread {
    /// As it stands in the notes of a report.
    pub(super) fn note(&self) -> String {
        format!("nothing was seen to read {}: {}", self.topic, self.why)
    }
}

/// A search for somebody who takes what is sent.
struct Search {
    whole: Deadline,
    /// Once one channel is read: how long the others may still take.
    others: Option<Deadline>,
    /// The channels on which nothing was taken yet.
    silent: BTreeSet<ChannelIx>,
    /// The inputs that were sent, by trace.
    placed: BTreeMap<u128, ChannelIx>,
    again: Deadline,
    say: Deadline,
    said: String,
    /// The group; of snapshots that say the same the first and the last.
    seen: Vec<GroupSnapshot>,
    was_ready: bool,
    progress: i64,
    /// Where the partitions began and ended before anything was sent.
    bounds: Bounds,
    records: RecordsSeen,
}

impl Search {
    /// Takes what is known of the group; whether it is new.
    fn look(&mut self, latest: Option<GroupSnapshot>) -> bool {
        let Some(latest) = latest else { return false };
        let says_the_same = |one: &GroupSnapshot, other: &GroupSnapshot| {
            (&one.state, &one.members, &one.committed)
                == (&other.state, &other.members, &other.committed)
        };
        match self.seen.as_slice() {
            [.., last] if last.at_ms >= latest.at_ms => return false,
            [.., before, last] if says_the_same(before, last) && says_the_same(last, &latest) => {
                self.seen.pop();
            }
            _ => {}
        }
        self.seen.push(latest);
        true
    }

    fn is_over(&self) -> bool {
        let others_are_late = self.others.is_some_and(|others| others.is_over());
        self.silent.is_empty() || self.whole.is_over() || others_are_late
    }

    /// Whether an input is sent now: once the group has its partitions, and again where that was
    /// lost.
    fn greets(&mut self, is_ready: bool) -> bool {
        let greets = self.again.is_over() || (is_ready && !self.was_ready);
        self.was_ready = is_ready;
        if greets {
            self.again = Deadline::after(AGAIN);
        }
        greets
    }
}

impl Run<'_> {
    /// Waits until the implementation takes what is sent; the topics that it was not seen to read
    /// though it reads others. What is waited for is told when it takes long.
    ///
    /// # Errors
    /// [`VerifyError::Absent`] when nobody takes anything within `wait`.
    pub(super) fn find(
        &mut self,
        wait: Duration,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Vec<Unread>, VerifyError> {
        let mut search = Search {
            whole: Deadline::after(wait),
            others: None,
            silent: self.reads.iter().copied().collect(),
            placed: BTreeMap::new(),
            again: Deadline::after(AGAIN),
            say: Deadline::after(SAY),
            said: String::new(),
            seen: Vec::new(),
            was_ready: false,
            progress: 0,
            bounds: self.connection.bounds_of(self.topics, &self.reads),
            records: RecordsSeen::new(),
        };
        while !search.is_over() {
            let is_new = search.look(self.watch.latest());
            let is_ready = self.is_ready(&search);
            if search.greets(is_ready) {
                self.greet(&mut search)?;
            }
            let before = search.silent.len();
            for trace in self.hear()? {
                if let Some(channel) = search.placed.get(&trace) {
                    search.silent.remove(channel);
                }
            }
            if is_new {
                self.see_what_is_read(&mut search);
            }
            if search.silent.len() < before {
                search.others = Some(Deadline::after(OTHERS));
            }
            if search.say.is_over() && !search.silent.is_empty() {
                self.say(&mut search, tell);
            }
            self.see_that_it_lives()?;
            if self.is_gone() {
                return Ok(Vec::new());
            }
        }
        if search.silent.len() == self.reads.len() {
            let waited = search.whole.elapsed();
            let why = self.diagnosis(&mut search, true);
            let mut topics: Vec<_> =
                search.silent.iter().map(|one| self.topics.name(*one).to_owned()).collect();
            topics.sort();
            return Err(self.absent(topics, waited, why));
        }
        Ok(self.left_unread(search))
    }

    /// Whether the group has its partitions of each topic that nothing was taken from, as far as it
    /// asks for them; a broker that cannot say is believed to be ready.
    fn is_ready(&self, search: &Search) -> bool {
        let Some(last) = search.seen.last() else { return false };
        let Some(members) = &last.members else { return true };
        let has = |channel: &ChannelIx| {
            let topic = self.topics.name(*channel);
            is_assigned(members, topic) || !is_subscribed(members, topic)
        };
        last.state.as_deref() == Some("Stable") && search.silent.iter().all(has)
    }

    /// Takes out the channels of which the group has committed all that we put there for it to
    /// find. While it makes progress, or forms, the others are waited for.
    fn see_what_is_read(&self, search: &mut Search) {
        let Some(last) = search.seen.last() else { return };
        let placed = &search.placed;
        let is_read = |channel: ChannelIx| {
            let greeting = |trace: u128| placed.get(&trace) == Some(&channel);
            self.field.heard.iter().filter(|heard| heard.ours && heard.channel == channel).any(
                |heard| {
                    let trace = heard.record.headers.trace().map(|trace| trace.trace);
                    let committed = last.committed(channel, heard.partition).unwrap_or(0);
                    let offset = i64::try_from(heard.offset.0).unwrap_or(i64::MAX);
                    trace.is_some_and(greeting) && committed > offset
                },
            )
        };
        search.silent.retain(|channel| !is_read(*channel));
        let of_silent = last.committed.iter().filter(|((one, _), _)| search.silent.contains(one));
        let progress = of_silent.map(|(_, offset)| *offset).sum();
        let moves = progress != search.progress || !self.is_ready(search);
        search.progress = progress;
        if search.others.is_some() && moves {
            search.others = Some(Deadline::after(OTHERS));
        }
    }

    /// Sends an input on each channel on which nothing was taken, in a tenant of its own.
    fn greet(&mut self, search: &mut Search) -> Result<(), VerifyError> {
        let messages = greetings(&self.plan.subject, &self.contracts);
        let steps = (0..).zip(messages).map(|(id, message)| {
            let act = Act::Send(message);
            Step::new(id, 0, act)
        });
        let tenants = vec![TenantSpec::default()];
        let script = Script::new("is anybody there", tenants, steps.collect());
        let nonce = self.nonce();
        let known = self.any_known(1);
        let lane = Lane::new(script, nonce, &known);
        self.field.admit(&lane.tenants[0]);
        let mut records = Vec::new();
        for step in &lane.script.steps {
            let Act::Send(message) = &step.act else { continue };
            let mut ids =
                crate::message::Stream::keyed(self.plan.seed, &("greeting", nonce, step.id));
            let (trace, span) = (ids.uuid().as_u128(), ids.bits().max(1));
            let trace = TraceParent { trace, span, flags: 1 };
            let made = message.make(&self.contracts, (&lane.tenants[0], trace), &lane);
            if let Some(outgoing) = made.filter(|made| search.silent.contains(&made.channel)) {
                search.placed.insert(trace.trace, outgoing.channel);
                records.push((outgoing, trace, None));
            }
        }
        self.send(&records)?;
        Ok(())
    }

    /// Says what is waited for, unless it was said.
    fn say(&self, search: &mut Search, tell: &mut dyn FnMut(&str)) {
        search.say = Deadline::after(SAY);
        let why = match self.diagnosis(search, false) {
            // It is said once, and so without how long it has been so.
            Diagnosis::Rebalancing { group, state, members, .. } => {
                Diagnosis::Rebalancing { group, state, members, for_s: 0 }
            }
            why => why,
        };
        let what = why.what();
        if what != search.said {
            tell(&format!("still waiting: {what}"));
            search.said = what;
        }
    }

    /// The topics that nothing was seen to read, each with its reason.
    fn left_unread(&self, mut search: Search) -> Vec<Unread> {
        let silent = std::mem::take(&mut search.silent);
        let unread = |channel: ChannelIx| {
            search.silent = BTreeSet::from([channel]);
            let topic = self.topics.name(channel).to_owned();
            Unread { topic, why: self.diagnosis(&mut search, true) }
        };
        silent.into_iter().map(unread).collect()
    }

    /// Why nothing was taken on the channels that are silent. Other groups are asked for only where
    /// it is `thorough`: the broker has to describe each of them.
    fn diagnosis(&self, search: &mut Search, thorough: bool) -> Diagnosis {
        let silent: Vec<_> = search.silent.iter().map(|one| self.topics.name(*one)).collect();
        let is_empty =
            search.seen.last().is_some_and(|last| last.members.as_ref().is_some_and(Vec::is_empty));
        let others = match thorough && is_empty {
            true => self.connection.others_that_read(&self.plan.group, &silent),
            false => Vec::new(),
        };
        let evidence = Evidence {
            group: &self.plan.group,
            topics: self.topics,
            reads: &self.reads,
            silent: &search.silent,
            seen: &search.seen,
            made: &self.plan.made,
            bounds: &search.bounds,
            others,
        };
        for place in standing(&evidence).into_iter().take(MOST_READ) {
            let read = || {
                let (_, record) = self.connection.record_at(self.topics, place)?;
                Some(RecordSeen::new(&self.contracts, place.0, &record))
            };
            search.records.entry(place).or_insert_with(|| read().unwrap_or_default());
        }
        diagnose(&evidence, &search.records)
    }

    /// Moves the group to the ends of its topics where that is asked for; nobody may be in it.
    pub(super) fn move_group(&self) -> Result<(), VerifyError> {
        if self.plan.group_from == GroupFrom::Committed {
            return Ok(());
        }
        let group = &self.plan.group;
        let members = self.connection.members(group)?.unwrap_or_default();
        if !members.is_empty() {
            let members = members.iter().map(ToString::to_string).collect();
            return Err(VerifyError::GroupInUse { group: group.clone(), members });
        }
        self.connection.skip((group, self.plan.wait), self.topics, &self.reads)?;
        Ok(())
    }

    pub(super) fn absent(
        &self,
        topics: Vec<String>,
        waited: Duration,
        why: Diagnosis,
    ) -> VerifyError {
        VerifyError::Absent {
            subject: self.plan.subject.clone(),
            topics,
            waited_s: waited.as_secs(),
            why: Box::new(why),
            said: self.launch.as_ref().map(|_| self.last_lines()),
        }
    }

    /// The implementation was killed and starts again: waits until it is back.
    pub(super) fn await_return(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        self.find(self.plan.wait, tell)?;
        if self.is_gone() {
            return Ok(());
        }
        let now_ms = wall_ms();
        self.field.turns.push((now_ms, super::field::Turn::Back));
        self.pace.since_ms = now_ms;
        Ok(())
    }
}
