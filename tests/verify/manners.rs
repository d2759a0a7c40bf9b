//! Implementations with the faults and manners of real ones, built on another consumer library than
//! ours too: each is found out for what it does, and for nothing else, in bounded time.
//!
//! Each row of the table is played on the mock and on Apache Kafka, as one that runs already and as
//! one that `verify` starts. What the words mean stands where they are read: in `planted/manner.rs`
//! and in `ci/implementations/kafka-go/manner.go`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::kafka::{Broker, Connection, Deadline, On, Settings, Topics};
use rstest::rstest;
use serde_json::Value;

use super::bare::Bare;
use super::bench::{broker, implementation};

/// The group where the documents leave its name open.
const LOGIN_GROUP: &str = "Login Service - 0b8f5c1e-6b7a-4b1f-9a55-6c3f3f1f2a10";
/// How a finding says that nobody reads any more: one of these stands in it.
const GONE: &[&str] =
    &["nothing more was read", "the process ended", "no member of the group has the partition"];
/// How long random sequences are played where time is measured.
const BUDGET: &str = "15s";
/// A verification takes no longer: six minutes is what an implementation is given that needs 30 s
/// to come back and dies on three kinds of input.
const WITHIN: Duration = Duration::from_secs(360);
/// The same on the mock, where a group needs twice the session of a member that was killed.
const WITHIN_ON_MOCK: Duration = Duration::from_secs(600);

/// Which of the planted implementations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// Go, on segmentio/kafka-go.
    Go,
    /// Rust, on librdkafka.
    Rust,
}

/// Who serves the topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kafka {
    Mock,
    Apache,
}

/// Who starts the implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Started {
    /// Nobody: it runs already, and nobody starts it again.
    Before,
    /// `verify --command`.
    ByVerify,
}

/// What must be said.
#[derive(Clone, Copy)]
enum Said {
    /// Nothing is wrong with it.
    Conforms,
    /// At some input it reads no more: each violation is of this rule, says so, and names such an
    /// input.
    StopsAt { rule: &'static str, input: fn(&Value) -> bool },
    /// It reads no more, at no input in particular.
    Stops,
    /// It breaks one of these rules, and no other.
    Breaks { rules: &'static [&'static str] },
    /// Few tenants are not answered, by these rules; others are, and none of it comes again.
    Mute { rules: &'static [&'static str] },
}

/// An input without a value, or with one of no bytes.
fn is_empty(record: &Value) -> bool {
    record["value"].is_null() || record["value"] == "0 bytes, not JSON"
}

/// An input of any kind; which ones do not decode is the contracts' business.
fn is_any(record: &Value) -> bool {
    record["message"].is_string()
}

fn is_create_with(record: &Value, is_bad: impl Fn(&Value) -> bool) -> bool {
    let name = record["message"].as_str().unwrap_or_default();
    name.ends_with("/CREATE") && is_bad(&record["value"])
}

fn is_zero_or_none(value: &Value) -> bool {
    value.is_null() || value == 0
}

/// A CREATE that nobody sends, that nobody gets, or that is of no type.
fn is_invite_of_nobody(record: &Value) -> bool {
    is_create_with(record, |value| {
        let kind = &value["inviteType"];
        let body = &value["body"];
        is_zero_or_none(&body["originatorId"])
            || is_zero_or_none(&body["targetId"])
            || kind.as_str().unwrap_or_default().is_empty()
    })
}

fn is_ban_of_nothing(record: &Value) -> bool {
    is_create_with(record, |value| value["body"]["value"].as_str().unwrap_or_default().is_empty())
}

impl Program {
    fn path(self) -> PathBuf {
        match self {
            Self::Rust => implementation().with_file_name("planted"),
            Self::Go => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/ci/implementations/build.sh");
                let built = Command::new(script).output().expect("the script runs");
                let stderr = String::from_utf8_lossy(&built.stderr);
                assert!(built.status.success(), "{stderr}");
                PathBuf::from(String::from_utf8_lossy(&built.stdout).trim())
            }
        }
    }
}

/// An implementation that runs by itself; killed when dropped.
struct Running(Child);

impl Running {
    fn start(program: Program, (service, group): (&str, &str), words: &str, on: &str) -> Self {
        let child = Command::new(program.path())
            .args([service, &format!("group={group}")])
            .args(words.split_whitespace())
            .env("BOOTSTRAP_SERVERS", on)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("it starts"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have died, as it was meant to.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `verify` said, and how long it took.
struct Ran {
    code: Option<i32>,
    events: Vec<Value>,
    stderr: String,
    took: Duration,
}

impl Ran {
    fn verify(service: &str, group: &str, on: &str, args: &[&str]) -> Self {
        let clock = Deadline::after(Duration::ZERO);
        let output = Command::new(env!("CARGO_BIN_EXE_quintet"))
            .args(["verify", service, "--group", group, "--on", on, "--format", "json"])
            .args(args)
            .output()
            .expect("quintet runs");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let events = stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        Self {
            code: output.status.code(),
            events: events.collect(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took: clock.elapsed(),
        }
    }

    fn of(&self, event: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |line| line["event"] == event)
    }

    fn violations(&self) -> Vec<&Value> {
        self.of("finding").filter(|one| one["severity"] == "violation").collect()
    }

    /// Everything, for people.
    fn shown(&self) -> String {
        let lines = self.events.iter().filter(|line| line["event"] != "message");
        let lines: Vec<_> = lines.map(|line| format!("{line}\n")).collect();
        format!("{:?} after {:?}\n{}\n{}", self.code, self.took, lines.concat(), self.stderr)
    }

    /// The rules that what is wrong has nothing to do with are judged, and hold.
    fn others_passed(&self, service: &str) {
        let others: &[&str] = match service {
            "ban" => &["BAN-1", "BAN-3"],
            "invite" => &["INV-1", "INV-4", "INV-5", "INV-11"],
            _ => &[],
        };
        for rule in others {
            let of_rule = self.of("rule").find(|line| line["rule"] == *rule);
            let verdict = of_rule.map_or(&Value::Null, |line| &line["verdict"]);
            // A difference that is accepted is no fault.
            let holds = verdict == "passed" || verdict == "advisory";
            assert!(holds, "{rule}: {verdict}\n{}", self.shown());
        }
    }

    fn says_how_to_go_on(&self) {
        let notes = self.of("note").map(|line| line["note"].as_str().unwrap_or_default());
        let findings = self.violations().into_iter().map(|one| &one["message"]);
        let findings = findings.map(|text| text.as_str().unwrap_or_default());
        let mut said = notes.chain(findings).chain([self.stderr.as_str()]);
        assert!(said.any(|text| text.contains("--skip-input")), "{}", self.shown());
    }
}

/// What one violation says.
fn message(violation: &Value) -> &str {
    violation["message"].as_str().expect("a text")
}

fn is_gone(violation: &Value) -> bool {
    GONE.iter().any(|word| message(violation).contains(word))
}

fn stops_at(ran: &Ran, rule: &str, input: fn(&Value) -> bool) {
    let violations = ran.violations();
    assert!(!violations.is_empty(), "nothing is found\n{}", ran.shown());
    for violation in violations {
        let records = violation["records"].as_array().expect("records");
        let is_it = violation["rule"] == rule && is_gone(violation) && records.iter().any(input);
        assert!(is_it, "blamed for something else: {violation}\n{}", ran.shown());
    }
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
}

/// It stops at no input in particular: whichever it was is named, and where that was not sent once
/// more, the rule that asks to refuse it.
fn stops(ran: &Ran) {
    let violations = ran.violations();
    assert!(!violations.is_empty(), "a dead service passes\n{}", ran.shown());
    for violation in violations {
        let message = violation["message"].as_str().expect("a text");
        let of_kind = format!(":{}]", violation["rule"].as_str().expect("a rule"));
        let untried = violation["reproduced"] == "not tried" && message.contains(&of_kind);
        let is_it = (violation["rule"] == "COM-5" || untried) && is_gone(violation);
        assert!(is_it, "blamed for something else: {violation}\n{}", ran.shown());
    }
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
}

fn mute(ran: &Ran, rules: &[&str], started: Started) {
    let violations = ran.violations();
    let mut tenants: Vec<_> = violations.iter().map(|one| one["tenant"].to_string()).collect();
    tenants.sort();
    tenants.dedup();
    // Each process has its own, and one that is started is killed and started again.
    let most = if started == Started::Before { 1 } else { 8 };
    assert!((1..=most).contains(&tenants.len()), "{tenants:?}\n{}", ran.shown());
    for violation in violations {
        let rule = violation["rule"].as_str().expect("a rule");
        // Played again, its tenant is another one, which is answered.
        let is_it = rules.contains(&rule) && violation["reproduced"] != "yes";
        assert!(is_it, "blamed for something else: {violation}\n{}", ran.shown());
    }
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
}

/// One of the rules is seen to be broken, again where it is played again. What follows from it may
/// break others.
fn breaks(ran: &Ran, rules: &[&str]) {
    let is_it = |violation: &&&Value| {
        let rule = violation["rule"].as_str().expect("a rule");
        rules.contains(&rule) && violation["reproduced"] == "yes"
    };
    let violations = ran.violations();
    assert!(violations.iter().any(|one| is_it(&one)), "it is not found\n{}", ran.shown());
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
}

fn judge(ran: &Ran, service: &str, said: Said, started: Started) {
    match said {
        Said::Conforms => {
            assert_eq!(ran.violations(), Vec::<&Value>::new(), "{}", ran.shown());
            assert_eq!(ran.code, Some(0), "{}", ran.shown());
        }
        Said::StopsAt { rule, input } => stops_at(ran, rule, input),
        Said::Stops => return stops(ran),
        Said::Breaks { rules } => return breaks(ran, rules),
        Said::Mute { rules } => return mute(ran, rules, started),
    }
    ran.others_passed(service);
    if started == Started::Before && !matches!(said, Said::Conforms) {
        ran.says_how_to_go_on();
    }
}

/// Verifies an implementation.
fn verified(
    (program, service, words): (Program, &str, &str),
    (kafka, started): (Kafka, Started),
    played: &[&str],
) -> Ran {
    let group = match service {
        "ban" => "Ban Service",
        "account" => "Account Service",
        "login" => LOGIN_GROUP,
        "effective_stats" => "Effective Stats Service",
        _ => "Invitation Service",
    };
    let bare = (kafka == Kafka::Apache).then(Bare::start);
    let on = bare.as_ref().map_or(On::Mock, |bare| bare.bootstrap().parse().expect("HOST:PORT"));
    let args = [played, &["--wait", "120s"]].concat();
    match started {
        Started::Before => {
            // A mock that the implementation knows as well as we do.
            let (broker, _, _) = broker(&on);
            let on = broker.bootstrap();
            let _running = Running::start(program, (service, group), words, on);
            Ran::verify(service, group, on, &args)
        }
        Started::ByVerify => {
            let folder = tempfile::tempdir().expect("a folder");
            let data = folder.path().join("state");
            let (program, data) = (program.path(), data.display());
            let program = program.display();
            let command = format!("exec {program} {service} 'group={{group}}' data={data} {words}");
            let on = bare.as_ref().map_or("mock", Bare::bootstrap);
            Ran::verify(service, group, on, &[&args[..], &["--command", &command]].concat())
        }
    }
}

/// Waits until a group has at least so many members.
fn await_members(on: &str, group: &str, members: usize) {
    await_group(on, group, &|found| found >= members);
}

/// Waits until as many are in a group as are wanted: one that was killed stays for its session.
fn await_group(on: &str, group: &str, is_wanted: &dyn Fn(usize) -> bool) {
    let settings = Settings::default();
    let broker = Broker::start(&on.parse().expect("HOST:PORT"), &settings).expect("a broker");
    let connection = Connection::open(&broker, &settings, Connection::WAIT).expect("it answers");
    let contracts = Contracts::builtin();
    let topics = Topics::from_lines(&contracts, |_| None, None).expect("the documented names");
    let deadline = Deadline::after(Duration::from_secs(60));
    loop {
        let state = connection.group(group, &topics, &[]);
        let found = state.ok().and_then(|state| state.members).map_or(0, |found| found.len());
        if is_wanted(found) {
            return;
        }
        assert!(!deadline.is_over(), "{group} has {found} members");
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

const DIES_ON_INVITE: Said = Said::StopsAt { rule: "INV-2", input: is_invite_of_nobody };
const DIES_ON_BAN: Said = Said::StopsAt { rule: "BAN-2", input: is_ban_of_nothing };
const STOPS_AT_EMPTY: Said = Said::StopsAt { rule: "COM-5", input: is_empty };
const STOPS_AT_BAD: Said = Said::StopsAt { rule: "COM-5", input: is_any };
/// A DELETE without an answer may name what another one has removed: BAN-5.
const MUTE_BAN: Said = Said::Mute { rules: &["BAN-1", "BAN-3", "BAN-5", "COM-5"] };
const MUTE_INVITE: Said = Said::Mute { rules: &["INV-1", "INV-4", "INV-5", "INV-9", "COM-5"] };
const REJECTS_ALL: Said = Said::Breaks { rules: &["INV-4", "INV-5", "INV-7"] };
const THREE_DEATHS: &str = "dies-on=originator dies-on=target dies-on=invite-type";
const SLOWLY_BACK: &str =
    "slow-return commits-first dies-on=originator dies-on=target dies-on=invite-type";

#[rstest]
#[case::go_ban(Program::Go, "ban", "", Said::Conforms)]
#[case::go_invite(Program::Go, "invite", "", Said::Conforms)]
#[case::rust_account(Program::Rust, "account", "", Said::Conforms)]
#[case::rust_login(Program::Rust, "login", "", Said::Conforms)]
#[case::rust_effective_stats(Program::Rust, "effective_stats", "", Said::Conforms)]
#[case::go_slow_ban(Program::Go, "ban", "slow", Said::Conforms)]
#[case::go_slow_invite(Program::Go, "invite", "slow commits-first", Said::Conforms)]
#[case::rust_slow(Program::Rust, "account", "slow", Said::Conforms)]
#[case::go_commits_first(Program::Go, "invite", "commits-first", Said::Conforms)]
#[case::rust_commits_first(Program::Rust, "ban", "commits-first", Said::Conforms)]
#[case::go_slow_return(Program::Go, "ban", "slow-return", Said::Conforms)]
#[case::rust_slow_return(Program::Rust, "invite", "slow-return", Said::Conforms)]
#[case::go_closes_on_empty(Program::Go, "ban", "closes-on-empty", STOPS_AT_EMPTY)]
#[case::go_closes_on_empty_invite(Program::Go, "invite", "closes-on-empty slow", STOPS_AT_EMPTY)]
#[case::rust_closes_on_empty(Program::Rust, "account", "closes-on-empty", STOPS_AT_EMPTY)]
#[case::go_closes_on_undecodable(Program::Go, "ban", "closes-on-undecodable", STOPS_AT_BAD)]
#[case::rust_closes_on_undecodable(Program::Rust, "invite", "closes-on-undecodable", STOPS_AT_BAD)]
#[case::rust_closes_silently(Program::Rust, "login", "closes-on-undecodable", STOPS_AT_BAD)]
#[case::rust_login_closes(Program::Rust, "login", "closes-after=100", Said::Stops)]
#[case::rust_stats_close(Program::Rust, "effective_stats", "closes-after=100", Said::Stops)]
#[case::go_dies_on_invite(Program::Go, "invite", THREE_DEATHS, DIES_ON_INVITE)]
#[case::go_dies_on_invite_first(
    Program::Go,
    "invite",
    "commits-first slow dies-on=originator",
    DIES_ON_INVITE
)]
#[case::go_dies_on_ban(Program::Go, "ban", "dies-on=ban-value", DIES_ON_BAN)]
#[case::rust_dies_on_invite(Program::Rust, "invite", THREE_DEATHS, DIES_ON_INVITE)]
#[case::rust_dies_on_ban(Program::Rust, "ban", "commits-first dies-on=ban-value", DIES_ON_BAN)]
#[case::go_dies_at_start(Program::Go, "ban", "dies-at-start", STOPS_AT_BAD)]
#[case::rust_dies_at_start(Program::Rust, "effective_stats", "dies-at-start", STOPS_AT_BAD)]
#[case::go_slowly_back(Program::Go, "invite", SLOWLY_BACK, DIES_ON_INVITE)]
#[case::rust_slowly_back(Program::Rust, "invite", SLOWLY_BACK, DIES_ON_INVITE)]
#[case::go_rejects_all(Program::Go, "invite", "rejects-all", REJECTS_ALL)]
#[case::go_mute(Program::Go, "ban", "mute-tenant", MUTE_BAN)]
#[case::go_mute_invite(Program::Go, "invite", "mute-tenant", MUTE_INVITE)]
#[case::rust_mute(Program::Rust, "ban", "mute-tenant", MUTE_BAN)]
#[ignore = "takes hours: each is verified for minutes, on Apache Kafka and with Go"]
fn each_is_found_out_for_what_it_does(
    #[case] program: Program,
    #[case] service: &str,
    #[case] words: &str,
    #[case] said: Said,
    #[values(Kafka::Mock, Kafka::Apache)] kafka: Kafka,
    #[values(Started::Before, Started::ByVerify)] started: Started,
) {
    let ran = verified((program, service, words), (kafka, started), &["--budget", BUDGET]);
    judge(&ran, service, said, started);
    let is_slow_mock = kafka == Kafka::Mock && words.contains("slow-return");
    let within = if is_slow_mock { WITHIN_ON_MOCK } else { WITHIN };
    assert!(ran.took < within, "{}", ran.shown());
}

/// One that joined its group before there were topics, and looks no more: nothing can be judged,
/// and what is to be done is said. (The mock makes a topic for whoever asks for it.)
#[test]
#[ignore = "needs Apache Kafka's jars and Go"]
fn one_that_was_there_before_its_topics_is_told_so() {
    let kafka = Bare::start();
    let on = kafka.bootstrap();
    let group = "Ban Service";
    let _running = Running::start(Program::Go, ("ban", group), "topics-once", on);
    await_members(on, group, 2);
    let ran = Ran::verify("ban", group, on, &["--budget", "5s", "--wait", "20s"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert_eq!(ran.violations(), Vec::<&Value>::new(), "{}", ran.shown());
    for word in ["none has a partition of", "start the implementation again"] {
        assert!(ran.stderr.contains(word), "{word}\n{}", ran.shown());
    }
}

/// One that closed its reader and was started again stands before the record that it closes at:
/// that is said, with how to get past it, which works.
#[rstest]
#[case::go(Program::Go)]
#[case::rust(Program::Rust)]
#[ignore = "needs Apache Kafka's jars and Go"]
fn one_that_stands_before_a_record_is_told_which(#[case] program: Program) {
    let kafka = Bare::start();
    let (on, group, words) = (kafka.bootstrap(), "Ban Service", "closes-on-empty");
    broker(&on.parse().expect("HOST:PORT"));
    for _ in 0..2 {
        let _running = Running::start(program, ("ban", group), words, on);
        await_members(on, group, 2);
        let ran = Ran::verify("ban", group, on, &["--budget", "5s", "--wait", "20s"]);
        if ran.code == Some(1) {
            judge(&ran, "ban", STOPS_AT_EMPTY, Started::Before);
            continue;
        }
        assert_eq!(ran.code, Some(3), "{}", ran.shown());
        for word in ["offset", "COMMAND_TOPIC_BAN", "--group-from latest"] {
            assert!(ran.stderr.contains(word), "{word}\n{}", ran.shown());
        }
    }
    await_group(on, group, &|found| found == 0);
    let command = format!("exec {} ban {words}", program.path().display());
    let past = ["--command", &command, "--not-persistent", "--group-from", "latest"];
    let ran = Ran::verify("ban", group, on, &[&past[..], &["--budget", "5s"]].concat());
    judge(&ran, "ban", STOPS_AT_EMPTY, Started::ByVerify);
}

/// One that is right, quickly: what is planted is planted in something that conforms.
#[test]
fn one_on_plain_consumers_conforms() {
    let of = (Program::Rust, "ban", "commits-first");
    // Raced, its commands may overlap, and then nothing is said of their rules.
    let script = ["--script", "ban/twice, one at a time"];
    let ran = verified(of, (Kafka::Mock, Started::Before), &script);
    judge(&ran, "ban", Said::Conforms, Started::Before);
}
