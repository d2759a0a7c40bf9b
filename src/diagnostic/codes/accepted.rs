//! Codes of the area `accepted`: a file of accepted violations is wrong.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "accepted::unknown-format",
        title: "the file of accepted violations is of another format",
        explanation: "The file begins with `format: 1`.",
        example: Some("format: 2"),
    },
    CodeInfo {
        code: "accepted::unknown-field",
        title: "a field of the file or of an entry is not known",
        explanation: "An entry has `rule`, `reason` and `until`, and may have `service` and \
                      `contains`. A misspelt field would accept more than is meant.",
        example: Some("accepted:\n  - { rule: BAN-5, reason: known, untill: 2026-12-31 }"),
    },
    CodeInfo {
        code: "accepted::missing-field",
        title: "a field is missing",
        explanation: "The file has `format` and `accepted`. Each entry says which rule, why, and \
                      until when; nothing is accepted for ever.",
        example: Some("accepted:\n  - rule: BAN-5"),
    },
    CodeInfo {
        code: "accepted::wrong-type",
        title: "a value is of the wrong type",
        explanation: "`accepted` is a list of mappings, whose values are texts. A text that looks \
                      like a number or a boolean goes in quotes.",
        example: Some("accepted: none"),
    },
    CodeInfo {
        code: "accepted::unknown-rule",
        title: "an entry names a rule that does not exist",
        explanation: "The rules are those of the reports; `quintet explain` lists them.",
        example: Some("accepted:\n  - { rule: BAN-99, reason: known, until: 2026-12-31 }"),
    },
    CodeInfo {
        code: "accepted::unknown-service",
        title: "an entry names a service that no contract describes",
        explanation: "Leave `service` out to accept the violation of whoever is judged.",
        example: Some(
            "accepted:\n  - { rule: BAN-5, reason: known, until: 2026-12-31, service: bna }",
        ),
    },
    CodeInfo {
        code: "accepted::bad-date",
        title: "`until` is not a day",
        explanation: "It is the last day on which the violation is accepted, in UTC, written as \
                      `2026-12-31`. On the day after, it fails again.",
        example: Some("accepted:\n  - { rule: BAN-5, reason: known, until: next year }"),
    },
];
