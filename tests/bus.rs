//! What always holds of the bus, whatever is sent, chosen and broken.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use quintet::bus::{Fifo, Random, Replay, Topology, World};
use quintet::driver::{Driver, DriverError, Ended, Fault, FaultKind, Until};
use quintet::history::{Event, History};
use quintet::message::{RecordId, Seed, VirtualTime};
use rstest::rstest;
use support::{ask, world};

fn run_out(world: &mut World) {
    let until = Until::Time(VirtualTime::from_ms(3_600_000));
    assert_eq!(world.run(until, &mut |_| false), Ok(Ended::Over));
}

/// The answers as (type, id, count), in order of appearance.
fn answers(history: &History) -> Vec<String> {
    let answers = history
        .records()
        .iter()
        .filter(|placed| history.contracts().channel_name(placed.channel) == "answer");
    answers.map(|placed| history.shown_value(placed).to_string()).collect()
}

fn a_run(topology: Topology, ids: &[u32], faults: &[(FaultKind, usize)], seed: u64) -> World {
    let chooser = Box::new(Random::new(Seed(seed), 0));
    play(world(topology, Seed(seed), chooser), ids, faults)
}

fn play(mut world: World, ids: &[u32], faults: &[(FaultKind, usize)]) -> World {
    for (at, id) in ids.iter().enumerate() {
        for (kind, _) in faults.iter().filter(|(_, when)| *when == at) {
            let mut fault = Fault::new(*kind, "relay");
            fault.header = Some("TENANT_ID".to_owned());
            world.arm(fault).expect("each fault can be had on the bus");
        }
        ask(&mut world, *id);
        if at % 3 == 2 {
            let now = world.now();
            world.run(Until::Time(now), &mut |_| false).expect("it goes on");
        }
    }
    run_out(&mut world);
    world
}

fn check_invariants(history: &History) {
    let mut next_offset = BTreeMap::new();
    for placed in history.records() {
        let next = next_offset.entry((placed.channel, placed.partition)).or_insert(0);
        assert_eq!(placed.offset.0, *next, "offsets are dense");
        *next += 1;
    }
    let mut position: BTreeMap<_, u64> = BTreeMap::new();
    let mut committed: BTreeMap<_, u64> = BTreeMap::new();
    let mut high: BTreeMap<_, u64> = BTreeMap::new();
    for entry in history.entries() {
        match entry.event {
            Event::Delivered { service, record, attempt } => {
                let placed = history.record(record);
                let place = (service, placed.channel, placed.partition);
                let (offset, high) = (placed.offset.0, high.entry(place).or_insert(0));
                let committed = *committed.get(&place).unwrap_or(&0);
                assert!(offset >= committed, "only what is not committed is delivered again");
                assert_eq!(attempt > 1, offset < *high, "an attempt is counted");
                assert!(offset <= *high, "no record of a partition is passed over");
                *high = (*high).max(offset + 1);
                position.insert(place, offset + 1);
            }
            Event::Committed { service, channel, partition, offset } => {
                let place = (service, channel, partition);
                let before = committed.insert(place, offset.0).unwrap_or(0);
                assert!(offset.0 >= before, "commits do not go back");
                assert!(offset.0 <= position[&place], "committed ≤ position");
            }
            _ => {}
        }
    }
    for (place, high) in high {
        assert_eq!(committed.get(&place), Some(&high), "all is committed in the end");
    }
}

fn any_fault() -> impl Strategy<Value = (FaultKind, usize)> {
    (proptest::sample::select(FaultKind::ALL.as_slice()), 0usize..8)
}

proptest! {
    #[test]
    fn invariants_hold_under_faults(
        ids in proptest::collection::vec(0u32..5, 1..9),
        faults in proptest::collection::vec(any_fault(), 0..4),
        (partitions, members) in (1u32..4, 1usize..4),
        seed: u64,
    ) {
        let world = a_run(Topology { partitions, members }, &ids, &faults, seed);
        check_invariants(world.history());
        let lost_headers = faults.iter().any(|(kind, _)| matches!(
            kind,
            FaultKind::MissingHeader | FaultKind::MalformedHeader | FaultKind::PoisonValue
        ));
        if !lost_headers {
            let again = world.history().entries().iter().filter(|entry| {
                matches!(entry.event, Event::Struck { .. })
            });
            let wanted = 2 * ids.len();
            let most = wanted + 2 * again.count();
            let got = answers(world.history()).len();
            prop_assert!(got >= wanted && got <= most, "{got} answers to {} requests", ids.len());
        }
    }

    #[test]
    fn a_run_is_a_function_of_its_seed_and_replays_from_its_choices(
        ids in proptest::collection::vec(0u32..5, 1..9),
        faults in proptest::collection::vec(any_fault(), 0..3),
        seed: u64,
    ) {
        let topology = Topology { partitions: 3, members: 2 };
        let first = a_run(topology, &ids, &faults, seed);
        let twin = std::thread::scope(|scope| {
            scope.spawn(|| a_run(topology, &ids, &faults, seed).into_history()).join()
        });
        prop_assert_eq!(first.history().divergence(&twin.expect("it ends")), None);

        let replay = Box::new(Replay::new(first.choices()));
        let again = play(world(topology, Seed(seed), replay), &ids, &faults);
        prop_assert_eq!(first.history().divergence(again.history()), None);
    }
}

#[rstest]
#[case::duplicate(FaultKind::DuplicateDelivery, &["FIRST 1", "SECOND 1", "FIRST 2", "SECOND 2"])]
#[case::before_handling(FaultKind::CrashBeforeHandling, &["FIRST 1", "SECOND 1"])]
#[case::after_state_change(FaultKind::CrashAfterStateChange, &["FIRST 1", "SECOND 1"])]
#[case::between_emits(FaultKind::CrashBetweenEmits, &["FIRST 1", "SECOND 1"])]
#[case::before_mark(FaultKind::CrashBeforeMark, &["FIRST 1", "FIRST 1", "SECOND 1"])]
#[case::before_commit(FaultKind::CrashBeforeCommit, &["FIRST 1", "SECOND 1"])]
#[case::rebalance(FaultKind::Rebalance, &["FIRST 1", "SECOND 1"])]
#[case::delay(FaultKind::Delay, &["FIRST 1", "SECOND 1"])]
#[case::lag(FaultKind::PartitionLag, &["FIRST 1", "SECOND 1"])]
#[case::poison(FaultKind::PoisonValue, &[])]
fn each_fault_has_its_effect(#[case] kind: FaultKind, #[case] expected: &[&str]) {
    let mut world = world(Topology::default(), Seed(0), Box::new(Fifo));
    let fault = world.arm(Fault::new(kind, "relay")).expect("it can be had");
    ask(&mut world, 7);
    run_out(&mut world);
    assert!(world.has_struck(fault));
    let wanted: Vec<_> = expected
        .iter()
        .filter_map(|answer| answer.split_once(' '))
        .map(|(kind, count)| format!(r#"{{"type":"{kind}","id":7,"count":{count}}}"#))
        .collect();
    let got: Vec<_> = answers(world.history());
    let parse = |texts: &[String]| -> Vec<_> {
        texts.iter().map(|text| quintet::message::Json::parse(text.as_bytes()).unwrap()).collect()
    };
    assert_eq!(parse(&got), parse(&wanted));
    check_invariants(world.history());
}

#[test]
fn a_crashed_service_is_down_until_it_restarts() {
    let mut world = world(Topology::default(), Seed(0), Box::new(Fifo));
    let fault = Fault {
        restart_after: Duration::from_secs(5),
        ..Fault::new(FaultKind::CrashBeforeCommit, "relay")
    };
    world.arm(fault).expect("it can be had");
    ask(&mut world, 7);
    world.run(Until::Quiet, &mut |_| false).expect("it goes on");
    assert_eq!(world.now(), VirtualTime::ZERO);
    ask(&mut world, 8);
    world.run(Until::Time(VirtualTime::from_ms(4_999)), &mut |_| false).expect("it goes on");
    assert_eq!(answers(world.history()).len(), 2, "it is down");
    run_out(&mut world);
    assert_eq!(answers(world.history()).len(), 4);
    let recognised = |entry: &&quintet::history::Entry| {
        matches!(entry.event, Event::Recognised { record: RecordId(0), .. })
    };
    assert_eq!(world.history().entries().iter().filter(recognised).count(), 1);
}

#[test]
fn a_choice_that_is_not_possible_is_refused() {
    let replay = Replay::new(vec!["deliver ban ban.command/0".to_owned()]);
    let mut world = world(Topology::default(), Seed(0), Box::new(replay));
    for id in 0..4 {
        ask(&mut world, id);
    }
    let error = world.run(Until::Quiet, &mut |_| false).expect_err("no ban service runs here");
    let DriverError::Replay { choice, step: 0, possible } = error else {
        panic!("{error}");
    };
    assert_eq!(choice, "deliver ban ban.command/0");
    assert!(possible.contains("deliver relay request/"), "{possible}");
}

#[test]
fn keys_decide_partitions_and_partitions_keep_order() {
    let mut world = world(Topology::default(), Seed(3), Box::new(Random::new(Seed(3), 0)));
    let sent: Vec<_> = (0..60).map(|at| ask(&mut world, at % 6)).collect();
    let history = world.history();
    for id in sent.iter().map(|id| history.record(*id)) {
        let first = history.record(RecordId(id.id.0 % 6));
        assert_eq!(id.partition, first.partition, "equal keys, equal partitions");
    }
    run_out(&mut world);
    check_invariants(world.history());
}
