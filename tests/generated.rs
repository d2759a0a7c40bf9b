//! The documents that are made from the program's tables and help texts are current.
//!
//! To renew them: `QUINTET_RENEW=1 cargo test --test generated`, then look at the difference.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use quintet::cli::EXITS;
use quintet::diagnostic::CODES;
use quintet::rule::Basis;
use quintet::scenario::vocabulary::{ALWAYS, FAULTS, MATCHERS, Needed, VERBS, Word};
use rstest::rstest;

const MARK: &str = "Made from the program by `tests/generated.rs`; do not edit.";

#[rstest]
#[case("docs/commands.md", commands())]
#[case("docs/exit-codes.md", exit_codes())]
#[case("docs/codes.md", codes())]
#[case("docs/rules.md", rules())]
#[case("docs/words.md", words())]
fn is_current(#[case] path: &str, #[case] made: String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("QUINTET_RENEW").is_some() {
        std::fs::create_dir_all(file.parent().expect("documents are in a folder")).unwrap();
        std::fs::write(&file, &made).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let line = text.lines().zip(made.lines()).position(|(a, b)| a != b);
    assert!(
        text == made,
        "{path} is out of date (line {}); renew it: \
         QUINTET_RENEW=1 cargo test --test generated",
        line.map_or(text.lines().count(), |line| line) + 1,
    );
}

fn head(title: &str, about: &str) -> String {
    format!("<!-- {MARK} -->\n\n# {title}\n\n{about}\n")
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn commands() -> String {
    let about = "The help texts of `quintet`. How a command ends: [exit codes](exit-codes.md).";
    let mut text = head("Commands", about);
    let all = [
        "",
        "run",
        "explore",
        "mutants",
        "list",
        "lint",
        "fmt",
        "schema",
        "completions",
        "man",
        "explain",
        "replay",
    ];
    let contracts = [
        "contracts",
        "contracts check",
        "contracts show",
        "contracts drift",
        "contracts breaking",
        "contracts matrix",
        "contracts coverage",
        "contracts needs",
        "contracts compare",
    ];
    let on_brokers = ["serve", "topics", "verify", "monitor", "capture", "check"];
    for command in all.into_iter().chain(contracts).chain(on_brokers) {
        let mut quintet = Command::new(env!("CARGO_BIN_EXE_quintet"));
        let called = quintet.args(command.split_whitespace()).arg("--help").output();
        let help = String::from_utf8(called.expect("the binary is built").stdout).unwrap();
        let name = format!("quintet {command}");
        let lines: Vec<_> = help.lines().map(str::trim_end).collect();
        let help = lines.join("\n");
        let _ = write!(text, "\n## {}\n\n```text\n{}\n```\n", name.trim(), help.trim());
    }
    text
}

fn exit_codes() -> String {
    let about = "Where several apply, the first of 101, 2, 1, 3, 4 counts.";
    let mut text = head("Exit codes", about);
    text.push_str("\n| Code | Meaning | When |\n|---:|---|---|\n");
    for info in EXITS {
        let (title, when) = (cell(info.title), cell(info.explanation));
        let _ = writeln!(text, "| {} | {title} | {when} |", info.code);
    }
    text
}

fn codes() -> String {
    let about = "Each problem of a file and each way in which a test fails has a code; \
                 `quintet explain CODE` says the same.";
    let mut text = head("Codes", about);
    let mut area = "";
    for info in CODES {
        let (own, _) = info.code.split_once("::").expect("a test holds the form of codes");
        if own != area {
            let _ = write!(text, "\n## {own}\n");
            area = own;
        }
        let _ = write!(text, "\n**`{}`**: {}. {}\n", info.code, info.title, info.explanation);
        if let Some(example) = info.example {
            let _ = write!(text, "\n```yaml\n{}\n```\n", example.trim_end());
        }
    }
    text
}

fn rules() -> String {
    let about = "What the services must do, with the document and section that each rule rests \
                 on.\n\n\
                 * **documented**: the document says it; breaking it is a violation.\n\
                 * **safety**: it follows from the document; breaking it is a violation.\n\
                 * **choice**: the document is silent and this is what the reference does. What \
                 is also accepted is at most an advisory; only what is outside both is a \
                 violation.\n\n\
                 What is *forbidden* is a list of mistakes that break the rule: `quintet \
                 mutants` plants each of them ([mutants.md](mutants.md)).";
    let mut text = head("Rules", about);
    text.push_str("\n| Rule | Basis | Text | Also accepted | Forbidden | Document |\n|---|---|---|---|---|---|\n");
    for rule in quintet::services::rules() {
        let others = rule.also_accepted.iter();
        let others: Vec<_> = others.map(|one| format!("`{}`: {}", one.name, one.text)).collect();
        let forbidden = rule.forbidden.iter();
        let forbidden: Vec<_> =
            forbidden.map(|one| format!("`{}`: {}", one.name, one.text)).collect();
        let basis = match rule.basis {
            Basis::Documented => "documented",
            Basis::Safety => "safety",
            Basis::Choice => "choice",
        };
        let _ = writeln!(
            text,
            "| {} | {basis} | {} | {} | {} | {}, {} |",
            rule.name,
            cell(rule.text),
            cell(&others.join("; ")),
            cell(&forbidden.join("; ")),
            rule.document,
            rule.section
        );
    }
    text
}

fn words() -> String {
    let about =
        "Every word of [scenario files](scenarios.md); `quintet explain WORD` says the same.";
    let mut text = head("The words of scenario files", about);
    let verbs = "A step has exactly one verb, and the fields that go with it.";
    push_words(&mut text, ("Verbs", verbs), VERBS);
    let matchers = "A matcher stands for a value: it matches where something is expected, and \
                    makes a value where something is sent.";
    push_words(&mut text, ("Matchers", matchers), MATCHERS);
    let always = "Under `always`: what must hold of everything that happened in a test.";
    push_words(&mut text, ("Properties", always), ALWAYS);
    let properties =
        "The words of [files of properties](properties.md), which `--properties` reads.";
    let _ = write!(text, "\n## Words of properties\n\n{properties}\n");
    for word in quintet::property::WORDS {
        let _ = write!(text, "\n### `{}` in a file\n\n{}\n\n", word.name, word.doc);
        for field in word.fields {
            let needed = if field.required { "" } else { " (optional)" };
            let _ = writeln!(text, "* `{}`: {}{needed}", field.name, field.doc);
        }
        let _ = writeln!(text, "* `{}`: the key fields", word.by);
        let _ = write!(text, "\n```yaml\n{}\n```\n", word.example);
    }
    let faults = "A fault strikes once, at the next delivery of the message to the service. \
                  Besides `service` and `message` it takes:";
    push_words(&mut text, ("Faults", faults), FAULTS);
    text
}

fn push_words<K>(text: &mut String, (title, about): (&str, &str), table: &'static [Word<K>]) {
    let _ = write!(text, "\n## {title}\n\n{about}\n");
    for word in table {
        let _ = write!(text, "\n### `{}`\n\n{}\n", word.name, word.doc);
        let fields: String = word.fields.iter().fold(String::new(), |all, field| {
            let needed = match field.needed {
                Needed::Required => "",
                Needed::Optional => " (optional)",
            };
            format!("{all}* `{}`: {}{needed}\n", field.name, field.doc)
        });
        if !fields.is_empty() {
            let _ = write!(text, "\n{fields}");
        }
        let _ = write!(text, "\n```yaml\n{}\n```\n", word.example.trim_end());
    }
}
