//! The suite, read once and run once for all of these tests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use quintet::contract::Contracts;
use quintet::history::to_json_lines;
use quintet::scenario::run::{Options, Outcome, Setup, run};
use quintet::scenario::{Known, Loaded, Resolver, TestPlan, load, words_of};

/// The repository as scenarios see it: paths from its root.
pub(crate) struct Repository;

impl Resolver for Repository {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match std::fs::read(root().join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The paths of all YAML files below a folder, from the root, in order.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("the folder is there") {
            let entry = entry.expect("the folder can be read");
            let path = folder.join(entry.file_name());
            if root().join(&path).is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.push(path.to_str().expect("our paths are text").to_owned());
            }
        }
    }
    found.sort();
    found
}

pub(crate) static SETUP: LazyLock<Setup> = LazyLock::new(|| Setup::reference(Contracts::builtin()));

pub(crate) fn read(path: &str) -> Loaded {
    let words = words_of(&quintet::services::reference());
    let contracts = Arc::clone(&SETUP.contracts);
    let known = Known { contracts: &contracts, words: &words };
    load(path, &known, &Repository)
}

/// All tests of the suite.
pub(crate) static SUITE: LazyLock<Vec<TestPlan>> = LazyLock::new(|| {
    let loaded = files("scenarios").into_iter().map(|path| read(&path));
    loaded.flat_map(|loaded| loaded.plans).collect()
});

/// What came of each test under seed 0.
pub(crate) static OUTCOMES: LazyLock<Vec<Outcome>> = LazyLock::new(|| {
    let options = Options::default();
    SUITE.iter().map(|plan| run(plan, &SETUP, &options)).collect()
});

/// Why a test did not pass, for whoever reads the failure of these tests.
pub(crate) fn told(outcome: &Outcome) -> String {
    let mut text = format!(
        "{} {} (seed {}, schedule {})\n",
        outcome.verdict.as_str(),
        outcome.test,
        outcome.seed.0,
        outcome.schedule
    );
    for trouble in &outcome.troubles {
        text += &format!("  {}: {}\n", trouble.code, trouble.message);
        if let Some(place) = &trouble.place {
            let (line, column) = place.file.position(place.span.start);
            text += &format!("    {}:{line}:{column} {}\n", place.file.path, place.label);
        }
        for note in &trouble.notes {
            text += &format!("    {note}\n");
        }
        for difference in trouble.nearest.iter().flat_map(|nearest| &nearest.differences) {
            let (path, expected, got) = (&difference.path, &difference.expected, &difference.got);
            text += &format!("    nearest: {path}: expected {expected}, got {got}\n");
        }
    }
    if std::env::var_os("QUINTET_HISTORY").is_some() {
        text += &to_json_lines(&outcome.history);
    }
    text
}
