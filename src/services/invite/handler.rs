//! The reference invite service.
//!
//! What this is: the invites that are pending, and what ends them: ACCEPT, REJECT, a deleted
//! character, or time. What it is not: it knows no parties or guilds; an accepted invite is gone.
//!
//! What always holds: at most one invite is pending for a target, type and reference; what an event
//! names is what was removed. An invite is pending until it is swept, 180 to 185 s after its
//! CREATE. Start at [`Invite`].

mod pending;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::json;
use smallvec::{SmallVec, smallvec};

use self::pending::{Entry, Kind, Pending};
use crate::message::typed::{Id, decode};
use crate::message::{Json, Key, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::support::{Args, ByTenant, refused, required};
use crate::service::{Asked, Cx, Given, Incoming, QueryError, Reject, Service, Timer, Vocabulary};
use crate::services::id;
use crate::services::invite::messages::{
    AcceptInvite, CharacterStatus, CreateInvite, InviteCommand, InviteCommandBody, InviteParties,
    InviteStatus, InviteStatusBody, InviteType, RejectInvite,
};

const SWEEP: &str = "sweep";
const EXPIRY: Duration = Duration::from_secs(180);
const SWEEP_PERIOD: Duration = Duration::from_secs(5);

/// The invite service.
#[derive(Clone, Debug, Default, Hash)]
pub struct Invite(ByTenant<Pending>);

impl Pending {
    fn create(
        &mut self,
        command: &InviteCommand<'_>,
        create: &CreateInvite,
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        let kind = check(&command.invite_type, create, cx)?;
        if let Some(stored) = self.find(create.target_id, &kind, create.reference_id) {
            cx.applies(id::INV_3);
            if stored.transaction_id == command.transaction_id {
                cx.applies(id::INV_TWICE);
            }
            if cx.decide(id::INV_3, &["announced-again", "nothing"]) == "nothing" {
                return refused("this invite is pending already");
            }
            let differs = stored.world_id != command.world_id;
            let world_id = match differs
                && cx.decide(id::INV_3, &["world-of-command", "stored-world"]) == "stored-world"
            {
                true => stored.world_id,
                false => command.world_id,
            };
            return announce_again(self, (command, create), world_id, cx);
        }
        cx.applies(id::INV_1);
        let entry = Entry {
            kind,
            target_id: create.target_id,
            originator_id: create.originator_id,
            reference_id: create.reference_id,
            world_id: command.world_id,
            transaction_id: command.transaction_id,
            expires: cx.now().after(expiry(cx)),
        };
        let event = (entry.transaction_id, entry.world_id);
        announce(&entry, event, (id::INV_1, InviteStatusBody::Created), cx)?;
        if !cx.violates(id::INV_1, "not-kept") {
            change(self, cx, |pending| pending.add(entry));
        }
        Ok(())
    }

    fn accept(
        &mut self,
        command: &InviteCommand<'_>,
        accept: &AcceptInvite,
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        let kind = Kind::of(&command.invite_type);
        let named = self.age(accept.target_id, &kind, accept.reference_id);
        let named = named.or_else(|| {
            let mut all = self.ages_of_target(accept.target_id).into_iter();
            let same = |age: &u64| self.get(*age).reference_id == accept.reference_id;
            all.find(same).filter(|_| cx.violates(id::INV_6, "any-type"))
        });
        let Some(age) = named else {
            cx.applies(id::INV_6);
            if cx.violates(id::INV_6, "answered") {
                let nobody = (accept.target_id, 1, accept.reference_id);
                return answer_to_nothing(command, nobody, InviteStatusBody::Accepted, cx);
            }
            return refused("no such invite is pending");
        };
        cx.applies(id::INV_4);
        end(self, age, command, (id::INV_4, InviteStatusBody::Accepted), cx)
    }

    fn reject(
        &mut self,
        command: &InviteCommand<'_>,
        reject: &RejectInvite,
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        let kind = Kind::of(&command.invite_type);
        let fitting = self.between(reject.target_id, &kind, reject.originator_id);
        let Some(mut chosen) = fitting.first().copied() else {
            cx.applies(id::INV_6);
            if cx.violates(id::INV_6, "rejected") {
                let nobody = (reject.target_id, reject.originator_id, 1);
                return answer_to_nothing(command, nobody, InviteStatusBody::Rejected, cx);
            }
            return refused("no such invite is pending");
        };
        cx.applies(id::INV_5);
        for younger in &fitting[1..] {
            cx.applies(id::INV_12);
            if cx.decide(id::INV_12, &["oldest", "any"]) == "oldest" {
                break;
            }
            chosen = *younger;
        }
        if cx.violates(id::INV_12, "all") {
            for other in fitting.into_iter().filter(|other| *other != chosen) {
                end(self, other, command, (id::INV_5, InviteStatusBody::Rejected), cx)?;
            }
        }
        end(self, chosen, command, (id::INV_5, InviteStatusBody::Rejected), cx)
    }

    fn character_deleted(
        &mut self,
        event: &CharacterStatus,
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        let mut gone = self.of_character(event.character_id);
        if gone.is_empty() {
            return refused("the character has no invites");
        }
        cx.applies(id::INV_8);
        if cx.violates(id::INV_8, "stay") {
            return Ok(());
        }
        if cx.violates(id::INV_8, "only-as-originator") {
            gone.retain(|age| self.get(*age).target_id != event.character_id);
        }
        let only_originated = |entry: &Entry| entry.target_id != event.character_id;
        if gone.iter().any(|age| only_originated(self.get(*age)))
            && cx.decide(id::INV_8, &["as-target-and-originator", "only-as-target"])
                == "only-as-target"
        {
            gone.retain(|age| !only_originated(self.get(*age)));
        }
        for age in &gone {
            let entry = self.get(*age);
            cx.applies(id::INV_9);
            let transaction_id =
                match cx.decide(id::INV_9, &["rejected", "no-events", "fresh-transaction-id"]) {
                    "no-events" => continue,
                    "fresh-transaction-id" => Id(cx.assign_uuid()),
                    _ => event.transaction_id,
                };
            let mut world_id = world(entry, event.world_id, id::INV_9, cx);
            if cx.violates(id::INV_9, "own-world") {
                world_id = world_id.max(event.world_id).wrapping_add(1);
            }
            let body = match cx.violates(id::INV_9, "accepted") {
                true => InviteStatusBody::Accepted,
                false => InviteStatusBody::Rejected,
            };
            announce(entry, (transaction_id, world_id), (id::INV_9, body), cx)?;
        }
        change(self, cx, |pending| {
            gone.iter().for_each(|age| pending.remove(*age));
        });
        Ok(())
    }

    fn sweep(&mut self, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for (due, age) in self.expired(cx.now()) {
            if !cx.is_due(due, due) {
                continue;
            }
            cx.applies(id::INV_10);
            let entry = self.get(age);
            let mut transaction_id = entry.transaction_id;
            match cx.decide(id::INV_10, &["rejected", "fresh-transaction-id", "no-expiry"]) {
                "no-expiry" => {
                    kept.push(age);
                    continue;
                }
                "fresh-transaction-id" => transaction_id = Id(cx.assign_uuid()),
                _ => {}
            }
            let body = match cx.violates(id::INV_10, "accepted") {
                true => InviteStatusBody::Accepted,
                false => InviteStatusBody::Rejected,
            };
            announce(entry, (transaction_id, entry.world_id), (id::INV_10, body), cx)?;
            gone.push(age);
        }
        gone.iter().for_each(|age| self.remove(*age));
        kept.iter().for_each(|age| self.keep(*age));
        if let Some(at) = self.first_expiry() {
            cx.set_timer(SWEEP, at.next_multiple(SWEEP_PERIOD));
        }
        Ok(())
    }
}

/// What CREATE must hold; the invite's type.
fn check(invite_type: &str, create: &CreateInvite, cx: &mut Cx<'_>) -> Result<Kind, Reject> {
    let kind = Kind::of(invite_type);
    let parties = create.originator_id != 0 && create.target_id != 0;
    if parties && matches!(kind, Kind::Known(_)) {
        return Ok(kind);
    }
    cx.applies(id::INV_2);
    if !parties && cx.violates(id::INV_2, "accept-nobody")
        || invite_type.is_empty() && cx.violates(id::INV_2, "accept-empty")
    {
        return Ok(kind);
    }
    if !parties {
        return refused("originator and target must not be 0");
    }
    if invite_type.is_empty() || cx.decide(id::INV_2, &["nothing", "accept-type"]) != "accept-type"
    {
        return refused(format!("there is no invite type {invite_type:?}"));
    }
    Ok(kind)
}

/// Ends a pending invite at a command.
fn end(
    pending: &mut Pending,
    age: u64,
    command: &InviteCommand<'_>,
    (rule, body): (RuleId, fn(InviteParties) -> InviteStatusBody),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    // Where no other is pending, none can be removed in its place.
    if pending.are_several() {
        cx.applies(id::INV_7);
    }
    let entry = pending.get(age);
    let world_id = world(entry, command.world_id, rule, cx);
    let mut transaction_id = command.transaction_id;
    if cx.violates(rule, "old-transaction") {
        transaction_id = entry.transaction_id;
    }
    if rule == id::INV_4 && cx.violates(rule, "target-as-originator") {
        let entry = Entry { originator_id: entry.target_id, ..entry.clone() };
        announce(&entry, (transaction_id, world_id), (rule, body), cx)?;
    } else {
        announce(entry, (transaction_id, world_id), (rule, body), cx)?;
    }
    if cx.violates(rule, "stays") {
        return Ok(());
    }
    let gone = removed(pending, age, cx);
    change(pending, cx, |pending| gone.into_iter().for_each(|age| pending.remove(age)));
    Ok(())
}

/// What the end of an invite removes.
fn removed(pending: &Pending, age: u64, cx: &Cx<'_>) -> SmallVec<[u64; 1]> {
    let of_target = || pending.ages_of_target(pending.get(age).target_id);
    if cx.violates(id::INV_7, "all-of-target") {
        of_target().into()
    } else if cx.violates(id::INV_7, "oldest-of-target") {
        of_target().into_iter().take(1).collect()
    } else {
        smallvec![age]
    }
}

/// Announces an invite that is pending already, at another CREATE.
fn announce_again(
    pending: &mut Pending,
    (command, create): (&InviteCommand<'_>, &CreateInvite),
    world_id: u8,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let kind = Kind::of(&command.invite_type);
    let Some(age) = pending.age(create.target_id, &kind, create.reference_id) else {
        return Ok(());
    };
    let stored = pending.get(age);
    let mut shown = stored.clone();
    let mut transaction_id = command.transaction_id;
    if cx.violates(id::INV_3, "new-originator") {
        shown.originator_id = create.originator_id;
    }
    if cx.violates(id::INV_3, "old-transaction") {
        transaction_id = stored.transaction_id;
    }
    let is_same = stored.transaction_id == command.transaction_id;
    announce(&shown, (transaction_id, world_id), (id::INV_3, InviteStatusBody::Created), cx)?;
    if cx.violates(id::INV_3, "replaces") {
        shown.originator_id = create.originator_id;
        change(pending, cx, |pending| {
            pending.remove(age);
            pending.add(shown);
        });
    } else if is_same && cx.violates(id::INV_TWICE, "revokes") {
        change(pending, cx, |pending| pending.remove(age));
    }
    Ok(())
}

/// Answers to an invite that is not pending, of a target, an originator and a reference.
fn answer_to_nothing(
    command: &InviteCommand<'_>,
    (target_id, originator_id, reference_id): (u32, u32, u32),
    body: fn(InviteParties) -> InviteStatusBody,
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    let entry = Entry {
        kind: Kind::of(&command.invite_type),
        target_id,
        originator_id,
        reference_id,
        world_id: command.world_id,
        transaction_id: command.transaction_id,
        expires: cx.now(),
    };
    announce(&entry, (command.transaction_id, command.world_id), (id::INV_6, body), cx)
}

/// How long an invite stays pending.
fn expiry(cx: &Cx<'_>) -> Duration {
    if cx.violates(id::INV_10, "early") { EXPIRY / 3 } else { EXPIRY }
}

/// The world of an event that answers something about a stored invite.
fn world(entry: &Entry, of_command: u8, rule: RuleId, cx: &mut Cx<'_>) -> u8 {
    if entry.world_id != of_command
        && cx.decide(rule, &["stored-world", "world-of-command"]) == "world-of-command"
    {
        return of_command;
    }
    entry.world_id
}

fn announce(
    entry: &Entry,
    (transaction_id, world_id): (Id, u8),
    (rule, body): (RuleId, fn(InviteParties) -> InviteStatusBody),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.applies(id::INV_11);
    let parties = InviteParties { originator_id: entry.originator_id, target_id: entry.target_id };
    let event = InviteStatus {
        transaction_id,
        world_id,
        invite_type: entry.kind.as_str().into(),
        reference_id: entry.reference_id,
        body: body(parties),
    };
    let key = if cx.violates(id::INV_11, "no-key") {
        Key::None
    } else if cx.violates(id::INV_11, "key-by-transaction") {
        Key::Bytes(transaction_id.0.as_bytes().as_slice().into())
    } else {
        Key::Id(entry.reference_id)
    };
    cx.emit_by(rule, "invite.status", &key, &event)
}

/// Changes what is pending, and the timer with it.
fn change(pending: &mut Pending, cx: &mut Cx<'_>, change: impl FnOnce(&mut Pending)) {
    let due = |pending: &Pending| pending.first_expiry().map(|at| at.next_multiple(SWEEP_PERIOD));
    let before = due(pending);
    change(pending);
    match due(pending) {
        after if after == before => {}
        Some(at) => cx.set_timer(SWEEP, at),
        None => cx.cancel_timer(SWEEP),
    }
}

impl Service for Invite {
    fn name(&self) -> &'static str {
        "invite"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |pending| match incoming.channel {
            "invite.command" => {
                let command: InviteCommand<'_> = decode(incoming.value)?;
                match &command.body {
                    InviteCommandBody::Create(create) => pending.create(&command, create, cx),
                    InviteCommandBody::Accept(accept) => pending.accept(&command, accept, cx),
                    InviteCommandBody::Reject(reject) => pending.reject(&command, reject, cx),
                }
            }
            "character.status" => pending.character_deleted(&decode(incoming.value)?, cx),
            other => refused(format!("invite does not read {other}")),
        })
    }

    fn timer(&mut self, _: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |pending| pending.sweep(cx))
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        if name != "pending" {
            return Err(QueryError::Unknown { name: name.to_owned() });
        }
        let args = Args(args);
        args.only(&["targetId"])?;
        let target_id = required("targetId", args.integer("targetId")?)?;
        let pending = self.0.get(asked.tenant);
        let entries = pending.map(|pending| pending.of_target(target_id)).unwrap_or_default();
        Ok(Json::Array(entries.into_iter().map(shown).collect()))
    }

    fn configure(&mut self, _: &Tenant, given: &Given<'_>) -> Result<(), String> {
        match given.settings {
            Some(settings) => Ok(Args(settings).only(&[])?),
            None => Ok(()),
        }
    }

    fn vocabulary(&self) -> Vocabulary {
        Vocabulary { queries: &[("pending", &["targetId"])], ..Vocabulary::default() }
    }
}

fn shown(entry: &Entry) -> Json {
    Json::from(json!({
        "transactionId": entry.transaction_id.to_string(),
        "worldId": entry.world_id,
        "inviteType": entry.kind.as_str(),
        "referenceId": entry.reference_id,
        "originatorId": entry.originator_id,
        "targetId": entry.target_id,
    }))
}

impl Kind {
    fn of(text: &str) -> Self {
        InviteType::parse(text).map_or_else(|| Self::Other(text.into()), Self::Known)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => known.as_str(),
            Self::Other(other) => other,
        }
    }
}

/// An expiry that does not come.
const NO_EXPIRY: VirtualTime = VirtualTime::NEVER;
