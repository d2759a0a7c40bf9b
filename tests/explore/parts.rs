//! A small system: two services that note what they handle, and tell or ask each other.

use std::sync::Arc;

use quintet::bus::{Chooser, Topology, World};
use quintet::contract::Contracts;
use quintet::diagnostic::SourceFile;
use quintet::driver::{Driver, Until};
use quintet::message::{Json, Key, Seed, Tenant};
use quintet::service::{Asked, Cx, Incoming, Model, QueryError, Reject, Service};

/// A contract of a service that reads `NAME.command` and may send to `two.command`.
const CONTRACT: &str = r"
asyncapi: 3.0.0
info: { title: NAME, version: 1.0.0, x-service: NAME }
defaultContentType: application/json
channels:
  NAME.command:
    address: NAME_COMMAND
    messages:
      default:
        payload: { $ref: '#/components/schemas/Command' }
        x-key: { field: /id, encoding: uint32-le-8, basis: documented }
OTHER
operations:
  receive:
    action: receive
    channel: { $ref: '#/channels/NAME.command' }
    bindings: { kafka: { groupId: { type: string, const: NAME } } }
SENDS
components:
  schemas:
    Command:
      type: object
      required: [id]
      properties: { id: { type: integer, minimum: 0, maximum: 4294967295 } }
";
const OTHER: &str = r"
  two.command:
    address: two_COMMAND
    messages:
      default:
        payload: { $ref: '#/components/schemas/Command' }
        x-key: { field: /id, encoding: uint32-le-8, basis: documented }";
const SENDS: &str = "  send: { action: send, channel: { $ref: '#/channels/two.command' } }";

/// Keys of partition 0, 1 and 2 of three.
pub(crate) const KEYS: [u32; 3] = [5, 1, 13];

/// What a service does with a record besides noting it.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Does {
    /// Nothing.
    Notes,
    /// Sends a command to `two`.
    Sends,
    /// Asks the other how much it has noted.
    Asks,
    /// Refuses it, without noting it.
    Refuses,
}

/// A service that notes what it handles.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// What it does with the first record of a partition, with the second, and so on.
    pub(crate) does: Vec<Does>,
    /// Whether it only notes the order of each partition.
    pub(crate) by_partition: bool,
    pub(crate) noted: Vec<(u32, u64, i128)>,
}

impl Part {
    pub(crate) fn new(name: &'static str, does: &[Does]) -> Self {
        Self { name, does: does.to_vec(), by_partition: false, noted: Vec::new() }
    }
}

impl Service for Part {
    fn name(&self) -> &str {
        self.name
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let (partition, offset) = (incoming.partition.0, incoming.offset.0);
        let at = usize::try_from(offset).unwrap_or(0) + partition as usize;
        let mut told = 0;
        match self.does.get(at % self.does.len().max(1)) {
            Some(Does::Refuses) => return Err(Reject::Refused("as planned".to_owned())),
            Some(Does::Sends) => {
                let key = KEYS[partition as usize % KEYS.len()];
                cx.emit("two.command", &Key::Id(key), &serde_json::json!({ "id": key }))?;
            }
            Some(Does::Asks) => {
                let other = if self.name == "one" { "two" } else { "one" };
                let answer = cx.query(other, "count", &Json::Null).unwrap_or_default();
                told = answer.as_integer().unwrap_or(-1);
            }
            Some(Does::Notes) | None => {}
        }
        self.noted.push((partition, offset, told));
        if self.by_partition {
            self.noted.sort_unstable();
        }
        Ok(())
    }

    fn query(&self, name: &str, _: &Json, _: &Asked<'_>) -> Result<Json, QueryError> {
        match name {
            "count" => Ok(Json::from(serde_json::json!(self.noted.len()))),
            _ => Ok(Json::from(format!("{:?}", self.noted).as_str())),
        }
    }
}

pub(crate) fn contracts() -> Arc<Contracts> {
    let file = |name: &str, other: &str, sends: &str| {
        let text = CONTRACT.replace("NAME", name).replace("OTHER", other);
        SourceFile::new(format!("{name}.asyncapi.yaml"), text.replace("SENDS", sends))
    };
    let mut problems = Vec::new();
    let files = [file("one", OTHER, SENDS), file("two", "", "")];
    let contracts = Contracts::read(&files, &mut problems);
    let shown: Vec<_> = problems.iter().map(|one| &one.message).collect();
    Arc::new(contracts.unwrap_or_else(|| panic!("the contracts are not valid: {shown:?}")))
}

pub(crate) fn tenant() -> Tenant {
    let id = "5e1f3b7a-0c55-4d3a-9a57-0a4d0f2b6c11".parse().expect("a UUID");
    Tenant { id, region: "GMS".into(), major: 83, minor: 1 }
}

/// A world in which these services are sent commands: by service and partition, in order.
pub(crate) fn played(
    contracts: &Arc<Contracts>,
    parts: &[Part],
    commands: &[(&str, usize)],
    chooser: Box<dyn Chooser>,
) -> World {
    let services: Vec<Box<dyn Model>> =
        parts.iter().map(|part| -> Box<dyn Model> { Box::new(part.clone()) }).collect();
    let start = (Seed(0), chooser);
    let world = World::new(Arc::clone(contracts), services, Topology::default(), start);
    let mut world = world.expect("each has a contract");
    for (service, partition) in commands {
        let value = Json::from(serde_json::json!({ "id": KEYS[*partition] }));
        let sent = world.send_value(&format!("{service}.command"), &tenant(), &value);
        let sent = sent.expect("it is in a contract");
        let placed = world.history().record(sent);
        assert_eq!(placed.partition.0 as usize, *partition, "a key decides the partition");
    }
    world.passive();
    let until = Until::Time(quintet::message::VirtualTime::from_ms(60_000));
    // A search gives runs up of which it knows what follows.
    let _ = world.run(until, &mut |_| false);
    world
}

/// What each service has noted in the end.
pub(crate) fn noted(world: &mut World, parts: &[Part]) -> Vec<String> {
    let tenant = tenant();
    let ask = |part: &Part| {
        let answer = world.query(part.name, "noted", &tenant, &Json::Null);
        answer.map_or_else(|error| error.to_string(), |answer| answer.to_string())
    };
    parts.iter().map(ask).collect()
}
