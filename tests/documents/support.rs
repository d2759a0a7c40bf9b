//! Documents of the fixtures, and records for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use quintet::contract::{Contracts, Taking};
use quintet::message::{Header, Headers, Payload, Record};

/// What the program said, and the code that it ended with.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

/// The folder of a fixture.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new("tests/fixtures/documents").join(name)
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the program says in the root of the repository; `@` stands for the folder of fixtures.
pub(crate) fn quintet(arguments: &str) -> Said {
    let arguments = arguments.replace('@', "tests/fixtures/documents/");
    let mut program = Command::new(env!("CARGO_BIN_EXE_quintet"));
    program.current_dir(root()).env("NO_COLOR", "1").args(arguments.split_whitespace());
    let output = program.output().expect("the binary is built");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    Said {
        out: text(output.stdout),
        err: text(output.stderr),
        code: output.status.code().expect("it ends by itself"),
    }
}

/// A document, and that topic as a channel of its own.
pub(crate) fn contracts(name: &str, topic: &str) -> Contracts {
    let mut diagnostics = Vec::new();
    let taking = Taking { must_be_portable: &|_| false, service: None };
    let read = Contracts::read_path(&root().join(path(name)), &taking, &mut diagnostics);
    let told: Vec<_> = diagnostics.iter().map(|one| one.message.clone()).collect();
    let read = read.unwrap_or_else(|| panic!("{told:?}"));
    read.with_topics([topic]).unwrap_or(read)
}

/// A record: headers as `name=text`, a value or none.
pub(crate) fn record(key: Option<&[u8]>, headers: &[&str], value: Option<&str>) -> Record {
    let header = |text: &&str| {
        let (name, value) = text.split_once('=').unwrap();
        Header::new(name, value.as_bytes())
    };
    Record {
        key: key.map(|key| key.iter().copied().collect()),
        headers: Headers::from_list(headers.iter().map(header).collect()),
        value: value.map(|value| Payload::new(value.as_bytes())),
    }
}
