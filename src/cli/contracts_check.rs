//! `contracts check`: all that is wrong with AsyncAPI documents.

use serde_json::{Value, json};

use super::args::CheckDocuments;
use super::contracts::with_stack;
use super::exit::Exit;
use super::terminal::Terminal;
use super::{documents, load};
use crate::compatibility::Place;
use crate::contract::{documents_at, inspect};
use crate::diagnostic::{CODES, Diagnostic, Severity, SourceFile};
use crate::report;
use crate::report::findings::{Form, Item, Report, Standing};
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
    let told = |form| match form {
        Form::Text => as_text(&diagnostics, files.len()),
        Form::Github => {
            let lines: Vec<_> = diagnostics.iter().map(report::github::diagnostic).collect();
            lines.join("\n")
        }
        form => whole(&diagnostics, files.len(), exit).in_form(form),
    };
    exit.and(documents::write_form(told, &args.reported, terminal))
}

fn counted(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let of = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    (of(Severity::Error), of(Severity::Warning))
}

fn as_text(diagnostics: &[Diagnostic], files: usize) -> String {
    let (errors, warnings) = counted(diagnostics);
    let told = match (errors, warnings) {
        (0, 0) => paint(GOOD, "no problems"),
        (0, _) => paint(UNSURE, count(warnings, "warning", "warnings")),
        _ => {
            let errors = paint(BAD, count(errors, "error", "errors"));
            format!("{errors} and {}", count(warnings, "warning", "warnings"))
        }
    };
    let mut lines: Vec<_> =
        diagnostics.iter().map(|one| format!("{}\n", load::told(one))).collect();
    lines.push(format!("{told} in {}", count(files, "document", "documents")));
    lines.join("\n")
}

fn whole(diagnostics: &[Diagnostic], files: usize, exit: Exit) -> Report {
    let (errors, warnings) = counted(diagnostics);
    let names = |one: &&crate::diagnostic::CodeInfo| {
        diagnostics.iter().any(|diagnostic| diagnostic.code == one.code)
    };
    let errors_shown = count(errors, "error", "errors");
    let warnings_shown = count(warnings, "warning", "warnings");
    Report {
        command: "contracts check",
        head: None,
        items: diagnostics.iter().map(item).collect(),
        rules: CODES.iter().filter(names).map(|one| (one.code, one.title)).collect(),
        table: Vec::new(),
        summary: format!(
            "{errors_shown} and {warnings_shown} in {}",
            count(files, "document", "documents")
        ),
        tail: Some(json!({
            "event": "summary",
            "documents": files,
            "errors": errors,
            "warnings": warnings,
            "exit": exit.info().code,
        })),
    }
}

fn item(one: &Diagnostic) -> Item {
    let place = |file: &std::sync::Arc<SourceFile>, span, what: &str| Place {
        file: file.clone(),
        span,
        what: what.to_owned(),
    };
    let main = place(&one.file, one.span, one.label.as_deref().unwrap_or_default());
    let related = one.related.iter().map(|(file, span, what)| place(file, *span, what));
    let (path, line, _) = main.position();
    let help = one.help.iter().map(|help| format!("help: {help}"));
    let (standing, grade) = match one.severity {
        Severity::Error => (Standing::Fails, "error"),
        Severity::Warning => (Standing::Remark, "warning"),
    };
    Item {
        standing,
        grade,
        rule: one.code.to_owned(),
        subject: format!("{path}:{line}"),
        message: one.message.clone(),
        notes: one.notes.iter().cloned().chain(help).collect(),
        places: std::iter::once(main.clone()).chain(related).collect(),
        witness: None,
        fingerprint: None,
        line: serde_json::from_str(&report::json::diagnostic(one)).unwrap_or(Value::Null),
    }
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
