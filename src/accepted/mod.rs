//! Accepted violations: what is known of an implementation and does not fail for now.
//!
//! What this is: a file of entries ([`Accepted::read`]), each with a rule, a reason and the last
//! day on which it holds, and which of them accepts a violation ([`Accepted::of`]). What it is not:
//! it hides nothing; an accepted violation is reported as such. It reads no clock: what day it is,
//! is told to it.
//!
//! What always holds: an entry whose day is over accepts nothing; one without a reason, a day or a
//! rule that exists is refused, and with it the file. Start at [`Accepted`].

mod fingerprints;
mod read;
mod schema;

pub use fingerprints::{FingerprintEntry, Fingerprints};
pub use jiff::civil::Date;
pub use schema::schema;

use std::sync::Arc;

use crate::diagnostic::{SourceFile, Span};
use crate::rule::RuleId;

/// The entries of a file, in its order.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The rule whose violations are accepted.
    pub rule: RuleId,
    /// Why.
    pub reason: String,
    /// The last day on which they are.
    pub until: Date,
    /// Only of this service.
    pub service: Option<String>,
    /// Only those in whose message this text stands.
    pub contains: Option<String>,
    file: Arc<SourceFile>,
    span: Span,
}

impl Entry {
    /// Where it stands: `FILE:LINE`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.path, self.file.position(self.span.start).0)
    }

    /// Whether its day is over.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        today > self.until
    }

    fn speaks_of(&self, rule: RuleId, message: &str, service: Option<&str>) -> bool {
        let of = self.service.as_deref().is_none_or(|own| Some(own) == service);
        let says = self.contains.as_deref().is_none_or(|text| message.contains(text));
        self.rule == rule && of && says
    }
}

impl Accepted {
    /// The place of the entry that speaks of a violation by a service: one that still holds before
    /// one whose day is over.
    #[must_use]
    pub fn of(
        &self,
        rule: RuleId,
        message: &str,
        service: Option<&str>,
        today: Date,
    ) -> Option<usize> {
        let speak = |entry: &Entry| entry.speaks_of(rule, message, service);
        let first = |over: bool| {
            self.entries.iter().position(|one| speak(one) && one.is_over(today) == over)
        };
        first(false).or_else(|| first(true))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Accepted, Date};
    use crate::contract::Contracts;
    use crate::diagnostic::SourceFile;
    use crate::services::id;

    const FILE: &str = "\
format: 1
accepted:
  - { rule: BAN-5, reason: old, until: 2026-01-31 }
  - { rule: BAN-5, reason: text, until: 2026-12-31, contains: twice }
  - { rule: BAN-4, reason: service, until: 2026-12-31, service: account }
";

    fn accepted() -> Accepted {
        let mut diagnostics = Vec::new();
        let file = SourceFile::new("a.yaml", FILE);
        let read = Accepted::read(&file, &Contracts::builtin(), &mut diagnostics);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        read.unwrap()
    }

    #[rstest]
    #[case::empty("''", "empty")]
    #[case::blank("'  '", "empty")]
    #[case::number("7", "a number")]
    fn a_reason_is_a_text(#[case] reason: &str, #[case] is: &str) {
        let mut diagnostics = Vec::new();
        let file = SourceFile::new("a.yaml", FILE.replace("old", reason));
        let read = Accepted::read(&file, &Contracts::builtin(), &mut diagnostics);
        assert!(read.is_none());
        let message = format!("`reason` must be a text that is not empty, and is {is}");
        assert_eq!(diagnostics[0].message, message);
    }

    #[rstest]
    #[case::still(id::BAN_5, "once", "2026-01-31", Some((0, false)))]
    #[case::over(id::BAN_5, "once", "2026-02-01", Some((0, true)))]
    #[case::one_that_holds_comes_first(id::BAN_5, "twice", "2026-02-01", Some((1, false)))]
    #[case::other_service(id::BAN_4, "once", "2026-02-01", None)]
    #[case::other_rule(id::BAN_6, "once", "2026-01-01", None)]
    fn an_entry_speaks_of_what_it_names(
        #[case] rule: crate::rule::RuleId,
        #[case] message: &str,
        #[case] today: Date,
        #[case] expected: Option<(usize, bool)>,
    ) {
        let accepted = accepted();
        let entry = accepted.of(rule, message, Some("ban"), today);
        assert_eq!(entry.map(|at| (at, accepted.entries[at].is_over(today))), expected);
        assert_eq!(accepted.entries[1].place(), "a.yaml:4");
    }
}
