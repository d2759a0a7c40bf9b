//! `contracts drift`: what the five documents do not agree on, and what is accepted of it.

use std::fmt::Write as _;

use quintet::diagnostic::SourceFile;
use quintet::yaml::{self, Meaning, Node};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{TODAY, changed, contracts, events, lines, quintet, text};

/// What is found in the repository's contracts.
fn found() -> Vec<Value> {
    let arguments = ["drift", "--format", "json", "--today", TODAY];
    events(&lines(&quintet(&contracts(), &arguments)), "finding")
}

/// What is said of `rule`, `channel/message field` and `sender > receiver`.
fn about(found: &[Value], rule: &str, what: &str, between: &str) -> Vec<Value> {
    let part = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let matches = |one: &&Value| {
        let kind = match one["type"].as_str() {
            Some(kind) => format!("{}/{kind}", part(&one["channel"])),
            None => part(&one["channel"]),
        };
        let own = format!("{kind} {}", part(&one["field"]));
        let sides = format!("{} > {}", part(&one["sender"]), part(&one["receiver"]));
        one["rule"] == rule && own.trim() == what && sides.trim() == between
    };
    found.iter().filter(matches).cloned().collect()
}

/// The disagreements that are known of the five documents, by their numbers.
#[test]
fn each_known_disagreement_is_found() {
    const STATUS: &str = "account.session.status";
    let found = found();
    let mut known: Vec<(u32, &str, String, &str)> = vec![
        (
            1,
            "field-not-read",
            "account.session.command/CREATE /body/hwid".into(),
            "login > account",
        ),
        (
            5,
            "field-not-always-sent",
            format!("{STATUS}/REQUEST_LICENSE_AGREEMENT /body"),
            "account > login",
        ),
        (6, "message-not-read", "account.status/CREATED".into(), "account > login"),
        (7, "value-never-sent", "session.status/CREATED /issuer".into(), "login > effective_stats"),
        (9, "type-named-differently", "worldId".into(), ">"),
        (9, "type-named-differently", "channelId".into(), ">"),
        (10, "key-always-the-same", "account.session.command/CREATE /accountId".into(), "login >"),
    ];
    for kind in ["CREATED", "ERROR"] {
        let field = |name: &str| format!("{STATUS}/{kind} {name}");
        let number = if kind == "CREATED" { 3 } else { 4 };
        known.push((2, "field-not-promised", field("/accountName"), "account > ban"));
        known.push((number, "field-not-promised", field("/body/ipAddress"), "account > ban"));
        known.push((number, "field-not-promised", field("/body/hwid"), "account > ban"));
    }
    for kind in ["CREATE", "PROGRESS_STATE", "LOGOUT"] {
        let field = format!("account.session.command/{kind} /author");
        known.push((7, "value-never-sent", field, "login > account"));
    }
    let unsent = [
        ("ban.command", "> ban"),
        ("account.create", "> account"),
        ("seed.status", "> login"),
        ("buff.status", "> effective_stats"),
        ("asset.status", "> effective_stats"),
        ("invite.command", "> invite"),
        ("character.status", "> invite"),
    ];
    known.extend(unsent.map(|(channel, to)| (8, "channel-without-sender", channel.into(), to)));
    for (channel, from) in [("ban.status", "ban >"), ("invite.status", "invite >")] {
        known.push((8, "channel-without-receiver", channel.into(), from));
    }
    let mut numbers = Vec::new();
    for (number, rule, what, between) in known {
        let own = about(&found, rule, &what, between);
        assert_eq!(own.len(), 1, "{number}: {rule} {what} {between}: {found:#?}");
        assert!(own[0]["places"].as_array().is_some_and(|places| places.len() >= 2), "{own:?}");
        assert!(own[0]["places"][0]["line"].as_u64().is_some_and(|line| line > 1), "{own:?}");
        assert!(own[0]["accepted"]["reason"].is_string(), "{own:?}");
        numbers.push(number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
}

#[test]
fn what_breaks_has_a_value_that_shows_it() {
    let found = found();
    let schemas = ["field-not-promised", "field-not-always-sent", "value-refused", "type-refused"];
    let mut shown = 0;
    for one in &found {
        let rule = one["rule"].as_str().expect("a rule");
        if one["severity"] == "breaks" && schemas.contains(&rule) {
            assert!(one["witness"].is_object(), "{one:#}");
            shown += 1;
        }
        assert!(!rule.starts_with("undecided"), "{one:#}");
    }
    assert!(shown >= 7, "{found:#?}");
    let body = "account.session.status/REQUEST_LICENSE_AGREEMENT /body";
    let witness = &about(&found, "field-not-always-sent", body, "account > login")[0]["witness"];
    assert_eq!(witness["type"], "REQUEST_LICENSE_AGREEMENT");
    assert!(witness.get("body").is_none(), "{witness}");
    assert_eq!(witness["sessionId"], "00000000-0000-0000-0000-000000000000");
    let read = about(
        &found,
        "field-not-read",
        "account.session.command/CREATE /body/hwid",
        "login > account",
    );
    assert!(read[0]["witness"]["body"]["hwid"].is_string(), "{read:?}");
    assert_eq!(read[0]["witness"]["body"]["password"], "***");
}

#[test]
fn what_is_accepted_passes_until_its_day_is_over() {
    let run = |day: &str| quintet(&contracts(), &["drift", "--format", "json", "--today", day]);
    let today = run(TODAY);
    let summary = lines(&today).pop().expect("a summary");
    assert_eq!(today.status.code(), Some(0), "{summary}");
    assert_eq!((&summary["new"], &summary["unused"]), (&json!(0), &json!(0)));
    let late = run("2999-01-01");
    let summary = lines(&late).pop().expect("a summary");
    assert_eq!(late.status.code(), Some(1));
    assert_eq!((&summary["expired"], &summary["accepted"]), (&summary["disagreements"], &json!(0)));
}

type Change<'a> = (&'a str, &'a str, &'a str);

#[rstest]
#[case::field_renamed(
    &[("ban", "hwid: {", "hardware: {"), ("ban", "ipAddress, hwid]", "ipAddress, hardware]")],
    ("field-not-promised", "/body/hardware")
)]
#[case::range_narrowed(
    &[("login", "reason: { type: integer, minimum: 0, maximum: 255",
        "reason: { type: integer, minimum: 0, maximum: 200")],
    ("range-refused", "/body/reason")
)]
#[case::type_changed(
    &[("ban", "code: { type: string, x-type", "code: { type: integer, x-type")],
    ("type-refused", "/body/code")
)]
#[case::key_source(
    &[("effective", "x-key: { field: /characterId, encoding: uint32-le-8, basis: field }",
        "x-key: { field: /worldId, encoding: uint32-le-8, basis: documented }")],
    ("key-source-differs", "")
)]
fn a_new_disagreement_fails(#[case] changes: &[Change<'_>], #[case] (rule, field): (&str, &str)) {
    let folder = tempfile::tempdir().expect("a folder");
    changed(folder.path(), changes);
    let output = quintet(folder.path(), &["drift", ".", "--format", "json", "--today", TODAY]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let mut new = events(&lines(&output), "finding");
    new.retain(|one| one["accepted"].is_null());
    let is_it = |one: &&Value| one["rule"] == rule && one["field"].as_str().unwrap_or("") == field;
    let own = new.iter().find(is_it).unwrap_or_else(|| panic!("{new:#?}"));
    assert!(!field.starts_with("/body") || own["witness"].is_object(), "{own:#}");
}

#[test]
fn an_entry_that_accepts_nothing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    changed(folder.path(), &[]);
    let path = folder.path().join("accepted.yaml");
    let mut accepted = std::fs::read_to_string(&path).expect("text");
    accepted
        .push_str("  - { fingerprints: ['0123456789abcdef'], reason: gone, until: 2999-01-01 }\n");
    std::fs::write(&path, accepted).expect("a file");
    let output = quintet(folder.path(), &["drift", ".", "--format", "json", "--today", TODAY]);
    let unused = events(&lines(&output), "unused");
    assert_eq!(unused.len(), 1);
    assert_eq!(unused[0]["fingerprint"], "0123456789abcdef");
    assert_eq!(output.status.code(), Some(0));
}

/// The document in other words: keys in the opposite order, in another layout, with comments.
fn reformatted(node: &Node, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth + 1);
    match &node.value {
        yaml::Value::Mapping(members) => {
            out.push_str("{\n");
            for (at, (key, value)) in members.iter().rev().enumerate() {
                if at > 0 {
                    out.push_str(",\n");
                }
                let name = json!(key.scalar().expect("a key").text);
                let _ = write!(out, "{indent}# a comment\n{indent}{name}: ");
                reformatted(value, depth + 1, out);
            }
            let _ = write!(out, "\n{indent}}}");
        }
        yaml::Value::Sequence(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                reformatted(item, depth + 1, out);
            }
            out.push(']');
        }
        yaml::Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Text(text) => out.push_str(&json!(text).to_string()),
            _ => out.push_str(&scalar.text),
        },
    }
}

#[test]
fn fingerprints_survive_another_layout() {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(contracts()).expect("the contracts") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let whole = std::fs::read_to_string(&path).expect("text");
        let node = yaml::read(&SourceFile::new("a.yaml", whole), &mut Vec::new()).expect("a tree");
        let mut other = String::from("# All of it in other words.\n");
        reformatted(&node, 0, &mut other);
        other.push('\n');
        if name.ends_with(".asyncapi.yaml") {
            std::fs::write(folder.path().join(name), other).expect("a file");
        }
    }
    let output = quintet(folder.path(), &["drift", ".", "--format", "json", "--today", TODAY]);
    let prints = |found: Vec<Value>| {
        let mut all: Vec<_> =
            found.iter().map(|one| one["fingerprint"].as_str().unwrap_or("").to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(prints(events(&lines(&output), "finding")), prints(found()));
}

/// What the documentation shows is what the program says.
#[test]
fn the_example_of_the_documents_is_real() {
    let none = tempfile::tempdir().expect("a folder");
    let accepted = none.path().join("none.yaml");
    std::fs::write(&accepted, "format: 1\naccepted: []\n").expect("a file");
    let accepted = accepted.to_string_lossy();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let told = text(&quintet(root, &["drift", "contracts", "--accept", &accepted]).stdout);
    let page = include_str!("../../docs/contracts.md");
    let start = page.find("breaks field-not-always-sent").expect("the example");
    let example = page[start..].split("```").next().expect("its end");
    assert!(told.contains(example.trim_end()), "{told}");
}
