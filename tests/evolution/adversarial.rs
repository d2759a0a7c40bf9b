//! Schemas that want to take long, or too much: the budget ends them, and what is said is right.

use quintet::evolution::{Draft, Inclusion};
use serde_json::{Value, json};

use crate::{verdict, with_stack};

fn said(old: &Value, new: &Value) -> &'static str {
    match with_stack(|| verdict(old, new, Draft::Latest)) {
        Inclusion::Holds => "compatible",
        Inclusion::Fails(_) => "breaking",
        Inclusion::Unknown(_) => "undecided",
    }
}

fn variants(count: u64) -> Value {
    let one = |at: u64| {
        json!({"type": "object", "required": ["k", "v"], "additionalProperties": false,
            "properties": {"k": {"const": format!("T{at}")},
                "v": {"type": "integer", "minimum": at}}})
    };
    json!({"oneOf": (0..count).map(one).collect::<Vec<_>>()})
}

#[test]
fn unions_are_told_apart_by_their_constants() {
    assert_eq!(said(&variants(30), &variants(31)), "compatible");
    assert_eq!(said(&variants(31), &variants(30)), "breaking");
}

#[test]
fn wide_objects_are_compared_member_by_member() {
    let wide = |last: u64| {
        let members = (0..200).map(|at| {
            (
                format!("p{at}"),
                json!({"type": "string", "maxLength": if at == 199 { last } else { 9 }}),
            )
        });
        json!({"type": "object", "properties": members.collect::<serde_json::Map<_, _>>()})
    };
    assert_eq!(said(&wide(3), &wide(4)), "compatible");
    assert_eq!(said(&wide(4), &wide(3)), "breaking");
}

/// Seven pigeons in six holes: true, and out of reach of this kind of proof.
#[test]
fn what_is_too_hard_is_undecided() {
    let name = |pigeon: u32, hole: u32| format!("p{pigeon}h{hole}");
    let somewhere = (0..7).map(|pigeon| {
        let holes = (0..6).map(|hole| json!({"required": [name(pigeon, hole)]}));
        json!({"anyOf": holes.collect::<Vec<_>>()})
    });
    let alone = (0..6).flat_map(|hole| {
        (0..7).flat_map(move |a| {
            (0..a).map(move |b| json!({"not": {"required": [name(a, hole), name(b, hole)]}}))
        })
    });
    let all: Vec<_> = somewhere.chain(alone).collect();
    let said = said(&json!({"type": "object", "allOf": all}), &json!(false));
    assert_ne!(said, "breaking");
}

#[test]
fn patterns_that_explode_are_ended() {
    let pattern = |end: u32| json!({"type": "string", "pattern": format!("(a|b)*a(a|b){{{end}}}")});
    assert_ne!(said(&pattern(16), &pattern(15)), "breaking");
    let nested = json!({"type": "string", "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"});
    assert_eq!(said(&nested, &json!({"pattern": "^(a+)+$"})), "breaking");
}

#[test]
fn sizes_that_cannot_be_written_out_are_undecided() {
    let text = |most: u64| json!({"type": "string", "maxLength": most});
    assert_eq!(said(&text(1_000_000_000), &text(100_000_000)), "undecided");
    assert_eq!(said(&text(100_000_000), &text(1_000_000_000)), "compatible");
    let list = |most: u64| json!({"type": "array", "maxItems": most});
    assert_eq!(said(&list(1_000_000_000), &list(100_000_000)), "undecided");
    assert_eq!(said(&list(1000), &list(999)), "breaking");
}

#[test]
fn depth_ends_before_the_stack_does() {
    let deep = |leaf: &str| {
        (0..50).fold(
            json!({"type": leaf}),
            |inner, _| json!({"type": "object", "properties": {"a": inner}, "required": ["a"]}),
        )
    };
    assert_eq!(said(&deep("integer"), &deep("number")), "compatible");
    assert_eq!(said(&deep("number"), &deep("integer")), "breaking");
    let not = (0..100).fold(json!({"type": "string"}), |inner, _| json!({"not": inner}));
    assert_eq!(said(&not, &json!({"type": "string"})), "compatible");
}

/// What any two of them ask for can be in one string, so nothing is decided early.
#[test]
fn patterns_that_overlap_are_ended() {
    let names = |count: u8| (0..count).map(|at| format!("a{}", char::from(b'a' + at)));
    let all = |count: u8| {
        let all: Vec<_> = names(count).map(|pattern| json!({ "pattern": pattern })).collect();
        json!({ "allOf": all })
    };
    assert_eq!(said(&all(25), &all(24)), "compatible");
    assert_ne!(said(&all(24), &all(25)), "compatible");
    let members = |wrap: fn(&str) -> String| {
        let all = names(25).map(|name| (wrap(&name), json!({"type": "integer"})));
        json!({"type": "object", "patternProperties": all.collect::<serde_json::Map<_, _>>()})
    };
    // A validator that knows no lookarounds is made anew for each value: that is work, too.
    let (plain, looking) = (members(str::to_owned), members(|name| format!("^(?=.*{name})")));
    assert_ne!(said(&plain, &looking), "breaking");
    // A dot takes no line break, so there is a name that only one of them looks at.
    assert_ne!(said(&looking, &plain), "compatible");
}
