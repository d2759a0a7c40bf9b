//! The simulated bus and real brokers agree: one set of cases, played on each.
//!
//! What this is: [`cases`], each a promise of Kafka's on which scenarios, services or verdicts
//! rest, and the arms on which each is played: the bus in memory, librdkafka's mock, Apache Kafka
//! in a container and Apache Kafka bare. Where a broker is known to differ, [`differences`] says so
//! by name and holds it to the difference.
#![cfg(feature = "kafka")]

mod arm;
#[path = "../support/bare.rs"]
mod bare;
mod cases;
mod differences;
mod live;
mod memory;

use quintet::kafka::{Broker, On, Settings};

use cases::CASES;
use live::Live;
use memory::Memory;

macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        mod on_memory {
            $(#[test]
            fn $case() {
                crate::cases::$case(&crate::Memory::fresh);
            })+
        }
        mod on_mock {
            $(#[test]
            fn $case() {
                let broker = crate::started(&quintet::kafka::On::Mock);
                let name = stringify!($case);
                crate::cases::$case(&|members| crate::Live::fresh(&broker, name, members));
            })+
        }
        #[test]
        fn every_case_is_played() {
            let played = [$(stringify!($case)),+];
            assert_eq!(CASES.map(|(name, _)| name), played);
        }
    };
}

cases!(
    a_key_decides_the_partition,
    a_partition_keeps_the_order,
    every_byte_is_kept,
    a_new_group_starts_at_the_earliest_record,
    a_group_goes_on_where_it_committed,
    a_crash_before_the_commit_delivers_again,
    a_rebalance_before_the_commit_delivers_again,
);

fn started(on: &On) -> Broker {
    Broker::start(on, &Settings::default()).expect("a broker starts")
}

fn play_all(broker: &Broker) {
    for (name, case) in CASES {
        println!("{name}");
        case(&|members| Live::fresh(broker, name, members));
    }
}

#[test]
#[ignore = "needs Docker and the image apache/kafka"]
fn all_cases_in_a_container() {
    play_all(&started(&On::Container));
}

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn all_cases_on_a_bare_broker() {
    let bare = bare::Bare::start();
    play_all(&started(&On::At(bare.bootstrap().to_owned())));
}

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn a_killed_broker_keeps_what_it_acknowledged() {
    let bare = bare::Bare::start();
    let broker = started(&On::At(bare.bootstrap().to_owned()));
    cases::what_was_acknowledged_stays(&|members| Live::fresh(&broker, "kill", members), &|| {
        bare.kill();
        bare.restart();
    });
}
