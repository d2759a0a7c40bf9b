//! What a service needs of the messages that it reads: fields are left out or changed one at a time
//! while tests are played, and what the service does is held against what it did without that.
//!
//! What this is: [`Needs`], the fields of the messages that a service reads, each of which can be
//! probed ([`Needs::need`]). What it is not: a proof; a field of which no test shows a use may have
//! one. The contract says what the service reads; what is found is held against that.
//!
//! What always holds: a probe changes one field of one message, and only as the one service reads
//! it: the record in the topic stays as it is. All else of a run is the same, so what differs is
//! caused by the probe.
//! Start at [`Needs::of`].

mod probe;
mod rule;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::probe::{Probed, Wrapped};
use self::trace::{Seen, Trace};
use crate::compatibility::Place;
use crate::contract::{Action, Schema};
use crate::coverage::placed;
use crate::evolution::token;
use crate::history::Event;
use crate::message::{ChannelIx, Json, Seed};
use crate::scenario::TestPlan;
use crate::scenario::run::{Options, Outcome, Setup, Verdict, run};
use crate::service::Service;

pub use self::probe::{PROBES, Probe};
pub use self::rule::{Judged, RULES, Weight, judged};
pub use self::trace::Effect;

/// Fields are followed so deep.
const MAX_DEPTH: usize = 20;

/// What a service is found to do with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// No test shows it the field.
    Unknown,
    /// Nothing that was done to the field shows.
    Unused,
    /// It must be there or be of its type, and what it says shows nowhere.
    Read,
    /// What it says is passed on.
    Copied,
    /// What the service does depends on it.
    Decides,
}

impl Usage {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unused => "unused",
            Self::Read => "read",
            Self::Copied => "copied",
            Self::Decides => "decides",
        }
    }
}

/// A field of a message that a service reads.
#[derive(Clone, Debug)]
pub struct ReadField {
    /// The channel.
    pub channel: String,
    /// The message, by its key in the document.
    pub message: String,
    /// A JSON pointer, `*` for each item of a list.
    pub field: String,
    /// Whether the contract names it.
    pub is_declared: bool,
    /// Whether the contract says that it must be there.
    pub is_required: bool,
    /// Where the document speaks of it, or of what it is in.
    pub place: Option<Place>,
    /// What the contract says of its values.
    schema: Option<Schema>,
    /// The tests that show it to the service.
    tests: Vec<usize>,
}

/// What was found of a field.
#[derive(Clone, Debug)]
pub struct Need {
    /// How many tests show the field to the service.
    pub tests: usize,
    /// What was done, and what came of it.
    pub found: Vec<Found>,
}

/// What came of a probe.
#[derive(Clone, Debug)]
pub struct Found {
    /// What was done.
    pub probe: Probe,
    /// The gravest that came of it in a test.
    pub effect: Effect,
    /// The test that shows it, and how.
    pub shown: Option<(String, String)>,
}

impl Need {
    /// What came of a probe; none where it could not be made.
    pub fn effect(&self, probe: Probe) -> Option<Effect> {
        self.found.iter().find(|found| found.probe == probe).map(|found| found.effect)
    }

    /// What the service does with the field.
    pub fn usage(&self) -> Usage {
        let any = |effect| self.found.iter().any(|found| found.effect == effect);
        // A value of another type shows that the field is read, and not what for.
        let decides =
            |found: &Found| found.probe != Probe::Retyped && found.effect == Effect::Changes;
        if self.tests == 0 {
            Usage::Unknown
        } else if self.found.iter().any(decides) {
            Usage::Decides
        } else if any(Effect::Copied) {
            Usage::Copied
        } else if any(Effect::Refused) || any(Effect::Changes) {
            Usage::Read
        } else {
            Usage::Unused
        }
    }
}

/// Why nothing can be said of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NeedsError {
    /// There is no contract of that service.
    #[error("no contract is of a service `{0}`")]
    NoContract(String),
    /// There is no service of that name.
    #[error("no service `{0}` can be played: it has a contract, and no pack")]
    NoService(String),
}

/// A service, the tests that it is probed by, and the fields that it reads.
pub struct Needs<'a> {
    plans: &'a [TestPlan],
    setup: &'a Setup,
    service: String,
    seed: Seed,
    /// What the service does in each test without a probe; none where the test does not pass.
    bases: Vec<Option<Trace>>,
    /// The fields, message by message.
    pub fields: Vec<ReadField>,
}

impl<'a> Needs<'a> {
    /// Plays the tests, and lists the fields that the contract names or that tests show.
    ///
    /// # Errors
    /// [`NeedsError`] where there is no such service.
    pub fn of(
        plans: &'a [TestPlan],
        setup: &'a Setup,
        (service, seed): (&str, Seed),
    ) -> Result<Self, NeedsError> {
        let contracts = &setup.contracts;
        if contracts.contract(service).is_none() {
            return Err(NeedsError::NoContract(service.to_owned()));
        }
        if !(setup.services)().iter().any(|one| one.name() == service) {
            return Err(NeedsError::NoService(service.to_owned()));
        }
        let mut needs = Self {
            plans,
            setup,
            service: service.to_owned(),
            seed,
            bases: Vec::new(),
            fields: Vec::new(),
        };
        let mut shown: BTreeMap<(ChannelIx, String, String), BTreeSet<usize>> = BTreeMap::new();
        for at in 0..plans.len() {
            let outcome = needs.play(at, &setup.services);
            if outcome.verdict == Verdict::Passed {
                needs.note(at, &outcome, &mut shown);
                needs.bases.push(Some(Trace::of(&outcome, service)));
            } else {
                needs.bases.push(None);
            }
        }
        needs.list(&shown);
        Ok(needs)
    }

    /// How many tests pass, and so tell something.
    pub fn tests(&self) -> usize {
        self.bases.iter().flatten().count()
    }

    fn play(&self, at: usize, services: &crate::scenario::run::Services) -> Outcome {
        let setup = Setup { services: Arc::clone(services), ..self.setup.clone() };
        // One schedule: with another, other choices would be what differs.
        let options = Options { seed: self.seed, schedule: Some(0), choices: None };
        run(&self.plans[at], &setup, &options)
    }

    /// Notes which fields a test shows to the service.
    fn note(
        &self,
        test: usize,
        outcome: &Outcome,
        shown: &mut BTreeMap<(ChannelIx, String, String), BTreeSet<usize>>,
    ) {
        let history = &outcome.history;
        for entry in history.entries() {
            let Event::Delivered { service, record, .. } = &entry.event else { continue };
            if history.service(*service) != self.service {
                continue;
            }
            let placed = history.record(*record);
            let Some(bytes) = placed.record.value_bytes() else { continue };
            let contracts = &self.setup.contracts;
            let key = contracts.message_by(&self.service, placed.channel, bytes);
            let (Some(key), Ok(value)) = (key, Json::parse(bytes)) else { continue };
            let mut fields = BTreeSet::new();
            fields_of(&value, "", 0, &mut fields);
            for field in fields {
                let name = (placed.channel, key.to_owned(), field);
                shown.entry(name).or_default().insert(test);
            }
        }
    }

    /// Lists the fields of all messages that the service reads.
    fn list(&mut self, shown: &BTreeMap<(ChannelIx, String, String), BTreeSet<usize>>) {
        let contracts = Arc::clone(&self.setup.contracts);
        let Some(contract) = contracts.contract(&self.service) else { return };
        let document = contract.described();
        for (name, view) in &contract.channels {
            let Some(channel) = contracts.channel_ix(name) else { continue };
            let described = document.as_ref().and_then(|one| contract.described_channel(one, name));
            let told_apart = described.and_then(|one| one.discriminator.clone());
            let told_apart = told_apart.or_else(|| view.discriminator.clone());
            for message in contract.messages(Action::Receive, name) {
                let mut declared = Vec::new();
                declare(&message.payload, "", 0, &mut declared);
                let known: BTreeSet<_> = declared.iter().map(|(field, ..)| field.clone()).collect();
                let own =
                    shown.keys().filter(|(ix, key, _)| *ix == channel && *key == message.name);
                let others = own.filter(|(.., field)| {
                    !known.contains(field) && !is_free(&message.payload, field)
                });
                declared.extend(others.map(|(.., field)| (field.clone(), None, false)));
                let own = described.and_then(|one| {
                    one.messages.iter().find(|described| described.key == message.name)
                });
                for (field, schema, is_required) in declared {
                    // Another type makes another message of it.
                    if told_apart.as_ref().is_some_and(|name| field == format!("/{}", token(name)))
                    {
                        continue;
                    }
                    let tests = shown.get(&(channel, message.name.clone(), field.clone()));
                    let place = document.as_ref().zip(own);
                    let place = place.map(|(document, own)| placed(document, own, &field));
                    self.fields.push(ReadField {
                        channel: name.clone(),
                        message: message.name.clone(),
                        is_declared: schema.is_some(),
                        is_required,
                        place,
                        schema: schema.cloned(),
                        tests: tests.into_iter().flatten().copied().collect(),
                        field,
                    });
                }
            }
        }
    }

    /// Probes a field in each way.
    pub fn need(&self, field: &ReadField) -> Need {
        let found = PROBES.iter().filter_map(|(probe, ..)| self.found(field, *probe)).collect();
        Need { tests: field.tests.len(), found }
    }

    fn found(&self, field: &ReadField, probe: Probe) -> Option<Found> {
        let mut found: Option<Found> = None;
        for test in &field.tests {
            let Some(base) = &self.bases[*test] else { continue };
            let probed = Arc::new(Probed::new(field, probe));
            let services = self.wrapped(field, &probed);
            let outcome = self.play(*test, &services);
            let changed = probed.changed();
            if changed.is_empty() {
                continue;
            }
            let trace = Trace::of(&outcome, &self.service);
            let Seen { effect, text } = base.against(&trace, &changed, &self.setup.contracts);
            let shown = text.map(|text| (self.plans[*test].name.clone(), text));
            let is_graver = found.as_ref().is_none_or(|known| known.effect < effect);
            if is_graver {
                found = Some(Found { probe, effect, shown });
            }
            if effect == Effect::Changes {
                break;
            }
        }
        found
    }

    fn wrapped(&self, field: &ReadField, probed: &Arc<Probed>) -> crate::scenario::run::Services {
        let (services, name) = (Arc::clone(&self.setup.services), self.service.clone());
        let (contracts, probed) = (Arc::clone(&self.setup.contracts), Arc::clone(probed));
        let (channel, message) = (field.channel.clone(), field.message.clone());
        Arc::new(move || {
            let wrap = |service: Box<dyn Service>| -> Box<dyn Service> {
                if service.name() != name {
                    return service;
                }
                Box::new(Wrapped {
                    inner: service,
                    contracts: Arc::clone(&contracts),
                    channel: channel.clone(),
                    message: message.clone(),
                    probed: Arc::clone(&probed),
                })
            };
            services().into_iter().map(wrap).collect()
        })
    }
}

/// The fields of a value, outer ones first; items of lists are one.
fn fields_of(value: &Json, pointer: &str, depth: usize, to: &mut BTreeSet<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Json::Object(fields) => {
            for (name, value) in fields {
                let below = format!("{pointer}/{}", token(name));
                to.insert(below.clone());
                fields_of(value, &below, depth + 1, to);
            }
        }
        Json::Array(items) => {
            let below = format!("{pointer}/*");
            for item in items {
                to.insert(below.clone());
                fields_of(item, &below, depth + 1, to);
            }
        }
        _ => {}
    }
}

/// The fields that a schema names, with their schemas and whether they must be there.
fn declare<'s>(
    schema: &'s Schema,
    pointer: &str,
    depth: usize,
    to: &mut Vec<(String, Option<&'s Schema>, bool)>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    let items = schema.items.iter().map(|items| ("*".to_owned(), &**items, false));
    let named = schema.properties.iter();
    let named = named.map(|(name, own)| (token(name), &own.schema, own.required));
    for (name, own, is_required) in named.chain(items) {
        let below = format!("{pointer}/{name}");
        to.push((below.clone(), Some(own), is_required));
        declare(own, &below, depth + 1, to);
    }
}

/// Whether a field is inside of one of which the contract says that it may be anything.
fn is_free(schema: &Schema, field: &str) -> bool {
    let above = field.match_indices('/').map(|(end, _)| &field[..end]);
    above
        .filter(|above| !above.is_empty())
        .any(|above| schema.at(above).is_some_and(Schema::accepts_anything))
}
