//! The files of a document: itself, and those that it refers to.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::tree::{At, Tree, Value};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::yaml;

/// A document is made of so many files at most.
const MAX_FILES: usize = 500;
/// References are followed so many times.
const MAX_STEPS: usize = 200;

/// Where files come from.
pub trait Files {
    /// The bytes of a file; `None` where there is none.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;
}

/// There are no other files.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }
}

/// The files that were read.
#[derive(Debug, Default)]
pub(super) struct Library {
    pub(super) files: Vec<Arc<SourceFile>>,
    roots: Vec<Option<Arc<Tree>>>,
    /// The number of a file, by its path; why there is none where it could not be read.
    paths: BTreeMap<String, Result<usize, String>>,
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// It is an address in the network.
    Remote(String),
    /// The file cannot be used.
    File(String),
    /// A part of its pointer is not there; these names are.
    Missing(String, Vec<String>),
    /// It leads back to itself.
    Circle,
}

impl Library {
    /// The document in `file`, and all files that it refers to.
    pub(super) fn open(
        file: &Arc<SourceFile>,
        files: &dyn Files,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Self, Arc<Tree>)> {
        let mut library = Self::default();
        let root = library.add(normal(&file.path), file, diagnostics)?;
        let mut at = 0;
        while at < library.files.len() {
            let root = library.roots[at].clone();
            let mut targets = Vec::new();
            if let Some(root) = root {
                references(&root, &mut targets);
            }
            for target in targets {
                let path = library.path_of(&target, at);
                if let Some(path) = path.filter(|path| !library.paths.contains_key(path)) {
                    library.fetch(path, files, diagnostics);
                }
            }
            at += 1;
        }
        Some((library, root))
    }

    fn add(
        &mut self,
        path: String,
        file: &Arc<SourceFile>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Tree>> {
        let number = self.files.len();
        let node = match file.is_json() {
            true => crate::evolution::source::reader::read(file, diagnostics),
            false => yaml::read_any(file, diagnostics),
        };
        let root = node.map(|node| Arc::new(Tree::of(&node, number)));
        self.files.push(Arc::clone(file));
        self.roots.push(root.clone());
        self.paths.insert(path, Ok(number));
        root
    }

    fn fetch(&mut self, path: String, files: &dyn Files, diagnostics: &mut Vec<Diagnostic>) {
        let why = if self.files.len() >= MAX_FILES {
            format!("a document is made of {MAX_FILES} files at most")
        } else {
            match files.read(&path) {
                Ok(Some(bytes)) if is_schema_file(&path) => {
                    match SourceFile::from_bytes(&path, &bytes, diagnostics) {
                        Some(file) => {
                            self.add(path, &file, diagnostics);
                            return;
                        }
                        None => "it is no text".to_owned(),
                    }
                }
                Ok(Some(_)) => "it is neither JSON nor YAML".to_owned(),
                Ok(None) => "there is no such file".to_owned(),
                Err(why) => why,
            }
        };
        self.paths.insert(path, Err(why));
    }

    /// The path of the file that a reference in file `from` names; `None` for its own file and for
    /// addresses in the network.
    fn path_of(&self, target: &str, from: usize) -> Option<String> {
        let path = target.split('#').next().unwrap_or_default();
        if path.is_empty() || is_remote(path) {
            return None;
        }
        let path = path.strip_prefix("file://").unwrap_or(path).replace("%20", " ");
        if path.starts_with('/') {
            return Some(normal(&path));
        }
        let folder = self.files[from].path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some(normal(&format!("{folder}/{path}"))).map(|path| {
            if folder.is_empty() { path.trim_start_matches('/').to_owned() } else { path }
        })
    }

    /// What a reference in file `from` names, followed once.
    pub(super) fn find(&self, target: &str, from: usize) -> Result<Arc<Tree>, Unresolved> {
        self.find_within(target, from, &Cell::new(MAX_STEPS))
    }

    /// As [`Library::find`], with so many references on the way at most, of all pointers together.
    fn find_within(
        &self,
        target: &str,
        from: usize,
        steps: &Cell<usize>,
    ) -> Result<Arc<Tree>, Unresolved> {
        let (path, pointer) = target.split_once('#').unwrap_or((target, ""));
        if is_remote(path) {
            return Err(Unresolved::Remote(target.to_owned()));
        }
        let file = match self.path_of(target, from) {
            None => from,
            Some(path) => match self.paths.get(&path) {
                Some(Ok(file)) => *file,
                Some(Err(why)) => return Err(Unresolved::File(format!("{path}: {why}"))),
                None => return Err(Unresolved::File(format!("{path}: it was not read"))),
            },
        };
        let Some(root) = &self.roots[file] else {
            let path = &self.files[file].path;
            return Err(Unresolved::File(format!("{path}: it cannot be used")));
        };
        let pointer = unescaped(pointer);
        if let Some(name) = Some(&pointer).filter(|name| !name.is_empty() && !name.starts_with('/'))
        {
            return anchored(root, name)
                .ok_or_else(|| Unresolved::Missing(name.clone(), Vec::new()));
        }
        let mut at = Arc::clone(root);
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            at = self.followed_within(&at, steps)?;
            let next = match &at.value {
                Value::List(items) => name.parse::<usize>().ok().and_then(|n| items.get(n)),
                _ => at.get(&name),
            };
            let Some(next) = next else {
                let near = at.entries().iter().map(|entry| entry.name.clone()).collect();
                return Err(Unresolved::Missing(name, near));
            };
            at = Arc::clone(next);
        }
        Ok(at)
    }

    /// The tree itself, or what its reference names, followed to the end.
    pub(super) fn followed(&self, tree: &Arc<Tree>) -> Result<Arc<Tree>, Unresolved> {
        self.followed_within(tree, &Cell::new(MAX_STEPS))
    }

    fn followed_within(
        &self,
        tree: &Arc<Tree>,
        steps: &Cell<usize>,
    ) -> Result<Arc<Tree>, Unresolved> {
        let mut at = Arc::clone(tree);
        while let Some(target) = at.reference() {
            let left = steps.get().checked_sub(1).ok_or(Unresolved::Circle)?;
            steps.set(left);
            at = self.find_within(target, at.at.file, steps)?;
        }
        Ok(at)
    }

    /// The file of a place.
    pub(super) fn file(&self, at: At) -> &Arc<SourceFile> {
        &self.files[at.file.min(self.files.len() - 1)]
    }
}

fn is_remote(path: &str) -> bool {
    path.contains("://") && !path.starts_with("file://") || path.starts_with("urn:")
}

fn is_schema_file(path: &str) -> bool {
    [".json", ".yaml", ".yml"].iter().any(|ending| path.to_ascii_lowercase().ends_with(ending))
}

/// All texts of references in a tree.
fn references(tree: &Tree, to: &mut Vec<String>) {
    to.extend(tree.reference().map(str::to_owned));
    for entry in tree.entries() {
        references(&entry.tree, to);
    }
    for item in tree.items() {
        references(item, to);
    }
}

/// The schema that calls itself so by `$anchor`, or by `$id: '#name'`.
fn anchored(tree: &Arc<Tree>, name: &str) -> Option<Arc<Tree>> {
    let is_named = tree.text_of("$anchor") == Some(name)
        || tree.text_of("$dynamicAnchor") == Some(name)
        || tree.text_of("$id").and_then(|id| id.strip_prefix('#')) == Some(name);
    if is_named {
        return Some(Arc::clone(tree));
    }
    let inner = tree.entries().iter().map(|entry| &entry.tree).chain(tree.items());
    inner.into_iter().find_map(|tree| anchored(tree, name))
}

/// A pointer of a URI without its escapes: `%7B` is `{`.
fn unescaped(pointer: &str) -> String {
    let bytes = pointer.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = pointer.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// A path without `.`, and without what `..` takes back.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}
