//! Which tests did not pass when they were run last, for `--last-failed`.
//!
//! The list of each folder in which `quintet run` was called is a file of its own in the user's
//! cache folder, `quintet/last-failed/HASH.json`; nothing is written into the folder itself. A run
//! changes what the list says of the tests that it ran, and of no others.
//!
//! What always holds: the file is written beside its place and then renamed, so that it is whole or
//! not there.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::input::SHOWN_STDIN;
use crate::scenario::TestPlan;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// A test: the absolute path of its file, and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Test {
    path: String,
    test: String,
}

impl Test {
    /// A test of a file; none where that is not on the disk.
    fn of(plan: &TestPlan) -> Option<Self> {
        let path = &plan.scenario.file.path;
        if path == SHOWN_STDIN {
            return None;
        }
        let path = std::fs::canonicalize(path).ok()?.to_string_lossy().into_owned();
        Some(Self { path, test: plan.name.clone() })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct List {
    format: u32,
    /// The folder that it is of, for whoever looks at it.
    folder: String,
    failed: BTreeSet<Test>,
}

/// The list of the current folder.
pub(super) struct LastFailed {
    file: Option<PathBuf>,
    folder: String,
    failed: BTreeSet<Test>,
}

impl LastFailed {
    /// What is known; nothing where there is no list, or one of another form.
    pub(super) fn read() -> Self {
        let here = std::env::current_dir().and_then(std::fs::canonicalize);
        let folder = here.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let name = format!("{:016x}.json", xxh3_64(folder.as_bytes()));
        let file = cache().map(|cache| cache.join("quintet/last-failed").join(name));
        let text = file.as_ref().and_then(|file| std::fs::read(file).ok());
        let list = text.and_then(|text| serde_json::from_slice::<List>(&text).ok());
        let list = list.filter(|list| list.format == FORMAT && list.folder == folder);
        Self { file, folder, failed: list.map(|list| list.failed).unwrap_or_default() }
    }

    /// Whether a test is in it.
    pub(super) fn has(&self, plan: &TestPlan) -> bool {
        Test::of(plan).is_some_and(|test| self.failed.contains(&test))
    }

    /// Where it is kept, for people.
    pub(super) fn shown(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => "kept nowhere, for there is no cache folder".to_owned(),
        }
    }

    /// Takes in what came of tests (whether each passed), and writes the list if it has changed.
    ///
    /// # Errors
    /// Where the file cannot be written; the one that was there is still whole.
    pub(super) fn note<'p>(
        mut self,
        came: impl Iterator<Item = (&'p TestPlan, bool)>,
    ) -> io::Result<()> {
        let before = self.failed.clone();
        for (test, passed) in came.filter_map(|(plan, passed)| Some((Test::of(plan)?, passed))) {
            match passed {
                true => self.failed.remove(&test),
                false => self.failed.insert(test),
            };
        }
        match &self.file {
            Some(file) if before != self.failed => self.write(file),
            _ => Ok(()),
        }
    }

    fn write(&self, file: &Path) -> io::Result<()> {
        if self.failed.is_empty() {
            return std::fs::remove_file(file);
        }
        let folder = file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let (format, folder) = (FORMAT, self.folder.clone());
        let list = List { format, folder, failed: self.failed.clone() };
        let beside = file.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&beside, serde_json::to_vec(&list)?)?;
        std::fs::rename(&beside, file)
    }
}

/// The folder for what programs can make again.
fn cache() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let absolute = |path: &PathBuf| path.is_absolute();
    if cfg!(windows) {
        return folder("LOCALAPPDATA").filter(absolute);
    }
    let own = folder("XDG_CACHE_HOME").filter(absolute);
    own.or_else(|| folder("HOME").filter(absolute).map(|home| home.join(".cache")))
}
