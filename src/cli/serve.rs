//! `serve`: reference services as live stand-ins.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::Serve;
use super::exit::Exit;
use super::link::Linked;
use super::load;
use super::terminal::Terminal;
use crate::contract::Contracts;
use crate::kafka::host::{Host, HostError, Log, Options, Store};
use crate::message::Seed;
use crate::pack::{Pack, Packs};
use crate::service::Service;

/// How long groups may take to give their partitions: a killed member is waited for as long.
const READY: Duration = Duration::from_secs(120);
/// How often it is looked whether all services still run.
const LOOK: Duration = Duration::from_millis(100);

/// Runs services until a signal comes.
pub(super) fn serve(args: &Serve, packs: &Packs, terminal: &mut Terminal) -> Exit {
    let Some(contracts) = load::contracts(&args.contracts, packs, terminal) else {
        return Exit::Unusable;
    };
    let (services, groups) = match meant(args, contracts.packs()) {
        Ok(meant) => meant,
        Err(why) => {
            terminal.error(&why);
            return Exit::Unusable;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.error(&format!("signals cannot be waited for: {error}"));
            return Exit::Unchecked;
        }
    };
    let linked = match args.link.open(&contracts, terminal) {
        Ok(linked) => linked,
        Err(exit) => return exit,
    };
    runtime.block_on(run(args, (services, groups), (&linked, &contracts), terminal))
}

type Meant = (Vec<Box<dyn Service>>, BTreeMap<String, String>);

/// The services and groups that are named.
fn meant(args: &Serve, packs: &Packs) -> Result<Meant, String> {
    let mut services: Vec<Box<dyn Service>> = Vec::new();
    for (at, name) in args.services.iter().enumerate() {
        if args.services[..at].contains(name) {
            return Err(HostError::Twice(name.clone()).to_string());
        }
        let found = packs.model(name);
        let names = || {
            let names: Vec<_> = packs.all().map(Pack::name).collect();
            format!("there is no reference service {name:?}: there are {}", names.join(", "))
        };
        services.push(found.ok_or_else(names)?);
    }
    let mut groups = BTreeMap::new();
    for pair in &args.group {
        let Some((service, group)) = pair.split_once('=').filter(|(_, group)| !group.is_empty())
        else {
            return Err(format!("{pair:?} is no group: write --group SERVICE=NAME"));
        };
        if !args.services.iter().any(|name| name == service) {
            return Err(format!("--group {pair}: {service} is not served here"));
        }
        groups.insert(service.to_owned(), group.to_owned());
    }
    Ok((services, groups))
}

/// Starts the host, says that it is ready, and waits for the end.
async fn run(
    args: &Serve,
    (services, groups): Meant,
    (linked, contracts): (&Linked, &Arc<Contracts>),
    terminal: &mut Terminal,
) -> Exit {
    let signals = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    let mut signals = match signals {
        Ok(signals) => signals,
        Err(error) => {
            terminal.error(&format!("signals cannot be waited for: {error}"));
            return Exit::Unchecked;
        }
    };
    let names: Vec<String> = services.iter().map(|service| service.name().to_owned()).collect();
    let started = Host::start(
        &linked.connection,
        &linked.topics,
        Arc::clone(contracts),
        services,
        options(args, groups, (&names, contracts.packs()), terminal),
    );
    let host = match started {
        Ok(host) => host,
        Err(error) => return told(&error, terminal),
    };
    for (service, group) in host.services() {
        let group = group.unwrap_or("no group, as it reads nothing");
        terminal.trouble(&format!("{service} reads as: {group}"));
    }
    let end = wait(&host, &mut signals, (&names, linked.broker.bootstrap()), terminal).await;
    if let Err(error) = end {
        drop(host);
        return told(&error, terminal);
    }
    terminal.trouble("stopping: what is in hand is finished; a second signal stops at once");
    let mut stop = tokio::task::spawn_blocking(move || host.stop());
    let again = async {
        tokio::select! {
            _ = signals.0.recv() => {}
            _ = signals.1.recv() => {}
        }
    };
    tokio::select! {
        stopped = &mut stop => match stopped {
            Ok(Ok(())) => Exit::Holds,
            Ok(Err(error)) => told(&error, terminal),
            Err(_) => Exit::Bug,
        },
        () = again => {
            terminal.flush();
            // Threads may be waiting for the broker: nothing is waited for any more.
            std::process::exit(i32::from(Exit::Holds.info().code));
        }
    }
}

/// What the command line says about the host, and what people should know of it.
fn options(
    args: &Serve,
    groups: BTreeMap<String, String>,
    (names, packs): (&[String], &Packs),
    terminal: &mut Terminal,
) -> Options {
    let store = args.data.clone().map_or(Store::Memory, Store::Folder);
    match &args.data {
        None => {
            terminal.trouble("state is in memory: it is gone when this ends (--data DIR keeps it)");
        }
        Some(folder) => terminal.trouble(&format!("state is kept in {}", load::shown(folder))),
    }
    let log: Log = Arc::new(|line: &str| {
        // A closed stream is no error.
        let _ = writeln!(std::io::stderr(), "{line}");
    });
    let options = Options {
        store,
        seed: args.seed.map(Seed),
        groups,
        log: Some(log),
        verbose: args.verbose,
        ..Options::default()
    };
    let has = |name: &str| names.iter().any(|one| one == name);
    let served = packs.all().filter(|pack| has(pack.name()));
    for (asked, by) in served.flat_map(|pack| pack.asks.iter().map(|asked| (asked, pack.name()))) {
        if !has(asked) {
            for absent in packs.pack(asked).map_or(&[][..], |pack| pack.absent) {
                let what = absent.meaning;
                terminal.trouble(&format!("{asked} is not served here: {by} takes {what}"));
            }
        }
    }
    Options { absent: packs.absent(has), ..options }
}

/// Waits until all groups have their partitions, says so, and waits for a signal.
async fn wait(
    host: &Host,
    (terminate, interrupt): &mut (Signal, Signal),
    (names, bootstrap): (&[String], &str),
    terminal: &mut Terminal,
) -> Result<(), HostError> {
    let mut left = READY;
    let mut is_ready = false;
    loop {
        host.check()?;
        if !is_ready && host.is_ready() {
            is_ready = true;
            terminal.line(&format!("ready: {} on {bootstrap}", names.join(", ")));
            terminal.flush();
        }
        let look = if is_ready { LOOK } else { Duration::from_millis(10) };
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            () = tokio::time::sleep(look) => {}
        }
        left = left.saturating_sub(look);
        if !is_ready && left.is_zero() {
            return host.wait_ready(Duration::ZERO);
        }
    }
}

fn told(error: &HostError, terminal: &mut Terminal) -> Exit {
    terminal.error(&error.to_string());
    match error {
        HostError::Store(_)
        | HostError::NoContract(_)
        | HostError::Twice(_)
        | HostError::NoGroup(_) => Exit::Unusable,
        _ => Exit::Unchecked,
    }
}
