//! Codes of the area `capture`: a line of a capture is not a record.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "capture::unknown-form",
        title: "a file is in no form that is known",
        explanation: "The first line tells which program wrote a file. Two forms are known: JSON \
                      lines as `quintet capture` writes them, and as `kcat -J` does. Either may be \
                      packed with gzip or zstd. Files in UTF-16, as `>` writes them in \
                      PowerShell, must be written as UTF-8.",
        example: Some("topic;partition;offset;value"),
    },
    CodeInfo {
        code: "capture::damaged",
        title: "a line is not one JSON object",
        explanation: "Each line of a capture is one record, written as one JSON object. With \
                      `--skip-damaged` such lines are left out, counted and named; what they held \
                      is then missing from what is judged.",
        example: Some("{\"topic\":\"EVENT_TOPIC_BAN_STATUS\",\"partition\"0}"),
    },
    CodeInfo {
        code: "capture::cut-off",
        title: "the last line of a capture is cut off",
        explanation: "Whoever wrote the file was stopped in the middle of a line: there is no line \
                      break behind it, and it is not a whole record. All lines before it are \
                      good. `--skip-damaged` leaves it out.",
        example: Some("{\"topic\":\"EVENT_TOPIC_BAN_STATUS\",\"partition\":0,\"off"),
    },
    CodeInfo {
        code: "capture::not-text",
        title: "a line is not UTF-8 text",
        explanation: "Values that are not UTF-8 are written in hexadecimal, as `value_hex`; keys \
                      and values of headers always are.",
        example: None,
    },
    CodeInfo {
        code: "capture::too-long",
        title: "a line is longer than any record",
        explanation: "Lines of more than 64 MiB are refused: no broker takes such a record. The \
                      file is probably something else.",
        example: None,
    },
    CodeInfo {
        code: "capture::unknown-field",
        title: "a line has a field that records do not have",
        explanation: "A field that is not known could change what the line means, so the line is \
                      refused. The fields are topic, partition, offset, timestamp_ms, key, headers \
                      and value or value_hex.",
        example: Some("{\"topic\":\"T\",…,\"vlaue\":\"{}\"}"),
    },
    CodeInfo {
        code: "capture::missing-field",
        title: "a line lacks a field",
        explanation: "All fields are written on each line; where there is no key or no value, the \
                      field is null.",
        example: Some("{\"topic\":\"T\",\"partition\":0}"),
    },
    CodeInfo {
        code: "capture::repeated-field",
        title: "a line has a field twice",
        explanation: "Which of the two counts cannot be told. `value` and `value_hex` stand for \
                      the same thing and exclude each other.",
        example: Some("{\"topic\":\"T\",\"topic\":\"U\",…}"),
    },
    CodeInfo {
        code: "capture::bad-value",
        title: "a field has a value that it cannot have",
        explanation: "Partitions and offsets are whole numbers from 0, keys and values of headers \
                      are pairs of hexadecimal digits or null, headers are a list of pairs of name \
                      and value.",
        example: Some("{…,\"key\":\"e80\",…}"),
    },
    CodeInfo {
        code: "capture::contradiction",
        title: "two lines are of the same place and differ",
        explanation: "A topic, a partition and an offset name one record. Lines that are equal \
                      count once; lines that differ are of different brokers, or the topic was \
                      deleted and made anew between them. Judge them apart.",
        example: None,
    },
];
