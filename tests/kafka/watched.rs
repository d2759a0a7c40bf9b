//! A group that is watched while it changes.

use std::time::Duration;

use quintet::kafka::{Deadline, GroupChange, GroupChanges, GroupSnapshot, GroupWatch, On};
use quintet::message::Partition;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::bare::Bare;
use crate::bed::Bed;

const GROUP: &str = "Watched Service";
const LONG: Duration = Duration::from_secs(30);

fn watch(bed: &Bed) -> GroupWatch {
    let channels = [bed.channel("ban.command")];
    let watch = GroupWatch::start(&bed.connection, &bed.topics, (GROUP, &channels));
    watch.expect("a thread and a client are made")
}

/// The first snapshot that is so; it fails where none is in time.
fn until(watch: &GroupWatch, what: &str, is_so: impl Fn(&GroupSnapshot) -> bool) -> GroupSnapshot {
    let deadline = Deadline::after(LONG);
    loop {
        match watch.latest().filter(&is_so) {
            Some(snapshot) => return snapshot,
            None => {
                assert!(!deadline.is_over(), "{what}: {:?} {:?}", watch.latest(), watch.trouble());
            }
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

fn member(bed: &Bed, client: &str) -> BaseConsumer {
    let mut config = bed.connection.client_config();
    config.set("group.id", GROUP).set("client.id", client).set("enable.auto.commit", "false");
    config.set("session.timeout.ms", "6000");
    let member: BaseConsumer = config.create().expect("a consumer");
    member.subscribe(&[bed.topics.name(bed.channel("ban.command"))]).expect("it subscribes");
    member
}

fn poll_until(members: &[&BaseConsumer], is_so: impl Fn() -> bool) {
    let deadline = Deadline::after(LONG);
    while !is_so() {
        assert!(!deadline.is_over(), "it takes too long");
        for member in members {
            let _ = member.poll(Duration::from_millis(10));
        }
    }
}

fn commit(bed: &Bed, member: &BaseConsumer, offset: i64) {
    let mut offsets = TopicPartitionList::new();
    let topic = bed.topics.name(bed.channel("ban.command"));
    offsets.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("an offset");
    member.commit(&offsets, CommitMode::Sync).expect("it commits");
}

#[test]
fn what_is_committed_on_the_mock_is_seen_also_after_it_was_away() {
    let bed = Bed::mock().with_topics();
    let watch = watch(&bed);
    let first = until(&watch, "a first answer", |_| true);
    assert_eq!((first.state, first.members), (None, None), "the mock cannot say");
    assert!(first.committed.is_empty());

    let member = member(&bed, "app");
    let has_parts = || member.assignment().is_ok_and(|parts| parts.count() == 3);
    poll_until(&[&member], has_parts);
    commit(&bed, &member, 7);
    let place = (bed.channel("ban.command"), Partition(0));
    until(&watch, "a commit", |one| one.committed.get(&place) == Some(&7));

    bed.broker.take_down().expect("it obeys");
    let deadline = Deadline::after(LONG);
    while watch.trouble().is_none() {
        assert!(!deadline.is_over(), "nothing is said of a broker that is away");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let seen = watch.drain();
    assert!(seen.is_sorted_by_key(|one| one.at_ms) && seen.len() > 1, "{seen:?}");
    bed.broker.bring_up().expect("it obeys");
    let away_ms = seen.last().expect("there is one").at_ms;
    until(&watch, "an answer of one that is back", |one| one.at_ms > away_ms);
    assert_eq!(watch.trouble(), None);
}

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn who_comes_and_goes_on_a_broker_is_seen() {
    let bare = Bare::start();
    let bed = Bed::on(&On::At(bare.bootstrap().to_owned())).with_topics();
    let watch = watch(&bed);
    let members = |one: &GroupSnapshot| one.members.as_ref().map(Vec::len);
    until(&watch, "no group", |one| (one.state.as_deref(), members(one)) == (None, Some(0)));

    let first = member(&bed, "first");
    let parts = |snapshot: Option<GroupSnapshot>, client: &str| {
        let members = snapshot.and_then(|one| one.members).unwrap_or_default();
        let found = members.into_iter().find(|one| one.client == client);
        found.and_then(|one| one.assigned).map_or(0, |assigned| assigned.len())
    };
    poll_until(&[&first], || parts(watch.latest(), "first") == 3);
    let second = member(&bed, "second");
    poll_until(&[&first, &second], || {
        (1..3).contains(&parts(watch.latest(), "second")) && parts(watch.latest(), "first") < 3
    });
    let one = watch.latest().and_then(|one| one.members).expect("they are known");
    assert_eq!(one[0].subscribed.as_deref(), Some(&["COMMAND_TOPIC_BAN".to_owned()][..]));
    commit(&bed, &first, 5);
    let place = (bed.channel("ban.command"), Partition(0));
    until(&watch, "a commit", |one| one.committed.get(&place) == Some(&5));
    drop(second);
    poll_until(&[&first], || parts(watch.latest(), "first") == 3);
    drop(first);
    until(&watch, "an empty group", |one| one.state.as_deref() == Some("Empty"));

    let mut changes = GroupChanges::default();
    let told: Vec<_> = watch.drain().iter().flat_map(|one| changes.since(one)).collect();
    let shown: Vec<_> = told.iter().map(ToString::to_string).collect();
    println!("{}", shown.join("\n"));
    let count = |is: fn(&GroupChange) -> bool| told.iter().filter(|one| is(one)).count();
    assert_eq!(count(|one| matches!(one, GroupChange::Joined(_))), 2, "{shown:?}");
    assert_eq!(count(|one| matches!(one, GroupChange::Left(_))), 2, "{shown:?}");
    assert!(count(|one| matches!(one, GroupChange::Rebalanced { .. })) >= 3, "{shown:?}");

    let away = watch.latest().expect("there is one").at_ms;
    bare.kill();
    bare.restart();
    // One that has just come up may not know yet who is in it.
    let back = until(&watch, "an answer of one that is back", |one| {
        one.at_ms > away + 1_000 && one.members.is_some()
    });
    assert_eq!(back.members, Some(Vec::new()));
    assert_eq!(back.committed.get(&place), Some(&5));
}
