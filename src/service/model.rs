//! Reference services whose state can be copied and compared: what other implementations are judged
//! by.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::Service;

/// A service that can be tried out: its state is copied before a step, and told from another.
pub trait Model: Service {
    /// The same service in the same state.
    fn fork(&self) -> Box<dyn Model>;

    /// A hash of all of its state: equal states have equal ones.
    fn fingerprint(&self) -> u64;
}

impl<S: Service + Clone + Hash + 'static> Model for S {
    fn fork(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = FxHasher::default();
        self.hash(&mut hasher);
        hasher.finish()
    }
}
