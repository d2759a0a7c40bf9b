//! A verification under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::field::{Field, Of, Turn};
use super::lane::{Lane, Want};
use super::pace::Pace;
use super::process::{Launch, Process};
use super::{Done, Plan, Verified, VerifyError, death, shrink};
use crate::contract::Contracts;
use crate::kafka::{Connection, Deadline, From, Sender, Tap, Topics, wall_ms};
use crate::message::{ChannelIx, Json, Outgoing, Tenant, TraceParent, VirtualTime};
use crate::rule::Severity;
use crate::verify::script::random::{self, Abilities};
use crate::verify::script::{Act, Script, Step};
use crate::verify::{Asked, Found, Observation, Provided, What, judge};

/// How many scripts send at a time, and how many may be under way with those that only wait.
const SENDING: usize = 60;
const LANES: usize = 200;
/// How long is listened between two looks at what is to be done.
const TICK: Duration = Duration::from_millis(10);
/// An implementation that keeps ending is started so often.
const MOST_DEATHS: usize = 5;

/// A verification under way.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) contracts: Arc<Contracts>,
    pub(super) connection: &'a Connection,
    pub(super) topics: &'a Topics,
    /// What the implementation reads.
    pub(super) reads: Vec<ChannelIx>,
    pub(super) field: Field,
    pub(super) pace: Pace,
    launch: Option<Launch>,
    pub(super) process: Option<Process>,
    pub(super) lanes: Vec<Lane>,
    /// Scripts that were played to their end.
    pub(super) played: Vec<Lane>,
    pub(super) deaths: Vec<death::Death>,
    /// Answers that took longer than was waited for them.
    pub(super) late: Vec<(u128, Duration)>,
    /// When it is killed, in random scripts.
    kills: VecDeque<Duration>,
    /// For how long it was down in all.
    outages: Duration,
    /// Whether it has taken anything yet, ever.
    met: bool,
    /// Whether it was started again and has not taken anything yet.
    returning: bool,
    /// Whether it is left as it is when it dies.
    pub(super) mortal: bool,
    /// Since when it has been gone for good.
    gone_ms: Option<i64>,
    started: u64,
    nonce: u64,
    pub(super) notes: Vec<String>,
    done: Done,
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
        let at = (connection.bootstrap(), plan.group.as_str());
        let launch = plan.command.as_ref();
        let launch = launch.map(|command| Launch::new(command, at, variables.collect()));
        Ok(Self {
            plan,
            connection,
            topics,
            reads: contracts.consumed_by(&plan.subject).unwrap_or_default(),
            field: Field::new(Arc::clone(&contracts), &plan.subject, (sender, tap)),
            contracts,
            pace: Pace::default(),
            launch,
            process: None,
            lanes: Vec::new(),
            played: Vec::new(),
            deaths: Vec::new(),
            late: Vec::new(),
            kills: VecDeque::new(),
            outages: Duration::ZERO,
            met: false,
            returning: false,
            mortal: false,
            gone_ms: None,
            started: 0,
            nonce: uuid::Uuid::from_u128(nonce()).as_u64_pair().0,
            notes: Vec::new(),
            done: Done::default(),
        })
    }

    /// Starts the implementation where that is ours to do, and waits until it takes inputs.
    pub(super) fn start(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        if let Some(launch) = &self.launch {
            self.process = Some(launch.start(&self.plan.stop).map_err(VerifyError::Command)?);
        }
        tell(&format!("waiting for {} to take an input", self.plan.subject));
        // While its group forms, an answer does not say how fast it is.
        self.pace.since_ms = i64::MAX;
        for topic in self.find(self.plan.wait)? {
            self.notes.push(format!("nothing was seen to read {topic}"));
        }
        self.pace.since_ms = wall_ms();
        self.met = true;
        Ok(())
    }

    /// Another number for names that nobody else has.
    pub(super) fn nonce(&mut self) -> (u64, u64) {
        self.started += 1;
        (self.nonce, self.started)
    }

    /// Plays the scripts of scenarios, then random ones until the budget is used up.
    pub(super) fn play_all(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), VerifyError> {
        let plan = self.plan;
        let wanted = |script: &&Script| plan.only.is_empty() || plan.only.contains(&script.name);
        let scenarios: Vec<_> = plan.scripts.iter().filter(wanted).cloned().collect();
        tell(&format!("playing {} scenarios", scenarios.len()));
        self.play(&mut scenarios.into_iter(), None)?;
        let abilities = plan.probe.abilities();
        let random = |number| random::script(&plan.subject, &abilities, (plan.seed, number));
        self.kills = plan.kills.iter().copied().collect();
        let played = if plan.only.is_empty() {
            tell(&format!("playing random sequences for {} s", plan.budget.as_secs()));
            self.play(&mut (0..).map(random), Some(plan.budget))
        } else {
            let named = |name: &String| random::named(&plan.subject, &abilities, plan.seed, name);
            self.play(&mut plan.only.iter().filter_map(named), None)
        };
        self.kills.clear();
        played
    }

    /// Plays scripts, several at a time, until there are no more or the budget is used up; what
    /// the implementation is down does not count.
    pub(super) fn play(
        &mut self,
        scripts: &mut dyn Iterator<Item = Script>,
        budget: Option<Duration>,
    ) -> Result<(), VerifyError> {
        let (clock, before) = (Deadline::after(Duration::ZERO), self.outages);
        loop {
            if self.is_gone() {
                self.played.append(&mut self.lanes);
                return Ok(());
            }
            let used = clock.elapsed().saturating_sub(self.outages - before);
            let open = budget.is_none_or(|budget| used < budget);
            while open && self.has_room() {
                let Some(script) = scripts.next().filter(|script| !script.steps.is_empty()) else {
                    break;
                };
                let lane = Lane::new(script, self.nonce());
                lane.tenants.iter().for_each(|tenant| self.field.admit(tenant));
                self.lanes.push(lane);
            }
            if self.lanes.is_empty() {
                return Ok(());
            }
            self.advance()?;
            self.hear()?;
            self.see_that_it_lives()?;
            self.kill_if_due(used)?;
            self.kill_if_awaited()?;
        }
    }

    fn has_room(&self) -> bool {
        let sending = self.lanes.iter().filter(|lane| !lane.has_sent_all()).count();
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
                    records.push((outgoing, trace));
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
            self.probe(at, &step)?;
        }
        let (patience, now_ms) = (self.pace.patience(), wall_ms());
        let done = self.lanes.extract_if(.., |lane| lane.is_done(patience, now_ms));
        self.played.extend(done);
        Ok(())
    }

    /// Sends records; when.
    pub(super) fn send(&mut self, records: &[(Outgoing, TraceParent)]) -> Result<i64, VerifyError> {
        if records.is_empty() {
            return Ok(wall_ms());
        }
        let at_ms = self.field.send(records)?;
        self.done.inputs += records.len();
        for (_, trace) in records {
            self.pace.sent(trace.trace, at_ms);
        }
        Ok(at_ms)
    }

    /// Asks or tells the implementation something through the probe.
    fn probe(&mut self, at: usize, step: &Step) -> Result<(), VerifyError> {
        let (what, name, args) = match &step.act {
            Act::Stimulus { name, args } => (What::Stimulus, name, args),
            Act::Query { name, args } => (What::Query, name, args),
            Act::Give { data, entry } => {
                let tenant = self.lanes[at].tenants[step.tenant].clone();
                return self.give(tenant, (data, entry));
            }
            Act::Send(_) | Act::Pause(_) | Act::Kill => return Ok(()),
        };
        let Abilities { stimuli, queries, .. } = self.plan.probe.abilities();
        let known = if what == What::Query { queries } else { stimuli };
        if !known.contains(name) {
            return Ok(());
        }
        let args = crate::verify::script::filled(args, &self.lanes[at]);
        let tenant = self.lanes[at].tenants[step.tenant].clone();
        let from = VirtualTime::from_unix_ms(wall_ms());
        let answer = self.plan.probe.ask(what, name, &tenant, &args)?;
        let to = VirtualTime::from_unix_ms(wall_ms());
        self.lanes[at].was_answered(step.id, answer.clone());
        let name = name.clone();
        self.field.asked.push(Asked { from, to, tenant, what, name, args, answer });
        Ok(())
    }

    /// Lets the implementation know something that it looks up elsewhere.
    fn give(&mut self, tenant: Tenant, (data, entry): (&str, &Json)) -> Result<(), VerifyError> {
        self.plan.probe.give(data, &tenant, entry)?;
        let data = vec![(data.to_owned(), Json::Array(vec![entry.clone()]))];
        self.field.given.push(Provided { tenant, settings: None, data });
        Ok(())
    }

    /// Takes what has come; the traces of the implementation's events.
    pub(super) fn hear(&mut self) -> Result<Vec<u128>, VerifyError> {
        if self.plan.stop.is_raised() {
            return Err(VerifyError::Stopped);
        }
        let from = self.field.listen(TICK)?;
        let mut traces = Vec::new();
        for heard in &self.field.heard[from..] {
            if !self.field.is_subjects(heard) {
                continue;
            }
            self.done.events += 1;
            self.lanes.iter_mut().for_each(|lane| lane.hear(heard));
            if let Some(trace) = heard.record.headers.trace() {
                traces.push(trace.trace);
                if let Some(took) = self.pace.heard(trace.trace, heard.at_ms) {
                    self.late.push((trace.trace, took));
                }
            }
        }
        Ok(traces)
    }

    /// Notices when the implementation's process is gone, and starts it again.
    pub(super) fn see_that_it_lives(&mut self) -> Result<(), VerifyError> {
        let Some(process) = &mut self.process else {
            return Ok(());
        };
        let Some(status) = process.ended() else {
            return Ok(());
        };
        let said = process.last_lines();
        let patience = self.pace.patience();
        let open = |lane: &Lane| lane.open_inputs(patience, wall_ms());
        let suspects: Vec<_> = self.lanes.iter().flat_map(open).collect();
        let status = status.to_string();
        if !self.met {
            return Err(VerifyError::Ended { status, said });
        }
        let again = self.returning || self.mortal || self.deaths.len() == MOST_DEATHS;
        if suspects.is_empty() && !self.returning {
            self.notes.push(format!("the implementation ended with nothing in flight ({status})"));
        }
        if !self.returning {
            self.deaths.push(death::Death { status, said, suspects, for_good: false });
        }
        if again {
            // It dies on what it reads again at each start: nothing more can be asked of it.
            self.deaths.iter_mut().last().into_iter().for_each(|death| death.for_good = true);
            self.lose();
            return Ok(());
        }
        self.restart()
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

    fn kill_if_due(&mut self, used: Duration) -> Result<(), VerifyError> {
        let due = self.kills.front().is_some_and(|at| *at <= used);
        if !due || self.process.is_none() {
            return Ok(());
        }
        self.kills.pop_front();
        self.done.kills += 1;
        self.kill()
    }

    /// Kills it for scripts that wait for that, once all of them do.
    fn kill_if_awaited(&mut self) -> Result<(), VerifyError> {
        let awaits = |lane: &&Lane| lane.awaits_kill();
        let ready = |lane: &Lane| lane.awaits_kill() || lane.has_sent_all();
        if self.lanes.iter().find(awaits).is_none() || !self.lanes.iter().all(ready) {
            return Ok(());
        }
        self.kill()
    }

    /// Kills the implementation, where it was started here, and starts it again.
    fn kill(&mut self) -> Result<(), VerifyError> {
        if let Some(process) = &mut self.process {
            process.kill();
        }
        self.lanes.iter_mut().for_each(Lane::was_killed);
        self.restart()
    }

    /// Starts it again though it was gone.
    pub(super) fn revive(&mut self) -> Result<(), VerifyError> {
        self.gone_ms = None;
        self.restart()
    }

    /// Starts the implementation again, and waits until it is back.
    fn restart(&mut self) -> Result<(), VerifyError> {
        let Some(launch) = self.launch.as_ref().filter(|_| !self.is_gone()) else {
            return Ok(());
        };
        let outage = Deadline::after(Duration::ZERO);
        self.field.turns.push((wall_ms(), Turn::Killed));
        // Nothing that is answered before it is back says how fast it is.
        self.pace.since_ms = i64::MAX;
        self.process = Some(launch.start(&self.plan.stop).map_err(VerifyError::Command)?);
        self.returning = true;
        let returned = self.await_return();
        self.returning = false;
        returned?;
        self.outages += outage.elapsed();
        Ok(())
    }

    /// Judges what was seen, after what comes late has had its chance.
    pub(super) fn judge(mut self, tell: &mut dyn FnMut(&str)) -> Result<Verified, VerifyError> {
        tell("judging");
        let tenants = self.judged();
        let mut observation = self.observe(&tenants);
        let mut judgement = judge(&observation, &self.plan.judging);
        let violation = |found: &Found| found.severity == Severity::Violation;
        if judgement.findings.iter().any(violation) {
            let before = self.done.events;
            self.await_late()?;
            if self.done.events > before {
                observation = self.observe(&tenants);
                let again = judge(&observation, &self.plan.judging);
                self.withdrawn(&judgement, &again);
                judgement = again;
            }
        }
        self.name_the_late();
        let scripts = self.played.len();
        let mut reproductions = death::name_inputs(&mut self, &observation, &mut judgement, tell)?;
        reproductions.extend(shrink::shrink(&mut self, &judgement, &reproductions, tell)?);
        if let Some(process) = &mut self.process {
            process.stop();
        }
        let done = Done {
            scripts,
            slowest: self.pace.slowest(),
            settle: self.pace.longest_settle(),
            ..self.done
        };
        Ok(Verified { observation, judgement, reproductions, notes: self.notes, done })
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

    /// The tenants of the scripts.
    fn judged(&self) -> BTreeSet<Tenant> {
        self.played.iter().flat_map(|lane| lane.tenants.iter().cloned()).collect()
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
        self.play(&mut named, None)?;
        let settle = Deadline::after(self.pace.patience().gap);
        while !settle.is_over() {
            self.hear()?;
        }
        let apart = self.played.drain(before..).map(|lane| (lane.script.name.clone(), lane));
        let apart: BTreeMap<String, Lane> = apart.collect();
        let settle = self.pace.longest_settle();
        let seen = |name| Some(self.field.observation(&Of::lane(apart.get(name)?), settle));
        Ok(names.iter().filter_map(seen).collect())
    }
}

/// A number that no other run has.
fn nonce() -> u128 {
    let pid = u128::from(std::process::id());
    u128::from(wall_ms().unsigned_abs()) << 84 | pid << 64
}
