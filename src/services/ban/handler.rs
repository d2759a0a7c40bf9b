//! The reference ban service.
//!
//! What this is: bans by id, the logins it has heard of, and the question whether someone is
//! banned. What it is not: it does not end the sessions of those it bans; no document says so.
//!
//! What always holds: an id is given once in a tenant; DELETE removes the ban it names and no
//! other. Expired bans are swept at whole hours only, and not before they have been expired for an
//! hour, so that a DELETE shortly after the end of a ban still finds it. Start at [`Ban`].

mod matching;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use self::matching::{Subject, Target};
use crate::message::typed::decode;
use crate::message::{Json, Key, Tenant, VirtualTime};
use crate::rule::RuleId;
use crate::service::support::{Args, ByTenant, object, refused, required};
use crate::service::{
    Asked, Cx, Given, Incoming, Map, QueryError, Reject, Service, Set, Timer, Vocabulary,
};
use crate::services::account::messages::{SessionStatus, SessionStatusBody};
use crate::services::ban::messages::{
    BanCommand, BanCommandBody, BanStatus, BanStatusType, CreateBan, DeleteBan,
};
use crate::services::id;

/// What a ban can be given.
const BAN_FIELDS: [&str; 7] =
    ["banType", "value", "reason", "reasonCode", "permanent", "expiresAt", "issuedBy"];
const SWEEP: &str = "sweep";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The ban service.
#[derive(Clone, Debug, Default, Hash)]
pub struct Ban(ByTenant<State>);

#[derive(Clone, Debug, Default, Hash)]
struct State {
    /// All that were ever given.
    ids: Set<u32>,
    bans: Map<u32, Entry>,
    /// Those that are not permanent, by when they expire.
    by_expiry: Set<(i64, u32)>,
    /// The logins heard of, by account, and numbered in it.
    logins: Map<(u32, u32), Login>,
    /// The id that a CREATE was given, by the hash of its value: with 128 bits no two values have
    /// the same.
    created: Map<u128, u32>,
    /// When the next sweep is due.
    sweep: Option<VirtualTime>,
}

/// One ban.
#[derive(Clone, Debug, Hash)]
struct Entry {
    target: Target,
    value: Box<str>,
    reason: Box<str>,
    reason_code: u8,
    issued_by: Box<str>,
    /// Unix seconds; none for a permanent ban.
    expires_at: Option<i64>,
}

#[derive(Clone, Debug, Hash)]
struct Login {
    name: Box<str>,
    ip: Box<str>,
    hwid: Box<str>,
    /// The error code of a failed one.
    failed: Option<Box<str>>,
}

impl Entry {
    fn of(create: &CreateBan<'_>) -> Self {
        Self {
            target: Target::of(create.ban_type, &create.value),
            value: (*create.value).into(),
            reason: (*create.reason).into(),
            reason_code: create.reason_code,
            issued_by: (*create.issued_by).into(),
            expires_at: (!create.permanent).then_some(create.expires_at),
        }
    }

    fn is_active(&self, unix_s: i64) -> bool {
        self.expires_at.is_none_or(|at| at > unix_s)
    }

    /// The whole hour at which it may be swept; none for a permanent ban.
    fn swept_at(&self, now: VirtualTime) -> Option<VirtualTime> {
        let expires = VirtualTime::from_unix_s(self.expires_at?);
        let at = expires.max(now).after(HOUR).next_multiple(HOUR);
        (at != VirtualTime::NEVER).then_some(at)
    }
}

impl State {
    /// The highest id that was given to a ban that is gone.
    fn gone(&self) -> Option<u32> {
        self.ids.iter().rev().find(|given| !self.bans.contains_key(given)).copied()
    }

    fn next_id(&self) -> Option<u32> {
        self.ids.last().map_or(Some(1), |last| last.checked_add(1))
    }

    fn add(&mut self, ban_id: u32, ban: Entry) {
        self.remove(ban_id);
        if let Some(at) = ban.expires_at {
            self.by_expiry.insert((at, ban_id));
        }
        self.ids.insert(ban_id);
        self.bans.insert(ban_id, ban);
    }

    fn remove(&mut self, ban_id: u32) {
        if let Some(at) = self.bans.remove(&ban_id).and_then(|ban| ban.expires_at) {
            self.by_expiry.remove(&(at, ban_id));
        }
    }

    /// The logins of an account, first to last, with their numbers.
    fn logins(&self, account_id: u32) -> impl DoubleEndedIterator<Item = (u32, &Login)> {
        let of_account = (account_id, 0)..=(account_id, u32::MAX);
        self.logins.range(of_account).map(|((_, number), login)| (*number, login))
    }
}

impl State {
    fn create(
        &mut self,
        create: &CreateBan<'_>,
        value: &[u8],
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        check(create, cx)?;
        let hash = xxh3_128(value);
        let first = self.created.get(&hash).copied();
        if let Some(first) = first {
            cx.applies(id::COM_8);
            cx.applies(id::BAN_TWICE);
            match cx.decide(id::BAN_TWICE, &["two-bans", "same-id-again", "once"]) {
                "same-id-again" => {
                    return announce(first, (id::BAN_TWICE, BanStatusType::Created), cx);
                }
                "once" => return refused("the same command has come before"),
                _ => {}
            }
        }
        cx.applies(id::BAN_1);
        let Some(next_id) = self.next_id() else {
            return refused("no ban id is left");
        };
        let mut ban_id = cx.assign_id(next_id);
        if cx.violates(id::BAN_1, "always-1") {
            ban_id = 1;
        } else if cx.violates(id::BAN_1, "id-again") {
            ban_id = self.gone().unwrap_or(ban_id);
        } else if self.ids.contains(&ban_id) {
            return refused(format!("the id {ban_id} was given before"));
        }
        announce(ban_id, (id::BAN_1, BanStatusType::Created), cx)?;
        if first.is_some() && cx.violates(id::BAN_TWICE, "announced-twice") {
            announce(ban_id, (id::BAN_TWICE, BanStatusType::Created), cx)?;
        }
        if cx.violates(id::BAN_1, "not-kept") {
            self.ids.insert(ban_id);
            return Ok(());
        }
        let ban = entry(create, cx);
        if let Some(at) = ban.swept_at(cx.now())
            && self.sweep.is_none_or(|due| at < due)
        {
            self.sweep = Some(at);
            cx.set_timer(SWEEP, at);
        }
        self.add(ban_id, ban);
        if !self.created.contains_key(&hash) {
            self.created.insert(hash, ban_id);
        }
        Ok(())
    }

    fn delete(&mut self, ban_id: u32, cx: &mut Cx<'_>) -> Result<(), Reject> {
        cx.applies(id::BAN_5);
        if self.bans.contains_key(&ban_id) {
            cx.applies(id::BAN_3);
            if !cx.violates(id::BAN_3, "silent") {
                announce(ban_id, (id::BAN_3, BanStatusType::Deleted), cx)?;
            }
            if !cx.violates(id::BAN_3, "stays") {
                self.remove(ban_id);
            }
            if cx.violates(id::BAN_5, "next-too") {
                self.remove(ban_id.wrapping_add(1));
            }
            return Ok(());
        }
        cx.applies(id::BAN_4);
        if self.ids.contains(&ban_id) {
            cx.applies(id::BAN_TWICE);
        }
        if ban_id == 0 && cx.violates(id::BAN_5, "zero-is-all") {
            (self.bans, self.by_expiry) = (Map::default(), Set::default());
        } else if ban_id == 0 && cx.violates(id::BAN_5, "zero-is-first") {
            let first = self.bans.first().map(|(first, _)| *first);
            first.into_iter().for_each(|first| self.remove(first));
        }
        if cx.violates(id::BAN_4, "created") {
            return announce(ban_id, (id::BAN_4, BanStatusType::Created), cx);
        }
        match cx.decide(id::BAN_4, &["nothing", "echo"]) {
            "echo" => announce(ban_id, (id::BAN_4, BanStatusType::Deleted), cx),
            // The mistake is made all the same, in silence.
            _ if ban_id == 0
                && (cx.violates(id::BAN_5, "zero-is-all")
                    || cx.violates(id::BAN_5, "zero-is-first")) =>
            {
                Ok(())
            }
            _ => refused(format!("there is no ban {ban_id}")),
        }
    }

    fn heard(&mut self, status: &SessionStatus<'_>, cx: &mut Cx<'_>) {
        cx.applies(id::BAN_6);
        let (ip, hwid, failed) = match &status.body {
            SessionStatusBody::Created(created) => (&created.ip_address, &created.hwid, None),
            SessionStatusBody::Error(error) => (&error.ip_address, &error.hwid, Some(&error.code)),
            SessionStatusBody::StateChanged(_) | SessionStatusBody::RequestLicenseAgreement(_) => {
                return;
            }
        };
        let forgotten = if failed.is_some() { "only-created" } else { "only-error" };
        if cx.violates(id::BAN_6, forgotten) {
            return;
        }
        let failed = failed.filter(|_| !cx.violates(id::BAN_6, "error-is-success"));
        let hwid = if cx.violates(id::BAN_6, "ip-is-hwid") { ip } else { hwid };
        let login = Login {
            name: (*status.account_name).into(),
            ip: (**ip).into(),
            hwid: (**hwid).into(),
            failed: failed.map(|code| (**code).into()),
        };
        let last = self.logins(status.account_id).next_back();
        let number = last.map_or(0, |(number, _)| number + 1);
        self.logins.insert((status.account_id, number), login);
    }

    fn sweep(&mut self, cx: &mut Cx<'_>) {
        cx.applies(id::BAN_7);
        let now = cx.now();
        let last = (now.as_unix_s(), u32::MAX);
        let due = self.by_expiry.up_to(&last).filter(|(at, _)| {
            let expires = VirtualTime::from_unix_s(*at);
            cx.is_due(expires, expires.after(HOUR))
        });
        let due: Vec<_> = due.map(|(_, ban_id)| *ban_id).collect();
        due.into_iter().for_each(|ban_id| self.remove(ban_id));
        let next = self.by_expiry.first().and_then(|(_, ban_id)| self.bans.get(ban_id));
        self.sweep = next.and_then(|ban| ban.swept_at(now));
        if let Some(at) = self.sweep {
            cx.set_timer(SWEEP, at);
        }
    }
}

/// What CREATE must hold.
fn check(create: &CreateBan<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
    if create.ban_type > 2 {
        cx.applies(id::BAN_2);
        let taken = cx.violates(id::BAN_2, "as-ip");
        if !taken && cx.decide(id::BAN_2, &["nothing", "accept-type"]) == "nothing" {
            return refused(format!("there is no ban type {}", create.ban_type));
        }
    }
    if create.value.is_empty() {
        cx.applies(id::BAN_2);
        if cx.decide(id::BAN_2, &["nothing", "accept-empty"]) == "nothing" {
            return refused("the value is empty");
        }
    }
    Ok(())
}

fn announce(
    ban_id: u32,
    (rule, status): (RuleId, BanStatusType),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.emit_by(rule, "ban.status", &Key::None, &BanStatus { ban_id, status })
}

/// The ban that a CREATE makes.
fn entry(create: &CreateBan<'_>, cx: &Cx<'_>) -> Entry {
    let mut entry = Entry::of(create);
    if create.ban_type > 2 && cx.violates(id::BAN_2, "as-ip") {
        entry.target = Target::of(0, &create.value);
    }
    if cx.violates(id::BAN_7, "in-ms") {
        entry.expires_at = entry.expires_at.map(|at| at.saturating_mul(1000));
    } else if cx.violates(id::BAN_7, "for-ever") {
        entry.expires_at = None;
    } else if cx.violates(id::BAN_7, "at-expiry") {
        entry.expires_at = entry.expires_at.map(|at| at.saturating_add(1));
    } else if create.permanent && cx.violates(id::BAN_7, "permanent-expires") {
        entry.expires_at = Some(create.expires_at);
    }
    entry
}

impl Ban {
    /// The active bans of the kind that counts for whoever is asked about, as they are shown.
    fn that_count(&self, args: &Args<'_>, asked: &Asked<'_>) -> Result<Vec<Json>, QueryError> {
        args.only(&["ip", "hwid", "accountId"])?;
        let subject = Subject::of(
            args.text("ip")?.unwrap_or_default(),
            args.text("hwid")?.unwrap_or_default(),
            args.integer("accountId")?.unwrap_or_default(),
        );
        let unix_s = asked.now.as_unix_s();
        let found = self.0.get(asked.tenant);
        let found = found.map(|state| matching::first(state, &subject, (unix_s, asked)));
        let shown = |(ban_id, ban)| Json::from(shown(ban_id, ban, unix_s, "banned"));
        Ok(found.unwrap_or_default().into_iter().map(shown).collect())
    }
}

impl Service for Ban {
    fn name(&self) -> &'static str {
        "ban"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |state| match incoming.channel {
            "ban.command" => match decode::<BanCommand<'_>>(incoming.value)?.body {
                BanCommandBody::Create(create) => {
                    state.create(&create, incoming.value.unwrap_or_default(), cx)
                }
                BanCommandBody::Delete(DeleteBan { ban_id }) => state.delete(ban_id, cx),
            },
            "account.session.status" => {
                state.heard(&decode(incoming.value)?, cx);
                Ok(())
            }
            other => refused(format!("ban does not read {other}")),
        })
    }

    fn timer(&mut self, _: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |state| {
            state.sweep(cx);
            Ok(())
        })
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        let args = Args(args);
        let state = self.0.get(asked.tenant);
        let unix_s = asked.now.as_unix_s();
        match name {
            "check" => {
                let found = self.that_count(&args, asked)?.into_iter().next();
                Ok(found.unwrap_or_else(|| object([("banned", Json::Bool(false))])))
            }
            "ban" => {
                args.only(&["banId"])?;
                let ban_id = required("banId", args.integer("banId")?)?;
                let found = state.and_then(|state| state.bans.get(&ban_id));
                Ok(Json::from(match found {
                    Some(ban) => shown(ban_id, ban, unix_s, "exists"),
                    None => json!({ "exists": false }),
                }))
            }
            "history" => {
                args.only(&["accountId"])?;
                let account_id: u32 = required("accountId", args.integer("accountId")?)?;
                let logins = state.into_iter().flat_map(|state| state.logins(account_id));
                Ok(Json::Array(logins.map(|(_, login)| login.shown(account_id)).collect()))
            }
            _ => Err(QueryError::Unknown { name: name.to_owned() }),
        }
    }

    /// Of several active bans of the same kind any one may be named.
    fn other_answers(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Vec<Json> {
        let all =
            if name == "check" { self.that_count(&Args(args), asked) } else { Ok(Vec::new()) };
        all.unwrap_or_default().into_iter().skip(1).collect()
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        if let Some(settings) = given.settings {
            Args(settings).only(&[])?;
        }
        for entry in given.entries("bans")? {
            let args = Args(entry);
            args.only(&BAN_FIELDS)?;
            let expires_at = args.integer("expiresAt")?;
            let create = CreateBan {
                ban_type: required("banType", args.integer("banType")?)?,
                value: required("value", args.text("value")?)?.into(),
                reason: args.text("reason")?.unwrap_or_default().into(),
                reason_code: args.integer("reasonCode")?.unwrap_or_default(),
                permanent: args.truth("permanent")?.unwrap_or(expires_at.is_none()),
                expires_at: expires_at.unwrap_or_default(),
                issued_by: args.text("issuedBy")?.unwrap_or_default().into(),
            };
            self.0.with(tenant, |state| {
                let ban_id = state.next_id().ok_or("no ban id is left")?;
                state.add(ban_id, Entry::of(&create));
                Ok::<_, String>(())
            })?;
        }
        Ok(())
    }

    fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            stimuli: &[],
            queries: &[
                ("check", &["ip", "hwid", "accountId"]),
                ("ban", &["banId"]),
                ("history", &["accountId"]),
            ],
            settings: &[],
            data: &[("bans", &BAN_FIELDS)],
        }
    }
}

/// A ban as a query shows it; `found` is the field that says so.
fn shown(ban_id: u32, ban: &Entry, unix_s: i64, found: &str) -> serde_json::Value {
    json!({
        found: true,
        "banId": ban_id,
        "banType": ban.target.ban_type(),
        "value": ban.value,
        "reason": ban.reason,
        "reasonCode": ban.reason_code,
        "permanent": ban.expires_at.is_none(),
        "expiresAt": ban.expires_at.unwrap_or_default(),
        "issuedBy": ban.issued_by,
        "active": ban.is_active(unix_s),
    })
}

impl Login {
    fn shown(&self, account_id: u32) -> Json {
        Json::from(json!({
            "accountId": account_id,
            "accountName": self.name,
            "ipAddress": self.ip,
            "hwid": self.hwid,
            "success": self.failed.is_none(),
            "code": self.failed,
        }))
    }
}
