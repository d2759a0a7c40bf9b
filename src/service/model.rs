//! Reference services whose state can be copied and compared: what other implementations are judged
//! by.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::{Service, account, ban, effective_stats, invite, login};

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

/// The reference service of that name, as it starts.
#[must_use]
pub fn model(name: &str) -> Option<Box<dyn Model>> {
    Some(match name {
        "ban" => Box::new(ban::Ban::default()),
        "account" => Box::new(account::Account::default()),
        "login" => Box::new(login::Login::default()),
        "effective_stats" => Box::new(effective_stats::EffectiveStats::default()),
        "invite" => Box::new(invite::Invite::default()),
        _ => return None,
    })
}
