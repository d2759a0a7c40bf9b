//! Whole commands of the built binary: what they say, and the code that they end with.

#[path = "cli/files.rs"]
mod files;
#[path = "cli/fmt.rs"]
mod fmt;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/selected.rs"]
mod selected;
#[path = "cli/variables.rs"]
mod variables;

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Stdio;

use rstest::rstest;

use files::{
    BROKEN, DAMAGED, EXPLORED, FAILING, GOOD, Said, TABLE, assert_snapshot, command, folder,
    quintet,
};

const ALL: &[(&str, &str)] = &[
    ("a/good.scenario.yaml", GOOD),
    ("b/failing.scenario.yaml", FAILING),
    ("c/broken.scenario.yaml", BROKEN),
    ("d/table.scenario.yaml", TABLE),
];

const A_GOOD: (&str, &str) = ("good.scenario.yaml", GOOD);
const A_FAILING: (&str, &str) = ("z-failing.scenario.yaml", FAILING);
const A_BROKEN: (&str, &str) = ("z-broken.scenario.yaml", BROKEN);
const A_DAMAGED: (&str, &str) = ("z-damaged.scenario.yaml", DAMAGED);

#[rstest]
#[case::holds(&[A_GOOD], "run", 0)]
#[case::violation(&[A_GOOD, A_FAILING], "run", 1)]
#[case::damaged(&[A_GOOD, A_DAMAGED], "run", 2)]
#[case::broken(&[A_GOOD, A_BROKEN], "run", 3)]
#[case::no_such_tag(&[A_GOOD], "run --tag none", 4)]
#[case::excluded(&[A_GOOD], "run --tag !smoke", 4)]
#[case::tag(&[A_GOOD, A_FAILING], "run --tag smoke --tag !slow", 0)]
#[case::damaged_before_violation(&[A_DAMAGED, A_FAILING], "run", 2)]
#[case::violation_before_broken(&[A_BROKEN, A_FAILING], "run --keep-going", 1)]
#[case::no_tests(&[("note.txt", "")], "run", 4)]
#[case::no_folder(&[], "run", 2)]
#[case::no_file(&[A_GOOD], "run gone.yaml scenarios", 2)]
#[case::no_contracts(&[A_GOOD], "run --contracts scenarios", 2)]
#[case::no_contracts_folder(&[A_GOOD], "run --contracts gone", 2)]
#[case::unknown_option(&[A_GOOD], "run --sead 3", 2)]
#[case::bad_seed(&[A_GOOD], "run --seed -1", 2)]
#[case::no_jobs(&[A_GOOD], "run --jobs 0", 2)]
#[case::bad_format(&[A_GOOD], "run --format xml", 2)]
#[case::no_command(&[], "", 2)]
#[case::unknown_command(&[], "rnu", 2)]
#[case::help(&[], "--help", 0)]
#[case::help_of_run(&[], "run --help", 0)]
#[case::version(&[], "--version", 0)]
#[case::list(&[A_GOOD], "list", 0)]
#[case::list_damaged(&[A_GOOD, A_DAMAGED], "list", 2)]
#[case::list_nothing(&[A_GOOD], "list --tag none", 4)]
#[case::lint(&[A_GOOD, A_FAILING], "lint", 0)]
#[case::lint_damaged(&[A_GOOD, A_DAMAGED], "lint", 2)]
#[case::lint_nothing(&[("note.txt", "")], "lint", 4)]
#[case::explain(&[], "explain BAN-5", 0)]
#[case::explain_everything(&[], "explain", 0)]
#[case::explain_unknown(&[], "explain BAN-99", 2)]
#[case::replay_nothing(&[], "replay gone.json", 2)]
#[case::replay_no_choice_file(&[A_GOOD], "replay scenarios/good.scenario.yaml", 2)]
fn each_end_has_its_code(
    #[case] files: &[(&str, &str)],
    #[case] arguments: &str,
    #[case] code: i32,
) {
    let said = quintet(files, arguments);
    assert_eq!(said.code, code, "{said:#?}");
    if code == 0 {
        assert_eq!(said.err, "");
    }
}

#[rstest]
#[case("run", ALL, "run --keep-going --seed 17")]
#[case("run-stops", ALL, "run")]
#[case("run-one-file", ALL, "run scenarios/a/good.scenario.yaml --timings")]
#[case("run-explored", &[("x.scenario.yaml", EXPLORED)], "run")]
#[case("run-damaged", &[A_DAMAGED, A_GOOD], "run")]
#[case("run-json", ALL, "run --keep-going --format json")]
#[case("list", ALL, "list")]
#[case("lint", &[A_DAMAGED, A_GOOD], "lint")]
#[case("lint-good", ALL, "lint")]
#[case("explain", &[], "explain")]
#[case("explain-rule", &[], "explain BAN-4")]
#[case("explain-code", &[], "explain expect::not-seen")]
#[case("explain-verb", &[], "explain expect")]
#[case("explain-matcher", &[], "explain <uuid>")]
#[case("explain-fault", &[], "explain delay")]
#[case("explain-exit", &[], "explain exit")]
#[case("explain-one-exit", &[], "explain 3")]
#[case("explain-unknown", &[], "explain duplicat_delivery")]
#[case("help", &[], "--help")]
#[case("help-run", &[], "run --help")]
#[case("fmt", ALL, "fmt --check")]
#[case("help-list", &[], "list --help")]
#[case("help-lint", &[], "lint --help")]
#[case("help-explain", &[], "explain --help")]
#[case("help-replay", &[], "replay --help")]
#[case("unknown-option", &[], "run --sead 3")]
fn whole_outputs(#[case] name: &str, #[case] files: &[(&str, &str)], #[case] arguments: &str) {
    let said = quintet(files, arguments);
    assert_snapshot(name, &format!("$ quintet {arguments}\n{}", said.whole()));
}

#[test]
fn json_is_the_same_for_any_number_of_jobs() {
    let arguments = "run --keep-going --format json --seed 5";
    let one = quintet(ALL, &format!("{arguments} --jobs 1"));
    for jobs in [1, 2, 7] {
        let other = quintet(ALL, &format!("{arguments} --jobs {jobs}"));
        assert_eq!(one.out, other.out);
    }
    let stopped = |jobs| quintet(ALL, &format!("run --format json --jobs {jobs}")).out;
    assert_eq!(stopped(1), stopped(4));
    assert_ne!(one.out, quintet(ALL, "run --keep-going --format json --seed 6").out);
}

#[test]
fn what_was_not_started_is_counted() {
    let rows = TABLE.replace("[wrong, open-sesame, INC", "[wrong, open-sesame, OTHER_INC");
    let rows = rows.replace("[right, correct-horse,", "[right, pw,");
    let files = [("a.scenario.yaml", rows.as_str()), ("b.scenario.yaml", GOOD), A_FAILING];
    for jobs in [1, 3] {
        let out = quintet(&files, &format!("run --jobs {jobs}")).out;
        let counts = "2 tests: 1 passed, 1 failed; 2 tests were not started";
        assert!(out.contains(counts), "{out}");
    }
}

#[test]
fn many_tests_that_pass_are_told_by_folder() {
    let names: Vec<_> = (0..61).map(|at| format!("{}/{at}.scenario.yaml", at / 50)).collect();
    let mut files: Vec<_> = names.iter().map(|name| (name.as_str(), GOOD)).collect();
    files[20].1 = FAILING;
    let said = quintet(&files, "run --keep-going");
    let told = said.out.lines().filter(|line| line.starts_with("ok ") || line.starts_with("FAIL"));
    let told: Vec<_> =
        told.map(|line| line.split_whitespace().take(3).collect::<Vec<_>>()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[1], ["FAIL", "0/20", "seed"]);
    assert_eq!((&told[0][1..], &told[3][1..]), (&["0", "13"][..], &["1", "11"][..]));
    let each = quintet(&files, "run --keep-going --timings").out;
    assert_eq!(each.lines().filter(|line| line.starts_with("ok ")).count(), 60);
}

#[test]
fn a_terminal_gets_no_control_characters_from_a_record() {
    let raw = GOOD.replace(
        "steps:\n",
        "steps:\n  - send: ban.status\n    raw: '{\"status\": \"\\u001b[31m\", \"banId\": 1}'\n",
    );
    let wrong = raw.replace("<int as $ban>", "7");
    assert_ne!(raw, wrong);
    for arguments in ["run", "run --format json"] {
        let said = quintet(&[("x.scenario.yaml", &wrong)], arguments);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn each_json_line_is_an_object_with_an_event() {
    let said = quintet(&[A_DAMAGED, A_FAILING, A_GOOD], "run --keep-going --format json");
    let mut events: BTreeMap<String, usize> = BTreeMap::new();
    for line in said.out.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        *events.entry(value["event"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with(r#"{"event":"run","format":1,"#));
    assert!(lines[lines.len() - 1].starts_with(r#"{"event":"summary""#));
    assert_eq!((events["test"], events["trouble"], events["diagnostic"]), (2, 1, 2));
    assert!(!said.out.contains("real_us"));
    let timed = quintet(&[A_GOOD], "run --format json --timings").out;
    assert_eq!(timed.matches("real_us").count(), 2);
}

#[test]
fn a_failure_is_replayed_from_its_choices() {
    let folder = folder(&[("x.scenario.yaml", EXPLORED)]);
    let run = Said::of(folder.path(), "run --seed 3 --save saved");
    let replayed = Said::of(folder.path(), "replay saved/x.choices.json");
    assert_eq!((run.code, replayed.code), (1, 1));
    assert!(run.out.contains("replay:  quintet replay saved/x.choices.json"));
    let timeline = |said: &Said| -> Vec<String> {
        let rows = said.out.lines().filter(|line| line.starts_with("   ") && line.contains('#'));
        rows.map(str::to_owned).collect()
    };
    assert_eq!(timeline(&run), timeline(&replayed));
    assert!(timeline(&run).len() > 4);
    let json = Said::of(folder.path(), "replay saved/x.choices.json --format json");
    let hash = |said: &str| said.split("\"hash\":").nth(1).map(|rest| rest[..18].to_owned());
    let ran = Said::of(folder.path(), "run --seed 3 --format json");
    assert_eq!(hash(&json.out), hash(&ran.out));
}

#[rstest]
#[case("replay-cut", "\"schedule\": ", "")]
#[case("replay-format", "\"format\": 1", "\"format\": 9")]
#[case("replay-test", "\"x\"", "\"y\"")]
#[case("replay-path", "x.scenario", "gone.scenario")]
#[case("replay-choice", "deliver invite", "deliver nobody")]
fn a_damaged_choice_file_is_refused(#[case] name: &str, #[case] good: &str, #[case] bad: &str) {
    let folder = folder(&[("x.scenario.yaml", EXPLORED)]);
    Said::of(folder.path(), "run --seed 3 --save .");
    let path = folder.path().join("x.choices.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(good), "{text}");
    std::fs::write(&path, text.replace(good, bad)).unwrap();
    let said = Said::of(folder.path(), "replay x.choices.json");
    assert_eq!(said.code, 2);
    assert_snapshot(name, &said.whole());
}

#[test]
fn again_runs_the_same_schedule() {
    let folder = folder(&[("x.scenario.yaml", EXPLORED)]);
    let first = Said::of(folder.path(), "run --schedule 7 --format json");
    let again = Said::of(folder.path(), "run --schedule 7 --format json");
    assert_eq!(first.out, again.out);
    assert!(first.out.contains("run scenarios/x.scenario.yaml --seed 0 --schedule 7"));
}

#[rstest]
#[case("run --keep-going")]
#[case("run --format json")]
#[case("list")]
#[case("lint")]
#[case("explain")]
#[case("--help")]
fn a_closed_pipe_ends_quietly(#[case] arguments: &str) {
    let folder = folder(ALL);
    let mut child = command(folder.path(), arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(err, "");
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
}

#[test]
fn a_file_outside_the_folder_runs_as_well() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("my own.yaml"), FAILING).unwrap();
    let output = command(folder.path(), "run").arg("my own.yaml").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.starts_with("FAIL  my own "), "{out}");
    assert!(out.contains("again:  quintet run 'my own.yaml' --seed 0"), "{out}");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told_and_the_rest_runs() {
    let folder = folder(&[A_GOOD, ("nutf8.scenario.yaml", "")]);
    std::fs::write(folder.path().join("scenarios/nutf8.scenario.yaml"), b"a: \xff").unwrap();
    std::fs::create_dir(folder.path().join("scenarios/dir.scenario.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("scenarios/link.scenario.yaml"))
        .unwrap();
    let said = Said::of(folder.path(), "run");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("error[yaml::not-utf8]"), "{}", said.err);
    assert!(said.err.contains("link.scenario.yaml"), "{}", said.err);
    assert!(said.out.contains("1 test: 1 passed; 2 files have errors"), "{}", said.out);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_success() {
    let folder = folder(ALL);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command(folder.path(), "list").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write"));
}
