//! A broker that cannot be reached: its own sentence, soon.

use std::net::TcpListener;
use std::time::Duration;

use quintet::kafka::{Broker, ConnectError, Connection, Deadline, On, Settings};

use crate::bed::{PATIENCE, answers};

/// The error, and whether it came only when the wait was over.
fn open(at: &str, pairs: &[&str], wait: Duration) -> (ConnectError, bool) {
    let pairs: Vec<_> = pairs.iter().map(|&pair| pair.to_owned()).collect();
    let settings = Settings::read(&pairs, None).expect("they are fine");
    let broker = Broker::start(&On::At(at.to_owned()), &settings).expect("nothing is started");
    let clock = Deadline::after(wait);
    let error = Connection::open(&broker, &settings, wait).expect_err("nobody is there");
    (error, clock.is_over())
}

#[test]
fn a_dead_port_is_told_before_the_wait_is_over() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = free.local_addr().expect("it has an address").to_string();
    drop(free);
    let (error, waited) = open(&at, &[], PATIENCE);
    assert!(matches!(&error, ConnectError::Dead { .. }), "{error:?}");
    let told = format!(
        "no broker answers at {at}: Connect to ipv4#{at} failed: Connection refused; start it, or \
         correct `--on`"
    );
    assert_eq!(error.to_string(), told);
    assert!(!waited);
}

#[test]
fn an_unknown_host_is_told_before_the_wait_is_over() {
    let (error, waited) = open("no-such-host.invalid:9092", &[], PATIENCE);
    assert!(matches!(&error, ConnectError::UnknownHost { .. }), "{error:?}");
    assert!(!waited);
}

#[test]
fn somebody_who_says_nothing_is_given_up_when_the_wait_is_over() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = silent.local_addr().expect("it has an address").to_string();
    let (error, waited) = open(&at, &[], Duration::from_secs(2));
    let told = error.to_string();
    assert!(matches!(error, ConnectError::Silent { waited_s: 2, .. }), "{told}");
    assert!(told.contains("perhaps the port is one for TLS"), "{told}");
    assert!(waited);
}

#[test]
fn one_living_address_of_several_is_enough() {
    let mock = Broker::start(&On::Mock, &Settings::default()).expect("a mock starts");
    let both = On::At(format!("127.0.0.1:1,{}", mock.bootstrap()));
    let broker = Broker::start(&both, &Settings::default()).expect("nothing is started");
    let opened = Connection::open(&broker, &Settings::default(), Connection::WAIT);
    assert!(answers(&opened.expect("one is alive")));
}

#[test]
fn a_secret_is_in_no_error() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = free.local_addr().expect("it has an address").to_string();
    drop(free);
    let pairs = [
        "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=PLAIN",
        "sasl.username=alice",
        "sasl.password=hunter2",
    ];
    let (error, _) = open(&at, &pairs, Connection::WAIT);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn a_mock_has_no_users() {
    let settings = Settings::read(&["sasl.username=alice".to_owned()], None).expect("it is fine");
    let told = Broker::start(&On::Mock, &settings).expect_err("it has no users").to_string();
    assert!(told.contains("leave sasl.username out"), "{told}");
}
