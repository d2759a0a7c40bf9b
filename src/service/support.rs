//! What the five services share: state by tenant, arguments of stimuli and queries, settings.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Host, QueryError, Reject, StimulusError};
use crate::message::typed::DecodeError;
use crate::message::{Json, Tenant};
use crate::rule::RuleId;

/// The state of each tenant, apart from that of all others.
#[derive(Clone, Debug, Hash)]
pub(crate) struct ByTenant<S>(BTreeMap<Tenant, S>);

impl<S> Default for ByTenant<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S: Default> ByTenant<S> {
    /// The state of a tenant that has one.
    pub(crate) fn get(&self, tenant: &Tenant) -> Option<&S> {
        self.0.get(tenant)
    }

    /// Does something with the state of a tenant, which is empty at first. A tenant whose first
    /// input fails has no state: what fails leaves all as it was.
    pub(crate) fn with<T, E>(
        &mut self,
        tenant: &Tenant,
        act: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(state) = self.0.get_mut(tenant) {
            return act(state);
        }
        let mut state = S::default();
        let done = act(&mut state)?;
        self.0.insert(tenant.clone(), state);
        Ok(done)
    }
}

impl From<DecodeError> for Reject {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Empty => Self::Empty,
            DecodeError::Invalid(why) => Self::Undecodable(why),
            DecodeError::UnknownType(tag) => Self::UnknownType(tag),
        }
    }
}

/// The tenant of a record that names none, as `rule` decides: no one, where it is not handled at all.
pub(crate) fn tenant_of_own(host: &mut dyn Host, rule: RuleId) -> Option<Tenant> {
    host.applies(rule);
    let own = host.decide(rule, &["nothing", "own-tenant"]) == 1;
    own.then(|| Tenant { id: Uuid::nil(), region: "".into(), major: 0, minor: 0 })
}

/// A refusal of a record that decodes.
pub(crate) fn refused<T>(why: impl Into<String>) -> Result<T, Reject> {
    Err(Reject::Refused(why.into()))
}

/// An argument that is missing or of the wrong type.
#[derive(Debug)]
pub(crate) struct ArgError {
    name: String,
    problem: &'static str,
}

impl From<ArgError> for QueryError {
    fn from(error: ArgError) -> Self {
        Self::Argument { name: error.name, problem: error.problem.to_owned() }
    }
}

impl From<ArgError> for StimulusError {
    fn from(error: ArgError) -> Self {
        Self::Argument { name: error.name, problem: error.problem.to_owned() }
    }
}

impl From<ArgError> for String {
    fn from(error: ArgError) -> Self {
        format!("{}: {}", error.name, error.problem)
    }
}

/// The arguments of a stimulus or query, or one entry of given data.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a>(pub(crate) &'a Json);

impl<'a> Args<'a> {
    /// An argument that is there and not null.
    fn get(self, name: &str) -> Option<&'a Json> {
        self.0.get(name).filter(|value| !matches!(value, Json::Null))
    }

    fn read<T>(
        self,
        name: &str,
        problem: &'static str,
        read: impl Fn(&'a Json) -> Option<T>,
    ) -> Result<Option<T>, ArgError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| ArgError { name: name.to_owned(), problem })
    }

    /// A text, if there is one.
    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, ArgError> {
        self.read(name, "must be a text", Json::as_str)
    }

    /// A truth value, if there is one.
    pub(crate) fn truth(self, name: &str) -> Result<Option<bool>, ArgError> {
        self.read(name, "must be true or false", |value| match value {
            Json::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// An integer of the range of `T`, if there is one.
    pub(crate) fn integer<T: TryFrom<i128>>(self, name: &str) -> Result<Option<T>, ArgError> {
        let read = |value: &Json| value.as_integer().and_then(|n| T::try_from(n).ok());
        self.read(name, "must be an integer of its range", read)
    }

    /// A session id, which must be there.
    pub(crate) fn session(self) -> Result<Uuid, ArgError> {
        let read = |value: &Json| value.as_str().and_then(|text| Uuid::try_parse(text).ok());
        required("session", self.read("session", "must be a UUID", read)?)
    }

    /// That each argument has one of these names.
    pub(crate) fn only(self, names: &[&str]) -> Result<(), ArgError> {
        let Json::Object(fields) = self.0 else {
            return match self.0 {
                Json::Null => Ok(()),
                _ => Err(ArgError { name: "with".to_owned(), problem: "must be a mapping" }),
            };
        };
        match fields.keys().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(ArgError { name: name.clone(), problem: "is not known" }),
        }
    }
}

/// An object of these fields.
pub(crate) fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The argument, which must be there.
pub(crate) fn required<T>(name: &str, value: Option<T>) -> Result<T, ArgError> {
    value.ok_or_else(|| ArgError { name: name.to_owned(), problem: "is missing" })
}
