//! Codes of the area `probe`: the file that says how an implementation is asked and told things.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "probe::unknown-name",
        title: "the probe file names something that there is not",
        explanation: "A probe file has the keys format, queries and stimuli; below them stand the \
                      names that scenarios use for the service, with or without the service in \
                      front, and in their commands its arguments in braces, such as {accountId}. \
                      Braces that the shell is to see have blanks: { print }. docs/verifying.md \
                      lists the names with an example for each.",
        example: Some("format: 1\nqueries:\n  ban.chekc: curl …\n"),
    },
    CodeInfo {
        code: "probe::wrong-shape",
        title: "the probe file is not built as it must be",
        explanation: "It says `format: 1`, and below queries and stimuli one command a name, as \
                      text for the shell; {tenant}, {region}, {major}, {minor}, {args} and the \
                      arguments by name are filled in, quoted.",
        example: Some("format: 1\nqueries:\n  ban.check: [curl, localhost]\n"),
    },
];
