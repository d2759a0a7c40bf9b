//! A script played with the reference service alone, one step after the other, to see what becomes
//! of each input.
//!
//! What this is: [`Rehearsal`], a simulated world that takes steps and tells of each record what
//! the reference did with it ([`Became`]). What it is not: a verdict; an implementation may decide
//! otherwise wherever a rule accepts that.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::{Act, Known, Message, Script, Step, filled};
use crate::bus::{Chooser, Fifo, Topology, World};
use crate::contract::Contracts;
use crate::driver::{Driver, Until};
use crate::history::{Event, Producer};
use crate::message::{Json, Outgoing, RecordId, Seed, Tenant, TraceParent};
use crate::pack::{Packs, Roles};
use crate::rule::RuleId;
use crate::scenario::TenantSpec;
use crate::service::{Given, Reject, Service};

/// What the reference does with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// It is handled, and something is emitted.
    Answered,
    /// It is handled, and nothing is emitted.
    Handled,
    /// It is read, and has no effect.
    Refused {
        /// The rule that asks for that, where the reference names one.
        rule: Option<RuleId>,
        /// Why, in a phrase.
        why: String,
    },
    /// It cannot be read, or names a type that the service does not know.
    Unreadable,
}

/// A reference service that is told what a script says.
pub(super) struct Rehearsal {
    world: World,
    contracts: Arc<Contracts>,
    subject: String,
    tenants: Vec<Tenant>,
    /// How many tenants there have been.
    admitted: u128,
    sent: u64,
    known: Noted,
}

/// What the reference made up, by the step that brought it about.
#[derive(Default)]
struct Noted {
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

/// The service itself, and one that it cannot answer without.
fn services(subject: &str, packs: &Packs) -> Vec<Box<dyn Service>> {
    let asked = packs.pack(subject).map_or(&[][..], |pack| pack.asks);
    let mut services = packs.services();
    services.retain(|one| one.name() == subject || asked.contains(&one.name()));
    services
}

impl Rehearsal {
    /// A world in which nothing has happened; `None` where there is no reference of that name.
    pub(super) fn new(subject: &str, contracts: &Arc<Contracts>) -> Option<Self> {
        let services = services(subject, contracts.packs());
        services.iter().find(|service| service.name() == subject)?;
        let topology = Topology { partitions: 1, members: 1 };
        let start = (Seed(0), Box::new(Fifo) as Box<dyn Chooser>);
        let world = World::new(Arc::clone(contracts), services, topology, start).ok()?;
        Some(Self {
            world,
            contracts: Arc::clone(contracts),
            subject: subject.to_owned(),
            tenants: Vec::new(),
            admitted: 0,
            sent: 0,
            known: Noted::default(),
        })
    }

    /// Starts over with fresh tenants.
    pub(super) fn admit(&mut self, tenants: &[TenantSpec]) {
        let tenant = |spec: &TenantSpec| {
            self.admitted += 1;
            Tenant {
                id: Uuid::from_u128(self.admitted),
                region: spec.region.as_str().into(),
                major: spec.major,
                minor: spec.minor,
            }
        };
        self.tenants = tenants.iter().map(tenant).collect();
        self.known = Noted::default();
    }

    /// Takes a step; what became of the record, if it sends one that the service reads.
    pub(super) fn take(&mut self, step: &Step) -> Option<Became> {
        let tenant = self.tenants.get(step.tenant).or(self.tenants.first())?.clone();
        match &step.act {
            Act::Send(message) => return self.send(step.id, message, &tenant),
            Act::Stimulus { name, args } => {
                let args = filled(args, &self.known);
                let told = self.world.stimulus(&self.subject, name, &tenant, &args);
                // A client that is not there can do nothing.
                self.known.answers.insert(step.id, told.unwrap_or_default());
                self.settle(Until::Quiet);
            }
            Act::Give { data, entry } => {
                let data = vec![(data.clone(), Json::Array(vec![entry.clone()]))];
                let given = Given { settings: None, data: &data };
                let _ = self.world.give(&self.subject, &tenant, &given);
            }
            Act::Pause(wait) => self.settle(Until::after(self.world.now(), *wait)),
            Act::Query { .. } | Act::Kill => {}
        }
        None
    }

    /// The record that a step sends.
    pub(super) fn record(&self, step: &Step) -> Option<Outgoing> {
        let tenant = self.tenants.get(step.tenant).or(self.tenants.first())?;
        match &step.act {
            Act::Send(message) => self.made(message, tenant),
            _ => None,
        }
    }

    fn made(&self, message: &Message, tenant: &Tenant) -> Option<Outgoing> {
        let trace = TraceParent { trace: u128::from(self.sent) + 1, span: 1, flags: 1 };
        message.make(&self.contracts, (tenant, trace), &self.known)
    }

    fn send(&mut self, step: u32, message: &Message, tenant: &Tenant) -> Option<Became> {
        let outgoing = self.made(message, tenant)?;
        self.sent += 1;
        let before = self.world.history().entries().len();
        let record = self.world.send(outgoing).ok()?;
        self.settle(Until::Quiet);
        self.note_id(step, record, before);
        self.became(record, before)
    }

    fn settle(&mut self, until: Until) {
        // Where services feed each other without end, what has happened so far is looked at.
        let _ = self.world.run(until, &mut |_| false);
    }

    /// Notes the id that an answer announces.
    fn note_id(&mut self, step: u32, input: RecordId, before: usize) {
        let history = self.world.history();
        let fields =
            self.contracts.packs().pack(&self.subject).map_or(&[][..], |one| one.announced);
        let answers = history.entries()[before..].iter().filter_map(|entry| match entry.event {
            Event::Emitted { record, cause, .. } if cause == Some(input) => Some(record),
            _ => None,
        });
        let id = answers.into_iter().find_map(|record| {
            let value = Json::parse(history.record(record).record.value_bytes()?).ok()?;
            let id = fields.iter().find_map(|field| value.get(field)?.as_integer())?;
            u32::try_from(id).ok()
        });
        if let Some(id) = id {
            self.known.ids.insert(step, id);
        }
    }

    fn became(&self, input: RecordId, before: usize) -> Option<Became> {
        let history = self.world.history();
        let is_subject = |service| history.service(service) == self.subject;
        let (mut read, mut answered, mut asks) = (false, false, Asks::default());
        for entry in &history.entries()[before..] {
            match &entry.event {
                Event::Delivered { service, record, .. } if is_subject(*service) => {
                    read |= *record == input;
                }
                Event::Applied { service, rule } if is_subject(*service) => {
                    asks.applied(*rule, self.contracts.packs().roles());
                }
                Event::Decided { service, rule, .. } if is_subject(*service) => {
                    asks.decided = Some(*rule);
                }
                Event::Emitted { record, cause, .. } if *cause == Some(input) => {
                    let by = history.record(*record).producer;
                    answered |=
                        matches!(by, Producer::Service { service, .. } if is_subject(service));
                }
                Event::Rejected { service, record, reject }
                    if is_subject(*service) && *record == Some(input) =>
                {
                    return Some(match reject {
                        Reject::Refused(_) => {
                            Became::Refused { rule: asks.rule(), why: reject.shown() }
                        }
                        _ => Became::Unreadable,
                    });
                }
                _ => {}
            }
        }
        let handled = if answered { Became::Answered } else { Became::Handled };
        read.then_some(handled)
    }
}

/// The rules that a handler named before it refused.
#[derive(Default)]
struct Asks {
    /// The first that is not about all services.
    first: Option<RuleId>,
    /// The last that leaves a choice: the refusal is what was chosen.
    decided: Option<RuleId>,
}

impl Asks {
    fn applied(&mut self, rule: RuleId, roles: &Roles) {
        let common = [roles.no_tenant, roles.no_trace, roles.unreadable, roles.again];
        if !common.contains(&rule) {
            self.first = self.first.or(Some(rule));
        }
    }

    fn rule(&self) -> Option<RuleId> {
        self.decided.or(self.first)
    }
}

/// Plays a script from its beginning; what became of each input, by step.
pub(super) fn rehearse(
    script: &Script,
    subject: &str,
    contracts: &Arc<Contracts>,
) -> BTreeMap<u32, (Outgoing, Became)> {
    let Some(mut rehearsal) = Rehearsal::new(subject, contracts) else {
        return BTreeMap::new();
    };
    rehearsal.admit(&script.tenants);
    let mut seen = BTreeMap::new();
    for step in &script.steps {
        let made = rehearsal.record(step);
        if let (Some(became), Some(made)) = (rehearsal.take(step), made) {
            seen.insert(step.id, (made, became));
        }
    }
    seen
}
