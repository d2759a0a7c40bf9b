//! Reference services whose state can be copied and compared: what other implementations are judged
//! by.

use std::hash::Hash;

use super::Service;
use super::persistent::digest;

/// A service that can be tried out: its state is copied before a step, and told from another.
pub trait Model: Service {
    /// The same service in the same state.
    fn fork(&self) -> Box<dyn Model>;

    /// A digest of all of its state. Where two are equal the states are taken for the same, which
    /// is why it has 128 bits.
    fn fingerprint(&self) -> u128;
}

impl<S: Service + Clone + Hash + 'static> Model for S {
    fn fork(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }

    fn fingerprint(&self) -> u128 {
        digest(self)
    }
}
