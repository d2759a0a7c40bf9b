//! A file as it was read: its text, its lines, and the parts of it that must not be shown.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Diagnostic;

/// Larger files are refused: they are not written by hand.
pub const MAX_FILE_BYTES: usize = 4 * 1024 * 1024;

/// A range of bytes in the text of a [`SourceFile`], end exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether the two have a byte in common.
    pub const fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// A file that a user wrote, kept whole so that any problem can be shown in its place.
///
/// Readers mark secrets (passwords) while they read, see [`SourceFile::mask`]; whatever shows the
/// text afterwards shows `***` in their place.
pub struct SourceFile {
    /// The path as the user would write it; it is only shown, never opened.
    pub path: String,
    /// The whole text.
    pub text: Arc<str>,
    line_starts: Vec<usize>,
    /// The number of the text's first line.
    first_line: usize,
    masked: Mutex<Vec<Span>>,
}

impl SourceFile {
    /// A file of this text.
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>) -> Arc<Self> {
        Self::starting_at(1, path.into(), text.into())
    }

    /// One line of a file that is too large to be kept; `number` counts from 1.
    pub fn of_line(path: impl Into<String>, number: usize, text: impl Into<Arc<str>>) -> Arc<Self> {
        Self::starting_at(number.max(1), path.into(), text.into())
    }

    fn starting_at(first_line: usize, path: String, text: Arc<str>) -> Arc<Self> {
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self { path, text, line_starts, first_line, masked: Mutex::new(Vec::new()) })
    }

    /// A file of these bytes, or `None` with a diagnostic where they are not UTF-8 or too many.
    pub fn from_bytes(
        path: impl Into<String>,
        bytes: &[u8],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Self>> {
        if bytes.len() > MAX_FILE_BYTES {
            diagnostics.push(too_large(&Self::new(path, ""), bytes.len()));
            return None;
        }
        let offset = match std::str::from_utf8(bytes) {
            Ok(text) => return Some(Self::new(path, text)),
            Err(error) => error.valid_up_to(),
        };
        let file = Self::new(path, String::from_utf8_lossy(bytes).as_ref());
        let span = Span::new(offset, offset + char::REPLACEMENT_CHARACTER.len_utf8());
        diagnostics.push(
            Diagnostic::error("yaml::not-utf8", "the file is not UTF-8 text", &file, span)
                .label(format!("byte {offset} begins no character"))
                .help("save the file with the encoding UTF-8"),
        );
        None
    }

    /// Whether it is written in JSON: by its name or, of standard input, by its first character.
    pub fn is_json(&self) -> bool {
        let begins =
            self.path == crate::input::SHOWN_STDIN && self.text.trim_start().starts_with('{');
        self.path.ends_with(".json") || begins
    }

    /// The line and column of a byte, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        (self.first_line - 1 + line, self.text[start..offset].chars().count() + 1)
    }

    /// How many lines there are; an empty file has one.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The bytes of a line counted from 1, without its line break; empty where there is none.
    pub fn line_span(&self, line: usize) -> Span {
        let end_of_text = self.text.len();
        let line = (line + 1).saturating_sub(self.first_line);
        let Some(&start) = line.checked_sub(1).and_then(|at| self.line_starts.get(at)) else {
            return Span::new(end_of_text, end_of_text);
        };
        let end = self.line_starts.get(line).map_or(end_of_text, |next| next - 1);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        Span::new(start, end)
    }

    /// Hides these bytes from everything that shows the text.
    pub fn mask(&self, span: Span) {
        let span = self.clamp(span);
        if span.start == span.end {
            return;
        }
        let mut masked = self.lock();
        // Kept sorted and disjoint, so that what shows the text can walk them in order.
        let first = masked.partition_point(|m| m.end < span.start);
        let last = masked.partition_point(|m| m.start <= span.end);
        let whole = masked[first..last].iter().fold(span, |all, m| all.to(*m));
        masked.splice(first..last, [whole]);
    }

    /// The hidden parts, in order and without overlap.
    pub fn masked(&self) -> Vec<Span> {
        self.lock().clone()
    }

    /// The text of a span as it may be shown: `***` where it is hidden.
    pub fn shown(&self, span: Span) -> String {
        let span = self.clamp(span);
        let mut shown = String::new();
        let mut at = span.start;
        for mask in self.lock().iter().filter(|mask| mask.overlaps(span)) {
            shown.push_str(&self.text[at..mask.start.max(at)]);
            shown.push_str("***");
            at = mask.end.min(span.end);
        }
        shown.push_str(&self.text[at..span.end]);
        shown
    }

    /// The span, cut to the text and widened to whole characters.
    pub(crate) fn clamp(&self, span: Span) -> Span {
        let start = self.floor(span.start);
        let mut end = span.end.clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        Span::new(start, end)
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Span>> {
        // Each change of the list is whole, so one that another thread left is good.
        self.masked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the text: it may hold secrets.
        f.debug_struct("SourceFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The diagnostic for a file of `length` bytes.
pub(crate) fn too_large(file: &Arc<SourceFile>, length: usize) -> Diagnostic {
    let message = format!("the file has {length} bytes; at most {MAX_FILE_BYTES} are read");
    Diagnostic::error("yaml::too-large", message, file, Span::default())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{SourceFile, Span};

    #[rstest]
    #[case::first(0, (1, 1))]
    #[case::after_two_bytes_of_one_character(2, (1, 2))]
    #[case::within_a_character(1, (1, 1))]
    #[case::second_line(4, (2, 1))]
    #[case::end(6, (2, 3))]
    #[case::far_behind(600, (2, 3))]
    fn columns_count_characters(#[case] offset: usize, #[case] position: (usize, usize)) {
        assert_eq!(SourceFile::new("f", "éa\nbc").position(offset), position);
    }

    #[test]
    fn lines_end_before_their_break() {
        let file = SourceFile::new("f", "ab\r\ncd\n");
        assert_eq!(file.line_count(), 3);
        assert_eq!(file.line_span(1), Span::new(0, 2));
        assert_eq!(file.line_span(2), Span::new(4, 6));
        assert_eq!(file.line_span(3), Span::new(7, 7));
        assert_eq!(file.line_span(0), Span::new(7, 7));
        assert_eq!(file.line_span(9), Span::new(7, 7));
    }

    #[test]
    fn masks_join_and_hide() {
        let file = SourceFile::new("f", "user: ann, password: secret!");
        file.mask(Span::new(21, 24));
        file.mask(Span::new(6, 9));
        file.mask(Span::new(23, 28));
        assert_eq!(file.masked(), [Span::new(6, 9), Span::new(21, 28)]);
        assert_eq!(file.shown(Span::new(0, 28)), "user: ***, password: ***");
        assert_eq!(file.shown(Span::new(22, 25)), "***");
        assert!(!format!("{file:?}").contains("secret"));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_placed() {
        let mut diagnostics = Vec::new();
        let file = SourceFile::from_bytes("f", b"a: b\nc: \xff\n", &mut diagnostics);
        assert!(file.is_none());
        assert_eq!(diagnostics[0].code, "yaml::not-utf8");
        assert_eq!(diagnostics[0].position(), (2, 4));
    }
}
