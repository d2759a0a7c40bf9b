//! Scenario files for the tests of the command line, and the binary on them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// One ban.
pub(crate) const GOOD: &str = "\
format: 1
scenario: A ban is made
tags: [ban, smoke]
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.9, permanent: true } }
  - expect: ban.status/CREATED
    where: { banId: <int as $ban> }
";

/// Expects another id, and is not claimed either.
pub(crate) const FAILING: &str = "\
format: 1
scenario: A ban has the id 7
tags: [ban]
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - let: { wanted: 7 }
  - fault: duplicate_delivery
    service: ban
    message: ban.command/CREATE
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.9, permanent: true } }
  - expect: ban.status/CREATED
    where: { banId: $wanted }
    within: 2s
";

/// A setup that does not succeed.
pub(crate) const BROKEN: &str = "\
format: 1
scenario: Nothing is tested
tags: [slow]
tenant: { region: GMS, major: 83, minor: 1 }
setup:
  - expect: ban.status/DELETED
steps:
  - advance: 1s
";

/// Two problems.
pub(crate) const DAMAGED: &str = "\
format: 1
scenario: A file with problems
stesp: []
steps:
  - expcet: ban.status/CREATED
";

/// A table whose second row fails, with passwords in every place.
pub(crate) const TABLE: &str = "\
format: 1
scenario: A wrong password is refused
tags: [account]
tenant: { region: GMS, major: 83, minor: 1 }
examples:
  columns: [case, password, code]
  rows:
    - [wrong, open-sesame, INCORRECT_PASSWORD]
    - [right, correct-horse, INCORRECT_PASSWORD]
setup:
  - use: fixtures/registered-account
    with: { name: bob, password: correct-horse }
steps:
  - send: account.session.command/CREATE
    with:
      sessionId: <uuid as $session>
      author: LOGIN
      body: { accountName: bob, password: $password, ipAddress: 10.0.0.7, hwid: HW-1 }
  - expect: account.session.status/ERROR
    where: { sessionId: $session, accountId: $account, body: { code: $code } }
";

/// Several schedules, of which each fails.
pub(crate) const EXPLORED: &str = "\
format: 1
scenario: Two invites, and a third that never comes
tenant: { region: GMS, major: 83, minor: 1 }
explore: { schedules: 20 }
steps:
  - send: invite.command/CREATE
    with: { inviteType: PARTY, body: { originatorId: 1, targetId: 2, referenceId: 3 } }
  - send: invite.command/CREATE
    with: { inviteType: PARTY, body: { originatorId: 4, targetId: 5, referenceId: 6 } }
  - expect_all:
      - invite.status/CREATED
      - invite.status/CREATED
      - { message: invite.status/CREATED, where: { referenceId: 9 } }
";

/// A folder with these files under `scenarios`, deleted when it is dropped.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("the system has room for a folder");
    for (name, text) in files {
        let path = folder.path().join("scenarios").join(name);
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The binary in a folder, with arguments separated by blanks.
pub(crate) fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.current_dir(folder).args(arguments.split_whitespace());
    for name in ["CLICOLOR_FORCE", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    // What is remembered of a run is nobody else's business.
    command.env("XDG_CACHE_HOME", folder.join(".cache"));
    command
}

/// What the binary says in a folder with these files.
pub(crate) fn quintet(files: &[(&str, &str)], arguments: &str) -> Said {
    Said::of(folder(files).path(), arguments)
}

/// What a call of the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Said {
    pub(crate) fn of(folder: &Path, arguments: &str) -> Self {
        Self::from(command(folder, arguments).output().expect("the binary is built"))
    }

    /// With this on standard input.
    pub(crate) fn with_input(folder: &Path, arguments: &str, input: &[u8]) -> Self {
        let mut command = command(folder, arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary is built");
        let mut stdin = child.stdin.take().expect("it is piped");
        // Whoever does not read to the end has said why.
        let _ = stdin.write_all(input);
        drop(stdin);
        Self::from(child.wait_with_output().expect("it ends"))
    }

    fn from(Output { stdout, stderr, status }: Output) -> Self {
        Self {
            out: String::from_utf8(stdout).expect("stdout is text"),
            err: String::from_utf8(stderr).expect("stderr is text"),
            code: status.code().expect("it ends by itself"),
        }
    }

    /// Everything, with real times replaced, as a snapshot keeps it.
    pub(crate) fn whole(&self) -> String {
        let mut text = without_real_time(&self.out);
        if !self.err.is_empty() {
            text.push_str(&format!("---- stderr\n{}", self.err));
        }
        text.push_str(&format!("---- exit {}\n", self.code));
        text
    }
}

/// `6 ms real` and `0.104 s real` differ from run to run.
fn without_real_time(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for at in 2..words.len() {
        let real = words[at] == "real" || words[at].starts_with("real\n");
        if real && matches!(words[at - 1], "ms" | "s") {
            words[at - 2] = "[some]";
        }
    }
    words.join(" ")
}

/// Compares with the snapshot of this name.
pub(crate) fn assert_snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
