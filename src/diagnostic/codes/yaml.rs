//! Codes of the area `yaml`: a file is outside the strict subset of YAML.

use super::CodeInfo;

pub(super) const CODES: &[CodeInfo] = &[
    CodeInfo {
        code: "yaml::too-large",
        title: "the file is larger than any hand-written file",
        explanation: "Files of more than 4 MiB, or with more than 250,000 values, are \
                      refused before they are read. Split the file.",
        example: None,
    },
    CodeInfo {
        code: "yaml::not-utf8",
        title: "the file is not UTF-8 text",
        explanation: "Files are read as UTF-8. The first byte that begins no character is \
                      marked. Save the file with that encoding.",
        example: None,
    },
    CodeInfo {
        code: "yaml::tab",
        title: "a tab stands in the indentation",
        explanation: "YAML forbids tabs in the indentation, because their width is not the \
                      same for everyone. Use spaces.",
        example: Some("steps:\n\t- send: ban.command/DELETE"),
    },
    CodeInfo {
        code: "yaml::control-character",
        title: "a character that cannot be seen stands in the file",
        explanation: "Control characters, single carriage returns and marks that turn the \
                      direction of writing make a file look unlike what it says. Write them \
                      as an escape in double quotes.",
        example: None,
    },
    CodeInfo {
        code: "yaml::syntax",
        title: "the file is not YAML",
        explanation: "The structure could not be read, so nothing after this place was \
                      looked at. Often a text with a colon, comma or bracket needs quotes.",
        example: Some("about: Login: the easy way"),
    },
    CodeInfo {
        code: "yaml::empty",
        title: "the file has no content",
        explanation: "There is nothing in the file but blanks and comments.",
        example: Some("# to do"),
    },
    CodeInfo {
        code: "yaml::too-deep",
        title: "values are nested too deep",
        explanation: "Lists and mappings may be nested 64 deep.",
        example: None,
    },
    CodeInfo {
        code: "yaml::anchor",
        title: "an anchor (`&name`) is used",
        explanation: "Anchors are not part of the format: a reader of the file should see \
                      each value where it is used.",
        example: Some("where: &same { code: OK }"),
    },
    CodeInfo {
        code: "yaml::alias",
        title: "an alias (`*name`) is used",
        explanation: "Aliases are not part of the format: write the value out, or use a \
                      variable (`$name`) or a fragment.",
        example: Some("where: *same"),
    },
    CodeInfo {
        code: "yaml::tag",
        title: "a tag (`!name`) is used",
        explanation: "Tags are not part of the format. A text that starts with `!` is \
                      quoted.",
        example: Some("password: !secret x"),
    },
    CodeInfo {
        code: "yaml::merge-key",
        title: "a merge key (`<<`) is used",
        explanation: "Merge keys are not part of the format: write the fields out.",
        example: Some("with:\n  <<: { worldId: 0 }"),
    },
    CodeInfo {
        code: "yaml::duplicate-key",
        title: "a key stands twice in one mapping",
        explanation: "Other readers would silently take one of the two. Remove one, or put \
                      them together.",
        example: Some("with: { worldId: 0, worldId: 1 }"),
    },
    CodeInfo {
        code: "yaml::several-documents",
        title: "the file holds more than one document",
        explanation: "A file is one document. Put what follows `---` into a file of its own.",
        example: Some("format: 1\n---\nformat: 1"),
    },
    CodeInfo {
        code: "yaml::directive",
        title: "a directive (`%YAML`, `%TAG`) is used",
        explanation: "Directives are not part of the format: the line can go.",
        example: Some("%YAML 1.1"),
    },
    CodeInfo {
        code: "yaml::complex-key",
        title: "a key is not a plain word",
        explanation: "Keys are texts. A list, a mapping or nothing at all cannot be one.",
        example: Some("[a, b]: 1"),
    },
    CodeInfo {
        code: "yaml::ambiguous-word",
        title: "a word that some readers of YAML take for true, false or null",
        explanation: "`yes`, `no`, `on`, `off`, `y`, `n`, `~` and other spellings of true, \
                      false and null are understood differently by different readers. Write \
                      `true`, `false` or `null`, or put the text in quotes.",
        example: Some("permanent: yes"),
    },
];
