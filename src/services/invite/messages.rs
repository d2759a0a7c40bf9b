//! What the invite service reads and writes.

use crate::message::typed::macros::{bodies, envelope, fields, tags};
use crate::message::typed::{Empty, Id, Text};

fields! {
    /// `invite.command/CREATE`
    pub struct CreateInvite {
        /// Who invites.
        originator_id "originatorId": u32,
        /// Whom.
        target_id "targetId": u32,
        /// Into what: a party, a guild.
        reference_id "referenceId": u32,
    }
}

fields! {
    /// `invite.command/ACCEPT`
    pub struct AcceptInvite {
        /// Who was invited.
        target_id "targetId": u32,
        /// Into what.
        reference_id "referenceId": u32,
    }
}

fields! {
    /// `invite.command/REJECT`
    pub struct RejectInvite {
        /// Who was invited.
        target_id "targetId": u32,
        /// By whom.
        originator_id "originatorId": u32,
    }
}

bodies! {
    /// What an invite command asks for.
    pub enum InviteCommandBody {
        /// Invite.
        Create(CreateInvite) "CREATE",
        /// Accept.
        Accept(AcceptInvite) "ACCEPT",
        /// Reject.
        Reject(RejectInvite) "REJECT",
    }
}

envelope! {
    /// `invite.command`
    pub struct InviteCommand<'a> {
        /// The transaction.
        transaction_id "transactionId": Id,
        /// In which world.
        world_id "worldId": u8,
        /// What kind of invite, see [`InviteType`].
        invite_type "inviteType": Text<'a>,
    }
    InviteCommandBody
}

tags! {
    /// The kinds of invites that the field knows.
    pub enum InviteType {
        /// Into a buddy list.
        Buddy "BUDDY",
        /// Into a family.
        Family "FAMILY",
        /// To be summoned by the family.
        FamilySummon "FAMILY_SUMMON",
        /// Into a chat.
        Messenger "MESSENGER",
        /// To trade.
        Trade "TRADE",
        /// Into a party.
        Party "PARTY",
        /// Into a guild.
        Guild "GUILD",
        /// Into an alliance.
        Alliance "ALLIANCE",
    }
}

fields! {
    /// The two sides of an invite, in each of its events.
    pub struct InviteParties {
        /// Who invited.
        originator_id "originatorId": u32,
        /// Whom.
        target_id "targetId": u32,
    }
}

bodies! {
    /// What became of an invite.
    pub enum InviteStatusBody {
        /// It is pending.
        Created(InviteParties) "CREATED",
        /// It was accepted.
        Accepted(InviteParties) "ACCEPTED",
        /// It was rejected, or expired.
        Rejected(InviteParties) "REJECTED",
    }
}

envelope! {
    /// `invite.status`
    pub struct InviteStatus<'a> {
        /// The transaction.
        transaction_id "transactionId": Id,
        /// In which world.
        world_id "worldId": u8,
        /// What kind of invite.
        invite_type "inviteType": Text<'a>,
        /// Into what.
        reference_id "referenceId": u32,
    }
    InviteStatusBody
}

bodies! {
    /// What became of a character.
    pub enum CharacterStatusBody {
        /// It is gone.
        Deleted(Empty) "DELETED",
    }
}

envelope! {
    /// `character.status`
    pub struct CharacterStatus {
        /// The transaction.
        transaction_id "transactionId": Id,
        /// In which world.
        world_id "worldId": u8,
        /// Which character.
        character_id "characterId": u32,
    }
    CharacterStatusBody
}
