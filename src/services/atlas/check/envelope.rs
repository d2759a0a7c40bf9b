//! What the headers of an event must have of its cause, and what must cause none: COM-2 to COM-6,
//! COM-12.

use super::Checker;
use super::fact::Fact;
use super::handling::{Appended, Course, Handling};
use super::map::FxMap;
use super::out::Out;
use super::view::{Role, View};
use crate::message::{RecordId, TraceParent};
use crate::rule::RuleId;
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] =
    &[id::COM_2, id::COM_3, id::COM_5, id::COM_6, id::COM_12];

#[derive(Debug, Default)]
pub(in crate::services) struct Envelope {
    /// Where each trace was first seen.
    traces: FxMap<u128, RecordId>,
    /// Tenants that the test uses or services answer under, by number.
    used: Vec<bool>,
}

impl Envelope {
    fn uses(&mut self, view: View<'_>, record: RecordId) {
        if let Some(tenant) = view.tenant(record) {
            if self.used.len() <= tenant.at() {
                self.used.resize(tenant.at() + 1, false);
            }
            self.used[tenant.at()] = true;
        }
    }

    fn tenant(&self, view: View<'_>, (cause, event): (RecordId, RecordId), out: &mut Out) {
        let (of_cause, of_event) = (view.tenant(cause), view.tenant(event));
        let in_use = of_event.is_some_and(|tenant| self.used.get(tenant.at()) == Some(&true));
        if of_cause.is_none() {
            out.held(id::COM_3);
            if in_use {
                let message = format!(
                    "{} has no valid tenant, and {} is of a tenant in use",
                    view.name(cause),
                    view.name(event)
                );
                out.violation(id::COM_3, [cause, event], message);
            }
            return;
        }
        out.held(id::COM_2);
        out.held(id::COM_6);
        if of_cause == of_event {
            return;
        }
        let (rule, what) = if in_use {
            (id::COM_6, "is of another tenant than")
        } else {
            (id::COM_2, "does not have the tenant headers of")
        };
        let message = format!("{} {what} its cause, {}", view.name(event), view.name(cause));
        out.violation(rule, [cause, event], message);
    }

    fn trace(
        &self,
        view: View<'_>,
        (cause, event): (RecordId, RecordId),
        trace: TraceParent,
        out: &mut Out,
    ) {
        let of_cause = view.placed(cause).record.headers.trace();
        if let Some(of_cause) = of_cause.filter(|of_cause| of_cause.trace == trace.trace) {
            out.held(id::COM_12);
            if of_cause.span == trace.span {
                let message = format!("{} has the span id of its cause", view.name(event));
                out.violation(id::COM_12, [cause, event], message);
            }
            return;
        }
        let Some(first) = self.traces.get(&trace.trace).copied() else {
            return;
        };
        if of_cause.is_some() && cause_of(view, first) != Some(cause) {
            let message = format!(
                "{} was caused by {} and has the trace id of {}",
                view.name(event),
                view.name(cause),
                view.name(first)
            );
            out.violation(id::COM_12, [cause, first, event], message);
        }
    }

    /// What a message causes in time has a span of its own, too.
    fn span_of_timer(&self, view: View<'_>, event: RecordId, trace: TraceParent, out: &mut Out) {
        let Some(first) = self.traces.get(&trace.trace).copied() else { return };
        let of_first = view.placed(first).record.headers.trace();
        if first != event && of_first.is_some_and(|of_first| of_first.span == trace.span) {
            let message = format!("{} has the span id of {}", view.name(event), view.name(first));
            out.violation(id::COM_12, [first, event], message);
        }
    }
}

fn cause_of(view: View<'_>, record: RecordId) -> Option<RecordId> {
    match view.placed(record).producer {
        crate::history::Producer::Test => None,
        crate::history::Producer::Service { cause, .. } => cause,
    }
}

impl Checker for Envelope {
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        let record = appended.record;
        let headers = &view.placed(record).record.headers;
        let trace = headers.trace();
        // Under a changed header or a tenant of its own there is nothing to compare.
        let plain = matches!(appended.course, Course::Plain | Course::Rejected);
        if let (Some((_, role)), Some(cause), true) = (appended.by, appended.cause, plain) {
            self.tenant(view, (cause, record), out);
            match trace {
                Some(trace) => self.trace(view, (cause, record), trace, out),
                None if role == Role::Invite => {}
                None => {
                    let message = format!("{} has no valid span header", view.name(record));
                    out.violation(id::COM_2, [cause, record], message);
                }
            }
        }
        if let (true, Some(trace)) = (appended.is_fired, trace) {
            self.span_of_timer(view, record, trace, out);
        }
        let valid_cause = appended.cause.is_none_or(|cause| view.tenant(cause).is_some());
        if valid_cause && plain {
            self.uses(view, record);
        }
        let of_cause = appended.cause.and_then(|cause| {
            let trace = view.placed(cause).record.headers.trace();
            trace.map(|trace| trace.trace)
        });
        if let Some(trace) = trace.filter(|trace| of_cause != Some(trace.trace)) {
            self.traces.entry(trace.trace).or_insert(record);
        }
    }

    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        let Some(record) = handling.record() else {
            return;
        };
        let empty = view.placed(record).record.value_bytes().is_none_or(<[u8]>::is_empty);
        if handling.fact != Fact::Unreadable && !empty {
            return;
        }
        out.held(id::COM_5);
        if !handling.events.is_empty() {
            let message = format!(
                "{} says nothing that {} may act on, and caused {}",
                view.name(record),
                view.history.service(handling.service),
                view.names(&handling.events)
            );
            out.violation(id::COM_5, handling.records(), message);
        }
    }

    fn clear(&mut self) {
        self.traces.clear();
        self.used.clear();
    }
}
