//! A broker without a container, which can be killed. It needs Java and Maven, so tests that use it
//! are ignored unless asked for.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A running Apache Kafka; killed when dropped.
pub(crate) struct Bare {
    /// Its files.
    pub(crate) folder: TempDir,
    bootstrap: String,
}

impl Bare {
    /// One that anybody may use.
    pub(crate) fn start() -> Self {
        Self::of_kind(&[])
    }

    /// As `ci/kafka/broker.sh start DIR KIND…`.
    pub(crate) fn of_kind(kind: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bootstrap = broker("start", folder.path(), kind);
        Self { folder, bootstrap }
    }

    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// As `kill -9`.
    pub(crate) fn kill(&self) {
        broker("kill", self.folder.path(), &[]);
    }

    /// Starts it again after a kill, with the same address and records.
    pub(crate) fn restart(&self) {
        assert_eq!(broker("start", self.folder.path(), &[]), self.bootstrap);
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        broker("kill", self.folder.path(), &[]);
    }
}

/// Runs the script that keeps the broker, and returns what it printed.
fn broker(action: &str, folder: &Path, kind: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/ci/kafka/broker.sh");
    let ran = Command::new(script).arg(action).arg(folder).args(kind).output();
    let ran = ran.expect("the script runs");
    assert!(ran.status.success(), "{action}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}
