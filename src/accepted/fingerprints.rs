//! Accepted disagreements of documents: by fingerprint, each with a reason and a last day.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::read::Reader;
use crate::contract::Contracts;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::yaml::{self, Node};

const ENTRY: [&str; 3] = ["fingerprints", "reason", "until"];

/// The entries of a file, in its order.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    /// The entries.
    pub entries: Vec<FingerprintEntry>,
}

/// One entry: several disagreements that are accepted for one reason.
#[derive(Clone, Debug)]
pub struct FingerprintEntry {
    /// Which.
    pub fingerprints: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which they are.
    pub until: Date,
    file: Arc<SourceFile>,
    spans: Vec<Span>,
}

impl FingerprintEntry {
    /// Whether its day is over.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        today > self.until
    }

    /// Where a fingerprint of it stands: `FILE:LINE`.
    #[must_use]
    pub fn place(&self, fingerprint: &str) -> String {
        let at = self.fingerprints.iter().position(|one| one == fingerprint);
        let span = at.and_then(|at| self.spans.get(at)).copied().unwrap_or_default();
        format!("{}:{}", self.file.path, self.file.position(span.start).0)
    }
}

impl Fingerprints {
    /// Reads a file. `None` where it cannot be used; all that is wrong with it is in `diagnostics`.
    pub fn read(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = diagnostics.len();
        let node = yaml::read(file, diagnostics)?;
        let contracts = Contracts::default();
        let mut reader = Reader { file, contracts: &contracts, diagnostics };
        let entries = reader.file(&node, entry);
        let bad = diagnostics[before..].iter().any(Diagnostic::is_error);
        (!bad).then_some(Self { entries })
    }

    /// The entry that names a fingerprint: one that still holds before one whose day is over.
    #[must_use]
    pub fn of(&self, fingerprint: &str, today: Date) -> Option<&FingerprintEntry> {
        let names =
            |entry: &&FingerprintEntry| entry.fingerprints.iter().any(|one| one == fingerprint);
        let holds = self.entries.iter().filter(|entry| !entry.is_over(today)).find(names);
        holds.or_else(|| self.entries.iter().find(names))
    }

    /// The fingerprints that accept none of those that were found, each with its place.
    #[must_use]
    pub fn unused(&self, found: &BTreeSet<String>) -> Vec<(String, String)> {
        let all = self.entries.iter().flat_map(|entry| {
            entry.fingerprints.iter().map(move |one| (one.clone(), entry.place(one)))
        });
        all.filter(|(fingerprint, _)| !found.contains(fingerprint)).collect()
    }
}

fn entry(reader: &mut Reader<'_>, node: &Node) -> Option<FingerprintEntry> {
    if node.mapping().is_none() {
        let fields = "a mapping with `fingerprints`, `reason` and `until`";
        reader.wrong_type("an entry", fields, node);
        return None;
    }
    reader.known(node, &ENTRY);
    let list = reader.needed(node, "fingerprints");
    let reason = reader.needed(node, "reason").and_then(|reason| reader.text("reason", reason));
    let until = reader.needed(node, "until").and_then(|until| reader.date(until));
    let list = list?;
    let Some(items) = list.sequence().filter(|items| !items.is_empty()) else {
        reader.wrong_type("`fingerprints`", "a list that is not empty", list);
        return None;
    };
    let mut fingerprints = Vec::new();
    for item in items {
        // One of digits only looks like a number, and is taken for what it is.
        match item.text().filter(|text| is_fingerprint(text)) {
            Some(text) => fingerprints.push(text.to_owned()),
            None => reader.wrong_type("a fingerprint", "16 hexadecimal digits", item),
        }
    }
    let spans = items.iter().map(|item| item.span).collect();
    let file = Arc::clone(reader.file);
    Some(FingerprintEntry { fingerprints, reason: reason?, until: until?, file, spans })
}

fn is_fingerprint(text: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.len() == 16 && text.chars().all(digit)
}

#[cfg(test)]
mod tests {
    use super::Fingerprints;
    use crate::diagnostic::SourceFile;

    const FILE: &str = "\
format: 1
accepted:
  - fingerprints: [0123456789abcdef, 1234567890123456]
    reason: known
    until: 2026-01-31
  - { fingerprints: [0123456789abcdef], reason: again, until: 2026-02-28 }
";

    #[test]
    fn an_entry_that_holds_comes_first() {
        let mut diagnostics = Vec::new();
        let read = Fingerprints::read(&SourceFile::new("a.yaml", FILE), &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let reason = |day: &str| {
            let today = day.parse().unwrap();
            let entry = read.of("0123456789abcdef", today).unwrap();
            (entry.reason.as_str(), entry.is_over(today))
        };
        assert_eq!(reason("2026-01-31"), ("known", false));
        assert_eq!(reason("2026-02-01"), ("again", false));
        assert_eq!(reason("2026-03-01"), ("known", true));
        assert!(read.of("0000000000000000", "2026-01-01".parse().unwrap()).is_none());
        let unused = read.unused(&["0123456789abcdef".to_owned()].into());
        assert_eq!(unused, [("1234567890123456".to_owned(), "a.yaml:3".to_owned())]);
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        for wrong in ["[abc]", "[]", "abc", "['0123456789ABCDEF']"] {
            let mut diagnostics = Vec::new();
            let text = FILE.replace("[0123456789abcdef, 1234567890123456]", wrong);
            let file = SourceFile::new("a.yaml", text);
            assert!(Fingerprints::read(&file, &mut diagnostics).is_none(), "{wrong}");
            assert_eq!(diagnostics[0].code, "accepted::wrong-type");
        }
    }
}
