//! One input of a service and what came of it, and one record as it was appended.

use smallvec::SmallVec;

use super::fact::Fact;
use super::view::{Role, TenantIx, View};
use crate::history::ServiceIx;
use crate::message::{RecordId, VirtualTime};
use crate::rule::RuleId;
use crate::services::id;

/// What a service took up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Input {
    Record(RecordId),
    Timer,
    Stimulus(Stimulus),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Stimulus {
    Connect,
    Credentials,
    AcceptLicence,
    SelectCharacter,
    Disconnect,
    Other,
}

impl Stimulus {
    pub(in crate::services) fn named(name: &str) -> Self {
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
pub(in crate::services) enum Course {
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
pub(in crate::services) struct Handling {
    pub(in crate::services) service: ServiceIx,
    pub(in crate::services) role: Role,
    pub(in crate::services) input: Input,
    pub(in crate::services) at: VirtualTime,
    /// Of the record, where its headers are valid.
    pub(in crate::services) tenant: Option<TenantIx>,
    pub(in crate::services) fact: Fact,
    pub(in crate::services) course: Course,
    /// Whether the service handled an equal value of the tenant before.
    pub(in crate::services) repeated: bool,
    /// Whether what it handled last was nothing that may be acted on.
    pub(in crate::services) after_poison: bool,
    /// How often the service had been restarted.
    pub(in crate::services) restarts: u32,
    /// Of a record, how often it had been delivered.
    pub(in crate::services) attempt: u32,
    pub(in crate::services) events: SmallVec<[RecordId; 4]>,
}

impl Handling {
    /// The record, if it was one.
    pub(in crate::services) fn record(&self) -> Option<RecordId> {
        match self.input {
            Input::Record(record) => Some(record),
            Input::Timer | Input::Stimulus(_) => None,
        }
    }

    /// The input and its events, for a finding.
    pub(in crate::services) fn records(&self) -> impl Iterator<Item = RecordId> {
        self.record().into_iter().chain(self.events.iter().copied())
    }

    /// The rule that a missing event breaks: `rule`, unless something explains that this one is
    /// missing. `since` is how often the service had been restarted when the state that the event
    /// needs was announced.
    pub(in crate::services) fn blames(&self, view: View<'_>, rule: RuleId, since: u32) -> RuleId {
        let traced = |record| view.placed(record).record.headers.trace().is_some();
        if self.record().is_some_and(|record| !traced(record)) {
            id::COM_4
        } else if self.after_poison {
            id::COM_5
        } else if self.restarts > since {
            id::COM_9
        } else if self.attempt > 1 && self.course == Course::Rejected {
            id::COM_10
        } else {
            rule
        }
    }
}

/// A record that has just been appended, and by what.
#[derive(Clone, Copy, Debug)]
pub(in crate::services) struct Appended {
    pub(in crate::services) record: RecordId,
    /// Who emitted it; none where the test sent it.
    pub(in crate::services) by: Option<(ServiceIx, Role)>,
    pub(in crate::services) cause: Option<RecordId>,
    /// A timer may have caused it.
    pub(in crate::services) by_timer: bool,
    /// Whether a timer is known to have caused it.
    pub(in crate::services) is_fired: bool,
    /// The same event once more, after a crash.
    pub(in crate::services) doubled: bool,
    /// How its cause was handled.
    pub(in crate::services) course: Course,
}
