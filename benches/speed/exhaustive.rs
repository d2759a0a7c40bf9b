//! `exhaustive_3x3` and `exhaustive_3x4`: how long it takes to play each class of the orders in
//! which three (four) commands on each of three partitions are handled: 1,680 (34,650) runs of the
//! scenario, all rules on.

use std::path::Path;
use std::sync::Arc;

use quintet::contract::Contracts;
use quintet::explore::exhaustive::exhaust;
use quintet::explore::{Options, Strategy, System};
use quintet::message::Seed;

use crate::delivery::suite;
use crate::{Figure, median_s};

pub(crate) fn three() -> Figure {
    figure("three-by-three", (1_680, 3), (2.0, "2 ms"))
}

pub(crate) fn four() -> Figure {
    figure("three-by-four", (34_650, 1), (50.0, "50 ms"))
}

fn figure(
    name: &str,
    (classes, rounds): (u64, usize),
    (bar_ms, bar): (f64, &'static str),
) -> Figure {
    let contracts = Contracts::builtin();
    let file = format!("{name}.scenario.yaml");
    let mut plans = suite(&contracts).into_iter();
    let plan = plans.find(|plan| Path::new(&plan.scenario.file.path).ends_with(&file));
    let plan = plan.expect("it is in the suite");
    let system = System::reference(Arc::clone(&contracts));
    let options = Options { seed: Seed(0), strategy: Strategy::Portfolio, faults: Vec::new() };
    let taken_s = median_s(rounds, || {
        let (level, explored) =
            exhaust(&plan, &system, (&options, 0), || true).expect("the five have contracts");
        assert!(level.is_whole && explored.failures.is_empty());
        assert_eq!(level.classes, classes);
    });
    let value = taken_s * 1_000.0;
    Figure { value, unit: "ms", ratio: bar_ms / value, to: bar }
}
