//! Exhaustive search against naive enumeration: each class of orders that differ only in steps that
//! commute is played once, and nothing is missed.

use std::collections::BTreeSet;
use std::convert::Infallible;

use quintet::driver::FaultKind;
use quintet::explore::exhaustive::{Space, all_runs};
use quintet::message::{Seed, Stream};
use rstest::rstest;

use crate::parts::{Does, Part, contracts, noted, played};

/// What a search came to.
struct Searched {
    /// How many runs there are.
    runs: usize,
    classes: BTreeSet<u64>,
    /// What the services have noted in the end, in all runs.
    ends: BTreeSet<Vec<String>>,
}

fn search(
    parts: &[Part],
    commands: &[(&str, usize)],
    (kinds, is_reduced): (&[FaultKind], bool),
) -> Searched {
    let contracts = contracts();
    let most_faults = u32::from(!kinds.is_empty());
    let space = Space { kinds: kinds.to_vec(), most_faults, is_reduced };
    let mut searched = Searched { runs: 0, classes: BTreeSet::new(), ends: BTreeSet::new() };
    let whole = all_runs(
        &space,
        |chooser| {
            let mut world = played(&contracts, parts, commands, chooser);
            let ends = noted(&mut world, parts);
            Ok::<_, Infallible>((world.into_history(), ends))
        },
        |(history, _)| history,
        |run, (_, ends)| {
            searched.runs += 1;
            searched.classes.insert(run.class);
            searched.ends.insert(ends);
        },
        || true,
    );
    assert!(matches!(whole, Ok((_, true))), "it is searched whole");
    searched
}

fn each(partitions: usize, commands: usize) -> Vec<(&'static str, usize)> {
    (0..commands).flat_map(|_| (0..partitions).map(|partition| ("one", partition))).collect()
}

#[rstest]
#[case(2, 1, 2)]
#[case(2, 2, 6)]
#[case(3, 1, 6)]
#[case(3, 2, 90)]
fn an_order_sensitive_sink_has_a_class_for_each_order(
    #[case] partitions: usize,
    #[case] commands: usize,
    #[case] expected: usize,
) {
    let parts = [Part::new("one", &[])];
    let naive = search(&parts, &each(partitions, commands), (&[], false));
    let reduced = search(&parts, &each(partitions, commands), (&[], true));
    assert_eq!((naive.runs, naive.classes.len()), (expected, expected));
    assert_eq!((reduced.runs, reduced.classes.len()), (expected, expected));
    assert_eq!(naive.ends.len(), expected, "each order ends otherwise");
    assert_eq!(reduced.ends, naive.ends);
}

#[test]
fn three_by_three_has_1680_classes() {
    let parts = [Part::new("one", &[])];
    let reduced = search(&parts, &each(3, 3), (&[], true));
    assert_eq!((reduced.runs, reduced.classes.len(), reduced.ends.len()), (1680, 1680, 1680));
}

#[test]
#[ignore = "34,650 runs take a minute in a debug build; ci/long.sh plays them"]
fn three_by_four_has_34650_classes() {
    let parts = [Part::new("one", &[])];
    let reduced = search(&parts, &each(3, 4), (&[], true));
    assert_eq!((reduced.runs, reduced.classes.len()), (34_650, 34_650));
}

#[rstest]
#[case(2, 2)]
#[case(3, 3)]
fn where_only_the_order_of_a_key_matters_there_is_one_class(
    #[case] partitions: usize,
    #[case] commands: usize,
) {
    let part = Part { by_partition: true, ..Part::new("one", &[]) };
    let reduced = search(std::slice::from_ref(&part), &each(partitions, commands), (&[], true));
    assert_eq!((reduced.runs, reduced.ends.len()), (1, 1));
    if partitions == 2 {
        let naive = search(&[part], &each(partitions, commands), (&[], false));
        assert_eq!(naive.ends, reduced.ends);
    }
}

#[test]
fn services_that_do_not_meet_have_one_class() {
    let parts = [Part::new("one", &[]), Part::new("two", &[])];
    let commands = [("one", 0), ("two", 0), ("one", 0), ("two", 0)];
    let naive = search(&parts, &commands, (&[], false));
    let reduced = search(&parts, &commands, (&[], true));
    assert_eq!((naive.runs, naive.classes.len()), (6, 1));
    assert_eq!(reduced.runs, 1);
    assert_eq!(reduced.ends, naive.ends);
}

/// A random small system: two services, of which one may send to the other and both may ask.
fn random_system(number: u64) -> (Vec<Part>, Vec<(&'static str, usize)>) {
    let mut draws = Stream::keyed(Seed(number), &"system");
    let mut does = |most: usize| {
        let all = [Does::Notes, Does::Refuses, Does::Asks, Does::Sends];
        (0..2).map(|_| all[draws.below(most)]).collect::<Vec<_>>()
    };
    // Only the first sends, or they would feed each other.
    let mut parts = vec![Part::new("one", &does(4)), Part::new("two", &does(3))];
    parts[0].by_partition = number.is_multiple_of(3);
    parts[1].by_partition = number.is_multiple_of(5);
    let mut draws = Stream::keyed(Seed(number), &"commands");
    let count = 2 + draws.below(2);
    let commands = (0..count).map(|_| {
        let service = if draws.below(3) == 0 { "two" } else { "one" };
        (service, draws.below(3))
    });
    (parts, commands.collect())
}

#[test]
fn nothing_is_missed_in_200_random_systems() {
    let (mut naive_runs, mut reduced_runs) = (0, 0);
    for number in 0..200 {
        let (parts, commands) = random_system(number);
        let naive = search(&parts, &commands, (&[], false));
        let reduced = search(&parts, &commands, (&[], true));
        assert_eq!(reduced.ends, naive.ends, "system {number}: {parts:?} {commands:?}");
        assert!(reduced.classes.is_subset(&naive.classes), "system {number}");
        assert_eq!(reduced.runs, reduced.classes.len(), "system {number}: each class once");
        if parts.iter().all(|part| !part.by_partition && !refuses(part)) {
            // Where no state tells that deliveries commute, classes are those of footprints.
            assert_eq!(reduced.classes, naive.classes, "system {number}");
        }
        naive_runs += naive.runs;
        reduced_runs += reduced.runs;
    }
    assert!(reduced_runs < naive_runs, "{reduced_runs} of {naive_runs} runs");
}

fn refuses(part: &Part) -> bool {
    part.does.iter().any(|does| matches!(does, Does::Refuses))
}

#[rstest]
#[case(FaultKind::CrashBeforeMark)]
#[case(FaultKind::CrashBeforeCommit)]
#[case(FaultKind::DuplicateDelivery)]
#[case(FaultKind::Rebalance)]
#[case(FaultKind::PartitionLag)]
fn nothing_is_missed_with_a_fault(#[case] kind: FaultKind) {
    let parts = [Part::new("one", &[Does::Sends, Does::Notes]), Part::new("two", &[])];
    let commands = [("one", 0), ("two", 1)];
    let naive = search(&parts, &commands, (&[kind], false));
    let reduced = search(&parts, &commands, (&[kind], true));
    assert_eq!(reduced.ends, naive.ends);
    assert_eq!(reduced.classes, naive.classes);
    assert!(reduced.runs < naive.runs, "{} of {}", reduced.runs, naive.runs);
}
