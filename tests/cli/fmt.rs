//! `fmt`, `schema`, `completions` and `man`.

use rstest::rstest;

use super::files::{GOOD, Said, folder, quintet};

const UNTIDY: &str = "\
format: 1
scenario: A ban is made   # said so
tenant: {region: GMS, major: 83,minor: 1}
steps:
- send: ban.command/CREATE
  with: { body: {value: 10.0.0.9, permanent: true} }

# what comes back
- expect: ban.status/CREATED
";
const TIDY: &str = "\
format: 1
scenario: A ban is made   # said so
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.9, permanent: true } }

  # what comes back
  - expect: ban.status/CREATED
";

#[test]
fn files_get_one_layout() {
    let folder = folder(&[("x.scenario.yaml", UNTIDY), ("y.scenario.yaml", TIDY)]);
    let check = Said::of(folder.path(), "fmt --check");
    assert_eq!(check.code, 1);
    assert_eq!(check.out, "scenarios/x.scenario.yaml\n1 of 2 files would be changed\n");
    let text = || std::fs::read_to_string(folder.path().join("scenarios/x.scenario.yaml")).unwrap();
    assert_eq!(text(), UNTIDY);
    assert_eq!(Said::of(folder.path(), "fmt").out, "1 of 2 files changed\n");
    assert_eq!(text(), TIDY);
    assert_eq!(Said::of(folder.path(), "fmt --check").code, 0);
    let names = std::fs::read_dir(folder.path().join("scenarios")).unwrap().count();
    assert_eq!(names, 2, "nothing else is left behind");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = folder(&[]);
    let said = Said::with_input(folder.path(), "fmt -", UNTIDY.as_bytes());
    assert_eq!((said.code, &*said.out), (0, TIDY));
    assert_eq!(Said::with_input(folder.path(), "fmt --check -", UNTIDY.as_bytes()).code, 1);
}

#[test]
fn what_cannot_be_read_is_left() {
    let bad = "format: 1\nscenario: [\n";
    let folder = folder(&[("x.scenario.yaml", bad), ("y.scenario.yaml", UNTIDY)]);
    let said = Said::of(folder.path(), "fmt");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("yaml::syntax"), "{}", said.err);
    let text = |name: &str| std::fs::read_to_string(folder.path().join("scenarios").join(name));
    assert_eq!(text("x.scenario.yaml").unwrap(), bad);
    assert_eq!(text("y.scenario.yaml").unwrap(), TIDY);
}

#[rstest]
#[case("bash", "--last-failed")]
#[case("zsh", "last-failed")]
#[case("fish", "last-failed")]
#[case("powershell", "last-failed")]
#[case("elvish", "last-failed")]
fn shells_complete_words(#[case] shell: &str, #[case] part: &str) {
    let said = quintet(&[("good.scenario.yaml", GOOD)], &format!("completions {shell}"));
    assert_eq!((said.code, &*said.err), (0, ""));
    assert!(said.out.contains(part), "{}", said.out);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let whole = quintet(&[], "man");
    assert_eq!(whole.code, 0);
    assert!(whole.out.contains(".TH quintet 1"), "{}", whole.out);
    assert!(whole.out.contains("quintet\\-run(1)"), "{}", whole.out);
    let run = quintet(&[], "man run");
    assert!(run.out.contains("last\\-failed"), "{}", run.out);
    assert!(quintet(&[], "man contracts drift").out.contains("quintet\\-contracts\\-drift"));
    let none = quintet(&[], "man rnu");
    assert_eq!(none.code, 2);
    assert!(none.err.contains("did you mean `run`?"), "{}", none.err);
}

#[test]
fn schemas_are_json() {
    for which in ["scenario", "properties", "accepted", "probe"] {
        let said = quintet(&[], &format!("schema {which}"));
        assert_eq!(said.code, 0, "{said:?}");
        let schema: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    }
}
