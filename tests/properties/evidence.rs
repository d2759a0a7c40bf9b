//! Each word against records that keep it, break it, and leave it open.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use quintet::contract::Contracts;
use quintet::diagnostic::SourceFile;
use quintet::history::{History, Producer};
use quintet::message::{
    Headers, Offset, Partition, Payload, Record, RecordId, Tenant, TraceParent, VirtualTime,
};
use quintet::property::{Checker, Evidence, Properties, WORDS};
use rstest::rstest;

const CONTRACT: &str = include_str!("../../examples/orders.asyncapi.yaml");

fn contracts() -> Arc<Contracts> {
    let mut diagnostics = Vec::new();
    let file = SourceFile::new("orders.asyncapi.yaml", CONTRACT);
    let read = Contracts::read(&[file], &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Arc::new(read.unwrap())
}

fn properties(contracts: &Contracts, text: &str) -> Arc<Properties> {
    let mut diagnostics = Vec::new();
    let text = format!("format: 1\nproperties:\n  - name: P\n    {text}\n");
    let file = SourceFile::new("p.yaml", text);
    let read = Properties::read(&file, contracts, &|_| false, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Arc::new(read.unwrap())
}

/// Records as `c1@5` (a command on order 1 at 5 ms) and `s1@9` (a status); `c1@5/A` is of a tenant.
/// Commands and statuses lie in partitions of their own.
fn history(contracts: &Arc<Contracts>, records: &str) -> History {
    let mut history = History::new(Arc::clone(contracts), vec!["orders".to_owned()]);
    for (number, word) in records.split_whitespace().enumerate() {
        let (what, tenant) = word.split_once('/').unwrap_or((word, ""));
        let (what, at_ms) = what.split_once('@').unwrap();
        let (kind, order) = what.split_at(1);
        let channel = if kind == "c" { "order.command" } else { "order.status" };
        let headers = match tenant {
            "" => Headers::from_list(Vec::new()),
            region => {
                let id = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11".parse().unwrap();
                let tenant = Tenant { id, region: region.into(), major: 1, minor: 1 };
                Headers::of_tenant(&tenant, TraceParent { trace: 1, span: 1, flags: 1 })
            }
        };
        let value = format!(r#"{{"orderId":{order}}}"#);
        let record = Record { key: None, headers, value: Some(Payload::new(value.as_bytes())) };
        let place = (contracts.channel_ix(channel).unwrap(), Partition(0), Offset(number as u64));
        let at = VirtualTime::from_ms(at_ms.parse().unwrap());
        history.append(at, place, record, Producer::Test);
    }
    history
}

/// How often it held, how often it was broken, and how often it could not be told.
fn told(text: &str, records: &str, evidence: Evidence) -> (u64, usize, u64) {
    let contracts = contracts();
    let history = history(&contracts, records);
    let mut checker = Checker::new(properties(&contracts, text), evidence);
    checker.follow(&history);
    checker.close(&history, VirtualTime::from_ms(10_000));
    let held = checker.premises().values().sum();
    (held, checker.findings().len(), checker.doubts().values().map(|one| one.times).sum())
}

const CARRY: &str = "answers_carry: { from: order.command, to: order.status, field: orderId }";
const MOST: &str = "at_most_once: { message: order.status, by: orderId }";
const ONCE: &str = "exactly_once: { message: order.status, for_each: order.command, by: orderId }";
const ORDERED: &str = "ordered: { first: order.command, then: order.status, by: orderId }";
const WITHIN: &str = "answered_within: { message: order.status, for_each: order.command, \
                      by: orderId, within: 1s }";
const BEFORE: &str = "not_before: { message: order.status, first: order.command, by: orderId }";
const AFTER: &str = "not_after: { message: order.command, last: order.status, by: orderId }";
const TURNS: &str = "alternates: { first: order.command, then: order.status, by: orderId }";
const REPEATS: &str = "alternates: { first: order.command, then: order.status, by: orderId, \
                       first_may_repeat: true }";

#[rstest]
#[case::carry_kept(CARRY, "c1@0 s1@100 s1@200", (2, 0, 0))]
#[case::carry_broken(CARRY, "c1@0 s2@100", (0, 1, 0))]
#[case::most_kept(MOST, "s1@0 s2@0", (2, 0, 0))]
#[case::most_broken(MOST, "s1@0 s1@5000", (1, 1, 0))]
#[case::once_kept(ONCE, "c1@0 s1@100 c2@200 s2@300", (2, 0, 0))]
#[case::once_missing(ONCE, "c1@0 s2@100", (0, 1, 0))]
#[case::once_twice(ONCE, "c1@0 s1@100 s1@200", (1, 1, 0))]
#[case::ordered_kept(ORDERED, "c1@0 s1@100", (1, 0, 0))]
#[case::ordered_broken(ORDERED, "s1@0 c1@100", (0, 1, 0))]
#[case::ordered_by_key(ORDERED, "c2@0 s1@100", (0, 1, 0))]
#[case::within_kept(WITHIN, "c1@0 s1@1000 c2@2000 s2@2500", (2, 0, 0))]
#[case::within_late(WITHIN, "c1@0 s1@1001", (0, 1, 0))]
#[case::within_never(WITHIN, "c1@0 s2@500", (0, 1, 0))]
#[case::within_end(WITHIN, "c1@9500", (0, 0, 1))]
#[case::before_kept(BEFORE, "c1@0 s1@100", (1, 0, 0))]
#[case::before_without(BEFORE, "s1@100 c2@200", (0, 0, 0))]
#[case::before_broken(BEFORE, "s1@0 c1@100", (0, 1, 0))]
#[case::after_kept(AFTER, "c1@0 s1@100", (1, 0, 0))]
#[case::after_broken(AFTER, "s1@0 c1@100", (1, 1, 0))]
#[case::turns_kept(TURNS, "c1@0 s1@100 c1@200 s1@300", (2, 0, 0))]
#[case::turns_two_firsts(TURNS, "c1@0 c1@100 s1@200", (1, 1, 0))]
#[case::turns_two_thens(TURNS, "c1@0 s1@100 s1@200", (1, 1, 0))]
#[case::repeats_kept(REPEATS, "c1@0 c1@100 s1@200", (1, 0, 0))]
#[case::repeats_broken(REPEATS, "s1@200", (0, 1, 0))]
fn each_word_is_kept_and_broken(
    #[case] text: &str,
    #[case] records: &str,
    #[case] expected: (u64, usize, u64),
) {
    assert_eq!(told(text, records, Evidence::default()), expected);
    // Clocks that may differ by less than the records are apart change nothing.
    let skew = Duration::from_millis(20);
    let clocks =
        if records.contains("@1001") || records.contains("@1000") { Duration::ZERO } else { skew };
    assert_eq!(told(text, records, Evidence { skew: clocks, ..Evidence::default() }), expected);
}

#[rstest]
#[case::apart(MOST, "s1@0/A s1@100/B", (2, 0, 0))]
#[case::same(MOST, "s1@0/A s1@100/A", (1, 1, 0))]
#[case::across(&format!("{MOST}\n    per_tenant: false"), "s1@0/A s1@100/B", (1, 1, 0))]
#[case::of_another(ORDERED, "c1@0/A s1@100/B", (0, 1, 0))]
fn tenants_are_kept_apart(
    #[case] text: &str,
    #[case] records: &str,
    #[case] expected: (u64, usize, u64),
) {
    assert_eq!(told(text, records, Evidence::default()), expected);
}

/// What weakens the evidence: the records begin amid, a hole behind a record, a record without a
/// time, one that was not read, clocks, and a kill.
fn weak(how: &str, at: u32) -> Evidence {
    let one = BTreeSet::from([RecordId(at)]);
    let none = Evidence::default();
    match how {
        "amid" => Evidence { amid: true, ..none },
        "hole" => Evidence { holes: one, ..none },
        "untimed" => Evidence { untimed: one, ..none },
        "unread" => Evidence { unread: one, ..none },
        "clocks" => Evidence { skew: Duration::from_millis(20), ..none },
        "again" => Evidence { again: true, ..none },
        _ => panic!("{how} is no such evidence"),
    }
}

#[rstest]
#[case::carry_amid(CARRY, "s1@0", ("amid", 0), (0, 0, 1))]
#[case::carry_hole(CARRY, "c1@0 c2@10 s3@100", ("hole", 0), (0, 0, 1))]
#[case::carry_other_hole(CARRY, "c1@0 s1@50 s3@100", ("hole", 1), (1, 1, 0))]
#[case::ordered_clocks(ORDERED, "s1@90 c1@100", ("clocks", 0), (0, 0, 1))]
#[case::ordered_apart(ORDERED, "s1@70 c1@100", ("clocks", 0), (0, 1, 0))]
#[case::ordered_untimed(ORDERED, "s1@0 c1@100", ("untimed", 0), (0, 0, 1))]
#[case::ordered_untimed_cause(ORDERED, "s2@0 s1@0 c1@0", ("untimed", 1), (0, 1, 1))]
#[case::most_again(MOST, "s1@0 s1@100", ("again", 0), (1, 0, 1))]
#[case::most_amid(MOST, "s1@0 s1@100", ("amid", 0), (1, 1, 0))]
#[case::once_amid(ONCE, "c1@0", ("amid", 0), (0, 0, 1))]
#[case::once_hole(ONCE, "c1@0 s2@10 s3@20", ("hole", 1), (0, 0, 1))]
#[case::once_unread(ONCE, "c1@0", ("unread", 0), (0, 0, 1))]
#[case::within_hole(WITHIN, "c1@0 s2@10 s3@5000", ("hole", 1), (0, 0, 1))]
#[case::within_old_hole(WITHIN, "s2@0 s3@10 c1@3000", ("hole", 0), (0, 1, 0))]
#[case::within_unread(WITHIN, "c1@0", ("unread", 0), (0, 0, 1))]
#[case::within_untimed(WITHIN, "c1@0 s1@3000", ("untimed", 1), (0, 0, 1))]
#[case::within_stamped_before(WITHIN, "s1@90 c1@100", ("clocks", 0), (1, 0, 0))]
#[case::before_amid(BEFORE, "s1@0 c1@100", ("amid", 0), (0, 0, 1))]
#[case::before_clocks(BEFORE, "s1@90 c1@100", ("clocks", 0), (0, 0, 1))]
#[case::after_clocks(AFTER, "s1@90 c1@100", ("clocks", 0), (1, 0, 1))]
#[case::after_hole(AFTER, "s1@0 c1@100", ("hole", 0), (1, 1, 0))]
#[case::turns_clocks(TURNS, "s1@90 c1@100", ("clocks", 0), (0, 0, 1))]
#[case::turns_between(TURNS, "c1@0 c1@100 s1@105", ("clocks", 0), (0, 0, 1))]
#[case::turns_hole(TURNS, "s2@0 c1@10 c1@50 s2@60", ("hole", 0), (0, 2, 1))]
fn weak_evidence_accuses_nobody(
    #[case] text: &str,
    #[case] records: &str,
    #[case] (how, at): (&str, u32),
    #[case] expected: (u64, usize, u64),
) {
    assert_eq!(told(text, records, weak(how, at)), expected);
}

/// The answer is asked for, a minute before it, on a channel that began with another record.
#[rstest]
#[case::begun("c2@0 s1@61000", ("amid", 0), (0, 1, 0))]
#[case::not_long_begun("c2@0 s1@59000", ("amid", 0), (0, 0, 1))]
#[case::not_begun("s2@0 s1@61000", ("amid", 0), (0, 0, 2))]
#[case::old_hole("c1@0 c2@10 s3@61000", ("hole", 0), (0, 1, 0))]
#[case::new_hole("c1@0 c2@5000 s3@61000", ("hole", 0), (0, 0, 1))]
fn an_answer_comes_soon(
    #[case] records: &str,
    #[case] (how, at): (&str, u32),
    #[case] expected: (u64, usize, u64),
) {
    assert_eq!(told(CARRY, records, weak(how, at)), expected);
}

#[rstest]
#[case::in_one("c1@0/A s2@10/A", (0, 1, 0))]
#[case::without("c1@0 s2@10", (0, 0, 0))]
#[case::some("c1@0/A s2@10", (0, 0, 0))]
fn what_has_no_tenant_is_left_out_where_one_is_required(
    #[case] records: &str,
    #[case] expected: (u64, usize, u64),
) {
    let text = format!("{CARRY}\n    per_tenant: required");
    assert_eq!(told(&text, records, Evidence::default()), expected);
}

/// The rules of the five services, as anybody reads such a file.
#[test]
fn the_file_of_sequences_speaks_of_the_contracts_and_says_each_rule() {
    let mut diagnostics = Vec::new();
    let contracts = quintet::services::packs().contracts(&mut diagnostics).unwrap();
    let path = "src/services/atlas/sequence.properties.yaml";
    let text = std::fs::read_to_string(super::root().join(path)).unwrap();
    let file = SourceFile::new(path, text);
    let read = Properties::read(&file, &contracts, &|_| false, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let names: Vec<_> = read.unwrap().rules().map(|rule| rule.name).collect();
    assert_eq!(names, ["SEQ-1", "SEQ-2", "SEQ-3", "SEQ-4", "SEQ-5", "SEQ-6"]);
}

#[test]
fn each_example_of_the_vocabulary_is_read() {
    let contracts = contracts();
    for word in WORDS {
        assert_eq!(properties(&contracts, word.example).all.len(), 1, "{}", word.name);
    }
}

#[test]
fn findings_name_records_and_fields_and_no_values() {
    let contracts = contracts();
    let history = history(&contracts, "c77@0 s77@100 s77@200");
    let mut checker = Checker::new(properties(&contracts, MOST), Evidence::default());
    checker.follow(&history);
    let message = &checker.findings()[0].message;
    assert_eq!(
        message,
        "#2 order.status: it is not the only order.status with the same orderId (#1)"
    );
    assert_eq!(checker.findings()[0].records, [RecordId(1), RecordId(2)]);
}
