//! The rule table: what a service must do, as data.
//!
//! What this is: one list, [`RULES`], from which reports, `explain`, the traceability table and the
//! tests are made; and a name for each rule ([`id`]) that handlers and checkers use.
//! What it is not: it judges nothing. The services decide by these rules, the checkers look for
//! breaches of them.
//!
//! What always holds: identifiers are unique and stand in the order of the list; every rule rests
//! on a section of one of the five documents; only what the documents leave open, or leave room
//! for, has alternatives. Start at [`Rule`].

mod account;
mod ban;
mod common;
mod effective_stats;
pub mod id;
mod invite;
mod login;
mod sequence;

use std::fmt;

/// The name of a rule: `BAN-4`. Comparing two and looking one up costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(u8);

impl RuleId {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        id::NAMES[self.at()]
    }

    /// The place of the rule in [`RULES`], for counting by rule.
    #[must_use]
    pub const fn at(self) -> usize {
        self.0 as usize
    }

    /// The rule.
    #[must_use]
    pub fn rule(self) -> &'static Rule {
        &RULES[self.at()]
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a rule comes from, and so what breaking it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A document says it; breaking it is a violation.
    Documented,
    /// Safety that follows from the documents; breaking it is a violation.
    Safety,
    /// The documents are silent and the reference chose; what [`Rule::also_accepted`] lists is at
    /// most an advisory, only what is outside both is a violation.
    Choice,
}

impl Basis {
    /// One word for reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Safety => "safety",
            Self::Choice => "choice",
        }
    }
}

/// Another behaviour that conforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The name of the decision that takes it, in kebab case.
    pub name: &'static str,
    /// What is done instead.
    pub text: &'static str,
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// Where it comes from.
    pub basis: Basis,
    /// What must hold; for [`Basis::Choice`], what the reference does.
    pub text: &'static str,
    /// What else conforms.
    pub also_accepted: &'static [Alternative],
    /// The document it rests on (or that is silent about it), e.g. `ban.md`.
    pub document: &'static str,
    /// The section of that document.
    pub section: &'static str,
}

/// Every rule, in the order of [`id`].
pub static RULES: &[Rule] = &TABLE;

/// The rule of that name (`BAN-4`), if there is one.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    id::NAMES.iter().position(|known| *known == name).map(|at| &RULES[at])
}

const PARTS: [&[Rule]; 7] = [
    common::RULES,
    ban::RULES,
    account::RULES,
    login::RULES,
    effective_stats::RULES,
    invite::RULES,
    sequence::RULES,
];

static TABLE: [Rule; id::NAMES.len()] = join();

/// Joins the parts; a rule that is missing or out of its place does not compile.
const fn join() -> [Rule; id::NAMES.len()] {
    let mut table = [common::RULES[0]; id::NAMES.len()];
    let (mut part, mut next) = (0, 0);
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            table[next] = PARTS[part][at];
            assert!(table[next].id.at() == next, "a rule is not at the place of its id");
            at += 1;
            next += 1;
        }
        part += 1;
    }
    assert!(next == id::NAMES.len(), "an id has no rule");
    table
}

/// The documents, as the parts of the table name them.
mod document {
    pub(super) const BAN: &str = "ban.md";
    pub(super) const ACCOUNT: &str = "account.md";
    pub(super) const LOGIN: &str = "login.md";
    pub(super) const EFFECTIVE_STATS: &str = "effective-stats.md";
    pub(super) const INVITE: &str = "invite.md";

    /// The document of a service.
    pub(super) fn of(service: &str) -> Option<&'static str> {
        Some(match service {
            "ban" => BAN,
            "account" => ACCOUNT,
            "login" => LOGIN,
            "effective_stats" => EFFECTIVE_STATS,
            "invite" => INVITE,
            _ => return None,
        })
    }
}

/// The sections that each of the documents has, on which rules for every service rest.
const SHARED_SECTIONS: [&str; 2] = ["Message Types", "Transaction Semantics"];

/// A rule without alternatives; `of` is its document and section.
const fn rule(
    id: RuleId,
    basis: Basis,
    of: (&'static str, &'static str),
    text: &'static str,
) -> Rule {
    Rule { id, basis, text, also_accepted: &[], document: of.0, section: of.1 }
}

impl Rule {
    /// The document, and its section, on which the rule rests for a service: of a rule for every
    /// service, that of the service.
    #[must_use]
    pub fn cited(&self, service: Option<&str>) -> (&'static str, &'static str) {
        let is_shared = SHARED_SECTIONS.contains(&self.section);
        match service.and_then(document::of) {
            Some(own) if is_shared => (own, self.section),
            Some(own @ document::LOGIN) if self.id == id::SEQ_1 => (own, "Session Status Events"),
            _ => (self.document, self.section),
        }
    }

    const fn or(mut self, also_accepted: &'static [Alternative]) -> Self {
        self.also_accepted = also_accepted;
        self
    }
}

const fn alternative(name: &'static str, text: &'static str) -> Alternative {
    Alternative { name, text }
}

#[cfg(test)]
mod tests {
    use super::{Basis, RULES, find, id};
    use std::collections::BTreeSet;

    #[test]
    fn each_rule_is_found_by_its_name() {
        for rule in RULES {
            assert_eq!(find(rule.id.as_str()), Some(rule));
            assert_eq!(rule.id.rule(), rule);
        }
        assert_eq!(find("BAN-9"), None);
        assert_eq!(id::BAN_TWICE.as_str(), "BAN-TWICE");
        let names: BTreeSet<_> = id::NAMES.iter().collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn safety_has_no_alternative_but_to_start_empty() {
        let soft = RULES.iter().filter(|rule| rule.basis == Basis::Safety);
        let soft: Vec<_> = soft.filter(|rule| !rule.also_accepted.is_empty()).collect();
        assert_eq!(soft.iter().map(|rule| rule.id).collect::<Vec<_>>(), [id::COM_9]);
    }

    #[test]
    fn alternatives_are_kebab_case_and_unique_in_their_rule() {
        for rule in RULES {
            let mut seen = BTreeSet::new();
            for other in rule.also_accepted {
                let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(other.name.chars().all(kebab), "{}: {}", rule.id, other.name);
                assert!(seen.insert(other.name), "{}: {} twice", rule.id, other.name);
                assert!(!other.text.is_empty());
            }
        }
    }

    /// The headings of the five documents on which rules rest.
    const SECTIONS: [(&str, &[&str]); 5] = [
        (
            "ban.md",
            &[
                "Message Types",
                "Ban Command Types",
                "CreateCommandBody",
                "DeleteCommandBody",
                "Status Event Types",
                "Consumed Session Status Event Types",
                "Transaction Semantics",
            ],
        ),
        (
            "account.md",
            &[
                "CreateCommand",
                "Session Command Types",
                "CreateSessionCommandBody",
                "ProgressStateSessionCommandBody",
                "LogoutSessionCommandBody",
                "Session Command Issuers",
                "Status Event Types",
                "Session Status Event Types",
                "StateChangedSessionStatusEventBody",
                "ErrorSessionStatusEventBody",
                "Transaction Semantics",
            ],
        ),
        (
            "login.md",
            &[
                "Account Session Commands",
                "Session Status Events",
                "Account Status Events",
                "Account Session Status Events",
                "Seed Status Events",
                "Transaction Semantics",
            ],
        ),
        (
            "effective-stats.md",
            &[
                "Topics Produced",
                "Session Status Events",
                "Buff Status Events",
                "Asset Status Events",
                "StatChange",
                "Transaction Semantics",
            ],
        ),
        (
            "invite.md",
            &["Command Types", "Event Types", "Handled Event Types", "Transaction Semantics"],
        ),
    ];

    #[test]
    fn rules_for_every_service_rest_on_the_document_of_the_service_that_is_judged() {
        let cited = |rule: super::RuleId, service| rule.rule().cited(service);
        assert_eq!(cited(id::COM_5, Some("invite")), ("invite.md", "Message Types"));
        assert_eq!(cited(id::COM_9, Some("effective_stats")).0, "effective-stats.md");
        assert_eq!(cited(id::SEQ_6, Some("ban")), ("ban.md", "Transaction Semantics"));
        assert_eq!(cited(id::SEQ_1, Some("login")), ("login.md", "Session Status Events"));
        assert_eq!(cited(id::COM_5, Some("orders")).0, "ban.md");
        assert_eq!(cited(id::COM_5, None).0, "ban.md");
        let services = ["ban", "account", "login", "effective_stats", "invite"];
        for rule in RULES.iter().filter(|rule| rule.id.as_str().starts_with("COM")) {
            let own = services.map(|service| rule.cited(Some(service)).0);
            assert_eq!(own, SECTIONS.each_ref().map(|(document, _)| *document), "{}", rule.id);
        }
    }

    #[test]
    fn each_rule_rests_on_a_section_of_a_document() {
        for rule in RULES {
            let of = SECTIONS.iter().find(|(document, _)| *document == rule.document);
            let known = of.is_some_and(|(_, sections)| sections.contains(&rule.section));
            assert!(known, "{}: {}, {}", rule.id, rule.document, rule.section);
        }
    }
}
