//! A made-up service that reads its messages in the right way and in wrong ones.

use std::sync::Arc;

use rstest::rstest;

use quintet::bus::Topology;
use quintet::contract::Contracts;
use quintet::diagnostic::SourceFile;
use quintet::message::{Json, Key, Seed};
use quintet::needs::{Effect, Needs, Probe, RULES, Usage, Weight, judged};
use quintet::scenario::run::Setup;
use quintet::scenario::{Known, NoFiles, TestPlan, load_bytes};
use quintet::service::{Cx, Incoming, Reject, Service};

const TILL: &str = r"
asyncapi: 3.0.0
info: { title: Till, version: 1.0.0, x-service: till }
defaultContentType: application/json
channels:
  orders:
    address: ORDERS
    x-discriminator: kind
    messages:
      ORDER:
        name: ORDER
        payload:
          type: object
          required: [kind, id, price, express, memo, count]
          properties:
            kind: { type: string, const: ORDER }
            id: { type: integer, minimum: 0, maximum: 4294967295 }
            price: { type: integer, minimum: 0, maximum: 1000 }
            express: { type: boolean }
            memo: { type: string }
            note: { type: string }
            count: { type: integer, minimum: 0, maximum: 255 }
      RETURN:
        name: RETURN
        payload:
          type: object
          required: [kind, id]
          properties:
            kind: { type: string, const: RETURN }
            id: { type: integer, minimum: 0, maximum: 9 }
  receipts:
    address: RECEIPTS
    x-discriminator: kind
    messages:
      RECEIPT:
        name: RECEIPT
        payload:
          type: object
          required: [kind, id, fee]
          properties:
            kind: { type: string, const: RECEIPT }
            id: { type: integer, minimum: 0, maximum: 4294967295 }
            fee: { type: integer, minimum: 0, maximum: 9 }
operations:
  receiveOrders:
    action: receive
    channel: { $ref: '#/channels/orders' }
    bindings: { kafka: { groupId: { type: string, const: Till } } }
  sendReceipts: { action: send, channel: { $ref: '#/channels/receipts' } }
";

/// Who sends the orders names a field more.
const SHOP: &str = r"
asyncapi: 3.0.0
info: { title: Shop, version: 1.0.0, x-service: shop }
defaultContentType: application/json
channels:
  orders:
    address: ORDERS
    x-discriminator: kind
    messages:
      ORDER:
        name: ORDER
        payload:
          type: object
          required: [kind, colour]
          properties: { kind: { type: string, const: ORDER }, colour: { type: string } }
operations:
  sendOrders: { action: send, channel: { $ref: '#/channels/orders' } }
";

const SCENARIO: &str = "
format: 1
scenario: An order is paid
steps:
  - send: orders/ORDER
    with: { id: 7, price: 100, express: true, memo: hello, note: there, count: 3, colour: red }
  - expect: receipts/RECEIPT
    where: { id: 7, fee: 1 }
";

/// What the service gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// It needs a field that its contract does not name.
    Colour,
    /// It needs a field that its contract lets be left out.
    Note,
    /// It takes only prices up to 100.
    Price,
    /// It does not look at the field that others decide by.
    Express,
}

struct Till(Fault);

impl Service for Till {
    fn name(&self) -> &str {
        "till"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let bad = |what: &str| Reject::Undecodable(what.to_owned());
        let value = Json::parse(incoming.value.ok_or(Reject::Empty)?).map_err(|_| bad("JSON"))?;
        let whole =
            |name: &str| value.get(name).and_then(Json::as_integer).ok_or_else(|| bad(name));
        let (id, price) = (whole("id")?, whole("price")?);
        whole("count")?;
        let is_there = |name: &str| value.get(name).is_some_and(|value| *value != Json::Null);
        let broken = match self.0 {
            Fault::Colour => !is_there("colour"),
            Fault::Note => !is_there("note"),
            Fault::Price => price > 100,
            Fault::None | Fault::Express => false,
        };
        if broken {
            return Err(bad("a field"));
        }
        let is_fast = self.0 == Fault::Express || value.get("express") == Some(&Json::Bool(true));
        let fee = i32::from(is_fast);
        let id = u32::try_from(id).map_err(|_| bad("id"))?;
        let receipt = serde_json::json!({ "kind": "RECEIPT", "id": id, "fee": fee });
        cx.emit("receipts", &Key::None, &receipt)
    }
}

/// A field: its name, the word for what was found, its weight, its use, what came of each probe.
type Found = (String, &'static str, Weight, Usage, Vec<(Probe, Effect)>);

fn found(fault: Fault) -> Vec<Found> {
    let mut diagnostics = Vec::new();
    let files = [SourceFile::new("till", TILL), SourceFile::new("shop", SHOP)];
    let read = Contracts::read(&files, &mut diagnostics);
    let shown: Vec<_> = diagnostics.iter().map(|one| &one.message).collect();
    let contracts = Arc::new(read.unwrap_or_else(|| panic!("{shown:?}")));
    let known = Known { contracts: &contracts, words: &[] };
    let loaded = load_bytes("order.scenario.yaml", SCENARIO.as_bytes(), &known, &NoFiles);
    let shown: Vec<_> = loaded.diagnostics.iter().map(|one| &one.message).collect();
    assert!(!loaded.has_errors(), "{shown:?}");
    let plans: Vec<TestPlan> = loaded.plans;
    let services = Arc::new(move || vec![Box::new(Till(fault)) as Box<dyn Service>]);
    let setup = Setup { contracts, services, topology: Topology::default() };
    let needs = Needs::of(&plans, &setup, ("till", Seed(0))).expect("it can be played");
    assert_eq!(needs.tests(), 1);
    let all = needs.fields.iter().map(|field| {
        let need = needs.need(field);
        let said = judged(field, &need);
        let name = format!("{} {}", field.message, field.field);
        let effects = need.found.iter().map(|one| (one.probe, one.effect)).collect();
        (name, said.rule, said.weight, need.usage(), effects)
    });
    all.collect()
}

fn rule_of(fault: Fault, field: &str) -> (&'static str, Weight, Usage) {
    let all = found(fault);
    let one = all.iter().find(|(name, ..)| name == field).unwrap_or_else(|| panic!("{all:?}"));
    (one.1, one.2, one.3)
}

#[test]
fn a_right_service_needs_what_its_contract_says() {
    let expected = [
        ("ORDER /id", "used", Usage::Copied),
        ("ORDER /price", "no-use-shown", Usage::Read),
        ("ORDER /express", "used", Usage::Decides),
        ("ORDER /memo", "not-used", Usage::Unused),
        ("ORDER /note", "not-used", Usage::Unused),
        ("ORDER /count", "no-use-shown", Usage::Read),
        ("ORDER /colour", "not-used", Usage::Unused),
        ("RETURN /id", "not-exercised", Usage::Unknown),
    ];
    for (field, rule, usage) in expected {
        let (said, weight, used) = rule_of(Fault::None, field);
        assert_eq!((said, used), (rule, usage), "{field}");
        assert_ne!(weight, Weight::Fails, "{field}");
    }
}

#[rstest]
#[case(Fault::Colour, "ORDER /colour", "reads-undeclared")]
#[case(Fault::Note, "ORDER /note", "needs-optional")]
#[case(Fault::Price, "ORDER /price", "refuses-valid")]
fn what_contradicts_the_contract_fails(
    #[case] fault: Fault,
    #[case] field: &str,
    #[case] rule: &str,
) {
    let (said, weight, _) = rule_of(fault, field);
    assert_eq!((said, weight), (rule, Weight::Fails));
}

#[test]
fn a_field_that_a_service_ignores_is_named() {
    assert_eq!(rule_of(Fault::Express, "ORDER /express").0, "not-used");
}

#[test]
fn each_rule_is_planted_here() {
    let faults = [Fault::None, Fault::Colour, Fault::Note, Fault::Price];
    let said: std::collections::BTreeSet<_> =
        faults.into_iter().flat_map(found).map(|(_, rule, ..)| rule).collect();
    for (rule, _) in RULES {
        assert!(said.contains(rule), "{rule}");
    }
}
