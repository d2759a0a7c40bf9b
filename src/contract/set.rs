//! The set of contracts: which channels there are, who sends and reads them, what they carry.
//!
//! What always holds: channels are in the order of their names and messages in the order of their
//! channels, so the same documents give the same indices, whatever the order of the files.

use std::sync::Arc;

use indexmap::IndexMap;

use super::kind::{MessageIx, MessageKind, compile_views, list_fields};
use super::merge::{Foreign, merge};
use super::open::OpenTopic;
use super::program::Word;
use super::scan::quoted_name;
use super::{Action, Basis, Contract, KeyEncoding, KeyRule, Message};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::message::{ChannelIx, Json, KeyBytes};
use crate::pack::Packs;

/// The contracts of all services.
#[derive(Debug, Default)]
pub struct Contracts {
    pub(super) contracts: Vec<Contract>,
    pub(super) channels: Vec<Channel>,
    pub(super) kinds: Vec<MessageKind>,
    /// Names of sensitive fields, in lower case.
    pub(super) sensitive: Vec<String>,
    /// The packs of the services, as far as they are known.
    packs: Packs,
}

/// A channel, over all contracts.
#[derive(Debug)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Its place in the set.
    pub index: ChannelIx,
    /// The environment variable with the topic's name, itself the default name.
    pub address: String,
    /// The field that tells the kinds apart; `None` where there is one kind.
    pub discriminator: Option<String>,
    /// The services whose contracts send on it.
    pub producers: Vec<String>,
    /// The services whose contracts read it.
    pub consumers: Vec<String>,
    /// The kinds of message that it carries.
    pub messages: Vec<MessageIx>,
    /// How ids become keys here.
    pub encoding: KeyEncoding,
    /// Its topics, where no contract of it is portable.
    pub(crate) open: Option<OpenTopic>,
    pub(super) quoted_discriminator: Option<Word>,
}

impl Contracts {
    /// The same contracts, with what is known of their services.
    #[must_use]
    pub fn with_packs(self, packs: &Packs) -> Self {
        Self { packs: packs.fresh(), ..self }
    }

    /// What is known of the services.
    #[must_use]
    pub fn packs(&self) -> &Packs {
        &self.packs
    }

    /// Puts contracts together. Problems between them are reported; a set is still returned.
    pub(super) fn of(mut contracts: Vec<Contract>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        contracts.sort_by(|a, b| a.service.cmp(&b.service));
        agree(&contracts, diagnostics);
        contracts.dedup_by(|later, earlier| later.service == earlier.service);
        let mut set = Self { contracts, ..Self::default() };
        let mut names: Vec<String> =
            set.contracts.iter().flat_map(|contract| contract.channels.keys().cloned()).collect();
        names.sort();
        names.dedup();
        // 65,535 channels or messages would need a file far above the limit of the reader.
        for (at, name) in names.into_iter().enumerate() {
            let Ok(index) = u16::try_from(at) else { break };
            set.add_channel(name, ChannelIx(index));
        }
        for kind in &set.kinds {
            for field in kind.fields.iter().filter(|field| field.schema.sensitive) {
                let name = field.path.rsplit('/').next().unwrap_or_default().to_lowercase();
                if !set.sensitive.contains(&name) {
                    set.sensitive.push(name);
                }
            }
        }
        set
    }

    fn add_channel(&mut self, name: String, index: ChannelIx) {
        let views: Vec<_> =
            self.contracts.iter().filter_map(|contract| contract.channels.get(&name)).collect();
        let does = |action| {
            let doing = self.contracts.iter().filter(|contract| contract.does(action, &name));
            doing.map(|contract| contract.service.clone()).collect::<Vec<_>>()
        };
        let (producers, consumers) = (does(Action::Send), does(Action::Receive));
        let rules = || views.iter().flat_map(|view| view.messages.values()).filter_map(key_of);
        let documented = rules().find(|rule| rule.basis == Basis::Documented);
        let elsewhere = self.contracts.iter().flat_map(|contract| contract.channels.values());
        let elsewhere = elsewhere.flat_map(|view| view.messages.values()).find_map(key_of);
        let encoding = documented.or_else(|| rules().next()).or(elsewhere);
        let encoding = encoding.map(|rule| rule.encoding).unwrap_or_default();
        let discriminator = views.iter().find_map(|view| view.discriminator.clone());
        let is_open = views.iter().all(|view| view.open.is_some());
        let open = views.iter().filter(|_| is_open).find_map(|view| view.open.as_ref());
        let open = open.map(|(_, topic)| topic.clone());
        let address = views.first().map(|view| view.address.clone()).unwrap_or_default();
        let mut kinds: IndexMap<String, ()> = IndexMap::new();
        for kind in views.iter().flat_map(|view| view.messages.keys()) {
            kinds.entry(kind.clone()).or_default();
        }
        let mut messages = Vec::new();
        for kind in kinds.into_keys() {
            let Ok(at) = u16::try_from(self.kinds.len()) else {
                break;
            };
            let one_kind = match is_open {
                true => views.iter().all(|view| view.messages.len() == 1),
                false => discriminator.is_none(),
            };
            let place = Place { channel: &name, index, one_kind };
            let kind = self.kind(&place, kind, MessageIx(at), (&producers, &consumers));
            messages.push(MessageIx(at));
            self.kinds.push(kind);
        }
        let quoted_discriminator = discriminator.as_deref().and_then(quoted_name);
        self.channels.push(Channel {
            name,
            index,
            address,
            discriminator,
            producers,
            consumers,
            messages,
            encoding,
            open,
            quoted_discriminator,
        });
    }

    fn kind(
        &self,
        place: &Place<'_>,
        name: String,
        index: MessageIx,
        (producers, consumers): (&[String], &[String]),
    ) -> MessageKind {
        let known = |contract: &'_ Contract| {
            contract.channels.get(place.channel)?.messages.get(&name).cloned()
        };
        let views: Vec<(String, Message)> = self
            .contracts
            .iter()
            .filter_map(|contract| Some((contract.service.clone(), known(contract)?)))
            .collect();
        let mut keys: Vec<_> = views
            .iter()
            .filter_map(|(service, own)| Some((service.clone(), own.key.clone()?)))
            .collect();
        keys.sort_by_key(|(_, rule)| rule.basis);
        let (emitted, sent) = compile_views(&views, &keys, (producers, consumers));
        let one_key_field = keys.iter().all(|(_, rule)| rule.field == keys[0].1.field);
        let mut union = views.first().map(|(_, own)| own.payload.clone()).unwrap_or_default();
        for (_, other) in views.iter().skip(1) {
            merge(&mut union, &other.payload, Foreign::Judged);
        }
        let mut zero = union.zero();
        if let (Some(field), Json::Object(fields)) =
            (self.discriminator_of(place.channel), &mut zero)
        {
            fields.insert(field, name.as_str().into());
        }
        let mut fields = Vec::new();
        list_fields(&union, "", &views, &mut fields);
        let label = if place.one_kind {
            place.channel.to_owned()
        } else {
            format!("{}/{name}", place.channel)
        };
        let known_by = views.into_iter().map(|(service, _)| service).collect();
        MessageKind {
            name,
            label,
            index,
            channel: place.index,
            known_by,
            union,
            fields,
            zero,
            emitted,
            sent,
            keys,
            one_key_field,
        }
    }

    fn discriminator_of(&self, channel: &str) -> Option<String> {
        let mut views = self.contracts.iter().filter_map(|contract| contract.channels.get(channel));
        views.find_map(|view| view.discriminator.clone())
    }

    /// All channels, in the order of their indices.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The contracts, by service.
    #[must_use]
    pub fn contracts(&self) -> &[Contract] {
        &self.contracts
    }

    /// The contract of a service.
    #[must_use]
    pub fn contract(&self, service: &str) -> Option<&Contract> {
        self.contracts.iter().find(|contract| contract.service == service)
    }

    /// A channel; `None` for an index of another set.
    #[must_use]
    pub fn channel(&self, channel: ChannelIx) -> Option<&Channel> {
        self.channels.get(channel.at())
    }

    /// The index of a channel, by its name.
    #[must_use]
    pub fn channel_ix(&self, name: &str) -> Option<ChannelIx> {
        let found =
            self.channels.binary_search_by(|channel| channel.name.as_str().cmp(name)).ok()?;
        Some(self.channels[found].index)
    }

    /// The channel whose topic is named by this environment variable.
    #[must_use]
    pub fn channel_at(&self, address: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.address == address)
    }

    /// All kinds of message, in the order of their indices.
    #[must_use]
    pub fn all_messages(&self) -> &[MessageKind] {
        &self.kinds
    }

    /// The kinds of message of a channel, over all contracts.
    pub fn messages(&self, channel: ChannelIx) -> impl Iterator<Item = &MessageKind> {
        let indices = self.channel(channel).into_iter().flat_map(|channel| &channel.messages);
        indices.filter_map(|index| self.message(*index))
    }

    /// A kind of message; `None` for an index of another set.
    #[must_use]
    pub fn message(&self, message: MessageIx) -> Option<&MessageKind> {
        self.kinds.get(message.at())
    }

    /// The kind of this type (`default` where the channel has one kind).
    #[must_use]
    pub fn message_named(&self, channel: ChannelIx, name: &str) -> Option<&MessageKind> {
        self.messages(channel).find(|kind| kind.name == name)
    }

    /// The services that read a channel.
    #[must_use]
    pub fn consumers(&self, channel: ChannelIx) -> &[String] {
        self.channel(channel).map_or(&[], |channel| &channel.consumers)
    }

    /// How many channels there are.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// Whether some document names the key of what a channel carries, so that commands of one key
    /// take effect in the order of their partition.
    pub(crate) fn has_documented_key(&self, channel: ChannelIx) -> bool {
        let name = self.channel_name(channel);
        let views = self.contracts().iter().filter_map(|one| one.channels.get(name));
        let mut keys =
            views.flat_map(|view| view.messages.values()).filter_map(|one| one.key.as_ref());
        keys.any(|key| key.basis == Basis::Documented)
    }

    /// The name of a channel; `?` for an index of another set.
    #[must_use]
    pub fn channel_name(&self, channel: ChannelIx) -> &str {
        self.channel(channel).map_or("?", |channel| &channel.name)
    }

    /// The channels that a service reads; `None` where no contract describes it.
    #[must_use]
    pub fn consumed_by(&self, service: &str) -> Option<Vec<ChannelIx>> {
        let contract = self.contract(service)?;
        let read = self.channels.iter().filter(|one| contract.does(Action::Receive, &one.name));
        Some(read.map(|channel| channel.index).collect())
    }

    /// The type of a value by its channel's discriminator, as it stands there: it may be one that
    /// no contract knows. `None` where there is no such field or the channel has one kind.
    #[must_use]
    pub fn message_type(&self, channel: ChannelIx, value: Option<&[u8]>) -> Option<String> {
        if let Some(kind) = self.message_kind(channel, value?) {
            if self.channel(channel)?.open.is_some() {
                return (kind.label != self.channel_name(channel)).then(|| kind.name.clone());
            }
            return self.channel(channel)?.discriminator.as_ref().map(|_| kind.name.clone());
        }
        let value = Json::parse(value?).ok()?;
        let field = self.channel(channel)?.discriminator.as_ref()?;
        value.get(field)?.as_str().map(ToOwned::to_owned)
    }

    /// `ban.command/CREATE`, or the channel alone where a value has no type.
    #[must_use]
    pub fn message_name(&self, channel: ChannelIx, value: Option<&[u8]>) -> String {
        let name = self.channel_name(channel);
        match self.message_type(channel, value) {
            Some(kind) => format!("{name}/{kind}"),
            None => name.to_owned(),
        }
    }

    /// As what a message is counted: by its kind, or where no contract knows it by its own type, or
    /// as `ban.command/?`.
    #[must_use]
    pub fn counted_as(&self, channel: ChannelIx, value: Option<&[u8]>) -> String {
        if let Some(kind) = value.and_then(|value| self.message_kind(channel, value)) {
            return kind.label.clone();
        }
        let kind = self.message_type(channel, value);
        format!("{}/{}", self.channel_name(channel), kind.as_deref().unwrap_or("?"))
    }

    /// The consumer group of a service.
    #[must_use]
    pub fn group(&self, service: &str) -> Option<&super::Group> {
        self.contract(service)?.group()
    }

    /// An id as the key of a channel, in the encoding that its contract names.
    #[must_use]
    pub fn encode_key(&self, channel: ChannelIx, id: u32) -> KeyBytes {
        self.channel(channel).map(|channel| channel.encoding).unwrap_or_default().encode(id)
    }

    /// The id that a key of a channel stands for; `None` where the bytes are no such key.
    #[must_use]
    pub fn decode_key(&self, channel: ChannelIx, key: &[u8]) -> Option<u32> {
        self.channel(channel).map(|channel| channel.encoding).unwrap_or_default().decode(key)
    }

    /// How a header of a channel's records is encoded, where a contract says so.
    #[must_use]
    pub fn header_encoding(&self, channel: &str, header: &str) -> Option<super::HeaderEncoding> {
        let views = self.contracts().iter().filter_map(|one| one.channels.get(channel));
        let mut rules = views.flat_map(|view| view.messages.values()).flat_map(|m| &m.headers);
        rules.find(|rule| rule.name == header).map(|rule| rule.encoding)
    }

    /// The value of a message whose every declared field is zero.
    #[must_use]
    pub fn zero_value(&self, message: MessageIx) -> Option<&Json> {
        Some(&self.message(message)?.zero)
    }
}

struct Place<'a> {
    channel: &'a str,
    index: ChannelIx,
    one_kind: bool,
}

fn key_of(message: &Message) -> Option<&KeyRule> {
    message.key.as_ref()
}

/// What the contracts of a set must have in common: names of services, and for each channel its
/// address and discriminator. Anything else may differ.
fn agree(contracts: &[Contract], diagnostics: &mut Vec<Diagnostic>) {
    let report = |code, message: String, label: &str, one: At<'_>, two: At<'_>| {
        Diagnostic::error(code, message, one.0, one.1).related(two.0, two.1, label)
    };
    for (at, contract) in contracts.iter().enumerate() {
        for earlier in &contracts[..at] {
            if earlier.service == contract.service {
                let message = format!("two contracts are of the service `{}`", contract.service);
                let (one, two) = ((&contract.file, contract.span), (&earlier.file, earlier.span));
                diagnostics.push(report(
                    "contract::duplicate-service",
                    message,
                    "the other",
                    one,
                    two,
                ));
                continue;
            }
            for (name, view) in &contract.channels {
                let Some(other) = earlier.channels.get(name) else {
                    continue;
                };
                if view.open.is_some() || other.open.is_some() {
                    continue;
                }
                let differs = if view.address != other.address {
                    "address"
                } else if view.discriminator != other.discriminator {
                    "discriminator"
                } else {
                    continue;
                };
                let message = format!("channel `{name}` has another {differs} in another contract");
                let (one, two) = ((&contract.file, view.span), (&earlier.file, other.span));
                diagnostics.push(report("contract::views-differ", message, "the other", one, two));
            }
        }
    }
}

type At<'a> = (&'a Arc<SourceFile>, crate::diagnostic::Span);
