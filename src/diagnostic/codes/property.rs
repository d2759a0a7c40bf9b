//! Codes of the area `property`: a file of sequence properties is wrong.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "property::unknown-format",
        title: "the file of properties is of another format",
        explanation: "The file begins with `format: 1`.",
        example: Some("format: 2"),
    },
    CodeInfo {
        code: "property::unknown-field",
        title: "a field is not known",
        explanation: "The file has `format` and `properties`; docs/properties.md lists the \
                      fields of each word.",
        example: Some("at_most_once: { mesage: order.status, by: orderId }"),
    },
    CodeInfo {
        code: "property::unknown-word",
        title: "a property uses a word that does not exist",
        explanation: "A property has `name`, one word with what must hold (or `all_of` with \
                      several), and may have `says`, `per_tenant` and `emitted_only`. \
                      docs/properties.md lists the words.",
        example: Some("properties:\n  - { name: ONE, at_most_onec: { message: order.status } }"),
    },
    CodeInfo {
        code: "property::missing-field",
        title: "a field is missing",
        explanation: "Each property has a name and one word, and each word its messages and key \
                      fields.",
        example: Some("at_most_once: { message: order.status }"),
    },
    CodeInfo {
        code: "property::two-words",
        title: "a property has two words",
        explanation: "Each property is a rule of its own in reports: write two properties, or, \
                      where they are one rule, list them under `all_of`.",
        example: Some("- { name: ONE, at_most_once: {}, ordered: {} }"),
    },
    CodeInfo {
        code: "property::wrong-type",
        title: "a value is of the wrong type",
        explanation: "`properties` is a list of mappings; a message or a key field is a text or a \
                      list of texts, or a mapping with `message`, `where`, `caused_by` and `by`; \
                      where sides have key fields of their own, equally many.",
        example: Some("properties: none"),
    },
    CodeInfo {
        code: "property::bad-name",
        title: "a name of a property has other characters than names have",
        explanation: "Reports and `--accept` speak of a property by its name: letters, digits, \
                      `-`, `_` and `.`.",
        example: Some("- name: no spaces"),
    },
    CodeInfo {
        code: "property::name-is-taken",
        title: "a name speaks of two properties, or of a rule that exists",
        explanation: "Reports name properties beside rules, so each needs a name of its own.",
        example: Some("- { name: ONE }\n- { name: ONE }"),
    },
    CodeInfo {
        code: "property::unknown-message",
        title: "a property speaks of a channel or message that no contract has",
        explanation: "A message is `CHANNEL/MESSAGE`, or `CHANNEL` for all of its messages.",
        example: Some("at_most_once: { message: order.statsu, by: orderId }"),
    },
    CodeInfo {
        code: "property::unknown-key",
        title: "a key field is not a field of the message",
        explanation: "A property by a field that is never there would never be exercised. Where \
                      the two sides name it differently: `by: { first: body.id, then: id }`.",
        example: Some("at_most_once: { message: order.status, by: ordreId }"),
    },
    CodeInfo {
        code: "property::bad-time",
        title: "`within` is not a time",
        explanation: "Whole numbers with units, the larger unit first: `250ms`, `2s`, `2m 40s`, \
                      `1h`.",
        example: Some("within: soon"),
    },
];
