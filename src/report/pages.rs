//! Pages of `docs/` that are made from tables; a test holds that they are current.

use std::fmt::Write as _;

use crate::diagnostic::CODES;
use crate::rule::{RULES, Rule};

/// `docs/rules.md`: every rule, where it comes from, and what else is accepted.
#[must_use]
pub fn rules_page() -> String {
    let mut page = String::from(
        "# Rules\n\nMade from the table of rules (`src/rule/table`). A *documented* rule and one of \
         *safety* must hold of every implementation. A *choice* is what the reference does where the \
         documents are silent; what is also accepted is at most an advisory.\n",
    );
    for rule in RULES {
        if rule.id.as_str().ends_with("-1") {
            let family = rule.id.as_str().split('-').next().unwrap_or_default();
            let _ = write!(
                page,
                "\n## {family}\n\n| rule | basis | what holds | also accepted | document, section |\n\
                 |---|---|---|---|---|\n"
            );
        }
        page.push_str(&row(rule));
    }
    page
}

fn row(rule: &Rule) -> String {
    let accepted = rule.also_accepted.iter();
    let accepted = accepted.map(|other| format!("`{}`: {}", other.name, cell(other.text)));
    format!(
        "| {} | {} | {} | {} | {}, {} |\n",
        rule.id,
        rule.basis.as_str(),
        cell(rule.text),
        accepted.collect::<Vec<_>>().join("; "),
        rule.document,
        cell(rule.section)
    )
}

/// `docs/diagnostics.md`: every code, with its explanation.
#[must_use]
pub fn codes_page() -> String {
    let mut page = String::from(
        "# Diagnostics\n\nMade from the table of codes; `quintet explain CODE` says the same.\n",
    );
    for info in CODES {
        let _ = write!(page, "\n## `{}`\n\n{}. {}\n", info.code, capital(info.title), info.explanation);
        if let Some(example) = info.example {
            let _ = write!(page, "\n```yaml\n{}\n```\n", example.trim_end());
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
