//! What tests exercised, out of what the contracts and the rule table hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::{Action, Contracts};
use crate::pack::Packs;
use crate::rule::RuleId;
use crate::scenario::run::Outcome;

/// What a run exercised so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    /// Messages with who sent or emitted them.
    messages: BTreeSet<(String, String)>,
    /// How often the premise of each rule held.
    rules: BTreeMap<RuleId, u64>,
}

/// A message as one service sends or reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Direction {
    /// The service.
    pub(crate) service: String,
    /// Whether it sends the message or reads it.
    pub(crate) action: Action,
    /// The message: `ban.command/CREATE`.
    pub(crate) message: String,
}

/// Some of a whole: those that were exercised, and those that never were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exercised<T> {
    /// Those that were.
    pub(crate) some: Vec<T>,
    /// Those that never were.
    pub(crate) never: Vec<T>,
}

impl<T> Exercised<T> {
    /// How many there are in all.
    pub(crate) fn total(&self) -> usize {
        self.some.len() + self.never.len()
    }
}

impl Coverage {
    /// These messages, with who sent or emitted them, and how often the premise of each rule held.
    pub(crate) fn of(messages: &BTreeSet<(String, String)>, rules: &BTreeMap<RuleId, u64>) -> Self {
        Self { messages: messages.clone(), rules: rules.clone() }
    }

    /// Adds what one test exercised.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.messages.extend(outcome.messages.iter().cloned());
        for (rule, count) in &outcome.rules {
            *self.rules.entry(*rule).or_insert(0) += count;
        }
    }

    /// Each message that a contract says its service sends or reads. It is sent when that service
    /// emits it, and read when anybody does, for what is written is delivered.
    pub(crate) fn messages(&self, contracts: &Contracts) -> Exercised<Direction> {
        let written: BTreeSet<_> = self.messages.iter().map(|(_, message)| message).collect();
        let all = directions(contracts).into_iter();
        let (some, never) = all.partition(|one| match one.action {
            Action::Send => {
                let sent = (one.service.clone(), one.message.clone());
                self.messages.contains(&sent)
            }
            Action::Receive => written.contains(&one.message),
        });
        Exercised { some, never }
    }

    /// Each rule, with how often its premise held.
    pub(crate) fn rules(&self, packs: &Packs) -> Exercised<(RuleId, u64)> {
        let count = |id: RuleId| self.rules.get(&id).copied().unwrap_or(0);
        let all = packs.rules().map(|rule| (rule.id(), count(rule.id())));
        let (some, never) = all.partition(|(_, count)| *count > 0);
        Exercised { some, never }
    }
}

/// Every message of every contract, as its service sends or reads it.
fn directions(contracts: &Contracts) -> Vec<Direction> {
    let mut all = BTreeSet::new();
    for contract in contracts.contracts() {
        for channel in contract.channels.keys() {
            let ix = contracts.channel_ix(channel);
            for action in [Action::Receive, Action::Send] {
                for message in contract.messages(action, channel) {
                    let kind = ix.and_then(|ix| contracts.message_named(ix, &message.name));
                    all.extend(kind.map(|kind| Direction {
                        service: contract.service.clone(),
                        action,
                        message: kind.label.clone(),
                    }));
                }
            }
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{Coverage, directions};
    use crate::contract::{Action, Contracts};
    use crate::services::id;

    #[test]
    fn a_message_counts_for_who_sends_it_and_for_all_who_read_it() {
        let contracts = Contracts::builtin();
        let mut coverage = Coverage::default();
        let sent = ("login".to_owned(), "account.session.command/CREATE".to_owned());
        coverage.messages.insert(sent);
        let messages = coverage.messages(&contracts);
        let some: Vec<_> =
            messages.some.iter().map(|one| (one.service.as_str(), one.action)).collect();
        assert_eq!(some, [("account", Action::Receive), ("login", Action::Send)]);
        assert_eq!(messages.total(), directions(&contracts).len());
    }

    #[test]
    fn each_rule_is_counted() {
        let mut coverage = Coverage::default();
        coverage.rules.insert(id::BAN_4, 2);
        let rules = coverage.rules(&crate::services::packs());
        assert_eq!(rules.some, [(id::BAN_4, 2)]);
        assert_eq!(rules.never.len(), crate::services::rules().len() - 1);
    }
}
