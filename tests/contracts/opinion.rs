//! A second opinion: `jsonschema` on the same payload schemas must accept and refuse the same.
//!
//! Known and left out: 1.0 counts as an integer in JSON Schema and not here, and integers beyond 64
//! bits are floats to `jsonschema`.

use std::sync::OnceLock;

use crate::support::as_json;
use proptest::prelude::*;
use quintet::contract::{Contracts, Problem, Schema};
use quintet::message::Json;
use serde_json::{Value, json};

struct Pair {
    label: String,
    ours: Schema,
    theirs: jsonschema::Validator,
}

/// Each payload schema of each contract, read by both.
fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let mut pairs = Vec::new();
        for (path, text) in quintet::services::contract_files() {
            let document = as_json(text);
            let service = document["info"]["x-service"].as_str().unwrap();
            let set = Contracts::builtin();
            for (channel, view) in &set.contract(service).unwrap().channels {
                for (kind, message) in &view.messages {
                    let payload = &document["channels"][channel]["messages"][kind]["payload"];
                    let theirs = jsonschema::options()
                        .with_draft(jsonschema::Draft::Draft202012)
                        .should_validate_formats(true)
                        .build(&resolved(payload, &document))
                        .unwrap();
                    let ours = message.payload.clone();
                    pairs.push(Pair { label: format!("{path} {channel}/{kind}"), ours, theirs });
                }
            }
        }
        pairs
    })
}

/// The schema with its references replaced by what they name.
fn resolved(schema: &Value, document: &Value) -> Value {
    match schema {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let target = document.pointer(reference.trim_start_matches('#')).unwrap();
                resolved(target, document)
            }
            None => {
                fields.iter().map(|(name, one)| (name.clone(), resolved(one, document))).collect()
            }
        },
        Value::Array(items) => items.iter().map(|item| resolved(item, document)).collect(),
        other => other.clone(),
    }
}

/// A value that the schema accepts, with `pick` choosing among its possible values.
fn good(schema: &Schema, pick: usize) -> Value {
    if let Some(allowed) = &schema.allowed {
        return serde_json::to_value(&allowed[pick % allowed.len()]).unwrap();
    }
    if !schema.properties.is_empty() {
        let fields = schema.properties.iter();
        return fields.map(|(name, one)| (name.to_string(), good(&one.schema, pick))).collect();
    }
    if let Some(items) = &schema.items {
        return (0..pick % 3).map(|_| good(items, pick)).collect();
    }
    let bound = if pick.is_multiple_of(2) { schema.minimum } else { schema.maximum };
    match bound {
        Some(bound) => serde_json::from_str(&bound.to_string()).unwrap(),
        None => serde_json::to_value(schema.zero()).unwrap(),
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(255),
        json!(256),
        json!(32767),
        json!(32768),
        json!(-32768),
        json!(-32769),
        json!(4_294_967_295_u64),
        json!(4_294_967_296_u64),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(-0.5),
        json!(2_147_483_647),
        json!(2_147_483_648_u64),
        json!(-2_147_483_648_i64),
        json!(-2_147_483_649_i64),
        json!(""),
        json!("x"),
        json!("LOGIN"),
        json!("INTERNAL"),
        json!("CREATED"),
        json!("DELETED"),
        json!("login"),
        json!("NOT_REGISTERED"),
        json!("cash_equipable"),
        json!("00000000-0000-0000-0000-000000000000"),
        json!("0000000G-0000-0000-0000-000000000000"),
        json!("00000000000000000000000000000000"),
        json!("ABCDEF00-0000-0000-0000-00000000abcd"),
        json!("2026-01-01T00:00:00Z"),
        json!("2024-02-29T00:00:00.5-08:00"),
        json!("2023-02-29T00:00:00Z"),
        json!("2026-01-01T25:00:00Z"),
        json!("2026-01-01"),
        json!("2026-01-01T00:00:00"),
        json!([]),
        json!([1]),
        json!([{"type": "PAD", "amount": 5}]),
        json!([{"type": "PAD", "amount": 5.5}]),
        json!([{"type": 1, "amount": 5}, {}]),
        json!({}),
        json!({"a": 1}),
        json!({"code": "X", "reason": 1, "until": 2}),
    ];
    proptest::sample::select(values.to_vec())
}

#[derive(Clone, Debug)]
enum Change {
    Put(Value),
    Remove,
    Add(Value),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => odd_value().prop_map(Change::Put),
        2 => Just(Change::Remove),
        1 => odd_value().prop_map(Change::Add),
    ]
}

/// Changes one field, counted over the whole value.
fn apply(value: &mut Value, at: usize, change: Change) {
    let mut paths = Vec::new();
    list(value, "", &mut paths);
    let Some(path) = paths.get(at % paths.len().max(1)) else {
        return;
    };
    let (parent, name) = path.rsplit_once('/').unwrap();
    match (change, value.pointer_mut(parent)) {
        (Change::Put(new), Some(Value::Object(fields))) => _ = fields.insert(name.to_owned(), new),
        (Change::Remove, Some(Value::Object(fields))) => _ = fields.remove(name),
        (Change::Add(new), Some(Value::Object(fields))) => _ = fields.insert("extra".into(), new),
        (Change::Put(new), Some(Value::Array(items))) => {
            items[name.parse::<usize>().unwrap()] = new;
        }
        _ => {}
    }
}

fn list(value: &Value, path: &str, paths: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, one)| (name.clone(), one)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect()
        }
        _ => Vec::new(),
    };
    for (name, one) in inner {
        let path = format!("{path}/{name}");
        paths.push(path.clone());
        list(one, &path, paths);
    }
}

fn agree(pair: &Pair, value: &Value) -> Result<bool, TestCaseError> {
    let ours = Json::parse(value.to_string().as_bytes()).unwrap();
    let violations: Vec<_> =
        pair.ours.problems(&ours).into_iter().filter(Problem::is_violation).collect();
    let theirs = pair.theirs.is_valid(value);
    prop_assert_eq!(violations.is_empty(), theirs, "{} {} {:?}", pair.label, value, violations);
    Ok(theirs)
}

#[test]
fn both_accept_good_values() {
    for pair in pairs() {
        for pick in 0..6 {
            let value = good(&pair.ours, pick);
            assert!(agree(pair, &value).unwrap(), "{} {value}", pair.label);
        }
    }
}

#[test]
fn both_refuse_every_missing_field() {
    for pair in pairs() {
        for (name, property) in &pair.ours.properties {
            let mut value = good(&pair.ours, 0);
            value.as_object_mut().unwrap().remove(&**name);
            assert_eq!(agree(pair, &value).unwrap(), !property.required, "{} {name}", pair.label);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_agree_on_changed_values(
        pair in 0_usize..64,
        pick in 0_usize..6,
        changes in proptest::collection::vec((0_usize..32, change()), 1..4),
    ) {
        let pair = &pairs()[pair % pairs().len()];
        let mut value = good(&pair.ours, pick);
        for (at, change) in changes {
            apply(&mut value, at, change);
        }
        agree(pair, &value)?;
    }

    #[test]
    fn both_agree_on_any_string_as_uuid_or_timestamp(
        uuid in "[0-9a-fA-F-]{35,37}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-g]{12}",
        date in "[0-9]{4}-[01][0-9]-[0-3][0-9]",
        time in "[0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?",
        offset in "(Z|[+-][0-2][0-9]:[0-6][0-9])?",
    ) {
        let label = |label: &str| pairs().iter().find(|pair| pair.label.contains(label)).unwrap();
        let pair = label("asset.status/MOVED");
        let mut value = good(&pair.ours, 0);
        value["transactionId"] = uuid.into();
        agree(pair, &value)?;
        value["transactionId"] = json!("00000000-0000-0000-0000-000000000000");
        value["body"]["createdAt"] = format!("{date}T{time}{offset}").into();
        agree(pair, &value)?;
    }
}

#[test]
fn where_the_two_differ_on_purpose() {
    let pair = pairs().iter().find(|pair| pair.label.ends_with("ban.command/DELETE")).unwrap();
    let ours = |text: &str| pair.ours.problems(&Json::parse(text.as_bytes()).unwrap()).is_empty();
    let theirs = |text: &str| pair.theirs.is_valid(&serde_json::from_str(text).unwrap());
    let with = |id: &str| format!(r#"{{"type":"DELETE","body":{{"banId":{id}}}}}"#);
    assert!(ours(&with("7")) && theirs(&with("7")));
    assert!(!ours(&with("7.0")) && theirs(&with("7.0")));
    assert!(!ours(&with("7e0")) && theirs(&with("7e0")));
}
