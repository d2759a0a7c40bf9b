//! What can be wrong with any service, around its handlers.

use std::collections::BTreeSet;

use super::field::{Edit, edited, leaves};
use crate::contract::Contracts;
use crate::message::{Headers, Json, Key, Outgoing, Tenant, TraceParent};
use crate::pack::{Packs, Roles};
use crate::rule::RuleId;
use crate::service::{
    Asked, Cx, Given, Incoming, Intake, QueryError, Reject, Service, StimulusError, Timer,
    Vocabulary,
};

/// A mistake that any service can make, whatever it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// What is refused is announced, as the last event was.
    AnnouncesRefused,
    /// What came without a tenant is taken for the next tenant's.
    TakesUntenanted,
    /// What has no trace is refused.
    NeedsTrace,
    /// What cannot be read is announced, as the last event was.
    AnnouncesUnreadable,
    /// What comes after something that cannot be read is lost.
    LosesNext,
    /// All tenants are the first one.
    OneTenant,
    /// What comes again, byte for byte, is read as something else.
    MisreadsAgain,
    /// A restart forgets everything.
    Forgets,
    /// What is delivered again after a crash is taken for done.
    SkipsRedelivered,
    /// A crash loses what was kept and not emitted yet.
    LosesKept,
    /// A record is handled after the one behind it that has the same key.
    Overtaken,
}

impl Handling {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AnnouncesRefused,
        Self::TakesUntenanted,
        Self::NeedsTrace,
        Self::AnnouncesUnreadable,
        Self::LosesNext,
        Self::OneTenant,
        Self::MisreadsAgain,
        Self::Forgets,
        Self::SkipsRedelivered,
        Self::LosesKept,
        Self::Overtaken,
    ];

    /// Those that a service can make: what emits nothing announces nothing, and where no document
    /// names a key of what it reads nothing is overtaken.
    pub(super) fn of(service: &str, contracts: &Contracts) -> impl Iterator<Item = Self> {
        let emits =
            contracts.channels().iter().any(|one| one.producers.iter().any(|by| by == service));
        let reads = contracts.consumed_by(service).unwrap_or_default();
        let is_keyed = reads.into_iter().any(|channel| contracts.has_documented_key(channel));
        Self::ALL.into_iter().filter(move |one| match one {
            Self::AnnouncesRefused | Self::AnnouncesUnreadable | Self::LosesKept => emits,
            Self::Overtaken => is_keyed,
            _ => true,
        })
    }

    /// The name in lists, and what the service does, as a sentence.
    #[must_use]
    pub const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::AnnouncesRefused => ("announces-refused", "what is refused is announced"),
            Self::TakesUntenanted => {
                ("takes-untenanted", "what has no tenant is taken for the next tenant's")
            }
            Self::NeedsTrace => ("needs-trace", "what has no trace is refused"),
            Self::AnnouncesUnreadable => {
                ("announces-unreadable", "what cannot be read is announced")
            }
            Self::LosesNext => ("loses-next", "what follows something unreadable is lost"),
            Self::OneTenant => ("one-tenant", "all tenants share their state"),
            Self::MisreadsAgain => ("misreads-again", "what comes again is read as another one"),
            Self::Forgets => ("forgets", "a restart loses the state"),
            Self::SkipsRedelivered => {
                ("skips-redelivered", "what is delivered again after a crash is skipped")
            }
            Self::LosesKept => ("loses-kept", "a crash loses what was kept and not emitted yet"),
            Self::Overtaken => {
                ("overtaken", "a record is handled after the one behind it with the same key")
            }
        }
    }

    /// The rule that it breaks.
    pub(super) fn breaks(self, roles: &Roles) -> RuleId {
        match self {
            Self::AnnouncesRefused => roles.held_back,
            Self::TakesUntenanted => roles.no_tenant,
            Self::NeedsTrace => roles.no_trace,
            Self::AnnouncesUnreadable | Self::LosesNext => roles.unreadable,
            Self::OneTenant => roles.isolation,
            Self::MisreadsAgain => roles.again,
            Self::Forgets => roles.restart,
            Self::SkipsRedelivered | Self::LosesKept => roles.crash,
            Self::Overtaken => roles.key_order,
        }
    }
}

/// A service with such a mistake.
pub(super) struct Mishandled {
    inner: Box<dyn Service>,
    mistake: Handling,
    packs: Packs,
    /// The last record that was emitted.
    last: Option<Outgoing>,
    /// Whether the last record could not be read.
    after_unreadable: bool,
    first_tenant: Option<Tenant>,
    seen: BTreeSet<(Tenant, Vec<u8>)>,
    /// Of the last record that was handled.
    last_tenant: Option<Tenant>,
}

impl Mishandled {
    pub(super) fn new(inner: Box<dyn Service>, mistake: Handling, packs: &Packs) -> Self {
        Self {
            inner,
            mistake,
            packs: packs.clone(),
            last: None,
            after_unreadable: false,
            first_tenant: None,
            seen: BTreeSet::new(),
            last_tenant: None,
        }
    }

    /// Emits once more what was emitted last.
    fn repeat(&self, reject: Reject, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let Some(last) = &self.last else { return Err(reject) };
        let channel = cx.contracts.channel_name(last.channel).to_owned();
        let value = last.record.value_bytes().and_then(|bytes| Json::parse(bytes).ok());
        let key = last.record.key.clone().map_or(Key::None, Key::Bytes);
        cx.emit(&channel, &key, &value.unwrap_or_default())
    }

    /// Handles what has no tenant in the name of the one that it is taken for.
    fn adopt(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        if cx.cause.tenant().is_ok() {
            self.last_tenant = Some(incoming.tenant.clone());
            return self.inner.handle(incoming, cx);
        }
        let new = TraceParent { trace: cx.uuid().as_u128(), span: 1, flags: 1 };
        let cause = Headers::of_tenant(incoming.tenant, cx.cause.trace().unwrap_or(new));
        self.inner.handle(incoming, &mut cx.caused_by(incoming.tenant, &cause))
    }

    /// Every number of a value that has come before is one more.
    fn misread(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let bytes = incoming.value.unwrap_or_default();
        if self.seen.insert((incoming.tenant.clone(), bytes.to_vec())) {
            return self.inner.handle(incoming, cx);
        }
        let before = Json::parse(bytes).unwrap_or_default();
        let mut value = before.clone();
        for (path, _) in leaves(&before) {
            value = edited(&value, &path, &Edit::PlusOne).unwrap_or(value);
        }
        self.inner.handle(&Incoming { value: Some(&value.to_bytes()), ..*incoming }, cx)
    }

    fn mishandle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let ignored = || Err(Reject::Refused("not handled".to_owned()));
        match self.mistake {
            Handling::AnnouncesRefused => match self.inner.handle(incoming, cx) {
                Err(reject @ Reject::Refused(_)) => {
                    let before = cx.effects.emits.len();
                    let _ = self.repeat(reject.clone(), cx);
                    let out = cx.effects.emits.drain(before..);
                    cx.effects.leaked.extend(out);
                    Err(reject)
                }
                other => other,
            },
            Handling::AnnouncesUnreadable => match self.inner.handle(incoming, cx) {
                Err(reject) if reject.is_unreadable() => self.repeat(reject, cx),
                other => other,
            },
            Handling::TakesUntenanted => self.adopt(incoming, cx),
            Handling::NeedsTrace if cx.cause.trace().is_none() => ignored(),
            Handling::LosesNext if std::mem::take(&mut self.after_unreadable) => ignored(),
            Handling::LosesNext => {
                let answer = self.inner.handle(incoming, cx);
                self.after_unreadable = answer.as_ref().is_err_and(Reject::is_unreadable);
                answer
            }
            Handling::OneTenant => {
                let tenant = self.first_tenant.get_or_insert_with(|| incoming.tenant.clone());
                let incoming = Incoming { tenant, ..*incoming };
                self.inner.handle(&incoming, &mut cx.on_behalf_of(tenant))
            }
            Handling::MisreadsAgain => self.misread(incoming, cx),
            Handling::SkipsRedelivered if incoming.attempt > 1 => ignored(),
            Handling::NeedsTrace
            | Handling::SkipsRedelivered
            | Handling::Forgets
            | Handling::LosesKept
            | Handling::Overtaken => self.inner.handle(incoming, cx),
        }
    }
}

impl Service for Mishandled {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.mishandle(incoming, cx)?;
        self.last = cx.effects.emits.last().cloned().or_else(|| self.last.take());
        Ok(())
    }

    fn timer(&mut self, timer: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.inner.timer(timer, cx)
    }

    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        let answer = self.inner.stimulus(name, args, cx)?;
        self.last = cx.effects.emits.last().cloned().or_else(|| self.last.take());
        Ok(answer)
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        let first = self.first_tenant.as_ref();
        let tenant = first.filter(|_| self.mistake == Handling::OneTenant).unwrap_or(asked.tenant);
        self.inner.query(name, args, &Asked { tenant, ..*asked })
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        self.inner.configure(tenant, given)
    }

    fn restarted(&mut self) {
        match self.packs.model(self.inner.name()) {
            Some(fresh) if self.mistake == Handling::Forgets => self.inner = fresh,
            _ => self.inner.restarted(),
        }
    }

    fn vocabulary(&self) -> Vocabulary {
        self.inner.vocabulary()
    }

    fn intake(&self) -> Intake<'_> {
        let adopts =
            self.last_tenant.as_ref().filter(|_| self.mistake == Handling::TakesUntenanted);
        Intake {
            adopts,
            swaps: self.mistake == Handling::Overtaken,
            loses_kept: self.mistake == Handling::LosesKept,
        }
    }
}
