//! The command `verify`, with implementations that are processes: killed, dying, silent, absent.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use rstest::rstest;
use serde_json::Value;

use super::bench::implementation;

fn quintet() -> &'static str {
    env!("CARGO_BIN_EXE_quintet")
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

fn verify(args: &[&str]) -> Ran {
    let output = Command::new(quintet()).arg("verify").args(args).output();
    let Output { status, stdout, stderr } = output.expect("quintet runs");
    Ran {
        code: status.code().expect("it ends by itself"),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

/// The JSON lines of an event.
fn lines(ran: &Ran, event: &str) -> Vec<Value> {
    let parsed = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    parsed.filter(|line: &Value| line["event"] == event).collect()
}

#[test]
#[ignore = "takes minutes, and rests on what can be played in a time; .ci/run plays it"]
fn one_that_keeps_its_state_may_be_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = implementation();
    let command = format!("exec {} ban data={}", program.display(), folder.path().display());
    let args = ["ban", "--on", "mock", "--command", &command, "--budget", "6s", "--wait", "5m"];
    let ran = verify(&[&args[..], &["--neighbours", "none", "--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(
        lines(&ran, "finding").iter().filter(|one| one["severity"] == "violation").count(),
        0
    );
    assert!(ran.stdout.contains("killed 2 times"), "{}", ran.stdout);
}

#[test]
#[ignore = "takes many minutes; ci/long.sh plays it"]
fn one_that_loses_its_state_is_found_out() {
    let command = format!("exec {} ban", implementation().display());
    let args = ["ban", "--on", "mock", "--command", &command, "--budget", "6s", "--wait", "5m"];
    let all = [&args[..], &["--neighbours", "none", "--format", "json"]].concat();
    let ran = verify(&all);
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let rules: Vec<_> = lines(&ran, "finding").iter().map(|one| one["rule"].clone()).collect();
    assert!(rules.iter().any(|rule| rule == "COM-9" || rule == "BAN-1"), "{rules:?}");
    // What shows it is the kill, and what was there before it.
    let shown = lines(&ran, "finding").into_iter().find(|one| one["rule"] == "COM-9");
    let again = shown.map(|one| one["reproduction"].clone()).unwrap_or_default();
    let steps = again["steps"].to_string();
    assert!(steps.contains("is killed (-9)"), "{again}\n{}\n{}", ran.stdout, ran.stderr);
    assert!(again["command"].as_str().unwrap().contains(" killed before "), "{again}");
    let tolerant = verify(&[&all[..], &["--not-persistent"]].concat());
    assert_eq!(tolerant.code, 0, "{}\n{}", tolerant.stdout, tolerant.stderr);
}

#[test]
#[ignore = "takes minutes; .ci/run plays it"]
fn an_input_that_it_dies_on_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = implementation();
    let folder = folder.path().display();
    let command = format!("exec {} ban dies-on-empty data={folder}", program.display());
    let args = ["ban", "--on", "mock", "--command", &command, "--budget", "4s", "--wait", "5m"];
    let ran = verify(&[&args[..], &["--neighbours", "none", "--format", "json"]].concat());
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let findings = lines(&ran, "finding");
    let named = findings.iter().find(|one| {
        one["rule"] == "COM-5" && one["message"].as_str().is_some_and(|text| text.contains("ended"))
    });
    let named = named.unwrap_or_else(|| panic!("{}", ran.stdout));
    let record = &named["records"][0];
    assert_eq!(record["value"], "0 bytes, not JSON", "{named}");
    assert!(named["message"].as_str().unwrap().contains("cannot go on"), "{named}");
}

/// Nothing that is sent again does it: then all are named that it may have been.
#[test]
#[ignore = "takes minutes, and rests on what can be played in a time; .ci/run plays it"]
fn one_that_dies_once_is_held_to_what_was_in_flight() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = implementation();
    let folder = folder.path().display();
    let command =
        format!("exec {} ban data={folder}/data dies-once={folder}/died", program.display());
    let args = ["ban", "--on", "mock", "--command", &command, "--budget", "4s", "--wait", "5m"];
    let ran = verify(&[&args[..], &["--neighbours", "none", "--format", "json"]].concat());
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let findings = lines(&ran, "finding");
    let named = findings.iter().find(|one| one["rule"] == "COM-5");
    let named = named.unwrap_or_else(|| panic!("{}", ran.stdout));
    let message = named["message"].as_str().expect("a text");
    assert!(message.contains("exit status: 9") && message.contains("behind "), "{named}");
    assert!(!message.contains("sent alone"), "{named}");
    assert_eq!(named["reproduction"], serde_json::Value::Null, "{named}");
}

/// What is known when somebody asks it to end is told, and does not count as all that was asked.
#[test]
fn a_signal_ends_it_with_a_report() {
    let command = format!("exec {} ban", implementation().display());
    let args = ["verify", "ban", "--on", "mock", "--command", &command, "--format", "json"];
    let mut verify = Command::new(quintet());
    verify.args(args).args(["--neighbours", "none", "--wait", "5m"]);
    verify.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = verify.spawn().expect("quintet runs");
    let mut told = BufReader::new(running.stderr.take().expect("a pipe")).lines();
    let begins = |line: Result<String, _>| line.expect("text").starts_with("expected input");
    assert!(told.any(begins), "it ended before it sent anything");
    let pid = running.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    let rest: Vec<_> = told.collect();
    let output = running.wait_with_output().expect("it ends");
    let stdout = String::from_utf8(output.stdout).expect("text");
    let ran = Ran {
        code: output.status.code().expect("it ends by itself"),
        stdout,
        stderr: String::new(),
    };
    assert_eq!(ran.code, 3, "{}\n{rest:?}", ran.stdout);
    assert_eq!(lines(&ran, "summary")[0]["exit"], 3, "{}", ran.stdout);
    assert!(!lines(&ran, "rule").is_empty(), "{}", ran.stdout);
    assert!(ran.stdout.contains("it was ended by a signal"), "{}", ran.stdout);
}

#[rstest]
#[case::nobody("sleep 1000", &["nobody takes what is sent for ban", "Ban Service", "--wait"])]
#[case::gone("echo no such thing; exit 7", &["ended at once", "exit status: 7", "no such thing"])]
fn when_nobody_is_there_it_says_so(#[case] command: &str, #[case] said: &[&str]) {
    let args = ["ban", "--on", "mock", "--command", command, "--wait", "4s"];
    let ran = verify(&[&args[..], &["--neighbours", "none"]].concat());
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    for text in said {
        assert!(ran.stderr.contains(text), "{text}: {}", ran.stderr);
    }
}

#[test]
fn a_broker_that_is_not_there_is_said() {
    let ran = verify(&["ban", "--on", "127.0.0.1:1"]);
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("127.0.0.1:1"), "{}", ran.stderr);
}

#[rstest]
#[case::broker(&["--on", "127.0.0.1:1"], "no broker answers at 127.0.0.1:1")]
#[case::implementation(&["--on", "mock", "--command", "exit 7"], "the command ended at once")]
fn reports_say_why_nothing_is_judged(#[case] args: &[&str], #[case] why: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["ban.xml", "ban.jsonl"].map(|name| folder.path().join(name));
    let [xml, jsonl] = paths.each_ref().map(|path| path.to_str().expect("text"));
    let forms = ["ban", "--format", "junit", "--format", "json", "--format", "github"];
    let ran = verify(&[&forms[..], &["--out", xml, "--out", jsonl], args].concat());
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    let [junit, json] = [xml, jsonl].map(|path| std::fs::read_to_string(path).expect("a file"));
    let case = "<testcase name=\"set-up\" classname=\"quintet.ban\">";
    let error = format!("<error message=\"{why}");
    assert!(junit.contains(case) && junit.contains(&error), "{junit}");
    assert!(junit.contains("errors=\"1\"") && junit.contains("</testsuites>"), "{junit}");
    let events: Vec<Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].clone()).collect();
    assert_eq!(names, ["verdicts", "error", "summary"], "{json}");
    assert!(events[1]["message"].as_str().expect("text").starts_with(why), "{json}");
    assert_eq!(events[2]["exit"], 3, "{json}");
    let annotation = format!("::error title=ban%3A nothing is judged::{why}");
    assert!(ran.stdout.starts_with(&annotation), "{}", ran.stdout);
}

#[test]
fn topics_that_are_missing_are_named() {
    let ran = verify(&["ban", "--on", "mock", "--command", "sleep 1000", "--no-create"]);
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("COMMAND_TOPIC_BAN"), "{}", ran.stderr);
}

#[rstest]
#[case::service(&["bann"], "did you mean `ban`")]
#[case::group(&["login"], "--group")]
#[case::script(&["ban", "--script", "ban/twise"], "did you mean \"ban/twice\"?")]
#[case::rows(&["ban", "--script", "ban/expirey"], "did you mean \"ban/expiry::just before")]
#[case::far(&["ban", "--script", "nothing"], "reports name them: `ban/twice`, `random 17`")]
#[case::kill(&["ban", "--script", "random 17 killed before 12"], "must have started it, with --command")]
#[case::probe(&["ban", "--probe", "nowhere.yaml"], "cannot read nowhere.yaml")]
#[case::rule(&["ban", "--rule", "BAN-55"], "did you mean BAN-5")]
#[case::rule_of_another(
    &["ban", "--rule", "BAN-5", "--rule", "ACC-1"],
    "ACC-1 does not concern ban: the rules that do are COM-*, SEQ-* and BAN-*"
)]
#[case::nobody_can_come(&["ban"], "started with `--command 'COMMAND {bootstrap}'`, or name its broker")]
fn what_is_wrong_with_the_command_line_is_said(#[case] args: &[&str], #[case] said: &str) {
    let ran = verify(&[args, &["--on", "mock"]].concat());
    assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}
