//! What the effective stats service reads, besides
//! [`crate::services::login::messages::ClientSession`].

use crate::message::typed::macros::{bodies, envelope, fields};
use crate::message::typed::{Empty, Id, List, Text, Timestamp};

fields! {
    /// One change of a buff.
    pub struct StatChange<'a> {
        /// What changes.
        kind "type": Text<'a>,
        /// By how much.
        amount "amount": i32,
    }
}

fields! {
    /// `buff.status/APPLIED`
    pub struct BuffApplied<'a> {
        /// Who cast it.
        from_id "fromId": u32,
        /// The skill.
        source_id "sourceId": i32,
        /// For how long, in milliseconds.
        duration "duration": i32,
        /// What it changes.
        changes "changes": List<StatChange<'a>>,
        /// When it was made.
        created_at "createdAt": Timestamp<'a>,
        /// When it expires.
        expires_at "expiresAt": Timestamp<'a>,
    }
}

fields! {
    /// `buff.status/EXPIRED`
    pub struct BuffExpired<'a> {
        /// The skill.
        source_id "sourceId": i32,
        /// For how long it was, in milliseconds.
        duration "duration": i32,
        /// What it changed.
        changes "changes": List<StatChange<'a>>,
        /// When it was made.
        created_at "createdAt": Timestamp<'a>,
        /// When it expired.
        expires_at "expiresAt": Timestamp<'a>,
    }
}

bodies! {
    /// What became of a buff.
    pub enum BuffStatusBody<'a> {
        /// It is in force.
        Applied(BuffApplied<'a>) "APPLIED",
        /// It is over.
        Expired(BuffExpired<'a>) "EXPIRED",
    }
}

envelope! {
    /// `buff.status`
    pub struct BuffStatus<'a> {
        /// In which world.
        world_id "worldId": u8,
        /// On which channel.
        channel_id "channelId": u8,
        /// Whose.
        character_id "characterId": u32,
    }
    BuffStatusBody<'a>
}

fields! {
    /// `asset.status/MOVED`
    pub struct AssetMoved<'a> {
        /// Where it was; negative slots are worn.
        old_slot "oldSlot": i16,
        /// When.
        created_at "createdAt": Timestamp<'a>,
        /// What it is, `equipable` or `cash_equipable` where it can be worn.
        reference_type "referenceType": Text<'a>,
    }
}

bodies! {
    /// What became of an asset.
    pub enum AssetStatusBody<'a> {
        /// It is in another slot.
        Moved(AssetMoved<'a>) "MOVED",
        /// It is gone.
        Deleted(Empty) "DELETED",
    }
}

envelope! {
    /// `asset.status`
    pub struct AssetStatus<'a> {
        /// The transaction.
        transaction_id "transactionId": Id,
        /// Whose.
        character_id "characterId": u32,
        /// In which compartment.
        compartment_id "compartmentId": Id,
        /// Which asset.
        asset_id "assetId": u32,
        /// Of which kind.
        template_id "templateId": u32,
        /// Where it is; negative slots are worn.
        slot "slot": i16,
    }
    AssetStatusBody<'a>
}
