//! Random inputs for one service, generated from contracts and packs, with all rules on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::observe::Observed;
use crate::bus::{Random, Topology, World};
use crate::contract::Contracts;
use crate::driver::{Driver, Fault, FaultKind, Until};
use crate::history::{Event, History};
use crate::message::{Json, RecordId, Seed, Stream, Tenant, TraceParent};
use crate::scenario::TenantSpec;
use crate::service::{Given, Service};
use crate::verify::script::random::{self, Abilities};
use crate::verify::script::{Act, Known, Script, Step, filled};

/// Between one input and the next; some follow at once.
const PAUSES: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_millis(2_500),
    Duration::from_millis(2_500),
];
/// What is waited at the end.
const END: Duration = Duration::from_secs(3);

/// Plays random script number `number` with these services.
pub(super) fn play<'a>(
    (subject, contracts): (&'a str, &Arc<Contracts>),
    services: Vec<Box<dyn Service>>,
    number: u64,
) -> Option<Observed<'a>> {
    let abilities = Abilities::all(subject, contracts.packs());
    let seed = Seed(7);
    let script = random::script((subject, contracts), &abilities, (seed, number));
    let script = if number % 3 == 1 { script.killed_amid() } else { script };
    let mut services = services;
    let asked = contracts.packs().pack(subject).map_or(&[][..], |pack| pack.asks);
    services.retain(|one| one.name() == subject || asked.contains(&one.name()));
    let start = (seed, Box::new(Random::new(seed, 0)) as Box<_>);
    let topology = Topology { partitions: 1 + u32::try_from(number % 3).ok()?, members: 1 };
    let world = World::new(Arc::clone(contracts), services, topology, start).ok()?;
    let mut playing = Playing {
        observed: Observed::new(world, contracts, subject),
        contracts,
        subject,
        tenants: tenants(&script, number),
        draws: Stream::keyed(seed, &("mutants", number)),
        known: Noted::default(),
    };
    for step in &script.steps {
        playing.take(step);
    }
    playing.pass(END);
    Some(playing.observed)
}

fn tenants(script: &Script, number: u64) -> Vec<Tenant> {
    let tenant = |(at, spec): (usize, &TenantSpec)| Tenant {
        id: Uuid::from_u128((u128::from(number) << 8) + at as u128 + 1),
        region: spec.region.as_str().into(),
        major: spec.major,
        minor: spec.minor,
    };
    script.tenants.iter().enumerate().map(tenant).collect()
}

/// What was made up, by the step that brought it about.
#[derive(Default)]
struct Noted {
    /// The records of steps.
    sent: BTreeMap<u32, RecordId>,
    ids: BTreeMap<u32, u32>,
    answers: BTreeMap<u32, Json>,
}

impl Known for Noted {
    fn id_of(&self, step: u32) -> Option<u32> {
        self.ids.get(&step).copied()
    }

    fn answer_of(&self, step: u32) -> Option<Json> {
        self.answers.get(&step).cloned()
    }
}

struct Playing<'a, 'c> {
    observed: Observed<'a>,
    contracts: &'c Arc<Contracts>,
    subject: &'a str,
    tenants: Vec<Tenant>,
    draws: Stream,
    known: Noted,
}

impl Playing<'_, '_> {
    fn pass(&mut self, wait: Duration) {
        let until = Until::after(self.observed.now(), wait);
        // Where services feed each other without end, what has happened so far is looked at.
        let _ = self.observed.run(until, &mut |_| false);
    }

    fn take(&mut self, step: &Step) {
        let Some(tenant) = self.tenants.get(step.tenant).cloned() else { return };
        let is_needed = !step.act.needs().is_empty();
        if is_needed || matches!(step.act, Act::Query { .. } | Act::Stimulus { .. }) {
            self.pass(PAUSES[2]);
            self.note_ids();
        }
        match &step.act {
            Act::Send(message) => {
                let trace = self.draws.uuid().as_u128();
                let trace = TraceParent { trace, span: self.draws.bits().max(1), flags: 1 };
                let made = message.make(self.contracts, (&tenant, trace), &self.known);
                if let Some(Ok(record)) = made.map(|made| self.observed.send(made)) {
                    self.known.sent.insert(step.id, record);
                }
            }
            Act::Stimulus { name, args } => {
                let args = filled(args, &self.known);
                let told = self.observed.stimulus(self.subject, name, &tenant, &args);
                // A client that is not there can do nothing.
                self.known.answers.insert(step.id, told.unwrap_or_default());
            }
            Act::Query { name, args } => {
                let args = filled(args, &self.known);
                let _ = self.observed.query(self.subject, name, &tenant, &args);
            }
            Act::Give { data, entry } => {
                let data = vec![(data.clone(), Json::Array(vec![entry.clone()]))];
                let given = Given { settings: None, data: &data };
                let _ = self.observed.give(self.subject, &tenant, &given);
            }
            Act::Pause(wait) => self.pass(*wait),
            Act::Kill => {
                let _ = self.observed.arm(Fault::new(FaultKind::CrashBeforeCommit, self.subject));
            }
        }
        let pause = PAUSES[self.draws.below(PAUSES.len())];
        self.pass(pause);
    }

    /// Notes the ids that answers announce.
    fn note_ids(&mut self) {
        let packs = self.contracts.packs();
        let fields = packs.pack(self.subject).map_or(&[][..], |one| one.announced);
        let history = self.observed.history();
        for (step, sent) in &self.known.sent {
            if let Some(id) = announced(history, *sent, fields) {
                self.known.ids.insert(*step, id);
            }
        }
    }
}

/// The id that an answer to a record announces.
fn announced(history: &History, input: RecordId, fields: &[&str]) -> Option<u32> {
    let mut answers = history.entries().iter().filter_map(|entry| match entry.event {
        Event::Emitted { record, cause, .. } if cause == Some(input) => Some(record),
        _ => None,
    });
    answers.find_map(|record| {
        let value = Json::parse(history.record(record).record.value_bytes()?).ok()?;
        let id = fields.iter().find_map(|field| value.get(field)?.as_integer())?;
        u32::try_from(id).ok()
    })
}
