//! What is refused before any structure is looked at: size, tabs, control characters.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, MAX_FILE_BYTES, SourceFile, Span, too_large};

/// How many lines with the same problem are reported.
const MAX_REPORTS: usize = 20;

/// Whether the text can be parsed at all; else there is a diagnostic.
pub(super) fn check(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> bool {
    if file.text.len() > MAX_FILE_BYTES {
        diagnostics.push(too_large(file, file.text.len()));
        return false;
    }
    let before = diagnostics.len();
    tabs(file, diagnostics);
    control_characters(file, diagnostics);
    diagnostics.len() == before
}

fn tabs(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) {
    if !file.text.contains('\t') {
        return;
    }
    let indents = (1..=file.line_count()).filter_map(|line| {
        let span = file.line_span(line);
        let text = &file.text[span.start..span.end];
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        // A line of nothing else has no indentation.
        let tab = text[..indent].find('\t').filter(|_| indent < text.len())?;
        Some(Span::new(span.start + tab, span.start + indent))
    });
    for span in indents.take(MAX_REPORTS) {
        diagnostics.push(
            Diagnostic::error("yaml::tab", "a tab stands in the indentation", file, span)
                .label("from here")
                .help("indent with spaces"),
        );
    }
}

fn control_characters(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) {
    let text = &file.text;
    // Most files hold nothing but line feeds and what can be seen.
    if text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)) {
        return;
    }
    let allowed = |at: usize, c: char| match c {
        '\n' | '\t' => true,
        '\r' => text[at + 1..].starts_with('\n'),
        '\u{feff}' => at == 0,
        // Marks that turn the direction of writing let a file look unlike what it says.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        c => !c.is_control(),
    };
    let bad = text.char_indices().filter(|(at, c)| !allowed(*at, *c));
    for (at, c) in bad.take(MAX_REPORTS) {
        let message = format!("the control character U+{:04X} stands in the file", u32::from(c));
        let help = match c {
            '\r' => "end lines with a line feed".to_owned(),
            c => format!("write it as an escape in double quotes: \"\\u{:04X}\"", u32::from(c)),
        };
        let span = Span::new(at, at + c.len_utf8());
        diagnostics
            .push(Diagnostic::error("yaml::control-character", message, file, span).help(help));
    }
}
