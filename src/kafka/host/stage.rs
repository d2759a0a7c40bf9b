//! The services of a host, one step at a time: nothing here reads a topic or waits.
//!
//! A read record is handled, its effects are kept (journal, unsent events and position together),
//! its events are sent in the order of the state changes that they announce, each is marked once
//! the broker has acknowledged it, and then the offset may be committed (COM-10).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::backstage::Backstage;
use super::faults::Armed;
use super::journal::{Entry, Input, Unsent};
use super::lanes::lane_of;
use super::options::{Ask, Clock, Decide, Manner, Remake};
use super::perform::{Around, Done, Refusal, perform};
use super::slot::{Part, Plan, Slot};
use super::store::Keep;
use super::window::Window;
use super::witness::{Happened, Spot, Witness};
use crate::contract::Contracts;
use crate::driver::{DriverError, FaultKind};
use crate::history::FaultId;
use crate::message::{Json, Offset, Outgoing, Record, Tenant, VirtualTime};
use crate::service::{Asked, Given, Service, Timer};

pub(super) struct Stage {
    pub(super) contracts: Arc<Contracts>,
    pub(super) slots: Vec<Slot>,
    pub(super) decisions: Box<dyn Decide>,
    pub(super) absent: BTreeMap<String, Json>,
    pub(super) elsewhere: Option<Ask>,
    pub(super) manner: Manner,
    pub(super) clock: Clock,
    pub(super) witness: Arc<dyn Witness>,
    pub(super) remake: Option<Remake>,
    pub(super) faults: Vec<Armed>,
    /// Why the host cannot go on: a service that panicked, or a store that fails.
    pub(super) failed: Option<String>,
}

/// How a service goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    /// It has just been killed.
    Crashed,
    /// Its group's partitions are to be assigned anew.
    Rebalance,
    /// The host has failed.
    Failed,
}

/// What is to be done with a record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It is in hand already.
    Ignored,
    /// It is to be handled, not before this moment.
    Taken(VirtualTime),
}

/// An event that is to be sent.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) event: u64,
    pub(super) outgoing: Outgoing,
    pub(super) cause: Option<Spot>,
}

impl Stage {
    pub(super) fn tell(&self, at: usize, what: &Happened<'_>) {
        self.witness.happened(&self.slots[at].name, self.clock.now(), what);
    }

    /// A record has been read.
    pub(super) fn read(&mut self, at: usize, spot: Spot, record: &Record) -> Read {
        let part = (spot.channel, spot.partition);
        let slot = &mut self.slots[at];
        let done = slot.done.entry(part).or_default();
        if done.is_open(spot.offset.0) {
            return Read::Ignored;
        }
        done.begin(spot.offset.0);
        slot.committed.entry(part).or_insert(spot.offset.0);
        let handled = slot.handled.entry(part).or_default();
        if !handled.is_finished(spot.offset.0) {
            handled.begin(spot.offset.0);
        }
        Read::Taken(self.hold(at, spot, record))
    }

    /// Handles a record that was read.
    pub(super) fn arrive(&mut self, at: usize, spot: Spot, record: &Record) -> Flow {
        let part = (spot.channel, spot.partition);
        if self.slots[at].service.is_none() {
            return Flow::Crashed;
        }
        self.tell(at, &Happened::Delivered { spot, record });
        let handled = self.slots[at].handled.entry(part).or_default();
        if handled.is_finished(spot.offset.0) {
            handled.finish(spot.offset.0);
            self.tell(at, &Happened::Recognised { spot });
            if let Some(crash) = self.crash_met(at, spot, record) {
                return self.strike_down(at, crash, Some(spot));
            }
            self.slots[at].plans.push_back(Plan { finishes: Some(spot), ..Plan::of(&[], None) });
            return self.settle(at);
        }
        let (damaged, fault) = self.meet_faults(at, spot, record);
        if let Some((met, FaultKind::CrashBeforeHandling)) = fault {
            return self.strike_down(at, met, Some(spot));
        }
        let arrived = damaged.as_ref().unwrap_or(record);
        if let Some((met, FaultKind::DuplicateDelivery)) = fault {
            self.strike(at, met, Some(spot));
            let flow = self.handle(at, (spot, 1, false), arrived, None);
            if flow != Flow::On {
                return flow;
            }
            self.tell(at, &Happened::Delivered { spot, record });
            return self.handle(at, (spot, 2, true), arrived, None);
        }
        self.handle(at, (spot, 1, true), arrived, fault)
    }

    /// One delivery; the last one of a record moves the position.
    fn handle(
        &mut self,
        at: usize,
        (spot, attempt, last): (Spot, u32, bool),
        record: &Record,
        fault: Option<(FaultId, FaultKind)>,
    ) -> Flow {
        let part = (spot.channel, spot.partition);
        let position = last.then(|| {
            let mut window = self.slots[at].handled.entry(part).or_default().clone();
            window.finish(spot.offset.0);
            (part, window)
        });
        let input = Input::Record { spot, attempt, record: record.clone() };
        let taken = self.take(at, input, None, position.as_ref());
        let (events, handled) = match taken {
            Ok((_, events)) => (events, true),
            Err(Refusal::Record(reject)) => {
                if reject.is_unreadable() {
                    let rule = self.contracts.packs().roles().unreadable;
                    self.tell(at, &Happened::Applied { rule });
                }
                self.tell(at, &Happened::Rejected { spot: Some(spot), reject: &reject });
                (Vec::new(), false)
            }
            Err(_) => return Flow::Failed,
        };
        if self.failed.is_some() {
            return Flow::Failed;
        }
        let plan = Plan {
            finishes: last.then_some(spot),
            lane: Some(lane_of(spot, record, &self.manner)),
            fault: fault.filter(|(_, kind)| handled || *kind == FaultKind::CrashBeforeCommit),
            ..Plan::of(&events, Some(spot))
        };
        self.enqueue(at, plan)
    }

    /// Gives an input to a service and keeps it with its effects. Of a record that has no effect,
    /// the position is kept.
    fn take(
        &mut self,
        at: usize,
        input: Input,
        timer: Option<&(Timer, crate::message::Headers)>,
        position: Option<&(Part, Window)>,
    ) -> Result<(Json, Vec<(u64, Unsent)>), Refusal> {
        let now = self.clock.now();
        let Some(mut service) = self.slots[at].service.take() else {
            return Err(Refusal::Panicked("it is not there".to_owned()));
        };
        let mut effects = std::mem::take(&mut self.slots[at].spare);
        let mut backstage = Backstage {
            slots: &self.slots,
            at,
            decisions: &mut *self.decisions,
            absent: &self.absent,
            elsewhere: self.elsewhere.as_ref(),
            witness: &*self.witness,
            now,
            decided: Vec::new(),
            answers: Vec::new(),
        };
        let around = Around {
            contracts: &self.contracts,
            host: &mut backstage,
            effects: &mut effects,
            now,
            seed: self.slots[at].seed,
        };
        let done = perform(&mut *service, (&input, timer), around);
        let Backstage { decided, answers, .. } = backstage;
        if let Err(Refusal::Panicked(why)) = &done {
            self.fail(format!("{} panicked: {why}", self.slots[at].name));
            return Err(Refusal::Panicked(why.clone()));
        }
        let slot = &mut self.slots[at];
        slot.service = Some(service);
        let cause = if let Input::Record { spot, .. } = &input { Some(*spot) } else { None };
        let emits: Vec<Outgoing> = effects.emits.drain(..).collect();
        let changes: Vec<_> = effects.timers.drain(..).collect();
        slot.spare = effects;
        let mut unsent = Vec::new();
        let mut entry = None;
        if let Ok(Done { cause: told, .. }) = &done {
            let numbers = slot.next_event..;
            let kept = |(number, outgoing)| (number, Unsent { outgoing, cause });
            unsent = numbers.zip(emits).map(kept).collect();
            slot.next_event += unsent.len() as u64;
            if let Some((tenant, headers)) = told {
                for change in changes {
                    slot.timers.change(tenant, change, (now, headers));
                }
            }
            entry = Some(Entry { at: now, input, decided, answers });
        }
        let position = position.map(|(part, window)| (*part, window));
        let keep = Keep { entry: entry.as_ref(), unsent: &unsent, position };
        if keep.entry.is_some() || keep.position.is_some() {
            let kept = slot.store.keep(&keep);
            if let Some((part, window)) = position {
                slot.handled.insert(part, window.clone());
            }
            if let Err(error) = kept {
                self.fail(error.to_string());
            }
        }
        done.map(|done| (done.answer, unsent))
    }

    fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
    }

    /// Keeps a plan; a fault may strike before its first step.
    fn enqueue(&mut self, at: usize, plan: Plan) -> Flow {
        if !plan.events.is_empty() || plan.fault.is_some() {
            let unsent = u32::try_from(plan.events.len()).unwrap_or(u32::MAX);
            self.tell(at, &Happened::Kept { unsent });
        }
        let (fault, cause) = (plan.fault, plan.cause);
        self.slots[at].plans.push_back(plan);
        match fault {
            Some((met, FaultKind::CrashAfterStateChange)) => self.strike_down(at, met, cause),
            _ => self.settle(at),
        }
    }

    /// The next event to be sent, if its moment has come.
    pub(super) fn next_step(&self, at: usize, all: bool) -> Option<Step> {
        let now = self.clock.now();
        let plans = &self.slots[at].plans;
        let may_pass = self.manner.overtake && self.manner.event_gap_ms > 0;
        let blocked = |place: usize, plan: &Plan| {
            let mut earlier = plans.iter().take(place);
            if may_pass && plan.lane.is_some() {
                earlier.any(|other| other.lane.is_none() || other.lane == plan.lane)
            } else {
                place > 0
            }
        };
        let ready = |(place, plan): &(usize, &Plan)| {
            (all || plan.not_before <= now) && !plan.events.is_empty() && !blocked(*place, plan)
        };
        let (_, plan) = plans.iter().enumerate().find(ready)?;
        let (event, outgoing) = plan.events.front()?;
        Some(Step { event: *event, outgoing: outgoing.clone(), cause: plan.cause })
    }

    /// An event has been acknowledged by the broker.
    pub(super) fn sent(&mut self, at: usize, event: u64) -> Flow {
        let is_it = |plan: &Plan| plan.events.front().is_some_and(|(first, _)| *first == event);
        let Some(place) = self.slots[at].plans.iter().position(is_it) else {
            return Flow::On;
        };
        let plan = &self.slots[at].plans[place];
        let (fault, cause) = (plan.fault, plan.cause);
        if let Some((met, FaultKind::CrashBeforeMark)) = fault {
            return self.strike_down(at, met, cause);
        }
        if let Err(error) = self.slots[at].store.mark(event) {
            self.fail(error.to_string());
            return Flow::Failed;
        }
        let gap = Duration::from_millis(self.manner.event_gap_ms);
        let not_before = self.clock.now().after(gap);
        let plan = &mut self.slots[at].plans[place];
        plan.events.pop_front();
        plan.marked += 1;
        plan.not_before = not_before;
        let is_between = plan.marked == 1 && !plan.events.is_empty();
        if let (Some((met, FaultKind::CrashBetweenEmits)), true) = (fault, is_between) {
            return self.strike_down(at, met, cause);
        }
        self.settle(at)
    }

    /// Finishes plans whose events are all sent.
    fn settle(&mut self, at: usize) -> Flow {
        let may_pass = self.manner.overtake && self.manner.event_gap_ms > 0;
        loop {
            let is_over = |plan: &Plan| plan.events.is_empty();
            let plans = &mut self.slots[at].plans;
            let place = match may_pass {
                true => plans.iter().position(is_over),
                false => plans.front().is_some_and(is_over).then_some(0),
            };
            let Some(plan) = place.and_then(|place| plans.remove(place)) else {
                return Flow::On;
            };
            match plan.fault {
                Some((met, FaultKind::CrashBeforeCommit)) => {
                    return self.strike_down(at, met, plan.cause);
                }
                Some((met, FaultKind::Rebalance)) => {
                    self.strike(at, met, plan.cause);
                    return Flow::Rebalance;
                }
                _ => {}
            }
            if let Some(spot) = plan.finishes {
                let part = (spot.channel, spot.partition);
                self.slots[at].done.entry(part).or_default().finish(spot.offset.0);
            }
        }
    }

    /// The offsets that can be committed and are not yet.
    pub(super) fn take_commits(&mut self, at: usize) -> Vec<(Part, u64)> {
        let slot = &mut self.slots[at];
        let mut found = Vec::new();
        for (part, window) in &slot.done {
            let low = if self.manner.commit_first { window.next() } else { window.low() };
            if low > slot.committed.get(part).copied().unwrap_or_default() {
                slot.committed.insert(*part, low);
                found.push((*part, low));
            }
        }
        for ((channel, partition), low) in &found {
            let (channel, partition, offset) = (*channel, *partition, Offset(*low));
            self.tell(at, &Happened::Committed { channel, partition, offset });
        }
        found
    }

    /// The group's partitions are assigned anew: what is not committed is read again.
    pub(super) fn reassigned(&mut self, at: usize) {
        let slot = &mut self.slots[at];
        slot.done.values_mut().for_each(Window::forget_open);
        slot.handled.values_mut().for_each(Window::forget_open);
        self.tell(at, &Happened::Rebalanced);
    }

    /// Fires the first timer that is due. `None` where none is.
    pub(super) fn fire(&mut self, at: usize) -> Option<Flow> {
        self.slots[at].service.as_ref()?;
        let (tenant, name) = self.slots[at].timers.due(self.clock.now())?;
        let armed = self.slots[at].timers.take(&tenant, &name)?;
        self.tell(at, &Happened::Fired { timer: &name });
        let input = Input::Timer { tenant, name };
        Some(match self.take(at, input, Some(&armed), None) {
            Ok((_, events)) => self.enqueue(at, Plan::of(&events, None)),
            Err(Refusal::Record(reject)) => {
                self.tell(at, &Happened::Rejected { spot: None, reject: &reject });
                Flow::On
            }
            Err(_) => Flow::Failed,
        })
    }

    /// Tells a service something that does not come through Kafka.
    pub(super) fn stimulus(
        &mut self,
        service: &str,
        (name, args): (&str, &Json),
        tenant: &Tenant,
    ) -> Result<Json, DriverError> {
        let at = self.up(service)?;
        self.tell(at, &Happened::Stimulus { name });
        let count = self.slots[at].stimuli;
        self.slots[at].stimuli += 1;
        let (tenant, name, args) = (tenant.clone(), name.to_owned(), args.clone());
        let input = Input::Stimulus { tenant, name, args, count };
        match self.take(at, input, None, None) {
            Ok((answer, events)) => {
                self.enqueue(at, Plan::of(&events, None));
                Ok(answer)
            }
            Err(Refusal::Stimulus(error)) => Err(error.into()),
            Err(refusal) => Err(DriverError::Given(refusal.told())),
        }
    }

    pub(super) fn give(
        &mut self,
        service: &str,
        tenant: &Tenant,
        given: &Given<'_>,
    ) -> Result<(), DriverError> {
        let at = self.up(service)?;
        let settings = given.settings.map(|_| "settings");
        let kinds = given.data.iter().map(|(name, _)| name.as_str());
        let what: Vec<_> = settings.into_iter().chain(kinds).collect();
        let (tenant, settings) = (tenant.clone(), given.settings.cloned());
        let input = Input::Given { tenant, settings, data: given.data.to_vec() };
        self.take(at, input, None, None).map_err(|refusal| DriverError::Given(refusal.told()))?;
        if !what.is_empty() {
            self.tell(at, &Happened::Given { what: what.join(", ") });
        }
        Ok(())
    }

    pub(super) fn query(
        &self,
        service: &str,
        (name, args): (&str, &Json),
        tenant: &Tenant,
    ) -> Result<Json, DriverError> {
        let at = self.up(service)?;
        let running = self.slots[at].service.as_ref();
        let running = running.ok_or_else(|| DriverError::Down(service.to_owned()))?;
        Ok(running.query(name, args, &Asked::new(tenant, self.clock.now()))?)
    }

    /// The place of a service that runs.
    fn up(&self, service: &str) -> Result<usize, DriverError> {
        let at = self.place(service)?;
        match self.slots[at].service {
            Some(_) => Ok(at),
            None => Err(DriverError::Down(service.to_owned())),
        }
    }

    pub(super) fn place(&self, service: &str) -> Result<usize, DriverError> {
        let at = self.slots.iter().position(|slot| slot.name == service);
        at.ok_or_else(|| DriverError::NoService(service.to_owned()))
    }

    /// Starts a service: makes it, and has it do again what was kept.
    pub(super) fn wake(
        &mut self,
        at: usize,
        made: Box<dyn Service>,
    ) -> Result<(), super::HostError> {
        let contracts = Arc::clone(&self.contracts);
        let now = self.clock.now();
        let was_there = self.slots[at].wake(made, &contracts, now)?;
        if was_there {
            self.tell(at, &Happened::Restarted);
        }
        Ok(())
    }
}
