//! Codes of the areas `choices` and `twin`: a run is repeated and is not the same.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "choices::damaged",
        title: "the choice file cannot be read",
        explanation: "A choice file is one JSON object with the fields format, test, path, seed, \
                      schedule and choices, as `quintet run --save DIR` writes it. This one was \
                      cut, edited or is something else. Run the test again with `--save`.",
        example: Some("{ \"format\": 1, \"test\": \"account/login\", \"pa"),
    },
    CodeInfo {
        code: "choices::unknown-format",
        title: "the choice file is of another format",
        explanation: "Another version of quintet wrote the file. Run the test again with `--save`.",
        example: Some("{ \"format\": 2, … }"),
    },
    CodeInfo {
        code: "twin::differs",
        title: "the same test run twice did not do the same",
        explanation: "With `--twin` each test is run a second time on another thread, and each \
                      step must be the same. A service that differs draws on something besides \
                      its state and input: a clock, an address, the order of a hash map. The \
                      first step that differs is shown from both sides.",
        example: None,
    },
];
