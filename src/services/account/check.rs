//! Accounts and their sessions by what is announced of them: ACC-1 to ACC-13.
//!
//! What this is: the checker, with one part for each kind of command. What is not known (an account
//! that was given, a session that may have ended silently) is kept as not known, and then nothing
//! is said about it.

mod attempt;
mod events;
mod sessions;
mod state;

use self::events::Events;
use self::state::{Known, State};
use crate::history::ServiceIx;
use crate::rule::RuleId;
use crate::services::account::messages::AccountStatusType;
use crate::services::atlas::check::Checker;
use crate::services::atlas::check::fact::{Fact, Password, SessionAsk, Sym};
use crate::services::atlas::check::handling::{Course, Handling, Input, Stimulus};
use crate::services::atlas::check::out::Out;
use crate::services::atlas::check::view::{ByTenant, Role, TenantIx, View};
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] = &[
    id::ACC_1,
    id::ACC_2,
    id::ACC_3,
    id::ACC_4,
    id::ACC_5,
    id::ACC_6,
    id::ACC_7,
    id::ACC_8,
    id::ACC_9,
    id::ACC_10,
    id::ACC_11,
    id::ACC_12,
    id::ACC_13,
    id::COM_4,
    id::COM_10,
    id::COM_5,
    id::COM_6,
    id::COM_9,
];

#[derive(Debug, Default)]
pub(in crate::services) struct Account {
    tenants: ByTenant<State>,
    /// Accounts may exist that no event announced.
    given: bool,
}

/// One handling, what it is judged by, and where the judgement goes.
struct Case<'a> {
    view: View<'a>,
    handling: &'a Handling,
    events: Events,
    out: &'a mut Out,
}

impl Case<'_> {
    fn wrong(&mut self, rule: RuleId, what: &str) {
        let input = match self.handling.input {
            Input::Record(record) => self.view.name(record),
            Input::Timer => "a timer of account".to_owned(),
            Input::Stimulus(_) => "a stimulus of account".to_owned(),
        };
        let caused = self.view.names(&self.handling.events);
        let message = format!("{input} caused {caused}: {what}");
        self.out.violation(rule, self.handling.records(), message);
    }

    /// An event is missing.
    fn missing(&mut self, rule: RuleId, since: u32, what: &str) {
        let rule = self.handling.blames(self.view, rule, since);
        self.wrong(rule, what);
    }

    fn held(&mut self, rule: RuleId) {
        self.out.held(rule);
    }
}

impl Account {
    /// Whether an account of this name exists in another tenant.
    fn known_elsewhere(&self, tenant: TenantIx, name: Sym) -> bool {
        self.tenants.others(tenant).any(|state| !state.ids(name).is_empty())
    }

    fn create(&mut self, case: &mut Case<'_>, tenant: TenantIx, (name, password): (Sym, Password)) {
        let given = self.given;
        let state = self.tenants.of(tenant);
        let taken = name == Sym::EMPTY || !state.ids(name).is_empty();
        let must = !taken && !state.unclear && !given;
        case.held(if taken { id::ACC_2 } else { id::ACC_1 });
        let created = case.events.count(AccountStatusType::Created);
        let others = case.handling.events.len() != created;
        match (created, must) {
            (0, true) => {
                case.missing(id::ACC_1, case.handling.restarts, "one CREATED must come of it");
            }
            _ if others => case.wrong(id::ACC_1, "nothing but CREATED may come of it"),
            (0 | 1, _) => {}
            _ if taken => case.wrong(id::ACC_2, "at most one CREATED may come of it"),
            _ => case.wrong(id::ACC_1, "one CREATED must come of it"),
        }
        state.register(case, (name, password));
    }
}

impl State {
    /// Takes in the accounts whose CREATED is among the events.
    fn register(&mut self, case: &mut Case<'_>, (name, password): (Sym, Password)) {
        for at in 0..case.events.statuses.len() {
            let (account, named, status) = case.events.statuses[at];
            if status != AccountStatusType::Created {
                continue;
            }
            if account == 0 || self.accounts.contains_key(&account) {
                case.wrong(id::ACC_1, "its account id is 0 or was given before");
            }
            if named != name {
                case.wrong(id::ACC_1, "its name is another one");
            }
            let known = Known::new(named, password, case.handling.restarts);
            self.add(account, known);
        }
    }
}

impl Checker for Account {
    fn given(&mut self, view: View<'_>, service: ServiceIx, what: &str) {
        let kinds = what.split(", ").any(|kind| kind == "accounts");
        self.given |= view.role(service) == Role::Account && kinds;
    }

    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        if handling.role != Role::Account || handling.course == Course::Apart {
            return;
        }
        let first = handling.events.first();
        let of_event = || first.and_then(|event| view.tenant(*event));
        let Some(tenant) = handling.tenant.or_else(of_event) else {
            return;
        };
        if handling.course == Course::Unclear {
            self.tenants.of(tenant).unclear = true;
            return;
        }
        let events = Events::of(view, handling);
        let mut case = Case { view, handling, events, out };
        match (handling.input, handling.fact) {
            (_, Fact::AccountCreate { name, password }) => {
                self.create(&mut case, tenant, (name, password));
            }
            (_, Fact::Session(of, SessionAsk::Create { name, password })) => {
                self.attempt(&mut case, tenant, (of, name, password));
            }
            (_, Fact::Session(of, SessionAsk::Progress { state, params })) => {
                let given = self.given;
                let known = self.tenants.of(tenant);
                known.progress(&mut case, given, (of, state, params));
            }
            (_, Fact::Session(of, SessionAsk::Logout)) => {
                let given = self.given;
                self.tenants.of(tenant).logout(&mut case, given, of);
            }
            (Input::Timer, _) => self.tenants.of(tenant).timer(&mut case),
            (Input::Stimulus(Stimulus::AcceptLicence), _) => {
                self.tenants.of(tenant).licence(&mut case);
            }
            _ => {}
        }
    }

    fn clear(&mut self) {
        self.tenants.clear();
        self.given = false;
    }
}
