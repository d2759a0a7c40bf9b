//! The command `serve`, as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use quintet::kafka::{Deadline, On};

use super::bare::Bare;
use super::bed::{Bed, PATIENCE, created, tenant};

/// `quintet serve …`, killed when this is dropped.
struct Served {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        command.arg("serve").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn ready(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line that says that it is ready")
    }

    /// Sends a signal by its name.
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code and what went to stderr.
    fn end(mut self) -> (Option<i32>, String) {
        let deadline = Deadline::after(PATIENCE);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(!deadline.is_over(), "it does not end");
            std::thread::park_timeout(Duration::from_millis(10));
        };
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (status.code(), text)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_that_it_is_ready_answers_and_stops_at_a_signal() {
    for signal in ["TERM", "INT"] {
        let mut bed = Bed::new();
        let contracts = bed.contracts.clone();
        let at = bed.connection.bootstrap().to_owned();
        let served = Served::start(&["ban", "account", "--on", &at, "--verbose"]);
        assert_eq!(served.ready(), format!("ready: ban, account on {at}"));
        bed.create_ban(&tenant(1), "10.0.0.1");
        bed.send("account.create", &tenant(1), r#"{"name":"ann","password":"hunter2"}"#);
        bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [1]);
        let account = contracts.channel_ix("account.status").unwrap();
        bed.until("an account", |seen| seen.iter().any(|one| one.channel == account));
        served.signal(signal);
        let (code, told) = served.end();
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("state is in memory"), "{told}");
        assert!(told.contains("ban reads ban.command/CREATE"), "{told}");
        assert!(told.contains("account sends account.status/CREATED"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_second_signal_stops_it_at_once() {
    let bed = Bed::new();
    let at = bed.connection.bootstrap().to_owned();
    let served = Served::start(&["ban", "--on", &at]);
    served.ready();
    // With the broker gone the offsets cannot be committed, so it takes its time to stop.
    assert!(bed.broker.take_down().unwrap());
    served.signal("TERM");
    served.signal("INT");
    let (code, told) = served.end();
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn an_end_without_the_broker_is_no_good_end() {
    let mut bed = Bed::new();
    let contracts = bed.contracts.clone();
    let at = bed.connection.bootstrap().to_owned();
    let served = Served::start(&["ban", "account", "--on", &at]);
    served.ready();
    bed.create_ban(&tenant(1), "10.0.0.1");
    bed.until("an answer", |seen| created(seen, &contracts, &tenant(1)) == [1]);
    assert!(bed.broker.take_down().unwrap());
    served.signal("TERM");
    let (code, told) = served.end();
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("ban: offsets are not committed: "), "{told}");
    assert!(told.contains("as the broker did not take it: ban\n"), "{told}");
}

#[test]
fn what_cannot_be_served_is_told_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ban.redb"), "some text that is no database").unwrap();
    let data = folder.path().to_str().unwrap();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["ban", "--on", "127.0.0.1:1"], 3, "no broker answers at 127.0.0.1:1"),
        (&["ban"], 2, "name a broker"),
        (&["ban", "--on", "nowhere"], 2, "is no broker"),
        (&["bank", "--on", "mock"], 2, "there is no reference service \"bank\""),
        (&["ban", "ban", "--on", "mock"], 2, "two services are named \"ban\""),
        (&["ban", "--on", "mock", "--group", "account=x"], 2, "account is not served here"),
        (&["ban", "--on", "mock", "--group", "x"], 2, "write --group SERVICE=NAME"),
        (&["ban", "--on", "mock", "--topics", "/gone"], 2, "/gone"),
        (&["ban", "--on", "mock", "--kafka-config", "nonsense=1"], 2, "nonsense"),
        (&["ban", "--on", "mock", "--data", data], 2, "no data of quintet, or damaged"),
        (&["ban", "--on", "mock", "--no-create"], 3, "topics are missing"),
    ];
    for (args, code, says) in cases {
        let served = Served::start(args);
        let (got, told) = served.end();
        assert_eq!(got, Some(*code), "{args:?}: {told}");
        assert!(told.contains(says), "{args:?}: {told}");
        assert!(*code == 3 || !told.contains("state is in memory"), "{args:?}: {told}");
    }
}

#[test]
fn damaged_data_is_no_bug_of_ours() {
    let bed = Bed::new();
    let at = bed.connection.bootstrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let args = ["ban", "--on", &at, "--data", data];
    let served = Served::start(&args);
    served.ready();
    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));
    let path = folder.path().join("ban.redb");
    let whole = std::fs::read(&path).unwrap();
    let mut overwritten = whole.clone();
    overwritten[10..40].fill(0x5a);
    for bytes in [&whole[..5000], &overwritten] {
        std::fs::write(&path, bytes).unwrap();
        let (code, told) = Served::start(&args).end();
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("no data of quintet, or damaged"), "{told}");
        assert!(!told.contains("bug of quintet"), "{told}");
    }
}

/// A number of its own for each kill, so that they fall at many different moments.
fn moments(count: u64) -> impl Iterator<Item = Duration> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Duration::from_millis((state >> 33) % 40)
    })
}

/// Commands flow while the process is killed (-9) at random moments and started again: each CREATE
/// has its event, and more than one only if a kill fell between acknowledgement and mark.
fn kill_and_restart(mut bed: Bed, (commands, kills): (usize, usize)) {
    let contracts = bed.contracts.clone();
    let at = bed.connection.bootstrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let data: &Path = folder.path();
    let args = ["ban", "--on", &at, "--data", data.to_str().unwrap()];
    let whose = tenant(9);
    let mut served = Served::start(&args);
    served.ready();
    for (round, moment) in moments(kills as u64).enumerate() {
        let before = created(&bed.seen, &contracts, &whose).len();
        for number in 0..commands / kills {
            bed.create_ban(&whose, &format!("10.0.{round}.{number}"));
        }
        // The first answers are there: it is in the middle of its work.
        bed.until("an answer", |seen| created(seen, &contracts, &whose).len() > before);
        bed.linger(moment);
        served.signal("KILL");
        let (code, _) = served.end();
        assert_eq!(code, None, "it was killed");
        served = Served::start(&args);
        served.ready();
    }
    bed.until("all answers", |seen| {
        let mut ids = created(seen, &contracts, &whose);
        ids.sort_unstable();
        ids.dedup();
        ids.len() >= commands
    });
    bed.linger(Duration::from_secs(1));
    let mut ids = created(&bed.seen, &contracts, &whose);
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    let expected: Vec<i128> = (1..).take(commands).collect();
    assert_eq!(ids, expected, "each command has an id of its own, and none is missing");
    assert!(all - ids.len() <= kills, "{} events came twice in {kills} kills", all - ids.len());
    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));
}

#[test]
#[ignore = "takes most of a minute; .ci/run plays it"]
fn a_kill_loses_no_command_and_no_event() {
    kill_and_restart(Bed::new(), (60, 4));
}

#[test]
#[ignore = "needs Java, and Maven for the broker's jars; .ci/run has them"]
fn a_kill_loses_no_command_and_no_event_on_apache_kafka() {
    let bare = Bare::start();
    kill_and_restart(Bed::on(&On::At(bare.bootstrap().to_owned())), (200, 10));
}

#[test]
#[ignore = "needs Java, and Maven for the broker's jars; .ci/run has them"]
fn a_killed_broker_is_waited_for() {
    let bare = Bare::start();
    let mut bed = Bed::on(&On::At(bare.bootstrap().to_owned()));
    let contracts = bed.contracts.clone();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let served = Served::start(&["ban", "--on", bare.bootstrap(), "--data", data]);
    served.ready();
    for number in 0..20 {
        bed.create_ban(&tenant(1), &format!("10.0.0.{number}"));
    }
    bare.kill();
    bare.restart();
    bed.create_ban(&tenant(1), "10.0.1.1");
    bed.until("all answers", |seen| {
        let mut ids = created(seen, &contracts, &tenant(1));
        ids.sort_unstable();
        ids.dedup();
        ids.len() == 21
    });
    served.signal("TERM");
    let (code, told) = served.end();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("ban: the broker: "), "{told}");
}
