//! The scenario suite that the program carries.

use include_dir::{Dir, DirEntry, include_dir};

use super::resolve::SCENARIO_ENDING;
use super::{Known, Resolver, TestPlan, load_bytes};

static SUITE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The files of the suite, by their paths from the folder above `scenarios`.
struct Carried;

impl Resolver for Carried {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let inside = path.strip_prefix("scenarios/").unwrap_or(path);
        Ok(SUITE.get_file(inside).map(|file| file.contents().to_vec()))
    }
}

/// The tests of the suite that the program carries, as far as these contracts admit them.
#[must_use]
pub fn suite(known: &Known<'_>) -> Vec<TestPlan> {
    let mut files = Vec::new();
    let mut open = vec![&SUITE];
    while let Some(folder) = open.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(inside) => open.push(inside),
                DirEntry::File(file) => files.push(file),
            }
        }
    }
    files.retain(|file| file.path().to_string_lossy().ends_with(SCENARIO_ENDING));
    files.sort_by_key(|file| file.path());
    let load = |file: &include_dir::File<'_>| {
        let path = format!("scenarios/{}", file.path().display()).replace('\\', "/");
        load_bytes(&path, file.contents(), known, &Carried).plans
    };
    files.into_iter().flat_map(load).collect()
}
