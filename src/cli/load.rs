//! From the paths of a command line to contracts and test plans.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::args::{ContractsFrom, PropertiesFrom, Selection};
use super::exit::Exit;
use super::files::{self, SCENARIO};
use super::selected::{Paths, retain};
use super::terminal::Terminal;
use crate::contract::{Contracts, Taking};
use crate::diagnostic::{Diagnostic, MAX_FILE_BYTES, Severity, SourceFile, Span, render};
use crate::input;
use crate::message::Json;
use crate::pack::Packs;
use crate::property::Properties;
use crate::report::style::shell_word;
use crate::scenario::{Known, Resolver, TestPlan, load_bytes_with, words_of};

pub(super) use crate::input::shown;

/// What the paths of a command line hold.
pub(super) struct Loaded {
    /// The contracts that everything is checked against.
    pub(super) contracts: Arc<Contracts>,
    /// The tests, in the order of files and rows.
    pub(super) plans: Vec<TestPlan>,
    /// What is wrong with the files, each problem once.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// How many files were looked at.
    pub(super) files: usize,
    /// [`Exit::Unusable`] if any file cannot be used.
    pub(super) exit: Exit,
}

impl Loaded {
    /// How many problems of this weight there are.
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.of(severity).count()
    }

    /// How many files have a problem of this weight.
    pub(super) fn files_with(&self, severity: Severity) -> usize {
        let paths = self.of(severity).map(|one| one.file.path.as_str());
        paths.collect::<BTreeSet<_>>().len()
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(move |one| one.severity == severity)
    }
}

/// The contracts that are asked for; what is wrong with them is told.
pub(super) fn contracts(
    from: &ContractsFrom,
    packs: &Packs,
    terminal: &mut Terminal,
) -> Option<Arc<Contracts>> {
    contracts_of(from, None, packs, terminal)
}

/// As [`contracts`]; `service` is the name of one whose document has none.
pub(super) fn contracts_of(
    from: &ContractsFrom,
    service: Option<&str>,
    packs: &Packs,
    terminal: &mut Terminal,
) -> Option<Arc<Contracts>> {
    let mut diagnostics = Vec::new();
    let contracts = read_contracts(from, service, packs, &mut diagnostics);
    for diagnostic in &diagnostics {
        terminal.trouble(&told(diagnostic));
    }
    contracts.map(Arc::new)
}

fn read_contracts(
    from: &ContractsFrom,
    service: Option<&str>,
    packs: &Packs,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Contracts> {
    match &from.path {
        Some(path) => {
            let must_be_portable = |name: &str| packs.pack(name).is_some();
            let taking = Taking { must_be_portable: &must_be_portable, service };
            let read = Contracts::read_path(path, &taking, diagnostics);
            // Rules of services that are not there say nothing of others.
            read.map(|read| match read.contracts().iter().any(|one| one.open.is_none()) {
                true => read.with_packs(packs),
                false => read.with_packs(&packs.only_properties()),
            })
        }
        None => packs.contracts(diagnostics),
    }
}

/// The packs with the properties of files, which speak of these contracts. `None` where one of them
/// cannot be used, which is told.
pub(super) fn with_properties(
    properties: &PropertiesFrom,
    (from, packs): (&ContractsFrom, &Packs),
    terminal: &mut Terminal,
) -> Option<Packs> {
    with_properties_of(properties, None, (from, packs), terminal)
}

/// As [`with_properties`]; `service` is the name of one whose document has none.
pub(super) fn with_properties_of(
    properties: &PropertiesFrom,
    service: Option<&str>,
    (from, packs): (&ContractsFrom, &Packs),
    terminal: &mut Terminal,
) -> Option<Packs> {
    if properties.property_files.is_empty() {
        return Some(packs.clone());
    }
    // What is remarkable in contracts is told where they are read to be used.
    let mut diagnostics = Vec::new();
    let Some(contracts) = read_contracts(from, service, packs, &mut diagnostics) else {
        diagnostics.iter().for_each(|one| terminal.trouble(&told(one)));
        return None;
    };
    let (mut all, mut usable) = (Properties::default(), true);
    for path in &properties.property_files {
        let read = reading(path, terminal, |file, diagnostics| {
            let taken = |name: &str| {
                packs.rule(name).is_some() || all.rules().any(|rule| rule.name == name)
            };
            Properties::read(file, &contracts, &taken, diagnostics)
        });
        match read {
            Some(read) => all.extend(read),
            None => usable = false,
        }
    }
    usable.then(|| packs.with_properties(all))
}

/// The files of properties, as they are named on the command line: ` --properties FILE`.
pub(super) fn told_properties(properties: &PropertiesFrom) -> String {
    let files = properties.property_files.iter();
    files.map(|path| format!(" --properties {}", shell_word(&shown(path)))).collect()
}

/// The files at these paths, read and checked. `None` where the contracts cannot be used. Paths
/// that cannot be used are told; problems of files are only collected.
pub(super) fn load(
    paths: (&[std::path::PathBuf], &[&str]),
    from: (&ContractsFrom, &Packs),
    terminal: &mut Terminal,
) -> Option<Loaded> {
    load_with(paths, from, &BTreeMap::new(), terminal)
}

/// As [`load`], with values for variables that the files declare.
pub(super) fn load_with(
    (paths, endings): (&[std::path::PathBuf], &[&str]),
    (from, packs): (&ContractsFrom, &Packs),
    variables: &BTreeMap<String, Json>,
    terminal: &mut Terminal,
) -> Option<Loaded> {
    let contracts = contracts(from, packs, terminal)?;
    let words = words_of(&packs.services());
    let known = Known { contracts: &contracts, words: &words };
    let (found, errors) = files::find(paths, endings);
    let mut exit = Exit::Holds;
    for error in errors {
        terminal.error(&error.to_string());
        exit = Exit::Unusable;
    }
    let (mut plans, mut diagnostics) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for path in &found {
        let shown = shown(path);
        let loaded = match read(path) {
            Ok(bytes) => load_bytes_with(&shown, &bytes, (&known, variables), &Disk),
            Err(error) => unreadable(&shown, &error),
        };
        if loaded.has_errors() {
            exit = Exit::Unusable;
        }
        plans.extend(loaded.plans);
        // What is wrong with a fragment is found again by each file that uses it.
        let new = loaded.diagnostics.into_iter().filter(|one| {
            let key = (one.file.path.clone(), one.span, one.code, one.message.clone());
            seen.insert(key)
        });
        diagnostics.extend(new);
    }
    Some(Loaded { plans, diagnostics, files: found.len(), exit, contracts })
}

/// The tests that a command line selects; errors of files are told, warnings only counted.
pub(super) fn select(
    selection: &Selection,
    packs: &Packs,
    terminal: &mut Terminal,
) -> Option<Loaded> {
    let from = (&selection.contracts, packs);
    let values = selection.variables.read(terminal)?;
    let paths = Paths::of(&selection.paths);
    let mut loaded = load_with((&paths.paths, &[SCENARIO]), from, &values, terminal)?;
    for diagnostic in loaded.diagnostics.iter().filter(|one| one.is_error()) {
        terminal.trouble(&format!("{}\n", told(diagnostic)));
    }
    selection.variables.check(&values, &mut loaded, terminal);
    retain(selection, &paths, &mut loaded, terminal);
    Some(loaded)
}

/// A diagnostic as a terminal shows it.
pub(super) fn told(diagnostic: &Diagnostic) -> String {
    render(diagnostic, true)
}

/// The bytes of a file; of a larger one than any that is read, only so many that this is seen.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    input::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What a file of settings says; what is wrong with it is told.
pub(super) fn reading<T>(
    path: &Path,
    terminal: &mut Terminal,
    understand: impl FnOnce(&Arc<SourceFile>, &mut Vec<Diagnostic>) -> Option<T>,
) -> Option<T> {
    let shown = shown(path);
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            terminal.error(&format!("cannot read {shown}: {error}"));
            return None;
        }
    };
    let mut diagnostics = Vec::new();
    let file = SourceFile::from_bytes(&shown, &bytes, &mut diagnostics);
    let understood = file.and_then(|file| understand(&file, &mut diagnostics));
    diagnostics.iter().for_each(|one| terminal.trouble(&format!("{}\n", told(one))));
    understood
}

fn unreadable(path: &str, error: &io::Error) -> crate::scenario::Loaded {
    let file = SourceFile::new(path, "");
    let message = format!("the file cannot be read: {error}");
    let diagnostic = Diagnostic::error("scenario::unreadable", message, &file, Span::default());
    crate::scenario::Loaded { diagnostics: vec![diagnostic], ..Default::default() }
}

/// Fragments come from the disk.
struct Disk;

impl Resolver for Disk {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match read(Path::new(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
