//! For each word a service with a mistake: the property finds it, and leaves the right one alone.

use std::sync::Arc;
use std::time::Duration;

use quintet::bus::{Random, Topology, World};
use quintet::contract::Contracts;
use quintet::diagnostic::SourceFile;
use quintet::driver::{Driver as _, Fault, FaultKind, Until};
use quintet::history::History;
use quintet::message::{Json, Key, Seed, Tenant, VirtualTime};
use quintet::property::{Checker, Evidence, Properties, WORDS};
use quintet::service::{Cx, Incoming, Reject, Service};
use rstest::rstest;

const CONTRACT: &str = include_str!("../fixtures/properties/shop.asyncapi.yaml");

/// Tells of each order what it is told to tell; the number is added to the order's.
struct Shop(&'static [(&'static str, u32, &'static str)]);

/// What the right service does.
const RIGHT: &[(&str, u32, &str)] = &[("PAID", 0, "me"), ("SHIPPED", 0, "me"), ("CLOSED", 0, "me")];

impl Service for Shop {
    fn name(&self) -> &str {
        "shop"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let value = Json::parse(incoming.value.ok_or(Reject::Empty)?)
            .map_err(|error| Reject::Undecodable(error.to_string()))?;
        let order = value.get("orderId").and_then(Json::as_integer).ok_or(Reject::Empty)?;
        for (status, more, by) in self.0 {
            let id = u32::try_from(order).map_err(|_| Reject::Empty)? + more;
            let event = serde_json::json!({ "orderId": id, "status": status, "by": by });
            cx.emit("shop.status", &Key::Id(id), &event)?;
        }
        Ok(())
    }
}

fn contracts() -> Arc<Contracts> {
    let mut diagnostics = Vec::new();
    let file = SourceFile::new("shop.asyncapi.yaml", CONTRACT);
    let contracts = Contracts::read(&[file], &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Arc::new(contracts.unwrap())
}

fn properties(contracts: &Contracts, text: &str) -> Arc<Properties> {
    let mut diagnostics = Vec::new();
    let text = format!("format: 1\nproperties:\n  - name: P\n    {text}\n");
    let file = SourceFile::new("shop.properties.yaml", text);
    let read = Properties::read(&file, contracts, &|_| false, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Arc::new(read.unwrap())
}

/// What happens where two orders are given, one after the other.
fn history(contracts: &Arc<Contracts>, shop: Shop, fault: Option<FaultKind>) -> History {
    let chooser = Box::new(Random::new(Seed(0), 0));
    let services: Vec<Box<dyn Service>> = vec![Box::new(shop)];
    let topology = Topology::default();
    let world = World::new(Arc::clone(contracts), services, topology, (Seed(0), chooser));
    let mut world = world.unwrap();
    if let Some(fault) = fault {
        world.arm(Fault::new(fault, "shop")).unwrap();
    }
    let tenant = Tenant { id: uuid::Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
    for order in [1, 5] {
        let value = Json::from(serde_json::json!({ "orderId": order }));
        world.send_value("shop.order", &tenant, &value).unwrap();
        // Whoever is killed is there again after a second.
        let until = Until::after(world.now(), Duration::from_secs(5));
        world.run(until, &mut |_| false).unwrap();
    }
    world.history().clone()
}

/// How often a property held, and what was found.
fn judged(contracts: &Contracts, text: &str, history: &History) -> (u64, Vec<String>) {
    let mut checker = Checker::new(properties(contracts, text), Evidence::default());
    checker.follow(history);
    let ended = history.entries().last().map_or(VirtualTime::ZERO, |entry| entry.at);
    checker.close(history, ended.after(Duration::from_secs(60)));
    let found = checker.findings().iter().map(|one| one.message.clone());
    (checker.premises().values().sum(), found.collect())
}

/// A property, and the events that break it: what each is, its order and its author.
type Mistake = (&'static str, &'static [(&'static str, u32, &'static str)]);

/// Each word, and a mistake that breaks what it says.
const MISTAKES: &[Mistake] = &[
    (
        "answers_carry: { from: shop.order, to: shop.status, field: orderId }",
        &[("PAID", 7, "me"), ("SHIPPED", 0, "me"), ("CLOSED", 0, "me")],
    ),
    (
        "at_most_once: { message: shop.status/SHIPPED, by: orderId }",
        &[("PAID", 0, "me"), ("SHIPPED", 0, "me"), ("SHIPPED", 0, "me"), ("CLOSED", 0, "me")],
    ),
    (
        "exactly_once: { message: shop.status/CLOSED, for_each: shop.order, by: orderId }",
        &[("PAID", 0, "me"), ("SHIPPED", 0, "me")],
    ),
    (
        "ordered: { first: shop.status/PAID, then: shop.status/SHIPPED, by: orderId }",
        &[("SHIPPED", 0, "me"), ("PAID", 0, "me"), ("CLOSED", 0, "me")],
    ),
    (
        "answered_within: { message: shop.status/PAID, for_each: shop.order, by: orderId, \
         within: 1s }",
        &[("SHIPPED", 0, "me"), ("CLOSED", 0, "me")],
    ),
    (
        "not_before: { message: shop.status/CLOSED, first: shop.status/SHIPPED, by: orderId }",
        &[("PAID", 0, "me"), ("CLOSED", 0, "me"), ("SHIPPED", 0, "me")],
    ),
    (
        "not_after: { message: shop.status/SHIPPED, last: shop.status/CLOSED, by: orderId }",
        &[("PAID", 0, "me"), ("CLOSED", 0, "me"), ("SHIPPED", 0, "me")],
    ),
    (
        "alternates: { first: shop.status/PAID, then: shop.status/SHIPPED, by: orderId }",
        &[("PAID", 0, "me"), ("SHIPPED", 0, "me"), ("SHIPPED", 0, "me"), ("CLOSED", 0, "me")],
    ),
];

#[test]
fn each_word_finds_a_mistake_and_none_in_the_right_service() {
    let contracts = contracts();
    let right = history(&contracts, Shop(RIGHT), None);
    for word in WORDS {
        let of = |text: &&(&str, _)| text.0.starts_with(&format!("{}:", word.name));
        let (text, wrong) = MISTAKES.iter().find(of).expect("each word has a mistake");
        let (held, found) = judged(&contracts, text, &right);
        assert!(held >= 2 && found.is_empty(), "{text}: {held} {found:?}");
        let (_, found) = judged(&contracts, text, &history(&contracts, Shop(wrong), None));
        assert_eq!(found.len(), 2, "{text}: {found:?}");
    }
}

const ONLY_MINE: &str = "at_most_once: { message: { message: shop.status/SHIPPED, where: { by: me } }, \
                         by: orderId }";
const BOTH: &str = "all_of:
      - at_most_once: { message: shop.status/PAID, by: orderId }
      - at_most_once: { message: shop.status/SHIPPED, by: orderId }";
const CAUSED: &str = "ordered:
      first: shop.status/CLOSED
      then: { message: shop.status/PAID, caused_by: shop.order }
      by: orderId";
const EXCUSED: &str = "ordered:
      first: shop.status/CLOSED
      then: shop.status/PAID
      by: orderId
      unless_caused_by: shop.order";
const OWN_BY: &str = "answers_carry:
      from: [{ message: shop.order, by: orderId }]
      to: shop.status
      field: orderId";

#[rstest]
#[case::filtered_out(ONLY_MINE, &[("SHIPPED", 0, "you"), ("SHIPPED", 0, "you")], 0)]
#[case::filtered_in(ONLY_MINE, &[("SHIPPED", 0, "me"), ("SHIPPED", 0, "me")], 2)]
#[case::one_of_two(BOTH, &[("SHIPPED", 0, "me"), ("SHIPPED", 0, "me")], 2)]
#[case::other_of_two(BOTH, &[("PAID", 0, "me"), ("PAID", 0, "me")], 2)]
#[case::caused(CAUSED, &[("PAID", 0, "me")], 2)]
#[case::excused(EXCUSED, &[("PAID", 0, "me")], 0)]
#[case::excused_by_another(EXCUSED, &[("PAID", 7, "me")], 2)]
#[case::own_key(OWN_BY, &[("PAID", 0, "me")], 0)]
#[case::own_key_of_another(OWN_BY, &[("PAID", 7, "me")], 2)]
fn filters_and_exceptions_do_what_they_say(
    #[case] text: &str,
    #[case] told: &'static [(&'static str, u32, &'static str)],
    #[case] found: usize,
) {
    let contracts = contracts();
    let (_, findings) = judged(&contracts, text, &history(&contracts, Shop(told), None));
    assert_eq!(findings.len(), found, "{findings:?}");
}

#[rstest]
#[case::crash(FaultKind::CrashBeforeMark, 0)]
#[case::handled_twice(FaultKind::DuplicateDelivery, 1)]
fn an_event_that_a_crash_doubled_counts_once(#[case] fault: FaultKind, #[case] found: usize) {
    let contracts = contracts();
    let history = history(&contracts, Shop(RIGHT), Some(fault));
    let paid = |one: &&quintet::history::Placed| history.message_name(one).ends_with("/PAID");
    assert_eq!(history.records().iter().filter(paid).count(), 3, "two orders, and one PAID more");
    let text = "at_most_once: { message: shop.status/PAID, by: orderId }";
    let (_, findings) = judged(&contracts, text, &history);
    assert_eq!(findings.len(), found, "{findings:?}");
}

#[test]
fn what_a_test_sends_is_judged_unless_the_property_says_otherwise() {
    let contracts = contracts();
    let chooser = Box::new(Random::new(Seed(0), 0));
    let services: Vec<Box<dyn Service>> = vec![Box::new(Shop(RIGHT))];
    let topology = Topology::default();
    let world = World::new(Arc::clone(&contracts), services, topology, (Seed(0), chooser));
    let mut world = world.unwrap();
    let tenant = Tenant { id: uuid::Uuid::nil(), region: "GMS".into(), major: 83, minor: 1 };
    let event = serde_json::json!({ "orderId": 1, "status": "CLOSED", "by": "you" });
    world.send_value("shop.status", &tenant, &Json::from(event)).unwrap();
    let text = "ordered: { first: shop.status/PAID, then: shop.status/CLOSED, by: orderId }";
    assert_eq!(judged(&contracts, text, world.history()).1.len(), 1);
    let only = format!("emitted_only: true\n    {text}");
    assert_eq!(judged(&contracts, &only, world.history()).1.len(), 0);
}
