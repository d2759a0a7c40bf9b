//! The reader of scenario files: every problem it knows, and input that nobody meant to write.

#[path = "reader/schema.rs"]
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use insta::Settings;
use proptest::prelude::*;
use quintet::contract::Contracts;
use quintet::diagnostic::{CODES, Diagnostic, code_info, render};
use quintet::scenario::vocabulary::{ALWAYS, FAULTS, MATCHERS, VERBS};
use quintet::scenario::{Known, Loaded, NoFiles, Resolver, load, load_bytes, words_of};
use quintet::services::reference;

const BROKEN: &str = "tests/fixtures/broken";

struct Disk;

impl Resolver for Disk {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn read_with(
    resolver: &dyn Resolver,
    load: impl Fn(&Known<'_>, &dyn Resolver) -> Loaded,
) -> Loaded {
    let contracts = Contracts::builtin();
    let words = words_of(&reference());
    load(&Known { contracts: &contracts, words: &words }, resolver)
}

fn read_file(path: &str) -> Loaded {
    read_with(&Disk, |known, disk| load(path, known, disk))
}

fn read_text(text: &str) -> Loaded {
    read_bytes(text.as_bytes())
}

fn read_bytes(bytes: &[u8]) -> Loaded {
    read_with(&NoFiles, |known, none| load_bytes("t.scenario.yaml", bytes, known, none))
}

fn rendered(loaded: &Loaded) -> String {
    let all: Vec<_> = loaded.diagnostics.iter().map(|d| render(d, false)).collect();
    all.join("\n\n")
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

fn broken_files() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(BROKEN).expect("the fixtures are in the repository");
    let files = folder.map(|entry| entry.expect("a fixture can be listed").path());
    let mut files: Vec<_> =
        files.filter(|path| name_of(path).ends_with(".scenario.yaml")).collect();
    files.sort();
    files
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The code that a fixture is named after.
fn code_of(path: &Path) -> String {
    name_of(path).replace(".scenario.yaml", "").replacen('.', "::", 1)
}

#[test]
fn each_problem_is_shown_in_its_place() {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../snapshots/diagnostics");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in broken_files() {
        let code = code_of(&path);
        let loaded = read_file(&path.to_string_lossy());
        assert!(codes(&loaded).contains(&code.as_str()), "{code}:\n{}", rendered(&loaded));
        assert!(loaded.plans.is_empty() || !loaded.has_errors());
        settings.bind(|| insta::assert_snapshot!(code.replace("::", "."), rendered(&loaded)));
    }
}

#[test]
fn each_code_of_the_reader_has_a_file_that_shows_it() {
    let shown: BTreeSet<String> = broken_files().iter().map(|path| code_of(path)).collect();
    // A file of that size, and one that is not there, are no fixtures.
    let elsewhere = ["yaml::too-large", "scenario::unreadable"];
    for info in CODES {
        let ours = info.code.starts_with("yaml::") || info.code.starts_with("scenario::");
        if ours && !elsewhere.contains(&info.code) {
            assert!(shown.contains(info.code), "no file in {BROKEN} shows {}", info.code);
        }
    }
    for code in shown {
        assert!(code_info(&code).is_some(), "{code} is not in the list of codes");
    }
}

/// The codes written in the sources, with a file of each.
fn codes_in(folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the sources can be listed") {
        let path = entry.expect("a source can be listed").path();
        if path.is_dir() {
            codes_in(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source is text");
        for quoted in text.split('"').skip(1) {
            let is_word = |text: &str| {
                let mut bytes = text.bytes();
                !text.is_empty() && bytes.all(|b| b.is_ascii_lowercase() || b"-_".contains(&b))
            };
            if let Some((area, name)) = quoted.split_once("::")
                && is_word(area)
                && is_word(name)
                // One letter stands for a code in tests of how codes are shown.
                && area.len() > 1
            {
                found.entry(quoted.to_owned()).or_insert(path.clone());
            }
        }
    }
}

#[test]
fn each_code_in_the_sources_is_in_the_list_and_each_in_the_list_is_used() {
    let mut used = BTreeMap::new();
    for folder in std::fs::read_dir("src").expect("the sources can be listed") {
        let path = folder.expect("a source can be listed").path();
        if path.is_dir() && !path.ends_with("diagnostic") {
            codes_in(&path, &mut used);
        }
    }
    // Bytes that are not UTF-8 are found before there is a text to read.
    used.insert("yaml::not-utf8".to_owned(), PathBuf::from("src/diagnostic/source.rs"));
    used.insert("yaml::too-large".to_owned(), PathBuf::from("src/diagnostic/source.rs"));
    for (code, path) in &used {
        assert!(code_info(code).is_some(), "{code} of {} has no entry", path.display());
    }
    for info in CODES {
        assert!(used.contains_key(info.code), "nothing reports {}", info.code);
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let missing = read_file("tests/fixtures/broken/nowhere.scenario.yaml");
    assert_eq!(codes(&missing), ["scenario::unreadable"]);
    let folder = read_file("tests/fixtures/broken");
    assert_eq!(codes(&folder), ["scenario::unreadable"]);
    let large = read_bytes(&vec![b'#'; 5 * 1024 * 1024]);
    assert_eq!(codes(&large), ["yaml::too-large"]);
}

#[test]
fn all_problems_of_a_file_come_at_once() {
    let loaded = read_text(
        "format: 1\nscenario: Two\ntgas: []\nsteps:\n  - sedn: ban.comand/DELETE\n    wiht: 1\n  \
         - advance: soon\n  - expect: ban.status/CREATD\n    \
         where: { banId: $ban, colour: <itn> }\n",
    );
    let expected = [
        "scenario::unknown-field",
        "scenario::unknown-verb",
        "scenario::unknown-channel",
        "scenario::unknown-field",
        "scenario::wrong-type",
        "scenario::bad-duration",
        "scenario::unknown-message",
        "scenario::unbound-variable",
        "scenario::unknown-matcher",
    ];
    assert_eq!(codes(&loaded), expected, "{}", rendered(&loaded));
}

#[test]
fn no_excerpt_shows_a_password() {
    let files = [
        "steps:\n  - send: account.create\n    with: { nmae: a, password: hunter2 }\n",
        "steps:\n  - let: { pw: hunter2 }\n  - send: account.create\n    \
         with: { name: a, password: $pw, x: 1 }\n  - let: { pw: hunter2 }\n",
        "examples: { columns: [case, password, password], rows: [[a, hunter2, b]] }\n",
        "examples:\n  columns: [case, pw]\n  rows:\n    - [a, hunter2, 3]\n    - [a, hunter2]\n    \
         - [a, hunter2]\nsteps:\n  - send: account.create\n    with: { name: a, password: $pw }\n",
        "steps:\n  - use: fixtures/registered-account\n    \
         with: { name: 1, password: hunter2, b: 1 }\n",
        "steps:\n  - send: account.create\n    with: { password: { one_of: [hunter2] }, y: 1 }\n",
        "steps:\n  - send: account.create\n    with: { password: $hunter2 }\n",
        "steps:\n  - send: account.create\n    with: { password: $hunter2! }\n",
        "steps:\n  - send: account.create\n    with: { password: <hunter2> }\n",
        "steps:\n  - send: account.create\n    with: { name: a, password: [hunter2], z: 1 }\n",
        "steps: [{ send: account.create, with: { name: a, password: hunter2, name: b }\n",
    ];
    for text in files {
        let text = format!("format: 1\nscenario: Secrets\n{text}");
        let loaded = read_text(&text);
        assert!(!loaded.diagnostics.is_empty(), "nothing is wrong with\n{text}");
        assert!(!rendered(&loaded).contains("hunter2"), "{}", rendered(&loaded));
    }
}

#[test]
fn a_fragment_beside_the_file_comes_before_a_built_in_one() {
    let own = "format: 1\nfragment: Ours\nparameters: [name]\nsteps:\n  \
               - send: account.create\n    \
               with: { name: $name, password: pw }\n";
    let scenario = "format: 1\nscenario: Uses ours\nsteps:\n  - use: fixtures/try-login\n    \
                    with: { name: alice }\n";
    let mut files = BTreeMap::new();
    files.insert("scenarios/a/b.scenario.yaml".to_owned(), scenario.to_owned());
    files.insert("scenarios/fixtures/try-login.fragment.yaml".to_owned(), own.to_owned());
    let loaded =
        read_with(&files, |known, files| load("scenarios/a/b.scenario.yaml", known, files));
    assert_eq!(rendered(&loaded), "");
    assert_eq!(loaded.plans[0].name, "a/b");
    // What stands above the folder `scenarios` is not looked at.
    files.remove("scenarios/fixtures/try-login.fragment.yaml");
    files.insert("fixtures/try-login.fragment.yaml".to_owned(), own.to_owned());
    let loaded =
        read_with(&files, |known, files| load("scenarios/a/b.scenario.yaml", known, files));
    assert_eq!(codes(&loaded), ["scenario::missing-parameter"]);
}

#[test]
fn problems_of_a_fragment_are_shown_once_and_in_its_file() {
    let mut files = BTreeMap::new();
    let fragment = "format: 1\nfragment: Ours\nsteps:\n  - advnce: 1s\n";
    let scenario = "format: 1\nscenario: Uses ours\nsteps:\n  - use: f\n  - use: f\n";
    files.insert("f.fragment.yaml".to_owned(), fragment.to_owned());
    files.insert("s.scenario.yaml".to_owned(), scenario.to_owned());
    let loaded = read_with(&files, |known, files| load("s.scenario.yaml", known, files));
    assert_eq!(codes(&loaded), ["scenario::unknown-verb"]);
    assert_eq!(loaded.diagnostics[0].file.path, "f.fragment.yaml");
    let alone = read_with(&files, |known, files| load("f.fragment.yaml", known, files));
    assert!(alone.is_fragment && alone.plans.is_empty());
    assert_eq!(codes(&alone), ["scenario::unknown-verb"]);
}

#[test]
fn rows_are_tests_with_values_of_their_types() {
    let loaded = read_text(
        "format: 1\nscenario: Rows\nexamples:\n  columns: [case, id]\n  rows:\n    - [one, 1]\n    \
         - [\"2\", { exactly: [<int>] }]\n    - [3, \"4\"]\nsteps:\n  - let: { x: $id }\n  \
         - advance: 1s\n  - let: { y: $x }\n",
    );
    assert_eq!(codes(&loaded), ["scenario::unused-variable"], "{}", rendered(&loaded));
    let names: Vec<_> = loaded.plans.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(names, ["t::one", "t::2", "t::3"]);
    let values: Vec<_> = loaded.plans.iter().map(|plan| plan.row["id"].value.to_string()).collect();
    assert_eq!(values, ["1", "[\"<int>\"]", "\"4\""]);
}

/// A file with some variables, and this in it.
fn around(always: &str, steps: &str) -> String {
    let indented = |text: &str| text.replace('\n', "\n  ");
    format!(
        "format: 1\nscenario: S\n{always}steps:\n  \
         - let: {{ account: 1, session: <uuid>, start: \"2026-01-01T00:00:00Z\" }}\n  {}\n",
        indented(steps)
    )
}

#[test]
fn the_examples_of_the_vocabulary_are_good() {
    let mut texts = Vec::new();
    texts.extend(VERBS.iter().map(|word| around("", word.example)));
    texts.extend(FAULTS.iter().map(|word| around("", word.example)));
    let always = |example: &str| around(&format!("always:\n  {example}\n"), "- advance: 1s");
    texts.extend(ALWAYS.iter().map(|word| always(word.example)));
    let query = |example: &str| {
        let query = "- query: effective_stats.character\n  with: { characterId: 7 }\n  expect:";
        around("", &format!("{query} {example}"))
    };
    texts.extend(MATCHERS.iter().map(|word| query(word.example)));
    for text in texts {
        let loaded = read_text(&text);
        assert!(!loaded.has_errors(), "{text}\n{}", rendered(&loaded));
    }
}

/// A file that uses most of the format.
const VALID: &str = "\
format: 1
scenario: Most of the format
tags: [ban, invite]
about: |
  Text.
tenant: { region: GMS, major: 83, minor: 1 }
given:
  settings: { account: { automatic_registration: true } }
  characters: [{ id: 7, strength: 10 }]
examples:
  columns: [case, times, password]
  rows:
    - [first, 2, \"correct horse\"]
setup:
  - use: fixtures/registered-account
    with: { name: alice, password: $password }
steps:
  - repeat: $times
    steps:
      - send: ban.command/CREATE
        headers: { traceparent: <absent> }
        with: { body: { value: 10.0.0.7, expiresAt: <timestamp + 60s> } }
        breaks_contract: true
      - expect: ban.status/CREATED
        where: { banId: <int 1..9 as $ban> }
        within: 2s
  - send: ban.command
    raw: \"{ not json\"
  - expect_all:
      - { message: account.status/LOGGED_IN, where: { account_id: $account } }
      - account.session.status/CREATED
    within: 2m 40s
  - never: ban.status
    where: { banId: { not: $ban } }
    for: 5s
  - fault: crash_before_commit
    service: invite
    message: invite.command/ACCEPT
    restart_after: 1s
  - stimulus: login.connect
    with: { ip: 10.0.0.7, hwid: HW-1 }
  - query: effective_stats.character
    with: { characterId: 7 }
    expect: { strength: { one_of: [10, <int>] } }
  - allow: [ban.status]
always:
  - at_most_once: { message: ban.status/CREATED, by: banId }
explore: { schedules: 20 }
";

#[test]
fn the_file_that_is_damaged_below_is_good() {
    let loaded = read_text(VALID);
    assert_eq!(rendered(&loaded), "");
    assert_eq!(loaded.plans.len(), 1);
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let edits =
        prop::collection::vec((any::<prop::sample::Index>(), 0usize..60, any::<u8>()), 1..8);
    edits.prop_map(|edits| {
        let mut bytes = VALID.as_bytes().to_vec();
        for (at, length, what) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            // What is put in, and where.
            let (to, new) = match what % 6 {
                0 => (at, vec![what]),
                1 => (at, Vec::new()),
                2 => (at, bytes[at..end].repeat(9)),
                3 => (at, b"[{a: ".repeat(usize::from(what))),
                4 => (at, vec![b"[]{}:,#&*!|>'\"%@`-? \t\n~$<"[usize::from(what) % 25]]),
                _ => (bytes.len() / 2, bytes[at..end].to_vec()),
            };
            let removed = if what % 6 == 1 { at..end } else { to..to };
            drop(bytes.splice(removed, new));
        }
        bytes
    })
}

fn is_read_or_refused(bytes: &[u8]) -> Result<(), TestCaseError> {
    let loaded = read_bytes(bytes);
    prop_assert!(!loaded.plans.is_empty() || loaded.has_errors() || loaded.is_fragment);
    for diagnostic in &loaded.diagnostics {
        prop_assert!(code_info(diagnostic.code).is_some(), "{}", diagnostic.code);
        prop_assert!(diagnostic.span.end <= diagnostic.file.text.len());
        let shown = render(diagnostic, false);
        prop_assert!(shown.contains(diagnostic.code), "{shown}");
    }
    let again = read_bytes(bytes);
    prop_assert_eq!(rendered(&loaded), rendered(&again));
    Ok(())
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        is_read_or_refused(&bytes)?;
    }

    #[test]
    fn damaged_files_are_read_or_refused(bytes in damaged()) {
        is_read_or_refused(&bytes)?;
    }

    #[test]
    fn any_value_can_stand_in_a_step(value in "[<>${}\\[\\]a-z0-9 .,:+\"-]{0,30}") {
        let text = format!(
            "format: 1\nscenario: S\nsteps:\n  - expect: ban.status\n    \
             where: {{ banId: {value} }}\n"
        );
        is_read_or_refused(text.as_bytes())?;
    }
}

#[test]
fn files_made_to_take_long_do_not() {
    let many =
        |line: &str, times| format!("format: 1\nscenario: S\nsteps:\n{}", line.repeat(times));
    for text in [
        many("  - let: { a: $b }\n", 5_000),
        many("  - expect_all: [ban.status]\n", 5_000),
        many("  - wrong: 1\n", 5_000),
        many("  - repeat: 1\n    steps: [{ advance: 1s }]\n", 2_500),
        many("  - send: ban.command/DELETE\n    with: { body: { banId: 1 } }\n", 10_000),
    ] {
        assert!(rendered(&read_text(&text)).len() < 1_000_000);
    }
}

#[test]
fn warnings_do_not_keep_a_file_from_running() {
    let loaded = read_text("format: 1\nscenario: S\nsteps:\n  - let: { a: 1 }\n");
    assert_eq!(codes(&loaded), ["scenario::unused-variable"]);
    assert!(!loaded.diagnostics.iter().any(Diagnostic::is_error));
    assert_eq!(loaded.plans.len(), 1);
}
