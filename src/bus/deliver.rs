//! One record from a partition through a handler, and the plan that is made of the result.
//!
//! A handled record becomes a plan: state and unsent events are kept together (that is done when
//! the handler returns), then each event is emitted and marked as sent, then the offset is
//! committed. Between any two of these a fault can kill the service. After a restart, kept plans go
//! on where their marks end, and a redelivered record whose effects are kept is recognised and
//! committed.

use super::World;
use super::faults::damaged;
use super::slot::Plan;
use crate::bus::{Chooser, Delivery};
use crate::driver::FaultKind;
use crate::history::{Event, FaultId, History, Placed, ServiceIx};
use crate::message::{Headers, Json, Offset, Outgoing, Record, RecordId, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::{AskError, Asked, Cx, Host, Incoming, Reject, Service, Timer};

/// What makes a service act: decides the ids that its handler draws.
#[derive(Hash)]
pub(super) enum Place<'a> {
    Record { channel: u16, partition: u32, offset: u64, attempt: u32 },
    Timer { name: &'a str, at: VirtualTime },
    Stimulus { name: &'a str, count: u64 },
}

impl World {
    pub(super) fn deliver(&mut self, service: ServiceIx, at: usize) {
        let reader = &self.slots[service.at()].readers[at];
        let (channel, partition) = (reader.channel, reader.partition);
        let offset = reader.position;
        let again = reader.again == Some(offset);
        let recognised = offset < reader.kept && !again;
        let attempt = reader.next_attempt();
        let record = self.taken_up(service, at);
        let injected = match again || recognised {
            true => None,
            false => self.injected(Delivery { service, channel, partition, offset, attempt }),
        };
        if let Some(kind @ (FaultKind::Delay | FaultKind::PartitionLag)) = injected {
            return self.inject_hold((service, at), kind, (offset, record));
        }
        self.slots[service.at()].readers[at].count_delivery();
        self.history.push(self.now, Event::Delivered { service, record, attempt });
        if recognised {
            self.history.push(self.now, Event::Recognised { service, record });
            // Even what is only committed can be cut short once more.
            if let Some(crash) = self.crash_met(service, record) {
                return self.crash_at(service, crash, Some(record));
            }
            self.slots[service.at()].readers[at].position = offset + 1;
            self.settle(service, at);
            return self.commit(service, at, Offset(offset + 1));
        }
        let (mut damaged, mut fault) = self.meet_faults(service, record, again);
        if let Some(kind) = injected {
            match self.inject_damage(service, kind, record) {
                Some(arrived) => damaged = Some(arrived),
                None => fault = fault.or(Some((kind.injected(), kind))),
            }
        }
        if let Some((met, FaultKind::CrashBeforeHandling)) = fault {
            return self.crash_at(service, met, Some(record));
        }
        let place = Place::Record { channel: channel.0, partition: partition.0, offset, attempt };
        let emits = self.handle(service, (record, damaged), (Offset(offset), &place));
        let handled = emits.is_some();
        let twice = match fault {
            Some((met, FaultKind::DuplicateDelivery)) => {
                self.strike(met, Some(record));
                true
            }
            _ => false,
        };
        let slot = &mut self.slots[service.at()];
        let reader = &mut slot.readers[at];
        slot.busy[reader.member] = true;
        reader.again = twice.then_some(offset);
        if !twice {
            reader.position = offset + 1;
            reader.kept = reader.kept.max(offset + 1);
        }
        self.settle(service, at);
        let plan = Plan {
            emits: emits.unwrap_or_default(),
            marked: 0,
            cause: Some(record),
            reader: Some(at),
            commits: (!twice).then_some(Offset(offset + 1)),
            fault: fault.filter(|(_, kind)| handled || *kind == FaultKind::CrashBeforeCommit),
        };
        self.enqueue(service, plan);
    }

    /// The record that a reader takes up at its position.
    fn taken_up(&mut self, service: ServiceIx, at: usize) -> RecordId {
        let reader = &self.slots[service.at()].readers[at];
        let log = &self.logs[reader.channel.at()][reader.partition.0 as usize];
        let record = log[usize::try_from(reader.position).unwrap_or(usize::MAX)];
        let running = self.slots[service.at()].service.as_ref();
        match running.is_some_and(|running| running.intake().swaps) {
            true => self.swapped((service, at), record),
            false => record,
        }
    }

    /// The record that a service takes up where it lets those of one documented key overtake each
    /// other: the next one, and then the one before it.
    fn swapped(&mut self, (service, at): (ServiceIx, usize), own: RecordId) -> RecordId {
        let reader = &self.slots[service.at()].readers[at];
        let (channel, offset, before) = (reader.channel, reader.position, reader.swapped);
        let log = &self.logs[channel.at()][reader.partition.0 as usize];
        let record = |at: u64| usize::try_from(at).ok().and_then(|at| log.get(at)).copied();
        if before.is_some_and(|before| before + 1 == offset) {
            return record(offset - 1).unwrap_or(own);
        }
        let key = |record: RecordId| self.history.record(record).record.key.as_ref();
        let next = record(offset + 1).filter(|next| {
            self.contracts.has_documented_key(channel)
                && key(own).is_some()
                && key(own) == key(*next)
        });
        let Some(next) = next else { return own };
        self.slots[service.at()].readers[at].swapped = Some(offset);
        next
    }

    /// Lets the faults that a delivery meets damage the record; the first of the others is left for
    /// the plan.
    fn meet_faults(
        &mut self,
        service: ServiceIx,
        record: RecordId,
        again: bool,
    ) -> (Option<Record>, Option<(FaultId, FaultKind)>) {
        let (mut arrived, mut left) = (None, None);
        for met in self.faults_met(service, record) {
            let original = &self.history.record(record).record;
            let kind = self.fault(met).kind;
            match damaged(arrived.as_ref().unwrap_or(original), self.fault(met)) {
                Some(record_damaged) => {
                    self.strike(met, Some(record));
                    arrived = Some(record_damaged);
                }
                None if kind == FaultKind::DuplicateDelivery && again => {}
                None => left = left.or(Some((met, kind))),
            }
        }
        (arrived, left)
    }

    /// The crash that the delivery of a recognised record meets.
    fn crash_met(&self, service: ServiceIx, record: RecordId) -> Option<FaultId> {
        let strikes = [FaultKind::CrashBeforeHandling, FaultKind::CrashBeforeCommit];
        let mut met = self.faults_met(service, record).into_iter();
        met.find(|id| strikes.contains(&self.fault(*id).kind))
    }

    /// Runs the handler on a record as it arrives; `None` where it has no effect.
    fn handle(
        &mut self,
        service: ServiceIx,
        (id, damaged): (RecordId, Option<Record>),
        (offset, place): (Offset, &Place<'_>),
    ) -> Option<Vec<Outgoing>> {
        let records = self.history.lend_records();
        let placed = &records[id.at()];
        let record = damaged.as_ref().unwrap_or(&placed.record);
        let result = self.handle_lent(service, (placed, record), (offset, place));
        self.history.return_records(records);
        let handled = match result {
            Ok(emits) => Some(emits),
            Err(reject) => {
                if reject.is_unreadable() {
                    let rule = self.contracts.packs().roles().unreadable;
                    self.history.push(self.now, Event::Applied { service, rule });
                }
                let record = Some(id);
                self.history.push(self.now, Event::Rejected { service, record, reject });
                None
            }
        };
        for leaked in std::mem::take(&mut self.spare.leaked) {
            self.append(leaked, crate::history::Producer::Service { service, cause: Some(id) });
        }
        handled
    }

    fn handle_lent(
        &mut self,
        service: ServiceIx,
        (placed, record): (&Placed, &Record),
        (offset, place): (Offset, &Place<'_>),
    ) -> Result<Vec<Outgoing>, Reject> {
        let own;
        let tenant = match record.headers.tenant() {
            Ok(tenant) => tenant,
            Err(problem) => {
                let of_own = self.tenant_of_own(service);
                let running = self.slots[service.at()].service.as_ref();
                let adopts = running.and_then(|running| running.intake().adopts.cloned());
                own = adopts.or(of_own);
                own.as_ref().ok_or_else(|| Reject::Refused(problem.to_string()))?
            }
        };
        if record.headers.trace().is_none() {
            let rule = self.contracts.packs().roles().no_trace;
            self.history.push(self.now, Event::Applied { service, rule });
        }
        let contracts = std::sync::Arc::clone(&self.contracts);
        let attempt = if let Place::Record { attempt, .. } = place { *attempt } else { 1 };
        let incoming = Incoming {
            channel: contracts.channel_name(placed.channel),
            tenant,
            key: record.key.as_deref(),
            value: record.value_bytes(),
            record: placed.id,
            partition: placed.partition,
            offset,
            attempt,
        };
        let called = self.call(service, (tenant, &record.headers), place, |service, cx| {
            service.handle(&incoming, cx)
        });
        called.0.map(|()| called.1)
    }

    /// The tenant of a record that names none: no one, where it is not handled at all.
    fn tenant_of_own(&mut self, service: ServiceIx) -> Option<Tenant> {
        let rule = self.contracts.packs().roles().no_tenant;
        let mut host = Backstage {
            slots: &self.slots,
            chooser: &mut *self.chooser,
            history: &mut self.history,
            service,
            now: self.now,
        };
        crate::service::tenant_of_own(&mut host, rule)
    }

    /// Calls a handler and carries out its timer changes if it succeeds.
    pub(super) fn call<T, E>(
        &mut self,
        service: ServiceIx,
        (tenant, cause): (&Tenant, &Headers),
        place: &Place<'_>,
        handler: impl FnOnce(&mut dyn Service, &mut Cx<'_>) -> Result<T, E>,
    ) -> (Result<T, E>, Vec<Outgoing>) {
        let at = service.at();
        let mut running = self.slots[at].service.take().expect("a service does not call itself");
        let mut effects = std::mem::take(&mut self.spare);
        let mut host = Backstage {
            slots: &self.slots,
            chooser: &mut *self.chooser,
            history: &mut self.history,
            service,
            now: self.now,
        };
        let place = (self.slots[at].name.as_str(), place);
        let mut cx = Cx::new(
            &self.contracts,
            (&mut host, &mut effects),
            (tenant, cause),
            self.now,
            (self.seed, &place),
        );
        let result = handler(&mut *running, &mut cx);
        self.slots[at].service = Some(running);
        if result.is_ok() {
            for change in effects.timers.drain(..) {
                self.timers.change((service, tenant), change, self.now, cause);
            }
        }
        let mut emits = std::mem::take(&mut effects.emits);
        if result.is_err() {
            effects.timers.clear();
            emits.clear();
        }
        self.spare = effects;
        (result, emits)
    }

    /// Fires a timer that is due.
    pub(super) fn fire(&mut self, service: ServiceIx, id: u32) {
        let Some(armed) = self.timers.take(id) else {
            return;
        };
        let Timer { name, tenant, at } = &armed.timer;
        self.history.push(self.now, Event::Fired { service, timer: name.clone() });
        let place = Place::Timer { name, at: *at };
        let called = self.call(service, (tenant, &armed.cause), &place, |service, cx| {
            service.timer(&armed.timer, cx)
        });
        match called {
            (Ok(()), emits) => self.enqueue(service, Plan::uncaused(emits)),
            (Err(reject), _) => {
                self.history.push(self.now, Event::Rejected { service, record: None, reject });
            }
        }
    }

    /// Keeps a plan; one without events that nothing precedes is finished at once.
    pub(super) fn enqueue(&mut self, service: ServiceIx, plan: Plan) {
        let unsent = u32::try_from(plan.emits.len()).unwrap_or(u32::MAX);
        let fault = plan.fault;
        // A fault may strike before anything else tells that the handling succeeded.
        if unsent > 0 || fault.is_some() {
            self.history.push(self.now, Event::Kept { service, unsent });
        }
        let cause = plan.cause;
        self.slots[service.at()].plans.push_back(plan);
        if let Some((met, FaultKind::CrashAfterStateChange)) = fault {
            self.crash_at(service, met, cause);
        } else if unsent == 0 && self.slots[service.at()].plans.len() == 1 {
            self.step(service);
        }
    }

    /// The next step of a service's first plan: emit and mark one event; commit after the last.
    pub(super) fn step(&mut self, service: ServiceIx) {
        let Some(plan) = self.slots[service.at()].plans.front_mut() else {
            return;
        };
        let (cause, fault) = (plan.cause, plan.fault);
        if plan.marked < plan.emits.len() {
            let (first, more) = (plan.marked == 0, plan.emits.len() > 1);
            let outgoing = plan.emits[plan.marked].clone();
            self.append(outgoing, crate::history::Producer::Service { service, cause });
            if let Some((met, FaultKind::CrashBeforeMark)) = fault {
                return self.crash_within(service, met, cause);
            }
            let plan = &mut self.slots[service.at()].plans[0];
            plan.marked += 1;
            if let (Some((met, FaultKind::CrashBetweenEmits)), true, true) = (fault, first, more) {
                return self.crash_within(service, met, cause);
            }
        }
        let plan = &self.slots[service.at()].plans[0];
        if plan.marked == plan.emits.len() {
            self.finish(service);
        }
    }

    fn crash_within(&mut self, service: ServiceIx, met: FaultId, cause: Option<RecordId>) {
        self.slots[service.at()].plans[0].fault = None;
        self.crash_at(service, met, cause);
    }

    fn crash_at(&mut self, service: ServiceIx, met: FaultId, cause: Option<RecordId>) {
        self.strike(met, cause);
        self.crash(service, self.restart_after(met));
    }

    /// All events are out: the plan is done and its offset committed, unless a fault strikes now.
    fn finish(&mut self, service: ServiceIx) {
        let slot = &mut self.slots[service.at()];
        let Some(plan) = slot.plans.pop_front() else {
            return;
        };
        let mut emits = plan.emits;
        emits.clear();
        self.spare.emits = emits;
        if let Some(reader) = plan.reader {
            let member = slot.readers[reader].member;
            slot.busy[member] = false;
        }
        match plan.fault {
            Some((met, FaultKind::CrashBeforeCommit)) => {
                self.crash_at(service, met, plan.cause);
            }
            Some((met, FaultKind::Rebalance)) => {
                self.strike(met, plan.cause);
                let slot = &mut self.slots[service.at()];
                slot.rebalance();
                let generation = slot.generation;
                self.settle_all(service);
                self.history.push(self.now, Event::Rebalanced { service, generation });
            }
            _ => {
                if let (Some(reader), Some(next)) = (plan.reader, plan.commits) {
                    self.commit(service, reader, next);
                }
            }
        }
    }

    fn commit(&mut self, service: ServiceIx, reader: usize, offset: Offset) {
        let reader = &mut self.slots[service.at()].readers[reader];
        reader.commit(offset.0);
        let (channel, partition) = (reader.channel, reader.partition);
        self.history.push(self.now, Event::Committed { service, channel, partition, offset });
    }
}

/// What handlers can reach of the world while they run.
pub(super) struct Backstage<'a> {
    pub(super) slots: &'a [super::slot::Slot],
    pub(super) chooser: &'a mut dyn Chooser,
    pub(super) history: &'a mut History,
    pub(super) service: ServiceIx,
    pub(super) now: VirtualTime,
}

impl Host for Backstage<'_> {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        let name = &self.slots[self.service.at()].name;
        let picked = self.chooser.decide(name, rule, options);
        if let Some(option) = options.get(picked) {
            let service = self.service;
            self.history.push(self.now, Event::Decided { service, rule, option });
        }
        picked
    }

    fn applies(&mut self, rule: RuleId) {
        self.history.push(self.now, Event::Applied { service: self.service, rule });
    }

    fn ask(
        &mut self,
        service: &str,
        query: &str,
        args: &Json,
        tenant: &Tenant,
    ) -> Result<Json, AskError> {
        let event = Event::Asked { service: self.service, query: format!("{service}.{query}") };
        self.history.push(self.now, event);
        let slot = self.slots.iter().find(|slot| slot.name == service && slot.down_until.is_none());
        let asked = Asked::new(tenant, self.now);
        match slot.and_then(|slot| slot.service.as_ref()) {
            None => Err(AskError::Unreachable(service.to_owned())),
            Some(other) => other
                .query(query, args, &asked)
                .map_err(|error| AskError::Failed(error.to_string())),
        }
    }
}
