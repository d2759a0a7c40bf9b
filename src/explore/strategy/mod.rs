//! Strategies: in which orders schedules are tried, and which faults strike in them.
//!
//! What this is: [`Strategy`], and the [`Chooser`] of each of its schedules
//! ([`Strategy::chooser`]). What it is not: an exhaustive search; schedules are drawn independently
//! of each other.
//!
//! What always holds: the same strategy, faults, seed and number give the same chooser. Faults
//! strike only in every second eight of schedules (and in all of [`Strategy::Swarm`]), so that what
//! a test expects without faults is tried in the others.

mod lag;
mod pct;
mod turns;

use std::collections::BTreeMap;

use self::lag::Lag;
use self::pct::Pct;
use self::turns::Turns;
use crate::bus::{Choice, Chooser, Delivery, Point};
use crate::driver::FaultKind;
use crate::history::{History, ServiceIx};
use crate::message::{Seed, Stream};

/// How schedules are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Each option with the same probability.
    Random,
    /// Threads have random priorities, which change at a few random points (probabilistic
    /// concurrency testing).
    Pct,
    /// Some threads wait until no other can go on.
    Lag,
    /// Threads take turns.
    Turns,
    /// A random order, with a random subset of the faults in each schedule.
    Swarm,
    /// All of these in turn.
    Portfolio,
}

impl Strategy {
    /// All strategies.
    pub const ALL: [Self; 6] =
        [Self::Random, Self::Pct, Self::Lag, Self::Turns, Self::Swarm, Self::Portfolio];

    /// The name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Pct => "pct",
            Self::Lag => "lag",
            Self::Turns => "turns",
            Self::Swarm => "swarm",
            Self::Portfolio => "portfolio",
        }
    }

    /// The chooser of schedule number `schedule`, in which at most faults of these kinds strike.
    #[must_use]
    pub fn chooser(self, faults: &[FaultKind], seed: Seed, schedule: u32) -> Explorer {
        let draws = |what: &str| Stream::keyed(seed, &("explore", what, schedule));
        let order = match (self, schedule % 8) {
            (Self::Pct, _) | (Self::Portfolio, 1 | 4 | 6) => Order::Pct(Pct::new(draws("pct"))),
            (Self::Lag, _) | (Self::Portfolio, 2 | 5) => Order::Lag(Lag::new(draws("lag"))),
            (Self::Turns, _) | (Self::Portfolio, 3) => Order::Turns(Turns::new(draws("turns"))),
            _ => Order::Random(draws("order")),
        };
        let mut draws = draws("faults");
        let strikes = self == Self::Swarm || schedule / 8 % 2 == 1;
        let mut kinds = if strikes { faults.to_vec() } else { Vec::new() };
        kinds.retain(|_| draws.below(2) == 0);
        let one_in = 1 << (1 + draws.below(4));
        let left = 1 + draws.below(3);
        Explorer { order, running: BTreeMap::new(), draws, kinds, one_in, left }
    }
}

/// The chooser of one schedule.
pub struct Explorer {
    order: Order,
    /// The delivery whose plan a service carries out.
    running: BTreeMap<ServiceIx, Choice>,
    draws: Stream,
    /// The faults that may strike.
    kinds: Vec<FaultKind>,
    /// One in so many deliveries is struck.
    one_in: usize,
    /// How many faults are left.
    left: usize,
}

enum Order {
    Random(Stream),
    Pct(Pct),
    Lag(Lag),
    Turns(Turns),
}

/// What goes on by itself: a reader of a partition with the plans that it causes, or another
/// source of steps.
type Thread = Choice;

impl Explorer {
    fn thread(&self, choice: Choice) -> Thread {
        match choice {
            Choice::Step { service } => *self.running.get(&service).unwrap_or(&choice),
            other => other,
        }
    }
}

impl Chooser for Explorer {
    fn choose(&mut self, point: &Point<'_>) -> Option<usize> {
        let threads: Vec<_> = point.options.iter().map(|choice| self.thread(*choice)).collect();
        Some(match &mut self.order {
            Order::Random(draws) => draws.below(threads.len()),
            Order::Pct(pct) => pct.pick(&threads),
            Order::Lag(lag) => lag.pick(&threads),
            Order::Turns(turns) => turns.pick(&threads),
        })
    }

    fn fault(&mut self, _: Delivery, _: &History) -> Option<FaultKind> {
        if self.kinds.is_empty() || self.left == 0 || self.draws.below(self.one_in) != 0 {
            return None;
        }
        self.left -= 1;
        Some(self.kinds[self.draws.below(self.kinds.len())])
    }

    fn observe(&mut self, choice: Choice, _: &History, _: usize) {
        if let Choice::Deliver { service, .. } = choice {
            self.running.insert(service, choice);
        }
    }
}

/// A number from 1 on, each twofold as likely as its double: most are small, and some are not.
fn few(draws: &mut Stream) -> u64 {
    let most = 1 << draws.below(8);
    1 + draws.below(most) as u64
}
