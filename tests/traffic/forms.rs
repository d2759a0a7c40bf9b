//! Reports of tests in several forms at once.

use super::files::{EXPLORED, Said, folder, quintet};

const GOOD: (&str, &str) = ("a.scenario.yaml", super::files::GOOD);
const FAILING: (&str, &str) = ("b.scenario.yaml", super::files::FAILING);
const BROKEN: (&str, &str) = ("c.scenario.yaml", super::files::BROKEN);
const DAMAGED: (&str, &str) = ("d.scenario.yaml", super::files::DAMAGED);
const TABLE: (&str, &str) = ("e.scenario.yaml", super::files::TABLE);

const ALL: &[(&str, &str)] = &[GOOD, FAILING, BROKEN, DAMAGED, TABLE];

#[test]
fn a_run_is_reported_in_every_form_at_once() {
    let folder = folder(ALL);
    let forms = "--format junit --format github --format json --out j.xml --out run.jsonl";
    let said = Said::of(folder.path(), &format!("run --keep-going {forms}"));
    assert_eq!(said.code, 2, "{said:#?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let alone = |form: &str| Said::of(folder.path(), &format!("run --keep-going --format {form}"));
    assert_eq!(read("run.jsonl"), alone("json").out);
    assert_eq!(read("j.xml"), alone("junit").out);
    let (annotations, text): (Vec<_>, Vec<_>) =
        said.out.lines().partition(|line| line.starts_with("::"));
    let only = alone("github").out;
    let expected: Vec<_> = only.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(annotations, expected);
    assert!(text.iter().any(|line| line.starts_with("FAIL  b")), "{}", said.out);
}

#[test]
fn a_failure_has_its_place_among_the_annotations() {
    let said = quintet(ALL, "run --keep-going --format github");
    let place = "::error file=scenarios/b.scenario.yaml,line=12,col=13,title=b%3A expect";
    assert!(said.out.lines().any(|line| line.starts_with(place)), "{}", said.out);
    assert!(said.out.contains("::error file=scenarios/d.scenario.yaml,"), "{}", said.out);
}

#[test]
fn junit_tells_failures_from_trouble_and_from_what_was_not_started() {
    let all = quintet(ALL, "run --keep-going --format junit").out;
    assert!(all.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{all}");
    let count = |text: &str, what: &str| text.matches(what).count();
    // Two tests fail; a setup does not succeed, and a file has two problems.
    assert_eq!([count(&all, "<failure "), count(&all, "<error ")], [2, 3], "{all}");
    assert!(all.contains("tests=\"7\""), "{all}");
    assert!(!all.contains(" time="), "without --timings the report is the same each time");
    assert!(!all.contains('\u{1b}'), "{all}");
    let stopped = quintet(&[FAILING, GOOD, TABLE], "run --format junit").out;
    assert!(count(&stopped, "<skipped ") > 0, "{stopped}");
    let timed = quintet(&[GOOD], "run --format junit --timings").out;
    assert!(timed.contains(" time="), "{timed}");
}

#[test]
fn a_replay_is_reported_in_every_form() {
    let folder = folder(&[("b.scenario.yaml", EXPLORED)]);
    Said::of(folder.path(), "run --save saved");
    let replay = "replay saved/b.choices.json";
    let junit = Said::of(folder.path(), &format!("{replay} --format junit"));
    assert!(junit.code == 1 && junit.out.contains("<failure "), "{junit:#?}");
    let both = Said::of(folder.path(), &format!("{replay} --format json --out r.jsonl"));
    assert!(both.out.starts_with("FAIL  b"), "{both:#?}");
    let lines = std::fs::read_to_string(folder.path().join("r.jsonl")).unwrap();
    assert!(lines.lines().last().is_some_and(|line| line.contains("\"summary\"")), "{lines}");
}
