//! AsyncAPI documents from files and folders, and reports about them to stdout or a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Reported;
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use crate::asyncapi::Files;
use crate::contract::{Contracts, Disk, Taking, documents_at};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::report::findings::{Form, Report};

/// The contracts at some paths: files, and all documents in folders and below them; what is wrong
/// with them is told.
pub(super) fn contracts(paths: &[PathBuf], terminal: &mut Terminal) -> Option<Contracts> {
    let mut diagnostics = Vec::new();
    let files = documents_at(paths, &mut diagnostics);
    of_files((&files, &Disk), diagnostics, terminal)
}

/// The contracts of some texts, each with its path, and of the files that they refer to; what is
/// wrong with them is told.
pub(super) fn of_sources(
    (sources, others): (Vec<(String, Vec<u8>)>, &dyn Files),
    terminal: &mut Terminal,
) -> Option<Contracts> {
    let mut diagnostics = Vec::new();
    let files: Vec<Arc<SourceFile>> = sources
        .into_iter()
        .filter_map(|(path, bytes)| SourceFile::from_bytes(path, &bytes, &mut diagnostics))
        .collect();
    of_files((&files, others), diagnostics, terminal)
}

fn of_files(
    (files, others): (&[Arc<SourceFile>], &dyn Files),
    mut diagnostics: Vec<Diagnostic>,
    terminal: &mut Terminal,
) -> Option<Contracts> {
    let taking = Taking { must_be_portable: &|_: &str| false, service: None };
    let contracts = Contracts::read_files((files, others), &taking, &mut diagnostics);
    let is_bad = diagnostics.iter().any(Diagnostic::is_error);
    for diagnostic in diagnostics.iter().filter(|one| Diagnostic::is_error(one)) {
        terminal.trouble(&format!("{}\n", load::told(diagnostic)));
    }
    contracts.filter(|_| !is_bad)
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
