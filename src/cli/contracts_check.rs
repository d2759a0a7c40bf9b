//! `contracts check`: all that is wrong with AsyncAPI documents.

use serde_json::json;

use super::args::{Annotated, CheckDocuments};
use super::contracts::with_stack;
use super::exit::Exit;
use super::load;
use super::terminal::Terminal;
use crate::contract::{documents_at, inspect};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report;
use crate::report::style::{BAD, GOOD, UNSURE, count, paint};

/// Checks the documents at the paths.
pub(super) fn check(args: &CheckDocuments, terminal: &mut Terminal) -> Exit {
    let mut diagnostics = Vec::new();
    let files = documents_at(&args.paths, &mut diagnostics);
    for file in &files {
        // Messages are compared with each other, which nests as deep as schemas do.
        let inspected = with_stack(|| {
            let mut found = Vec::new();
            inspect(file, args.portable, &mut found);
            found
        });
        let Some(found) = inspected else {
            terminal.error("no thread can be started for the check");
            return Exit::Unchecked;
        };
        // Two documents may refer to one file, and what is wrong there is told once.
        for one in found {
            let same = |known: &Diagnostic| {
                known.code == one.code
                    && known.span == one.span
                    && known.file.path == one.file.path
                    && known.message == one.message
            };
            if !diagnostics.iter().any(same) {
                diagnostics.push(one);
            }
        }
    }
    let exit = diagnostics.iter().map(exit_of).fold(Exit::Holds, Exit::and);
    for diagnostic in &diagnostics {
        match args.format {
            Annotated::Text => terminal.line(&format!("{}\n", load::told(diagnostic))),
            Annotated::Json => terminal.line(&report::json::diagnostic(diagnostic)),
            Annotated::Github => terminal.line(&report::github::diagnostic(diagnostic)),
        }
    }
    let of = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    match args.format {
        Annotated::Github => {}
        Annotated::Json => {
            let documents = files.len();
            let line = json!({
                "event": "summary",
                "documents": documents,
                "errors": errors,
                "warnings": warnings,
                "exit": exit.info().code,
            });
            terminal.line(&line.to_string());
        }
        Annotated::Text => {
            let documents = count(files.len(), "document", "documents");
            let told = match (errors, warnings) {
                (0, 0) => paint(GOOD, "no problems"),
                (0, _) => paint(UNSURE, count(warnings, "warning", "warnings")),
                _ => {
                    let errors = paint(BAD, count(errors, "error", "errors"));
                    format!("{errors} and {}", count(warnings, "warning", "warnings"))
                }
            };
            terminal.line(&format!("{told} in {documents}"));
        }
    }
    exit
}

/// What cannot be read at all is another matter than what is wrong.
fn exit_of(diagnostic: &Diagnostic) -> Exit {
    let is_unusable = matches!(diagnostic.code, "contract::unreadable" | "asyncapi::version")
        || !["contract::", "asyncapi::"].iter().any(|area| diagnostic.code.starts_with(area));
    match diagnostic.severity {
        Severity::Warning => Exit::Holds,
        Severity::Error if is_unusable => Exit::Unusable,
        Severity::Error => Exit::Violation,
    }
}
