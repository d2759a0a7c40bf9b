//! The guide for those who write scenarios: what it quotes is true, what it lists is complete.
//!
//! To renew what is made in it: `QUINTET_RENEW=1 cargo test --test scenarios guide`.

use std::fmt::Write as _;
use std::process::Command;

use quintet::contract::Action;
use quintet::diagnostic::render;
use quintet::scenario::vocabulary::{ALWAYS, FAULTS, MATCHERS, Needed, VERBS, Word};
use quintet::scenario::{Known, load_bytes, words_of};

use super::support::{Repository, SETUP, files, root};

const GUIDE: &str = "docs/scenarios.md";
const BEGIN: &str = "<!-- made from the program's tables by tests/scenarios/guide.rs -->\n";
const END: &str = "<!-- end of what is made -->\n";

fn guide() -> String {
    std::fs::read_to_string(root().join(GUIDE)).expect("the guide is there")
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts.map(|part| part.split("\n```").next().unwrap_or_default().to_owned() + "\n").collect()
}

/// A block as a whole file: steps alone become the steps of one.
fn whole(block: &str) -> String {
    if !block.starts_with("- ") {
        return block.to_owned();
    }
    let steps = block.lines().map(|line| format!("  {line}\n"));
    format!("format: 1\nscenario: It holds\nsteps:\n{}", steps.collect::<String>())
}

#[test]
fn each_block_is_a_file_of_the_suite_or_reads_without_a_remark() {
    let suite: Vec<_> = files("scenarios")
        .iter()
        .map(|path| std::fs::read_to_string(root().join(path)).expect("it is there"))
        .collect();
    let blocks = blocks(&guide(), "yaml");
    let quoted = blocks.iter().filter(|block| suite.contains(block)).count();
    assert!(quoted >= 3, "the guide quotes only {quoted} files of the suite");
    let words = words_of(&quintet::services::reference());
    let known = Known { contracts: &SETUP.contracts, words: &words };
    for block in blocks.iter().filter(|block| !suite.contains(block)) {
        let path = "scenarios/guide/block.scenario.yaml";
        let loaded = load_bytes(path, whole(block).as_bytes(), &known, &Repository);
        let remarks = loaded.diagnostics.iter().map(|one| render(one, false));
        let remarks: Vec<_> = remarks.collect();
        assert!(remarks.is_empty(), "{}\n{block}", remarks.join("\n"));
    }
}

/// A path in the guide of a file that is quoted under it.
#[test]
fn what_is_quoted_under_a_path_is_that_file() {
    let guide = guide();
    let mut found = 0;
    for part in guide.split("\n`scenarios/").skip(1) {
        let (path, rest) = part.split_once('`').expect("a path ends");
        let block = rest.split_once("```yaml\n").map(|(_, block)| block);
        let block = block.and_then(|block| block.split("\n```").next());
        let path = format!("scenarios/{path}");
        let text = std::fs::read_to_string(root().join(&path)).expect("it is there");
        assert_eq!(block.map(|block| format!("{block}\n")), Some(text), "{path}");
        found += 1;
    }
    assert!(found >= 3, "only {found} files are quoted");
}

/// The failure in the guide is what the program says of the scenario above it.
#[test]
fn the_failure_is_real() {
    let guide = guide();
    let (before, after) = guide.split_once("\n```text\nFAIL").expect("the guide shows a failure");
    let scenario = blocks(before, "yaml").pop().expect("a scenario that fails");
    let shown = format!("FAIL{}", after.split("\n```").next().unwrap_or_default());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("wrong.scenario.yaml"), scenario).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_quintet"))
        .args(["run", "wrong.scenario.yaml"])
        .current_dir(folder.path())
        .output()
        .expect("the binary is built");
    let text = String::from_utf8(output.stdout).expect("text");
    let text = text.split("\n\n1 test:").next().unwrap_or_default();
    assert_eq!(timeless(&shown), timeless(text));
    assert_eq!(output.status.code(), Some(1));
}

/// Without the real time that a test took.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(" · ") {
        Some((before, _)) if line.starts_with("FAIL") => before,
        _ => line.trim_end(),
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn the_tables_are_current() {
    let guide = guide();
    let (before, rest) = guide.split_once(BEGIN).expect("the tables begin");
    let (there, after) = rest.split_once(END).expect("the tables end");
    let made = tables();
    if std::env::var_os("QUINTET_RENEW").is_some() {
        let text = format!("{before}{BEGIN}{made}{END}{after}");
        std::fs::write(root().join(GUIDE), text).expect("the guide can be written");
        return;
    }
    assert!(
        there == made,
        "{GUIDE} is out of date: QUINTET_RENEW=1 cargo test --test scenarios guide renews it"
    );
}

fn tables() -> String {
    let mut text = String::new();
    push_words(&mut text, "Verbs", "fields", VERBS, own_fields);
    push_matchers(&mut text);
    push_words(&mut text, "Faults", "takes besides `service` and `message`", FAULTS, fields);
    push_words(&mut text, "Properties", "fields", ALWAYS, fields);
    push_channels(&mut text);
    push_services(&mut text);
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn fields<K>(word: &Word<K>) -> String {
    let names = word.fields.iter().map(|field| match field.needed {
        Needed::Required => format!("`{}`", field.name),
        Needed::Optional => format!("[`{}`]", field.name),
    });
    names.collect::<Vec<_>>().join(" ")
}

/// The fields besides the verb itself.
fn own_fields<K>(word: &Word<K>) -> String {
    let all = fields(word);
    let own = format!("`{}`", word.name);
    all.strip_prefix(&own).unwrap_or(&all).trim_start().to_owned()
}

fn push_words<K>(
    text: &mut String,
    title: &str,
    takes: &str,
    table: &'static [Word<K>],
    fields: fn(&Word<K>) -> String,
) {
    let lower = title.to_lowercase();
    let one = match lower.as_str() {
        "properties" => "property",
        other => other.trim_end_matches('s'),
    };
    let _ = write!(text, "\n### {title}\n\n| {one} | what it does | {takes} |\n|---|---|---|\n");
    for word in table {
        let (doc, fields) = (cell(word.doc), fields(word));
        let _ = writeln!(text, "| `{}` | {doc} | {fields} |", word.name);
    }
}

fn push_matchers(text: &mut String) {
    text.push_str("\n### Matchers\n\n| for example | what it stands for |\n|---|---|\n");
    for word in MATCHERS {
        let _ = writeln!(text, "| `{}` | {} |", cell(word.example), cell(word.doc));
    }
}

fn push_channels(text: &mut String) {
    text.push_str(
        "\n### Channels and messages\n\n\
         | channel | topic | messages | sent by | read by |\n|---|---|---|---|---|\n",
    );
    let contracts = &SETUP.contracts;
    for channel in contracts.channels() {
        let kinds = contracts.messages(channel.index);
        let names: Vec<_> = kinds
            .map(|kind| match &channel.discriminator {
                Some(_) => format!("`{}`", kind.name),
                None => "one kind".to_owned(),
            })
            .collect();
        let who = |action| {
            let all = contracts.contracts().iter();
            let all = all.filter(|one| one.does(action, &channel.name));
            let all: Vec<_> = all.map(|one| one.service.as_str()).collect();
            if all.is_empty() { "the test".to_owned() } else { all.join(", ") }
        };
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} | {} |",
            channel.name,
            channel.address,
            names.join(" "),
            who(Action::Send),
            who(Action::Receive)
        );
    }
}

fn push_services(text: &mut String) {
    text.push_str(
        "\n### What services can be told, asked and given\n\n\
         | service | stimuli | queries | settings | data |\n|---|---|---|---|---|\n",
    );
    let call = |service: &str, words: &[(&str, &[&str])]| {
        let all = words
            .iter()
            .map(|(name, arguments)| format!("`{service}.{name}` ({})", arguments.join(", ")));
        all.collect::<Vec<_>>().join("<br>")
    };
    for (service, words) in words_of(&quintet::services::reference()) {
        let settings: Vec<_> = words.settings.iter().map(|one| format!("`{one}`")).collect();
        let data = words.data.iter();
        let data: Vec<_> =
            data.map(|(name, fields)| format!("`{name}` ({})", fields.join(", "))).collect();
        let _ = writeln!(
            text,
            "| {service} | {} | {} | {} | {} |",
            call(&service, words.stimuli),
            call(&service, words.queries),
            settings.join(" "),
            data.join("<br>")
        );
    }
}
