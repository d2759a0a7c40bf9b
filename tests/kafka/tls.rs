//! SASL_SSL with SCRAM-SHA-512: the way in, and each way in which it is barred.

use std::time::Duration;

use quintet::kafka::{Broker, ConnectError, Connection, Create, Deadline, From, On, Sender};
use quintet::kafka::{Settings, Tap, Topics};

use crate::bare::Bare;
use crate::bed::{PATIENCE, read};

/// Opens a connection with these changes to settings that would do, and says whether it was waited
/// until the end.
fn open(
    bare: &Bare,
    changes: &[(&str, &str)],
    wait: Duration,
) -> (Result<Connection, ConnectError>, bool) {
    let authority = bare.folder.path().join("ca.pem").display().to_string();
    let mut pairs = vec![
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "alice"),
        ("sasl.password", "alice-secret"),
        ("ssl.ca.location", authority.as_str()),
    ];
    for (key, value) in changes {
        pairs.retain(|(known, _)| known != key);
        if !value.is_empty() {
            pairs.push((key, value));
        }
    }
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let settings = Settings::read(&pairs, None).expect("they are fine");
    let on = On::At(bare.bootstrap().to_owned());
    let broker = Broker::start(&on, &settings).expect("nothing is started");
    let clock = Deadline::after(wait);
    let opened = Connection::open(&broker, &settings, wait);
    (opened, clock.is_over())
}

#[test]
#[ignore = "needs Java, Maven and openssl, for a bare Apache Kafka with TLS"]
fn a_broker_with_tls_and_scram_is_read_and_written() {
    let bare = Bare::of_kind(&["tls"]);
    let (connection, _) = open(&bare, &[], PATIENCE);
    let connection = connection.expect("the user is known");
    let contracts = quintet::contract::Contracts::builtin();
    let topics = Topics::from_lines(&contracts, |_| None, None).expect("the defaults are fine");
    let created = connection.ensure_topics(&topics, &contracts, Create::Missing);
    assert_eq!(created.map(|created| created.len()), Ok(contracts.channel_count()));
    let mut tap = Tap::open(&connection, &topics, From::End).expect("the topics can be read");
    let sender = Sender::open(&connection, &topics).expect("a producer is made");
    let record = quintet::message::Record {
        key: Some(b"k".as_slice().into()),
        headers: quintet::message::Headers::from_list(Vec::new()),
        value: Some(quintet::message::Payload::new(b"{}")),
    };
    let channel = contracts.channel_ix("ban.command").expect("the contracts name it");
    let outgoing = quintet::message::Outgoing { channel, record };
    sender.send(&outgoing, None).expect("it is acknowledged");
    assert_eq!(read(&mut tap, 1)[0].record, outgoing.record);
    assert!(!format!("{connection:?}").contains("alice-secret"), "{connection:?}");

    barred(&bare);
}

/// Each way in which the door stays shut has its own sentence, before the wait is over where the
/// cause is told.
fn barred(bare: &Bare) {
    let told = |changes: &[(&str, &str)], wait| {
        let (opened, waited) = open(bare, changes, wait);
        let told = opened.expect_err("it is barred");
        println!("{told}");
        for secret in ["alice-secret", "wrong-secret"] {
            assert!(!format!("{told} {told:?}").contains(secret), "{told:?}");
        }
        (told, waited)
    };
    let (error, waited) = told(&[("sasl.password", "wrong-secret")], PATIENCE);
    assert!(matches!(error, ConnectError::Login { .. }) && !waited, "{error:?}");
    let (error, waited) = told(&[("sasl.username", "mallory")], PATIENCE);
    assert!(matches!(error, ConnectError::Login { .. }) && !waited, "{error:?}");
    let (error, waited) = told(&[("sasl.mechanism", "PLAIN")], PATIENCE);
    assert!(matches!(error, ConnectError::Login { .. }) && !waited, "{error:?}");
    // Without the authority, only those of the system are trusted.
    let (error, waited) = told(&[("ssl.ca.location", "")], PATIENCE);
    assert!(matches!(error, ConnectError::Certificate { .. }) && !waited, "{error:?}");
    // Who speaks plain text to a port for TLS hears nothing: it can only be guessed.
    let plain = [
        ("security.protocol", ""),
        ("ssl.ca.location", ""),
        ("sasl.mechanism", ""),
        ("sasl.username", ""),
        ("sasl.password", ""),
    ];
    let (error, waited) = told(&plain, Duration::from_secs(5));
    assert!(matches!(error, ConnectError::Silent { .. }), "{error:?}");
    assert!(error.to_string().contains("perhaps the port is one for TLS"), "{error}");
    assert!(waited);
}

#[test]
#[ignore = "needs Java and Maven, for a bare Apache Kafka"]
fn a_broker_without_tls_is_told_to_those_who_want_it() {
    let bare = Bare::start();
    let settings = Settings::read(&["security.protocol=SSL".to_owned()], None).expect("it is fine");
    let on = On::At(bare.bootstrap().to_owned());
    let broker = Broker::start(&on, &settings).expect("nothing is started");
    let told = Connection::open(&broker, &settings, Connection::WAIT).expect_err("it has no TLS");
    // A broker that hears TLS and expects plain text waits for more: it can only be guessed.
    assert!(matches!(told, ConnectError::Silent { tls: true, .. }), "{told:?}");
    assert!(told.to_string().contains("perhaps the port is one for plain text"), "{told}");
}
