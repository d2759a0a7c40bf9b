//! Whole commands whose broker is not there, or not as it should be: exit code and sentence.

use std::process::Command;

use rstest::rstest;

const BROKER: i32 = 3;
const UNUSABLE: i32 = 2;

/// Runs the command, which must end by itself, and returns its exit code and what it told.
fn told(line: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    let ran = command.args(line.split_whitespace()).output().expect("it runs");
    (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

/// A port at which nobody listens.
fn dead_port() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    free.local_addr().expect("it has an address").to_string()
}

#[rstest]
fn a_command_without_its_broker_says_what_to_do(
    #[values("verify ban", "serve ban", "run")] command: &str,
) {
    let at = dead_port();
    let (code, told) = told(&format!("{command} --on {at}"));
    assert_eq!(code, Some(BROKER), "{told}");
    assert!(told.contains(&format!("no broker answers at {at}: ")), "{told}");
    assert!(told.contains("start it, or correct `--on`"), "{told}");
}

#[rstest]
#[case::no_broker("--on nowhere", UNUSABLE, "write `mock`, `container` or HOST:PORT")]
#[case::no_pair("--on mock --kafka-config nonsense", UNUSABLE, "there is no `=`; write key=value")]
#[case::no_such("--on mock --kafka-config no.such=1", UNUSABLE, "librdkafka refuses no.such: ")]
#[case::group("--on mock --kafka-config group.id=g", UNUSABLE, "is not for users to set")]
#[case::no_file("--on mock --topics no/such.file", UNUSABLE, "no/such.file cannot be read: ")]
#[case::no_settings("--on mock --kafka-config-file no/such", UNUSABLE, "no/such cannot be read: ")]
#[case::missing("--on mock --no-create", BROKER, "topics are missing: COMMAND_TOPIC_")]
#[case::unknown("--on no-such-host.invalid:9", BROKER, "the host of no-such-host.invalid:9 is not")]
fn a_command_that_cannot_start_says_why(
    #[values("verify ban --command false", "serve ban")] command: &str,
    #[case] options: &str,
    #[case] expected: i32,
    #[case] sentence: &str,
) {
    let (code, told) = told(&format!("{command} {options}"));
    assert!(told.contains(sentence), "{told}");
    assert_eq!(code, Some(expected), "{told}");
}

#[test]
fn reports_of_a_run_say_why_no_test_is_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, at) = (folder.path().join("run.xml"), dead_port());
    let shown = path.to_str().expect("text");
    let (code, told) = told(&format!("run --on {at} --format junit --out {shown}"));
    assert_eq!(code, Some(BROKER), "{told}");
    let junit = std::fs::read_to_string(&path).expect("a file");
    assert!(junit.contains(&format!("<error message=\"no broker answers at {at}: ")), "{junit}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    let ran = command.args(["run", "--on", &at, "--format", "json"]).output().expect("it runs");
    let lines = String::from_utf8(ran.stdout).expect("text");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["run", "error", "summary"]);
    assert_eq!(lines[2]["not_started"], lines[0]["tests"]);
    assert_eq!(lines[2]["exit"], 3);
}

#[test]
fn a_file_that_cannot_be_used_counts_before_a_broker_that_is_not_there() {
    let at = dead_port();
    let (code, told) = told(&format!("run no-such.scenario.yaml --on {at}"));
    assert!(told.contains("no-such.scenario.yaml"), "{told}");
    assert!(told.contains(&format!("no broker answers at {at}: ")), "{told}");
    assert_eq!(code, Some(UNUSABLE), "{told}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_names_the_feature() {
    let (code, told) = told("verify ban --on localhost:9 --kafka-config security.protocol=SSL");
    assert!(told.contains("build quintet with `--features tls`"), "{told}");
    assert_eq!(code, Some(UNUSABLE), "{told}");
}
