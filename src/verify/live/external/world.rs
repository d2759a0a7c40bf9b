//! The world: what is sent, what is waited for, and who is killed.

mod driver;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::aside::{Aside, Shared, locked};
use crate::contract::Contracts;
use crate::driver::{DriverError, Ended, Fault, Until};
use crate::history::{Event, FaultId, History, Producer, ServiceIx};
use crate::kafka::host::{Ask, Clock, Host, HostError, Options, Remake, Start};
use crate::kafka::{
    self, Connection, LiveError, Notebook, SendError, Sender, Tap, Topics, wall_ms,
};
use crate::message::{ChannelIx, Json, Outgoing, Seed, Stream, Tenant, VirtualTime};
use crate::service::{AskError, StimulusError};
use crate::verify::live::process::Process;
use crate::verify::live::run::Run;
use crate::verify::live::{ENDED, Neighbours, Plan, Probe, ProbeError, VerifyError};
use crate::verify::{Asked, What};

/// How long reference services may take to get their partitions.
const READY: Duration = Duration::from_secs(60);
/// Where everything that was sent is committed, nothing more comes after so long, and twice the
/// slowest answer so far.
const LULL: Duration = Duration::from_secs(1);
/// What is not committed may take so long without anything new: who commits seldom is not waited
/// for.
const SETTLE: Duration = Duration::from_secs(4);
/// How long reference services may take to come to rest while nothing new happens.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(5);
/// The numbers of faults of implementations, which no host gives.
const OWN_FAULTS: u32 = 1 << 20;

/// Why there is no such world.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// An implementation does not take what is sent, or cannot be started.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The reference services.
    #[error(transparent)]
    Live(#[from] LiveError),
}

impl From<HostError> for ExternalError {
    fn from(error: HostError) -> Self {
        Self::Live(error.into())
    }
}

/// One implementation.
struct Subject<'a> {
    run: Run<'a>,
    ix: ServiceIx,
    /// When it is started again, where it was killed.
    back_at: Option<VirtualTime>,
    /// Whether it ended by itself.
    has_ended: bool,
}

impl Subject<'_> {
    fn name(&self) -> &str {
        &self.run.plan.subject
    }

    fn is_up(&self) -> bool {
        self.back_at.is_none() && !self.has_ended
    }
}

/// A kill that is to happen at the next record that matches.
struct Kill {
    fault: Fault,
    has_struck: bool,
}

/// Services that run elsewhere, and reference services beside them, for one test after another.
pub struct External<'a> {
    contracts: Arc<Contracts>,
    notebook: Arc<Notebook>,
    host: Host,
    tap: Tap,
    subjects: Vec<Subject<'a>>,
    kills: Vec<Kill>,
    aside: Shared,
    /// What no other run has, so that tenants are new on a broker with old records.
    run: u64,
    began: VirtualTime,
    /// When something happened last.
    changed: VirtualTime,
    /// How many entries the history had then, and how many of its records were looked at.
    known: (usize, usize),
    slowest: Duration,
    shown: History,
    /// Why nothing more can happen here.
    lost: Option<String>,
}

impl std::fmt::Debug for External<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("External").field("host", &self.host).finish_non_exhaustive()
    }
}

const CLOCK: Clock = Clock::Wall;

impl<'a> External<'a> {
    /// Starts the implementations that have a command, and the reference services, and waits until
    /// all of them take inputs. The services of `plans` are the implementations.
    ///
    /// # Errors
    /// [`ExternalError`] when one does not take inputs, or the broker fails.
    pub fn start(
        plans: &'a [Plan],
        contracts: &Arc<Contracts>,
        link: (&'a Connection, &'a Topics),
        tell: &mut dyn FnMut(&str),
    ) -> Result<Self, ExternalError> {
        let (connection, topics) = link;
        let live = |error: SendError| ExternalError::Live(error.into());
        let run = Stream::keyed(Seed(0), &("external", wall_ms(), std::process::id())).bits();
        let tap = Tap::open(connection, topics, kafka::From::End).map_err(LiveError::from)?;
        let sender = Sender::open(connection, topics).map_err(live)?;
        let packs = contracts.packs();
        let names: Vec<_> = packs.all().map(|pack| pack.name().to_owned()).collect();
        let notebook = Notebook::new(Arc::clone(contracts), names.clone(), (sender, CLOCK));
        notebook.run_elsewhere(plans.iter().map(|plan| plan.subject.clone()));
        let notebook = Arc::new(notebook);
        let host = references(plans, contracts, (link, run), &notebook)?;
        let mut subjects = Vec::new();
        for plan in plans {
            let mut run = Run::open(plan, Arc::clone(contracts), link)?;
            run.start(tell)?;
            let at = names.iter().position(|name| *name == plan.subject).unwrap_or_default();
            let ix = ServiceIx(u16::try_from(at).unwrap_or(u16::MAX));
            subjects.push(Subject { run, ix, back_at: None, has_ended: false });
        }
        host.wait_ready(READY)?;
        Ok(Self {
            contracts: Arc::clone(contracts),
            shown: History::new(Arc::clone(contracts), names),
            notebook,
            host,
            tap,
            subjects,
            kills: Vec::new(),
            aside: Shared::default(),
            run,
            began: CLOCK.now(),
            changed: CLOCK.now(),
            known: (0, 0),
            slowest: Duration::ZERO,
            lost: None,
        })
    }

    /// What is known besides the history.
    pub(crate) fn aside(&self) -> Shared {
        Arc::clone(&self.aside)
    }

    /// Makes everything ready for the next test: reference services as they start, an empty
    /// history, and implementations that are up. Where one does not come back, the world is lost,
    /// and whatever is asked of it says so.
    pub fn start_over(&mut self, tell: &mut dyn FnMut(&str)) {
        if let Err(error) = self.begin_again(tell) {
            self.lose(&error.to_string());
        }
        self.kills.clear();
        self.notebook.page().turn();
        *locked(&self.aside) = Aside { settle: self.lull(), ..Aside::default() };
        self.known = (0, 0);
        (self.began, self.changed) = (CLOCK.now(), CLOCK.now());
        self.look();
    }

    fn begin_again(&mut self, tell: &mut dyn FnMut(&str)) -> Result<(), ExternalError> {
        for subject in &mut self.subjects {
            if !subject.is_up() {
                (subject.back_at, subject.has_ended) = (None, false);
                if subject.run.launch.is_none() {
                    continue;
                }
                tell(&format!("starting {} again", subject.run.plan.subject));
                subject.run.start_again(tell)?;
            }
        }
        let names: Vec<_> = self.host.services().map(|(name, _)| name.to_owned()).collect();
        let mut services = self.contracts.packs().services();
        services.retain(|service| names.iter().any(|name| name == service.name()));
        self.host.start_over(services)?;
        Ok(())
    }

    fn lose(&mut self, why: &str) -> DriverError {
        let why = self.lost.get_or_insert_with(|| why.to_owned());
        DriverError::Lost(why.clone())
    }

    fn is_there(&mut self) -> Result<(), DriverError> {
        if self.subjects.iter().any(|subject| subject.run.plan.stop.is_raised()) {
            self.lose("a signal ended the run");
        }
        self.lost.as_ref().map_or(Ok(()), |why| Err(DriverError::Lost(why.clone())))
    }

    fn look(&mut self) {
        self.shown = self.notebook.page().history.clone();
    }

    fn lull(&self) -> Duration {
        (LULL + self.slowest * 2).min(SETTLE)
    }

    fn subject(&self, service: &str) -> Option<usize> {
        self.subjects.iter().position(|subject| subject.name() == service)
    }

    fn probe(&self, at: usize) -> Arc<dyn Probe> {
        Arc::clone(&self.subjects[at].run.plan.probe)
    }

    /// Reads back what is there; waits so long for a first record.
    fn read_back(&mut self, wait: Duration) -> Result<(), DriverError> {
        let mut wait = wait;
        loop {
            match self.tap.poll(wait) {
                Ok(Some(tapped)) => self.notebook.page().read_back(&tapped, CLOCK.now()),
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.lose(&error.to_string())),
            }
            wait = Duration::ZERO;
        }
    }

    /// Looks at what happened since it was looked last.
    fn see_changes(&mut self) -> Result<(), DriverError> {
        if let Err(error) = self.host.check() {
            return Err(self.lose(&error.to_string()));
        }
        let page = self.notebook.page();
        if let Some(wrong) = &page.wrong {
            return Err(DriverError::Lost(wrong.clone()));
        }
        let (entries, records) = (page.history.entries().len(), page.history.records());
        if entries == self.known.0 {
            return Ok(());
        }
        for placed in &records[self.known.1..] {
            let Producer::Service { service, cause: Some(cause) } = placed.producer else {
                continue;
            };
            if self.subjects.iter().any(|subject| subject.ix == service) {
                let took = placed.at.since(page.history.record(cause).at);
                self.slowest = self.slowest.max(took);
            }
        }
        self.known = (entries, records.len());
        drop(page);
        self.changed = CLOCK.now();
        self.look();
        Ok(())
    }

    /// Notices who has ended by itself, and starts again who was killed, once that is due.
    fn look_after(&mut self) -> Result<(), DriverError> {
        let now = CLOCK.now();
        let mut aside = locked(&self.aside);
        aside.settle = (LULL + self.slowest * 2).min(SETTLE);
        for subject in &mut self.subjects {
            if let Some(latest) = subject.run.watch.latest() {
                let of = aside.committed.entry(subject.run.plan.subject.clone()).or_default();
                *of = latest.committed;
            }
            if let Some(status) = subject.run.ended() {
                subject.has_ended = true;
                let name = &subject.run.plan.subject;
                aside.ended.push(ended(name, &status, &subject.run.last_lines()));
                let mut page = self.notebook.page();
                let what = format!("{ENDED} ({status})").into();
                let service = subject.ix;
                page.history.push(now, Event::Observed { service, what });
                page.history.push(now, Event::Crashed { service });
            }
        }
        drop(aside);
        let due = |subject: &Subject<'_>| subject.back_at.is_some_and(|at| at <= now);
        let Some(at) = self.subjects.iter().position(due) else { return Ok(()) };
        let subject = &mut self.subjects[at];
        subject.back_at = None;
        if let Err(error) = subject.run.start_again(&mut |_| {}) {
            return Err(self.lose(&error.to_string()));
        }
        let service = subject.ix;
        self.notebook.page().history.push(CLOCK.now(), Event::Restarted { service });
        Ok(())
    }

    /// Lets a little time pass; `Over` once the time has come and what was sent is settled.
    fn step(&mut self, until: Until) -> Result<Option<Ended>, DriverError> {
        self.is_there()?;
        self.read_back(LOOK)?;
        self.look_after()?;
        self.see_changes()?;
        let is_due = match until {
            Until::Time(end) => CLOCK.now() >= end,
            Until::Quiet => true,
        };
        Ok((is_due && self.is_settled()?).then_some(Ended::Over))
    }

    /// Whether nothing more is to come of what was sent: all of it is read, and nothing happened
    /// for a while.
    fn is_settled(&self) -> Result<bool, DriverError> {
        let (ends, is_read_back) = {
            let page = self.notebook.page();
            (page.ends.clone(), page.is_read_back())
        };
        let quiet = CLOCK.now().since(self.changed);
        if !is_read_back || !self.host.is_quiet(&ends) {
            if quiet < PATIENCE {
                return Ok(false);
            }
            let waits_for = "the reference services had not handled all records, or not all \
                             records could be read back from the broker";
            let (waited_s, waits_for) = (PATIENCE.as_secs(), waits_for.to_owned());
            return Err(DriverError::TimedOut { waited_s, waits_for });
        }
        if self.subjects.iter().any(|subject| subject.back_at.is_some()) {
            return Ok(false);
        }
        let up = self.subjects.iter().filter(|subject| subject.is_up());
        let has_taken = |subject: &Subject<'_>| {
            let Some(latest) = subject.run.watch.latest() else { return false };
            let reads = |channel: &ChannelIx| subject.run.reads.contains(channel);
            let mut ends = ends.iter().filter(|((channel, _), _)| reads(channel));
            ends.all(|((channel, partition), end)| {
                let committed = latest.committed(*channel, *partition).unwrap_or_default();
                u64::try_from(committed).is_ok_and(|committed| committed >= *end)
            })
        };
        let wait = if up.into_iter().all(has_taken) { self.lull() } else { SETTLE };
        Ok(quiet >= wait)
    }

    /// Kills the implementations that are to die of this record, before it is sent.
    fn kill_for(&mut self, outgoing: &Outgoing) {
        let kind = self.contracts.message_type(outgoing.channel, outgoing.record.value_bytes());
        for at in 0..self.kills.len() {
            let Kill { fault, has_struck } = &mut self.kills[at];
            let meets = fault.channel.is_none_or(|channel| channel == outgoing.channel)
                && (fault.message.is_none() || fault.message == kind);
            let subject = self.subjects.iter_mut().find(|one| one.name() == fault.service);
            let Some(subject) = subject.filter(|_| meets && !*has_struck) else { continue };
            *has_struck = true;
            subject.run.process.as_mut().into_iter().for_each(Process::kill);
            subject.run.process = None;
            let now = CLOCK.now();
            subject.back_at = Some(now.after(fault.restart_after));
            let fault = own_fault(at);
            let mut page = self.notebook.page();
            page.history.push(now, Event::Struck { fault, record: None });
            page.history.push(now, Event::Crashed { service: subject.ix });
        }
    }

    /// What a probe says of a question.
    fn ask(
        &mut self,
        at: usize,
        (what, name): (What, &str),
        tenant: &Tenant,
        args: &Json,
    ) -> Result<Json, DriverError> {
        let from = CLOCK.now();
        let answer = self.probe(at).ask(what, name, tenant, args);
        let answer = answer.map_err(|error| match error {
            ProbeError::Refused(why) => StimulusError::Refused(why).into(),
            error => DriverError::NotHere { what: name.to_owned(), why: error.to_string() },
        })?;
        let (to, tenant, name) = (CLOCK.now(), tenant.clone(), name.to_owned());
        let (args, told) = (args.clone(), answer.clone());
        let asked = Asked { from, to, tenant, what, name, args, answer: told };
        let service = self.subjects[at].name().to_owned();
        locked(&self.aside).asked.push((service, asked));
        Ok(answer)
    }
}

fn own_fault(at: usize) -> FaultId {
    FaultId(OWN_FAULTS.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)))
}

/// That an implementation ended, with what it wrote last.
fn ended(name: &str, status: &str, said: &[String]) -> String {
    let said = match said {
        [] => "it wrote nothing".to_owned(),
        lines => format!("it wrote last:\n    {}", lines.join("\n    ")),
    };
    format!("{name} ended while the test ran ({status}); {said}")
}

/// The reference services beside the implementations.
fn references(
    plans: &[Plan],
    contracts: &Arc<Contracts>,
    ((connection, topics), run): ((&Connection, &Topics), u64),
    notebook: &Arc<Notebook>,
) -> Result<Host, ExternalError> {
    let packs = contracts.packs();
    let is_elsewhere = |name: &str| plans.iter().any(|plan| plan.subject == name);
    let mut services = packs.services();
    services.retain(|service| !is_elsewhere(service.name()));
    let alone = plans.iter().any(|plan| plan.neighbours == Neighbours::None);
    services.retain(|_| !alone);
    let group = |name: &str| (name.to_owned(), format!("quintet-run-{run:016x}-{name}"));
    let remake: Remake = {
        let packs = packs.clone();
        Arc::new(move |name| packs.services().into_iter().find(|service| service.name() == name))
    };
    let options = Options {
        seed: Some(Seed(run)),
        groups: services.iter().map(|service| group(service.name())).collect(),
        absent: packs.absent(|name| !is_elsewhere(name)),
        ask: Some(asking(plans)),
        start: Start::End,
        clock: CLOCK,
        remake: Some(remake),
        ..Options::default()
    };
    let aside = (notebook.clone() as Arc<_>, notebook.clone() as Arc<_>);
    Ok(Host::start_with((connection, topics), Arc::clone(contracts), services, options, aside)?)
}

/// How reference services ask implementations: by their probes, as far as those can.
fn asking(plans: &[Plan]) -> Ask {
    let probes = plans.iter().map(|plan| (plan.subject.clone(), Arc::clone(&plan.probe)));
    let probes: BTreeMap<_, _> = probes.collect();
    Arc::new(move |service, query, args, tenant| {
        let probe = probes.get(service)?;
        let can = probe.abilities().queries.contains(query);
        let failed = |error: ProbeError| AskError::Failed(error.to_string());
        can.then(|| probe.ask(What::Query, query, tenant, args).map_err(failed))
    })
}
