//! Whose a record is, where nobody says so.

use std::borrow::Cow;

use serde::Deserialize;

use crate::contract::{Channel, Contracts};
use crate::history::{Producer, ServiceIx};
use crate::message::{ChannelIx, Json, Record};

/// The fields in which a value names its author.
const AUTHORS: [&str; 2] = ["author", "issuer"];

/// Who writes on which channel.
#[derive(Clone, Debug)]
pub struct Writers {
    /// By channel.
    channels: Vec<Option<Writer>>,
    /// By channel: events that others answer to come before those that nobody does.
    ranks: Vec<u8>,
    /// By channel: those that its senders read, of lower ranks.
    causes: Vec<Vec<ChannelIx>>,
    /// By channel: whether it is among the causes of another.
    read: Vec<bool>,
}

/// The service that writes on a channel.
#[derive(Clone, Debug)]
struct Writer {
    service: ServiceIx,
    /// The authors that the service names itself by; any where it names none.
    own: Vec<String>,
}

/// What may stand in a value about its author.
#[derive(Deserialize)]
struct Authored<'a> {
    #[serde(borrow, default)]
    author: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    issuer: Option<Cow<'a, str>>,
}

impl Writers {
    /// The writers among these services, which a history has in this order.
    #[must_use]
    pub fn new(contracts: &Contracts, services: &[String]) -> Self {
        let channels = contracts.channels().iter().map(|channel| {
            let at = services.iter().position(|one| channel.producers.contains(one))?;
            let own = authors(contracts, &services[at], channel);
            Some(Writer { service: ServiceIx(u16::try_from(at).ok()?), own })
        });
        let ranks: Vec<_> =
            contracts.channels().iter().map(|channel| rank(contracts, channel)).collect();
        let causes: Vec<_> =
            contracts.channels().iter().map(|channel| causes(contracts, channel, &ranks)).collect();
        let mut read = vec![false; ranks.len()];
        causes.iter().flatten().for_each(|cause| read[cause.at()] = true);
        Self { channels: channels.collect(), ranks, causes, read }
    }

    /// Who wrote a record: a service, or somebody else, who stands as the test.
    #[must_use]
    pub fn of(&self, channel: ChannelIx, record: &Record) -> Producer {
        match self.channels.get(channel.at()) {
            Some(Some(writer)) if writer.wrote(record) => {
                Producer::Service { service: writer.service, cause: None }
            }
            _ => Producer::Test,
        }
    }

    /// Which of two records of the same moment came first, by their channels: commands come before
    /// events, and events that others answer to before those that nobody does.
    #[must_use]
    pub fn rank(&self, channel: ChannelIx) -> u8 {
        self.ranks.get(channel.at()).copied().unwrap_or(0)
    }

    /// The channels on which the cause of a record of this one lies, if its trace names one. An
    /// answer never causes its question, though the one who asks reads it: causes rank lower.
    #[must_use]
    pub fn causes(&self, channel: ChannelIx) -> &[ChannelIx] {
        self.causes.get(channel.at()).map_or(&[], Vec::as_slice)
    }

    /// Whether records of a channel may cause those of another.
    #[must_use]
    pub fn is_read(&self, channel: ChannelIx) -> bool {
        self.read.get(channel.at()).copied().unwrap_or(false)
    }
}

impl Writer {
    /// Whether a value of its channel is its own: another author is a name that its contract does
    /// not have. A value that names nobody is its own.
    fn wrote(&self, record: &Record) -> bool {
        if self.own.is_empty() {
            return true;
        }
        let Some(bytes) = record.value_bytes() else { return true };
        let named = match serde_json::from_slice::<Authored<'_>>(bytes) {
            Ok(Authored { author, issuer }) => author.or(issuer),
            // One may be named twice: then the last counts.
            Err(_) => {
                let value = Json::parse(bytes).unwrap_or_default();
                let named = AUTHORS.iter().find_map(|name| value.get(name)?.as_str());
                named.map(|name| Cow::Owned(name.to_owned()))
            }
        };
        let named = named.filter(|name| !name.is_empty());
        named.is_none_or(|name| self.own.iter().any(|own| **own == *name))
    }
}

/// What a service calls itself in the values of a channel.
fn authors(contracts: &Contracts, service: &str, channel: &Channel) -> Vec<String> {
    let own = contracts.contract(service).and_then(|own| own.channels.get(&channel.name));
    let messages = own.into_iter().flat_map(|view| view.messages.values());
    let allowed = messages.flat_map(|message| {
        let fields = AUTHORS.iter().filter_map(|name| message.payload.properties.get(*name));
        fields.flat_map(|field| field.schema.allowed.iter().flatten())
    });
    let mut names: Vec<_> = allowed.filter_map(Json::as_str).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn causes(contracts: &Contracts, channel: &Channel, ranks: &[u8]) -> Vec<ChannelIx> {
    let read = channel.producers.iter().filter_map(|one| contracts.consumed_by(one)).flatten();
    let mut read: Vec<_> = read.filter(|one| ranks[one.at()] < ranks[channel.index.at()]).collect();
    read.sort();
    read.dedup();
    read
}

fn rank(contracts: &Contracts, channel: &Channel) -> u8 {
    let sends =
        |service: &String| contracts.channels().iter().any(|one| one.producers.contains(service));
    if channel.address.starts_with("COMMAND_") {
        0
    } else if channel.consumers.iter().any(sends) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Writers;
    use crate::contract::Contracts;
    use crate::history::Producer;
    use crate::message::{Headers, Payload, Record};

    #[rstest]
    #[case("ban.status", "{}", Some("ban"))]
    #[case::nobody_sends_it("ban.command", "{}", None)]
    #[case::its_own("account.session.command", r#"{"author":"LOGIN"}"#, Some("login"))]
    #[case::another("account.session.command", r#"{"author":"CHANNEL"}"#, None)]
    #[case::nobody_named("account.session.command", r"{}", Some("login"))]
    #[case::no_json("account.session.command", "author", Some("login"))]
    #[case::another_issuer("session.status", r#"{"issuer":"CHANNEL"}"#, None)]
    fn whose(#[case] channel: &str, #[case] value: &str, #[case] expected: Option<&str>) {
        let contracts = Contracts::builtin();
        let services: Vec<_> =
            contracts.contracts().iter().map(|one| one.service.clone()).collect();
        let writers = Writers::new(&contracts, &services);
        let value = Some(Payload::new(value.as_bytes()));
        let record = Record { key: None, headers: Headers::from_list(Vec::new()), value };
        let channel = contracts.channel_ix(channel).unwrap();
        let service = match writers.of(channel, &record) {
            Producer::Service { service, .. } => Some(services[service.at()].as_str()),
            Producer::Test => None,
        };
        assert_eq!(service, expected);
    }

    #[test]
    fn commands_come_before_events_and_answers_before_what_they_cause() {
        let contracts = Contracts::builtin();
        let writers = Writers::new(&contracts, &[]);
        let rank = |name| writers.rank(contracts.channel_ix(name).unwrap());
        let all = ["account.session.command", "account.session.status", "session.status"];
        assert_eq!(all.map(rank), [0, 1, 2]);
        assert_eq!(["ban.command", "ban.status", "invite.status"].map(rank), [0, 2, 2]);
    }
}
