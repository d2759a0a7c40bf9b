//! From documents to contracts of a set: which channel is which, and under what name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::{OpenChannel, OpenDocument, OpenTopic, Part};
use crate::asyncapi::{Direction, Operation as Described, Tree};
use crate::contract::{
    Action, Basis, ChannelView, Contract, Group, GroupName, Message, Operation, Pattern,
};

/// The contracts of documents, beside portable ones. A channel whose address has parameters stands
/// there once for each of `topics` that it names, and once without.
pub(in crate::contract) fn adopt(
    documents: &[Arc<OpenDocument>],
    portable: &[Contract],
    topics: &BTreeSet<String>,
) -> Vec<Contract> {
    let seen = Seen::of(documents, portable, topics);
    let names = Names::of(documents, portable, &seen);
    documents.iter().map(|document| contract(document, &names, &seen)).collect()
}

/// The topics that become channels.
struct Seen<'a> {
    topics: &'a BTreeSet<String>,
    /// Those that some address names with more than parameters: an address that is nothing but a
    /// parameter fits every topic, and means those of nobody else.
    claimed: BTreeSet<&'a String>,
}

impl<'a> Seen<'a> {
    fn of(
        documents: &[Arc<OpenDocument>],
        portable: &[Contract],
        topics: &'a BTreeSet<String>,
    ) -> Self {
        let channels = documents.iter().flat_map(|document| &document.channels);
        let kinds: Vec<_> = channels.map(|channel| OpenTopic::of(channel.channel())).collect();
        let views = || portable.iter().flat_map(|contract| contract.channels.values());
        let is_claimed = |topic: &&String| {
            kinds.iter().any(|kind| kind.fits(topic).is_some_and(|letters| letters > 0))
                || views().any(|view| view.address == **topic)
        };
        Self { topics, claimed: topics.iter().filter(is_claimed).collect() }
    }
}

/// The name of each channel, by its topic.
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(documents: &[Arc<OpenDocument>], portable: &[Contract], seen: &Seen<'_>) -> Self {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for view in portable.iter().flat_map(|contract| contract.channels.values()) {
            names.insert(view.address.clone(), view.name.clone());
        }
        let mut used: BTreeSet<String> = names.values().cloned().collect();
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for document in documents {
            for (identity, channel) in places(document, seen) {
                let own = channel.channel().name.clone();
                let own = if seen.topics.contains(&identity) { identity.clone() } else { own };
                wanted.entry(identity).or_default().insert(own);
            }
        }
        let mut times: BTreeMap<&String, usize> = BTreeMap::new();
        for name in wanted.values().flatten() {
            *times.entry(name).or_default() += 1;
        }
        for (identity, wishes) in &wanted {
            if names.contains_key(identity) {
                continue;
            }
            let only = wishes.first().filter(|name| wishes.len() == 1 && times[name] == 1);
            let name = only.filter(|name| !used.contains(*name)).unwrap_or(identity).clone();
            used.insert(name.clone());
            names.insert(identity.clone(), name);
        }
        Self(names)
    }
}

/// The channels of a document, each under its topic, or what stands for one.
fn places<'a>(document: &'a OpenDocument, seen: &Seen<'_>) -> Vec<(String, &'a Arc<OpenChannel>)> {
    let of = |channel: &OpenChannel| OpenTopic::of(channel.channel());
    let kinds: Vec<_> = document.channels.iter().map(|channel| of(channel)).collect();
    let mut places = Vec::new();
    for (channel, kind) in document.channels.iter().zip(&kinds) {
        let own = channel.channel();
        let address = own.topic.clone();
        let unknown = || format!("{} of {}", own.name, document.document.service);
        places.push((address.unwrap_or_else(unknown), channel));
        if !matches!(kind, OpenTopic::Like(..)) {
            continue;
        }
        for topic in seen.topics {
            let fits = kind.fits(topic);
            if fits == Some(0) && seen.claimed.contains(topic) {
                continue;
            }
            let best = kinds.iter().filter_map(|kind| kind.fits(topic)).max();
            if fits.is_some() && fits == best {
                places.push((topic.clone(), channel));
            }
        }
    }
    places
}

fn contract(open: &Arc<OpenDocument>, names: &Names, seen: &Seen<'_>) -> Contract {
    let document = &open.document;
    let mut channels: IndexMap<String, ChannelView> = IndexMap::new();
    let mut operations = Vec::new();
    for (identity, channel) in places(open, seen) {
        let name = names.0.get(&identity).unwrap_or(&identity).clone();
        let topic = match seen.topics.contains(&identity) {
            true => OpenTopic::Exactly(identity.clone()),
            false => OpenTopic::of(channel.channel()),
        };
        let view = view(&name, identity, channel, topic);
        let own = document.operations.iter().filter(|one| one.channel == channel.number);
        operations.extend(own.map(|one| operation(one, &name)));
        // Of two channels on one topic, the first is what records are checked by.
        channels.entry(name).or_insert(view);
    }
    Contract {
        service: document.service.clone(),
        title: document.title.clone(),
        version: document.version.clone(),
        file: Arc::clone(&document.files[0]),
        span: document.at.span,
        channels,
        operations,
        open: Some(Arc::clone(open)),
    }
}

fn view(name: &str, address: String, channel: &Arc<OpenChannel>, topic: OpenTopic) -> ChannelView {
    let own = channel.channel();
    let messages = own.messages.iter().zip(&channel.messages).map(|(described, compiled)| {
        let payload = match &compiled.value {
            Part::Schema(value) => value.typed.clone(),
            Part::Free | Part::NotChecked => crate::contract::Schema::default(),
        };
        let message = Message {
            name: described.key.clone(),
            title: described.title.clone(),
            description: described.description.clone(),
            payload,
            headers: Vec::new(),
            key: None,
            span: described.at.span,
        };
        (described.key.clone(), message)
    });
    ChannelView {
        name: name.to_owned(),
        address,
        description: own.description.clone(),
        discriminator: None,
        messages: messages.collect(),
        span: own.at.span,
        open: Some((Arc::clone(channel), topic)),
    }
}

fn operation(described: &Described, channel: &str) -> Operation {
    Operation {
        name: described.name.clone(),
        action: match described.direction {
            Direction::Send => Action::Send,
            Direction::Receive => Action::Receive,
        },
        channel: channel.to_owned(),
        messages: Some(described.messages.clone()),
        group: described.group.as_deref().and_then(group),
        span: described.at.span,
    }
}

/// The group, where it is one text or a pattern.
fn group(tree: &Tree) -> Option<Group> {
    let only = |name: &str| {
        let value = tree.get(name)?;
        match value.items() {
            [] => value.text(),
            [one] => one.text(),
            _ => None,
        }
    };
    let exactly = tree.text().or_else(|| only("const")).or_else(|| only("enum"));
    let pattern = || Pattern::new(tree.text_of("pattern")?).ok();
    let name = match exactly {
        Some(name) => GroupName::Exactly(name.to_owned()),
        None => GroupName::Like(pattern()?),
    };
    Some(Group { name, basis: Basis::Documented })
}
