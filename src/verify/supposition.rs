//! What would explain everything that was seen of a tenant at once: a mistake that the reference,
//! told otherwise, makes wherever it can. Whatever follows from it is part of its explanation.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Found;
use super::breach::Shown;
use super::case::{Act, Case, Input, Scene};
use super::judge::explained;
use super::neighbour::{Does, Events, Facts, Mistake, Mistaken, Neighbour, Often, Told};
use super::node::Node;
use super::repair::Evidence;
use super::run::{Call, Freedom, Runner, Trial};
use super::search::{Found as Searched, Search};
use super::shape::Shape;
use super::tally::Tally;
use crate::message::{Json, RecordId, VirtualTime};
use crate::rule::{RuleId, Severity};
use crate::service::{Forbidden, Model};

/// States that are tried for one supposition.
const BUDGET: u64 = 500;
/// Of tenants with more inputs nothing is supposed.
const MOST_INPUTS: usize = 120;
/// Records of the steps at which a mistake was made that are shown.
const MOST_SHOWN: usize = 6;
/// So many inputs without a tenant are taken for a tenant's.
const MOST_ADOPTED: usize = 12;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Supposition {
    /// Events of the tenant carry headers of nobody.
    Misheaded,
    /// Inputs without the headers of a tenant are taken for this one's.
    Adopted,
    Mistaken(Mistaken),
}

impl Supposition {
    /// Those about headers, which ask whose a record is.
    pub(super) const OF_HEADERS: [Self; 2] = [Self::Misheaded, Self::Adopted];

    /// Those about what the subject does, cheapest first.
    pub(super) fn of_subject(scene: &Scene<'_>, case: &Case) -> Vec<Self> {
        if case.inputs.len() > MOST_INPUTS {
            return Vec::new();
        }
        let neighbours = scene.attribution().neighbours();
        let neighbours = (0..neighbours.len()).map(Mistaken::Neighbour);
        let mut all: Vec<_> = doubled(case).collect();
        all.extend(neighbours);
        let packs = scene.contracts.packs();
        let rules = packs.pack(&scene.seen.subject).map_or(&[][..], |pack| pack.rules);
        let rules = packs.shared_rules().iter().chain(rules);
        all.extend(rules.flat_map(|rule| Forbidden::of(*rule)).map(Mistaken::Forbidden));
        all.into_iter().map(Self::Mistaken).collect()
    }

    /// Whether it may explain any one thing that is missing, whatever it is.
    pub(super) fn is_vague(&self, shown: &Shown) -> bool {
        matches!(self, Self::Mistaken(Mistaken::Forbidden(_)))
            && matches!(shown.evidence, Evidence::Missing(_) | Evidence::Answer)
    }

    /// Whether it is what this rule forbids.
    pub(super) fn is_of(&self, rule: RuleId) -> bool {
        match self {
            Self::Mistaken(Mistaken::Forbidden(forbidden)) => forbidden.rule == rule,
            _ => false,
        }
    }

    /// The rule that forbids it, where it is an option of one.
    pub(super) fn forbidden_by(&self) -> Option<RuleId> {
        match self {
            Self::Mistaken(Mistaken::Forbidden(forbidden)) => Some(forbidden.rule),
            _ => None,
        }
    }

    /// Whether it can be made now and then.
    pub(super) fn is_free(&self) -> bool {
        matches!(self, Self::Mistaken(Mistaken::Neighbour(_)))
    }

    /// That no input such as the one that is shown has the event that it lacks.
    pub(super) fn never(scene: &Scene<'_>, shown: &Shown) -> Option<Self> {
        let Evidence::Missing(event) = &shown.evidence else { return None };
        // Where the circumstances are to blame, it is not that there is no such event.
        if scene.is_circumstance(shown.rule) {
            return None;
        }
        let input = shown.records.first().filter(|record| scene.is_input(**record));
        let of = input.map(|record| scene.name(*record));
        let (channel, kind) = (event.channel, event.kind.clone());
        Some(Self::Mistaken(Mistaken::Events(Events { channel, kind, often: Often::Never, of })))
    }
}

/// The kinds of events of which one came twice.
fn doubled(case: &Case) -> impl Iterator<Item = Mistaken> {
    let same = |at: usize| {
        let (one, before) = (&case.outputs[at], &case.outputs[..at]);
        before.iter().any(|other| other.shape == one.shape && other.causes == one.causes)
    };
    let twice: BTreeSet<_> = (0..case.outputs.len())
        .filter(|at| same(*at))
        .map(|at| (case.outputs[at].shape.channel, case.outputs[at].shape.kind.clone()))
        .collect();
    let events = |(channel, kind)| Events { channel, kind, often: Often::Twice, of: None };
    twice.into_iter().map(move |of| Mistaken::Events(events(of)))
}

/// Looks for an explanation of a tenant under a supposition, and counts it; whether there is one.
pub(super) fn explains(
    scene: &Scene<'_>,
    (cases, number): (&[Case], usize),
    bans: bool,
    (supposition, always): (&Supposition, bool),
    shown: &Shown,
    tally: &mut Tally<'_>,
) -> bool {
    let own = &cases[number];
    if own.inputs.len() > MOST_INPUTS {
        return false;
    }
    let changed = match supposition {
        Supposition::Misheaded => scene.with_misheaded(cases, number),
        Supposition::Adopted => scene.with_adopted(own),
        Supposition::Mistaken(_) => None,
    };
    let case = match (supposition, &changed) {
        (Supposition::Mistaken(_), _) => own,
        (_, Some(changed)) => changed,
        (_, None) => return false,
    };
    let mistake = match supposition {
        Supposition::Mistaken(of) => {
            Some(Mistake { of: of.clone(), always, facts: Rc::new(scene.facts(case)) })
        }
        _ => None,
    };
    let base = || {
        let many = u64::try_from(case.inputs.len()).unwrap_or_default();
        let mut search = Search::new(scene, case, bans, BUDGET + 3 * many);
        search.runner.mistake.clone_from(&mistake);
        search
    };
    let none = || Freedom(Some(BTreeSet::new()));
    let strict = [base().with(none()).in_order_of_sending(), base().with(none())];
    // What is vague, or made now and then, and differs in other ways as well explains too much.
    let is_vague = supposition.is_vague(shown);
    let learned = tally.learned().filter(|_| !is_vague).map(|ways| base().with(ways));
    let free = (always && !is_vague).then(base);
    for mut search in strict.into_iter().chain(learned).chain(free) {
        let Some(start) = search.start() else { return false };
        let found = search.run(start);
        tally.states(search.states);
        if let Searched::Explained(node) = found {
            let Some(found) = told(&search, &node, (supposition, own), shown) else {
                return false;
            };
            tally.found(found);
            explained(search, node, tally);
            return true;
        }
    }
    false
}

/// Whether everything would be explained if the subject did so wherever it can, and else what the
/// reference does.
pub(super) fn would_explain(
    scene: &Scene<'_>,
    (case, bans): (&Case, bool),
    supposition: &Supposition,
    tally: &mut Tally<'_>,
) -> bool {
    let Supposition::Mistaken(of) = supposition else { return false };
    let many = u64::try_from(case.inputs.len()).unwrap_or_default();
    let none = Freedom(Some(BTreeSet::new()));
    let mut search = Search::new(scene, case, bans, BUDGET + many).with(none);
    let facts = Rc::new(scene.facts(case));
    search.runner.mistake = Some(Mistake { of: of.clone(), always: true, facts });
    let Some(start) = search.start() else { return false };
    let found = search.run(start);
    tally.states(search.states);
    matches!(found, Searched::Explained(_))
}

/// What is said of it.
fn told(
    search: &Search<'_>,
    node: &Node,
    (supposition, own): (&Supposition, &Case),
    shown: &Shown,
) -> Option<Found> {
    let (scene, roles) = (search.scene, search.scene.roles());
    let steps = node.steps();
    let is_new = |input: &usize| match search.case.inputs[*input].act {
        Act::Record(record) => !own.inputs.iter().any(|one| one.act == Act::Record(record)),
        _ => false,
    };
    let foreign = |output: &usize| {
        let record = search.case.outputs[*output].record;
        !own.outputs.iter().any(|one| one.record == record)
    };
    let at: Vec<_> = steps
        .into_iter()
        .filter(|step| match supposition {
            Supposition::Misheaded => step.outputs.iter().any(foreign),
            Supposition::Adopted => step.input.as_ref().is_some_and(is_new),
            Supposition::Mistaken(_) => step.broken.is_some(),
        })
        .collect();
    let first = at.first()?;
    let (rule, words) = match supposition {
        Supposition::Misheaded => {
            (roles.headers, "events carry other tenant headers than their cause".to_owned())
        }
        Supposition::Adopted => {
            (roles.no_tenant, "what has no tenant takes effect in one that is in use".to_owned())
        }
        Supposition::Mistaken(of) => {
            // That something is over and comes again may be what another rule forbids.
            let is_twice = matches!(of, Mistaken::Events(Events { often: Often::Twice, .. }));
            let second = first.outputs.last().filter(|_| is_twice);
            let order = second.and_then(|at| scene.attribution().sequence(search, node, *at));
            (order.or(first.broken)?, search.runner.words(of))
        }
    };
    let record = |input: usize| match search.case.inputs[input].act {
        Act::Record(record) => Some(record),
        _ => None,
    };
    let of_step = at.iter().flat_map(|step| {
        let outputs = step.outputs.iter().map(|output| search.case.outputs[*output].record);
        step.input.and_then(record).into_iter().chain(outputs)
    });
    let mut records: Vec<RecordId> = of_step.take(MOST_SHOWN).collect();
    records.extend(&shown.records);
    records.sort_unstable();
    records.dedup();
    let where_ = first.input.map(|input| format!(" ({})", search.tell_input(input)));
    let message = format!("{words}{}: {}", where_.unwrap_or_default(), shown.message);
    let doubt = scene.doubt(&records);
    let about = (Some(own.tenant.clone()), records);
    let found = Found::new(Severity::Violation, rule, message, about);
    Some(Found { relaxation: Some(words), doubt, ..found })
}

impl Scene<'_> {
    /// Whether a rule speaks of what comes without a trace, or behind what says nothing.
    pub(super) fn is_circumstance(&self, rule: RuleId) -> bool {
        [self.roles().no_trace, self.roles().unreadable].contains(&rule)
    }

    fn facts(&self, case: &Case) -> Facts {
        let records = case.inputs.iter().filter_map(|input| match input.act {
            Act::Record(record) => Some((record, input.start)),
            _ => None,
        });
        let sent = records.map(|(record, start)| {
            let value = self.seen.history.record(record).record.value_bytes();
            let value = value.and_then(|bytes| Json::parse(bytes).ok()).unwrap_or_default();
            (record, (start, value))
        });
        let said = case.outputs.iter().map(|output| output.shape.value.clone()).collect();
        Facts { sent: sent.collect(), said }
    }

    /// A tenant with the events that are nobody's and have nearly its headers.
    fn with_misheaded(&self, cases: &[Case], number: usize) -> Option<Case> {
        let case = &cases[number];
        let known: BTreeSet<RecordId> =
            cases.iter().flat_map(|case| &case.outputs).map(|output| output.record).collect();
        let nobodys = self.outputs().filter(|record| !known.contains(record));
        let nearly = nobodys.filter(|record| {
            self.seen.history.record(*record).record.headers.are_nearly(&case.tenant)
        });
        let found: Vec<_> = nearly.collect();
        (!found.is_empty()).then(|| self.rebuilt(case, &[], &found))
    }

    /// A tenant with the inputs that have no tenant, and whose headers do not speak of another.
    fn with_adopted(&self, case: &Case) -> Option<Case> {
        let records = self.seen.history.records().iter();
        let lost = records.filter(|placed| {
            let headers = &placed.record.headers;
            let is_input = self.is_input(placed.id) && !self.is_output(placed.id);
            is_input && headers.tenant().is_err() && headers.are_nearly(&case.tenant)
        });
        let found: Vec<_> = lost.map(|placed| placed.id).take(MOST_ADOPTED + 1).collect();
        let some = (1..=MOST_ADOPTED).contains(&found.len());
        some.then(|| self.rebuilt(case, &found, &[]))
    }
}

impl<'a> Runner<'a> {
    /// The neighbour that is supposed.
    pub(super) fn neighbour(&self) -> Option<&'static Neighbour> {
        match self.mistake.as_ref()?.of {
            Mistaken::Neighbour(at) => self.scene.attribution().neighbours().get(at),
            Mistaken::Events(_) | Mistaken::Forbidden(_) => None,
        }
    }

    /// The forbidden option that is supposed to be taken.
    pub(super) fn forbidden(&self) -> Option<Forbidden> {
        match self.mistake.as_ref()?.of {
            Mistaken::Forbidden(forbidden) => Some(forbidden),
            _ => None,
        }
    }

    /// What a call may be taken for: nothing else where no mistake is made in it.
    pub(super) fn plans(
        &self,
        model: &dyn Model,
        call: Call<'_>,
        now: VirtualTime,
    ) -> Vec<Option<Vec<Does>>> {
        let ways = self.ways(model, call, now).unwrap_or_default();
        let always = self.mistake.as_ref().is_some_and(|mistake| mistake.always);
        let as_told = (ways.is_empty() || !always).then_some(None);
        as_told.into_iter().chain(ways.into_iter().map(Some)).collect()
    }

    fn ways(&self, model: &dyn Model, call: Call<'_>, now: VirtualTime) -> Option<Vec<Vec<Does>>> {
        let neighbour = self.neighbour()?;
        let Call::Input(Input { act: Act::Record(record), start, .. }) = call else {
            return None;
        };
        let facts = &*self.mistake.as_ref()?.facts;
        let (_, value) = facts.sent.get(record)?;
        let told = Told { value, start: *start, facts, model, tenant: self.tenant, now };
        Some((neighbour.ways)(&told))
    }

    /// Repeats or drops the events of an input that are supposed to come twice or never; the rule
    /// that this breaks, where there is such an event.
    pub(super) fn miscounted(
        &self,
        call: Call<'_>,
        emits: &mut Vec<Shape>,
        host: &mut Trial<'_>,
    ) -> Option<RuleId> {
        let Mistaken::Events(Events { channel, kind, often, of }) = &self.mistake.as_ref()?.of
        else {
            return None;
        };
        let is_input = match call {
            Call::Input(Input { act: Act::Record(record), .. }) => {
                of.as_ref().is_none_or(|of| *of == self.scene.name(*record))
            }
            _ => false,
        };
        let is_it = |emit: &Shape| is_input && emit.channel == *channel && emit.kind == *kind;
        if !emits.iter().any(is_it) {
            return None;
        }
        let often = if *often == Often::Twice { 2 } else { 0 };
        let times = |emit: &Shape| if is_it(emit) { often } else { 1 };
        let before = std::mem::take(emits);
        let choices = std::mem::take(&mut host.emitted);
        for (emit, chosen) in before.into_iter().zip(choices) {
            for _ in 0..times(&emit) {
                emits.push(emit.clone());
                host.emitted.push(chosen);
            }
        }
        let (attribution, kind) = (self.scene.attribution(), kind.as_deref().unwrap_or_default());
        let channel = self.scene.contracts.channel_name(*channel);
        let claims = attribution.claims(channel, kind).iter().copied();
        let of_first = claims.filter(|rule| attribution.twice() != Some(*rule));
        let mut applied = of_first.filter(|rule| host.applied.contains(rule));
        applied.next().or_else(|| attribution.origin(channel, kind))
    }

    /// What is mistaken, in words.
    fn words(&self, of: &Mistaken) -> String {
        match of {
            Mistaken::Neighbour(_) => {
                self.neighbour().map_or_else(String::new, |one| one.words.to_owned())
            }
            Mistaken::Forbidden(forbidden) => forbidden.text().to_owned(),
            Mistaken::Events(Events { channel, kind, often, of }) => {
                let channel = self.scene.contracts.channel_name(*channel);
                let kind = kind.as_deref().filter(|kind| *kind != "default");
                let name =
                    kind.map_or_else(|| channel.to_owned(), |kind| format!("{channel}/{kind}"));
                match (often, of) {
                    (Often::Never, Some(of)) => format!("no {of} causes {name}"),
                    (Often::Never, None) => format!("no {name} is emitted"),
                    (Often::Twice, _) => format!("each {name} is emitted twice"),
                }
            }
        }
    }
}
