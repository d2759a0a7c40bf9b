//! Findings as people read them in a terminal.

use super::{Item, Report, Standing};
use crate::report::style::{BAD, FAINT, GOOD, STRONG, UNSURE, one_line, paint};

pub(super) fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    let shown = |item: &&Item| !matches!(item.standing, Standing::Holds | Standing::Accepted);
    for item in report.items.iter().filter(shown) {
        let style = match item.standing {
            Standing::Fails => BAD,
            Standing::Undecided => UNSURE,
            _ => FAINT,
        };
        let subject = paint(STRONG, one_line(&item.subject));
        lines.push(format!("{} {}  {subject}", paint(style, item.grade), item.rule));
        lines.push(format!("  {}", one_line(&item.message)));
        lines.extend(item.notes.iter().map(|note| format!("  {}", one_line(note))));
        lines.extend(item.shown().iter().map(|line| format!("    {}", one_line(line))));
        let fingerprint = item.fingerprint.iter();
        lines.extend(
            fingerprint.map(|one| format!("    {}", paint(FAINT, format!("fingerprint {one}")))),
        );
        lines.push(String::new());
    }
    let widths: Vec<usize> = columns(&report.table).collect();
    for row in &report.table {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    lines.extend((!report.table.is_empty()).then(String::new));
    let any = |standing| report.items.iter().any(|item| item.standing == standing);
    let style = match (any(Standing::Fails), any(Standing::Undecided)) {
        (true, _) => BAD,
        (false, true) => UNSURE,
        (false, false) => GOOD,
    };
    lines.push(paint(style, &report.summary));
    lines.join("\n")
}

/// How wide each column of a table is.
fn columns(table: &[Vec<String>]) -> impl Iterator<Item = usize> + '_ {
    let number = table.iter().map(Vec::len).max().unwrap_or(0);
    (0..number).map(|at| {
        let cells = table.iter().filter_map(move |row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    })
}
