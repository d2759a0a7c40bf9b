//! The reference account service.
//!
//! What this is: accounts by id and name, their sessions, and the answers to those who log in, move
//! on and log out. What it is not: it bans nobody; it asks the ban service.
//!
//! What always holds: an account has at most one session for a session id and issuer; LOGGED_OUT is
//! never emitted while a session in state 1 remains; a command that is answered by ERROR leaves
//! sessions as they were. Passwords are shown nowhere. Start at [`Account`].

mod announce;
mod attempt;
mod progress;
mod state;
#[cfg(test)]
mod tests;

use serde_json::json;

use self::state::{Holder, State};
use crate::message::typed::{Secret, decode};
use crate::message::{Json, Tenant};
use crate::service::support::{ArgError, Args, ByTenant, refused, required};
use crate::service::{
    Asked, Cx, Given, Incoming, QueryError, Reject, Service, StimulusError, Timer, Vocabulary,
};
use crate::services::account::messages::{
    AccountStatusType, CreateAccount, SessionCommand, SessionCommandBody,
};
use crate::services::id;

const SETTINGS: [&str; 1] = ["automatic_registration"];
/// What an account can be given.
const ACCOUNT_FIELDS: [&str; 3] = ["name", "password", "licence"];

/// The account service.
#[derive(Clone, Debug, Default, Hash)]
pub struct Account(ByTenant<State>);

impl State {
    fn create(&mut self, create: &CreateAccount<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        let taken = self.first_named(&create.name);
        if create.name.is_empty() || taken.is_some() {
            cx.applies(id::ACC_2);
            if taken.is_some_and(|(_, holder)| holder.password == create.password.detached()) {
                cx.applies(id::ACC_TWICE);
            }
            if cx.violates(id::ACC_2, "announced") {
                let (account_id, _) = taken.unwrap_or((1, &Holder::new("", Secret::new(""))));
                let event = (id::ACC_2, AccountStatusType::Created);
                return announce::account(account_id, &create.name, event, cx);
            }
            if cx.decide(id::ACC_2, &["nothing", "accept"]) == "nothing" {
                return refused("the name is empty or taken");
            }
        }
        cx.applies(id::ACC_1);
        let account_id = self.new_id(cx)?;
        let shown = if cx.violates(id::ACC_1, "always-1") { 1 } else { account_id };
        announce::account(shown, &create.name, (id::ACC_1, AccountStatusType::Created), cx)?;
        if cx.violates(id::ACC_1, "not-kept") {
            return Ok(());
        }
        self.add(account_id, Holder::new(&create.name, create.password.detached()));
        Ok(())
    }

    fn command(&mut self, command: &SessionCommand<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        match &command.body {
            SessionCommandBody::Create(create) => attempt::log_in(self, command, create, cx),
            SessionCommandBody::ProgressState(to) => progress::progress(self, command, to, cx),
            SessionCommandBody::Logout(_) => progress::log_out(self, command, cx),
        }
    }

    fn accept_licence(&mut self, args: Args<'_>, cx: &mut Cx<'_>) -> Result<Json, StimulusError> {
        let named = Named::read(args)?;
        let Some(account_id) = named.find(self) else {
            return Err(StimulusError::Refused("there is no such account".to_owned()));
        };
        let holder = self.get(account_id);
        let unannounced = holder.sessions.iter().any(|session| !session.announced);
        if unannounced {
            announce::account(
                account_id,
                &holder.name,
                (id::ACC_5, AccountStatusType::LoggedIn),
                cx,
            )
            .map_err(|reject| StimulusError::Refused(reject.to_string()))?;
        }
        let mut holder = self.get_mut(account_id);
        holder.licence = true;
        for session in &mut holder.sessions {
            session.announced = true;
        }
        Ok(Json::from(json!(account_id)))
    }

    fn configure(&mut self, given: &Given<'_>) -> Result<(), String> {
        if let Some(settings) = given.settings {
            let args = Args(settings);
            args.only(&SETTINGS)?;
            let on = args.truth("automatic_registration")?;
            self.automatic_registration = on.unwrap_or_default();
        }
        for entry in given.entries("accounts")? {
            let args = Args(entry);
            args.only(&ACCOUNT_FIELDS)?;
            let name = required("name", args.text("name")?)?;
            let password = required("password", args.text("password")?)?;
            let mut holder = Holder::new(name, Secret::new(password.to_owned()));
            holder.licence = args.truth("licence")?.unwrap_or(true);
            if name.is_empty() || self.first_named(name).is_some() {
                return Err("name: must not be empty or the same twice".to_owned());
            }
            let account_id = self.next_id().map_err(|reject| reject.to_string())?;
            self.add(account_id, holder);
        }
        Ok(())
    }
}

/// One of these names an account; the first two are the same.
const ACCOUNT_ARGS: [&str; 3] = ["accountId", "account", "name"];

/// An account as stimuli and queries name it.
enum Named<'a> {
    Id(u32),
    Name(&'a str),
}

impl<'a> Named<'a> {
    fn read(args: Args<'a>) -> Result<Self, ArgError> {
        args.only(&ACCOUNT_ARGS)?;
        match args.integer("accountId")?.or(args.integer("account")?) {
            Some(account_id) => Ok(Self::Id(account_id)),
            None => Ok(Self::Name(required("name", args.text("name")?)?)),
        }
    }

    fn find(&self, state: &State) -> Option<u32> {
        match self {
            Self::Id(account_id) => state.find(*account_id).map(|_| *account_id),
            Self::Name(name) => state.first_named(name).map(|(account_id, _)| account_id),
        }
    }
}

impl Service for Account {
    fn name(&self) -> &'static str {
        "account"
    }

    fn handle(&mut self, incoming: &Incoming<'_>, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |state| match incoming.channel {
            "account.create" => state.create(&decode(incoming.value)?, cx),
            "account.session.command" => state.command(&decode(incoming.value)?, cx),
            other => refused(format!("account does not read {other}")),
        })
    }

    fn timer(&mut self, _: &Timer, cx: &mut Cx<'_>) -> Result<(), Reject> {
        self.0.with(cx.tenant(), |state| progress::sweep(state, cx))
    }

    fn stimulus(
        &mut self,
        name: &str,
        args: &Json,
        cx: &mut Cx<'_>,
    ) -> Result<Json, StimulusError> {
        self.0.with(cx.tenant(), |state| match name {
            "accept_licence" => state.accept_licence(Args(args), cx),
            _ => Err(StimulusError::Unknown { name: name.to_owned() }),
        })
    }

    fn query(&self, name: &str, args: &Json, asked: &Asked<'_>) -> Result<Json, QueryError> {
        if name != "account" {
            return Err(QueryError::Unknown { name: name.to_owned() });
        }
        let named = Named::read(Args(args))?;
        let found = self.0.get(asked.tenant).and_then(|state| {
            let account_id = named.find(state)?;
            Some(shown(account_id, state.get(account_id)))
        });
        Ok(Json::from(found.unwrap_or_else(|| json!({ "exists": false }))))
    }

    fn configure(&mut self, tenant: &Tenant, given: &Given<'_>) -> Result<(), String> {
        self.0.with(tenant, |state| state.configure(given))
    }

    fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            stimuli: &[("accept_licence", &ACCOUNT_ARGS)],
            queries: &[("account", &ACCOUNT_ARGS)],
            settings: &SETTINGS,
            data: &[("accounts", &ACCOUNT_FIELDS)],
        }
    }
}

fn shown(account_id: u32, holder: &Holder) -> serde_json::Value {
    let sessions = holder.sessions.iter().map(|session| {
        json!({
            "sessionId": session.id.to_string(),
            "issuer": session.issuer.as_str(),
            "state": session.state(),
        })
    });
    json!({
        "exists": true,
        "accountId": account_id,
        "name": holder.name,
        "licence": holder.licence,
        "loggedIn": !holder.sessions.is_empty(),
        "sessions": sessions.collect::<Vec<_>>(),
        "wrongPasswords": holder.wrong_passwords,
        "lockedUntil": holder.locked_until,
    })
}
