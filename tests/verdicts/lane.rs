//! Scripts on the bus, several at a time, as a verification plays them on a broker: at most four
//! inputs of a tenant are unsettled, and a question waits until all before it is settled.

use std::collections::BTreeMap;
use std::time::Duration;

use quintet::bus::{Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver, DriverError, Fault, Until};
use quintet::history::Event;
use quintet::message::{Json, Outgoing, RecordId, Seed, Stream, Tenant, TraceParent, VirtualTime};
use quintet::service::{Given, Service, StimulusError};
use quintet::verify::script::{Act, Known, Script, Step, filled};
use quintet::verify::{Asked, Observation, Provided, What};

use crate::outsider::{SETTLE, View, observe};
use crate::play::{CRASHES, Otherwise, Pick};

const IN_FLIGHT: usize = 4;
const TICK: Duration = Duration::from_millis(20);
/// A further event of an input may come so long after its first.
const GAP: Duration = Duration::from_millis(200);
/// How often the service is killed, and about when.
const KILLS: usize = 2;
const KILLED_AFTER: Duration = Duration::from_secs(2);

/// How scripts are played.
#[derive(Clone, Copy)]
pub(crate) struct Staging {
    pub(crate) seed: u64,
    pub(crate) partitions: u32,
    pub(crate) crashes: bool,
    pub(crate) pick: Pick,
    /// Each event is seen so many ms later at most.
    pub(crate) delay_ms: usize,
}

/// Plays scripts with these services, and looks at one of them from outside.
pub(crate) fn watch(
    services: Vec<Box<dyn Service>>,
    subject: &str,
    scripts: Vec<Script>,
    staging: Staging,
) -> Observation {
    let topology = Topology { partitions: staging.partitions, members: 1 };
    let start = (Seed(staging.seed), Otherwise::boxed(staging.seed, staging.pick));
    let world = World::new(Contracts::builtin(), services, topology, start);
    let mut stage = Stage {
        world: world.expect("the five have contracts"),
        subject,
        asked: Vec::new(),
        given: Vec::new(),
        draws: Stream::keyed(Seed(staging.seed), &"stage"),
        heard: 0,
        is_down: false,
        kills: if staging.crashes { KILLS } else { 0 },
    };
    let lanes = scripts.into_iter().enumerate();
    let mut lanes: Vec<_> =
        lanes.map(|(number, script)| Lane::new(script, (staging.seed, number))).collect();
    while lanes.iter().any(|lane| !lane.is_done(stage.world.now())) {
        assert!(stage.world.now() < VirtualTime::ZERO.after(LONGEST), "a script does not end");
        stage.kill();
        for lane in &mut lanes {
            for _ in 0..=stage.draws.below(IN_FLIGHT) {
                stage.act(lane);
            }
        }
        stage.pass(TICK);
        stage.hear(&mut lanes);
    }
    stage.pass(SETTLE * 2);
    let view = View { delay_ms: staging.delay_ms, seed: staging.seed };
    let mut seen = observe(stage.world.history(), subject, view);
    seen.asked = stage.asked;
    seen.given = stage.given;
    seen
}

/// No script takes longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// The world, and what was asked in it.
struct Stage<'a> {
    world: World,
    subject: &'a str,
    asked: Vec<Asked>,
    given: Vec<Provided>,
    draws: Stream,
    /// How many entries of the history were heard of.
    heard: usize,
    is_down: bool,
    kills: usize,
}

impl Stage<'_> {
    fn pass(&mut self, time: Duration) {
        let until = Until::after(self.world.now(), time);
        self.world.run(until, &mut |_| false).expect("it goes on");
    }

    fn kill(&mut self) {
        if self.kills > 0 && self.world.now().as_ms() >= self.next_kill_ms() {
            self.kills -= 1;
            let kind = CRASHES[self.draws.below(CRASHES.len())];
            let fault = Fault::new(kind, self.subject);
            self.world.arm(fault).expect("the bus has every fault");
        }
    }

    fn next_kill_ms(&self) -> u64 {
        let number = KILLS - self.kills + 1;
        u64::try_from(number).unwrap_or(1) * u64::try_from(KILLED_AFTER.as_millis()).unwrap_or(1)
    }

    /// Lets a lane do the next thing that it may.
    fn act(&mut self, lane: &mut Lane) {
        let now = self.world.now();
        let Some(step) = lane.next(now).filter(|_| !self.is_down) else { return };
        match &step.act {
            Act::Pause(wait) => lane.not_before = now.after(*wait),
            Act::Send(message) => {
                let trace = lane.trace();
                let tenant = lane.tenants[step.tenant].clone();
                let contracts = self.world.contracts();
                let made = message.make(contracts, (&tenant, trace), lane);
                self.send(lane, &step, made.expect("a channel"), trace);
            }
            Act::Stimulus { name, args } => self.ask(lane, &step, What::Stimulus, (name, args)),
            Act::Query { name, args } => self.ask(lane, &step, What::Query, (name, args)),
            Act::Give { data, entry } => self.give(lane.tenants[step.tenant].clone(), data, entry),
            Act::Kill => panic!("no script asks for that"),
        }
        lane.next += 1;
    }

    fn give(&mut self, tenant: Tenant, data: &str, entry: &Json) {
        let data = vec![(data.to_owned(), Json::Array(vec![entry.clone()]))];
        let given = Given { settings: None, data: &data };
        self.world.give(self.subject, &tenant, &given).expect("it is taken");
        self.given.push(Provided { tenant, settings: None, data });
    }

    fn send(&mut self, lane: &mut Lane, step: &Step, outgoing: Outgoing, trace: TraceParent) {
        let problems = self.world.contracts().check_sent(outgoing.channel, &outgoing.record);
        let sent = Sent {
            tenant: step.tenant,
            trace: trace.trace,
            at: self.world.now(),
            seen: None,
            id: None,
            sound: problems.is_empty(),
        };
        self.world.send(outgoing).expect("it is taken");
        lane.sent.insert(step.id, sent);
    }

    fn ask(&mut self, lane: &mut Lane, step: &Step, what: What, (name, args): (&str, &Json)) {
        let tenant = lane.tenants[step.tenant].clone();
        let args = filled(args, lane);
        let from = self.world.now();
        let answer = match what {
            What::Query => self.world.query(self.subject, name, &tenant, &args),
            What::Stimulus => self.world.stimulus(self.subject, name, &tenant, &args),
        };
        let answer = match answer {
            // A client that is not there can do nothing: that is no trouble.
            Err(DriverError::Stimulus(StimulusError::Refused(_))) => Json::Null,
            // What nobody can be asked was not asked.
            Err(DriverError::Query(_)) => return,
            other => other.expect("it is up"),
        };
        lane.answers.insert(step.id, answer.clone());
        let name = name.to_owned();
        self.asked.push(Asked { from, to: self.world.now(), tenant, what, name, args, answer });
    }

    /// Notes what the service has said since, and whether it is up.
    fn hear(&mut self, lanes: &mut [Lane]) {
        let history = self.world.history();
        let entries = &history.entries()[self.heard..];
        for entry in entries {
            match &entry.event {
                Event::Emitted { service, record, .. }
                    if history.service(*service) == self.subject =>
                {
                    lanes.iter_mut().for_each(|lane| lane.hear(&self.world, *record));
                }
                Event::Crashed { .. } => self.is_down = true,
                Event::Restarted { .. } => self.is_down = false,
                _ => {}
            }
        }
        self.heard = history.entries().len();
    }
}

/// A script that is being played.
struct Lane {
    script: Script,
    tenants: Vec<Tenant>,
    next: usize,
    sent: BTreeMap<u32, Sent>,
    answers: BTreeMap<u32, Json>,
    traces: Stream,
    not_before: VirtualTime,
}

/// An input that was sent.
struct Sent {
    tenant: usize,
    trace: u128,
    at: VirtualTime,
    /// When its last event was seen.
    seen: Option<VirtualTime>,
    id: Option<u32>,
    /// Whether it is as its contract says: what is not has no effect.
    sound: bool,
}

impl Sent {
    fn is_settled(&self, now: VirtualTime) -> bool {
        now >= self.seen.map_or(self.at.after(SETTLE), |seen| seen.after(GAP))
    }
}

impl Lane {
    fn new(script: Script, place: (u64, usize)) -> Self {
        let mut ids = Stream::keyed(Seed(place.0), &("lane", place.1));
        let tenants = script.tenants.iter().map(|spec| Tenant {
            id: ids.uuid(),
            region: spec.region.as_str().into(),
            major: spec.major,
            minor: spec.minor,
        });
        Self {
            tenants: tenants.collect(),
            script,
            next: 0,
            sent: BTreeMap::new(),
            answers: BTreeMap::new(),
            traces: Stream::keyed(Seed(place.0), &("traces", place.1)),
            not_before: VirtualTime::ZERO,
        }
    }

    /// The next step, if it may be taken now.
    fn next(&self, now: VirtualTime) -> Option<Step> {
        let step = self.script.steps.get(self.next)?;
        let has = |needed: &u32| match self.sent.get(needed) {
            Some(sent) => sent.id.is_some() || sent.is_settled(now),
            None => true,
        };
        let serial = self.script.serial;
        let counts = |sent: &&Sent| serial || (sent.tenant == step.tenant && sent.sound);
        let open = |sent: &&Sent| counts(sent) && !sent.is_settled(now);
        let in_flight = self.sent.values().filter(open).count();
        let may = match &step.act {
            Act::Pause(_) | Act::Kill => true,
            Act::Send(_) => in_flight < if serial { 1 } else { IN_FLIGHT },
            Act::Stimulus { .. } | Act::Query { .. } | Act::Give { .. } => in_flight == 0,
        };
        let is_ready = now >= self.not_before && step.act.needs().iter().all(has);
        (may && is_ready).then(|| step.clone())
    }

    fn trace(&mut self) -> TraceParent {
        let (trace, span) = (self.traces.uuid().as_u128(), self.traces.bits().max(1));
        TraceParent { trace, span, flags: 1 }
    }

    fn is_done(&self, now: VirtualTime) -> bool {
        self.next == self.script.steps.len()
            && now >= self.not_before
            && self.sent.values().all(|sent| sent.is_settled(now))
    }

    fn hear(&mut self, world: &World, record: RecordId) {
        let placed = world.history().record(record);
        let headers = &placed.record.headers;
        let trace = headers.trace().map(|trace| trace.trace);
        let tenant = headers.tenant().ok();
        let tenant = tenant.and_then(|tenant| self.tenants.iter().position(|one| one == tenant));
        let waiting = |sent: &&mut Sent| Some(sent.tenant) == tenant && sent.seen.is_none();
        let sent = match self.sent.values_mut().find(|sent| Some(sent.trace) == trace) {
            Some(sent) => Some(sent),
            None => self.sent.values_mut().filter(waiting).min_by_key(|sent| sent.at),
        };
        let Some(sent) = sent else { return };
        sent.seen = Some(placed.at);
        let json = placed.record.value_bytes().and_then(|bytes| Json::parse(bytes).ok());
        let json = json.unwrap_or_default();
        let id = ["banId", "account_id"].iter().find_map(|field| json.get(field)?.as_integer());
        sent.id = sent.id.or(id.and_then(|id| u32::try_from(id).ok()));
    }
}

impl Known for Lane {
    fn id_of(&self, step: u32) -> Option<u32> {
        self.sent.get(&step)?.id
    }

    fn answer_of(&self, step: u32) -> Option<Json> {
        self.answers.get(&step).cloned()
    }
}
