//! Shared by the tests of contracts.

use std::sync::Arc;

use quintet::contract::{Contracts, Problem};
use quintet::diagnostic::SourceFile;
use quintet::message::{
    ChannelIx, Header, Headers, Json, KeyBytes, Payload, Record, Tenant, TraceParent,
};
use quintet::yaml::{self, Meaning, Node, Value};
use uuid::Uuid;

/// A YAML document as the JSON that general validators take.
pub(crate) fn as_json(text: &str) -> serde_json::Value {
    let mut diagnostics = Vec::new();
    let file = SourceFile::new("contract", Arc::<str>::from(text));
    let node = yaml::read(&file, &mut diagnostics).expect("the contract is YAML");
    node_as_json(&node)
}

fn node_as_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar(scalar) => match scalar.meaning() {
            Meaning::Missing | Meaning::Null => serde_json::Value::Null,
            Meaning::Bool(value) => value.into(),
            Meaning::Number(number) => serde_json::from_str(number).expect("a JSON number"),
            Meaning::Text(text) => text.into(),
        },
        Value::Sequence(items) => items.iter().map(node_as_json).collect(),
        Value::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), node_as_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Takes snapshots in the folder of all snapshots.
pub(crate) fn snapshots(area: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(area);
    settings
}

/// The headers of a record of some tenant.
pub(crate) fn headers() -> Headers {
    let tenant = Tenant { id: Uuid::from_u128(0xa7), region: "GMS".into(), major: 83, minor: 1 };
    Headers::of_tenant(&tenant, TraceParent { trace: 5, span: 6, flags: 1 })
}

/// The same with one header replaced, or left out where there is no value.
pub(crate) fn headers_with(name: &str, value: Option<&[u8]>) -> Headers {
    let mut list = headers().to_list();
    list.retain(|header| &*header.name != name);
    list.extend(value.map(|value| Header::new(name, value)));
    Headers::from_list(list)
}

/// A record with the usual headers.
pub(crate) fn record(key: Option<KeyBytes>, value: &str) -> Record {
    Record { key, headers: headers(), value: Some(Payload::new(value.as_bytes())) }
}

/// A value of each kind: zero, but for what an enumeration needs.
pub(crate) fn good(label: &str) -> (ChannelIx, Json) {
    let set = Contracts::builtin();
    let kind = set.all_messages().iter().find(|kind| kind.label == label).unwrap();
    let mut value = set.zero_value(kind.index).unwrap().clone();
    let mut set_field = |field: &str, to: &str| {
        if let Json::Object(fields) = &mut value
            && let Some(found) = fields.get_mut(field)
        {
            *found = to.into();
        }
    };
    set_field("author", "LOGIN");
    set_field("issuer", "LOGIN");
    if let Json::Object(fields) = &mut value
        && let Some(Json::Object(body)) = fields.get_mut("body")
    {
        for (field, to) in [("code", "SYSTEM_ERROR"), ("referenceType", "equipable")] {
            if let Some(found) = body.get_mut(field) {
                *found = to.into();
            }
        }
    }
    (kind.channel, value)
}

pub(crate) fn sent(label: &str, change: impl FnOnce(&mut Json)) -> Vec<Problem> {
    let (channel, mut value) = good(label);
    change(&mut value);
    let set = Contracts::builtin();
    let key = set.key_for(channel, &value);
    set.check_sent(channel, &record(key, &value.to_string()))
}

pub(crate) fn field<'a>(value: &'a mut Json, pointer: &str) -> &'a mut Json {
    pointer.split('/').skip(1).fold(value, |at, name| match at {
        Json::Object(fields) => fields.entry(name.to_owned()).or_default(),
        _ => panic!("{pointer} is not in an object"),
    })
}

pub(crate) fn remove(value: &mut Json, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let Json::Object(fields) = field(value, parent) else { panic!("{parent} is no object") };
    fields.shift_remove(name).unwrap();
}
