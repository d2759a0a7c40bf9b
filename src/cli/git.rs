//! Documents as they were, from git: the program `git` is asked, and nothing is changed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::load;
use crate::asyncapi::{self, Files};

/// So many versions are looked at.
const MAX_VERSIONS: usize = 200;

/// Documents as they were at one time.
pub(super) struct Snapshot {
    /// What the time is called.
    pub(super) label: String,
    /// The documents: a path to be shown, and the bytes.
    pub(super) sources: Vec<(String, Vec<u8>)>,
    /// Where the files are that they refer to.
    pub(super) commit: Commit,
}

/// The files of a commit, by the paths that are shown.
pub(super) struct Commit {
    /// The folder that git is asked in.
    folder: PathBuf,
    /// What stands before each path that is shown.
    prefix: String,
    hash: String,
}

impl Files for Commit {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        // The path of a file beside a document that has no folder bears no label.
        let path = path.strip_prefix(&self.prefix).unwrap_or(path);
        let folder = load::shown(&self.folder);
        let inside = Path::new(path).strip_prefix(&folder);
        let name = inside.map_or_else(|_| path.to_owned(), load::shown);
        let mut git = Command::new("git");
        let object = format!("{}:./{name}", self.hash);
        let output = git.arg("-C").arg(&self.folder).args(["show", &object]).output();
        let output = output.map_err(|error| error.to_string())?;
        Ok(output.status.success().then_some(output.stdout))
    }
}

/// Why git has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum GitError {
    #[error("--against needs the program git, which cannot be started: {0}")]
    NoGit(#[source] io::Error),
    #[error("{0} is not in a repository of git")]
    NoRepository(String),
    #[error("there is no folder and no commit `{0}`")]
    NoCommit(String),
    #[error("{0} has no document at {1}")]
    NoDocument(String, String),
    #[error("from {0} on there are {1} versions; at most {MAX_VERSIONS} are compared")]
    TooMany(String, usize),
    #[error("git {0} failed: {1}")]
    Failed(String, String),
}

struct Repository<'a> {
    /// The folder that git is asked in.
    folder: PathBuf,
    /// The file, where the path is no folder.
    file: Option<String>,
    path: &'a Path,
}

/// The documents at a path as they were at a commit; with `history`, and at each later one that
/// changed them, the oldest first.
pub(super) fn snapshots(
    path: &Path,
    reference: &str,
    history: bool,
) -> Result<Vec<Snapshot>, GitError> {
    let is_folder = path.is_dir();
    let folder = match path.parent() {
        _ if is_folder => path.to_owned(),
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let file = path.file_name().filter(|_| !is_folder);
    let file = file.map(|name| name.to_string_lossy().into_owned());
    let repository = Repository { folder, file, path };
    if repository.ask(&["rev-parse", "--show-prefix"])?.is_err() {
        return Err(GitError::NoRepository(load::shown(&repository.folder)));
    }
    let commit = format!("{reference}^{{commit}}");
    let found =
        repository.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
    let Ok(found) = found else { return Err(GitError::NoCommit(reference.to_owned())) };
    let first = text(&found);
    let mut all = vec![(reference.to_owned(), first.clone())];
    if history {
        let range = format!("{first}..HEAD");
        let asked = ["rev-list", "--reverse", &range, "--", repository.pathspec()];
        let later = text(&repository.answer(&asked)?);
        all.extend(later.lines().map(|hash| (hash.chars().take(9).collect(), hash.to_owned())));
    }
    if all.len() > MAX_VERSIONS {
        return Err(GitError::TooMany(reference.to_owned(), all.len()));
    }
    let mut snapshots = Vec::new();
    for (label, hash) in all {
        let sources = repository.sources(&label, &hash)?;
        if !sources.is_empty() {
            let folder = repository.folder.clone();
            let commit = Commit { folder, prefix: format!("{label}:"), hash };
            snapshots.push(Snapshot { label, sources, commit });
        }
    }
    match snapshots.is_empty() {
        true => Err(GitError::NoDocument(reference.to_owned(), load::shown(path))),
        false => Ok(snapshots),
    }
}

impl Repository<'_> {
    fn pathspec(&self) -> &str {
        self.file.as_deref().unwrap_or(".")
    }

    /// What git says, or what it says against it.
    fn ask(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, GitError> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.folder).args(arguments);
        let output = git.output().map_err(GitError::NoGit)?;
        Ok(match output.status.success() {
            true => Ok(output.stdout),
            false => Err(text(&output.stderr)),
        })
    }

    fn answer(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let answer = self.ask(arguments)?;
        answer.map_err(|why| {
            let first = why.lines().next().unwrap_or_default().to_owned();
            GitError::Failed(arguments[0].to_owned(), first)
        })
    }

    fn sources(&self, label: &str, hash: &str) -> Result<Vec<(String, Vec<u8>)>, GitError> {
        let asked = ["ls-tree", "-r", "-z", "--name-only", hash, "--", self.tree()];
        let listed = self.answer(&asked)?;
        let mut names: Vec<String> = listed
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).trim_start_matches("./").to_owned())
            .filter(|name| self.file.is_some() || may_be_document(name))
            .collect();
        names.sort();
        let mut sources = Vec::new();
        for name in names {
            let bytes = self.answer(&["show", &format!("{hash}:./{name}")])?;
            let is_named = self.file.is_some() || name.contains(".asyncapi.");
            if !is_named && !asyncapi::is_document(&String::from_utf8_lossy(&bytes)) {
                continue;
            }
            let path =
                if self.file.is_some() { self.path.to_owned() } else { self.path.join(&name) };
            sources.push((format!("{label}:{}", load::shown(&path)), bytes));
        }
        Ok(sources)
    }

    fn tree(&self) -> &str {
        self.file.as_deref().unwrap_or("./")
    }
}

/// Whether a file may be a document, by its name: YAML or JSON, and in no folder of others.
fn may_be_document(name: &str) -> bool {
    let is_own = |part: &str| !part.starts_with('.') && part != "node_modules" && part != "target";
    let ending = name.to_ascii_lowercase();
    name.split('/').all(is_own)
        && [".yaml", ".yml", ".json"].iter().any(|known| ending.ends_with(known))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}
