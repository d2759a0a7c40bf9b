//! `contracts show`: AsyncAPI documents as tables.

use super::args::{Page, ShowDocuments};
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use crate::asyncapi::{self, Document, show};
use crate::contract::{Disk, documents_at};
use crate::diagnostic::Diagnostic;

/// Shows the documents at the paths.
pub(super) fn show(args: &ShowDocuments, terminal: &mut Terminal) -> Exit {
    let mut diagnostics = Vec::new();
    let files = documents_at(&args.paths, &mut diagnostics);
    let read = |file| asyncapi::read(file, &Disk, &mut diagnostics);
    let documents: Vec<Document> = files.iter().filter_map(read).collect();
    for diagnostic in &diagnostics {
        terminal.trouble(&format!("{}\n", load::told(diagnostic)));
    }
    let all: Vec<_> = documents.iter().collect();
    let texts: Vec<_> = match args.format {
        Page::Text => all.iter().map(|document| show::text(document)).collect(),
        Page::Markdown => all.iter().map(|document| show::markdown(document)).collect(),
        Page::Html if all.is_empty() => Vec::new(),
        Page::Html => vec![show::html(&all)],
    };
    if !texts.is_empty() {
        terminal.line(&texts.join("\n\n"));
    }
    match diagnostics.iter().any(Diagnostic::is_error) {
        true => Exit::Unusable,
        false => Exit::Holds,
    }
}
