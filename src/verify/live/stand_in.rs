//! Reference services that stand in for the neighbours of an implementation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Neighbours, Plan, VerifyError};
use crate::contract::Contracts;
use crate::kafka::host::{Host, Options, Start};
use crate::kafka::{Connection, Topics, wall_ms};

/// How long the stand-ins may take until they read.
const READY: Duration = Duration::from_secs(60);

/// Starts the neighbours, as groups of their own: those of a deployment go on undisturbed.
pub(super) fn start(
    plan: &Plan,
    contracts: &Arc<Contracts>,
    (connection, topics): (&Connection, &Topics),
    tell: &mut dyn FnMut(&str),
) -> Result<Option<Host>, VerifyError> {
    if plan.neighbours == Neighbours::None {
        return Ok(None);
    }
    let mut services = contracts.packs().services();
    services.retain(|service| {
        service.name() != plan.subject && contracts.contract(service.name()).is_some()
    });
    let names: Vec<_> = services.iter().map(|service| service.name().to_owned()).collect();
    let run = format!("{}-{}", wall_ms(), std::process::id());
    let group = |name: &String| (name.clone(), format!("quintet stand-in {name} {run}"));
    let groups: BTreeMap<_, _> = names.iter().map(group).collect();
    // What the implementation alone could answer, it is not asked.
    let absent = contracts.packs().absent(|name| name != plan.subject);
    let options = Options { groups, absent, start: Start::End, ..Options::default() };
    tell(&format!("starting stand-ins: {}", names.join(", ")));
    let host = Host::start(connection, topics, Arc::clone(contracts), services, options)?;
    host.wait_ready(READY)?;
    Ok(Some(host))
}
