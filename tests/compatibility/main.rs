//! Documents against documents and services: the commands `contracts …` as a whole.

mod anybody;
mod breaking;
mod coverage;
mod drift;
mod exercised;
mod formats;
mod matrix;
mod needs;
mod probed;
mod published;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A day on which everything that is accepted in the repository still is.
const TODAY: &str = "2026-11-28";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts")
}

/// Runs a command in a folder.
fn quintet(folder: &Path, arguments: &[&str]) -> Output {
    let mut quintet = Command::new(env!("CARGO_BIN_EXE_quintet"));
    quintet.current_dir(folder).arg("contracts").args(arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The JSON lines of an output.
fn lines(output: &Output) -> Vec<Value> {
    let said = text(&output.stdout);
    let told = text(&output.stderr);
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}\n{told}"));
    let lines: Vec<Value> = said.lines().map(line).collect();
    assert!(!lines.is_empty(), "{told}");
    lines
}

fn events(lines: &[Value], event: &str) -> Vec<Value> {
    lines.iter().filter(|line| line["event"] == event).cloned().collect()
}

/// The contracts of the repository in a folder of their own, with texts replaced in files.
fn changed(folder: &Path, changes: &[(&str, &str, &str)]) {
    std::fs::create_dir_all(folder).expect("a folder");
    for entry in std::fs::read_dir(contracts()).expect("the contracts") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut text = std::fs::read_to_string(&path).expect("text");
        for (_, from, to) in changes.iter().filter(|(file, ..)| name.starts_with(file)) {
            assert!(text.contains(from), "{name} has no {from}");
            text = text.replace(from, to);
        }
        std::fs::write(folder.join(name), text).expect("a file");
    }
}
