//! The same findings in all forms.

use serde_json::Value;

use crate::{TODAY, changed, contracts, quintet, text};

fn drift(form: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    changed(
        folder.path(),
        &[("ban", "code: { type: string, x-type", "code: { type: integer, x-type")],
    );
    text(&quintet(folder.path(), &["drift", ".", "--format", form, "--today", TODAY]).stdout)
}

#[test]
fn sarif_has_rules_places_fingerprints_and_suppressions() {
    let whole: Value = serde_json::from_str(&drift("sarif")).expect("JSON");
    assert_eq!(whole["version"], "2.1.0");
    let run = &whole["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(results.len() > 10);
    for result in results {
        let at = result["ruleIndex"].as_u64().expect("an index");
        let rule = &rules[usize::try_from(at).expect("small")];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["shortDescription"]["text"].is_string(), "{rule}");
        let print = result["partialFingerprints"]["quintet/v1"].as_str().expect("a fingerprint");
        assert_eq!(print.len(), 16);
    }
    let new: Vec<_> = results.iter().filter(|result| result["suppressions"].is_null()).collect();
    let refused = new.iter().find(|one| one["ruleId"] == "type-refused").expect("the planted one");
    assert_eq!(refused["level"], "error");
    let region = &refused["locations"][0]["physicalLocation"]["region"];
    assert!(region["startLine"].as_u64() > Some(1) && region["startColumn"].as_u64() > Some(1));
    assert_eq!(refused["relatedLocations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn annotations_markdown_and_junit_say_the_same() {
    let github = drift("github");
    assert!(github.lines().all(|line| line.starts_with("::")), "{github}");
    assert!(github.contains("::error file=./account.asyncapi.yaml,line="), "{github}");
    let markdown = drift("markdown");
    assert!(markdown.starts_with("### quintet contracts drift"));
    assert!(markdown.contains("| breaks | `type-refused` |"), "{markdown}");
    assert!(markdown.contains("<details><summary>Accepted:"));
    let junit = drift("junit");
    assert!(junit.contains("<failure") && junit.contains("type=\"type-refused\""), "{junit}");
}

#[test]
fn text_shows_places_and_the_value() {
    let told = drift("text");
    assert!(told.contains("breaks type-refused  account → ban"), "{told}");
    assert!(told.contains("account.asyncapi.yaml:") && told.contains("witness: {"), "{told}");
    assert!(told.contains("fingerprint "), "{told}");
}

#[test]
fn a_report_can_go_into_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("drift.sarif");
    let out = path.to_string_lossy();
    let arguments = ["drift", "--format", "sarif", "--out", &out, "--today", TODAY];
    let output = quintet(&contracts(), &arguments);
    assert!(text(&output.stdout).contains("disagreements of 5 documents"));
    let whole = std::fs::read_to_string(&path).expect("the report");
    assert!(serde_json::from_str::<Value>(&whole).is_ok());
}

#[test]
fn each_rule_is_in_the_documents() {
    let page = include_str!("../../docs/contracts.md");
    for kind in quintet::compatibility::KINDS {
        let row = format!("| `{}` | {} |", kind.name, kind.text);
        assert!(page.contains(&row), "docs/contracts.md has no row {row}");
    }
    let damages = quintet::coverage::DAMAGES;
    for (name, text) in damages.into_iter().chain(quintet::needs::RULES) {
        let row = format!("| `{name}` | {text} |");
        assert!(page.contains(&row), "docs/contracts.md has no row {row}");
    }
    for (_, name, text) in quintet::coverage::ELEMENTS {
        let row = format!("| {name} | {text} |");
        assert!(page.contains(&row), "docs/contracts.md has no row {row}");
    }
    for (_, name, text) in quintet::needs::PROBES {
        let row = format!("| `{name}` | {text} |");
        assert!(page.contains(&row), "docs/contracts.md has no row {row}");
    }
}
