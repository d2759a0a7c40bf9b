//! The reference login service.
//!
//! What this is: the connections of game clients, what each client is shown, and what the service
//! says for it on Kafka. What it is not: no client speaks to it; what clients do are stimuli, what
//! they see are queries.
//!
//! What always holds: an event changes nothing but connections of its own tenant; a connection that
//! is gone comes never back. Start at [`Login`].

mod connection;
#[cfg(test)]
mod tests;

use serde_json::json;

use self::connection::{Connection, Refusal};
use crate::message::typed::{Empty, Id, Params, Secret, Undeclared, decode};
use crate::message::{Json, Key, Tenant};
use crate::rule::RuleId;
use crate::service::support::{Args, ByTenant, refused, required};
use crate::service::{
    Asked, Cx, Given, Incoming, Map, QueryError, Reject, Service, StimulusError, Vocabulary,
};
use crate::services::account::messages::{
    AccountStatus, AccountStatusType, CreateSession, SessionCommand, SessionCommandBody,
    SessionState,
};
use crate::services::id;
use crate::services::login::messages::{
    ClientSession, ClientSessionType, SeedStatus, SeedStatusBody, SessionStatus, SessionStatusBody,
};

const ISSUER: &str = "LOGIN";

/// The login service.
#[derive(Clone, Debug, Default, Hash)]
pub struct Login(ByTenant<State>);

#[derive(Clone, Debug, Default, Hash)]
struct State {
    connections: Map<Id, Connection>,
    /// Which accounts are logged in, as far as events told.
    logged_in: Map<u32, bool>,
}

/// What a stimulus or an event was refused for.
fn stimulus_refused<T>(why: impl Into<String>) -> Result<T, StimulusError> {
    Err(StimulusError::Refused(why.into()))
}

impl From<Reject> for StimulusError {
    fn from(reject: Reject) -> Self {
        Self::Refused(reject.to_string())
    }
}

fn command(
    session_id: Id,
    account_id: u32,
    (rule, body): (RuleId, SessionCommandBody<'_>),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.applies(id::LOG_10);
    let command = SessionCommand { session_id, account_id, issuer: ISSUER.into(), body };
    let key = key(session_id, account_id, cx);
    cx.emit_by(rule, "account.session.command", &key, &command)
}

/// The key of a record.
fn key(session_id: Id, account_id: u32, cx: &Cx<'_>) -> Key {
    if cx.violates(id::LOG_10, "no-key") {
        Key::None
    } else if cx.violates(id::LOG_10, "key-by-session") {
        Key::Bytes(session_id.0.as_bytes().as_slice().into())
    } else {
        Key::Id(account_id)
    }
}

fn announce(
    session_id: Id,
    account_id: u32,
    (rule, kind): (RuleId, ClientSessionType),
    cx: &mut Cx<'_>,
) -> Result<(), Reject> {
    cx.applies(id::LOG_10);
    let event = ClientSession {
        session_id,
        account_id,
        character_id: 0,
        world_id: 0,
        channel_id: 0,
        issuer: ISSUER.into(),
        kind,
    };
    let key = key(session_id, account_id, cx);
    cx.emit_by(rule, "session.status", &key, &event)
}

impl State {
    /// The connection of a stimulus.
    fn connected(&self, args: Args<'_>) -> Result<(Id, &Connection), StimulusError> {
        let session_id = Id(args.session()?);
        match self.connections.get(&session_id) {
            Some(connection) => Ok((session_id, connection)),
            None => stimulus_refused("no client is connected under this session"),
        }
    }

    fn bound(&self, args: Args<'_>) -> Result<(Id, u32), StimulusError> {
        let (session_id, connection) = self.connected(args)?;
        match connection.account {
            Some(account_id) => Ok((session_id, account_id)),
            None => stimulus_refused("the session belongs to no account yet"),
        }
    }

    fn connect(&mut self, args: Args<'_>, cx: &mut Cx<'_>) -> Result<Json, StimulusError> {
        args.only(&["ip", "hwid"])?;
        let ip = args.text("ip")?.unwrap_or_default();
        let hwid = args.text("hwid")?.unwrap_or_default();
        let session_id = Id(cx.assign_uuid());
        self.connections.insert(session_id, Connection::new(ip, hwid));
        Ok(Json::from(session_id.to_string().as_str()))
    }

    fn credentials(&self, args: Args<'_>, cx: &mut Cx<'_>) -> Result<Json, StimulusError> {
        args.only(&["session", "name", "password"])?;
        let (session_id, connection) = self.connected(args)?;
        let name = required("name", args.text("name")?)?;
        let password = required("password", args.text("password")?)?;
        cx.applies(id::LOG_1);
        let no_hwid = cx.violates(id::LOG_1, "no-hwid");
        let hwid_as_ip = cx.violates(id::LOG_1, "hwid-as-ip");
        let ip: &str = if hwid_as_ip { &connection.hwid } else { &connection.ip };
        let times = if cx.violates(id::LOG_1, "twice") { 2 } else { 1 };
        for _ in 0..times {
            let create = CreateSession {
                account_name: name.into(),
                password: Secret::new(password),
                ip_address: ip.into(),
                hwid: Undeclared::from(if no_hwid { "" } else { &*connection.hwid }),
            };
            command(session_id, 0, (id::LOG_1, SessionCommandBody::Create(create)), cx)?;
        }
        Ok(Json::Null)
    }

    fn accept_licence(&mut self, args: Args<'_>, cx: &mut Cx<'_>) -> Result<Json, StimulusError> {
        args.only(&["session"])?;
        let (session_id, connection) = self.connected(args)?;
        let Some(account_id) = connection.account.filter(|_| connection.licence_asked) else {
            return stimulus_refused("the client was not asked about the licence");
        };
        if connection.owes_created {
            announce(session_id, account_id, (id::LOG_3, ClientSessionType::Created), cx)?;
        }
        if let Some(mut connection) = self.connections.get_mut(&session_id) {
            connection.owes_created = false;
            connection.licence_asked = false;
        }
        Ok(Json::Null)
    }

    fn select_character(&self, args: Args<'_>, cx: &mut Cx<'_>) -> Result<Json, StimulusError> {
        args.only(&["session", "characterId", "address", "port", "params"])?;
        let (session_id, account_id) = self.bound(args)?;
        let params = match args.0.get("params") {
            Some(params) => params.clone(),
            None => Json::from(json!({
                "address": args.text("address")?.unwrap_or("127.0.0.1"),
                "port": args.integer::<u16>("port")?.unwrap_or(8585),
                "characterId": required("characterId", args.integer::<u32>("characterId")?)?,
            })),
        };
        let Some(params) = Params::from_json(params.to_string()) else {
            return stimulus_refused("params nest too deep");
        };
        cx.applies(id::LOG_8);
        let state = if cx.violates(id::LOG_8, "state-1") { 1 } else { 2 };
        if cx.violates(id::LOG_8, "twice") {
            let body = SessionState { state, params: params.clone() };
            let body = SessionCommandBody::ProgressState(body);
            command(session_id, account_id, (id::LOG_8, body), cx)?;
        }
        let body = SessionCommandBody::ProgressState(SessionState { state, params });
        command(session_id, account_id, (id::LOG_8, body), cx)?;
        Ok(Json::Null)
    }

    fn disconnect(&mut self, args: Args<'_>, cx: &mut Cx<'_>) -> Result<Json, StimulusError> {
        args.only(&["session"])?;
        let (session_id, connection) = self.connected(args)?;
        cx.applies(id::LOG_9);
        let account = match connection.account {
            Some(account_id) => Some(account_id),
            None => match cx.decide(id::LOG_9, &["only-bound", "also-unbound"]) {
                "also-unbound" => Some(0),
                _ => None,
            },
        };
        if let Some(account_id) = account {
            if !cx.violates(id::LOG_9, "no-logout") {
                let body = SessionCommandBody::Logout(Empty);
                command(session_id, account_id, (id::LOG_9, body), cx)?;
            }
            if !cx.violates(id::LOG_9, "no-destroyed") {
                announce(session_id, account_id, (id::LOG_9, ClientSessionType::Destroyed), cx)?;
            }
        }
        if !cx.violates(id::LOG_9, "stays") {
            self.connections.remove(&session_id);
        }
        Ok(Json::Null)
    }

    fn answered(&mut self, status: &SessionStatus<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let Some(mut connection) = self.connections.get_mut(&status.session_id) else {
            cx.applies(id::LOG_11);
            let is_created = matches!(status.body, SessionStatusBody::Created(_));
            if is_created && cx.violates(id::LOG_11, "announced") {
                let event = (id::LOG_11, ClientSessionType::Created);
                return announce(status.session_id, status.account_id, event, cx);
            }
            return refused("no client is connected under this session");
        };
        let (session_id, account_id) = (status.session_id, status.account_id);
        match &status.body {
            SessionStatusBody::Created(_) => {
                cx.applies(id::LOG_2);
                announce(session_id, account_id, (id::LOG_2, ClientSessionType::Created), cx)?;
                if cx.violates(id::LOG_2, "twice") {
                    announce(session_id, account_id, (id::LOG_2, ClientSessionType::Created), cx)?;
                }
                if !cx.violates(id::LOG_2, "not-bound") {
                    connection.bind(account_id);
                }
            }
            SessionStatusBody::RequestLicenseAgreement(_) => {
                cx.applies(id::LOG_3);
                let later = cx.decide(id::LOG_3, &["at-once", "after-acceptance"]) != "at-once";
                let times = match later || cx.violates(id::LOG_3, "silent") {
                    true => 0,
                    false if cx.violates(id::LOG_3, "twice") => 2,
                    false => 1,
                };
                for _ in 0..times {
                    announce(session_id, account_id, (id::LOG_3, ClientSessionType::Created), cx)?;
                }
                connection.bind(account_id);
                connection.licence_asked = !cx.violates(id::LOG_3, "not-asked");
                connection.owes_created = later;
            }
            SessionStatusBody::Error(error) => {
                cx.applies(id::LOG_4);
                let until = if cx.violates(id::LOG_4, "no-until") { 0 } else { error.until };
                let (code, reason) = ((*error.code).into(), error.reason);
                if !cx.violates(id::LOG_4, "not-shown") {
                    connection.refusal = Some(Refusal { code, reason, until });
                }
                if cx.violates(id::LOG_4, "announced") {
                    announce(session_id, account_id, (id::LOG_4, ClientSessionType::Created), cx)?;
                }
            }
            SessionStatusBody::StateChanged(changed) => {
                cx.applies(id::LOG_5);
                if !cx.violates(id::LOG_5, "not-handed-over") {
                    connection.hand_over(&changed.params);
                }
                if cx.violates(id::LOG_5, "announced") {
                    announce(session_id, account_id, (id::LOG_5, ClientSessionType::Created), cx)?;
                }
            }
        }
        Ok(())
    }

    fn account_changed(
        &mut self,
        status: &AccountStatus<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<(), Reject> {
        let logged_in = match status.status {
            AccountStatusType::LoggedIn => true,
            AccountStatusType::LoggedOut => false,
            // Account emits it, and login's document does not know it.
            AccountStatusType::Created => {
                return Err(Reject::UnknownType(status.status.as_str().to_owned()));
            }
        };
        cx.applies(id::LOG_6);
        let ignored = if logged_in { "never-set" } else { "never-cleared" };
        if cx.violates(id::LOG_6, ignored) {
            return Ok(());
        }
        self.logged_in.insert(status.account_id, logged_in);
        Ok(())
    }

    fn seeded(&mut self, seed: &SeedStatus, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let SeedStatusBody::Created(created) = &seed.body;
        let to_everyone = |connection: &Connection| {
            connection.account.is_some() && cx.violates(id::LOG_7, "to-everyone")
        };
        let is_shown = |(_, connection): &(&Id, &Connection)| {
            connection.account == Some(seed.account_id) || to_everyone(connection)
        };
        let shown: Vec<_> =
            self.connections.iter().filter(is_shown).map(|(session, _)| *session).collect();
        if shown.is_empty() {
            cx.applies(id::LOG_11);
            return refused("no connected session belongs to this account");
        }
        for session in shown.into_iter().filter(|_| !cx.violates(id::LOG_7, "not-shown")) {
            if let Some(mut connection) = self.connections.get_mut(&session) {
                connection.new_characters.push(created.character_id);
            }
        }
        cx.applies(id::LOG_7);
        Ok(())
    }
}

impl Service for Login {
    fn name(&self) -> &'static str {
        "login"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |state| match incoming.channel {
            "account.session.status" => state.answered(&decode(incoming.value)?, cx),
            "account.status" => state.account_changed(&decode(incoming.value)?, cx),
            "seed.status" => state.seeded(&decode(incoming.value)?, cx),
            other => refused(format!("login does not read {other}")),
        })
    }

    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        let args = Args(args);
        self.0.with(cx.tenant(), |state| match name {
            "connect" => state.connect(args, cx),
            "credentials" => state.credentials(args, cx),
            "accept_licence" => state.accept_licence(args, cx),
            "select_character" => state.select_character(args, cx),
            "disconnect" => state.disconnect(args, cx),
            _ => Err(StimulusError::Unknown { name: name.to_owned() }),
        })
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        let (state, args) = (self.0.get(asked.tenant), Args(args));
        match name {
            "session" => {
                args.only(&["session"])?;
                let session_id = Id(args.session()?);
                let found = state.and_then(|state| state.connections.get(&session_id));
                Ok(found
                    .map_or_else(|| Json::from(json!({ "connected": false })), Connection::shown))
            }
            "account" => {
                args.only(&["accountId"])?;
                let account_id: u32 = required("accountId", args.integer("accountId")?)?;
                let logged_in = state.and_then(|state| state.logged_in.get(&account_id));
                Ok(Json::from(json!({ "loggedIn": logged_in.copied().unwrap_or_default() })))
            }
            _ => Err(QueryError::Unknown { name: name.to_owned() }),
        }
    }

    fn configure(&mut self, _: &Tenant, given: &Given<'_>) -> Result<(), String> {
        match given.settings {
            Some(settings) => Ok(Args(settings).only(&[])?),
            None => Ok(()),
        }
    }

    fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            stimuli: &[
                ("connect", &["ip", "hwid"]),
                ("credentials", &["session", "name", "password"]),
                ("accept_licence", &["session"]),
                ("select_character", &["session", "characterId", "address", "port", "params"]),
                ("disconnect", &["session"]),
            ],
            queries: &[("session", &["session"]), ("account", &["accountId"])],
            ..Vocabulary::default()
        }
    }
}
