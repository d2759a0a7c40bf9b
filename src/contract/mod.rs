//! Contracts: AsyncAPI documents in, compiled checks out.

use crate::message::{ChannelIx, KeyBytes};

/// The contracts of all services.
#[derive(Debug, Default)]
pub struct Contracts {
    names: Vec<String>,
}

impl Contracts {
    /// The index of a channel, by its name in the contracts.
    #[must_use]
    pub fn channel_ix(&self, name: &str) -> Option<ChannelIx> {
        let at = self.names.iter().position(|known| known == name)?;
        u16::try_from(at).ok().map(ChannelIx)
    }

    /// An id as the key of a channel, in the encoding that its contract names.
    #[must_use]
    pub fn encode_key(&self, channel: ChannelIx, id: u32) -> KeyBytes {
        let _ = channel;
        KeyBytes::from_slice(&u64::from(id).to_le_bytes())
    }
}
