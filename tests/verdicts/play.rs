//! Random runs of one service on the bus: inputs of every kind, several at a time, in two tenants.

use std::time::Duration;

use quintet::bus::{Chooser, Point, Random, Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver, Fault, FaultKind, Until};
use quintet::message::{
    Headers, Json, Outgoing, Payload, Record, Seed, Stream, Tenant, TraceParent,
};
use quintet::rule::RuleId;
use quintet::service::Service;
use quintet::verify::{Asked, Observation, What};
use serde_json::Value;
use uuid::Uuid;

use crate::outsider::{View, observe};

pub(crate) fn tenant(number: u64) -> Tenant {
    Tenant {
        id: Uuid::from_u128(u128::from(number) + 1),
        region: "GMS".into(),
        major: 83,
        minor: 1,
    }
}

/// Picks among accepted behaviours; the first is the reference's.
pub(crate) type Pick = fn(&mut Stream, RuleId, &[&'static str]) -> usize;

/// Random order, and the accepted behaviours that some function picks.
pub(crate) struct Otherwise {
    order: Random,
    pick: Pick,
    draws: Stream,
}

impl Otherwise {
    pub(crate) fn boxed(seed: u64, pick: Pick) -> Box<dyn Chooser> {
        let draws = Stream::keyed(Seed(seed), &"decisions");
        Box::new(Self { order: Random::new(Seed(seed), 0), pick, draws })
    }
}

impl Chooser for Otherwise {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        self.order.choose(point)
    }

    fn decide(&mut self, _: &str, rule: RuleId, options: &[&'static str]) -> usize {
        (self.pick)(&mut self.draws, rule, options)
    }
}

/// Always as the reference.
pub(crate) fn as_reference(_: &mut Stream, _: RuleId, _: &[&'static str]) -> usize {
    0
}

/// Any accepted behaviour.
pub(crate) fn any(draws: &mut Stream, _: RuleId, options: &[&'static str]) -> usize {
    draws.below(options.len())
}

/// A run that is being played.
pub(crate) struct Play {
    pub(crate) world: World,
    pub(crate) draws: Stream,
    pub(crate) of: u64,
    pub(crate) asked: Vec<Asked>,
    /// The sessions of connected clients, with their tenants.
    pub(crate) sessions: Vec<(u64, String)>,
    traces: u128,
    sent: Vec<(&'static str, Vec<u8>, u64)>,
}

/// How a run goes.
#[derive(Clone, Copy)]
pub(crate) struct Course {
    pub(crate) seed: u64,
    pub(crate) inputs: usize,
    pub(crate) partitions: u32,
    pub(crate) crashes: bool,
    pub(crate) pick: Pick,
}

impl Play {
    pub(crate) fn new(services: Vec<Box<dyn Service>>, course: Course) -> Self {
        let topology = Topology { partitions: course.partitions, members: 1 };
        let chooser = Otherwise::boxed(course.seed, course.pick);
        let start = (Seed(course.seed), chooser);
        let world = World::new(Contracts::builtin(), services, topology, start);
        Self {
            world: world.expect("the five have contracts"),
            draws: Stream::keyed(Seed(course.seed), &"play"),
            of: 0,
            asked: Vec::new(),
            sessions: Vec::new(),
            traces: 0,
            sent: Vec::new(),
        }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.draws.below(bound)
    }

    pub(crate) fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.draws.below(texts.len())]
    }

    pub(crate) fn uuid(&mut self) -> String {
        self.draws.uuid().to_string()
    }

    /// Sends a value, under its own key and a trace of its own.
    pub(crate) fn send(&mut self, channel: &'static str, value: &Value) {
        let bytes = value.to_string().into_bytes();
        self.sent.push((channel, bytes.clone(), self.of));
        self.send_bytes(channel, &bytes);
    }

    /// Sends once more what was sent last but `back`, as a group gets it that has lost its
    /// partitions.
    pub(crate) fn redeliver(&mut self, back: usize) {
        let (channel, bytes, of) = self.sent[self.sent.len() - 1 - back].clone();
        let newest = self.traces;
        (self.traces, self.of) = (newest - 1 - back as u128, of);
        self.send_bytes(channel, &bytes);
        self.traces = newest;
    }

    pub(crate) fn send_bytes(&mut self, channel: &'static str, bytes: &[u8]) {
        let headers = self.headers();
        self.send_under(channel, bytes, headers);
    }

    /// The tenant's headers, with a trace of its own.
    pub(crate) fn headers(&mut self) -> Headers {
        self.traces += 1;
        Headers::of_tenant(&tenant(self.of), TraceParent { trace: self.traces, span: 1, flags: 1 })
    }

    /// Sends a value under its own key and these headers.
    pub(crate) fn send_under(&mut self, channel: &'static str, bytes: &[u8], headers: Headers) {
        let contracts = self.world.contracts();
        let channel = contracts.channel_ix(channel).expect("a channel");
        let key = Json::parse(bytes).ok().and_then(|value| contracts.key_for(channel, &value));
        let value = Some(Payload::new(bytes));
        let record = Record { key, headers, value };
        self.world.send(Outgoing { channel, record }).expect("it is taken");
    }

    /// Sends something again, byte for byte.
    pub(crate) fn again(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        let (channel, bytes, of) = self.sent[self.draws.below(self.sent.len())].clone();
        let before = std::mem::replace(&mut self.of, of);
        self.send_bytes(channel, &bytes);
        self.of = before;
    }

    pub(crate) fn nonsense(&mut self, channel: &'static str) {
        let bytes: &[u8] =
            [&b""[..], b"{", b"[]", b"{\"type\":\"NO\",\"body\":{}}"][self.draws.below(4)];
        self.send_bytes(channel, bytes);
    }

    pub(crate) fn wait_ms(&mut self, ms: u64) {
        let until = Until::after(self.world.now(), Duration::from_millis(ms));
        self.world.run(until, &mut |_| false).expect("it goes on");
    }

    /// Tells a service something, and notes it.
    pub(crate) fn tell(&mut self, service: &str, name: &str, args: &Value) -> Option<Json> {
        let of = tenant(self.of);
        let args = Json::from(args.clone());
        let from = self.world.now();
        let answer = self.world.stimulus(service, name, &of, &args).ok()?;
        self.note(What::Stimulus, name, (from, of), (args, answer.clone()));
        Some(answer)
    }

    /// Asks a service something, and notes it.
    pub(crate) fn ask(&mut self, service: &str, name: &str, args: &Value) {
        let of = tenant(self.of);
        let args = Json::from(args.clone());
        let from = self.world.now();
        if let Ok(answer) = self.world.query(service, name, &of, &args) {
            self.note(What::Query, name, (from, of), (args, answer));
        }
    }

    fn note(
        &mut self,
        what: What,
        name: &str,
        (from, of): (quintet::message::VirtualTime, Tenant),
        (args, answer): (Json, Json),
    ) {
        let to = self.world.now();
        self.asked.push(Asked { from, to, tenant: of, what, name: name.to_owned(), args, answer });
    }

    /// Goes on until nothing is left, and looks at it from outside.
    pub(crate) fn observed(mut self, subject: &str, view: View) -> Observation {
        self.wait_ms(3_000);
        let mut seen = observe(self.world.history(), subject, view);
        seen.asked = self.asked;
        seen
    }
}

/// How a service dies, and what else makes it read again.
pub(crate) const CRASHES: [FaultKind; 6] = [
    FaultKind::CrashBeforeHandling,
    FaultKind::CrashAfterStateChange,
    FaultKind::CrashBetweenEmits,
    FaultKind::CrashBeforeMark,
    FaultKind::CrashBeforeCommit,
    FaultKind::Rebalance,
];

/// Plays inputs one to four at a time.
pub(crate) fn play(
    services: Vec<Box<dyn Service>>,
    subject: &str,
    course: Course,
    step: fn(&mut Play),
) -> Play {
    let mut play = Play::new(services, course);
    let mut left = course.inputs;
    while left > 0 {
        let burst = (1 + play.below(4)).min(left);
        if course.crashes && play.below(8) == 0 {
            let kind = CRASHES[play.below(CRASHES.len())];
            play.world.arm(Fault::new(kind, subject)).expect("the bus has every fault");
        }
        for _ in 0..burst {
            play.of = play.below(2) as u64;
            match play.below(12) {
                0 => play.again(),
                _ => step(&mut play),
            }
        }
        left -= burst;
        let ms = [50, 200, 700, 2_000][play.below(4)];
        play.wait_ms(ms);
    }
    play
}
