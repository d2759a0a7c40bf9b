//! One record from a partition through a handler, and the plan that is made of the result.
//!
//! A handled record becomes a plan: state and unsent events are kept together (that is done when the
//! handler returns), then each event is emitted and marked as sent, then the offset is committed.
//! Between any two of these a fault can kill the service. After a restart, kept plans go on where
//! their marks end, and a redelivered record whose effects are kept is recognised and committed.

use super::World;
use super::faults::damaged;
use super::slot::Plan;
use crate::bus::Chooser;
use crate::driver::FaultKind;
use crate::history::{Event, FaultId, History, ServiceIx};
use crate::message::{Headers, Json, Offset, Record, RecordId, Tenant, VirtualTime};
use crate::rule::{RuleId, id};
use crate::service::{AskError, Asked, Cx, Effects, Host, Incoming, Reject, Service, Timer};

/// What makes a service act: decides the ids that its handler draws.
#[derive(Hash)]
pub(super) enum Place<'a> {
    Record {
        channel: u16,
        partition: u32,
        offset: u64,
        attempt: u32,
    },
    Timer {
        name: &'a str,
        at: VirtualTime,
    },
    Stimulus {
        name: &'a str,
        count: u64,
    },
}

impl World {
    pub(super) fn deliver(&mut self, service: ServiceIx, at: usize) {
        let reader = &mut self.slots[service.at()].readers[at];
        let (channel, partition) = (reader.channel, reader.partition);
        let offset = reader.position;
        let attempt = reader.count_delivery();
        let again = reader.again == Some(offset);
        let recognised = offset < reader.kept && !again;
        let log = &self.logs[channel.at()][partition.0 as usize];
        let record = log[usize::try_from(offset).unwrap_or(usize::MAX)];
        self.history.push(
            self.now,
            Event::Delivered {
                service,
                record,
                attempt,
            },
        );
        if recognised {
            self.history
                .push(self.now, Event::Recognised { service, record });
            let reader = &mut self.slots[service.at()].readers[at];
            reader.position = offset + 1;
            self.commit(service, at, Offset(offset + 1));
            return;
        }
        let mut arrived = self.history.record(record).record.clone();
        let mut fault = None;
        for met in self.faults_met(service, record) {
            match damaged(&arrived, self.fault(met)) {
                Some(record_damaged) => {
                    self.strike(met, Some(record));
                    arrived = record_damaged;
                }
                None if self.fault(met).kind == FaultKind::DuplicateDelivery && again => {}
                None => fault = fault.or(Some((met, self.fault(met).kind))),
            }
        }
        if let Some((met, FaultKind::CrashBeforeHandling)) = fault {
            self.strike(met, Some(record));
            self.crash(service, self.fault(met).restart_after);
            return;
        }
        let place = Place::Record {
            channel: channel.0,
            partition: partition.0,
            offset,
            attempt,
        };
        let effects = self.handle(service, (record, &arrived), &place);
        let handled = effects.is_some();
        let twice = matches!(fault, Some((_, FaultKind::DuplicateDelivery)));
        if let (true, Some((met, _))) = (twice, fault) {
            self.strike(met, Some(record));
        }
        let slot = &mut self.slots[service.at()];
        let reader = &mut slot.readers[at];
        slot.busy[reader.member] = true;
        if twice {
            reader.again = Some(offset);
        } else {
            reader.again = None;
            reader.position = offset + 1;
            reader.kept = reader.kept.max(offset + 1);
        }
        let plan = Plan {
            emits: effects.unwrap_or_default().emits,
            marked: 0,
            cause: Some(record),
            reader: Some(at),
            commits: (!twice).then_some(Offset(offset + 1)),
            fault: fault.filter(|(_, kind)| handled || *kind == FaultKind::CrashBeforeCommit),
        };
        self.enqueue(service, plan);
    }

    /// Runs the handler on a record; `None` where it has no effect.
    fn handle(
        &mut self,
        service: ServiceIx,
        (id, record): (RecordId, &Record),
        place: &Place<'_>,
    ) -> Option<Effects> {
        let Place::Record {
            partition,
            offset,
            attempt,
            ..
        } = *place
        else {
            return None;
        };
        let Some(tenant) = self.tenant_of(service, record) else {
            let why = record
                .headers
                .tenant()
                .err()
                .map(|problem| problem.to_string());
            let reject = Reject::Refused(why.unwrap_or_default());
            self.history.push(
                self.now,
                Event::Rejected {
                    service,
                    record: Some(id),
                    reject,
                },
            );
            return None;
        };
        if record.headers.trace().is_none() {
            self.history.push(
                self.now,
                Event::Applied {
                    service,
                    rule: id::COM_4,
                },
            );
        }
        let contracts = std::sync::Arc::clone(&self.contracts);
        let incoming = Incoming {
            channel: contracts.channel_name(self.history.record(id).channel),
            tenant: &tenant,
            key: record.key.as_deref(),
            value: record.value_bytes(),
            record: id,
            partition: crate::message::Partition(partition),
            offset: Offset(offset),
            attempt,
        };
        let called = self.call(service, (&tenant, &record.headers), place, |service, cx| {
            service.handle(&incoming, cx)
        });
        match called {
            (Ok(()), effects) => Some(effects),
            (Err(reject), _) => {
                if !matches!(reject, Reject::Refused(_) | Reject::Unemittable(_)) {
                    self.history.push(
                        self.now,
                        Event::Applied {
                            service,
                            rule: id::COM_5,
                        },
                    );
                }
                self.history.push(
                    self.now,
                    Event::Rejected {
                        service,
                        record: Some(id),
                        reject,
                    },
                );
                None
            }
        }
    }

    /// The tenant under which a record is handled; `None` where it is not.
    fn tenant_of(&mut self, service: ServiceIx, record: &Record) -> Option<Tenant> {
        if let Ok(tenant) = record.headers.tenant() {
            return Some(tenant.clone());
        }
        let mut host = Backstage {
            world: &mut self.slots,
            chooser: &mut *self.chooser,
            history: &mut self.history,
            service,
            now: self.now,
        };
        host.applies(id::COM_3);
        let own = host.decide(id::COM_3, &["nothing", "own-tenant"]) == 1;
        own.then(|| Tenant {
            id: uuid::Uuid::nil(),
            region: "".into(),
            major: 0,
            minor: 0,
        })
    }

    /// Calls a handler and carries out its timer changes if it succeeds.
    pub(super) fn call<T, E>(
        &mut self,
        service: ServiceIx,
        (tenant, cause): (&Tenant, &Headers),
        place: &Place<'_>,
        handler: impl FnOnce(&mut dyn Service, &mut Cx<'_>) -> Result<T, E>,
    ) -> (Result<T, E>, Effects) {
        let at = service.at();
        let mut running = self.slots[at]
            .service
            .take()
            .expect("a service does not call itself");
        let mut effects = Effects::default();
        let mut host = Backstage {
            world: &mut self.slots,
            chooser: &mut *self.chooser,
            history: &mut self.history,
            service,
            now: self.now,
        };
        let place = (running.name().to_owned(), place);
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
                self.timers
                    .change((service, tenant), change, self.now, cause);
            }
        }
        (result, effects)
    }

    /// Fires a timer that is due.
    pub(super) fn fire(&mut self, service: ServiceIx, id: u32) {
        let Some(armed) = self.timers.take(id) else {
            return;
        };
        let Timer { name, tenant, at } = &armed.timer;
        self.history.push(
            self.now,
            Event::Fired {
                service,
                timer: name.clone(),
            },
        );
        let place = Place::Timer { name, at: *at };
        let called = self.call(service, (tenant, &armed.cause), &place, |service, cx| {
            service.timer(&armed.timer, cx)
        });
        match called {
            (Ok(()), effects) => self.enqueue(service, Plan::uncaused(effects.emits)),
            (Err(reject), _) => {
                self.history.push(
                    self.now,
                    Event::Rejected {
                        service,
                        record: None,
                        reject,
                    },
                );
            }
        }
    }

    /// Keeps a plan; one without events that nothing precedes is finished at once.
    pub(super) fn enqueue(&mut self, service: ServiceIx, plan: Plan) {
        let unsent = u32::try_from(plan.emits.len()).unwrap_or(u32::MAX);
        if unsent > 0 {
            self.history.push(self.now, Event::Kept { service, unsent });
        }
        let fault = plan.fault;
        let cause = plan.cause;
        self.slots[service.at()].plans.push_back(plan);
        if let Some((met, FaultKind::CrashAfterStateChange)) = fault {
            self.strike(met, cause);
            self.crash(service, self.fault(met).restart_after);
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
            self.append(
                outgoing,
                crate::history::Producer::Service { service, cause },
            );
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
        self.strike(met, cause);
        self.slots[service.at()].plans[0].fault = None;
        self.crash(service, self.fault(met).restart_after);
    }

    /// All events are out: the plan is done and its offset committed, unless a fault strikes now.
    fn finish(&mut self, service: ServiceIx) {
        let slot = &mut self.slots[service.at()];
        let Some(plan) = slot.plans.pop_front() else {
            return;
        };
        if let Some(reader) = plan.reader {
            let member = slot.readers[reader].member;
            slot.busy[member] = false;
        }
        match plan.fault {
            Some((met, FaultKind::CrashBeforeCommit)) => {
                self.strike(met, plan.cause);
                self.crash(service, self.fault(met).restart_after);
            }
            Some((met, FaultKind::Rebalance)) => {
                self.strike(met, plan.cause);
                let slot = &mut self.slots[service.at()];
                slot.rebalance();
                let generation = slot.generation;
                self.history.push(
                    self.now,
                    Event::Rebalanced {
                        service,
                        generation,
                    },
                );
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
        self.history.push(
            self.now,
            Event::Committed {
                service,
                channel,
                partition,
                offset,
            },
        );
    }
}

/// What handlers can reach of the world while they run.
pub(super) struct Backstage<'a> {
    pub(super) world: &'a mut [super::slot::Slot],
    pub(super) chooser: &'a mut dyn Chooser,
    pub(super) history: &'a mut History,
    pub(super) service: ServiceIx,
    pub(super) now: VirtualTime,
}

impl Host for Backstage<'_> {
    fn decide(&mut self, rule: RuleId, options: &[&'static str]) -> usize {
        let name = &self.world[self.service.at()].name;
        let picked = self.chooser.decide(name, rule, options);
        if let Some(option) = options.get(picked) {
            let service = self.service;
            self.history.push(
                self.now,
                Event::Decided {
                    service,
                    rule,
                    option,
                },
            );
        }
        picked
    }

    fn applies(&mut self, rule: RuleId) {
        self.history.push(
            self.now,
            Event::Applied {
                service: self.service,
                rule,
            },
        );
    }

    fn ask(
        &mut self,
        service: &str,
        query: &str,
        args: &Json,
        tenant: &Tenant,
    ) -> Result<Json, AskError> {
        let event = Event::Asked {
            service: self.service,
            query: format!("{service}.{query}"),
        };
        self.history.push(self.now, event);
        let slot = self
            .world
            .iter()
            .find(|slot| slot.name == service && slot.down_until.is_none());
        let asked = Asked {
            tenant,
            now: self.now,
        };
        match slot.and_then(|slot| slot.service.as_ref()) {
            None => Err(AskError::Unreachable(service.to_owned())),
            Some(other) => other
                .query(query, args, &asked)
                .map_err(|error| AskError::Failed(error.to_string())),
        }
    }
}
