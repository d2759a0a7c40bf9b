//! How entries are said in words, and as JSON lines.

use super::{Entry, Event, FaultId, History, Placed, Producer};
use crate::message::{Json, RecordId, hex};

/// The version of the JSON-lines form.
pub(crate) const FORMAT: u32 = 1;

/// A history as JSON lines: a head with the format's version, then one object an entry. Records are
/// inlined where they appear; sensitive fields are redacted.
#[must_use]
pub fn to_json_lines(history: &History) -> String {
    let services: Vec<_> = history.services().iter().map(String::as_str).map(Json::from).collect();
    let head = [
        ("event", Json::from("history")),
        ("format", Json::Number(FORMAT.into())),
        ("services", Json::Array(services)),
    ];
    let mut lines = object(head).to_string();
    for entry in history.entries() {
        lines.push('\n');
        lines.push_str(&history.entry_json(entry).to_string());
    }
    lines.push('\n');
    lines
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn number(value: impl Into<crate::message::Number>) -> Json {
    Json::Number(value.into())
}

/// What an event says besides its name: a field's name and its value.
type Fields = Vec<(&'static str, Json)>;

impl History {
    /// An entry in a sentence without values: `account emits #5 account.session.status/CREATED`.
    #[must_use]
    pub fn describe(&self, entry: &Entry) -> String {
        let (name, fields) = self.fields(&entry.event);
        let mut text = format!("{} {name}", entry.at);
        for (field, value) in fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!(" {field} {value}"));
        }
        text
    }

    fn entry_json(&self, entry: &Entry) -> Json {
        let (name, fields) = self.fields(&entry.event);
        let head = [("event", Json::from(name)), ("at_ms", number(entry.at.as_ms()))];
        let tail = [("hash", Json::from(&*format!("{:016x}", entry.hash)))];
        let appended = match &entry.event {
            Event::Sent { record } | Event::Emitted { record, .. } => {
                Some(("as", self.placed_json(self.record(*record))))
            }
            _ => None,
        };
        object(head.into_iter().chain(fields).chain(appended).chain(tail))
    }

    /// A record as JSON: where it lies, key and headers as people read them, value redacted.
    #[must_use]
    pub fn placed_json(&self, placed: &Placed) -> Json {
        let record = &placed.record;
        let headers = record.headers.to_list().into_iter().map(|header| {
            let shown = header.shown();
            (header.name.to_string(), Json::String(shown))
        });
        object([
            ("message", Json::String(self.message_name(placed))),
            ("partition", number(placed.partition.0)),
            ("offset", number(placed.offset.0)),
            ("key", record.key.as_ref().map_or(Json::Null, |key| Json::String(hex(key)))),
            ("headers", Json::Object(headers.collect())),
            ("value", self.shown_value(placed)),
        ])
    }

    /// The record's message: `ban.command/CREATE`, or the channel alone where it has no type.
    #[must_use]
    pub fn message_name(&self, placed: &Placed) -> String {
        let value = placed.record.value_bytes();
        self.contracts().message_name(placed.channel, value)
    }

    /// The value as JSON with sensitive fields redacted; what is not JSON is only measured, for
    /// nothing tells where a password might stand in it.
    #[must_use]
    pub fn shown_value(&self, placed: &Placed) -> Json {
        let Some(value) = &placed.record.value else {
            return Json::Null;
        };
        match Json::parse(value.as_bytes()) {
            Ok(json) => self.contracts().redact(placed.channel, &json),
            Err(_) => Json::String(format!("{} bytes, not JSON", value.as_bytes().len())),
        }
    }

    fn record_field(record: RecordId) -> (&'static str, Json) {
        ("record", number(record.0))
    }

    fn fields(&self, event: &Event) -> (&'static str, Fields) {
        let of = |service| ("service", Json::from(self.service(service)));
        let rec = Self::record_field;
        let fault = |fault: FaultId| ("fault", number(fault.0));
        match event {
            Event::Given { service, what } => {
                ("given", vec![of(*service), ("what", Json::from(what.as_str()))])
            }
            Event::Sent { record } => ("sent", vec![rec(*record)]),
            Event::Delivered { service, record, attempt } => {
                let attempt = ("attempt", number(*attempt));
                ("delivered", vec![of(*service), rec(*record), attempt])
            }
            Event::Recognised { service, record } => {
                ("recognised", vec![of(*service), rec(*record)])
            }
            Event::Rejected { service, record, reject } => {
                let mut fields = vec![of(*service)];
                fields.extend(record.map(rec));
                fields.push(("why", Json::String(reject.shown())));
                ("rejected", fields)
            }
            Event::Applied { service, rule } => {
                ("applied", vec![of(*service), ("rule", Json::from(rule.as_str()))])
            }
            Event::Decided { service, rule, option } => {
                let rule = ("rule", Json::from(rule.as_str()));
                ("decided", vec![of(*service), rule, ("option", Json::from(*option))])
            }
            Event::Kept { service, unsent } => {
                ("kept", vec![of(*service), ("unsent", number(*unsent))])
            }
            Event::Emitted { service, record, cause } => {
                let mut fields = vec![of(*service), rec(*record)];
                fields.extend(cause.map(|cause| ("cause", number(cause.0))));
                ("emitted", fields)
            }
            Event::Committed { service, channel, partition, offset } => {
                let channel = ("channel", Json::from(self.contracts().channel_name(*channel)));
                let partition = ("partition", number(partition.0));
                let offset = ("offset", number(offset.0));
                ("committed", vec![of(*service), channel, partition, offset])
            }
            Event::Observed { service, what } => {
                ("observed", vec![of(*service), ("what", Json::from(&**what))])
            }
            Event::Fired { service, timer } => {
                ("fired", vec![of(*service), ("timer", Json::from(timer.as_str()))])
            }
            Event::Asked { service, query } => {
                ("asked", vec![of(*service), ("query", Json::from(query.as_str()))])
            }
            Event::Stimulus { service, name } => {
                ("stimulus", vec![of(*service), ("name", Json::from(name.as_str()))])
            }
            Event::Armed { fault: id } => ("armed", vec![fault(*id)]),
            Event::Struck { fault: id, record } => {
                ("struck", std::iter::once(fault(*id)).chain(record.map(rec)).collect())
            }
            Event::Crashed { service } => ("crashed", vec![of(*service)]),
            Event::Restarted { service } => ("restarted", vec![of(*service)]),
            Event::Rebalanced { service, generation } => {
                ("rebalanced", vec![of(*service), ("generation", number(*generation))])
            }
            Event::Time { to } => ("time", vec![("to_ms", number(to.as_ms()))]),
        }
    }

    /// Who wrote a record, by name: a service, or `test`.
    #[must_use]
    pub fn producer(&self, placed: &Placed) -> &str {
        match placed.producer {
            Producer::Test => "test",
            Producer::Service { service, .. } => self.service(service),
        }
    }
}
