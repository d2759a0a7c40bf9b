//! Random schemas over the keywords of both drafts, and random values.

use serde_json::{Map, Value, json};

const NAMES: [&str; 4] = ["a", "b", "c", "x-y"];
const PATTERNS: [&str; 9] =
    ["^a", "b$", "^[ab]+$", "a|b", "^.{2}$", "^x-", "^(?!a)", r"^\d+$", "c"];
const TEXTS: [&str; 8] = ["", "a", "b", "ab", "x-y", "aa", "12", "abc"];
const DEEPER: [&str; 8] = [
    "properties",
    "items",
    "prefixItems",
    "additionalProperties",
    "patternProperties",
    "contains",
    "additionalItems",
    "unevaluatedItems",
];

/// A stream of numbers, the same for the same seed.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        let mut numbers =
            Self(0x9E37_79B9_7F4A_7C15 ^ seed.wrapping_mul(0xD134_2543_DE82_EF95) | 1);
        (0..5).for_each(|_| assert!(numbers.below(2) < 2));
        numbers
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(of.len() as u64);
        &of[usize::try_from(at).expect("small")]
    }

    fn bit(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// A value of a small universe.
pub(crate) fn value(n: &mut Numbers, depth: u32) -> Value {
    if depth == 0 || n.below(3) > 0 {
        return match n.below(4) {
            0 => json!(*n.one(&TEXTS)),
            1 => json!(i64::try_from(n.below(14)).expect("small") - 3),
            _ => n
                .one(&[json!(null), json!(true), json!(1.5), json!([]), json!({}), json!(2)])
                .clone(),
        };
    }
    let count = n.below(4);
    if n.bit() {
        return Value::Array((0..count).map(|_| value(n, depth - 1)).collect());
    }
    let names = ["a", "b", "c", "x-y", "zz"];
    Value::Object((0..count).map(|_| ((*n.one(&names)).to_owned(), value(n, depth - 1))).collect())
}

/// A schema of draft 7 where `seven`, else of 2020-12; references lead to the definition `d`.
pub(crate) fn schema(n: &mut Numbers, depth: u32, seven: bool) -> Value {
    if n.below(14) == 0 {
        return json!(n.below(3) > 0);
    }
    let mut all = Map::new();
    if n.bit() {
        let types = [
            json!("null"),
            json!("boolean"),
            json!("integer"),
            json!("number"),
            json!("string"),
            json!("array"),
            json!("object"),
            json!(["object", "null"]),
            json!(["integer", "string", "array"]),
        ];
        all.insert("type".to_owned(), n.one(&types).clone());
    }
    for _ in 0..=n.below(3) {
        let kind = if depth == 0 { n.below(13) } else { n.below(37) };
        let (keyword, value) = match kind {
            0..13 => bound(n, kind),
            _ => applied(n, (kind, depth - 1, seven), &mut all),
        };
        all.insert(keyword.to_owned(), value);
    }
    Value::Object(all)
}

fn bound(n: &mut Numbers, kind: u64) -> (&'static str, Value) {
    match kind {
        0 => ("minimum", json!(n.below(5))),
        1 => ("maximum", json!(n.below(8))),
        2 => ("exclusiveMinimum", json!(n.below(4))),
        3 => ("multipleOf", n.one(&[json!(2), json!(3), json!(0.5), json!(1.5)]).clone()),
        4 => ("minLength", json!(n.below(3))),
        5 => ("maxLength", json!(n.below(4))),
        6 => ("pattern", json!(*n.one(&PATTERNS))),
        7 => ("enum", (0..=n.below(3)).map(|_| value(n, 1)).collect()),
        8 => ("const", value(n, 1)),
        9 if n.bit() => ("minItems", json!(n.below(3))),
        9 => ("maxItems", json!(n.below(4))),
        10 => ("uniqueItems", json!(true)),
        11 => ("required", json!([*n.one(&NAMES)])),
        _ if n.bit() => ("minProperties", json!(n.below(3))),
        _ => ("maxProperties", json!(n.below(3))),
    }
}

fn applied(
    n: &mut Numbers,
    (kind, depth, seven): (u64, u32, bool),
    all: &mut Map<String, Value>,
) -> (&'static str, Value) {
    let sub = |n: &mut Numbers| schema(n, depth, seven);
    match kind {
        13..17 => {
            let members = (0..=n.below(2)).map(|_| ((*n.one(&NAMES)).to_owned(), sub(n)));
            ("properties", Value::Object(members.collect()))
        }
        17 => ("patternProperties", json!({ *n.one(&PATTERNS): sub(n) })),
        18 | 19 if n.bit() => ("additionalProperties", json!(false)),
        18 | 19 => ("additionalProperties", sub(n)),
        20 => ("propertyNames", sub(n)),
        21 | 22 => ("items", sub(n)),
        23 if seven => {
            all.insert("additionalItems".to_owned(), sub(n));
            ("items", json!([sub(n), sub(n)]))
        }
        23 => ("prefixItems", json!([sub(n), sub(n)])),
        24 => {
            if !seven {
                all.insert("minContains".to_owned(), json!(n.below(3)));
                all.insert("maxContains".to_owned(), json!(n.below(3)));
            }
            ("contains", sub(n))
        }
        25 => ("allOf", json!([sub(n), sub(n)])),
        26 => ("anyOf", json!([sub(n), sub(n)])),
        27 | 28 => ("oneOf", (0..2 + n.below(2)).map(|_| sub(n)).collect()),
        29 | 30 => ("not", sub(n)),
        31 => {
            all.insert("then".to_owned(), sub(n));
            all.insert("else".to_owned(), sub(n));
            ("if", sub(n))
        }
        32 => {
            let keyword = if seven { "dependencies" } else { "dependentRequired" };
            (keyword, json!({ *n.one(&NAMES): [*n.one(&NAMES)] }))
        }
        33 => {
            let keyword = if seven { "dependencies" } else { "dependentSchemas" };
            (keyword, json!({ *n.one(&NAMES): sub(n) }))
        }
        34 if seven => ("$ref", json!("#/definitions/d")),
        34 => ("$ref", json!("#/$defs/d")),
        35 if !seven => ("unevaluatedProperties", json!(n.bit())),
        36 if !seven => ("unevaluatedItems", sub(n)),
        _ => ("title", json!("a title")),
    }
}

/// References only below members and items, so that each value is judged in the end.
pub(crate) fn grounded(schema: &Value, deep: bool) -> Value {
    match schema {
        Value::Object(members) => {
            let kept = members.iter().filter(|(keyword, _)| deep || *keyword != "$ref");
            let below = |(keyword, value): (&String, &Value)| {
                let value = match keyword.as_str() {
                    "const" | "enum" => value.clone(),
                    keyword => grounded(value, deep || DEEPER.contains(&keyword)),
                };
                (keyword.clone(), value)
            };
            Value::Object(kept.map(below).collect())
        }
        Value::Array(items) => items.iter().map(|item| grounded(item, deep)).collect(),
        other => other.clone(),
    }
}

/// The schema with one place changed.
pub(crate) fn changed(n: &mut Numbers, old: &Value, seven: bool) -> Value {
    let Value::Object(members) = old else { return schema(n, 1, seven) };
    let keywords: Vec<&String> = members.keys().filter(|one| *one != "$ref").collect();
    if keywords.is_empty() {
        return schema(n, 1, seven);
    }
    let keyword = (*n.one(&keywords)).clone();
    let mut members = members.clone();
    match n.below(5) {
        0 => drop(members.remove(&keyword)),
        1 => {
            if let Value::Object(more) = schema(n, 1, seven) {
                members.extend(more);
            }
        }
        _ => {
            let value = changed_value(n, (&keyword, &members[&keyword]), seven);
            members.insert(keyword, value);
        }
    }
    Value::Object(members)
}

fn changed_value(n: &mut Numbers, (keyword, value): (&str, &Value), seven: bool) -> Value {
    match (keyword, value) {
        ("properties" | "patternProperties" | "dependentSchemas", Value::Object(members)) => {
            let names: Vec<&String> = members.keys().collect();
            let mut members = members.clone();
            if !names.is_empty() {
                let name = (*n.one(&names)).clone();
                let value = changed(n, &members[&name], seven);
                members.insert(name, value);
            }
            Value::Object(members)
        }
        ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(items)) => {
            let at = usize::try_from(n.below(items.len() as u64)).expect("small");
            let mut items = items.clone();
            items[at] = changed(n, &items[at], seven);
            Value::Array(items)
        }
        ("enum", Value::Array(items)) => {
            Value::Array(items.iter().cloned().chain([self::value(n, 1)]).collect())
        }
        (
            "type" | "const" | "pattern" | "required" | "uniqueItems" | "dependentRequired"
            | "multipleOf" | "dependencies" | "title",
            value,
        ) => value.clone(),
        (_, Value::Number(number)) => json!(number.as_u64().unwrap_or(1) + n.below(2)),
        (_, Value::Array(items)) => Value::Array(items.clone()),
        (_, value) => changed(n, value, seven),
    }
}
