//! Scripts: what an implementation under test is told, so that its answers can be judged.
//!
//! What this is: a [`Script`], the inputs of one or two tenants in order, and where scripts come
//! from: scenarios that concern the service ([`scenario`]) and seeded random sequences
//! ([`random`]). What it is not: nothing here sends anything, and no script expects anything; what
//! comes back is judged by [`crate::verify::judge`].
//!
//! What always holds: a script names what the implementation will make up (ids, session ids) by
//! the step that brings it about, so each run of it stands for itself; nothing is in it that the
//! documents leave open so far that no verdict could rest on it. Start at [`Script`].

mod classify;
mod kind;
mod made;
pub(crate) use made::Made;
pub mod random;
mod rehearsal;
pub mod scenario;
mod sweep;

pub use classify::Reader;
pub use kind::{InputKind, KindNames, Phase, UnknownKind};
pub use sweep::{Sweep, harmless, kinds, sweeps};

use std::time::Duration;

use crate::contract::Contracts;
use crate::message::{
    Header, Headers, Json, KeyBytes, Number, Outgoing, Payload, Record, Tenant, TraceParent,
};
use crate::scenario::TenantSpec;

/// What stands in a name before the steps that a kill precedes.
const KILLED: &str = " killed before ";
/// How the name of a script goes on that is played one command at a time.
pub(crate) const SERIAL: &str = ", one at a time";

/// The inputs of one run, for tenants of its own.
#[derive(Clone, Debug)]
pub struct Script {
    /// What it is, e.g. `ban/expiry` or `random 17`.
    pub name: String,
    /// Its tenants, without their ids: each run makes its own.
    pub tenants: Vec<TenantSpec>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// Whether each input waits until all before it are answered or settled, so that nothing
    /// overlaps.
    pub serial: bool,
    /// Who reads it, where its inputs are classified.
    pub reader: Option<Reader>,
}

impl Script {
    /// A script whose inputs may overlap and are not classified.
    #[must_use]
    pub fn new(name: impl Into<String>, tenants: Vec<TenantSpec>, steps: Vec<Step>) -> Self {
        Self { name: name.into(), tenants, steps, serial: false, reader: None }
    }

    /// The script with a kill before each of these steps as well, as its name then says.
    #[must_use]
    pub fn killed_before(mut self, steps: &[u32]) -> Self {
        let Some((name, mut killed)) = Self::parse_name(&self.name) else { return self };
        let name = name.to_owned();
        for before in steps {
            if let Some(at) = self.steps.iter().position(|step| step.id == *before) {
                let number = u32::try_from(killed.len()).unwrap_or(u32::MAX);
                let (id, tenant) = (u32::MAX - number, self.steps[at].tenant);
                self.steps.insert(at, Step::new(id, tenant, Act::Kill));
                killed.push(*before);
            }
        }
        if !killed.is_empty() {
            let killed: Vec<_> = killed.iter().map(u32::to_string).collect();
            self.name = format!("{name}{KILLED}{}", killed.join(","));
        }
        self
    }

    /// The script with a kill in its middle.
    #[must_use]
    pub fn killed_amid(self) -> Self {
        let amid = self.steps.get(self.steps.len() / 2).map(|step| step.id);
        self.killed_before(amid.as_slice())
    }

    /// The script played one command at a time, as its name then says.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        if !self.serial {
            let at = self.name.find(KILLED).unwrap_or(self.name.len());
            self.name.insert_str(at, SERIAL);
            self.serial = true;
        }
        self
    }

    /// For how long it waits in all, so that timers come due.
    #[must_use]
    pub fn waits(&self) -> Duration {
        let wait = |step: &Step| match step.act {
            Act::Pause(wait) => wait,
            _ => Duration::ZERO,
        };
        self.steps.iter().map(wait).sum()
    }

    /// The last phase of which it has an input.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let kinds = self.steps.iter().filter_map(|step| step.kind.as_ref());
        kinds.map(|kind| kind.phase).max().unwrap_or(Phase::Expected)
    }

    /// The name of a script, and before which of its steps there is a kill.
    #[must_use]
    pub fn parse_name(name: &str) -> Option<(&str, Vec<u32>)> {
        let Some((name, steps)) = name.split_once(KILLED) else {
            return Some((name, Vec::new()));
        };
        let steps: Result<Vec<_>, _> = steps.split(',').map(str::parse).collect();
        Some((name, steps.ok()?))
    }
}

/// One thing that happens to the implementation.
#[derive(Clone, Debug)]
pub struct Step {
    /// What other steps call it; unique in its script, and kept when other steps are left out.
    pub id: u32,
    /// Which of the script's tenants it concerns.
    pub tenant: usize,
    /// What happens.
    pub act: Act,
    /// What kind of input it sends; none where it sends nothing that the service reads, or where
    /// the script is not classified.
    pub kind: Option<InputKind>,
}

impl Step {
    /// A step that is not classified.
    #[must_use]
    pub const fn new(id: u32, tenant: usize, act: Act) -> Self {
        Self { id, tenant, act, kind: None }
    }
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Act {
    /// A record is sent.
    Send(Message),
    /// Something happens that does not come through Kafka.
    Stimulus {
        /// Its name without the service.
        name: String,
        /// Its arguments.
        args: Json,
    },
    /// The implementation is asked for a state, once all before it is settled.
    Query {
        /// Its name without the service.
        name: String,
        /// Its arguments.
        args: Json,
    },
    /// The implementation gets to know something that it looks up elsewhere.
    Give {
        /// What kind of data, e.g. `equipment`.
        data: String,
        /// One entry of it.
        entry: Json,
    },
    /// Nothing is sent for a while, so that timers come due.
    Pause(Duration),
    /// The implementation is killed (`kill -9`) and started again.
    Kill,
}

/// A record to be made and sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its channel, e.g. `ban.command`.
    pub channel: String,
    /// Its value.
    pub value: Value,
    /// Its key.
    pub key: KeyFrom,
    /// Its headers.
    pub headers: HeadersFrom,
}

/// The value of a record.
#[derive(Clone, Debug)]
pub enum Value {
    /// An object; `{"$id": 3}` in it stands for the id that an answer to step 3 announced, and
    /// `{"$answer": 3}` for what stimulus 3 gave back.
    Json(Json),
    /// These bytes, whatever they are; none is a tombstone.
    Bytes(Option<Vec<u8>>),
}

/// Where the key of a record comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFrom {
    /// The field that the contract names.
    Contract,
    /// These bytes; none is no key.
    Bytes(Option<KeyBytes>),
}

/// The headers that the records of a tenant carry.
pub(crate) const HEADERS: [&str; 5] =
    ["TENANT_ID", "REGION", "MAJOR_VERSION", "MINOR_VERSION", "traceparent"];

/// Where the headers of a record come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadersFrom {
    /// The tenant's, with a trace of the record's own.
    Tenant,
    /// As [`HeadersFrom::Tenant`], without this one.
    Without(&'static str),
    /// As [`HeadersFrom::Tenant`], with these bytes in this one.
    Damaged(&'static str, Vec<u8>),
}

/// What a run knows when it makes a record.
pub trait Known {
    /// The id that an answer to a step announced.
    fn id_of(&self, step: u32) -> Option<u32>;
    /// What a stimulus gave back.
    fn answer_of(&self, step: u32) -> Option<Json>;
}

/// Stands for an id that nobody announced: no implementation gets to it by counting.
const UNKNOWN_ID: u32 = 3_000_000_000;

impl Message {
    /// A record keyed as its contract says, of its tenant.
    #[must_use]
    pub fn new(channel: &str, value: Json) -> Self {
        Self {
            channel: channel.to_owned(),
            value: Value::Json(value),
            key: KeyFrom::Contract,
            headers: HeadersFrom::Tenant,
        }
    }

    /// The record as it is sent; `None` where no contract names the channel.
    #[must_use]
    pub fn make(
        &self,
        contracts: &Contracts,
        (tenant, trace): (&Tenant, TraceParent),
        known: &dyn Known,
    ) -> Option<Outgoing> {
        let channel = contracts.channel_ix(&self.channel)?;
        let (value, json) = match &self.value {
            Value::Bytes(bytes) => (bytes.as_deref().map(Payload::new), None),
            Value::Json(template) => {
                let json = filled(template, known);
                (Some(Payload::new(&json.to_bytes())), Some(json))
            }
        };
        let key = match &self.key {
            KeyFrom::Bytes(bytes) => bytes.clone(),
            KeyFrom::Contract => json.and_then(|json| contracts.key_for(channel, &json)),
        };
        let headers = self.headers.make(Headers::of_tenant(tenant, trace));
        Some(Outgoing { channel, record: Record { key, headers, value } })
    }

    /// The steps whose answers must be there before it can be made.
    #[must_use]
    pub fn needs(&self) -> Vec<u32> {
        let mut steps = Vec::new();
        if let Value::Json(template) = &self.value {
            collect_needs(template, &mut steps);
        }
        steps
    }
}

impl Act {
    /// The steps whose answers must be there before it can happen.
    #[must_use]
    pub fn needs(&self) -> Vec<u32> {
        let mut steps = Vec::new();
        match self {
            Self::Send(message) => return message.needs(),
            Self::Stimulus { args, .. } | Self::Query { args, .. } => {
                collect_needs(args, &mut steps);
            }
            Self::Give { .. } | Self::Pause(_) | Self::Kill => {}
        }
        steps
    }
}

impl HeadersFrom {
    fn make(&self, whole: Headers) -> Headers {
        let mut list = whole.to_list();
        match self {
            Self::Tenant => return whole,
            Self::Without(name) => list.retain(|header| &*header.name != *name),
            Self::Damaged(name, bytes) => {
                list.retain(|header| &*header.name != *name);
                list.push(Header::new(name, bytes));
            }
        }
        Headers::from_list(list)
    }
}

/// A template with what is known filled in.
#[must_use]
pub fn filled(template: &Json, known: &dyn Known) -> Json {
    match template {
        Json::Object(fields) => match reference(fields) {
            Some(("$id", step)) => {
                let id = known.id_of(step).unwrap_or(UNKNOWN_ID + step);
                Json::Number(Number::from(id))
            }
            Some((_, step)) => known.answer_of(step).unwrap_or_default(),
            None => {
                let filled = |(name, value): (&String, &Json)| (name.clone(), filled(value, known));
                Json::Object(fields.iter().map(filled).collect())
            }
        },
        Json::Array(items) => Json::Array(items.iter().map(|item| filled(item, known)).collect()),
        plain => plain.clone(),
    }
}

fn reference(fields: &indexmap::IndexMap<String, Json>) -> Option<(&str, u32)> {
    let (name, step) = fields.iter().next().filter(|_| fields.len() == 1)?;
    let step = step.as_integer().and_then(|step| u32::try_from(step).ok())?;
    matches!(name.as_str(), "$id" | "$answer").then_some((name.as_str(), step))
}

fn collect_needs(template: &Json, steps: &mut Vec<u32>) {
    match template {
        Json::Object(fields) => match reference(fields) {
            Some((_, step)) => steps.push(step),
            None => fields.values().for_each(|value| collect_needs(value, steps)),
        },
        Json::Array(items) => items.iter().for_each(|item| collect_needs(item, steps)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::{Act, HeadersFrom, Known, Message};
    use crate::contract::Contracts;
    use crate::message::{HeaderProblem, Json, Tenant, TraceParent};

    struct Knows;

    impl Known for Knows {
        fn id_of(&self, step: u32) -> Option<u32> {
            (step == 3).then_some(41)
        }
        fn answer_of(&self, step: u32) -> Option<Json> {
            (step == 5).then(|| Json::from("a-session"))
        }
    }

    fn make(message: &Message) -> crate::message::Outgoing {
        let tenant = Tenant { id: Uuid::from_u128(7), region: "GMS".into(), major: 83, minor: 1 };
        let trace = TraceParent { trace: 1, span: 2, flags: 1 };
        message.make(&Contracts::builtin(), (&tenant, trace), &Knows).expect("a channel")
    }

    #[test]
    fn what_is_made_up_is_filled_in() {
        let value = json!({ "type": "DELETE", "body": { "banId": { "$id": 3 } } });
        let message = Message::new("ban.command", value.into());
        let made = make(&message).record;
        let text = std::str::from_utf8(made.value_bytes().unwrap()).unwrap();
        assert_eq!(text, r#"{"type":"DELETE","body":{"banId":41}}"#);
        assert_eq!(Act::Send(message).needs(), [3]);
    }

    #[test]
    fn what_nobody_announced_is_an_id_that_nobody_has() {
        let message = Message::new("ban.command", json!({ "banId": { "$id": 9 } }).into());
        let made = make(&message).record;
        assert_eq!(made.value_bytes().unwrap(), br#"{"banId":3000000009}"#);
    }

    #[test]
    fn headers_can_be_left_out_and_damaged() {
        let mut message = Message::new("ban.command", Json::Null);
        message.headers = HeadersFrom::Without("REGION");
        assert_eq!(make(&message).record.headers.tenant(), Err(HeaderProblem::Missing("REGION")));
        message.headers = HeadersFrom::Damaged("traceparent", b"?".to_vec());
        let headers = make(&message).record.headers;
        assert!(headers.tenant().is_ok() && headers.trace().is_none());
    }
}
