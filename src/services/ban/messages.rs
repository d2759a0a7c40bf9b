//! What the ban service reads and writes, besides
//! [`crate::services::account::messages::SessionStatus`].

use crate::message::typed::Text;
use crate::message::typed::macros::{bodies, envelope, fields, flat, tags};

fields! {
    /// `ban.command/CREATE`
    pub struct CreateBan<'a> {
        /// 0 IP, 1 HWID, 2 account.
        ban_type "banType": u8,
        /// The IP address or network, the HWID, or the account id.
        value "value": Text<'a>,
        /// Why, for people.
        reason "reason": Text<'a>,
        /// Why, as a code.
        reason_code "reasonCode": u8,
        /// Whether it never expires.
        permanent "permanent": bool,
        /// When it expires, in Unix seconds.
        expires_at "expiresAt": i64,
        /// Who banned.
        issued_by "issuedBy": Text<'a>,
    }
}

fields! {
    /// `ban.command/DELETE`
    pub struct DeleteBan {
        /// Which ban.
        ban_id "banId": u32,
    }
}

bodies! {
    /// What a ban command asks for.
    pub enum BanCommandBody<'a> {
        /// Make a ban.
        Create(CreateBan<'a>) "CREATE",
        /// Remove a ban.
        Delete(DeleteBan) "DELETE",
    }
}

envelope! {
    /// `ban.command`
    pub struct BanCommand<'a> {}
    BanCommandBody<'a>
}

tags! {
    /// What became of a ban.
    pub enum BanStatusType {
        /// It was made.
        Created "CREATED",
        /// It was removed.
        Deleted "DELETED",
    }
}

flat! {
    /// `ban.status`
    pub struct BanStatus {
        /// Which ban.
        ban_id "banId": u32,
    }
    /// What became of it.
    status "status": BanStatusType
}
