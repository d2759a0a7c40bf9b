//! The fields of scenario and fragment files.

use super::{FieldWord, optional, required};

/// The top level of a scenario.
pub static SCENARIO: &[FieldWord] = &[
    required("format", "the version of the format: 1"),
    required("scenario", "one sentence that says what holds"),
    optional("tags", "words to select tests by"),
    optional("about", "a longer text for readers"),
    optional("tenant", "region and version of the tenant; each run has an id of its own"),
    optional("given", "settings, and data that the services look up elsewhere"),
    optional("variables", "names with values, which `--var` may replace"),
    optional("examples", "a table: one test a row"),
    optional("setup", "steps that must succeed before the test proper"),
    required("steps", "the test"),
    optional("always", "what must hold of the whole history"),
    optional("explore", "how many schedules are tried"),
];

/// The top level of a fragment.
pub static FRAGMENT: &[FieldWord] = &[
    required("format", "the version of the format: 1"),
    required("fragment", "one sentence that says what it does"),
    optional("about", "a longer text for readers"),
    optional("parameters", "the variables that its user gives"),
    required("steps", "what it does"),
    optional("returns", "the variables that its user gets"),
];

/// `tenant`
pub static TENANT: &[FieldWord] = &[
    required("region", "e.g. GMS"),
    required("major", "the major version, e.g. 83"),
    required("minor", "the minor version, e.g. 1"),
];

/// `examples`
pub static EXAMPLES: &[FieldWord] = &[
    required("columns", "the names of the columns; the first one names the test"),
    required("rows", "one list of values a test"),
];

/// `explore`
pub static EXPLORE: &[FieldWord] = &[required("schedules", "how many schedules are tried")];

/// An item of `expect_all` and `expect_in_order`.
pub static EXPECTATION: &[FieldWord] = &[
    required("message", "the message, or a channel"),
    optional("where", WHERE),
    optional("key", KEY),
    optional("key_hex", KEY_HEX),
    optional("headers", HEADERS),
    optional("partition", PARTITION),
];

/// What the fields of an expectation say.
pub(super) const WHERE: &str = "the fields that must match";
pub(super) const KEY: &str = "the id that the key stands for; null for no key";
pub(super) const KEY_HEX: &str = "the key as bytes in hexadecimal; null for no key";
pub(super) const HEADERS: &str = "headers that must match; `<absent>`, null, `{ hex: 00ff }`, or \
                                  a list where one is there several times";
pub(super) const PARTITION: &str = "the number of the partition that the record lies in";
