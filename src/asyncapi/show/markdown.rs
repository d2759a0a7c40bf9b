//! A document as Markdown.

use std::fmt::Write as _;

use super::rows::one_line;
use super::{Document, Sheet};

/// A document as Markdown with tables.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let sheet = Sheet::of(document);
    let mut text = format!("# {}\n\n{}\n", plain(&sheet.title), sheet.about);
    for channel in &sheet.channels {
        let _ = writeln!(text, "\n## `{}`\n\nTopic `{}`.", channel.name, channel.topic);
        if let Some(description) = &channel.description {
            let _ = writeln!(text, "\n{}", plain(description));
        }
        list(&channel.facts, &mut text);
        for message in &channel.messages {
            let title = message.title.as_deref().map(|title| format!(": {}", plain(title)));
            let _ = writeln!(text, "\n### `{}`{}", message.name, title.unwrap_or_default());
            if let Some(description) = &message.description {
                let _ = writeln!(text, "\n{}", plain(description));
            }
            list(&message.facts, &mut text);
            for (name, rows) in &message.tables {
                let _ = writeln!(text, "\n| {name} | needed | type | rules | meaning |");
                let _ = writeln!(text, "|---|---|---|---|---|");
                for row in rows {
                    let path = if row.path.is_empty() { "(all of it)" } else { &row.path };
                    let is_needed = if row.is_required { "yes" } else { "" };
                    let _ = writeln!(
                        text,
                        "| `{}` | {is_needed} | {} | {} | {} |",
                        cell(path),
                        cell(&row.kind),
                        cell(&row.rules),
                        cell(&row.description)
                    );
                }
            }
        }
    }
    if !sheet.not_checked.is_empty() {
        text.push_str("\n## Not checked\n");
        list(&sheet.not_checked, &mut text);
    }
    text.trim_end().to_owned()
}

fn list(facts: &[String], text: &mut String) {
    if !facts.is_empty() {
        text.push('\n');
    }
    for fact in facts {
        let _ = writeln!(text, "* {}", plain(fact));
    }
}

/// A text on one line, in which `<` begins no tag.
fn plain(text: &str) -> String {
    one_line(text).replace('<', "&lt;")
}

fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}
