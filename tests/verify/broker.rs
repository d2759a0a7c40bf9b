//! Brokers that die while an implementation is verified, and may come back.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::kafka::{Deadline, On};
use quintet::verify::live::{Plan, VerifyError, verify};

use super::bare::Bare;
use super::bench::{Play, broker, implementation, plan};

/// How long a verification may take to end without its broker: what is sent may wait for an
/// acknowledgement for 20 s, what is read for 30 s, and stand-ins leave within 10 s.
const ENDS_WITHIN: Duration = Duration::from_secs(90);
/// What is said when random sequences begin.
const RANDOM: &str = "random sequences for";

/// A command that starts ban, which keeps its state in a folder, and notes its process there.
fn command(folder: &Path) -> String {
    let (program, folder) = (implementation(), folder.display());
    format!("echo $$ > {folder}/pid; exec {} ban data={folder}", program.display())
}

/// Whether the process that was noted is gone.
fn is_gone(folder: &Path) -> bool {
    let pid = std::fs::read_to_string(folder.join("pid")).expect("it was started");
    !Path::new(&format!("/proc/{}", pid.trim())).exists()
}

#[test]
fn a_mock_that_goes_away_ends_it() {
    let (broker, connection, topics) = broker(&On::Mock);
    let folder = tempfile::tempdir().expect("a folder");
    let play = Play { scenarios: None, random: 0, shrink: 0, probed: false };
    let plan = Plan {
        command: Some(command(folder.path())),
        budget: Duration::from_secs(300),
        ..plan("ban", &play)
    };
    let mut is_down = false;
    let mut tell = |text: &str| {
        if text.contains(RANDOM) {
            assert!(!is_gone(folder.path()));
            assert!(broker.take_down().expect("it obeys"));
            is_down = true;
        }
    };
    let ended = verify(&plan, &Contracts::builtin(), (&connection, &topics), &mut tell);
    assert!(is_down, "random sequences began");
    let error = ended.expect_err("there is no broker");
    assert!(matches!(error, VerifyError::Send(_) | VerifyError::Tap(_)), "{error:?}");
    assert!(error.to_string().contains("is it up"), "{error}");
    assert!(is_gone(folder.path()));
}

/// `quintet verify` under way, and what it says.
struct Verifying {
    child: Child,
    said: Receiver<String>,
    stderr: String,
}

impl Verifying {
    fn start(bootstrap: &str, folder: &Path, budget: &str) -> Self {
        let command = command(folder);
        let mut child = Command::new(env!("CARGO_BIN_EXE_quintet"))
            .args(["verify", "ban", "--on", bootstrap, "--command", &command, "--budget", budget])
            .args(["--shrink", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("quintet runs");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (says, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // Whoever listens may have heard enough.
                let _ = says.send(line.expect("text"));
            }
        });
        Self { child, said, stderr: String::new() }
    }

    /// Waits until it says so, or has no more to say.
    fn until(&mut self, what: Option<&str>, wait: Duration) {
        let deadline = Deadline::after(wait);
        while let Ok(line) = self.said.recv_timeout(deadline.left()) {
            self.stderr.push_str(&format!("{line}\n"));
            if what.is_some_and(|what| line.contains(what)) {
                return;
            }
        }
        assert!(what.is_none(), "never said {what:?}:\n{}", self.stderr);
        assert!(!deadline.is_over(), "after {wait:?}:\n{}", self.stderr);
    }

    /// Waits until it has ended; its exit code and its report.
    fn end(&mut self, wait: Duration) -> (Option<i32>, String) {
        self.until(None, wait);
        let mut stdout = String::new();
        self.child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("text");
        (self.child.wait().expect("it ends").code(), stdout)
    }
}

impl Drop for Verifying {
    fn drop(&mut self) {
        // It has ended, unless a test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs Apache Kafka's jars (Java and Maven): .ci/run runs it"]
fn a_broker_that_is_killed_ends_it() {
    let kafka = Bare::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut verifying = Verifying::start(kafka.bootstrap(), folder.path(), "300s");
    verifying.until(Some(RANDOM), Duration::from_secs(300));
    kafka.kill();
    let (code, report) = verifying.end(ENDS_WITHIN);
    assert_eq!(code, Some(3), "{}\n{report}", verifying.stderr);
    assert!(verifying.stderr.contains("is it up"), "{}", verifying.stderr);
    assert!(is_gone(folder.path()));
}

#[test]
#[ignore = "needs Apache Kafka's jars (Java and Maven): .ci/run runs it"]
fn a_broker_that_is_killed_and_comes_back_is_waited_for() {
    let kafka = Bare::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut verifying = Verifying::start(kafka.bootstrap(), folder.path(), "20s");
    verifying.until(Some(RANDOM), Duration::from_secs(300));
    kafka.kill();
    kafka.restart();
    let (code, report) = verifying.end(Duration::from_secs(300));
    assert_eq!(code, Some(0), "{}\n{report}", verifying.stderr);
    assert!(is_gone(folder.path()));
}
