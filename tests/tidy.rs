//! The style is a test: which module may use which, and how long files, functions and lines get.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The modules from top to bottom; each may use those before it and itself.
const MODULES: &[&str] = &[
    "diagnostic",
    "yaml",
    "evolution",
    "message",
    "contract",
    "rule",
    "history",
    "service",
    "driver",
    "bus",
    "scenario",
    "topics",
    "kafka",
    "capture",
    "verify",
    "accepted",
    "report",
    "cli",
];

/// Arrows that run up, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("rule/check", "history", "checkers read histories; the table of rules, above, uses nothing"),
    ("rule/check", "service", "why a record had no effect stands in the history"),
    ("history", "service", "why a record had no effect stands in the history"),
];

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
const LINE_CHARS: usize = 100;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, with their paths relative to it.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(at) = folders.pop() {
        let entries = std::fs::read_dir(&at).unwrap_or_else(|error| panic!("{at:?}: {error}"));
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
                let path = path.strip_prefix(root()).expect("it lies below the root");
                found.push((path.to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} holds no Rust file");
    found
}

fn all_sources() -> Vec<(PathBuf, String)> {
    ["src", "tests", "benches", "examples"].into_iter().flat_map(sources).collect()
}

/// The modules that a file names after `crate::`, with their lines.
fn used_modules(text: &str) -> Vec<(usize, &str)> {
    let mut used = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim_start().starts_with("//") {
            continue;
        }
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            used.push((line, &rest[..end]));
        }
    }
    used
}

#[test]
fn no_module_uses_one_below_it() {
    let mut wrong = String::new();
    for (path, text) in sources("src") {
        let inside = path.strip_prefix("src").expect("it lies in src").display().to_string();
        let module = inside.split(['/', '.']).next().expect("a path has a first part");
        let Some(own) = MODULES.iter().position(|known| *known == module) else {
            assert!(matches!(module, "lib" | "main"), "{inside}: which module is it?");
            continue;
        };
        for (line, used) in used_modules(&text) {
            let Some(other) = MODULES.iter().position(|known| *known == used) else {
                continue;
            };
            let excused =
                EXCEPTIONS.iter().any(|(from, to, _)| inside.starts_with(from) && used == *to);
            if other > own && !excused {
                let _ = writeln!(wrong, "{inside}:{line}: {module} uses {used}, which is below it");
            }
        }
    }
    assert!(wrong.is_empty(), "arrows run up:\n{wrong}");
}

#[test]
fn each_exception_is_needed() {
    for (from, to, reason) in EXCEPTIONS {
        let needed = sources("src").into_iter().any(|(path, text)| {
            let inside = path.strip_prefix("src").expect("it lies in src").display().to_string();
            inside.starts_with(from) && used_modules(&text).iter().any(|(_, used)| used == to)
        });
        assert!(needed, "{from} no longer uses {to} ({reason}): delete the exception");
    }
}

#[test]
fn files_functions_and_lines_are_short() {
    let mut wrong = String::new();
    for (path, text) in all_sources() {
        let path = path.display();
        let lines: Vec<_> = text.lines().collect();
        if lines.len() > FILE_LINES {
            let _ = writeln!(wrong, "{path}: {} lines, at most {FILE_LINES}", lines.len());
        }
        for (at, line) in lines.iter().enumerate() {
            let chars = line.chars().count();
            let is_text = line.contains('"') || line.ends_with('\\');
            if chars > LINE_CHARS && !is_text && !path.to_string().contains("support") {
                let _ = writeln!(wrong, "{path}:{}: {chars} characters", at + 1);
            }
        }
        for (line, name, length) in functions(&lines) {
            if length > FUNCTION_LINES {
                let _ = writeln!(wrong, "{path}:{line}: fn {name} has {length} lines");
            }
        }
    }
    assert!(wrong.is_empty(), "too long:\n{wrong}");
}

/// The functions of a formatted file: first line, name, and number of lines.
fn functions<'a>(lines: &[&'a str]) -> Vec<(usize, &'a str, usize)> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        let Some((before, after)) = code.split_once("fn ") else {
            continue;
        };
        let words = ["", "pub", "const", "async", "pub(crate)", "pub(super)"];
        if !before.split_whitespace().all(|word| words.contains(&word)) {
            continue;
        }
        let name = after.split(['(', '<']).next().unwrap_or_default();
        let closes = |line: &&str| line.len() > indent && line.trim_end() == close(indent);
        let opens = |line: &&str| line.ends_with('{') || line.ends_with(';') || line.ends_with('}');
        let is_declared =
            lines[at..].iter().find(|line| opens(line)).is_none_or(|line| line.ends_with(';'));
        if is_declared {
            continue;
        }
        if let Some(length) = lines[at..].iter().position(closes) {
            found.push((at + 1, name, length + 1));
        }
    }
    found
}

fn close(indent: usize) -> String {
    format!("{}}}", " ".repeat(indent))
}

#[test]
fn every_module_says_what_it_is() {
    for (path, text) in sources("src") {
        assert!(text.starts_with("//!"), "{}: it has no head", path.display());
    }
}

#[test]
fn nothing_is_left_undone() {
    for (path, text) in all_sources() {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for word in ["TODO", "FIXME", "XXX", "HACK"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}
