//! How a diagnostic looks: header, place, excerpt with carets, notes, help.
//!
//! The same diagnostic always gives the same text. Hidden parts of a file appear as `***`, overlong
//! lines are cut around the caret, and of a span over several lines the first line is marked.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Renderer, Snippet};

use super::{Diagnostic, Severity, SourceFile, Span};

/// Longer lines are cut.
const MAX_LINE_CHARS: usize = 240;
/// How much of a cut line stays on either side of the caret.
const CONTEXT_CHARS: usize = 60;
/// Places of one file that are farther apart are shown as two excerpts.
const MAX_EXCERPT_LINES: usize = 400;

/// The diagnostic as text for a terminal, without a line break at its end.
pub fn render(diagnostic: &Diagnostic, colour: bool) -> String {
    let excerpts = excerpts(diagnostic);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut elements: Vec<Element<'_>> = excerpts.iter().map(|e| e.snippet().into()).collect();
    for note in &diagnostic.notes {
        elements.push(Level::NOTE.message(note.as_str()).into());
    }
    if let Some(help) = &diagnostic.help {
        elements.push(Level::HELP.message(help.as_str()).into());
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let report = [group.elements(elements)];
    let mut text = renderer.decor_style(DecorStyle::Ascii).render(&report);
    let mut from = 0;
    for excerpt in &excerpts {
        from = excerpt.correct_column(&mut text, from);
    }
    text
}

/// A place to mark in an excerpt.
struct Mark<'a> {
    span: Span,
    label: Option<&'a str>,
    primary: bool,
}

fn excerpts(diagnostic: &Diagnostic) -> Vec<Excerpt<'_>> {
    let mut groups: Vec<(&Arc<SourceFile>, Vec<Mark<'_>>)> = Vec::new();
    let first = Mark {
        span: first_line(&diagnostic.file, diagnostic.span),
        label: diagnostic.label.as_deref(),
        primary: true,
    };
    groups.push((&diagnostic.file, vec![first]));
    for (file, span, label) in &diagnostic.related {
        let mark =
            Mark { span: first_line(file, *span), label: Some(label.as_str()), primary: false };
        let near = |marks: &[Mark<'_>]| {
            let line = file.position(mark.span.start).0;
            marks.iter().all(|m| file.position(m.span.start).0.abs_diff(line) <= MAX_EXCERPT_LINES)
        };
        match groups.iter_mut().find(|(other, marks)| Arc::ptr_eq(other, file) && near(marks)) {
            Some((_, marks)) => marks.push(mark),
            None => groups.push((file, vec![mark])),
        }
    }
    groups.into_iter().map(|(file, marks)| Excerpt::new(file, marks)).collect()
}

/// The part of a span on its first line, cut where it is overlong.
fn first_line(file: &SourceFile, span: Span) -> Span {
    let span = file.clamp(span);
    let line = file.line_span(file.position(span.start).0);
    // A place within a line break is shown at the end of its line.
    let start = span.start.min(line.end);
    let end = span.end.clamp(start, line.end);
    let cut = file.text[start..end].char_indices().nth(MAX_LINE_CHARS / 2);
    Span::new(start, cut.map_or(end, |(at, _)| start + at))
}

/// Some lines of a file as they are shown.
struct Excerpt<'a> {
    file: &'a SourceFile,
    first_line: usize,
    text: String,
    marks: Vec<(Range<usize>, Mark<'a>)>,
}

impl<'a> Excerpt<'a> {
    fn new(file: &'a SourceFile, marks: Vec<Mark<'a>>) -> Self {
        let lines = || marks.iter().map(|mark| file.position(mark.span.start).0);
        let first_line = lines().min().unwrap_or(1);
        let last_line = lines().max().unwrap_or(1);
        let whole = file.line_span(first_line).to(file.line_span(last_line));
        let replaced = replacements(file, first_line..=last_line, &marks);
        let mut text = String::new();
        let mut at = whole.start;
        // Where each replacement stands: bytes of the file, bytes of the excerpt.
        let mut moved: Vec<(Span, Range<usize>)> = Vec::new();
        for (span, by) in replaced {
            text.push_str(&file.text[at..span.start]);
            moved.push((span, text.len()..text.len() + by.len()));
            text.push_str(by);
            at = span.end;
        }
        text.push_str(&file.text[at..whole.end]);
        let place = |offset: usize, end: bool| {
            let before = moved.iter().take_while(|(span, _)| span.start < offset).last();
            match before {
                None => offset - whole.start,
                Some((span, shown)) if offset >= span.end => shown.end + (offset - span.end),
                Some((_, shown)) => {
                    if end {
                        shown.end
                    } else {
                        shown.start
                    }
                }
            }
        };
        let marks = marks
            .into_iter()
            .map(|mark| {
                let start = place(mark.span.start, false);
                (start..place(mark.span.end, true).max(start), mark)
            })
            .collect();
        Self { file, first_line, text, marks }
    }

    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let annotations = self.marks.iter().map(|(range, mark)| {
            let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            kind.span(range.clone()).label(mark.label)
        });
        Snippet::source(self.text.as_str())
            .path(self.file.path.as_str())
            .line_start(self.first_line)
            .annotations(annotations)
    }

    /// Puts the column of the file where the column of the excerpt stands (they differ after a
    /// replacement); returns where the text after it begins.
    fn correct_column(&self, text: &mut String, from: usize) -> usize {
        let Some((range, mark)) = self
            .marks
            .iter()
            .find(|(_, mark)| mark.primary)
            .or_else(|| self.marks.iter().min_by_key(|(range, _)| range.start))
        else {
            return from;
        };
        let (line, column) = self.file.position(mark.span.start);
        let before = &self.text[..range.start];
        let shown = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
        let place = format!("{}:{line}:", self.file.path);
        let wrong = format!("{place}{shown}");
        let Some(at) = text[from..].find(&wrong).map(|at| from + at) else {
            return from;
        };
        let right = format!("{place}{column}");
        text.replace_range(at..at + wrong.len(), &right);
        at + right.len()
    }
}

/// What is shown instead of which part: masks, line ends of other systems, cut line parts; in
/// order, without overlap.
fn replacements(
    file: &SourceFile,
    lines: std::ops::RangeInclusive<usize>,
    marks: &[Mark<'_>],
) -> Vec<(Span, &'static str)> {
    let mut cut: Vec<(Span, &'static str)> = Vec::new();
    let mut whole = Span::new(usize::MAX, 0);
    let last = *lines.end();
    for line in lines {
        let span = file.line_span(line);
        whole = whole.to(span);
        cut.extend(cut_line(file, span, marks).into_iter().map(|part| (part, "…")));
        if line != last && file.text[span.end..].starts_with('\r') {
            cut.push((Span::new(span.end, span.end + 1), ""));
        }
    }
    for mask in file.masked() {
        let mask = Span::new(mask.start.max(whole.start), mask.end.min(whole.end));
        if mask.start >= mask.end {
            continue;
        }
        // Of a mask over several lines each line break stays, so that line numbers stay right.
        let mut at = mask.start;
        for piece in file.text[mask.start..mask.end].split_inclusive('\n') {
            let span = Span::new(at, at + piece.trim_end_matches(['\n', '\r']).len());
            at += piece.len();
            if span.start < span.end {
                cut.push((span, "***"));
            }
        }
    }
    cut.sort_by_key(|(span, _)| *span);
    let mut merged: Vec<(Span, &'static str)> = Vec::new();
    for (span, by) in cut {
        match merged.last_mut() {
            Some((last, shown)) if last.overlaps(span) => {
                *last = last.to(span);
                *shown = "…";
            }
            _ => merged.push((span, by)),
        }
    }
    merged
}

/// The parts of an overlong line that are left out: those far from each mark on it.
fn cut_line(file: &SourceFile, line: Span, marks: &[Mark<'_>]) -> Vec<Span> {
    let text = &file.text[line.start..line.end];
    if text.chars().take(MAX_LINE_CHARS + 1).count() <= MAX_LINE_CHARS {
        return Vec::new();
    }
    let on_line = |m: &&Mark<'_>| m.span.start >= line.start && m.span.start <= line.end;
    let kept = marks.iter().filter(on_line).map(|m| m.span).reduce(Span::to);
    let kept = kept.unwrap_or(Span::new(line.start, line.start));
    let start = file.text[line.start..kept.start]
        .char_indices()
        .rev()
        .nth(CONTEXT_CHARS)
        .map(|(at, _)| Span::new(line.start, line.start + at));
    let end = file.text[kept.end..line.end]
        .char_indices()
        .nth(CONTEXT_CHARS)
        .map(|(at, _)| Span::new(kept.end + at, line.end));
    start.into_iter().filter(|span| span.start < span.end).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::render;
    use crate::diagnostic::{Diagnostic, SourceFile, Span};

    fn at(file: &Arc<SourceFile>, word: &str) -> Span {
        let start = file.text.find(word).expect("the word is in the test's text");
        Span::new(start, start + word.len())
    }

    #[test]
    fn looks_like_a_compiler_message() {
        let file = SourceFile::new("a/b.yaml", "format: 1\nstesp: []\n");
        let text = render(
            &Diagnostic::error("x::y", "unknown field `stesp`", &file, at(&file, "stesp"))
                .label("not a field of a scenario")
                .note("fields: format, steps")
                .help("did you mean `steps`?"),
            false,
        );
        let expected = "\
error[x::y]: unknown field `stesp`
 --> a/b.yaml:2:1
  |
2 | stesp: []
  | ^^^^^ not a field of a scenario
  |
  = note: fields: format, steps
  = help: did you mean `steps`?";
        assert_eq!(text, expected);
    }

    #[test]
    fn hides_secrets_and_keeps_true_columns() {
        let file = SourceFile::new("a.yaml", "- { password: correct-horse, nmae: alice }\n");
        file.mask(at(&file, "correct-horse"));
        let text = render(&Diagnostic::error("x::y", "m", &file, at(&file, "nmae")), false);
        let expected = "\
error[x::y]: m
 --> a.yaml:1:30
  |
1 | - { password: ***, nmae: alice }
  |                    ^^^^";
        assert_eq!(text, expected);
    }

    #[test]
    fn marks_a_hidden_part_as_a_whole() {
        let file = SourceFile::new("a.yaml", "p: correct-horse\n");
        file.mask(at(&file, "correct-horse"));
        let text = render(&Diagnostic::error("x::y", "m", &file, at(&file, "rect")), false);
        assert!(text.ends_with("1 | p: ***\n  |    ^^^"), "{text}");
    }

    #[test]
    fn shows_related_places() {
        let file = SourceFile::new("a.yaml", "a: 1\nb: 2\na: 3\n");
        let other = SourceFile::new("b.yaml", "x\n");
        let text = render(
            &Diagnostic::error("x::y", "again", &file, Span::new(10, 11))
                .related(&file, Span::new(0, 1), "first here")
                .related(&other, Span::new(0, 1), "and there"),
            false,
        );
        let expected = "\
error[x::y]: again
 --> a.yaml:3:1
  |
1 | a: 1
  | - first here
2 | b: 2
3 | a: 3
  | ^
  |
 ::: b.yaml:1:1
  |
1 | x
  | - and there";
        assert_eq!(text, expected);
    }

    #[test]
    fn cuts_overlong_lines_around_the_mark() {
        let file = SourceFile::new("a.yaml", format!("{}X{}", "é".repeat(90_000), "b".repeat(9)));
        let text = render(&Diagnostic::error("x::y", "m", &file, at(&file, "X")), false);
        assert!(text.contains("a.yaml:1:90001"), "{text}");
        assert!(text.contains("éXbbbbbbbbb") && text.chars().count() < 400, "{text}");
    }

    #[test]
    fn any_span_can_be_rendered() {
        let text = "é\r\n\tb: \u{202e}c\r\n\r\nlong: ".to_owned() + &"ü".repeat(500) + "\nlast";
        let file = SourceFile::new("a.yaml", text);
        file.mask(Span::new(4, 9));
        file.mask(Span::new(200, 700));
        for start in 0..file.text.len() + 3 {
            for end in [start, start + 1, start + 40, start + 2000] {
                let text =
                    render(&Diagnostic::error("x::y", "m", &file, Span::new(start, end)), true);
                assert!(text.contains("x::y"));
            }
        }
    }
}
