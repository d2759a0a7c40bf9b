//! A small world for tests of the bus: one service that answers each request once.

use std::collections::BTreeMap;
use std::sync::Arc;

use quintet::bus::{Chooser, Topology, World};
use quintet::contract::Contracts;
use quintet::diagnostic::SourceFile;
use quintet::driver::Driver;
use quintet::message::{
    Headers, Json, Key, Outgoing, Payload, Record, RecordId, Seed, Tenant, TraceParent,
};
use quintet::service::{Cx, Incoming, Reject, Service};

pub(crate) const CONTRACT: &str = r"
asyncapi: 3.0.0
info: { title: Relay, version: 1.0.0, x-service: relay }
defaultContentType: application/json
channels:
  request:
    address: REQUEST
    x-discriminator: type
    messages:
      ASK: { name: ASK, payload: { $ref: '#/components/schemas/Ask' }, x-key: { field: /id, encoding: uint32-le-8, basis: documented } }
  answer:
    address: ANSWER
    x-discriminator: type
    messages:
      FIRST: { name: FIRST, payload: { $ref: '#/components/schemas/First' }, x-key: { field: /id, encoding: uint32-le-8, basis: documented } }
      SECOND: { name: SECOND, payload: { $ref: '#/components/schemas/Second' }, x-key: { field: /id, encoding: uint32-le-8, basis: documented } }
operations:
  receiveRequest: { action: receive, channel: { $ref: '#/channels/request' }, bindings: { kafka: { groupId: { type: string, const: Relay } } } }
  sendAnswer: { action: send, channel: { $ref: '#/channels/answer' } }
components:
  schemas:
    Ask: { type: object, required: [type, id], properties: { type: { type: string, const: ASK }, id: { type: integer, minimum: 0, maximum: 4294967295 } } }
    First: { type: object, required: [type, id, count], properties: { type: { type: string, const: FIRST }, id: { type: integer, minimum: 0, maximum: 4294967295 }, count: { type: integer } } }
    Second: { type: object, required: [type, id, count], properties: { type: { type: string, const: SECOND }, id: { type: integer, minimum: 0, maximum: 4294967295 }, count: { type: integer } } }
";

/// Answers each request with two events that say how often its id was handled.
#[derive(Default)]
pub(crate) struct Relay {
    handled: BTreeMap<i128, u32>,
}

impl Service for Relay {
    fn name(&self) -> &str {
        "relay"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let value = incoming.value.ok_or(Reject::Empty)?;
        let value = Json::parse(value).map_err(|error| Reject::Undecodable(error.to_string()))?;
        let id = value.get("id").and_then(Json::as_integer);
        let id = id.ok_or_else(|| Reject::Undecodable("no id".to_owned()))?;
        let key = Key::Id(u32::try_from(id).map_err(|_| Reject::Refused("id".to_owned()))?);
        let count = self.handled.get(&id).copied().unwrap_or(0) + 1;
        for kind in ["FIRST", "SECOND"] {
            let answer = serde_json::json!({ "type": kind, "id": key_id(&key), "count": count });
            cx.emit("answer", &key, &answer)?;
        }
        self.handled.insert(id, count);
        Ok(())
    }
}

fn key_id(key: &Key) -> u32 {
    match key {
        Key::Id(id) => *id,
        _ => 0,
    }
}

pub(crate) fn contracts() -> Arc<Contracts> {
    let mut diagnostics = Vec::new();
    let file = SourceFile::new("relay.asyncapi.yaml", CONTRACT);
    let contracts = Contracts::read(&[file], &mut diagnostics);
    let shown: Vec<_> = diagnostics.iter().map(|found| &found.message).collect();
    let contracts = contracts.unwrap_or_else(|| panic!("the contract is not valid: {shown:?}"));
    Arc::new(contracts.with_packs(&quintet::services::packs()))
}

pub(crate) fn world(topology: Topology, seed: Seed, chooser: Box<dyn Chooser>) -> World {
    let services: Vec<Box<dyn Service>> = vec![Box::new(Relay::default())];
    World::new(contracts(), services, topology, (seed, chooser)).expect("relay has a contract")
}

pub(crate) fn tenant() -> Tenant {
    let id = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11".parse().expect("a UUID");
    Tenant { id, region: "GMS".into(), major: 83, minor: 1 }
}

/// Sends a request for `id`, as the test.
pub(crate) fn ask(world: &mut World, id: u32) -> RecordId {
    let value = format!(r#"{{"type":"ASK","id":{id}}}"#);
    let channel = world.contracts().channel_ix("request").expect("it is in the contract");
    let record = Record {
        key: Some(world.contracts().encode_key(channel, id)),
        headers: Headers::of_tenant(&tenant(), TraceParent { trace: 1, span: 1, flags: 1 }),
        value: Some(Payload::new(value.as_bytes())),
    };
    world.send(Outgoing { channel, record }).expect("the bus takes every record")
}
