//! Findings about documents, in all forms: text, JSON lines, GitHub annotations, Markdown for a
//! pull request, SARIF 2.1.0 and JUnit.
//!
//! What this is: one list of items from which each form is made, so that a command says the same
//! in all of them. What it is not: a report of tests or of what flows; these have their own. What
//! always holds: the same items give the same bytes. Start at [`Report::in_form`].

mod markdown;
mod sarif;
mod text;

use serde_json::Value;

use super::github::{self, Level};
use super::junit::{self, Came, Case};
use crate::compatibility::Place;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// GitHub's workflow commands, which become annotations.
    Github,
    /// A comment of a pull request.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML.
    Junit,
}

/// How an item counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It fails.
    Fails,
    /// Nothing can be said.
    Undecided,
    /// It is known, and does not fail for now.
    Accepted,
    /// It is remarked.
    Remark,
    /// It holds.
    Holds,
}

/// One thing that is said.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// How it counts.
    pub(crate) standing: Standing,
    /// A word for how grave it is: `breaks`, `cosmetic`, `compatible`.
    pub(crate) grade: &'static str,
    /// The rule's name.
    pub(crate) rule: String,
    /// What it is about.
    pub(crate) subject: String,
    /// What is said, in one sentence.
    pub(crate) message: String,
    /// Further lines.
    pub(crate) notes: Vec<String>,
    /// Where; the first is the main one.
    pub(crate) places: Vec<Place>,
    /// A value that shows it.
    pub(crate) witness: Option<Value>,
    /// What it is known by from run to run.
    pub(crate) fingerprint: Option<String>,
    /// Its JSON line.
    pub(crate) line: Value,
}

impl Item {
    /// The path, line and column of the main place.
    fn at(&self) -> Option<(&str, usize, usize)> {
        self.places.first().map(Place::position)
    }
}

/// Everything that a command says.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The command: `contracts drift`.
    pub(crate) command: &'static str,
    /// The first JSON line, where there is one beside those of items.
    pub(crate) head: Option<Value>,
    /// What is said, in order.
    pub(crate) items: Vec<Item>,
    /// What the rules mean, by name; of those that come up.
    pub(crate) rules: Vec<(&'static str, &'static str)>,
    /// A table of sums, its head first; empty where there is none.
    pub(crate) table: Vec<Vec<String>>,
    /// The whole in one line.
    pub(crate) summary: String,
    /// The last JSON line, where there is one beside those of items.
    pub(crate) tail: Option<Value>,
}

impl Report {
    /// The report in a form, without a line break at its end.
    pub(crate) fn in_form(&self, form: Form) -> String {
        match form {
            Form::Text => text::text(self),
            Form::Json => self.json(),
            Form::Github => self.github(),
            Form::Markdown => markdown::markdown(self),
            Form::Sarif => sarif::sarif(self),
            Form::Junit => self.junit(),
        }
    }

    fn json(&self) -> String {
        let lines = self.items.iter().map(|item| &item.line);
        let lines = self.head.iter().chain(lines).chain(&self.tail);
        lines.map(Value::to_string).collect::<Vec<_>>().join("\n")
    }

    fn github(&self) -> String {
        let lines = self.items.iter().filter_map(|item| {
            let level = match item.standing {
                Standing::Fails => Level::Error,
                Standing::Undecided => Level::Warning,
                Standing::Remark => Level::Notice,
                Standing::Accepted | Standing::Holds => return None,
            };
            let title = format!("{}: {}", item.grade, item.rule);
            let mut message = item.message.clone();
            for line in item.notes.iter().chain(&item.shown()) {
                message.push('\n');
                message.push_str(line);
            }
            Some(github::annotation(level, &title, item.at(), &message))
        });
        let last = github::annotation(Level::Notice, self.command, None, &self.summary);
        lines.chain([last]).collect::<Vec<_>>().join("\n")
    }

    fn junit(&self) -> String {
        let case = |item: &Item| {
            let text = || {
                let shown = item.shown();
                let lines = std::iter::once(&item.message).chain(&item.notes).chain(&shown);
                lines.cloned().collect::<Vec<_>>().join("\n")
            };
            let came = match item.standing {
                Standing::Fails => Came::Failed {
                    kind: item.rule.clone(),
                    message: item.message.clone(),
                    text: text(),
                },
                Standing::Undecided => Came::Skipped(item.message.clone()),
                _ => Came::Passed(text()),
            };
            let fingerprint = item.fingerprint.as_ref().map(|one| format!(" [{one}]"));
            let name = format!("{} {}{}", item.rule, item.subject, fingerprint.unwrap_or_default());
            Case { class: format!("quintet {}", self.command), name, came, real: None }
        };
        junit::document(self.command, self.items.iter().map(case).collect())
    }
}

impl Item {
    /// The places and the witness, a line each.
    fn shown(&self) -> Vec<String> {
        let places = self.places.iter().map(|place| {
            let (path, line, column) = place.position();
            format!("{path}:{line}:{column}: {}", place.what)
        });
        let witness = self.witness.iter().map(|value| format!("witness: {value}"));
        places.chain(witness).collect()
    }
}
