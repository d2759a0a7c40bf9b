//! `--on container`, and what is told where there is none.

use std::process::Command;

use quintet::kafka::{Broker, BrokerError, ContainerError, From, On, Settings};

use crate::bed::{Bed, read};

/// The containers of Kafka that run.
fn running() -> Vec<String> {
    let listed = Command::new("docker").args(["ps", "--quiet", "--no-trunc"]).output();
    let listed = listed.expect("Docker is there").stdout;
    String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs Docker and the image apache/kafka"]
fn a_container_serves_and_goes_with_its_broker() {
    let before = running();
    let bed = Bed::on(&On::Container).with_topics();
    let own: Vec<_> = running().into_iter().filter(|id| !before.contains(id)).collect();
    assert!(!own.is_empty(), "a container runs");
    let mut tap = bed.tap(From::End);
    let record = bed.outgoing("ban.command", Some(b"k"), &[("A", None)], Some(b"{}"));
    bed.sender().send(&record, None).expect("it is acknowledged");
    assert_eq!(read(&mut tap, 1)[0].record, record.record);
    drop(tap);
    drop(bed);
    let still = running();
    // Tests that run at the same time have containers too, which are not all gone.
    assert!(own.iter().any(|id| !still.contains(id)), "it is gone");
}

/// Starts a container in a process of its own, whose environment can be chosen, and returns what it
/// told.
fn told_with(environment: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "container::a_container_starts_or_says_why_not", "--nocapture"]);
    child.args(["--ignored"]).envs(environment.iter().copied());
    let ran = child.output().expect("it runs");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
#[ignore = "is started by tests that choose its environment; needs Docker by itself"]
fn a_container_starts_or_says_why_not() {
    match Broker::start(&On::Container, &Settings::default()) {
        Ok(broker) => assert!(broker.bootstrap().starts_with("127.0.0.1:")),
        Err(error) => {
            assert!(matches!(error, BrokerError::Container(_)));
            println!("told: {error}");
        }
    }
}

#[test]
fn without_docker_other_brokers_are_named() {
    let told = told_with(&[("DOCKER_HOST", "unix:///no/such/docker.sock")]);
    assert!(told.contains("told: no Docker here ("), "{told}");
    assert!(told.contains("use `--on mock`"), "{told}");
}

#[test]
fn a_docker_that_does_not_answer_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("docker.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("a socket that is left behind"));
    let told = told_with(&[("DOCKER_HOST", &format!("unix://{}", socket.display()))]);
    assert!(told.contains("told: Docker does not answer ("), "{told}");
}

#[test]
#[ignore = "needs Docker"]
fn an_image_that_cannot_be_pulled_is_named() {
    let told =
        told_with(&[("QUINTET_KAFKA_IMAGE", "localhost:1/no-such"), ("QUINTET_KAFKA_TAG", "7")]);
    assert!(told.contains("told: the image localhost:1/no-such:7 is not here"), "{told}");
    assert!(told.contains("QUINTET_KAFKA_IMAGE"), "{told}");
}

/// Runs `docker` and returns what it printed.
fn docker(args: &[&str]) -> String {
    let ran = Command::new("docker").args(args).output().expect("Docker is there");
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

#[test]
#[ignore = "needs Docker and the image apache/kafka"]
fn a_broker_that_dies_in_its_container_is_told() {
    const NAME: &str = "quintet-test/dies";
    let image = format!("{NAME}:1");
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("run");
    std::fs::write(&script, "#!/usr/bin/env bash\nexit 7\n").expect("it is written");
    let base = docker(&["create", "apache/kafka:4.1.0", "bash"]);
    docker(&["cp", &script.display().to_string(), &format!("{base}:/etc/kafka/docker/run")]);
    docker(&["commit", &base, &image]);
    let told = told_with(&[("QUINTET_KAFKA_IMAGE", NAME), ("QUINTET_KAFKA_TAG", "1")]);
    docker(&["rm", &base]);
    docker(&["rmi", &image]);
    assert!(told.contains(&format!("told: Kafka in the container of {image} ended")), "{told}");
}

/// Each sentence says what to do.
#[test]
fn sentences_name_the_way_out() {
    let image = "apache/kafka:4.1.0".to_owned();
    let why = "why".to_owned();
    for (error, way) in [
        (ContainerError::NoDocker(why.clone()), "--on mock"),
        (ContainerError::Silent(why.clone()), "--on mock"),
        (ContainerError::Image { image: image.clone(), why: why.clone() }, "QUINTET_KAFKA_IMAGE"),
        (ContainerError::Died { image: image.clone(), why: why.clone() }, "memory"),
        (ContainerError::Slow { image: image.clone() }, "--on HOST:PORT"),
        (ContainerError::Other { image, why }, "docker run"),
    ] {
        assert!(error.to_string().contains(way), "{error}");
    }
}
