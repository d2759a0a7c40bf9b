//! A set of contracts with open ones among them: what it says of their channels and records.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::kind::MessageKind;
use super::open::{OpenChannel, OpenDocument, OpenTopic, Opinion, adopt};
use super::set::{Channel, Contracts};
use crate::asyncapi::Document;
use crate::message::{ChannelIx, Record};

impl Contracts {
    /// Whether any contract is not portable.
    #[must_use]
    pub fn has_open(&self) -> bool {
        self.open_documents().next().is_some()
    }

    /// The documents that are not portable, in the order of their services.
    pub(crate) fn open_documents(&self) -> impl Iterator<Item = &Arc<OpenDocument>> {
        self.contracts.iter().filter_map(|contract| contract.open.as_ref())
    }

    /// What nothing checks, each with its place.
    #[must_use]
    pub fn not_checked(&self) -> Vec<String> {
        let mut told = Vec::new();
        for document in self.open_documents().map(|open| &open.document) {
            told.extend(not_checked(document));
        }
        told.dedup();
        told
    }

    /// The same contracts, in which each of these topics that a channel's address with parameters
    /// names is a channel of its own; `None` where there is none.
    #[must_use]
    pub fn with_topics<'a>(&self, topics: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let is_known = |topic: &str| {
            let is = |channel: &Channel| channel.address == topic;
            self.channels.iter().any(is)
        };
        // Of a topic that has a channel, an address with parameters may speak as well.
        let named = |topic: &str| {
            let mut kinds = self.channels.iter().filter_map(|channel| channel.open.as_ref());
            kinds.any(|kind| match kind {
                OpenTopic::Like(..) => {
                    kind.fits(topic).is_some_and(|letters| letters > 0 || !is_known(topic))
                }
                _ => false,
            })
        };
        let topics: BTreeSet<String> =
            topics.into_iter().filter(|topic| named(topic)).map(str::to_owned).collect();
        if topics.is_empty() {
            return None;
        }
        let portable = self.contracts.iter().filter(|contract| contract.open.is_none());
        let portable: Vec<_> = portable.cloned().collect();
        let documents: Vec<_> = self.open_documents().cloned().collect();
        let adopted = adopt(&documents, &portable, &topics);
        let set = Self::of(portable.into_iter().chain(adopted).collect(), &mut Vec::new());
        Some(set.with_packs(self.packs()))
    }

    /// Whether a channel has this name, or is one of the topics of the channel that has it.
    pub(crate) fn is_named(&self, channel: ChannelIx, name: &str) -> bool {
        let of_topics = || {
            let named = self.channel_ix(name).and_then(|named| self.channel(named));
            let has_topics = |one: &Channel| matches!(one.open, Some(OpenTopic::Like(..)));
            named.is_some_and(has_topics)
                && self.open_views(channel).any(|view| view.channel().name == name)
        };
        self.channel_name(channel) == name || of_topics()
    }

    /// What checks the records of a service on a channel, where its contract is not portable and
    /// sends there.
    pub(super) fn open_view(&self, service: &str, channel: ChannelIx) -> Option<&OpenChannel> {
        let view = self.contract(service)?.channels.get(self.channel_name(channel))?;
        let (open, _) = view.open.as_ref()?;
        open.is_sender().then_some(&**open)
    }

    fn open_views(&self, channel: ChannelIx) -> impl Iterator<Item = &Arc<OpenChannel>> {
        let name = self.channel_name(channel).to_owned();
        let views = self.contracts.iter().filter_map(move |one| one.channels.get(&name));
        views.filter_map(|view| view.open.as_ref().map(|(open, _)| open))
    }

    /// The kind of a value of a channel without portable contracts.
    pub(super) fn open_kind(&self, channel: ChannelIx, value: &[u8]) -> Option<&MessageKind> {
        let name = self.open_views(channel).find_map(|view| view.message_of(value))?;
        self.message_named(channel, name)
    }

    /// What open contracts say of a record of a channel: the first opinion of a sender that finds
    /// nothing wrong, else of the one that finds least; where none sends there, those of all who
    /// know the channel. There is at least one.
    pub(crate) fn open_opinions(&self, channel: ChannelIx, record: &Record) -> Vec<Opinion> {
        let of = |view: &Arc<OpenChannel>, is_own| view.opinion(record, is_own);
        let senders = self.open_views(channel).filter(|view| view.is_sender());
        let by_senders: Vec<_> = senders.map(|view| of(view, true)).collect();
        let violations = |opinion: &Opinion| {
            opinion.problems.iter().filter(|problem| problem.is_violation()).count()
        };
        if let Some(best) = by_senders.into_iter().min_by_key(violations) {
            return vec![best];
        }
        let all: Vec<_> = self.open_views(channel).map(|view| of(view, false)).collect();
        if all.is_empty() { vec![Opinion::default()] } else { all }
    }
}

/// What nothing checks of a document, each with its place.
pub(crate) fn not_checked(document: &Document) -> Vec<String> {
    let told = document
        .not_checked
        .iter()
        .map(|one| format!("not checked: {} ({})", one.what, document.shown(one.at)));
    told.collect()
}
