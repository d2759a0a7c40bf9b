//! Topics that are there or not, and what groups have read of them.

use quintet::kafka::{Create, PARTITIONS, Sender, Tap, TopicError};

use crate::bed::Bed;

#[test]
fn missing_topics_are_created_once() {
    let bed = Bed::mock();
    let ensure = || bed.connection.ensure_topics(&bed.topics, &bed.contracts, Create::Missing);
    let created = ensure().expect("they are created");
    assert_eq!(created.len(), bed.contracts.channel_count());
    assert_eq!(ensure(), Ok(Vec::new()), "they are there");
    let tap = bed.tap(quintet::kafka::From::End);
    assert_eq!(tap.starts().len(), bed.contracts.channel_count() * PARTITIONS as usize);
}

#[test]
fn without_leave_to_create_the_missing_ones_are_named() {
    let bed = Bed::mock();
    let never = bed.connection.ensure_topics(&bed.topics, &bed.contracts, Create::Never);
    let Err(TopicError::Missing(missing)) = &never else {
        panic!("{never:?}");
    };
    assert_eq!(missing.len(), bed.contracts.channel_count());
    let told = never.expect_err("they are missing").to_string();
    assert!(told.contains("COMMAND_TOPIC_BAN, "), "{told}");
    assert!(told.contains("create them"), "{told}");
}

#[test]
fn a_topic_that_is_not_there_is_named_by_those_who_use_it() {
    let bed = Bed::mock();
    bed.broker.take_down().expect("it obeys");
    let told = Tap::open(&bed.connection, &bed.topics, quintet::kafka::From::End);
    let told = told.expect_err("the broker is gone").to_string();
    assert!(told.contains("is not known after "), "{told}");
}

#[test]
fn a_group_that_nobody_joined_has_read_nothing() {
    let bed = Bed::mock().with_topics();
    let command = bed.outgoing("ban.command", Some(b"k"), &[], Some(b"{}"));
    let sender = Sender::open(&bed.connection, &bed.topics).expect("a producer is made");
    sender.send(&command, None).expect("it is acknowledged");
    let state = bed.connection.group("Ban Service", &bed.topics, &[bed.channel("ban.command")]);
    let state = state.expect("the mock knows commits");
    assert_eq!(state.lag.len(), PARTITIONS as usize);
    assert!(state.lag.iter().all(|lag| lag.committed.is_none()));
    assert_eq!(state.lag.iter().map(quintet::kafka::Lag::behind).sum::<i64>(), 1);
    assert_eq!(state.members, None, "the mock cannot say");
    let shown = "group \"Ban Service\": the broker cannot say who is in it, nothing committed";
    assert_eq!(state.to_string(), shown);
}
