//! A service that does each thing it may do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use quintet::kafka::host::Decide;
use quintet::rule::RuleId;

/// Every accepted behaviour in turn, the reference's last.
#[derive(Debug, Default)]
pub(crate) struct InTurn {
    /// How often a choice was there, by its rule and its options.
    occasions: BTreeMap<(RuleId, Vec<&'static str>), usize>,
    /// What was done, for who wants to know.
    pub(crate) taken: Arc<Mutex<BTreeSet<String>>>,
}

impl Decide for InTurn {
    fn decide(&mut self, _: &str, rule: RuleId, options: &[&'static str]) -> usize {
        let occasions = self.occasions.entry((rule, options.to_vec())).or_default();
        *occasions += 1;
        let picked = *occasions % options.len();
        let mut taken = self.taken.lock().expect("no test panics here");
        taken.insert(format!("{rule} {}", options[picked]));
        picked
    }
}
