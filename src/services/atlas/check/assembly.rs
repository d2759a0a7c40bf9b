//! What a service did with each of its inputs, put together from the entries of a history.
//!
//! What this is: [`Assembler`], which follows deliveries, timers and stimuli to the last event that
//! they caused, and hands each over as a [`Handling`] once it is complete, in the order in which
//! the service took its inputs up. It also judges what shows on the way: COM-1, COM-10.
//!
//! What always holds: a handling is handed over once; what a crash undid (a record that was read
//! and not handled) is not handed over; an event that a crash doubled is counted once.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::fact::Fact;
use super::handling::{Appended, Course, Handling, Input, Stimulus};
use super::map::FxSet;
use super::out::Out;
use super::view::{TenantIx, ValueIx, View};
use crate::history::{Entry, Event, ServiceIx};
use crate::message::{RecordId, VirtualTime};
use crate::rule::RuleId;
use crate::service::Reject;
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] = &[id::COM_1, id::COM_10];

/// Puts handlings together.
#[derive(Debug, Default)]
pub(in crate::services) struct Assembler {
    desks: Vec<Desk>,
    /// The service whose last input may still get more entries.
    open: Option<ServiceIx>,
    seen: FxSet<(ServiceIx, TenantIx, ValueIx)>,
}

impl Assembler {
    pub(in crate::services) fn begin(&mut self, services: usize) {
        self.desks.iter_mut().for_each(Desk::clear);
        self.desks.resize_with(services, Desk::default);
        self.open = None;
        self.seen.clear();
    }

    /// Follows one entry. Handlings that it completes are added to `done`.
    pub(in crate::services) fn entry(
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
            Event::Emitted { service, record, cause } => {
                let appended = self.emitted(view, (*service, *record, *cause), out);
                self.finish(view, *service, (out, done));
                return Some(appended);
            }
            Event::Delivered { service, record, attempt } => {
                self.take_up(view, *service, Input::Record(*record), entry.at);
                if let Some(last) = self.desks[service.at()].queue.back_mut() {
                    last.handling.attempt = *attempt;
                }
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
                attempt: 1,
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
                if let Some(tenant) = handling.tenant {
                    let value = (service, tenant, view.value(record));
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
            by: Some((service, view.role(service))),
            cause,
            by_timer: cause.is_none(),
            ..sent(event)
        };
        let before = desk.last.take();
        let again = before.filter(|last| last.is_again(view, event, cause));
        let of = |pending: &&mut Pending| pending.handling.record() == cause && pending.lacks();
        let plan = desk.queue.iter_mut().find(of);
        match (plan, again) {
            // The first event of a plan is not that of an earlier one.
            (Some(plan), again) if again.is_none() || plan.handling.events.is_empty() => {
                out.held(id::COM_1);
                plan.handling.events.push(event);
                appended.course = plan.handling.course;
                appended.by_timer = plan.handling.input == Input::Timer;
                appended.is_fired = appended.by_timer;
                if appended.course == Course::Rejected {
                    tell_of_unkept(view, (service, event, cause), out);
                }
            }
            (plan, Some(again)) => {
                appended.doubled = true;
                appended.course = again.course;
                if let Some(plan) = plan {
                    plan.doubled += 1;
                }
            }
            (_, None) => tell_of_unkept(view, (service, event, cause), out),
        }
        desk.last = Some(Last { event, cause, course: appended.course, crashed: false });
        appended
    }

    /// Nothing can happen now: whatever was kept by a service that is up must have left.
    pub(in crate::services) fn quiet(
        &mut self,
        view: View<'_>,
        (out, done): (&mut Out, &mut Vec<Handling>),
    ) {
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
    pub(in crate::services) fn end(&mut self, view: View<'_>, to: (&mut Out, &mut Vec<Handling>)) {
        self.close(view, to);
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
}

impl Desk {
    fn clear(&mut self) {
        self.queue.clear();
        self.down = false;
        self.restarts = 0;
        self.after_poison = false;
        self.last = None;
    }

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

impl Last {
    /// Whether an event is this one once more, after a crash.
    fn is_again(&self, view: View<'_>, event: RecordId, cause: Option<RecordId>) -> bool {
        self.crashed && self.cause == cause && view.content(self.event) == view.content(event)
    }
}

fn sent(record: RecordId) -> Appended {
    Appended {
        record,
        by: None,
        cause: None,
        by_timer: false,
        is_fired: false,
        doubled: false,
        course: Course::Plain,
    }
}

/// Reports an event that no plan announced: its cause failed, was never handled, or had no such
/// event left.
#[cold]
fn tell_of_unkept(
    view: View<'_>,
    (service, event, cause): (ServiceIx, RecordId, Option<RecordId>),
    out: &mut Out,
) {
    let Some(cause) = cause else { return };
    let entries = view.history.entries().iter().map(|entry| &entry.event);
    let before = entries
        .take_while(|entry| !matches!(entry, Event::Emitted { record, .. } if *record == event));
    let (mut delivers, mut handled, mut failed) = (false, false, false);
    for entry in before {
        match entry {
            Event::Delivered { service: of, record, .. } if *of == service => {
                delivers = true;
                handled |= *record == cause;
                failed &= *record != cause;
            }
            Event::Rejected { service: of, record: Some(record), .. } if *of == service => {
                failed |= *record == cause;
            }
            _ => {}
        }
    }
    let (rule, why) = match (handled, failed) {
        // A history that shows no deliveries cannot tell.
        _ if !delivers => return,
        (_, true) => (id::COM_1, "whose handling failed"),
        (false, _) => (id::COM_1, "before it handled it"),
        (true, _) => (id::COM_10, "once too often, and no crash explains it"),
    };
    let message = format!(
        "{} emits {} for {}, {why}",
        view.history.service(service),
        view.name(event),
        view.name(cause)
    );
    out.violation(rule, [cause, event], message);
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
