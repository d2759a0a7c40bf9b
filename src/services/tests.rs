//! The contracts and the rules of the five.

use super::{id, packs, rule, rules};
use crate::diagnostic::render;
use crate::rule::{Basis, RuleId};
use std::collections::BTreeSet;

#[test]
fn the_contracts_of_the_program_have_no_problem() {
    let mut diagnostics = Vec::new();
    let set = packs().contracts(&mut diagnostics);
    let shown: Vec<_> = diagnostics.iter().map(|one| render(one, false)).collect();
    assert!(diagnostics.is_empty(), "{}", shown.join("\n"));
    assert_eq!(set.map(|set| set.channels().len()), Some(13));
}

#[test]
fn each_rule_is_found_by_its_name() {
    for rule in rules() {
        assert_eq!(super::rule(rule.name), Some(rule));
        assert_eq!(rule.id().rule(), rule);
    }
    assert_eq!(rule("BAN-9"), None);
    assert_eq!(id::BAN_TWICE.as_str(), "BAN-TWICE");
    let names: BTreeSet<_> = rules().into_iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().len());
}

#[test]
fn safety_has_no_alternative_but_to_start_empty() {
    let soft = rules().into_iter().filter(|rule| rule.basis == Basis::Safety);
    let soft: Vec<_> = soft.filter(|rule| !rule.also_accepted.is_empty()).collect();
    assert_eq!(soft.iter().map(|rule| rule.id()).collect::<Vec<_>>(), [id::COM_9]);
}

#[test]
fn alternatives_are_kebab_case_and_unique_in_their_rule() {
    for rule in rules() {
        let mut seen = BTreeSet::new();
        for other in rule.also_accepted.iter().chain(rule.forbidden) {
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(other.name.chars().all(kebab), "{}: {}", rule.id(), other.name);
            assert!(seen.insert(other.name), "{}: {} twice", rule.id(), other.name);
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
    let cited = |rule: RuleId, service: Option<&str>| {
        rule.rule().cited(service.and_then(|name| packs().document(name)))
    };
    assert_eq!(cited(id::COM_5, Some("invite")), ("invite.md", "Message Types"));
    assert_eq!(cited(id::COM_9, Some("effective_stats")).0, "effective-stats.md");
    assert_eq!(cited(id::SEQ_6, Some("ban")), ("ban.md", "Transaction Semantics"));
    assert_eq!(cited(id::SEQ_1, Some("login")), ("login.md", "Session Status Events"));
    assert_eq!(cited(id::COM_5, Some("orders")).0, "ban.md");
    assert_eq!(cited(id::COM_5, None).0, "ban.md");
    let services = ["ban", "account", "login", "effective_stats", "invite"];
    for rule in rules().into_iter().filter(|rule| rule.name.starts_with("COM")) {
        let own = services.map(|service| rule.cited(packs().document(service)).0);
        assert_eq!(own, SECTIONS.each_ref().map(|(document, _)| *document), "{}", rule.id());
    }
}

#[test]
fn each_rule_rests_on_a_section_of_a_document() {
    for rule in rules() {
        let of = SECTIONS.iter().find(|(document, _)| *document == rule.document);
        let known = of.is_some_and(|(_, sections)| sections.contains(&rule.section));
        assert!(known, "{}: {}, {}", rule.id(), rule.document, rule.section);
    }
}
