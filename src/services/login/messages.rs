//! What the login service reads and writes, besides
//! [`crate::services::account::messages::SessionCommand`] and
//! [`crate::services::account::messages::AccountStatus`].

use crate::message::typed::macros::{bodies, envelope, fields, flat, tags};
use crate::message::typed::{Absent, Empty, Id, Text};
use crate::services::account::messages::SessionState;

fields! {
    /// `account.session.status/ERROR`, as login declares it
    pub struct SessionError<'a> {
        /// Why.
        code "code": Text<'a>,
        /// Why, as the ban says it.
        reason "reason": u8,
        /// Until when, in Unix seconds.
        until "until": u64,
    }
}

bodies! {
    /// What became of a session.
    pub enum SessionStatusBody<'a> {
        /// It was made.
        Created(Empty) "CREATED",
        /// It moved to another state.
        StateChanged(SessionState<'a>) "STATE_CHANGED",
        /// The licence must be accepted first.
        RequestLicenseAgreement(Absent) "REQUEST_LICENSE_AGREEMENT",
        /// A command failed.
        Error(SessionError<'a>) "ERROR",
    }
}

envelope! {
    /// `account.session.status`, as login reads it.
    pub struct SessionStatus<'a> {
        /// Which session.
        session_id "sessionId": Id,
        /// Whose.
        account_id "accountId": u32,
    }
    SessionStatusBody<'a>
}

tags! {
    /// What became of a client's session.
    pub enum ClientSessionType {
        /// It was made.
        Created "CREATED",
        /// It is gone.
        Destroyed "DESTROYED",
    }
}

flat! {
    /// `session.status`
    pub struct ClientSession<'a> {
        /// Which session.
        session_id "sessionId": Id,
        /// Whose.
        account_id "accountId": u32,
        /// Which character plays; 0 for none.
        character_id "characterId": u32,
        /// In which world.
        world_id "worldId": u8,
        /// On which channel of it.
        channel_id "channelId": u8,
        /// Which service says so, `LOGIN` or `CHANNEL`.
        issuer "issuer": Text<'a>,
    }
    /// What became of it.
    kind "type": ClientSessionType
}

fields! {
    /// `seed.status/CREATED`
    pub struct CharacterCreated {
        /// The new character.
        character_id "characterId": u32,
    }
}

bodies! {
    /// What came of a request for a character.
    pub enum SeedStatusBody {
        /// It was made.
        Created(CharacterCreated) "CREATED",
    }
}

envelope! {
    /// `seed.status`
    pub struct SeedStatus {
        /// Whose character.
        account_id "accountId": u32,
    }
    SeedStatusBody
}
