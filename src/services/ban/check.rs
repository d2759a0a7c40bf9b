//! Bans by what is announced of them: BAN-1 to BAN-6, BAN-TWICE.

use crate::message::RecordId;
use crate::rule::RuleId;
use crate::services::atlas::check::Checker;
use crate::services::atlas::check::fact::{BanCreate, Fact};
use crate::services::atlas::check::handling::{Course, Handling, Input};
use crate::services::atlas::check::map::FxMap;
use crate::services::atlas::check::out::Out;
use crate::services::atlas::check::view::{ByTenant, Role, ValueIx, View};
use crate::services::ban::messages::BanStatusType;
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] = &[
    id::BAN_1,
    id::BAN_2,
    id::BAN_3,
    id::BAN_4,
    id::BAN_5,
    id::BAN_6,
    id::BAN_7,
    id::BAN_TWICE,
    id::COM_4,
    id::COM_10,
    id::COM_5,
    id::COM_9,
];

#[derive(Debug, Default)]
pub(in crate::services) struct Ban {
    tenants: ByTenant<FxMap<u32, Known>>,
    /// How many DELETEs were handled.
    deletes: u64,
}

/// A ban that was announced.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Unix seconds; `i64::MAX` for a permanent ban.
    expires_at: i64,
    /// Of the value that made it.
    value: ValueIx,
    event: RecordId,
    gone: bool,
    restarts: u32,
    deletes: u64,
}

/// The bans of the events, split by status; whether there is nothing else among them.
struct Events {
    created: Option<(u32, RecordId)>,
    deleted: Option<u32>,
    count: usize,
}

impl Events {
    fn of(view: View<'_>, handling: &Handling) -> Self {
        let mut events = Self { created: None, deleted: None, count: handling.events.len() };
        for event in &handling.events {
            match view.fact(*event) {
                Fact::BanStatus { ban, status: BanStatusType::Created } => {
                    events.created = Some((ban, *event));
                }
                Fact::BanStatus { ban, .. } => events.deleted = Some(ban),
                _ => {}
            }
        }
        events
    }
}

fn wrong(view: View<'_>, handling: &Handling, rule: RuleId, wanted: &str, out: &mut Out) {
    let message = format!(
        "{} must cause {wanted}, and caused {}",
        view.names(handling.record().as_slice()),
        view.names(&handling.events)
    );
    out.violation(rule, handling.records(), message);
}

impl Ban {
    fn create(&mut self, view: View<'_>, handling: &Handling, create: BanCreate, out: &mut Out) {
        let Some(tenant) = handling.tenant else {
            return;
        };
        let events = Events::of(view, handling);
        let rule = match (create.plain, handling.repeated) {
            (false, _) => id::BAN_2,
            (true, false) => id::BAN_1,
            (true, true) => id::BAN_TWICE,
        };
        out.held(rule);
        let must = rule == id::BAN_1;
        let fits = match events.count {
            0 => !must,
            1 => events.created.is_some(),
            _ => false,
        };
        if !fits {
            let (rule, wanted) = match (must, events.count) {
                (true, 0) => (handling.blames(view, rule, handling.restarts), "one CREATED"),
                (true, _) => (rule, "one CREATED"),
                (false, _) => (rule, "one CREATED or nothing"),
            };
            wrong(view, handling, rule, wanted, out);
        }
        let (Some((ban, event)), Some(command)) = (events.created, handling.record()) else {
            return;
        };
        let value = view.value(command);
        let known = Known {
            expires_at: create.expires_at,
            value,
            event,
            gone: false,
            restarts: handling.restarts,
            deletes: self.deletes,
        };
        let bans = self.tenants.of(tenant);
        let first = *bans.entry(ban).or_insert(known);
        if first.event != event && first.value != value {
            let message = format!(
                "{} has the id {ban}, which {} has had before",
                view.name(event),
                view.name(first.event)
            );
            out.violation(id::BAN_1, [first.event, event], message);
        }
    }

    fn delete(&mut self, view: View<'_>, handling: &Handling, ban: u32, out: &mut Out) {
        let Some(tenant) = handling.tenant else {
            return;
        };
        let events = Events::of(view, handling);
        let deletes = self.deletes;
        self.deletes += 1;
        let known = self.tenants.of(tenant).get_mut(&ban);
        let exists = known.as_ref().filter(|known| !known.gone);
        let must = exists.is_some_and(|known| known.expires_at > handling.at.as_unix_s());
        out.held(if must { id::BAN_3 } else { id::BAN_4 });
        out.held(id::BAN_5);
        if known.as_ref().is_some_and(|known| known.gone) {
            out.held(id::BAN_TWICE);
        }
        match (events.count, events.deleted, must) {
            (0, _, false) => {}
            (1, Some(deleted), _) if deleted == ban => {}
            (1, Some(_), _) => wrong(view, handling, id::BAN_5, "DELETED of its own id", out),
            (0, _, true) => {
                let known = known.as_ref().map_or((0, 0), |known| (known.deletes, known.restarts));
                let rule = if deletes > known.0 { id::BAN_5 } else { id::BAN_3 };
                let rule = handling.blames(view, rule, known.1);
                wrong(view, handling, rule, "one DELETED", out);
            }
            (_, _, true) => wrong(view, handling, id::BAN_3, "one DELETED", out),
            (_, _, false) => {
                wrong(view, handling, id::BAN_4, "nothing, or one DELETED of its id", out);
            }
        }
        if let Some(known) = known {
            known.gone = true;
        }
    }
}

impl Checker for Ban {
    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        if handling.role != Role::Ban {
            return;
        }
        match (handling.course, handling.fact) {
            (Course::Apart, _) => {}
            (Course::Unclear, _) => {
                if let Some(tenant) = handling.tenant {
                    self.tenants.of(tenant).clear();
                }
            }
            (_, Fact::BanCreate(create)) => self.create(view, handling, create, out),
            (_, Fact::BanDelete { ban }) => self.delete(view, handling, ban, out),
            (_, Fact::Answer { .. }) => {
                out.held(id::BAN_6);
                if !handling.events.is_empty() {
                    wrong(view, handling, id::BAN_6, "nothing", out);
                }
            }
            _ if handling.input == Input::Timer && !handling.events.is_empty() => {
                let message = format!("a timer of ban emits {}", view.names(&handling.events));
                out.violation(id::BAN_7, handling.records(), message);
            }
            _ => {}
        }
    }

    fn clear(&mut self) {
        self.tenants.clear();
        self.deletes = 0;
    }
}
