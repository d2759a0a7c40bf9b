//! `run --on`: the scenario suite on the mock broker, and what a test finds there.

#![cfg(feature = "kafka")]

use std::path::Path;
use std::process::{Command, Output};

use rstest::rstest;

#[path = "../support/bare.rs"]
#[expect(dead_code, reason = "this broker is not killed here")]
mod bare;

use bare::Bare;

fn quintet(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.current_dir(folder).args(args);
    command.output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Every test of the suite holds on a broker, and exercises there what it does in the simulator.
fn the_suite_holds(on: &str) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let summary = |args: &[&str]| {
        let output = quintet(here, args);
        let (code, text) = said(&output);
        assert_eq!(code, Some(0), "{text}");
        let last = text.lines().last().unwrap().to_owned();
        serde_json::from_str::<serde_json::Value>(&last).unwrap()
    };
    let args = ["run", "--format", "json", "--keep-going"];
    let simulated = summary(&args);
    let live = summary(&[&args[..], &["--on", on]].concat());
    for field in ["tests", "passed", "failed", "broken", "not_run"] {
        assert_eq!(live[field], simulated[field], "{field}");
    }
    assert_eq!(live["messages"], simulated["messages"]);
    assert!(live["passed"].as_u64().unwrap() > 300);
}

#[test]
#[ignore = "takes most of a minute; .ci/run plays it"]
fn the_suite_holds_on_the_mock() {
    the_suite_holds("mock");
}

/// Twice, since the second run meets the records and groups of the first.
#[test]
#[ignore = "needs Java, and Maven for the broker's jars; .ci/run has them"]
fn the_suite_holds_on_apache_kafka_again_and_again() {
    let bare = Bare::start();
    the_suite_holds(bare.bootstrap());
    the_suite_holds(bare.bootstrap());
}

#[test]
#[ignore = "needs Docker with an image of Apache Kafka; .ci/run has them"]
fn the_suite_holds_in_a_container() {
    the_suite_holds("container");
}

const HEAD: &str = "format: 1\nscenario: A ban\n";
const CREATE: &str =
    "  - send: ban.command/CREATE\n    with: { body: { value: 10.0.0.9, permanent: true } }\n";

fn scenario(steps: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{HEAD}steps:\n{CREATE}{steps}");
    std::fs::write(folder.path().join("own.scenario.yaml"), text).unwrap();
    folder
}

#[rstest]
#[case::holds("  - expect: ban.status/CREATED\n", 0, "1 passed")]
#[case::not_seen("  - expect: ban.status/DELETED\n", 1, "error[expect::not-seen]")]
#[case::stray("  - advance: 1s\n", 1, "error[end::unclaimed]")]
#[case::a_day_later("  - expect: ban.status/CREATED\n  - advance: 24h\n", 0, "86400.000 s virtual")]
fn a_test_ends_as_it_does_in_the_simulator(
    #[case] steps: &str,
    #[case] code: i32,
    #[case] says: &str,
) {
    let folder = scenario(steps);
    for on in [&[][..], &["--on", "mock"]] {
        let args = [&["run", "own.scenario.yaml"][..], on].concat();
        let (got, text) = said(&quintet(folder.path(), &args));
        assert_eq!(got, Some(code), "{args:?}: {text}");
        assert!(text.contains(says), "{args:?}: {text}");
    }
}

#[rstest]
#[case::dead(&["--on", "127.0.0.1:1"], 3, "no broker answers at 127.0.0.1:1")]
#[case::nobody(&["--on", "x"], 2, "is no broker")]
#[case::twin(&["--on", "mock", "--twin"], 2, "--twin is for the simulator only")]
#[case::topics(&["--topics", "x"], 2, "--on")]
#[case::missing(&["--on", "mock", "--no-create"], 3, "topics are missing")]
fn what_cannot_be_had_is_told(#[case] args: &[&str], #[case] code: i32, #[case] says: &str) {
    let folder = scenario("  - expect: ban.status/CREATED\n");
    let args = [&["run", "own.scenario.yaml"][..], args].concat();
    let (got, text) = said(&quintet(folder.path(), &args));
    assert_eq!(got, Some(code), "{args:?}: {text}");
    assert!(text.contains(says), "{args:?}: {text}");
}
