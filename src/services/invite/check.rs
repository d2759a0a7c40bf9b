//! Invites by what is announced of them: INV-1 to INV-10.

use std::time::Duration;

use smallvec::SmallVec;
use uuid::Uuid;

use crate::message::{RecordId, VirtualTime};
use crate::rule::RuleId;
use crate::services::atlas::check::Checker;
use crate::services::atlas::check::fact::{
    Fact, InviteAsk, InviteEvent, InviteStatusKind, Sym, Transaction,
};
use crate::services::atlas::check::handling::{Course, Handling, Input};
use crate::services::atlas::check::map::FxMap;
use crate::services::atlas::check::out::Out;
use crate::services::atlas::check::view::{ByTenant, Reset, Role, TenantIx, View};
use crate::services::id;

pub(in crate::services) const RULES: &[RuleId] = &[
    id::INV_1,
    id::INV_2,
    id::INV_3,
    id::INV_4,
    id::INV_5,
    id::INV_6,
    id::INV_7,
    id::INV_8,
    id::INV_9,
    id::INV_10,
    id::COM_4,
    id::COM_10,
    id::COM_5,
    id::COM_6,
    id::COM_9,
];

/// Before this, an invite has not expired.
const EXPIRY: Duration = Duration::from_secs(180);

/// Target, type and reference.
type Place = (u32, Sym, u32);

#[derive(Debug, Default)]
pub(in crate::services) struct Invite {
    tenants: ByTenant<State>,
}

#[derive(Debug, Default)]
struct State {
    pending: FxMap<Place, Known>,
    /// How many invites were ended by commands.
    ended: u64,
    /// Whether a character was deleted that may have taken invites with it.
    deleted: bool,
    unclear: bool,
}

/// An invite that is pending, or may be.
#[derive(Clone, Copy, Debug)]
struct Known {
    originator: u32,
    world: u8,
    transaction: Uuid,
    since: VirtualTime,
    /// It may be gone, or another one.
    unsure: bool,
    restarts: u32,
    ended: u64,
}

impl Known {
    fn is_firm(&self, now: VirtualTime) -> bool {
        !self.unsure && now < self.since.after(EXPIRY)
    }
}

/// One handling and what is judged by it.
struct Case<'a> {
    view: View<'a>,
    handling: &'a Handling,
    events: SmallVec<[(Transaction, InviteEvent, RecordId); 4]>,
    out: &'a mut Out,
}

impl Case<'_> {
    fn wrong(&mut self, rule: RuleId, what: &str) {
        let input = self.handling.record();
        let input = input.map_or_else(|| "a timer of invite".to_owned(), |r| self.view.name(r));
        let caused = self.view.names(&self.handling.events);
        let message = format!("{input} caused {caused}: {what}");
        self.out.violation(rule, self.handling.records(), message);
    }

    fn missing(&mut self, rule: RuleId, since: u32, what: &str) {
        let rule = self.handling.blames(self.view, rule, since);
        self.wrong(rule, what);
    }

    /// The only event, if it is the only one and of this status.
    fn only(&self, status: InviteStatusKind) -> Option<(Transaction, InviteEvent)> {
        match self.events.as_slice() {
            [(head, event, _)] if event.status == status => Some((*head, *event)),
            _ => None,
        }
    }

    /// Compares an event with what it answers and what it speaks of.
    fn compare(
        &mut self,
        rule: RuleId,
        (head, event): (Transaction, InviteEvent),
        (command, place, known): (Transaction, Place, &Known),
    ) {
        let placed = (event.target, head.kind, event.reference);
        if head.id != command.id {
            self.wrong(rule, "the transaction id must be that of the command");
        } else if placed != place || event.originator != known.originator {
            self.wrong(rule, "it must name the invite that it is about");
        } else if !known.unsure && ![command.world, known.world].contains(&head.world) {
            self.wrong(rule, "the world id is neither the command's nor the stored one");
        }
    }
}

impl Reset for State {
    fn reset(&mut self) {
        self.pending.clear();
        self.ended = 0;
        self.deleted = false;
        self.unclear = false;
    }
}

impl State {
    fn create(&mut self, case: &mut Case<'_>, head: Transaction, place: Place, originator: u32) {
        let now = case.handling.at;
        let fresh = Known {
            originator,
            world: head.world,
            transaction: head.id,
            since: now,
            unsure: false,
            restarts: case.handling.restarts,
            ended: self.ended,
        };
        let stored = self.pending.get(&place).copied();
        let silent = case.events.is_empty();
        if originator == 0 || place.0 == 0 || place.1 == Sym::EMPTY {
            case.out.held(id::INV_2);
            if !case.handling.events.is_empty() {
                case.wrong(id::INV_2, "nothing may come of it");
            }
            return;
        }
        let firm = stored.is_some_and(|stored| stored.is_firm(now));
        let (rule, must) = match (head.known, firm, stored) {
            (false, ..) => (id::INV_2, false),
            (true, true, _) => (id::INV_3, false),
            (true, false, None) => (id::INV_1, !case.handling.repeated && !self.unclear),
            (true, false, Some(_)) => (id::INV_1, false),
        };
        case.out.held(rule);
        match case.only(InviteStatusKind::Created) {
            Some((event_head, event)) => {
                let mut about = fresh;
                if let Some(stored) =
                    stored.filter(|stored| firm || event.originator == stored.originator)
                {
                    about.originator = stored.originator;
                }
                case.compare(rule, (event_head, event), (head, place, &about));
            }
            None if silent && must => {
                case.missing(rule, case.handling.restarts, "one CREATED must come of it");
            }
            None if silent && case.handling.events.is_empty() => {}
            None => case.wrong(rule, "one CREATED must come of it"),
        }
        if firm || silent {
            return;
        }
        let unsure = stored.is_some() || case.handling.repeated;
        self.pending.insert(place, Known { unsure, ..fresh });
    }

    fn accept(&mut self, case: &mut Case<'_>, head: Transaction, place: Place, elsewhere: bool) {
        let now = case.handling.at;
        let found = self.pending.get(&place).copied();
        let accepted = case.only(InviteStatusKind::Accepted);
        match found {
            None => self.not_pending(case, elsewhere),
            Some(known) => {
                let firm = known.is_firm(now) && !self.unclear;
                if firm {
                    case.out.held(id::INV_4);
                    case.out.held(id::INV_7);
                }
                match accepted {
                    Some((_, event)) if known.unsure && event.originator != known.originator => {}
                    Some(event) => case.compare(id::INV_4, event, (head, place, &known)),
                    None if case.handling.events.is_empty() => {
                        if firm {
                            self.lost(case, id::INV_4, &known);
                        }
                    }
                    None => case.wrong(id::INV_4, "one ACCEPTED must come of it"),
                }
                self.pending.shift_remove(&place);
                self.ended += 1;
            }
        }
    }

    fn reject(&mut self, case: &mut Case<'_>, head: Transaction, of: (u32, u32), elsewhere: bool) {
        let now = case.handling.at;
        let fits = |(place, known): (&Place, &Known)| {
            place.0 == of.0 && place.1 == head.kind && known.originator == of.1
        };
        let candidates: SmallVec<[(Place, Known); 4]> = self
            .pending
            .iter()
            .filter(|(place, known)| fits((place, known)))
            .map(|(place, known)| (*place, *known))
            .collect();
        if candidates.is_empty() {
            // One whose originator is not certain may be meant.
            let unsure = |(place, known): (&Place, &Known)| {
                place.0 == of.0 && place.1 == head.kind && known.unsure
            };
            if !self.pending.iter().any(unsure) {
                self.not_pending(case, elsewhere);
            }
            return;
        }
        let firm = candidates.iter().find(|(_, known)| known.is_firm(now));
        let firm = firm.filter(|_| !self.unclear).copied();
        if firm.is_some() {
            case.out.held(id::INV_5);
            case.out.held(id::INV_7);
            if candidates.len() > 1 {
                case.out.held(id::INV_12);
            }
        }
        let Some((event_head, event)) = case.only(InviteStatusKind::Rejected) else {
            if !case.handling.events.is_empty() {
                case.wrong(id::INV_5, "one REJECTED must come of it");
            } else if let Some((place, known)) = firm {
                self.lost(case, id::INV_5, &known);
                self.pending.shift_remove(&place);
            }
            return;
        };
        let place = (event.target, event_head.kind, event.reference);
        match candidates.iter().find(|(candidate, _)| *candidate == place) {
            Some((_, known)) => {
                case.compare(id::INV_5, (event_head, event), (head, place, known));
                self.pending.shift_remove(&place);
            }
            None => case.wrong(id::INV_5, "it names no invite that was pending"),
        }
        self.ended += 1;
    }

    fn not_pending(&self, case: &mut Case<'_>, elsewhere: bool) {
        case.out.held(id::INV_6);
        if case.handling.events.is_empty() || self.unclear {
            return;
        }
        let rule = match (elsewhere, self.deleted) {
            (true, _) => id::COM_6,
            (false, true) => id::INV_8,
            (false, false) => id::INV_6,
        };
        case.wrong(rule, "no such invite is pending");
    }

    /// An invite that must be pending was not.
    fn lost(&self, case: &mut Case<'_>, rule: RuleId, known: &Known) {
        let rule = if self.ended > known.ended { id::INV_7 } else { rule };
        case.missing(rule, known.restarts, "the invite is pending, and an event must come of it");
    }

    fn character(&mut self, case: &mut Case<'_>, character: u32, world: u8) {
        case.out.held(id::INV_8);
        self.deleted = true;
        let mut named: SmallVec<[Place; 4]> = SmallVec::new();
        for at in 0..case.events.len() {
            let (head, event, _) = case.events[at];
            let place = (event.target, head.kind, event.reference);
            case.out.held(id::INV_9);
            let known = self.pending.get(&place);
            let concerns = event.target == character || event.originator == character;
            if event.status != InviteStatusKind::Rejected || !concerns {
                case.wrong(id::INV_9, "only REJECTED of the character's invites may come of it");
            } else if named.contains(&place) {
                case.wrong(id::INV_9, "one REJECTED of each invite may come of it");
            } else if known.is_none() && !self.unclear {
                case.wrong(id::INV_9, "no such invite was pending");
            } else if known
                .is_some_and(|known| !known.unsure && ![known.world, world].contains(&head.world))
            {
                case.wrong(id::INV_9, "the world id is neither the event's nor the stored one");
            }
            named.push(place);
        }
        self.pending.retain(|place, known| {
            if place.0 == character || named.contains(place) {
                return false;
            }
            known.unsure |= known.originator == character;
            true
        });
    }

    fn timer(&mut self, case: &mut Case<'_>) {
        for at in 0..case.events.len() {
            let (head, event, _) = case.events[at];
            let place = (event.target, head.kind, event.reference);
            case.out.held(id::INV_10);
            let known = self.pending.get(&place);
            if event.status != InviteStatusKind::Rejected {
                case.wrong(id::INV_10, "a timer only ends invites");
            } else if known.is_some_and(|known| known.is_firm(case.handling.at)) {
                case.wrong(id::INV_10, "the invite is not 180 s old");
            } else if known.is_none() && !self.unclear {
                case.wrong(id::INV_10, "no such invite was pending");
            } else if known.is_some_and(|known| {
                !known.unsure && known.transaction != head.id && known.world != head.world
            }) {
                case.wrong(id::INV_10, "it must name the invite that expired");
            }
            self.pending.shift_remove(&place);
        }
    }
}

impl Invite {
    /// Whether another tenant has an invite that `fits`.
    fn elsewhere(&self, tenant: TenantIx, fits: impl Fn(&Place, &Known) -> bool) -> bool {
        let mut others = self.tenants.others(tenant);
        others.any(|state| state.pending.iter().any(|(place, known)| fits(place, known)))
    }

    fn command(
        &mut self,
        case: &mut Case<'_>,
        tenant: TenantIx,
        head: Transaction,
        ask: InviteAsk,
    ) {
        match ask {
            InviteAsk::Create { originator, target, reference } => {
                let place = (target, head.kind, reference);
                self.tenants.of(tenant).create(case, head, place, originator);
            }
            InviteAsk::Accept { target, reference } => {
                let wanted = (target, head.kind, reference);
                let elsewhere =
                    !case.events.is_empty() && self.elsewhere(tenant, |place, _| *place == wanted);
                self.tenants.of(tenant).accept(case, head, wanted, elsewhere);
            }
            InviteAsk::Reject { target, originator } => {
                let elsewhere = !case.events.is_empty()
                    && self.elsewhere(tenant, |place, known| {
                        place.0 == target && place.1 == head.kind && known.originator == originator
                    });
                let state = self.tenants.of(tenant);
                state.reject(case, head, (target, originator), elsewhere);
            }
        }
    }
}

impl Checker for Invite {
    fn handled(&mut self, view: View<'_>, handling: &Handling, out: &mut Out) {
        if handling.role != Role::Invite || handling.course == Course::Apart {
            return;
        }
        let of_event = || view.tenant(*handling.events.first()?);
        let Some(tenant) = handling.tenant.or_else(of_event) else {
            return;
        };
        if handling.course == Course::Unclear {
            self.tenants.of(tenant).unclear = true;
            return;
        }
        let events = handling.events.iter().filter_map(|event| match view.fact(*event) {
            Fact::Invite(head, what) => Some((head, what, *event)),
            _ => None,
        });
        let mut case = Case { view, handling, events: events.collect(), out };
        match (handling.input, handling.fact) {
            (_, Fact::InviteCommand(head, ask)) => self.command(&mut case, tenant, head, ask),
            (_, Fact::CharacterDeleted { character, world, .. }) => {
                self.tenants.of(tenant).character(&mut case, character, world);
            }
            (Input::Timer, _) => self.tenants.of(tenant).timer(&mut case),
            _ => {}
        }
    }

    fn clear(&mut self) {
        self.tenants.clear();
    }
}
