//! Pairs that people would write: what is said, by which value, and how the change is named.

use quintet::evolution::{
    Document, Draft, Inclusion, Mode, Policy, Verdict, changes, compare, included,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{document, verdict};

#[rstest]
#[case::wider_type(json!({"type": "integer"}), json!({"type": "number"}))]
#[case::new_optional_member_of_closed(
    json!({"properties": {"a": {"type": "string"}}, "additionalProperties": false}),
    json!({"properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "additionalProperties": false})
)]
#[case::multiple_and_type(
    json!({"oneOf": [{"type": "integer", "multipleOf": 6}, {"type": "string"}]}),
    json!({"anyOf": [{"multipleOf": 3}, {"minLength": 0}]})
)]
#[case::exactly_one(
    json!({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}], "type": "number"}),
    json!({"not": {"multipleOf": 6}})
)]
#[case::as_many_items_as_values(
    json!({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true}),
    json!({"maxItems": 3})
)]
#[case::two_are_at_least_one(
    json!({"type": "array", "contains": {"const": 5}, "minContains": 2}),
    json!({"type": "array", "minItems": 2, "contains": {"type": "integer"}})
)]
#[case::unevaluated(
    json!({"allOf": [{"properties": {"a": true}}, {"properties": {"b": {"type": "string"}}}],
        "unevaluatedProperties": false}),
    json!({"propertyNames": {"enum": ["a", "b"]}})
)]
#[case::patterns_of_names(
    json!({"patternProperties": {"^x-": {"type": "string"}},
        "additionalProperties": {"type": "integer"}}),
    json!({"properties": {"x-a": {"type": "string"}, "y": {"type": "number"}}})
)]
#[case::lookahead(
    json!({"type": "string", "pattern": "^(?=.*[0-9])(?=.*[a-z]).{8,}$"}),
    json!({"type": "string", "minLength": 8})
)]
#[case::dependent(
    json!({"type": "object", "dependentRequired": {"a": ["b"]}, "required": ["a"]}),
    json!({"required": ["a", "b"]})
)]
#[case::no_such_object(
    json!({"minProperties": 3, "propertyNames": {"pattern": "^[ab]$"}, "type": "object"}),
    json!({"type": "string"})
)]
#[case::only_endless_values(
    json!({"type": "array", "items": {"$ref": "#"}, "minItems": 1}),
    json!(false)
)]
#[case::formats_are_annotations(
    json!({"type": "string"}),
    json!({"type": "string", "format": "date"})
)]
fn compatible_pairs_are_proven(#[case] old: Value, #[case] new: Value) {
    assert_eq!(verdict(&old, &new, Draft::Latest), Inclusion::Holds);
}

#[rstest]
#[case(json!({"type": "string"}), json!({"type": "string", "maxLength": 5}), json!("aaaaaa"))]
#[case(
    json!({"type": "object", "properties": {"a": {"type": "string"}}}),
    json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
    json!({})
)]
#[case(json!({"enum": ["a", "b", "b"]}), json!({"enum": ["a", "a"]}), json!("b"))]
#[case(json!({"type": "array", "maxItems": 4}), json!({"uniqueItems": true}), json!([null, null]))]
#[case(
    json!({"type": "string", "pattern": "^[a-z]+$"}),
    json!({"type": "string", "pattern": "^[a-y]+$"}),
    json!("z")
)]
#[case(
    json!({"type": "string", "pattern": "^(?=.*[0-9])(?=.*[a-z]).+$"}),
    json!({"type": "string", "pattern": "^(?!0)"}),
    json!("0a")
)]
#[case(
    json!({"type": "object", "required": ["k", "v"], "properties": {"k": {"const": 1}, "v": true}}),
    json!({"if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["w"]}}),
    json!({"k": 1, "v": null})
)]
fn breaking_pairs_have_a_least_witness(
    #[case] old: Value,
    #[case] new: Value,
    #[case] witness: Value,
) {
    assert_eq!(verdict(&old, &new, Draft::Latest), Inclusion::Fails((&witness).into()));
}

#[test]
fn references_lead_back_and_in_a_circle() {
    let tree = |least: i64| {
        json!({"$ref": "#/definitions/t", "definitions": {"t": {
            "type": "object", "required": ["v"], "additionalProperties": false,
            "properties": {"v": {"type": "integer", "minimum": least},
                "l": {"$ref": "#/definitions/t"}, "r": {"$ref": "#/definitions/t"}}}}})
    };
    assert_eq!(verdict(&tree(1), &tree(0), Draft::Seven), Inclusion::Holds);
    let said = verdict(&tree(0), &tree(1), Draft::Seven);
    assert_eq!(said, Inclusion::Fails((&json!({"v": 0})).into()));
    let circle = json!({"allOf": [{"$ref": "#"}]});
    let said = verdict(&circle, &json!({"type": "string"}), Draft::Seven);
    assert!(matches!(said, Inclusion::Unknown(_)), "{said:?}");
}

#[test]
fn what_is_not_understood_is_undecided_unless_a_value_shows_it() {
    let old = json!({"type": "string", "pattern": r"\bfoo\b"});
    assert!(matches!(
        verdict(&old, &json!({"minLength": 3}), Draft::Latest),
        Inclusion::Unknown(_)
    ));
    assert_eq!(
        verdict(&old, &json!({"type": ["string", "null"]}), Draft::Latest),
        Inclusion::Holds
    );
    let elsewhere = json!({"$ref": "https://example.com/other.json"});
    let said = verdict(&elsewhere, &json!({"type": "string"}), Draft::Latest);
    assert!(matches!(said, Inclusion::Unknown(_)), "{said:?}");
}

fn with(schema: &Value) -> Document {
    document(schema, Draft::Latest)
}

#[test]
fn modes_say_who_reads_what() {
    let olds = [json!({"maximum": 5, "type": "integer"}), json!({"maximum": 9, "type": "integer"})];
    let olds = olds.map(|old| with(&old));
    let new = with(&json!({"maximum": 7, "type": "integer"}));
    let of = |mode| compare(&olds, &new, mode, Policy::Raw).verdict;
    let value = |verdict: Verdict| match verdict {
        Verdict::Breaking(witness) => Some((witness.value, witness.old)),
        _ => None,
    };
    assert_eq!(value(of(Mode::Backward)), Some(((&json!(8)).into(), 1)));
    assert_eq!(of(Mode::Forward), Verdict::Compatible);
    assert_eq!(value(of(Mode::Full)), Some(((&json!(8)).into(), 1)));
    assert_eq!(value(of(Mode::ForwardTransitive)), Some(((&json!(6)).into(), 0)));
}

#[rstest]
#[case(json!({"minimum": 1}), json!({"minimum": 2}), "minimum-increased /minimum")]
#[case(json!({"type": "string"}), json!({"type": "integer"}), "type-changed /type")]
#[case(json!({"type": "number"}), json!({"type": "integer"}), "type-narrowed /type")]
#[case(json!({"enum": [1, 2]}), json!({"enum": [2]}), "enum-array-narrowed /enum")]
#[case(
    json!({"properties": {"a/b": {"type": "string"}}}),
    json!({"properties": {}}),
    "property-removed-from-open-content-model /properties/a~1b"
)]
#[case(
    json!({"properties": {"a": {"type": "string"}}, "additionalProperties": false}),
    json!({"properties": {}, "additionalProperties": false}),
    "property-removed-from-closed-content-model /properties/a"
)]
#[case(
    json!({"properties": {"a": {"type": "string"}}}),
    json!({"properties": {"a": {"type": "string"}}, "required": ["a"]}),
    "required-attribute-added /required/a"
)]
#[case(
    json!({"additionalProperties": false, "properties": {}}),
    json!({"additionalProperties": false, "properties": {"b": {"type": "null"}}}),
    "optional-property-added-to-unopen-content-model /properties/b"
)]
#[case(
    json!({"items": {"$ref": "#/$defs/i"}, "$defs": {"i": {"maxLength": 3}}}),
    json!({"items": {"maxLength": 2}}),
    "max-length-decreased /items/maxLength"
)]
#[case(
    json!({"oneOf": [{"type": "null"}]}),
    json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
    "sum-type-extended /oneOf"
)]
#[case(json!({"format": "date"}), json!({"format": "time"}), "keyword-changed /format")]
fn changes_have_names_and_places(#[case] old: Value, #[case] new: Value, #[case] expected: &str) {
    let found = changes(&with(&old), &with(&new));
    let told: Vec<_> =
        found.iter().map(|change| format!("{} {}", change.rule.name, change.path)).collect();
    assert_eq!(told, [expected]);
}

#[test]
fn the_same_text_has_no_change() {
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#"}}});
    assert!(changes(&with(&schema), &with(&schema)).is_empty());
    assert_eq!(included(&with(&schema), &with(&schema)), Inclusion::Holds);
}
