//! What is known of a test besides its history.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::message::{ChannelIx, Partition};
use crate::verify::{Asked, Provided};

/// What whoever judges a test needs besides its history.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    pub(crate) asked: Vec<(String, Asked)>,
    pub(crate) given: Vec<(String, Provided)>,
    /// How far the group of each implementation has read.
    pub(crate) committed: BTreeMap<String, BTreeMap<(ChannelIx, Partition), i64>>,
    /// How long an answer may take, as far as is known.
    pub(crate) settle: Duration,
    /// The implementations that ended, with what they wrote last.
    pub(crate) ended: Vec<String>,
}

/// What is known of a test besides its history, shared with whoever judges it.
pub(crate) type Shared = Arc<Mutex<Aside>>;

/// Nobody who holds it panics, and it is only ever added to.
pub(crate) fn locked(aside: &Shared) -> MutexGuard<'_, Aside> {
    aside.lock().unwrap_or_else(PoisonError::into_inner)
}
