//! What comes before what, from the records alone: SEQ-1 to SEQ-6.
//!
//! Events are told apart from what the test sends: rules speak of what services emit. An event that
//! a crash doubled counts once. What another rule accepts is not reported here. Of a history that
//! begins amid, nothing is said that what came before could explain: what is answered was told on a
//! channel that had begun long before, or may have been told before it did.

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

use super::Checker;
use super::fact::{Answer, Channel, Fact, InviteAsk, InviteStatusKind, SessionAsk, Sym};
use super::handling::{Appended, Course};
use super::map::FxMap;
use super::out::Out;
use super::view::{TenantIx, View};
use crate::message::{RecordId, VirtualTime};
use crate::rule::RuleId;
use crate::services::account::messages::AccountStatusType;
use crate::services::ban::messages::BanStatusType;
use crate::services::id;
use crate::services::login::messages::ClientSessionType;

pub(in crate::services) const RULES: &[RuleId] =
    &[id::SEQ_1, id::SEQ_2, id::SEQ_3, id::SEQ_4, id::SEQ_5, id::SEQ_6];

/// Nobody answers later than this.
const REACH: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(in crate::services) struct Sequence {
    /// What came before the history is not known.
    pub(in crate::services) amid: bool,
    /// Since when all of each channel is known, of a history that begins amid or has holes: since
    /// ever where nothing is said.
    begun: FxMap<Channel, VirtualTime>,
    /// Whether all was known before the first hole.
    was_whole: bool,
    /// Records behind which others of their channel may be missing.
    pub(super) holes: BTreeSet<RecordId>,
    sessions: FxMap<(TenantIx, Uuid), Session>,
    accounts: FxMap<(TenantIx, u32), Account>,
    transactions: FxMap<(TenantIx, Uuid), ()>,
    /// Whether an invite is pending, for those that were seen.
    invites: FxMap<(TenantIx, u32, Sym, u32), bool>,
    bans: FxMap<(TenantIx, u32), Ban>,
}

/// A session, by what was seen of it.
#[derive(Clone, Copy, Debug, Default)]
struct Session {
    asked: bool,
    commanded: bool,
    welcomed: bool,
    destroyed: Option<RecordId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// A LOGGED_IN or LOGGED_OUT was seen.
    known: bool,
    logged_in: bool,
    /// A command was sent that may end a session.
    may_end: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ban {
    created: bool,
    to_delete: bool,
}

/// Of which channels everything is known that an event may answer.
#[derive(Clone, Copy, Debug)]
struct Known(u16);

impl Known {
    /// The history begins at the beginning.
    const ALL: Self = Self(u16::MAX);

    fn with(self, channel: Channel) -> Self {
        Self(self.0 | 1 << channel as u16)
    }

    fn has(self, channel: Channel) -> bool {
        self.0 & 1 << channel as u16 != 0
    }
}

/// An event that is judged.
struct Event<'a> {
    view: View<'a>,
    record: RecordId,
    cause: Option<RecordId>,
    tenant: TenantIx,
    known: Known,
    out: &'a mut Out,
}

impl Event<'_> {
    fn wrong(&mut self, rule: RuleId, what: &str) {
        let message = format!("{}: {what}", self.view.name(self.record));
        let records = self.cause.into_iter().chain([self.record]);
        self.out.violation(rule, records, message);
    }

    /// Holds a rule, and reports it unless it is kept.
    fn judge(&mut self, rule: RuleId, kept: bool, what: &str) {
        self.out.held(rule);
        if !kept {
            self.wrong(rule, what);
        }
    }

    /// Judges a rule by what must have come before, on these channels.
    fn judge_by(&mut self, rule: RuleId, kept: bool, channels: &[Channel], what: &str) {
        if kept || channels.iter().all(|channel| self.known.has(*channel)) {
            self.judge(rule, kept, what);
        }
    }

    /// Judges a rule by what may have come before at any time.
    fn judge_by_all(&mut self, rule: RuleId, kept: bool, what: &str) {
        if kept || self.known.0 == Known::ALL.0 {
            self.judge(rule, kept, what);
        }
    }
}

impl Sequence {
    /// What is known when a record comes, which may be the first of its channel.
    fn known(&mut self, view: View<'_>, record: RecordId) -> Known {
        let at = view.placed(record).at;
        let first = if self.was_whole { VirtualTime::ZERO } else { at };
        self.begun.entry(view.channel(record)).or_insert(first);
        let long_since = |(_, begun): &(&Channel, &VirtualTime)| {
            (self.was_whole && **begun == VirtualTime::ZERO) || begun.after(REACH) <= at
        };
        let known = self.begun.iter().filter(long_since);
        known.fold(Known(0), |known, (channel, _)| known.with(*channel))
    }

    /// Notes that records may be missing behind this one: what came there is not known.
    fn miss(&mut self, channel: Channel, at: VirtualTime) {
        if !std::mem::replace(&mut self.amid, true) {
            self.was_whole = true;
        }
        self.begun.insert(channel, at.max(VirtualTime::from_ms(1)));
        match channel {
            Channel::InviteStatus => self.invites.clear(),
            Channel::AccountStatus => self.accounts.clear(),
            _ => {}
        }
    }

    /// Takes in a command, whoever sent it.
    fn command(&mut self, view: View<'_>, record: RecordId, tenant: TenantIx) {
        match view.fact(record) {
            Fact::Session(of, ask) => {
                let session = self.sessions.entry((tenant, of.session)).or_default();
                session.commanded = true;
                session.asked |= matches!(ask, SessionAsk::Create { .. });
                if !matches!(ask, SessionAsk::Create { .. }) {
                    self.accounts.entry((tenant, of.account)).or_default().may_end = true;
                }
            }
            Fact::InviteCommand(head, _) => {
                self.transactions.insert((tenant, head.id), ());
            }
            Fact::CharacterDeleted { transaction, .. } => {
                self.transactions.insert((tenant, transaction), ());
            }
            Fact::BanDelete { ban } => {
                self.bans.entry((tenant, ban)).or_default().to_delete = true;
            }
            // The test may answer in the place of a service.
            Fact::Answer { session, answer: Answer::Created | Answer::Licence, .. } => {
                self.sessions.entry((tenant, session)).or_default().welcomed = true;
            }
            _ => {}
        }
    }

    fn event(&mut self, mut event: Event<'_>) {
        let tenant = event.tenant;
        match event.view.fact(event.record) {
            Fact::Answer { session, answer, .. } => self.answer(event, session, answer),
            Fact::AccountStatus { account, status, .. } => self.account(event, account, status),
            Fact::Client { session, kind, issuer: Sym::LOGIN, .. } => {
                self.client(event, session, kind);
            }
            Fact::Invite(head, what) => {
                if what.status != InviteStatusKind::Rejected || event.answers_command() {
                    let known = self.transactions.contains_key(&(tenant, head.id));
                    let told = [Channel::InviteCommand, Channel::CharacterStatus];
                    event.judge_by(id::SEQ_6, known, &told, "no command had this transaction id");
                }
                let place = (tenant, what.target, head.kind, what.reference);
                let ends = what.status != InviteStatusKind::Created;
                let was = self.invites.insert(place, !ends);
                // All events on one place have one key: none is missing between two of them.
                if ends && (was.is_some() || !self.amid) {
                    let was = was == Some(true);
                    event.judge(id::SEQ_4, was, "no CREATED came before it that is not ended");
                }
            }
            Fact::BanStatus { ban, status } => {
                let known = self.bans.entry((tenant, ban)).or_default();
                if status == BanStatusType::Created {
                    known.created = true;
                    return;
                }
                let (known, to_delete) = (known.created || known.to_delete, known.to_delete);
                event.judge_by_all(id::SEQ_5, known, "no CREATED came before it");
                let told = [Channel::BanCommand];
                event.judge_by(id::SEQ_6, to_delete, &told, "no DELETE had this id");
            }
            _ => {}
        }
    }

    fn answer(&mut self, mut event: Event<'_>, of: Uuid, answer: Answer) {
        let session = self.sessions.entry((event.tenant, of)).or_default();
        let commanded = session.commanded;
        let told = [Channel::SessionCommand];
        event.judge_by(id::SEQ_6, commanded, &told, "no command had this session id");
        if matches!(answer, Answer::Created | Answer::Licence) {
            session.welcomed = true;
            let asked = session.asked;
            event.judge_by_all(id::SEQ_1, asked, "no CREATE of this session came before it");
        }
    }

    fn account(&mut self, mut event: Event<'_>, of: u32, status: AccountStatusType) {
        let account = self.accounts.entry((event.tenant, of)).or_default();
        let known = account.known;
        account.known |= status != AccountStatusType::Created;
        match status {
            AccountStatusType::Created => {}
            AccountStatusType::LoggedIn => account.logged_in = true,
            AccountStatusType::LoggedOut => {
                let was = std::mem::take(&mut account.logged_in);
                // ACC-8, ACC-10 and ACC-11 accept a LOGGED_OUT more from a command that ends
                // sessions, and then from the timer of one that was left over.
                let cause = event.cause.map(|cause| event.view.fact(cause));
                let accepted = match cause {
                    Some(Fact::Session(asked, ask)) => {
                        asked.account == of && !matches!(ask, SessionAsk::Create { .. })
                    }
                    Some(_) => false,
                    None => account.may_end,
                };
                let (kept, what) = (was || accepted, "the account was not logged in");
                // All that is said of one account has one key: after the first of it, none is
                // missing. What may end it without a cause is a command.
                match cause {
                    _ if !known => event.judge_by_all(id::SEQ_2, kept, what),
                    Some(_) => event.judge(id::SEQ_2, kept, what),
                    None => event.judge_by(id::SEQ_2, kept, &[Channel::SessionCommand], what),
                }
            }
        }
    }

    fn client(&mut self, mut event: Event<'_>, of: Uuid, kind: ClientSessionType) {
        let session = self.sessions.entry((event.tenant, of)).or_default();
        let gone = session.destroyed.is_some();
        match kind {
            ClientSessionType::Created => {
                let what = "the session was not answered with CREATED";
                match session.asked {
                    true => {
                        let told = [Channel::SessionStatus];
                        event.judge_by(id::SEQ_1, session.welcomed, &told, what);
                    }
                    false => event.judge_by_all(id::SEQ_1, session.welcomed, what),
                }
                event.judge(id::SEQ_3, !gone, "the session was destroyed before");
            }
            ClientSessionType::Destroyed => {
                session.destroyed = Some(event.record);
                event.judge(id::SEQ_3, !gone, "the session was destroyed before");
            }
        }
    }
}

impl Event<'_> {
    /// Whether an invite's command caused it.
    fn answers_command(&self) -> bool {
        let cause = self.cause.map(|cause| self.view.fact(cause));
        matches!(
            cause,
            Some(Fact::InviteCommand(_, InviteAsk::Accept { .. } | InviteAsk::Reject { .. }))
        )
    }
}

impl Checker for Sequence {
    fn appended(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        self.judge(view, appended, out);
        if self.holes.contains(&appended.record) {
            let at = view.placed(appended.record).at;
            self.miss(view.channel(appended.record), at);
        }
    }

    fn clear(&mut self) {
        self.begun.clear();
        self.sessions.clear();
        self.accounts.clear();
        self.transactions.clear();
        self.invites.clear();
        self.bans.clear();
    }
}

impl Sequence {
    fn judge(&mut self, view: View<'_>, appended: &Appended, out: &mut Out) {
        let record = appended.record;
        let Some(tenant) = view.tenant(record) else {
            return;
        };
        let valid_cause = appended.cause.is_none_or(|cause| view.tenant(cause).is_some());
        if appended.doubled || appended.course == Course::Apart || !valid_cause {
            return;
        }
        let known = if self.amid { self.known(view, record) } else { Known::ALL };
        if appended.by.is_some() {
            self.event(Event { view, record, cause: appended.cause, tenant, known, out });
        }
        self.command(view, record, tenant);
    }
}
