//! Passwords are in no output, wherever in a file or record they stand.

use rstest::rstest;

use crate::files::{Said, TABLE, folder};

/// A property over passwords that does not hold.
const PROPERTY: &str = "\
format: 1
scenario: No two accounts have the same password
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - allow: account.status
  - send: account.create
    with: { name: alice, password: correct-horse }
  - send: account.create
    with: { name: bob, password: correct-horse }
always:
  - at_most_once: { message: account.create, by: password }
";

/// Scenarios with passwords, by what is odd about them. Most fail.
fn files() -> Vec<(String, String)> {
    let table = |from: &str, to: &str| {
        assert!(TABLE.contains(from), "{from}");
        TABLE.replace(from, to)
    };
    let number = "password: 1234567, ipAddress: 10.0.0.7, hwid: HW-1 }\n    breaks_contract: true";
    let as_sent = table("steps:\n", "steps:\n  - let: { sent: $password }\n");
    let object = table("steps:\n", "steps:\n  - let: { it: { password: correct-horse } }\n");
    let all = [
        ("as it is", TABLE.to_owned()),
        ("misspelt", table("password: $password,", "pasword: $password,")),
        ("a number", table("[right, correct-horse", "[right, 1234567")),
        ("where", table("where: { ", "where: { password: correct-horse, ")),
        ("no text", table("password: $password, ipAddress: 10.0.0.7, hwid: HW-1 }", number)),
        ("whole body", table("body: { code: $code }", "body: { exactly: 3 }")),
        (
            "raw",
            table(
                "  - expect: account",
                "  - send: account.session.command\n    \
                 raw: '{ \"password\": \"correct-horse\"'\n  - expect: account",
            ),
        ),
        (
            "another name",
            as_sent
                .replace("password: $password", "password: $sent")
                .replace("code: $code", "code: $sent"),
        ),
        ("in an object", object.replace("code: $code", "code: $it")),
        ("property", PROPERTY.to_owned()),
        ("no yaml", table("tags: [account]", "tags: [account")),
    ];
    let path = |name: &str| format!("{}.scenario.yaml", name.replace(' ', "-"));
    all.into_iter().map(|(name, text)| (path(name), text)).collect()
}

#[rstest]
#[case("run --keep-going")]
#[case("run --keep-going --format json")]
#[case("run --keep-going --twin --save saved")]
#[case("list")]
#[case("lint")]
fn passwords_are_in_no_output(#[case] arguments: &str) {
    let files = files();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let said = Said::of(folder.path(), arguments);
    let mut all = format!("{}{}", said.out, said.err);
    if let Ok(saved) = std::fs::read_dir(folder.path().join("saved")) {
        for file in saved {
            all.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    for secret in ["correct-horse", "open-sesame", "1234567"] {
        let line = all.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{arguments} shows {secret}");
    }
}

#[test]
fn what_is_hidden_is_marked() {
    let files = files();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let said = Said::of(folder.path(), "run --keep-going");
    for shown in [
        "it is not the only account.create with the same password (#0)",
        "$it = {\"password\":\"***\"}",
        "body.code   expected ***",
    ] {
        assert!(said.out.contains(shown), "{shown}: {}", said.out);
    }
    for path in ["no-yaml", "where", "misspelt"] {
        assert!(said.err.contains(&format!("scenarios/{path}.scenario.yaml")), "{}", said.err);
    }
}
