//! What a service did with each of its inputs, put together from the entries of a history.
//!
//! What this is: [`Assembler`], which follows deliveries, timers and stimuli to the last event that
//! they caused, and hands each over as a [`Handling`] once it is complete, in the order in which the
//! service took its inputs up. It also judges what can be judged on the way: COM-1, COM-8, COM-10.
//!
//! What always holds: a handling is handed over once; what a crash undid (a record that was read and
//! not handled) is not handed over; an event that a crash doubled is counted once.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::fact::{Channel, Fact};
use super::map::FxSet;
use super::out::Out;
use super::view::{Role, TenantIx, View};
use crate::history::{Entry, Event, ServiceIx};
use crate::message::{RecordId, VirtualTime};
use crate::rule::{RuleId, id};
use crate::service::Reject;

/// What a service took up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Record(RecordId),
    Timer,
    Stimulus(Stimulus),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stimulus {
    Connect,
    Credentials,
    AcceptLicence,
    SelectCharacter,
    Disconnect,
    Other,
}

impl Stimulus {
    fn named(name: &str) -> Self {
        match name {
            "connect" => Self::Connect,
            "credentials" => Self::Credentials,
            "accept_licence" => Self::AcceptLicence,
            "select_character" => Self::SelectCharacter,
            "disconnect" => Self::Disconnect,
            _ => Self::Other,
        }
    }
}

/// How the handling of a record went, besides its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// As usual.
    Plain,
    /// The service said that it has no effect.
    Rejected,
    /// It touched nothing of its tenant: it was handled under a tenant of the service's own, or was
    /// changed by a fault and refused.
    Apart,
    /// A fault changed the record, or the harness failed: what was to be done cannot be told.
    Unclear,
}

/// One input and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Handling {
    pub(super) service: ServiceIx,
    pub(super) role: Role,
    pub(super) input: Input,
    pub(super) at: VirtualTime,
    /// Of the record, where its headers are valid.
    pub(super) tenant: Option<TenantIx>,
    pub(super) fact: Fact,
    pub(super) course: Course,
    /// Whether the service handled an equal value of the tenant before.
    pub(super) repeated: bool,
    /// Whether what it handled last was nothing that may be acted on.
    pub(super) after_poison: bool,
    /// How often the service had been restarted.
    pub(super) restarts: u32,
    pub(super) events: SmallVec<[RecordId; 4]>,
}

impl Handling {
    /// The record, if it was one.
    pub(super) fn record(&self) -> Option<RecordId> {
        match self.input {
            Input::Record(record) => Some(record),
            Input::Timer | Input::Stimulus(_) => None,
        }
    }

    /// The input and its events, for a finding.
    pub(super) fn records(&self) -> impl Iterator<Item = RecordId> {
        self.record().into_iter().chain(self.events.iter().copied())
    }

    /// The rule that a missing event breaks: `rule`, unless something explains that this one is
    /// missing. `since` is how often the service had been restarted when the state that the event
    /// needs was announced.
    pub(super) fn blames(&self, view: View<'_>, rule: RuleId, since: u32) -> RuleId {
        let traced = |record| view.placed(record).record.headers.trace().is_some();
        if self.record().is_some_and(|record| !traced(record)) {
            id::COM_4
        } else if self.after_poison {
            id::COM_5
        } else if self.restarts > since {
            id::COM_9
        } else {
            rule
        }
    }
}

#[derive(Debug)]
struct Pending {
    handling: Handling,
    /// Events that were kept to be emitted.
    unsent: usize,
    /// Events that came again after a crash, as far as they can be told from others.
    doubled: usize,
    /// A fault struck right after the delivery.
    struck: bool,
    /// Nothing but faults since the delivery.
    fresh: bool,
}

impl Pending {
    /// Nothing but events will be added.
    fn close(&mut self) {
        let course = &mut self.handling.course;
        match *course {
            Course::Plain if self.struck && self.unsent == 0 => *course = Course::Unclear,
            Course::Rejected if self.struck => *course = Course::Apart,
            _ => {}
        }
    }

    /// Whether events are still to be emitted.
    fn lacks(&self) -> bool {
        self.handling.events.len() < self.unsent
    }
}

#[derive(Debug, Default)]
struct Desk {
    queue: VecDeque<Pending>,
    down: bool,
    restarts: u32,
    after_poison: bool,
    /// The last event of the last finished plan or of the one at work: a crash may double it.
    last: Option<Last>,
    /// Whether there are deliveries to this service in the history at all.
    delivers: bool,
    rejected: FxSet<RecordId>,
}

impl Desk {
    /// What stands at the head of the queue of a service that is up, and lacks events.
    fn pop_stuck(&mut self) -> Option<Pending> {
        let stuck = !self.down && self.queue.front().is_some_and(Pending::lacks);
        stuck.then(|| self.queue.pop_front()).flatten()
    }
}

#[derive(Clone, Copy, Debug)]
struct Last {
    event: RecordId,
    cause: Option<RecordId>,
    course: Course,
    crashed: bool,
}

/// A record that has just been appended, and by what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Appended {
    pub(super) record: RecordId,
    /// Who emitted it; none where the test sent it.
    pub(super) by: Option<(ServiceIx, Role)>,
    pub(super) cause: Option<RecordId>,
    /// A timer may have caused it.
    pub(super) by_timer: bool,
    /// The same event once more, after a crash.
    pub(super) doubled: bool,
    /// How its cause was handled.
    pub(super) course: Course,
}

/// Puts handlings together.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    desks: Vec<Desk>,
    /// The service whose last input may still get more entries.
    open: Option<ServiceIx>,
    seen: FxSet<(ServiceIx, TenantIx, Channel, u64)>,
}

impl Assembler {
    pub(super) fn begin(&mut self, services: usize) {
        self.desks.clear();
        self.desks.resize_with(services, Desk::default);
        self.open = None;
        self.seen.clear();
    }

    /// Follows one entry. Handlings that it completes are added to `done`.
    pub(super) fn entry(
        &mut self,
        view: View<'_>,
        entry: &Entry,
        (out, done): (&mut Out, &mut Vec<Handling>),
    ) -> Option<Appended> {
        if let Some(open) = self.open
            && !goes_on(&entry.event, open)
        {
            self.close(view, (out, done));
        }
        match &entry.event {
            Event::Sent { record } => return Some(sent(*record)),
            Event::Emitted {
                service,
                record,
                cause,
            } => {
                let appended = self.emitted(view, (*service, *record, *cause), out);
                self.finish(view, *service, (out, done));
                return Some(appended);
            }
            Event::Delivered {
                service, record, ..
            } => {
                self.desks[service.at()].delivers = true;
                self.take_up(view, *service, Input::Record(*record), entry.at);
            }
            Event::Fired { service, .. } => {
                self.take_up(view, *service, Input::Timer, entry.at);
            }
            Event::Stimulus { service, name } => {
                let input = Input::Stimulus(Stimulus::named(name));
                self.take_up(view, *service, input, entry.at);
            }
            Event::Crashed { service } => {
                self.crashed(*service, out);
                self.finish(view, *service, (out, done));
            }
            Event::Restarted { service } => {
                let desk = &mut self.desks[service.at()];
                desk.down = false;
                desk.restarts += 1;
                out.held(id::COM_9);
            }
            Event::Time { .. } => self.quiet(view, (out, done)),
            other => self.note(other),
        }
        None
    }

    fn take_up(&mut self, view: View<'_>, service: ServiceIx, input: Input, at: VirtualTime) {
        let record = match input {
            Input::Record(record) => Some(record),
            Input::Timer | Input::Stimulus(_) => None,
        };
        let desk = &mut self.desks[service.at()];
        desk.queue.push_back(Pending {
            handling: Handling {
                service,
                role: view.role(service),
                input,
                at,
                tenant: record.and_then(|record| view.tenant(record)),
                fact: record.map_or(Fact::Opaque, |record| view.fact(record)),
                course: Course::Plain,
                repeated: false,
                after_poison: false,
                restarts: desk.restarts,
                events: SmallVec::new(),
            },
            unsent: 0,
            doubled: 0,
            struck: false,
            fresh: true,
        });
        self.open = Some(service);
    }

    /// Takes in what an open handling goes on with.
    fn note(&mut self, event: &Event) {
        let Some(open) = self.open else { return };
        let desk = &mut self.desks[open.at()];
        let Some(pending) = desk.queue.back_mut() else {
            return;
        };
        match event {
            Event::Struck { .. } if pending.fresh => pending.struck = true,
            Event::Recognised { .. } => {
                desk.queue.pop_back();
                self.open = None;
            }
            Event::Rejected { reject, .. } => {
                pending.fresh = false;
                pending.handling.course = match reject {
                    Reject::Unemittable(_) => Course::Unclear,
                    _ => Course::Rejected,
                };
                if let Input::Record(record) = pending.handling.input {
                    desk.rejected.insert(record);
                }
            }
            Event::Kept { unsent, .. } => {
                pending.fresh = false;
                pending.unsent = *unsent as usize;
            }
            Event::Decided { rule, option, .. } => {
                pending.fresh = false;
                if *rule == id::COM_3 && *option != "nothing" {
                    pending.handling.course = Course::Apart;
                }
            }
            Event::Applied { .. } | Event::Asked { .. } => pending.fresh = false,
            _ => {}
        }
    }

    fn close(&mut self, view: View<'_>, to: (&mut Out, &mut Vec<Handling>)) {
        let Some(open) = self.open.take() else { return };
        if let Some(pending) = self.desks[open.at()].queue.back_mut() {
            pending.close();
        }
        self.finish(view, open, to);
    }

    /// Hands over what is complete at the head of a service's queue.
    fn finish(
        &mut self,
        view: View<'_>,
        service: ServiceIx,
        (out, done): (&mut Out, &mut Vec<Handling>),
    ) {
        let desk = &mut self.desks[service.at()];
        while let Some(first) = desk.queue.front() {
            let open = self.open == Some(service) && desk.queue.len() == 1;
            if open || first.lacks() {
                return;
            }
            let Some(mut first) = desk.queue.pop_front() else {
                return;
            };
            let handling = &mut first.handling;
            handling.after_poison = desk.after_poison;
            if let Input::Record(record) = handling.input {
                desk.after_poison = handling.fact == Fact::Unreadable;
                let value = view.placed(record).record.value.as_ref();
                if let (Some(tenant), Some(value)) = (handling.tenant, value) {
                    let hash = value.content_hash();
                    let value = (service, tenant, view.channel(record), hash);
                    handling.repeated = !self.seen.insert(value);
                }
                if handling.repeated {
                    out.held(id::COM_8);
                }
            }
            done.push(first.handling);
        }
    }

    fn crashed(&mut self, service: ServiceIx, out: &mut Out) {
        let desk = &mut self.desks[service.at()];
        desk.down = true;
        if self.open == Some(service) {
            self.open = None;
            match desk.queue.back_mut() {
                // Read, struck, and neither kept nor refused: it was never handled.
                Some(last) if last.fresh => drop(desk.queue.pop_back()),
                Some(last) => last.close(),
                None => {}
            }
        }
        if !desk.queue.is_empty() {
            out.held(id::COM_10);
        }
        if let Some(last) = &mut desk.last {
            last.crashed = true;
        }
    }

    /// Finds the plan that an event belongs to.
    fn emitted(
        &mut self,
        view: View<'_>,
        (service, event, cause): (ServiceIx, RecordId, Option<RecordId>),
        out: &mut Out,
    ) -> Appended {
        let desk = &mut self.desks[service.at()];
        let mut appended = Appended {
            record: event,
            by: Some((service, view.role(service))),
            cause,
            by_timer: cause.is_none(),
            doubled: false,
            course: Course::Plain,
        };
        let last = desk.last.replace(Last {
            event,
            cause,
            course: Course::Plain,
            crashed: false,
        });
        let again = last.is_some_and(|last| {
            last.cause == cause && last.crashed && view.content(last.event) == view.content(event)
        });
        let of = |pending: &&mut Pending| pending.handling.record() == cause && pending.lacks();
        let pending = desk.queue.iter_mut().find(of);
        // The first event of a plan is not that of an earlier one.
        if again
            && pending
                .as_ref()
                .is_none_or(|plan| !plan.handling.events.is_empty())
        {
            appended.doubled = true;
            appended.course = last.map_or(Course::Plain, |last| last.course);
            if let Some(pending) = pending {
                pending.doubled += 1;
            }
            if let Some(last) = &mut desk.last {
                last.course = appended.course;
            }
            return appended;
        }
        if let Some(pending) = pending {
            pending.handling.events.push(event);
            appended.course = pending.handling.course;
            if let Some(last) = &mut desk.last {
                last.course = appended.course;
            }
            appended.by_timer = pending.handling.input == Input::Timer;
            if pending.handling.course == Course::Rejected {
                tell_of_failed(view, (service, event, cause), out);
            }
            return appended;
        }
        let Some(cause) = cause.filter(|_| desk.delivers) else {
            return appended;
        };
        if desk.rejected.contains(&cause) {
            tell_of_failed(view, (service, event, Some(cause)), out);
        } else {
            let message = format!(
                "{} emits {} for {}, which it has not kept: before it had handled it, or once too \
                 often without a crash that explains it",
                view.history.service(service),
                view.name(event),
                view.name(cause)
            );
            let rule = if desk
                .queue
                .iter()
                .any(|pending| pending.handling.record() == Some(cause))
            {
                id::COM_1
            } else {
                id::COM_10
            };
            out.violation(rule, [cause, event], message);
        }
        appended
    }

    /// Nothing can happen now: whatever was kept by a service that is up must have left.
    pub(super) fn quiet(&mut self, view: View<'_>, (out, done): (&mut Out, &mut Vec<Handling>)) {
        for at in 0..self.desks.len() {
            while let Some(stuck) = self.desks[at].pop_stuck() {
                let handling = &stuck.handling;
                if handling.events.len() + stuck.doubled >= stuck.unsent {
                    continue;
                }
                let message = format!(
                    "{} kept {} events of {} and emitted {} of them",
                    view.history.service(handling.service),
                    stuck.unsent,
                    view.names(handling.record().as_slice()),
                    handling.events.len()
                );
                out.violation(id::COM_10, handling.records(), message);
            }
            let service = ServiceIx(u16::try_from(at).unwrap_or(u16::MAX));
            self.finish(view, service, (out, done));
        }
    }

    /// Ends the run.
    pub(super) fn end(&mut self, view: View<'_>, to: (&mut Out, &mut Vec<Handling>)) {
        self.close(view, to);
    }
}

fn sent(record: RecordId) -> Appended {
    Appended {
        record,
        by: None,
        cause: None,
        by_timer: false,
        doubled: false,
        course: Course::Plain,
    }
}

fn tell_of_failed(
    view: View<'_>,
    (service, event, cause): (ServiceIx, RecordId, Option<RecordId>),
    out: &mut Out,
) {
    let message = format!(
        "{} emits {} although its handling of {} failed",
        view.history.service(service),
        view.name(event),
        view.names(cause.as_slice())
    );
    out.violation(id::COM_1, cause.into_iter().chain([event]), message);
}

/// Whether an entry still belongs to the input that `open` has in hand.
fn goes_on(event: &Event, open: ServiceIx) -> bool {
    match event {
        Event::Struck { .. } => true,
        Event::Applied { service, .. }
        | Event::Decided { service, .. }
        | Event::Asked { service, .. }
        | Event::Rejected { service, .. }
        | Event::Recognised { service, .. }
        | Event::Kept { service, .. }
        | Event::Crashed { service } => *service == open,
        _ => false,
    }
}
