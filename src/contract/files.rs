//! Where sets of contracts come from: files, a folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open::{OpenDocument, adopt};
use super::{Contract, Contracts, read};
use crate::asyncapi::{self, Document, Files};
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span, sort};

/// How the names of contract files end.
const SUFFIX: &str = ".asyncapi.yaml";

/// How the names of files end that documents may be in.
const ENDINGS: [&str; 3] = [".yaml", ".yml", ".json"];
/// Folders are looked through so deep.
const MAX_DEPTH: usize = 16;
/// Folders that hold what others made.
const FOREIGN: [&str; 2] = ["node_modules", "target"];

/// How documents of anybody are taken.
#[derive(Clone, Copy)]
pub struct Taking<'a> {
    /// Whether the contract of this service must be portable: handlers or inputs are made from it.
    pub must_be_portable: &'a dyn Fn(&str) -> bool,
    /// The name of a service whose document has none.
    pub service: Option<&'a str>,
}

/// Files of the disk.
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A document that was read: as a portable contract, or as it stands.
enum Taken {
    Portable(Box<Contract>),
    Open(Arc<OpenDocument>),
}

impl Contracts {
    /// Reads the AsyncAPI document in a file, or all in a folder and those below it. A document
    /// that names its service by `x-service` and keeps to the portable profile is a portable
    /// contract; any other is taken as it stands. `None` if anything is an error.
    pub fn read_path(
        path: &Path,
        taking: &Taking<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let mut found = Vec::new();
        let files = documents_at(&[path.to_owned()], &mut found);
        let set = Self::read_files((&files, &Disk), taking, &mut found);
        let good = !found.iter().any(Diagnostic::is_error);
        diagnostics.append(&mut found);
        set.filter(|_| good)
    }

    /// As [`Contracts::read_path`], of files that were read before; what they refer to is in
    /// `others`.
    pub(crate) fn read_files(
        (files, others): (&[Arc<SourceFile>], &dyn Files),
        taking: &Taking<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let mut found = Vec::new();
        let set = Self::take(files, others, taking, &mut found);
        let good = !found.iter().any(Diagnostic::is_error);
        diagnostics.append(&mut found);
        set.filter(|_| good)
    }

    /// Puts documents together. What is wrong is reported.
    fn take(
        files: &[Arc<SourceFile>],
        others: &dyn Files,
        taking: &Taking<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let (mut portable, mut open) = (Vec::new(), Vec::new());
        for file in files {
            match take(file, others, taking, diagnostics) {
                Some(Taken::Portable(contract)) => portable.push(*contract),
                Some(Taken::Open(document)) => open.push(document),
                None => {}
            }
        }
        let adopted = adopt(&open, &portable, &BTreeSet::new());
        Some(Self::of(portable.into_iter().chain(adopted).collect(), diagnostics))
    }

    /// Reads contracts that belong together. All problems are reported; `None` if any is an error.
    pub fn read(files: &[Arc<SourceFile>], diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut found = Vec::new();
        let contracts = files.iter().filter_map(|file| read::contract(file, &mut found)).collect();
        let set = Self::of(contracts, &mut found);
        let good = !found.iter().any(Diagnostic::is_error);
        diagnostics.append(&mut found);
        good.then_some(set)
    }

    /// Reads all `*.asyncapi.yaml` of a folder, in the order of their names.
    pub fn read_dir(folder: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let entries = std::fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        });
        let mut paths = match entries {
            Ok(paths) => paths,
            Err(error) => {
                diagnostics.push(unreadable(folder, format!("the folder cannot be read: {error}")));
                return None;
            }
        };
        paths.retain(|path| path.to_string_lossy().ends_with(SUFFIX));
        paths.sort();
        if paths.is_empty() {
            let message = format!("the folder has no file that ends in {SUFFIX}");
            diagnostics.push(unreadable(folder, message));
            return None;
        }
        let mut files = Vec::with_capacity(paths.len());
        for path in &paths {
            match std::fs::read(path) {
                Ok(bytes) => {
                    let name = path.display().to_string();
                    files.extend(SourceFile::from_bytes(name, &bytes, diagnostics));
                }
                Err(error) => {
                    diagnostics.push(unreadable(path, format!("the file cannot be read: {error}")));
                }
            }
        }
        let set = Self::read(&files, diagnostics)?;
        (files.len() == paths.len()).then_some(set)
    }
}

/// Reads one document.
fn take(
    file: &Arc<SourceFile>,
    others: &dyn Files,
    taking: &Taking<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Taken> {
    let mut strictly = Vec::new();
    if file.text.contains("x-service") {
        let contract = read::contract(file, &mut strictly);
        if let Some(contract) = contract.filter(|_| !strictly.iter().any(Diagnostic::is_error)) {
            diagnostics.append(&mut strictly);
            return Some(Taken::Portable(Box::new(contract)));
        }
    }
    let mut document = asyncapi::read(file, others, diagnostics)?;
    if (taking.must_be_portable)(&document.service) && !strictly.is_empty() {
        diagnostics.append(&mut strictly);
        return None;
    }
    name(&mut document, taking.service, diagnostics)?;
    Some(Taken::Open(OpenDocument::new(&Arc::new(document), diagnostics)))
}

/// All that is wrong with a document: what AsyncAPI refuses, examples, discriminators; with
/// `is_portable`, what keeps it from being a portable contract. What nothing checks is a warning.
pub(crate) fn inspect(
    file: &Arc<SourceFile>,
    is_portable: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(document) = asyncapi::inspect(file, &Disk, diagnostics) {
        let document = Arc::new(document);
        let mut compiling = Vec::new();
        let open = OpenDocument::new(&document, &mut compiling);
        let line = |one: &Diagnostic| (one.code, one.file.path.clone(), one.position().0);
        let known: BTreeSet<_> = diagnostics.iter().map(line).collect();
        compiling.retain(|one| !known.contains(&line(one)));
        diagnostics.append(&mut compiling);
        super::open::review(&open, diagnostics);
        for one in &document.not_checked {
            let mut warning = document.error("asyncapi::not-checked", &one.what, one.at);
            warning.severity = Severity::Warning;
            diagnostics.push(warning);
        }
    }
    if is_portable {
        // What is no YAML was told before.
        let mut strictly = Vec::new();
        read::contract(file, &mut strictly);
        let known = |one: &Diagnostic| {
            diagnostics.iter().any(|other| {
                (&other.file.path, other.span) == (&one.file.path, one.span)
                    && other.code.split("::").nth(1) == one.code.split("::").nth(1)
            })
        };
        strictly.retain(|one| !known(one));
        diagnostics.append(&mut strictly);
    }
    sort(diagnostics);
}

/// Names the service of a document that does not.
fn name(
    document: &mut Document,
    service: Option<&str>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<()> {
    if document.service.is_empty() {
        document.service = service.unwrap_or_default().to_owned();
    }
    if document.service.is_empty() {
        let message = "the document names no service: `info` has neither `x-service` nor a `title`";
        let error = document.error("asyncapi::missing-keyword", message, document.at);
        diagnostics.push(error.help("`--service` names it"));
        return None;
    }
    Some(())
}

/// The documents that are meant by paths: files, and all that folders hold.
pub(crate) fn documents_at(
    paths: &[PathBuf],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Arc<SourceFile>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.extend(source(path, diagnostics));
            continue;
        }
        let mut inside = Vec::new();
        walk(path, 0, &mut inside, diagnostics);
        inside.sort();
        let before = (files.len(), diagnostics.len());
        for path in &inside {
            let is_named = path.to_string_lossy().contains(".asyncapi.");
            let mut problems = Vec::new();
            let file = source(path, &mut problems);
            let is_document = || file.as_ref().is_some_and(|one| asyncapi::is_document(&one.text));
            if is_named || is_document() {
                diagnostics.append(&mut problems);
                files.extend(file);
            }
        }
        if (files.len(), diagnostics.len()) == before {
            let message = "the folder holds no AsyncAPI document".to_owned();
            diagnostics.push(unreadable(path, message));
        }
    }
    files
}

fn walk(folder: &Path, depth: usize, to: &mut Vec<PathBuf>, diagnostics: &mut Vec<Diagnostic>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            diagnostics.push(unreadable(folder, format!("the folder cannot be read: {error}")));
            return;
        }
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if path.is_dir() {
            let is_own = !name.starts_with('.') && !FOREIGN.contains(&name.as_str());
            if is_own && depth < MAX_DEPTH {
                walk(&path, depth + 1, to, diagnostics);
            }
        } else if ENDINGS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending)) {
            to.push(path);
        }
    }
}

fn source(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<SourceFile>> {
    match crate::input::read(path) {
        Ok(bytes) => SourceFile::from_bytes(crate::input::shown(path), &bytes, diagnostics),
        Err(error) => {
            diagnostics.push(unreadable(path, format!("the file cannot be read: {error}")));
            None
        }
    }
}

fn unreadable(path: &Path, message: String) -> Diagnostic {
    let file = SourceFile::new(path.display().to_string(), "");
    Diagnostic::error("contract::unreadable", message, &file, Span::default())
}
