//! A document as plain text.

use std::fmt::Write as _;

use super::rows::{Row, one_line};
use super::{Document, Sheet};

/// A document as text for a terminal.
#[must_use]
pub fn text(document: &Document) -> String {
    let sheet = Sheet::of(document);
    let mut text = format!("{}\n{}\n", sheet.title, sheet.about);
    for channel in &sheet.channels {
        let _ = writeln!(text, "\n== {}  {}", channel.name, channel.topic);
        if let Some(description) = &channel.description {
            let _ = writeln!(text, "   {}", one_line(description));
        }
        for fact in &channel.facts {
            let _ = writeln!(text, "   {}", one_line(fact));
        }
        for message in &channel.messages {
            let title = message.title.as_deref().unwrap_or_default();
            let _ = writeln!(text, "{}", format!("\n-- {}  {title}", message.name).trim_end());
            if let Some(description) = &message.description {
                let _ = writeln!(text, "   {}", one_line(description));
            }
            for fact in &message.facts {
                let _ = writeln!(text, "   {}", one_line(fact));
            }
            for (name, rows) in &message.tables {
                let _ = writeln!(text, "   {name}:");
                table(rows, &mut text);
            }
        }
    }
    for one in &sheet.not_checked {
        let _ = write!(text, "\nnot checked: {one}");
    }
    text.trim_end().to_owned()
}

fn table(rows: &[Row], text: &mut String) {
    let cells = |row: &Row| {
        let open = if row.is_required || row.path.is_empty() { "" } else { "?" };
        let path = if row.path.is_empty() { "(all of it)" } else { &row.path };
        [format!("{path}{open}"), row.kind.clone(), row.rules.clone()]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    let width = |at: usize| cells.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2).min(60)];
    for (row, cells) in rows.iter().zip(&cells) {
        let [path, kind, rules] = cells;
        let line = format!(
            "     {path:0$}  {kind:1$}  {rules:2$}  {3}",
            widths[0], widths[1], widths[2], row.description
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
