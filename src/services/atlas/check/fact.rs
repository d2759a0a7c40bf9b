//! What checkers need to know of a record's value, in a form that is compared and copied cheaply.
//!
//! What always holds: a value is decoded once, however often it comes; texts are numbered
//! ([`Sym`]), passwords and params are hashed, and nothing of them can be shown from here.

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::map::FxSet;
use crate::message::typed::{Message, decode};
use crate::services::account::messages::{
    AccountStatus, AccountStatusType, CreateAccount, ErrorCode, SessionCommand, SessionCommandBody,
};
use crate::services::ban::messages::{BanCommand, BanCommandBody, BanStatus, BanStatusType};
use crate::services::invite::messages::{
    CharacterStatus, InviteCommand, InviteCommandBody, InviteStatus, InviteStatusBody, InviteType,
};
use crate::services::login::messages::{ClientSession, ClientSessionType, SeedStatus};
use crate::services::login::messages::{SessionStatus, SessionStatusBody};

/// A text, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::services) struct Sym(u32);

impl Sym {
    pub(in crate::services) const EMPTY: Self = Self(0);
    pub(in crate::services) const INTERNAL: Self = Self(1);
    pub(in crate::services) const LOGIN: Self = Self(2);
    pub(in crate::services) const CHANNEL: Self = Self(3);
}

/// The texts that have a number.
#[derive(Debug)]
pub(in crate::services) struct Symbols(FxSet<Box<str>>);

impl Default for Symbols {
    fn default() -> Self {
        let known = ["", "INTERNAL", "LOGIN", "CHANNEL"];
        Self(known.into_iter().map(Box::from).collect())
    }
}

impl Symbols {
    pub(in crate::services) fn number(&mut self, text: &str) -> Sym {
        let at = self.0.get_index_of(text);
        let at = at.unwrap_or_else(|| self.0.insert_full(text.into()).0);
        Sym(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// The channels whose values checkers look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::services) enum Channel {
    BanCommand,
    BanStatus,
    AccountCreate,
    AccountStatus,
    SessionCommand,
    SessionStatus,
    ClientSession,
    SeedStatus,
    InviteCommand,
    InviteStatus,
    CharacterStatus,
    Other,
}

impl Channel {
    pub(in crate::services) fn named(name: &str) -> Self {
        match name {
            "ban.command" => Self::BanCommand,
            "ban.status" => Self::BanStatus,
            "account.create" => Self::AccountCreate,
            "account.status" => Self::AccountStatus,
            "account.session.command" => Self::SessionCommand,
            "account.session.status" => Self::SessionStatus,
            "session.status" => Self::ClientSession,
            "seed.status" => Self::SeedStatus,
            "invite.command" => Self::InviteCommand,
            "invite.status" => Self::InviteStatus,
            "character.status" => Self::CharacterStatus,
            _ => Self::Other,
        }
    }
}

/// What a value says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) enum Fact {
    /// Nothing that a checker looks into.
    Opaque,
    /// Nothing that a reader may act on: it is empty, does not decode or is of an unknown type.
    Unreadable,
    BanCreate(BanCreate),
    BanDelete {
        ban: u32,
    },
    BanStatus {
        ban: u32,
        status: BanStatusType,
    },
    AccountCreate {
        name: Sym,
        password: Password,
    },
    AccountStatus {
        account: u32,
        name: Sym,
        status: AccountStatusType,
    },
    Session(SessionOf, SessionAsk),
    Answer {
        session: Uuid,
        account: u32,
        answer: Answer,
    },
    Client {
        session: Uuid,
        account: u32,
        kind: ClientSessionType,
        issuer: Sym,
    },
    Seed,
    InviteCommand(Transaction, InviteAsk),
    Invite(Transaction, InviteEvent),
    CharacterDeleted {
        transaction: Uuid,
        world: u8,
        character: u32,
    },
}

/// `ban.command/CREATE`
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) struct BanCreate {
    /// Unix seconds; `i64::MAX` for a permanent ban.
    pub(in crate::services) expires_at: i64,
    /// Whether BAN-1 speaks of it, and not BAN-2.
    pub(in crate::services) plain: bool,
}

/// The session of a session command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) struct SessionOf {
    pub(in crate::services) session: Uuid,
    pub(in crate::services) account: u32,
    pub(in crate::services) issuer: Sym,
}

/// What a session command asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) enum SessionAsk {
    Create { name: Sym, password: Password },
    Progress { state: u8, params: u128 },
    Logout,
}

/// An answer on `account.session.status`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) enum Answer {
    Created,
    Licence,
    Changed {
        state: u8,
        params: u128,
    },
    /// With its code, if that is one of the six.
    Error(Option<ErrorCode>),
}

/// The head of an invite's command or event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) struct Transaction {
    pub(in crate::services) id: Uuid,
    pub(in crate::services) world: u8,
    pub(in crate::services) kind: Sym,
    /// Whether the field knows the invite type.
    pub(in crate::services) known: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) enum InviteAsk {
    Create { originator: u32, target: u32, reference: u32 },
    Accept { target: u32, reference: u32 },
    Reject { target: u32, originator: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::services) struct InviteEvent {
    pub(in crate::services) status: InviteStatusKind,
    pub(in crate::services) originator: u32,
    pub(in crate::services) target: u32,
    pub(in crate::services) reference: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum InviteStatusKind {
    Created,
    Accepted,
    Rejected,
}

/// A password that can be compared and nothing else. One that is too long to be told from another
/// by every implementation equals none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) struct Password(Option<u128>);

/// Longer passwords are cut by bcrypt, and so open.
const MAX_PASSWORD_BYTES: usize = 72;

impl Password {
    /// One that nothing is known about.
    pub(in crate::services) const UNKNOWN: Self = Self(None);

    fn of(text: &str) -> Self {
        Self((text.len() <= MAX_PASSWORD_BYTES).then(|| xxh3_128(text.as_bytes())))
    }

    /// Whether two passwords are the same, where that can be told.
    pub(in crate::services) fn same(self, other: Self) -> Option<bool> {
        Some(self.0? == other.0?)
    }
}

/// Reads a value as the channel's readers do.
pub(in crate::services) fn read(
    channel: Channel,
    value: Option<&[u8]>,
    symbols: &mut Symbols,
) -> Fact {
    let fact = match channel {
        Channel::BanCommand => on(value, |m: BanCommand<'_>| ban_command(&m)),
        Channel::BanStatus => {
            on(value, |m: BanStatus| Fact::BanStatus { ban: m.ban_id, status: m.status })
        }
        Channel::AccountCreate => on(value, |m: CreateAccount<'_>| Fact::AccountCreate {
            name: symbols.number(&m.name),
            password: Password::of(m.password.reveal()),
        }),
        Channel::AccountStatus => on(value, |m: AccountStatus<'_>| Fact::AccountStatus {
            account: m.account_id,
            name: symbols.number(&m.name),
            status: m.status,
        }),
        Channel::SessionCommand => on(value, |m| session_command(&m, symbols)),
        Channel::SessionStatus => on(value, |m: SessionStatus<'_>| Fact::Answer {
            session: m.session_id.0,
            account: m.account_id,
            answer: answer(&m.body),
        }),
        Channel::ClientSession => on(value, |m: ClientSession<'_>| Fact::Client {
            session: m.session_id.0,
            account: m.account_id,
            kind: m.kind,
            issuer: symbols.number(&m.issuer),
        }),
        Channel::SeedStatus => on(value, |_: SeedStatus| Fact::Seed),
        Channel::InviteCommand => on(value, |m| invite_command(&m, symbols)),
        Channel::InviteStatus => on(value, |m| invite_status(&m, symbols)),
        Channel::CharacterStatus => on(value, |m: CharacterStatus| Fact::CharacterDeleted {
            transaction: m.transaction_id.0,
            world: m.world_id,
            character: m.character_id,
        }),
        Channel::Other => Some(Fact::Opaque),
    };
    fact.unwrap_or(Fact::Unreadable)
}

fn on<'a, M: Message<'a>>(value: Option<&'a [u8]>, fact: impl FnOnce(M) -> Fact) -> Option<Fact> {
    decode(value).ok().map(fact)
}

fn ban_command(command: &BanCommand<'_>) -> Fact {
    match &command.body {
        BanCommandBody::Create(create) => Fact::BanCreate(BanCreate {
            expires_at: if create.permanent { i64::MAX } else { create.expires_at },
            plain: create.ban_type <= 2 && !create.value.is_empty(),
        }),
        BanCommandBody::Delete(delete) => Fact::BanDelete { ban: delete.ban_id },
    }
}

fn session_command(command: &SessionCommand<'_>, symbols: &mut Symbols) -> Fact {
    let of = SessionOf {
        session: command.session_id.0,
        account: command.account_id,
        issuer: symbols.number(&command.issuer),
    };
    let ask = match &command.body {
        SessionCommandBody::Create(create) => SessionAsk::Create {
            name: symbols.number(&create.account_name),
            password: Password::of(create.password.reveal()),
        },
        SessionCommandBody::ProgressState(to) => SessionAsk::Progress {
            state: to.state,
            params: xxh3_128(to.params.as_str().as_bytes()),
        },
        SessionCommandBody::Logout(_) => SessionAsk::Logout,
    };
    Fact::Session(of, ask)
}

fn answer(body: &SessionStatusBody<'_>) -> Answer {
    match body {
        SessionStatusBody::Created(_) => Answer::Created,
        SessionStatusBody::RequestLicenseAgreement(_) => Answer::Licence,
        SessionStatusBody::StateChanged(to) => {
            Answer::Changed { state: to.state, params: xxh3_128(to.params.as_str().as_bytes()) }
        }
        SessionStatusBody::Error(error) => Answer::Error(ErrorCode::parse(&error.code)),
    }
}

fn transaction(id: Uuid, world: u8, kind: &str, symbols: &mut Symbols) -> Transaction {
    Transaction { id, world, kind: symbols.number(kind), known: InviteType::parse(kind).is_some() }
}

fn invite_command(command: &InviteCommand<'_>, symbols: &mut Symbols) -> Fact {
    let (id, world) = (command.transaction_id.0, command.world_id);
    let head = transaction(id, world, &command.invite_type, symbols);
    let ask = match &command.body {
        InviteCommandBody::Create(create) => InviteAsk::Create {
            originator: create.originator_id,
            target: create.target_id,
            reference: create.reference_id,
        },
        InviteCommandBody::Accept(accept) => {
            InviteAsk::Accept { target: accept.target_id, reference: accept.reference_id }
        }
        InviteCommandBody::Reject(reject) => {
            InviteAsk::Reject { target: reject.target_id, originator: reject.originator_id }
        }
    };
    Fact::InviteCommand(head, ask)
}

fn invite_status(event: &InviteStatus<'_>, symbols: &mut Symbols) -> Fact {
    let (id, world) = (event.transaction_id.0, event.world_id);
    let head = transaction(id, world, &event.invite_type, symbols);
    let (status, parties) = match &event.body {
        InviteStatusBody::Created(parties) => (InviteStatusKind::Created, parties),
        InviteStatusBody::Accepted(parties) => (InviteStatusKind::Accepted, parties),
        InviteStatusBody::Rejected(parties) => (InviteStatusKind::Rejected, parties),
    };
    let event = InviteEvent {
        status,
        originator: parties.originator_id,
        target: parties.target_id,
        reference: event.reference_id,
    };
    Fact::Invite(head, event)
}

#[cfg(test)]
mod tests {
    use super::{Channel, Fact, Password, Symbols, read};

    #[test]
    fn what_no_reader_may_act_on_is_unreadable() {
        let mut symbols = Symbols::default();
        let mut fact = |value: Option<&[u8]>| read(Channel::BanCommand, value, &mut symbols);
        for value in [None, Some(&b""[..]), Some(b"{"), Some(br#"{"type":"NO"}"#)] {
            assert_eq!(fact(value), Fact::Unreadable);
        }
        let delete = br#"{"type":"DELETE","body":{"banId":7}}"#;
        assert_eq!(fact(Some(delete)), Fact::BanDelete { ban: 7 });
        assert_eq!(read(Channel::Other, None, &mut symbols), Fact::Opaque);
    }

    #[test]
    fn passwords_are_compared_only_where_all_implementations_can() {
        let long = Password::of(&"x".repeat(73));
        assert_eq!(Password::of("a").same(Password::of("a")), Some(true));
        assert_eq!(Password::of("a").same(Password::of("b")), Some(false));
        assert_eq!(long.same(long), None);
    }
}
