//! An implementation to be verified, as a process: a reference service, with what is wrong with it
//! named on the command line. Built with the tests, which start it.
//!
//! `implementation SERVICE [data=FOLDER] [group=NAME] [socket=PATH] [field] [accepted]
//! [dies-on-empty] [dies-once=FILE] [forbidden=RULE:OPTION]`
//!
//! `implementation ask SOCKET query|stimulus|data NAME TENANT REGION MAJOR MINOR ARGUMENTS` asks or
//! tells one that listens at SOCKET, and prints its answer: the commands of a probe file.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::driver::DriverError;
use quintet::kafka::host::{Host, Manner, Options, Store};
use quintet::kafka::{Broker, Connection, On, Settings, Topics};
use quintet::message::{Json, Tenant};
use quintet::service::{
    Asked, Cx, Forbidden, Given, Incoming, Mutant, QueryError, Reject, Service, StimulusError,
    Timer, Vocabulary,
};
use quintet::services::reference;
use serde_json::{Value, json};

mod in_turn;

use in_turn::InTurn;

/// A reference service, but it ends the process on some input.
struct Mortal {
    inner: Box<dyn Service>,
    dies: Box<dyn FnMut(&Incoming<'_>) -> bool + Send>,
}

impl Service for Mortal {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        if (self.dies)(incoming) {
            eprintln!("fatal: cannot go on");
            std::process::exit(9);
        }
        self.inner.handle(incoming, cx)
    }

    fn timer(&mut self, timer: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.inner.timer(timer, cx)
    }

    fn stimulus(&mut self, name: &str, args: &Json, cx: &mut Cx<'_>) -> Told {
        self.inner.stimulus(name, args, cx)
    }

    fn restarted(&mut self) {
        self.inner.restarted();
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Answer {
        self.inner.query(name, args, asked)
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        self.inner.configure(tenant, given)
    }

    fn vocabulary(&self) -> Vocabulary {
        self.inner.vocabulary()
    }
}

type Told = Result<Json, StimulusError>;
type Answer = Result<Json, QueryError>;

/// On no input in particular, and once only: then the file is there.
fn once(file: PathBuf) -> Box<dyn FnMut(&Incoming<'_>) -> bool + Send> {
    let mut inputs = 0;
    Box::new(move |_| {
        inputs += 1;
        inputs > 60 && !file.exists() && std::fs::write(&file, "").is_ok()
    })
}

/// A service that takes an option which a rule forbids.
fn mutant(service: &str, what: &str) -> Mutant {
    let (rule, option) = what.split_once(':').expect("RULE:OPTION");
    let rule = quintet::services::rule(rule).expect("a rule").id();
    let mut forbidden = Forbidden::of(rule);
    let forbidden = forbidden.find(|one| one.option == option).expect("an option of the rule");
    let mut models = quintet::services::packs().models().into_iter();
    let model = models.find(|one| one.name() == service).expect("one of the five");
    Mutant::new(model, Arc::new(forbidden))
}

/// What the command line asks for.
struct Wanted {
    service: Box<dyn Service>,
    options: Options,
    socket: Option<PathBuf>,
}

fn wanted() -> Wanted {
    let mut args = std::env::args().skip(1);
    let name = args.next().expect("the name of a service");
    let inner = reference().into_iter().find(|one| one.name() == name).expect("one of the five");
    let mut mortal = Mortal { inner, dies: Box::new(|_| false) };
    let absent = quintet::services::packs().absent(|other| other == name);
    let (mut options, mut socket) = (Options { absent, ..Options::default() }, None);
    for arg in args {
        match arg.split_once('=').unwrap_or((&arg, "")) {
            ("data", folder) => options.store = Store::Folder(PathBuf::from(folder)),
            ("group", group) => drop(options.groups.insert(name.clone(), group.to_owned())),
            ("socket", path) => socket = Some(PathBuf::from(path)),
            ("field", "") => options.manner = Manner::of_the_field(),
            ("accepted", "") => options.decisions = Some(Box::new(InTurn::default())),
            ("dies-on-empty", "") => {
                mortal.dies = Box::new(|incoming| incoming.value.is_some_and(<[u8]>::is_empty));
            }
            ("dies-once", file) => mortal.dies = once(PathBuf::from(file)),
            ("forbidden", what) => mortal.inner = Box::new(mutant(&name, what)),
            _ => panic!("{arg:?} is unknown"),
        }
    }
    Wanted { service: Box::new(mortal), options, socket }
}

/// Asks an implementation, and prints what it answers.
fn ask(args: &[String]) -> std::io::Result<()> {
    let [socket, what, name, tenant, region, major, minor, args] = args else {
        panic!("{args:?}: SOCKET WHAT NAME TENANT REGION MAJOR MINOR ARGUMENTS")
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let asked = json!({
        "what": what, "name": name, "tenant": tenant, "region": region, "major": json(major),
        "minor": json(minor), "args": json(args),
    });
    let mut to = UnixStream::connect(socket)?;
    writeln!(to, "{asked}")?;
    let mut answer = String::new();
    BufReader::new(to).read_line(&mut answer)?;
    let answer = json(&answer);
    let told = answer.get("answer").ok_or_else(|| std::io::Error::other(answer.to_string()))?;
    println!("{told}");
    Ok(())
}

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = args.as_slice()
        && first == "ask"
    {
        return ask(rest).unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1)
        });
    }
    let Wanted { service, options, socket } = wanted();
    let name = service.name().to_owned();
    let on: On = std::env::var("BOOTSTRAP_SERVERS").expect("a broker").parse().expect("HOST:PORT");
    let settings = Settings::default();
    let broker = Broker::start(&on, &settings).expect("a broker");
    let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
    let contracts = Contracts::builtin();
    let topics = Topics::resolve(&contracts, None).expect("names of topics");
    let services = vec![service];
    let host = Host::start(&connection, &topics, Arc::clone(&contracts), services, options);
    let host = Arc::new(host.expect("it starts"));
    if let Some(socket) = socket {
        // That of one that was killed is still there.
        drop(std::fs::remove_file(&socket));
        let listener = UnixListener::bind(&socket).expect("a socket");
        let host = Arc::clone(&host);
        std::thread::spawn(move || {
            for caller in listener.incoming() {
                answer(&host, &name, &caller.expect("a caller")).expect("it listens");
            }
        });
    }
    while host.check().is_ok() {
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// Answers one question, or is told one thing: a line of JSON each way.
fn answer(host: &Host, service: &str, mut caller: &UnixStream) -> std::io::Result<()> {
    let mut line = String::new();
    BufReader::new(caller).read_line(&mut line)?;
    let asked: Value = serde_json::from_str(&line)?;
    let text = |field: &str| asked[field].as_str().expect("text").to_owned();
    let number = |field: &str| u16::try_from(asked[field].as_u64().expect("a number")).expect("16");
    let tenant = Tenant {
        id: text("tenant").parse().expect("a UUID"),
        region: text("region").as_str().into(),
        major: number("major"),
        minor: number("minor"),
    };
    let (name, args) = (text("name"), Json::from(asked["args"].clone()));
    let answer = match text("what").as_str() {
        "query" => host.query(service, &name, &tenant, &args),
        "data" => {
            let data = [(name, Json::Array(vec![args]))];
            let given = Given { settings: None, data: &data };
            host.give(service, &tenant, &given).map(|()| Json::Null)
        }
        _ => match host.stimulus(service, &name, &tenant, &args) {
            // A client that is not there can do nothing: that is no trouble.
            Err(DriverError::Stimulus(StimulusError::Refused(_))) => Ok(Json::Null),
            other => other,
        },
    };
    let answer = match answer {
        Ok(answer) => json!({ "answer": answer }),
        Err(error) => json!({ "error": error.to_string() }),
    };
    writeln!(caller, "{answer}")
}
