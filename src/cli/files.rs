//! Which files are meant by the paths of a command line.

use std::io;
use std::path::{Path, PathBuf};

/// How the names of scenario files end.
pub(super) const SCENARIO: &str = ".scenario.yaml";
/// How the names of fragment files end.
pub(super) const FRAGMENT: &str = ".fragment.yaml";
/// Folders nested deeper are a mistake, or a loop.
const MAX_DEPTH: usize = 64;

/// Why a path cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// Nothing is there.
    #[error("there is no file or folder {}", .0.display())]
    Missing(PathBuf),
    /// The folder that is looked in by default is not there.
    #[error("there is no folder scenarios here; name the files or folders to use")]
    NoDefault,
    /// It is there and cannot be read.
    #[error("cannot read {}: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    /// Folders without end.
    #[error("folders are nested too deep at {}", .0.display())]
    TooDeep(PathBuf),
}

/// The files that are meant: those named, standard input among them, and in folders those whose
/// names end so. Each is there once; those of a folder are in the order of their paths.
pub(super) fn find(paths: &[PathBuf], endings: &[&str]) -> (Vec<PathBuf>, Vec<FileError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        if crate::input::is_stdin(path) {
            found.push(path.clone());
            continue;
        }
        match std::fs::metadata(path) {
            Ok(what) if what.is_dir() => {
                let mut inside = Vec::new();
                walk(path, endings, 0, (&mut inside, &mut errors));
                inside.sort();
                found.extend(inside);
            }
            Ok(_) => found.push(tidy(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let default = paths == [PathBuf::from("scenarios")];
                errors.push(match default {
                    true => FileError::NoDefault,
                    false => FileError::Missing(path.clone()),
                });
            }
            Err(error) => errors.push(FileError::Unreadable(path.clone(), error)),
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()));
    (found, errors)
}

/// The path without `.` in it, as reports show it.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path.components().filter(|part| part.as_os_str() != ".").collect();
    // `./-` is a file, and `-` is standard input.
    let keep = tidy.as_os_str().is_empty() || crate::input::is_stdin(&tidy);
    if keep { path.to_owned() } else { tidy }
}

fn walk(
    folder: &Path,
    endings: &[&str],
    depth: usize,
    (found, errors): (&mut Vec<PathBuf>, &mut Vec<FileError>),
) {
    if depth > MAX_DEPTH {
        errors.push(FileError::TooDeep(folder.to_owned()));
        return;
    }
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => return errors.push(FileError::Unreadable(folder.to_owned(), error)),
    };
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A link to a folder is not followed: it may lead round in a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !name.starts_with('.') {
                walk(&path, endings, depth + 1, (found, errors));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) && !path.is_dir() {
            found.push(tidy(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FileError, SCENARIO, find};
    use std::fs;

    #[test]
    fn folders_are_searched_and_files_taken_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/deep")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in ["b/deep/x.scenario.yaml", "a.scenario.yaml", "b/n.txt", "own.yaml"] {
            fs::write(at(name), "").unwrap();
        }
        fs::write(at(".git/y.scenario.yaml"), "").unwrap();
        let paths = [at("own.yaml"), at(""), at("./a.scenario.yaml"), at("gone")];
        let (found, errors) = find(&paths, &[SCENARIO]);
        let expected = [at("own.yaml"), at("a.scenario.yaml"), at("b/deep/x.scenario.yaml")];
        assert_eq!(found, expected);
        assert!(matches!(&errors[..], [FileError::Missing(path)] if *path == at("gone")));
    }
}
