//! A service on a mock broker, and its verification.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use quintet::contract::{Contracts, GroupName};
use quintet::driver::DriverError;
use quintet::history::Producer;
use quintet::kafka::host::{Host, Options};
use quintet::kafka::{Broker, Connection, Create, Deadline, On, Settings, Topics};
use quintet::message::{Json, Seed, Tenant};
use quintet::rule::Severity;
use quintet::scenario::run::Setup;
use quintet::scenario::{Known, TestPlan, suite, words_of};
use quintet::service::{Given, Service, StimulusError};
use quintet::services::{packs, reference};
use quintet::verify::live::{
    Commands, GroupFrom, Neighbours, Plan, Probe, ProbeError, Verified, verify,
};
use quintet::verify::script::random::Abilities;
use quintet::verify::script::scenario::{LONGEST_PAUSE, script};
use quintet::verify::script::{KindNames, Script};
use quintet::verify::{Judging, Observation, What};
use serde_json::json;

/// The scenarios that the program carries.
static SUITE: LazyLock<Vec<TestPlan>> = LazyLock::new(|| {
    let words = words_of(&reference());
    suite(&Known { contracts: &Contracts::builtin(), words: &words })
});

/// What is played.
pub(crate) struct Play {
    /// The scenarios whose names begin so.
    pub(crate) scenarios: Option<&'static str>,
    /// How many random scripts.
    pub(crate) random: u64,
    /// How many findings are made smaller.
    pub(crate) shrink: usize,
    /// Whether the service can be asked what no record shows, and be told what comes from clients.
    pub(crate) probed: bool,
}

/// Asks the host in which the service runs.
struct Inside {
    service: String,
    host: Arc<Host>,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Inside").field(&self.service).finish()
    }
}

impl Probe for Inside {
    fn abilities(&self) -> Abilities {
        abilities(&self.service)
    }

    fn ask(
        &self,
        what: What,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, ProbeError> {
        let service = &self.service;
        let answer = match what {
            What::Query => self.host.query(service, name, tenant, args),
            What::Stimulus => match self.host.stimulus(service, name, tenant, args) {
                // A client that is not there can do nothing: that is no trouble.
                Err(DriverError::Stimulus(StimulusError::Refused(_))) => Ok(Json::Null),
                other => other,
            },
        };
        answer.map_err(|error| ProbeError::Refused(error.to_string()))
    }

    fn give(&self, data: &str, tenant: &Tenant, entry: &Json) -> Result<(), ProbeError> {
        let data = [(data.to_owned(), Json::Array(vec![entry.clone()]))];
        let given = Given { settings: None, data: &data };
        let given = self.host.give(&self.service, tenant, &given);
        given.map_err(|error| ProbeError::Refused(error.to_string()))
    }
}

/// Asks the process in which the service runs.
#[derive(Debug)]
struct Outside {
    service: String,
    socket: PathBuf,
}

impl Probe for Outside {
    fn abilities(&self) -> Abilities {
        abilities(&self.service)
    }

    fn ask(
        &self,
        what: What,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, ProbeError> {
        let what = if what == What::Query { "query" } else { "stimulus" };
        self.tell(what, name, tenant, args)
    }

    fn give(&self, data: &str, tenant: &Tenant, entry: &Json) -> Result<(), ProbeError> {
        self.tell("data", data, tenant, entry).map(drop)
    }
}

impl Outside {
    fn tell(
        &self,
        what: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, ProbeError> {
        let Tenant { id, region, major, minor } = tenant;
        let asked = json!({
            "what": what, "name": name, "tenant": id, "region": region, "major": major,
            "minor": minor, "args": args,
        });
        let mut answer = String::new();
        let told = UnixStream::connect(&self.socket).and_then(|mut to| {
            writeln!(to, "{asked}")?;
            BufReader::new(to).read_line(&mut answer)
        });
        told.map_err(|error| ProbeError::Refused(error.to_string()))?;
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("it answers JSON");
        match answer.get("answer") {
            Some(answer) => Ok(Json::from(answer.clone())),
            None => Err(ProbeError::Refused(answer["error"].to_string())),
        }
    }
}

/// All that a service can be asked and told.
fn abilities(name: &str) -> Abilities {
    Abilities::all(name, &packs())
}

/// The reference service of a name.
pub(crate) fn service(name: &str) -> Box<dyn Service> {
    reference().into_iter().find(|one| one.name() == name).expect("one of the five")
}

/// A broker with all topics.
pub(crate) fn broker(on: &On) -> (Broker, Connection, Topics) {
    let settings = Settings::default();
    let broker = Broker::start(on, &settings).expect("a broker");
    let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
    let contracts = Contracts::builtin();
    let topics = Topics::from_lines(&contracts, |_| None, None).expect("the documented names");
    connection.ensure_topics(&topics, &contracts, Create::Missing).expect("topics");
    (broker, connection, topics)
}

/// What is verified of a service.
pub(crate) fn plan(subject: &str, play: &Play) -> Plan {
    let contracts = Contracts::builtin();
    let setup = Setup::reference(Arc::clone(&contracts));
    let named = |plan: &&TestPlan| play.scenarios.is_some_and(|name| plan.name.starts_with(name));
    // Without a probe nothing can be given.
    let abilities = if play.probed { abilities(subject) } else { Abilities::default() };
    let of = (subject, &abilities);
    let scripts: Vec<Script> = SUITE
        .iter()
        .filter(named)
        .filter_map(|plan| script(plan, &setup, of, LONGEST_PAUSE).ok())
        .collect();
    let names = scripts.iter().map(|script| script.name.clone());
    let random = (0..play.random).map(|number| format!("random {number}"));
    let group = match &contracts.group(subject).expect("a group").name {
        GroupName::Exactly(name) => name.clone(),
        GroupName::Like(_) => "Login Service - 0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10".to_owned(),
    };
    Plan {
        subject: subject.to_owned(),
        group,
        group_from: GroupFrom::Committed,
        made: Vec::new(),
        tenants: Vec::new(),
        command: None,
        probe: Arc::new(Commands::default()),
        only: names.chain(random).collect(),
        scripts,
        budget: Duration::ZERO,
        kills: Vec::new(),
        wait: Duration::from_secs(30),
        seed: Seed(7),
        neighbours: Neighbours::None,
        judging: Judging::default(),
        shrink: play.shrink,
        skip: KindNames::new(),
        limit: Duration::from_secs(3_600),
        stop: Arc::default(),
    }
}

/// Serves a service in this process on a mock broker, and verifies it.
pub(crate) fn verified(served: Box<dyn Service>, mut options: Options, play: &Play) -> Verified {
    let (_broker, connection, topics) = broker(&On::Mock);
    let contracts = Contracts::builtin();
    let mut plan = plan(served.name(), play);
    options.groups.insert(plan.subject.clone(), plan.group.clone());
    options.absent = packs().absent(|name| name == plan.subject);
    let services = vec![served];
    let host = Host::start(&connection, &topics, Arc::clone(&contracts), services, options);
    let host = Arc::new(host.expect("the service starts"));
    if play.probed {
        plan.probe = Arc::new(Inside { service: plan.subject.clone(), host });
    }
    run(&plan, (&connection, &topics))
}

/// Starts a service as a process that keeps its state, kills it at these moments, and verifies it
/// by so many random scripts. Its manner is a word that `implementation` knows, or none.
pub(crate) fn verified_process(
    on: &On,
    name: &str,
    manner: &str,
    (random, kills): (u64, &[Duration]),
) -> Verified {
    let (_broker, connection, topics) = broker(on);
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("socket");
    let play = Play { scenarios: None, random, shrink: 0, probed: true };
    let plan = Plan {
        command: Some(format!(
            "exec {} {name} 'group={{group}}' data={} socket={} {manner}",
            implementation().display(),
            folder.path().display(),
            socket.display(),
        )),
        probe: Arc::new(Outside { service: name.to_owned(), socket }),
        kills: kills.to_vec(),
        ..plan(name, &play)
    };
    run(&plan, (&connection, &topics))
}

fn run(plan: &Plan, field: (&Connection, &Topics)) -> Verified {
    let clock = Deadline::after(Duration::ZERO);
    let mut tell = |what: &str| {
        println!("{}: {what}, after {} ms", plan.subject, clock.elapsed().as_millis());
    };
    let verified = verify(plan, &Contracts::builtin(), field, &mut tell);
    tell("verified");
    verified.unwrap_or_else(|error| panic!("{}: {error}", plan.subject))
}

/// Another process that cargo builds with the tests.
pub(crate) fn implementation() -> PathBuf {
    let folder =
        PathBuf::from(env!("CARGO_BIN_EXE_quintet")).parent().expect("a folder").to_owned();
    folder.join("examples").join("implementation")
}

/// The violations, for people, each with all that was seen of its tenant.
pub(crate) fn violations(verified: &Verified) -> Vec<String> {
    let found = verified.judgement.findings.iter();
    let found = found.filter(|found| found.severity == Severity::Violation);
    found
        .map(|found| {
            let of = found.tenant.as_ref().map_or_else(String::new, |of| seen_of(verified, of));
            format!("{} {} {:?}{of}", found.rule, found.message, found.records)
        })
        .collect()
}

fn seen_of(verified: &Verified, tenant: &Tenant) -> String {
    let Observation { history, asked, .. } = &verified.observation;
    let records = history.records().iter();
    let records = records.filter(|placed| placed.record.headers.tenant().ok() == Some(tenant));
    let records = records.map(|placed| {
        let who = if placed.producer == Producer::Test { "->" } else { "<-" };
        (placed.at, format!("{who} {} {}", placed.id, history.placed_json(placed)))
    });
    let asked = asked.iter().filter(|asked| asked.tenant == *tenant).map(|asked| {
        (asked.from, format!("?? {}{} = {}, at {}", asked.name, asked.args, asked.answer, asked.to))
    });
    let mut lines: Vec<_> = records.chain(asked).collect();
    lines.sort_by_key(|(at, _)| *at);
    lines.iter().map(|(at, line)| format!("\n    {at} {line}")).collect()
}
