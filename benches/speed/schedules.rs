//! `schedules`: how many schedules of one small scenario are run and judged in a second.
//!
//! Nine commands on three partitions, each causing one event that a second service reads: eighteen
//! deliveries a schedule, all rules on.

use std::sync::Arc;

use quintet::bus::{Chooser, Random, Topology, World};
use quintet::contract::Contracts;
use quintet::driver::{Driver, Ended, Until};
use quintet::history::Event;
use quintet::message::{Headers, Outgoing, Payload, Record, Seed, Tenant, TraceParent};
use quintet::pack::HistoryChecker;
use quintet::services;

use crate::{Figure, median_s};

const BAR: f64 = 300_000.0;
const ROUND: u32 = 5_000;

pub(crate) fn figure() -> Figure {
    let contracts = Contracts::builtin();
    let commands = commands(&contracts);
    let start = |schedule| (Seed(0), Box::new(Random::new(Seed(0), schedule)) as Box<dyn Chooser>);
    let (services, topology) = (services::reference(), Topology::default());
    let world = World::new(Arc::clone(&contracts), services, topology, start(0));
    let mut world = world.expect("the five have contracts");
    let mut checks = contracts.packs().checks(false);
    let mut schedule = 0;
    let taken = median_s(7, || {
        for _ in 0..ROUND {
            schedule += 1;
            world.start_over(services::reference(), start(schedule));
            run(&mut world, &commands, &mut checks);
        }
    });
    let value = f64::from(ROUND) / taken;
    Figure { value, unit: "schedules/s", ratio: value / BAR, to: "300,000 schedules/s" }
}

fn run(world: &mut World, commands: &[Outgoing], checks: &mut dyn HistoryChecker) {
    for command in commands {
        world.send(command.clone()).expect("the bus takes every record");
    }
    assert_eq!(world.run(Until::Quiet, &mut |_| false), Ok(Ended::Over));
    let history = world.history();
    let delivered =
        |entry: &&quintet::history::Entry| matches!(entry.event, Event::Delivered { .. });
    assert_eq!(history.entries().iter().filter(delivered).count(), 18);
    checks.begin(history);
    assert_eq!(checks.end(history).findings, []);
}

/// Three commands for each of three partitions.
fn commands(contracts: &Arc<Contracts>) -> Vec<Outgoing> {
    let channel = contracts.channel_ix("account.create").expect("it is in the contracts");
    let id = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11".parse().expect("a UUID");
    let tenant = Tenant { id, region: "GMS".into(), major: 83, minor: 1 };
    let mut left = [3; 3];
    let mut commands = Vec::new();
    for number in 0u32.. {
        let key = contracts.encode_key(channel, number);
        let partition = (quintet::bus::murmur2(&key) & 0x7fff_ffff) as usize % 3;
        if left[partition] == 0 {
            continue;
        }
        left[partition] -= 1;
        let value = format!(r#"{{"name":"player-{number}","password":"correct-horse"}}"#);
        let trace = TraceParent { trace: u128::from(number) + 1, span: 1, flags: 1 };
        let headers = Headers::of_tenant(&tenant, trace);
        let value = Some(Payload::new(value.as_bytes()));
        commands.push(Outgoing { channel, record: Record { key: Some(key), headers, value } });
        if left == [0; 3] {
            break;
        }
    }
    commands
}
