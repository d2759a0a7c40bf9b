//! Where files come from, and where a fragment is looked for.

use std::collections::BTreeMap;

/// The ending of fragment files.
pub const FRAGMENT_ENDING: &str = ".fragment.yaml";
/// The ending of scenario files.
pub const SCENARIO_ENDING: &str = ".scenario.yaml";
/// The folder at which the search for a fragment ends, and below which tests are named by path.
pub const ROOT: &str = "scenarios";

/// What stands before the path of a built-in fragment.
pub(crate) const BUILTIN_PREFIX: &str = "built-in:";

/// Fragments that are always there.
pub static BUILTIN_FRAGMENTS: &[(&str, &str)] = &[
    (
        "fixtures/registered-account",
        include_str!("../../scenarios/fixtures/registered-account.fragment.yaml"),
    ),
    ("fixtures/try-login", include_str!("../../scenarios/fixtures/try-login.fragment.yaml")),
];

/// Reads files, so that whoever reads scenarios touches no disk.
pub trait Resolver {
    /// The bytes of a file; `None` where there is none.
    ///
    /// # Errors
    /// A sentence that says why a file that is there cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;
}

/// No files: only built-in fragments are found.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Resolver for NoFiles {
    fn read(&self, _path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }
}

/// Files in memory, by path.
impl Resolver for BTreeMap<String, String> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.get(path).map(|text| text.as_bytes().to_vec()))
    }
}

/// Where a fragment is looked for: beside the file, then in each folder above it up to one named
/// `scenarios`, as far as the path of the file goes.
pub(crate) fn candidates(file: &str, fragment: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folder = parent(file);
    loop {
        found.push(format!("{}{fragment}{FRAGMENT_ENDING}", with_slash(folder)));
        let name = folder.rsplit('/').next().unwrap_or(folder);
        if folder.is_empty() || matches!(name, ROOT | ".." | ".") || folder == "/" {
            return found;
        }
        folder = parent(folder);
    }
}

/// The folder of a path; empty for the current one.
fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None => "",
        Some(0) => "/",
        Some(at) => &path[..at],
    }
}

fn with_slash(folder: &str) -> String {
    match folder {
        "" | "/" => folder.to_owned(),
        folder => format!("{folder}/"),
    }
}

/// Whether a text can be the path of a fragment: words of letters, digits, `-`, `_` and `.`,
/// separated by `/`, none of them only dots.
pub(crate) fn is_fragment_path(path: &str) -> bool {
    path.split('/').all(|part| {
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part.chars().all(ok) && !part.chars().all(|c| c == '.')
    })
}

/// The name of the test in a file: its path below `scenarios`, else the file's name; both without
/// the ending.
pub(crate) fn test_name(path: &str) -> String {
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    let folders = &parts[..parts.len() - 1];
    let below = folders.iter().rposition(|part| *part == ROOT).map_or(folders.len(), |at| at + 1);
    let name = parts[below..].join("/");
    let endings = [SCENARIO_ENDING, FRAGMENT_ENDING, ".yaml", ".yml"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending));
    stem.filter(|stem| !stem.is_empty()).unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{candidates, is_fragment_path, test_name};

    #[rstest]
    #[case("scenarios/account/login.scenario.yaml", "account/login")]
    #[case("/home/q/scenarios/login.scenario.yaml", "login")]
    #[case("a/scenarios/b/scenarios/c/d.scenario.yaml", "c/d")]
    #[case("a/b/login.scenario.yaml", "login")]
    #[case("login.yml", "login")]
    #[case("login", "login")]
    #[case(".scenario.yaml", ".scenario.yaml")]
    #[case("", "")]
    fn tests_are_named_by_path(#[case] path: &str, #[case] name: &str) {
        assert_eq!(test_name(path), name);
    }

    #[rstest]
    #[case("x.yaml", &["f.fragment.yaml"])]
    #[case("a/x.yaml", &["a/f.fragment.yaml", "f.fragment.yaml"])]
    #[case(
        "r/scenarios/a/x.yaml",
        &["r/scenarios/a/f.fragment.yaml", "r/scenarios/f.fragment.yaml"]
    )]
    #[case("/a/x.yaml", &["/a/f.fragment.yaml", "/f.fragment.yaml"])]
    #[case("../a/x.yaml", &["../a/f.fragment.yaml", "../f.fragment.yaml"])]
    fn fragments_are_looked_for_upwards(#[case] file: &str, #[case] found: &[&str]) {
        assert_eq!(candidates(file, "f"), found);
    }

    #[rstest]
    #[case("fixtures/registered-account", true)]
    #[case("x", true)]
    #[case("../x", false)]
    #[case("/x", false)]
    #[case("a//b", false)]
    #[case("a b", false)]
    #[case("a\\b", false)]
    fn fragment_paths(#[case] path: &str, #[case] ok: bool) {
        assert_eq!(is_fragment_path(path), ok);
    }
}
