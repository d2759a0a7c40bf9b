//! The views of several services against each other: each sender's messages against each
//! receiver's.
//!
//! What this is: a list of [`Disagreement`]s, by channel. What it is not: a verdict on which side
//! is right. Channels are the same where their addresses are, messages where the values of their
//! discriminators are. Writers are taken to send only the fields that they name, and readers to
//! ignore others. Start at [`drift`].

mod envelope;
mod names;
mod values;

use std::collections::BTreeMap;

use super::finding::{
    CHANNEL_WITHOUT_RECEIVER, CHANNEL_WITHOUT_SENDER, DISCRIMINATOR_DIFFERS, Disagreement, Effect,
    MESSAGE_NEVER_SENT, MESSAGE_NOT_READ, Place,
};
use super::formats::formatted;
use super::view::{ContractView, MessageView};
use crate::contract::{Action, ChannelView, Contracts};
use crate::evolution::{Document, Draft, Inclusion, Json, Policy, included};

/// One side of a channel: a service that sends on it, or reads it.
struct Side<'v> {
    view: &'v ContractView<'v>,
    channel: &'v ChannelView,
    messages: Vec<&'v MessageView<'v>>,
}

impl<'v> Side<'v> {
    fn of(view: &'v ContractView<'v>, channel: &'v ChannelView, action: Action) -> Self {
        Self { view, channel, messages: view.messages(action, &channel.name) }
    }

    fn service(&self) -> &str {
        &self.view.contract.service
    }

    /// Where the channel stands.
    fn place(&self, what: &str) -> Place {
        let file = self.view.contract.file.clone();
        let what = format!("{}: {what}", self.service());
        Place { file, span: self.channel.span, what }
    }

    /// Where the operation stands.
    fn operation(&self, action: Action) -> Place {
        let operations = self.view.contract.operations.iter();
        let mut own =
            operations.filter(|one| one.action == action && one.channel == self.channel.name);
        let span = own.next().map_or(self.channel.span, |operation| operation.span);
        let what = format!("{}: {} operation", self.service(), action.name());
        Place { file: self.view.contract.file.clone(), span, what }
    }

    /// The message with a tag; where both sides have one kind only, names do not count.
    fn message(&self, like: &MessageView<'_>, others: usize) -> Option<&'v MessageView<'v>> {
        let same = self.messages.iter().find(|own| own.tag == like.tag);
        let only =
            (others == 1 && self.messages.len() == 1 && self.channel.discriminator.is_none())
                .then(|| self.messages.first())
                .flatten();
        same.or(only).copied()
    }
}

/// What is found of one pair of sides and one message.
struct Pair<'v> {
    sender: &'v Side<'v>,
    receiver: &'v Side<'v>,
}

impl Pair<'_> {
    fn found(
        &self,
        rule: &'static str,
        effect: Effect,
        message: &str,
        text: String,
    ) -> Disagreement {
        Disagreement {
            rule,
            effect,
            channel: self.sender.channel.name.clone(),
            message: message.to_owned(),
            field: String::new(),
            sender: self.sender.service().to_owned(),
            receiver: self.receiver.service().to_owned(),
            text,
            places: Vec::new(),
            witness: None,
            detail: String::new(),
        }
    }
}

/// What the documents do not agree on, in the order of channels, then senders and receivers.
#[must_use]
pub(crate) fn drift(contracts: &Contracts) -> Vec<Disagreement> {
    let views: Vec<_> = contracts.contracts().iter().map(ContractView::of).collect();
    let mut found = Vec::new();
    for (senders, receivers) in channels(&views).values() {
        channel(senders, receivers, &mut found);
    }
    names::names(&views, &mut found);
    for one in &mut found {
        one.witness = one.witness.take().map(|value| masked(contracts, value));
    }
    found
}

/// What one service sends against what another reads, each in one version.
pub(super) fn between(sender: &ContractView<'_>, receiver: &ContractView<'_>) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let sends = |name: &str| sender.contract.does(Action::Send, name);
    let reads = |name: &str| receiver.contract.does(Action::Receive, name);
    for ours in sender.contract.channels.values().filter(|one| sends(&one.name)) {
        for theirs in receiver.contract.channels.values().filter(|one| reads(&one.name)) {
            if key_of(ours) == key_of(theirs) {
                let sender = Side::of(sender, ours, Action::Send);
                let receiver = Side::of(receiver, theirs, Action::Receive);
                pair(&Pair { sender: &sender, receiver: &receiver }, &mut found);
            }
        }
    }
    found
}

/// By what a channel is the same in two documents.
pub(super) fn key_of(channel: &ChannelView) -> &str {
    if channel.address.is_empty() { &channel.name } else { &channel.address }
}

/// The sides of each channel, by address.
type Sides<'v> = (Vec<Side<'v>>, Vec<Side<'v>>);

fn channels<'v>(views: &'v [ContractView<'v>]) -> BTreeMap<&'v str, Sides<'v>> {
    let mut all: BTreeMap<&str, Sides<'_>> = BTreeMap::new();
    for view in views {
        for channel in view.contract.channels.values() {
            let sides = all.entry(key_of(channel)).or_default();
            if view.contract.does(Action::Send, &channel.name) {
                sides.0.push(Side::of(view, channel, Action::Send));
            }
            if view.contract.does(Action::Receive, &channel.name) {
                sides.1.push(Side::of(view, channel, Action::Receive));
            }
        }
    }
    all
}

fn channel(senders: &[Side<'_>], receivers: &[Side<'_>], found: &mut Vec<Disagreement>) {
    for sender in senders {
        envelope::own_keys(sender, found);
    }
    match (senders, receivers) {
        ([], receivers) => receivers.iter().for_each(|one| found.push(alone(one, Action::Receive))),
        (senders, []) => senders.iter().for_each(|one| found.push(alone(one, Action::Send))),
        _ => {}
    }
    for sender in senders {
        for receiver in receivers.iter().filter(|one| one.service() != sender.service()) {
            pair(&Pair { sender, receiver }, found);
        }
    }
    for receiver in receivers.iter().filter(|_| !senders.is_empty()) {
        never_sent(receiver, senders, found);
        values::never_sent(receiver, senders, found);
    }
}

fn alone(side: &Side<'_>, action: Action) -> Disagreement {
    let channel = side.channel;
    let (rule, does, other) = match action {
        Action::Receive => (CHANNEL_WITHOUT_SENDER, "reads", "sends on"),
        Action::Send => (CHANNEL_WITHOUT_RECEIVER, "sends on", "reads"),
    };
    let (service, address) = (side.service().to_owned(), &channel.address);
    let text =
        format!("{service} {does} `{}` ({address}), and no document {other} it", channel.name);
    let (sender, receiver) = match action {
        Action::Receive => (String::new(), service),
        Action::Send => (service, String::new()),
    };
    Disagreement {
        rule,
        effect: Effect::LosesData,
        channel: channel.name.clone(),
        message: String::new(),
        field: String::new(),
        sender,
        receiver,
        text,
        places: vec![side.operation(action), side.place("channel")],
        witness: None,
        detail: String::new(),
    }
}

fn pair(pair: &Pair<'_>, found: &mut Vec<Disagreement>) {
    let (sender, receiver) = (pair.sender, pair.receiver);
    let told = (&sender.channel.discriminator, &receiver.channel.discriminator);
    if let (Some(ours), Some(theirs)) = told
        && ours != theirs
    {
        let text = format!(
            "{} tells messages apart by `{ours}`, {} by `{theirs}`",
            sender.service(),
            receiver.service()
        );
        let mut one = pair.found(DISCRIMINATOR_DIFFERS, Effect::Breaks, "", text);
        one.places = vec![sender.place("channel"), receiver.place("channel")];
        found.push(one);
        return;
    }
    for message in &sender.messages {
        match receiver.message(message, sender.messages.len()) {
            Some(read) => {
                envelope::compare(pair, message, read, found);
                values::compare(pair, message, read, found);
            }
            None => found.push(not_read(pair, message)),
        }
    }
}

/// A message that the receiver does not know, with one that no kind it knows takes.
fn not_read(pair: &Pair<'_>, message: &MessageView<'_>) -> Disagreement {
    let receiver = pair.receiver;
    let known: Vec<_> = receiver.messages.iter().map(|own| own.tag.as_str()).collect();
    let text = format!(
        "{} sends {}, and {} knows only {}",
        pair.sender.service(),
        message.tag,
        receiver.service(),
        known.join(", ")
    );
    let mut one = pair.found(MESSAGE_NOT_READ, Effect::LosesData, &message.tag, text);
    let (file, span) = (message.file().clone(), message.message.span);
    let what = format!("{}: message", pair.sender.service());
    one.places = vec![Place { file, span, what }, receiver.place("channel")];
    let all = receiver.messages.iter().map(|own| own.payload.schema.clone()).collect();
    let any = Json::Record([("anyOf".into(), Json::List(all))].into());
    let reader = Document { schema: any, draft: Draft::Latest };
    let writer = Policy::RoleAware.writer(&message.payload);
    if let Inclusion::Fails(value) = included(&writer, &reader) {
        one.witness = formatted(value, &writer, &reader).to_serde();
    }
    one
}

/// Messages of a receiver that no sender sends.
fn never_sent(receiver: &Side<'_>, senders: &[Side<'_>], found: &mut Vec<Disagreement>) {
    for own in &receiver.messages {
        let sent = |side: &Side<'_>| side.message(own, receiver.messages.len()).is_some();
        if senders.iter().any(sent) {
            continue;
        }
        let names: Vec<_> = senders.iter().map(Side::service).collect();
        let names = names.join(", ");
        let text = format!("{} reads {}, which {names} never sends", receiver.service(), own.tag);
        let pair = Pair { sender: &senders[0], receiver };
        let mut one = pair.found(MESSAGE_NEVER_SENT, Effect::LosesData, &own.tag, text);
        one.sender = names;
        let what = format!("{}: message", receiver.service());
        let (file, span) = (own.file().clone(), own.message.span);
        one.places = vec![senders[0].place("channel"), Place { file, span, what }];
        found.push(one);
    }
}

/// The value with `***` in place of what a contract calls sensitive.
fn masked(contracts: &Contracts, value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| masked(contracts, item)).collect())
        }
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let secret = contracts.is_sensitive(&name);
                let value = if secret { "***".into() } else { masked(contracts, value) };
                (name, value)
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}
