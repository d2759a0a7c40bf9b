//! `monitor`: how fast a backlog is read and judged as it flows, against the same client only
//! reading it.
//!
//! The records are those that the scenario suite sends under one seed after another, so nearly no
//! value comes twice. The mock keeps 5 MiB a partition, so they are spread over all partitions; how
//! many were read is counted. Judging is what `quintet monitor` does: put in order, decode, check
//! by contract and by the rules on what comes before what.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quintet::contract::Contracts;
use quintet::kafka::{
    Broker, Connection, Create, From, On, Sender, Settings, Tap, Topics, wall_ms,
};
use quintet::message::{ChannelIx, Offset, Outgoing, Partition, Record, Seed};
use quintet::scenario::TestPlan;
use quintet::scenario::run::{Options, Setup, run};
use quintet::verify::traffic::{Disordered, Flow, Passing, Sluice};

use crate::{Figure, delivery};

const RECORDS: usize = 200_000;
const ROUNDS: usize = 5;
const BATCH: usize = 1024;
/// The mock drops older records of a partition beyond 5 MiB.
const MOST_BYTES: usize = 4_500_000;
const PARTITIONS: u32 = quintet::kafka::PARTITIONS;
/// What Kafka keeps of a record besides key, headers and value, at most.
const FRAME_BYTES: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);

/// A mock with the backlog.
struct Bed {
    contracts: Arc<Contracts>,
    topics: Topics,
    connection: Connection,
    _broker: Broker,
    /// Records of the last round whose order was not known.
    disordered: Cell<u64>,
}

/// Records a second, judged, and their ratio to records only read.
pub(crate) fn figure() -> Figure {
    let bed = bed();
    let (mut reading, mut judging) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        reading.push(timed(|| bed.only_read()));
        judging.push(timed(|| bed.judged()));
    }
    let median = |taken: &mut Vec<f64>| {
        taken.sort_by(f64::total_cmp);
        RECORDS as f64 / taken[ROUNDS / 2]
    };
    eprintln!("monitor: of {} records the order was not known", bed.disordered.get());
    let (read, judged) = (median(&mut reading), median(&mut judging));
    Figure {
        value: judged,
        unit: "records/s",
        ratio: judged / read,
        to: "the same client only reading",
    }
}

fn timed(measure: impl FnOnce() -> Duration) -> f64 {
    measure().as_secs_f64()
}

impl Bed {
    fn tap(&self) -> Tap {
        Tap::open(&self.connection, &self.topics, From::Beginning).expect("the mock is there")
    }

    fn only_read(&self) -> Duration {
        let mut tap = self.tap();
        let start = Instant::now();
        let mut count = 0;
        while count < RECORDS && tap.poll(PATIENCE).expect("the mock is there").is_some() {
            count += 1;
        }
        assert_eq!(count, RECORDS, "the mock did not keep the backlog");
        start.elapsed()
    }

    fn judged(&self) -> Duration {
        let mut tap = self.tap();
        let ends = tap.ends().iter().map(|(place, end)| (*place, Offset(end.unsigned_abs())));
        let mut flow = Flow::new(&self.contracts, true);
        let mut sluice = Sluice::new(Arc::clone(flow.writers()), Duration::ZERO, ends);
        let start = Instant::now();
        let mut count = 0;
        while count < RECORDS {
            let mut passing = Vec::with_capacity(BATCH);
            let (mut wait, mut batch) = (PATIENCE, 0);
            while batch < BATCH
                && count + batch < RECORDS
                && let Some(one) = tap.poll(wait).expect("the mock is there")
            {
                let place = (one.channel, one.partition, one.offset);
                let times = (one.timestamp_ms, one.seen_ms);
                passing.extend(sluice.push(place, times, one.record));
                batch += 1;
                wait = Duration::ZERO;
            }
            assert!(batch > 0, "the mock did not keep the backlog");
            count += batch;
            passing.extend(sluice.release(wall_ms()));
            if sluice.disordered() != Disordered::default() {
                flow.out_of_order();
            }
            take(&mut flow, passing);
        }
        take(&mut flow, sluice.drain());
        let taken = start.elapsed();
        let Disordered { untimed, crowded } = sluice.disordered();
        self.disordered.set(untimed + crowded);
        let seen: u64 = flow.messages().values().sum();
        assert_eq!(seen, RECORDS as u64, "records were left out");
        taken
    }
}

fn take(flow: &mut Flow, passing: Vec<Passing>) {
    for one in passing {
        flow.add(one);
    }
    flow.judge(|_, _| {});
}

fn bed() -> Bed {
    let contracts = Contracts::builtin();
    let settings = Settings::default();
    let broker = Broker::start(&On::Mock, &settings).expect("the mock starts");
    let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
    let topics = Topics::from_lines(&contracts, |_| None, None).expect("topics have names");
    connection.ensure_topics(&topics, &contracts, Create::Missing).expect("topics are made");
    let bed = Bed { contracts, topics, connection, _broker: broker, disordered: Cell::new(0) };
    let backlog = backlog(&delivery::suite(&bed.contracts));
    let sender = Sender::open(&bed.connection, &bed.topics).expect("it can be written to");
    for records in backlog.chunks(2_000) {
        let records = records.iter().map(|(outgoing, partition)| (outgoing, Some(*partition)));
        for placed in sender.send_all(records) {
            placed.expect("the mock takes it");
        }
    }
    bed
}

/// Records of run after run, each where there is room.
fn backlog(plans: &[TestPlan]) -> Vec<(Outgoing, Partition)> {
    let setup = Setup::reference(Contracts::builtin());
    let mut bytes: BTreeMap<(ChannelIx, u32), usize> = BTreeMap::new();
    let mut backlog = Vec::with_capacity(RECORDS);
    for seed in 0.. {
        let before = backlog.len();
        for plan in plans {
            let options = Options { seed: Seed(seed), schedule: Some(0), ..Options::default() };
            let outcome = run(plan, &setup, &options);
            for placed in outcome.history.records() {
                let of = |partition: &u32| {
                    bytes.get(&(placed.channel, *partition)).copied().unwrap_or(0)
                };
                let partition = (0..PARTITIONS).min_by_key(of).unwrap_or(0);
                let filled = of(&partition) + bytes_of(&placed.record);
                if filled > MOST_BYTES {
                    continue;
                }
                bytes.insert((placed.channel, partition), filled);
                let outgoing = Outgoing { channel: placed.channel, record: placed.record.clone() };
                backlog.push((outgoing, Partition(partition)));
                if backlog.len() == RECORDS {
                    return backlog;
                }
            }
        }
        assert!(backlog.len() > before, "the partitions are full at {before} records");
    }
    backlog
}

fn bytes_of(record: &Record) -> usize {
    let headers = record.headers.to_list();
    let headers: usize = headers
        .iter()
        .map(|one| one.name.len() + one.value.as_ref().map_or(0, |value| value.len()) + 4)
        .sum();
    FRAME_BYTES + headers + record.value_bytes().map_or(0, <[u8]>::len)
}
