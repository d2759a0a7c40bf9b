//! Capture and monitor, on librdkafka's mock.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use quintet::capture::{Captured, Reading};
use quintet::contract::Contracts;
use quintet::kafka::{Broker, Connection, Create, Deadline, On, Sender, Settings, Topics};
use quintet::message::{
    Headers, Offset, Outgoing, Partition, Payload, Record, Tenant, TraceParent,
};
use rstest::rstest;

use super::files::{Said, command};
use super::support::root;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// A mock with all topics, and a sender.
pub(crate) struct Bed {
    pub(crate) sender: Sender,
    pub(crate) topics: Topics,
    pub(crate) connection: Connection,
    pub(crate) contracts: Arc<Contracts>,
    pub(crate) folder: tempfile::TempDir,
    broker: Broker,
}

impl Bed {
    pub(crate) fn new() -> Self {
        let (contracts, settings) = (Contracts::builtin(), Settings::default());
        let broker = Broker::start(&On::Mock, &settings).expect("the mock starts");
        let connection =
            Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
        let topics = Topics::from_lines(&contracts, |_| None, None).expect("they have names");
        connection.ensure_topics(&topics, &contracts, Create::Missing).expect("they are made");
        let sender = Sender::open(&connection, &topics).expect("it can be written to");
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        Self { sender, topics, connection, contracts, folder, broker }
    }

    /// Sends records into the partitions that they were captured from.
    fn send(&self, records: &[Captured]) {
        for one in records {
            let Some(channel) = self.topics.channel(&one.topic) else {
                continue;
            };
            let outgoing = Outgoing { channel, record: one.record.clone() };
            self.sender.send(&outgoing, Some(one.partition)).expect("the mock takes it");
        }
    }

    fn arguments(&self, arguments: &str) -> String {
        format!("{arguments} --on {}", self.broker.bootstrap())
    }

    fn says(&self, arguments: &str) -> Said {
        Said::of(self.folder.path(), &self.arguments(arguments))
    }

    /// Starts a command, and waits until it reads.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        let mut command = command(self.folder.path(), &self.arguments(arguments));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it is built");
        let mut line = String::new();
        let err = child.stderr.as_mut().expect("it is piped");
        BufReader::with_capacity(1, err).read_line(&mut line).expect("it is text");
        assert!(line.starts_with("ready: "), "{line}");
        child
    }

    /// What a monitor says of a backlog. It is ended once it has judged so many records, however
    /// long that takes.
    fn monitored(&self, arguments: &str, records: usize) -> Said {
        let mut child = self.start(&format!("monitor --from beginning --every 50ms {arguments}"));
        // Read beside, so that it never waits for us while we wait for it.
        let mut err = BufReader::new(child.stderr.take().expect("it is piped"));
        let judged = format!("{records} records, ");
        let id = child.id();
        let told = std::thread::spawn(move || {
            let mut told = String::new();
            let mut line = String::new();
            let mut is_ended = false;
            while err.read_line(&mut line).expect("it is text") > 0 {
                if line.starts_with(&judged) && !is_ended {
                    is_ended = true;
                    signal(id, "-TERM");
                }
                told.push_str(&line);
                line.clear();
            }
            assert!(is_ended, "it has not judged {records} records: {told}");
            told
        });
        let (out, code) = end(child);
        let err = told.join().expect("it was told to end");
        Said { code: code.expect("it ends in order"), out, err }
    }

    /// Captures a backlog into a file that is not there yet; ended once so many lines are in it.
    fn captured(&self, file: &str, lines: usize) -> Vec<Captured> {
        let child = self.start(&format!("capture --from beginning --out {file}"));
        let path = self.folder.path().join(file);
        let deadline = Deadline::after(PATIENCE);
        let text = || std::fs::read_to_string(&path).unwrap_or_default();
        while text().lines().count() < lines {
            assert!(!deadline.is_over(), "not {lines} lines: {}", text());
            std::thread::park_timeout(Duration::from_millis(10));
        }
        signal(child.id(), "-TERM");
        let (out, code) = end(child);
        assert_eq!(code, Some(0), "{out}");
        read(&path)
    }
}

pub(crate) fn signal(process: u32, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &process.to_string()]).status();
    assert!(sent.expect("the system has `kill`").success());
}

/// What a child says until it ends.
pub(crate) fn end(mut child: Child) -> (String, Option<i32>) {
    let mut out = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("it is text");
    (out, child.wait().expect("it ends").code())
}

fn read(path: &Path) -> Vec<Captured> {
    let text = std::fs::read_to_string(path).expect("the file is there");
    let mut reading = Reading::new();
    let shown: Arc<str> = "x".into();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let ended = line.ends_with('\n');
        reading.line(&shown, number, line.trim_end_matches('\n').as_bytes(), ended);
    }
    let read = reading.end();
    assert!(read.damaged.is_empty(), "{:?}", read.diagnostics);
    read.records
}

fn fixture(name: &str) -> Vec<Captured> {
    read(&root().join("tests/fixtures/captures").join(name))
}

#[test]
fn what_is_captured_is_what_was_sent_and_can_be_checked() {
    let bed = Bed::new();
    let sent = fixture("good.jsonl");
    bed.send(&sent);
    let known = sent.iter().filter(|one| bed.topics.channel(&one.topic).is_some()).count();
    let captured = bed.captured("all.jsonl", known);
    let key = |one: &Captured| (one.topic.clone(), one.partition, one.offset);
    let sorted = |records: &[Captured]| {
        let mut records: Vec<_> =
            records.iter().map(|one| (key(one), one.record.clone())).collect();
        records.retain(|((topic, ..), _)| bed.topics.channel(topic).is_some());
        records.sort_by_key(|(key, _)| key.clone());
        records
    };
    assert_eq!(sorted(&captured), sorted(&sent));
    // The mock gives no times: when they were read stands there.
    assert!(captured.iter().all(|one| one.timestamp_ms > 1_700_000_000_000));
    let checked = Said::of(bed.folder.path(), "check all.jsonl");
    assert_eq!(checked.code, 0, "{checked:#?}");
}

#[test]
fn a_capture_ends_at_a_signal_and_goes_on_behind_what_is_there() {
    let bed = Bed::new();
    let path = bed.folder.path().join("x.jsonl");
    let sent = fixture("good.jsonl");
    let whole = sent[0].line();
    std::fs::write(&path, format!("{whole}\n{}", &whole[..40])).unwrap();
    let child = bed.start("capture --out x.jsonl");
    bed.send(&sent[1..2]);
    // What was sent before the signal is read until then, or not: both are whole lines.
    signal(child.id(), "-TERM");
    let (out, code) = end(child);
    assert_eq!(code, Some(0), "{out}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&format!("{whole}\n{}\n", &whole[..40])), "{text}");
    assert!(text.ends_with('\n') && (2..=3).contains(&text.lines().count()), "{text}");
    let checked = Said::of(bed.folder.path(), "check x.jsonl");
    assert!(checked.err.contains("error[capture::damaged]"), "{checked:#?}");
}

#[test]
fn a_capture_is_added_to_captures_only() {
    let bed = Bed::new();
    let path = bed.folder.path().join("x.jsonl");
    let whole = fixture("good.jsonl")[0].line();
    let cases = [
        ("2026-11-20 12:00 INFO started\n", 2),
        ("[]\n", 2),
        ("half a word", 2),
        ("", 0),
        ("\n", 0),
        (&whole[..5], 0),
        (&whole[..60], 0),
        (&format!("\n{whole}\n"), 0),
    ];
    for (text, code) in cases {
        std::fs::write(&path, text).unwrap();
        let said = bed.says("capture --for 100ms --out x.jsonl");
        assert_eq!(said.code, code, "{text}: {said:#?}");
        if code == 2 {
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert!(said.err.contains("its first line is no record"), "{said:#?}");
        }
    }
}

#[test]
fn a_killed_capture_leaves_whole_lines() {
    let bed = Bed::new();
    let child = bed.start("capture --out x.jsonl --from beginning");
    let path = bed.folder.path().join("x.jsonl");
    let good = fixture("good.jsonl");
    let lines = || std::fs::read_to_string(&path).unwrap_or_default().lines().count();
    let deadline = Deadline::after(PATIENCE);
    while lines() <= 20 && !deadline.is_over() {
        bed.send(&good);
    }
    signal(child.id(), "-KILL");
    end(child);
    assert!(lines() > 20, "nothing was written in time");
    let text = std::fs::read_to_string(&path).unwrap();
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    std::fs::write(&path, &text[..whole]).unwrap();
    assert!(read(&path).len() > 20);
}

#[rstest]
#[case("good.jsonl", 0)]
#[case("violating.jsonl", 1)]
fn a_backlog_is_monitored(#[case] name: &str, #[case] code: i32) {
    let bed = Bed::new();
    bed.send(&fixture(name));
    let said = bed.monitored("--format json", 4);
    assert_eq!(said.code, code, "{said:#?}");
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!((of("verdicts"), of("finding"), of("summary")), (1, usize::from(code == 1), 1));
    let summary = lines.last().unwrap();
    assert_eq!((&summary["records"], &summary["exit"]), (&4.into(), &code.into()));
    let finding = lines.iter().find(|line| line["event"] == "finding");
    assert!(finding.is_none_or(|finding| finding["rule"] == "COM-7"));
}

#[test]
fn of_many_findings_all_are_counted_and_the_first_are_shown() {
    let bed = Bed::new();
    let contracts = Contracts::builtin();
    let kind = |one: &Captured| {
        let channel = bed.topics.channel(&one.topic)?;
        let said = contracts.check_sent(channel, &one.record);
        let status = contracts.channel_name(channel) == "ban.status";
        Some((status, said.is_empty()))
    };
    let records = fixture("violating.jsonl");
    let violating = records.iter().find(|one| kind(one) == Some((true, false)));
    let command = records.iter().find(|one| kind(one) == Some((false, true)));
    let mut advised = command.expect("there is one").clone();
    advised.record.value = Some(Payload::new(br#"{"type":"CREATE","body":7}"#));
    for _ in 0..57 {
        bed.send(&[violating.expect("there is one").clone(), advised.clone()]);
    }
    let said = bed.monitored("--format json --rule COM-7", 2 * 57);
    assert_eq!(said.code, 1, "{said:#?}");
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &'static str| lines.iter().filter(move |line| line["event"] == event);
    let shown = |severity| of("finding").filter(|one| one["severity"] == severity).count();
    assert_eq!((shown("violation"), shown("advisory")), (50, 50));
    let summary = of("summary").next().unwrap();
    assert_eq!((&summary["violations"], &summary["advisories"]), (&57.into(), &57.into()));
    assert_eq!(of("rule").next().unwrap()["times"], 57);
    let note = of("note").next().unwrap()["note"].as_str().unwrap().to_owned();
    assert!(note.starts_with("14 findings are only counted"), "{note}");
}

#[test]
fn messages_are_counted_by_the_same_names_as_in_a_file() {
    let bed = Bed::new();
    let values =
        [None, Some("{}"), Some("no JSON"), Some(r#"{"type":"KICK"}"#), Some(r#"{"type":"KICK"}"#)];
    let records: Vec<_> = (0..)
        .zip(values)
        .map(|(offset, value)| {
            let mut one = fixture("good.jsonl")[0].clone();
            one.offset = Offset(offset);
            one.record.value = value.map(|value| Payload::new(value.as_bytes()));
            one
        })
        .collect();
    bed.send(&records);
    let lines: String = records.iter().map(|one| one.line() + "\n").collect();
    std::fs::write(bed.folder.path().join("x.jsonl"), lines).unwrap();
    let counted = |said: &Said| -> Vec<_> {
        let lines = said.out.lines();
        let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let messages = lines.filter(|line| line["event"] == "message");
        messages.map(|one| (one["message"].to_string(), one["records"].as_u64())).collect()
    };
    let expected =
        [("\"ban.command/?\"".to_owned(), Some(3)), ("\"ban.command/KICK\"".to_owned(), Some(2))];
    let monitored = bed.monitored("--format json", 5);
    assert_eq!(counted(&monitored), expected, "{monitored:#?}");
    let checked = Said::of(bed.folder.path(), "check x.jsonl --format json");
    assert_eq!(counted(&checked), expected, "{checked:#?}");
}

/// Deletions of bans, each after its command, in a tenant.
fn deletions(bed: &Bed, bans: u32) -> Vec<(Outgoing, Option<Partition>)> {
    let id = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11".parse().unwrap();
    let tenant = Tenant { id, region: "GMS".into(), major: 83, minor: 1 };
    let outgoing = |channel: &str, ban: u32, value: String| {
        let trace = TraceParent { trace: u128::from(ban) + 1, span: 1, flags: 1 };
        let channel = bed.contracts.channel_ix(channel).expect("a channel");
        let record = Record {
            key: Some(ban.to_le_bytes().into_iter().chain([0; 4]).collect()),
            headers: Headers::of_tenant(&tenant, trace),
            value: Some(Payload::new(value.as_bytes())),
        };
        (Outgoing { channel, record }, Some(Partition(ban % 3)))
    };
    let each = |ban| {
        let delete = format!(r#"{{"type":"DELETE","body":{{"banId":{ban}}}}}"#);
        let deleted = format!(r#"{{"banId":{ban},"status":"DELETED"}}"#);
        [outgoing("ban.command", ban, delete), outgoing("ban.status", ban, deleted)]
    };
    (0..bans).flat_map(each).collect()
}

#[test]
fn a_large_backlog_is_judged_whole_however_its_partitions_come() {
    let bed = Bed::new();
    let sent = deletions(&bed, 13_000);
    for placed in bed.sender.send_all(sent.iter().map(|(one, to)| (one, *to))) {
        placed.expect("the mock takes it");
    }
    let said = bed.monitored("", 26_000);
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.out.contains("SEQ-5×13000 SEQ-6×13000"), "{}", said.out);
    assert!(!said.out.contains("note"), "{}", said.out);
}

#[test]
fn what_flows_is_monitored_in_order_and_nothing_is_produced() {
    let bed = Bed::new();
    let good = fixture("good.jsonl");
    let child = bed.start("monitor --every 1s");
    bed.send(&good);
    let ends = || {
        let tap =
            quintet::kafka::Tap::open(&bed.connection, &bed.topics, quintet::kafka::From::End);
        tap.expect("it can be read").ends().clone()
    };
    let before = ends();
    // It says how many there were, once it has judged them.
    let mut child = child;
    let mut told = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    while !line.starts_with("4 records") {
        line.clear();
        assert!(told.read_line(&mut line).expect("it is text") > 0, "it ended");
    }
    assert!(line.starts_with("4 records, 0 findings: ban.command/CREATE 1"), "{line}");
    signal(child.id(), "-INT");
    let (out, code) = end(child);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("SEQ-5×1 SEQ-6×1"), "{out}");
    assert_eq!(ends(), before);
    assert_eq!(bed.contracts.channel_count(), bed.topics.iter().count());
}

#[test]
fn nothing_seen_is_no_pass_and_nobody_there_is_trouble() {
    let bed = Bed::new();
    let silent = bed.says("monitor --for 300ms");
    assert_eq!(silent.code, 4, "{silent:#?}");
    let folder = bed.folder.path().to_owned();
    for arguments in ["monitor --for 1s", "capture --for 1s --out x.jsonl"] {
        let said = Said::of(&folder, &format!("{arguments} --on 127.0.0.1:9"));
        assert_eq!(said.code, 3, "{said:#?}");
        let without = Said::of(&folder, arguments);
        assert_eq!(without.code, 2, "{without:#?}");
    }
    assert!(!folder.join("x.jsonl").exists(), "there is nothing in it");
}

#[test]
fn an_accepted_violation_does_not_fail_and_is_said() {
    let bed = Bed::new();
    bed.send(&fixture("violating.jsonl"));
    let accepted = root().join("tests/fixtures/accepted/good.yaml").display().to_string();
    let said = bed.monitored(&format!("--today 2026-12-01 --accept {accepted}"), 4);
    assert_eq!(said.code, 0, "{said:#?}");
    assert!(said.out.starts_with("accepted[COM-7]"), "{}", said.out);
}
