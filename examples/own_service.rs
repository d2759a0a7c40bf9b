//! Your own service in the simulator: its contract, its code, a rule, and a bug that the rule
//! finds.
//!
//! `cargo run --example own_service` finds the bug; `cargo test --example own_service` holds that
//! it is found and that the mended service passes.

use std::{collections::BTreeSet, sync::Arc};

use quintet::bus::{Random, Topology, World};
use quintet::contract::Contracts;
use quintet::diagnostic::{SourceFile, render};
use quintet::driver::{Driver, DriverError, Fault, FaultKind, Until};
use quintet::history::History;
use quintet::message::{Json, Key, Seed, Tenant};
use quintet::service::{Cx, Incoming, Reject, Service};

const CONTRACT: &str = include_str!("orders.asyncapi.yaml");

/// Ships each order once, or so its author thinks: Kafka may deliver a command twice.
#[derive(Default)]
struct Orders {
    shipped: BTreeSet<i128>,
    is_mended: bool,
}

impl Service for Orders {
    fn name(&self) -> &str {
        "orders"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let value = Json::parse(incoming.value.ok_or(Reject::Empty)?)
            .map_err(|error| Reject::Undecodable(error.to_string()))?;
        let no_id = || Reject::Undecodable("orderId is not an integer".to_owned());
        let order = value.get("orderId").and_then(Json::as_integer).ok_or_else(no_id)?;
        if self.is_mended && self.shipped.contains(&order) {
            return Ok(());
        }
        let key = Key::Id(u32::try_from(order).map_err(|_| no_id())?);
        cx.emit("order.status", &key, &serde_json::json!({ "orderId": value.get("orderId") }))?;
        self.shipped.insert(order);
        Ok(())
    }
}

/// The rule: an order is shipped at most once.
fn shipped_twice(history: &History) -> Option<String> {
    let mut seen = BTreeSet::new();
    let is_status = |channel| history.contracts().channel_name(channel) == "order.status";
    let shipped = history.records().iter().filter(|placed| is_status(placed.channel));
    let mut orders = shipped.map(|placed| history.shown_value(placed).to_string());
    orders.find(|order| !seen.insert(order.clone())).map(|order| format!("shipped twice: {order}"))
}

/// Two orders, of which one may be delivered twice, in the schedule of this seed.
fn explore(seed: u64, is_mended: bool) -> Result<Option<String>, DriverError> {
    let file = SourceFile::new("orders.asyncapi.yaml", CONTRACT);
    let mut problems = Vec::new();
    let contracts = Contracts::read(&[file], &mut problems);
    problems.iter().for_each(|problem| eprintln!("{}", render(problem, false)));
    let contracts = Arc::new(contracts.expect("the contract above is valid"));
    let services: Vec<Box<dyn Service>> = vec![Box::new(Orders { is_mended, ..Orders::default() })];
    let chooser = Box::new(Random::new(Seed(seed), 0));
    let world = World::new(contracts, services, Topology::default(), (Seed(seed), chooser));
    let mut world = world.expect("orders has a contract");
    if seed % 3 == 2 {
        world.arm(Fault::new(FaultKind::DuplicateDelivery, "orders"))?;
    }
    let tenant = Tenant { id: uuid::Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
    for order in [1, 2] {
        let value = Json::from(serde_json::json!({ "orderId": order }));
        world.send_value("order.command", &tenant, &value)?;
    }
    world.run(Until::Quiet, &mut |_| false)?;
    Ok(shipped_twice(world.history()))
}

fn main() -> Result<(), DriverError> {
    for seed in 0..100 {
        if let Some(found) = explore(seed, false)? {
            println!("seed {seed}: {found}");
            break;
        }
    }
    Ok(())
}

#[test]
fn the_bug_is_found_and_the_mended_service_passes() -> Result<(), DriverError> {
    assert!((0..100).any(|seed| matches!(explore(seed, false), Ok(Some(_)))));
    for seed in 0..100 {
        assert_eq!(explore(seed, true)?, None);
    }
    Ok(())
}
