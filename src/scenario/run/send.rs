//! The `send` step: value, key and headers from what the scenario, the tenant and the contract say.

use super::engine::{Engine, Stopped, code_of, target_name};
use crate::diagnostic::Span;
use crate::driver::DriverError;
use crate::message::{
    ChannelIx, Header, Headers, Json, KeyBytes, Outgoing, Payload, Record, TraceParent,
};
use crate::scenario::template::bytes_of;
use crate::scenario::{NameAt, Send, SendKey, SendValue};

impl Engine<'_> {
    pub(super) fn send(&mut self, send: &Send) -> Result<(), Stopped> {
        let span = send.target.span;
        let Some(channel) = self.driver.contracts().channel_ix(&send.target.channel) else {
            let message = format!("no contract names {}", send.target.channel);
            return Err(Box::new(self.trouble("send::no-channel", message, span, "sent here")));
        };
        let (value, json) = match &send.value {
            SendValue::Raw(bytes) => (bytes.as_deref().map(Payload::new), None),
            SendValue::RawOf(name) => (self.raw_of(name)?, None),
            SendValue::Fields(_) => {
                let json = self.value(send, channel)?;
                (Some(Payload::new(&json.to_bytes())), Some(json))
            }
        };
        let key = self.key(&send.key, channel, json.as_ref())?;
        let headers = self.headers(send)?;
        let record = Record { key, headers, value };
        if json.is_some() && !send.breaks_contract {
            self.check(channel, &record, send)?;
        }
        let sent = self.driver.send(Outgoing { channel, record });
        let failed = |error: DriverError| {
            let code = match code_of(&error) {
                "run::stopped" => "send::failed",
                code => code,
            };
            Box::new(self.trouble(code, error.to_string(), span, "sent here"))
        };
        let record = sent.map_err(failed)?;
        self.claim_sent(record);
        Ok(())
    }

    /// The bytes that a variable stands for.
    fn raw_of(&self, name: &NameAt) -> Result<Option<Payload>, Stopped> {
        match self.state.scope.get(&name.name).map(|bound| &bound.value) {
            Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(Payload::new(text.as_bytes()))),
            Some(other) => Ok(Some(Payload::new(&other.to_bytes()))),
            None => {
                let message = format!("${} has no value here", name.name);
                Err(Box::new(self.trouble("value::not-made", message, name.span, "used here")))
            }
        }
    }

    /// All declared fields at zero, with those that the step names.
    fn value(&mut self, send: &Send, channel: ChannelIx) -> Result<Json, Stopped> {
        let contracts = self.driver.contracts();
        let kind = send.target.message.as_deref().unwrap_or("default");
        let kind = contracts.message_named(channel, kind);
        let zero = kind.and_then(|kind| contracts.zero_value(kind.index)).cloned();
        let zero = zero.unwrap_or_else(|| Json::Object(indexmap::IndexMap::new()));
        let SendValue::Fields(Some(template)) = &send.value else {
            return Ok(zero);
        };
        Ok(self.make(template, Some(&zero), "")?.unwrap_or_default())
    }

    fn key(
        &mut self,
        key: &SendKey,
        channel: ChannelIx,
        json: Option<&Json>,
    ) -> Result<Option<KeyBytes>, Stopped> {
        let template = match key {
            SendKey::None => return Ok(None),
            SendKey::Bytes(bytes) => return Ok(Some(KeyBytes::from_slice(bytes))),
            SendKey::Contract => {
                return Ok(json.and_then(|json| self.driver.contracts().key_for(channel, json)));
            }
            SendKey::Id(template) => template,
        };
        let id = self.make(template, None, "key")?.unwrap_or_default();
        match id.as_integer().and_then(|id| u32::try_from(id).ok()) {
            Some(id) => Ok(Some(self.driver.contracts().encode_key(channel, id))),
            None => {
                let message = format!("{id} is not an id from 0 to {}", u32::MAX);
                let span = template.span;
                Err(Box::new(self.trouble("value::not-an-id", message, span, "used as the key")))
            }
        }
    }

    /// The tenant's headers and a fresh trace, with those that the step names.
    fn headers(&mut self, send: &Send) -> Result<Headers, Stopped> {
        let mut ids = self.next_stream();
        let trace = TraceParent { trace: ids.uuid().as_u128(), span: ids.bits().max(1), flags: 1 };
        let headers = Headers::of_tenant(&self.state.tenant, trace);
        if send.headers.is_empty() {
            return Ok(headers);
        }
        let mut list = headers.to_list();
        for field in &send.headers {
            let made = self.make(&field.value, None, &field.name)?;
            list.retain(|header| *header.name != *field.name);
            let values = match made {
                Some(Json::Array(values)) => values,
                one => one.into_iter().collect(),
            };
            for value in values {
                list.push(self.header(&field.name, &value, field.value.span)?);
            }
        }
        Ok(Headers::from_list(list))
    }

    /// Text as it is, `{ hex: … }` as bytes, a number as the two bytes of a version, null as no
    /// value.
    fn header(&self, name: &str, value: &Json, span: Span) -> Result<Header, Stopped> {
        if *value == Json::Null {
            return Ok(Header { name: name.into(), value: None });
        }
        if let Json::String(text) = value {
            return Ok(Header::new(name, text.as_bytes()));
        }
        if let Some(bytes) = bytes_of(value) {
            return Ok(Header::new(name, &bytes));
        }
        let version = value.as_integer().and_then(|value| u16::try_from(value).ok());
        let refused = || {
            let message =
                format!("header {name} takes text, a number from 0 to {}, or `hex`", u16::MAX);
            Box::new(self.trouble("value::not-a-header", message, span, "used here"))
        };
        Ok(Header::new(name, &version.ok_or_else(refused)?.to_be_bytes()))
    }

    /// What a test sends keeps its receivers' contracts, unless it says that it does not.
    fn check(&self, channel: ChannelIx, record: &Record, send: &Send) -> Result<(), Stopped> {
        let problems = self.driver.contracts().check_sent(channel, record);
        let broken: Vec<_> = problems.iter().filter(|problem| problem.is_violation()).collect();
        let Some(first) = broken.first() else {
            return Ok(());
        };
        let name = target_name(&send.target);
        let message = format!("{name} breaks the contract of {}: {first}", first.contract);
        let label = "add `breaks_contract: true` if that is meant";
        let mut trouble = self.trouble("send::breaks-contract", message, send.target.span, label);
        trouble.notes.extend(broken.iter().skip(1).map(ToString::to_string));
        Err(Box::new(trouble))
    }
}
