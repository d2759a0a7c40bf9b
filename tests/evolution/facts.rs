//! Facts of the JSON Schema Test Suite: a value is valid exactly if the schema that takes only that
//! value is included.

use quintet::evolution::{Draft, Inclusion};
use serde_json::{Value, json};

use crate::{verdict, with_stack};

#[test]
fn a_constant_is_included_exactly_if_its_value_is_valid() {
    let facts = include_str!("fixtures/facts.jsonl");
    let (mut decided, mut all) = (0, 0);
    with_stack(|| {
        for line in facts.lines() {
            let fact: Value = serde_json::from_str(line).expect("a fact is JSON");
            let draft = if fact["draft"] == 7 { Draft::Seven } else { Draft::Latest };
            let valid = fact["valid"] == true;
            let value = json!({ "const": fact["value"] });
            all += 1;
            match verdict(&value, &fact["schema"], draft) {
                Inclusion::Holds => assert!(valid, "{line}"),
                Inclusion::Fails(_) => assert!(!valid, "{line}"),
                Inclusion::Unknown(_) => continue,
            }
            decided += 1;
        }
    });
    println!("{decided} of {all} facts are decided, all of them rightly");
    assert!(decided * 100 >= all * 99, "{decided} of {all} are decided");
}
