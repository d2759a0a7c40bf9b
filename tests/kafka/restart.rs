//! A real broker that is killed and started again, or not.

use std::time::Duration;

use quintet::kafka::{ConnectError, Connection, Deadline, From, On, SendError, Sender, TapError};

use crate::bare::Bare;
use crate::bed::{Bed, PATIENCE, answers, read};

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn a_killed_broker_that_comes_back_is_read_and_written_on() {
    let bare = Bare::start();
    let bed = Bed::on(&On::At(bare.bootstrap().to_owned())).with_topics();
    let (mut tap, sender) = (bed.tap(From::End), bed.sender());
    let record = |value: &[u8]| bed.outgoing("ban.command", Some(b"k"), &[], Some(value));
    sender.send(&record(b"before"), None).expect("it is acknowledged");
    assert_eq!(read(&mut tap, 1).len(), 1);

    bare.kill();
    let placed = std::thread::scope(|scope| {
        // Sent while nobody is there, acknowledged once the broker is back.
        let sent = scope.spawn(|| sender.send(&record(b"while"), None));
        assert_eq!(tap.poll(Duration::from_secs(1)).map(|seen| seen.is_some()), Ok(false));
        bare.restart();
        sent.join().expect("it does not panic")
    });
    placed.expect("it is acknowledged");
    let seen = read(&mut tap, 1);
    assert_eq!(seen.len(), 1, "exactly what was sent is read on");
    assert_eq!(seen[0].record, record(b"while").record);
    assert!(answers(&bed.connection));
}

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn a_killed_broker_that_stays_dead_is_told() {
    let bare = Bare::start();
    let bed = Bed::on(&On::At(bare.bootstrap().to_owned())).with_topics();
    let patience = Duration::from_secs(3);
    let mut tap = bed.tap(From::End).with_patience(patience);
    let sender = Sender::with_patience(&bed.connection, &bed.topics, patience).expect("a producer");
    bare.kill();

    let clock = Deadline::after(PATIENCE);
    let record = bed.outgoing("ban.command", Some(b"k"), &[], Some(b"{}"));
    let told = sender.send(&record, None).expect_err("nobody is there");
    assert!(matches!(told, SendError::NotAcknowledged { .. }), "{told:?}");
    let told = loop {
        assert!(!clock.is_over(), "it goes on waiting");
        match tap.poll(Duration::from_millis(500)) {
            Ok(seen) => assert!(seen.is_none()),
            Err(error) => break error,
        }
    };
    assert!(matches!(&told, TapError::Lost { .. }), "{told:?}");
    assert!(told.to_string().contains("Connection refused"), "{told}");

    let opened = Connection::open(&bed.broker, bed.connection.settings(), Connection::WAIT);
    let told = opened.expect_err("nobody is there");
    assert!(matches!(told, ConnectError::Dead { .. }), "{told:?}");
}
