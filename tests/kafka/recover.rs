//! A broker that goes away, for a while or for good.

use std::time::Duration;

use quintet::kafka::{Deadline, From, SendError, Sender, TapError};

use crate::bed::{Bed, PATIENCE, answers, read};

#[test]
fn a_broker_that_comes_back_is_read_and_written_on() {
    let bed = Bed::mock().with_topics();
    let (mut tap, sender) = (bed.tap(From::End), bed.sender());
    let record = |value: &[u8]| bed.outgoing("ban.command", Some(b"k"), &[], Some(value));
    sender.send(&record(b"before"), None).expect("it is acknowledged");
    assert_eq!(read(&mut tap, 1).len(), 1);

    assert_eq!(bed.broker.take_down(), Ok(true));
    let placed = std::thread::scope(|scope| {
        let sent = scope.spawn(|| sender.send(&record(b"while"), None));
        assert!(tap.poll(Duration::from_secs(1)).expect("it waits").is_none());
        assert_eq!(bed.broker.bring_up(), Ok(true));
        sent.join().expect("it does not panic")
    });
    placed.expect("it is acknowledged once the broker is back");
    let seen = read(&mut tap, 1);
    assert_eq!(seen[0].record, record(b"while").record);
    assert!(answers(&bed.connection));
}

#[test]
fn a_broker_that_stays_away_is_given_up() {
    let bed = Bed::mock().with_topics();
    let mut tap = bed.tap(From::End).with_patience(Duration::from_secs(2));
    let patience = Duration::from_secs(2);
    let sender = Sender::with_patience(&bed.connection, &bed.topics, patience);
    let sender = sender.expect("a producer is made");
    bed.broker.take_down().expect("it obeys");

    let record = bed.outgoing("ban.command", Some(b"k"), &[], Some(b"{}"));
    let told = sender.send(&record, None).expect_err("nobody is there");
    assert!(matches!(told, SendError::NotAcknowledged { waited_s: 2, .. }), "{told:?}");

    let clock = Deadline::after(PATIENCE);
    let told = loop {
        assert!(!clock.is_over(), "it goes on waiting");
        match tap.poll(Duration::from_millis(500)) {
            Ok(seen) => assert!(seen.is_none()),
            Err(error) => break error,
        }
    };
    assert!(matches!(&told, TapError::Lost { .. }), "{told:?}");
    assert!(told.to_string().contains("has not answered for "), "{told}");
}
