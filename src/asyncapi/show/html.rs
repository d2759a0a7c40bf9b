//! A document as one page of HTML.

use std::fmt::Write as _;

use super::rows::one_line;
use super::{Document, Sheet};

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}\
                     table{border-collapse:collapse;margin:.5rem 0}\
                     th,td{border:1px solid #bbb;padding:.2rem .6rem;text-align:left;\
                     vertical-align:top}th{background:#eee}code{font-size:.95em}";

/// Documents as a page that needs nothing else.
#[must_use]
pub fn html(documents: &[&Document]) -> String {
    let titles: Vec<_> = documents.iter().map(|document| document.title.as_str()).collect();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escaped(&titles.join(", "))
    );
    for document in documents {
        body(&Sheet::of(document), &mut page);
    }
    page.push_str("</body>\n</html>");
    page
}

fn body(sheet: &Sheet, page: &mut String) {
    let _ = writeln!(page, "<h1>{}</h1>\n<p>{}</p>", escaped(&sheet.title), code(&sheet.about));
    for channel in &sheet.channels {
        let (name, topic) = (escaped(&channel.name), escaped(&channel.topic));
        let _ = writeln!(page, "<h2>{name}</h2>\n<p>Topic <code>{topic}</code>.</p>");
        if let Some(description) = &channel.description {
            let _ = writeln!(page, "<p>{}</p>", code(description));
        }
        list(&channel.facts, page);
        for message in &channel.messages {
            let title = message.title.as_deref().map(|title| format!(": {}", escaped(title)));
            let (name, title) = (escaped(&message.name), title.unwrap_or_default());
            let _ = writeln!(page, "<h3><code>{name}</code>{title}</h3>");
            if let Some(description) = &message.description {
                let _ = writeln!(page, "<p>{}</p>", code(description));
            }
            list(&message.facts, page);
            for (name, rows) in &message.tables {
                let _ = writeln!(
                    page,
                    "<table>\n<tr><th>{name}</th><th>needed</th><th>type</th><th>rules</th>\
                     <th>meaning</th></tr>"
                );
                for row in rows {
                    let path = if row.path.is_empty() { "(all of it)" } else { &row.path };
                    let is_needed = if row.is_required { "yes" } else { "" };
                    let _ = writeln!(
                        page,
                        "<tr><td><code>{}</code></td><td>{is_needed}</td><td>{}</td><td>{}</td>\
                         <td>{}</td></tr>",
                        escaped(path),
                        escaped(&row.kind),
                        escaped(&row.rules),
                        code(&row.description)
                    );
                }
                page.push_str("</table>\n");
            }
        }
    }
    if !sheet.not_checked.is_empty() {
        page.push_str("<h2>Not checked</h2>\n");
        list(&sheet.not_checked, page);
    }
}

fn list(facts: &[String], page: &mut String) {
    if facts.is_empty() {
        return;
    }
    page.push_str("<ul>\n");
    for fact in facts {
        let _ = writeln!(page, "<li>{}</li>", code(fact));
    }
    page.push_str("</ul>\n");
}

/// A text on one line; what stands in backticks is code.
fn code(text: &str) -> String {
    let text = escaped(&one_line(text));
    let mut shown = String::new();
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => shown.push_str(part),
            _ => drop(write!(shown, "<code>{part}</code>")),
        }
    }
    shown
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
