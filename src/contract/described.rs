//! A contract beside its document: the schemas as they stand there, with their places.

use std::sync::Arc;

use super::{Contract, Contracts};
use crate::asyncapi::{self, Channel, Document, NoFiles};
use crate::message::ChannelIx;

impl Contract {
    /// The document that the contract was read from; `None` where it cannot be read as one.
    pub(crate) fn described(&self) -> Option<Arc<Document>> {
        match &self.open {
            Some(open) => Some(Arc::clone(&open.document)),
            // A portable contract refers to no other file.
            None => asyncapi::read(&self.file, &NoFiles, &mut Vec::new()).map(Arc::new),
        }
    }

    /// Whether another contract is written in the same words, in all of its files.
    pub(crate) fn is_written_as(&self, other: &Self) -> bool {
        let texts = |one: &Self| match &one.open {
            Some(open) => open.document.files.iter().map(|file| file.text.clone()).collect(),
            None => vec![one.file.text.clone()],
        };
        texts(self) == texts(other)
    }

    /// What the document says of a channel, by the channel's name in the set of contracts.
    pub(crate) fn described_channel<'d>(
        &self,
        document: &'d Document,
        channel: &str,
    ) -> Option<&'d Channel> {
        let view = self.channels.get(channel)?;
        match &view.open {
            Some((open, _)) => document.channels.get(open.number()),
            None => document.channels.iter().find(|described| described.name == channel),
        }
    }
}

impl Contracts {
    /// The contract of one service alone: what it says is not joined with what others say.
    pub(crate) fn only(&self, service: &str) -> Option<Self> {
        let contract = self.contract(service)?.clone();
        Some(Self::of(vec![contract], &mut Vec::new()).with_packs(self.packs()))
    }

    /// Which of its messages a service takes a value for, by the message's key in the document.
    pub(crate) fn message_by(
        &self,
        service: &str,
        channel: ChannelIx,
        value: &[u8],
    ) -> Option<&str> {
        let view = self.contract(service)?.channels.get(self.channel_name(channel))?;
        if let Some((open, _)) = &view.open {
            let key = open.message_of(value)?;
            return view.messages.get(key).map(|message| message.name.as_str());
        }
        let name = &self.message_kind(channel, value)?.name;
        view.messages.get(name).map(|message| message.name.as_str())
    }
}
