//! Findings as a comment of a pull request.

use std::fmt::Write as _;

use super::{Item, Report, Standing};

/// A witness is shown up to so many characters.
const MAX_SHOWN: usize = 600;

pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!("### quintet {}\n\n{}\n", report.command, escaped(&report.summary));
    table(&report.table, &mut text);
    let tables = [
        ("", [Standing::Fails, Standing::Undecided]),
        ("Remarks", [Standing::Remark, Standing::Remark]),
        ("Accepted", [Standing::Accepted, Standing::Accepted]),
    ];
    for (title, standings) in tables {
        let items: Vec<_> =
            report.items.iter().filter(|item| standings.contains(&item.standing)).collect();
        if items.is_empty() {
            continue;
        }
        let folded = !title.is_empty();
        if folded {
            let _ = write!(text, "\n<details><summary>{title}: {}</summary>\n", items.len());
        }
        text.push_str("\n| | Rule | About | What | Where |\n|---|---|---|---|---|\n");
        for item in items {
            let _ = writeln!(text, "{}", row(item));
        }
        if folded {
            text.push_str("\n</details>\n");
        }
    }
    text.trim_end().to_owned()
}

/// The table of sums.
fn table(rows: &[Vec<String>], text: &mut String) {
    for (at, row) in rows.iter().enumerate() {
        let cells = row.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join(" | ");
        let head = if at == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{head}| {cells} |");
        if at == 0 {
            let _ = writeln!(text, "|---|{}", "---:|".repeat(row.len().saturating_sub(1)));
        }
    }
}

fn row(item: &Item) -> String {
    let mut what = escaped(&item.message);
    for note in &item.notes {
        what.push_str("<br>");
        what.push_str(&escaped(note));
    }
    if let Some(witness) = &item.witness {
        let whole = witness.to_string();
        let mut short: String = whole.chars().take(MAX_SHOWN).collect();
        if short.len() < whole.len() {
            short.push('…');
        }
        let _ = write!(what, "<br>witness: <code>{}</code>", escaped(&short));
    }
    let places = item.places.iter().map(|place| {
        let (path, line, column) = place.position();
        escaped(&format!("{path}:{line}:{column}"))
    });
    let places = places.collect::<Vec<_>>().join("<br>");
    let (grade, rule) = (item.grade, escaped(&item.rule));
    format!("| {grade} | `{rule}` | {} | {what} | {places} |", escaped(&item.subject))
}

/// A text as a cell of a table: nothing in it is markup.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '\n' | '\r' => shown.push(' '),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '@' | '#' => {
                let _ = write!(shown, "&#{};", c as u32);
            }
            c if c.is_control() => shown.push('\u{fffd}'),
            c => shown.push(c),
        }
    }
    shown
}
