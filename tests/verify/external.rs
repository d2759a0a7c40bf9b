//! Scenario files against implementations: our own services as other processes, with and without
//! mistakes, behind `run --external`.

use std::path::PathBuf;
use std::process::{Command, Output};

use quintet::services::packs;
use quintet::verify::script::random::Abilities;
use rstest::rstest;
use serde_json::Value;

use super::bare::Bare;
use super::bench::implementation;

/// A service as another process, started by `quintet run`.
struct Elsewhere {
    service: &'static str,
    folder: tempfile::TempDir,
}

struct Ran {
    code: Option<i32>,
    events: Vec<Value>,
    stderr: String,
}

impl Elsewhere {
    fn new(service: &'static str) -> Self {
        Self { service, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The line that starts it, with what is wrong with it.
    fn command(&self, manner: &str) -> String {
        format!(
            "exec {} {} group={{group}} data={} socket={} {manner}",
            implementation().display(),
            self.service,
            self.path("data").display(),
            self.path("socket").display(),
        )
    }

    /// A probe file with all that can be asked and told.
    fn probe(&self) -> PathBuf {
        let Abilities { stimuli, queries, data } = Abilities::all(self.service, &packs());
        let ask = |what: &str, name: &String| {
            let (program, socket) = (implementation(), self.path("socket"));
            format!(
                "  {name}: \"{} ask {} {what} {name} {{tenant}} {{region}} {{major}} {{minor}} \
                 {{args}}\"\n",
                program.display(),
                socket.display()
            )
        };
        let mut text = "format: 1\n".to_owned();
        let kinds = [("queries", "query", queries), ("stimuli", "stimulus", stimuli)];
        for (title, what, names) in kinds.into_iter().chain([("data", "data", data)]) {
            if !names.is_empty() {
                text.push_str(&format!("{title}:\n"));
                names.iter().for_each(|name| text.push_str(&ask(what, name)));
            }
        }
        let path = self.path("probe.yaml");
        std::fs::write(&path, text).expect("a file");
        path
    }

    fn run(&self, on: &str, manner: &str, args: &[&str]) -> Ran {
        let (probe, command) = (self.probe(), self.command(manner));
        let probe = probe.display().to_string();
        let always = ["--on", on, "--external", self.service, "--probe", &probe];
        let group = ["--group", "Somebody's group"];
        let command = ["--command", &command, "--wait", "5m", "--keep-going"];
        run(&[&always[..], &group, &command, args].concat())
    }
}

fn run(args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_quintet"))
        .args(["run", "--format", "json"])
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let Output { status, stdout, stderr } = output.expect("quintet runs");
    let stdout = String::from_utf8(stdout).expect("text");
    let events = stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    Ran {
        code: status.code(),
        events: events.collect(),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

impl Ran {
    fn tests(&self) -> Vec<(&str, &str)> {
        let tests = self.events.iter().filter(|line| line["event"] == "test");
        tests.map(|line| (text(&line["test"]), text(&line["verdict"]))).collect()
    }

    fn shown(&self) -> String {
        let lines: Vec<_> = self.events.iter().map(|line| format!("{line}\n")).collect();
        format!("{:?}\n{}\n{}", self.code, lines.concat(), self.stderr)
    }
}

#[test]
fn a_file_passes_on_an_implementation_that_conforms() {
    let elsewhere = Elsewhere::new("ban");
    let paths =
        ["scenarios/ban/create-and-delete.scenario.yaml", "scenarios/ban/tolerant.scenario.yaml"];
    let ran = elsewhere.run("mock", "", &paths);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(ran.tests().len() > 5, "{}", ran.shown());
    assert!(ran.tests().iter().all(|(_, verdict)| *verdict == "passed"), "{}", ran.shown());
}

#[test]
fn a_mistake_makes_the_right_file_fail() {
    let elsewhere = Elsewhere::new("ban");
    let paths = [
        "scenarios/ban/create-and-delete.scenario.yaml",
        "scenarios/ban/ids-are-not-reused.scenario.yaml",
    ];
    let ran = elsewhere.run("mock", "forbidden=BAN-1:id-again", &paths);
    let expected = [("ban/create-and-delete", "passed"), ("ban/ids-are-not-reused", "failed")];
    assert_eq!(ran.tests(), expected, "{}", ran.shown());
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert!(ran.shown().contains("BAN-1"), "{}", ran.shown());
}

#[test]
fn what_cannot_be_had_outside_is_told_before_anything_is_sent() {
    let elsewhere = Elsewhere::new("ban");
    let paths = [
        "scenarios/ban/create-and-delete.scenario.yaml",
        "scenarios/ban/expiry.scenario.yaml",
        "scenarios/faults/crash-between-emits.scenario.yaml",
        "scenarios/ban/what-matches.scenario.yaml",
    ];
    let ran = elsewhere.run("mock", "", &paths);
    let tests = ran.tests();
    let (last, first) = tests.split_last().expect("tests");
    assert_eq!(*last, ("ban/create-and-delete", "passed"), "{}", ran.shown());
    assert!(first.iter().all(|(_, verdict)| *verdict == "not run"), "{}", ran.shown());
    assert_eq!(ran.code, Some(4), "what was not run is not a pass: {}", ran.shown());
    let troubles = ran.events.iter().filter(|line| line["code"] == "run::not-outside");
    assert_eq!(troubles.count(), first.len(), "{}", ran.shown());
    // What it has kept belongs to a broker that is gone.
    let elsewhere = Elsewhere::new("ban");
    let ran = elsewhere.run("mock", "", &[&paths[..], &["--only-possible"]].concat());
    assert_eq!(ran.tests(), [("ban/create-and-delete", "passed")], "{}", ran.shown());
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(
        ran.stderr.contains("left out: faults/crash-between-emits: it asks for 10 schedules"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_was_started_is_killed_where_a_file_says_so() {
    let elsewhere = Elsewhere::new("ban");
    let ran = elsewhere.run("mock", "", &["tests/fixtures/external/killed.scenario.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
}

#[test]
fn one_that_ends_is_told_and_started_again() {
    let elsewhere = Elsewhere::new("ban");
    let paths = [
        "tests/fixtures/external/empty.scenario.yaml",
        "scenarios/ban/create-and-delete.scenario.yaml",
    ];
    let ran = elsewhere.run("mock", "dies-on-empty", &paths);
    let verdicts: Vec<_> = ran.tests().iter().map(|(_, verdict)| (*verdict).to_owned()).collect();
    assert_eq!(verdicts[0], "failed", "{}", ran.shown());
    let told = ran.shown();
    assert!(told.contains("run::ended") && told.contains("fatal: cannot go on"), "{told}");
}

#[test]
fn a_file_that_asks_for_too_much_is_told_from_a_mistake() {
    let elsewhere = Elsewhere::new("ban");
    let ran = elsewhere.run("mock", "", &["tests/fixtures/external/too-much.scenario.yaml"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert!(ran.shown().contains("no rule is broken by what came"), "{}", ran.shown());
}

#[rstest]
#[case::no_broker(&["--external", "ban"], "--on")]
#[case::an_unknown_service(&["--on", "mock", "--external", "bun"], "did you mean `ban`")]
#[case::one_twice(&["--on", "mock", "--external", "ban,ban"], "names ban twice")]
#[case::whose_group(
    &["--on", "mock", "--external", "ban,invite", "--group", "G"],
    "say which service it is for, as in --group ban="
)]
#[case::two_groups(
    &["--on", "mock", "--external", "ban", "--group", "G", "--group", "ban=H"],
    "--group is given twice for ban"
)]
#[case::no_probe_file(
    &["--on", "mock", "--external", "ban", "--probe", "nowhere.yaml"],
    "cannot read nowhere.yaml"
)]
#[case::nobody_knows_the_broker(
    &["--on", "mock", "--external", "ban"],
    "no implementation that runs already knows the broker"
)]
#[case::no_implementation(&["--on", "mock", "--group", "G"], "--external")]
fn what_is_wrong_with_the_command_line_is_said(#[case] args: &[&str], #[case] said: &str) {
    let path = ["scenarios/ban/create-and-delete.scenario.yaml"];
    let ran = run(&[&path[..], args].concat());
    assert_eq!(ran.code, Some(2), "{}", ran.shown());
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

/// Who serves the topics.
#[derive(Clone, Copy, Debug)]
enum Kafka {
    Mock,
    Apache,
}

/// Every file passes on our own services, but for what can be had in the simulator only.
#[rstest]
#[ignore = "takes minutes; ci/long.sh plays it"]
fn the_suite_passes(
    #[values("ban", "account", "login", "effective_stats", "invite")] service: &'static str,
    #[values(Kafka::Mock, Kafka::Apache)] kafka: Kafka,
) {
    let bare = match kafka {
        Kafka::Mock => None,
        Kafka::Apache => Some(Bare::start()),
    };
    let on = bare.as_ref().map_or_else(|| "mock".to_owned(), |bare| bare.bootstrap().to_owned());
    let elsewhere = Elsewhere::new(service);
    let ran = elsewhere.run(&on, "", &["scenarios", "--max-wait", "6s"]);
    let wrong = |(_, verdict): &&(&str, &str)| !matches!(*verdict, "passed" | "not run");
    let tests = ran.tests();
    let wrong: Vec<_> = tests.iter().filter(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{}", ran.shown());
    let passed = tests.iter().filter(|(_, verdict)| *verdict == "passed").count();
    println!("{service} on {kafka:?}: {passed} of {} passed, the others were not run", tests.len());
    assert!(passed > 100, "{}", ran.shown());
}
