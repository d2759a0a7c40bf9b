//! Services with a mistake: what makes a handler do what a rule forbids.
//!
//! What this is: a [`Mutation`], which a handler is asked for at the sites where its rules bind
//! ([`Cx::violates`]) and which sees each record as it leaves ([`Mutation::emitted`]), and
//! [`Mutant`], a service that has one. What it is not: nothing here knows which mutations there
//! are; rules list forbidden options, and the mutants module adds what can go wrong anywhere.
//!
//! What always holds: without a mutation a handler takes no forbidden option, at the price of one
//! comparison. Start at [`Mutation`].

use std::fmt::Debug;
use std::sync::Arc;

use super::{
    Asked, Cx, Given, Incoming, Model, QueryError, Reject, Service, StimulusError, Timer,
    Vocabulary,
};
use crate::contract::Contracts;
use crate::message::{Headers, Json, Outgoing, Tenant};
use crate::rule::RuleId;

/// A mistake that a service makes wherever it can.
pub trait Mutation: Debug + Send + Sync {
    /// Whether a handler takes an option that `rule` forbids.
    fn takes(&self, rule: RuleId, option: &str) -> bool {
        let _ = (rule, option);
        false
    }

    /// A record was put into the buffer: the last of `emits`, which may be changed.
    fn emitted(&self, site: &Site<'_>, emits: &mut Vec<Outgoing>) {
        let _ = (site, emits);
    }
}

/// Where a record is emitted.
#[derive(Debug)]
pub struct Site<'a> {
    /// The rule that demands the record, where the handler names one.
    pub rule: Option<RuleId>,
    /// The contracts by which it is written.
    pub contracts: &'a Contracts,
    /// The headers of what caused it.
    pub cause: &'a Headers,
}

/// An option that a rule forbids, taken wherever it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Forbidden {
    /// The rule.
    pub rule: RuleId,
    /// The option's name, as [`crate::rule::Rule::forbidden`] lists it.
    pub option: &'static str,
}

impl Forbidden {
    /// All that a rule lists.
    pub fn of(rule: RuleId) -> impl Iterator<Item = Self> {
        let listed = rule.rule().forbidden.iter();
        listed.map(move |option| Self { rule, option: option.name })
    }

    /// What the service does, as a sentence.
    #[must_use]
    pub fn text(&self) -> &'static str {
        let mut listed = self.rule.rule().forbidden.iter();
        listed.find(|option| option.name == self.option).map_or("", |option| option.text)
    }
}

impl Mutation for Forbidden {
    fn takes(&self, rule: RuleId, option: &str) -> bool {
        self.rule == rule && self.option == option
    }
}

/// A service with a mutation.
pub struct Mutant {
    inner: Box<dyn Model>,
    mutation: Arc<dyn Mutation>,
}

impl Mutant {
    /// The service, with the mutation.
    #[must_use]
    pub fn new(inner: Box<dyn Model>, mutation: Arc<dyn Mutation>) -> Self {
        Self { inner, mutation }
    }

    fn asked<'a>(&'a self, asked: &Asked<'a>) -> Asked<'a> {
        Asked { mutation: Some(&*self.mutation), ..*asked }
    }
}

impl Service for Mutant {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        cx.mutate(&self.mutation);
        self.inner.handle(incoming, cx)
    }

    fn timer(&mut self, timer: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        cx.mutate(&self.mutation);
        self.inner.timer(timer, cx)
    }

    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        cx.mutate(&self.mutation);
        self.inner.stimulus(name, args, cx)
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        self.inner.query(name, args, &self.asked(asked))
    }

    fn other_answers(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Vec<Json> {
        self.inner.other_answers(name, args, &self.asked(asked))
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        self.inner.configure(tenant, given)
    }

    fn restarted(&mut self) {
        self.inner.restarted();
    }

    fn vocabulary(&self) -> Vocabulary {
        self.inner.vocabulary()
    }
}

impl Model for Mutant {
    fn fork(&self) -> Box<dyn Model> {
        Box::new(Self { inner: self.inner.fork(), mutation: Arc::clone(&self.mutation) })
    }

    fn fingerprint(&self) -> u128 {
        self.inner.fingerprint()
    }
}
