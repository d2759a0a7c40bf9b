//! What the reference emits, which mutants follow from that, and the audit of one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::explore;
use super::field::{Edit, leaves};
use super::generic::{Change, Generic};
use super::handling::Handling;
use super::list::Mutant;
use super::observe::Observed;
use crate::bus::{Random, World};
use crate::contract::{Cause, Contracts, Problem, ProblemKind};
use crate::driver::Driver;
use crate::history::{Event, History, Producer};
use crate::message::{Json, Outgoing, Seed};
use crate::pack::{HistoryChecker, Packs};
use crate::rule::{RuleId, Severity};
use crate::scenario::TestPlan;
use crate::scenario::run::{Setup, Verdict, play};
use crate::service::{self, Forbidden, Mutation, Service, Site};
use crate::verify::{Found, Judging, judge_until};

/// How many schedules of one test are played with a mutant.
const SCHEDULES: u32 = 4;
/// How many records of one kind are kept to make neighbours of.
const SAMPLES: usize = 6;
/// How many of the tests that fail are judged.
const JUDGED: usize = 6;
/// States that the judge tries for one history; counted, so that results are the same everywhere.
const STATES: u64 = 20_000;

/// How long is looked for what the scenario suite does not find.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// So many random sequences for each mutant.
    pub runs: u64,
    /// Whether no more are to be played.
    pub is_spent: &'a (dyn Fn() -> bool + Sync),
}

/// The tests, what the reference emits in them, and where.
pub struct Survey<'a> {
    contracts: Arc<Contracts>,
    plans: &'a [TestPlan],
    setup: &'a Setup,
    /// By service, which tests concern it.
    concern: BTreeMap<String, Vec<usize>>,
    sites: BTreeMap<(String, Option<RuleId>, String), Vec<Outgoing>>,
}

/// What came of one mutant.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The tests that failed, and the random sequences that broke a rule, in order.
    pub killed_by: Vec<String>,
    /// The rules that were named, each with the first that named it.
    pub named: BTreeMap<RuleId, String>,
}

impl Audit {
    /// Whether the mutant was found at all.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        !self.killed_by.is_empty()
    }

    /// Whether it is as it must be for a mutant that does nothing forbidden: tests may fail that
    /// ask for what the reference does, and no rule is named.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.named.is_empty()
    }

    /// Whether a rule that the mutant breaks was named, and no other.
    #[must_use]
    pub fn is_right(&self, mutant: &Mutant) -> bool {
        !self.named.is_empty() && self.named.keys().all(|rule| mutant.breaks.contains(rule))
    }
}

/// Records, by the rule that demands them and the name of their message.
type Samples = BTreeMap<(Option<RuleId>, String), Vec<Outgoing>>;

/// Notes what a service emits, and by which rule.
#[derive(Debug, Default)]
struct Noting(Mutex<Samples>);

impl Mutation for Noting {
    fn emitted(&self, site: &Site<'_>, emits: &mut Vec<Outgoing>) {
        let Some(last) = emits.last() else { return };
        let name = site.contracts.message_name(last.channel, last.record.value_bytes());
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = noted.entry((site.rule, name)).or_default();
        let bytes = |one: &Outgoing| one.record.value_bytes().map(<[u8]>::to_vec);
        if samples.len() < SAMPLES && samples.iter().all(|one| bytes(one) != bytes(last)) {
            samples.push(last.clone());
        }
    }
}

impl<'a> Survey<'a> {
    /// Plays the tests with the reference, and notes what it emits.
    #[must_use]
    pub fn new(plans: &'a [TestPlan], setup: &'a Setup) -> Self {
        let contracts = Arc::clone(&setup.contracts);
        let packs = contracts.packs();
        let notes: BTreeMap<String, Arc<Noting>> =
            packs.all().map(|pack| (pack.name().to_owned(), Arc::default())).collect();
        let mut survey = Self {
            contracts: Arc::clone(&contracts),
            plans,
            setup,
            concern: BTreeMap::new(),
            sites: BTreeMap::new(),
        };
        let mut checks = packs.checks(false);
        for (at, plan) in plans.iter().enumerate() {
            let services = noting(packs, &notes);
            if let Some((_, played)) = survey.play(plan, services, "", 0, &mut checks) {
                for service in concerned(played.world_history()) {
                    survey.concern.entry(service).or_default().push(at);
                }
            }
        }
        for (service, noting) in notes {
            let noted =
                std::mem::take(&mut *noting.0.lock().unwrap_or_else(PoisonError::into_inner));
            for ((rule, message), samples) in noted {
                survey.sites.insert((service.clone(), rule, message), samples);
            }
        }
        survey
    }

    /// Every mutant of these services, in order; of all where none is named.
    #[must_use]
    pub fn mutants(&self, services: &[String]) -> Vec<Mutant> {
        let packs = self.contracts.packs();
        let mut all = Vec::new();
        for pack in packs.all() {
            let name = pack.name();
            if !services.is_empty() && services.iter().all(|one| one != name) {
                continue;
            }
            let options = pack.rules().iter().flat_map(|rule| Forbidden::of(*rule));
            all.extend(options.map(|option| Mutant::forbidden(name, option)));
            let handlings = Handling::of(name, &self.contracts);
            all.extend(handlings.map(|one| Mutant::handling(name, one, packs)));
            for ((service, rule, message), samples) in &self.sites {
                if service == name {
                    self.neighbours((name, *rule, message), samples, &mut all);
                }
            }
        }
        all
    }

    /// What can be wrong with one kind of record.
    fn neighbours(
        &self,
        (service, rule, message): (&str, Option<RuleId>, &str),
        samples: &[Outgoing],
        all: &mut Vec<Mutant>,
    ) {
        let Some(first) = samples.first() else { return };
        let parsed = |one: &Outgoing| one.record.value_bytes().and_then(|it| Json::parse(it).ok());
        let value = parsed(first).unwrap_or_default();
        let mut changes = vec![Change::Dropped, Change::Doubled, Change::NoKey, Change::OtherKey];
        changes.extend([Change::NoHeaders, Change::OtherTenant, Change::SwappedVersions]);
        changes.push(Change::SpanOfCause);
        for header in first.record.headers.to_list() {
            changes.push(Change::NoHeader(header.name.to_string()));
            changes.push(Change::Damaged(header.name.to_string()));
        }
        for (path, leaf) in leaves(&value) {
            let is_type = leaf.as_str().is_some_and(|text| message.ends_with(&format!("/{text}")));
            let others = if is_type { self.others(service, first, &path) } else { Vec::new() };
            let edits = Edit::of(leaf, &others);
            changes.extend(edits.into_iter().map(|edit| Change::Field(path.clone(), edit)));
        }
        for change in changes {
            let Some(breaks) = self.breaks((service, rule), samples, &change) else { continue };
            let message = message.to_owned();
            all.push(Mutant::generic(service, breaks, Generic { rule, message, change }));
        }
    }

    /// The values that the field which names the type has in other records of the channel.
    fn others(&self, service: &str, of: &Outgoing, path: &[String]) -> Vec<String> {
        let same = self.sites.iter().filter(|((by, ..), _)| by == service);
        let all = same.flat_map(|(_, samples)| samples).filter(|one| one.channel == of.channel);
        let texts = all.filter_map(|one| {
            let value = Json::parse(one.record.value_bytes()?).ok()?;
            let field = path.iter().try_fold(&value, |at, name| at.get(name))?;
            field.as_str().map(str::to_owned)
        });
        texts.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The rules that a change breaks; `None` where it changes no record that was seen.
    fn breaks(
        &self,
        (service, rule): (&str, Option<RuleId>),
        samples: &[Outgoing],
        change: &Change,
    ) -> Option<BTreeSet<RuleId>> {
        let roles = self.contracts.packs().roles();
        let site = rule.unwrap_or(roles.contract);
        let shared = self.contracts.packs().shared_rules().iter().copied();
        let of_order = shared.filter(|rule| self.contracts.packs().is_of_order(*rule));
        if matches!(change, Change::Dropped | Change::Doubled) {
            return Some(of_order.chain([site]).collect());
        }
        let changed: Vec<_> = samples
            .iter()
            .filter_map(|one| {
                let record = change.changed(&one.record, &one.record.headers)?;
                Some(Outgoing { channel: one.channel, record })
            })
            .collect();
        // Samples have spans of their own: the cause's is another one.
        if changed.is_empty() && *change != Change::SpanOfCause {
            return None;
        }
        let rules = match change {
            Change::NoKey | Change::OtherKey => {
                let keyed = self.contracts.packs().pack(service).and_then(|pack| pack.keyed_by);
                let mut problems = self.problems(service, &changed);
                if keyed.is_none() && !problems.any(|one| one.is_violation()) {
                    return None;
                }
                BTreeSet::from([keyed.unwrap_or(roles.contract), roles.contract])
            }
            Change::OtherTenant => of_order.chain([roles.headers, roles.isolation, site]).collect(),
            Change::NoHeaders
            | Change::NoHeader(_)
            | Change::Damaged(_)
            | Change::SwappedVersions => BTreeSet::from([roles.headers, roles.contract]),
            Change::SpanOfCause => BTreeSet::from([roles.span]),
            Change::Field(path, _) if !self.is_declared(service, &samples[0], path) => return None,
            Change::Field(..) => {
                let kinds = self
                    .problems(service, &changed)
                    .filter(Problem::is_violation)
                    .map(|problem| problem.kind);
                let kinds: BTreeSet<_> = kinds.collect();
                let keyed = self.contracts.packs().pack(service).and_then(|pack| pack.keyed_by);
                let of_key = [roles.contract, keyed.unwrap_or(roles.contract)];
                match kinds.first() {
                    None => of_order.chain([site]).collect(),
                    Some(_) if kinds.iter().all(|kind| *kind == ProblemKind::WrongKey) => {
                        of_order.chain(of_key).chain([site]).collect()
                    }
                    Some(_) => of_order.chain([roles.contract, site]).collect(),
                }
            }
            Change::Dropped | Change::Doubled => of_order.chain([site]).collect(),
        };
        Some(rules)
    }

    /// What is wrong with records by the document of their sender.
    fn problems<'b>(
        &'b self,
        service: &'b str,
        records: &'b [Outgoing],
    ) -> impl Iterator<Item = Problem> + 'b {
        records.iter().flat_map(move |one| {
            self.contracts.check_emitted(service, one.channel, &one.record, Cause::Timer)
        })
    }

    /// Whether the document of a record's sender declares a field of it.
    fn is_declared(&self, service: &str, of: &Outgoing, path: &[String]) -> bool {
        let contracts = &self.contracts;
        let value = of.record.value_bytes().and_then(|bytes| Json::parse(bytes).ok());
        let kind = contracts.kind_of(of.channel, &value.unwrap_or_default());
        let own = contracts.contract(service);
        let view = own.and_then(|own| own.channels.get(contracts.channel_name(of.channel)));
        let message = kind.zip(view).and_then(|(kind, view)| view.messages.get(&kind.name));
        let Some(message) = message else { return true };
        let mut schema = &message.payload;
        for name in path {
            match schema.properties.get(name.as_str()) {
                Some(property) => schema = &property.schema,
                None => return schema.types.is_any() && schema.properties.is_empty(),
            }
        }
        true
    }

    /// What the tests, and random inputs where these are not enough, find of a mutant.
    #[must_use]
    pub fn audit(&self, mutant: &Mutant, budget: &Budget<'_>) -> Audit {
        let mut audit = Audit::default();
        let packs = self.contracts.packs();
        let mut checks = packs.checks(false);
        let none = Vec::new();
        for at in self.concern.get(&mutant.service).unwrap_or(&none) {
            let plan = &self.plans[*at];
            for schedule in 0..plan.scenario.schedules.clamp(1, SCHEDULES) {
                let services = mutant.services(packs);
                let played = self.play(plan, services, &mutant.service, schedule, &mut checks);
                let Some((failed, played)) = played else { continue };
                if failed.is_some() {
                    audit.note(&plan.name, failed.as_deref().unwrap_or_default(), &played);
                    break;
                }
            }
        }
        for number in 0..budget.runs {
            if (budget.is_spent)() || audit.is_killed() && !audit.named.is_empty() {
                break;
            }
            self.explore(mutant, number, &mut checks, &mut audit);
        }
        audit
    }

    /// What the judge finds wrong with references, each with service, rule and test: whoever
    /// accuses one that is right says nothing by accusing one that is wrong.
    #[must_use]
    pub fn accused(&self, services: &[String]) -> Vec<String> {
        let packs = self.contracts.packs();
        let mut checks = packs.checks(false);
        let is_asked = |name: &String| services.is_empty() || services.contains(name);
        let mut accused = Vec::new();
        for (service, tests) in self.concern.iter().filter(|(name, _)| is_asked(name)) {
            for plan in tests.iter().map(|at| &self.plans[*at]) {
                let played = self.play(plan, packs.services(), service, 0, &mut checks);
                let found = played.map(|(_, played)| findings(&played)).unwrap_or_default();
                let told =
                    |one: &Found| format!("{service} {} {}: {}", one.rule, plan.name, one.message);
                accused.extend(found.iter().map(told));
            }
        }
        accused
    }

    /// Plays one random sequence.
    fn explore(
        &self,
        mutant: &Mutant,
        number: u64,
        checks: &mut dyn HistoryChecker,
        audit: &mut Audit,
    ) {
        let services = mutant.services(self.contracts.packs());
        let of = (mutant.service.as_str(), &self.contracts);
        let Some(observed) = explore::play(of, services, number) else { return };
        let found = violated(checks, observed.world_history());
        let found = if found.is_empty() { judged(&observed) } else { found };
        if !found.is_empty() {
            audit.note(&format!("random {number}"), &found, &observed);
        }
    }

    /// Plays one test; the rules that its checkers name, where it failed.
    fn play<'s>(
        &self,
        plan: &TestPlan,
        services: Vec<Box<dyn Service>>,
        subject: &'s str,
        schedule: u32,
        checks: &mut dyn HistoryChecker,
    ) -> Option<(Option<Vec<RuleId>>, Observed<'s>)> {
        let seed = Seed::default();
        let chooser = Box::new(Random::new(seed, schedule));
        let contracts = Arc::clone(&self.contracts);
        let world = World::new(contracts, services, self.setup.topology, (seed, chooser)).ok()?;
        let mut observed = Observed::new(world, &self.contracts, subject);
        let outcome = play(plan, &mut observed, seed, checks);
        let named = outcome.troubles.iter().filter_map(|trouble| trouble.finding.as_ref());
        let named = named.map(|finding| finding.rule).collect();
        let failed = outcome.verdict != Verdict::Passed;
        Some((failed.then_some(named), observed))
    }
}

impl Audit {
    /// Notes what found the mutant: the judge, and where it finds nothing the checkers, say why.
    fn note(&mut self, by: &str, named: &[RuleId], observed: &Observed<'_>) {
        self.killed_by.push(by.to_owned());
        if self.killed_by.len() > JUDGED && !self.named.is_empty() {
            return;
        }
        let roles = observed.contracts().packs().roles();
        let inside = [roles.held_back, roles.no_tenant, roles.crash, roles.key_order];
        let known: Vec<_> = named.iter().filter(|rule| inside.contains(rule)).copied().collect();
        let judged = if known.is_empty() { judged(observed) } else { known };
        let named = if judged.is_empty() { named.to_vec() } else { judged };
        for rule in named {
            self.named.entry(rule).or_insert_with(|| by.to_owned());
        }
    }
}

/// What the checkers of a history find violated.
fn violated(checks: &mut dyn HistoryChecker, history: &History) -> Vec<RuleId> {
    checks.begin(history);
    let found = checks.end(history).findings.into_iter();
    found.filter(|one| one.severity == Severity::Violation).map(|one| one.rule).collect()
}

/// What the judge finds violated, from outside; nothing where the test made the service do what
/// only a service that is wrong does of its own.
fn judged(observed: &Observed<'_>) -> Vec<RuleId> {
    findings(observed).into_iter().map(|one| one.rule).collect()
}

/// What the judge finds violated, each in a sentence.
fn findings(observed: &Observed<'_>) -> Vec<Found> {
    if observed.is_doubled() {
        return Vec::new();
    }
    let states = std::cell::Cell::new(0);
    let stop = || {
        states.set(states.get() + 1);
        states.get() > STATES
    };
    let found = judge_until(&observed.seen(), &Judging::default(), &stop).findings.into_iter();
    found.filter(|one| one.severity == Severity::Violation).collect()
}

/// The reference services, of which each notes what it emits.
fn noting(packs: &Packs, notes: &BTreeMap<String, Arc<Noting>>) -> Vec<Box<dyn Service>> {
    let services = notes.iter().filter_map(|(name, noting)| {
        let model = packs.model(name)?;
        let noting = Arc::clone(noting) as Arc<dyn Mutation>;
        Some(Box::new(service::Mutant::new(model, noting)) as Box<dyn Service>)
    });
    services.collect()
}

/// The services that read, emitted, were told or were given something.
fn concerned(history: &History) -> BTreeSet<String> {
    let services = history.entries().iter().filter_map(|entry| match &entry.event {
        Event::Delivered { service, .. }
        | Event::Stimulus { service, .. }
        | Event::Given { service, .. } => Some(*service),
        Event::Emitted { record, .. } => match history.record(*record).producer {
            Producer::Service { service, .. } => Some(service),
            Producer::Test => None,
        },
        _ => None,
    });
    services.map(|service| history.service(service).to_owned()).collect()
}
