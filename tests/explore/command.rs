//! The command: what it says, the code that it ends with, and that threads and shards change
//! nothing.

use std::path::Path;
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;

/// Two invites on different partitions, which the test expects in one order only.
const ONE_ORDER: &str = "\
format: 1
scenario: Two invites in one order
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - send: invite.command/CREATE
    with: { inviteType: PARTY, body: { originatorId: 1, targetId: 2, referenceId: 5 } }
  - send: invite.command/CREATE
    with: { inviteType: PARTY, body: { originatorId: 3, targetId: 4, referenceId: 13 } }
  - expect_in_order:
      - { message: invite.status/CREATED, where: { referenceId: 5 } }
      - { message: invite.status/CREATED, where: { referenceId: 13 } }
";

fn holds() -> String {
    ONE_ORDER.replace("expect_in_order", "expect_all")
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("the system has room for a folder");
    std::fs::write(folder.path().join("invites.scenario.yaml"), text).expect("it can be written");
    folder
}

fn quintet(folder: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.current_dir(folder).args(words.split_whitespace());
    command.output().expect("the binary is built")
}

fn explore(folder: &Path, words: &str) -> String {
    let words = format!("explore invites.scenario.yaml --format json {words}");
    String::from_utf8(quintet(folder, &words).stdout).expect("JSON is UTF-8")
}

fn lines(text: &str, event: &str) -> Vec<Value> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["event"] == event).collect()
}

#[rstest]
#[case::holds(&holds(), "--budget 16", 0)]
#[case::fails(ONE_ORDER, "--budget 16", 1)]
#[case::fails_exhaustively(ONE_ORDER, "--exhaustive --faults none", 1)]
#[case::no_such_service(&holds(), "--service nobody", 2)]
#[case::not_of_this_service(&holds(), "--service ban --budget 1", 4)]
#[case::of_this_service(&holds(), "--service invite --budget 1", 0)]
#[case::no_budget(&holds(), "--budget 0", 2)]
#[case::no_such_fault(&holds(), "--faults quake", 2)]
fn it_ends_with(#[case] text: &str, #[case] words: &str, #[case] code: i32) {
    let folder = folder(text);
    let ended = quintet(folder.path(), &format!("explore invites.scenario.yaml {words}"));
    assert_eq!(ended.status.code(), Some(code), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn threads_change_no_byte() {
    let folder = folder(ONE_ORDER);
    let one = explore(folder.path(), "--budget 70 --jobs 1");
    assert!(!lines(&one, "choices").is_empty());
    assert_eq!(one, explore(folder.path(), "--budget 70 --jobs 3"));
}

#[test]
fn shards_add_up_to_the_whole() {
    let folder = folder(ONE_ORDER);
    let sums = |parts: &[String]| {
        let all = parts.iter().map(|part| lines(part, "explored").remove(0));
        all.fold((0, 0, 0, 0), |(schedules, failing, cut, hash), line| {
            let number = |name: &str| line[name].as_u64().expect("a number");
            let own = u64::from_str_radix(line["hash"].as_str().expect("a hash"), 16);
            (
                schedules + number("schedules"),
                failing + number("failing"),
                cut + number("cut"),
                own.expect("hexadecimal").wrapping_add(hash),
            )
        })
    };
    let whole = explore(folder.path(), "--budget 70");
    let part = |part: u32| explore(folder.path(), &format!("--budget 70 --shard {part}/3"));
    assert_eq!(sums(&[part(1), part(2), part(3)]), sums(&[whole]));
}

#[test]
fn a_failing_schedule_replays_from_its_choices() {
    let folder = folder(ONE_ORDER);
    let told = explore(folder.path(), "--budget 64 --faults none");
    let choices = lines(&told, "choices").remove(0);
    assert_eq!(choices["kind"], "expect_in_order::wrong-order");
    let file = folder.path().join("printed.json");
    std::fs::write(&file, choices["file"].to_string()).expect("it can be written");
    let replayed = quintet(folder.path(), "replay printed.json");
    let said = String::from_utf8_lossy(&replayed.stdout);
    assert_eq!(replayed.status.code(), Some(1), "{said}");
    assert!(said.contains("expect_in_order::wrong-order"), "{said}");
}

#[test]
fn the_classes_without_faults_are_said() {
    let folder = folder(&holds());
    let words = "explore invites.scenario.yaml --exhaustive --faults none";
    let said = quintet(folder.path(), words).stdout;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("0 faults: all 2 classes"), "{said}");
}

#[test]
fn what_occurred_and_what_never_did_is_said() {
    let folder = folder(&holds());
    let told = explore(folder.path(), "--budget 64 --faults delay,rebalance");
    let summary = lines(&told, "summary").remove(0);
    assert_eq!(summary["schedules"], 64);
    assert_eq!(summary["faults"]["never"], serde_json::json!([]));
    assert!(summary["faults"]["struck"]["delay"].as_u64() > Some(0), "{summary}");
    assert!(summary["rules"]["exercised"]["INV-1"].as_u64() >= Some(64), "{summary}");
    let never = summary["rules"]["never"].as_array().expect("a list");
    assert!(never.contains(&Value::from("BAN-1")), "{summary}");
}
