//! Made-up contracts whose parts are exercised, and contracts that are too lax.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstest::rstest;

use quintet::contract::{Contracts, Taking};
use quintet::coverage::{
    DAMAGES, Damaged, ELEMENTS, ElementKind, Fate, Records, Score, Surface, score,
};
use quintet::message::{Headers, Payload, Record};

/// A contract that says all that it can.
const STRICT: &str = r"
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
        headers: { $ref: '#/components/schemas/Headers' }
        x-key: { field: /id, encoding: uint32-be, basis: documented }
        payload:
          type: object
          required: [kind, id, price, note, state, flag, items, when, ref]
          properties:
            kind: { type: string, const: ORDER }
            id: { type: integer, minimum: 0, maximum: 4294967295 }
            price: { type: integer, minimum: 1, maximum: 100 }
            note: { type: string, minLength: 3, maxLength: 10, pattern: '^[a-z]+$' }
            state: { type: string, enum: [open, paid] }
            flag: { type: boolean }
            items: { type: array, items: { type: integer, minimum: 0, maximum: 9 } }
            when: { type: string, format: date-time }
            ref: { type: string, format: uuid }
            extra: { type: [string, 'null'] }
operations:
  receiveOrders:
    action: receive
    channel: { $ref: '#/channels/orders' }
    bindings: { kafka: { groupId: { type: string, const: Till } } }
components:
  schemas:
    Headers:
      type: object
      required: [origin]
      properties: { origin: { type: string, format: uuid, x-encoding: uuid-text } }
";

const ORDER: &str = r#"{"kind":"ORDER","id":7,"price":5,"note":"abcd","state":"open","flag":true,
    "items":[1],"when":"2026-01-01T00:00:00Z","ref":"5e550000-0000-4000-8000-000000000001"}"#;

/// A document of anybody, with alternatives.
const CHOICES: &str = r"
asyncapi: 3.0.0
info: { title: Depot, version: 1.0.0 }
channels:
  parcels:
    address: parcels
    messages:
      parcel:
        payload:
          type: object
          required: [to]
          properties: { to: { type: string } }
          oneOf:
            - { title: heavy, required: [kilos], properties: { kilos: { type: integer } } }
            - { title: light, required: [grams], properties: { grams: { type: integer } } }
          if: { properties: { to: { const: abroad } } }
          then: { required: [customs], properties: { customs: { type: string } } }
          else: { properties: { street: { type: string } } }
operations:
  take: { action: receive, channel: { $ref: '#/channels/parcels' } }
";

fn contracts(text: &str) -> Arc<Contracts> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.asyncapi.yaml");
    std::fs::write(&path, text).unwrap();
    let mut diagnostics = Vec::new();
    let taking = Taking { must_be_portable: &|_: &str| false, service: None };
    let read = Contracts::read_path(&path, &taking, &mut diagnostics);
    let shown: Vec<_> = diagnostics.iter().map(|one| &one.message).collect();
    Arc::new(read.unwrap_or_else(|| panic!("{shown:?}")))
}

fn noted(surface: &mut Surface, contracts: &Contracts, channel: &str, value: &str) {
    let channel = contracts.channel_ix(channel).unwrap();
    let value = Some(Payload::new(value.as_bytes()));
    let record = Record { key: None, headers: Headers::from_list(Vec::new()), value };
    surface.note_traffic(channel, &record);
}

/// Kind, field and detail of the elements that something exercised, or that nothing did.
fn elements(surface: &Surface, is_exercised: bool) -> Vec<String> {
    let all = surface.elements.iter().filter(|one| one.is_exercised() == is_exercised);
    all.map(|one| format!("{} {} {}", one.kind.name(), one.field, one.detail).trim().to_owned())
        .collect()
}

#[test]
fn fields_values_types_and_headers_are_exercised_by_records_that_have_them() {
    let contracts = contracts(STRICT);
    let mut surface = Surface::of(&contracts);
    assert!(elements(&surface, true).is_empty());
    noted(&mut surface, &contracts, "orders", ORDER);
    let never = elements(&surface, false);
    let expected = [
        "header origin",
        "value /flag false",
        "value /state \"paid\"",
        "field /extra",
        "type /extra null",
        "type /extra string",
    ];
    let mut sorted = never.clone();
    sorted.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(sorted, expected);
    let some = elements(&surface, true);
    for one in ["message", "field /items/*", "branch /extra left out", "value /flag true"] {
        assert!(some.contains(&one.to_owned()), "{some:?}");
    }
    let with = ORDER.replace("\"kind\"", "\"extra\":null,\"kind\"");
    noted(&mut surface, &contracts, "orders", &with);
    assert!(elements(&surface, true).contains(&"type /extra null".to_owned()));
    assert!(elements(&surface, false).contains(&"type /extra string".to_owned()));
}

#[test]
fn a_record_that_the_contract_refuses_exercises_nothing() {
    let contracts = contracts(STRICT);
    let mut surface = Surface::of(&contracts);
    noted(&mut surface, &contracts, "orders", &ORDER.replace("\"price\":5", "\"price\":500"));
    assert_eq!(elements(&surface, true), Vec::<String>::new());
}

#[test]
fn alternatives_and_conditions_are_branches() {
    let contracts = contracts(CHOICES);
    let mut surface = Surface::of(&contracts);
    noted(&mut surface, &contracts, "parcels", r#"{"to":"home","kilos":3}"#);
    let (some, never) = (elements(&surface, true), elements(&surface, false));
    for one in ["branch  oneOf heavy", "branch  else"] {
        assert!(some.contains(&one.to_owned()), "{some:?}");
    }
    for one in ["branch  oneOf light", "branch  then", "field /customs", "field /grams"] {
        assert!(never.contains(&one.to_owned()), "{never:?}");
    }
    noted(&mut surface, &contracts, "parcels", r#"{"to":"abroad","grams":3,"customs":"none"}"#);
    assert!(!elements(&surface, false).iter().any(|one| one.starts_with("branch  ")));
}

#[test]
fn each_kind_of_element_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = ELEMENTS.iter().map(|(_, name, _)| name).collect();
    assert_eq!(names.len(), ELEMENTS.len());
    assert_eq!(ElementKind::Rule.name(), "rule");
}

fn scored(text: &str) -> Vec<Score> {
    let contracts = contracts(text);
    let surface = Surface::of(&contracts);
    score(&contracts, &surface, &Records::default())
}

fn damaged(scores: &[Score], is: impl Fn(&Damaged) -> bool) -> Vec<String> {
    let all = scores.iter().flat_map(|score| &score.damaged).filter(|one| is(one));
    all.map(|one| format!("{} {} {}", one.kind, one.field, one.detail).trim().to_owned()).collect()
}

/// The contract with an example that has everything.
fn strict(from: &str, to: &str) -> String {
    assert!(STRICT.contains(from), "{from}");
    let order = ORDER.replace('\n', "").replace("    ", "");
    let examples = format!("        examples: [ {{ payload: {order} }} ]\n        payload:\n");
    STRICT.replace(from, to).replacen("        payload:\n", &examples, 1)
}

#[test]
fn a_strict_contract_refuses_each_kind_of_damage() {
    let scores = scored(&strict("price:", "price:"));
    assert_eq!(scores[0].why_none, None);
    let accepted = damaged(&scores, |one| one.fate == Fate::Accepted);
    assert_eq!(accepted, Vec::<String>::new());
    let refused: BTreeMap<&str, usize> = scores[0]
        .damaged
        .iter()
        .filter(|one| one.fate == Fate::Refused)
        .fold(BTreeMap::new(), |mut all, one| {
            *all.entry(one.kind).or_default() += 1;
            all
        });
    // Readers ignore other fields; the contract says nothing against them.
    let never: Vec<_> = DAMAGES.iter().map(|(kind, _)| *kind).collect();
    let never: Vec<_> = never.into_iter().filter(|kind| !refused.contains_key(kind)).collect();
    assert_eq!(never, ["extra-field"]);
    let equivalent = damaged(&scores, |one| matches!(one.fate, Fate::Equivalent(_)));
    assert!(equivalent.contains(&"extra-field /quintetExtra".to_owned()), "{equivalent:?}");
}

/// Where a contract says less, the damages that it no longer refuses are found.
#[rstest]
#[case("price: { type: integer, minimum: 1, maximum: 100 }", "price: { type: integer }",
    &["above /price", "below /price"])]
#[case("price: { type: integer, minimum: 1, maximum: 100 }", "price: { minimum: 1, maximum: 100 }",
    &["fraction /price", "null /price", "other-type /price array", "other-type /price boolean",
        "other-type /price object", "other-type /price string"])]
#[case("ref: { type: string, format: uuid }", "ref: { type: string }",
    &["bad-format /ref a UUID that is cut", "bad-format /ref no UUID"])]
#[case("when: { type: string, format: date-time }", "when: { type: string }",
    &["bad-format /when a time that is cut", "bad-format /when no time"])]
#[case("items: { type: integer, minimum: 0, maximum: 9 }", "items: { type: integer, minimum: 0 }",
    &["above /items/0"])]
fn a_lax_contract_is_found(#[case] from: &str, #[case] to: &str, #[case] found: &[&str]) {
    // As a document of anybody: the portable profile does not take all of these.
    let text = strict(from, to).replace("x-service: till", "x-note: till");
    let mut accepted = damaged(&scored(&text), |one| one.fate == Fate::Accepted);
    accepted.retain(|one| !one.contains("header"));
    accepted.sort();
    assert_eq!(accepted, found);
}

#[test]
fn a_field_that_nobody_demands_is_found_unless_that_is_said() {
    let all = "required: [kind, id, price, note, state, flag, items, when, ref]";
    let text = strict(all, "description: an order").replace("x-service: till", "x-note: till");
    let accepted = damaged(&scored(&text), |one| one.fate == Fate::Accepted);
    assert!(accepted.contains(&"absent /price".to_owned()), "{accepted:?}");
    let text = strict(all, "required: [kind, id]").replace("x-service: till", "x-note: till");
    let scores = scored(&text);
    assert!(damaged(&scores, |one| one.fate == Fate::Accepted).is_empty());
    let equivalent = damaged(&scores, |one| matches!(one.fate, Fate::Equivalent(_)));
    assert!(equivalent.contains(&"absent /price".to_owned()), "{equivalent:?}");
}

#[test]
fn a_key_that_only_the_field_uses_is_no_demand_of_the_contract() {
    let text = strict("basis: documented", "basis: field");
    let scores = scored(&text);
    let equivalent = damaged(&scores, |one| matches!(one.fate, Fate::Equivalent(_)));
    assert!(equivalent.contains(&"bad-key".to_owned()), "{equivalent:?}");
}

#[test]
fn a_message_without_a_valid_example_is_named() {
    let text = STRICT.replace("pattern: '^[a-z]+$'", "pattern: '^[a-z]{4}[0-9]{4}$'");
    let scores = scored(&text);
    let found = scores[0].why_none.is_some() || scores[0].examples > 0;
    assert!(found);
    let none = STRICT.replace("minimum: 1, maximum: 100", "minimum: 100, maximum: 1");
    let scores = scored(&none.replace("x-service: till", "x-note: till"));
    assert!(scores[0].why_none.is_some() && scores[0].damaged.is_empty());
}

#[test]
fn a_place_is_that_of_the_field() {
    let scores = scored(
        &strict("price: { type: integer, minimum: 1, maximum: 100 }", "price: { type: integer }")
            .replace("x-service: till", "x-note: till"),
    );
    let below = scores[0].damaged.iter().find(|one| one.kind == "below" && one.field == "/price");
    let (_, line, _) = below.expect("it is there").place.position();
    let text =
        strict("price: { type: integer, minimum: 1, maximum: 100 }", "price: { type: integer }");
    assert!(text.lines().nth(line - 1).unwrap().contains("price:"), "{line}");
}
