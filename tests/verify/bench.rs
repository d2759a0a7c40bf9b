//! A service on a mock broker, and its verification.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use quintet::contract::{Contracts, GroupName};
use quintet::driver::DriverError;
use quintet::kafka::host::{Host, Options};
use quintet::kafka::{Broker, Connection, Create, On, Settings, Topics};
use quintet::message::{Json, Seed, Tenant};
use quintet::rule::Severity;
use quintet::scenario::run::Setup;
use quintet::scenario::{Known, TestPlan, suite, words_of};
use quintet::service::{Service, StimulusError, Vocabulary, reference};
use quintet::verify::live::{Commands, Neighbours, Plan, Probe, ProbeError, Verified, verify};
use quintet::verify::script::Script;
use quintet::verify::script::random::Abilities;
use quintet::verify::script::scenario::script;
use quintet::verify::{Judging, What};

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
        let Vocabulary { stimuli, queries, .. } = service(&self.service).vocabulary();
        let name = |(name, _): &(&str, &[&str])| (*name).to_owned();
        Abilities {
            stimuli: stimuli.iter().map(name).collect(),
            queries: queries.iter().map(name).collect(),
        }
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
}

/// The reference service of a name.
pub(crate) fn service(name: &str) -> Box<dyn Service> {
    reference().into_iter().find(|one| one.name() == name).expect("one of the five")
}

/// A broker with all topics.
fn broker(on: &On) -> (Broker, Connection, Topics) {
    let settings = Settings::default();
    let broker = Broker::start(on, &settings).expect("a broker");
    let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
    let contracts = Contracts::builtin();
    let topics = Topics::from_lines(&contracts, |_| None, None).expect("the documented names");
    connection.ensure_topics(&topics, &contracts, Create::Missing).expect("topics");
    (broker, connection, topics)
}

/// What is verified of a service.
fn plan(subject: &str, play: &Play) -> Plan {
    let contracts = Contracts::builtin();
    let setup = Setup::reference(Arc::clone(&contracts));
    let named = |plan: &&TestPlan| play.scenarios.is_some_and(|name| plan.name.starts_with(name));
    let scripts: Vec<Script> =
        SUITE.iter().filter(named).filter_map(|plan| script(plan, &setup, subject).ok()).collect();
    let names = scripts.iter().map(|script| script.name.clone());
    let random = (0..play.random).map(|number| format!("random {number}"));
    let group = match &contracts.group(subject).expect("a group").name {
        GroupName::Exactly(name) => name.clone(),
        GroupName::Like(_) => "Login Service - 0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10".to_owned(),
    };
    Plan {
        subject: subject.to_owned(),
        group,
        command: None,
        probe: Arc::new(Commands::default()),
        only: names.chain(random).collect(),
        scripts,
        budget: Duration::ZERO,
        wait: Duration::from_secs(30),
        seed: Seed(7),
        neighbours: Neighbours::None,
        judging: Judging::default(),
        shrink: play.shrink,
        stop: Arc::default(),
    }
}

/// Serves a service in this process on a mock broker, and verifies it.
pub(crate) fn verified(served: Box<dyn Service>, options: Options, play: &Play) -> Verified {
    verified_on(&On::Mock, served, options, play)
}

/// Serves a service in this process, and verifies it.
pub(crate) fn verified_on(
    on: &On,
    served: Box<dyn Service>,
    mut options: Options,
    play: &Play,
) -> Verified {
    let (broker, connection, topics) = broker(on);
    let contracts = Contracts::builtin();
    let mut plan = plan(served.name(), play);
    options.groups.insert(plan.subject.clone(), plan.group.clone());
    let options = options.without_bans();
    let services = vec![served];
    let host = Host::start(&connection, &topics, Arc::clone(&contracts), services, options);
    let host = Arc::new(host.expect("the service starts"));
    if play.probed {
        plan.probe = Arc::new(Inside { service: plan.subject.clone(), host: Arc::clone(&host) });
    }
    let verified = verify(&plan, &contracts, (&connection, &topics), &mut |_| {});
    drop(host);
    drop(broker);
    verified.unwrap_or_else(|error| panic!("{}: {error}", plan.subject))
}

/// The violations, for people.
pub(crate) fn violations(verified: &Verified) -> Vec<String> {
    let history = &verified.observation.history;
    let found = verified.judgement.findings.iter();
    let found = found.filter(|found| found.severity == Severity::Violation);
    found
        .map(|found| {
            let records = found.records.iter().map(|id| {
                let placed = history.record(*id);
                format!("\n    {id} {} {}", placed.at, history.placed_json(placed))
            });
            format!("{} {}{}", found.rule, found.message, records.collect::<String>())
        })
        .collect()
}
