//! A service as it runs on the bus: one that can be copied, or one that cannot.

use std::ops::{Deref, DerefMut};

use crate::service::{Model, Service};

/// A service that runs.
pub enum Instance {
    /// One whose state nobody else can copy.
    Service(Box<dyn Service>),
    /// One that can be tried out on copies.
    Model(Box<dyn Model>),
}

impl Instance {
    /// A copy in the same state, where one can be made.
    #[must_use]
    pub fn fork(&self) -> Option<Box<dyn Model>> {
        match self {
            Self::Service(_) => None,
            Self::Model(model) => Some(model.fork()),
        }
    }
}

impl From<Box<dyn Service>> for Instance {
    fn from(service: Box<dyn Service>) -> Self {
        Self::Service(service)
    }
}

impl From<Box<dyn Model>> for Instance {
    fn from(model: Box<dyn Model>) -> Self {
        Self::Model(model)
    }
}

impl Deref for Instance {
    type Target = dyn Service;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Service(service) => &**service,
            Self::Model(model) => &**model,
        }
    }
}

impl DerefMut for Instance {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::Service(service) => &mut **service,
            Self::Model(model) => &mut **model,
        }
    }
}
