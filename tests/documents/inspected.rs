//! `contracts check`: what is said of documents.

use rstest::rstest;

use crate::support::{Said, quintet};

/// `line:column code` of each problem of a report in JSON.
fn problems(said: &Said) -> Vec<String> {
    let lines = said.out.lines().map(serde_json::from_str::<serde_json::Value>);
    let problem = |line: serde_json::Value| {
        (line["event"] == "diagnostic").then(|| {
            let code = line["code"].as_str().unwrap().to_owned();
            format!("{}:{} {code}", line["line"], line["column"])
        })
    };
    lines.filter_map(|line| problem(line.expect("each line is JSON"))).collect()
}

#[test]
fn all_problems_are_told_at_once() {
    let said = quintet("contracts check @broken.yaml");
    assert_eq!(said.code, 1, "{said:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/documents"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("broken-as-text", said.out));
    let as_json = quintet("contracts check @broken.yaml --format json");
    let told = problems(&as_json);
    for code in [
        "wrong-type",
        "unknown-keyword",
        "bad-value",
        "bad-reference",
        "bad-parameter",
        "bad-schema",
        "bad-example",
        "not-told-apart",
        "ambiguous",
        "not-checked",
    ] {
        assert!(told.iter().any(|one| one.ends_with(&format!("::{code}"))), "{code}: {told:#?}");
    }
    let last = as_json.out.lines().last().unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!((&last["event"], &last["exit"]), (&"summary".into(), &1.into()));
    assert_eq!(last["errors"].as_u64().unwrap() + last["warnings"].as_u64().unwrap(), {
        u64::try_from(told.len()).unwrap()
    });
}

#[rstest]
#[case::sound("@shop.yaml", 0)]
#[case::json("@told.json", 0)]
#[case::warnings("@drafts.yml", 0)]
#[case::several("@shop.yaml @told.json", 0)]
#[case::ours("contracts --portable", 0)]
#[case::not_portable("@told.json --portable", 1)]
#[case::broken("@broken.yaml", 1)]
#[case::part_of_one("@common/messages.yaml", 2)]
#[case::nothing("@nowhere.yaml", 2)]
#[case::no_documents("src/cli", 2)]
fn each_end_has_its_code(#[case] arguments: &str, #[case] code: i32) {
    let said = quintet(&format!("contracts check {arguments}"));
    assert_eq!(said.code, code, "{said:#?}");
}

#[test]
fn annotations_name_file_line_and_column() {
    let said = quintet("contracts check @broken.yaml --format github");
    let expected = "::error file=tests/fixtures/documents/broken.yaml,line=5,col=5,\
                    title=asyncapi%3A%3Aunknown-keyword::channel `orders` has no field `adress`";
    assert!(said.out.lines().any(|line| line.starts_with(expected)), "{}", said.out);
}

/// A document with these channels.
fn document(channels: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    let head = "asyncapi: 3.0.0\ninfo: { title: T, version: 1.0.0 }\n";
    std::fs::write(file.path(), format!("{head}channels:\n{channels}")).unwrap();
    file
}

#[rstest]
#[case::example(
    "  c: { messages: { m: { payload: { type: integer }, examples: [{ payload: a }] } } }\n",
    &["4:75 asyncapi::bad-example"]
)]
#[case::invalid_example(
    "  c: { messages: { m: { payload: { type: integer }, x-invalid-examples: [{ payload: 1 }] } } }\n",
    &["4:76 asyncapi::bad-example"]
)]
#[case::example_of_a_schema(
    "  c: { messages: { m: { payload: { type: integer, examples: [a] } } } }\n",
    &["4:51 asyncapi::bad-example"]
)]
#[case::discriminator(
    "  c:\n    x-discriminator: t\n    messages: { m: { payload: { type: object } } }\n",
    &["6:33 asyncapi::not-told-apart"]
)]
#[case::discriminator_twice(
    "  c:\n    x-discriminator: t\n    messages:\n      \
     a: { payload: { required: [t], properties: { t: { const: x } } } }\n      \
     b: { payload: { required: [t], properties: { t: { const: x } } } }\n",
    &["8:23 asyncapi::not-told-apart"]
)]
#[case::ambiguous(
    "  c:\n    messages:\n      a: { payload: { type: object, required: [a] } }\n      \
     b: { payload: { type: object, required: [b] } }\n",
    &["7:12 asyncapi::ambiguous"]
)]
#[case::apart(
    "  c:\n    messages:\n      a: { payload: { type: object } }\n      \
     b: { payload: { type: array } }\n",
    &[]
)]
#[case::not_checked(
    "  c: { messages: { m: { payload: { $ref: 'https://example.com/a.json' } } } }\n",
    &["4:42 asyncapi::not-checked"]
)]
fn what_is_said_has_its_place(#[case] channels: &str, #[case] expected: &[&str]) {
    let file = document(channels);
    let path = file.path().display();
    let said = quintet(&format!("contracts check {path} --format json"));
    assert_eq!(problems(&said), expected, "{}", said.out);
}
