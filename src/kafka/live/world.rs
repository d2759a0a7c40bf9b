//! The world: what is sent, what is waited for, and when time moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::notebook::Notebook;
use crate::contract::Contracts;
use crate::driver::{Driver, DriverError, Ended, Fault, Until};
use crate::history::{Event, FaultId, History};
use crate::kafka::clock::pause;
use crate::kafka::host::{Clock, Host, HostError, Options, Remake, Start};
use crate::kafka::{Connection, Deadline, From, SendError, Sender, Tap, TapError, Topics, wall_ms};
use crate::message::{Json, Outgoing, RecordId, Seed, Stream, Tenant, VirtualTime};
use crate::service::{Given, Service};

/// How long the world may take to come to rest while nothing new happens.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long groups may take to give their partitions.
const READY: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(1);

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The services.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The reader.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// The producer.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Makes the services of the world, each as it starts.
type Services = Arc<dyn Fn() -> Vec<Box<dyn Service>> + Send + Sync>;

/// Services on a broker, for one test after another.
pub struct Live {
    contracts: Arc<Contracts>,
    services: Services,
    notebook: Arc<Notebook>,
    host: Host,
    tap: Tap,
    time: Arc<AtomicU64>,
    clock: Clock,
    /// What no other run has, so that tenants are new on a broker with old records.
    run: u64,
    /// The history as it was when it was last looked at.
    shown: History,
    /// Why nothing more can happen here.
    lost: Option<String>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Live {
    /// Starts the services on a broker whose topics are there, and waits until each reads. They
    /// read in groups of their own, from where topics end now.
    ///
    /// # Errors
    /// [`LiveError`] when they cannot read or send.
    pub fn start(
        connection: &Connection,
        topics: &Topics,
        contracts: &Arc<Contracts>,
        services: Services,
    ) -> Result<Self, LiveError> {
        let place = ("run", wall_ms(), std::process::id());
        let run = Stream::keyed(Seed(0), &place).bits();
        let time = Arc::new(AtomicU64::new(0));
        let clock = Clock::Moved(Arc::clone(&time));
        let tap = Tap::open(connection, topics, From::End)?;
        let sender = Sender::open(connection, topics)?;
        let made = services();
        let names: Vec<_> = made.iter().map(|service| service.name().to_owned()).collect();
        let history = History::new(Arc::clone(contracts), names.clone());
        let aside = (sender, clock.clone());
        let notebook = Arc::new(Notebook::new(Arc::clone(contracts), names.clone(), aside));
        let remake: Remake = {
            let services = Arc::clone(&services);
            Arc::new(move |name| services().into_iter().find(|service| service.name() == name))
        };
        let group = |name: &String| (name.clone(), format!("quintet-run-{run:016x}-{name}"));
        let options = Options {
            seed: Some(Seed(run)),
            groups: names.iter().map(group).collect(),
            start: Start::End,
            clock: clock.clone(),
            remake: Some(remake),
            ..Options::default()
        };
        let aside = (notebook.clone() as Arc<_>, notebook.clone() as Arc<_>);
        let link = (connection, topics);
        let host = Host::start_with(link, Arc::clone(contracts), made, options, aside)?;
        host.wait_ready(READY)?;
        let contracts = Arc::clone(contracts);
        let (shown, lost) = (history, None);
        Ok(Self { contracts, services, notebook, host, tap, time, clock, run, shown, lost })
    }

    /// Makes everything ready for the next test: services as they start, an empty history, and the
    /// clock at its beginning. Where what the last test left does not come to rest, the world is
    /// lost, and whatever is asked of it says so.
    pub fn start_over(&mut self) {
        let rest = self.rest().map_err(|error| error.to_string());
        let over = rest.and_then(|()| {
            let started = self.host.start_over((self.services)());
            started.map_err(|error| error.to_string())
        });
        if let Err(why) = over {
            self.lose(&why);
        }
        self.time.store(0, Ordering::SeqCst);
        self.notebook.page().turn();
        self.look();
    }

    /// Lets services that are down come up, and everything in hand be done.
    fn rest(&mut self) -> Result<(), DriverError> {
        loop {
            self.quiet(&mut |_| false)?;
            let Some(next) = self.host.next_release() else {
                return Ok(());
            };
            self.move_time(next);
        }
    }

    fn lose(&mut self, why: &str) -> DriverError {
        let why = self.lost.get_or_insert_with(|| why.to_owned());
        DriverError::Lost(why.clone())
    }

    fn is_there(&self) -> Result<(), DriverError> {
        self.lost.as_ref().map_or(Ok(()), |why| Err(DriverError::Lost(why.clone())))
    }

    /// Looks at what was written since.
    fn look(&mut self) {
        self.shown = self.notebook.page().history.clone();
    }

    fn move_time(&mut self, to: VirtualTime) {
        if to > self.clock.now() {
            self.time.store(to.as_ms(), Ordering::SeqCst);
            self.notebook.page().history.push(to, Event::Time { to });
        }
    }

    /// Reads back what is there, without waiting.
    fn read_back(&mut self, wait: Duration) -> Result<bool, DriverError> {
        match self.tap.poll(wait) {
            Ok(Some(tapped)) => {
                self.notebook.page().read_back(&tapped, self.clock.now());
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => Err(self.lose(&error.to_string())),
        }
    }

    /// Waits until nothing is in hand, or `seen` answers true.
    fn quiet(&mut self, seen: &mut dyn FnMut(&History) -> bool) -> Result<Ended, DriverError> {
        self.is_there()?;
        let mut deadline = Deadline::after(PATIENCE);
        let mut known = usize::MAX;
        loop {
            while self.read_back(Duration::ZERO)? {}
            let (entries, ends, is_read_back) = {
                let page = self.notebook.page();
                if let Some(wrong) = &page.wrong {
                    return Err(DriverError::Lost(wrong.clone()));
                }
                (page.history.entries().len(), page.ends.clone(), page.is_read_back())
            };
            if entries != known {
                known = entries;
                deadline = Deadline::after(PATIENCE);
                self.look();
                if seen(&self.shown) {
                    return Ok(Ended::Seen);
                }
            }
            if let Err(error) = self.host.check() {
                return Err(self.lose(&error.to_string()));
            }
            if is_read_back && self.host.is_quiet(&ends) {
                let is_same = self.notebook.page().history.entries().len() == known;
                if is_same {
                    return Ok(Ended::Over);
                }
            } else if deadline.is_over() {
                return Err(self.timed_out(is_read_back));
            } else if !self.read_back(LOOK)? {
                pause(LOOK);
            }
        }
    }

    fn timed_out(&self, is_read_back: bool) -> DriverError {
        let waits_for = if is_read_back {
            "the services had not handled all records, or not sent all events".to_owned()
        } else {
            "not all records could be read back from the broker".to_owned()
        };
        DriverError::TimedOut { waited_s: PATIENCE.as_secs(), waits_for }
    }
}

impl Driver for Live {
    fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    fn history(&self) -> &History {
        &self.shown
    }

    fn now(&self) -> VirtualTime {
        self.clock.now()
    }

    fn run_number(&self) -> u64 {
        self.run
    }

    fn give(
        &mut self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError> {
        self.is_there()?;
        self.notebook.page().own.insert(tenant.clone());
        let done = self.host.give(service, tenant, given);
        self.look();
        done
    }

    fn send(&mut self, outgoing: Outgoing) -> Result<RecordId, DriverError> {
        self.is_there()?;
        let sent = self.notebook.send_of_test(&outgoing);
        self.look();
        sent.map_err(|error| match error {
            DriverError::Lost(why) => self.lose(&why),
            other => other,
        })
    }

    fn run(
        &mut self,
        until: Until,
        seen: &mut dyn FnMut(&History) -> bool,
    ) -> Result<Ended, DriverError> {
        loop {
            if self.quiet(seen)? == Ended::Seen {
                return Ok(Ended::Seen);
            }
            let Until::Time(end) = until else {
                return Ok(Ended::Over);
            };
            match self.host.next_moment().filter(|next| *next <= end) {
                Some(next) => self.move_time(next),
                None => {
                    self.move_time(end);
                    self.look();
                    return Ok(Ended::Over);
                }
            }
        }
    }

    fn arm(&mut self, fault: Fault) -> Result<FaultId, DriverError> {
        let armed = self.host.arm(fault);
        self.look();
        armed
    }

    fn has_struck(&self, fault: FaultId) -> bool {
        self.host.has_struck(fault)
    }

    fn stimulus(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        self.is_there()?;
        self.notebook.page().own.insert(tenant.clone());
        let answer = self.host.stimulus(service, name, tenant, args);
        self.look();
        answer
    }

    fn query(
        &mut self,
        service: &str,
        name: &str,
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        self.is_there()?;
        self.host.query(service, name, tenant, args)
    }
}
