//! Codes of the area `schema`: JSON Schema files that are compared.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "schema::not-json",
        title: "a schema file that ends with .json is not JSON",
        explanation: "The caret shows the first place that JSON does not allow; no name may be \
                      there twice, and values nest at most 128 deep. A schema in YAML is in a file \
                      whose name does not end with .json.",
        example: Some("{\"type\": \"object\",}\n"),
    },
    CodeInfo {
        code: "schema::not-valid",
        title: "the schema does not follow its draft",
        explanation: "The draft's own schema refuses it, so no two readers of it would agree on \
                      what it means.",
        example: Some("{\"type\": \"text\"}\n"),
    },
    CodeInfo {
        code: "schema::unknown-draft",
        title: "the schema names a draft that is not read",
        explanation: "Draft 7 and 2020-12 are read. A schema without `$schema` is taken for 2020-12, \
                      or for draft 7 where it has keywords that only that knows.",
        example: Some("{\"$schema\": \"http://json-schema.org/draft-04/schema#\"}\n"),
    },
    CodeInfo {
        code: "schema::number-too-large",
        title: "a number of a schema has an exponent that is too large",
        explanation: "Numbers are compared exactly, with all their digits. An exponent beyond 400 \
                      is refused: no validator could check a value against it.",
        example: Some("{\"maximum\": 1e1000}\n"),
    },
];
