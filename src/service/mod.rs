//! Services: state machines without input or output, and the five that the documents describe.
//!
//! What this is: the [`Service`] trait, what a service is given ([`Incoming`], [`Cx`]) and the
//! reference services. What it is not: nothing here reads a clock, a topic or a broker; runners
//! ([`crate::bus`]) do, and turn what a handler left in its [`Cx`] into a plan.
//!
//! What always holds: a handler that returns `Err` has changed nothing, and nothing leaves its
//! buffer; the same state and the same input give the same result. Start at [`Service`].

mod cx;
mod given;
mod model;
mod mutation;
mod persistent;
pub(crate) mod support;
#[cfg(test)]
pub(crate) mod testing;

pub use cx::{AskError, Cx, Effects, Host, Timer, TimerChange};
pub use given::Given;
pub use model::Model;
pub use mutation::{Forbidden, Mutant, Mutation, Site};
pub(crate) use persistent::digest;
pub use persistent::{Changing, Map, Set};
pub(crate) use support::tenant_of_own;

use crate::message::{Json, Offset, Partition, RecordId, Tenant, VirtualTime};
use crate::rule::RuleId;

/// A service under the harness.
///
/// Implementations must be deterministic: no clock, no randomness and no iteration order but what
/// [`Cx`] gives; a history replays only then, and a twin run shows the first step where it does
/// not.
pub trait Service: Send {
    /// The service's name: `x-service` of its contract, e.g. `ban`.
    fn name(&self) -> &str;

    /// Handles one record that the service consumes.
    ///
    /// # Errors
    /// [`Reject`] when the record is to have no effect. State must then be as it was before.
    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject>;

    /// A timer that the service has set is due.
    ///
    /// # Errors
    /// As [`Service::handle`].
    fn timer(&mut self, timer: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let _ = cx;
        Err(Reject::Refused(format!("no timer {} is known", timer.name)))
    }

    /// Something happens to the service that does not come through Kafka: `credentials` for
    /// `login.credentials`. The answer is what the client or operator gets to see.
    ///
    /// # Errors
    /// [`StimulusError`]; state is then as it was before.
    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        let _ = (args, cx);
        Err(StimulusError::Unknown { name: name.to_owned() })
    }

    /// A state that no message shows: `character` for `effective_stats.character`.
    ///
    /// # Errors
    /// [`QueryError`] where the service has no such query or cannot read the arguments.
    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        let _ = (args, asked);
        Err(QueryError::Unknown { name: name.to_owned() })
    }

    /// What else another implementation may answer to a question that is answered here, where the
    /// documents leave it open.
    fn other_answers(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Vec<Json> {
        let _ = (name, args, asked);
        Vec::new()
    }

    /// Takes the settings and data that a scenario names under `given`, for one tenant.
    ///
    /// # Errors
    /// A sentence that says which entry cannot be used, and why.
    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        let _ = (tenant, given);
        Ok(())
    }

    /// The process was killed and starts again. The default keeps all state, as a service that
    /// stores it does; one that does not starts empty here.
    fn restarted(&mut self) {}

    /// The stimuli and queries that the service answers, and what it can be given.
    fn vocabulary(&self) -> Vocabulary {
        Vocabulary::default()
    }

    /// What is wrong with how records come to the handler: nothing, but where a mistake is planted.
    #[doc(hidden)]
    fn intake(&self) -> Intake<'_> {
        Intake::default()
    }
}

/// Mistakes that are made around a handler, before it sees a record and after it has returned.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Intake<'a> {
    /// The tenant in whose name what has none is handled.
    pub adopts: Option<&'a Tenant>,
    /// Whether a record is handled after the one behind it that has the same documented key.
    pub swaps: bool,
    /// Whether a crash loses what was kept and not emitted yet.
    pub loses_kept: bool,
}

/// What a service can be told, asked and given besides its records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vocabulary {
    /// Stimuli with their arguments, e.g. `("connect", &["ip", "hwid"])`.
    pub stimuli: &'static [(&'static str, &'static [&'static str])],
    /// Queries with their arguments.
    pub queries: &'static [(&'static str, &'static [&'static str])],
    /// Settings that a scenario can give it, e.g. `automatic_registration`.
    pub settings: &'static [&'static str],
    /// Data that it looks up, with the fields of an entry.
    pub data: &'static [(&'static str, &'static [&'static str])],
}

/// A record as its consumer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The channel's name in the contracts, e.g. `ban.command`.
    pub channel: &'a str,
    /// Whose it is.
    pub tenant: &'a Tenant,
    /// The key's bytes.
    pub key: Option<&'a [u8]>,
    /// The value's bytes; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The record's number in the history; on a broker, where there is none, its offset.
    pub record: RecordId,
    /// Where it lies.
    pub partition: Partition,
    /// Where it lies.
    pub offset: Offset,
    /// 1 for the first delivery, 2 for the next.
    pub attempt: u32,
}

/// Why a record has no effect. The offset moves on all the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reject {
    /// The value is not what the channel carries.
    #[error("does not decode: {0}")]
    Undecodable(String),
    /// The value names a type that this service does not know.
    #[error("unknown type {0:?}")]
    UnknownType(String),
    /// The value is null or has no bytes.
    #[error("empty value")]
    Empty,
    /// The record decodes and the service will not act on it.
    #[error("refused: {0}")]
    Refused(String),
    /// What the handler emitted cannot be written: an unknown channel or an unencodable value.
    #[error("cannot emit: {0}")]
    Unemittable(String),
}

impl Reject {
    /// Whether the record could not be read (COM-5), as against one that is read and refused.
    pub(crate) fn is_unreadable(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::Unemittable(_))
    }

    /// The reason as reports show it. Why a value does not decode is left out: the reason may quote
    /// the value, and that may be a password.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Undecodable(_) => "does not decode".to_owned(),
            other => other.to_string(),
        }
    }
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The tenant whose state is asked for.
    pub tenant: &'a Tenant,
    /// The moment of the question.
    pub now: VirtualTime,
    /// The mistake that the service makes, where it has one.
    pub mutation: Option<&'a dyn Mutation>,
}

impl<'a> Asked<'a> {
    /// A tenant's question at a moment.
    #[must_use]
    pub const fn new(tenant: &'a Tenant, now: VirtualTime) -> Self {
        Self { tenant, now, mutation: None }
    }

    /// As [`Cx::violates`], while a question is answered.
    #[must_use]
    pub fn violates(&self, rule: RuleId, option: &'static str) -> bool {
        self.mutation.is_some_and(|mutation| mutation.takes(rule, option))
    }
}

/// Why a stimulus had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StimulusError {
    /// The service has no such stimulus.
    #[error("no stimulus {name:?} is known")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// An argument is missing or of the wrong type.
    #[error("argument {name:?}: {problem}")]
    Argument {
        /// The argument.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The service is not in a state in which this can happen.
    #[error("{0}")]
    Refused(String),
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The service has no such query.
    #[error("no query {name:?} is known")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// An argument is missing or of the wrong type.
    #[error("argument {name:?}: {problem}")]
    Argument {
        /// The argument.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}
