//! Which of the tests of some files are meant: by row, name and tag, and those that failed last.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::args::Selection;
use super::exit::Exit;
use super::files::{self, SCENARIO};
use super::last_failed::LastFailed;
use super::load::Loaded;
use super::terminal::Terminal;
use crate::diagnostic::suggest;
use crate::input::{SHOWN_STDIN, shown};
use crate::report::style::{one_line, shell_word};
use crate::scenario::TestPlan;

/// The paths of a command line, where `FILE::ROW` is one row of the table in a file.
pub(super) struct Paths {
    /// What is to be looked at.
    pub(super) paths: Vec<PathBuf>,
    /// The rows that are meant of a file, where not all are.
    rows: BTreeMap<String, BTreeSet<String>>,
}

impl Paths {
    /// Takes paths as they are written.
    pub(super) fn of(written: &[PathBuf]) -> Self {
        let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let (mut paths, mut whole) = (Vec::new(), Vec::new());
        for path in written {
            match with_row(path) {
                Some((file, row)) => {
                    let (found, _) = files::find(std::slice::from_ref(&file), &[SCENARIO]);
                    for file in found {
                        rows.entry(shown(&file)).or_default().insert(row.clone());
                    }
                    paths.push(file);
                }
                None => {
                    whole.push(path.clone());
                    paths.push(path.clone());
                }
            }
        }
        // A file that is named without a row as well is meant as a whole.
        if !rows.is_empty() {
            files::find(&whole, &[SCENARIO]).0.iter().for_each(|file| {
                rows.remove(&shown(file));
            });
        }
        Self { paths, rows }
    }

    fn admits(&self, plan: &TestPlan) -> bool {
        let rows = self.rows.get(&plan.scenario.file.path);
        rows.is_none_or(|rows| plan.row_name().is_some_and(|row| rows.contains(row)))
    }

    /// Rows that no file has; none of a file that cannot be used.
    fn missing(&self, loaded: &Loaded) -> Vec<String> {
        let mut missing = Vec::new();
        for (file, rows) in &self.rows {
            let own = || loaded.plans.iter().filter(|plan| plan.scenario.file.path == *file);
            if own().next().is_none() {
                continue;
            }
            let names = || own().filter_map(TestPlan::row_name);
            for row in rows.iter().filter(|row| !names().any(|name| name == row.as_str())) {
                let near = suggest(row, names()).map(|near| format!("; did you mean `{near}`?"));
                let near = near.unwrap_or_else(|| match names().next() {
                    None => "; it has no table".to_owned(),
                    Some(_) => "; `quintet list` names them".to_owned(),
                });
                let (file, row) = (one_line(file), one_line(row));
                missing.push(format!("{file} has no row `{row}`{}", one_line(&near)));
            }
        }
        missing
    }
}

/// The file and the row of `FILE::ROW`; none of a path that is there as it stands.
fn with_row(path: &Path) -> Option<(PathBuf, String)> {
    if path.exists() {
        return None;
    }
    let text = path.to_str()?;
    let parts = text.match_indices("::").map(|(at, _)| (&text[..at], &text[at + 2..]));
    let mut parts = parts.map(|(file, row)| (PathBuf::from(file), row.to_owned()));
    parts.find(|(file, _)| file.is_file())
}

/// Leaves out what is not meant; says so where nothing is left.
pub(super) fn retain(
    selection: &Selection,
    paths: &Paths,
    loaded: &mut Loaded,
    terminal: &mut Terminal,
) {
    for why in paths.missing(loaded) {
        terminal.error(&why);
        loaded.exit = Exit::Unusable;
    }
    let last = selection.last_failed.then(LastFailed::read);
    let is_empty = loaded.plans.is_empty();
    loaded.plans.retain(|plan| {
        let names = &selection.name;
        paths.admits(plan)
            && selection.tag.iter().all(|tag| tag.admits(&plan.scenario.tags))
            && (names.is_empty() || names.iter().any(|text| plan.name.contains(text.as_str())))
            && last.as_ref().is_none_or(|last| last.has(plan))
    });
    if !loaded.plans.is_empty() || loaded.exit != Exit::Holds {
        return;
    }
    let why = match (loaded.files, &last, &selection.tag[..], &selection.name[..]) {
        (0, ..) => "there is no *.scenario.yaml file there".to_owned(),
        _ if is_empty => "these files have no tests".to_owned(),
        (_, Some(last), ..) => {
            format!("none of these tests is known to have failed; the list: {}", last.shown())
        }
        (_, None, [], _) => "no test has such a name".to_owned(),
        (_, None, _, []) => "no test has these tags".to_owned(),
        _ => "no test has these tags and such a name".to_owned(),
    };
    terminal.error(&why);
    loaded.exit = Exit::Inconclusive;
}

/// The test as a command line names it: its file, and its row; quoted for a shell.
pub(super) fn words_of(plan: &TestPlan) -> String {
    let path = plan.scenario.file.path.as_str();
    match (path == SHOWN_STDIN, plan.row_name()) {
        (false, None) => shell_word(path),
        (false, Some(row)) => shell_word(&format!("{path}::{row}")),
        (true, None) => "-".to_owned(),
        // `-::ROW` would be taken for options.
        (true, Some(_)) => format!("- --name {}", shell_word(&plan.name)),
    }
}
