//! A verification under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::asking::ProbeFailures;
use super::field::{Field, ToSend, Turn};
use super::halt::Halt;
use super::lane::{Lane, Want};
use super::pace::Pace;
use super::process::{Launch, Process};
use super::trial::{How, STALE_MS, is_unsettled};
use super::{Diagnosis, Done, Plan, VerifyError};
use crate::contract::Contracts;
use crate::kafka::{
    Connection, Deadline, From, GroupChange, GroupChanges, GroupWatch, Sender, Tap, Topics, wall_ms,
};
use crate::message::{ChannelIx, Offset, Tenant};
use crate::verify::Observation;
use crate::verify::script::{KindNames, Phase, Script};

/// How many scripts send at a time, and how many may be under way with those that only wait.
const SENDING: usize = 60;
const LANES: usize = 200;
/// What was seen is judged, and made smaller, in this part of the time at least.
const JUDGING: u32 = 4;
/// How long is listened between two looks at what is to be done.
const TICK: Duration = Duration::from_millis(10);
/// What scripts from scenarios, inputs that are tried apart and the last answers take, about.
const BESIDES: Duration = Duration::from_secs(45);

/// A verification under way.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) contracts: Arc<Contracts>,
    pub(super) connection: &'a Connection,
    pub(super) topics: &'a Topics,
    /// What the implementation reads.
    pub(super) reads: Vec<ChannelIx>,
    pub(super) field: Field,
    /// Its group, seen from outside.
    pub(super) watch: GroupWatch,
    changes: GroupChanges,
    /// Until when, in Unix milliseconds, its group was not seen to be in order last.
    pub(super) unsettled_ms: i64,
    /// When its group was last seen.
    group_seen_ms: i64,
    /// When the broker was last found to be away.
    pub(super) away_ms: i64,
    pub(super) pace: Pace,
    pub(super) launch: Option<Launch>,
    pub(super) process: Option<Process>,
    /// What the last process wrote last.
    pub(super) said: Vec<String>,
    pub(super) lanes: Vec<Lane>,
    /// Scripts that were played to their end, or as far as it read.
    pub(super) played: Vec<Lane>,
    /// Scripts that were cut short, to be played once more, and the names of all that were.
    pub(super) again: VecDeque<Script>,
    pub(super) requeued: BTreeSet<String>,
    pub(super) halts: Vec<Halt>,
    /// Kinds of input that are not sent.
    pub(super) skip: KindNames,
    /// How many kinds of undecodable input it stopped at, and whether no others are sent.
    pub(super) stopped_at: usize,
    pub(super) is_wary: bool,
    /// The phases that were played to their end.
    pub(super) phases: Vec<Phase>,
    /// How many random scripts were drawn.
    pub(super) drawn: u64,
    /// The known tenants that no script plays in.
    free: VecDeque<Tenant>,
    /// How long the last inputs that were tried apart were waited for.
    pub(super) trial_took: Duration,
    /// Which partition of each channel is next.
    pub(super) turns: BTreeMap<ChannelIx, usize>,
    /// Answers that took longer than was waited for them.
    pub(super) late: Vec<(u128, Duration)>,
    /// When it is killed, in random scripts.
    pub(super) kills: VecDeque<Duration>,
    /// For how long random scripts were played, and it was there.
    pub(super) used: Duration,
    /// For how long it was down in all, and the last time.
    pub(super) outages: Duration,
    pub(super) last_outage: Duration,
    /// Whether it has taken anything yet, ever.
    pub(super) met: bool,
    /// Whether it is left as it is when it stops.
    pub(super) mortal: bool,
    /// Whether scripts that wait for long are waited for.
    pub(super) to_the_end: bool,
    /// Since when it has been gone for good.
    pub(super) gone_ms: Option<i64>,
    /// Up to when inputs are sent; once they are judged, up to when everything is to be said.
    pub(super) limit: Deadline,
    /// Up to when the phase that is played may take.
    pub(super) phase_ends: Deadline,
    /// Up to when everything is to be said.
    pub(super) ends: Deadline,
    started: u64,
    nonce: u64,
    pub(super) notes: Vec<String>,
    /// What the probe did not answer.
    pub(super) probe_failures: ProbeFailures,
    pub(super) done: Done,
}

impl<'a> Run<'a> {
    /// Listens on all topics; nothing is sent yet.
    pub(super) fn open(
        plan: &'a Plan,
        contracts: Arc<Contracts>,
        (connection, topics): (&'a Connection, &'a Topics),
    ) -> Result<Self, VerifyError> {
        let tap = Tap::open(connection, topics, From::End)?;
        let sender = Sender::open(connection, topics)?;
        let variables = contracts
            .channels()
            .iter()
            .map(|channel| (channel.address.clone(), topics.name(channel.index).to_owned()));
        let reads = contracts.consumed_by(&plan.subject).unwrap_or_default();
        let watch = GroupWatch::start(connection, topics, (&plan.group, &reads))?;
        let at = (connection.bootstrap(), plan.group.as_str());
        let launch = plan.command.as_ref();
        let launch = launch.map(|command| Launch::new(command, at, variables.collect()));
        Ok(Self {
            plan,
            connection,
            topics,
            reads,
            watch,
            changes: GroupChanges::default(),
            unsettled_ms: 0,
            group_seen_ms: wall_ms(),
            away_ms: 0,
            field: Field::new(Arc::clone(&contracts), &plan.subject, (sender, tap)),
            contracts,
            pace: Pace::default(),
            launch,
            process: None,
            said: Vec::new(),
            lanes: Vec::new(),
            played: Vec::new(),
            again: VecDeque::new(),
            requeued: BTreeSet::new(),
            halts: Vec::new(),
            skip: plan.skip.clone(),
            stopped_at: 0,
            is_wary: false,
            phases: Vec::new(),
            drawn: 0,
            free: plan.tenants.iter().cloned().collect(),
            trial_took: Duration::ZERO,
            turns: BTreeMap::new(),
            late: Vec::new(),
            kills: VecDeque::new(),
            used: Duration::ZERO,
            outages: Duration::ZERO,
            last_outage: Duration::ZERO,
            met: false,
            mortal: false,
            to_the_end: false,
            gone_ms: None,
            limit: Deadline::after(plan.limit.saturating_sub(plan.limit / JUDGING)),
            phase_ends: Deadline::after(plan.limit),
            ends: Deadline::after(plan.limit),
            started: 0,
            nonce: uuid::Uuid::from_u128(nonce()).as_u64_pair().0,
            notes: Vec::new(),
            probe_failures: ProbeFailures::default(),
            done: Done::default(),
        })
    }

    /// Starts the implementation where that is ours to do, and waits until it takes inputs.
    pub(super) fn start(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        self.move_group()?;
        if let Some(launch) = &self.launch {
            self.process = Some(launch.start(&self.plan.stop).map_err(VerifyError::Command)?);
        }
        tell(&format!("waiting for {} to take an input", self.plan.subject));
        // While its group forms, an answer does not say how fast it is.
        self.pace.since_ms = i64::MAX;
        let clock = Deadline::after(self.plan.wait);
        for unread in self.find(self.plan.wait, tell)? {
            if matches!(unread.why, Diagnosis::StandsBefore { .. }) {
                // What stands there is not read however much is sent.
                return Err(self.absent(vec![unread.topic], clock.elapsed(), unread.why));
            }
            self.notes.push(unread.note());
        }
        self.pace.since_ms = wall_ms();
        self.field.reading.restarted(wall_ms());
        self.last_outage = clock.elapsed();
        self.met = true;
        Ok(())
    }

    /// How long the rest takes, in words.
    pub(super) fn expected(&self) -> String {
        let random = self.plan.budget.saturating_sub(self.used);
        let kills = u32::try_from(self.kills.len()).unwrap_or(u32::MAX);
        let besides =
            BESIDES.saturating_sub(BESIDES * u32::try_from(self.phases.len()).unwrap_or(3) / 3);
        let rest = random + besides + self.last_outage * kills;
        let (rest_s, most_s) = (rest.as_secs(), self.ends.left().as_secs());
        format!("the rest takes about {} s, and {most_s} s at most", rest_s.min(most_s))
    }

    /// Whether no more is to be played: somebody asked to end, or the time is up.
    pub(super) fn is_over(&self) -> bool {
        self.plan.stop.is_raised() || self.limit.is_over()
    }

    /// Another number for names that nobody else has.
    pub(super) fn nonce(&mut self) -> (u64, u64) {
        self.started += 1;
        (self.nonce, self.started)
    }

    /// Plays scripts, several at a time, until there are no more or the budget is used up; what
    /// the implementation is down does not count.
    pub(super) fn play(
        &mut self,
        scripts: &mut dyn Iterator<Item = Script>,
        budget: Option<Duration>,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), VerifyError> {
        let (clock, before, used_before) =
            (Deadline::after(Duration::ZERO), self.outages, self.used);
        loop {
            if self.is_gone() || self.is_over() {
                self.played.append(&mut self.lanes);
                return Ok(());
            }
            if self.phase_ends.is_over() {
                // What was sent is judged; what waits for time goes on waiting.
                let cut = self.lanes.extract_if(.., |lane| !lane.is_background());
                self.played.extend(cut);
                self.free = self.plan.tenants.iter().cloned().collect();
                return Ok(());
            }
            let used = clock.elapsed().saturating_sub(self.outages - before);
            let open = budget.is_none_or(|budget| used < budget);
            if budget.is_some() && self.is_kill_due() {
                self.prepare_kill(scripts);
            }
            while open && self.has_room() {
                let Some(script) = self.next_script(scripts) else { break };
                self.open_lane(script);
            }
            let is_awaited = |lane: &Lane| self.to_the_end || !lane.is_background();
            if !self.lanes.iter().any(is_awaited) && self.again.is_empty() {
                return Ok(());
            }
            self.advance()?;
            self.hear()?;
            if let Some(how) = self.has_halted()? {
                let suspects = self.suspects(&how);
                let cut = std::mem::take(&mut self.lanes);
                self.requeue(&cut);
                self.free = self.plan.tenants.iter().cloned().collect();
                self.played.extend(cut);
                self.halted(how, suspects, tell)?;
            }
            if let Some(budget) = budget {
                self.used = used_before + used.min(budget);
            }
            self.kill_if_awaited(tell)?;
        }
    }

    /// Whether the implementation, or one of its readers, has stopped. A partition that stands
    /// still is tried by a harmless input first.
    pub(super) fn has_halted(&mut self) -> Result<Option<How>, VerifyError> {
        if let Some(status) = self.ended() {
            return Ok(Some(How::Ended(status)));
        }
        let standing = self.field.reading.standing(wall_ms());
        if standing.is_empty() {
            return Ok(None);
        }
        let mut places: BTreeSet<_> = standing.iter().map(|standstill| standstill.place).collect();
        if self.launch.is_none() {
            // A process whose end is not seen may have read its last record elsewhere.
            places.extend(self.seen_places());
        }
        self.ping(&places)
    }

    /// Begins to play a script.
    pub(super) fn open_lane(&mut self, script: Script) {
        if script.steps.is_empty() {
            return;
        }
        let known = self.lend(script.tenants.len());
        let lane = Lane::new(script, self.nonce(), &known);
        lane.tenants.iter().for_each(|tenant| self.field.admit(tenant));
        self.lanes.push(lane);
    }

    /// Known tenants that no script plays in, so many where there are; none where each script has
    /// tenants of its own.
    fn lend(&mut self, most: usize) -> Vec<Tenant> {
        self.free.drain(..most.min(self.free.len())).collect()
    }

    /// Known tenants in turn, whoever plays in them; none where each script has tenants of its own.
    pub(super) fn any_known(&mut self, most: usize) -> Vec<Tenant> {
        let all = &self.plan.tenants;
        let (_, turn) = self.nonce();
        let turn = usize::try_from(turn).unwrap_or(0);
        all.iter()
            .cycle()
            .skip(turn % all.len().max(1))
            .take(most.min(all.len()))
            .cloned()
            .collect()
    }

    /// Whether a script that begins now would have tenants.
    pub(super) fn has_tenants(&self) -> bool {
        self.plan.tenants.is_empty() || !self.free.is_empty()
    }

    fn has_room(&self) -> bool {
        if !self.has_tenants() {
            return false;
        }
        let sends = |lane: &&Lane| !lane.has_sent_all() && !lane.is_background();
        let sending = self.lanes.iter().filter(sends).count();
        sending < SENDING && self.lanes.len() < LANES
    }

    /// Lets each script do what it wants to do now.
    fn advance(&mut self) -> Result<(), VerifyError> {
        let (patience, now_ms) = (self.pace.patience(), wall_ms());
        let (mut records, mut steps, mut probes) = (Vec::new(), Vec::new(), Vec::new());
        let most = self.pace.allowance(now_ms);
        // Whoever sent last waits longest for the next turn.
        let turn = usize::from(!self.lanes.is_empty());
        self.lanes.rotate_left(turn);
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            if records.len() >= most {
                break;
            }
            match lane.wants(&self.contracts, patience, now_ms) {
                Want::Wait => {}
                Want::Send(step, outgoing, trace) => {
                    let problems = self.contracts.check_sent(outgoing.channel, &outgoing.record);
                    records.push((outgoing, trace, None));
                    steps.push((at, step, (trace, problems.is_empty())));
                }
                Want::Probe(step) => probes.push((at, step)),
            }
        }
        self.pace.spend(records.len());
        let at_ms = self.send(&records)?;
        for (at, step, trace) in steps {
            self.lanes[at].was_sent(step, trace, at_ms);
        }
        for (at, step) in probes {
            self.probe(at, &step);
        }
        let (patience, now_ms) = (self.pace.patience(), wall_ms());
        let done = self.lanes.extract_if(.., |lane| lane.is_done(patience, now_ms));
        let done: Vec<_> = done.collect();
        if !self.plan.tenants.is_empty() {
            let used: BTreeSet<_> = done.iter().flat_map(|lane| lane.tenants.clone()).collect();
            self.free.extend(used);
        }
        self.played.extend(done);
        Ok(())
    }

    /// Sends records; when.
    pub(super) fn send(&mut self, records: &[ToSend]) -> Result<i64, VerifyError> {
        if records.is_empty() {
            return Ok(wall_ms());
        }
        let at_ms = self.field.send(records)?;
        self.done.inputs += records.len();
        for (_, trace, _) in records {
            self.pace.sent(trace.trace, at_ms);
        }
        Ok(at_ms)
    }

    /// Takes what has come; the traces of the implementation's events.
    pub(super) fn hear(&mut self) -> Result<Vec<u128>, VerifyError> {
        if self.plan.stop.is_raised() && !self.met {
            return Err(VerifyError::Stopped);
        }
        self.see_group();
        let from = self.field.listen(TICK)?;
        let mut traces = Vec::new();
        let mut answered = Vec::new();
        for heard in &self.field.heard[from..] {
            if !self.field.is_subjects(heard) {
                continue;
            }
            self.done.events += 1;
            let own = heard.record.headers.trace().map(|trace| trace.trace);
            let input = self.lanes.iter_mut().filter_map(|lane| lane.hear(heard)).last();
            answered.extend(own.or(input).map(|trace| (trace, heard.at_ms)));
            if let Some(trace) = own {
                traces.push(trace);
                if let Some(took) = self.pace.heard(trace, heard.at_ms) {
                    self.late.push((trace, took));
                }
            }
        }
        for (trace, at_ms) in answered {
            self.field.answered(trace, at_ms);
        }
        Ok(traces)
    }

    /// Takes what was seen of its group meanwhile.
    fn see_group(&mut self) {
        if self.field.is_broker_away() {
            self.away_ms = wall_ms();
            self.unsettled_ms = self.away_ms;
        }
        for snapshot in self.watch.drain() {
            // The broker had no time to say, or gave partitions to members.
            if is_unsettled(&snapshot, snapshot.at_ms)
                || snapshot.at_ms - self.group_seen_ms > STALE_MS
            {
                self.unsettled_ms = snapshot.at_ms;
            }
            self.group_seen_ms = snapshot.at_ms;
            for (place, next) in &snapshot.committed {
                let next = Offset(next.unsigned_abs());
                self.field.reading.committed(*place, next, wall_ms());
            }
            for change in self.changes.since(&snapshot) {
                if matches!(change, GroupChange::Left(_) | GroupChange::Rebalanced { .. }) {
                    self.field.lost_ms.push(snapshot.at_ms);
                }
                let seen = Turn::Seen(change.to_string());
                self.field.turns.push((snapshot.at_ms, seen));
            }
        }
    }

    /// Plays scripts by themselves, apart from what was played before; what was seen of each.
    pub(super) fn play_apart(
        &mut self,
        scripts: Vec<Script>,
    ) -> Result<Vec<Observation>, VerifyError> {
        let before = self.played.len();
        let names: Vec<_> = (0..scripts.len()).map(|at| format!("{at}")).collect();
        let named = scripts.into_iter().zip(&names);
        let mut named = named.map(|(script, name)| Script { name: name.clone(), ..script });
        let again = std::mem::take(&mut self.again);
        let played = self.play(&mut named, None, &mut |_| {});
        self.again = again;
        played?;
        let settle = Deadline::after(self.pace.patience().gap);
        while !settle.is_over() {
            self.hear()?;
        }
        let apart = self.played.drain(before..).map(|lane| (lane.script.name.clone(), lane));
        let apart: BTreeMap<String, Lane> = apart.collect();
        let seen = |name| Some(self.observe_lane(apart.get(name)?));
        Ok(names.iter().filter_map(seen).collect())
    }
}

/// A number that no other run has.
fn nonce() -> u128 {
    let pid = u128::from(std::process::id());
    u128::from(wall_ms().unsigned_abs()) << 84 | pid << 64
}
