//! A broker that cannot be reached: its own sentence, soon.

use std::net::TcpListener;
use std::time::Duration;

use quintet::kafka::{Broker, ConnectError, Connection, Deadline, On, Settings};

/// The error, and how long it took.
fn open(at: &str, pairs: &[&str], wait: Duration) -> (ConnectError, Duration) {
    let pairs: Vec<_> = pairs.iter().map(|&pair| pair.to_owned()).collect();
    let settings = Settings::read(&pairs, None).expect("they are fine");
    let broker = Broker::start(&On::At(at.to_owned()), &settings).expect("nothing is started");
    let clock = Deadline::after(wait);
    let error = Connection::open(&broker, &settings, wait).expect_err("nobody is there");
    (error, clock.elapsed())
}

#[test]
fn a_dead_port_is_told_within_seconds() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = free.local_addr().expect("it has an address").to_string();
    drop(free);
    let (error, took) = open(&at, &[], Connection::WAIT);
    assert!(matches!(&error, ConnectError::Dead { .. }), "{error:?}");
    let told = format!(
        "no broker answers at {at}: Connect to ipv4#{at} failed: Connection refused; start it, or \
         correct `--on`"
    );
    assert_eq!(error.to_string(), told);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn an_unknown_host_is_told_within_seconds() {
    let (error, took) = open("no-such-host.invalid:9092", &[], Connection::WAIT);
    assert!(matches!(&error, ConnectError::UnknownHost { .. }), "{error:?}");
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn somebody_who_says_nothing_is_given_up_when_the_wait_is_over() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = silent.local_addr().expect("it has an address").to_string();
    let (error, took) = open(&at, &[], Duration::from_secs(2));
    let told = error.to_string();
    assert!(matches!(error, ConnectError::Silent { waited_s: 2, .. }), "{told}");
    assert!(told.contains("perhaps the port is one for TLS"), "{told}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn one_living_address_of_several_is_enough() {
    let mock = Broker::start(&On::Mock, &Settings::default()).expect("a mock starts");
    let both = On::At(format!("127.0.0.1:1,{}", mock.bootstrap()));
    let broker = Broker::start(&both, &Settings::default()).expect("nothing is started");
    let opened = Connection::open(&broker, &Settings::default(), Connection::WAIT);
    assert!(opened.expect("one is alive").answers(Duration::from_secs(5)));
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
