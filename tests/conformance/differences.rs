//! Where brokers are known to differ, each by name.

use std::time::Duration;

use quintet::kafka::{Broker, Deadline, From, On, Tap};
use quintet::message::{Headers, Outgoing, Record};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::arm::{Arm, channel};
use crate::live::{Live, WAIT};
use crate::{bare, started};

/// Which of a record of an aborted transaction and one of a committed one a reader sees.
fn seen_of_transactions(broker: &Broker) -> Vec<Vec<u8>> {
    let live = Live::on(broker, "transactions", 1);
    let mut tap = Tap::open(live.connection(), live.topics(), From::End).expect("a tap");
    let mut config = live.connection().client_config();
    let producer: BaseProducer =
        config.set("transactional.id", "conformance").create().expect("a producer");
    // Just after a broker started, its coordinator may still be loading.
    let deadline = Deadline::after(WAIT);
    while let Err(error) = producer.init_transactions(Duration::from_secs(5)) {
        assert!(!deadline.is_over(), "{error}");
    }
    for (value, commits) in [("aborted", false), ("committed", true)] {
        producer.begin_transaction().expect("it begins");
        let record = BaseRecord::<(), str>::to(live.topics().name(channel())).payload(value);
        producer.send(record.partition(0)).map_err(|(error, _)| error).expect("it is queued");
        producer.flush(WAIT).expect("it is sent");
        let ended = match commits {
            true => producer.commit_transaction(WAIT),
            false => producer.abort_transaction(WAIT),
        };
        ended.expect("it ends");
    }
    let mut seen = Vec::new();
    let deadline = Deadline::after(WAIT);
    while seen.last().is_none_or(|last| last != b"committed") {
        assert!(!deadline.is_over(), "the committed record never came: {seen:?}");
        let polled = tap.poll(Duration::from_millis(200)).expect("it reads");
        seen.extend(polled.and_then(|one| one.record.value_bytes().map(<[u8]>::to_vec)));
    }
    seen
}

/// Looks up the first record since 1970, where there is one.
fn first_offset_by_time(broker: &Broker) -> Result<Offset, KafkaError> {
    let mut live = Live::on(broker, "times", 1);
    let record = Record { key: None, headers: Headers::from_list(Vec::new()), value: None };
    let (partition, offset) = live.send(&Outgoing { channel: channel(), record });
    assert_eq!(offset, 0, "it is the first");
    let partition = i32::try_from(partition).expect("it is small");
    let consumer: BaseConsumer = live.connection().client_config().create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    let topic = live.topics().name(channel());
    list.add_partition_offset(topic, partition, Offset::Offset(0)).expect("a moment in 1970");
    let found = consumer.offsets_for_times(list, WAIT)?;
    let found = found.find_partition(topic, partition).expect("it was asked for");
    found.error().map(|()| found.offset())
}

/// How many members of a group with one member the broker names.
fn members_named(broker: &Broker) -> Option<usize> {
    let live = Live::on(broker, "members", 1);
    let member = live.join();
    let deadline = Deadline::after(WAIT);
    while member.assigned() == 0 {
        assert!(!deadline.is_over(), "the member is never given partitions");
        member.poll();
    }
    let state = live.connection().group(live.group(), live.topics(), &[channel()]);
    state.expect("the broker says it").members.map(|members| members.len())
}

/// Whether the members of a group of the newer protocol are named; the group has one.
fn members_of_the_newer_protocol(broker: &Broker) -> Option<usize> {
    let live = Live::on(broker, "newer", 1);
    let mut config = live.connection().client_config();
    config.set("group.id", live.group()).set("group.protocol", "consumer");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    consumer.subscribe(&[live.topics().name(channel())]).expect("it subscribes");
    let deadline = Deadline::after(WAIT);
    while consumer.assignment().expect("it is known").count() == 0 {
        assert!(!deadline.is_over(), "the member is never given partitions");
        consumer.poll(Duration::from_millis(50));
    }
    let state = live.connection().group(live.group(), live.topics(), &[channel()]);
    state.expect("the broker says it").members.map(|members| members.len())
}

#[test]
fn the_mock_shows_records_of_aborted_transactions() {
    let seen = seen_of_transactions(&started(&On::Mock));
    assert_eq!(seen, [b"aborted".to_vec(), b"committed".to_vec()]);
}

#[test]
fn the_mock_finds_no_offset_by_time() {
    let found = first_offset_by_time(&started(&On::Mock));
    assert_eq!(found, Ok(Offset::End), "it says that there is none");
}

#[test]
fn the_mock_does_not_say_who_is_in_a_group() {
    assert_eq!(members_named(&started(&On::Mock)), None);
}

fn has_none_of_the_differences(broker: &Broker) {
    assert_eq!(seen_of_transactions(broker), [b"committed".to_vec()]);
    assert_eq!(first_offset_by_time(broker), Ok(Offset::Offset(0)));
    assert_eq!(members_named(broker), Some(1));
    // The question for members does not reach these groups; that nobody is there is not said.
    assert_eq!(members_of_the_newer_protocol(broker), None);
}

#[test]
#[ignore = "needs Docker and the image apache/kafka"]
fn a_container_has_none_of_the_differences() {
    has_none_of_the_differences(&started(&On::Container));
}

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn a_bare_broker_has_none_of_the_differences() {
    let bare = bare::Bare::start();
    has_none_of_the_differences(&started(&On::At(bare.bootstrap().to_owned())));
}
