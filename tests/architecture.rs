//! The style is a test: which module may use which, which may name a service, and how long files,
//! functions and lines get.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use quintet::contract::Contracts;

/// The modules from top to bottom; each may use those before it and itself.
const MODULES: &[&str] = &[
    "input",
    "diagnostic",
    "yaml",
    "evolution",
    "message",
    "asyncapi",
    "contract",
    "rule",
    "history",
    "service",
    "property",
    "pack",
    "services",
    "driver",
    "bus",
    "scenario",
    "topics",
    "kafka",
    "capture",
    "verify",
    "mutants",
    "accepted",
    "compatibility",
    "coverage",
    "needs",
    "explore",
    "report",
    "cli",
];

/// Arrows that run up, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("contract/set", "pack", "a set of contracts carries the packs that it belongs to"),
    ("pack", "verify", "a pack says how inputs of its service are drawn"),
    ("services", "verify", "inputs beyond what contracts tell are drawn for verify"),
    ("property/read", "scenario", "times are written as in scenarios"),
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
        if path.ends_with("architecture.rs") {
            continue;
        }
        for word in ["TODO", "FIXME", "XXX", "HACK"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

/// Where services are named that the library carries, and may be.
const PACKS: &str = "src/services";

/// How often a file outside of [`PACKS`] names one of the services, or what is theirs, at most:
/// what is left to be moved, to be declared by packs, or to be told with made-up names.
const NAMED: &[(&str, usize)] = &[
    ("src/accepted/mod.rs", 10),
    ("src/cli/again.rs", 2),
    ("src/cli/args.rs", 31),
    ("src/cli/args/traffic.rs", 1),
    ("src/cli/args/verify.rs", 4),
    ("src/cli/exit.rs", 1),
    ("src/cli/futile.rs", 12),
    ("src/cli/twin.rs", 5),
    ("src/cli/verify.rs", 1),
    ("src/contract/kind.rs", 2),
    ("src/contract/model.rs", 1),
    ("src/contract/set.rs", 3),
    ("src/contract/tests.rs", 4),
    ("src/diagnostic/codes/accepted.rs", 4),
    ("src/diagnostic/codes/choices.rs", 2),
    ("src/diagnostic/codes/probe.rs", 3),
    ("src/diagnostic/codes/scenario.rs", 45),
    ("src/diagnostic/codes/yaml.rs", 5),
    ("src/diagnostic/render.rs", 1),
    ("src/history/chain.rs", 4),
    ("src/history/entry.rs", 1),
    ("src/history/lines.rs", 5),
    ("src/kafka/connection.rs", 1),
    ("src/kafka/host/journal.rs", 1),
    ("src/kafka/host/lanes.rs", 2),
    ("src/kafka/host/mod.rs", 1),
    ("src/kafka/host/options.rs", 14),
    ("src/kafka/host/stage.rs", 1),
    ("src/kafka/host/store.rs", 3),
    ("src/kafka/host/tests.rs", 41),
    ("src/lib.rs", 7),
    ("src/message/json.rs", 1),
    ("src/message/random.rs", 3),
    ("src/message/typed/macros.rs", 2),
    ("src/message/typed/mod.rs", 1),
    ("src/report/choices.rs", 3),
    ("src/report/coverage.rs", 9),
    ("src/report/github.rs", 2),
    ("src/report/summary.rs", 3),
    ("src/report/text.rs", 7),
    ("src/report/timeline.rs", 2),
    ("src/report/verdicts/mod.rs", 7),
    ("src/report/verdicts/text.rs", 19),
    ("src/scenario/lint/names.rs", 2),
    ("src/scenario/load.rs", 1),
    ("src/scenario/plan.rs", 8),
    ("src/scenario/read/world.rs", 2),
    ("src/scenario/resolve.rs", 17),
    ("src/scenario/run/engine.rs", 2),
    ("src/scenario/run/scope.rs", 1),
    ("src/scenario/run/shown.rs", 1),
    ("src/scenario/run/unseen.rs", 3),
    ("src/scenario/vocabulary/always.rs", 15),
    ("src/scenario/vocabulary/faults.rs", 3),
    ("src/scenario/vocabulary/verbs.rs", 34),
    ("src/service/mod.rs", 5),
    ("src/service/testing.rs", 2),
    ("src/topics.rs", 18),
    ("src/verify/answer.rs", 5),
    ("src/verify/case.rs", 2),
    ("src/verify/judge.rs", 2),
    ("src/verify/kind.rs", 20),
    ("src/verify/live/absence/tests.rs", 5),
    ("src/verify/live/asking.rs", 1),
    ("src/verify/live/lane.rs", 2),
    ("src/verify/live/mod.rs", 1),
    ("src/verify/live/probe_file.rs", 13),
    ("src/verify/live/process.rs", 2),
    ("src/verify/observation.rs", 3),
    ("src/verify/output.rs", 3),
    ("src/verify/run.rs", 1),
    ("src/verify/script/classify.rs", 51),
    ("src/verify/script/kind.rs", 11),
    ("src/verify/script/made/tests.rs", 8),
    ("src/verify/script/mod.rs", 11),
    ("src/verify/script/scenario.rs", 18),
    ("src/verify/script/sweep.rs", 22),
    ("src/verify/shape.rs", 9),
    ("src/verify/tally.rs", 3),
    ("src/verify/traffic/flow.rs", 27),
    ("src/verify/traffic/gather.rs", 19),
    ("src/verify/traffic/merge.rs", 13),
    ("src/verify/traffic/sluice.rs", 3),
    ("src/verify/traffic/writers.rs", 17),
    ("src/verify/words.rs", 2),
];

/// The names of the services, of their channels, message types, fields and rules. What any program
/// may say for itself is left out: fields in one small word (`name`), and the types of no channel.
fn names_of_services() -> BTreeSet<String> {
    let contracts = Contracts::builtin();
    let mut names: BTreeSet<String> = BTreeSet::new();
    names.extend(contracts.contracts().iter().map(|one| one.service.clone()));
    names.extend(contracts.channels().iter().map(|channel| channel.name.clone()));
    for kind in contracts.all_messages() {
        names.insert(kind.name.clone());
        let fields = kind.fields().iter().filter_map(|field| field.path.rsplit('/').next());
        names.extend(fields.filter(|name| is_compound(name)).map(str::to_owned));
    }
    for rule in quintet::services::rules() {
        names.extend([rule.name.to_owned(), rule.name.replace('-', "_")]);
    }
    names.remove("default");
    names
}

/// Whether a name is put together of several words: `banId`, `account_id`.
fn is_compound(name: &str) -> bool {
    name.contains('_') || name.chars().skip(1).any(char::is_uppercase)
}

/// The names that a text holds as whole words, each as often as it stands there.
fn named(text: &str, names: &BTreeSet<String>) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for word in text.split(|c: char| !is_part(c) && c != '.' && c != '-') {
        let word = word.trim_matches(['.', '-']);
        if names.contains(word) {
            found.push(word.to_owned());
            continue;
        }
        let parts = word.split(|c: char| !is_part(c));
        found.extend(parts.filter(|part| names.contains(*part)).map(str::to_owned));
    }
    found
}

#[test]
fn nothing_outside_of_packs_names_a_service() {
    let names = names_of_services();
    let (mut wrong, mut left) = (String::new(), 0);
    for (path, text) in sources("src") {
        let path = path.display().to_string();
        if path.starts_with(PACKS) {
            continue;
        }
        let found = named(&text, &names);
        let most = NAMED.iter().find(|(file, _)| *file == path).map_or(0, |(_, most)| *most);
        left += found.len();
        if found.len() > most {
            let of: BTreeSet<_> = found.iter().map(String::as_str).collect();
            let of: Vec<_> = of.into_iter().collect();
            let _ = writeln!(wrong, "    (\"{path}\", {}), // {}", found.len(), of.join(" "));
        }
    }
    assert!(wrong.is_empty(), "services are named outside of {PACKS} ({left} times):\n{wrong}");
}

#[test]
fn each_file_that_may_name_services_does() {
    let names = names_of_services();
    for (path, _) in NAMED {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(!named(&text, &names).is_empty(), "{path} names none: take it out of NAMED");
    }
}
