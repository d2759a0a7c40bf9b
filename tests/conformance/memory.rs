//! The bus as an arm.

use std::collections::BTreeMap;
use std::time::Duration;

use quintet::bus::{Fifo, Topology, World};
use quintet::driver::{Driver, Fault, FaultKind, Until};
use quintet::history::Event;
use quintet::message::{Outgoing, Record, Seed};
use quintet::service::{Cx, Incoming, Reject, Service};

use crate::arm::{Accident, Arm, PARTITIONS, Place, SERVICE, channel, contracts};

pub(crate) struct Memory {
    world: World,
    /// How much of the history was told already.
    told: usize,
}

/// A service that handles everything and says nothing.
struct Silent;

impl Service for Silent {
    fn name(&self) -> &'static str {
        SERVICE
    }

    fn handle(&mut self, _: &Incoming<'_>, _: &mut Cx<'_>) -> Result<(), Reject> {
        Ok(())
    }
}

impl Memory {
    pub(crate) fn fresh(members: usize) -> Box<dyn Arm> {
        let topology = Topology { partitions: PARTITIONS, members };
        let services: Vec<Box<dyn Service>> = vec![Box::new(Silent)];
        let world = World::new(contracts(), services, topology, (Seed(7), Box::new(Fifo)));
        Box::new(Self { world: world.expect("the contracts name the service"), told: 0 })
    }
}

impl Arm for Memory {
    fn send(&mut self, outgoing: &Outgoing) -> Place {
        let id = self.world.send(outgoing.clone()).expect("the world takes it");
        let placed = self.world.history().record(id);
        (placed.partition.0, placed.offset.0)
    }

    fn records(&mut self) -> Vec<(Place, Record)> {
        let records = self.world.history().records().iter();
        let records = records.filter(|placed| placed.channel == channel());
        records.map(|one| ((one.partition.0, one.offset.0), one.record.clone())).collect()
    }

    fn run_group(&mut self, accident: Option<Accident>) -> Vec<Place> {
        let kind = accident.map(|accident| match accident {
            Accident::Crash => FaultKind::CrashBeforeCommit,
            Accident::Rebalance => FaultKind::Rebalance,
        });
        let fault = kind.map(|kind| self.world.arm(Fault::new(kind, SERVICE)));
        let until = Until::after(self.world.now(), Duration::from_secs(60));
        self.world.run(until, &mut |_| false).expect("it goes on");
        if let Some(fault) = fault {
            assert!(self.world.has_struck(fault.expect("it can be had")), "the accident happened");
        }
        let history = self.world.history();
        let new = &history.entries()[self.told..];
        let delivered = new.iter().filter_map(|entry| match entry.event {
            Event::Delivered { record, .. } => Some(history.record(record)),
            _ => None,
        });
        let delivered = delivered.map(|placed| (placed.partition.0, placed.offset.0)).collect();
        self.told = history.entries().len();
        delivered
    }

    fn committed(&mut self) -> BTreeMap<u32, u64> {
        let entries = self.world.history().entries().iter();
        let committed = entries.filter_map(|entry| match entry.event {
            Event::Committed { partition, offset, .. } => Some((partition.0, offset.0)),
            _ => None,
        });
        committed.collect()
    }
}
