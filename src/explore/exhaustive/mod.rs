//! Exhaustive search: every order of a small system, each class of equivalent ones once, without
//! faults, then with one, then with two.
//!
//! What this is: [`exhaust`], which plays a test in all its orders, and [`all_runs`], which does so
//! with anything that can be run in a world. What it is not: a search of inputs or of times; what
//! the test sends and when timers are due is as in any other run. Each run starts anew with the
//! choices that lead to where it parts from the one before.
//!
//! What always holds: two orders that differ only in steps that commute are one class, and of each
//! class one run is played to its end. Start at [`exhaust`].

mod footprint;
mod tree;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{Hash as _, Hasher as _};
use std::rc::Rc;

use rustc_hash::FxHasher;

use self::footprint::Footprint;
use self::tree::{Tree, Walker};
use super::{Explored, Failure, Options, System, Worlds, kind_of, play_one};
use crate::bus::{Chooser, WorldError};
use crate::driver::FaultKind;
use crate::history::{Event, History};
use crate::scenario::TestPlan;
use crate::scenario::run::Verdict;

/// What was searched with one number of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// How many faults struck.
    pub faults: u32,
    /// How many classes of equivalent orders were played.
    pub classes: u64,
    /// How many runs that took, with those that were given up since what follows was known.
    pub runs: u64,
    /// Whether these are all classes.
    pub is_whole: bool,
}

/// Which runs there are.
#[derive(Clone, Debug)]
pub struct Space {
    /// The faults that may strike.
    pub kinds: Vec<FaultKind>,
    /// How many strike at most.
    pub most_faults: u32,
    /// Whether of steps that commute only one order is tried.
    pub is_reduced: bool,
}

/// What came of one run of a search.
#[derive(Debug)]
pub struct Run {
    /// How many faults struck.
    pub faults: u32,
    /// The class of its order: equal for orders that differ only in steps that commute by what
    /// they read and wrote.
    pub class: u64,
}

/// Plays all runs of a space, one after another, until `go_on` says no. `run` plays one with the
/// chooser that it is given, `history_of` finds its history in what came of it, and `took` is told
/// of each that is a run of its own. How many runs were played, and whether these are all.
///
/// # Errors
/// The first error of `run`.
pub fn all_runs<T, E>(
    space: &Space,
    mut run: impl FnMut(Box<dyn Chooser>) -> Result<T, E>,
    history_of: impl Fn(&T) -> &History,
    mut took: impl FnMut(Run, T),
    mut go_on: impl FnMut() -> bool,
) -> Result<(u64, bool), E> {
    let tree = Tree::new(&space.kinds, space.most_faults, space.is_reduced);
    let tree = Rc::new(RefCell::new(tree));
    let mut runs = 0;
    loop {
        tree.borrow_mut().begin();
        let came = run(Box::new(Walker(Rc::clone(&tree))))?;
        let history = history_of(&came);
        runs += 1;
        let mut walked = tree.borrow_mut();
        walked.note_footprint(history);
        let faults = walked.faults();
        // A fault that never strikes makes no run of its own.
        let counts = !walked.is_known && struck(history) == faults;
        let class = match counts {
            true => class_of(&walked.steps().collect::<Vec<_>>()),
            false => 0,
        };
        let is_last = !walked.end(history);
        if counts {
            took(Run { faults, class }, came);
        }
        if is_last {
            return Ok((runs, true));
        }
        if !go_on() {
            return Ok((runs, false));
        }
    }
}

fn struck(history: &History) -> u32 {
    let injected = history.entries().iter().filter(|entry| match entry.event {
        Event::Struck { fault, .. } => FaultKind::of_injected(fault).is_some(),
        _ => false,
    });
    u32::try_from(injected.count()).unwrap_or(u32::MAX)
}

/// The class of an order: each step with those before it with which it does not commute, whatever
/// the order of the others.
fn class_of(steps: &[(u64, &Footprint)]) -> u64 {
    let mut hashes: Vec<u64> = Vec::with_capacity(steps.len());
    for (at, (id, footprint)) in steps.iter().enumerate() {
        let before = (0..at).filter(|other| !footprint.is_independent(steps[*other].1));
        let before: BTreeSet<u64> = before.map(|other| hashes[other]).collect();
        let mut hasher = FxHasher::default();
        (id, before).hash(&mut hasher);
        hashes.push(hasher.finish());
    }
    hashes.sort_unstable();
    let mut hasher = FxHasher::default();
    hashes.hash(&mut hasher);
    hasher.finish()
}

/// Plays a test in all its orders with exactly so many faults, until `go_on` says no.
///
/// # Errors
/// Why no world can be made of this system.
pub fn exhaust(
    plan: &TestPlan,
    system: &System,
    (options, faults): (&Options, u32),
    go_on: impl FnMut() -> bool,
) -> Result<(Level, Explored), WorldError> {
    let mut worlds = Worlds::new(system, options.seed);
    let mut checks = system.contracts.packs().checks(false);
    let mut explored = Explored::default();
    let kinds = if faults == 0 { Vec::new() } else { options.faults.clone() };
    let space = Space { kinds, most_faults: faults, is_reduced: true };
    let mut classes = 0;
    let played = all_runs(
        &space,
        |chooser| {
            let world = worlds.next(chooser)?;
            Ok(play_one(plan, world, options.seed, &mut checks))
        },
        |(outcome, _)| &outcome.history,
        |run, (mut outcome, cut)| {
            if run.faults != faults {
                return;
            }
            outcome.schedule = u32::try_from(classes).unwrap_or(u32::MAX);
            classes += 1;
            let failed = outcome.verdict != Verdict::Passed;
            explored.tally.add(&outcome, (failed, cut));
            if failed {
                explored.note(Failure { kind: kind_of(&outcome), outcome });
            }
        },
        go_on,
    );
    let (runs, is_whole) = played?;
    Ok((Level { faults, classes, runs, is_whole }, explored))
}
