//! Random pairs: what is said of them against values, and what must hold between verdicts.

use quintet::evolution::{Draft, Inclusion};
use serde_json::{Value, json};

use crate::schemas::{Numbers, changed, grounded, schema, value};
use crate::{verdict, with_stack};

/// So many pairs; `QUINTET_RUNS` asks for another number.
fn runs(usual: u64) -> u64 {
    std::env::var("QUINTET_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(usual)
}

/// Values are drawn so often to find one that tells a pair apart.
const DRAWN: u32 = 400;

struct Pair {
    old: Value,
    new: Value,
    draft: Draft,
    /// Included, by how it was made.
    included: bool,
}

fn pair(n: &mut Numbers) -> Pair {
    let seven = n.below(3) == 0;
    let (draft, definitions) = match seven {
        true => (Draft::Seven, "definitions"),
        false => (Draft::Latest, "$defs"),
    };
    let one = |n: &mut Numbers, depth| grounded(&schema(n, depth, seven), false);
    let (first, second, definition) = (one(n, 2), one(n, 1), one(n, 1));
    let kind = n.below(5);
    let (mut old, mut new) = match kind {
        0 => (first, one(n, 2)),
        1 => (first.clone(), json!({ "anyOf": [first, second] })),
        2 => (json!({ "allOf": [first.clone(), second] }), first),
        _ => (first.clone(), grounded(&changed(n, &first, seven), false)),
    };
    for side in [&mut old, &mut new] {
        if side.is_boolean() {
            *side = json!({ "allOf": [side.clone()] });
        }
        side[definitions] = json!({ "d": definition });
    }
    Pair { old, new, draft, included: kind == 1 || kind == 2 }
}

fn validator(schema: &Value, draft: Draft) -> Option<jsonschema::Validator> {
    let draft = match draft {
        Draft::Seven => jsonschema::Draft::Draft7,
        Draft::Latest => jsonschema::Draft::Draft202012,
    };
    jsonschema::options().with_draft(draft).should_validate_formats(false).build(schema).ok()
}

/// A value that the first accepts and the second refuses, if one is drawn.
fn drawn(pair: &Pair, n: &mut Numbers) -> Option<Value> {
    let (old, new) = (validator(&pair.old, pair.draft)?, validator(&pair.new, pair.draft)?);
    let mut values = (0..DRAWN).map(|_| value(n, 3));
    values.find(|value| old.is_valid(value) && !new.is_valid(value))
}

#[test]
fn breaking_pairs_are_found_and_compatible_ones_proven() {
    let (mut breaking, mut found, mut compatible, mut proven) = (0u64, 0u64, 0u64, 0u64);
    with_stack(|| {
        for seed in 0..runs(400) {
            let n = &mut Numbers::new(seed);
            let pair = pair(n);
            let witness = drawn(&pair, n);
            let said = verdict(&pair.old, &pair.new, pair.draft);
            let about = || format!("seed {seed}: {} to {}: {said:?}", pair.old, pair.new);
            match (&said, witness) {
                (Inclusion::Holds, Some(witness)) => panic!("{witness} breaks {}", about()),
                (Inclusion::Fails(_), _) => {
                    assert!(!pair.included, "{}", about());
                    breaking += 1;
                    found += 1;
                }
                (Inclusion::Unknown(_), Some(_)) => {
                    println!("missed: {}", about());
                    breaking += 1;
                }
                (Inclusion::Holds, None) => {
                    compatible += 1;
                    proven += 1;
                }
                (Inclusion::Unknown(_), None) => compatible += 1,
            }
        }
    });
    println!("breaking pairs found: {found} of {breaking}");
    println!("pairs without a witness that are proven compatible: {proven} of {compatible}");
    assert!(found * 100 >= breaking * 99, "found {found} of {breaking}");
    assert!(proven * 100 >= compatible * 95, "proven {proven} of {compatible}");
}

#[test]
fn inclusion_is_reflexive_and_transitive() {
    with_stack(|| {
        for seed in 0..runs(120) {
            let n = &mut Numbers::new(10_000 + seed);
            let Pair { old, new, draft, .. } = pair(n);
            // Not the same text, so that something is to be proven.
            let again = json!({ "allOf": [old.clone()], "$defs": old["$defs"],
                "definitions": old["definitions"] });
            let same = verdict(&old, &again, draft);
            assert!(!matches!(same, Inclusion::Fails(_)), "seed {seed}: {old}: {same:?}");
            let wider = json!({ "anyOf": [new.clone(), { "const": 7 }], "$defs": new["$defs"],
                "definitions": new["definitions"] });
            let (first, second) = (verdict(&old, &new, draft), verdict(&new, &wider, draft));
            if first == Inclusion::Holds && second == Inclusion::Holds {
                let both = verdict(&old, &wider, draft);
                assert!(!matches!(both, Inclusion::Fails(_)), "seed {seed}: {old} to {wider}");
            }
        }
    });
}

#[test]
fn what_is_included_stays_so_where_the_writer_says_more() {
    with_stack(|| {
        for seed in 0..runs(120) {
            let n = &mut Numbers::new(20_000 + seed);
            let Pair { old, new, draft, .. } = pair(n);
            if verdict(&old, &new, draft) != Inclusion::Holds {
                continue;
            }
            let closed = json!({ "allOf": [old.clone(), { "maxProperties": 1, "maxItems": 1 }],
                "$defs": old["$defs"], "definitions": old["definitions"] });
            let said = verdict(&closed, &new, draft);
            assert!(
                !matches!(said, Inclusion::Fails(_)),
                "seed {seed}: {closed} to {new}: {said:?}"
            );
        }
    });
}
