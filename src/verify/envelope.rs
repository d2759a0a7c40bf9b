//! Each event by itself: its contract, its key, its headers and its trace.

use std::collections::BTreeMap;

use super::Found;
use super::case::{Case, Scene};
use super::tally::Tally;
use crate::contract::{Basis, Cause, KeyEncoding, Problem, ProblemKind, Severity as Weight};
use crate::message::{ChannelIx, Json, KeyBytes, RecordId, Tenant, repeated_members};
use crate::rule::{RuleId, Severity};

/// What can be said only once it is known what caused an event.
pub(super) struct Outer {
    /// Events without a span header, with what is wrong.
    untraced: Vec<(RecordId, String)>,
    /// Keys that do not go with what events say.
    keys: Vec<WrongKey>,
}

/// A key that does not go with what an event says: the rule, the records and a sentence.
type WrongKey = (RuleId, Vec<RecordId>, String);

/// Looks at all events, and marks those that break their contract.
pub(super) fn look(
    scene: &Scene<'_>,
    cases: &mut [Case],
    keys: Option<KeyEncoding>,
    tally: &mut Tally<'_>,
) -> Outer {
    let mut outer = Outer { untraced: Vec::new(), keys: Vec::new() };
    let mut known = Keys::default();
    let mut used: Vec<&Tenant> = cases.iter().map(|case| &case.tenant).collect();
    used.sort();
    let tenantless = scene.seen.history.records().iter();
    let tenantless = tenantless.filter(|one| scene.is_input(one.id));
    let tenantless = tenantless.filter(|one| one.record.headers.tenant().is_err()).count();
    (0..tenantless).for_each(|_| tally.held(scene.roles().no_tenant));
    for record in scene.open() {
        let value = scene.seen.history.record(record).record.value_bytes();
        let members = repeated_members(value.unwrap_or_default()).join(", ");
        let message = format!("{}: {members}: named twice", scene.tell(record));
        tally.advisory(scene.roles().contract, message, vec![record]);
    }
    let (mut spoiled, silent) = (Vec::new(), scene.attribution().silent());
    for record in scene.outputs() {
        if let Some(rule) = silent {
            let message = format!("{} emits {}", scene.seen.subject, scene.tell(record));
            violation(scene, tally, rule, vec![record], message);
            continue;
        }
        let own_tenant = owner(scene, (record, tenantless > 0), &used, tally);
        if contract(scene, (record, own_tenant), tally, &mut outer) {
            spoiled.push(record);
        }
        span(scene, record, tally);
        known.look(scene, record, keys, (tally, &mut outer.keys));
    }
    for case in cases {
        for output in &mut case.outputs {
            output.spoiled = spoiled.contains(&output.record);
        }
    }
    if let Some(rule) = silent.filter(|_| scene.outputs().next().is_none()) {
        let inputs = scene.seen.history.records().iter().filter(|one| scene.is_input(one.id));
        inputs.for_each(|_| tally.held(rule));
    }
    outer
}

impl Outer {
    /// Says the rest.
    pub(super) fn end(self, scene: &Scene<'_>, tally: &mut Tally<'_>) {
        for (record, message) in self.untraced {
            if !tally.by_timer.contains(&record) {
                violation(scene, tally, scene.roles().headers, vec![record], message);
            }
        }
        // An event that says something else than it must says it with the key that it must have.
        for (rule, records, message) in self.keys {
            if !records.iter().any(|record| tally.misstated.contains(record)) {
                violation(scene, tally, rule, records, message);
            }
        }
    }
}

fn violation(
    scene: &Scene<'_>,
    tally: &mut Tally<'_>,
    rule: RuleId,
    records: Vec<RecordId>,
    message: String,
) {
    let last = records.last().map(|record| scene.seen.history.record(*record));
    let tenant = last.and_then(|placed| placed.record.headers.tenant().ok().cloned());
    tally.found(Found::new(Severity::Violation, rule, message, (tenant, records)));
}

/// Judges the tenant headers by the trace; whether the event may have headers of no tenant.
fn owner(
    scene: &Scene<'_>,
    (record, tenantless): (RecordId, bool),
    used: &[&Tenant],
    tally: &mut Tally<'_>,
) -> bool {
    let history = &scene.seen.history;
    let placed = history.record(record);
    let own = placed.record.headers.tenant().ok();
    let in_use = own.is_some_and(|own| used.binary_search(&own).is_ok());
    tally.held(scene.roles().headers);
    if used.len() > 1 {
        tally.held(scene.roles().isolation);
    }
    let Some(trace) = scene.trace(record) else {
        return tenantless && !in_use;
    };
    let until = scene.latest(record).after(scene.clocks.skew);
    let causes: Vec<_> =
        scene.inputs_with(trace).filter(|one| scene.earliest(one.id) <= until).collect();
    let Some(cause) = causes.first() else {
        return tenantless && !in_use;
    };
    if causes.iter().all(|one| one.record.headers.tenant().is_err()) {
        if in_use {
            let (event, cause_name) = (scene.tell(record), scene.tell(cause.id));
            let message = format!("{cause_name} has no tenant, and {event} is of a tenant in use");
            violation(scene, tally, scene.roles().no_tenant, vec![cause.id, record], message);
        }
        return true;
    }
    if causes.iter().any(|one| one.record.headers.tenant().ok() == own) {
        return false;
    }
    let (rule, what) = match in_use {
        true => (scene.roles().isolation, "is of another tenant than"),
        false => (scene.roles().headers, "does not have the tenant headers of"),
    };
    let message = format!("{} {what} its cause, {}", scene.tell(record), scene.tell(cause.id));
    violation(scene, tally, rule, vec![cause.id, record], message);
    true
}

/// Judges an event by its contract; whether its value breaks it.
fn contract(
    scene: &Scene<'_>,
    (record, own_tenant): (RecordId, bool),
    tally: &mut Tally<'_>,
    outer: &mut Outer,
) -> bool {
    let subject = &scene.seen.subject;
    let placed = scene.seen.history.record(record);
    let cause = if scene.attribution().lacks_spans() { Cause::Timer } else { Cause::Input };
    let problems = scene.contracts.check_emitted(subject, placed.channel, &placed.record, cause);
    tally.held(scene.roles().contract);
    let mut spoiled = false;
    for problem in problems {
        let message = format!("{}: {problem}", scene.tell(record));
        match problem.kind {
            ProblemKind::WrongKey => {}
            ProblemKind::MissingHeader
            | ProblemKind::MalformedHeader
            | ProblemKind::RepeatedHeader => {
                if problem.path.contains("traceparent") {
                    outer.untraced.push((record, message));
                } else if !own_tenant {
                    violation(scene, tally, scene.roles().headers, vec![record], message);
                }
            }
            ProblemKind::ExtraField if is_declared(scene, placed.channel, &problem) => {}
            _ if problem.severity == Weight::Advisory => {
                tally.advisory(scene.roles().contract, message, vec![record]);
            }
            _ => {
                spoiled = true;
                violation(scene, tally, scene.roles().contract, vec![record], message);
            }
        }
    }
    spoiled
}

/// Whether some document declares a field, for this message or another of its channel.
fn is_declared(scene: &Scene<'_>, channel: ChannelIx, problem: &Problem) -> bool {
    scene.contracts.messages(channel).any(|kind| kind.field(&problem.path).is_some())
}

/// An effect has a span of its own.
fn span(scene: &Scene<'_>, record: RecordId, tally: &mut Tally<'_>) {
    let history = &scene.seen.history;
    let placed = history.record(record);
    let Some(own) = placed.record.headers.trace() else { return };
    let before = scene.inputs_with(own.trace).filter(|one| one.id < record);
    let mut same = before.filter(|one| !scene.is_output(one.id));
    let Some(cause) = same.next() else { return };
    tally.held(scene.roles().span);
    let spans = |one: &&crate::history::Placed| {
        one.record.headers.trace().is_some_and(|parent| parent.span == own.span)
    };
    if let Some(cause) = Some(cause).filter(spans).or_else(|| same.find(spans)) {
        let message = format!(
            "{} has the span id of its cause, {}",
            scene.tell(record),
            scene.tell(cause.id)
        );
        violation(scene, tally, scene.roles().span, vec![cause.id, record], message);
    }
}

/// The keys that were seen, by channel: of each id, and the id of each.
#[derive(Default)]
struct Keys {
    of: BTreeMap<(ChannelIx, Tenant, u32), (Option<KeyBytes>, RecordId)>,
    ids: BTreeMap<(ChannelIx, Tenant, Option<KeyBytes>), (u32, RecordId)>,
}

impl Keys {
    fn look(
        &mut self,
        scene: &Scene<'_>,
        record: RecordId,
        encoding: Option<KeyEncoding>,
        (tally, wrong): (&mut Tally<'_>, &mut Vec<WrongKey>),
    ) {
        let placed = scene.seen.history.record(record);
        let Ok(tenant) = placed.record.headers.tenant() else { return };
        let Some((of, basis)) = key_id(scene, record) else { return };
        let documented = scene.attribution().keys().filter(|_| basis == Basis::Documented);
        let rule = documented.unwrap_or(scene.roles().contract);
        let key = placed.record.key.clone();
        if let Some(encoding) = encoding {
            tally.held(rule);
            if key.as_ref() != Some(&encoding.encode(of)) {
                let message = format!(
                    "{} is of the id {of}, and its key is not that id as {}",
                    scene.tell(record),
                    encoding.name()
                );
                wrong.push((rule, vec![record], message));
            }
            return;
        }
        if basis != Basis::Documented {
            return;
        }
        tally.held(rule);
        let first = self
            .of
            .entry((placed.channel, tenant.clone(), of))
            .or_insert_with(|| (key.clone(), record));
        if first.0 != key {
            let (one, other) = (scene.tell(first.1), scene.tell(record));
            let message =
                format!("{one} and {other} are of the same id, {of}, and have different keys");
            wrong.push((rule, vec![first.1, record], message));
        }
        let (other, first) =
            *self.ids.entry((placed.channel, tenant.clone(), key)).or_insert((of, record));
        if other != of {
            let (one, two) = (scene.tell(first), scene.tell(record));
            let message =
                format!("{one} is of {other} and {two} of {of}, and they have the same key");
            wrong.push((rule, vec![first, record], message));
        }
    }
}

/// The id that the subject's own document names as a record's key.
fn key_id(scene: &Scene<'_>, record: RecordId) -> Option<(u32, Basis)> {
    let placed = scene.seen.history.record(record);
    let value = Json::parse(placed.record.value_bytes()?).ok()?;
    let kind = scene.contracts.kind_of(placed.channel, &value)?;
    let contract = scene.contracts.contract(&scene.seen.subject)?;
    let view = contract.channels.get(scene.contracts.channel_name(placed.channel))?;
    let rule = view.messages.get(&kind.name)?.key.as_ref()?;
    let of = value.pointer(&rule.field)?.as_integer()?;
    Some((u32::try_from(of).ok()?, rule.basis))
}
