//! Scripts from scenarios: what a service is told when the scenario is played with the reference
//! services.
//!
//! What this is: [`script`], which plays a scenario in the simulator and notes what reaches the
//! service under test. What it is not: the scenario's expectations, which hold for the reference
//! alone. What always holds: an id that the reference made up is named by the step whose answer
//! announced it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::random::Abilities;
use super::{Act, HEADERS, HeadersFrom, KeyFrom, Message, Reader, Script, Step, Value};
use crate::bus::{Chooser, Fifo, World};
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, Ended, Fault, Until};
use crate::history::{Event, FaultId, History, Producer};
use crate::message::{HeaderProblem, Json, Outgoing, RecordId, Seed, Tenant, VirtualTime};
use crate::scenario::run::{Setup, Verdict, play};
use crate::scenario::{Field, TenantSpec, TestPlan};
use crate::service::Given;

/// Waits that are shorter are not part of what is told.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);
/// A scenario that waits for longer in all is played where there is time for it only.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Why a scenario is no script for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NoScript {
    /// Nothing of it reaches the service.
    #[error("nothing in it reaches the service")]
    NothingReachesIt,
    /// It needs data or settings in the service that no message can bring about.
    #[error("it gives the service data or settings")]
    Given,
    /// It makes something go wrong that only the simulator can.
    #[error("it arms faults")]
    Faults,
    /// It waits for longer than a script may.
    #[error("it waits for {} s", .0.as_secs())]
    Waits(Duration),
    /// It does not pass with the reference services.
    #[error("it does not pass with the reference services")]
    NotPassing,
}

/// What a service is told by a scenario that waits for no longer than this in all.
///
/// # Errors
/// [`NoScript`], where it cannot be told that outside the simulator.
pub fn script(
    plan: &TestPlan,
    setup: &Setup,
    (subject, abilities): (&str, &Abilities),
    longest: Duration,
) -> Result<Script, NoScript> {
    let services = (setup.services)();
    let takes = services.iter().find(|one| one.name() == subject).map(|one| one.vocabulary().data);
    let takes: Vec<_> = takes.into_iter().flatten().map(|(data, _)| (*data).to_owned()).collect();
    let given = &plan.scenario.given;
    let is_lacking =
        |field: &Field| takes.contains(&field.name) && !abilities.data.contains(&field.name);
    if given.settings.iter().any(|field| field.name == subject) || given.data.iter().any(is_lacking)
    {
        return Err(NoScript::Given);
    }
    let contracts = Arc::clone(&setup.contracts);
    let start = (Seed(0), Box::new(Fifo) as Box<dyn Chooser>);
    let world = World::new(contracts, services, setup.topology, start);
    let world = world.map_err(|_| NoScript::NotPassing)?;
    let subject_takes = (subject.to_owned(), takes);
    let mut recorder = Recorder { world, subject_takes, told: Vec::new(), armed: false };
    let outcome = play(plan, &mut recorder, Seed(0), &mut setup.contracts.packs().checks(false));
    if recorder.armed {
        return Err(NoScript::Faults);
    }
    if outcome.verdict != Verdict::Passed {
        return Err(NoScript::NotPassing);
    }
    let history = recorder.world.into_history();
    let script = Writer::new(&history, subject).write(plan, recorder.told)?;
    if script.waits() > longest {
        return Err(NoScript::Waits(script.waits()));
    }
    let contracts = Arc::clone(&setup.contracts);
    Ok(script.classified(&Reader { service: subject.to_owned(), contracts }))
}

/// Something that was not a record, with how much had happened before it.
struct Told {
    before: usize,
    service: String,
    tenant: Tenant,
    act: Act,
    answer: Json,
}

/// A simulated world that notes what services are told besides records.
struct Recorder {
    world: World,
    told: Vec<Told>,
    /// The subject, and the data that it looks up.
    subject_takes: (String, Vec<String>),
    armed: bool,
}

impl Recorder {
    fn note(&mut self, service: &str, tenant: &Tenant, act: Act, answer: &Json) {
        self.told.push(Told {
            before: self.world.history().entries().len(),
            service: service.to_owned(),
            tenant: tenant.clone(),
            act,
            answer: answer.clone(),
        });
    }
}

impl Driver for Recorder {
    fn contracts(&self) -> &Contracts {
        self.world.contracts()
    }

    fn history(&self) -> &History {
        self.world.history()
    }

    fn now(&self) -> VirtualTime {
        self.world.now()
    }

    fn give(&mut self, to: &str, tenant: &Tenant, given: &Given<'_>) -> Result<(), DriverError> {
        let (subject, takes) = self.subject_takes.clone();
        for (data, entries) in
            given.data.iter().filter(|(data, _)| to == subject && takes.contains(data))
        {
            let Json::Array(entries) = entries else { continue };
            for entry in entries {
                let act = Act::Give { data: data.clone(), entry: entry.clone() };
                self.note(to, tenant, act, &Json::Null);
            }
        }
        self.world.give(to, tenant, given)
    }

    fn send(&mut self, outgoing: Outgoing) -> Result<RecordId, DriverError> {
        self.world.send(outgoing)
    }

    fn run(
        &mut self,
        until: Until,
        seen: &mut dyn FnMut(&History) -> bool,
    ) -> Result<Ended, DriverError> {
        self.world.run(until, seen)
    }

    fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        self.armed = true;
        self.world.arm(fault)
    }

    fn has_struck(&self, fault: FaultId) -> bool {
        self.world.has_struck(fault)
    }

    fn stimulus(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let answer = self.world.stimulus(service, name, tenant, args)?;
        let act = Act::Stimulus { name: name.to_owned(), args: args.clone() };
        self.note(service, tenant, act, &answer);
        Ok(answer)
    }

    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let answer = self.world.query(service, name, tenant, args)?;
        let act = Act::Query { name: name.to_owned(), args: args.clone() };
        self.note(service, tenant, act, &answer);
        Ok(answer)
    }
}

/// Writes down what a history told a service.
struct Writer<'a> {
    history: &'a History,
    subject: &'a str,
    steps: Vec<Step>,
    tenants: Vec<Tenant>,
    /// The step that sent a record.
    step_of: BTreeMap<RecordId, u32>,
    /// The step whose answer announced an id, by tenant.
    announced: BTreeMap<(usize, i128), u32>,
    /// The stimulus that gave a text back.
    answered: BTreeMap<String, u32>,
}

/// The fields in which the service speaks of ids that it makes up, and those in which it is told
/// of them.
const IDS: [&str; 3] = ["banId", "account_id", "accountId"];

impl<'a> Writer<'a> {
    fn new(history: &'a History, subject: &'a str) -> Self {
        Self {
            history,
            subject,
            steps: Vec::new(),
            tenants: Vec::new(),
            step_of: BTreeMap::new(),
            announced: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    fn write(mut self, plan: &TestPlan, told: Vec<Told>) -> Result<Script, NoScript> {
        let mut told = told.into_iter().peekable();
        let mut last = VirtualTime::ZERO;
        for (at, entry) in self.history.entries().iter().enumerate() {
            while let Some(next) = told.next_if(|told| told.before <= at) {
                self.tell(next);
            }
            let (Event::Sent { record } | Event::Emitted { record, .. }) = &entry.event else {
                continue;
            };
            let waited = Duration::from_millis(entry.at.as_ms() - last.as_ms());
            if waited >= SHORTEST_PAUSE && !self.steps.is_empty() {
                self.push(0, Act::Pause(waited));
            }
            last = entry.at;
            self.record(*record);
        }
        told.for_each(|told| self.tell(told));
        if !self.steps.iter().any(|step| matches!(step.act, Act::Send(_) | Act::Stimulus { .. })) {
            return Err(NoScript::NothingReachesIt);
        }
        let spec = |tenant: &Tenant| TenantSpec {
            region: tenant.region.to_string(),
            major: tenant.major,
            minor: tenant.minor,
        };
        let tenants = self.tenants.iter().map(spec).collect();
        Ok(Script::new(plan.name.clone(), tenants, self.steps))
    }

    fn push(&mut self, tenant: usize, act: Act) -> u32 {
        let id = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        self.steps.push(Step::new(id, tenant, act));
        id
    }

    fn tenant(&mut self, tenant: &Tenant) -> usize {
        let known = self.tenants.iter().position(|known| known == tenant);
        known.unwrap_or_else(|| {
            self.tenants.push(tenant.clone());
            self.tenants.len() - 1
        })
    }

    fn tell(&mut self, told: Told) {
        if told.service != self.subject {
            return;
        }
        let tenant = self.tenant(&told.tenant);
        let act = match told.act {
            Act::Stimulus { name, args } => Act::Stimulus { name, args: self.named(&args, tenant) },
            Act::Query { name, args } => Act::Query { name, args: self.named(&args, tenant) },
            other => other,
        };
        let step = self.push(tenant, act);
        if let Some(text) = told.answer.as_str() {
            self.answered.insert(text.to_owned(), step);
        }
    }

    /// A record: an input of the service, or one of its answers.
    fn record(&mut self, id: RecordId) {
        let placed = self.history.record(id);
        let contracts = self.history.contracts();
        if let Producer::Service { service, cause } = placed.producer
            && self.history.service(service) == self.subject
        {
            if let (Some(cause), Ok(tenant)) = (cause, placed.record.headers.tenant()) {
                self.announce(cause, &tenant.clone(), placed.record.value_bytes());
            }
            return;
        }
        let reads = contracts.consumers(placed.channel).iter().any(|name| name == self.subject);
        let Some(headers) = headers_from(placed).filter(|_| reads) else {
            return;
        };
        // A record without a tenant belongs to the script's first one, as far as that matters.
        let tenant = placed.record.headers.tenant().cloned();
        let tenant = tenant.map_or(0, |tenant| self.tenant(&tenant));
        let value = placed.record.value_bytes();
        let json = value.and_then(|bytes| Json::parse(bytes).ok().map(|json| (bytes, json)));
        let (value, by_contract) = match json {
            // Only what is written as we write it can be written anew.
            Some((bytes, json)) if json.to_bytes() == bytes => {
                let key = contracts.key_for(placed.channel, &json);
                (Value::Json(self.named(&json, tenant)), key == placed.record.key)
            }
            _ => (Value::Bytes(value.map(<[u8]>::to_vec)), false),
        };
        let key = match by_contract {
            true => KeyFrom::Contract,
            false => KeyFrom::Bytes(placed.record.key.clone()),
        };
        let channel = contracts.channel_name(placed.channel).to_owned();
        let step = self.push(tenant, Act::Send(Message { channel, value, key, headers }));
        self.step_of.insert(id, step);
    }

    /// Notes an id that the service made up.
    fn announce(&mut self, cause: RecordId, tenant: &Tenant, value: Option<&[u8]>) {
        let Some(step) = self.step_of.get(&cause).copied() else {
            return;
        };
        let json = value.and_then(|bytes| Json::parse(bytes).ok()).unwrap_or_default();
        let made_up = json.get("status").and_then(Json::as_str) == Some("CREATED");
        let id = IDS.iter().find_map(|field| json.get(field)?.as_integer());
        if let Some(id) = id.filter(|_| made_up) {
            let tenant = self.tenant(tenant);
            self.announced.insert((tenant, id), step);
        }
    }

    /// A value in which what was made up is named by its step.
    fn named(&self, value: &Json, tenant: usize) -> Json {
        let reference = |name: &str, step: u32| Json::from(serde_json::json!({ name: step }));
        match value {
            Json::Object(fields) => {
                let one = |(name, value): (&String, &Json)| {
                    let step = value
                        .as_integer()
                        .filter(|_| IDS.contains(&name.as_str()))
                        .and_then(|id| self.announced.get(&(tenant, id)));
                    let named = match step {
                        Some(step) => reference("$id", *step),
                        None => self.named(value, tenant),
                    };
                    (name.clone(), named)
                };
                Json::Object(fields.iter().map(one).collect())
            }
            Json::Array(items) => {
                Json::Array(items.iter().map(|item| self.named(item, tenant)).collect())
            }
            Json::String(text) => match self.answered.get(text) {
                Some(step) => reference("$answer", *step),
                None => value.clone(),
            },
            plain => plain.clone(),
        }
    }
}

/// Where the headers of a record come from; `None` where they are not the tenant's with at most one
/// of them missing or damaged, or where what comes of it is open: a version that is not of two
/// bytes.
fn headers_from(placed: &crate::history::Placed) -> Option<HeadersFrom> {
    let headers = &placed.record.headers;
    let list = headers.to_list();
    let there = |name: &str| list.iter().find(|header| &*header.name == name);
    let missing: Vec<_> = HEADERS.into_iter().filter(|name| there(name).is_none()).collect();
    let damaged = |name: &'static str| {
        let bytes = there(name)?.value.as_deref().unwrap_or_default().to_vec();
        Some(HeadersFrom::Damaged(name, bytes))
    };
    match (missing.as_slice(), headers.tenant(), headers.trace()) {
        ([], Ok(_), Some(_)) => Some(HeadersFrom::Tenant),
        ([], Ok(_), None) => damaged("traceparent"),
        ([one], Ok(_), None) if *one == "traceparent" => Some(HeadersFrom::Without(one)),
        ([one], Err(_), Some(_)) => Some(HeadersFrom::Without(one)),
        ([], Err(HeaderProblem::Malformed(one)), Some(_)) if !one.ends_with("_VERSION") => {
            damaged(one)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Abilities, LONGEST_PAUSE, script};
    use crate::contract::Contracts;
    use crate::message::Json;
    use crate::scenario::run::Setup;
    use crate::scenario::{Known, NoFiles, load_bytes, words_of};
    use crate::verify::script::{Act, Value};

    const TEXT: &str = "
format: 1
scenario: A ban is taken back
steps:
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.9, permanent: true } }
  - expect: ban.status/CREATED
    where: { banId: <int as $made> }
  - send: ban.command/DELETE
    with: { body: { banId: $made } }
  - expect: ban.status/DELETED
";

    #[test]
    fn an_id_is_named_by_the_step_that_brought_it_about() {
        let contracts = Contracts::builtin();
        let words = words_of(&crate::services::reference());
        let known = Known { contracts: &contracts, words: &words };
        let loaded = load_bytes("ban.scenario.yaml", TEXT.as_bytes(), &known, &NoFiles);
        let shown: Vec<_> = loaded.diagnostics.iter().map(|one| format!("{one:?}")).collect();
        let plan = loaded.plans.first().unwrap_or_else(|| panic!("{shown:#?}"));
        let script = script(
            plan,
            &Setup::reference(contracts.clone()),
            ("ban", &Abilities::default()),
            LONGEST_PAUSE,
        )
        .unwrap();
        let Act::Send(message) = &script.steps[1].act else { panic!("a second command") };
        let Value::Json(value) = &message.value else { panic!("an object") };
        assert_eq!(value.pointer("/body/banId/$id").and_then(Json::as_integer), Some(0));
    }

    #[test]
    fn the_suite_has_scripts_for_each_service() {
        let contracts = Contracts::builtin();
        let words = words_of(&crate::services::reference());
        let known = Known { contracts: &contracts, words: &words };
        let plans = crate::scenario::suite(&known);
        let setup = Setup::reference(contracts.clone());
        for service in contracts.packs().all().map(crate::pack::Pack::name) {
            let scripts = plans.iter().filter(|plan| {
                script(plan, &setup, (service, &Abilities::default()), LONGEST_PAUSE).is_ok()
            });
            assert!(scripts.count() >= 20, "{service}");
        }
    }
}
