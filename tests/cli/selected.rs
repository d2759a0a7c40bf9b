//! Which tests a command line means: one row, a name, those that failed last, standard input.

use std::path::Path;

use super::files::{BROKEN, FAILING, GOOD, Said, TABLE, folder};

const TABLE_PATH: &str = "scenarios/d/table.scenario.yaml";

#[test]
fn again_runs_just_the_row_that_failed() {
    let folder = folder(&[("d/table.scenario.yaml", TABLE)]);
    let said = Said::of(folder.path(), "run --keep-going");
    assert!(said.out.contains("2 tests: 1 passed, 1 failed"), "{}", said.out);
    let again = format!("again:  quintet run {TABLE_PATH}::right --seed 0");
    assert!(said.out.contains(&again), "{}", said.out);
    let one = Said::of(folder.path(), &format!("run {TABLE_PATH}::right --seed 0"));
    assert!(one.out.contains("1 test: 1 failed"), "{}", one.out);
    let hash = |arguments: &str| {
        let json = Said::of(folder.path(), &format!("run {arguments} --format json")).out;
        let line = json.lines().find(|line| line.contains("d/table::right")).unwrap().to_owned();
        line.split("\"hash\":").nth(1).unwrap()[..18].to_owned()
    };
    assert_eq!(hash("--keep-going"), hash(&format!("{TABLE_PATH}::right")));
}

#[test]
fn rows_of_one_file_add_up() {
    let folder = folder(&[("d/table.scenario.yaml", TABLE), ("a.scenario.yaml", GOOD)]);
    let tests = |arguments: &str| Said::of(folder.path(), arguments).out.lines().count();
    assert_eq!(tests(&format!("list {TABLE_PATH}::right")), 1);
    assert_eq!(tests(&format!("list {TABLE_PATH}::right {TABLE_PATH}::wrong")), 2);
    assert_eq!(tests(&format!("list {TABLE_PATH}::right {TABLE_PATH}")), 2);
    assert_eq!(tests(&format!("list {TABLE_PATH}::right scenarios")), 3);
    assert_eq!(tests("list --name table"), 2);
    assert_eq!(tests("list --name table::r --name a"), 3);
    assert_eq!(tests("list --name table::r"), 1);
}

#[test]
fn a_row_that_is_not_there_is_named() {
    let folder = folder(&[("d/table.scenario.yaml", TABLE), ("a.scenario.yaml", GOOD)]);
    let said = Said::of(folder.path(), &format!("run {TABLE_PATH}::rihgt"));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("has no row `rihgt`; did you mean `right`?"), "{}", said.err);
    let said = Said::of(folder.path(), "run scenarios/a.scenario.yaml::x");
    assert!(said.err.contains("has no row `x`; it has no table"), "{}", said.err);
    let said = Said::of(folder.path(), "run scenarios/gone.yaml::x");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("there is no file or folder scenarios/gone.yaml::x"), "{}", said.err);
    let said = Said::of(folder.path(), "run --name nothing");
    assert_eq!((said.code, said.err.contains("no test has such a name")), (4, true));
}

/// The files below a folder.
fn files_below(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => found.extend(files_below(&path)),
            false => found.push(path.display().to_string()),
        }
    }
    found
}

#[test]
fn what_failed_last_is_run_alone_until_it_passes() {
    let folder = folder(&[
        ("a.scenario.yaml", GOOD),
        ("b.scenario.yaml", FAILING),
        ("c.scenario.yaml", BROKEN),
        ("d/table.scenario.yaml", TABLE),
    ]);
    let cache = folder.path().join(".cache");
    let none = Said::of(folder.path(), "run --last-failed");
    assert_eq!(none.code, 4);
    assert!(none.err.contains("none of these tests is known to have failed"), "{}", none.err);
    assert!(none.err.contains("quintet/last-failed/"), "{}", none.err);
    Said::of(folder.path(), "run scenarios/a.scenario.yaml");
    assert!(files_below(&cache).is_empty(), "nothing failed, so nothing is kept");

    Said::of(folder.path(), "run --keep-going");
    assert_eq!(files_below(&cache).len(), 1, "one file, and nothing half-written");
    let listed = Said::of(folder.path(), "list --last-failed").out;
    let names: Vec<_> = listed.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(names, ["b", "c", "d/table::right"]);

    // A run says nothing of tests that it did not run.
    Said::of(folder.path(), "run scenarios/a.scenario.yaml");
    let mended = FAILING
        .replace("wanted: 7", "wanted: 1")
        .replace("    within: 2s\n", "    within: 2s\n  - allow: ban.status\n");
    std::fs::write(folder.path().join("scenarios/b.scenario.yaml"), mended).unwrap();
    let said = Said::of(folder.path(), "run --last-failed --keep-going");
    assert!(said.out.contains("3 tests: 1 passed, 1 failed, 1 broken"), "{}", said.out);
    let listed = Said::of(folder.path(), "list --last-failed").out;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    for file in files_below(&cache) {
        let text = std::fs::read_to_string(file).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}

#[test]
fn a_list_that_is_damaged_is_none() {
    let folder = folder(&[("b.scenario.yaml", FAILING)]);
    Said::of(folder.path(), "run");
    let file = files_below(&folder.path().join(".cache")).remove(0);
    std::fs::write(&file, "{\"format\":1,").unwrap();
    assert_eq!(Said::of(folder.path(), "run --last-failed").code, 4);
    assert_eq!(Said::of(folder.path(), "run").code, 1);
    assert_eq!(Said::of(folder.path(), "run --last-failed").code, 1);
}

#[test]
fn the_title_stands_in_each_report_of_a_failure() {
    let folder = folder(&[("b.scenario.yaml", FAILING)]);
    for format in ["text", "json", "junit", "github"] {
        let said = Said::of(folder.path(), &format!("run --format {format}"));
        assert_eq!(said.code, 1);
        assert!(said.out.contains("A ban has the id 7"), "{format}: {}", said.out);
    }
    let explored = Said::of(folder.path(), "explore --budget 1");
    assert!(explored.out.contains("A ban has the id 7"), "{}", explored.out);
}

#[test]
fn standard_input_is_a_file() {
    let folder = folder(&[]);
    let good = Said::with_input(folder.path(), "run -", GOOD.as_bytes());
    assert_eq!((good.code, &*good.err), (0, ""), "{good:?}");
    let failing = Said::with_input(folder.path(), "run -", FAILING.as_bytes());
    assert_eq!(failing.code, 1);
    assert!(failing.out.contains("--> <stdin>:12:13"), "{}", failing.out);
    assert!(failing.out.contains("again:  quintet run - --seed 0"), "{}", failing.out);
    let rows = Said::with_input(folder.path(), "run - --keep-going", TABLE.as_bytes());
    assert!(rows.out.contains("run - --name '<stdin>::right' --seed 0"), "{rows:?}");
    let row = Said::with_input(folder.path(), "run - --name <stdin>::wrong", TABLE.as_bytes());
    assert!(row.out.contains("1 test: 1 passed"), "{row:?}");
    let lint = Said::with_input(folder.path(), "lint -", b"format: 1\n");
    assert_eq!(lint.code, 2);
    assert!(lint.out.contains("<stdin>:1:1"), "{}", lint.out);
    assert_eq!(Said::with_input(folder.path(), "run", GOOD.as_bytes()).code, 2);
}

#[test]
fn standard_input_is_read_once() {
    let folder = folder(&[]);
    let said = Said::with_input(folder.path(), "run - --vars -", b"ip: 10.0.0.7\n");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("standard input can be read once"), "{}", said.err);
}

#[test]
fn a_file_that_is_called_so_is_named_with_its_folder() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("-"), GOOD).unwrap();
    assert_eq!(Said::with_input(folder.path(), "run ./-", b"").code, 0);
}
