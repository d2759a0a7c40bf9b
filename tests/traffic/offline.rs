//! `check` on files: what they say, and the code that it ends with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quintet::capture::{Captured, Reading};
use quintet::diagnostic::{CODES, code_info};
use quintet::history::{History, Producer};
use quintet::message::{Headers, Offset, Partition, Payload, Record, Tenant, TraceParent};
use quintet::rule::Severity;
use quintet::scenario::run::Outcome;
use quintet::verify::traffic::{gather, judge};
use rstest::rstest;

use super::files::{Said, assert_snapshot};
use super::support::{OUTCOMES, SETUP, root, told};

const CAPTURES: &str = "tests/fixtures/captures";
/// No more than is granted to clocks in any case.
const NO_SKEW: Duration = Duration::ZERO;
const ACCEPTED: &str = "tests/fixtures/accepted";

/// What `check` says in the root of the repository.
pub(crate) fn check(arguments: &str) -> Said {
    Said::of(root(), &format!("check {}", arguments.replace('@', &format!("{CAPTURES}/"))))
}

#[rstest]
#[case::holds("@good.jsonl", 0)]
#[case::violation("@violating.jsonl", 1)]
#[case::both_files("@good.jsonl @commands-only.jsonl", 0)]
#[case::narrowed("@violating.jsonl --rule SEQ-5", 4)]
#[case::accepted("@violating.jsonl --accept tests/fixtures/accepted/good.yaml", 0)]
#[case::last_day(
    "@violating.jsonl --accept tests/fixtures/accepted/good.yaml --today 2026-12-31",
    0
)]
#[case::over("@violating.jsonl --accept tests/fixtures/accepted/good.yaml --today 2027-01-01", 1)]
#[case::damaged("@capture.damaged.jsonl", 2)]
#[case::skipped("@capture.damaged.jsonl @good.jsonl --skip-damaged", 0)]
#[case::cut_off("@capture.cut-off.jsonl", 2)]
#[case::cut_off_skipped("@capture.cut-off.jsonl --skip-damaged", 0)]
#[case::nothing_exercised("@commands-only.jsonl", 4)]
#[case::no_records("/dev/null", 4)]
#[case::no_file("gone.jsonl", 2)]
#[case::no_service("@good.jsonl --service bna", 2)]
#[case::no_rule("@good.jsonl --rule BAN-99", 2)]
#[case::beside("@good.jsonl --service ban --rule ACC-1", 2)]
#[case::no_encoding("@good.jsonl --key-encoding hex", 2)]
#[case::no_topics("@good.jsonl --topics gone.txt", 2)]
#[case::bad_accepted("@good.jsonl --accept tests/fixtures/accepted/accepted.bad-date.yaml", 2)]
#[case::no_accepted("@good.jsonl --accept gone.yaml", 2)]
#[case::no_place_to_write("@good.jsonl --format json --out gone/x.jsonl", 2)]
#[case::crowded("@good.jsonl --format json --format text", 2)]
fn each_end_has_its_code(#[case] arguments: &str, #[case] code: i32) {
    let said = check(arguments);
    assert_eq!(said.code, code, "{said:#?}");
    if code == 2 {
        assert!(said.err.contains("error"), "{said:#?}");
        assert_eq!(said.out, "");
    }
}

#[rstest]
#[case("good", "@good.jsonl")]
#[case("violating", "@violating.jsonl")]
#[case(
    "accepted",
    "@violating.jsonl --accept tests/fixtures/accepted/good.yaml --today 2026-12-01"
)]
#[case("over", "@violating.jsonl --accept tests/fixtures/accepted/good.yaml --today 2027-02-01")]
#[case("unused", "@good.jsonl --accept tests/fixtures/accepted/good.yaml --today 2027-02-01")]
#[case("skipped", "@good.jsonl @capture.damaged.jsonl --skip-damaged")]
#[case("late", "@late.jsonl")]
#[case("json", "@violating.jsonl --format json")]
#[case("github", "@violating.jsonl --format github")]
#[case("junit", "@violating.jsonl --format junit")]
fn whole_outputs(#[case] name: &str, #[case] arguments: &str) {
    assert_snapshot(&format!("check-{name}"), &check(arguments).whole());
}

#[test]
fn junit_says_how_often_a_premise_held() {
    let said = check("@good.jsonl --format junit");
    assert!(said.out.contains(">its premise held 2 times<"), "{}", said.out);
    assert!(said.out.contains(">its premise held 1 time<"), "{}", said.out);
}

fn fixtures(folder: &str, ending: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the fixtures are there");
    let named = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
        Some((name.replacen('.', "::", 1), path))
    };
    let mut found: Vec<_> =
        entries.filter_map(|entry| named(entry.expect("it can be read").path())).collect();
    found.retain(|(name, _)| name.contains("::"));
    found.sort();
    found
}

#[test]
fn each_problem_of_a_file_is_shown_in_its_place() {
    for (code, _) in fixtures(CAPTURES, ".jsonl") {
        let name = code.replace("::", ".");
        let said = check(&format!("@{name}.jsonl"));
        assert!(said.err.contains(&format!("error[{code}]")), "{}", said.err);
        assert_snapshot(&name, &said.whole());
    }
    for (code, _) in fixtures(ACCEPTED, ".yaml") {
        let name = code.replace("::", ".");
        let said = check(&format!("@good.jsonl --accept {ACCEPTED}/{name}.yaml"));
        assert!(said.err.contains(&format!("error[{code}]")), "{}", said.err);
        assert_snapshot(&name, &said.whole());
    }
}

#[test]
fn each_code_has_a_file_that_shows_it() {
    let files = fixtures(CAPTURES, ".jsonl").into_iter().chain(fixtures(ACCEPTED, ".yaml"));
    let shown: BTreeSet<_> = files.map(|(code, _)| code).collect();
    for info in CODES {
        let ours = ["capture::", "accepted::"].iter().any(|area| info.code.starts_with(area));
        // A file of that size is no fixture.
        if ours && info.code != "capture::too-long" {
            assert!(shown.contains(info.code), "no file shows {}", info.code);
        }
    }
    assert!(shown.iter().all(|code| code_info(code).is_some()), "{shown:?}");
}

#[test]
fn a_line_that_is_too_long_is_refused() {
    let mut reading = Reading::new();
    let line = vec![b' '; quintet::capture::MAX_LINE_BYTES + 1];
    reading.line(&Arc::from("x.jsonl"), 1, &line, true);
    assert_eq!(reading.end().diagnostics[0].code, "capture::too-long");
}

/// The records of a run, as a capture of its topics.
fn captured(history: &History) -> Vec<Captured> {
    let contracts = history.contracts();
    let records = history.records().iter().map(|placed| Captured {
        topic: contracts.channel(placed.channel).expect("it is of these").address.as_str().into(),
        partition: placed.partition,
        offset: placed.offset,
        timestamp_ms: placed.at.as_unix_ms(),
        record: placed.record.clone(),
    });
    records.collect()
}

fn written_and_read(records: &[Captured]) -> Vec<Captured> {
    let path: Arc<str> = "run.jsonl".into();
    let mut reading = Reading::new();
    for (number, one) in (1..).zip(records) {
        reading.line(&path, number, one.line().as_bytes(), true);
    }
    let read = reading.end();
    assert!(read.damaged.is_empty(), "{:?}", read.diagnostics);
    read.records
}

/// Runs of the suite in which the test stands in for no service.
fn calm() -> impl Iterator<Item = &'static Outcome> {
    OUTCOMES.iter().filter(|outcome| {
        let history = &outcome.history;
        let sent = history.records().iter().filter(|placed| placed.producer == Producer::Test);
        sent.map(|placed| placed.channel).all(|channel| {
            history.contracts().channel(channel).is_some_and(|one| one.producers.is_empty())
        })
    })
}

#[test]
fn what_the_references_do_is_no_violation_whether_seen_from_the_start_or_not() {
    let (mut runs, mut exercised) = (0, BTreeSet::new());
    for outcome in calm() {
        runs += 1;
        let records = written_and_read(&captured(&outcome.history));
        let channel = |topic: &str| SETUP.contracts.channel_at(topic).map(|one| one.index);
        for from in 0..records.len().min(40) {
            let some = records[from..].to_vec();
            let gathered = gather(some, &SETUP.contracts, channel, None, NO_SKEW);
            let judgement = judge(&gathered, from == 0, (NO_SKEW, NO_SKEW));
            let violations =
                judgement.findings.iter().filter(|one| one.severity == Severity::Violation);
            let violations: Vec<_> = violations.map(|one| (one.rule, &one.message)).collect();
            assert!(violations.is_empty(), "{} from record {from}: {violations:?}", told(outcome));
            let passed = judgement.rules.iter().filter(|(_, standing)| {
                matches!(standing, quintet::verify::Standing::Passed { .. })
            });
            exercised.extend(passed.map(|(rule, _)| *rule));
        }
    }
    assert!(runs > 20 && exercised.len() > 3, "{runs} runs, {exercised:?}");
}

#[test]
fn what_lies_before_the_first_record_of_a_channel_may_explain_anything() {
    let (mut cuts, mut passed) = (0, BTreeSet::new());
    for outcome in calm() {
        let records = captured(&outcome.history);
        let channel = |topic: &str| SETUP.contracts.channel_at(topic).map(|one| one.index);
        let topics: BTreeSet<_> = records.iter().map(|one| Arc::clone(&one.topic)).collect();
        for (late, from) in
            topics.iter().flat_map(|late| (1..=records.len()).map(move |at| (late, at)))
        {
            let there = |(at, one): &(usize, &Captured)| one.topic != *late || *at >= from;
            let some = records.iter().enumerate().filter(there);
            let some = some.map(|(_, one)| one.clone()).collect();
            let judgement = judge(
                &gather(some, &SETUP.contracts, channel, None, NO_SKEW),
                false,
                (NO_SKEW, NO_SKEW),
            );
            let violations =
                judgement.findings.iter().filter(|one| one.severity == Severity::Violation);
            let violations: Vec<_> = violations.map(|one| (one.rule, &one.message)).collect();
            assert!(violations.is_empty(), "{}, {late} from {from}: {violations:?}", told(outcome));
            cuts += 1;
            let kept = |standing: &_| matches!(standing, quintet::verify::Standing::Passed { .. });
            passed
                .extend(judgement.rules.into_iter().filter(|(_, one)| kept(one)).map(|(id, _)| id));
        }
    }
    assert!(cuts > 100 && passed.len() > 3, "{cuts} cuts, {passed:?}");
}

#[rstest]
#[case::soon(30_000, 0)]
#[case::later(61_000, 1)]
fn what_answers_no_command_is_found_once_commands_have_long_been_there(
    #[case] after_ms: i64,
    #[case] found: usize,
) {
    let tenant = Tenant { id: uuid::Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
    let one = |topic: &str, ms: i64, value: &str| Captured {
        topic: topic.into(),
        partition: Partition(0),
        offset: Offset(100),
        timestamp_ms: 1_795_301_166_150 + ms,
        record: Record {
            key: None,
            headers: Headers::of_tenant(&tenant, TraceParent { trace: 7, span: 1, flags: 1 }),
            value: Some(Payload::new(value.as_bytes())),
        },
    };
    let command = r#"{"type":"DELETE","body":{"banId":8}}"#;
    let records = vec![
        one("COMMAND_TOPIC_BAN", 0, command),
        one("EVENT_TOPIC_BAN_STATUS", after_ms, r#"{"banId":7,"status":"DELETED"}"#),
    ];
    let channel = |topic: &str| SETUP.contracts.channel_at(topic).map(|one| one.index);
    let gathered = gather(records, &SETUP.contracts, channel, None, NO_SKEW);
    let rules: Vec<_> =
        judge(&gathered, false, (NO_SKEW, NO_SKEW)).findings.iter().map(|one| one.rule).collect();
    assert_eq!(rules, vec![quintet::services::id::SEQ_6; found]);
}

#[test]
fn the_order_of_lines_says_nothing() {
    let longest = calm().max_by_key(|outcome| outcome.history.records().len());
    let records = captured(&longest.expect("there are runs").history);
    let channel = |topic: &str| SETUP.contracts.channel_at(topic).map(|one| one.index);
    let straight = gather(records.clone(), &SETUP.contracts, channel, Some("ban"), NO_SKEW);
    let mut turned = records;
    turned.reverse();
    let turned = gather(turned, &SETUP.contracts, channel, Some("ban"), NO_SKEW);
    assert!(straight.history.records().len() > 4);
    assert_eq!(straight.history.head(), turned.history.head());
}

#[test]
fn secrets_stay_inside() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join(CAPTURES).join("good.jsonl")).unwrap();
    let line = good.lines().next().unwrap();
    let value = line.rfind("\"value\"").unwrap();
    let create = format!(
        r#"{}"value":"{{\"name\":7,\"password\":\"hunter2\"}}"}}"#,
        line[..value].replace("COMMAND_TOPIC_BAN", "COMMAND_TOPIC_CREATE_ACCOUNT")
    );
    let cut = &create[..create.len() - 4];
    for (name, text) in [("whole.jsonl", format!("{create}\n")), ("cut.jsonl", cut.to_owned())] {
        std::fs::write(folder.path().join(name), text).unwrap();
        for form in ["text", "json", "junit", "github"] {
            let said = Said::of(folder.path(), &format!("check {name} --format {form}"));
            assert!(!said.whole().contains("hunter"), "{name} {form}: {said:#?}");
            assert!(said.whole().contains("COM-7") || name == "cut.jsonl", "{said:#?}");
        }
    }
}

#[test]
fn what_other_tenants_ask_for_in_vain_is_not_to_blame() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [(0, 0), (1, 1_125), (2, 1_473), (3, 2_273), (4, 2_326)].map(|(offset, ms)| {
        let id = uuid::Uuid::from_u128(u128::from(offset) + 1);
        let tenant = Tenant { id, region: "GMS".into(), major: 83, minor: 1 };
        let trace = TraceParent { trace: u128::from(offset) + 1, span: 1, flags: 1 };
        let one = Captured {
            topic: "COMMAND_TOPIC_CREATE_ACCOUNT".into(),
            partition: Partition(0),
            offset: Offset(offset),
            timestamp_ms: 1_795_301_166_150 + ms,
            record: Record {
                key: None,
                headers: Headers::of_tenant(&tenant, trace),
                value: Some(Payload::new(br#"{"name":"alice","password":"correct-horse"}"#)),
            },
        };
        one.line() + "\n"
    });
    let path = folder.path().join("x.jsonl");
    std::fs::write(&path, lines.concat()).unwrap();
    let said = check(&format!("{} --service account", path.display()));
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.out.starts_with("violation[ACC-1]"), "{}", said.out);
    assert!(!said.out.contains("other tenants do"), "{}", said.out);
}

#[test]
fn that_there_is_no_record_is_said_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, blank) = (folder.path().join("empty.jsonl"), folder.path().join("blank.jsonl"));
    std::fs::write(&empty, "").unwrap();
    std::fs::write(&blank, "\n \n\n").unwrap();
    let (empty, blank) = (empty.display(), blank.display());
    for (files, note) in [
        (format!("{empty}"), "there is no record in the file"),
        (format!("{blank}"), "there is no record in the file"),
        (format!("{empty} {blank}"), "there is no record in the files"),
    ] {
        let said = check(&files);
        assert_eq!(said.code, 4, "{said:#?}");
        let notes: Vec<_> = said.out.lines().filter(|line| line.contains("note ")).collect();
        assert_eq!(notes.len(), 1, "{}", said.out);
        assert!(notes[0].ends_with(note), "{}", notes[0]);
    }
}

#[test]
fn topics_may_have_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let good = std::fs::read_to_string(Path::new(root()).join(CAPTURES).join("good.jsonl"));
    let text = good.unwrap().replace("EVENT_TOPIC_BAN_STATUS", "prod.bans");
    std::fs::write(path("renamed.jsonl"), text).unwrap();
    let unknown = check(&path("renamed.jsonl"));
    assert_eq!(unknown.code, 4, "{unknown:#?}");
    let words: Vec<_> = unknown.out.split_whitespace().collect();
    assert!(words.join(" ").contains("prod.bans (2 records)"), "{}", unknown.out);
    std::fs::write(path("topics.txt"), "ban.status = prod.bans\n").unwrap();
    let known = check(&format!("{} --topics {}", path("renamed.jsonl"), path("topics.txt")));
    assert_eq!(known.code, 0, "{known:#?}");
}

/// The blocks of this kind in the guide.
fn blocks(kind: &str) -> Vec<String> {
    let guide = std::fs::read_to_string(root().join("docs/capture.md")).expect("it is there");
    let fence = format!("```{kind}\n");
    let blocks = guide.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_examples_of_the_guide_do_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let [capture] = &blocks("jsonl")[..] else { panic!("one capture is shown") };
    write("traffic.jsonl", capture);
    let [accepted] = &blocks("yaml")[..] else { panic!("one list is shown") };
    write("accepted.yaml", accepted);
    let examples = blocks("console");
    assert_eq!(examples.len(), 2);
    for example in &examples {
        let (line, output) = example.split_once('\n').unwrap();
        let arguments = line.strip_prefix("$ quintet ").unwrap();
        let said = Said::of(folder.path(), arguments);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}");
        assert!(output.is_empty() || said.out == output, "{}", said.out);
    }
    for name in ["report.jsonl", "report.xml"] {
        assert!(folder.path().join(name).metadata().unwrap().len() > 100);
    }
    let said = Said::of(folder.path(), "check traffic.jsonl --accept accepted.yaml");
    assert_eq!(said.code, 0, "{said:#?}");
    let words: Vec<_> = said.out.split_whitespace().collect();
    assert!(
        words.join(" ").contains("accepted.yaml:3 accepts violations of BAN-5"),
        "{}",
        said.out
    );
}
