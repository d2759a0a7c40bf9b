//! Diagnostics: what is wrong with a file that a user wrote, and where.
//!
//! This is not how a failed expectation about a service is stored (that is a finding), nor how the
//! environment fails (that is an error type of the operation). Readers collect diagnostics and
//! return what they could read beside them, so that one run shows all problems of a file.
//!
//! Always true: a code that is used is in [`CODES`]; a span lies within its file's text and on
//! character boundaries once it is rendered; text under a mask of its [`SourceFile`] is never
//! shown.
//!
//! Start with [`Diagnostic`], then [`render`].

mod codes;
mod render;
mod source;
mod suggest;

use std::sync::Arc;

pub use codes::{CODES, CodeInfo, code_info};
pub use render::render;
pub(crate) use source::too_large;
pub use source::{MAX_FILE_BYTES, SourceFile, Span};
pub use suggest::suggest;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but something in it is probably not meant.
    Warning,
}

/// One problem of one file.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The stable name of the kind of problem, as in [`CODES`], e.g. `scenario::unknown-field`.
    pub code: &'static str,
    /// Whether the file can still be used.
    pub severity: Severity,
    /// One sentence without a full stop; it never quotes masked text.
    pub message: String,
    /// The file the problem is in.
    pub file: Arc<SourceFile>,
    /// The bytes the caret marks.
    pub span: Span,
    /// What stands beside the caret.
    pub label: Option<String>,
    /// Facts that explain the problem.
    pub notes: Vec<String>,
    /// What to do about it, e.g. `did you mean …?`.
    pub help: Option<String>,
    /// Other places that belong to the problem, each with what it shows.
    pub related: Vec<(Arc<SourceFile>, Span, String)>,
}

impl Diagnostic {
    /// An error at `span` of `file`.
    pub fn error(
        code: &'static str,
        message: impl Into<String>,
        file: &Arc<SourceFile>,
        span: Span,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: Arc::clone(file),
            span,
            label: None,
            notes: Vec::new(),
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning at `span` of `file`.
    pub fn warning(
        code: &'static str,
        message: impl Into<String>,
        file: &Arc<SourceFile>,
        span: Span,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, file, span) }
    }

    /// Adds the text beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says `did you mean …?` when one of `known` is near to `wrong`, else `fallback` if there is
    /// one.
    #[must_use]
    pub fn did_you_mean<'a>(
        mut self,
        wrong: &str,
        known: impl IntoIterator<Item = &'a str>,
        fallback: Option<String>,
    ) -> Self {
        self.help =
            suggest(wrong, known).map(|near| format!("did you mean `{near}`?")).or(fallback);
        self
    }

    /// Adds another place that belongs to the problem.
    #[must_use]
    pub fn related(mut self, file: &Arc<SourceFile>, span: Span, label: impl Into<String>) -> Self {
        self.related.push((Arc::clone(file), span, label.into()));
        self
    }

    /// The line and column of the problem, both counted from 1, the column in characters.
    pub fn position(&self) -> (usize, usize) {
        self.file.position(self.span.start)
    }

    /// Whether the file cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Puts diagnostics in the order in which a reader meets them: by file, place, then code.
///
/// Files stay in the order of their first diagnostic.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    let mut files: Vec<String> = Vec::new();
    for diagnostic in diagnostics.iter() {
        if !files.contains(&diagnostic.file.path) {
            files.push(diagnostic.file.path.clone());
        }
    }
    diagnostics.sort_by_key(|d| {
        let file = files.iter().position(|path| *path == d.file.path);
        (file, d.span.start, d.span.end, d.code)
    });
}
