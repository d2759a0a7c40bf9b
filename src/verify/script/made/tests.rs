//! Readers that misread one field in one way, each told from a right one by an input that is made.

use super::{Made, made};
use crate::contract::inputs::{Variation, read};
use crate::contract::{Action, Contracts, Message, Schema, Types};
use crate::message::{Json, Number};
use crate::pack::Pack;
use crate::verify::script::rehearsal::Became;
use crate::verify::script::{Phase, Value};

/// What a reader takes a field for, where it takes it for something else; none where it refuses
/// the message.
type Misread = fn(&Schema, Option<&Json>) -> Taken;

/// What a careless reader does with a field.
enum Taken {
    /// As a right reader.
    Right,
    /// It reads this instead.
    As(Json),
    /// It refuses the message.
    Refuses,
}

/// A way to misread, and the fields for which it is one.
struct Mutant {
    name: &'static str,
    concerns: fn(&Schema) -> bool,
    misread: Misread,
}

fn is(schema: &Schema, types: Types) -> bool {
    schema.types == types
}

fn is_integer(schema: &Schema) -> bool {
    is(schema, Types::INTEGER)
}

fn is_text(schema: &Schema) -> bool {
    is(schema, Types::STRING)
}

fn is_free_text(schema: &Schema) -> bool {
    is_text(schema) && schema.allowed.is_none() && schema.format.is_none()
}

fn is_long_text(schema: &Schema) -> bool {
    is_free_text(schema) && !schema.holds_sensitive()
}

fn is_any(schema: &Schema) -> bool {
    schema.types.is_any()
}

fn number(value: i128) -> Taken {
    Taken::As(Json::Number(Number::parse(&value.to_string()).unwrap()))
}

/// Takes the lower bits of an integer.
fn wrap(schema: &Schema, value: Option<&Json>, bits: u32) -> Taken {
    let (Some(value), Some(least)) = (value.and_then(Json::as_integer), schema.minimum) else {
        return Taken::Right;
    };
    let wrapped = value.rem_euclid(1 << bits);
    let signed = least < 0 && wrapped >= 1 << (bits - 1);
    number(if signed { wrapped - (1 << bits) } else { wrapped })
}

/// The bits of a field's own range.
fn width(schema: &Schema) -> u32 {
    let (least, greatest) = (schema.minimum.unwrap(), schema.maximum.unwrap());
    (greatest - least + 1).ilog2()
}

/// Reads what does not fit as if it were nothing.
fn zero_for(schema: &Schema, value: Option<&Json>) -> Taken {
    match value {
        Some(value) if read(schema, value).is_none() => Taken::As(schema.zero()),
        _ => Taken::Right,
    }
}

fn refuses(when: bool) -> Taken {
    if when { Taken::Refuses } else { Taken::Right }
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "takes the lower bits of its own width",
        concerns: is_integer,
        misread: |schema, value| wrap(schema, value, width(schema)),
    },
    Mutant {
        name: "reads 16 bits and takes the lower ones",
        concerns: |schema| is_integer(schema) && width(schema) == 8,
        misread: |schema, value| match value.and_then(Json::as_integer) {
            // What does not fit into 16 bits is refused.
            Some(value) if (0..1 << 16).contains(&value) => {
                wrap(schema, number_of(value).as_ref(), 8)
            }
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "reads 32 bits and takes the lower ones",
        concerns: |schema| is_integer(schema) && width(schema) < 32,
        misread: |schema, value| match value.and_then(Json::as_integer) {
            Some(value) if value.unsigned_abs() < 1 << 31 => {
                wrap(schema, number_of(value).as_ref(), width(schema))
            }
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "takes the nearest number of the range",
        concerns: is_integer,
        misread: |schema, value| match value.and_then(Json::as_integer) {
            Some(value) => number(value.clamp(schema.minimum.unwrap(), schema.maximum.unwrap())),
            None => Taken::Right,
        },
    },
    Mutant {
        name: "takes -1 for the greatest number",
        concerns: |schema| is_integer(schema) && schema.minimum == Some(0),
        misread: |schema, value| match value.and_then(Json::as_integer) {
            Some(-1) => number(schema.maximum.unwrap()),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "cuts fractions off",
        concerns: is_integer,
        misread: |_, value| match value {
            Some(Json::Number(number)) if number.as_str().ends_with(".5") => {
                Taken::As(Json::Number(Number::parse(&number.as_str().replace(".5", "")).unwrap()))
            }
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "reads numbers in quotes",
        concerns: is_integer,
        misread: |_, value| match value.and_then(Json::as_str).map(str::parse::<i128>) {
            Some(Ok(value)) => number(value),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "takes true for 1",
        concerns: is_integer,
        misread: |_, value| if value == Some(&Json::Bool(true)) { number(1) } else { Taken::Right },
    },
    Mutant {
        name: "takes the only item of a list",
        concerns: is_integer,
        misread: |_, value| match value {
            Some(Json::Array(items)) if items.len() == 1 => Taken::As(items[0].clone()),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "takes what it cannot read for 0",
        concerns: |schema| !is_any(schema),
        misread: zero_for,
    },
    Mutant {
        name: "reads numbers as 64-bit floats",
        concerns: |schema| is_integer(schema) && width(schema) == 64,
        misread: |_, value| match value.and_then(Json::as_integer) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "that is the fault"
            )]
            Some(value) => number((value as f64) as i128),
            None => Taken::Right,
        },
    },
    Mutant {
        name: "reads a signed number of the same width",
        concerns: |schema| is_integer(schema) && schema.minimum == Some(0),
        misread: |schema, value| {
            let value = value.and_then(Json::as_integer).unwrap_or_default();
            refuses(value >= 1 << (width(schema) - 1))
        },
    },
    Mutant {
        name: "reads an unsigned number of the same width",
        concerns: |schema| is_integer(schema) && schema.minimum < Some(0),
        misread: |_, value| refuses(value.and_then(Json::as_integer) < Some(0) && value.is_some()),
    },
    Mutant {
        name: "takes any value for text",
        concerns: is_free_text,
        misread: |_, value| match value {
            Some(value @ (Json::Bool(_) | Json::Number(_))) => {
                Taken::As(value.to_string().as_str().into())
            }
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "cuts text at 255 characters",
        concerns: is_long_text,
        misread: |_, value| match value.and_then(Json::as_str) {
            Some(text) => Taken::As(text.chars().take(255).collect::<String>().as_str().into()),
            None => Taken::Right,
        },
    },
    Mutant {
        name: "refuses text of more than 255 characters",
        concerns: is_long_text,
        misread: |_, value| {
            refuses(value.and_then(Json::as_str).is_some_and(|text| text.len() > 255))
        },
    },
    Mutant {
        name: "has no characters outside the basic plane",
        concerns: is_long_text,
        misread: |_, value| match value.and_then(Json::as_str) {
            Some(text) => {
                Taken::As(text.replace(|char| u32::from(char) > 0xffff, "??").as_str().into())
            }
            None => Taken::Right,
        },
    },
    Mutant {
        name: "takes any text for a UUID or a moment",
        concerns: |schema| is_text(schema) && schema.format.is_some(),
        misread: |schema, value| match value {
            Some(Json::String(_)) => zero_for(schema, value),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "takes empty text for none",
        concerns: |schema| is_text(schema) && schema.format.is_some(),
        misread: |schema, value| match value.and_then(Json::as_str) {
            Some("") => Taken::As(schema.zero()),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "takes what is not false for true",
        concerns: |schema| is(schema, Types::BOOLEAN),
        misread: |_, value| match value {
            Some(Json::Bool(_) | Json::Null) | None => Taken::Right,
            Some(Json::Number(number)) => Taken::As(Json::Bool(number.as_integer() != Some(0))),
            Some(_) => Taken::As(Json::Bool(true)),
        },
    },
    Mutant {
        name: "takes a list for an object",
        concerns: |schema| is(schema, Types::OBJECT),
        misread: |schema, value| match value {
            Some(Json::Array(_)) => Taken::As(schema.zero()),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "takes an object for a list",
        concerns: |schema| is(schema, Types::ARRAY),
        misread: |_, value| match value {
            Some(Json::Object(_)) => Taken::As(Json::Array(Vec::new())),
            _ => Taken::Right,
        },
    },
    Mutant {
        name: "refuses null",
        concerns: |_| true,
        misread: |_, value| refuses(value == Some(&Json::Null)),
    },
    Mutant {
        name: "refuses what is not there",
        concerns: |_| true,
        misread: |_, value| refuses(value.is_none()),
    },
    Mutant {
        name: "refuses zero",
        concerns: |schema| !is_any(schema) && schema.allowed.is_none(),
        misread: |schema, value| refuses(value == Some(&schema.zero())),
    },
    Mutant {
        name: "takes any value for an object",
        concerns: is_any,
        misread: |_, value| match value {
            Some(Json::Object(_) | Json::Null) | None => Taken::Right,
            Some(_) => Taken::As(Json::Object(indexmap::IndexMap::new())),
        },
    },
];

fn number_of(value: i128) -> Option<Json> {
    Some(Json::Number(Number::parse(&value.to_string())?))
}

/// Whether a reader that misreads one field takes a value for something else than a right one does.
fn is_told(own: &Message, (pointer, mutant): (&str, &Mutant), value: &Json) -> bool {
    let schema = own.payload.at(pointer).unwrap();
    let misread = match (mutant.misread)(schema, value.pointer(pointer)) {
        Taken::Right => return false,
        Taken::As(other) => read(&own.payload, &with(value, pointer, &other)),
        Taken::Refuses => None,
    };
    misread != read(&own.payload, value)
}

fn with(value: &Json, pointer: &str, other: &Json) -> Json {
    let mut plain: serde_json::Value = serde_json::from_slice(&value.to_bytes()).unwrap();
    if let Some(field) = plain.pointer_mut(pointer) {
        *field = serde_json::from_slice(&other.to_bytes()).unwrap();
    }
    plain.into()
}

/// The pointers of a schema's fields, the first items of lists among them.
fn pointers(schema: &Schema, at: &str, to: &mut Vec<String>) {
    let named = schema.properties.iter().map(|(name, property)| (&**name, &property.schema));
    let items = schema.items.iter().map(|items| ("0", &**items));
    for (name, schema) in named.chain(items) {
        let pointer = format!("{at}/{name}");
        pointers(schema, &pointer, to);
        to.push(pointer);
    }
}

/// What a message of its contract is, as it was made.
fn json(one: &Made) -> Option<Json> {
    match &one.message.value {
        Value::Json(json) => Some(json.clone()),
        Value::Bytes(bytes) => Json::parse(bytes.as_deref()?).ok(),
    }
}

/// The messages that a service reads, by channel, with the field that tells them apart.
fn messages(service: &str) -> Vec<(String, Option<String>, Message)> {
    let contracts = Contracts::builtin();
    let contract = contracts.contract(service).unwrap();
    let channels = contracts.consumed_by(service).unwrap();
    let of = |channel| {
        let name = contracts.channel_name(channel).to_owned();
        let type_field = contracts.channel(channel).and_then(|one| one.discriminator.clone());
        let own: Vec<_> = contract.messages(Action::Receive, &name).cloned().collect();
        own.into_iter().map(move |own| (name.clone(), type_field.clone(), own))
    };
    channels.into_iter().flat_map(of).collect()
}

/// What the documents leave open, so that nothing is sent that would tell.
fn is_open(channel: &str, own: &Message, pointer: &str, mutant: &str) -> bool {
    let nameless = channel == "account.session.command" && own.name == "CREATE";
    let reads_as_empty = ["refuses null", "refuses what is not there", "refuses zero"];
    let empty_name = ["/body", "/body/accountName"].contains(&pointer);
    // An account without a name, and an issuer that no document lists.
    let no_issuer = ["/author", "/issuer"].contains(&pointer);
    reads_as_empty.contains(&mutant) && ((nameless && empty_name) || no_issuer)
}

#[test]
fn each_misreading_is_told_from_right_reading() {
    let mut missed = Vec::new();
    let mut told = 0;
    let contracts = Contracts::builtin();
    for service in contracts.packs().all().map(Pack::name) {
        for (channel, type_field, own) in messages(service) {
            let made = made(service, &contracts);
            let inputs: Vec<_> = made.iter().filter(|one| one.message.channel == channel).collect();
            let mut fields = Vec::new();
            pointers(&own.payload, "", &mut fields);
            fields.retain(|field| Some(&field[1..]) != type_field.as_deref());
            let of_type = |value: &&Json| match &type_field {
                Some(field) => value.get(field).and_then(Json::as_str) == Some(&own.name),
                None => true,
            };
            let values: Vec<_> = inputs.iter().filter_map(|one| json(one)).collect();
            let values: Vec<_> = values.iter().filter(of_type).collect();
            for field in fields {
                let schema = own.payload.at(&field).unwrap();
                for mutant in MUTANTS.iter().filter(|mutant| (mutant.concerns)(schema)) {
                    let reader = (field.as_str(), mutant);
                    if values.iter().any(|value| is_told(&own, reader, value)) {
                        told += 1;
                    } else if !is_open(&channel, &own, &field, mutant.name) {
                        missed.push(format!(
                            "{service} {channel}/{}{field} {}",
                            own.name, mutant.name
                        ));
                    }
                }
            }
        }
    }
    assert!(missed.is_empty(), "{} not told:\n{}", missed.len(), missed.join("\n"));
    assert!(told > 500, "{told} told");
}

#[test]
fn the_reference_reads_as_a_tolerant_reader_does() {
    let contracts = Contracts::builtin();
    for service in contracts.packs().all().map(Pack::name) {
        let messages = messages(service);
        for one in made(service, &contracts).iter() {
            let Some(value @ Json::Object(_)) = json(one) else { continue };
            let own = messages.iter().find(|(channel, type_field, own)| {
                let named = type_field.as_ref().and_then(|field| value.get(field)?.as_str());
                *channel == one.message.channel
                    && (type_field.is_none() || named == Some(&own.name))
            });
            let Some((.., own)) = own else { continue };
            if one.variation.is_none() && !one.place.is_empty() {
                continue;
            }
            let is_read = read(&own.payload, &value).is_some();
            assert_eq!(is_read, one.became != Became::Unreadable, "{service}: {one:?}");
            let reads_zero = ["null-field", "missing-field"].contains(&one.kind.name.as_str());
            let breaks = one.kind.phase == Phase::Undecodable && !reads_zero;
            assert!(!is_read || !breaks || one.kind.name == "not-listed", "{service}: {one:?}");
        }
    }
}

#[test]
fn what_wraps_into_a_byte_is_made() {
    let numbers = |pointer: &str| -> Vec<i128> {
        let all = made("ban", &Contracts::builtin());
        let made = all.iter().filter(|one| one.variation == Some(Variation::Wraps));
        made.filter_map(|one| json(one)?.pointer(pointer)?.as_integer()).collect()
    };
    let bytes = numbers("/body/banType");
    assert!(
        [256, 65_536, 1 << 32, 1_i128 << 64].iter().all(|one| bytes.contains(one)),
        "{bytes:?}"
    );
    let words = numbers("/body/banId");
    assert!([1 << 32, 1_i128 << 64].iter().all(|one| words.contains(one)), "{words:?}");
    assert!(numbers("/body/expiresAt").contains(&(1_i128 << 64)));
}

#[test]
fn nothing_is_made_twice_or_unreadable_without_a_reason() {
    let contracts = Contracts::builtin();
    for service in contracts.packs().all().map(Pack::name) {
        let made = made(service, &contracts);
        assert!(made.len() > 100, "{service}: {}", made.len());
        assert!(!made.iter().any(|one| one.kind.name == "unreadable"), "{service}");
        let shown: Vec<_> = made.iter().map(|one| format!("{:?}", one.message)).collect();
        let different: std::collections::BTreeSet<_> = shown.iter().collect();
        assert_eq!(different.len(), shown.len(), "{service}");
    }
}
