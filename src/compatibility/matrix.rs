//! Which versions of services can run beside each other: each sender against each receiver, in each
//! version.
//!
//! What this is: what [`super::drift`] calls breaking, for all pairs of versions. Versions with one
//! text are one. What it is not: an order in which to deploy. Start at [`matrix`].

use std::collections::BTreeMap;

use super::breaking::Version;
use super::drift::between;
use super::finding::{Disagreement, Effect};
use super::view::ContractView;

/// A service in one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deployed {
    /// The service.
    pub(crate) service: String,
    /// What its version is called; of several with one text, all of them.
    pub(crate) labels: Vec<String>,
}

/// A sender and a receiver, each in one version.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Who sends.
    pub(crate) sender: Deployed,
    /// Who reads.
    pub(crate) receiver: Deployed,
    /// What breaks between them, or is undecided.
    pub(crate) broken: Vec<Disagreement>,
}

/// All pairs of versions of services that share a channel: those that `wanted` asks for.
pub(crate) fn matrix(
    versions: &[Version],
    wanted: impl Fn(&Deployed, &Deployed) -> bool,
) -> Vec<Cell> {
    let mut all: BTreeMap<&str, Vec<(Deployed, ContractView<'_>)>> = BTreeMap::new();
    for version in versions {
        for contract in version.contracts.contracts() {
            let known = all.entry(&contract.service).or_default();
            let same = known.iter_mut().find(|(_, one)| one.contract.is_written_as(contract));
            match same {
                Some((deployed, _)) => deployed.labels.push(version.label.clone()),
                None => {
                    let (service, labels) = (contract.service.clone(), vec![version.label.clone()]);
                    let deployed = Deployed { service, labels };
                    known.push((deployed, ContractView::of(contract)));
                }
            }
        }
    }
    let mut cells = Vec::new();
    for (sender, own) in all.values().flatten() {
        for (receiver, other) in all.values().flatten() {
            let apart = sender.service != receiver.service;
            if !apart || !share(own, other) || !wanted(sender, receiver) {
                continue;
            }
            let mut broken = between(own, other);
            broken.retain(|one| one.effect == Effect::Breaks);
            let (sender, receiver) = (sender.clone(), receiver.clone());
            cells.push(Cell { sender, receiver, broken });
        }
    }
    cells
}

/// Whether one sends on a channel that the other reads.
fn share(sender: &ContractView<'_>, receiver: &ContractView<'_>) -> bool {
    use crate::contract::Action::{Receive, Send};
    let sent = sender.contract.channels.values();
    sent.filter(|one| sender.contract.does(Send, &one.name)).any(|one| {
        let read = receiver.contract.channels.values();
        read.filter(|other| receiver.contract.does(Receive, &other.name))
            .any(|other| super::drift::key_of(one) == super::drift::key_of(other))
    })
}
