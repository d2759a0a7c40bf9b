//! An implementation to be verified, as a process: the reference ban service, with what is wrong
//! with it named on the command line. Built with the tests, which start it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::kafka::host::{Host, Options, Store};
use quintet::kafka::{Broker, Connection, On, Settings, Topics};
use quintet::service::ban::Ban;
use quintet::service::{
    Asked, Cx, Given, Incoming, QueryError, Reject, Service, Timer, Vocabulary,
};

/// The ban service, but it ends the process on some input.
struct Mortal {
    inner: Ban,
    dies: fn(&Incoming<'_>) -> bool,
}

impl Service for Mortal {
    fn name(&self) -> &'static str {
        "ban"
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

    fn query(&self, name: &str, args: &quintet::message::Json, asked: &Asked<'_>) -> Answer {
        self.inner.query(name, args, asked)
    }

    fn configure(
        &mut self,
        tenant: &quintet::message::Tenant,
        given: &Given<'_>,
    ) -> Result<(), String> {
        self.inner.configure(tenant, given)
    }

    fn vocabulary(&self) -> Vocabulary {
        self.inner.vocabulary()
    }
}

type Answer = Result<quintet::message::Json, QueryError>;

fn main() {
    let mut args = std::env::args().skip(1);
    let (what, folder) = (args.next().unwrap_or_default(), args.next().map(PathBuf::from));
    let dies: fn(&Incoming<'_>) -> bool = match what.as_str() {
        "dies-on-empty" => |incoming| incoming.value.is_some_and(<[u8]>::is_empty),
        "lives" => |_| false,
        other => panic!("{other:?} is none of dies-on-empty, lives"),
    };
    let on: On = std::env::var("BOOTSTRAP_SERVERS").expect("a broker").parse().expect("HOST:PORT");
    let settings = Settings::default();
    let broker = Broker::start(&on, &settings).expect("a broker");
    let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
    let contracts = Contracts::builtin();
    let topics = Topics::resolve(&contracts, None).expect("names of topics");
    let services: Vec<Box<dyn Service>> = vec![Box::new(Mortal { inner: Ban::default(), dies })];
    let store = folder.map_or(Store::Memory, Store::Folder);
    let options = Options { store, ..Options::default() };
    let host = Host::start(&connection, &topics, Arc::clone(&contracts), services, options);
    let host = host.expect("it starts");
    while host.check().is_ok() {
        std::thread::park_timeout(Duration::from_millis(100));
    }
}
