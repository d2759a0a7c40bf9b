//! Files of sequence properties, by what the commands say of them.

mod documents;
mod evidence;
#[path = "../cli/files.rs"]
#[expect(dead_code, reason = "what else stands there is for other tests")]
mod files;
mod words;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use quintet::contract::Contracts;
use quintet::diagnostic::{CODES, SourceFile};
use quintet::message::{Headers, Offset, Partition, Payload, Record, VirtualTime};
use quintet::property::Properties;
use quintet::rule::RuleId;
use quintet::verify::Standing;
use quintet::verify::traffic::{Flow, Passing};
use rstest::rstest;
use tempfile::TempDir;

use files::{Said, assert_snapshot};

const FIXTURES: &str = "tests/fixtures/properties";
const TOPICS: &str = "parcel.posted = PARCEL_POSTED\nparcel.delivered = PARCEL_DELIVERED\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The blocks of this kind in the guide.
fn blocks(kind: &str) -> Vec<String> {
    let guide = std::fs::read_to_string(root().join("docs/properties.md")).unwrap();
    let fence = format!("```{kind}\n");
    let blocks = guide.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// A folder with the contract of somebody else, the guide's properties, and these records:
/// `p1@0` is parcel 1 posted at 0 ms, `d1@9` delivered.
fn folder(records: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("contracts")).unwrap();
    let contract = root().join(FIXTURES).join("contracts/parcel.asyncapi.yaml");
    std::fs::copy(contract, folder.path().join("contracts/parcel.asyncapi.yaml")).unwrap();
    write("parcel.properties.yaml", &blocks("yaml")[0]);
    write("topics.txt", TOPICS);
    let (mut lines, mut offsets) = (String::new(), [0, 0]);
    for word in records.split_whitespace() {
        let (what, at_ms) = word.split_once('@').unwrap();
        let (kind, parcel) = what.split_at(1);
        let (topic, at) = if kind == "p" { ("PARCEL_POSTED", 0) } else { ("PARCEL_DELIVERED", 1) };
        let (offset, number): (u64, u32) = (offsets[at], parcel.parse().unwrap());
        offsets[at] += 1;
        let time_ms: u64 = 1_795_000_000_000 + at_ms.parse::<u64>().unwrap();
        lines += &format!(
            "{{\"topic\":\"{topic}\",\"partition\":0,\"offset\":{offset},\
             \"timestamp_ms\":{time_ms},\
             \"key\":\"{number:02x}00000000000000\",\"headers\":[],\
             \"value\":\"{{\\\"parcelId\\\":{number}}}\"}}\n"
        );
    }
    write("traffic.jsonl", &lines);
    folder
}

const CHECK: &str = "check traffic.jsonl --contracts contracts --topics topics.txt \
                     --properties parcel.properties.yaml";

/// How each property stands, as the JSON lines of a report say: `PARCEL-ONCE passed`.
fn standings(said: &Said) -> BTreeSet<String> {
    let lines = said.out.lines().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let rule = line.get("rule")?.as_str()?.strip_prefix("PARCEL-")?.to_owned();
        let verdict = line.get("verdict").or_else(|| line.get("standing"))?.as_str()?.to_owned();
        Some(format!("{rule} {verdict}"))
    });
    lines.collect()
}

#[rstest]
#[case::keeps(
    "p1@0 d1@1000 p2@3000 d2@4000 p3@9000 d3@9500",
    0,
    ["IN-TIME passed", "ONCE passed", "POSTED-FIRST passed"]
)]
#[case::twice(
    "p1@0 d1@1000 d1@5000",
    1,
    ["IN-TIME passed", "ONCE violation", "POSTED-FIRST passed"]
)]
#[case::never_posted(
    "p1@0 d1@1000 d2@5000",
    1,
    ["IN-TIME passed", "ONCE passed", "POSTED-FIRST violation"]
)]
#[case::late(
    "p1@0 d1@3000 d3@9999 p3@9000",
    1,
    ["IN-TIME violation", "ONCE passed", "POSTED-FIRST passed"]
)]
#[case::clocks(
    "d1@0 p1@15",
    0,
    ["IN-TIME passed", "ONCE passed", "POSTED-FIRST passed"]
)]
#[case::not_over(
    "p1@0 p2@10",
    4,
    ["IN-TIME inconclusive", "ONCE not exercised", "POSTED-FIRST not exercised"]
)]
fn records_of_a_contract_of_somebody_else_are_checked(
    #[case] records: &str,
    #[case] code: i32,
    #[case] expected: [&str; 3],
) {
    let folder = folder(records);
    let said = Said::of(folder.path(), &format!("{CHECK} --format json"));
    let expected: BTreeSet<_> = expected.into_iter().map(str::to_owned).collect();
    assert_eq!((standings(&said), said.code), (expected, code), "{said:#?}");
}

#[test]
fn a_hole_in_the_offsets_leaves_it_open() {
    let folder = folder("p1@0 d1@100 p2@200 p3@300 d3@400 d4@5000 p5@9000");
    let path = folder.path().join("traffic.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: String = text
        .lines()
        .filter(|line| !line.contains("1795000000200"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(kept, text);
    std::fs::write(&path, kept).unwrap();
    let said = Said::of(folder.path(), &format!("{CHECK} --format json"));
    assert!(standings(&said).contains("POSTED-FIRST passed"), "{said:#?}");
    assert!(said.out.contains("of PARCEL-POSTED-FIRST, not all can be told"), "{}", said.out);
}

#[test]
fn the_examples_of_the_guide_do_what_it_says() {
    let folder = folder("");
    let traffic = &blocks("jsonl")[0];
    std::fs::write(folder.path().join("traffic.jsonl"), traffic).unwrap();
    std::fs::write(folder.path().join("topics.txt"), &blocks("text")[0]).unwrap();
    let line = blocks("console")[0].clone();
    let said = Said::of(folder.path(), line.trim().strip_prefix("$ quintet ").unwrap());
    assert_eq!(said.code, 1, "{said:#?}");
    assert_snapshot("properties-guide", &said.whole());
}

#[test]
fn a_file_with_mistakes_shows_all_of_them_in_their_places() {
    let path = root().join(FIXTURES).join("mistakes.properties.yaml");
    let folder = folder("p1@0");
    std::fs::copy(path, folder.path().join("mistakes.properties.yaml")).unwrap();
    let said = Said::of(
        folder.path(),
        "check traffic.jsonl --contracts contracts --properties mistakes.properties.yaml",
    );
    assert_eq!(said.code, 2);
    for info in CODES.iter().filter(|info| info.code.starts_with("property::")) {
        assert!(said.err.contains(&format!("error[{}]", info.code)), "{}", info.code);
    }
    assert!(said.err.matches("error[property::").count() >= 10, "{}", said.err);
    assert_snapshot("properties-mistakes", &said.whole());
}

const BANS: &str = "format: 1
properties:
  - name: MY-BANS
    at_most_once: { message: ban.status/CREATED, by: banId }
  - name: MY-ORDER
    WORD:
      first: ban.command/DELETE
      then: ban.status/DELETED
      by: { first: body.banId, then: banId }
";
const SCENARIO: &str = "format: 1
scenario: A ban is announced and deleted
tenant: { region: GMS, major: 83, minor: 1 }
steps:
  - send: ban.command/CREATE
    with: { body: { value: 10.0.0.9, permanent: true } }
  - expect: ban.status/CREATED
    where: { banId: <int as $id> }
  - send: ban.command/DELETE
    with: { body: { banId: $id } }
  - expect: ban.status/DELETED
";

#[rstest]
#[case::holds("ordered", 0)]
#[case::broken("not_after", 1)]
fn tests_and_captures_of_one_service_are_held_against_properties(
    #[case] word: &str,
    #[case] code: i32,
) {
    let folder = tempfile::tempdir().unwrap();
    let text = BANS.replace("WORD", word);
    let text = match word {
        "not_after" => text
            .replace("first: ban", "last: ban")
            .replace("then: ban.s", "message: ban.s")
            .replace("{ first: body", "{ last: body")
            .replace("then: banId", "message: banId"),
        _ => text,
    };
    std::fs::write(folder.path().join("my.properties.yaml"), text).unwrap();
    std::fs::write(folder.path().join("a.scenario.yaml"), SCENARIO).unwrap();
    let run = Said::of(folder.path(), "run a.scenario.yaml --properties my.properties.yaml");
    assert_eq!(run.code, code, "{run:#?}");
    assert_eq!(run.out.contains("MY-ORDER: #3 ban.status/DELETED: it comes after"), code == 1);
    let explore =
        "explore a.scenario.yaml --budget 4 --faults none --properties my.properties.yaml";
    let explore = Said::of(folder.path(), explore);
    assert_eq!(explore.code, code, "{explore:#?}");
    assert!(code == 0 || explore.whole().contains("--properties my.properties.yaml"));
    let capture = root().join("tests/fixtures/captures/good.jsonl");
    std::fs::copy(capture, folder.path().join("good.jsonl")).unwrap();
    let arguments = "check good.jsonl --service ban --properties my.properties.yaml";
    let check = Said::of(folder.path(), arguments);
    assert!(check.out.contains("MY-BANS"), "{check:#?}");
}

/// The rule of a property.
fn rule(contracts: &Contracts, name: &str) -> RuleId {
    contracts.packs().rule(name).expect("it is one").id()
}

#[test]
fn what_flows_is_held_against_properties() {
    let mut diagnostics = Vec::new();
    let read =
        |path: &str| SourceFile::new(path, std::fs::read_to_string(root().join(path)).unwrap());
    let contract = read("tests/fixtures/properties/contracts/parcel.asyncapi.yaml");
    let contracts = Contracts::read(&[contract], &mut diagnostics).unwrap();
    let file = SourceFile::new("parcel.properties.yaml", blocks("yaml")[0].clone());
    let read = Properties::read(&file, &contracts, &|_| false, &mut diagnostics).unwrap();
    let packs = quintet::services::packs().with_properties(read);
    let contracts = Arc::new(contracts.with_packs(&packs));
    let mut flow = Flow::new(&contracts, true);
    let mut found = Vec::new();
    for (number, (channel, at_ms)) in
        [("parcel.posted", 0), ("parcel.delivered", 1000), ("parcel.delivered", 9000)]
            .into_iter()
            .enumerate()
    {
        let value = Some(Payload::new(br#"{"parcelId":1}"#));
        let key = Some([1, 0, 0, 0, 0, 0, 0, 0].into_iter().collect());
        let record = Record { key, headers: Headers::from_list(Vec::new()), value };
        let channel = contracts.channel_ix(channel).unwrap();
        let place = (channel, Partition(0), Offset(number as u64));
        let at = VirtualTime::from_ms(at_ms);
        flow.add(Passing { at, place, record, is_timed: true, is_before_hole: false });
        flow.judge(|_, one| found.push(one.rule.as_str().to_owned()));
    }
    flow.close();
    assert_eq!(found.iter().filter(|rule| rule.starts_with("PARCEL-")).count(), 1, "{found:?}");
    let standings = flow.standings();
    let of = |name: &str| standings[&rule(&contracts, name)].clone();
    assert_eq!(of("PARCEL-ONCE"), Standing::Violated { times: 1 });
    assert_eq!(of("PARCEL-IN-TIME"), Standing::Passed { times: 1 });
    assert_eq!(of("PARCEL-POSTED-FIRST"), Standing::Passed { times: 2 });
}
