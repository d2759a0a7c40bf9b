//! What is told of a test that did not pass: each trouble with its place, what comes nearest, the
//! timeline, and the command that runs it again.

use std::sync::Arc;

use super::Told;
use super::style::{BAD, FAINT, STRONG, UNSURE, one_line, paint, words, wrap};
use super::timeline::{self, Row, short};
use crate::diagnostic::{Diagnostic, SourceFile, Span, render};
use crate::message::{RecordId, VirtualTime};
use crate::scenario::run::{Nearest, Outcome, Place, Trouble, Verdict};

/// Lines are broken here.
const WIDTH: usize = 100;
/// Of a longer timeline the rows that do not matter to the troubles are left out.
const MAX_ROWS: usize = 48;
/// So many rows at its end are always shown.
const LAST_ROWS: usize = 24;

/// Everything below the first line.
pub(super) fn body(told: &Told<'_>) -> String {
    let outcome = told.outcome;
    let mut text = String::new();
    for trouble in &outcome.troubles {
        text.push_str("\n\n");
        text.push_str(&trouble_text(trouble, told));
    }
    let rows = timeline::rows(told);
    if !rows.is_empty() {
        text.push_str("\n\n");
        text.push_str(&timeline_text(&rows, outcome));
    }
    text.push_str(&format!("\n\n   again:  {}", told.again));
    if let Some(replay) = &told.replay {
        text.push_str(&format!("\n  replay:  {replay}"));
    }
    text.push('\n');
    text
}

fn trouble_text(trouble: &Trouble, told: &Told<'_>) -> String {
    let (mut text, gutter) = match &trouble.place {
        Some(place) => excerpt(trouble, place),
        None => {
            let head = format!("{}{}", paint(BAD, format!("error[{}]", trouble.code)), ": ");
            let message = paint(STRONG, one_line(&trouble.message));
            (format!("{head}{message}"), 2)
        }
    };
    let pad = " ".repeat(gutter);
    let mut facts = Vec::new();
    if let Some(nearest) = &trouble.nearest {
        facts.push(nearest_text(nearest, told, gutter));
    }
    for note in &trouble.notes {
        let head = format!("{pad}= ");
        facts.push(format!("{head}{}", wrap(&words(&one_line(note)), gutter + 2, WIDTH)));
    }
    if !facts.is_empty() {
        if trouble.place.is_some() {
            text.push_str(&format!("\n{pad}|"));
        }
        text.push('\n');
        text.push_str(&facts.join("\n"));
    }
    text
}

/// The place in the file, and how wide the column with the line numbers is.
fn excerpt(trouble: &Trouble, place: &Place) -> (String, usize) {
    let mut diagnostic =
        Diagnostic::error(trouble.code, one_line(&trouble.message), &place.file, place.span);
    if !place.label.is_empty() {
        diagnostic = diagnostic.label(&place.label);
    }
    for (file, span) in &place.through {
        diagnostic = diagnostic.related(file, *span, "used here");
    }
    let line = |file: &Arc<SourceFile>, span: Span| file.position(span.start).0;
    let used = place.through.iter().map(|(file, span)| line(file, *span));
    let last = used.chain([line(&place.file, place.span)]).max();
    let width = last.unwrap_or(1).to_string().len();
    (render(&diagnostic, true), width + 1)
}

fn nearest_text(nearest: &Nearest, told: &Told<'_>, gutter: usize) -> String {
    let outcome = told.outcome;
    let placed = outcome.history.record(nearest.record);
    let name = outcome.history.message_name(placed);
    let differ = match (nearest.differences.len(), nearest.compared) {
        (0, _) => "nothing differs".to_owned(),
        (few, all) => {
            let verb = if few == 1 { "differs" } else { "differ" };
            let noun = if all == 1 { "field" } else { "fields" };
            format!("{few} of {all} {noun} {verb}")
        }
    };
    let pad = " ".repeat(gutter);
    let id = nearest.record;
    let mut text =
        format!("{pad}= nearest: {id}  {name}  at {}, {differ}", outcome.since_began(placed.at));
    let rows: Vec<_> = nearest
        .differences
        .iter()
        .map(|one| {
            let bound =
                one.bound_at.as_deref().map(|at| format!("   (from {})", from(at, told.path())));
            let expected = format!("expected {}{}", one.expected, bound.unwrap_or_default());
            (one.path.as_str(), expected, one.got.as_str())
        })
        .collect();
    let path_width = rows.iter().map(|(path, ..)| path.chars().count()).max().unwrap_or(0);
    let width = rows.iter().map(|(_, expected, _)| expected.chars().count()).max().unwrap_or(0);
    let width = width.min(WIDTH);
    for (path, expected, got) in &rows {
        let row = format!("{path:path_width$}   {expected:width$}   got {got}");
        text.push_str(&format!("\n{pad}    {}", one_line(&row)));
    }
    text
}

/// The line in the test's own file, else `path:line` with the path as scenarios name fragments.
fn from(at: &str, own: &str) -> String {
    match at.rsplit_once(':') {
        Some((path, line)) if path == own => format!("line {line}"),
        Some((path, line)) => format!("{}:{line}", short(path)),
        None => at.to_owned(),
    }
}

fn timeline_text(rows: &[Row], outcome: &Outcome) -> String {
    let kept = kept(rows, outcome);
    let shown = || rows.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(row, _)| row);
    let width =
        |of: &dyn Fn(&Row) -> &str| shown().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let widths = Widths {
        at: shown().map(|row| seconds(row.at).len()).max().unwrap_or(0),
        who: width(&|row| &row.who),
        does: width(&|row| row.does),
        what: width(&|row| if row.note.is_empty() { "" } else { &row.what }),
    };
    let mut lines = Vec::new();
    let mut left_out = Vec::new();
    for (row, kept) in rows.iter().zip(&kept) {
        if *kept {
            lines.extend(gap(&mut left_out, &widths));
            lines.push(widths.line(row));
        } else {
            left_out.push(row);
        }
    }
    lines.extend(gap(&mut left_out, &widths));
    lines.join("\n")
}

/// Which rows are shown. The setup is not where the trouble is, unless it broke.
fn kept(rows: &[Row], outcome: &Outcome) -> Vec<bool> {
    let mut about: Vec<RecordId> = Vec::new();
    for trouble in &outcome.troubles {
        about.extend(&trouble.records);
        about.extend(trouble.nearest.as_ref().map(|nearest| nearest.record));
    }
    let matters = |row: &Row| row.record.is_some_and(|record| about.contains(&record));
    let setup = outcome.verdict != Verdict::Broken;
    let of_test = |row: &Row| !(setup && row.in_setup);
    let long = rows.iter().filter(|row| of_test(row)).count() > MAX_ROWS;
    let last = rows.len().saturating_sub(LAST_ROWS);
    let rows = rows.iter().enumerate();
    rows.map(|(at, row)| matters(row) || (of_test(row) && (!long || at >= last))).collect()
}

/// A line in place of the rows that are left out.
fn gap(left_out: &mut Vec<&Row>, widths: &Widths) -> Option<String> {
    let count = left_out.len();
    let in_setup = left_out.iter().all(|row| row.in_setup);
    left_out.clear();
    let what = if in_setup { "in the setup" } else { "left out" };
    let pad = " ".repeat(3 + widths.at);
    let text = format!("{pad}  … {count} more {what}");
    (count > 0).then(|| paint(FAINT, text))
}

struct Widths {
    at: usize,
    who: usize,
    does: usize,
    what: usize,
}

impl Widths {
    fn line(&self, row: &Row) -> String {
        let Self { at, who, does, what } = *self;
        let note = match row.note.as_str() {
            "nearest" | "not claimed" => paint(UNSURE, &row.note),
            note => one_line(note),
        };
        let line = format!(
            "   {:>at$}  {:who$}  {:does$}  {:what$}   {note}",
            seconds(row.at),
            row.who,
            row.does,
            one_line(&row.what),
        );
        line.trim_end().to_owned()
    }
}

fn seconds(at: VirtualTime) -> String {
    let ms = at.as_ms();
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
