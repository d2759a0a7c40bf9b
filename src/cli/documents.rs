//! AsyncAPI documents from files and folders, and reports about them to stdout or a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Reported;
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::report::findings::{Form, Report};

/// How the names of documents end.
pub(super) const ENDINGS: [&str; 3] = [".asyncapi.yaml", ".asyncapi.yml", ".asyncapi.json"];

/// Whether a file of a folder is a document, by its name.
pub(super) fn is_document(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The documents at some paths: files, and those of folders in the order of their names.
fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let shown = load::shown(path);
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| format!("cannot read {shown}: {error}"))?;
        let mut own: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        own.retain(|path| is_document(&path.to_string_lossy()));
        own.sort();
        if own.is_empty() {
            return Err(format!("{shown} has no file that ends in {}", ENDINGS.join(", ")));
        }
        all.extend(own);
    }
    Ok(all)
}

/// The contracts at some paths; what is wrong with them is told.
pub(super) fn contracts(paths: &[PathBuf], terminal: &mut Terminal) -> Option<Contracts> {
    let paths = match found(paths) {
        Ok(paths) => paths,
        Err(error) => {
            terminal.error(&error);
            return None;
        }
    };
    let mut sources = Vec::new();
    for path in &paths {
        match load::read(path) {
            Ok(bytes) => sources.push((load::shown(path), bytes)),
            Err(error) => {
                terminal.error(&format!("cannot read {}: {error}", load::shown(path)));
                return None;
            }
        }
    }
    of_sources(sources, terminal)
}

/// The contracts of some texts, each with its path; what is wrong with them is told.
pub(super) fn of_sources(
    sources: Vec<(String, Vec<u8>)>,
    terminal: &mut Terminal,
) -> Option<Contracts> {
    let mut diagnostics = Vec::new();
    let count = sources.len();
    let files: Vec<Arc<SourceFile>> = sources
        .into_iter()
        .filter_map(|(path, bytes)| SourceFile::from_bytes(path, &bytes, &mut diagnostics))
        .collect();
    let contracts = Contracts::read(&files, &mut diagnostics);
    for diagnostic in diagnostics.iter().filter(|one| Diagnostic::is_error(one)) {
        terminal.trouble(&format!("{}\n", load::told(diagnostic)));
    }
    contracts.filter(|_| files.len() == count)
}

/// Writes a report as it is asked for.
pub(super) fn write(report: &Report, to: &Reported, terminal: &mut Terminal) -> Exit {
    write_form(|form| report.in_form(form), to, terminal)
}

/// Writes what is told in a form as it is asked for; of nothing there is no line.
pub(super) fn write_form(
    told: impl Fn(Form) -> String,
    to: &Reported,
    terminal: &mut Terminal,
) -> Exit {
    let report = told(to.format);
    let Some(path) = &to.out else {
        if !report.is_empty() {
            terminal.line(&report);
        }
        return Exit::Holds;
    };
    terminal.line(&told(Form::Text));
    match std::fs::write(path, format!("{report}\n")) {
        Ok(()) => Exit::Holds,
        Err(error) => {
            terminal.error(&format!("cannot write {}: {error}", shown(path)));
            Exit::Unusable
        }
    }
}

fn shown(path: &Path) -> String {
    load::shown(path)
}
